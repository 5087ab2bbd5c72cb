//! What a token comes wrapped in, and what is no token at all.

use super::*;

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
                decoded.check("envelope").unwrap().fix.as_ref().unwrap().contains("then it verifies"),
                "{at} {blank:?}"
            );
            assert!(decoded.claims.is_some());
        }
    }
    let mut broken = good.replacen("ey", "ey ", 1);
    broken.replace_range(60..61, "_");
    assert!(!judged(&broken).check("envelope").unwrap().fix.as_ref().unwrap().contains("verifies"));
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
        ("{}", "An empty JSON object"),
        (r#"{"type":"user.created","data":{"user":{"email":"a.b@c.d"}}}"#, "an event as JSON and no JWT"),
        (r#" {"type":"user.created","event_id":"event_1"} "#, "an event as JSON and no JWT"),
        (r#"{"keys":[]}"#, "a key set as JSON"),
        (r#"[{"a":"1.2.3"}]"#, "This is JSON and no JWT"),
        (r#"{"a":"1.2"}"#, "This is JSON and no JWT"),
        ("{a.b", "two parts"),
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
