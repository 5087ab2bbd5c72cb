//! Discovery, tokens and the Management API.

use crate::stage::{Bench, claims};
use kinde_panel::net::Request;
use kinde_panel::sandbox::facts;
use kinde_panel::secrets::Secret;
use serde_json::{Value, json};
use std::time::Duration;
use url::Url;

#[tokio::test]
async fn discovery_follows_the_address_the_client_used() {
    let bench = Bench::new().await;
    for base in [bench.served.running().issuer.clone(), bench.served.running().issuer.replace("127.0.0.1", "localhost")]
    {
        let url = Url::parse(&format!("{base}/.well-known/openid-configuration")).unwrap();
        let json = bench.send(Request::get("discovery", url)).await.json().unwrap();
        assert_eq!(json["issuer"], base);
        assert_eq!(json["jwks_uri"], format!("{base}/.well-known/jwks"));
        assert_eq!(json["token_endpoint"], format!("{base}/oauth2/token"));
    }
}

#[tokio::test]
async fn both_key_set_paths_answer_and_refuse_an_authorization_header() {
    let bench = Bench::new().await;
    for path in ["/.well-known/jwks", "/.well-known/jwks.json"] {
        let answer = bench.send(Request::get("jwks", bench.url(path))).await;
        assert_eq!((answer.status, answer.text().into_owned()), (200, bench.facts.jwks.clone()));
        let refused = bench.send(Request::get("jwks", bench.url(path)).bearer(Secret::new("x"))).await;
        assert_eq!(refused.status, 403);
    }
}

#[tokio::test]
async fn a_token_has_kindes_claims_and_its_scope_is_echoed_only_when_asked_for() {
    let bench = Bench::new().await;
    let answer = bench.send(bench.form(&[("scope", "")])).await;
    let json = answer.json().unwrap();
    assert_eq!((json["scope"].as_str(), json["expires_in"].as_u64()), (Some(""), Some(86_399)));
    assert_eq!(json["token_type"], "Bearer");
    let claims_ = claims(&Secret::new(json["access_token"].as_str().unwrap()));
    assert_eq!(claims_["iss"], bench.served.running().issuer);
    assert_eq!(claims_["aud"], json!([bench.served.running().audience()]));
    assert_eq!(claims_["azp"], bench.facts.client_id);
    assert_eq!(claims_["gty"], json!(["client_credentials"]));
    assert_eq!(claims_["v"], "2");
    assert_eq!(claims_["exp"].as_i64().unwrap() - claims_["iat"].as_i64().unwrap(), 86_400);
    assert!(claims_["scp"].as_array().unwrap().contains(&json!("read:connected_apps")));
    let subset = bench.send(bench.form(&[("scope", "read:users read:environments")])).await.json().unwrap();
    assert_eq!(subset["scope"], "read:users read:environments");
}

#[tokio::test]
async fn the_token_endpoint_refuses_in_kindes_own_words() {
    let bench = Bench::new().await;
    let wrong = bench.send(bench.form(&[("client_secret", "nope")])).await;
    assert_eq!(wrong.status, 401);
    assert_eq!(
        wrong.json().unwrap(),
        json!({"error": "invalid_client", "error_description": "Client authentication failed (e.g., unknown client, no client authentication included, or unsupported authentication method)."})
    );
    assert_eq!(bench.send(bench.form(&[("client_id", "nope")])).await.status, 404);
    let audience = format!("{}/v1", bench.served.running().audience());
    let refused = bench.send(bench.form(&[("audience", &audience)])).await;
    assert_eq!(refused.status, 403);
    assert_eq!(
        refused.json().unwrap(),
        json!({"error": "invalid_request", "error_description": format!("The request is missing a required parameter, includes an invalid parameter value, includes a parameter more than once, or is otherwise malformed. Requested audience '{audience}' has not been whitelisted by the OAuth 2.0 Client.")})
    );
    let scope = bench.send(bench.form(&[("scope", "write:users")])).await;
    assert_eq!(scope.status, 403);
    assert_eq!(
        scope.json().unwrap(),
        json!({"error": "invalid_scope", "error_description": "The requested scope is invalid, unknown, or malformed. The OAuth 2.0 Client is not allowed to request scope 'write:users'."})
    );
    let grant = bench.send(bench.form(&[("grant_type", "password")])).await;
    assert_eq!((grant.status, grant.json().unwrap()["error"].clone()), (400, json!("unsupported_grant_type")));
}

