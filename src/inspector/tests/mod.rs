//! The ladder as a whole, with tokens signed here, a file a rung.

mod claims;
mod damage;
mod envelope;
mod header;
mod intake;
mod key;
mod signature;

use std::sync::{Arc, OnceLock};

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::decode::{Dated, Decoded, Issuers, Keys, Kind, Options, OtherKeys, SignatureState, TokenVerdict, judge};
use super::{RUNGS, compare};
use crate::check::Verdict;
use crate::jwt::{KeySet, Policy, encode_base64url as b64};

const KID: &str = "4c:fa:9e:d6:47:23:b7:39:c7:8f:97:28:45:a1:84:35";
/// The claims of the one genuine Kinde webhook that is public, in its own order, ids shortened.
const WEBHOOK: &str = r#"{"data":{"user":{"email":"daniel@example.com","first_name":"Daniel","id":"kp_65b2","is_password_reset_requested":false,"is_suspended":false,"last_name":"Rivers","organizations":[{"code":"org_590d7f1a86a","permissions":null,"roles":null}],"phone":null,"username":"daniel"}},"event_id":"event_018f331a3178f7fef284b95fe6770384","source":"admin","timestamp":"2024-05-01T17:41:45.592145+10:00","type":"user.updated"}"#;
const ACCESS: &str = r#"{"aud":[],"azp":"c1","exp":1714550000,"iat":1714546000,"iss":"https://acme.kinde.com","jti":"j","org_code":"org_1","permissions":["read:todos"],"scp":["openid","offline"],"sub":"kp_1"}"#;

fn pair(which: usize) -> &'static RsaKeyPair {
    static PAIRS: [OnceLock<RsaKeyPair>; 2] = [OnceLock::new(), OnceLock::new()];
    PAIRS[which].get_or_init(|| RsaKeyPair::generate(KeySize::Rsa2048).unwrap())
}

/// The JWKS of a pair under `kid`. A 2048-bit SPKI ends: modulus of 256 bytes, then 02 03 01 00 01.
fn jwks(which: usize, kid: &str) -> String {
    let der = pair(which).public_key().as_der().unwrap();
    let der = der.as_ref();
    let modulus = &der[der.len() - 261..der.len() - 5];
    json!({"keys": [{"e": "AQAB", "n": b64(modulus), "alg": "RS256", "kid": kid, "kty": "RSA", "use": "sig"}]})
        .to_string()
}

fn sign(which: usize, header: &str, payload: &[u8]) -> String {
    let signed = format!("{}.{}", b64(header.as_bytes()), b64(payload));
    let mut signature = vec![0; 256];
    pair(which).sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
    format!("{signed}.{}", b64(&signature))
}

fn token(payload: &str) -> String {
    sign(0, &format!(r#"{{"alg":"RS256","kid":"{KID}","typ":"JWT"}}"#), payload.as_bytes())
}

fn acme() -> Keys {
    Keys::published(
        "acme.kinde.com",
        jwks(0, KID).as_bytes(),
        Issuers::These(vec!["https://acme.kinde.com".to_owned()]),
    )
}

fn at(text: &str) -> Options {
    Options::pasted(text.parse().unwrap())
}

/// A minute after [`WEBHOOK`] was signed, and within the life of [`ACCESS`].
fn then() -> Options {
    at("2024-05-01T07:42:45Z")
}

fn judged(input: &str) -> Decoded {
    judge(input.as_bytes(), &acme(), &then())
}

#[track_caller]
fn expect(decoded: &Decoded, verdict: TokenVerdict, signature: SignatureState, failed: Option<&str>) {
    assert_eq!(
        (decoded.verdict, decoded.signature, decoded.failed.as_deref()),
        (verdict, signature, failed),
        "{}",
        decoded.headline
    );
    assert_eq!(decoded.checks.iter().map(|check| check.name.as_str()).collect::<Vec<_>>(), RUNGS);
    assert!(verdict == TokenVerdict::Verified || decoded.failed.is_some());
    for check in decoded.checks.iter().filter(|check| check.verdict == Verdict::Fail) {
        assert!(check.why.is_some() && check.fix.is_some(), "{}", check.name);
    }
}

use SignatureState::{Invalid, NotChecked, Valid};
use TokenVerdict::{Encrypted, NotVerified, UnknownKey, Unreadable, Unsigned, Verified};

#[test]
fn a_genuine_webhook_without_iss_aud_exp_and_iat_verifies() {
    let decoded = judged(&token(WEBHOOK));
    expect(&decoded, Verified, Valid, None);
    assert_eq!(decoded.kind, Kind::Webhook);
    assert_eq!(decoded.payload.text(), Some(WEBHOOK));
    assert!(decoded.is_good() && decoded.checks.iter().all(|check| check.verdict != Verdict::Warn));
    assert_eq!(decoded.headline, "Verified: user.updated, signed by acme.kinde.com");
    let value = serde_json::to_value(&decoded).unwrap();
    assert_eq!(value["claims"], serde_json::from_str::<Value>(WEBHOOK).unwrap());
    let mut names: Vec<_> = value.as_object().unwrap().keys().cloned().collect();
    names.sort();
    let shape = [
        "checks",
        "claims",
        "cleaned",
        "failed",
        "header",
        "kind",
        "payload_b64",
        "payload_text",
        "signature",
        "verdict",
    ];
    assert_eq!(names, shape);
    assert_eq!(
        (&value["verdict"], &value["signature"], &value["kind"]),
        (&json!("verified"), &json!("valid"), &json!("webhook"))
    );
}

#[test]
fn two_tokens_are_compared_claim_by_claim() {
    let left = judged(&token(ACCESS));
    let right = judged(&token(&ACCESS.replace("read:todos", "write:todos").replace("1714546000", "1714546001")));
    let comparison = compare::compare(&left, &right);
    assert_eq!(comparison.headline, "They differ in iat and permissions[0]");
    assert_eq!(compare::compare(&left, &left).headline, "Both say the same");
}
