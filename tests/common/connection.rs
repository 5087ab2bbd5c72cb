//! A sender of webhooks that keeps its connection.

use std::time::Instant;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// One connection to a receiver.
pub struct Connection {
    stream: TcpStream,
    host: String,
    path: String,
}

impl Connection {
    /// Connects to the receiver at `url`.
    pub async fn to(url: &str) -> Self {
        let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let stream = TcpStream::connect(host).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, host: host.to_owned(), path: format!("/{path}") }
    }

    /// Sends one and waits until it is answered 200. When its last byte was sent.
    pub async fn send(&mut self, number: u64, body: &str) -> Instant {
        let Self { stream, host, path } = self;
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/jwt\r\nwebhook-id: w{number}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let sent = Instant::now();
        let (mut read, mut answer) = (0, [0_u8; 1024]);
        while !answer[..read].windows(4).any(|end| end == b"\r\n\r\n") {
            let more = stream.read(&mut answer[read..]).await.unwrap();
            assert!(more > 0, "hung up");
            read += more;
        }
        assert!(answer.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&answer[..read]));
        sent
    }
}
