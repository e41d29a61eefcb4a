//! The typed settings. `Debug` shows no secret.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    str::FromStr,
    time::Duration,
};

use ipnet::IpNet;
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};

use super::database_url::is_password;

/// The value of `APP_AUTH__JWT_SECRETS` in the committed `.env`. Everyone knows it, so production
/// refuses it.
pub const PUBLISHED_SECRET: &str = "development-only-secret-change-me-before-production";

/// Shortest secret that production takes, in bytes: the size of HS256's hash (RFC 7518 section 3.2).
pub const SECRET_MIN_BYTES: usize = 32;

/// Lowest bcrypt cost that production takes.
pub const PRODUCTION_BCRYPT_COST_MIN: u32 = 10;

/// Registrations from one address within an hour in production, unless set otherwise.
pub const PRODUCTION_REGISTRATIONS_PER_HOUR: u32 = 20;

/// Everything that can be set, checked.
#[derive(Debug, Clone)]
pub struct Settings {
    pub environment: Environment,
    pub database: DatabaseSettings,
    pub server: ServerSettings,
    pub auth: AuthSettings,
    pub tasks: TaskSettings,
    pub log: LogSettings,
    /// Where `/metrics` is served; `None`: nowhere.
    pub metrics: Option<SocketAddr>,
}

/// Where the service runs: production refuses what is only good for development.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    Development,
    Production,
}

/// How the service listens and what it takes.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    pub host: String,
    pub port: u16,
    pub workers: usize,
    /// Bytes.
    pub body_limit: usize,
    pub trusted_proxies: Vec<Network>,
    pub cors_origins: Vec<Origin>,
    /// Most open connections.
    pub connections: usize,
    pub patience: Patience,
    /// How long at a shutdown requests are still taken.
    pub drain: Duration,
    /// How long requests in flight may take after that.
    pub shutdown: Duration,
}

/// How long a client may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// To send the header of a request.
    pub header: Duration,
    /// To send its body.
    pub body: Duration,
    /// To take anything of the answer.
    pub write: Duration,
    /// Until its next request.
    pub keep_alive: Duration,
}

/// What is logged, and how.
#[derive(Debug, Clone)]
pub struct LogSettings {
    /// What to log, as env_logger reads it.
    pub filter: String,
    pub format: LogFormat,
}

/// One line a record: for people, or a JSON object for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

/// Where the database is and how long it may take.
#[derive(Debug, Clone)]
pub struct DatabaseSettings {
    pub url: DatabaseUrl,
    pub connect: Duration,
    pub pool_size: u32,
    pub timeout: Duration,
    /// How much work may wait for a connection.
    pub queue: usize,
    pub run_migrations: bool,
    /// Whether the server keeps statements for a connection. Not behind a pooler of transactions: each may
    /// have another connection.
    pub prepared_statements: bool,
    /// Past a pooler of transactions; `None`: there is none.
    pub direct_url: Option<DatabaseUrl>,
    /// Statements that take so long are logged; `None`: none are.
    pub slow: Option<Duration>,
}

impl DatabaseSettings {
    /// The same database, past a pooler: for what needs a connection of its own.
    pub fn direct(&self) -> Self {
        let url = self.direct_url.clone().unwrap_or_else(|| self.url.clone());
        Self {
            url,
            ..self.clone()
        }
    }

    /// Whether there is a way to a connection of one's own.
    pub fn has_direct(&self) -> bool {
        self.prepared_statements || self.direct_url.is_some()
    }
}

/// Tokens and passwords.
#[derive(Debug, Clone)]
pub struct AuthSettings {
    /// The first signs, all verify. Never empty.
    pub jwt_secrets: Vec<SecretString>,
    /// No secret was configured, so `jwt_secrets` holds one made for this process.
    pub random_secret: bool,
    pub access_token: Duration,
    pub bcrypt_cost: u32,
    /// How many password hashes may wait for their turn.
    pub hash_queue: usize,
    /// A session ends when it was not refreshed for so long.
    pub refresh_idle: Duration,
    /// A session ends so long after its login.
    pub refresh_max: Duration,
    pub failures_per_account: u32,
    pub failures_per_address: u32,
    pub failure_window: Duration,
    /// From one address; 0: no limit.
    pub registrations_per_hour: u32,
    pub identity_cache: IdentityCache,
}

impl AuthSettings {
    /// Why production would refuse the secrets that are configured; `None` where it would take them.
    pub fn weakness(&self) -> Option<String> {
        self.jwt_secrets.iter().find_map(|secret| {
            let secret = secret.expose_secret();
            if secret == PUBLISHED_SECRET {
                return Some("holds the published development secret".to_owned());
            }
            let is_short = secret.len() < SECRET_MIN_BYTES;
            is_short.then(|| format!("holds a secret under {SECRET_MIN_BYTES} bytes"))
        })
    }
}

/// How long it may be known whom a token stands for; nothing: it is looked up for each request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdentityCache(pub Duration);

