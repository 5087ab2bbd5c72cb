//! Signing people in: the authorization endpoint, the code, the refresh token, the profile, signing out.

use crate::stage::{Bench, claims, query};
use kinde_panel::net::{Answer, Request};
use kinde_panel::secrets::Secret;
use serde_json::{Value, json};
use std::time::Duration;
use url::Url;

const CALLBACK: &str = "http://localhost:3000/api/auth/kinde_callback";
// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Parameters of a request that differ from the usual ones.
type Changes<'a> = &'a [(&'a str, &'a str)];

/// An authorization request of the web application, with `changes`; an empty value leaves the parameter out.
fn request(bench: &Bench, changes: &[(&str, &str)]) -> Url {
    let mut pairs = vec![
        ("client_id", bench.facts.applications[0].client_id.clone()),
        ("redirect_uri", CALLBACK.to_owned()),
        ("response_type", "code".to_owned()),
        ("scope", "openid profile email offline".to_owned()),
        ("state", "a+state&of=8%".to_owned()),
    ];
    for (name, value) in changes {
        pairs.retain(|(have, _)| have != name);
        pairs.push((name, (*value).to_owned()));
    }
    let mut url = bench.url("/oauth2/auth");
    url.query_pairs_mut().extend_pairs(pairs.iter().filter(|(_, value)| !value.is_empty()));
    url
}

async fn shown(bench: &Bench, changes: &[(&str, &str)]) -> Answer {
    bench.send(Request::get("sign in", request(bench, changes))).await
}

/// Where the browser is sent back to.
fn back(answer: &Answer) -> Url {
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.header("location").unwrap().parse().unwrap()
}

/// Signs the first user in: where the browser lands.
async fn signed_in(bench: &Bench, changes: &[(&str, &str)]) -> Url {
    let user = bench.facts.users[0].id.clone();
    let form = vec![("user", user.into())];
    back(&bench.send(Request::post("sign in", request(bench, changes)).form(form)).await)
}

