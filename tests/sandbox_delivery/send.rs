//! `send` as a process.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::process::{Ended, Sandbox, run, run_with, webhook};
use super::sink::Sink;

fn deliveries(ended: &Ended) -> Vec<Value> {
    ended.lines.iter().map(|line| line["delivery"].clone()).collect()
}

fn distinct(deliveries: &[Value], member: &str) -> usize {
    deliveries.iter().map(|delivery| delivery[member].to_string()).collect::<BTreeSet<_>>().len()
}

/// What the token says, unchecked.
fn claims(token: &str) -> Value {
    use base64::Engine as _;
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[test]
fn an_event_is_sent_to_an_address_without_a_running_sandbox_and_the_api_knows_it_afterwards() {
    let dir = tempfile::tempdir().unwrap();
    let sink = Sink::good();
    let ended = run(
        dir.path(),
        &["send", "user.created", "--to", &sink.url, "--set", "data.user.email=null", "--set", "data.user.id=kp_me"],
    );
    assert_eq!((ended.code, ended.lines.len()), (Some(0), 1), "{ended:?}");
    let delivery = &ended.lines[0]["delivery"];
    let members: Vec<&str> = delivery.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["body_sha256", "error", "event_id", "ms", "status", "url", "webhook_id"]);
    assert_eq!(
        (&delivery["url"], &delivery["status"], &delivery["error"]),
        (&json!(sink.url), &json!(200), &Value::Null)
    );
    let seen = &sink.wait_for(1)[0];
    assert_eq!(seen.header("webhook-id"), delivery["webhook_id"].as_str());
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &seen.body);
    let digest: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(delivery["body_sha256"], digest);
    let sent = claims(&seen.text());
    assert_eq!((&sent["data"]["user"]["email"], &sent["data"]["user"]["id"]), (&Value::Null, &json!("kp_me")));
    assert_eq!(sent["event_id"], delivery["event_id"]);

    let event = run(dir.path(), &["event", delivery["event_id"].as_str().unwrap()]);
    assert_eq!(event.code, Some(0), "{event:?}");
    assert_eq!(event.lines[0]["event"]["data"], sent["data"]);
}

