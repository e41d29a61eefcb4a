//! Where clients reach the service.

use std::{borrow::Cow, str::FromStr};

use url::Url;

/// The URL below which clients reach the service, with no slash at its end; empty where none is set. A proxy may strip
/// its path: the service itself never sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// None: addresses are relative.
    pub const NONE: &'static Self = &Self(String::new());

    /// The address of `path`, which begins with a slash: absolute where there is a public URL.
    pub fn at<'a>(&self, path: impl Into<Cow<'a, str>>) -> Cow<'a, str> {
        let path = path.into();
        if self.0.is_empty() {
            path
        } else {
            format!("{}{path}", self.0).into()
        }
    }

    /// The address to which paths are appended.
    pub fn root(&self) -> &str {
        if self.0.is_empty() { "/" } else { &self.0 }
    }

    /// Whether pages below it have this origin (RFC 6454).
    pub fn has_origin(&self, origin: &str) -> bool {
        let rest = self.0.strip_prefix(origin);
        !origin.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let url = Url::parse(text).ok().filter(|url| {
            matches!(url.scheme(), "http" | "https")
                // The parser forgives other numbers of slashes.
                && text.contains("://")
                && url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
                && url.fragment().is_none()
        });
        url.map(|url| Self(url.as_str().trim_end_matches('/').to_owned()))
            .ok_or_else(|| {
                "must be an http or https URL such as https://example.com/tasks, without user, query and fragment"
                    .to_owned()
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> PublicUrl {
        text.parse().unwrap()
    }

    #[test]
    fn addresses_are_absolute_below_it() {
        for (text, address) in [
            ("", "/tasks/7"),
            ("https://example.com", "https://example.com/tasks/7"),
            ("https://example.com/", "https://example.com/tasks/7"),
            ("HTTPS://Example.COM:443//", "https://example.com/tasks/7"),
            (
                "http://example.com:8080/a/b/",
                "http://example.com:8080/a/b/tasks/7",
            ),
            ("http://[2001:db8::7]/a", "http://[2001:db8::7]/a/tasks/7"),
            (
                "https://bücher.example/é",
                "https://xn--bcher-kva.example/%C3%A9/tasks/7",
            ),
        ] {
            assert_eq!(url(text).at("/tasks/7"), address, "{text}");
        }
    }

    #[test]
    fn what_is_no_base_of_addresses_is_refused() {
        for text in [
            "example.com",
            "//example.com",
            "/tasks",
            "ftp://example.com",
            "https:example.com",
            "https:/example.com",
            "https://",
            "https://example.com?",
            "https://example.com/?a=b",
            "https://example.com/#",
            "https://ann@example.com",
            "https://ann:secret@example.com",
            "https://:secret@example.com",
            "https://example.com:port",
            "https://exa mple.com",
        ] {
            let refused = text.parse::<PublicUrl>().unwrap_err();
            assert!(!refused.contains("secret"), "{refused}");
        }
    }

    #[test]
    fn its_origin_is_that_of_its_pages() {
        for text in ["https://example.com", "https://example.com/tasks"] {
            assert!(url(text).has_origin("https://example.com"));
            for other in [
                "",
                "https://example.co",
                "https://example.com.evil.example",
                "null",
                "http://example.com",
            ] {
                assert!(!url(text).has_origin(other), "{other}");
            }
        }
        assert!(!PublicUrl::NONE.has_origin(""));
    }
}
