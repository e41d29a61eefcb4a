//! Where a request comes from.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

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
        match canonical(self.ip) {
            IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & FIRST_64_BITS).into(),
            ip => ip,
        }
    }
}

/// The IPv4 address that an IPv6 address stands for, mapped (`::ffff:0:0/96`) or translated by the well-known prefix
/// (`64:ff9b::/96`, RFC 6052 section 2.1); any other address itself. Otherwise all of these were one network.
pub fn canonical(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => match ip.segments() {
            [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
                Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)).into()
            }
            _ => ip.into(),
        },
        ip => ip,
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

    fn network(ip: &str) -> String {
        let client = Client {
            ip: ip.parse().unwrap(),
            user_agent: None,
            request_id: String::new(),
        };
        client.network().to_string()
    }

    #[test]
    fn an_address_that_stands_for_an_ipv4_address_counts_as_that_one() {
        for (ip, counted) in [
            ("203.0.113.9", "203.0.113.9"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
            ("64:ff9b::203.0.113.9", "203.0.113.9"),
            ("64:ff9b::ffff:ffff", "255.255.255.255"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("::203.0.113.9", "::"),
            ("64:ff9b::1:203.0.113.9", "64:ff9b::"),
            ("64:ff9b:1::203.0.113.9", "64:ff9b:1::"),
        ] {
            assert_eq!(network(ip), counted, "{ip}");
        }
    }
}