#[test]
fn what_kinde_publishes_no_shape_of_is_sent_with_a_word_about_it() {
    let (dir, sink) = (tempfile::tempdir().unwrap(), Sink::good());
    for (event_type, warned) in [("customer.plan_created", true), ("user.created", false)] {
        let ended = run(dir.path(), &["send", event_type, "--to", &sink.url]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(ended.said.contains("Do not code against these field names"), warned, "{}", ended.said);
    }
}

#[test]
fn without_an_address_the_running_sandbox_publishes_and_each_target_has_its_line() {
    let dir = tempfile::tempdir().unwrap();
    let ended = run(dir.path(), &["send", "user.created"]);
    assert_eq!((ended.code, &ended.lines[0]["error"]["category"]), (Some(3), &json!("network")));

    let sandbox = Sandbox::start(dir.path(), &[]);
    let (good, bad) = (Sink::good(), Sink::new(|_| 204));
    webhook(dir.path(), &good.url, "user.created");
    webhook(dir.path(), &bad.url, "role.created");
    let ended = run(dir.path(), &["send", "user.created", "--repeat", "3"]);
    assert_eq!((ended.code, deliveries(&ended).len()), (Some(0), 3), "{ended:?}");
    assert_eq!((distinct(&deliveries(&ended), "event_id"), distinct(&deliveries(&ended), "webhook_id")), (3, 3));
    assert_eq!(good.seen().len(), 3);
    let id = deliveries(&ended)[2]["event_id"].as_str().unwrap().to_owned();
    assert_eq!(run(dir.path(), &["event", &id]).lines[0]["event"]["event_id"], id);

    webhook(dir.path(), &bad.url, "user.created");
    let ended = run(dir.path(), &["send", "user.created"]);
    let found: Vec<_> = deliveries(&ended).iter().map(|one| (one["url"].clone(), one["status"].clone())).collect();
    assert_eq!(found, [(json!(good.url), json!(200)), (json!(bad.url), json!(204))]);
    assert_eq!(ended.code, Some(1), "200 alone counts");
    assert_eq!(distinct(&deliveries(&ended), "event_id"), 1);

    let ended = run(dir.path(), &["send", "permission.created"]);
    assert_eq!((ended.code, ended.lines.len()), (Some(0), 0));
    assert!(ended.said.contains("published to nobody"), "{}", ended.said);
    assert_eq!(sandbox.end(), Some(0));
}

#[test]
fn with_a_webhook_id_the_same_event_is_sent_again_and_again() {
    let dir = tempfile::tempdir().unwrap();
    let sink = Sink::good();
    let words = ["send", "user.updated", "--webhook-id", "wh-1", "--repeat", "3"];
    let to = run(dir.path(), &[&words[..], &["--to", &sink.url]].concat());
    let _sandbox = Sandbox::start(dir.path(), &[]);
    webhook(dir.path(), &sink.url, "user.updated");
    let published = run(dir.path(), &words);
    for ended in [to, published] {
        let deliveries = deliveries(&ended);
        assert_eq!((ended.code, deliveries.len()), (Some(0), 3), "{ended:?}");
        assert!(deliveries.iter().all(|one| one["webhook_id"] == "wh-1"));
        assert_eq!((distinct(&deliveries, "event_id"), distinct(&deliveries, "body_sha256")), (1, 1));
    }
    assert_eq!(sink.seen().len(), 6);
}

#[test]
fn a_forgery_goes_the_same_ways() {
    let dir = tempfile::tempdir().unwrap();
    let sink = Sink::good();
    let to = run(dir.path(), &["send", "user.created", "--forge", "alg-none", "--to", &sink.url]);
    let _sandbox = Sandbox::start(dir.path(), &[]);
    webhook(dir.path(), &sink.url, "user.created");
    let published = run(dir.path(), &["send", "user.created", "--forge", "alg-none"]);
    for (ended, seen) in [to, published].iter().zip(sink.wait_for(2)) {
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(seen.text().ends_with('.'), "no signature");
        let id = ended.lines[0]["delivery"]["event_id"].as_str().unwrap();
        assert_eq!(run(dir.path(), &["event", id]).lines[0]["event"]["type"], "user.created");
    }
}

#[test]
fn the_lists_name_every_type_with_its_origin_and_every_forgery() {
    let dir = tempfile::tempdir().unwrap();
    let types = run(dir.path(), &["send", "--list"]);
    assert_eq!((types.code, types.lines.len()), (Some(0), 1));
    let types = types.lines[0]["types"].as_array().unwrap();
    assert_eq!(types.len(), 27);
    assert!(
        types.contains(&json!({"type": "user.updated", "category": "user_management", "sample": "measured"})),
        "{types:?}"
    );
    assert!(types.iter().all(|known| ["measured", "typed", "inferred"].contains(&known["sample"].as_str().unwrap())));
    let forgeries = run(dir.path(), &["send", "--forge", "--list"]);
    assert_eq!((forgeries.code, forgeries.lines.len()), (Some(0), 1));
    assert!(forgeries.lines[0]["forgeries"].as_array().unwrap().iter().any(|one| one["name"] == "alg-none"));
}

#[test]
fn unusable_words_are_exit_2_with_an_address_and_without_and_nothing_is_sent() {
    let dir = tempfile::tempdir().unwrap();
    let _sandbox = Sandbox::start(dir.path(), &[]);
    let sink = Sink::good();
    webhook(dir.path(), &sink.url, "user.created");
    for words in [
        &["user.made"][..],
        &["user.created", "--forge", "alg-some"],
        &["user.created", "--forge"],
        &["user.created", "--set", "data.user.email"],
        &["user.created", "--set", "data..email=1"],
        &["user.created", "--set", "data.user.organizations.7.code=x"],
        &["user.created", "--repeat", "0"],
        &["user.created", "--webhook-id", "a\nb"],
        &["user.created", "--profile", "nobody"],
    ] {
        for to in [&["--to", sink.url.as_str()][..], &[]] {
            let ended = run(dir.path(), &[&["send"], words, to].concat());
            assert_eq!(ended.code, Some(2), "{words:?} {to:?}: {ended:?}");
            assert_eq!(ended.lines[0]["error"]["category"], "input", "{words:?}");
        }
    }
    for to in ["ftp://127.0.0.1/", "127.0.0.1:3000"] {
        assert_eq!(run(dir.path(), &["send", "user.created", "--to", to]).code, Some(2), "{to}");
    }
    assert_eq!(sink.seen().len(), 0);
}

#[test]
fn a_member_is_read_from_a_file_or_from_standard_input() {
    let dir = tempfile::tempdir().unwrap();
    let (sink, file) = (Sink::good(), dir.path().join("name"));
    std::fs::write(&file, "Ada\n").unwrap();
    let from_file = format!("data.user.first_name=@{}", file.display());
    let words = ["send", "user.created", "--to", &sink.url, "--set", &from_file, "--set", "data.user.organizations=@-"];
    assert_eq!(run_with(dir.path(), &words, "[]\n").code, Some(0));
    let user = claims(&sink.wait_for(1)[0].text())["data"]["user"].clone();
    assert_eq!((&user["first_name"], &user["organizations"]), (&json!("Ada"), &json!([])));
    let missing = run(dir.path(), &["send", "user.created", "--to", &sink.url, "--set", "data.x=@/no/such/file"]);
    assert_eq!((missing.code, &missing.lines[0]["error"]["category"]), (Some(3), &json!("file")));
}

#[test]
fn a_target_that_refuses_or_redirects_or_is_not_there_is_exit_1() {
    let dir = tempfile::tempdir().unwrap();
    for status in [201, 302, 500] {
        let ended = run(dir.path(), &["send", "user.created", "--to", &Sink::new(move |_| status).url]);
        assert_eq!((ended.code, &ended.lines[0]["delivery"]["status"]), (Some(1), &json!(status)));
    }
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let ended = run(dir.path(), &["send", "user.created", "--to", &format!("http://127.0.0.1:{port}/")]);
    let delivery = &ended.lines[0]["delivery"];
    assert_eq!((ended.code, &delivery["status"]), (Some(1), &Value::Null));
    assert!(delivery["error"].as_str().is_some_and(|error| !error.is_empty()), "{delivery}");
}

#[test]
fn the_sandbox_prints_a_line_an_attempt_with_its_number_and_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let mut sandbox = Sandbox::start(dir.path(), &["--time-scale", "1000"]);
    let count = AtomicUsize::new(0);
    let sink = Sink::new(move |_| if count.fetch_add(1, Ordering::SeqCst) < 2 { 503 } else { 200 });
    webhook(dir.path(), &sink.url, "user.created");
    assert_eq!(run(dir.path(), &["send", "user.created"]).code, Some(1), "the first attempt is told, not waited out");
    let lines: Vec<Value> = (0..3).map(|_| sandbox.line()["delivery"].clone()).collect();
    for (number, line) in (1..).zip(&lines) {
        assert_eq!((&line["attempt"], &line["status"]), (&json!(number), &json!([503, 503, 200][number - 1])));
        assert_eq!(line["next"].is_null(), number == 3, "{line}");
        assert!(line["next"].as_str().is_none_or(|next| next.parse::<jiff::Timestamp>().is_ok()));
        assert_eq!(line.as_object().unwrap().len(), 9);
    }
    assert_eq!(distinct(&lines, "webhook_id"), 1, "the same at every attempt");
    assert_eq!(sandbox.end(), Some(0));
}
