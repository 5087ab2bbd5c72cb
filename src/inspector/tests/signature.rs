//! Whether the signature holds, and under nothing but the signed bytes.

use super::*;
use proptest::prelude::*;

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

proptest! {
    /// The size is proptest's own: `tests/run --long judge` sets `PROPTEST_CASES`.
    #[test]
    fn no_changed_byte_of_a_signed_token_verifies(at in any::<prop::sample::Index>(), byte: u8, pasted: bool) {
        static GOOD: OnceLock<String> = OnceLock::new();
        let good = GOOD.get_or_init(|| token(WEBHOOK)).as_bytes();
        let mut bytes = good.to_vec();
        bytes[at.index(good.len())] = byte;
        if bytes != good {
            let decoded = judge(&bytes, &acme(), &Options { pasted, ..then() });
            prop_assert_ne!(decoded.verdict, Verified);
            prop_assert!(decoded.failed.is_some());
        }
    }

    #[test]
    fn no_cut_out_or_doubled_stretch_of_a_signed_token_verifies(
        from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>(), doubled: bool,
    ) {
        let good = token(ACCESS);
        let (from, to) = (from.index(good.len()), to.index(good.len()));
        let (from, to) = (from.min(to), from.max(to) + 1);
        let other = if doubled {
            format!("{}{}{}", &good[..to], &good[from..to], &good[to..])
        } else {
            format!("{}{}", &good[..from], &good[to..])
        };
        prop_assert_ne!(judge(other.as_bytes(), &acme(), &Options { pasted: false, ..then() }).verdict, Verified);
    }

    #[test]
    fn any_bytes_get_a_verdict_and_none_of_them_verifies(bytes in prop::collection::vec(any::<u8>(), 0..400), pasted: bool) {
        let decoded = judge(&bytes, &acme(), &Options { pasted, ..then() });
        prop_assert!(decoded.verdict != Verified && decoded.failed.is_some());
        prop_assert_eq!(decoded.checks.len(), RUNGS.len());
    }

    #[test]
    fn any_likely_text_gets_a_verdict(
        text in r#"(Bearer |curl |"|'|\{|\}|\[|eyJhbGciOiJSUzI1NiJ9|eyJhbGciOiJub25lIn0|e30|\.|=|:|&|#|%2E|%22|https://a/| |\r\n|POST / HTTP/1\.1\n\n|\\|é|\x00|AAAA){0,14}"#,
        pasted: bool,
    ) {
        prop_assert_ne!(judge(text.as_bytes(), &acme(), &Options { pasted, ..then() }).verdict, Verified);
    }

    #[test]
    fn any_signed_header_and_payload_get_a_verdict(
        header in r#"\{("(alg|kid|typ|crit|jwk|b64|x)":("none"|"RS256"|"HS256"|1|1e400|\[\]|\{"a":1\}|null|"\\u0000"),?){0,5}\}"#,
        payload in r#"\{("(exp|nbf|iat|iss|aud|type|data|timestamp|event_id|scp|permissions|gty|feature_flags)":("x"|1|-1e400|99999999999999|\[\]|\[\[1\]\]|\{"a":\{\}\}|null|true),?){0,8}\}"#,
    ) {
        let decoded = judged(&sign(0, &header, payload.as_bytes()));
        prop_assert_eq!(decoded.verdict == Verified, decoded.signature == Valid);
        prop_assert!(serde_json::to_string(&decoded).is_ok());
    }
}
