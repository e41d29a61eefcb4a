//! From variables to [`Settings`].

use std::{
    collections::HashMap, ffi::OsString, fmt::Display, fs, io::ErrorKind, num::NonZero, path::Path,
    thread,
};

use config::{Config, ConfigError, Environment as Layer};
use secrecy::SecretString;

use super::settings::{AuthSettings, Environment, PRODUCTION_BCRYPT_COST_MIN, SETTINGS, Settings};

/// Registrations from one address within an hour in production, unless set otherwise.
const PRODUCTION_REGISTRATIONS_PER_HOUR: &str = "20";

/// The variable in `.env` that only the diesel command line reads.
const OF_DIESEL: &str = "MIGRATION_DIRECTORY";

/// The only two variables besides `APP_…`, with their keys.
const OTHERS: [(&str, &str); 2] = [("DATABASE_URL", "database.url"), ("RUST_LOG", "log.filter")];

/// Why the service does not start: one line that names the variable. It never shows the value of
/// a secret.
#[derive(Debug, thiserror::Error)]
#[error("{variable}: {reason}")]
pub struct SettingsError {
    pub variable: String,
    pub reason: String,
}

pub type Variables = HashMap<String, String>;
type Loaded<T> = Result<T, SettingsError>;

/// The variables that are set, of those that are ours.
#[derive(Debug, Default)]
pub struct Layers {
    /// In `.env`.
    pub file: Variables,
    pub environment: Variables,
    /// Names of the environment that look like ours, in the form in which Kubernetes injects the address of a
    /// service called `app`.
    pub passed_over: Vec<String>,
}

impl Layers {
    /// Those of this process: `.env` in the working directory, and the environment.
    pub fn of_process() -> Loaded<Self> {
        Self::of(Path::new(".env"), std::env::vars_os())
    }

    /// Those of the file at `file`, if there is one, and of these variables of an environment.
    pub fn of(
        file: &Path,
        environment: impl Iterator<Item = (OsString, OsString)>,
    ) -> Loaded<Self> {
        let mut layers = Self {
            file: from_file(file)?,
            ..Self::default()
        };
        for (name, value) in environment {
            let Ok(name) = name.into_string() else {
                continue;
            };
            if !is_ours(&name) {
                continue;
            }
            let value = value
                .into_string()
                .map_err(|_| failure(&name, "is not valid UTF-8"))?;
            if is_injected(&name, &value) {
                layers.passed_over.push(name);
            } else {
                layers.environment.insert(name, value);
            }
        }
        Ok(layers)
    }
}

/// Reads the settings of this process: defaults, then `.env` in the working directory, then the environment.
pub fn from_process() -> Loaded<Settings> {
    let layers = Layers::of_process()?;
    let settings = from_layers(layers.file, layers.environment)?;
    Ok(Settings {
        passed_over: layers.passed_over,
        ..settings
    })
}

/// Reads the settings from the variables of `.env` and those of the environment.
pub fn from_layers(file: Variables, environment: Variables) -> Loaded<Settings> {
    let set: Variables = file.into_iter().chain(environment).collect();
    refuse_unknown(set.keys())?;
    refuse_syntax(&set)?;
    let mut settings: Settings = merge(set)
        .and_then(Config::try_deserialize)
        .map_err(refused)?;
    settings.database.slow = Some(settings.log.slow).filter(|slow| !slow.is_zero());
    if settings.auth.jwt_secrets.is_empty() {
        settings.auth.jwt_secrets.push(random());
        settings.auth.random_secret = true;
    }
    refuse_shared_address(&settings)?;
    if settings.environment == Environment::Production {
        refuse_weak(&settings.auth)?;
    }
    Ok(settings)
}

/// `config`'s tree: `APP_SERVER__PORT` is `server.port`.
fn merge(set: Variables) -> Result<Config, ConfigError> {
    let mut builder = Config::builder();
    for setting in SETTINGS {
        builder = match setting.default {
            Some(default) => builder.set_default(setting.key, default)?,
            None => builder,
        };
    }
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let registrations = match set.get("APP_ENVIRONMENT").map(String::as_str) {
        Some("production") => PRODUCTION_REGISTRATIONS_PER_HOUR,
        _ => "0",
    };
    builder = builder
        .set_default("server.workers", cores.min(512).to_string())?
        .set_default("auth.registrations_per_hour", registrations)?;
    for (name, key) in OTHERS {
        builder = builder.set_override_option(key, set.get(name).cloned())?;
    }
    let layer = Layer::with_prefix("APP").prefix_separator("_");
    let layer = layer.separator("__").source(Some(set));
    builder.add_source(layer).build()
}

/// `config`'s error under the name of the variable.
fn refused(error: ConfigError) -> SettingsError {
    match error {
        ConfigError::At {
            error,
            key: Some(key),
            ..
        } => {
            let setting = SETTINGS.iter().find(|setting| setting.key == key);
            let variable = setting.map_or(key, |setting| setting.variable());
            failure(&variable, error)
        }
        other => failure("settings", other),
    }
}

