//! The judge against what others published to test verifiers with. `tests/vectors/README.md` says what is here, what is
//! not and why, and which test answers to which row of the attack list.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test may stop at the first surprise"
)]

use std::path::PathBuf;
use std::sync::OnceLock;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use jiff::Timestamp;
use kinde_panel::check::Verdict;
use kinde_panel::inspector::decode::{Decoded, Issuers, Keys, Options, TokenVerdict, judge};
use kinde_panel::jwt::{Json, KeySet, Policy, encode_base64url as b64};
use serde_json::{Value, json};

fn now() -> Timestamp {
    Timestamp::from_second(1_790_000_000).unwrap()
}

/// As received: nothing around the token is tolerated.
fn received() -> Options {
    Options { pasted: false, ..Options::pasted(now()) }
}

fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap_or_default().to_owned()
}

#[test]
fn the_examples_of_the_rfcs_end_as_the_rfcs_say() {
    let file: Value = serde_json::from_str(include_str!("vectors/rfc.json")).unwrap();
    for case in file["cases"].as_array().unwrap() {
        let keys = Keys::chosen("the example's key", case["jwk"].to_string().as_bytes());
        let decoded = judge(case["token"].as_str().unwrap().as_bytes(), &keys, &received());
        assert_eq!(
            (word(&decoded.verdict).as_str(), word(&decoded.signature).as_str(), decoded.failed.as_deref()),
            (case["verdict"].as_str().unwrap(), case["signature"].as_str().unwrap(), case["failed"].as_str()),
            "{}: {}",
            case["name"],
            decoded.headline
        );
        if case["failed"] == "claims" {
            assert!(decoded.headline.contains("expired"), "{}: {}", case["name"], decoded.headline);
        }
    }
}

/// Every test that the map of the attack list names is there, under that very name.
#[test]
fn the_map_of_rows_names_tests_that_exist() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut source = String::new();
    let mut folders = vec![root.join("src"), root.join("tests")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ext| ext == "rs") {
                source.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let map = std::fs::read_to_string(root.join("tests/vectors/README.md")).unwrap();
    let rows: Vec<&str> =
        map.lines().filter(|line| line.starts_with("| ") && line.as_bytes()[2].is_ascii_digit()).collect();
    let numbers: Vec<usize> = rows.iter().map(|row| row[2..].split(' ').next().unwrap().parse().unwrap()).collect();
    assert_eq!(numbers, (1..=40).collect::<Vec<_>>());
    let mut named = 0;
    for word in
        rows.iter().flat_map(|row| row.split('`').skip(1).step_by(2)).filter(|word| word.matches('_').count() > 2)
    {
        let name = word.rsplit("::").next().unwrap();
        assert!(source.contains(&format!("fn {name}(")), "{word}");
        named += 1;
    }
    assert!(named > 30, "{named}");
    // What needs a suite of others is never all that answers to a row.
    let apart = |name: &str| source.contains(&format!("see tests/vectors/README.md\"]\nfn {name}("));
    let mut beside = 0;
    for row in rows {
        let tests = row.split('`').skip(1).step_by(2).filter(|word| source.contains(&format!("fn {word}(")));
        let (suites, own): (Vec<&str>, Vec<&str>) = tests.partition(|name| apart(name));
        assert!(suites.is_empty() || !own.is_empty(), "{row}");
        beside += suites.len();
    }
    assert_eq!(beside, 3, "rows 3, 9 and 35");
}

/// A folder with checkouts of the suites that are too large, or too foreign, to stand in this project.
fn suite(path: &str) -> PathBuf {
    let folder = std::env::var_os("KINDE_PANEL_VECTORS").expect("KINDE_PANEL_VECTORS: see tests/vectors/README.md");
    let path = PathBuf::from(folder).join(path);
    assert!(path.exists(), "{} is not there: see tests/vectors/README.md", path.display());
    path
}

fn read(path: &str) -> Value {
    serde_json::from_slice(&std::fs::read(suite(path)).unwrap()).unwrap()
}

/// Each case of a Wycheproof file: its group's public key where it has one, else the private one.
fn wycheproof(name: &str, mut each: impl FnMut(u64, &str, &Value, &Value)) {
    let file = read(&format!("wycheproof/testvectors_v1/{name}.json"));
    let mut count = 0;
    for group in file["testGroups"].as_array().unwrap() {
        let key = if group["public"].is_object() { &group["public"] } else { &group["private"] };
        for test in group["tests"].as_array().unwrap() {
            count += 1;
            each(test["tcId"].as_u64().unwrap(), test["result"].as_str().unwrap(), key, test);
        }
    }
    assert_eq!(count, file["numberOfTests"].as_u64().unwrap());
}

