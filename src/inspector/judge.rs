//! One token through the eight rungs: transport, envelope, header, key, signature, claims, freshness, duplicate.

use super::claims::{self, Context};
use super::damage::Damage;
use super::decode::{Bytes, Decoded, Keys, Kind, Options, Origin, SignatureState, TokenVerdict};
use super::freshness::{by_this_clock, judge_freshness};
use super::lens::is_sandbox_kid;
use super::missing_key::no_key;
use super::paste::{self, PastedRequest};
use super::reading::{Payload, Reading, Token};
use super::rung::{Findings, span};
use super::words::{header_faults, shorten, transport};
use crate::check::{Check, Verdict};
use crate::clock::rfc3339;
use crate::jwt::{self, Alg, Compact, Doubles, Header, HeaderFault, Json, Pick, Policy};

/// The rungs, in order.
pub const RUNGS: [&str; 8] =
    ["transport", "envelope", "header", "key", "signature", "claims", "freshness", "duplicate"];

/// Judges `input` with `keys`. Pure: no clock, no network; a second per 16 MiB at most.
pub fn judge(input: &[u8], keys: &Keys, options: &Options) -> Decoded {
    match std::str::from_utf8(input) {
        Ok(text) if options.pasted => {
            let pasted = paste::clean(text);
            let mut ladder = Ladder::new(&pasted.token, pasted.cleaned, pasted.request);
            ladder.transport.clone_from(&options.transport);
            ladder.duplicate.clone_from(&options.duplicate);
            ladder.start(Reading::of(pasted.token.as_bytes()), keys, options)
        }
        _ => judge_read(Reading::of(input), keys, options.clone()),
    }
}

/// Judges what was read of a received body, which nothing is taken off.
pub fn judge_read(reading: Reading<'_>, keys: &Keys, mut options: Options) -> Decoded {
    let text = std::str::from_utf8(reading.bytes);
    let mut ladder = Ladder::new(text.unwrap_or_default(), Vec::new(), None);
    ladder.transport = options.transport.take();
    ladder.duplicate = options.duplicate.take();
    match text {
        Ok(_) => ladder.start(reading, keys, &options),
        Err(_) => ladder.no_text(reading.bytes, keys, &options),
    }
}

pub(super) struct Ladder<'a> {
    pub(super) token: &'a str,
    cleaned: Vec<String>,
    request: Option<PastedRequest>,
    pub(super) checks: Vec<Check>,
    /// The rungs that others judge.
    transport: Option<Check>,
    duplicate: Option<Check>,
}

impl<'a> Ladder<'a> {
    fn new(token: &'a str, cleaned: Vec<String>, request: Option<PastedRequest>) -> Self {
        let checks = Vec::with_capacity(RUNGS.len());
        Self { token, cleaned, request, checks, transport: None, duplicate: None }
    }

    fn start(self, reading: Reading<'_>, keys: &Keys, options: &Options) -> Decoded {
        if let Some(name) = paste::provider_token(self.token) {
            return self.unreadable(
                &format!("A provider token ({name}), not a JWT: only the provider can read it"),
                "Probe it under Connected apps, where the provider itself says what it is good for",
                options,
            );
        }
        match reading.token {
            Ok(token) => self.climb(token, keys, options),
            Err(fault) => self.broken(&fault, keys, options),
        }
    }

