//! An SMTP server that does as it is told, faults included.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// One thing the server does.
#[derive(Clone)]
pub enum Do {
    /// Says bytes as they are.
    Say(Vec<u8>),
    /// Says these bytes one by one, with a pause before each.
    Drip(&'static [u8], Duration),
    Wait(Duration),
    /// Closes the connection.
    Close,
    /// Resets it.
    Reset,
    /// Says nothing more.
    Hang,
}

/// A reply with its line ends.
pub fn say(text: &str) -> Vec<Do> {
    vec![Do::Say(format!("{}\r\n", text.replace('\n', "\r\n")).into_bytes())]
}

/// What the server is like. `Default` is a good one without TLS.
#[derive(Clone)]
pub struct Server {
    /// TLS from the first byte.
    pub implicit: bool,
    /// How it does TLS, where it does.
    pub tls: Option<Arc<ServerConfig>>,
    pub banner: Vec<Do>,
    /// The keywords before TLS, `STARTTLS` left out: it is added where there is TLS and it is not implicit.
    pub offers: Vec<&'static str>,
    /// The keywords over TLS.
    pub offers_over_tls: Vec<&'static str>,
    /// What a command gets in the place of the good answer: by `STARTTLS`, `EHLO`, `AUTH`, `MAIL` …, `.` for the end of the
    /// message and `AUTH2`, `AUTH3` for the lines after AUTH.
    pub instead: HashMap<&'static str, Vec<Do>>,
    /// What is said in place of a handshake.
    pub instead_of_tls: Option<Vec<Do>>,
    /// The user and password that are right.
    pub right: (String, String),
}

impl Default for Server {
    fn default() -> Self {
        Self {
            implicit: false,
            tls: None,
            banner: say("220 mail.acme.test ESMTP ready"),
            offers: vec!["PIPELINING", "SIZE 10240000", "8BITMIME"],
            offers_over_tls: vec!["PIPELINING", "SIZE 10240000", "AUTH PLAIN LOGIN", "X-ODD one two", "8BITMIME"],
            instead: HashMap::new(),
            instead_of_tls: None,
            right: (super::run::USER.to_owned(), super::run::PASSWORD.to_owned()),
        }
    }
}

impl Server {
    /// STARTTLS with a good certificate.
    pub fn starttls() -> Self {
        Self { tls: Some(super::certs::good()), ..Self::default() }
    }

    /// TLS from the first byte with a good certificate.
    pub fn implicit() -> Self {
        Self { implicit: true, ..Self::starttls() }
    }

    /// The same server with another answer to `command`.
    pub fn with(mut self, command: &'static str, doing: Vec<Do>) -> Self {
        self.instead.insert(command, doing);
        self
    }

    /// The same server with another reply to `command`.
    pub fn replying(self, command: &'static str, text: &str) -> Self {
        self.with(command, say(text))
    }

    /// Serves on a free port of 127.0.0.1.
    pub async fn serve(self) -> Running {
        self.serve_at(SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    pub async fn serve_at(self, address: SocketAddr) -> Running {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let server = Arc::new(self);
        let lines = Arc::clone(&heard);
        let task = tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let (server, lines) = (Arc::clone(&server), Arc::clone(&lines));
                tokio::spawn(async move { server.connection(tcp, &lines).await });
            }
        });
        Running { address, heard, task }
    }

    async fn connection(&self, tcp: TcpStream, heard: &Mutex<Vec<String>>) {
        if self.implicit {
            if let Some(tls) = self.handshake(tcp).await {
                self.talk(Box::new(tls), true, true, heard).await;
            }
            return;
        }
        let Some(tcp) = self.talk(Box::new(tcp), true, false, heard).await else { return };
        if let Some(tls) = self.handshake(tcp).await {
            self.talk(Box::new(tls), false, true, heard).await;
        }
    }

