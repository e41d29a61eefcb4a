//! The binary on its way up: settings, help, a database out of reach.

use tempfile::tempdir;

use crate::{
    cases,
    support::{
        client::Client,
        process::{self, Process},
        runner::Engine,
    },
};

cases![
    on Sqlite;
    a_bad_setting_stops_the_start_with_status_2,
    what_kubernetes_injects_is_named_and_passed_over,
    production_says_what_to_set,
    an_unreachable_database_is_waited_for_and_then_reported,
    help_lists_every_setting,
    production_starts_with_settings_of_its_own,
];

async fn a_bad_setting_stops_the_start_with_status_2(_: Engine) {
    let folder = tempdir().unwrap();
    for (variable, value, line) in [
        (
            "APP_SERVR__PORT",
            "1",
            "task-api: APP_SERVR__PORT: is no setting of this service; did you mean APP_SERVER__PORT?\n",
        ),
        (
            "APP_SERVER__PORT",
            "x",
            "task-api: APP_SERVER__PORT: must be a whole number from 0 to 65535, not \"x\"\n",
        ),
        (
            "APP_AUTH__BCRYPT_COST",
            "3",
            "task-api: APP_AUTH__BCRYPT_COST: must be a whole number from 4 to 16, not \"3\"\n",
        ),
        (
            "DATABASE_URL",
            "postgre://u:secret@h/d",
            "task-api: DATABASE_URL: must be sqlite://PATH or postgres://USER:PASSWORD@HOST/NAME\n",
        ),
    ] {
        let output = process::output(folder.path(), &["serve"], &[(variable, value)]);
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(String::from_utf8(output.stderr).unwrap(), line);
    }
    std::fs::write(folder.path().join(".env"), "APP_SERVER__HOTS=x\n").unwrap();
    let output = process::output(folder.path(), &[], &[]);
    assert_eq!(output.status.code(), Some(2), "the file is read too");
}

async fn what_kubernetes_injects_is_named_and_passed_over(_: Engine) {
    let folder = tempdir().unwrap();
    let injected = [
        ("APP_PORT", "tcp://10.0.0.1:80"),
        ("APP_SERVICE_HOST", "10.0.0.1"),
    ];
    let output = process::output(folder.path(), &["migrate", "run"], &injected);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    for (name, value) in injected {
        let warnings = said.lines().filter(|line| {
            line.contains("WARN") && line.contains(&format!("{name} is no setting of this service"))
        });
        assert_eq!(warnings.count(), 1, "{name} in {said}");
        assert!(!said.contains(value), "{said}");
    }
}

async fn production_says_what_to_set(_: Engine) {
    let folder = tempdir().unwrap();
    let published = include_str!("../../.env");
    std::fs::write(folder.path().join(".env"), published).unwrap();
    let output = process::output(folder.path(), &[], &[("APP_ENVIRONMENT", "production")]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.starts_with("task-api: APP_AUTH__JWT_SECRETS: holds the published development secret"),
        "{said}"
    );
    assert!(
        said.contains("openssl rand -hex 32") && said.lines().count() == 1,
        "{said}"
    );
}

async fn an_unreachable_database_is_waited_for_and_then_reported(_: Engine) {
    let folder = tempdir().unwrap();
    let url = "postgres://ann:hunter2@127.0.0.1:1/tasks";
    let started = std::time::Instant::now();
    let settings = [
        ("DATABASE_URL", url),
        ("APP_DATABASE__CONNECT_SECONDS", "2"),
    ];
    let output = process::output(folder.path(), &[], &settings);
    assert_eq!(output.status.code(), Some(1));
    assert!((2..10).contains(&started.elapsed().as_secs()));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("the database cannot be reached, giving up in"),
        "{said}"
    );
    assert!(
        said.contains("task-api: cannot connect to the database"),
        "{said}"
    );
    assert!(!said.contains("hunter2"), "{said}");
}

async fn help_lists_every_setting(_: Engine) {
    let folder = tempdir().unwrap();
    let output = process::output(folder.path(), &["--help"], &[]);
    assert_eq!(output.status.code(), Some(0));
    let help = String::from_utf8(output.stdout).unwrap();
    for setting in task_api::config::settings::SETTINGS {
        let variable = setting.variable();
        assert!(help.contains(&variable), "{variable} in --help");
    }
    assert!(help.contains("RUST_LOG") && help.contains("healthcheck"));
}

async fn production_starts_with_settings_of_its_own(_: Engine) {
    let folder = tempdir().unwrap();
    let settings = [
        ("APP_ENVIRONMENT", "production"),
        ("APP_AUTH__JWT_SECRETS", "0123456789abcdef0123456789abcdef"),
        ("APP_SERVER__PORT", "0"),
    ];
    let service = Process::start(folder.path(), &settings);
    Client::new(&service.base)
        .get("/health/ready")
        .await
        .expect(200);
}
