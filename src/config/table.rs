//! Every variable that the service reads. `--help` and the README show this table.

/// One variable.
pub struct Setting {
    pub variable: &'static str,
    /// Absent where the default is not a constant.
    pub default: Option<&'static str>,
    /// The least and the largest value of a number.
    pub range: Option<(u32, u32)>,
    pub help: &'static str,
}

const fn text(
    variable: &'static str,
    default: Option<&'static str>,
    help: &'static str,
) -> Setting {
    Setting {
        variable,
        default,
        range: None,
        help,
    }
}

const fn number(
    variable: &'static str,
    default: Option<&'static str>,
    range: (u32, u32),
    help: &'static str,
) -> Setting {
    Setting {
        variable,
        default,
        range: Some(range),
        help,
    }
}

// The names of the variables, as `load` reads them and the table below explains them.
pub const DATABASE_URL: &str = "DATABASE_URL";
pub const ENVIRONMENT: &str = "APP_ENVIRONMENT";
pub const HOST: &str = "APP_SERVER__HOST";
pub const PORT: &str = "APP_SERVER__PORT";
pub const WORKERS: &str = "APP_SERVER__WORKERS";
pub const BODY_LIMIT: &str = "APP_SERVER__BODY_LIMIT";
pub const TRUSTED_PROXIES: &str = "APP_SERVER__TRUSTED_PROXIES";
pub const CORS_ORIGINS: &str = "APP_SERVER__CORS_ORIGINS";
pub const CONNECTIONS: &str = "APP_SERVER__CONNECTIONS";
pub const HEADER_SECONDS: &str = "APP_SERVER__HEADER_SECONDS";
pub const BODY_SECONDS: &str = "APP_SERVER__BODY_SECONDS";
pub const WRITE_SECONDS: &str = "APP_SERVER__WRITE_SECONDS";
pub const KEEP_ALIVE_SECONDS: &str = "APP_SERVER__KEEP_ALIVE_SECONDS";
pub const DRAIN_SECONDS: &str = "APP_SERVER__DRAIN_SECONDS";
pub const SHUTDOWN_SECONDS: &str = "APP_SERVER__SHUTDOWN_SECONDS";
pub const CONNECT_SECONDS: &str = "APP_DATABASE__CONNECT_SECONDS";
pub const POOL_SIZE: &str = "APP_DATABASE__POOL_SIZE";
pub const TIMEOUT_MS: &str = "APP_DATABASE__TIMEOUT_MS";
pub const QUEUE: &str = "APP_DATABASE__QUEUE";
pub const RUN_MIGRATIONS: &str = "APP_DATABASE__RUN_MIGRATIONS";
pub const PREPARED_STATEMENTS: &str = "APP_DATABASE__PREPARED_STATEMENTS";
pub const DIRECT_URL: &str = "APP_DATABASE__DIRECT_URL";
pub const JWT_SECRETS: &str = "APP_AUTH__JWT_SECRETS";
pub const ACCESS_TOKEN_MINUTES: &str = "APP_AUTH__ACCESS_TOKEN_MINUTES";
pub const BCRYPT_COST: &str = "APP_AUTH__BCRYPT_COST";
pub const HASH_QUEUE: &str = "APP_AUTH__HASH_QUEUE";
pub const REFRESH_IDLE_DAYS: &str = "APP_AUTH__REFRESH_IDLE_DAYS";
pub const REFRESH_MAX_DAYS: &str = "APP_AUTH__REFRESH_MAX_DAYS";
pub const FAILURES_PER_ACCOUNT: &str = "APP_AUTH__FAILURES_PER_ACCOUNT";
pub const FAILURES_PER_ADDRESS: &str = "APP_AUTH__FAILURES_PER_ADDRESS";
pub const FAILURE_WINDOW_SECONDS: &str = "APP_AUTH__FAILURE_WINDOW_SECONDS";
pub const REGISTRATIONS_PER_HOUR: &str = "APP_AUTH__REGISTRATIONS_PER_HOUR";
pub const CACHE_SECONDS: &str = "APP_AUTH__CACHE_SECONDS";
pub const TRASH_DAYS: &str = "APP_TASKS__TRASH_DAYS";
pub const IDEMPOTENCY_HOURS: &str = "APP_TASKS__IDEMPOTENCY_HOURS";
pub const PURGE_SECONDS: &str = "APP_TASKS__PURGE_SECONDS";
pub const METRICS_ADDRESS: &str = "APP_METRICS__ADDRESS";
pub const LOG_FORMAT: &str = "APP_LOG__FORMAT";
pub const SLOW_MS: &str = "APP_LOG__SLOW_MS";
pub const LOG_FILTER: &str = "RUST_LOG";