async fn exchange(bench: &Bench, landed: &Url, changes: &[(&'static str, &str)]) -> Answer {
    let web = &bench.facts.applications[0];
    let mut fields = vec![
        ("grant_type", "authorization_code".to_owned()),
        ("client_id", web.client_id.clone()),
        ("client_secret", web.client_secret.as_ref().unwrap().expose().to_owned()),
        ("redirect_uri", CALLBACK.to_owned()),
        ("code", query(landed, "code").unwrap_or_default()),
    ];
    for (name, text) in changes {
        fields.retain(|(field, _)| field != name);
        fields.push((name, (*text).to_owned()));
    }
    let fields = fields.into_iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| (name, text.into()));
    bench.send(Request::post("token", bench.url("/oauth2/token")).form(fields.collect())).await
}

fn refused(answer: &Answer, status: u16, error: &str) -> String {
    let body = answer.json().unwrap();
    assert_eq!((answer.status, body["error"].as_str()), (status, Some(error)), "{body}");
    body["error_description"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_person_signs_in_and_the_application_gets_tokens_and_the_profile() {
    let bench = Bench::new().await;
    let page = shown(&bench, &[]).await;
    assert_eq!(page.status, 200);
    let html = page.text().into_owned();
    assert!(html.contains("Sign in to My web app") && html.contains("Continue as Ada Lovelace"), "{html}");
    assert!(!html.contains("<script"));
    let landed = signed_in(&bench, &[("nonce", "n-0S6_WzA2Mj")]).await;
    assert!(landed.as_str().starts_with(CALLBACK));
    assert_eq!(query(&landed, "state").as_deref(), Some("a+state&of=8%"), "to the letter");
    let answer = exchange(&bench, &landed, &[]).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")), "{}", answer.text());
    let body = answer.json().unwrap();
    assert_eq!((body["token_type"].as_str(), body["expires_in"].as_u64()), (Some("bearer"), Some(86_399)));
    let (ada, web) = (&bench.facts.users[0], &bench.facts.applications[0]);
    let id = claims(&Secret::new(body["id_token"].as_str().unwrap()));
    assert_eq!(
        (&id["sub"], &id["aud"], &id["nonce"]),
        (&json!(ada.id), &json!([web.client_id]), &json!("n-0S6_WzA2Mj"))
    );
    assert_eq!((&id["email"], &id["email_verified"]), (&json!("ada@example.com"), &json!(true)));
    let access = Secret::new(body["access_token"].as_str().unwrap());
    let read = claims(&access);
    assert_eq!((&read["aud"], &read["sub"]), (&json!([]), &json!(ada.id)), "no audience was asked for");
    let profile = bench.get(&access, "/oauth2/v2/user_profile").await.json().unwrap();
    assert_eq!(
        (&profile["sub"], &profile["given_name"], &profile["email"]),
        (&json!(ada.id), &json!("Ada"), &json!("ada@example.com"))
    );
}

#[tokio::test]
async fn what_may_be_a_strangers_address_is_never_sent_a_browser() {
    let bench = Bench::new().await;
    let upper = CALLBACK.replace("localhost", "LOCALHOST");
    let slash = format!("{CALLBACK}/");
    let cases: [&[(&str, &str)]; 6] = [
        &[("redirect_uri", "https://evil.example/cb")],
        &[("redirect_uri", &upper)],
        &[("redirect_uri", &slash)],
        &[("redirect_uri", "localhost:3000/api/auth/kinde_callback")],
        &[("redirect_uri", "")],
        &[("client_id", "0123456789abcdef0123456789abcdef")],
    ];
    for changes in cases {
        let answer = shown(&bench, changes).await;
        assert_eq!((answer.status, answer.header("location")), (400, None), "{changes:?}");
    }
    let machine = shown(&bench, &[("client_id", &bench.facts.client_id)]).await;
    assert!(machine.text().contains("machine to machine"), "{}", machine.text());
}

#[tokio::test]
async fn every_other_fault_of_a_request_goes_back_to_the_application_with_its_name() {
    let bench = Bench::new().await;
    let cases: [(Changes<'_>, &str, &str); 8] = [
        (&[("state", "seven77")], "invalid_state", "at least be 8 characters"),
        (&[("state", "")], "invalid_state", "at least be 8 characters"),
        (&[("response_type", "token")], "unsupported_response_type", "'token'"),
        (&[("scope", "openid admin")], "invalid_scope", "'admin'"),
        (&[("audience", "https://api.example.com")], "invalid_request", "has not been whitelisted"),
        (
            &[("code_challenge", CHALLENGE), ("code_challenge_method", "plain")],
            "invalid_request",
            "plain is not allowed",
        ),
        (&[("code_challenge", CHALLENGE)], "invalid_request", "plain is not allowed"),
        (&[("prompt", "none")], "login_required", "End-User authentication"),
    ];
    for (changes, error, word) in cases {
        let landed = back(&shown(&bench, changes).await);
        assert!(landed.as_str().starts_with(CALLBACK), "{changes:?}");
        assert_eq!(query(&landed, "error").as_deref(), Some(error), "{changes:?}");
        assert!(query(&landed, "error_description").unwrap().contains(word), "{landed}");
    }
    let form = vec![("decision", "cancel".into())];
    let landed = back(&bench.send(Request::post("cancel", request(&bench, &[])).form(form)).await);
    assert_eq!(query(&landed, "error").as_deref(), Some("access_denied"));
    assert_eq!(query(&landed, "state").as_deref(), Some("a+state&of=8%"));
}

#[tokio::test]
async fn a_code_is_good_once_for_its_application_and_its_address_and_ten_minutes() {
    let bench = Bench::new().await;
    let landed = signed_in(&bench, &[]).await;
    let other = &bench.facts.applications[1];
    let wrong = exchange(&bench, &landed, &[("client_id", &other.client_id), ("client_secret", "")]).await;
    assert!(refused(&wrong, 400, "invalid_grant").contains("Client ID from this request does not match"));
    let wrong = exchange(&bench, &landed, &[("redirect_uri", "http://localhost:3000/")]).await;
    assert!(refused(&wrong, 400, "invalid_grant").contains("'redirect_uri' from this request"));
    let wrong = exchange(&bench, &landed, &[("client_secret", "nope")]).await;
    refused(&wrong, 401, "invalid_client");
    let wrong = exchange(&bench, &landed, &[("code", "nope"), ("client_secret", "nope")]).await;
    refused(&wrong, 401, "invalid_client");
    let wrong = exchange(&bench, &landed, &[("code", "nope")]).await;
    refused(&wrong, 400, "invalid_grant");
    let wrong = exchange(&bench, &landed, &[("code", "")]).await;
    refused(&wrong, 400, "invalid_request");
    let good = exchange(&bench, &landed, &[]).await;
    assert_eq!(good.status, 200, "the refusals before have not spent it: {}", good.text());
    let again = exchange(&bench, &landed, &[]).await;
    assert!(refused(&again, 400, "invalid_grant").contains("already been used"));
    let refresh = good.json().unwrap()["refresh_token"].as_str().unwrap().to_owned();
    let ended = exchange(&bench, &landed, &[("grant_type", "refresh_token"), ("refresh_token", &refresh)]).await;
    refused(&ended, 400, "invalid_grant");
    let late = signed_in(&bench, &[]).await;
    bench.clock.advance(Duration::from_secs(601));
    assert!(refused(&exchange(&bench, &late, &[]).await, 400, "invalid_grant").contains("expired"));
}

#[tokio::test]
async fn an_application_without_a_secret_proves_itself_by_pkce() {
    let bench = Bench::new().await;
    let spa = &bench.facts.applications[1];
    let at = spa.redirect_urls[0].clone();
    let own = [("client_id", spa.client_id.as_str()), ("redirect_uri", at.as_str())];
    let landed = back(&shown(&bench, &own).await);
    assert!(query(&landed, "error_description").unwrap().contains("must include a code_challenge"));
    let challenged = [own[0], own[1], ("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];
    let landed = signed_in(&bench, &challenged).await;
    let mut fields = vec![("client_id", spa.client_id.as_str()), ("client_secret", ""), ("redirect_uri", at.as_str())];
    assert!(refused(&exchange(&bench, &landed, &fields).await, 400, "invalid_grant").contains("code verifier"));
    let wrong = VERIFIER.replace('d', "e");
    fields.push(("code_verifier", &wrong));
    assert!(refused(&exchange(&bench, &landed, &fields).await, 400, "invalid_grant").contains("did not match"));
    fields.pop();
    fields.push(("code_verifier", VERIFIER));
    assert_eq!(exchange(&bench, &landed, &fields).await.status, 200);
    // And where the web application sends a challenge, its secret alone is not enough.
    let landed = signed_in(&bench, &challenged[2..]).await;
    refused(&exchange(&bench, &landed, &[]).await, 400, "invalid_grant");
    assert_eq!(exchange(&bench, &landed, &[("code_verifier", VERIFIER)]).await.status, 200);
}

#[tokio::test]
async fn offline_gives_a_refresh_token_good_once_and_offline_access_gives_none() {
    let bench = Bench::new().await;
    let landed = signed_in(&bench, &[("scope", "openid offline_access")]).await;
    let body = exchange(&bench, &landed, &[]).await.json().unwrap();
    assert_eq!(body.get("refresh_token"), None, "Kinde's trap: no error, and no refresh token");
    let landed = signed_in(&bench, &[]).await;
    let first = exchange(&bench, &landed, &[]).await.json().unwrap()["refresh_token"].as_str().unwrap().to_owned();
    let grant = |token: String| {
        let bench = &bench;
        let landed = landed.clone();
        async move {
            exchange(bench, &landed, &[("grant_type", "refresh_token"), ("refresh_token", &token), ("code", "")]).await
        }
    };
    let second = grant(first.clone()).await;
    assert_eq!(second.status, 200, "{}", second.text());
    refused(&grant(first).await, 400, "invalid_grant");
    let second = second.json().unwrap()["refresh_token"].as_str().unwrap().to_owned();
    let introspected = bench.send(token_request(&bench, "/oauth2/introspect", &second)).await.json().unwrap();
    assert_eq!((&introspected["active"], &introspected["token_use"]), (&json!(true), &json!("refresh_token")));
    assert_eq!(bench.send(token_request(&bench, "/oauth2/revoke", &second)).await.status, 200);
    refused(&grant(second.clone()).await, 400, "invalid_grant");
    let introspected = bench.send(token_request(&bench, "/oauth2/introspect", &second)).await.json().unwrap();
    assert_eq!(introspected, json!({"active": false}));
}

fn token_request(bench: &Bench, path: &str, token: &str) -> Request {
    let web = &bench.facts.applications[0];
    Request::post("token", bench.url(path)).form(vec![
        ("client_id", web.client_id.clone().into()),
        ("client_secret", web.client_secret.clone().unwrap().into()),
        ("token", token.to_owned().into()),
    ])
}

#[tokio::test]
async fn the_profile_shows_what_the_scopes_allow_and_takes_access_tokens_of_people_alone() {
    let bench = Bench::new().await;
    let landed = signed_in(&bench, &[("scope", "openid")]).await;
    let body = exchange(&bench, &landed, &[]).await.json().unwrap();
    let access = Secret::new(body["access_token"].as_str().unwrap());
    let profile = bench.get(&access, "/oauth2/v2/user_profile").await.json().unwrap();
    assert_eq!(profile, json!({"sub": bench.facts.users[0].id}));
    let id = Secret::new(body["id_token"].as_str().unwrap());
    for token in [id, bench.mint().await, Secret::new("x")] {
        let answer = bench.get(&token, "/oauth2/v2/user_profile").await;
        refused(&answer, 401, "request_unauthorized");
    }
    bench.clock.advance(Duration::from_secs(86_400));
    refused(&bench.get(&access, "/oauth2/v2/user_profile").await, 401, "request_unauthorized");
}

#[tokio::test]
async fn signing_out_ends_at_registered_addresses_alone() {
    let bench = Bench::new().await;
    for name in ["redirect", "post_logout_redirect_uri"] {
        let mut url = bench.url("/logout");
        url.query_pairs_mut().append_pair(name, "http://localhost:3000");
        assert_eq!(back(&bench.send(Request::get("sign out", url)).await).as_str(), "http://localhost:3000/");
    }
    let mut url = bench.url("/logout");
    url.query_pairs_mut().append_pair("redirect", "https://evil.example");
    let answer = bench.send(Request::get("sign out", url)).await;
    assert_eq!((answer.status, answer.header("location")), (400, None));
}

#[tokio::test]
async fn a_sign_in_is_counted_and_told_as_an_event() {
    let bench = Bench::new().await;
    let token = bench.mint().await;
    let ada = format!("/api/v1/user?id={}", bench.facts.users[0].id);
    let before = bench.get(&token, &ada).await.json().unwrap()["total_sign_ins"].as_u64().unwrap();
    signed_in(&bench, &[]).await;
    let after: Value = bench.get(&token, &ada).await.json().unwrap();
    assert_eq!(after["total_sign_ins"], before + 1);
}