#[tokio::test]
async fn an_unknown_route_answers_with_an_object_and_a_bad_token_with_401() {
    let bench = Bench::new().await;
    let token = bench.mint().await;
    let unknown = bench.get(&token, "/api/v1/webhook/x").await;
    assert_eq!(unknown.status, 404);
    assert_eq!(
        unknown.json().unwrap(),
        json!({"errors": {"code": "ROUTE_NOT_FOUND", "message": "The requested API route does not exist"}})
    );
    assert_eq!(bench.get(&Secret::new("eyJ.a.b"), "/api/v1/environment").await.status, 401);
    bench.clock.advance(Duration::from_secs(86_401));
    assert_eq!(bench.get(&token, "/api/v1/environment").await.status, 401, "an expired token");
}

#[tokio::test]
async fn scopes_are_those_of_the_token() {
    let bench = Bench::new().await;
    let json = bench.send(bench.form(&[("scope", "read:users")])).await.json().unwrap();
    let token = Secret::new(json["access_token"].as_str().unwrap());
    assert_eq!(bench.get(&token, "/api/v1/users").await.status, 200);
    let refused = bench.get(&token, "/api/v1/environment").await;
    assert_eq!(refused.status, 403);
    assert_eq!(
        refused.json().unwrap(),
        json!({"errors": [{"code": "SCOPE_MISSING", "message": "Scope is missing: read:environments"}]})
    );
}

#[tokio::test]
async fn the_environment_is_never_live() {
    let bench = Bench::new().await;
    let json = bench.get(&bench.mint().await, "/api/v1/environment").await.json().unwrap();
    assert_eq!(json["environment"]["is_live"], false);
    assert_eq!(
        format!("http://{}", json["environment"]["kinde_domain"].as_str().unwrap()),
        bench.served.running().issuer
    );
}

#[tokio::test]
async fn search_pages_through_every_user_once_in_both_directions() {
    let bench = Bench::new().await;
    let token = bench.mint().await;
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let page = bench.get(&token, &format!("/api/v1/search/users?query=*&page_size=2{after}")).await.json().unwrap();
        let ids: Vec<String> =
            page["results"].as_array().unwrap().iter().map(|user| user["id"].as_str().unwrap().to_owned()).collect();
        after = format!("&starting_after={}", ids.last().unwrap());
        seen.extend(ids);
        if page["has_more"] == false {
            break;
        }
    }
    let all: Vec<String> = bench.facts.users.iter().map(|user| user.id.clone()).collect();
    assert_eq!(seen, all);
    let before = format!("/api/v1/search/users?page_size=2&ending_before={}", all[3]);
    let page = bench.get(&token, &before).await.json().unwrap();
    assert_eq!(page["results"][0]["id"], all[1]);
    assert_eq!(page["results"][1]["id"], all[2]);
    let found = bench.get(&token, "/api/v1/search/users?query=LOVELACE").await.json().unwrap();
    assert_eq!(found["results"][0]["email"], "ada@example.com");
    assert_eq!(found["results"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn users_are_filtered_paged_and_created() {
    let bench = Bench::new().await;
    let token = bench.mint().await;
    let body = json!({"profile": {"given_name": "Barbara", "family_name": "Liskov"}, "identities": [{"type": "email", "details": {"email": "barbara@example.com"}}]});
    let create = || Request::post("create", bench.url("/api/v1/user")).bearer(token.clone()).json(body.clone());
    let made = bench.send(create()).await;
    assert_eq!(made.status, 200, "{}", made.text());
    let id = made.json().unwrap()["id"].as_str().unwrap().to_owned();
    assert_eq!(bench.send(create()).await.status, 400, "the same address twice");
    let found = bench.get(&token, "/api/v1/users?email=barbara@example.com,nobody@example.com").await.json().unwrap();
    assert_eq!((found["users"][0]["id"].as_str(), found["users"].as_array().unwrap().len()), (Some(id.as_str()), 1));
    let page = bench.get(&token, "/api/v1/users?page_size=5").await.json().unwrap();
    let next = page["next_token"].as_str().unwrap().to_owned();
    let rest = bench.get(&token, &format!("/api/v1/users?page_size=5&next_token={next}")).await.json().unwrap();
    assert_eq!((rest["users"].as_array().unwrap().len(), &rest["next_token"]), (2, &Value::Null));
    assert_eq!(facts(&bench.dir).unwrap().users.len(), 7, "kept on disk");
}
