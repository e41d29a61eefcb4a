//! Settings: defaults, layers, ranges, and refusals that name the variable.

use std::{collections::HashMap, iter::empty, path::Path, time::Duration};

use task_api::config::{
    Settings,
    load::{Layers, from_layers},
    settings::{DatabaseUrl, Engine as DatabaseEngine, LogFormat, PUBLISHED_SECRET},
};

use crate::{cases, support::runner::Engine};

cases![
    on Sqlite;
    the_defaults_are_enough,
    the_environment_wins_over_the_file,
    an_unknown_setting_is_named_with_the_nearest,
    what_kubernetes_injects_is_passed_over_and_what_has_a_section_is_not,
    what_is_malformed_or_out_of_range_names_its_variable,
    nothing_is_served_to_prometheus_and_slow_statements_are_logged_unless_set_otherwise,
    production_refuses_weak_settings,
    lists_are_split_and_secrets_are_not_shown,
    the_limits_of_accounts_are_read,
    registrations_are_limited_in_production,
    the_times_of_the_jobs_are_read,
    a_line_that_cannot_be_parsed_is_not_shown,
    a_byte_order_mark_is_no_part_of_the_first_name,
    the_log_filter_comes_from_either_layer,
    the_committed_file_holds_the_published_secret,
    a_driver_that_quotes_the_url_does_not_show_its_password,
    the_file_is_what_the_engine_opens,
];

const DAY: Duration = Duration::from_secs(24 * 3600);
const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn variables(pairs: &[(&str, &str)]) -> HashMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn loaded(pairs: &[(&str, &str)]) -> Result<Settings, String> {
    from_layers(HashMap::new(), variables(pairs)).map_err(|error| error.to_string())
}

async fn the_defaults_are_enough(_: Engine) {
    let settings = loaded(&[]).unwrap();
    assert_eq!(settings.database.url.engine, DatabaseEngine::Sqlite);
    assert_eq!(settings.database.url.expose(), "sqlite://tasks.db");
    assert_eq!(
        (settings.server.host.as_str(), settings.server.port),
        ("127.0.0.1", 8000)
    );
    assert_eq!(settings.server.body_limit, 1_048_576);
    assert_eq!(settings.auth.access_token, Duration::from_secs(900));
    assert!(settings.auth.random_secret);
    assert!(settings.database.run_migrations);
}

async fn the_environment_wins_over_the_file(_: Engine) {
    let file = variables(&[
        ("APP_SERVER__PORT", "1"),
        ("APP_SERVER__HOST", "0.0.0.0"),
        ("OTHER", "x"),
    ]);
    let settings = from_layers(file, variables(&[("APP_SERVER__PORT", "2")])).unwrap();
    assert_eq!(
        (settings.server.host.as_str(), settings.server.port),
        ("0.0.0.0", 2)
    );
}

async fn an_unknown_setting_is_named_with_the_nearest(_: Engine) {
    assert_eq!(
        loaded(&[("APP_SERVR__PORT", "1")]).unwrap_err(),
        "APP_SERVR__PORT: is an unknown setting; did you mean APP_SERVER__PORT?"
    );
    let file = variables(&[("APP_TYPO", "1")]);
    assert!(from_layers(file, HashMap::new()).is_err());
}

async fn what_kubernetes_injects_is_passed_over_and_what_has_a_section_is_not(_: Engine) {
    let injected = [
        ("APP_PORT", "tcp://10.0.0.1:80"),
        ("APP_SERVICE_HOST", "10.0.0.1"),
        ("APP_SERVICE_PORT", "80"),
        ("APP_SERVICE_PORT_HTTP", "80"),
        ("APP_PORT_80_TCP", "tcp://10.0.0.1:80"),
        ("APP_PORT_80_TCP_ADDR", "10.0.0.1"),
    ];
    let layers = |pairs: &[(&str, &str)]| {
        let pairs = pairs
            .iter()
            .map(|(name, value)| (name.into(), value.into()));
        Layers::of(Path::new("no file"), pairs).unwrap()
    };
    let passed = layers(&injected);
    assert_eq!(passed.passed_over, injected.map(|(name, _)| name));
    assert!(passed.environment.is_empty());
    for (name, value) in [
        ("APP_SERVR__PORT", "1"),
        ("APP_PORT", "8000"),
        ("APP_ENVIRONMNT", "production"),
        ("APP_SERVER__SERVICE_HOST", "h"),
    ] {
        let read = layers(&[(name, value)]);
        assert!(read.passed_over.is_empty(), "{name}");
        let error = from_layers(read.file, read.environment).unwrap_err();
        assert_eq!(error.variable, name);
        assert!(error.reason.contains("did you mean APP_"), "{error}");
    }
}

