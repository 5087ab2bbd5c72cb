//! A sandbox that is served, and a client that says what it is told to.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use kinde_panel::clock::Clock;
use kinde_panel::net::{Http, Recorder};
use kinde_panel::sandbox::{Control, Facts, Options, SMTP_USER, Served};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

pub struct Bench {
    pub _home: tempfile::TempDir,
    pub dir: PathBuf,
    pub served: Served,
    pub facts: Facts,
}

impl Bench {
    pub async fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("sandbox");
        let served = Served::start(&dir, Options::default(), Clock::real()).await.unwrap();
        let facts = served.facts();
        Self { _home: home, dir, served, facts }
    }

    pub fn smtp(&self) -> &str {
        self.served.running().smtp.as_deref().unwrap()
    }

    pub fn smtps(&self) -> &str {
        self.served.running().smtps.as_deref().unwrap()
    }

    pub fn control(&self) -> Control {
        let http = Http::new(Recorder::silent(), Clock::real()).unwrap();
        Control::new(http, self.served.running()).unwrap()
    }

    /// `AUTH PLAIN` with the right words.
    pub fn sign_in(&self) -> String {
        plain(SMTP_USER, self.facts.smtp_password.expose())
    }

    /// A client of the port that begins in plain text, its greeting read.
    pub async fn in_plain(&self) -> Client {
        let mut client = Client::over(TcpStream::connect(self.smtp()).await.unwrap());
        client.expect("", "220 ").await;
        client
    }

    /// The same after STARTTLS.
    pub async fn over_starttls(&self) -> Client {
        let mut client = self.in_plain().await;
        client.expect("EHLO me", "250 ").await;
        client.expect("STARTTLS", "220 ").await;
        Client::over(self.tls(client.stream.into_inner()).await)
    }

    /// A client of the port that speaks TLS from the first byte, signed in.
    pub async fn signed_in(&self) -> Client {
        let mut client = Client::over(self.tls(Box::new(TcpStream::connect(self.smtps()).await.unwrap())).await);
        client.expect("", "220 ").await;
        client.expect("EHLO me", "250 ").await;
        client.expect(&self.sign_in(), "235 ").await;
        client
    }

    async fn tls(&self, stream: Box<dyn Stream>) -> impl Stream + use<> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&self.served.running().ca_cert).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
    }
}

/// The `AUTH PLAIN` line of a user and a password.
pub fn plain(user: &str, password: &str) -> String {
    format!("AUTH PLAIN {}", b64(&format!("\0{user}\0{password}")))
}

pub fn b64(text: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(text)
}

pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// One conversation.
pub struct Client {
    pub stream: BufReader<Box<dyn Stream>>,
}

impl Client {
    pub fn over(stream: impl Stream + 'static) -> Self {
        Self { stream: BufReader::new(Box::new(stream)) }
    }

    /// Sends bytes as they are.
    pub async fn send(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).await.unwrap();
        self.stream.get_mut().flush().await.unwrap();
    }

    /// The next reply, all of its lines; empty once the server has ended the conversation.
    pub async fn reply(&mut self) -> String {
        let mut reply = String::new();
        let read = async {
            loop {
                let mut line = String::new();
                if self.stream.read_line(&mut line).await.unwrap_or_default() == 0 {
                    return;
                }
                reply.push_str(&line);
                if line.as_bytes().get(3) != Some(&b'-') {
                    return;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(20), read).await.expect("a reply");
        reply
    }

    /// Says `line` (nothing where it is empty); its reply's last line begins with `wanted`.
    pub async fn expect(&mut self, line: &str, wanted: &str) -> String {
        if !line.is_empty() {
            self.send(format!("{line}\r\n").as_bytes()).await;
        }
        let reply = self.reply().await;
        let last = reply.lines().last().unwrap_or_default();
        assert!(last.starts_with(wanted), "{line}: {reply}");
        reply
    }
}
