//! What a body is, found before it is kept: an event, a token that must not be kept whole, or anything else.

use std::ops::Range;

use super::super::claims::kind_of;
use super::super::damage;
use super::super::decode::Kind;
use super::super::reading::{Payload, Reading, Token};
use crate::jwt::{Json, decode_base64url, encode_base64url};
use crate::store::attempts::sha256;

/// What was seen in a body.
#[derive(Clone, Default)]
pub struct Sifted {
    /// `event_id` of the event in it.
    pub event_id: Option<String>,
    /// `type` of the event in it.
    pub event_type: Option<String>,
    /// Whom the event is about.
    pub who: Option<String>,
    /// SHA-256 of what makes the event the same event: its id and its data, however it is written.
    pub content: Option<[u8; 32]>,
    /// The bytes to keep in place of the body, where it holds a token that is no webhook: without its signature.
    pub kept: Option<Vec<u8>>,
    /// What to find it by.
    pub text: String,
}

/// Claims of a token that opens something. A webhook has none of them.
const CREDENTIAL: [&str; 11] =
    ["scope", "scp", "azp", "gty", "sub", "aud", "exp", "iss", "nonce", "at_hash", "permissions"];

/// Undone one after the other, so many manglings may hide a token, and more than one only in so many bytes: a token is no
/// longer than that, and each undoing looks at all of them.
const LAYERS: usize = 2;
const LAYERED: usize = 16 << 10;
/// So many tokens may be hidden in one body, each in another way. Of a body with more nothing is kept.
const HIDDEN: usize = 8;
/// The longest body that is looked at for a JWS in its JSON serialisation.
const SERIALISED: usize = 1 << 20;
/// `{}`, for a JWS without a protected header.
const NO_HEADER: &str = "e30";

/// Looks at `body`, however damaged it is: every run of it that reads as a token counts, and so does what reads as one once
/// what relays are known to do is undone.
pub fn sift(body: &[u8]) -> Sifted {
    sift_read(&Reading::of(body))
}

/// Looks at what was read of a body.
pub fn sift_read(reading: &Reading<'_>) -> Sifted {
    let body = reading.bytes;
    let mut sifted = Sifted::default();
    sifted.kept = match &reading.token {
        Ok(Token { compact, payload: Payload::Claims(claims, _), kind }) => {
            let signature = compact.signed.len() + 1..body.len();
            let cut = sifted.look(*kind, claims, &compact.payload, signature);
            cut.map(|signature| without(body, vec![signature]))
        }
        Ok(_) => None,
        Err(_) => sifted.keep_of(body),
    };
    sifted
}

/// `body` without these parts of it, which stand in order.
fn without(body: &[u8], cut: Vec<Range<usize>>) -> Vec<u8> {
    let mut kept = body.to_vec();
    for range in cut.into_iter().rev() {
        kept.drain(range);
    }
    kept
}

/// What is left of `body` once the mangling is undone that hides a signature in it, and that is taken off. `None`: nothing
/// is hidden in it.
fn bared(body: &[u8], layers: usize) -> Option<Vec<u8>> {
    serialised(body).into_iter().chain(damage::undone(body)).find_map(|inner| {
        let mut cut = Sifted::default().look_everywhere(&inner);
        cut.retain(|signature| !signature.is_empty());
        if !cut.is_empty() {
            return Some(without(&inner, cut));
        }
        (layers > 1 && inner.len() <= LAYERED).then(|| bared(&inner, layers - 1)).flatten()
    })
}

/// The compact forms of what stands in `body` in the JSON serialisation of a JWS (RFC 7515, section 7.2), a line each, and
/// of their signatures only that there is one.
fn serialised(body: &[u8]) -> Option<Vec<u8>> {
    if body.len() > SERIALISED {
        return None;
    }
    let json = Json::parse(body).ok()?;
    let mut tokens = Vec::new();
    compact_forms(&json, &mut tokens);
    // With a comma: where the line ends are taken off, one must not run into the next.
    (!tokens.is_empty()).then(|| tokens.join(",\n").into_bytes())
}

fn compact_forms(json: &Json, out: &mut Vec<String>) {
    match json {
        Json::List(items) => items.iter().for_each(|item| compact_forms(item, out)),
        Json::Object(members) => {
            members.iter().for_each(|(_, value)| compact_forms(value, out));
            let Some(payload) = json.get("payload").and_then(Json::as_text).map(encoded) else { return };
            let many = json.get("signatures").and_then(Json::as_list).unwrap_or_default();
            for signer in std::iter::once(json).chain(many.iter().take(HIDDEN)) {
                let text = |name: &str| signer.get(name).and_then(Json::as_text).filter(|text| !text.is_empty());
                if text("signature").is_some() {
                    let header = text("protected").map_or_else(|| NO_HEADER.to_owned(), encoded);
                    out.push(format!("{header}.{payload}.x"));
                }
            }
        }
        _ => {}
    }
}