async fn what_is_malformed_or_out_of_range_names_its_variable(_: Engine) {
    for (variable, value) in [
        ("APP_SERVER__PORT", "65536"),
        ("APP_SERVER__PORT", "http"),
        ("APP_SERVER__PORT", ""),
        ("APP_SERVER__HOST", ""),
        ("APP_SERVER__WORKERS", "0"),
        ("APP_SERVER__WORKERS", "513"),
        ("APP_SERVER__BODY_LIMIT", "-1"),
        ("APP_SERVER__CONNECTIONS", "0"),
        ("APP_SERVER__HEADER_SECONDS", "0"),
        ("APP_SERVER__SHUTDOWN_SECONDS", "3601"),
        ("APP_DATABASE__QUEUE", "0"),
        ("APP_DATABASE__PREPARED_STATEMENTS", "no"),
        ("APP_METRICS__ADDRESS", "9464"),
        ("APP_METRICS__ADDRESS", "localhost:9464"),
        ("APP_METRICS__ADDRESS", "127.0.0.1:8000"),
        ("APP_LOG__FORMAT", "JSON"),
        ("APP_LOG__SLOW_MS", "-1"),
        ("APP_SERVER__TRUSTED_PROXIES", "10.0.0.0/33"),
        ("APP_SERVER__PUBLIC_URL", "tasks.example.com"),
        ("APP_SERVER__PUBLIC_URL", "/tasks"),
        ("APP_SERVER__PUBLIC_URL", "ftp://example.com"),
        ("APP_SERVER__PUBLIC_URL", "https:/example.com"),
        ("APP_SERVER__PUBLIC_URL", "https://example.com/?a=b"),
        ("APP_SERVER__PUBLIC_URL", "https://example.com/#a"),
        ("APP_SERVER__PUBLIC_URL", "https://ann:s3cret@example.com"),
        ("APP_SERVER__CORS_ORIGINS", "*"),
        ("APP_SERVER__CORS_ORIGINS", "https://a<b>"),
        ("APP_SERVER__CORS_ORIGINS", "https://a:b"),
        ("APP_SERVER__CORS_ORIGINS", "https://a:1:2"),
        ("app_server__port", "9000"),
        ("APP_SERVER__CORS_ORIGINS", "https://app.example.com/path"),
        ("APP_DATABASE__POOL_SIZE", "1.5"),
        ("APP_DATABASE__RUN_MIGRATIONS", "yes"),
        ("APP_AUTH__BCRYPT_COST", "3"),
        ("APP_AUTH__ACCESS_TOKEN_MINUTES", "0"),
        ("APP_AUTH__REFRESH_IDLE_DAYS", "0"),
        ("APP_AUTH__FAILURES_PER_ACCOUNT", "none"),
        ("APP_TASKS__TRASH_DAYS", "-1"),
        ("APP_TASKS__IDEMPOTENCY_HOURS", "8761"),
        ("APP_TASKS__PURGE_SECONDS", "0"),
        ("APP_ENVIRONMENT", "staging"),
        ("DATABASE_URL", "mysql://localhost/tasks"),
        ("DATABASE_URL", "tasks.db"),
        ("DATABASE_URL", "sqlite://:memory:"),
        ("DATABASE_URL", "postgres://"),
        ("DATABASE_URL", "postgres://ann:s3c@ret@db/tasks"),
        ("DATABASE_URL", "postgres://ann:s3c/ret@db/tasks"),
        ("DATABASE_URL", "postgres://ann:s3c?ret@db/tasks"),
        ("DATABASE_URL", "postgres://ann:s3c%ZZret@db/tasks"),
        ("DATABASE_URL", "postgres://db/tasks?password=s3c%Zret"),
    ] {
        let error = loaded(&[(variable, value)]).unwrap_err();
        assert!(
            error.starts_with(&format!("{variable}: ")),
            "{variable}={value}: {error}"
        );
        assert!(!error.contains('\n') && !error.contains("s3c"), "{error}");
    }
}

