//! Self-tests of the way to the receiver: requests of this program itself, which are told to whoever sent them and never
//! kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use http::HeaderMap;
use hyper::body::Bytes;
use tokio::sync::oneshot;

/// What every self-test carries: at the start of its `webhook-id`, and within its body in letters that survive being
/// quoted or written as JSON. No event of Kinde's holds it.
pub const MARK: &str = "kinde-panel-self-test-";

/// Within how many bytes of a body the mark is looked for: a self-test is shorter, and stays so when it is re-encoded.
const WITHIN: usize = 16 << 10;

/// How long what follows the mark is, in characters.
const NONCE: usize = 32;

/// How a self-test arrived.
#[derive(Clone)]
pub struct Seen {
    /// The body, whatever the way made of it.
    pub body: Bytes,
    /// `content-type`, where it has one.
    pub content_type: Option<String>,
    /// `webhook-id`, where it has one.
    pub webhook_id: Option<String>,
    /// `content-encoding`, where it has one.
    pub content_encoding: Option<String>,
}

/// The self-tests that are under way.
#[derive(Clone, Default)]
pub(super) struct Probes(Arc<Mutex<HashMap<String, oneshot::Sender<Seen>>>>);

/// A self-test that is waited for. It is still recognised, and not kept, after nobody waits for it any more.
pub struct Expected {
    /// What stands behind [`MARK`]: 32 characters that nobody can guess.
    pub nonce: String,
    probes: Probes,
    arrived: oneshot::Receiver<Seen>,
}

impl Expected {
    /// How it arrived, as soon as it has. Waits for ever where it never does: the caller has the time-out.
    pub async fn arrived(&mut self) -> Option<Seen> {
        (&mut self.arrived).await.ok()
    }
}

impl Drop for Expected {
    fn drop(&mut self) {
        self.probes.table().remove(&self.nonce);
    }
}

impl Probes {
    fn table(&self) -> std::sync::MutexGuard<'_, HashMap<String, oneshot::Sender<Seen>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn expect(&self) -> Expected {
        let nonce = uuid::Uuid::new_v4().simple().to_string();
        let (tell, arrived) = oneshot::channel();
        self.table().insert(nonce.clone(), tell);
        Expected { nonce, probes: self.clone(), arrived }
    }

    /// Whether it is a self-test: it is told to whoever waits for it then, and is nothing to keep.
    pub(super) fn is_one(&self, headers: &HeaderMap, body: &Bytes) -> bool {
        let text = |name: &str| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let webhook_id = text("webhook-id");
        let by_header = webhook_id.as_deref().and_then(|id| id.strip_prefix(MARK)).map(str::to_owned);
        let Some(nonce) = by_header.or_else(|| nonce_in(body)) else { return false };
        if let Some(tell) = self.table().remove(&nonce) {
            let (content_type, content_encoding) = (text("content-type"), text("content-encoding"));
            // Whoever waited may have gone meanwhile.
            tell.send(Seen { body: body.clone(), content_type, webhook_id, content_encoding }).ok();
        }
        true
    }
}

/// What stands behind the mark in a body.
fn nonce_in(body: &[u8]) -> Option<String> {
    let body = body.get(..body.len().min(WITHIN))?;
    let end = memchr::memmem::find(body, MARK.as_bytes())? + MARK.len();
    let nonce = body.get(end..body.len().min(end + NONCE))?;
    Some(String::from_utf8_lossy(nonce).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_self_test_is_known_by_its_id_or_by_its_body_however_it_was_re_encoded() {
        let nonce = "0123456789abcdef0123456789abcdef";
        for body in
            [format!("a.b.{MARK}{nonce}"), format!("\"a.b.{MARK}{nonce}\""), format!("{{\"x\":\"{MARK}{nonce}\"}}")]
        {
            assert_eq!(nonce_in(body.as_bytes()).as_deref(), Some(nonce), "{body}");
        }
        assert_eq!(nonce_in(format!("{}{MARK}{nonce}", "x".repeat(WITHIN)).as_bytes()), None);
        for body in ["", "kinde-panel-self-tes", "kinde-panel", "-----"] {
            assert_eq!(nonce_in(body.as_bytes()), None, "{body}");
        }
    }
}
