//! Bytes on a socket, for what no HTTP client would send.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
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

/// Sends `text` and returns all that comes until the service closes the connection.
pub fn exchange(base: &str, text: &str) -> String {
    let mut stream = connect(base);
    stream.write_all(text.as_bytes()).unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).expect("answers");
    answers
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

/// A connection whose every byte is the test's own.
pub struct Connection(BufReader<TcpStream>);

/// An answer as it came over the wire.
#[derive(Debug)]
pub struct RawAnswer {
    pub status: u16,
    /// Of its `Connection` header.
    pub connection: Option<String>,
    pub body: String,
}

impl RawAnswer {
    pub fn says_close(&self) -> bool {
        self.connection.as_deref() == Some("close")
    }
}

impl Connection {
    pub fn open(base: &str) -> Self {
        Self(BufReader::new(connect(base)))
    }

    pub fn send(&mut self, text: &str) {
        self.try_send(text).unwrap();
    }

    pub fn try_send(&mut self, text: &str) -> std::io::Result<()> {
        self.0.get_mut().write_all(text.as_bytes())
    }

    /// The next answer that is not 100.
    pub fn answer(&mut self) -> RawAnswer {
        let status_line = self.line();
        let status = status_line.split(' ').nth(1).expect(&status_line);
        let mut answer = RawAnswer {
            status: status.parse().unwrap(),
            connection: None,
            body: String::new(),
        };
        let mut length = 0;
        loop {
            let line = self.line();
            let Some((name, value)) = line.split_once(": ") else {
                assert_eq!(line, "");
                break;
            };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().unwrap(),
                "connection" => answer.connection = Some(value.to_owned()),
                _ => {}
            }
        }
        if answer.status == 100 {
            return self.answer();
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
        answer.body = String::from_utf8(body).unwrap();
        answer
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).expect("an answer");
        line.trim_end().to_owned()
    }

    /// Waits until the service has ended its side, having sent nothing more.
    pub fn expect_end(&mut self) {
        let mut rest = Vec::new();
        self.0.read_to_end(&mut rest).unwrap();
        assert_eq!(String::from_utf8_lossy(&rest), "");
    }

    /// Sends `text` every 50 ms, until the service takes nothing more, and returns how long that took.
    pub fn send_until_refused(&mut self, text: &str) -> Duration {
        let since = Instant::now();
        while self.try_send(text).is_ok() {
            assert!(
                since.elapsed() < Duration::from_secs(30),
                "it is still taken"
            );
            thread::sleep(Duration::from_millis(50));
        }
        since.elapsed()
    }
}