async fn nothing_is_served_to_prometheus_and_slow_statements_are_logged_unless_set_otherwise(
    _: Engine,
) {
    let settings = loaded(&[]).unwrap();
    assert_eq!(settings.metrics.address, None);
    assert_eq!(settings.log.format, LogFormat::Text);
    assert_eq!(settings.database.slow, Some(Duration::from_millis(500)));
    let settings = loaded(&[
        ("APP_METRICS__ADDRESS", "[::1]:9464"),
        ("APP_LOG__FORMAT", "json"),
        ("APP_LOG__SLOW_MS", "0"),
    ])
    .unwrap();
    assert_eq!(settings.metrics.address, "[::1]:9464".parse().ok());
    assert_eq!(settings.log.format, LogFormat::Json);
    assert_eq!(settings.database.slow, None);
}

async fn production_refuses_weak_settings(_: Engine) {
    let production = |secrets: &str, cost: &str| {
        loaded(&[
            ("APP_ENVIRONMENT", "production"),
            ("APP_AUTH__JWT_SECRETS", secrets),
            ("APP_AUTH__BCRYPT_COST", cost),
        ])
    };
    assert!(production(SECRET, "12").is_ok());
    for (secrets, cost, said) in [
        ("", "12", "is required in production"),
        (PUBLISHED_SECRET, "12", "published development secret"),
        ("short", "12", "under 32 bytes"),
        (&format!("{SECRET},short"), "12", "under 32 bytes"),
        (SECRET, "9", "at least 10"),
    ] {
        let error = production(secrets, cost).unwrap_err();
        assert!(error.contains(said), "{error}");
        assert!(secrets.is_empty() || !error.contains(secrets), "{error}");
    }
}

async fn lists_are_split_and_secrets_are_not_shown(_: Engine) {
    let settings = loaded(&[
        ("DATABASE_URL", "postgres://ann:hunter2@db/tasks"),
        ("APP_AUTH__JWT_SECRETS", "first-secret, second-secret"),
        ("APP_SERVER__TRUSTED_PROXIES", "10.0.0.0/8, ::1"),
    ])
    .unwrap();
    assert_eq!(settings.auth.jwt_secrets.len(), 2);
    assert!(
        settings.server.trusted_proxies[1].contains(&"::1".parse::<std::net::IpAddr>().unwrap())
    );
    let shown = format!("{settings:?}");
    assert!(
        !shown.contains("hunter2") && !shown.contains("first-secret"),
        "{shown}"
    );
}

async fn the_limits_of_accounts_are_read(_: Engine) {
    let auth = loaded(&[]).unwrap().auth;
    assert_eq!((auth.refresh_idle, auth.refresh_max), (30 * DAY, 180 * DAY));
    let failures = (auth.failures_per_account, auth.failures_per_address);
    assert_eq!(failures, (10, 100));
    assert_eq!(auth.failure_window, Duration::from_secs(900));
    let settings = loaded(&[
        ("APP_AUTH__REFRESH_IDLE_DAYS", "7"),
        ("APP_AUTH__FAILURE_WINDOW_SECONDS", "2"),
    ]);
    let auth = settings.unwrap().auth;
    assert_eq!(auth.refresh_idle, 7 * DAY);
    assert_eq!(auth.failure_window, Duration::from_secs(2));
}

