//! Where two byte strings differ.

/// One place where the received bytes differ from the signed ones.
#[derive(Clone, PartialEq, Eq)]
pub struct Change {
    /// The byte it begins at, in what was received.
    pub at: usize,
    /// What stands there; empty where something is missing.
    pub received: Vec<u8>,
    /// What was signed there; empty where something was added.
    pub signed: Vec<u8>,
}

/// Bytes do not belong into logs.
impl std::fmt::Debug for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} for {} at {}", self.received.len(), self.signed.len(), self.at)
    }
}

/// More places than this are one long stretch.
const MOST: usize = 200;
/// How many places are told, and how many bytes of each.
const TOLD: usize = 3;
const BYTES: usize = 8;

/// Every place where `received` differs from `signed`.
pub(super) fn between(received: &[u8], signed: &[u8]) -> Vec<Change> {
    // Something around it: two places at most.
    if let Some(at) = find(received, signed) {
        let (before, rest) = received.split_at(at);
        let after = rest.get(signed.len()..).unwrap_or_default();
        return [(0, before), (at + signed.len(), after)]
            .into_iter()
            .filter(|(_, bytes)| !bytes.is_empty())
            .map(|(at, bytes)| Change { at, received: bytes.to_vec(), signed: Vec::new() })
            .collect();
    }
    added(received, signed).unwrap_or_else(|| vec![stretch(received, signed)])
}

/// Where `part` stands in `text`. Over text, since that search takes no longer for what was made to slow it down.
fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    std::str::from_utf8(text).ok()?.find(std::str::from_utf8(part).ok()?)
}

/// The added bytes where nothing was changed or taken away.
fn added(received: &[u8], signed: &[u8]) -> Option<Vec<Change>> {
    let mut changes: Vec<Change> = Vec::new();
    let mut wanted = signed.iter().peekable();
    for (at, byte) in received.iter().enumerate() {
        if wanted.next_if_eq(&byte).is_some() {
            continue;
        }
        match changes.last_mut() {
            Some(last) if last.at + last.received.len() == at => last.received.push(*byte),
            _ => changes.push(Change { at, received: vec![*byte], signed: Vec::new() }),
        }
    }
    (wanted.peek().is_none() && changes.len() <= MOST).then_some(changes)
}

/// From the first byte that differs to the last.
fn stretch(received: &[u8], signed: &[u8]) -> Change {
    let same = |(a, b): &(&u8, &u8)| a == b;
    let head = received.iter().zip(signed).take_while(same).count();
    let (received, signed) = (received.get(head..).unwrap_or_default(), signed.get(head..).unwrap_or_default());
    let tail = received.iter().rev().zip(signed.iter().rev()).take_while(same).count();
    let cut = |bytes: &[u8]| bytes.get(..bytes.len() - tail).unwrap_or_default().to_vec();
    Change { at: head, received: cut(received), signed: cut(signed) }
}

/// `byte 0: 22 (") was added; byte 581: 0a was added`.
pub(super) fn words(changes: &[Change]) -> String {
    let mut words: Vec<String> = changes
        .iter()
        .take(TOLD)
        .map(|change| {
            let (received, signed) = (bytes(&change.received), bytes(&change.signed));
            match (change.received.is_empty(), change.signed.is_empty()) {
                (_, true) => format!("byte {}: {received} was added", change.at),
                (true, _) => format!("byte {}: {signed} is missing", change.at),
                _ => format!("byte {}: {received} in place of {signed}", change.at),
            }
        })
        .collect();
    if changes.len() > TOLD {
        words.push(format!("{} more places", changes.len() - TOLD));
    }
    words.join("; ")
}

/// `25 32 45 (%2E)`.
fn bytes(bytes: &[u8]) -> String {
    let shown = bytes.get(..BYTES.min(bytes.len())).unwrap_or_default();
    let mut text = shown.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
    let printable = shown.iter().all(|byte| (0x21..=0x7e).contains(byte));
    if printable {
        text.push_str(&format!(" ({})", String::from_utf8_lossy(shown)));
    }
    if bytes.len() > shown.len() {
        text.push_str(&format!(" and {} more bytes", bytes.len() - shown.len()));
    }
    text
}
