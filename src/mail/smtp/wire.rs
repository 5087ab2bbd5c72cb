//! One connection: commands out, replies in, under a time limit for each.
//!
//! The limit is for a whole reply and not for a read: a server that drips a byte a second runs into it. What has come and
//! was not read yet stays in one buffer of ours, so that it can be seen whether a server said something it should not
//! have: after the 220 to STARTTLS it must be empty (CVE-2011-0411).

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

use super::reply::{Reply, parse_line, readable};
use super::script::Script;

/// The longest line that is read; RFC 5321 §4.5.3.1.5 allows 512.
const LONGEST_LINE: usize = 16 * 1024;
/// The longest reply that is read.
const LONGEST_REPLY: usize = 64 * 1024;
/// How long what is no SMTP may take to end its line.
const NOISE: Duration = Duration::from_millis(300);

/// Why no reply came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Broke {
    /// The server closed the connection.
    Closed,
    /// It was reset.
    Reset,
    /// Not a byte came in time.
    Silent(Duration),
    /// Something came, but no whole reply.
    Dripping(Duration),
    /// The reply had no end.
    TooLong,
    /// What came is no SMTP: its beginning, masked.
    NotSmtp(String),
    /// The connection broke in another way.
    Other(String),
}

impl From<io::Error> for Broke {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
                Self::Reset
            }
            // TLS that ends without its good-bye.
            io::ErrorKind::UnexpectedEof => Self::Closed,
            _ => Self::Other(error.to_string()),
        }
    }
}

/// A socket that remembers the first bytes it received since it was told to: what a failed handshake met.
#[derive(Debug)]
pub(super) struct Tapped {
    inner: TcpStream,
    first: Vec<u8>,
}

impl Tapped {
    pub(super) fn new(inner: TcpStream) -> Self {
        Self { inner, first: Vec::new() }
    }

    /// The first bytes since [`Tapped::forget`].
    pub(super) fn first(&self) -> &[u8] {
        &self.first
    }

    /// Begins to remember anew.
    pub(super) fn forget(&mut self) {
        self.first.clear();
    }
}

