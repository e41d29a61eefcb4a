//! The typed settings. `Debug` shows no secret.

use std::{fmt, net::IpAddr, str::FromStr, time::Duration};

use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};

/// The value of `APP_AUTH__JWT_SECRETS` in the committed `.env`. Everyone knows it, so production
/// refuses it.
pub const PUBLISHED_SECRET: &str = "development-only-secret-change-me-before-production";

/// Shortest secret that production takes, in bytes: the size of HS256's hash (RFC 7518 section 3.2).
pub const SECRET_MIN_BYTES: usize = 32;

/// Lowest bcrypt cost that production takes.
pub const PRODUCTION_BCRYPT_COST_MIN: u32 = 10;

/// Everything that can be set, checked.
#[derive(Debug, Clone)]
pub struct Settings {
    pub environment: Environment,
    pub database: DatabaseSettings,
    pub server: ServerSettings,
    pub auth: AuthSettings,
    /// Variables that were set although nothing reads them in this version.
    pub unused: Vec<&'static str>,
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
}

/// Where the database is and how long it may take.
#[derive(Debug, Clone)]
pub struct DatabaseSettings {
    pub url: DatabaseUrl,
    pub connect: Duration,
    pub pool_size: u32,
    pub timeout: Duration,
    pub run_migrations: bool,
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
}

impl DatabaseUrl {
    /// `message` without the URL's password: drivers quote parts of an URL that they cannot parse.
    pub fn redact(&self, message: &str) -> String {
        let url = self.expose();
        let user_info = url
            .split_once("://")
            .and_then(|(_, rest)| rest.rsplit_once('@'))
            .map(|(user_info, _)| user_info);
        match user_info.and_then(|user_info| user_info.split_once(':')) {
            Some((_, password)) if !password.is_empty() => message.replace(password, "***"),
            _ => message.to_owned(),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({:?})", self.engine)
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Postgres => "PostgreSQL",
            Self::Sqlite => "SQLite",
        })
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

impl FromStr for DatabaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let engine = match text.split_once("://") {
            Some(("postgres" | "postgresql", rest)) if !rest.is_empty() => Engine::Postgres,
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
        let bare = |c: char| !c.is_whitespace() && !"/?#@*,\\".contains(c);
        if !matches!(scheme, "http" | "https") || host.is_empty() || !host.chars().all(bare) {
            return Err(refused());
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}
