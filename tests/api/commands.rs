//! The binary on its way up: settings, help, a database out of reach.

use std::{
    net::{TcpListener, ToSocketAddrs},
    path::Path,
};

use tempfile::tempdir;

use crate::{
    cases,
    support::{
        client::Client,
        operator::names,
        process::{self, Process},
        runner::Engine,
    },
};

cases![
    on Sqlite;
    a_bad_setting_stops_the_start_with_status_2,
    what_another_program_has_left_around_a_value_is_refused,
    a_name_twice_in_the_file_is_refused,
    a_name_of_a_host_is_listened_on_at_each_of_its_addresses,
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
            "task-api: APP_SERVR__PORT: is an unknown setting; did you mean APP_SERVER__PORT?\n",
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

/// The one line of standard error; the exit status says that it is about a setting, and nothing was begun.
#[track_caller]
fn refused(folder: &Path, variables: &[(&str, &str)]) -> String {
    let before = names(folder);
    let output = process::output(folder, &["serve"], variables);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert_eq!(names(folder), before);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(!said.contains("s3cret"), "{said}");
    said
}

/// Docker's `--env-file`, for one, knows neither quotes nor comments behind a value.
async fn what_another_program_has_left_around_a_value_is_refused(_: Engine) {
    let folder = tempdir().unwrap();
    for (variable, value, hint) in [
        ("APP_SERVER__HOST", "\"0.0.0.0\"", "is wrapped in quotes"),
        ("APP_SERVER__PORT", "'8000'", "is wrapped in quotes"),
        ("APP_ENVIRONMENT", "\"production\"", "is wrapped in quotes"),
        ("DATABASE_URL", "\"sqlite://t.db\"", "is wrapped in quotes"),
        (
            "DATABASE_URL",
            "'postgres://u:s3cret@h/d'",
            "is wrapped in quotes",
        ),
        (
            "APP_AUTH__JWT_SECRETS",
            "\"s3cret-s3cret\"",
            "is wrapped in quotes",
        ),
        (
            "APP_AUTH__JWT_SECRETS",
            "s3cret, 's3cret'",
            "is wrapped in quotes",
        ),
        ("APP_AUTH__JWT_SECRETS", "\"\"", "is wrapped in quotes"),
        ("RUST_LOG", "“info”", "is wrapped in quotes"),
        ("DATABASE_URL", "sqlite://t.db # c", "contains a comment"),
        (
            "DATABASE_URL",
            "postgres://u:s3cret@h/d\t# c",
            "contains a comment",
        ),
        ("APP_SERVER__PORT", "8000 #c", "contains a comment"),
        (
            "APP_AUTH__JWT_SECRETS",
            "s3cret-s3cret # c",
            "contains a comment",
        ),
        ("APP_SERVER__CORS_ORIGINS", "# none", "contains a comment"),
    ] {
        let said = refused(folder.path(), &[(variable, value)]);
        let expected = format!("task-api: {variable}: {hint}");
        assert!(said.starts_with(&expected), "{said}");
    }
    // In the file, both are syntax; within a value, both are text.
    let file = "APP_SERVER__PORT='0' # c\nRUST_LOG=\"warn\"\n";
    std::fs::write(folder.path().join(".env"), file).unwrap();
    let secret = ("APP_AUTH__JWT_SECRETS", "it's#a\"s3cret\"of-ours");
    let output = process::output(folder.path(), &["migrate", "run"], &[secret]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

/// The service would take the last one, and the diesel command line the first.
async fn a_name_twice_in_the_file_is_refused(_: Engine) {
    let folder = tempdir().unwrap();
    let file = folder.path().join(".env");
    for (text, name) in [
        (
            "DATABASE_URL=sqlite://a.db\nAPP_SERVER__PORT=0\nDATABASE_URL=sqlite://b.db\n",
            "DATABASE_URL",
        ),
        (
            "APP_SERVER__PORT=0\nexport APP_SERVER__PORT=0\n",
            "APP_SERVER__PORT",
        ),
        (
            "APP_AUTH__JWT_SECRETS=s3cret\nAPP_AUTH__JWT_SECRETS='s3cret 2'\n",
            "APP_AUTH__JWT_SECRETS",
        ),
        ("RUST_LOG=info\nRUST_LOG=debug\n", "RUST_LOG"),
        (
            "MIGRATION_DIRECTORY=a\nMIGRATION_DIRECTORY=b\n",
            "MIGRATION_DIRECTORY",
        ),
    ] {
        std::fs::write(&file, text).unwrap();
        let said = refused(folder.path(), &[]);
        let expected = format!("task-api: {name}: is set twice in .env");
        assert!(said.starts_with(&expected), "{said}");
        assert!(!said.contains("sqlite"), "{said}");
    }
    for (text, near) in [
        ("database_url=sqlite://a.db\n", "DATABASE_URL"),
        (
            "APP_SERVER__PORT=0\napp_server__port=1\n",
            "APP_SERVER__PORT",
        ),
        ("Rust_Log=debug\n", "RUST_LOG"),
    ] {
        std::fs::write(&file, text).unwrap();
        let said = refused(folder.path(), &[]);
        assert!(said.contains(&format!("did you mean {near}?")), "{said}");
    }
    // What other programs read is theirs.
    std::fs::write(&file, "POSTGRES_PASSWORD=a\nPOSTGRES_PASSWORD=b\n").unwrap();
    let output = process::output(folder.path(), &["migrate", "run"], &[]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

async fn a_name_of_a_host_is_listened_on_at_each_of_its_addresses(_: Engine) {
    let folder = tempdir().unwrap();
    let mut service = Process::start(
        folder.path(),
        &[("APP_SERVER__HOST", "localhost"), ("APP_SERVER__PORT", "0")],
    );
    let port = service.base.rsplit(':').next().unwrap().parse().unwrap();
    let addresses = || ("localhost", port).to_socket_addrs().unwrap();
    // Some machines have a name for IPv6 without having IPv6.
    let mut own = addresses().filter(|address| TcpListener::bind((address.ip(), 0)).is_ok());
    for address in own.clone() {
        let client = Client::new(&format!("http://{address}"));
        client.get("/health/live").await.expect(200);
    }
    service.kill();
    let taken = own.next_back().unwrap();
    let _holder = TcpListener::bind(taken).unwrap();
    let output = process::output(
        folder.path(),
        &[],
        &[
            ("APP_SERVER__HOST", "localhost"),
            ("APP_SERVER__PORT", &port.to_string()),
        ],
    );
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    let expected = format!("task-api: cannot listen on {taken}: ");
    assert!(
        said.lines().last().unwrap().starts_with(&expected),
        "{said}"
    );
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
            line.contains("WARN")
                && line.contains(&format!("{name} is not a setting of this service"))
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
        said.starts_with(
            "task-api: APP_AUTH__JWT_SECRETS: contains the published development secret"
        ),
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
