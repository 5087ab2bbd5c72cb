//! Whose key it is, and what is said where it is not at hand.

use super::*;

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
        good_until: Timestamp::UNIX_EPOCH,
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
        good_until: Timestamp::UNIX_EPOCH,
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
    assert!(decoded.lens().iter().any(|fact| fact.value == "the sandbox"));
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
fn a_fresh_set_judges_without_a_word_of_a_fetch_that_failed_since_and_a_key_it_has_not_is_told_with_it() {
    let mut keys = acme();
    keys.trouble = Some(("acme.kinde.com did not answer".to_owned(), "Try again".to_owned()));
    let decoded = judge(token(WEBHOOK).as_bytes(), &keys, &then());
    expect(&decoded, Verified, Valid, None);
    assert_eq!(decoded.check("key").unwrap().verdict, Verdict::Pass);
    let unknown = sign(1, r#"{"alg":"RS256","kid":"k1"}"#, WEBHOOK.as_bytes());
    let decoded = judge(unknown.as_bytes(), &keys, &then());
    expect(&decoded, UnknownKey, NotChecked, Some("key"));
    assert_eq!(decoded.headline, "acme.kinde.com did not answer. The keys last seen there have not its key");
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
fn the_age_of_kept_keys_is_told_by_now_and_not_by_when_the_event_came() {
    let moment = |text: &str| text.parse::<Timestamp>().unwrap();
    let mut keys = acme();
    keys.trouble = Some(("acme.kinde.com cannot be reached".to_owned(), "Look at the network".to_owned()));
    keys.sets[0].kept = Some(moment("2024-05-05T00:00:00Z"));
    let came = then().at;
    let options = Options { received: Some(came), now: moment("2024-05-06T10:00:00Z"), ..then() };
    let decoded = judge(token(WEBHOOK).as_bytes(), &keys, &options);
    expect(&decoded, Verified, Valid, None);
    let why = decoded.check("key").unwrap().why.clone().unwrap();
    assert!(why.starts_with("Judged by keys last seen 34 h 00 min ago, at 2024-05-05T00:00:00Z"), "{why}");
}

#[test]
fn a_kept_event_is_judged_by_the_key_its_tenant_had_not_taken_back_when_it_arrived() {
    let moment = |text: &str| text.parse::<Timestamp>().unwrap();
    // Rotated since: under a new ID, and once under the same.
    for kid in ["old", KID] {
        let mut keys = acme();
        keys.others = vec![OtherKeys {
            name: "acme".to_owned(),
            same_tenant: true,
            set: Arc::new(KeySet::parse(jwks(1, kid).as_bytes(), Policy::Published).unwrap()),
            last_seen: moment("2024-05-02T00:00:00Z"),
            good_until: moment("2024-05-02T00:10:00Z"),
        }];
        let event = sign(1, &format!(r#"{{"alg":"RS256","kid":"{kid}"}}"#), WEBHOOK.as_bytes());
        let at = |received: Option<&str>| {
            let options = Options { pasted: false, received: received.map(moment), ..then() };
            judge(event.as_bytes(), &keys, &options)
        };
        for good in ["2024-05-01T07:41:46Z", "2024-05-02T00:10:00Z"] {
            let decoded = at(Some(good));
            expect(&decoded, Verified, Valid, None);
            let check = decoded.check("key").unwrap();
            let why = check.why.as_ref().unwrap();
            assert!(check.verdict == Verdict::Pass && why.contains("last seen there on 2024-05-02"), "{check:?}");
        }
        // Arrived when the key was not published any more, or nobody knows when.
        for other in [Some("2024-05-02T00:10:01Z"), None] {
            assert_ne!(at(other).verdict, Verified, "{kid} {other:?}");
        }
        // The keys of today are not touched by it, and another tenant's past is never trusted.
        expect(&judge(token(WEBHOOK).as_bytes(), &keys, &then()), Verified, Valid, None);
        keys.others[0].same_tenant = false;
        let options = Options { received: Some(moment("2024-05-01T07:41:46Z")), ..then() };
        assert_ne!(judge(event.as_bytes(), &keys, &options).verdict, Verified);
    }
}
