//! `task-api doctor` on what is healthy, and on settings, machines and ports that are not.

use std::{fs, net::TcpListener};

use crate::{
    cases,
    support::{
        app::{SECRET, TestApp},
        doctor::{Patient, diagnose},
        runner::Engine,
    },
};

cases![
    a_healthy_service_has_no_failure,
    the_text_has_a_line_for_each_check_and_what_to_do_below,
    pending_migrations_are_named,
    migrations_of_another_version_are_a_warning,
    settings_that_do_not_load_are_the_one_finding,
    a_weak_secret_is_named_and_not_shown,
    settings_for_development_on_an_open_address_are_a_warning,
    production_behind_no_known_proxy_is_a_warning,
    settings_are_told_by_name_and_place,
    a_port_is_free_or_ours_or_taken,
    few_open_files_are_a_warning,
];

async fn a_healthy_service_has_no_failure(engine: Engine) {
    let patient = Patient::migrated(engine);
    let diagnosis = patient.diagnose(&[
        ("APP_ENVIRONMENT", "production"),
        ("APP_AUTH__BCRYPT_COST", "12"),
        ("APP_SERVER__TRUSTED_PROXIES", "10.0.0.0/8"),
    ]);
    assert_eq!(diagnosis.status, 0);
    // These two depend on the machine.
    let own = |check: &&str| !check.starts_with("disk") && *check != "open files";
    let expected: &[&str] = match engine {
        Engine::Sqlite => &[
            "settings",
            "secret",
            "passwords",
            "proxies",
            "permissions",
            "database",
            "version",
            "migrations",
            "integrity",
            "clock",
            "port",
        ],
        Engine::Postgres => &[
            "settings",
            "secret",
            "passwords",
            "proxies",
            "database",
            "version",
            "encoding",
            "writable",
            "migrations",
            "permissions",
            "connections",
            "integrity",
            "clock",
            "port",
        ],
    };
    let checks: Vec<&str> = diagnosis.checks().into_iter().filter(own).collect();
    assert_eq!(checks, expected);
    for check in expected {
        diagnosis.is(check, "ok", "");
    }
    assert!(diagnosis.checks().contains(&"open files"));
    assert!(diagnosis.checks().contains(&"disk (temp)"));
}

async fn the_text_has_a_line_for_each_check_and_what_to_do_below(engine: Engine) {
    let patient = Patient::migrated(engine);
    let output = patient.run(&["doctor"], &[("APP_SERVER__HOST", "0.0.0.0")]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.starts_with(
            "warning  settings      development, yet open to other machines on 0.0.0.0; "
        ),
        "{text}"
    );
    let remedy = "\n                       => set APP_ENVIRONMENT=production, which";
    assert!(text.contains(remedy), "{text}");
    assert!(
        text.contains("\nok       migrations    current, 5 applied\n"),
        "{text}"
    );
    assert!(
        text.contains("\nok       port          any free one\n"),
        "{text}"
    );
}

async fn pending_migrations_are_named(engine: Engine) {
    let patient = Patient::new(engine);
    patient.database.execute("CREATE TABLE other (id INTEGER)");
    let all = "pending: 00000000000001_users, 00000000000002_sessions_and_tokens, ";
    let diagnosis = patient.diagnose(&[]);
    diagnosis.is("migrations", "warning", all);
    assert_eq!(diagnosis.status, 0);
    let diagnosis = patient.diagnose(&[("APP_DATABASE__RUN_MIGRATIONS", "false")]);
    diagnosis.is("migrations", "failure", all);
    diagnosis.advises("migrations", "task-api migrate run");
    assert_eq!(diagnosis.status, 1);
}

async fn migrations_of_another_version_are_a_warning(engine: Engine) {
    let patient = Patient::migrated(engine);
    let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('00000000000099')";
    patient.database.execute(newer);
    let diagnosis = patient.diagnose(&[]);
    diagnosis.is(
        "migrations",
        "warning",
        "unknown to this binary: 00000000000099",
    );
}

async fn settings_that_do_not_load_are_the_one_finding(engine: Engine) {
    let patient = Patient::migrated(engine);
    let diagnosis = patient.diagnose(&[("APP_SERVR__PORT", "1")]);
    assert_eq!(diagnosis.status, 1);
    assert_eq!(diagnosis.checks(), ["settings"]);
    diagnosis.is("settings", "failure", "did you mean APP_SERVER__PORT?");
}

