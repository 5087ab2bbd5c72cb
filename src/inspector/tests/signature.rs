//! Whether the signature holds, and under nothing but the signed bytes.

use super::*;

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