/// Cases of `json_web_signature_test` whose label is wrong, and what is right.
///
/// 367 and 370 are byte for byte the valid 357; 372 and 373 have `?` in a segment, which is no base64url; 346 and 350 say
/// PS384 under a key for PS256; 347 and 351 have a key for `ES521`, which is no algorithm.
const WRONG_LABELS: [u64; 8] = [346, 347, 350, 351, 367, 370, 372, 373];

#[test]
#[ignore = "needs a checkout of C2SP/wycheproof: see tests/vectors/README.md"]
fn wycheproof_signatures_end_as_labelled_but_for_the_eight_wrong_labels() {
    let (mut right, mut wrong) = (0, Vec::new());
    wycheproof("json_web_signature_test", |id, result, key, test| {
        let token = test["jws"].as_str().unwrap();
        let decoded = judge(token.as_bytes(), &Keys::chosen("key", key.to_string().as_bytes()), &received());
        let verified = decoded.verdict == TokenVerdict::Verified;
        if verified == (result == "valid") {
            right += 1;
        } else {
            wrong.push(id);
        }
        // Payloads that are no claims are shown as such and fail nothing.
        assert!(!verified || decoded.claims.is_some() || decoded.check("claims").unwrap().verdict == Verdict::Warn);
        // What a tenant publishes verifies RS256 alone.
        let published = Keys::published("tenant", json!({"keys": [key]}).to_string().as_bytes(), Issuers::Any);
        let decoded = judge(token.as_bytes(), &published, &received());
        let alg = decoded.header.as_ref().and_then(|header| header.get("alg")?.as_text().map(str::to_owned));
        assert!(decoded.verdict != TokenVerdict::Verified || alg.as_deref() == Some("RS256"), "{id}");
    });
    println!("{right} as labelled; not as labelled: {wrong:?}");
    assert_eq!(wrong, WRONG_LABELS);
}

#[test]
#[ignore = "needs a checkout of C2SP/wycheproof: see tests/vectors/README.md"]
fn wycheproof_keys_that_are_unsound_verify_nothing() {
    let mut right = 0;
    wycheproof("json_web_key_test", |id, result, key, test| {
        let keys = Keys::chosen("key", key.to_string().as_bytes());
        let decoded = judge(test["jws"].as_str().unwrap().as_bytes(), &keys, &received());
        let verified = decoded.verdict == TokenVerdict::Verified;
        assert_eq!(verified, result == "valid", "{id} {}: {}", test["comment"], decoded.headline);
        right += 1;
    });
    assert_eq!(right, 26);
}

#[test]
#[ignore = "needs a checkout of C2SP/wycheproof: see tests/vectors/README.md"]
fn wycheproof_jwe_are_told_as_encrypted_and_never_verified() {
    let (mut encrypted, mut total) = (0, 0);
    let mut each = |id, result: &str, key: &Value, test: &Value| {
        let Some(token) = test["jwe"].as_str() else { return };
        total += 1;
        for keys in [Keys::nobody(), Keys::chosen("key", key.to_string().as_bytes())] {
            let decoded = judge(token.as_bytes(), &keys, &received());
            assert!(decoded.verdict != TokenVerdict::Verified, "{id}");
            let told = decoded.verdict == TokenVerdict::Encrypted;
            assert!(told || result != "valid", "{id}: {}", decoded.headline);
            encrypted += usize::from(told);
        }
    };
    wycheproof("json_web_encryption_test", &mut each);
    wycheproof("json_web_crypto_test", &mut each);
    println!("{} of {total} told as encrypted", encrypted / 2);
    assert!(total > 150);
}

#[test]
#[ignore = "needs a checkout of C2SP/wycheproof: see tests/vectors/README.md"]
fn wycheproof_crypto_signatures_end_as_labelled() {
    wycheproof("json_web_crypto_test", |id, result, key, test| {
        let Some(token) = test["jws"].as_str() else { return };
        let decoded = judge(token.as_bytes(), &Keys::chosen("key", key.to_string().as_bytes()), &received());
        assert_eq!(decoded.verdict == TokenVerdict::Verified, result == "valid", "{id}: {}", decoded.headline);
    });
}

