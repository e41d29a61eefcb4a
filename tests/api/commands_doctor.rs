//! `task-api doctor` on what is healthy, and on settings and migrations that are not.

use std::fs;

use crate::{
    cases,
    support::{app::SECRET, doctor::Patient, runner::Engine},
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
];

async fn a_healthy_service_has_no_failure(engine: Engine) {
    let patient = Patient::migrated(engine);
    let diagnosis = patient.diagnose(&[
        ("APP_ENVIRONMENT", "production"),
        ("APP_AUTH__BCRYPT_COST", "12"),
        ("APP_SERVER__TRUSTED_PROXIES", "10.0.0.0/8"),
    ]);
    assert_eq!(diagnosis.status, 0);
    // It depends on the machine.
    let own = |check: &&str| *check != "disk";
    let expected: &[&str] = match engine {
        Engine::Sqlite => &[
            "settings",
            "secret",
            "proxies",
            "permissions",
            "database",
            "migrations",
            "integrity",
        ],
        Engine::Postgres => &[
            "settings",
            "secret",
            "proxies",
            "database",
            "migrations",
            "schema",
            "encoding",
            "collation",
            "writable",
            "permissions",
            "messages",
            "connections",
            "clock",
            "integrity",
        ],
    };
    let checks: Vec<&str> = diagnosis.checks().into_iter().filter(own).collect();
    assert_eq!(checks, expected);
    for check in expected {
        diagnosis.is(check, "ok", "");
    }
    let has_disk = diagnosis.checks().contains(&"disk");
    assert_eq!(has_disk, engine == Engine::Sqlite);
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
        text.contains("\nok       migrations    current, 7 applied\n"),
        "{text}"
    );
    assert!(
        text.contains("\nok       integrity     no fault found\n"),
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
    let output = patient.run(&["doctor"], &[("APP_SERVR__PORT", "1")]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("FAILURE  settings      "), "{text}");
    let summary = String::from_utf8(output.stderr).unwrap();
    assert_eq!(summary, "task-api: checks: 1, failures: 1, warnings: 0\n");
}

async fn a_weak_secret_is_named_and_not_shown(engine: Engine) {
    let patient = Patient::migrated(engine);
    let published = task_api::config::settings::PUBLISHED_SECRET;
    for (secret, found) in [
        ("", "is not set"),
        ("short-one", "contains a secret under 32 bytes"),
        (published, "contains the published development secret"),
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
