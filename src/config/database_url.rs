//! The URL of the database: which engine, which file, and what may be shown of it.

use std::{ffi::OsString, fmt, os::unix::ffi::OsStringExt, path::PathBuf, str::FromStr};

use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};

/// Which engine a URL names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display, strum::IntoStaticStr)]
pub enum Engine {
    #[strum(serialize = "PostgreSQL")]
    Postgres,
    #[strum(serialize = "SQLite")]
    Sqlite,
}

/// A database URL. It may hold a password, so `Debug` shows the engine alone.
#[derive(Clone)]
pub struct DatabaseUrl {
    pub engine: Engine,
    url: SecretString,
}

impl DatabaseUrl {
    /// The URL itself with its password: for the driver alone.
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

    /// The SQLite file that it names, as the engine reads it: up to `?` or `#`, percent-decoded. `None`
    /// for PostgreSQL.
    pub fn file(&self) -> Option<PathBuf> {
        let rest = self.expose().strip_prefix("sqlite://")?;
        let path = rest.split(['?', '#']).next().unwrap_or(rest);
        let decoded: Vec<u8> = percent_decode_str(path).collect();
        Some(PathBuf::from(OsString::from_vec(decoded)))
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({:?})", self.engine)
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

/// Whether a parameter of a URL is `password`, or another one that ends so, such as `sslpassword`. libpq
/// decodes names too.
fn is_password(parameter: &str) -> bool {
    let name = parameter.split('=').next().unwrap_or(parameter);
    percent_decode_str(name)
        .decode_utf8_lossy()
        .ends_with("password")
}
