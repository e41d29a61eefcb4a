//! From variables to [`Settings`].

use std::{
    collections::HashMap, ffi::OsString, fmt::Display, net::SocketAddr, path::Path, str::FromStr,
    time::Duration,
};

use config::{Config, Environment as Layer};
use secrecy::SecretString;

use super::{
    settings::{
        AuthSettings, DatabaseSettings, DatabaseUrl, Engine, Environment, IdentityCache,
        LogSettings, PRODUCTION_BCRYPT_COST_MIN, PRODUCTION_REGISTRATIONS_PER_HOUR, Patience,
        ServerSettings, Settings, TaskSettings,
    },
    table::{self, SETTINGS},
};

/// Why the service does not start: one line that names the variable. It never shows the value of
/// a secret.
#[derive(Debug, thiserror::Error)]
#[error("{variable}: {reason}")]
pub struct SettingsError {
    pub variable: String,
    pub reason: String,
}

/// Seconds.
const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

type Variables = HashMap<String, String>;
type Loaded<T> = Result<T, SettingsError>;

/// Reads the settings of this process: defaults, then `.env` in the working directory, then the environment.
pub fn from_process() -> Loaded<Settings> {
    let file = from_file(Path::new(".env"))?;
    let environment = from_environment(std::env::vars_os())?;
    from_layers(file, environment)
}

/// Reads the settings from the variables of `.env` and those of the environment.
pub fn from_layers(file: Variables, environment: Variables) -> Loaded<Settings> {
    refuse_unknown(file.keys().chain(environment.keys()))?;
    let log_filter = [&environment, &file]
        .iter()
        .find_map(|layer| layer.get(table::LOG_FILTER).cloned())
        .unwrap_or_else(|| table::LOG_FILTER_DEFAULT.to_owned());
    let source = Source::layered(file, environment)?;
    let environment = source.parsed(table::ENVIRONMENT)?;
    let settings = Settings {
        environment,
        database: source.database()?,
        server: source.server()?,
        auth: source.auth(environment)?,
        tasks: source.tasks()?,
        log: LogSettings {
            filter: log_filter,
            format: source.parsed(table::LOG_FORMAT)?,
        },
        metrics: source.address(table::METRICS_ADDRESS)?,
    };
    if let Some(metrics) = settings.metrics.filter(|metrics| metrics.port() != 0) {
        let server = &settings.server;
        let is_same = server.host.parse() == Ok(metrics.ip()) && server.port == metrics.port();
        if is_same {
            let reason = "is the address of the service itself: metrics have one of their own";
            return Err(failure(table::METRICS_ADDRESS, reason));
        }
    }
    if settings.environment == Environment::Production {
        refuse_weak(&settings.auth)?;
    }
    Ok(settings)
}

pub(super) fn from_file(path: &Path) -> Loaded<Variables> {
    let refused = |error: dotenvy::Error| match error {
        // What cannot be parsed may be a secret: only the name before it is shown.
        dotenvy::Error::LineParse(value, _) => failure(
            &name_before(path, &value),
            "cannot be parsed in .env: put the value into single quotes",
        ),
        other => failure(".env", other),
    };
    match dotenvy::from_path_iter(path) {
        Ok(entries) => entries.collect::<Result<_, _>>().map_err(refused),
        Err(error) if error.not_found() => Ok(Variables::new()),
        Err(error) => Err(refused(error)),
    }
}

/// The name of the line of the file at `path` that holds `value`.
fn name_before(path: &Path, value: &str) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let mut names = text
        .lines()
        .filter(|line| line.contains(value))
        .filter_map(|line| line.split_once('='));
    let name = names.next().map_or("a line", |(name, _)| name.trim());
    name.to_owned()
}

pub(super) fn from_environment(
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> Loaded<Variables> {
    let mut read = Variables::new();
    for (name, value) in variables {
        let Ok(name) = name.into_string() else {
            continue;
        };
        if !is_ours(&name) && name != table::LOG_FILTER {
            continue;
        }
        let value = value
            .into_string()
            .map_err(|_| failure(&name, "is not valid UTF-8"))?;
        read.insert(name, value);
    }
    Ok(read)
}

fn is_ours(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    name.starts_with("APP_") || name == table::DATABASE_URL
}

fn refuse_unknown<'a>(names: impl Iterator<Item = &'a String>) -> Loaded<()> {
    let known: Vec<&str> = SETTINGS.iter().map(|setting| setting.variable).collect();
    for name in names.filter(|name| is_ours(name)) {
        if known.contains(&name.as_str()) {
            continue;
        }
        let nearest = known
            .iter()
            .max_by(|a, b| strsim::jaro_winkler(a, name).total_cmp(&strsim::jaro_winkler(b, name)));
        let hint = nearest.map_or(String::new(), |near| format!("; did you mean {near}?"));
        return Err(failure(
            name,
            format!("is no setting of this service{hint}"),
        ));
    }
    Ok(())
}