/// What is logged unless `RUST_LOG` says otherwise.
pub const LOG_FILTER_DEFAULT: &str = "info";

/// In the order in which people read them.
pub const SETTINGS: &[Setting] = &[
    text(
        DATABASE_URL,
        Some("sqlite://tasks.db"),
        "sqlite://PATH (created if absent) or postgres://USER:PASSWORD@HOST/NAME",
    ),
    text(
        ENVIRONMENT,
        Some("development"),
        "development or production; production refuses weak secrets",
    ),
    text(HOST, Some("127.0.0.1"), "address to listen on"),
    number(
        PORT,
        Some("8000"),
        (0, 65535),
        "port to listen on; 0 takes any free one",
    ),
    number(
        WORKERS,
        None,
        (1, 512),
        "worker threads; default: one a core",
    ),
    number(
        BODY_LIMIT,
        Some("1048576"),
        (1024, 104_857_600),
        "largest request body in bytes",
    ),
    text(
        TRUSTED_PROXIES,
        Some(""),
        "comma-separated networks whose X-Forwarded-For is believed",
    ),
    text(
        CORS_ORIGINS,
        Some(""),
        "comma-separated origins that browsers may call from; none: CORS is off",
    ),
    number(
        CONNECTIONS,
        Some("15000"),
        (1, 1_000_000),
        "open connections of clients; requests on more of them are 503",
    ),
    number(
        HEADER_SECONDS,
        Some("5"),
        (1, 3600),
        "how long a client may take to send a request's header",
    ),
    number(
        BODY_SECONDS,
        Some("30"),
        (1, 3600),
        "how long a client may take to send a request's body",
    ),
    number(
        WRITE_SECONDS,
        Some("30"),
        (1, 3600),
        "a client that does not keep up with its answer for so long is cut off",
    ),
    number(
        KEEP_ALIVE_SECONDS,
        Some("15"),
        (1, 3600),
        "how long a connection stays open without a request",
    ),
    number(
        DRAIN_SECONDS,
        Some("0"),
        (0, 3600),
        "how long at a shutdown requests are still taken while readiness is 503",
    ),
    number(
        SHUTDOWN_SECONDS,
        Some("30"),
        (1, 3600),
        "how long after that requests in flight may take",
    ),
    number(
        CONNECT_SECONDS,
        Some("30"),
        (0, 3600),
        "how long the start waits for an unreachable database",
    ),
    number(POOL_SIZE, Some("10"), (1, 1000), "database connections"),
    number(
        TIMEOUT_MS,
        Some("3000"),
        (10, 600_000),
        "longest wait for the database, in milliseconds, before 503",
    ),
    number(
        QUEUE,
        Some("1000"),
        (1, 1_000_000),
        "requests that may wait for a database connection; more are 503 at once",
    ),
    text(
        RUN_MIGRATIONS,
        Some("true"),
        "true or false: whether the start applies pending migrations",
    ),
    text(
        PREPARED_STATEMENTS,
        Some("true"),
        "true or false; false for a pooler of transactions such as PgBouncer's",
    ),
    text(
        DIRECT_URL,
        Some(""),
        "postgres:// URL past a pooler, for migrations and LISTEN; none: DATABASE_URL",
    ),
    text(
        JWT_SECRETS,
        Some(""),
        "comma-separated secrets: the first signs, all verify; none: a random one in development, no start in production",
    ),
    number(
        ACCESS_TOKEN_MINUTES,
        Some("15"),
        (1, 10_080),
        "life of an access token",
    ),
    number(BCRYPT_COST, Some("12"), (4, 16), "bcrypt cost"),
    number(
        HASH_QUEUE,
        Some("256"),
        (0, 100_000),
        "password hashes that may wait for their turn before 503",
    ),
    number(
        REFRESH_IDLE_DAYS,
        Some("30"),
        (1, 3650),
        "a session ends when it was not refreshed for so long",
    ),
    number(
        REFRESH_MAX_DAYS,
        Some("180"),
        (1, 3650),
        "a session ends so long after its login",
    ),
    number(
        FAILURES_PER_ACCOUNT,
        Some("10"),
        (1, 1_000_000),
        "failed logins to one account from one address within the window before 429",
    ),
    number(
        FAILURES_PER_ADDRESS,
        Some("100"),
        (1, 1_000_000),
        "failed logins from one address within the window before 429",
    ),
    number(
        FAILURE_WINDOW_SECONDS,
        Some("900"),
        (1, 86_400),
        "the window, from the first failure on",
    ),
    number(
        REGISTRATIONS_PER_HOUR,
        None,
        (0, 1_000_000),
        "registrations from one address before 429; 0: no limit; default: 0 in development, 20 in production",
    ),
    number(
        CACHE_SECONDS,
        Some("5"),
        (0, 5),
        "how long it is known whom a token stands for, on SQLite at most 0.8 s; 0: it is looked up for each request",
    ),
    number(
        TRASH_DAYS,
        Some("30"),
        (0, 3650),
        "how long deleted tasks stay in the trash; 0: until the next purge",
    ),
    number(
        IDEMPOTENCY_HOURS,
        Some("24"),
        (0, 8760),
        "how long answers are kept for requests that are sent again; 0: until the next purge",
    ),
    number(
        PURGE_SECONDS,
        Some("3600"),
        (1, 86_400),
        "how often is purged what is over: trash, old answers, sessions, counters …",
    ),
    text(
        METRICS_ADDRESS,
        Some(""),
        "ADDRESS:PORT on which to serve /metrics for Prometheus; none: nowhere",
    ),
    text(LOG_FORMAT, Some("text"), "text or json"),
    number(
        SLOW_MS,
        Some("500"),
        (0, 600_000),
        "statements that take so many milliseconds are logged, without values; 0: none",
    ),
];

/// Where settings come from.
pub const SOURCES: &str =
    "Settings, from built-in defaults, then .env, then the environment (the later wins):";

impl Setting {
    /// Its meaning, with range and default.
    pub fn describe(&self) -> String {
        let default = match self.default {
            None | Some("") => String::new(),
            Some(default) => format!(" [default: {default}]"),
        };
        let range = self
            .range
            .map_or(String::new(), |(low, high)| format!(", {low} to {high}"));
        format!("{}{range}{default}", self.help)
    }
}

/// What `RUST_LOG` means.
pub fn describe_log_filter() -> String {
    format!("what to log, as env_logger reads it [default: {LOG_FILTER_DEFAULT}]")
}

/// The settings as `--help` prints them.
pub fn help() -> String {
    let mut text = format!("{SOURCES}\n");
    for setting in SETTINGS {
        let meaning = setting.describe();
        text.push_str(&format!("  {:<34}{meaning}\n", setting.variable));
    }
    let meaning = describe_log_filter();
    text.push_str(&format!("  {LOG_FILTER:<34}{meaning}\n"));
    text
}
