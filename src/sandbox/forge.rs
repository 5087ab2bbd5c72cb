//! Forgeries and faults that a receiver must not take for a genuine webhook, each made on demand from a real payload.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RSA_PSS_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::{Value, json};

use super::delivery::publish::JWT;
use super::error::SandboxError;
use super::keys::SigningKey;

/// One forgery.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Forgery {
    /// Its name on the command line.
    pub name: &'static str,
    /// What is wrong with it.
    pub what: &'static str,
    #[serde(skip)]
    make: Make,
}

/// What is sent.
pub struct Forged {
    /// The body.
    pub body: Vec<u8>,
    /// Its content type.
    pub content_type: &'static str,
}

type Make = fn(&Parts<'_>) -> Result<Vec<u8>, SandboxError>;

/// What a forgery is made of.
struct Parts<'a> {
    key: &'a SigningKey,
    claims: &'a Value,
}

impl Parts<'_> {
    fn header(&self) -> Value {
        json!({"alg": "RS256", "kid": self.key.kid(), "typ": "JWT"})
    }

    /// The header with `changes` in it.
    fn with(&self, changes: &Value) -> Value {
        let mut header = self.header();
        if let (Some(header), Some(changes)) = (header.as_object_mut(), changes.as_object()) {
            header.extend(changes.clone());
        }
        header
    }

    fn input(&self, header: &str, payload: &str) -> String {
        format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload))
    }

    /// Signed with the right key, whatever header and payload say.
    fn right(&self, header: &str, payload: &str) -> Result<Vec<u8>, SandboxError> {
        let input = self.input(header, payload);
        let signature = self.key.sign_bytes(&RSA_PKCS1_SHA256, input.as_bytes())?;
        Ok(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)).into_bytes())
    }

    fn right_header(&self, changes: &Value) -> Result<Vec<u8>, SandboxError> {
        self.right(&self.with(changes).to_string(), &self.claims.to_string())
    }

    fn right_claims(&self, changes: &Value) -> Result<Vec<u8>, SandboxError> {
        let mut claims = self.claims.clone();
        if let (Some(claims), Some(changes)) = (claims.as_object_mut(), changes.as_object()) {
            claims.extend(changes.clone());
        }
        self.right(&self.header().to_string(), &claims.to_string())
    }

    /// Signed with the key of nobody.
    fn stranger(&self, changes: &Value, jwk: Option<&str>) -> Result<Vec<u8>, SandboxError> {
        let stranger = SigningKey::stranger()?;
        let mut header = self.with(changes);
        if let (Some(name), Some(members)) = (jwk, header.as_object_mut()) {
            let set: Value = serde_json::from_str(&stranger.jwks()).unwrap_or_default();
            members.insert(name.to_owned(), set.pointer("/keys/0").cloned().unwrap_or_default());
        }
        let input = self.input(&header.to_string(), &self.claims.to_string());
        let signature = stranger.sign_bytes(&RSA_PKCS1_SHA256, input.as_bytes())?;
        Ok(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)).into_bytes())
    }

    fn hmac(&self, secret: &[u8]) -> Vec<u8> {
        let input = self.input(&self.with(&json!({"alg": "HS256"})).to_string(), &self.claims.to_string());
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), input.as_bytes());
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(tag)).into_bytes()
    }

    fn genuine(&self) -> Result<String, SandboxError> {
        self.key.sign(self.claims)
    }

    fn none(&self, alg: &str) -> Vec<u8> {
        let header = json!({"alg": alg, "typ": "JWT"});
        format!("{}.", self.input(&header.to_string(), &self.claims.to_string())).into_bytes()
    }
}

/// Texts of a payload that stand for somebody or something: whoever reads the changed one finds nothing odd about it.
const CHANGED: [&str; 3] = ["sub", "event_id", "jti"];