impl AsyncRead for Tapped {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
        let room = 256usize.saturating_sub(self.first.len());
        let come = buf.filled().get(before..).unwrap_or_default();
        self.first.extend_from_slice(come.get(..room.min(come.len())).unwrap_or_default());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tapped {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// What the connection runs over.
enum Stream {
    Plain(Tapped),
    Tls(Box<TlsStream<Tapped>>),
}

/// One connection.
pub(super) struct Wire {
    stream: Stream,
    /// What came and was not read yet.
    buffer: Vec<u8>,
    /// The server's end.
    pub(super) peer: SocketAddr,
    /// This computer's end.
    pub(super) local: SocketAddr,
}

impl Wire {
    /// A connection in plain text.
    pub(super) fn plain(tcp: TcpStream) -> io::Result<Self> {
        let (peer, local) = (tcp.peer_addr()?, tcp.local_addr()?);
        Ok(Self { stream: Stream::Plain(Tapped::new(tcp)), buffer: Vec::new(), peer, local })
    }

    /// The same connection over TLS from here on.
    pub(super) fn secured(stream: TlsStream<Tapped>, peer: SocketAddr, local: SocketAddr) -> Self {
        Self { stream: Stream::Tls(Box::new(stream)), buffer: Vec::new(), peer, local }
    }

    /// Gives the socket up for a handshake, with what came and was not read: that must be nothing.
    pub(super) fn into_socket(self) -> Option<(Tapped, Vec<u8>)> {
        match self.stream {
            Stream::Plain(mut tapped) => {
                tapped.forget();
                Some((tapped, self.buffer))
            }
            Stream::Tls(_) => None,
        }
    }

    /// Takes in what came beyond the last reply without waiting for more than a moment; gives its beginning.
    pub(super) async fn leftover(&mut self) -> &[u8] {
        // What was put in together with the reply is here at once; what was put in behind it may be a packet later.
        timeout(Duration::from_millis(50), self.fill()).await.ok();
        &self.buffer
    }

    /// Sends a command of one line and waits for its reply. `wire` is what goes out, without its line end; `shown` is what
    /// the transcript says of it.
    pub(super) async fn command(
        &mut self,
        script: &mut Script<'_>,
        wire: &str,
        shown: &str,
        limit: Duration,
    ) -> Result<Reply, Broke> {
        script.client(shown);
        let line = zeroize::Zeroizing::new(format!("{wire}\r\n"));
        self.send(line.as_bytes(), limit).await?;
        self.reply(script, limit).await
    }

    /// Sends bytes as they are.
    pub(super) async fn send(&mut self, bytes: &[u8], limit: Duration) -> Result<(), Broke> {
        let sending = async {
            match &mut self.stream {
                Stream::Plain(stream) => {
                    stream.write_all(bytes).await?;
                    stream.flush().await
                }
                Stream::Tls(stream) => {
                    stream.write_all(bytes).await?;
                    stream.flush().await
                }
            }
        };
        match timeout(limit, sending).await {
            Ok(sent) => sent.map_err(Broke::from),
            Err(_) => Err(Broke::Silent(limit)),
        }
    }

    /// Waits for a whole reply.
    pub(super) async fn reply(&mut self, script: &mut Script<'_>, limit: Duration) -> Result<Reply, Broke> {
        let mut lines = Vec::new();
        let read = timeout(limit, self.read_reply(&mut lines)).await;
        let (outcome, noise) = match read {
            Ok(Ok((code, bare_lf))) => (Ok((code, bare_lf)), None),
            Ok(Err((broke, noise))) => (Err(broke), noise),
            Err(_) if lines.is_empty() && self.buffer.is_empty() => (Err(Broke::Silent(limit)), None),
            Err(_) => (Err(Broke::Dripping(limit)), Some(readable(&self.buffer))),
        };
        // Everything that came is shown, whatever it was; what goes on from here is masked.
        let mut raw = lines.clone();
        raw.extend(noise.filter(|text| !text.is_empty()).map(|text| (text, 0)));
        let shown = script.reply(&raw);
        match outcome {
            Ok((code, bare_lf)) => {
                let texts =
                    shown.iter().zip(&lines).map(|(line, (_, skip))| line.chars().skip(*skip).collect()).collect();
                Ok(Reply { code, lines: texts, bare_lf })
            }
            Err(Broke::NotSmtp(_)) => Err(Broke::NotSmtp(super::script::cut(shown.last().map_or("", String::as_str)))),
            Err(broke) => Err(broke),
        }
    }

    /// The lines of a reply as they stand on the wire, each with how many characters stand before its text.
    async fn read_reply(&mut self, lines: &mut Vec<(String, usize)>) -> Result<(u16, bool), (Broke, Option<String>)> {
        let (mut total, mut bare_lf, mut first_code) = (0, false, None);
        loop {
            let (bytes, bare) = self.read_line().await?;
            total += bytes.len() + 2;
            bare_lf |= bare;
            if total > LONGEST_REPLY {
                return Err((Broke::TooLong, None));
            }
            let text = readable(&bytes);
            let parsed = parse_line(&text).filter(|line| first_code.is_none_or(|code| code == line.code));
            let Some(line) = parsed else {
                return Err((Broke::NotSmtp(String::new()), Some(text)));
            };
            first_code = Some(line.code);
            let skip = 4.min(text.chars().count());
            lines.push((text, skip));
            if !line.more {
                return Ok((line.code, bare_lf));
            }
        }
    }

    /// One line without its end, and whether it ended without CR.
    async fn read_line(&mut self) -> Result<(Vec<u8>, bool), (Broke, Option<String>)> {
        loop {
            if let Some(at) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let mut line: Vec<u8> = self.buffer.drain(..=at).collect();
                line.pop();
                let bare = line.last() != Some(&b'\r');
                if !bare {
                    line.pop();
                }
                return Ok((line, bare));
            }
            if self.buffer.len() > LONGEST_LINE {
                return Err((Broke::TooLong, Some(readable(self.buffer.get(..LONGEST_LINE).unwrap_or_default()))));
            }
            // What does not begin with three digits is no reply, however long it takes to end its line.
            let noise = self.buffer.iter().take(3).any(|byte| !byte.is_ascii_digit());
            let come = if noise { timeout(NOISE, self.fill()).await.unwrap_or(Ok(0)) } else { self.fill().await };
            match come {
                Ok(0) if noise => return Err((Broke::NotSmtp(String::new()), Some(readable(&self.buffer)))),
                Ok(0) => return Err((Broke::Closed, Some(readable(&self.buffer)))),
                Ok(_) => {}
                Err(error) => return Err((Broke::from(error), Some(readable(&self.buffer)))),
            }
        }
    }

    /// Reads once into the buffer. 0 is the end.
    async fn fill(&mut self) -> io::Result<usize> {
        let mut chunk = [0; 4096];
        let read = match &mut self.stream {
            Stream::Plain(stream) => stream.read(&mut chunk).await?,
            Stream::Tls(stream) => stream.read(&mut chunk).await?,
        };
        self.buffer.extend_from_slice(chunk.get(..read).unwrap_or_default());
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::form::Form;
    use crate::mail::smtp::hide::Hider;
    use crate::secrets::Secret;
    use tokio::net::TcpListener;

    const LIMIT: Duration = Duration::from_millis(400);

    /// What [`Wire::reply`] makes of these pieces, sent with a pause between them.
    async fn hear(pieces: &[&[u8]], then_close: bool) -> (Result<Reply, Broke>, Vec<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let tcp = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (mut server, _) = listener.accept().await.unwrap();
        let mut wire = Wire::plain(tcp).unwrap();
        let form = Form { user: "ada".to_owned(), password: Secret::new("hunter2hunter2"), ..Form::default() };
        let mut script = Script::new(Hider::of(&form), &|_| {});
        let saying = async {
            for piece in pieces {
                server.write_all(piece).await.ok();
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            if !then_close {
                std::future::pending::<()>().await;
            }
            drop(server);
        };
        let reply = tokio::select! {
            reply = wire.reply(&mut script, LIMIT) => reply,
            () = async { saying.await; std::future::pending().await } => unreachable!(),
        };
        (reply, script.into_lines().iter().map(ToString::to_string).collect())
    }

    #[tokio::test]
    async fn a_reply_in_pieces_is_put_together_and_masked() {
        let (reply, script) = hear(&[b"220-mail ", b"hello\r\n220 at hunter2", b"hunter2\r\n"], false).await;
        let reply = reply.unwrap();
        assert_eq!((reply.code, reply.bare_lf), (220, false));
        assert_eq!(reply.lines, ["mail hello", "at •••"]);
        assert_eq!(script, ["S: 220-mail hello", "S: 220 at •••"]);
        let (reply, _) = hear(&[b"250-a\n250 b\n"], false).await;
        assert!(reply.unwrap().bare_lf);
    }

    #[tokio::test]
    async fn what_is_no_reply_is_told_apart() {
        for (pieces, close, wanted) in [
            (
                &[b"HTTP/1.1 400 Bad Request\r\n\r\n" as &[u8]] as &[&[u8]],
                false,
                Broke::NotSmtp("HTTP/1.1 400 Bad Request".to_owned()),
            ),
            (&[b"\x16\x03\x01"], false, Broke::NotSmtp("\\x16\\x03\\x01".to_owned())),
            (&[b"250-a\r\n220 b\r\n"], false, Broke::NotSmtp("220 b".to_owned())),
            (&[], true, Broke::Closed),
            (&[b"220 mai"], true, Broke::Closed),
            (&[], false, Broke::Silent(LIMIT)),
            (&[b"2", b"2", b"0"], false, Broke::Dripping(LIMIT)),
        ] {
            let (reply, script) = hear(pieces, close).await;
            assert_eq!(reply.unwrap_err(), wanted, "{pieces:?}");
            assert_eq!(script.is_empty(), pieces.is_empty(), "what came is shown: {script:?}");
        }
        let long: Vec<u8> = std::iter::repeat_n(b"250-x\r\n".iter().copied(), 12_000).flatten().collect();
        let (reply, script) = hear(&[&long], false).await;
        assert_eq!(reply.unwrap_err(), Broke::TooLong);
        assert!(script.len() < 50);
        let (reply, _) = hear(&[&[b'2'; 20_000]], false).await;
        assert_eq!(reply.unwrap_err(), Broke::TooLong);
    }
}
