//! The ladder as a whole, with tokens signed here.

use std::sync::{Arc, OnceLock};

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self, KeyPair as _, RsaKeyPair};
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
    pair(which).sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
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
    assert_eq!(decoded.payload_text.as_deref(), Some(WEBHOOK));
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
fn an_old_webhook_only_warns_and_one_of_the_future_too() {
    for (moment, word) in [("2024-05-01T11:45:00Z", "4 h 03 min"), ("2024-05-01T07:00:00Z", "future")] {
        let decoded = judge(token(WEBHOOK).as_bytes(), &acme(), &at(moment));
        expect(&decoded, Verified, Valid, None);
        let check = decoded.check("freshness").unwrap();
        assert!(check.verdict == Verdict::Warn && check.why.as_ref().unwrap().contains(word), "{check:?}");
    }
    let billing = WEBHOOK.replace("2024-05-01T17:41:45.592145+10:00", "2024-05-01 07:42:00+00");
    assert_eq!(judged(&token(&billing)).check("freshness").unwrap().verdict, Verdict::Pass);
}

#[test]
fn an_access_token_is_told_in_kindes_words() {
    let decoded = judged(&token(ACCESS));
    expect(&decoded, Verified, Valid, None);
    assert_eq!(decoded.kind, Kind::Access);
    let fact = |label: &str| decoded.lens.iter().find(|fact| fact.label == label).unwrap();
    assert_eq!(fact("Permissions").value, "read:todos");
    assert_eq!(fact("Audience").value, "empty");
    assert!(fact("Audience").note.unwrap().contains("No API"));
    assert!(fact("Scopes").note.unwrap().contains("refresh token was given"));
    let offline = judged(&token(&ACCESS.replace("\"offline\"", "\"offline_access\"")));
    assert!(offline.lens.iter().any(|fact| fact.note.is_some_and(|note| note.contains("name others use"))));
    let machine = ACCESS.replace("\"sub\":\"kp_1\"", r#""gty":["client_credentials"]"#);
    assert_eq!(judged(&token(&machine)).kind, Kind::M2m);
    let id = r#"{"at_hash":"x","aud":["c1"],"azp":"c1","exp":1714550000,"iss":"https://acme.kinde.com","sub":"kp_1","email":"a@example.com"}"#;
    assert_eq!(judged(&token(id)).kind, Kind::Id);
    let flags = ACCESS.replace("\"jti\"", r#""feature_flags":{"dark":{"t":"b","v":true}},"jti""#);
    assert!(judged(&token(&flags)).lens.iter().any(|fact| fact.value == "dark = true (boolean)"));
}

#[test]
fn an_expired_or_misissued_token_is_verified_with_claims_failed() {
    let decoded = judge(token(ACCESS).as_bytes(), &acme(), &at("2024-05-02T07:42:45Z"));
    expect(&decoded, Verified, Valid, Some("claims"));
    assert!(decoded.headline.contains("expired 23 h"), "{}", decoded.headline);
    let slash = judged(&token(&ACCESS.replace("acme.kinde.com\"", "acme.kinde.com/\"")));
    expect(&slash, Verified, Valid, None);
    for (from, to, word) in [
        ("https://acme", "https://evil", "`iss` is https://evil.kinde.com"),
        (r#""exp":1714550000,"#, "", "`exp` is missing"),
        (r#""exp":1714550000"#, r#""exp":"1714550000""#, "`exp` is a text"),
        (r#""exp":1714550000"#, r#""exp":true"#, "`exp` is true or false"),
        (r#""exp":1714550000"#, r#""exp":null"#, "`exp` is null"),
        (r#""exp":1714550000"#, r#""exp":[1714550000]"#, "`exp` is a list"),
        (r#""exp":1714550000"#, r#""exp":1e400"#, "no calendar"),
        (r#""exp":1714550000"#, r#""exp":1714550000000"#, "milliseconds"),
        (r#""exp":1714550000"#, r#""exp":-1"#, "expired"),
        (r#""iat":1714546000"#, r#""nbf":1714549999"#, "not valid for another"),
        (r#""aud":[]"#, r#""aud":[1]"#, "`aud` is a list"),
        (r#""scp":["openid","offline"]"#, r#""scp":"openid""#, "`scp` is a text"),
        (r#""sub":"kp_1""#, r#""sub":7"#, "`sub` is a number"),
    ] {
        assert!(ACCESS.contains(from));
        let decoded = judged(&token(&ACCESS.replace(from, to)));
        expect(&decoded, Verified, Valid, Some("claims"));
        assert!(decoded.headline.contains(word), "{word}: {}", decoded.headline);
    }
}

#[test]
fn an_access_token_where_a_webhook_is_wanted_fails_by_its_kind() {
    let forced =
        |payload: &str, kind| judge(token(payload).as_bytes(), &acme(), &Options { kind: Some(kind), ..then() });
    let decoded = forced(ACCESS, Kind::Webhook);
    expect(&decoded, Verified, Valid, Some("claims"));
    assert!(decoded.headline.starts_with("This is an access token, not a webhook"));
    expect(&forced(WEBHOOK, Kind::Access), Verified, Valid, Some("claims"));
    expect(&forced(ACCESS, Kind::Id), Verified, Valid, Some("claims"));
    expect(&forced(ACCESS, Kind::Access), Verified, Valid, None);
}

#[test]
fn unsigned_comes_before_every_other_finding_about_the_header() {
    for alg in ["none", "None", "NONE", "nOnE"] {
        for extra in ["", r#","crit":["x"],"b64":false"#, r#","kid":7,"kid":8"#] {
            for end in ["", "AAAA"] {
                let input = format!(
                    "{}.{}.{end}",
                    b64(format!(r#"{{"alg":"{alg}"{extra}}}"#).as_bytes()),
                    b64(ACCESS.as_bytes())
                );
                let decoded = judged(&input);
                expect(&decoded, Unsigned, NotChecked, Some("header"));
                assert!(decoded.headline.starts_with("Unsigned"), "{}", decoded.headline);
            }
        }
    }
    let signed = token(ACCESS);
    let stripped = &signed[..=signed.rfind('.').unwrap()];
    expect(&judged(stripped), Unsigned, NotChecked, Some("header"));
}

#[test]
fn refused_headers_are_not_verified_though_the_right_key_signed() {
    for extra in [
        r#","crit":["exp"]"#,
        r#","crit":[]"#,
        r#","crit":"x""#,
        r#","crit":null"#,
        r#","b64":false,"crit":["b64"]"#,
        r#","b64":true"#,
        r#","typ":"a","typ":"b""#,
        r#","x":{"y":1,"y":1}"#,
    ] {
        let input = sign(0, &format!(r#"{{"alg":"RS256","kid":"{KID}"{extra}}}"#), WEBHOOK.as_bytes());
        expect(&judged(&input), NotVerified, NotChecked, Some("header"));
    }
    for alg in ["HS256", "ES256", "PS256", "RS512", "rs256", "RSA-OAEP", "", "RS256 "] {
        let input = sign(0, &format!(r#"{{"alg":"{alg}","kid":"{KID}"}}"#), WEBHOOK.as_bytes());
        expect(&judged(&input), NotVerified, NotChecked, Some("header"));
    }
    let kid = "k".repeat(1 << 20);
    expect(
        &judged(&sign(0, &format!(r#"{{"alg":"RS256","kid":"{kid}"}}"#), b"{}")),
        NotVerified,
        NotChecked,
        Some("header"),
    );
}

#[test]
fn key_material_in_the_header_is_named_and_never_used() {
    let foreign: Value = serde_json::from_str(&jwks(1, KID)).unwrap();
    for kid in [KID, "other"] {
        let header = json!({"alg": "RS256", "kid": kid, "jwk": foreign["keys"][0], "jku": "https://evil.example/jwks", "x5u": "https://evil.example", "x5c": []});
        let decoded = judged(&sign(1, &header.to_string(), WEBHOOK.as_bytes()));
        assert!(matches!(decoded.verdict, NotVerified | UnknownKey));
        assert!(decoded.check("header").unwrap().why.as_ref().unwrap().contains("jku, jwk, x5c, x5u"));
    }
}

#[test]
fn hostile_key_ids_are_only_compared() {
    for kid in ["../../dev/null", "' OR 1=1 --", "a\u{0}b", "https://evil.example/", "%00", "|id", "4C:FA"] {
        let header = json!({"alg": "RS256", "kid": kid}).to_string();
        expect(&judged(&sign(0, &header, WEBHOOK.as_bytes())), UnknownKey, NotChecked, Some("key"));
    }
}

#[test]
fn a_changed_token_is_invalid_and_a_foreign_key_of_the_same_id_too() {
    let good = token(WEBHOOK);
    let (head, tail) = good.split_at(good.rfind('.').unwrap() + 1);
    let mut other = tail.to_owned();
    other.replace_range(..1, if tail.starts_with('A') { "B" } else { "A" });
    expect(&judged(&format!("{head}{other}")), NotVerified, Invalid, Some("signature"));
    expect(
        &judged(&sign(1, &format!(r#"{{"alg":"RS256","kid":"{KID}"}}"#), WEBHOOK.as_bytes())),
        NotVerified,
        Invalid,
        Some("signature"),
    );
}

#[test]
fn no_flipped_character_of_a_genuine_token_verifies() {
    let good = token(r#"{"type":"user.deleted","data":{},"event_id":"event_1"}"#);
    for at in 0..good.len() {
        for new in ["A", "_", ".", "=", " "] {
            let mut other = good.clone();
            other.replace_range(at..=at, new);
            if other != good && !(at + 1 == good.len() && new == " ") {
                let verdict = judge(other.as_bytes(), &acme(), &Options { pasted: false, ..then() }).verdict;
                assert_ne!(verdict, Verified, "{at} {new}");
            }
        }
    }
}

#[test]
fn white_space_inside_is_never_removed_and_the_fix_says_so_when_it_would_verify() {
    let good = token(WEBHOOK);
    for at in [3, 40, good.len() - 20] {
        for blank in [" ", "\n", "\r\n", "\u{200b}"] {
            let mut broken = good.clone();
            broken.insert_str(at, blank);
            let decoded = judged(&format!("Bearer {broken}\n"));
            expect(&decoded, NotVerified, NotChecked, Some("envelope"));
            assert!(
                decoded.check("envelope").unwrap().fix.as_ref().unwrap().contains("without it, it verifies"),
                "{at} {blank:?}"
            );
            assert!(decoded.claims.is_some());
        }
    }
    let mut broken = good.replacen("ey", "ey ", 1);
    broken.replace_range(60..61, "_");
    assert!(judged(&broken).check("envelope").unwrap().fix.as_ref().unwrap().contains("Copy it again"));
}

#[test]
fn loose_base64url_is_refused() {
    let good = token(WEBHOOK);
    for broken in
        [format!("{good}="), format!("{good}=="), good.replacen('.', "=.", 1), good.replace('_', "/").replace('-', "+")]
    {
        if broken != good {
            expect(
                &judge(broken.as_bytes(), &acme(), &Options { pasted: false, ..then() }),
                NotVerified,
                NotChecked,
                Some("envelope"),
            );
        }
    }
    let crlf = format!("{good}\r\n");
    expect(
        &judge(crlf.as_bytes(), &acme(), &Options { pasted: false, ..then() }),
        NotVerified,
        NotChecked,
        Some("envelope"),
    );
    expect(&judged(&crlf), Verified, Valid, None);
}

#[test]
fn what_is_no_token_is_named_for_what_it_is() {
    let header = b64(br#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#);
    expect(&judged(&format!("{header}.a.b.c.d")), Encrypted, NotChecked, Some("envelope"));
    let provider = judged("gho_16C7e42F292c6912E7710c838347Ae178B4a");
    expect(&provider, Unreadable, NotChecked, Some("envelope"));
    assert!(provider.headline.contains("provider token") && !provider.headline.contains("16C7"));
    for (garbage, word) in [
        ("", "Nothing"),
        ("   \n", "Nothing"),
        ("hello", "no dots"),
        ("{}", "no dots"),
        ("a.b", "two parts"),
        ("a.b.c.d", "4 parts"),
        ("kp_65b2", "no dots"),
        (r#"{"payload":"e30","protected":"e30","signature":"AA"}"#, "JSON serialisation"),
    ] {
        let decoded = judged(garbage);
        expect(&decoded, Unreadable, NotChecked, Some("envelope"));
        assert!(decoded.headline.contains(word), "{garbage}: {}", decoded.headline);
    }
    expect(&judged("Zm9v.e30.AAAA"), Unreadable, NotChecked, Some("header"));
    expect(&judge(b"\xff\xfeh\0", &acme(), &then()), Unreadable, NotChecked, Some("envelope"));
    expect(&judge(&vec![b'a'; (16 << 20) + 1], &acme(), &then()), Unreadable, NotChecked, Some("envelope"));
}

#[test]
fn several_tokens_in_one_input_are_counted_and_never_taken_for_a_jwe() {
    let (one, two) = (token(WEBHOOK), token(ACCESS));
    for (input, count) in [
        (format!("{one}\n{two}"), 2),
        (format!("{one}\r\n\r\n{two}\r\n"), 2),
        (format!("{one} {two} {one}"), 3),
        (format!("Bearer {one}\nBearer {two}\n"), 2),
    ] {
        let decoded = judged(&input);
        expect(&decoded, Unreadable, NotChecked, Some("envelope"));
        assert_eq!(decoded.headline, format!("Several tokens: {count}"));
        assert!(decoded.check("envelope").unwrap().fix.as_ref().unwrap().contains("--lines"));
    }
    // Five parts that say nothing of an encryption are no JWE either.
    expect(&judged(&format!("{one}.AAAA.AAAA")), Unreadable, NotChecked, Some("envelope"));
}

#[test]
fn a_token_of_no_known_kind_without_an_end_or_an_issuer_warns() {
    let decoded = judged(&token(r#"{"hello":1}"#));
    expect(&decoded, Verified, Valid, None);
    let claims = decoded.check("claims").unwrap();
    assert_eq!(claims.verdict, Verdict::Warn);
    let why = claims.why.as_ref().unwrap();
    assert!(why.contains("`exp`") && why.contains("`iss`"), "{why}");
    let ended = judged(&token(r#"{"exp":1714550000,"iss":"https://acme.kinde.com"}"#));
    assert_eq!((ended.kind, ended.check("claims").unwrap().verdict), (Kind::Other, Verdict::Pass));
    // With keys of a person's own choice there is no issuer to compare with.
    let chosen = judge(token(r#"{"exp":1714550000}"#).as_bytes(), &Keys::chosen("k", jwks(0, KID).as_bytes()), &then());
    assert_eq!(chosen.check("claims").unwrap().verdict, Verdict::Pass);
}

#[test]
fn a_signed_payload_that_is_no_claims_object_is_verified_with_a_warning() {
    let nested = "[".repeat(100_000);
    for payload in [
        &b"foo"[..],
        b"",
        b"[1]",
        b"1",
        b"{\"a\":1,}",
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        br#"{"a":"\ud800"}"#,
        nested.as_bytes(),
    ] {
        let decoded = judged(&sign(0, &format!(r#"{{"alg":"RS256","kid":"{KID}"}}"#), payload));
        expect(&decoded, Verified, Valid, None);
        assert!(decoded.claims.is_none() && decoded.check("claims").unwrap().verdict == Verdict::Warn);
        use base64::Engine as _;
        assert_eq!(base64::engine::general_purpose::STANDARD.decode(&decoded.payload_b64).unwrap(), payload);
    }
}

#[test]
fn doubled_claims_are_verified_but_ambiguous_and_both_stay_in_the_text() {
    let payload = WEBHOOK.replace("\"source\":\"admin\"", r#""source":"admin","source":"api""#);
    let decoded = judged(&token(&payload));
    expect(&decoded, Verified, Valid, Some("claims"));
    assert_eq!(decoded.doubled, ["source"]);
    assert_eq!(decoded.payload_text.as_deref(), Some(payload.as_str()));
    let deep = WEBHOOK.replace("\"username\":\"daniel\"", r#""username":"daniel","\u0075sername":"eve""#);
    assert!(judged(&token(&deep)).headline.contains("data.user.username"));
}

#[test]
fn numbers_are_exact_in_the_payload_text() {
    let payload = r#"{"big":123456789012345678901234567890,"price":1.10,"huge":1e400}"#;
    let decoded = judged(&token(payload));
    assert_eq!(decoded.payload_text.as_deref(), Some(payload));
    assert_eq!(decoded.claims.as_ref().unwrap().to_text(), payload);
    assert!(serde_json::to_string(&decoded).is_ok());
}

#[test]
fn without_keys_it_is_read_and_its_issuer_offered() {
    let decoded = judge(token(ACCESS).as_bytes(), &Keys::nobody(), &then());
    expect(&decoded, UnknownKey, NotChecked, Some("key"));
    assert_eq!(decoded.headline, "Read, not verified. Which Kinde domain signed it?");
    assert_eq!(decoded.offer.as_deref(), Some("https://acme.kinde.com"));
    expect(&judge(token(WEBHOOK).as_bytes(), &Keys::nobody(), &then()), UnknownKey, NotChecked, Some("key"));
}

#[test]
fn a_key_of_another_profile_is_named_and_not_trusted() {
    let other = |same_tenant| OtherKeys {
        name: "acme-production".to_owned(),
        same_tenant,
        set: Arc::new(KeySet::parse(jwks(1, "k1").as_bytes(), Policy::Published).unwrap()),
        last_seen: Timestamp::UNIX_EPOCH,
    };
    let mut keys = acme();
    keys.others = vec![other(false)];
    let foreign = sign(1, r#"{"alg":"RS256","kid":"k1"}"#, WEBHOOK.as_bytes());
    let decoded = judge(foreign.as_bytes(), &keys, &then());
    expect(&decoded, UnknownKey, NotChecked, Some("key"));
    assert!(decoded.headline.contains("acme-production"), "{}", decoded.headline);
    // The same key ID on a token that this key did not sign says nothing about the profile.
    let forged = sign(0, r#"{"alg":"RS256","kid":"k1"}"#, WEBHOOK.as_bytes());
    assert!(!judge(forged.as_bytes(), &keys, &then()).headline.contains("acme-production"));
    keys.others = vec![other(true)];
    assert!(judge(foreign.as_bytes(), &keys, &then()).headline.contains("does so no more"));
}

#[test]
fn what_is_wrong_with_the_chosen_keys_comes_first_and_whose_key_it_is_after_it() {
    let other = |same_tenant| OtherKeys {
        name: "the sandbox".to_owned(),
        same_tenant,
        set: Arc::new(KeySet::parse(jwks(1, "k1").as_bytes(), Policy::Published).unwrap()),
        last_seen: Timestamp::UNIX_EPOCH,
    };
    let foreign = sign(1, r#"{"alg":"RS256","kid":"k1"}"#, WEBHOOK.as_bytes());
    let mut file = Keys::chosen("keys.json", b"<html>");
    file.others = vec![other(false)];
    let decoded = judge(foreign.as_bytes(), &file, &then());
    expect(&decoded, UnknownKey, NotChecked, Some("key"));
    assert!(decoded.headline.starts_with("keys.json holds no keys: not JSON"), "{}", decoded.headline);
    assert!(decoded.headline.ends_with("It was signed with a key of the sandbox"), "{}", decoded.headline);
    assert!(decoded.check("key").unwrap().fix.as_ref().unwrap().starts_with("Give a JWKS"));
    let mut gone = acme();
    gone.sets.clear();
    gone.trouble = Some(("acme.kinde.com has no address".to_owned(), "Check its spelling".to_owned()));
    gone.others = vec![other(true)];
    let decoded = judge(foreign.as_bytes(), &gone, &then());
    expect(&decoded, UnknownKey, NotChecked, Some("key"));
    assert!(decoded.headline.starts_with("acme.kinde.com has no address"), "{}", decoded.headline);
    assert!(decoded.headline.contains("was published by acme.kinde.com until 1970-01-01"), "{}", decoded.headline);
}

#[test]
fn sandbox_keys_are_named() {
    let sandbox = "5a:bd:00:00:00:00:00:00:00:00:00:00:00:00:00:01";
    let input = sign(1, &format!(r#"{{"alg":"RS256","kid":"{sandbox}"}}"#), WEBHOOK.as_bytes());
    assert!(judged(&input).headline.contains("sandbox key"));
    let keys = Keys::published("the sandbox", jwks(1, sandbox).as_bytes(), Issuers::Loopback);
    let decoded = judge(input.as_bytes(), &keys, &then());
    expect(&decoded, Verified, Valid, None);
    assert!(decoded.lens.iter().any(|fact| fact.value == "the sandbox"));
    let header = format!(r#"{{"alg":"RS256","kid":"{sandbox}"}}"#);
    let local = ACCESS.replace("https://acme.kinde.com", "http://127.0.0.1:4567");
    expect(&judge(sign(1, &header, local.as_bytes()).as_bytes(), &keys, &then()), Verified, Valid, None);
    expect(&judge(sign(1, &header, ACCESS.as_bytes()).as_bytes(), &keys, &then()), Verified, Valid, Some("claims"));
}

#[test]
fn kept_keys_judge_while_the_tenant_is_out_of_reach_and_their_age_is_told() {
    let mut keys = acme();
    keys.trouble = Some(("acme.kinde.com did not answer".to_owned(), "Try again".to_owned()));
    let set = keys.sets[0].set.clone();
    keys.sets = vec![Dated { set, kept: Some("2024-04-28T07:42:45Z".parse().unwrap()) }];
    let decoded = judge(token(WEBHOOK).as_bytes(), &keys, &then());
    expect(&decoded, Verified, Valid, None);
    let key = decoded.check("key").unwrap();
    assert!(key.verdict == Verdict::Warn && key.why.as_ref().unwrap().contains("3 days ago"), "{key:?}");
    keys.sets.clear();
    let decoded = judge(token(WEBHOOK).as_bytes(), &keys, &then());
    expect(&decoded, UnknownKey, NotChecked, Some("key"));
    assert_eq!(decoded.headline, "acme.kinde.com did not answer");
}

#[test]
fn a_missing_key_id_warns_with_one_fitting_key_and_fails_with_several() {
    let input = sign(0, r#"{"alg":"RS256"}"#, WEBHOOK.as_bytes());
    let decoded = judged(&input);
    expect(&decoded, Verified, Valid, None);
    assert_eq!(decoded.check("key").unwrap().verdict, Verdict::Warn);
    let (one, two): (Value, Value) =
        (serde_json::from_str(&jwks(0, "a")).unwrap(), serde_json::from_str(&jwks(1, "b")).unwrap());
    let both = json!({"keys": [one["keys"][0], two["keys"][0]]}).to_string();
    expect(
        &judge(input.as_bytes(), &Keys::chosen("both.json", both.as_bytes()), &then()),
        UnknownKey,
        NotChecked,
        Some("key"),
    );
}

#[test]
fn unusable_key_files_are_a_failing_key_check() {
    let (one, input) = (serde_json::from_str::<Value>(&jwks(0, KID)).unwrap(), token(WEBHOOK));
    let twice = json!({"keys": [one["keys"][0], one["keys"][0]]}).to_string();
    for text in [twice.as_str(), "<html>", "", "{}", r#"{"keys":[]}"#] {
        expect(
            &judge(input.as_bytes(), &Keys::chosen("keys.json", text.as_bytes()), &then()),
            UnknownKey,
            NotChecked,
            Some("key"),
        );
    }
    let secret = json!({"kty": "oct", "k": b64(&[7; 32])}).to_string();
    expect(
        &judge(input.as_bytes(), &Keys::chosen("secret.json", secret.as_bytes()), &then()),
        NotVerified,
        NotChecked,
        Some("header"),
    );
}

#[test]
fn a_pasted_request_is_judged_by_its_body_and_its_content_type_told() {
    let request = |kind: &str| {
        format!("POST /hooks HTTP/1.1\r\nContent-Type: {kind}\r\nwebhook-id: w1\r\n\r\n{}\r\n", token(WEBHOOK))
    };
    let decoded = judged(&request("application/jwt"));
    expect(&decoded, Verified, Valid, None);
    assert_eq!(decoded.check("transport").unwrap().verdict, Verdict::Pass);
    assert_eq!(judged(&request("application/json")).check("transport").unwrap().verdict, Verdict::Warn);
    assert_eq!(judged(&token(WEBHOOK)).check("transport").unwrap().verdict, Verdict::Skipped);
}

#[test]
fn two_tokens_are_compared_claim_by_claim() {
    let left = judged(&token(ACCESS));
    let right = judged(&token(&ACCESS.replace("read:todos", "write:todos").replace("1714546000", "1714546001")));
    let comparison = compare::compare(&left, &right);
    assert_eq!(comparison.headline, "They differ in iat and permissions[0]");
    assert_eq!(compare::compare(&left, &left).headline, "Both say the same");
}

#[test]
fn every_pasted_byte_string_gets_a_verdict() {
    let good = token(WEBHOOK);
    for end in 0..good.len() {
        assert_ne!(judged(&good[..end]).verdict, Verified, "{end}");
    }
    for byte in 0..=255u8 {
        let mut bytes = good.clone().into_bytes();
        bytes[50] = byte;
        drop(judge(&bytes, &acme(), &then()));
    }
}