impl Parts<'_> {
    /// The claims with one letter of one text changed: JSON of the same shape, so that nothing but the signature tells.
    fn altered(&self) -> Value {
        let mut claims = self.claims.clone();
        let member = CHANGED
            .iter()
            .find(|name| claims.get(**name).is_some_and(|it| it.as_str().is_some_and(|it| !it.is_empty())));
        let Some(text) = member.and_then(|name| claims.get_mut(*name)) else {
            if let Some(claims) = claims.as_object_mut() {
                claims.insert("jti".to_owned(), "1".into());
            }
            return claims;
        };
        let mut letters = text.as_str().unwrap_or_default().to_owned();
        // A digit that IDs in hexadecimal have too.
        let last = if letters.pop() == Some('0') { '1' } else { '0' };
        letters.push(last);
        *text = letters.into();
        claims
    }

    /// A genuine token whose payload was exchanged for the altered one.
    fn exchanged(&self) -> Result<Vec<u8>, SandboxError> {
        let genuine = self.genuine()?;
        let (signed, signature) = genuine.rsplit_once('.').unwrap_or_default();
        let (header, _) = signed.split_once('.').unwrap_or_default();
        let altered = self.altered();
        if altered == *self.claims {
            return Ok(flipped(&genuine, 1));
        }
        Ok(format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(altered.to_string())).into_bytes())
    }
}

/// The genuine token with one letter of part `part` (0 to 2) changed.
fn flipped(token: &str, part: usize) -> Vec<u8> {
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    if let Some(text) = parts.get_mut(part) {
        let middle = text.len() / 2;
        let letter = if text.get(middle..=middle) == Some("A") { "B" } else { "A" };
        text.replace_range(middle..=middle, letter);
    }
    parts.join(".").into_bytes()
}

macro_rules! forgeries {
    ($($name:literal, $what:literal, $make:expr;)*) => {
        &[$(Forgery { name: $name, what: $what, make: $make }),*]
    };
}

