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