    async fn handshake<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        mut stream: S,
    ) -> Option<tokio_rustls::server::TlsStream<S>> {
        if let Some(doing) = &self.instead_of_tls {
            // What the client says first is waited for: a server knows no handshake before it.
            stream.read_u8().await.ok()?;
            act(&mut stream, doing).await;
            return None;
        }
        TlsAcceptor::from(self.tls.clone()?).accept(stream).await.ok()
    }

    /// One dialogue. Gives the stream back where STARTTLS was agreed to.
    async fn talk(
        &self,
        mut stream: Box<dyn Both>,
        greets: bool,
        secure: bool,
        heard: &Mutex<Vec<String>>,
    ) -> Option<Box<dyn Both>> {
        if greets && !act(&mut stream, &self.banner).await {
            return None;
        }
        let mut after_auth = 0;
        let mut in_data = false;
        while let Some(line) = line(&mut stream).await {
            heard.lock().unwrap().push(line.clone());
            if in_data && line != "." {
                continue;
            }
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
            let verb = match after_auth {
                1 => "AUTH2".to_owned(),
                2 => "AUTH3".to_owned(),
                _ => verb,
            };
            let doing = match self.instead.get(verb.as_str()) {
                Some(doing) => doing.clone(),
                None => say(&self.good(&verb, &line, secure)),
            };
            let asks_on = matches!(doing.first(), Some(Do::Say(bytes)) if bytes.starts_with(b"334"));
            after_auth = if verb.starts_with("AUTH") && asks_on { after_auth + 1 } else { 0 };
            in_data = verb == "DATA" && matches!(doing.first(), Some(Do::Say(bytes)) if bytes.starts_with(b"354"));
            if !act(&mut stream, &doing).await {
                return None;
            }
            if verb == "STARTTLS" && matches!(doing.first(), Some(Do::Say(bytes)) if bytes.starts_with(b"220")) {
                return Some(stream);
            }
            if verb == "QUIT" {
                return None;
            }
        }
        None
    }

    /// What a good server answers.
    fn good(&self, verb: &str, line: &str, secure: bool) -> String {
        match verb {
            "EHLO" => {
                let mut offers: Vec<&str> = if secure { self.offers_over_tls.clone() } else { self.offers.clone() };
                if !secure && self.tls.is_some() {
                    offers.push("STARTTLS");
                }
                let mut lines: Vec<String> = vec!["250-mail.acme.test at your service".to_owned()];
                lines.extend(offers.iter().map(|offer| format!("250-{offer}")));
                let last = lines.pop().unwrap().replacen("250-", "250 ", 1);
                lines.push(last);
                lines.join("\n")
            }
            "STARTTLS" => "220 2.0.0 Ready to start TLS".to_owned(),
            "AUTH" => {
                use base64::Engine as _;
                let right = format!("\0{}\0{}", self.right.0, self.right.1);
                let right = base64::engine::general_purpose::STANDARD.encode(right);
                match line.strip_prefix("AUTH PLAIN ") {
                    Some(words) if words == right => "235 2.7.0 Authentication successful".to_owned(),
                    Some(_) => "535 5.7.8 Error: authentication failed: UGFzc3dvcmQ6".to_owned(),
                    None if line == "AUTH LOGIN" => "334 VXNlcm5hbWU6".to_owned(),
                    None => "504 5.5.4 Unrecognized authentication type".to_owned(),
                }
            }
            "AUTH2" => "334 UGFzc3dvcmQ6".to_owned(),
            "AUTH3" => "235 2.7.0 Authentication successful".to_owned(),
            "DATA" => "354 End data with <CR><LF>.<CR><LF>".to_owned(),
            "." => "250 2.0.0 Ok: queued as 4Vx1y2z3".to_owned(),
            "QUIT" => "221 2.0.0 Bye".to_owned(),
            "HELO" | "MAIL" | "RCPT" | "RSET" | "NOOP" => "250 2.1.0 Ok".to_owned(),
            _ => "502 5.5.2 Error: command not recognized".to_owned(),
        }
    }
}

pub trait Both: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Both for S {}

/// Does it all; false where the connection ends with it.
async fn act<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, doing: &[Do]) -> bool {
    for one in doing {
        match one {
            Do::Say(bytes) => {
                if stream.write_all(bytes).await.is_err() || stream.flush().await.is_err() {
                    return false;
                }
            }
            Do::Drip(bytes, pause) => {
                for byte in *bytes {
                    tokio::time::sleep(*pause).await;
                    if stream.write_all(&[*byte]).await.is_err() || stream.flush().await.is_err() {
                        return false;
                    }
                }
            }
            Do::Wait(time) => tokio::time::sleep(*time).await,
            Do::Close => {
                stream.shutdown().await.ok();
                return false;
            }
            // Dropped with bytes unread, a socket is reset.
            Do::Reset => return false,
            Do::Hang => {
                let mut sink = [0; 256];
                while stream.read(&mut sink).await.is_ok_and(|read| read > 0) {}
                return false;
            }
        }
    }
    true
}

async fn line<S: AsyncRead + Unpin>(stream: &mut S) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        match stream.read_u8().await.ok()? {
            b'\n' => break,
            byte => bytes.push(byte),
        }
    }
    Some(String::from_utf8_lossy(&bytes).trim_end_matches('\r').to_owned())
}

/// A server that runs until it is dropped.
pub struct Running {
    pub address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Running {
    /// Every line it was told, message bodies included.
    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    /// The commands that begin with this word.
    pub fn commands(&self, verb: &str) -> Vec<String> {
        self.heard().into_iter().filter(|line| line.starts_with(verb)).collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}
