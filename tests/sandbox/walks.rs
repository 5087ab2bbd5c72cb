//! A connected app walked in the browser.

use crate::stage::{Bench, query};
use kinde_panel::net::Request;
use kinde_panel::secrets::Secret;
use serde_json::json;

#[tokio::test]
async fn a_walk_allowed_in_the_browser_gives_the_same_token_until_it_is_revoked() {
    let bench = Bench::new().await;
    let token = bench.mint().await;
    let (page, session) = bench.auth_url(&token, "github", "").await;
    let pending = bench.session_token(&token, &session).await;
    assert_eq!(pending.status, 400);
    assert_eq!(pending.json().unwrap()["errors"][0]["code"], "INVALID_SESSION");
    let end = bench.decide(page, "allow").await;
    assert_eq!(query(&end, "session_id"), Some(session.clone()));
    assert_eq!(bench.send(Request::get("landing", end)).await.status, 200);
    let one = bench.session_token(&token, &session).await.json().unwrap();
    let two = bench.session_token(&token, &session).await.json().unwrap();
    assert_eq!(one, two);
    assert!(one["access_token"].as_str().unwrap().starts_with("gho_"));
    assert_eq!(one.as_object().unwrap().len(), 2, "no refresh token leaves Kinde");
    let revoke = || {
        let url = bench.url("/api/v1/connected_apps/revoke");
        Request::post("revoke", url).query("session_id", session.as_str()).bearer(token.clone())
    };
    let revoked = bench.send(revoke()).await;
    assert_eq!(revoked.json().unwrap(), json!({"message": "Success", "code": "OK"}));
    let after = bench.session_token(&token, &session).await;
    assert_eq!((after.status, after.body), (pending.status, pending.body), "at once, and word for word the same");
    assert_eq!(bench.send(revoke()).await.status, 400);
    let held = Secret::new(one["access_token"].as_str().unwrap());
    assert_eq!(bench.provider(&held, "api.github.com/user").await.status, 200, "the provider was not told");
}

#[tokio::test]
async fn deny_tells_the_browser_alone_and_the_api_answers_as_before() {
    let bench = Bench::new().await;
    let token = bench.mint().await;
    let (page, session) = bench.auth_url(&token, "discord", "").await;
    let pending = bench.session_token(&token, &session).await;
    let end = bench.decide(page.clone(), "deny").await;
    assert_eq!(query(&end, "error").as_deref(), Some("access_denied"));
    assert!(query(&end, "error_description").is_some() && query(&end, "session_id").is_none());
    let denied = bench.session_token(&token, &session).await;
    assert_eq!((denied.status, denied.body), (pending.status, pending.body));
    assert_eq!(bench.send(Request::get("again", page)).await.status, 400, "the page is over");
}

#[tokio::test]
async fn the_browser_is_sent_where_the_override_says_if_that_is_this_machine() {
    let bench = Bench::new().await;
    let token = bench.mint().await;
    let (page, session) =
        bench.auth_url(&token, "gitlab", "&override_callback_url=http%3A%2F%2F127.0.0.1%3A9%2Fback%3Fa%3D1").await;
    let end = bench.decide(page, "allow").await;
    assert_eq!(end.as_str(), format!("http://127.0.0.1:9/back?a=1&session_id={session}"));
    let user = &bench.facts.users[0].id;
    let elsewhere = format!(
        "/api/v1/connected_apps/auth_url?key_code_ref=gitlab&user_id={user}&override_callback_url=https%3A%2F%2Fevil.example%2F"
    );
    assert_eq!(bench.get(&token, &elsewhere).await.status, 400);
}

#[tokio::test]
async fn an_unknown_app_is_404_and_a_missing_or_unknown_subject_400() {
    let bench = Bench::new().await;
    let token = bench.mint().await;
    let user = &bench.facts.users[0].id;
    let status =
        async |query: &str| bench.get(&token, &format!("/api/v1/connected_apps/auth_url?{query}")).await.status;
    assert_eq!(status(&format!("key_code_ref=nope&user_id={user}")).await, 404);
    assert_eq!(status("key_code_ref=github").await, 400);
    assert_eq!(status("key_code_ref=github&user_id=kp_0").await, 400);
    let org = &bench.facts.orgs[0].code;
    assert_eq!(status(&format!("key_code_ref=github&org_code={org}")).await, 200);
    assert_eq!(bench.get(&token, "/api/v1/connected_apps/revoke?session_id=x").await.status, 405);
}

#[tokio::test]
async fn the_consent_page_names_who_asks_for_what_and_needs_no_script() {
    let bench = Bench::new().await;
    let token = bench.mint().await;
    for app in &bench.facts.connected_apps {
        let (page, _) = bench.auth_url(&token, &app.key, "").await;
        let answer = bench.send(Request::get("consent", page)).await;
        let html = answer.text().into_owned();
        assert!(html.contains(">Allow</button>") && html.contains(">Deny</button>"), "{html}");
        assert!(html.contains("Ada Lovelace") && html.contains("<form method=\"post\"") && html.contains("<li>"));
        assert!(!html.contains("<script") && !html.contains("http-equiv"));
        assert!(answer.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
    }
}

#[tokio::test]
async fn a_name_with_markup_stays_text_on_the_consent_page() {
    let bench = Bench::new().await;
    let token = bench.mint().await;
    let body = json!({"profile": {"given_name": "<img src=x onerror=alert(1)>", "family_name": "\"'&"}});
    let made = bench.send(Request::post("create", bench.url("/api/v1/user")).bearer(token.clone()).json(body)).await;
    let id = made.json().unwrap()["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/connected_apps/auth_url?key_code_ref=github&user_id={id}");
    let url = bench.get(&token, &path).await.json().unwrap()["url"].as_str().unwrap().parse().unwrap();
    let html = bench.send(Request::get("consent", url)).await.text().into_owned();
    assert!(!html.contains("<img") && html.contains("&lt;img src=x"), "{html}");
}

#[tokio::test]
async fn a_wrong_redirect_address_or_client_is_told_by_the_provider() {
    let bench = Bench::new().await;
    let token = bench.mint().await;
    let (page, _) = bench.auth_url(&token, "github", "").await;
    let changed = |name: &str, text: &str| {
        let mut url = page.clone();
        let pairs: Vec<(String, String)> = page.query_pairs().into_owned().collect();
        url.query_pairs_mut().clear().extend_pairs(
            pairs.iter().map(|(key, value)| (key.as_str(), if key == name { text } else { value.as_str() })),
        );
        url
    };
    let wrong =
        bench.send(Request::get("x", changed("redirect_uri", "https://other.example/connected_apps/callback"))).await;
    assert!(wrong.status == 400 && wrong.text().contains("Redirect URI mismatch"));
    assert_eq!(bench.send(Request::get("x", changed("client_id", "nobody"))).await.status, 401);
}
