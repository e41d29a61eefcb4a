//! Every setting, once: its place in the key of `config`, the field that it becomes, its kind and range, its default,
//! and the help that `--help`, the manual and the documentation show.

use std::{net::SocketAddr, time::Duration};

use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use strum::{EnumString, VariantNames};

use super::kind::{
    Days, Host, Hours, Kind, List, Milliseconds, Minutes, Name, Network, Number, Optional, Origin,
    Read, Seconds, Secret, Text,
};
pub use super::{
    database_url::{DatabaseUrl, Engine},
    public_url::PublicUrl,
};

/// The value of `APP_AUTH__JWT_SECRETS` in the committed `.env`. It is public, so production refuses it.
pub const PUBLISHED_SECRET: &str = "development-only-secret-change-me-before-production";

/// Shortest secret that production takes, in bytes: the size of HS256's hash (RFC 7518 section 3.2).
pub const SECRET_MIN_BYTES: usize = 32;

/// Lowest bcrypt cost that production takes.
pub const PRODUCTION_BCRYPT_COST_MIN: u32 = 10;

/// One variable.
pub struct Setting {
    /// Where it is in the tree that `config` builds: `server.port`.
    pub key: &'static str,
    /// Absent where the default is not a constant.
    pub default: Option<&'static str>,
    /// The least and the largest value of a number.
    pub range: Option<(u32, u32)>,
    help: &'static str,
}

impl Setting {
    /// The name of the variable: `APP_SERVER__PORT`.
    pub fn variable(&self) -> String {
        match self.key {
            "database.url" => "DATABASE_URL".to_owned(),
            "log.filter" => "RUST_LOG".to_owned(),
            key => format!("APP_{}", key.replace('.', "__").to_uppercase()),
        }
    }

    /// Its meaning, with range and default.
    pub fn describe(&self) -> String {
        let default = match self.default {
            None | Some("") => String::new(),
            Some(default) => format!(" [default: {default}]"),
        };
        let range = self
            .range
            .map_or(String::new(), |(low, high)| format!(" [{low} to {high}]"));
        format!("{}{range}{default}", self.help.trim_start())
    }
}

/// The settings as `--help` prints them.
pub fn help() -> String {
    let lines = SETTINGS.iter().map(|setting| {
        let (variable, meaning) = (setting.variable(), setting.describe());
        format!("  {variable:<34}{meaning}\n")
    });
    let lines: String = lines.collect();
    format!(
        "Settings, from built-in defaults, then .env, then the environment (the later wins):\n{lines}"
    )
}

/// Everything that can be set, checked. `Debug` shows no secret.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub environment: Environment,
    pub database: DatabaseSettings,
    pub server: ServerSettings,
    pub auth: AuthSettings,
    pub tasks: TaskSettings,
    pub metrics: MetricsSettings,
    pub log: LogSettings,
    /// Variables of the environment that look like settings but were injected for something else.
    #[serde(skip)]
    pub passed_over: Vec<String>,
}

/// Where the service runs: production refuses what is only good for development.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum Environment {
    Development,
    Production,
}

impl<'de> Deserialize<'de> for Environment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Read::<Name<Self>>::deserialize(deserializer).map(|read| read.0)
    }
}

/// One line a record: for people, or a JSON object for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

