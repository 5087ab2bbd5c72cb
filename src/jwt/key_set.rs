//! A set of keys: read from a JWKS, one JWK or a PEM public key, judged as a whole, and searched for the key of a token.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::alg::Alg;
use super::der;
use super::header::Header;
use super::json::Json;
use super::key::{Key, Read};

/// The most keys a set may have.
const MAX_KEYS: usize = 64;

/// Who chose the keys, and with that what they may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// A tenant publishes them: public keys alone, RS256 alone. A token that names a key gets that key and no other; one
    /// that names none gets the only key that fits.
    Published,
    /// A person chose the file: every family. As above, but a key without an ID fits whatever key a token names.
    Chosen,
}

/// Why a key set is not trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeySetFault {
    /// Neither JWKS nor JWK nor a PEM public key.
    #[error("{0}")]
    NotKeys(String),
    /// Weak, malformed or contradictory: each finding in words.
    #[error("{}", .0.join("; "))]
    Unsound(Vec<String>),
}

/// A sound key set.
#[derive(Debug)]
pub struct KeySet {
    keys: Vec<Key>,
    policy: Policy,
    /// Keys that were passed over, and members that do not belong there: in words.
    pub notes: Vec<String>,
}

/// What a key set has for a token.
#[derive(Debug)]
pub enum Pick<'a> {
    /// The key, and the algorithm to use with it.
    Found {
        /// The key.
        key: &'a Key,
        /// The algorithm, which the key serves.
        alg: Alg,
    },
    /// The header's algorithm is not allowed: why.
    AlgRefused(String),
    /// No key of that ID.
    UnknownKid,
    /// The token has no ID and this many keys fit.
    Several(usize),
    /// The set has no key at all.
    Empty,
}

impl KeySet {
    /// Reads `text` as JWKS, JWK or (chosen keys only) PEM.
    ///
    /// # Errors
    /// When it is none of them, or unsound.
    pub fn parse(text: &[u8], policy: Policy) -> Result<Self, KeySetFault> {
        let trimmed = text.trim_ascii();
        if policy == Policy::Chosen && trimmed.starts_with(b"-----BEGIN") {
            return pem(trimmed);
        }
        let json = Json::parse(trimmed).map_err(|fault| KeySetFault::NotKeys(format!("not JSON: {fault}")))?;
        let jwks: Vec<&Json> = match (json.get("keys"), json.get("kty")) {
            (Some(Json::List(keys)), _) => keys.iter().collect(),
            (None, Some(_)) if policy == Policy::Chosen => vec![&json],
            _ => return Err(KeySetFault::NotKeys("JSON without a list `keys`".to_owned())),
        };
        let mut unsound: Vec<String> = Some(json.doubles())
            .filter(|doubles| !doubles.is_empty())
            .map(|doubles| doubles.to_string())
            .into_iter()
            .collect();
        if jwks.len() > MAX_KEYS {
            unsound.push(format!("{} keys; {MAX_KEYS} are the most", jwks.len()));
            return Err(KeySetFault::Unsound(unsound));
        }
        let symmetric = jwks.iter().filter(|jwk| jwk.get("kty").and_then(Json::as_text) == Some("oct")).count();
        if symmetric > 0 && policy == Policy::Published {
            unsound.push("a symmetric key is published: whoever reads it can sign".to_owned());
        } else if symmetric > 0 && symmetric < jwks.len() {
            unsound.push("symmetric and public keys are mixed".to_owned());
        }
        let mut kids: Vec<&str> = jwks.iter().filter_map(|jwk| jwk.get("kid").and_then(Json::as_text)).collect();
        kids.sort_unstable();
        let mut twice: Vec<String> = kids
            .windows(2)
            .filter_map(|pair| match pair {
                [a, b] if a == b => Some(format!("the key ID {a} stands twice")),
                _ => None,
            })
            .collect();
        twice.dedup();
        unsound.append(&mut twice);
        let (mut keys, mut notes) = (Vec::new(), Vec::new());
        for jwk in jwks {
            match Key::from_jwk(jwk) {
                Read::Key(_, Some(warning)) if policy == Policy::Published => {
                    unsound.push(format!("{warning}: whoever read them can sign"));
                }
                Read::Key(key, warning) => {
                    keys.push(key);
                    notes.extend(warning);
                }
                Read::Ignored(why) => notes.push(why),
                Read::Unsound(why) => unsound.push(why),
            }
        }
        if unsound.is_empty() { Ok(Self { keys, policy, notes }) } else { Err(KeySetFault::Unsound(unsound)) }
    }

