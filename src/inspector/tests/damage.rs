//! What relays do to a token, undone one at a time.

use super::*;
use crate::inspector::damage::Change;
use crate::inspector::receiver::sift;
use std::io::Write as _;

/// A body as it was received: nothing is cleaned off.
fn received(bytes: &[u8]) -> Decoded {
    judge(bytes, &acme(), &Options { pasted: false, ..then() })
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn utf16(text: &str) -> Vec<u8> {
    [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
}

/// The received bytes with every change taken back.
fn taken_back(received: &[u8], changes: &[Change]) -> Vec<u8> {
    let mut out = received.to_vec();
    for change in changes.iter().rev() {
        out.splice(change.at..change.at + change.received.len(), change.signed.iter().copied());
    }
    out
}

/// A token as every known mangling leaves it, with words of how it is named and of the culprit.
fn manglings(good: &str) -> Vec<(Vec<u8>, &'static str, &'static str)> {
    use base64::Engine as _;
    let plain = base64::engine::general_purpose::STANDARD.encode(good);
    let (head, tail) = good.split_at(100);
    let wrapped = format!("{head}\r\n {tail}");
    vec![
        (format!("\"{good}\"").into(), "JSON quotes", "smee-client"),
        (format!("\"{good}\"\n").into(), "JSON quotes", "smee-client"),
        (format!(r#"{{"body":"{good}","isBase64Encoded":false}}"#).into(), "JSON object", "express.json()"),
        (format!(r#"{{"{good}":""}}"#).into(), "JSON object", "express.json()"),
        (format!(r#"{{"type":"eyJ.x","a":[{{"payload":"{good}"}}]}}"#).into(), "JSON object", "smee"),
        ([b"\xef\xbb\xbf", good.as_bytes()].concat(), "byte order mark", "Windows"),
        (format!("{good}\n").into(), "at its ends", "line end"),
        (format!("{good}\r\n").into(), "at its ends", "line end"),
        (format!("Bearer {good}").into(), "`Bearer`", "Authorization"),
        (format!("bearer {good}").into(), "`Bearer`", "Authorization"),
        (format!("payload={good}").into(), "form", "urlencoded"),
        (format!("{good}=").into(), "form", "urlencoded"),
        (format!("{good}==").into(), "plain base64", "put it together"),
        (good.replace('.', "%2E").into(), "URL-encoded", "proxy"),
        (good.replacen('.', "%2e", 1).into(), "URL-encoded", "proxy"),
        (format!("\\\"{good}\\\"").into(), "left around", "backslashes"),
        (format!("\"\"{good}\"\"").into(), "left around", "backslashes"),
        (format!("'{good}'").into(), "left around", "backslashes"),
        (wrapped.into(), "inside it", "wrapped the line"),
        (format!("{head}\u{200b}{tail}").into(), "inside it", "wrapped the line"),
        (good.replace('_', "\\_").replace('.', "\\.").into(), "Backslashes stand inside", "Markdown"),
        (format!("{}==", good.replace('-', "+").replace('_', "/")).into(), "plain base64", "put it together"),
        (plain.into(), "base64 once more", "Lambda"),
        (b64(good.as_bytes()).into(), "base64 once more", "Lambda"),
        (gzip(good.as_bytes()), "gzip", "proxy"),
        (utf16(good), "UTF-16", "PowerShell"),
        (format!("{head}=\r\n{tail}").into(), "quoted-printable", "mail"),
        (format!("{:x}\r\n{good}\r\n0\r\n\r\n", good.len()).into(), "chunks", "Transfer-Encoding"),
        (format!("64\r\n{head}\r\n{:x}\r\n{tail}\r\n0\r\n\r\n", tail.len()).into(), "chunks", "Transfer-Encoding"),
    ]
}

#[test]
fn one_known_mangling_is_named_with_its_culprit_and_the_bytes_that_differ() {
    let good = token(WEBHOOK);
    for (bytes, what, culprit) in manglings(&good) {
        let shown = String::from_utf8_lossy(&bytes).into_owned();
        let decoded = received(&bytes);
        expect(&decoded, NotVerified, NotChecked, Some("envelope"));
        let check = decoded.check("envelope").unwrap();
        let (why, fix, seen) =
            (check.why.as_deref().unwrap(), check.fix.as_deref().unwrap(), check.seen.as_deref().unwrap());
        assert!(why.contains(what) && why.ends_with("Without that it verifies"), "{shown}: {why}");
        assert!(fix.contains(culprit) && fix.contains("then it verifies"), "{shown}: {fix}");
        assert!(seen.contains("byte "), "{shown}: {seen}");
        let damage = decoded.damage.as_ref().unwrap();
        assert!(damage.proven && damage.token.expose() == good, "{shown}");
        assert_eq!(taken_back(&bytes, &damage.changes), good.as_bytes(), "{shown}");
        // It is shown, and nothing of what was received is altered.
        assert_eq!((decoded.payload.text(), decoded.kind), (Some(WEBHOOK), Kind::Webhook));
    }
    assert!(received(good.as_bytes()).damage.is_none());
}

#[test]
fn of_a_token_that_opens_something_no_mangling_hides_the_signature_from_what_is_kept() {
    use base64::Engine as _;
    let access = token(ACCESS);
    let (signed, signature) = access.rsplit_once('.').unwrap();
    let mut bodies: Vec<Vec<u8>> = manglings(&access).into_iter().map(|(bytes, ..)| bytes).collect();
    let json = format!(r#"{{"access_token":"{access}","token_type":"bearer"}}"#);
    let plain = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let (front, back) = signature.split_at(100);
    bodies.extend([
        access.replace('.', "=.").into_bytes(),
        format!("{signed}.{front}\r\n {back}").into_bytes(),
        gzip(json.as_bytes()),
        gzip(&gzip(access.as_bytes())),
        gzip(&utf16(&access)),
        plain(&json).into_bytes(),
        plain(&format!("Bearer {access}")).into_bytes(),
        format!("\"{}\"", plain(&access)).into_bytes(),
        format!("token={}", access.replace('.', "%2E")).into_bytes(),
    ]);
    let of_token = |text: &str| -> String { text.chars().filter(char::is_ascii_alphanumeric).collect() };
    for body in bodies {
        let shown = String::from_utf8_lossy(&body);
        let kept = sift(&body).kept.unwrap_or_else(|| panic!("kept whole: {shown}"));
        let kept = of_token(&String::from_utf8(kept).unwrap());
        assert!(kept.contains(&of_token(signed)), "{shown}: what it said is there to be shown");
        let signature = of_token(signature);
        for piece in signature.as_bytes().chunks_exact(10).map(|piece| std::str::from_utf8(piece).unwrap()) {
            assert!(!kept.contains(piece), "{shown}");
        }
    }
    for (body, ..) in manglings(&token(WEBHOOK)) {
        assert!(sift(&body).kept.is_none(), "an event is kept as it came: {}", String::from_utf8_lossy(&body));
    }
}

#[test]
fn the_difference_is_told_in_bytes() {
    let good = token(WEBHOOK);
    let seen = |bytes: &str| received(bytes.as_bytes()).check("envelope").unwrap().seen.clone().unwrap();
    let end = good.len() + 1;
    assert_eq!(seen(&format!("\"{good}\"")), format!("byte 0: 22 (\") was added; byte {end}: 22 (\") was added"));
    assert_eq!(seen(&format!("{good}\r\n")), format!("byte {}: 0d 0a was added", good.len()));
    let dot = good.find('.').unwrap();
    assert_eq!(seen(&good.replacen('.', "%2E", 1)), format!("byte {dot}: 25 32 45 (%2E) in place of 2e (.)"));
}

#[test]
fn without_the_key_a_mangling_is_named_and_not_said_to_verify() {
    let foreign = sign(1, r#"{"alg":"RS256","kid":"k1"}"#, WEBHOOK.as_bytes());
    for keys in [acme(), Keys::nobody()] {
        let decoded = judge(format!("\"{foreign}\"").as_bytes(), &keys, &Options { pasted: false, ..then() });
        expect(&decoded, NotVerified, NotChecked, Some("envelope"));
        let check = decoded.check("envelope").unwrap();
        assert_eq!(check.why.as_deref(), Some("It stands in JSON quotes"));
        assert!(!check.fix.as_ref().unwrap().contains("verifies") && !decoded.damage.unwrap().proven);
    }
}

#[test]
fn two_manglings_at_once_and_what_is_no_token_inside_are_not_guessed_at() {
    let good = token(WEBHOOK);
    for bytes in [gzip(format!("\"{good}\"").as_bytes()), format!("Bearer \"{good}\"").into_bytes(), gzip(b"{}")] {
        let decoded = received(&bytes);
        assert!(decoded.damage.is_none() && decoded.failed.as_deref() == Some("envelope"));
    }
    let several = format!("{good}\n{good}");
    assert!(received(several.as_bytes()).damage.is_none());
}

#[test]
fn a_compressed_body_is_undone_to_a_limit() {
    let bomb = gzip(&vec![b'e'; 64 << 20]);
    assert!(bomb.len() < 1 << 20);
    expect(&received(&bomb), Unreadable, NotChecked, Some("envelope"));
    let long = format!("{}.{}.AAAA", b64(br#"{"alg":"RS256"}"#), "A".repeat(2 << 20));
    expect(&received(&gzip(long.as_bytes())), Unreadable, NotChecked, Some("envelope"));
}

#[test]
fn a_payload_that_was_written_anew_is_named_with_what_changed() {
    let signed = |payload: &str| token(payload);
    let anew = |token: &str, payload: &str| {
        let mut parts: Vec<&str> = token.split('.').collect();
        let payload = b64(payload.as_bytes());
        parts[1] = &payload;
        parts.join(".")
    };
    let go = WEBHOOK.replace("Daniel", r"R\u0026D \u003cx\u003e");
    let slash = WEBHOOK.replace("Daniel", "a/b");
    let value: Value = serde_json::from_str(WEBHOOK).unwrap();
    for (before, after, what) in [
        (go.as_str(), WEBHOOK.replace("Daniel", "R&D <x>"), "were escaped"),
        (&slash, slash.replace("a/b", r"a\/b"), "had no backslash"),
        (WEBHOOK, serde_json::to_string_pretty(&value).unwrap(), "other white space"),
        (WEBHOOK, WEBHOOK.replace(',', ", ").replace("\":", "\": "), "other white space"),
        (WEBHOOK, WEBHOOK.replace("Daniel", r"D\u0061niel"), "other white space"),
        (&go, serde_json::to_string_pretty(&serde_json::from_str::<Value>(&go).unwrap()).unwrap(), "other white space"),
    ] {
        let input = anew(&signed(before), &after);
        for pasted in [true, false] {
            let decoded = judge(input.as_bytes(), &acme(), &Options { pasted, ..then() });
            expect(&decoded, NotVerified, Invalid, Some("signature"));
            let check = decoded.check("signature").unwrap();
            assert!(check.why.as_ref().unwrap().contains(what), "{what}: {check:?}");
            assert!(check.fix.as_ref().unwrap().contains("then it verifies"));
            let damage = decoded.damage.as_ref().unwrap();
            assert_eq!(taken_back(after.as_bytes(), &damage.changes), before.as_bytes());
            // What is shown is what came, not what was signed.
            assert_eq!(decoded.payload.text(), Some(after.as_str()));
        }
    }
    // A changed value is no way of writing the same.
    let forged = anew(&signed(WEBHOOK), &WEBHOOK.replace("Daniel", "Eve"));
    assert!(judged(&forged).damage.is_none());
}

#[test]
fn what_was_done_to_a_kept_event_is_proven_by_the_key_its_tenant_had_not_taken_back_when_it_arrived() {
    let moment = |text: &str| text.parse::<Timestamp>().unwrap();
    // Rotated since.
    let past = OtherKeys {
        name: "acme".to_owned(),
        same_tenant: true,
        set: Arc::clone(&acme().sets[0].set),
        last_seen: moment("2024-05-02T00:00:00Z"),
        good_until: moment("2024-05-02T00:10:00Z"),
    };
    let new = Keys::published("acme.kinde.com", jwks(1, "new").as_bytes(), Issuers::Any);
    let keys = Keys { others: vec![past], ..new };
    let at = |bytes: &str, received: &str| {
        let options = Options { pasted: false, received: Some(moment(received)), ..then() };
        judge(bytes.as_bytes(), &keys, &options)
    };
    let good = token(WEBHOOK);
    let quoted = format!("\"{good}\"");
    let value: Value = serde_json::from_str(WEBHOOK).unwrap();
    let payload = b64(serde_json::to_string_pretty(&value).unwrap().as_bytes());
    let mut parts: Vec<&str> = good.split('.').collect();
    parts[1] = &payload;
    let anew = parts.join(".");
    for (bytes, rung) in [(&quoted, "envelope"), (&anew, "signature")] {
        let decoded = at(bytes, "2024-05-01T07:41:46Z");
        let why = decoded.check(rung).unwrap().why.clone().unwrap();
        assert!(why.ends_with("Without that it verifies"), "{rung}: {why}");
        assert!(decoded.damage.is_some_and(|damage| damage.proven), "{rung}");
        // Arrived when the key was not published any more: it proves nothing.
        let late = at(bytes, "2024-05-02T00:10:01Z");
        assert!(late.damage.is_none_or(|damage| !damage.proven), "{rung}");
    }
    for missing in [1, 2] {
        let decoded = at(&good[..good.len() - missing], "2024-05-01T07:41:46Z");
        assert!(decoded.headline.starts_with("Its end is missing"), "{missing}: {}", decoded.headline);
    }
}

#[test]
fn a_token_that_was_cut_off_says_how_much_is_missing_and_what_cuts_there() {
    let good = token(WEBHOOK);
    let signature = good.len() - good.rfind('.').unwrap() - 1;
    assert_eq!(signature, 342);
    for missing in [1, 2, 3, 4, 40, 341] {
        let decoded = received(&good.as_bytes()[..good.len() - missing]);
        assert_eq!((decoded.verdict, decoded.damage.is_none()), (NotVerified, true), "{missing}");
        let told = format!("Its end is missing: {} of the 342 characters", 342 - missing);
        assert!(decoded.headline.starts_with(&told), "{missing}: {}", decoded.headline);
    }
    // Cut at what a field holds.
    let long = token(&WEBHOOK.replace("Daniel", &"d".repeat(180)));
    assert!(long.rfind('.').unwrap() < 1024 && long.len() > 1024, "{}", long.len());
    let decoded = received(&long.as_bytes()[..1024]);
    assert!(decoded.headline.contains("1024 characters are what a field of 1 KB holds"), "{}", decoded.headline);
}

proptest::proptest! {
    #[test]
    fn undoing_never_panics_and_never_makes_anything_verified(
        bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..80),
        which in 0usize..6,
    ) {
        let starts: [&[u8]; 6] = [b"", b"\x1f\x8b\x08", b"\xff\xfe", b"\xef\xbb\xbf", b"10\r\n", b"{\""];
        let input = [starts[which], &bytes].concat();
        proptest::prop_assert_ne!(received(&input).verdict, Verified);
    }
}