fn pair() -> &'static RsaKeyPair {
    static PAIR: OnceLock<RsaKeyPair> = OnceLock::new();
    PAIR.get_or_init(|| RsaKeyPair::generate(KeySize::Rsa2048).unwrap())
}

/// A 2048-bit SPKI ends: modulus of 256 bytes, then 02 03 01 00 01.
fn keys(kid: &str) -> Keys {
    let der = pair().public_key().as_der().unwrap();
    let modulus = &der.as_ref()[der.as_ref().len() - 261..der.as_ref().len() - 5];
    let jwk = json!({"kty": "RSA", "kid": kid, "alg": "RS256", "e": "AQAB", "n": b64(modulus)});
    Keys::published("acme", json!({"keys": [jwk]}).to_string().as_bytes(), Issuers::Any)
}

fn signed(header: &[u8], payload: &[u8]) -> Decoded {
    let text = format!("{}.{}", b64(header), b64(payload));
    let mut signature = vec![0; 256];
    pair().sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
    judge(format!("{text}.{}", b64(&signature)).as_bytes(), &keys("k"), &received())
}

#[test]
#[ignore = "needs a checkout of nst/JSONTestSuite: see tests/vectors/README.md"]
fn the_files_of_jsontestsuite_are_shown_unchanged_as_payload_and_never_harm_as_header_or_key_set() {
    let (mut yes, mut no, mut open) = (0, 0, 0);
    for entry in std::fs::read_dir(suite("JSONTestSuite/test_parsing")).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let bytes = std::fs::read(entry.path()).unwrap();
        let decoded = signed(br#"{"alg":"RS256","kid":"k"}"#, &bytes);
        assert_eq!(decoded.verdict, TokenVerdict::Verified, "{name}");
        use base64::Engine as _;
        let shown = base64::engine::general_purpose::STANDARD.decode(decoded.payload.base64()).unwrap();
        assert!(shown == bytes, "{name}");
        match name.chars().next() {
            Some('y') => {
                yes += 1;
                let json = Json::parse(&bytes).unwrap_or_else(|fault| panic!("{name}: {fault}"));
                let theirs: Value = serde_json::from_slice(&bytes).unwrap();
                // Numbers too: read again from what is written, they are the same.
                assert_eq!(serde_json::from_str::<Value>(&json.to_text()).unwrap(), theirs, "{name}");
            }
            Some('n') => {
                no += 1;
                assert!(Json::parse(&bytes).is_err(), "{name} was read");
                assert!(decoded.claims.is_none(), "{name}");
            }
            _ => open += 1,
        }
        // A header of it is refused or signed for by no key; as a key set it is refused.
        assert!(signed(&bytes, b"{}").verdict != TokenVerdict::Verified, "{name}");
        for policy in [Policy::Published, Policy::Chosen] {
            assert!(KeySet::parse(&bytes, policy).is_err(), "{name}");
        }
    }
    assert_eq!((yes, no, open), (95, 188, 35));
}

#[test]
#[ignore = "needs a checkout of minimaxir/big-list-of-naughty-strings: see tests/vectors/README.md"]
fn naughty_strings_are_compared_as_key_ids_and_kept_as_claims() {
    let list = read("big-list-of-naughty-strings/blns.json");
    let list: Vec<&str> = list.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    assert!(list.len() > 500);
    for text in list {
        let decoded = signed(json!({"alg": "RS256", "kid": text}).to_string().as_bytes(), b"{}");
        assert!(matches!(decoded.verdict, TokenVerdict::UnknownKey | TokenVerdict::NotVerified), "{text:?}");
        let claims = json!({"type": text, text: text, "data": {"name": text}}).to_string();
        let decoded = signed(br#"{"alg":"RS256","kid":"k"}"#, claims.as_bytes());
        assert_eq!(decoded.verdict, TokenVerdict::Verified, "{text:?}");
        assert_eq!(decoded.payload.text(), Some(claims.as_str()), "{text:?}");
        let again: Value = serde_json::from_str(&serde_json::to_string(&decoded).unwrap()).unwrap();
        assert_eq!(again["claims"]["data"]["name"], text);
        // A pasted text that is no token never becomes one.
        assert!(judge(text.as_bytes(), &keys("k"), &Options::pasted(now())).verdict != TokenVerdict::Verified);
    }
}