    /// The keys, in order.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// True where both hold the same keys: ID, material and algorithms of each, in any order.
    pub fn same_keys(&self, other: &Self) -> bool {
        let within = |a: &Self, b: &Self| a.keys.iter().all(|key| b.keys.iter().any(|other| key.is_same(other)));
        self.keys.len() == other.keys.len() && within(self, other) && within(other, self)
    }

    /// The key of that exact ID.
    pub fn by_kid(&self, kid: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.kid.as_deref() == Some(kid))
    }

    /// The key for a token with this header.
    pub fn pick(&self, header: &Header) -> Pick<'_> {
        let alg = match allowed(header, self.policy) {
            Ok(alg) => alg,
            Err(why) => return Pick::AlgRefused(why),
        };
        if self.keys.is_empty() {
            return Pick::Empty;
        }
        if let Some(key) = header.kid().and_then(|kid| self.by_kid(kid)) {
            return if key.serves(alg) {
                Pick::Found { key, alg }
            } else {
                Pick::AlgRefused(format!(
                    "the key of that ID ({}) serves {}, not {}",
                    key.about,
                    key.algs(),
                    alg.name()
                ))
            };
        }
        // With an ID in the token only a key without one can be meant, and only where a person chose it.
        let open: Vec<&Key> = match (header.kid(), self.policy) {
            (None, _) => self.keys.iter().collect(),
            (Some(_), Policy::Chosen) => self.keys.iter().filter(|key| key.kid.is_none()).collect(),
            (Some(_), Policy::Published) => Vec::new(),
        };
        let fitting: Vec<&Key> = open.iter().copied().filter(|key| key.serves(alg)).collect();
        match fitting.as_slice() {
            [key] => Pick::Found { key, alg },
            [] if open.is_empty() => Pick::UnknownKid,
            [] => Pick::AlgRefused(format!("no key of the set serves {}", alg.name())),
            several => Pick::Several(several.len()),
        }
    }
}

/// The header's algorithm where `policy` allows it, else why not.
///
/// # Errors
/// In words.
pub fn allowed(header: &Header, policy: Policy) -> Result<Alg, String> {
    let name = header.alg().unwrap_or_default();
    match (Alg::named(name), policy) {
        (None, _) => Err(format!("`{name}` is no signature algorithm known here")),
        (Some(Alg::Rs256), Policy::Published) => Ok(Alg::Rs256),
        (Some(_), Policy::Published) => Err(format!("Kinde signs with RS256 alone, this says {name}")),
        (Some(alg), Policy::Chosen) => Ok(alg),
    }
}

fn pem(text: &[u8]) -> Result<KeySet, KeySetFault> {
    let not = |why: &str| KeySetFault::NotKeys(why.to_owned());
    let text = std::str::from_utf8(text).map_err(|_| not("a PEM file with bytes that are no text"))?;
    let mut keys = Vec::new();
    for block in text.split("-----BEGIN ").skip(1) {
        let (label, rest) = block.split_once("-----").ok_or_else(|| not("a PEM file that ends too early"))?;
        let (body, _) = rest.split_once("-----END ").ok_or_else(|| not("a PEM file that ends too early"))?;
        if label.contains("PRIVATE KEY") {
            return Err(not("a private key; the public key is wanted (openssl pkey -pubout)"));
        }
        if label == "CERTIFICATE" {
            return Err(not("a certificate; its public key is wanted (openssl x509 -pubkey -noout)"));
        }
        let body: String = body.split_ascii_whitespace().collect();
        let der = STANDARD.decode(body).map_err(|_| not("a PEM file whose content is not base64"))?;
        let material = match label {
            "PUBLIC KEY" => der::spki(&der),
            "RSA PUBLIC KEY" => der::rsa_public_key(&der),
            _ => return Err(KeySetFault::NotKeys(format!("a PEM file that holds {label}, not a public key"))),
        };
        let material = material.ok_or_else(|| not("a PEM public key of a kind not known here, or damaged"))?;
        keys.push(
            Key::public(None, material, None).map_err(|why| KeySetFault::Unsound(vec![format!("the key: {why}")]))?,
        );
    }
    Ok(KeySet { keys, policy: Policy::Chosen, notes: Vec::new() })
}
