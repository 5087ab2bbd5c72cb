//! The signing key of the sandbox tenant: made once, kept as PKCS#8 PEM, published as a JWKS of Kinde's shape.

use std::path::Path;

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self, KeyPair as _, RsaKeyPair, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::error::SandboxError;
use crate::store::write_private;

const FILE: &str = "signing-key.pem";

/// The key of the sandbox, ready to sign.
pub struct SigningKey {
    pair: RsaKeyPair,
    kid: String,
    /// Modulus, big-endian, without leading zero.
    modulus: Vec<u8>,
    /// Public exponent, big-endian.
    exponent: Vec<u8>,
}

/// A key that signs no more and is still published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OldKey {
    /// Its key ID.
    pub kid: String,
    /// The public key, a JWK.
    pub jwk: String,
}

impl OldKey {
    /// The claims of `token` when this key signed it; its times are the caller's business.
    pub fn claims(&self, token: &str) -> Option<Value> {
        let jwk: Value = serde_json::from_str(&self.jwk).ok()?;
        let number = |name: &str| URL_SAFE_NO_PAD.decode(jwk.get(name)?.as_str()?).ok();
        let key = signature::RsaPublicKeyComponents { n: number("n")?, e: number("e")? };
        claims_if(token, |input, signed| key.verify(&signature::RSA_PKCS1_2048_8192_SHA256, input, signed).is_ok())
    }
}

fn make() -> Result<(rcgen::KeyPair, SigningKey), SandboxError> {
    let machine = |reason: &dyn std::fmt::Display| SandboxError::Machine(format!("making a signing key: {reason}"));
    let key = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048)
        .map_err(|error| machine(&error))?;
    let made = SigningKey::of(&key).map_err(|reason| machine(&reason))?;
    Ok((key, made))
}

/// The claims of `token` when `verified` says so of what was signed and the signature.
fn claims_if(token: &str, verified: impl FnOnce(&[u8], &[u8]) -> bool) -> Option<Value> {
    let (input, signed) = token.rsplit_once('.')?;
    let (_, claims) = input.split_once('.')?;
    let signed = URL_SAFE_NO_PAD.decode(signed).ok()?;
    if !verified(input.as_bytes(), &signed) {
        return None;
    }
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}

impl SigningKey {
    /// Reads the key of `dir`, making it (RSA, 2048 bits) where there is none. Blocking, and slow the first time.
    pub fn open(dir: &Path) -> Result<Self, SandboxError> {
        let path = dir.join(FILE);
        let damaged = |reason: String| SandboxError::Damaged { path: path.clone(), reason };
        match std::fs::read_to_string(&path) {
            Ok(pem) => Self::of(&rcgen::KeyPair::from_pem(&pem).map_err(|error| damaged(error.to_string()))?)
                .map_err(|reason| damaged(reason.to_owned())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Self::replace(dir),
            Err(error) => Err(damaged(error.to_string())),
        }
    }

    /// Makes a key and puts it in the place of the one in `dir`. Blocking and slow.
    pub fn replace(dir: &Path) -> Result<Self, SandboxError> {
        let (key, made) = make()?;
        write_private(&dir.join(FILE), key.serialize_pem().as_bytes())?;
        Ok(made)
    }

    /// A key of nobody, published nowhere.
    pub fn stranger() -> Result<Self, SandboxError> {
        make().map(|(_, stranger)| stranger)
    }

    fn of(key: &rcgen::KeyPair) -> Result<Self, &'static str> {
        let pair = RsaKeyPair::from_pkcs8(key.serialized_der()).map_err(|_| "it holds no RSA key")?;
        let (modulus, exponent) = components(pair.public_key().as_ref()).ok_or("its public key is no RSA key")?;
        Ok(Self { kid: kid(pair.public_key().as_ref()), pair, modulus, exponent })
    }

    /// The public key as Kinde writes it: same members, same order.
    pub fn jwk(&self) -> String {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        format!(
            r#"{{"e":"{}","n":"{}","alg":"RS256","kid":"{}","kty":"RSA","use":"sig"}}"#,
            text(&self.exponent),
            text(&self.modulus),
            self.kid
        )
    }

    /// The key set of this key alone.
    pub fn jwks(&self) -> String {
        self.jwks_with(&[])
    }

