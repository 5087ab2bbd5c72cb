//! What the fuzz targets do with some bytes. A target that panics, hangs or grows without bound has found something.
//!
//! Used twice: by `tests/fuzz/fuzz_targets` under cargo-fuzz, and by `tests/fuzz_corpora.rs` on a stable toolchain.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::OnceLock;
use std::time::Duration;

use kinde_panel::clock::Clock;
use kinde_panel::inspector::decode::{Issuers, Keys, Options, TokenVerdict, judge};
use kinde_panel::inspector::receiver::{Keep, Keeping, Receiver, sift};
use kinde_panel::inspector::{import, paste};
use kinde_panel::jwt::{Compact, Header, Json, KeySet, Policy, encode_base64url as b64};
use kinde_panel::store::attempts::{NewAttempt, Stored};

/// The paste box: what a person pasted is cleaned and judged.
pub fn pasted(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let cleaned = paste::clean(text);
    assert!(paste::clean(&cleaned.token).token.len() <= cleaned.token.len(), "cleaning adds nothing");
    never_verified(bytes, Options::pasted(jiff::Timestamp::UNIX_EPOCH));
}

/// The compact serialisation, and a received body.
pub fn compact(bytes: &[u8]) {
    if let Ok(compact) = Compact::split(bytes) {
        // Strict means that the bytes can be made again from what was read.
        let payload = b64(&compact.payload);
        let parts: Vec<&[u8]> = bytes.split(|byte| *byte == b'.').collect();
        assert_eq!(parts.get(1).copied(), Some(payload.as_bytes()));
        assert_eq!(parts.get(2).copied(), Some(b64(&compact.signature).as_bytes()));
    }
    never_verified(bytes, received_options());
}

/// The header of a token.
pub fn header(bytes: &[u8]) {
    if let Ok(json) = Json::parse(bytes) {
        json.doubles();
        Header::read(json);
    }
    let token = format!("{}.{}.{}", b64(bytes), b64(br#"{"type":"user.created"}"#), b64(&[7; 256]));
    never_verified(token.as_bytes(), received_options());
}

/// The claims of a token.
pub fn claims(bytes: &[u8]) {
    let token = format!("{}.{}.{}", b64(br#"{"alg":"RS256","kid":"k"}"#), b64(bytes), b64(&[7; 256]));
    sift(token.as_bytes());
    never_verified(token.as_bytes(), received_options());
}

/// A key set, published and chosen.
pub fn jwks(bytes: &[u8]) {
    for policy in [Policy::Published, Policy::Chosen] {
        if let Ok(set) = KeySet::parse(bytes, policy) {
            assert!(set.same_keys(&set));
        }
    }
    let token = format!("{}.{}.{}", b64(br#"{"alg":"RS256","kid":"k"}"#), b64(b"{}"), b64(&[7; 256]));
    judge(token.as_bytes(), &Keys::published("x", bytes, Issuers::Any), &received_options());
}

/// What comes over the socket of the receiver: it lives on, and answers or hangs up.
pub fn received(bytes: &[u8]) {
    sift(bytes);
    let mut stream = TcpStream::connect_timeout(&receiver(), Duration::from_secs(10)).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
    // A receiver that has seen enough closes before all is sent.
    stream.write_all(bytes).ok();
    stream.shutdown(Shutdown::Write).ok();
    let mut answer = Vec::new();
    if let Err(error) = stream.read_to_end(&mut answer) {
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "it hangs");
    }
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1."), "{}", String::from_utf8_lossy(&answer));
}

/// An import of events.
pub fn imported(bytes: &[u8]) {
    let Ok(mut source) = import::Source::open(Box::new(std::io::Cursor::new(bytes.to_vec()))) else { return };
    while let Ok(items) = source.some(64) {
        if items.is_empty() {
            break;
        }
        for item in items.into_iter().flatten() {
            sift(&item.body);
        }
    }
}

fn received_options() -> Options {
    Options {
        pasted: false,
        received: Some(jiff::Timestamp::UNIX_EPOCH),
        ..Options::pasted(jiff::Timestamp::UNIX_EPOCH)
    }
}

/// Judges by a key whose private half nobody has.
fn never_verified(bytes: &[u8], options: Options) {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    let keys = KEYS.get_or_init(|| {
        let jwks = format!(r#"{{"keys":[{{"kty":"RSA","kid":"k","e":"AQAB","n":"{}"}}]}}"#, b64(&[0xc5; 256]));
        Keys::published("x", jwks.as_bytes(), Issuers::Any)
    });
    let decoded = judge(bytes, keys, &options);
    assert!(decoded.verdict != TokenVerdict::Verified, "nobody signed it");
}

/// Keeps nothing: it is the bytes that are tried.
struct Nowhere;

impl Keep for Nowhere {
    fn keep(&self, _new: NewAttempt) -> Keeping<Stored> {
        Box::pin(std::future::ready(Ok(Stored { seq: 1, attempt: 1 })))
    }

    fn answered(&self, _seq: i64, _status: u16) -> Keeping<()> {
        Box::pin(std::future::ready(Ok(())))
    }
}

/// Where the one receiver of this process listens, on the path `/k`.
fn receiver() -> SocketAddr {
    use kinde_panel::inspector::receiver::Options;
    static AT: OnceLock<SocketAddr> = OnceLock::new();
    *AT.get_or_init(|| {
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        let serve = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let (sender, _arrivals) = tokio::sync::mpsc::channel(1);
                let options = Options { path: Some("/k".to_owned()), ..Options::default() };
                let start = Receiver::start(options, "fuzz".to_owned(), Nowhere, Clock::real(), sender);
                let receiver = start.await.expect("a port");
                tell.send(SocketAddr::from(([127, 0, 0, 1], receiver.port()))).expect("somebody waits");
                std::future::pending::<()>().await;
            });
        };
        std::thread::Builder::new().name("receiver".to_owned()).spawn(serve).expect("a thread");
        told.recv().expect("an address")
    })
}
