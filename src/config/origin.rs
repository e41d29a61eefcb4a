//! Origins for CORS.

use std::{net::Ipv6Addr, str::FromStr};

/// An origin (RFC 6454): scheme, host and perhaps port, no path; in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(pub String);

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refused = || format!("{text:?} is no origin such as https://app.example.com");
        let (scheme, host) = text.split_once("://").ok_or_else(refused)?;
        let (host, is_port) = match host.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse::<u16>().is_ok()),
            _ => (host, true),
        };
        if !matches!(scheme, "http" | "https") || !is_host(host) || !is_port {
            return Err(refused());
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

fn is_host(host: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || ".-".contains(c);
    match host.strip_prefix('[') {
        Some(host) => host
            .strip_suffix(']')
            .is_some_and(|address| address.parse::<Ipv6Addr>().is_ok()),
        None => !host.is_empty() && host.chars().all(is_name),
    }
}
