//! A proxy that serves a service below a prefix, which it strips.

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

pub const PREFIX: &str = "/some/where";

/// An address for the service, before the service is there.
pub struct PrefixProxy {
    listener: TcpListener,
    /// The URL below which clients reach the service.
    pub base: String,
}

impl PrefixProxy {
    pub async fn bind() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}{PREFIX}", listener.local_addr().unwrap());
        Self { listener, base }
    }

    /// Serves the service at `upstream` for as long as the test runs.
    pub fn serve(self, upstream: &str) {
        let upstream = upstream.strip_prefix("http://").unwrap().to_owned();
        tokio::spawn(async move {
            while let Ok((client, _)) = self.listener.accept().await {
                let upstream = upstream.clone();
                tokio::spawn(async move { exchange(client, &upstream).await.ok() });
            }
        });
    }
}

/// One request and its answer: 404 for what is not below the prefix.
async fn exchange(client: TcpStream, upstream: &str) -> std::io::Result<()> {
    let mut client = BufReader::new(client);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if client.read_line(&mut head).await? == 0 {
            return Ok(());
        }
    }
    let inside = format!(" {PREFIX}");
    let (line, rest) = head.split_once("\r\n").unwrap();
    if !line.contains(&format!("{inside}/")) {
        let refusal = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        client.write_all(refusal).await?;
        // An answer that is sent before the whole request was read may be lost.
        return client.read_to_end(&mut Vec::new()).await.map(drop);
    }
    let kept = rest
        .split_inclusive("\r\n")
        .filter(|header| !header.to_lowercase().starts_with("connection:"));
    let line = line.replacen(&inside, " ", 1);
    let head = format!(
        "{line}\r\nConnection: close\r\n{}",
        kept.collect::<String>()
    );
    let mut service = TcpStream::connect(upstream).await?;
    service.write_all(head.as_bytes()).await?;
    copy_bidirectional(&mut client, &mut service)
        .await
        .map(drop)
}