    /// Everything the rungs came to. Rungs that were not reached are skipped.
    pub(super) fn finish(self, verdict: TokenVerdict, signature: SignatureState, read: Read) -> Decoded {
        let transport = self.transport.unwrap_or_else(|| transport(self.request.as_ref()));
        let duplicate = self
            .duplicate
            .unwrap_or_else(|| Check::skipped("duplicate", "Only the history of received events can tell"));
        // Mostly in their order already, each found where it is looked for first.
        let mut found: Vec<Check> = std::iter::once(transport).chain(self.checks).chain([duplicate]).collect();
        let mut take = |name: &'static str| {
            let at = found.iter().position(|check| check.name.as_str() == name);
            at.map_or_else(|| Check::skipped(name, "Not reached: see the first failing rung"), |at| found.remove(at))
        };
        let checks: Vec<Check> = RUNGS.into_iter().map(&mut take).collect();
        let failing = checks.iter().find(|check| check.verdict == Verdict::Fail);
        let warning = checks.iter().find(|check| check.verdict == Verdict::Warn);
        let headline = match (failing, warning) {
            (Some(check), _) => check.why.clone().unwrap_or_default(),
            (None, Some(check)) => format!("Verified, but: {}", check.why.clone().unwrap_or_default()),
            (None, None) => read.good,
        };
        Decoded {
            verdict,
            signature,
            failed: failing.map(|check| check.name.to_string()),
            kind: read.kind,
            headline: if read.nobody {
                "Read, not verified. Which Kinde domain signed it?".to_owned()
            } else {
                headline
            },
            offer: read.offer,
            doubled: read.doubled.paths,
            damage: read.damage,
            payload: Bytes::of(read.payload),
            header: read.header,
            claims: read.claims,
            checks,
            cleaned: self.cleaned,
            request: self.request,
        }
    }

    /// A token with a sound envelope.
    fn climb(mut self, token: Token<'_>, keys: &Keys, options: &Options) -> Decoded {
        let Token { compact, payload, kind: found } = token;
        let mut read = Read::nothing(options);
        read.take(payload);
        read.kind = match options.kind {
            Some(Kind::Access) if found == Kind::M2m => Kind::M2m,
            Some(forced) => forced,
            None => found,
        };
        read.offer = read
            .claims
            .as_ref()
            .and_then(|claims| claims.get("iss")?.as_text())
            .filter(|iss| iss.starts_with("http"))
            .map(str::to_owned);
        let size = format!("{} bytes", self.token.len());
        let good = (!self.cleaned.is_empty()).then(|| format!("Taken off: {}", self.cleaned.join(", ")));
        self.checks.push(Check { why: good, ..Check::pass("envelope") }.seen(size));

        let (verdict, signature) = self.climb_signature(&compact, keys, options, &mut read);
        let doubled = std::mem::take(&mut read.doubled);
        match &read.claims {
            Some(claims) => {
                let cx =
                    Context { forced: options.kind, found, issuers: &keys.issuers, whose: &keys.whose, at: options.at };
                let claims_check = claims::judge_claims(claims, &doubled, &cx);
                // With nothing wrong about its claims, a wrong clock changes nothing.
                let sound = matches!(claims_check.verdict, Verdict::Pass | Verdict::Skipped);
                self.checks.push(if sound { claims_check } else { by_this_clock(claims_check, keys, options) });
                let freshness = judge_freshness(claims, read.kind, options.at);
                self.checks.push(by_this_clock(freshness, keys, options));
            }
            None if options.kind == Some(Kind::Webhook) => self.checks.push(Check::fail(
                "claims",
                format!("The payload is no event: {}", read.payload_fault),
                "A Kinde webhook carries a JSON object",
            )),
            None => self.checks.push(Check::warn(
                "claims",
                format!("The payload is no claims object: {}", read.payload_fault),
                "A signed text is no JWT: look at its raw bytes",
            )),
        }
        read.doubled = doubled;
        let event = read
            .claims
            .as_ref()
            .and_then(|claims| claims.get("type")?.as_text())
            .filter(|_| read.kind == Kind::Webhook);
        read.good = match event {
            Some(event) => format!("Verified: {event}, signed by {}", keys.whose),
            None => format!("Verified: {}, signed by {}", read.kind.with_article(), keys.whose),
        };
        read.payload = Some(compact.payload);
        read.header = Some(compact.header.json);
        self.finish(verdict, signature, read)
    }

    /// Header, key and signature.
    fn climb_signature(
        &mut self,
        compact: &Compact<'_>,
        keys: &Keys,
        options: &Options,
        read: &mut Read,
    ) -> (TokenVerdict, SignatureState) {
        let header = &compact.header;
        let mut findings = Findings::default();
        let unsigned = unsigned(compact, &mut findings);
        header_faults(header, &mut findings);
        if !unsigned && let Err(why) = algorithm(header, keys) {
            findings.fail(why, "The algorithm is the key's to say, never the token's: find out who made this token");
        }
        if !header.ignored.is_empty() {
            findings.warn(
                format!("It brings its own key ({}), which is ignored", header.ignored.join(", ")),
                "Never take key material from a token: anybody can write it",
            );
        }
        let refused = findings.failed();
        let seen = header.alg().unwrap_or("no alg");
        let seen = header.kid().map_or_else(|| seen.to_owned(), |kid| format!("{seen}, kid {kid}"));
        self.checks.push(findings.into_check("header", None).seen(shorten(seen)));
        if unsigned {
            return (TokenVerdict::Unsigned, SignatureState::NotChecked);
        }
        if refused {
            return (TokenVerdict::NotVerified, SignatureState::NotChecked);
        }
        if keys.origin == Origin::Nobody {
            read.nobody = true;
            let fix = match &read.offer {
                Some(iss) => format!("Check it against its `iss`, {iss}, if that is your Kinde domain"),
                None => "Name the Kinde domain that signed it, or give a JWKS or a PEM public key".to_owned(),
            };
            self.checks.push(Check::fail("key", "Nobody said which Kinde domain signed it", fix));
            return (TokenVerdict::UnknownKey, SignatureState::NotChecked);
        }
        let came = self.climb_key(compact, keys, options);
        if came.1 == SignatureState::Invalid {
            self.signature_fails(compact, keys, options.received, read);
        }
        came
    }

    fn climb_key(&mut self, compact: &Compact<'_>, keys: &Keys, options: &Options) -> (TokenVerdict, SignatureState) {
        let header = &compact.header;
        let unknown = (TokenVerdict::UnknownKey, SignatureState::NotChecked);
        let now = keys.sets.iter().map(|dated| (&dated.set, dated.kept, None));
        let then = keys.of_then(options.received).map(|other| (&other.set, None, Some(other.last_seen)));
        // A key may have been exchanged under its ID: the one that signed counts, before the first that fits.
        let mut hit = None;
        for (set, kept, until) in now.chain(then) {
            let Pick::Found { key, alg } = set.pick(header) else { continue };
            let holds = key.verify(alg, compact.signed, &compact.signature);
            if holds || hit.is_none() {
                hit = Some((set, kept, until, key, alg, holds));
            }
            if holds {
                break;
            }
        }
        let Some((set, kept, until, key, alg, holds)) = hit else {
            let check = no_key(compact, keys);
            self.checks.push(check);
            return unknown;
        };
        let mut findings = Findings::default();
        if let Some(kept) = kept {
            let (why, fix) = keys.trouble.clone().unwrap_or_default();
            // What came earlier is judged now; a moment that a person named is meant for the keys too.
            let now = if options.received.is_some() { options.now } else { options.at };
            findings.warn(
                format!(
                    "Judged by keys last seen {} ago, at {}: {why}",
                    span(now.as_second() - kept.as_second()),
                    rfc3339(kept)
                ),
                fix,
            );
        }
        if header.kid().is_none() {
            findings.warn(
                "It names no key (`kid`); the only key that fits was used",
                "Kinde always writes `kid`: find out who made this token",
            );
        }
        let notes = set.notes.iter().filter(|note| note.contains("private")).cloned().collect::<Vec<_>>();
        if !notes.is_empty() {
            findings.warn(
                format!("The key file holds private parts: {}", notes.join("; ")),
                "Keep only the public key where tokens are checked",
            );
        }
        let mut good = format!("{}, of {}", key.about, keys.whose);
        if key.kid.as_deref().is_some_and(is_sandbox_kid) {
            good.push_str(" (a sandbox key)");
        }
        if let Some(until) = until {
            good.push_str(&format!(
                ", which has taken it back since this arrived; last seen there on {}",
                rfc3339(until)
            ));
        }
        let seen = key.kid.as_deref().unwrap_or("a key without kid");
        self.checks.push(findings.into_check("key", Some(good)).seen(shorten(seen)));
        if holds {
            self.checks.push(Check::pass("signature").seen(alg.name()));
            return (TokenVerdict::Verified, SignatureState::Valid);
        }
        (TokenVerdict::NotVerified, SignatureState::Invalid)
    }
}

