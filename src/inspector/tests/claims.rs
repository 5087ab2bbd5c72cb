//! Types, times, issuer, kind, age, and payloads that are no claims.

use super::*;

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
    let lens = decoded.lens();
    let fact = |label: &str| lens.iter().find(|fact| fact.label == label).unwrap();
    assert_eq!(fact("Permissions").value, "read:todos");
    assert_eq!(fact("Audience").value, "empty");
    assert!(fact("Audience").note.unwrap().contains("No API"));
    assert!(fact("Scopes").note.unwrap().contains("refresh token was given"));
    let offline = judged(&token(&ACCESS.replace("\"offline\"", "\"offline_access\"")));
    assert!(offline.lens().iter().any(|fact| fact.note.is_some_and(|note| note.contains("name others use"))));
    let machine = ACCESS.replace("\"sub\":\"kp_1\"", r#""gty":["client_credentials"]"#);
    assert_eq!(judged(&token(&machine)).kind, Kind::M2m);
    let id = r#"{"at_hash":"x","aud":["c1"],"azp":"c1","exp":1714550000,"iss":"https://acme.kinde.com","sub":"kp_1","email":"a@example.com"}"#;
    assert_eq!(judged(&token(id)).kind, Kind::Id);
    let flags = ACCESS.replace("\"jti\"", r#""feature_flags":{"dark":{"t":"b","v":true}},"jti""#);
    assert!(judged(&token(&flags)).lens().iter().any(|fact| fact.value == "dark = true (boolean)"));
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
fn a_webhook_that_names_another_tenant_as_its_issuer_fails_though_the_key_is_this_ones() {
    let naming = |iss: &str| token(&WEBHOOK.replace("\"source\"", &format!("\"iss\":\"{iss}\",\"source\"")));
    let mixed = judged(&naming("https://evil.kinde.com"));
    expect(&mixed, Verified, Valid, Some("claims"));
    assert_eq!((mixed.kind, mixed.headline.contains("`iss` is https://evil.kinde.com")), (Kind::Webhook, true));
    for iss in ["https://acme.kinde.com", "https://acme.kinde.com/"] {
        expect(&judged(&naming(iss)), Verified, Valid, None);
    }
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
        assert_eq!(base64::engine::general_purpose::STANDARD.decode(decoded.payload.base64()).unwrap(), payload);
    }
}

#[test]
fn doubled_claims_are_verified_but_ambiguous_and_both_stay_in_the_text() {
    let payload = WEBHOOK.replace("\"source\":\"admin\"", r#""source":"admin","source":"api""#);
    let decoded = judged(&token(&payload));
    expect(&decoded, Verified, Valid, Some("claims"));
    assert_eq!(decoded.doubled, ["source"]);
    assert_eq!(decoded.payload.text(), Some(payload.as_str()));
    let deep = WEBHOOK.replace("\"username\":\"daniel\"", r#""username":"daniel","\u0075sername":"eve""#);
    assert!(judged(&token(&deep)).headline.contains("data.user.username"));
}

#[test]
fn numbers_are_exact_in_the_payload_text() {
    let payload = r#"{"big":123456789012345678901234567890,"price":1.10,"huge":1e400}"#;
    let decoded = judged(&token(payload));
    assert_eq!(decoded.payload.text(), Some(payload));
    assert_eq!(decoded.claims.as_ref().unwrap().to_text(), payload);
    assert!(serde_json::to_string(&decoded).is_ok());
}

#[test]
fn a_claim_of_any_wrong_type_fails_and_is_named() {
    let values = [
        ("a text", r#""1""#),
        ("a number", "1"),
        ("a number", "1e400"),
        ("true or false", "true"),
        ("null", "null"),
        ("a list", "[1]"),
        ("an object", r#"{"a":1}"#),
    ];
    let fitting: [(&str, &[&str]); 15] = [
        ("iss", &["a text"]),
        ("sub", &["a text"]),
        ("jti", &["a text"]),
        ("azp", &["a text"]),
        ("scope", &["a text"]),
        ("org_code", &["a text", "null"]),
        ("nonce", &["a text"]),
        ("email", &["a text"]),
        ("exp", &["a number"]),
        ("nbf", &["a number"]),
        ("iat", &["a number"]),
        ("auth_time", &["a number"]),
        ("aud", &["a text"]),
        ("permissions", &["a list", "null"]),
        ("roles", &["a list", "null"]),
    ];
    let mut tried = 0;
    for (claim, kinds) in fitting {
        for (kind, value) in values.iter().filter(|(kind, _)| !kinds.contains(kind)) {
            let payload = format!(r#"{{"{claim}":{value},"scp":["openid"]}}"#);
            let decoded = judge(token(&payload).as_bytes(), &Keys::chosen("k", jwks(0, KID).as_bytes()), &then());
            expect(&decoded, Verified, Valid, Some("claims"));
            let why = decoded.check("claims").unwrap().why.clone().unwrap();
            assert!(why.contains(&format!("`{claim}` is {kind}, not ")), "{payload}: {why}");
            tried += 1;
        }
    }
    assert!(tried > 75, "{tried}");
}

#[test]
fn clocks_may_be_a_minute_apart_and_no_more() {
    let now = then().at.as_second();
    let failed = |claims: String| {
        let payload = format!(r#"{{"iss":"https://acme.kinde.com","scp":[],{claims}}}"#);
        judged(&token(&payload)).failed
    };
    for (offset, verdict) in [(600, false), (-59, false), (-60, true), (-600, true)] {
        assert_eq!(failed(format!(r#""exp":{}"#, now + offset)).is_some(), verdict, "exp {offset}");
    }
    for (offset, verdict) in [(-600, false), (60, false), (61, true), (600, true)] {
        assert_eq!(failed(format!(r#""exp":{},"nbf":{}"#, now + 900, now + offset)).is_some(), verdict, "nbf {offset}");
    }
    for (offset, verdict) in [(-60, Verdict::Pass), (-61, Verdict::Warn), (300, Verdict::Pass), (301, Verdict::Warn)] {
        let at =
            Timestamp::from_second("2024-05-01T07:41:45Z".parse::<Timestamp>().unwrap().as_second() + offset).unwrap();
        let payload = WEBHOOK.replace("2024-05-01T17:41:45.592145+10:00", "2024-05-01T17:41:45+10:00");
        let decoded = judge(token(&payload).as_bytes(), &acme(), &Options::pasted(at));
        expect(&decoded, Verified, Valid, None);
        assert_eq!(decoded.check("freshness").unwrap().verdict, verdict, "timestamp {offset}");
    }
}

#[test]
fn every_doubled_claim_is_ambiguous_wherever_it_stands() {
    let claims: Value = serde_json::from_str(WEBHOOK).unwrap();
    let user = claims["data"]["user"].as_object().unwrap();
    let mut tried = 0;
    for (object, path) in [(claims.as_object().unwrap(), ""), (user, "data.user.")] {
        for (name, value) in object {
            let member = format!("{}:{value}", json!(name));
            assert!(WEBHOOK.contains(&member));
            for double in [
                format!("{member},{member}"),
                format!("{}:0,{member}", json!(name)),
                format!("{member},{}:0", json!(name)),
            ] {
                let decoded = judged(&token(&WEBHOOK.replacen(&member, &double, 1)));
                expect(&decoded, Verified, Valid, Some("claims"));
                assert!(decoded.doubled.contains(&format!("{path}{name}")), "{double}");
                tried += 1;
            }
        }
    }
    assert!(tried >= 40, "{tried}");
}

#[test]
fn ten_megabytes_are_judged_whole() {
    let text = "x".repeat(10 << 20);
    let payload = format!(
        r#"{{"type":"user.updated","data":{{"a":"{text}"}},"event_id":"e","timestamp":"2024-05-01T07:41:45Z"}}"#
    );
    let decoded = judged(&token(&payload));
    expect(&decoded, Verified, Valid, None);
    assert_eq!(decoded.payload.text().map(str::len), Some(payload.len()));
}

#[test]
fn an_event_that_happened_long_before_it_was_signed_is_labelled_so() {
    let freshness = |payload: &str| judged(&token(payload)).check("freshness").unwrap().clone();
    // The id's own moment is the one of `timestamp`.
    assert_eq!(freshness(WEBHOOK).verdict, Verdict::Pass);
    let again = WEBHOOK.replace("event_018f331a3178f7fe", "event_018f323ed858f7fe");
    let check = freshness(&again);
    assert!(
        check.verdict == Verdict::Warn && check.why.as_ref().unwrap().contains("it happened 4 h 00 min ago"),
        "{check:?}"
    );
    // What it says of itself counts more than its id.
    let said = again.replace("\"source\"", r#""event_timestamp":"2024-05-01T07:41:44Z","source""#);
    assert_eq!(freshness(&said).verdict, Verdict::Pass);
    // An id that holds no moment, or one of the future, says nothing.
    for id in [
        "event_1",
        "event_018f331a3178f7fe",
        "event_118f331a3178f7fef284b95fe6770384",
        "event_zz8f331a3178f7fef284b95fe6770384",
    ] {
        let other = WEBHOOK.replace("event_018f331a3178f7fef284b95fe6770384", id);
        assert_eq!(freshness(&other).verdict, Verdict::Pass, "{id}");
    }
    let unsigned_time = WEBHOOK.replace(r#","timestamp":"2024-05-01T17:41:45.592145+10:00""#, "");
    assert!(freshness(&unsigned_time).why.unwrap().contains("It happened 60 s ago"));
}

#[test]
fn what_happened_longer_ago_than_kinde_tries_is_told_in_other_words() {
    let why = |payload: &str| {
        let check = judged(&token(payload)).check("freshness").unwrap().clone();
        (check.verdict, check.why.unwrap())
    };
    let happened = |at: &str| WEBHOOK.replace("\"source\"", &format!("\"event_timestamp\":\"{at}\",\"source\""));
    // Signed at 07:41:45 on the first of May; 40 hours before, and a second more.
    let (verdict, within) = why(&happened("2024-04-29T15:41:45Z"));
    assert!(verdict == Verdict::Warn && within.contains("a later delivery"), "{within}");
    for beyond in ["2024-04-29T15:41:44Z", "2023-05-01T00:00:00Z"] {
        let (verdict, beyond) = why(&happened(beyond));
        assert!(verdict == Verdict::Warn && beyond.contains("longer than Kinde tries"), "{beyond}");
    }
    let late = judge(token(&happened("2024-04-29T00:00:00Z")).as_bytes(), &acme(), &at("2024-05-01T12:00:00Z"));
    let late = late.check("freshness").unwrap().why.clone().unwrap();
    assert!(late.contains("after it happened, longer than Kinde tries"), "{late}");
    // The id's own moment, three days before; and one that is no moment of Kinde's.
    let (verdict, by_id) = why(&WEBHOOK.replace("event_018f331a3178f7fe", "event_018f23a71d78f7fe"));
    assert!(verdict == Verdict::Warn && by_id.contains("it happened 3 days ago: longer"), "{by_id}");
    assert_eq!(why(&WEBHOOK.replace("event_018f331a3178f7fe", "event_000f331a3178f7fe")).0, Verdict::Pass);
}

#[test]
fn the_retry_clock_of_a_delivery_that_was_signed_anew_begins_when_the_event_happened() {
    use crate::inspector::freshness::event_time;
    use crate::inspector::retry_clock::{Fate, Seen, retry_clock};
    let received: Timestamp = "2024-05-01T12:54:21Z".parse().unwrap();
    let place = |payload: &str| {
        let happened = event_time(&crate::jwt::Json::parse(payload.as_bytes()).unwrap(), received);
        let clock = retry_clock(&[Seen { at: received, answered: Some(500) }], happened, received).unwrap();
        let seen = clock.places.iter().find(|place| place.fate == Fate::Seen(0)).unwrap();
        (seen.number, clock.from_event)
    };
    // 5 h 12 min 35 s after the moment of its id, which is the seventh of Kinde's tries.
    let anew = WEBHOOK.replace("2024-05-01T17:41:45.592145+10:00", "2024-05-01T12:54:20Z");
    assert_eq!(place(&anew), (7, true));
    // Nothing but the moment of signing is known.
    assert_eq!(place(&anew.replace("event_018f331a3178f7fef284b95fe6770384", "event_1")), (1, true));
    let said = anew.replace("\"source\"", r#""event_timestamp":"2024-05-01T12:54:15Z","source""#);
    assert_eq!(place(&said), (2, true));
}

#[test]
fn of_many_doubled_claims_five_are_named_and_the_others_counted() {
    let members: Vec<String> = (0..20_000).flat_map(|n| [format!("\"c{n}\":1"), format!("\"c{n}\":2")]).collect();
    let payload = format!("{{{}}}", members.join(","));
    let token = format!("{}.{}.AAAA", b64(br#"{"alg":"RS256"}"#), b64(payload.as_bytes()));
    let decoded = judge(token.as_bytes(), &Keys::nobody(), &Options::pasted(Timestamp::UNIX_EPOCH));
    let told = decoded.check("claims").and_then(|check| check.why.clone()).unwrap();
    assert!(told.contains("`c0`, `c1`, `c2`, `c3`, `c4` and 19995 more stand twice"), "{}", &told[..200]);
    assert!(told.len() < 1000, "{}", told.len());
}

#[test]
fn a_clock_that_is_known_to_be_wrong_is_named_where_times_are_told_and_changes_no_verdict() {
    for (ahead, words) in [(420, "ahead"), (-420, "behind"), (59, ""), (-60, "")] {
        let keys = Keys { clock_ahead: Some(ahead), ..acme() };
        let webhook = judge(token(WEBHOOK).as_bytes(), &keys, &then());
        let freshness = webhook.check("freshness").unwrap();
        let named = freshness.why.as_ref().unwrap().contains("This machine's clock is");
        assert_eq!((named, freshness.verdict == Verdict::Warn), (!words.is_empty(), !words.is_empty()), "{ahead}");
        assert!(
            words.is_empty() || freshness.why.as_ref().unwrap().contains(&format!("7 min {words}")),
            "{freshness:?}"
        );
        assert!(webhook.is_good());
        let late = judge(token(ACCESS).as_bytes(), &keys, &at("2024-05-01T09:00:00Z"));
        assert_eq!(late.failed.as_deref(), Some("claims"));
        let why = late.check("claims").unwrap().why.clone().unwrap();
        assert_eq!(why.contains("clock is 7 min"), !words.is_empty(), "{why}");
        assert_eq!(judge(token(ACCESS).as_bytes(), &keys, &then()).failed, None);
        // What was timed by another moment than now has nothing to do with this clock.
        let told =
            |options: &Options| judge(token(WEBHOOK).as_bytes(), &keys, options).check("freshness").unwrap().clone();
        let after = |seconds: i64| then().at + jiff::SignedDuration::from_secs(seconds);
        let kept = |seconds: i64| Options { received: Some(then().at), now: after(seconds), ..then() };
        let named = Options { now: "2024-05-03T00:00:00Z".parse().unwrap(), ..then() };
        for check in [told(&kept(3_601)), told(&kept(-3_601)), told(&named)] {
            assert_eq!(check.verdict, Verdict::Pass, "{check:?}");
        }
        // What came within the hour was timed by it.
        for check in [told(&kept(0)), told(&kept(3_600)), told(&kept(-3_600))] {
            assert_eq!(check.verdict == Verdict::Warn, !words.is_empty(), "{ahead} {check:?}");
        }
    }
}
