//! Lines and message bodies off a connection, and replies onto it, within bounds of size and time.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;

/// The longest command line, its end included. A SASL response may be this long (RFC 4954 section 4).
const LINE: usize = 12 << 10;
/// How long a client may take for its next line.
const IDLE: Duration = Duration::from_secs(60);
/// How long a whole message may take.
const BODY: Duration = Duration::from_secs(120);
/// How long a reply may take to be taken off our hands.
const WRITE: Duration = Duration::from_secs(20);

/// Why a conversation ends before its QUIT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// The other side went away.
    Closed,
    /// It took too long.
    Slow,
}

impl From<std::io::Error> for Broken {
    fn from(_: std::io::Error) -> Self {
        Self::Closed
    }
}

/// A line as it came.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    /// Without its end.
    Whole(Vec<u8>),
    /// Longer than any may be; it was skipped to its end.
    TooLong,
}

/// A message body as it came.
#[derive(Debug, PartialEq, Eq)]
pub enum Body {
    /// The dots that were put before dots are taken off (RFC 5321 section 4.5.2).
    Whole(Vec<u8>),
    /// It went past the limit and was skipped to its end.
    TooLarge,
}

/// One connection.
pub struct Wire<S> {
    stream: S,
    /// Read and not yet used.
    buffer: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    /// Over `stream`, from which nothing was read yet.
    pub fn new(stream: S) -> Self {
        Self { stream, buffer: Vec::new() }
    }

    /// The stream, for TLS to be put over it. What had come in plain text behind the command is dropped: it was not
    /// written by who signs in afterwards (RFC 3207 section 6).
    pub fn into_stream(self) -> S {
        self.stream
    }

    /// Sends a reply: `lines` are whole lines without their ends.
    pub async fn say(&mut self, lines: &[&str]) -> Result<(), Broken> {
        let mut text = String::new();
        for line in lines {
            text.push_str(line);
            text.push_str("\r\n");
        }
        let sent = async {
            self.stream.write_all(text.as_bytes()).await?;
            self.stream.flush().await
        };
        timeout(WRITE, sent).await.map_err(|_| Broken::Slow)?.map_err(Broken::from)
    }

    /// Ends the connection: TLS says so, so that nothing was cut off.
    pub async fn close(&mut self) {
        // A client that is gone has nothing to be told.
        timeout(Duration::from_secs(1), self.stream.shutdown()).await.ok();
    }

    /// The next line.
    pub async fn line(&mut self) -> Result<Line, Broken> {
        timeout(IDLE, self.read_line()).await.map_err(|_| Broken::Slow)?
    }

    async fn read_line(&mut self) -> Result<Line, Broken> {
        let (mut looked_at, mut too_long) = (0, false);
        loop {
            let fresh = self.buffer.get(looked_at..).unwrap_or_default();
            if let Some(at) = fresh.iter().position(|&byte| byte == b'\n') {
                let mut line: Vec<u8> = self.buffer.drain(..=looked_at + at).collect();
                line.pop();
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                return Ok(if too_long || line.len() > LINE { Line::TooLong } else { Line::Whole(line) });
            }
            if self.buffer.len() > LINE {
                too_long = true;
                self.buffer.clear();
            }
            looked_at = self.buffer.len();
            self.more().await?;
        }
    }

    /// A message body up to its single dot, of at most `most` bytes.
    pub async fn body(&mut self, most: usize) -> Result<Body, Broken> {
        timeout(BODY, self.read_body(most)).await.map_err(|_| Broken::Slow)?
    }

    /// Only a dot between two whole line ends (CR LF) is the end: what other servers make of a lone LF is how one message
    /// is smuggled into another.
    async fn read_body(&mut self, most: usize) -> Result<Body, Broken> {
        let (mut body, mut too_large, mut skipped) = (Unstuffed::default(), false, 0_usize);
        loop {
            let taken = body.take(&self.buffer);
            self.buffer.drain(..taken);
            if body.ended {
                return Ok(if too_large || body.bytes.len() > most { Body::TooLarge } else { Body::Whole(body.bytes) });
            }
            if body.bytes.len() > most {
                too_large = true;
                skipped += body.bytes.len();
                body.bytes.clear();
                // Nobody sends that by mistake.
                if skipped > most.saturating_mul(8) {
                    return Err(Broken::Closed);
                }
            }
            self.more().await?;
        }
    }

    async fn more(&mut self) -> Result<(), Broken> {
        let mut chunk = [0_u8; 16 << 10];
        let read = self.stream.read(&mut chunk).await?;
        if read == 0 {
            return Err(Broken::Closed);
        }
        self.buffer.extend_from_slice(chunk.get(..read).unwrap_or_default());
        Ok(())
    }
}