fn refuse_weak(auth: &AuthSettings) -> Loaded<()> {
    let secret = |reason: String| {
        failure(
            table::JWT_SECRETS,
            format!("{reason}; set one of your own, such as the output of `openssl rand -hex 32`"),
        )
    };
    if auth.random_secret {
        return Err(secret("is needed in production".to_owned()));
    }
    if let Some(weakness) = auth.weakness() {
        return Err(secret(format!("{weakness}, which production refuses")));
    }
    if auth.bcrypt_cost < PRODUCTION_BCRYPT_COST_MIN {
        return Err(failure(
            table::BCRYPT_COST,
            format!("must be at least {PRODUCTION_BCRYPT_COST_MIN} in production"),
        ));
    }
    Ok(())
}

fn failure(variable: &str, reason: impl Display) -> SettingsError {
    SettingsError {
        variable: variable.to_owned(),
        reason: reason.to_string().replace('\n', " "),
    }
}

/// The layers, merged. A variable `APP_SERVER__PORT` is the key `app_server.port`.
struct Source(Config);

impl Source {
    fn layered(file: Variables, environment: Variables) -> Loaded<Self> {
        let mut builder = Config::builder();
        for setting in SETTINGS {
            if let Some(default) = setting.default {
                builder = builder
                    .set_default(key(setting.variable), default)
                    .map_err(|error| failure(setting.variable, error))?;
            }
        }
        let layer = |variables| Layer::default().separator("__").source(Some(variables));
        builder
            .add_source(layer(file))
            .add_source(layer(environment))
            .build()
            .map(Self)
            .map_err(|error| failure("settings", error))
    }

    fn text(&self, variable: &str) -> Loaded<String> {
        self.0
            .get_string(&key(variable))
            .map_err(|error| failure(variable, error))
    }

    fn parsed<T: FromStr<Err = String>>(&self, variable: &str) -> Loaded<T> {
        self.text(variable)?
            .parse()
            .map_err(|reason: String| failure(variable, reason))
    }

    fn list<T: FromStr<Err = String>>(&self, variable: &str) -> Loaded<Vec<T>> {
        self.text(variable)?
            .split(',')
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
            .map(|entry| {
                entry
                    .parse()
                    .map_err(|reason: String| failure(variable, reason))
            })
            .collect()
    }

    /// A whole number within the range that the table gives it.
    fn number(&self, variable: &str) -> Loaded<u32> {
        let text = self.text(variable)?;
        let setting = SETTINGS.iter().find(|setting| setting.variable == variable);
        let (low, high) = setting.and_then(|s| s.range).unwrap_or((0, u32::MAX));
        match text.trim().parse() {
            Ok(number) if (low..=high).contains(&number) => Ok(number),
            _ => Err(failure(
                variable,
                format!("must be a whole number from {low} to {high}, not {text:?}"),
            )),
        }
    }

    /// A number of units, each so many seconds long.
    fn duration(&self, variable: &str, unit: u64) -> Loaded<Duration> {
        let number = u64::from(self.number(variable)?);
        Ok(Duration::from_secs(number * unit))
    }

    fn flag(&self, variable: &str) -> Loaded<bool> {
        match self.text(variable)?.trim() {
            "true" => Ok(true),
            "false" => Ok(false),
            other => Err(failure(
                variable,
                format!("must be true or false, not {other:?}"),
            )),
        }
    }