    /// The key set with `old` keys (JWKs) after this one.
    pub fn jwks_with(&self, old: &[OldKey]) -> String {
        // A rotation that was cut between its two files leaves the signing key among the old ones.
        let old = old.iter().filter(|old| old.kid != self.kid).map(|old| old.jwk.clone());
        format!(r#"{{"keys":[{}]}}"#, std::iter::once(self.jwk()).chain(old).collect::<Vec<_>>().join(","))
    }

    /// This key as one that no longer signs.
    pub fn old(&self) -> OldKey {
        OldKey { kid: self.kid.clone(), jwk: self.jwk() }
    }

    /// Its key ID.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public key, DER `RSAPublicKey`.
    pub fn public_der(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    /// The public key as libraries write it: PEM of an X.509 SubjectPublicKeyInfo, 64 characters a line.
    pub fn public_pem(&self) -> Result<String, SandboxError> {
        let der: PublicKeyX509Der<'_> =
            self.pair.public_key().as_der().map_err(|_| SandboxError::Machine("writing the public key".to_owned()))?;
        let text = base64::engine::general_purpose::STANDARD.encode(der.as_ref());
        let lines: Vec<&str> = text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
        Ok(format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n")))
    }

    /// A signature over `input`.
    pub fn sign_bytes(
        &self,
        encoding: &'static dyn signature::RsaEncoding,
        input: &[u8],
    ) -> Result<Vec<u8>, SandboxError> {
        let mut signed = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(encoding, &SystemRandom::new(), input, &mut signed)
            .map_err(|_| SandboxError::Machine("signing failed".to_owned()))?;
        Ok(signed)
    }

    /// A compact RS256 JWT over `claims`.
    pub fn sign(&self, claims: &Value) -> Result<String, SandboxError> {
        self.sign_text(claims.to_string().as_bytes())
    }

    /// A compact RS256 JWT over a payload, to the byte.
    pub fn sign_text(&self, payload: &[u8]) -> Result<String, SandboxError> {
        let header = json!({"alg": "RS256", "kid": self.kid, "typ": "JWT"});
        let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(payload));
        let signed = self.sign_bytes(&signature::RSA_PKCS1_SHA256, input.as_bytes())?;
        Ok(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signed)))
    }

    /// Whether this key signed `token` (RS256), whatever it says.
    #[cfg(test)]
    pub fn verifies(&self, token: &str) -> bool {
        let Some((input, signed)) = token.rsplit_once('.') else { return false };
        let Ok(signed) = URL_SAFE_NO_PAD.decode(signed) else { return false };
        UnparsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, self.public_der())
            .verify(input.as_bytes(), &signed)
            .is_ok()
    }

    /// The claims of `token` when this key signed it; its times are the caller's business.
    pub fn claims(&self, token: &str) -> Option<Value> {
        claims_if(token, |input, signed| {
            UnparsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, self.public_der())
                .verify(input, signed)
                .is_ok()
        })
    }
}

/// Kinde's shape of a key ID, 16 hex pairs; the first two say "sandbox".
fn kid(public: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, public);
    let pairs = digest.as_ref().iter().take(14).map(|byte| format!("{byte:02x}"));
    ["5a".to_owned(), "bd".to_owned()].into_iter().chain(pairs).collect::<Vec<_>>().join(":")
}

/// Modulus and exponent of a DER `RSAPublicKey` (RFC 8017 A.1.1).
fn components(der: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (0x30, body, _) = element(der)? else { return None };
    let (0x02, modulus, rest) = element(body)? else { return None };
    let (0x02, exponent, _) = element(rest)? else { return None };
    let number = |bytes: &[u8]| bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
    Some((number(modulus), number(exponent)))
}

/// One DER element: tag, content, what follows.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, mut rest) = rest.split_first()?;
    let mut length = usize::from(first);
    if first & 0x80 != 0 {
        length = 0;
        for _ in 0..(first & 0x7f) {
            let (&byte, tail) = rest.split_first()?;
            length = length.checked_mul(256)?.checked_add(usize::from(byte))?;
            rest = tail;
        }
    }
    let (content, tail) = rest.split_at_checked(length)?;
    Some((tag, content, tail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_and_its_own_signature_is_known_again() {
        let dir = tempfile::tempdir().unwrap();
        let key = SigningKey::open(dir.path()).unwrap();
        let token = key.sign(&json!({"sub": "x"})).unwrap();
        let again = SigningKey::open(dir.path()).unwrap();
        assert_eq!(again.jwks(), key.jwks());
        assert_eq!(again.claims(&token).unwrap()["sub"], "x");
        let mut changed = token.into_bytes();
        let middle = changed.len() / 2;
        changed[middle] ^= 1;
        assert!(again.claims(&String::from_utf8(changed).unwrap()).is_none());
    }

    #[test]
    fn the_published_key_has_kindes_shape_and_says_sandbox() {
        let dir = tempfile::tempdir().unwrap();
        let jwks: Value = serde_json::from_str(&SigningKey::open(dir.path()).unwrap().jwks()).unwrap();
        let key = &jwks["keys"][0];
        let kid = key["kid"].as_str().unwrap();
        assert!(kid.starts_with("5a:bd:"), "{kid}");
        assert_eq!(kid.split(':').count(), 16);
        assert!(kid.split(':').all(|pair| pair.len() == 2 && pair.bytes().all(|b| b.is_ascii_hexdigit())));
        assert_eq!(key["e"], "AQAB");
        assert_eq!(URL_SAFE_NO_PAD.decode(key["n"].as_str().unwrap()).unwrap().len(), 256);
    }
}