/// The variables of the file at `path`; none where there is no file.
fn from_file(path: &Path) -> Loaded<Variables> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Variables::new()),
        Err(error) => return Err(failure(".env", error)),
    };
    // With the byte order mark that some editors begin a file with, the first name would be another one.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let refused = |error: dotenvy::Error| match error {
        // The part that cannot be parsed may be a secret: only the name before it is shown.
        dotenvy::Error::LineParse(value, _) => failure(
            name_before(text, &value),
            "cannot be parsed in .env: put the value into single quotes",
        ),
        other => failure(".env", other),
    };
    let mut variables = Variables::new();
    for entry in dotenvy::from_read_iter(text.as_bytes()) {
        let (name, value) = entry.map_err(refused)?;
        if variables.insert(name.clone(), value).is_some() && (is_ours(&name) || name == OF_DIESEL)
        {
            return Err(failure(&name, "is set twice in .env: keep one"));
        }
    }
    Ok(variables)
}

/// The name of the line of `text` that holds `value`.
fn name_before<'a>(text: &'a str, value: &str) -> &'a str {
    let mut names = text
        .lines()
        .filter(|line| line.contains(value))
        .filter_map(|line| line.split_once('='));
    names.next().map_or("a line", |(name, _)| name.trim())
}

/// Also where it is misspelled: in small letters, or behind the `export` of a shell, which some programs keep.
fn is_ours(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let name = name.strip_prefix("EXPORT ").unwrap_or(&name);
    name.starts_with("APP_") || OTHERS.iter().any(|(other, _)| name == *other)
}

/// Whether it has the form of Kubernetes' service links: `APP_PORT=tcp://…`, `APP_SERVICE_HOST`,
/// `APP_PORT_80_TCP_ADDR` … Names of settings have two underscores behind the section.
fn is_injected(name: &str, value: &str) -> bool {
    let is_link = ["_SERVICE_HOST", "_SERVICE_PORT", "_PORT_"]
        .iter()
        .any(|part| name.contains(part));
    let is_url = name.ends_with("_PORT") && value.contains("://");
    !name.contains("__") && (is_link || is_url)
}

fn refuse_unknown<'a>(mut names: impl Iterator<Item = &'a String>) -> Loaded<()> {
    let known: Vec<String> = SETTINGS.iter().map(|setting| setting.variable()).collect();
    let Some(name) = names.find(|name| is_ours(name) && !known.contains(name)) else {
        return Ok(());
    };
    let capitals = name.to_ascii_uppercase();
    let likeness = |known: &str| strsim::jaro_winkler(known, &capitals);
    let nearest = known
        .iter()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    let hint = nearest.map_or(String::new(), |near| format!("; did you mean {near}?"));
    Err(failure(name, format!("is an unknown setting{hint}")))
}

/// Refuses what is syntax of `.env` and not a part of a value. Other programs that read such files, such as
/// `docker run --env-file`, pass it on.
fn refuse_syntax(set: &Variables) -> Loaded<()> {
    let mut ours: Vec<_> = set.iter().filter(|(name, _)| is_ours(name)).collect();
    ours.sort();
    for (name, value) in ours {
        if value.split(',').chain([value.as_str()]).any(is_quoted) {
            let reason = "is wrapped in quotes, which would be part of the value: remove them";
            return Err(failure(name, reason));
        }
        if has_comment(value) {
            let reason =
                "contains a comment, which would be part of the value: put it on a line of its own";
            return Err(failure(name, reason));
        }
    }
    Ok(())
}

fn is_quoted(text: &str) -> bool {
    let mut characters = text.trim().chars();
    matches!(
        (characters.next(), characters.next_back()),
        (Some('"'), Some('"'))
            | (Some('\''), Some('\''))
            | (Some('“'), Some('”'))
            | (Some('‘'), Some('’'))
    )
}

/// Whether there is a `#` with a blank before it, or at the start with one behind it.
fn has_comment(value: &str) -> bool {
    value.starts_with("# ") || value.contains(" #") || value.contains("\t#")
}

fn refuse_shared_address(settings: &Settings) -> Loaded<()> {
    let (server, metrics) = (&settings.server, settings.metrics.address);
    let is_shared = metrics.is_some_and(|metrics| {
        metrics.port() != 0
            && metrics.port() == server.port
            && server.host.parse() == Ok(metrics.ip())
    });
    if is_shared {
        let reason = "is the address of the service itself: metrics need one of their own";
        return Err(failure("APP_METRICS__ADDRESS", reason));
    }
    Ok(())
}

fn refuse_weak(auth: &AuthSettings) -> Loaded<()> {
    let reason = if auth.random_secret {
        Some("is required in production".to_owned())
    } else {
        let weakness = auth.weakness();
        weakness.map(|weakness| format!("{weakness}, which production refuses"))
    };
    if let Some(reason) = reason {
        return Err(failure(
            "APP_AUTH__JWT_SECRETS",
            format!("{reason}; set one of your own, such as the output of `openssl rand -hex 32`"),
        ));
    }
    if auth.bcrypt_cost < PRODUCTION_BCRYPT_COST_MIN {
        return Err(failure(
            "APP_AUTH__BCRYPT_COST",
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

/// 244 random bits: what two version 4 UUIDs hold.
fn random() -> SecretString {
    let half = || uuid::Uuid::new_v4().simple().to_string();
    SecretString::from(half() + &half())
}
