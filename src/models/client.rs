//! Where a request comes from.

use std::net::{IpAddr, Ipv6Addr};

/// Longest user agent that is kept, in Unicode scalar values.
pub const USER_AGENT_MAX: usize = 255;

/// Where a request comes from: behind trusted proxies, what they say.
#[derive(Debug, Clone, Copy)]
pub struct ClientAddress(pub IpAddr);

/// What is known of the client that sends a request.
#[derive(Debug, Clone)]
pub struct Client {
    pub ip: IpAddr,
    /// As the client calls itself, cut to [`USER_AGENT_MAX`].
    pub user_agent: Option<String>,
    pub request_id: String,
}

impl Client {
    /// One client for the limits: an IPv4 address, or the first 64 bits of an IPv6 address, for the holder of one such
    /// network has 2^64 addresses.
    pub fn network(&self) -> IpAddr {
        const FIRST_64_BITS: u128 = !0 << 64;
        match self.ip.to_canonical() {
            IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & FIRST_64_BITS).into(),
            ip => ip,
        }
    }
}

/// A user agent as it is kept: trimmed, cut, and without control characters; `None` where nothing is
/// left.
pub fn user_agent(text: &str) -> Option<String> {
    let printable = text.trim().chars().filter(|c| !c.is_control());
    Some(printable.take(USER_AGENT_MAX).collect()).filter(|kept: &String| !kept.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_network_counts_as_one() {
        for (ip, network) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("2001:db8:1:2::1", "2001:db8:1:2::"),
            ("2001:db8:1:3::1", "2001:db8:1:3::"),
        ] {
            let client = Client {
                ip: ip.parse().unwrap(),
                user_agent: None,
                request_id: String::new(),
            };
            assert_eq!(client.network().to_string(), network);
        }
    }

    #[test]
    fn a_user_agent_is_cut() {
        assert_eq!(user_agent(" curl/8\t\u{7} "), Some("curl/8".to_owned()));
        assert_eq!(user_agent(" \u{1} "), None);
        assert_eq!(user_agent(&"ä".repeat(300)).unwrap().chars().count(), 255);
    }
}
