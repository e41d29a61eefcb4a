//! Bytes on a socket, for what no HTTP client would send.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    time::Duration,
};

fn connect(base: &str) -> TcpStream {
    let address = base.strip_prefix("http://").expect("an address");
    let stream = TcpStream::connect(address).expect("a connection");
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    stream
}

/// Sends `text` and returns the status line of the answer, leaving the request unfinished.
pub fn status(base: &str, text: &str) -> String {
    let mut stream = connect(base);
    stream.write_all(text.as_bytes()).unwrap();
    let mut line = String::new();
    BufReader::new(stream)
        .read_line(&mut line)
        .expect("an answer");
    line.trim_end().to_owned()
}

/// Sends `text` and goes away.
pub fn send_and_close(base: &str, text: &str) {
    connect(base).write_all(text.as_bytes()).unwrap();
}
