//! What a database URL says to an operator: the file that it names, or the server without the password.

use std::{ffi::OsString, os::unix::ffi::OsStringExt, path::PathBuf};

use percent_encoding::percent_decode_str;

use super::settings::DatabaseUrl;

impl DatabaseUrl {
    /// The SQLite file that it names, as the engine reads it: up to `?` or `#`, percent-decoded. `None`
    /// for PostgreSQL.
    pub fn file(&self) -> Option<PathBuf> {
        let rest = self.expose().strip_prefix("sqlite://")?;
        let path = rest.split(['?', '#']).next().unwrap_or(rest);
        let decoded: Vec<u8> = percent_decode_str(path).collect();
        Some(PathBuf::from(OsString::from_vec(decoded)))
    }

    /// The URL without its password, in single quotes for a shell: PostgreSQL's own programs read it.
    pub fn for_shell(&self) -> String {
        let url = without_password(self.expose());
        format!("'{}'", url.replace('\'', "'\\''"))
    }
}

/// Whether a parameter of a URL is `password`, or another one that ends so, such as `sslpassword`. libpq
/// decodes names too.
pub fn is_password(parameter: &str) -> bool {
    let name = parameter.split('=').next().unwrap_or(parameter);
    percent_decode_str(name)
        .decode_utf8_lossy()
        .ends_with("password")
}

fn without_password(url: &str) -> String {
    let (base, query) = match url.split_once('?') {
        Some((base, query)) => (base, Some(query)),
        None => (url, None),
    };
    let mut bare = match base.split_once("://") {
        Some((scheme, rest)) => match rest.rsplit_once('@') {
            Some((user_info, host)) => {
                let user = user_info.split(':').next().unwrap_or(user_info);
                format!("{scheme}://{user}@{host}")
            }
            None => base.to_owned(),
        },
        None => base.to_owned(),
    };
    let parameters = query.into_iter().flat_map(|query| query.split('&'));
    let kept: Vec<&str> = parameters
        .filter(|parameter| !is_password(parameter))
        .collect();
    if !kept.is_empty() {
        bare = format!("{bare}?{}", kept.join("&"));
    }
    bare
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> DatabaseUrl {
        text.parse().unwrap()
    }

    #[test]
    fn a_url_for_the_shell_has_no_password() {
        for (given, shown) in [
            (
                "postgres://ann:s3cret@db:5433/tasks",
                "'postgres://ann@db:5433/tasks'",
            ),
            (
                "postgres://ann:a%40b@db/tasks?sslmode=require&password=x",
                "'postgres://ann@db/tasks?sslmode=require'",
            ),
            ("postgres://db/it's", "'postgres://db/it'\\''s'"),
            ("postgres:///tasks?password=s3cret", "'postgres:///tasks'"),
        ] {
            assert_eq!(url(given).for_shell(), shown);
        }
    }

    #[test]
    fn the_file_is_what_the_engine_opens() {
        for (given, file) in [
            ("sqlite://tasks.db", "tasks.db"),
            ("sqlite:///var/lib/a%20b.db?mode=rw", "/var/lib/a b.db"),
        ] {
            assert_eq!(url(given).file(), Some(PathBuf::from(file)));
        }
        assert_eq!(url("postgres://h/d").file(), None);
    }
}
