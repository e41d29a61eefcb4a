//! The address of a client.

use std::net::IpAddr;

use actix_web::http::header::{HeaderMap, HeaderName};
use ipnet::IpNet;

use crate::models::client::canonical;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address of the client: the peer, unless the peer is a trusted proxy. Then it is the last
/// address in `X-Forwarded-For` that no trusted proxy has: those before it may be forged.
pub fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
    let mut client = peer.to_canonical();
    if is_trusted(client) {
        let lines: Vec<_> = headers.get_all(X_FORWARDED_FOR).collect();
        let lines = lines.iter().rev().map(|line| line.as_bytes());
        // Each element was written by another hop: what is wrong with one says nothing of those behind it.
        let elements = lines.flat_map(|line| line.rsplit(|byte| *byte == b','));
        let elements = elements.map(<[u8]>::trim_ascii);
        for element in elements.filter(|element| !element.is_empty()) {
            match parse(&String::from_utf8_lossy(element)) {
                Some(address) => client = address,
                None => break,
            }
            if !is_trusted(client) {
                break;
            }
        }
    }
    canonical(client)
}

/// An address as proxies write it: perhaps quoted, in brackets, with a zone or a port. What stands behind a colon is not
/// looked at, since a wrong port makes no other address.
fn parse(element: &str) -> Option<IpAddr> {
    let element = element.trim_matches('"');
    let address = match element.strip_prefix('[') {
        Some(bracketed) => bracketed.split_once(']')?.0,
        // One colon begins a port, several are those of an IPv6 address.
        None => match element.split_once(':') {
            Some((address, port)) if !port.contains(':') => address,
            _ => element,
        },
    };
    let without_zone = address.split('%').next()?;
    let address: IpAddr = without_zone.parse().ok()?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn headers(lines: &[&[u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(X_FORWARDED_FOR, HeaderValue::from_bytes(line).unwrap());
        }
        headers
    }

    fn address(peer: &str, lines: &[&[u8]]) -> String {
        let trusted = ["10.0.0.0/8", "2001:db8:ffff::/48"].map(|text| text.parse().unwrap());
        let peer = peer.parse().unwrap();
        client_address(peer, &headers(lines), &trusted).to_string()
    }

    #[test]
    fn an_element_is_read_in_every_form_that_proxies_write() {
        for (element, expected) in [
            ("203.0.113.9", "203.0.113.9"),
            ("203.0.113.9:4711", "203.0.113.9"),
            ("203.0.113.9:", "203.0.113.9"),
            ("203.0.113.9:99999", "203.0.113.9"),
            ("203.0.113.9:http", "203.0.113.9"),
            ("\"203.0.113.9\"", "203.0.113.9"),
            ("\"203.0.113.9:4711\"", "203.0.113.9"),
            ("2001:db8::7", "2001:db8::7"),
            ("2001:DB8:0::7", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("[2001:db8::7]:4711", "2001:db8::7"),
            ("[2001:db8::7]:99999", "2001:db8::7"),
            ("\"[2001:db8::7]:4711\"", "2001:db8::7"),
            ("fe80::7%eth0", "fe80::7"),
            ("[fe80::7%25eth0]:80", "fe80::7"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
            ("[::ffff:203.0.113.9]:80", "203.0.113.9"),
            ("64:ff9b::203.0.113.9", "203.0.113.9"),
            ("[64:ff9b::cb00:7109]", "203.0.113.9"),
            // Neither prefix is the well-known one.
            ("64:ff9b:1::203.0.113.9", "64:ff9b:1::cb00:7109"),
            ("64:ff9b::1:cb00:7109", "64:ff9b::1:cb00:7109"),
        ] {
            assert_eq!(
                address("10.0.0.1", &[element.as_bytes()]),
                expected,
                "{element}"
            );
            let line = format!("198.51.100.1, {element} ,\t10.0.0.2");
            assert_eq!(address("10.0.0.1", &[line.as_bytes()]), expected, "{line}");
        }
    }

    /// A trusted proxy wrote it, so that what stands before it cannot be told from what a client wrote.
    #[test]
    fn before_what_is_no_address_nothing_is_believed() {
        for element in [
            "unknown",
            "_hidden",
            "203.0.113",
            "203.0.113.256",
            "203.0.113.9 203.0.113.10",
            "[2001:db8::7",
            "2001:db8::7]:80",
            "for=203.0.113.9",
            "\"",
            ":80",
            "\u{e9}",
        ] {
            let line = format!("198.51.100.1, {element}, 10.0.0.2");
            assert_eq!(
                address("10.0.0.1", &[line.as_bytes()]),
                "10.0.0.2",
                "{line}"
            );
        }
    }

    #[test]
    fn what_a_client_wrote_spoils_nothing_that_a_proxy_wrote() {
        for lines in [
            &[&b"\xff\xfe, 203.0.113.9"[..]][..],
            &[b"\xff\xfe", b"203.0.113.9"],
            &[b"caf\xc3\xa9, 203.0.113.9, 10.0.0.2"],
            &[b"junk, 203.0.113.9"],
            &[b", ,203.0.113.9, ,"],
            &[b"203.0.113.9", b"", b" , "],
            &[b"203.0.113.9,, 10.0.0.3,", b"2001:db8:ffff::1"],
            &[b"10.0.0.9, 198.51.100.1, 203.0.113.9"],
        ] {
            assert_eq!(address("10.0.0.1", lines), "203.0.113.9", "{lines:?}");
        }
    }

    #[test]
    fn the_peer_counts_where_it_is_no_proxy_or_says_nothing() {
        let forwarded: &[&[u8]] = &[b"203.0.113.9"];
        assert_eq!(address("192.0.2.1", forwarded), "192.0.2.1");
        assert_eq!(address("::ffff:192.0.2.1", forwarded), "192.0.2.1");
        assert_eq!(address("64:ff9b::192.0.2.1", forwarded), "192.0.2.1");
        assert_eq!(address("::ffff:10.0.0.1", forwarded), "203.0.113.9");
        assert_eq!(address("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(address("10.0.0.1", &[b" , "]), "10.0.0.1");
        // All of them are proxies.
        assert_eq!(address("10.0.0.1", &[b"10.0.0.3, 10.0.0.2"]), "10.0.0.3");
        // A translated address is none of the operator's networks.
        assert_eq!(address("64:ff9b::10.0.0.1", forwarded), "10.0.0.1");
    }
}