/// What could be read, whatever the verdict.
pub(super) struct Read {
    pub(super) header: Option<Json>,
    payload: Option<Vec<u8>>,
    pub(super) claims: Option<Json>,
    payload_fault: String,
    doubled: Doubles,
    pub(super) kind: Kind,
    offer: Option<String>,
    nobody: bool,
    good: String,
    /// What was done to it on its way.
    pub(super) damage: Option<Damage>,
}

impl Read {
    pub(super) fn nothing(options: &Options) -> Self {
        Self {
            header: None,
            payload: None,
            claims: None,
            payload_fault: String::new(),
            doubled: Doubles::default(),
            kind: options.kind.unwrap_or(Kind::Other),
            offer: None,
            nobody: false,
            good: String::new(),
            damage: None,
        }
    }

    pub(super) fn take_payload(&mut self, payload: Vec<u8>) {
        self.take(Payload::of(&payload));
        self.payload = Some(payload);
    }

    fn take(&mut self, payload: Payload) {
        match payload {
            Payload::Claims(claims, doubled) => {
                self.doubled = doubled;
                self.claims = Some(claims);
            }
            Payload::Other(what) => self.payload_fault = what,
        }
    }
}

/// `alg: none` in any spelling, or no signature: comes before every other finding about the header.
fn unsigned(compact: &Compact<'_>, findings: &mut Findings) -> bool {
    let fix = "Never accept it: anybody can write it";
    if let Some(HeaderFault::AlgNone(text)) = compact.header.faults.first() {
        findings.fail(format!("Unsigned: `alg` is {text}"), fix);
        return true;
    }
    if compact.signature.is_empty() {
        findings.fail("Unsigned: the signature is empty", fix);
        return true;
    }
    false
}

/// The header's algorithm, against the key where one is at hand, else against the policy alone.
fn algorithm(header: &Header, keys: &Keys) -> Result<(), String> {
    // A header whose `alg` is missing or no text is refused already.
    let Some(name) = header.alg() else { return Ok(()) };
    match keys.origin {
        Origin::Nobody => {
            Alg::named(name).map(|_| ()).ok_or_else(|| format!("`{name}` is no signature algorithm known here"))
        }
        Origin::Published => jwt::allowed(header, Policy::Published).map(|_| ()),
        Origin::Chosen => jwt::allowed(header, Policy::Chosen).map(|_| ()),
    }?;
    match keys.sets.first().map(|dated| dated.set.pick(header)) {
        Some(Pick::AlgRefused(why)) => Err(why),
        _ => Ok(()),
    }
}