static FORGERIES: &[Forgery] = forgeries![
    "alg-none", "Unsigned: alg none, no signature", |p| Ok(p.none("none"));
    "alg-none-spelled", "Unsigned: alg nOnE, for readers that compare letters", |p| Ok(p.none("nOnE"));
    "no-signature", "RS256 in the header and an empty signature", |p| {
        Ok(format!("{}.", p.input(&p.header().to_string(), &p.claims.to_string())).into_bytes())
    };
    "blank-hmac", "HS256 with an empty secret", |p| Ok(p.hmac(b""));
    "key-confusion", "HS256 with the tenant's public key (its JWK as text) as the secret", |p| {
        Ok(p.hmac(p.key.jwks().as_bytes()))
    };
    "key-confusion-der", "HS256 with the tenant's public key (DER) as the secret", |p| Ok(p.hmac(p.key.public_der()));
    "key-confusion-pem", "HS256 with the tenant's public key (PEM, as libraries write it) as the secret", |p| {
        Ok(p.hmac(p.key.public_pem()?.as_bytes()))
    };
    "other-key", "Signed by a key of nobody under the tenant's key ID", |p| p.stranger(&json!({}), None);
    "unknown-kid", "Signed by a key of nobody under a key ID of its own", |p| {
        p.stranger(&json!({"kid": "00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff"}), None)
    };
    "inline-jwk", "Brings the key that signed it in the header (jwk)", |p| p.stranger(&json!({}), Some("jwk"));
    "jku", "Names an address for its key in the header (jku)", |p| {
        p.stranger(&json!({"jku": "http://127.0.0.1:9/jwks.json"}), None)
    };
    "x5u", "Names an address for its certificate in the header (x5u)", |p| {
        p.stranger(&json!({"x5u": "http://127.0.0.1:9/cert.pem"}), None)
    };
    "kid-path", "A key ID that is a path", |p| p.stranger(&json!({"kid": "../../../../dev/null"}), None);
    "kid-sql", "A key ID that is a piece of SQL", |p| p.stranger(&json!({"kid": "x' OR '1'='1"}), None);
    "no-kid", "Genuine, without a key ID", |p| {
        p.right(&json!({"alg": "RS256", "typ": "JWT"}).to_string(), &p.claims.to_string())
    };
    "tampered-payload", "A genuine token with one letter of its payload changed", |p| p.exchanged();
    "tampered-signature", "A genuine token with one letter of its signature changed", |p| Ok(flipped(&p.genuine()?, 2));
    "crit", "The right key over a header with an unknown critical member", |p| {
        p.right_header(&json!({"crit": ["exp-policy"], "exp-policy": 1}))
    };
    "b64", "The right key over a header with b64 false (RFC 7797)", |p| {
        p.right_header(&json!({"crit": ["b64"], "b64": false}))
    };
    "duplicate-header", "The right key over a header that names alg twice", |p| {
        let header = format!(r#"{{"alg":"none","alg":"RS256","kid":"{}","typ":"JWT"}}"#, p.key.kid());
        p.right(&header, &p.claims.to_string())
    };
    "duplicate-claim", "The right key over a payload that names type twice", |p| {
        let claims = p.claims.to_string();
        let rest = claims.strip_prefix('{').unwrap_or_default();
        p.right(&p.header().to_string(), &format!(r#"{{"type":"user.deleted",{rest}"#))
    };
    "rs512", "The right key with RS512, which no tenant uses", |p| {
        let input = p.input(&p.with(&json!({"alg": "RS512"})).to_string(), &p.claims.to_string());
        let signature = p.key.sign_bytes(&RSA_PKCS1_SHA512, input.as_bytes())?;
        Ok(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)).into_bytes())
    };
    "ps256", "The right key with PS256, which no tenant uses", |p| {
        let input = p.input(&p.with(&json!({"alg": "PS256"})).to_string(), &p.claims.to_string());
        let signature = p.key.sign_bytes(&RSA_PSS_SHA256, input.as_bytes())?;
        Ok(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)).into_bytes())
    };
    "stale", "Genuine, with a timestamp of 1999: a replay", |p| {
        p.right_claims(&json!({"timestamp": "1999-12-31T23:59:59.000Z", "event_timestamp": "1999-12-31T23:59:59.000Z"}))
    };
    "expired", "The right key over a payload with an exp long past", |p| p.right_claims(&json!({"exp": 946_684_800}));
    "exp-text", "The right key over a payload whose exp is a text", |p| p.right_claims(&json!({"exp": "1"}));
    "wrong-issuer", "The right key over a payload with another tenant as iss", |p| {
        p.right_claims(&json!({"iss": "https://other.kinde.com"}))
    };
    "access-token", "An access token of the tenant, posted as a webhook", |p| {
        let claims = json!({"aud": [], "azp": "client", "exp": 4_102_444_800_i64, "gty": ["client_credentials"], "iat": 946_684_800, "iss": "https://sandbox.invalid", "jti": "1", "scope": "read:users", "scp": ["read:users"], "v": "2"});
        p.right(&p.header().to_string(), &claims.to_string())
    };
    "not-json", "The right key over a payload that is no JSON", |p| p.right(&p.header().to_string(), "foo");
    "deep", "The right key over a payload nested 1,000 deep", |p| {
        p.right(&p.header().to_string(), &format!("{}{}", "[".repeat(1000), "]".repeat(1000)))
    };
    "huge", "The right key over a payload of 2 MiB", |p| p.right_claims(&json!({"padding": "x".repeat(2 << 20)}));
    "padded", "A genuine token with base64 padding", |p| Ok(format!("{}==", p.genuine()?).into_bytes());
    "white-space", "A genuine token with a blank inside", |p| Ok(p.genuine()?.replacen('.', ".\n", 1).into_bytes());
    "quoted", "A genuine token in JSON quotes", |p| Ok(format!("\"{}\"", p.genuine()?).into_bytes());
    "two-parts", "A genuine token without its signature part", |p| {
        Ok(p.genuine()?.rsplit_once('.').map(|(rest, _)| rest.as_bytes().to_vec()).unwrap_or_default())
    };
    "jwe", "Five parts, as an encrypted token has", |p| {
        let header = json!({"alg": "RSA-OAEP-256", "enc": "A256GCM", "kid": p.key.kid()});
        Ok(format!("{}.AAAA.AAAA.AAAA", p.input(&header.to_string(), &p.claims.to_string())).into_bytes())
    };
    "empty", "No body at all", |_| Ok(Vec::new());
    "plain-json", "The payload as plain JSON, as before mid-2024", |p| Ok(p.claims.to_string().into_bytes());
];

