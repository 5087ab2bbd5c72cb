//! Tokens that came broken: what broke them, and as much of them as can be shown.

use jiff::Timestamp;

use super::claims::kind_of;
use super::damage::{self, Damage};
use super::decode::{Decoded, Keys, Options, SignatureState, TokenVerdict};
use super::judge::{Ladder, Read};
use super::paste;
use super::words::{envelope_words, json_words};
use crate::check::Check;
use crate::jwt::{Compact, EnvelopeFault, Json};

impl Ladder<'_> {
    pub(super) fn unreadable(mut self, why: &str, fix: &str, options: &Options) -> Decoded {
        self.checks.push(Check::fail("envelope", why, fix));
        self.finish(TokenVerdict::Unreadable, SignatureState::NotChecked, Read::nothing(options))
    }

    /// Bytes that are no text.
    pub(super) fn no_text(self, input: &[u8], keys: &Keys, options: &Options) -> Decoded {
        if let Some(damage) = damage::around(input, keys, options.received) {
            return self.damaged(damage, options);
        }
        let utf16 = input.starts_with(&[0xff, 0xfe]) || input.starts_with(&[0xfe, 0xff]);
        let why = if utf16 { "The bytes are UTF-16, a token is plain ASCII" } else { "The bytes are no text" };
        self.unreadable(why, "Give the token as text: three parts with dots between", options)
    }

    /// A token whose envelope is not one.
    pub(super) fn broken(mut self, fault: &EnvelopeFault, keys: &Keys, options: &Options) -> Decoded {
        if !matches!(fault, EnvelopeFault::Encrypted | EnvelopeFault::JsonSerialisation)
            && let Some(damage) = damage::around(self.token.as_bytes(), keys, options.received)
        {
            return self.damaged(damage, options);
        }
        let parts =
            matches!(fault, EnvelopeFault::Parts(_) | EnvelopeFault::Base64 { .. } | EnvelopeFault::HeaderJson(_));
        if let Some((why, fix)) = json_words(self.token).filter(|_| parts) {
            return self.unreadable(why, fix, options);
        }
        let (rung, mut why, fix) = envelope_words(fault);
        let mut read = Read::nothing(options);
        let mut verdict = match fault {
            EnvelopeFault::Encrypted => TokenVerdict::Encrypted,
            _ => TokenVerdict::Unreadable,
        };
        if matches!(fault, EnvelopeFault::Base64 { .. })
            && let Some((header, payload)) = loosely(self.token)
        {
            // It is a token, only a damaged one: shown as far as it goes, never trusted.
            verdict = TokenVerdict::NotVerified;
            read.header = Some(header);
            read.take_payload(payload);
            if let Some(words) = cut_off(self.token, keys, options.received) {
                why = format!("{words}. {why}");
            }
        }
        if rung == "header" {
            self.checks.push(Check::pass("envelope"));
        }
        self.checks.push(Check::fail(rung, why, fix));
        self.finish(verdict, SignatureState::NotChecked, read)
    }

    /// A token that one undoing makes whole. What was received stays what is judged: the rest is only shown.
    fn damaged(mut self, damage: Damage, options: &Options) -> Decoded {
        let mut read = Read::nothing(options);
        if let Ok(compact) = Compact::split(damage.token.expose().as_bytes()) {
            read.header = Some(compact.header.json.clone());
            read.take_payload(compact.payload);
            let typ = compact.header.typ();
            if let (None, Some(claims)) = (options.kind, &read.claims) {
                read.kind = kind_of(claims, typ);
            }
        }
        self.checks.push(Check::fail("envelope", damage.why(), damage.fix()).seen(damage.seen()));
        read.damage = Some(damage);
        self.finish(TokenVerdict::NotVerified, SignatureState::NotChecked, read)
    }

    /// The `signature` check of a token whose key is at hand and did not sign it. `at` is when it arrived, for one that is
    /// judged again.
    pub(super) fn signature_fails(
        &mut self,
        compact: &Compact<'_>,
        keys: &Keys,
        at: Option<Timestamp>,
        read: &mut Read,
    ) {
        if let Some(damage) = damage::within(self.token.as_bytes(), keys, at) {
            self.checks.push(Check::fail("signature", damage.why(), damage.fix()).seen(damage.seen()));
            read.damage = Some(damage);
            return;
        }
        let check = match cut_off(self.token, keys, at) {
            Some(words) => Check::fail(
                "signature",
                words,
                "Copy the whole token again from its source, and see what carries it that cuts it off",
            ),
            None => Check::fail(
                "signature",
                "The signature does not fit: header or payload were changed, or another key signed it",
                "Copy the whole token again from its source. Kinde's body must reach the check byte for byte, before any JSON parser",
            ),
        };
        let alg = compact.header.alg().unwrap_or_default();
        self.checks.push(check.seen(format!("{alg}, {} bytes", compact.signature.len())));
    }
}

/// Said where the end of a signature is missing.
fn cut_off(token: &str, keys: &Keys, at: Option<Timestamp>) -> Option<String> {
    let (there, wanted) = damage::missing_end(token, keys, at)?;
    let limit = damage::limit_of(token.len())
        .map(|what| format!(", and {} characters are what {what} holds", token.len()))
        .unwrap_or_default();
    Some(format!("Its end is missing: {there} of the {wanted} characters of its signature are there{limit}"))
}

/// Header and payload of a damaged token, for showing alone.
fn loosely(token: &str) -> Option<(Json, Vec<u8>)> {
    use base64::Engine as _;
    use base64::alphabet::URL_SAFE;
    use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let engine = GeneralPurpose::new(&URL_SAFE, config);
    let plain =
        paste::without_inner_blanks(token).unwrap_or_else(|| token.to_owned()).replace('+', "-").replace('/', "_");
    let mut parts = plain.split('.');
    let header = Json::parse(&engine.decode(parts.next()?).ok()?).ok()?;
    header.members()?;
    Some((header, engine.decode(parts.next()?).unwrap_or_default()))
}
