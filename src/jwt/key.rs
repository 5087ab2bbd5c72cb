//! One verification key: what it is, which algorithms it serves, and the check itself.

use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{self, ParsedPublicKey, RsaParameters, VerificationAlgorithm};
use aws_lc_rs::{digest, hmac};

use super::alg::Alg;
use super::b64::decode_base64url;
use super::der::{Spki, without_zeros};
use super::json::Json;

enum Verifier {
    Public(ParsedPublicKey),
    Hmac(Box<hmac::Key>),
}

/// A key, parsed once for every algorithm it serves.
pub struct Key {
    /// Its ID, where it has one.
    pub kid: Option<String>,
    /// What it is, for people: `RSA 2048`, `EC P-256`, `Ed25519`, `HMAC secret`.
    pub about: String,
    verifiers: Vec<(Alg, Verifier)>,
    /// The bytes of an RSA modulus; 0 for any other key.
    modulus: usize,
    /// A digest of the key itself: two keys may share an ID.
    material: [u8; 32],
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key").field("kid", &self.kid).field("about", &self.about).finish_non_exhaustive()
    }
}

/// What became of one JWK.
pub(super) enum Read {
    /// A key to verify with; the words warn where it holds more than it should.
    Key(Key, Option<String>),
    /// Not for signatures, or of a type not known here: passed over, as RFC 7517 section 5 wants.
    Ignored(String),
    /// Weak or malformed.
    Unsound(String),
}

impl Key {
    /// True where both are the same key under the same ID, for the same algorithms.
    pub fn is_same(&self, other: &Self) -> bool {
        let algs = |key: &Self| key.verifiers.iter().map(|(alg, _)| *alg).collect::<Vec<_>>();
        self.kid == other.kid && self.material == other.material && algs(self) == algs(other)
    }

    /// True where `alg` may be verified with this key.
    pub fn serves(&self, alg: Alg) -> bool {
        self.verifiers.iter().any(|(own, _)| *own == alg)
    }

    /// How many bytes a signature of `alg` by this key has; `None` for an algorithm the key does not serve.
    pub fn signature_len(&self, alg: Alg) -> Option<usize> {
        self.serves(alg).then_some(match alg {
            Alg::Rs256 | Alg::Rs384 | Alg::Rs512 | Alg::Ps256 | Alg::Ps384 | Alg::Ps512 => self.modulus,
            Alg::Es256 | Alg::EdDsa | Alg::Hs512 => 64,
            Alg::Es384 => 96,
            Alg::Es512 => 132,
            Alg::Hs256 => 32,
            Alg::Hs384 => 48,
        })
    }

    /// The names of the algorithms it serves, `RS256, RS384`.
    pub fn algs(&self) -> String {
        self.verifiers.iter().map(|(alg, _)| alg.name()).collect::<Vec<_>>().join(", ")
    }

    /// True where `signature` over `signed` holds under `alg`; false for an algorithm the key does not serve.
    pub fn verify(&self, alg: Alg, signed: &[u8], signature: &[u8]) -> bool {
        self.verifiers.iter().any(|(own, verifier)| {
            *own == alg
                && match verifier {
                    Verifier::Public(key) => key.verify_sig(signed, signature).is_ok(),
                    Verifier::Hmac(key) => hmac::verify(key, signed, signature).is_ok(),
                }
        })
    }

    /// Reads one JWK (RFC 7517).
    pub(super) fn from_jwk(jwk: &Json) -> Read {
        if jwk.members().is_none() {
            return Read::Unsound(format!("a key is {}, not an object", jwk.kind()));
        }
        let text = |name: &str| match jwk.get(name) {
            None => Ok(None),
            Some(Json::Text(text)) => Ok(Some(text.as_str())),
            Some(other) => Err(format!("a key's `{name}` is {}, not a text", other.kind())),
        };
        let fields = (|| Ok((text("kty")?, text("kid")?, text("use")?, text("alg")?, text("crv")?)))();
        let (kty, kid, usage, alg, crv) = match fields {
            Ok(fields) => fields,
            Err(why) => return Read::Unsound(why),
        };
        let label = kid.map_or_else(|| "a key without kid".to_owned(), |kid| format!("key {kid}"));
        let Some(kty) = kty else { return Read::Unsound(format!("{label} has no `kty`")) };
        if let Some(usage) = usage.filter(|usage| *usage != "sig") {
            return Read::Ignored(format!("{label} is for `{usage}`, not for signatures"));
        }
        match jwk.get("key_ops") {
            None => {}
            Some(Json::List(ops)) if ops.iter().any(|op| op.as_text() == Some("verify")) => {}
            Some(_) => return Read::Ignored(format!("{label} is not for `verify`")),
        }
        let only = match alg.map(|name| (name, Alg::named(name))) {
            None => None,
            Some((_, Some(alg))) => Some(alg),
            Some((name, None)) => {
                return Read::Ignored(format!("{label} is for `{name}`, not for a signature known here"));
            }
        };
        let material = match (kty, crv) {
            ("RSA", _) => rsa_from_jwk(jwk),
            ("EC", Some(crv @ ("P-256" | "P-384" | "P-521"))) => ec_from_jwk(jwk, crv),
            ("OKP", Some("Ed25519")) => bytes(jwk, "x").map(Spki::Ed25519),
            ("oct", _) => return hmac_from_jwk(jwk, kid, only, &label),
            ("EC" | "OKP", None) => Err("it has no `crv`".to_owned()),
            ("EC" | "OKP", Some(crv)) => return Read::Ignored(format!("{label} is on the curve {crv}")),
            _ => return Read::Ignored(format!("{label} is of the type {kty}")),
        };
        let private = ["d", "p", "q", "dp", "dq", "qi", "oth"].into_iter().any(|name| jwk.get(name).is_some());
        let warning = private.then(|| format!("{label} holds private members"));
        match material.and_then(|material| Self::public(kid.map(str::to_owned), material, only)) {
            Ok(key) => Read::Key(key, warning),
            Err(why) => Read::Unsound(format!("{label}: {why}")),
        }
    }