/// A part of a JWS in base64url, also where it stands there as it is (RFC 7797) or in plain base64.
fn encoded(part: &str) -> String {
    if part.trim_start().starts_with('{') {
        return encode_base64url(part.as_bytes());
    }
    part.replace('+', "-").replace('/', "_").replace('=', "")
}

/// The runs of characters that a compact token is made of, long enough for one.
fn runs(body: &[u8]) -> Vec<Range<usize>> {
    let of_token = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let mut all = Vec::new();
    let mut start = None;
    for (index, byte) in body.iter().copied().chain([b' ']).enumerate() {
        match (of_token(byte), start) {
            (true, None) => start = Some(index),
            (false, Some(from)) => {
                if index - from > 8 {
                    all.push(from..index);
                }
                start = None;
            }
            _ => {}
        }
    }
    all
}

impl Sifted {
    /// Looks at a body that is no token. Answers what is kept in its place, where not all of it is.
    fn keep_of(&mut self, body: &[u8]) -> Option<Vec<u8>> {
        let cut = self.look_everywhere(body);
        let mut kept = (!cut.is_empty()).then(|| without(body, cut));
        for _ in 0..HIDDEN {
            let Some(inner) = bared(kept.as_deref().unwrap_or(body), LAYERS) else { return kept };
            kept = Some(inner);
        }
        Some(Vec::new())
    }

    /// Looks at all of `body` that reads as a token. Answers which bytes of it must not be kept.
    fn look_everywhere(&mut self, body: &[u8]) -> Vec<Range<usize>> {
        let mut cut = Vec::new();
        for run in runs(body) {
            let mut start = run.start;
            let parts: Vec<Range<usize>> = body
                .get(run)
                .unwrap_or_default()
                .split(|byte| *byte == b'.')
                .map(|part| {
                    let range = start..start + part.len();
                    start = range.end + 1;
                    range
                })
                .collect();
            for three in parts.windows(3) {
                let [header, payload, signature] = three else { continue };
                let object = |range: &Range<usize>| {
                    let bytes = decode_base64url(body.get(range.clone())?).ok()?;
                    Json::parse(&bytes).ok().filter(|json| json.members().is_some()).map(|json| (json, bytes))
                };
                let Some((header, _)) = object(header) else { continue };
                let Some((claims, bytes)) = object(payload) else { continue };
                let kind = kind_of(&claims, header.get("typ").and_then(Json::as_text));
                cut.extend(self.look(kind, &claims, &bytes, signature.clone()));
            }
        }
        cut
    }

    /// Takes what a token tells. Where it opens something, answers which bytes of the body must not be kept.
    fn look(&mut self, kind: Kind, claims: &Json, payload: &[u8], signature: Range<usize>) -> Option<Range<usize>> {
        if kind == Kind::Webhook {
            if self.content.is_none() {
                self.take(claims, payload);
            }
            return None;
        }
        CREDENTIAL.into_iter().any(|name| claims.get(name).is_some()).then_some(signature)
    }

    fn take(&mut self, claims: &Json, payload: &[u8]) {
        let text = |name: &str| claims.get(name).and_then(Json::as_text).map(str::to_owned);
        self.event_id = text("event_id");
        self.event_type = text("type");
        let data = claims.get("data");
        self.who = data.and_then(who);
        let mut signed = String::with_capacity(payload.len());
        signed.push_str(self.event_id.as_deref().unwrap_or_default());
        signed.push('\0');
        data.into_iter().for_each(|data| data.write_canonical(&mut signed));
        self.content = Some(sha256(signed.as_bytes()));
        // It was read as JSON, so it is text.
        self.text = str::from_utf8(payload).unwrap_or_default().to_owned();
    }
}

/// An email address, else an id: the first that stands in the data.
fn who(data: &Json) -> Option<String> {
    ["email", "user_id", "id", "code", "org_code", "customer_id"].into_iter().find_map(|name| find(data, name, 0))
}

