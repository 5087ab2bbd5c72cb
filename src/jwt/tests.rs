//! The layer as a whole, with keys made here. What others published to test with is in `tests/vectors.rs`.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaEncoding, RsaKeyPair};
use base64::Engine as _;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn b64(bytes: &[u8]) -> String {
    encode_base64url(bytes)
}

fn rsa() -> &'static RsaKeyPair {
    static KEY: std::sync::OnceLock<RsaKeyPair> = std::sync::OnceLock::new();
    KEY.get_or_init(|| RsaKeyPair::generate(KeySize::Rsa2048).unwrap())
}

/// Modulus and exponent out of the PKCS#1 encoding.
fn rsa_jwk(kid: Option<&str>) -> Value {
    let Some(der::Spki::Rsa { n, e }) = der::rsa_public_key(rsa().public_key().as_ref()) else { panic!("no RSA key") };
    let mut jwk = json!({"kty": "RSA", "n": b64(&n), "e": b64(&e)});
    if let Some(kid) = kid {
        jwk["kid"] = json!(kid);
    }
    jwk
}

fn rsa_token(encoding: &'static dyn RsaEncoding, header: &str, payload: &[u8]) -> String {
    let signed = format!("{}.{}", b64(header.as_bytes()), b64(payload));
    let mut signature = vec![0; rsa().public_modulus_len()];
    rsa().sign(encoding, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
    format!("{signed}.{}", b64(&signature))
}

/// `Ok(true)`: a key was found and the signature holds.
fn check(token: &str, keys: &KeySet) -> Result<bool, String> {
    let compact = Compact::split(token.as_bytes()).map_err(|fault| format!("{fault:?}"))?;
    if !compact.header.faults.is_empty() {
        return Err(format!("{:?}", compact.header.faults));
    }
    match keys.pick(&compact.header) {
        Pick::Found { key, alg } => Ok(key.verify(alg, compact.signed, &compact.signature)),
        other => Err(format!("{other:?}")),
    }
}

fn set(jwks: &Value, policy: Policy) -> Result<KeySet, KeySetFault> {
    KeySet::parse(jwks.to_string().as_bytes(), policy)
}

#[test]
fn every_family_verifies_under_its_own_key_and_not_when_one_bit_is_changed() {
    let chosen = |jwk: Value| set(&jwk, Policy::Chosen).unwrap();
    let rsa_set = chosen(rsa_jwk(None));
    let encodings: [(&str, &'static dyn RsaEncoding); 6] = [
        ("RS256", &signature::RSA_PKCS1_SHA256),
        ("RS384", &signature::RSA_PKCS1_SHA384),
        ("RS512", &signature::RSA_PKCS1_SHA512),
        ("PS256", &signature::RSA_PSS_SHA256),
        ("PS384", &signature::RSA_PSS_SHA384),
        ("PS512", &signature::RSA_PSS_SHA512),
    ];
    for (alg, encoding) in encodings {
        let token = rsa_token(encoding, &format!(r#"{{"alg":"{alg}"}}"#), b"{}");
        assert_eq!(check(&token, &rsa_set), Ok(true), "{alg}");
        let other = token.replacen(&b64(b"{}"), &b64(b"[]"), 1);
        assert_eq!(check(&other, &rsa_set), Ok(false), "{alg}");
    }
    let curves = [
        ("ES256", "P-256", &signature::ECDSA_P256_SHA256_FIXED_SIGNING),
        ("ES384", "P-384", &signature::ECDSA_P384_SHA384_FIXED_SIGNING),
        ("ES512", "P-521", &signature::ECDSA_P521_SHA512_FIXED_SIGNING),
    ];
    for (alg, crv, algorithm) in curves {
        let pair = EcdsaKeyPair::generate(algorithm).unwrap();
        let point = pair.public_key().as_ref();
        let (x, y) = point[1..].split_at((point.len() - 1) / 2);
        let keys = chosen(json!({"kty": "EC", "crv": crv, "x": b64(x), "y": b64(y)}));
        let signed = format!("{}.{}", b64(format!(r#"{{"alg":"{alg}"}}"#).as_bytes()), b64(b"{}"));
        let mut sig = pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap().as_ref().to_vec();
        assert_eq!(check(&format!("{signed}.{}", b64(&sig)), &keys), Ok(true), "{alg}");
        sig[3] ^= 1;
        assert_eq!(check(&format!("{signed}.{}", b64(&sig)), &keys), Ok(false), "{alg}");
        let der = pair.public_key().as_der().unwrap();
        let pem = format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
            base64::engine::general_purpose::STANDARD.encode(der.as_ref())
        );
        assert_eq!(KeySet::parse(pem.as_bytes(), Policy::Chosen).unwrap().keys()[0].about, format!("EC {crv}"));
        let off = json!({"kty": "EC", "crv": crv, "x": b64(x), "y": b64(x)});
        assert!(set(&off, Policy::Chosen).unwrap_err().to_string().contains("not on its curve"));
    }
    let pair = Ed25519KeyPair::generate().unwrap();
    let keys = chosen(json!({"kty": "OKP", "crv": "Ed25519", "x": b64(pair.public_key().as_ref())}));
    let signed = format!("{}.{}", b64(br#"{"alg":"EdDSA"}"#), b64(b"{}"));
    assert_eq!(check(&format!("{signed}.{}", b64(pair.sign(signed.as_bytes()).as_ref())), &keys), Ok(true));
    for (alg, algorithm) in [
        ("HS256", aws_lc_rs::hmac::HMAC_SHA256),
        ("HS384", aws_lc_rs::hmac::HMAC_SHA384),
        ("HS512", aws_lc_rs::hmac::HMAC_SHA512),
    ] {
        let keys = chosen(json!({"kty": "oct", "k": b64(&[7; 64])}));
        let signed = format!("{}.{}", b64(format!(r#"{{"alg":"{alg}"}}"#).as_bytes()), b64(b"{}"));
        let tag = aws_lc_rs::hmac::sign(&aws_lc_rs::hmac::Key::new(algorithm, &[7; 64]), signed.as_bytes());
        assert_eq!(check(&format!("{signed}.{}", b64(tag.as_ref())), &keys), Ok(true), "{alg}");
        let blank = aws_lc_rs::hmac::sign(&aws_lc_rs::hmac::Key::new(algorithm, b""), signed.as_bytes());
        assert_eq!(check(&format!("{signed}.{}", b64(blank.as_ref())), &keys), Ok(false), "{alg}");
    }
}

#[test]
fn a_published_set_serves_rs256_by_exact_key_id_and_nothing_else() {
    let keys = set(&json!({"keys": [rsa_jwk(Some("a:b"))]}), Policy::Published).unwrap();
    let rs256 = |header: &str| rsa_token(&signature::RSA_PKCS1_SHA256, header, b"{}");
    assert_eq!(check(&rs256(r#"{"alg":"RS256","kid":"a:b"}"#), &keys), Ok(true));
    assert_eq!(check(&rs256(r#"{"alg":"RS256"}"#), &keys), Ok(true));
    assert_eq!(check(&rs256(r#"{"alg":"RS256","kid":"A:B"}"#), &keys), Err("UnknownKid".to_owned()));
    let refused =
        [r#"{"alg":"RS512","kid":"a:b"}"#, r#"{"alg":"HS256","kid":"a:b"}"#, r#"{"alg":"rs256","kid":"a:b"}"#];
    for header in refused {
        assert!(check(&rs256(header), &keys).unwrap_err().starts_with("AlgRefused"), "{header}");
    }
}

#[test]
fn the_public_key_as_an_hmac_secret_is_refused_whatever_spelling_of_it_signed() {
    let jwk = rsa_jwk(Some("k"));
    let der = rsa().public_key().as_der().unwrap();
    let base64 = base64::engine::general_purpose::STANDARD.encode(der.as_ref());
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{base64}\n-----END PUBLIC KEY-----");
    let secrets = [
        pem.clone().into_bytes(),
        format!("{pem}\n").into_bytes(),
        der.as_ref().to_vec(),
        jwk.to_string().into_bytes(),
    ];
    let sets = [
        set(&json!({"keys": [jwk.clone()]}), Policy::Published).unwrap(),
        set(&json!({"keys": [jwk]}), Policy::Chosen).unwrap(),
        KeySet::parse(pem.as_bytes(), Policy::Chosen).unwrap(),
    ];
    for secret in secrets {
        let signed = format!("{}.{}", b64(br#"{"alg":"HS256","kid":"k"}"#), b64(b"{}"));
        let tag =
            aws_lc_rs::hmac::sign(&aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &secret), signed.as_bytes());
        for keys in &sets {
            let verdict = check(&format!("{signed}.{}", b64(tag.as_ref())), keys);
            assert!(verdict.as_ref().is_err_and(|why| why.starts_with("AlgRefused")), "{verdict:?}");
        }
    }
}

#[test]
fn unsound_key_sets_are_not_trusted() {
    let good = rsa_jwk(Some("a"));
    let with = |name: &str, value: Value| {
        let mut jwk = good.clone();
        jwk[name] = value;
        json!({"keys": [jwk]})
    };
    let oct = json!({"kty": "oct", "kid": "s", "k": b64(&[1; 64])});
    let short = b64(&[0xff; 128]);
    let unsound = [
        ("mixed", json!({"keys": [good.clone(), oct.clone()]})),
        ("stands twice", json!({"keys": [good.clone(), good.clone()]})),
        ("too weak", with("n", json!(short))),
        ("exponent", with("e", json!("AQ"))),
        ("exponent", with("e", json!("AA"))),
        ("exponent", with("e", json!("Ag"))),
        ("does not go with", with("alg", json!("ES256"))),
        ("does not go with", with("alg", json!("HS256"))),
        ("has no `n`", json!({"keys": [{"kty": "RSA", "e": "AQAB"}]})),
        ("padding", with("e", json!("AQAB=="))),
        ("not a text", with("kid", json!(7))),
        ("too few", json!({"kty": "oct", "k": b64(b"secret")})),
        ("too few", json!({"kty": "oct", "k": ""})),
        ("too few", json!({"kty": "oct", "alg": "HS512", "k": b64(&[1; 63])})),
        ("does not go with", json!({"kty": "oct", "alg": "RS256", "k": b64(&[1; 64])})),
        ("has no `crv`", json!({"kty": "EC", "x": "AA", "y": "AA"})),
        ("P-256 has 32", json!({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"})),
        ("bytes instead of 32", json!({"kty": "OKP", "crv": "Ed25519", "x": "AA"})),
        ("most", json!({"keys": vec![json!({"kty": "x"}); 65]})),
    ];
    for (word, jwks) in unsound {
        let fault = set(&jwks, Policy::Chosen).unwrap_err();
        assert!(matches!(fault, KeySetFault::Unsound(_)) && fault.to_string().contains(word), "{word}: {fault}");
    }
    for published in [with("d", json!("AQAB")), json!({"keys": [oct]})] {
        assert!(set(&published, Policy::Published).unwrap_err().to_string().contains("can sign"));
    }
    assert!(set(&with("d", json!("AQAB")), Policy::Chosen).unwrap().notes[0].contains("private"));
    let doubled = format!(r#"{{"keys":[],"keys":[{good}]}}"#);
    assert!(KeySet::parse(doubled.as_bytes(), Policy::Chosen).unwrap_err().to_string().contains("twice"));
}

#[test]
fn keys_that_are_not_for_signatures_are_passed_over() {
    for (name, value) in
        [("use", json!("enc")), ("key_ops", json!(["encrypt"])), ("alg", json!("RSA-OAEP")), ("kty", json!("new"))]
    {
        let mut jwk = rsa_jwk(Some("a"));
        jwk[name] = value;
        let keys = set(&json!({"keys": [jwk]}), Policy::Published).unwrap();
        assert!(keys.keys().is_empty() && keys.notes.len() == 1, "{name}");
    }
}

#[test]
fn key_files_of_the_wrong_kind_are_named() {
    for (text, word) in [
        ("-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----", "private key"),
        ("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----", "certificate"),
        ("-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----", "damaged"),
        ("-----BEGIN PUBLIC KEY-----\n??\n-----END PUBLIC KEY-----", "base64"),
        ("-----BEGIN PUBLIC KEY-----", "too early"),
        ("<!doctype html>", "not JSON"),
        ("{}", "keys"),
        ("[]", "keys"),
    ] {
        assert!(KeySet::parse(text.as_bytes(), Policy::Chosen).unwrap_err().to_string().contains(word), "{text}");
    }
    assert!(KeySet::parse(rsa_jwk(None).to_string().as_bytes(), Policy::Published).is_err());
}

#[test]
fn without_a_key_id_only_the_single_fitting_key_is_used() {
    let token = rsa_token(&signature::RSA_PKCS1_SHA256, r#"{"alg":"RS256"}"#, b"{}");
    let twice = set(&json!({"keys": [rsa_jwk(Some("a")), rsa_jwk(Some("b"))]}), Policy::Chosen).unwrap();
    assert_eq!(check(&token, &twice), Err("Several(2)".to_owned()));
    let mut only_ps = rsa_jwk(Some("b"));
    only_ps["alg"] = json!("PS256");
    let one = set(&json!({"keys": [rsa_jwk(Some("a")), only_ps]}), Policy::Chosen).unwrap();
    assert_eq!(check(&token, &one), Ok(true));
}

#[test]
fn headers_that_ask_for_more_than_is_understood_are_refused() {
    let keys = set(&rsa_jwk(Some("k")), Policy::Chosen).unwrap();
    for header in [
        r#"{"alg":"RS256","kid":"k","crit":["exp"],"exp":1}"#,
        r#"{"alg":"RS256","kid":"k","crit":[]}"#,
        r#"{"alg":"RS256","kid":"k","crit":null}"#,
        r#"{"alg":"RS256","kid":"k","crit":"b64"}"#,
        r#"{"alg":"RS256","kid":"k","crit":["b64"],"b64":false}"#,
        r#"{"alg":"RS256","kid":"k","b64":true}"#,
        r#"{"alg":"RS256","kid":"k","kid":"k"}"#,
        r#"{"alg":"RS256","kid":"k","x":{"a":1,"a":2}}"#,
        r#"{"alg":"RS256","\u0061lg":"RS256","kid":"k"}"#,
        r#"{"kid":"k"}"#,
        r#"{"alg":["RS256"],"kid":"k"}"#,
        r#"{"alg":"RS256","kid":7}"#,
    ] {
        assert!(check(&rsa_token(&signature::RSA_PKCS1_SHA256, header, b"{}"), &keys).is_err(), "{header}");
    }
    let inline = format!(r#"{{"alg":"RS256","kid":"k","jwk":{},"jku":"https://evil.example/"}}"#, rsa_jwk(None));
    let token = rsa_token(&signature::RSA_PKCS1_SHA256, &inline, b"{}");
    let compact = Compact::split(token.as_bytes()).unwrap();
    assert_eq!(compact.header.ignored, ["jku", "jwk"]);
    let none = set(&json!({"keys": []}), Policy::Chosen).unwrap();
    assert_eq!(check(&token, &none), Err("Empty".to_owned()));
}

#[test]
fn none_in_any_spelling_is_the_first_fault_of_a_header() {
    for alg in ["none", "None", "NONE", "nOnE", " none"] {
        let token = format!("{}.e30.", b64(format!(r#"{{"crit":[],"alg":"RS256","alg":"{alg}"}}"#).as_bytes()));
        let compact = Compact::split(token.as_bytes()).unwrap();
        assert_eq!(compact.header.faults[0], HeaderFault::AlgNone(alg.to_owned()));
    }
}

#[test]
fn envelopes_are_three_strict_parts() {
    let header = b64(br#"{"alg":"RS256"}"#);
    let fault = |token: &str| Compact::split(token.as_bytes()).err();
    assert!(fault(&format!("{header}.e30.AAAA")).is_none());
    assert_eq!(fault(""), Some(EnvelopeFault::Empty));
    assert_eq!(fault("abc"), Some(EnvelopeFault::Parts(1)));
    assert_eq!(fault(&format!("{header}.e30")), Some(EnvelopeFault::Parts(2)));
    assert_eq!(fault(&format!("{header}.e30.AAAA.")), Some(EnvelopeFault::Parts(4)));
    let jwe = b64(br#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#);
    assert_eq!(fault(&format!("{jwe}.a.b.c.d")), Some(EnvelopeFault::Encrypted));
    assert_eq!(fault(&format!("{header}.a.b.c.d")), Some(EnvelopeFault::Parts(5)));
    assert_eq!(fault(&format!("{header}.a.b\n{header}.c.d")), Some(EnvelopeFault::Several(2)));
    assert_eq!(fault(&format!("{jwe}.a.b\n{header}.c.d {header}.e.f")), Some(EnvelopeFault::Several(3)));
    assert_eq!(fault("a.b.c.d.e"), Some(EnvelopeFault::Parts(5)));
    let json = r#"{"payload":"e30","signatures":[{"protected":"e30","signature":""}]}"#;
    assert_eq!(fault(json), Some(EnvelopeFault::JsonSerialisation));
    for broken in [
        format!("{header}=.e30.AAAA"),
        format!("{header}. e30.AAAA"),
        format!("{header}.e30.AAA?"),
        format!("{header}.e30.AAB"),
    ] {
        assert!(matches!(fault(&broken), Some(EnvelopeFault::Base64 { .. })), "{broken}");
    }
    assert!(matches!(fault("Zm9v.e30.AAAA"), Some(EnvelopeFault::HeaderJson(_))));
    assert_eq!(fault("W10.e30.AAAA"), Some(EnvelopeFault::HeaderKind("a list")));
    let huge = vec![b'a'; MAX_TOKEN + 1];
    assert!(matches!(Compact::split(&huge).err(), Some(EnvelopeFault::TooLong(_))));
}

proptest! {
    #[test]
    fn nothing_panics_on_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        drop(Compact::split(&bytes));
        drop(KeySet::parse(&bytes, Policy::Chosen));
        let pem = [b"-----BEGIN PUBLIC KEY-----\n", base64::engine::general_purpose::STANDARD.encode(&bytes).as_bytes(), b"\n-----END PUBLIC KEY-----"].concat();
        drop(KeySet::parse(&pem, Policy::Chosen));
    }

    #[test]
    fn nothing_panics_on_any_header_payload_and_signature(
        header in r#"\{("(alg|kid|crit|jwk)":("none"|"RS256"|1|\[\]|\{\}|null),?){0,4}\}"#,
        payload in proptest::collection::vec(any::<u8>(), 0..40),
        signature in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let keys = set(&json!({"keys": [rsa_jwk(Some("k"))]}), Policy::Published).unwrap();
        let token = format!("{}.{}.{}", b64(header.as_bytes()), b64(&payload), b64(&signature));
        prop_assert_ne!(check(&token, &keys), Ok(true));
    }
}