    /// A public key for the algorithms of its type and curve, or for `only` one of them.
    pub(super) fn public(kid: Option<String>, material: Spki, only: Option<Alg>) -> Result<Self, String> {
        let (about, possible): (String, Vec<Alg>) = match &material {
            Spki::Rsa { n, e } => {
                sound_rsa(n, e)?;
                let family = [Alg::Rs256, Alg::Rs384, Alg::Rs512, Alg::Ps256, Alg::Ps384, Alg::Ps512];
                (format!("RSA {}", bits(n)), family.to_vec())
            }
            Spki::Ec { curve, .. } => {
                let alg = match *curve {
                    "P-256" => Alg::Es256,
                    "P-384" => Alg::Es384,
                    _ => Alg::Es512,
                };
                (format!("EC {curve}"), vec![alg])
            }
            Spki::Ed25519(_) => ("Ed25519".to_owned(), vec![Alg::EdDsa]),
        };
        let served: Vec<Alg> = possible.into_iter().filter(|alg| only.is_none_or(|only| only == *alg)).collect();
        if served.is_empty() {
            let named = only.map(Alg::name).unwrap_or_default();
            return Err(format!("its `alg` {named} does not go with {about}"));
        }
        let mut verifiers = Vec::new();
        for alg in served {
            verifiers.push((alg, Verifier::Public(parse(&material, alg)?)));
        }
        let modulus = if let Spki::Rsa { n, .. } = &material { n.len() } else { 0 };
        let material = match &material {
            Spki::Rsa { n, e } => fingerprint(&[b"RSA", n, e]),
            Spki::Ec { curve, point } => fingerprint(&[curve.as_bytes(), point]),
            Spki::Ed25519(x) => fingerprint(&[b"Ed25519", x]),
        };
        Ok(Self { kid, about, verifiers, modulus, material })
    }
}

/// A digest over the parts of a key, each with its length.
fn fingerprint(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut out = [0; 32];
    // SHA-256 has 32 bytes.
    out.copy_from_slice(context.finish().as_ref());
    out
}

fn parse(material: &Spki, alg: Alg) -> Result<ParsedPublicKey, String> {
    let rejected = |_| "it is malformed".to_owned();
    match material {
        Spki::Rsa { n, e } => PublicKeyComponents { n, e }.to_parsed_public_key(rsa_parameters(alg)).map_err(rejected),
        Spki::Ec { point, .. } => {
            let algorithm: &'static dyn VerificationAlgorithm = match alg {
                Alg::Es256 => &signature::ECDSA_P256_SHA256_FIXED,
                Alg::Es384 => &signature::ECDSA_P384_SHA384_FIXED,
                _ => &signature::ECDSA_P521_SHA512_FIXED,
            };
            ParsedPublicKey::new(algorithm, point).map_err(|_| "its point is not on its curve".to_owned())
        }
        Spki::Ed25519(x) if x.len() == 32 => ParsedPublicKey::new(&signature::ED25519, x).map_err(rejected),
        Spki::Ed25519(x) => Err(format!("its `x` has {} bytes instead of 32", x.len())),
    }
}

fn rsa_parameters(alg: Alg) -> &'static RsaParameters {
    match alg {
        Alg::Rs384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        Alg::Rs512 => &signature::RSA_PKCS1_2048_8192_SHA512,
        Alg::Ps256 => &signature::RSA_PSS_2048_8192_SHA256,
        Alg::Ps384 => &signature::RSA_PSS_2048_8192_SHA384,
        Alg::Ps512 => &signature::RSA_PSS_2048_8192_SHA512,
        _ => &signature::RSA_PKCS1_2048_8192_SHA256,
    }
}

