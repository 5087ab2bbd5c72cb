use std::io::Cursor;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::jwt::encode_base64url as b64;

fn token(claims: &str) -> String {
    format!("{}.{}.{}", b64(br#"{"alg":"RS256","kid":"x"}"#), b64(claims.as_bytes()), b64(b"signature-canary"))
}

fn event() -> String {
    token(r#"{"type":"user.created","event_id":"event_1","data":{"user":{"id":"kp_1"}},"timestamp":"t"}"#)
}

fn items(bytes: impl Into<Vec<u8>>) -> Vec<Result<Item, Skipped>> {
    let mut source = Source::open(Box::new(Cursor::new(bytes.into()))).unwrap();
    let mut all = Vec::new();
    loop {
        let some = source.some(2).unwrap();
        if some.is_empty() {
            return all;
        }
        all.extend(some);
    }
}

fn refused(bytes: impl Into<Vec<u8>>) -> String {
    Source::open(Box::new(Cursor::new(bytes.into()))).err().unwrap().detail
}

#[test]
fn har_raw_http_curl_lines_and_bare_tokens_are_read() {
    let event = event();
    let har = serde_json::json!({"log": {"entries": [
        {"startedDateTime": "2026-11-24T10:00:00.5+01:00", "request": {
            "headers": [{"name": "Webhook-Id", "value": "w1"}], "postData": {"text": event}},
            "response": {"status": 503, "statusText": ""}},
        {"request": {"headers": []}},
        {"request": {"postData": {"text": STANDARD.encode(&event), "encoding": "base64"}}, "response": {"status": 0}},
        {"no": "request"},
    ]}});
    for text in [har.to_string(), serde_json::to_string_pretty(&har).unwrap()] {
        let all = items(text);
        let first = all[0].as_ref().unwrap();
        assert_eq!((first.body.as_slice(), first.headers[0].1.as_str()), (event.as_bytes(), "w1"));
        assert_eq!(first.received_at, Some("2026-11-24T09:00:00.5Z".parse().unwrap()));
        assert_eq!(all[2].as_ref().unwrap().body, event.as_bytes());
        let answered = [&all[0], &all[2]].map(|one| one.as_ref().unwrap().responded);
        assert_eq!(answered, [Some(503), None]);
        let skipped = [&all[1], &all[3]].map(|one| one.as_ref().unwrap_err().line);
        assert_eq!((all.len(), skipped), (4, [2, 4]));
    }
    let length = event.len();
    let raw = format!(
        "POST /k HTTP/1.1\r\nHost: a\r\nwebhook-id: w1\r\nContent-Length: {length}\r\n\r\n{event}\r\n\r\nPOST /k HTTP/1.1\nwebhook-id: w2\n\n{event}\n\nGET / HTTP/1.1\n\n"
    );
    let all = items(raw);
    for (index, id) in [(0, "w1"), (1, "w2")] {
        let one = all[index].as_ref().unwrap();
        assert_eq!(one.body, event.as_bytes());
        assert!(one.headers.contains(&("webhook-id".to_owned(), id.to_owned())));
    }
    assert_eq!(all[1].as_ref().unwrap().line, 8);
    assert_eq!(all[2].as_ref().unwrap_err().why, "the request has no body");
    let lines = format!(
        "\u{feff}curl -X POST http://a/k -H 'webhook-id: w1' \\\n  --data-raw '{event}'\n\n$ curl --data={event} http://a\n\"{event}\"\nBearer {event}\nhello\ncurl http://a -d @file\n"
    );
    let all = items(lines);
    assert_eq!(all.len(), 6);
    assert!(all[..4].iter().all(|one| one.as_ref().unwrap().body == event.as_bytes()));
    assert_eq!(all[0].as_ref().unwrap().headers, [("webhook-id".to_owned(), "w1".to_owned())]);
    let told: Vec<(usize, &str)> =
        all[4..].iter().map(|one| one.as_ref().unwrap_err()).map(|one| (one.line, one.why.as_str())).collect();
    assert_eq!(told, [(7, "there is no token in it"), (8, "its body is in another file")]);
}

#[test]
fn what_is_no_file_of_these_too_long_or_too_deep_is_told_with_its_place_and_without_its_words() {
    assert!(refused("  \n").contains("nothing in it"));
    assert!(refused("{\n\"log\": {\"canary\": 1}}").contains("no HAR"));
    assert!(refused("{\n\"log\": canary}").contains("line 2"));
    let deep = format!("{{\"decode\":{}", "[".repeat(100_000));
    assert!(items(deep)[0].as_ref().unwrap_err().why.contains("nested too deep"));
    let deep = format!("{{\n\"log\":{}", "[".repeat(60_000));
    assert!(refused(deep).contains("nested too deep"));
    let long = format!("{}\n{}\n", "x".repeat(17 << 20), event());
    let all = items(long);
    assert!(all[0].as_ref().unwrap_err().why.contains("longer than 16 MB"));
    assert_eq!(all[1].as_ref().unwrap().line, 2);
    let huge = format!("POST / HTTP/1.1\n\n{}", "x".repeat(2 << 20));
    assert!(items(huge)[0].as_ref().unwrap_err().why.contains("a receiver takes"));
    for line in [
        "{\"event\": {\"canary\": 1}}",
        "{\"event\": ",
        "{}",
        "{\"event\":{\"received_at\":\"2026-11-24T10:00:00Z\",\"body_sha256\":\"00\"},\"body_b64\":\"aGk=\"}",
    ] {
        let why = items(format!("{line}\n{line}\n"))[1].as_ref().unwrap_err().why.clone();
        assert!(!why.contains("canary") && why.len() > 10, "{why}");
    }
    assert!(items([b"eyJ\xff\xfe\n".as_slice(), event().as_bytes()].concat())[0].is_err());
}

#[test]
fn of_a_token_that_opens_something_nothing_is_kept_that_would() {
    let access = token(r#"{"scp":["openid"],"azp":"x","sub":"kp_1","exp":9}"#);
    let canary = b64(b"signature-canary");
    let line = serde_json::json!({
        "event": {"received_at": "2026-11-24T10:00:00Z", "webhook_id": access, "verdict": "verified"},
        "headers": [["Authorization", format!("Bearer {access}")], ["X-Token", access], ["cookie", canary]],
        "body_b64": STANDARD.encode(&access),
        "decode": {"claims": {"smuggled": access}},
    });
    for text in
        [access.clone(), line.to_string(), format!("curl -H 'x: {access}' -d '{{\"t\":\"{access}\"}}' http://a")]
    {
        let all = items(text);
        let record = record(all[0].as_ref().unwrap(), "p", Timestamp::UNIX_EPOCH);
        assert!(!record.new.whole);
        let told = record.told.map(|told| (told.decode, told.text));
        let new = &record.new;
        let kept = format!("{:?} {:?} {told:?} {}", new.headers, new.webhook_id, String::from_utf8_lossy(&new.body));
        assert!(!kept.contains(&canary), "{kept}");
    }
}

#[tokio::test]
async fn captured_requests_are_kept_as_arrived_marked_and_judged_and_none_that_was_received_here_comes_twice() {
    let dir = tempfile::tempdir().unwrap();
    let data = crate::store::DataDir::open(dir.path()).unwrap();
    let keys = crate::inspector::keys::of_sandbox(&data).await.unwrap();
    let attempts = crate::store::attempts::Attempts::open(&data.file("history.db")).unwrap();
    let mut intake = Intake {
        attempts: attempts.clone(),
        owner: "p".to_owned(),
        keys: crate::inspector::key_source::KeySource::Fixed(keys),
        clock: crate::clock::Clock::real(),
        second_webhook: None,
    };
    let at: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
    let headers =
        |id: &str| vec![("Webhook-Id".to_owned(), id.to_owned()), ("authorization".to_owned(), "canary".to_owned())];
    let captured = |id: &str, at| Item::captured("ngrok", headers(id), event().into_bytes(), at, Some(502));
    let seen = record(&Item { via: None, responded: Some(200), ..captured("w0", at) }, "p", at).new;
    attempts.receive(NewAttempt { received_at: at + Duration::from_millis(900), ..seen }).await.unwrap();
    let list = || vec![captured("w0", at), captured("w1", at), captured("w1", at + Duration::from_secs(5))];
    let kept = keep_items(list(), &mut intake).await.unwrap();
    assert_eq!((kept.count, kept.skipped), (2, 1), "{kept:?}");
    let kept = keep_items(list(), &mut intake).await.unwrap();
    assert_eq!((kept.count, kept.skipped), (0, 3), "{kept:?}");
    let rows = attempts.page("p", crate::store::attempts::Filter::default()).await.unwrap();
    let told: Vec<_> = rows.iter().map(|row| (row.via.as_deref(), row.responded, row.attempt)).collect();
    assert_eq!(told, [(Some("ngrok"), Some(502), 2), (Some("ngrok"), Some(502), 1), (None, Some(200), 1)]);
    assert!(rows.iter().all(|row| row.verdict.as_deref() == Some("unknown_key")), "{rows:?}");
    assert_eq!(rows[0].received_at, at + Duration::from_secs(5));
    let mut out = Vec::new();
    let which = crate::inspector::export::Which::Matching(Box::default());
    crate::inspector::export::export(&attempts, "p", which, &mut out).await.unwrap();
    let text = String::from_utf8(out).unwrap();
    assert_eq!((text.matches(r#""via":"ngrok""#).count(), text.contains("canary")), (2, false), "{text}");
    intake.owner = "q".to_owned();
    import(Box::new(Cursor::new(text.into_bytes())), &mut intake).await.unwrap();
    let rows = attempts.page("q", crate::store::attempts::Filter::default()).await.unwrap();
    assert_eq!(rows.iter().filter(|row| row.via.as_deref() == Some("ngrok")).count(), 2);
}