async fn a_weak_secret_is_named_and_not_shown(engine: Engine) {
    let patient = Patient::migrated(engine);
    let published = task_api::config::settings::PUBLISHED_SECRET;
    for (secret, found) in [
        ("", "is not set"),
        ("short-one", "holds a secret under 32 bytes"),
        (published, "holds the published development secret"),
    ] {
        let set = ("APP_AUTH__JWT_SECRETS", secret);
        let diagnosis = patient.diagnose(&[set]);
        diagnosis.is("secret", "warning", found);
        diagnosis.advises("secret", "openssl rand -hex 32");
        assert!(secret.is_empty() || !diagnosis.text.contains(secret));
        let diagnosis = patient.diagnose(&[set, ("APP_ENVIRONMENT", "production")]);
        diagnosis.is("settings", "failure", "APP_AUTH__JWT_SECRETS: ");
        assert_eq!(diagnosis.status, 1);
        assert!(secret.is_empty() || !diagnosis.text.contains(secret));
    }
    let diagnosis = patient.diagnose(&[("APP_AUTH__BCRYPT_COST", "9")]);
    diagnosis.is("passwords", "warning", "bcrypt cost 9");
}

async fn settings_for_development_on_an_open_address_are_a_warning(engine: Engine) {
    let patient = Patient::migrated(engine);
    for (host, outcome) in [("::1", "ok"), ("localhost", "ok"), ("0.0.0.0", "warning")] {
        let diagnosis = patient.diagnose(&[("APP_SERVER__HOST", host)]);
        diagnosis.is("settings", outcome, "development");
    }
}

async fn production_behind_no_known_proxy_is_a_warning(engine: Engine) {
    let patient = Patient::migrated(engine);
    let production = [
        ("APP_ENVIRONMENT", "production"),
        ("APP_AUTH__BCRYPT_COST", "12"),
    ];
    let diagnosis = patient.diagnose(&production);
    diagnosis.is(
        "proxies",
        "warning",
        "APP_SERVER__TRUSTED_PROXIES is not set",
    );
    assert_eq!(diagnosis.status, 0);
}

async fn settings_are_told_by_name_and_place(engine: Engine) {
    let patient = Patient::migrated(engine);
    let file = patient.folder.path().join(".env");
    fs::write(
        &file,
        "APP_SERVER__PORT=1\nAPP_SERVER__CORS_ORIGINS=https://quince.example\n",
    )
    .unwrap();
    let diagnosis = patient.diagnose(&[]);
    let place = fs::canonicalize(&file).unwrap();
    let told = format!(
        "{}: APP_SERVER__CORS_ORIGINS; environment: APP_AUTH__BCRYPT_COST APP_AUTH__JWT_SECRETS APP_SERVER__PORT DATABASE_URL",
        place.display()
    );
    diagnosis.is("settings", "ok", &told);
    assert!(!diagnosis.text.contains("quince") && !diagnosis.text.contains(SECRET));
}

async fn a_port_is_free_or_ours_or_taken(engine: Engine) {
    let app = TestApp::start(engine, &[]);
    let patient = Patient::new(engine);
    let (_, port) = app.base.rsplit_once(':').unwrap();
    let diagnosis = patient.diagnose(&[("APP_SERVER__PORT", port)]);
    diagnosis.is("port", "ok", "a service answers on ");
    app.database
        .execute("DROP TABLE __diesel_schema_migrations");
    let diagnosis = patient.diagnose(&[("APP_SERVER__PORT", port)]);
    diagnosis.is("port", "warning", "is not ready");

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    // It hangs up on its client.
    let hang_up = std::thread::spawn(move || {
        listener.accept().unwrap();
        listener
    });
    let diagnosis = patient.diagnose(&[("APP_SERVER__PORT", &port)]);
    diagnosis.is("port", "failure", "another program listens on 127.0.0.1:");
    drop(hang_up.join().unwrap());
    let diagnosis = patient.diagnose(&[("APP_SERVER__PORT", &port)]);
    diagnosis.is("port", "ok", "is free");

    let elsewhere = [
        ("APP_SERVER__HOST", "192.0.2.1"),
        ("APP_SERVER__PORT", "8000"),
    ];
    let diagnosis = patient.diagnose(&elsewhere);
    diagnosis.is("port", "failure", "cannot listen on 192.0.2.1:8000");
    diagnosis.advises("port", "an address of this machine");
}

async fn few_open_files_are_a_warning(engine: Engine) {
    let patient = Patient::migrated(engine);
    let mut limited = std::process::Command::new("sh");
    limited
        .arg("-c")
        .arg("ulimit -n 1000 && exec \"$0\" doctor --json");
    limited.arg(env!("CARGO_BIN_EXE_task-api"));
    limited.current_dir(patient.folder.path()).env_clear();
    let url = patient.database.url();
    limited
        .env("DATABASE_URL", url)
        .env("APP_SERVER__PORT", "0");
    let diagnosis = diagnose(&limited.output().unwrap());
    diagnosis.is("open files", "warning", "the limit of 1000 leaves 744 for");
}