/// Where in a line the next byte of a body stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    /// First of a line.
    #[default]
    First,
    /// After a dot that was first.
    Dot,
    /// After a dot that was first, and a CR.
    DotCr,
    /// Somewhere within.
    Within,
    /// After a CR.
    Cr,
}

/// Takes a body in, byte by byte.
#[derive(Debug, Default)]
struct Unstuffed {
    place: Place,
    bytes: Vec<u8>,
    ended: bool,
}

impl Unstuffed {
    /// Takes what it can use of `input`; how much that was.
    fn take(&mut self, input: &[u8]) -> usize {
        for (at, &byte) in input.iter().enumerate() {
            self.place = match (self.place, byte) {
                (Place::First, b'.') => Place::Dot,
                (Place::Dot, b'\r') => Place::DotCr,
                (Place::DotCr, b'\n') => {
                    self.ended = true;
                    return at + 1;
                }
                // The dot and the CR after it belonged to the text.
                (Place::DotCr, _) => {
                    self.bytes.extend_from_slice(b".\r");
                    self.plain(byte)
                }
                // A dot that was put there.
                (Place::First | Place::Dot | Place::Within, _) => self.plain(byte),
                (Place::Cr, b'\n') => {
                    self.bytes.push(byte);
                    Place::First
                }
                (Place::Cr, _) => self.plain(byte),
            };
        }
        input.len()
    }

    fn plain(&mut self, byte: u8) -> Place {
        self.bytes.push(byte);
        if byte == b'\r' { Place::Cr } else { Place::Within }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(chunks: &[&[u8]]) -> (Vec<u8>, bool, Vec<u8>) {
        let mut read = Unstuffed::default();
        let mut left = Vec::new();
        for chunk in chunks {
            if read.ended {
                left.extend_from_slice(chunk);
                continue;
            }
            let taken = read.take(chunk);
            left.extend_from_slice(&chunk[taken..]);
        }
        (read.bytes, read.ended, left)
    }

    #[test]
    fn a_body_ends_at_its_single_dot_however_it_is_cut_up_and_its_doubled_dots_are_single_again() {
        let whole = b"a\r\n..b\r\n.\r\nQUIT\r\n";
        for size in 1..whole.len() {
            let chunks: Vec<&[u8]> = whole.chunks(size).collect();
            let (bytes, ended, left) = body(&chunks);
            assert!(ended, "{size}");
            assert_eq!((bytes.as_slice(), left.as_slice()), (&b"a\r\n.b\r\n"[..], &b"QUIT\r\n"[..]), "{size}");
        }
        assert_eq!(body(&[b".\r\n"]).0, b"");
    }

    #[test]
    fn a_dot_beside_a_lone_line_feed_is_text() {
        for text in [&b"a\n.\r\nMAIL"[..], b"a\r\n.\nMAIL", b"a\n.\nMAIL", b"a\r\n.\rx\r\n", b"a\r.\r\n"] {
            assert!(!body(&[text]).1, "{text:?}");
        }
        assert_eq!(body(&[b"a\r\n.\rx\r\n.\r\n"]).0, b"a\r\n.\rx\r\n");
    }

    #[tokio::test]
    async fn a_line_too_long_is_skipped_to_its_end_and_what_follows_is_read() {
        let (ours, mut theirs) = tokio::io::duplex(1 << 20);
        let long = "x".repeat(3 * LINE);
        theirs.write_all(format!("{long}\r\nNOOP\r\nlf\n").as_bytes()).await.unwrap();
        let mut wire = Wire::new(ours);
        assert_eq!(wire.line().await.unwrap(), Line::TooLong);
        assert_eq!(wire.line().await.unwrap(), Line::Whole(b"NOOP".to_vec()));
        assert_eq!(wire.line().await.unwrap(), Line::Whole(b"lf".to_vec()));
        drop(theirs);
        assert_eq!(wire.line().await.unwrap_err(), Broken::Closed);
    }

    #[tokio::test]
    async fn a_body_past_the_limit_is_skipped_to_its_end() {
        let (ours, mut theirs) = tokio::io::duplex(1 << 20);
        theirs.write_all(format!("{}\r\n.\r\nQUIT\r\n", "x".repeat(5000)).as_bytes()).await.unwrap();
        let mut wire = Wire::new(ours);
        assert_eq!(wire.body(1000).await.unwrap(), Body::TooLarge);
        assert_eq!(wire.line().await.unwrap(), Line::Whole(b"QUIT".to_vec()));
    }

    #[tokio::test(start_paused = true)]
    async fn who_says_nothing_is_given_up() {
        let (ours, _theirs) = tokio::io::duplex(64);
        assert_eq!(Wire::new(ours).line().await.unwrap_err(), Broken::Slow);
    }
}