/// Every forgery.
pub fn forgeries() -> &'static [Forgery] {
    FORGERIES
}

/// The forgery of a name.
pub fn find(name: &str) -> Option<&'static Forgery> {
    FORGERIES.iter().find(|forgery| forgery.name == name)
}

impl Forgery {
    /// Makes it of `claims`.
    pub fn make(&self, key: &SigningKey, claims: &Value) -> Result<Forged, SandboxError> {
        let body = (self.make)(&Parts { key, claims })?;
        let content_type = if self.name == "plain-json" { "application/json" } else { JWT };
        Ok(Forged { body, content_type })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::samples;

    /// Those whose signature is the tenant's own: something else about them is wrong.
    const SIGNED: [&str; 12] = [
        "no-kid",
        "crit",
        "b64",
        "duplicate-header",
        "duplicate-claim",
        "stale",
        "expired",
        "exp-text",
        "wrong-issuer",
        "access-token",
        "deep",
        "huge",
    ];

    #[test]
    fn every_forgery_can_be_made_and_only_those_that_say_so_bear_the_right_signature() {
        let dir = tempfile::tempdir().unwrap();
        let key = SigningKey::open(dir.path()).unwrap();
        let claims = samples::sample("user.created").unwrap().following(None, jiff::Timestamp::UNIX_EPOCH).0;
        for forgery in forgeries() {
            let forged = forgery.make(&key, &claims).unwrap();
            let verifies = String::from_utf8(forged.body).is_ok_and(|token| key.verifies(&token));
            assert_eq!(verifies, SIGNED.contains(&forgery.name) || forgery.name == "not-json", "{}", forgery.name);
        }
    }

    #[test]
    fn a_changed_payload_is_json_of_the_same_shape_so_that_nothing_but_the_signature_tells() {
        let dir = tempfile::tempdir().unwrap();
        let key = SigningKey::open(dir.path()).unwrap();
        let event = samples::sample("user.created").unwrap().following(None, jiff::Timestamp::UNIX_EPOCH).0;
        for (claims, changed) in [
            (event, "event_id"),
            (json!({"sub": "kp_10", "jti": "5", "exp": 1}), "sub"),
            (json!({"sub": "", "jti": "é"}), "jti"),
            (json!({"a": 1}), "jti"),
        ] {
            let body = find("tampered-payload").unwrap().make(&key, &claims).unwrap().body;
            let token = String::from_utf8(body).unwrap();
            let parts: Vec<&str> = token.split('.').collect();
            let genuine = key.sign(&claims).unwrap();
            assert!(genuine.starts_with(&format!("{}.", parts[0])) && genuine.ends_with(&format!(".{}", parts[2])));
            assert!(!key.verifies(&token));
            let seen: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
            let mut back = seen.clone();
            assert_ne!(seen[changed], claims[changed], "{seen}");
            assert!(seen[changed].is_string(), "{seen}");
            match claims.get(changed) {
                Some(value) => back[changed] = value.clone(),
                None => drop(back.as_object_mut().unwrap().remove(changed)),
            }
            assert_eq!(back, claims, "nothing else is changed");
        }
    }
}
