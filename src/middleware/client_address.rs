//! The address of a client.

use std::net::{IpAddr, SocketAddr};

use actix_web::http::header::{HeaderMap, HeaderName};
use ipnet::IpNet;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address of the client: the peer, unless the peer is a trusted proxy. Then it is the last
/// address in `X-Forwarded-For` that no trusted proxy has: those before it may be forged.
pub fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
    let mut client = peer.to_canonical();
    if trusted.is_empty() {
        return client;
    }
    let lines: Vec<&str> = headers
        .get_all(X_FORWARDED_FOR)
        .filter_map(|value| value.to_str().ok())
        .collect();
    for hop in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        if !is_trusted(client) {
            break;
        }
        match parse(hop.trim()) {
            Some(address) => client = address,
            None => break,
        }
    }
    client
}

/// An address, perhaps with a port, as proxies write it.
fn parse(hop: &str) -> Option<IpAddr> {
    hop.parse::<IpAddr>()
        .or_else(|_| hop.parse::<SocketAddr>().map(|socket| socket.ip()))
        .ok()
        .map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;
    use crate::config::kind::{Kind, Network};

    #[test]
    fn the_header_counts_behind_a_trusted_proxy_and_not_what_stands_before_it() {
        let trusted = "10.0.0.0/8";
        for (peer, lines, trusted, client) in [
            ("9.9.9.9", &["1.1.1.1"][..], "", "9.9.9.9"),
            ("9.9.9.9", &["1.1.1.1"], trusted, "9.9.9.9"),
            ("10.0.0.1", &["1.1.1.1"], trusted, "1.1.1.1"),
            ("10.0.0.1", &[], trusted, "10.0.0.1"),
            (
                "10.0.0.1",
                &["6.6.6.6, 1.1.1.1, 10.0.0.2"],
                trusted,
                "1.1.1.1",
            ),
            ("10.0.0.1", &["6.6.6.6", "1.1.1.1"], trusted, "1.1.1.1"),
            ("10.0.0.1", &["6.6.6.6, junk"], trusted, "10.0.0.1"),
            ("::ffff:10.0.0.1", &["1.1.1.1:443"], trusted, "1.1.1.1"),
            ("10.0.0.1", &["[2001:db8::1]:443"], trusted, "2001:db8::1"),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(X_FORWARDED_FOR, HeaderValue::from_static(line));
            }
            let trusted: Vec<IpNet> = Network::read(trusted).ok().into_iter().collect();
            let found = client_address(peer.parse().unwrap(), &headers, &trusted);
            assert_eq!(found.to_string(), client, "{peer} {lines:?}");
        }
    }
}