async fn registrations_are_limited_in_production(_: Engine) {
    let production = ("APP_ENVIRONMENT", "production");
    let limit = |pairs: &[(&str, &str)]| loaded(pairs).unwrap().auth.registrations_per_hour;
    assert_eq!(limit(&[]), 0);
    let secret = ("APP_AUTH__JWT_SECRETS", SECRET);
    assert_eq!(limit(&[production, secret]), 20);
    let none = ("APP_AUTH__REGISTRATIONS_PER_HOUR", "0");
    assert_eq!(limit(&[production, secret, none]), 0);
}

async fn the_times_of_the_jobs_are_read(_: Engine) {
    let defaults = loaded(&[]).unwrap().tasks;
    assert_eq!((defaults.trash, defaults.idempotency), (30 * DAY, DAY));
    assert_eq!(defaults.purge, Duration::from_secs(3600));
    let settings = loaded(&[
        ("APP_TASKS__TRASH_DAYS", "7"),
        ("APP_TASKS__IDEMPOTENCY_HOURS", "0"),
        ("APP_TASKS__PURGE_SECONDS", "5"),
    ])
    .unwrap();
    let tasks = settings.tasks;
    assert_eq!((tasks.trash, tasks.idempotency), (7 * DAY, Duration::ZERO));
    assert_eq!(tasks.purge, Duration::from_secs(5));
}

async fn a_line_that_cannot_be_parsed_is_not_shown(_: Engine) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".env");
    std::fs::write(&path, "APP_AUTH__JWT_SECRETS=my secret\n").unwrap();
    let error = Layers::of(&path, empty()).unwrap_err().to_string();
    assert!(error.starts_with("APP_AUTH__JWT_SECRETS: "), "{error}");
    assert!(!error.contains("my secret"), "{error}");
}

async fn a_byte_order_mark_is_no_part_of_the_first_name(_: Engine) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".env");
    std::fs::write(
        &path,
        "\u{feff}APP_SERVER__PORT=9\r\nDATABASE_URL=sqlite://b.db\r\n",
    )
    .unwrap();
    let layers = Layers::of(&path, empty()).unwrap();
    let settings = from_layers(layers.file, layers.environment).unwrap();
    assert_eq!(settings.server.port, 9);
    assert_eq!(settings.database.url.expose(), "sqlite://b.db");
    // Nor of the name in a refusal.
    std::fs::write(&path, "\u{feff}APP_AUTH__JWT_SECRETS=one two\n").unwrap();
    let refused = Layers::of(&path, empty()).unwrap_err();
    assert_eq!(refused.variable, "APP_AUTH__JWT_SECRETS");
}

async fn the_log_filter_comes_from_either_layer(_: Engine) {
    let file = variables(&[("RUST_LOG", "debug")]);
    let from_file = from_layers(file.clone(), HashMap::new()).unwrap();
    assert_eq!(from_file.log.filter, "debug");
    let over = from_layers(file, variables(&[("RUST_LOG", "warn")])).unwrap();
    assert_eq!(over.log.filter, "warn");
    assert_eq!(loaded(&[]).unwrap().log.filter, "info");
}

async fn the_committed_file_holds_the_published_secret(_: Engine) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/.env");
    let file = Layers::of(Path::new(path), empty()).unwrap().file;
    assert_eq!(
        file.get("APP_AUTH__JWT_SECRETS").map(String::as_str),
        Some(PUBLISHED_SECRET)
    );
}

fn url(text: &str) -> DatabaseUrl {
    text.parse().unwrap()
}

async fn a_driver_that_quotes_the_url_does_not_show_its_password(_: Engine) {
    let message = "password \"hunter2\" is too short";
    for given in [
        "postgres://ann:hunter2@db/tasks",
        "postgres://db/tasks?user=ann&password=hunter2",
    ] {
        assert_eq!(url(given).redact(message), "password \"***\" is too short");
    }
    assert_eq!(url("postgres://db/tasks").redact(message), message);
}

async fn the_file_is_what_the_engine_opens(_: Engine) {
    for (given, file) in [
        ("sqlite://tasks.db", Some("tasks.db")),
        (
            "sqlite:///var/lib/a%20b.db?mode=rw",
            Some("/var/lib/a b.db"),
        ),
        ("postgres://h/d", None),
    ] {
        assert_eq!(url(given).file().as_deref(), file.map(Path::new));
    }
}