    fn server(&self) -> Loaded<ServerSettings> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let workers = match self.0.get_string(&key(table::WORKERS)) {
            Ok(_) => self.number(table::WORKERS)? as usize,
            Err(_) => cores,
        };
        let host = self.text(table::HOST)?;
        if host.is_empty() || host.contains(char::is_whitespace) {
            return Err(failure(table::HOST, "must be an address or a host name"));
        }
        Ok(ServerSettings {
            host,
            port: self.number(table::PORT)? as u16,
            workers,
            body_limit: self.number(table::BODY_LIMIT)? as usize,
            trusted_proxies: self.list(table::TRUSTED_PROXIES)?,
            cors_origins: self.list(table::CORS_ORIGINS)?,
            connections: self.number(table::CONNECTIONS)? as usize,
            patience: Patience {
                header: self.duration(table::HEADER_SECONDS, 1)?,
                body: self.duration(table::BODY_SECONDS, 1)?,
                write: self.duration(table::WRITE_SECONDS, 1)?,
                keep_alive: self.duration(table::KEEP_ALIVE_SECONDS, 1)?,
            },
            drain: self.duration(table::DRAIN_SECONDS, 1)?,
            shutdown: self.duration(table::SHUTDOWN_SECONDS, 1)?,
        })
    }

    fn database(&self) -> Loaded<DatabaseSettings> {
        let seconds = self.number(table::CONNECT_SECONDS)?;
        let milliseconds = self.number(table::TIMEOUT_MS)?;
        let url = self.parsed::<DatabaseUrl>(table::DATABASE_URL)?;
        let slow = Duration::from_millis(self.number(table::SLOW_MS)?.into());
        Ok(DatabaseSettings {
            direct_url: self.direct_url(url.engine)?,
            url,
            connect: Duration::from_secs(seconds.into()),
            pool_size: self.number(table::POOL_SIZE)?,
            timeout: Duration::from_millis(milliseconds.into()),
            queue: self.number(table::QUEUE)? as usize,
            run_migrations: self.flag(table::RUN_MIGRATIONS)?,
            prepared_statements: self.flag(table::PREPARED_STATEMENTS)?,
            slow: Some(slow).filter(|slow| !slow.is_zero()),
        })
    }

    fn direct_url(&self, engine: Engine) -> Loaded<Option<DatabaseUrl>> {
        if self.text(table::DIRECT_URL)?.is_empty() {
            return Ok(None);
        }
        let direct: DatabaseUrl = self.parsed(table::DIRECT_URL)?;
        match (engine, direct.engine) {
            (Engine::Postgres, Engine::Postgres) => Ok(Some(direct)),
            _ => Err(failure(
                table::DIRECT_URL,
                "must be a postgres:// URL, as DATABASE_URL then is",
            )),
        }
    }

    /// `None` where none is set.
    fn address(&self, variable: &str) -> Loaded<Option<SocketAddr>> {
        let text = self.text(variable)?;
        match text.trim() {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| {
                failure(
                    variable,
                    format!("must be an address and a port such as 127.0.0.1:9464, not {text:?}"),
                )
            }),
        }
    }

    fn tasks(&self) -> Loaded<TaskSettings> {
        Ok(TaskSettings {
            trash: self.duration(table::TRASH_DAYS, DAY)?,
            idempotency: self.duration(table::IDEMPOTENCY_HOURS, HOUR)?,
            purge: self.duration(table::PURGE_SECONDS, 1)?,
        })
    }

    fn auth(&self, environment: Environment) -> Loaded<AuthSettings> {
        let secrets = self.text(table::JWT_SECRETS)?;
        let mut jwt_secrets: Vec<SecretString> = secrets
            .split(',')
            .map(str::trim)
            .filter(|secret| !secret.is_empty())
            .map(SecretString::from)
            .collect();
        let random_secret = jwt_secrets.is_empty();
        if random_secret {
            jwt_secrets.push(random());
        }
        let registrations_per_hour = match self.0.get_string(&key(table::REGISTRATIONS_PER_HOUR)) {
            Ok(_) => self.number(table::REGISTRATIONS_PER_HOUR)?,
            Err(_) if environment == Environment::Production => PRODUCTION_REGISTRATIONS_PER_HOUR,
            Err(_) => 0,
        };
        let seconds = |variable| self.duration(variable, 1);
        let days = |variable| self.duration(variable, DAY);
        Ok(AuthSettings {
            jwt_secrets,
            random_secret,
            access_token: self.duration(table::ACCESS_TOKEN_MINUTES, 60)?,
            bcrypt_cost: self.number(table::BCRYPT_COST)?,
            hash_queue: self.number(table::HASH_QUEUE)? as usize,
            refresh_idle: days(table::REFRESH_IDLE_DAYS)?,
            refresh_max: days(table::REFRESH_MAX_DAYS)?,
            failures_per_account: self.number(table::FAILURES_PER_ACCOUNT)?,
            failures_per_address: self.number(table::FAILURES_PER_ADDRESS)?,
            failure_window: seconds(table::FAILURE_WINDOW_SECONDS)?,
            registrations_per_hour,
            identity_cache: IdentityCache(seconds(table::CACHE_SECONDS)?),
        })
    }
}

fn key(variable: &str) -> String {
    variable.to_lowercase().replace("__", ".")
}

/// 244 random bits: what two version 4 UUIDs hold.
fn random() -> SecretString {
    let half = || uuid::Uuid::new_v4().simple().to_string();
    SecretString::from(half() + &half())
}

#[cfg(test)]
#[path = "load_tests.rs"]
mod tests;
