//! The network between this machine and a localtunnel server, made worse on demand: a front before the server, which hands
//! out tunnel ports of its own, and through which every byte goes.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// What is done to the network.
#[derive(Default)]
struct Weather {
    /// Nothing goes through, in either direction; nobody is told.
    gone: AtomicBool,
    /// Tunnel connections that are open, to cut them.
    open: Mutex<HashMap<u64, CancellationToken>>,
    next: AtomicU64,
}

/// The front.
#[derive(Clone)]
pub struct Front {
    pub address: SocketAddr,
    server: u16,
    weather: Arc<Weather>,
}

impl Front {
    /// Before the server on `server`.
    pub async fn before(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let front = Self { address: listener.local_addr().unwrap(), server, weather: Arc::default() };
        let own = front.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(own.clone().public(stream));
            }
        });
        front
    }

    /// As a client names it.
    pub fn url(&self) -> String {
        format!("http://localhost:{}", self.address.port())
    }

    /// Whether the network is gone from now on.
    pub fn set_gone(&self, gone: bool) {
        self.weather.gone.store(gone, Ordering::SeqCst);
    }

    /// How many tunnel connections are open.
    pub fn open(&self) -> usize {
        self.weather.open.lock().unwrap().len()
    }

    /// Cuts one of the tunnel connections, by `dice`.
    pub fn cut(&self, dice: usize) {
        let open = self.weather.open.lock().unwrap();
        let mut ids: Vec<&u64> = open.keys().collect();
        ids.sort();
        if let Some(id) = ids.get(dice % ids.len().max(1)) {
            open[*id].cancel();
        }
    }

    /// A connection of the public side, or of a client that registers.
    async fn public(self, mut stream: TcpStream) -> Option<()> {
        let mut head = vec![0; 64 << 10];
        let mut read = 0;
        let end = loop {
            let some = stream.read(&mut head[read..]).await.ok().filter(|some| *some > 0)?;
            read += some;
            if let Some(end) = head[..read].windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
        };
        self.passable().await;
        let text = String::from_utf8_lossy(&head[..end]).into_owned();
        let mut server = TcpStream::connect(("127.0.0.1", self.server)).await.ok()?;
        let to_a_tunnel =
            text.to_ascii_lowercase().lines().any(|line| line.starts_with("host:") && line.contains(".localhost"));
        if to_a_tunnel || text.contains("/api/") {
            server.write_all(&head[..read]).await.ok()?;
            self.splice(stream, server, CancellationToken::new()).await;
            return Some(());
        }
        // A registration: its port and its public address become those of the front.
        let asked: Vec<&str> =
            text.lines().filter(|line| !line.to_ascii_lowercase().starts_with("connection")).collect();
        server.write_all(format!("{}\r\nconnection: close\r\n\r\n", asked.join("\r\n")).as_bytes()).await.ok()?;
        let mut answer = String::new();
        server.read_to_string(&mut answer).await.ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let body = body.get(body.find('{')?..=body.rfind('}')?)?;
        let mut info: Value = serde_json::from_str(body).ok()?;
        if let Some(port) = info["port"].as_u64() {
            info["port"] = self.tunnel_port(u16::try_from(port).unwrap()).await.into();
            info["url"] = format!("http://{}.localhost:{}", info["id"].as_str()?, self.address.port()).into();
        }
        let status = head.lines().next()?;
        let body = info.to_string();
        let answer = format!(
            "{status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(answer.as_bytes()).await.ok()
    }

    /// A port that leads to the server's `port`, as long as that is open.
    async fn tunnel_port(&self, port: u16) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let front = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                front.passable().await;
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await else {
                    // The server has closed it: so does the front, and whoever dials next is refused.
                    return;
                };
                let (id, cut) = (front.weather.next.fetch_add(1, Ordering::SeqCst), CancellationToken::new());
                front.weather.open.lock().unwrap().insert(id, cut.clone());
                let front = front.clone();
                tokio::spawn(async move {
                    front.splice(stream, server, cut).await;
                    front.weather.open.lock().unwrap().remove(&id);
                });
            }
        });
        own
    }

    /// Ready while the network is there.
    async fn passable(&self) {
        while self.weather.gone.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Carries bytes both ways until one side ends, or it is cut.
    async fn splice(&self, a: TcpStream, b: TcpStream, cut: CancellationToken) {
        let ((a_in, a_out), (b_in, b_out)) = (a.into_split(), b.into_split());
        tokio::select! {
            () = cut.cancelled() => {}
            () = self.carry(a_in, b_out) => {}
            () = self.carry(b_in, a_out) => {}
        }
    }

    async fn carry(&self, mut from: tokio::net::tcp::OwnedReadHalf, mut to: tokio::net::tcp::OwnedWriteHalf) {
        let mut some = vec![0; 16 << 10];
        loop {
            let read = from.read(&mut some).await;
            // An end does not come through either.
            self.passable().await;
            let Ok(read @ 1..) = read else { return };
            if to.write_all(&some[..read]).await.is_err() {
                return;
            }
        }
    }
}