impl IdentityCache {
    /// Where every change is announced.
    pub fn announced(self) -> Duration {
        self.0
    }

    /// Where nobody announces what another process changes: an operator's command on an SQLite file.
    /// The contract gives a change one second to be seen.
    pub fn unannounced(self) -> Duration {
        self.0.min(Duration::from_millis(800))
    }
}

/// What is kept for a while. Zero: until the next purge.
#[derive(Debug, Clone, Copy)]
pub struct TaskSettings {
    /// A task in the trash.
    pub trash: Duration,
    /// The answer to a request with an idempotency key.
    pub idempotency: Duration,
    /// How often is purged.
    pub purge: Duration,
}

/// Which engine a URL names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Postgres,
    Sqlite,
}

/// A database URL. It may hold a password, so `Debug` shows the engine alone.
#[derive(Clone)]
pub struct DatabaseUrl {
    pub engine: Engine,
    url: SecretString,
}

/// A network in CIDR form, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network(IpNet);

/// An origin (RFC 6454): scheme, host and perhaps port, no path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(pub String);

impl DatabaseUrl {
    /// The URL itself, password and all: for the driver alone.
    pub fn expose(&self) -> &str {
        self.url.expose_secret()
    }

    /// `message` without the URL's password: drivers quote parts of an URL that they cannot parse.
    pub fn redact(&self, message: &str) -> String {
        let url = self.expose();
        let user_info = url
            .split_once("://")
            .and_then(|(_, rest)| rest.rsplit_once('@'))
            .and_then(|(user_info, _)| user_info.split_once(':'))
            .map(|(_, password)| password);
        let query = url.split_once('?').map_or("", |(_, query)| query);
        let parameters = query.split('&').filter(|parameter| is_password(parameter));
        let values = parameters.filter_map(|parameter| parameter.split_once('='));
        let passwords = values.map(|(_, password)| password).chain(user_info);
        passwords.filter(|password| !password.is_empty()).fold(
            message.to_owned(),
            |message, password| {
                let decoded = percent_decode_str(password).decode_utf8_lossy();
                message.replace(password, "***").replace(&*decoded, "***")
            },
        )
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({:?})", self.engine)
    }
}

impl Engine {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::Sqlite => "SQLite",
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Environment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "development" => Ok(Self::Development),
            "production" => Ok(Self::Production),
            _ => Err("must be development or production".to_owned()),
        }
    }
}

impl FromStr for LogFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("must be text or json".to_owned()),
        }
    }
}

impl FromStr for DatabaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let engine = match text.split_once("://") {
            Some(("postgres" | "postgresql", rest)) if !rest.is_empty() => {
                refuse_unencoded(rest)?;
                Engine::Postgres
            }
            Some(("sqlite", rest)) if rest.contains(":memory:") || rest.contains("mode=memory") => {
                return Err(
                    "must name a file: each connection to :memory: is a database of its own"
                        .to_owned(),
                );
            }
            Some(("sqlite", rest)) if !rest.is_empty() && !rest.starts_with('?') => Engine::Sqlite,
            _ => {
                return Err(
                    "must be sqlite://PATH or postgres://USER:PASSWORD@HOST/NAME".to_owned(),
                );
            }
        };
        Ok(Self {
            engine,
            url: text.into(),
        })
    }
}

/// The driver would quote parts of a password that is not percent-encoded (RFC 3986 section 2.1)
/// in its errors, as the host or the port that it takes them for.
fn refuse_unencoded(rest: &str) -> Result<(), String> {
    let user_info = rest.rsplit_once('@').map_or("", |(user_info, _)| user_info);
    let is_encoded = |part: &str| part.chars().take(2).filter(char::is_ascii_hexdigit).count() == 2;
    if user_info.contains(['@', '/', '?', '#']) || !rest.split('%').skip(1).all(is_encoded) {
        return Err(
            "its user and password must be percent-encoded: %40 for @, %2F for /, %25 for %"
                .to_owned(),
        );
    }
    Ok(())
}

impl Network {
    /// Whether `address` lies in the network.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse::<IpNet>()
            .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
            .map(Self)
            .map_err(|_| format!("{text:?} is no network such as 10.0.0.0/8"))
    }
}

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refused = || format!("{text:?} is no origin such as https://app.example.com");
        let (scheme, host) = text.split_once("://").ok_or_else(refused)?;
        let (host, port) = match host.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse::<u16>().ok()),
            _ => (host, Some(0)),
        };
        let is_name = |c: char| c.is_ascii_alphanumeric() || ".-".contains(c);
        let is_ipv6 = |host: &str| {
            let address = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
            address.is_some_and(|address| address.parse::<Ipv6Addr>().is_ok())
        };
        let is_host = is_ipv6(host) || (!host.is_empty() && host.chars().all(is_name));
        if !matches!(scheme, "http" | "https") || !is_host || port.is_none() {
            return Err(refused());
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}