/// Makes a struct of each section, its deserialiser (every member is a text, unknown ones are refused), and
/// [`SETTINGS`]. A line is: help, key, field, type, kind, default. `computed` fields are set by `load`.
macro_rules! settings {
    (@default) => { None };
    (@default $default:literal) => { Some($default) };
    ($(
        $(#[doc = $about:literal])+
        $section:literal $name:ident {
            $(
                #[doc = $help:literal]
                $key:literal $field:ident: $value:ty = $kind:ty $(, $default:literal)?;
            )+
            $( computed { $( #[doc = $note:literal] $computed:ident: $computed_type:ty; )+ } )?
        }
    )+) => {
        $(
            $(#[doc = $about])+
            #[derive(Debug, Clone)]
            pub struct $name {
                $( #[doc = $help] pub $field: $value, )+
                $( $( #[doc = $note] pub $computed: $computed_type, )+ )?
            }

            impl<'de> Deserialize<'de> for $name {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    #[derive(Deserialize)]
                    #[serde(deny_unknown_fields)]
                    struct Section {
                        $( #[serde(rename = $key)] $field: Read<$kind>, )+
                    }
                    let section = Section::deserialize(deserializer)?;
                    Ok(Self {
                        $( $field: section.$field.0, )+
                        $( $( $computed: Default::default(), )+ )?
                    })
                }
            }
        )+

        /// In the order in which people read them.
        pub const SETTINGS: &[Setting] = &[
            ENVIRONMENT,
            $($( Setting {
                key: concat!($section, ".", $key),
                default: settings!(@default $($default)?),
                range: <$kind as Kind>::RANGE,
                help: $help,
            }, )+)+
        ];
    };
}

const ENVIRONMENT: Setting = Setting {
    key: "environment",
    default: Some("development"),
    range: None,
    help: "development or production; production refuses weak secrets",
};

settings! {
    /// Where the database is and how long it may take.
    "database" DatabaseSettings {
        /// sqlite://PATH (created if absent) or postgres://USER:PASSWORD@HOST/NAME
        "url" url: DatabaseUrl = Text<DatabaseUrl>, "sqlite://tasks.db";
        /// how long the start waits for an unreachable database
        "connect_seconds" connect: Duration = Seconds<0, 3600>, "30";
        /// database connections
        "pool_size" pool_size: u32 = Number<u32, 1, 1000>, "10";
        /// longest wait for the database in milliseconds; after that the answer is 503
        "timeout_ms" timeout: Duration = Milliseconds<10, 600_000>, "3000";
        /// requests that may wait for a database connection; any more get 503 at once
        "queue" queue: usize = Number<usize, 1, 1_000_000>, "1000";
        /// true or false: whether pending migrations are applied at the start
        "run_migrations" run_migrations: bool = Text<bool>, "true";
        /// true or false; false for a transaction pooler such as PgBouncer
        "prepared_statements" prepared_statements: bool = Text<bool>, "true";
        computed {
            /// Statements that take so long are logged; `None`: none are.
            slow: Option<Duration>;
        }
    }

    /// How the service listens and what it takes.
    "server" ServerSettings {
        /// address or host name to listen on; a host name may have several addresses
        "host" host: String = Host, "127.0.0.1";
        /// port to listen on; 0 takes any free one
        "port" port: u16 = Number<u16, 0, 65535>, "8000";
        /// worker threads; default: one per core
        "workers" workers: usize = Number<usize, 1, 512>;
        /// largest request body in bytes
        "body_limit" body_limit: usize = Number<usize, 1024, 104_857_600>, "1048576";
        /// comma-separated networks of proxies whose X-Forwarded-For is trusted
        "trusted_proxies" trusted_proxies: Vec<IpNet> = List<Network>, "";
        /// comma-separated origins whose pages may call the API; none: CORS is off
        "cors_origins" cors_origins: Vec<String> = List<Origin>, "";
        /// URL below which clients reach the service, perhaps with a path that a proxy strips; none: addresses in answers are relative
        "public_url" public_url: PublicUrl = Text<PublicUrl>, "";
        /// most client connections at a time; further ones wait until one closes
        "connections" connections: usize = Number<usize, 1, 1_000_000>, "15000";
        /// how long a client may take to send a request's header
        "header_seconds" header_timeout: Duration = Seconds<1, 3600>, "5";
        /// how long a client may take to send a request's body
        "body_seconds" body_timeout: Duration = Seconds<1, 3600>, "30";
        /// how long a client may leave its response unread before it is disconnected
        "write_seconds" write_timeout: Duration = Seconds<1, 3600>, "30";
        /// how long a connection stays open without a request
        "keep_alive_seconds" keep_alive: Duration = Seconds<1, 3600>, "75";
        /// how long requests are still accepted at a shutdown, while readiness is 503
        "drain_seconds" drain: Duration = Seconds<0, 3600>, "0";
        /// how long requests in flight may take after that
        "shutdown_seconds" shutdown: Duration = Seconds<1, 3600>, "30";
    }

    /// Tokens and passwords.
    "auth" AuthSettings {
        /// comma-separated secrets: the first signs, all verify; none: a random one in development, refused in production
        "jwt_secrets" jwt_secrets: Vec<SecretString> = List<Secret>, "";
        /// lifetime of an access token
        "access_token_minutes" access_token: Duration = Minutes<1, 10_080>, "15";
        /// bcrypt cost
        "bcrypt_cost" bcrypt_cost: u32 = Number<u32, 4, 16>, "12";
        /// password hashes that may wait; any more get 503
        "hash_queue" hash_queue: usize = Number<usize, 0, 100_000>, "256";
        /// a session ends this long after its last refresh
        "refresh_idle_days" refresh_idle: Duration = Days<1, 3650>, "30";
        /// a session ends this long after its login at the latest
        "refresh_max_days" refresh_max: Duration = Days<1, 3650>, "180";
        /// failed logins to one account from one address within the window, after which the answer is 429
        "failures_per_account" failures_per_account: u32 = Number<u32, 1, 1_000_000>, "10";
        /// failed logins from one address within the window, after which the answer is 429
        "failures_per_address" failures_per_address: u32 = Number<u32, 1, 1_000_000>, "100";
        /// length of the window, which begins with the first failure
        "failure_window_seconds" failure_window: Duration = Seconds<1, 86_400>, "900";
        /// registrations from one address, after which the answer is 429; 0: no limit; default: 0 in development, 20 in production
        "registrations_per_hour" registrations_per_hour: u32 = Number<u32, 0, 1_000_000>;
        computed {
            /// No secret was configured: `jwt_secrets`, which is never empty, holds one made for this process.
            random_secret: bool;
        }
    }

    /// What is kept for a while. Zero: until the next purge.
    "tasks" TaskSettings {
        /// how long deleted tasks and projects stay in the trash; 0: until the next purge
        "trash_days" trash: Duration = Days<0, 3650>, "30";
        /// how long responses are kept under their Idempotency-Key; 0: until the next purge
        "idempotency_hours" idempotency: Duration = Hours<0, 8760>, "24";
        /// how often expired data is purged: trash, kept responses, sessions, counters …
        "purge_seconds" purge: Duration = Seconds<1, 86_400>, "3600";
    }

    /// Prometheus.
    "metrics" MetricsSettings {
        /// ADDRESS:PORT on which /metrics is served for Prometheus; none: it is not served
        "address" address: Option<SocketAddr> = Optional<Text<SocketAddr>>, "";
    }

    /// What is logged, and how.
    "log" LogSettings {
        /// text or json
        "format" format: LogFormat = Name<LogFormat>, "text";
        /// statements that take at least this many milliseconds are logged, without values; 0: none
        "slow_ms" slow: Duration = Milliseconds<0, 600_000>, "500";
        /// what to log, as env_logger reads it
        "filter" filter: String = Text<String>, "info";
    }
}

impl AuthSettings {
    /// Why production would refuse the secrets that are configured; `None` where it would take them.
    pub fn weakness(&self) -> Option<String> {
        self.jwt_secrets.iter().find_map(|secret| {
            let secret = secret.expose_secret();
            if secret == PUBLISHED_SECRET {
                return Some("contains the published development secret".to_owned());
            }
            let is_short = secret.len() < SECRET_MIN_BYTES;
            is_short.then(|| format!("contains a secret under {SECRET_MIN_BYTES} bytes"))
        })
    }
}
