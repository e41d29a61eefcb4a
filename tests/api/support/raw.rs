//! Bytes on a socket, for what no HTTP client would send.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    time::Duration,
};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

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

/// Sends `text` and waits for an answer. Where none comes within `patience` it breaks the connection off,
/// as a client that was killed does, and returns `None`; else the answer's status line.
pub async fn break_off(base: &str, text: &str, patience: Duration) -> Option<String> {
    let address = base.strip_prefix("http://").expect("an address");
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = [0; 64];
    match tokio::time::timeout(patience, stream.read(&mut answer)).await {
        Ok(read) => {
            let answer = String::from_utf8_lossy(&answer[..read.unwrap()]);
            Some(answer.lines().next().unwrap_or_default().to_owned())
        }
        Err(_) => {
            stream.set_zero_linger().unwrap();
            None
        }
    }
}

/// Sends `text` and goes away.
pub fn send_and_close(base: &str, text: &str) {
    connect(base).write_all(text.as_bytes()).unwrap();
}

/// A request whose head and first bytes were sent, and whose rest is still to come.
pub struct Held {
    stream: TcpStream,
    rest: String,
}

impl Held {
    /// Sends `head` (request line and headers, without the length) and the first bytes of `body`.
    pub fn begin(base: &str, head: &str, body: &str) -> Self {
        let mut stream = connect(base);
        let (first, rest) = body.split_at(5);
        let length = body.len();
        let text = format!("{head}Content-Length: {length}\r\n\r\n{first}");
        stream.write_all(text.as_bytes()).unwrap();
        let rest = rest.to_owned();
        Self { stream, rest }
    }

    /// Sends the rest and returns the status line of the answer.
    pub fn finish(mut self) -> String {
        self.stream.write_all(self.rest.as_bytes()).unwrap();
        let mut line = String::new();
        BufReader::new(self.stream)
            .read_line(&mut line)
            .expect("an answer");
        line.trim_end().to_owned()
    }
}
