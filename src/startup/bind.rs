//! The sockets on which the service listens.

use std::{
    io,
    net::{SocketAddr, TcpListener, ToSocketAddrs},
};

use rustix::io::Errno;
use socket2::{Domain, Socket, Type};

use super::application::StartError;

/// Connections that the kernel keeps until they are accepted.
const BACKLOG: i32 = 2048;

/// How often another free port is looked for, if the first one is taken on another address of the host.
const ATTEMPTS: usize = 10;

/// Sockets on every address of `host` that this machine has, all on one port; on port 0, one that is free on all
/// of them. Errors name the address that is taken.
pub fn bind(host: &str, port: u16) -> Result<Vec<TcpListener>, StartError> {
    let failed = |error| StartError::bind(format!("{host}:{port}"), error);
    let mut addresses: Vec<SocketAddr> = (host, port).to_socket_addrs().map_err(failed)?.collect();
    addresses.dedup();
    bind_all(&addresses)
}

fn bind_all(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, StartError> {
    let is_any = addresses.iter().any(|address| address.port() == 0);
    let mut outcome = bind_once(addresses);
    for _ in 1..ATTEMPTS {
        match &outcome {
            Err(StartError::Bind { error, .. })
                if is_any && error.kind() == io::ErrorKind::AddrInUse => {}
            _ => break,
        }
        outcome = bind_once(addresses);
    }
    outcome
}

fn bind_once(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, StartError> {
    let mut listeners: Vec<TcpListener> = Vec::new();
    let mut absent = None;
    for &address in addresses {
        let mut address = address;
        if let Some(first) = listeners.first() {
            let bound = first
                .local_addr()
                .map_err(|error| StartError::bind(address, error))?;
            address.set_port(bound.port());
        }
        match listener(address) {
            Ok(listener) => listeners.push(listener),
            // Hosts often have a name for IPv6 without having IPv6.
            Err(error) if is_absent(&error) => absent = Some(StartError::bind(address, error)),
            Err(error) => return Err(StartError::bind(address, error)),
        }
    }
    match absent {
        Some(error) if listeners.is_empty() => return Err(error),
        Some(error) => log::warn!("{error}"),
        None => {}
    }
    Ok(listeners)
}

/// This machine has no such address, or none of its family.
fn is_absent(error: &io::Error) -> bool {
    let errno = Errno::from_io_error(error);
    matches!(errno, Some(Errno::ADDRNOTAVAIL | Errno::AFNOSUPPORT))
}

fn listener(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // A restart need not wait for connections of the last process.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn bound(listeners: &[TcpListener]) -> Vec<SocketAddr> {
        let bound = listeners
            .iter()
            .map(|listener| listener.local_addr().unwrap());
        bound.collect()
    }

    #[test]
    fn port_0_is_one_port_on_every_address_that_this_machine_has() {
        // 192.0.2.0/24 is for documentation (RFC 5737).
        let wanted = addresses(&["192.0.2.1:0", "127.0.0.1:0", "127.0.0.2:0"]);
        let bound = bound(&bind_all(&wanted).unwrap());
        let ips: Vec<String> = bound
            .iter()
            .map(|address| address.ip().to_string())
            .collect();
        assert_eq!(ips, ["127.0.0.1", "127.0.0.2"]);
        assert_ne!(bound[0].port(), 0);
        assert_eq!(bound[0].port(), bound[1].port());
    }

    #[test]
    fn a_taken_address_is_named_and_one_that_nobody_has() {
        let holder = bind_all(&addresses(&["127.0.0.2:0"])).unwrap();
        let port = holder[0].local_addr().unwrap().port();
        let (free, taken) = (format!("127.0.0.1:{port}"), format!("127.0.0.2:{port}"));
        let wanted = addresses(&[&free, &taken]);
        let error = bind_all(&wanted).unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("cannot listen on {taken}: ")),
            "{error}"
        );
        let error = bind_all(&addresses(&["192.0.2.1:0"]))
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("cannot listen on 192.0.2.1:0: "),
            "{error}"
        );
    }
}