fn find(value: &Json, name: &str, depth: u8) -> Option<String> {
    value.members().filter(|_| depth < 3)?;
    let own = value.get(name).and_then(Json::as_text).filter(|text| !text.is_empty());
    own.map(|text| text.chars().take(200).collect()).or_else(|| {
        // Where nothing is nested nothing is looked through.
        let nested = value.members()?.iter().any(|(_, inner)| inner.members().is_some());
        value.by_name().into_iter().filter(|_| nested).find_map(|(_, inner)| find(inner, name, depth + 1))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jwt::encode_base64url as b64;

    fn token(claims: &str) -> String {
        format!("{}.{}.{}", b64(br#"{"alg":"RS256"}"#), b64(claims.as_bytes()), b64(b"signature-canary"))
    }

    #[test]
    fn a_jws_in_json_and_one_in_base64_lose_their_signature_too() {
        let claims = r#"{"scp":["openid"],"azp":"x","sub":"kp_1","exp":9}"#;
        let access = token(claims);
        let canary = b64(b"signature-canary");
        let (header, payload) = (b64(br#"{"alg":"RS256"}"#), b64(claims.as_bytes()));
        let flat = format!(r#"{{"payload":"{payload}","protected":"{header}","signature":"{canary}"}}"#);
        let signer = format!(r#"{{"header":{{"kid":"k"}},"protected":"{header}","signature":"{canary}"}}"#);
        let bare = format!(r#"{{"header":{{"alg":"RS256"}},"signature":"{canary}"}}"#);
        let plain = serde_json::json!({"payload": claims, "protected": header, "signature": canary}).to_string();
        let whole = b64(access.as_bytes());
        let wrapped = whole.as_bytes().chunks(76).map(String::from_utf8_lossy).collect::<Vec<_>>().join("\r\n");
        for body in [
            flat.clone(),
            format!(" {{ \"signatures\": [{bare}, {signer}], \"payload\": \"{payload}\" }}"),
            format!(r#"{{"token":[{flat}]}}"#),
            serde_json::json!(flat).to_string(),
            plain,
            b64(flat.as_bytes()),
            whole.clone(),
            format!("{whole}=="),
            b64(whole.as_bytes()),
            wrapped,
        ] {
            let kept = String::from_utf8(sift(body.as_bytes()).kept.unwrap()).unwrap();
            assert!(!kept.contains("canary") && !kept.contains(&canary), "{body}");
            assert!(kept.contains(&format!("{header}.{payload}.")), "{body}: {kept}");
            assert!(
                sift(kept.as_bytes()).kept.is_none_or(|again| again == kept.as_bytes()),
                "nothing is left to take off"
            );
        }
        let event = flat.replace(&payload, &b64(EVENT.as_bytes()));
        let unsigned = flat.replace(&canary, "");
        for body in [event, unsigned, r#"{"payload":{"sub":"kp_1"},"signature":"x"}"#.to_owned()] {
            assert!(sift(body.as_bytes()).kept.is_none(), "{body}");
        }
    }

    const EVENT: &str = r#"{"type":"user.created","event_id":"event_1","data":{"user":{"id":"kp_1","email":"ada@example.com"}},"timestamp":"t"}"#;

    #[test]
    fn an_event_is_read_whole_or_damaged_and_is_the_same_in_any_order_of_its_members() {
        let one = sift(token(EVENT).as_bytes());
        assert_eq!(one.event_type.as_deref(), Some("user.created"));
        assert_eq!((one.event_id.as_deref(), one.who.as_deref()), (Some("event_1"), Some("ada@example.com")));
        assert!(one.kept.is_none() && one.text.contains("ada@example.com"));
        let turned = r#"{"data":{"user":{"email":"ada@example.com","id":"kp_1"}},"timestamp":"later","event_id":"event_1","type":"user.created"}"#;
        let quoted = sift(format!("\"{}\"\r\n", token(turned)).as_bytes());
        assert_eq!(quoted.content, one.content);
        let other = sift(token(&EVENT.replace("kp_1", "kp_2")).as_bytes());
        assert_ne!(other.content, one.content);
    }

    #[test]
    fn of_a_token_that_is_no_webhook_the_signature_is_never_kept_however_it_came() {
        let access = token(r#"{"scp":["openid"],"azp":"x","sub":"kp_1","exp":9}"#);
        for body in [
            access.clone(),
            format!("Bearer {access}"),
            format!("{{\"access_token\":\"{access}\",\"id_token\":\"{access}\"}}"),
            format!("token={access}&x=1"),
            format!("x.{access}.y"),
        ] {
            let kept = String::from_utf8(sift(body.as_bytes()).kept.unwrap()).unwrap();
            assert!(!kept.contains(&b64(b"signature-canary")), "{body}");
            assert!(kept.contains(&b64(br#"{"alg":"RS256"}"#)), "{body}");
        }
        let disguised = token(&EVENT.replace('{', r#"{"scp":["openid"],"#).replacen(r#"{"scp":["openid"],"#, "{", 0));
        assert!(sift(disguised.as_bytes()).kept.is_some(), "an event with scopes is no event");
        for body in ["", "hello", "a.b.c", "{\"json\": true}", "\u{0}\u{1}"] {
            assert!(sift(body.as_bytes()).kept.is_none());
        }
    }
}