fn bytes(jwk: &Json, name: &str) -> Result<Vec<u8>, String> {
    match jwk.get(name) {
        Some(Json::Text(text)) => decode_base64url(text.as_bytes()).map_err(|why| format!("its `{name}` has {why}")),
        Some(other) => Err(format!("its `{name}` is {}, not a text", other.kind())),
        None => Err(format!("it has no `{name}`")),
    }
}

fn rsa_from_jwk(jwk: &Json) -> Result<Spki, String> {
    let (n, e) = (bytes(jwk, "n")?, bytes(jwk, "e")?);
    Ok(Spki::Rsa { n: without_zeros(&n).to_vec(), e: without_zeros(&e).to_vec() })
}

fn ec_from_jwk(jwk: &Json, crv: &str) -> Result<Spki, String> {
    let (curve, size) = match crv {
        "P-256" => ("P-256", 32),
        "P-384" => ("P-384", 48),
        _ => ("P-521", 66),
    };
    let mut point = vec![4];
    for name in ["x", "y"] {
        let coordinate = bytes(jwk, name)?;
        if coordinate.len() != size {
            return Err(format!("its `{name}` has {} bytes; {curve} has {size}", coordinate.len()));
        }
        point.extend(coordinate);
    }
    Ok(Spki::Ec { curve, point })
}

/// RFC 7518 section 3.2: a key at least as long as the hash.
fn hmac_from_jwk(jwk: &Json, kid: Option<&str>, only: Option<Alg>, label: &str) -> Read {
    let secret = match bytes(jwk, "k") {
        Ok(secret) => secret,
        Err(why) => return Read::Unsound(format!("{label}: {why}")),
    };
    let family =
        [(Alg::Hs256, hmac::HMAC_SHA256, 32), (Alg::Hs384, hmac::HMAC_SHA384, 48), (Alg::Hs512, hmac::HMAC_SHA512, 64)];
    if let Some(only) = only.filter(|only| !family.iter().any(|(alg, ..)| alg == only)) {
        return Read::Unsound(format!("{label}: its `alg` {} does not go with a symmetric key", only.name()));
    }
    let verifiers: Vec<_> = family
        .into_iter()
        .filter(|(alg, _, least)| only.is_none_or(|only| only == *alg) && secret.len() >= *least)
        .map(|(alg, algorithm, _)| (alg, Verifier::Hmac(Box::new(hmac::Key::new(algorithm, &secret)))))
        .collect();
    if verifiers.is_empty() {
        return Read::Unsound(format!("{label}: its secret has only {} bytes, too few to be safe", secret.len()));
    }
    let material = fingerprint(&[b"oct", &secret]);
    Read::Key(
        Key { kid: kid.map(str::to_owned), about: "HMAC secret".to_owned(), verifiers, modulus: 0, material },
        None,
    )
}

fn bits(n: &[u8]) -> usize {
    n.first().map_or(0, |first| n.len() * 8 - first.leading_zeros() as usize)
}

fn sound_rsa(n: &[u8], e: &[u8]) -> Result<(), String> {
    let size = bits(n);
    if size < 2048 {
        return Err(format!("RSA with {size} bits is too weak; 2048 is the least"));
    }
    if size > 8192 {
        return Err(format!("RSA with {size} bits is more than the 8192 that are read"));
    }
    if e.len() > 8 || e.last().is_none_or(|last| last % 2 == 0) || e == [1] {
        return Err("its RSA exponent is unsafe".to_owned());
    }
    if n.last().is_none_or(|last| last % 2 == 0) {
        return Err("its RSA modulus is even".to_owned());
    }
    if is_roca(n) {
        return Err("it was made by the broken generator of CVE-2017-15361 (ROCA)".to_owned());
    }
    Ok(())
}

/// The fingerprint of CVE-2017-15361: modulo each of these primes, such a modulus is a power of 65537.
fn is_roca(n: &[u8]) -> bool {
    const PRIMES: [u32; 17] = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];
    PRIMES.into_iter().all(|prime| {
        let rest = n.iter().fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % prime);
        let mut power = 1;
        (0..prime).any(|_| {
            power = power * (65537 % prime) % prime;
            power == rest
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_roca_fingerprint_is_a_power_of_65537_modulo_every_prime() {
        // 65537 squared has it by construction; its neighbour has not.
        assert!(is_roca(&4_295_098_369_u64.to_be_bytes()));
        assert!(!is_roca(&4_295_098_371_u64.to_be_bytes()));
    }
}
