//! The stand-ins of the providers.

use crate::stage::Bench;
use kinde_panel::net::Request;
use kinde_panel::sandbox::{Faults, ProviderFault};
use kinde_panel::secrets::Secret;
use serde_json::json;

#[tokio::test]
async fn every_provider_knows_its_own_token_and_nobody_elses() {
    let bench = Bench::new().await;
    // (app, probe, where the account's name stands)
    let probes = [
        ("google_drive", "www.googleapis.com/drive/v3/about?fields=user", "/user/emailAddress", "ada@example.com"),
        ("github", "api.github.com/user", "/login", "ada-lovelace"),
        ("gitlab", "gitlab.com/api/v4/user", "/username", "ada-lovelace"),
        (
            "patreon",
            "www.patreon.com/api/oauth2/v2/identity?fields%5Buser%5D=full_name,email",
            "/data/attributes/email",
            "ada@example.com",
        ),
        ("discord", "discord.com/api/v10/users/@me", "/username", "ada-lovelace"),
        (
            "microsoft_365",
            "graph.microsoft.com/v1.0/me/events?$top=1&$select=subject,start",
            "/value/0/subject",
            "Planning",
        ),
    ];
    let stranger = Secret::new("gho_strangerstrangerstranger");
    for (key, probe, pointer, name) in probes {
        let (token, _) = bench.connected(key).await;
        let answer = bench.provider(&token, probe).await;
        assert_eq!(answer.status, 200, "{key}: {}", answer.text());
        assert_eq!(answer.json().unwrap().pointer(pointer).unwrap(), name, "{key}");
        assert_eq!(bench.provider(&stranger, probe).await.status, 401, "{key}");
        bench
            .control()
            .set_faults(&Faults { provider: Some(ProviderFault::InsufficientScope), ..Faults::default() })
            .await
            .unwrap();
        assert_eq!(bench.provider(&token, probe).await.status, 403, "{key}");
        bench
            .control()
            .set_faults(&Faults { provider: Some(ProviderFault::TokenRevoked), ..Faults::default() })
            .await
            .unwrap();
        assert_eq!(bench.provider(&token, probe).await.status, 401, "{key}");
        bench.control().set_faults(&Faults::default()).await.unwrap();
        assert_eq!(bench.control().disconnect_at_provider(key).await.unwrap(), 1);
        assert_eq!(bench.provider(&token, probe).await.status, 401, "{key}: disconnected there");
    }
}

#[tokio::test]
async fn granted_scopes_are_told_where_the_provider_tells_them() {
    let bench = Bench::new().await;
    let (google, _) = bench.connected("google_drive").await;
    let info = bench
        .send(Request::get("x", bench.url("/_providers/oauth2.googleapis.com/tokeninfo")).query("access_token", google))
        .await;
    assert_eq!(info.json().unwrap()["scope"], "https://www.googleapis.com/auth/drive.readonly");
    let (gitlab, _) = bench.connected("gitlab").await;
    let info = bench.provider(&gitlab, "gitlab.com/oauth/token/info").await.json().unwrap();
    assert_eq!(info["scope"], json!(["read_user", "read_api"]));
    let (discord, _) = bench.connected("discord").await;
    let info = bench.provider(&discord, "discord.com/api/v10/oauth2/@me").await.json().unwrap();
    assert_eq!(info["scopes"], json!(["identify", "email"]));
    let (github, _) = bench.connected("github").await;
    assert_eq!(bench.provider(&github, "api.github.com/user").await.header("x-oauth-scopes"), Some(""));
    let installations = bench.provider(&github, "api.github.com/user/installations").await.json().unwrap();
    assert_eq!(installations["installations"][0]["permissions"]["metadata"], "read");
}

#[tokio::test]
async fn a_bogus_code_tells_genuine_credentials_from_wrong_ones_at_every_provider() {
    let bench = Bench::new().await;
    // (app, endpoint, status and error of a bad code, status and error of a wrong secret)
    let endpoints = [
        ("google_drive", "oauth2.googleapis.com/token", (400, "invalid_grant"), (401, "invalid_client")),
        (
            "github",
            "github.com/login/oauth/access_token",
            (200, "bad_verification_code"),
            (200, "incorrect_client_credentials"),
        ),
        ("gitlab", "gitlab.com/oauth/token", (400, "invalid_grant"), (401, "invalid_client")),
        ("patreon", "www.patreon.com/api/oauth2/token", (400, "invalid_grant"), (401, "invalid_client")),
        ("discord", "discord.com/api/oauth2/token", (400, "invalid_grant"), (401, "invalid_client")),
        (
            "microsoft_365",
            "login.microsoftonline.com/common/oauth2/v2.0/token",
            (400, "invalid_grant"),
            (401, "invalid_client"),
        ),
    ];
    for (key, endpoint, bad_code, bad_client) in endpoints {
        let app = bench.facts.connected_apps.iter().find(|app| app.key == key).unwrap();
        for (secret, (status, error)) in [(app.client_secret.expose(), bad_code), ("wrong", bad_client)] {
            let request = Request::post("check", bench.url(&format!("/_providers/{endpoint}")))
                .header("accept", "application/json")
                .form(vec![
                    ("grant_type", "authorization_code".into()),
                    ("client_id", app.client_id.as_str().into()),
                    ("client_secret", secret.into()),
                    ("code", "bogus".into()),
                    ("redirect_uri", "https://acme.kinde.com/connected_apps/callback".into()),
                ]);
            let answer = bench.send(request).await;
            assert_eq!((answer.status, answer.json().unwrap()["error"].as_str()), (status, Some(error)), "{key}");
            if key == "microsoft_365" {
                let code = if secret == "wrong" { 7_000_215 } else { 70_000 };
                assert_eq!(answer.json().unwrap()["error_codes"], json!([code]));
            }
        }
    }
}

#[tokio::test]
async fn a_provider_that_has_revocation_stops_taking_the_token() {
    let bench = Bench::new().await;
    let app = |key: &str| bench.facts.connected_apps.iter().find(|app| app.key == key).unwrap().clone();
    let (google, _) = bench.connected("google_drive").await;
    let revoke = || {
        Request::post("revoke", bench.url("/_providers/oauth2.googleapis.com/revoke"))
            .form(vec![("token", google.clone().into())])
    };
    assert_eq!(bench.send(revoke()).await.status, 200);
    assert_eq!(bench.send(revoke()).await.json().unwrap()["error"], "invalid_token");
    let (github, _) = bench.connected("github").await;
    let client = app("github");
    let url = bench.url(&format!("/_providers/api.github.com/applications/{}/token", client.client_id));
    let delete = Request::new(http::Method::DELETE, "delete", url)
        .basic(client.client_id.clone(), client.client_secret.clone())
        .json(json!({"access_token": github.expose()}));
    assert_eq!(bench.send(delete.clone()).await.status, 204);
    assert_eq!(bench.send(delete).await.status, 422);
    assert_eq!(bench.provider(&github, "api.github.com/user").await.json().unwrap()["message"], "Bad credentials");
    let (discord, _) = bench.connected("discord").await;
    let client = app("discord");
    let revoke = Request::post("revoke", bench.url("/_providers/discord.com/api/oauth2/token/revoke"))
        .basic(client.client_id, client.client_secret)
        .form(vec![("token", discord.clone().into())]);
    assert_eq!(bench.send(revoke).await.status, 200);
    assert_eq!(bench.provider(&discord, "discord.com/api/v10/users/@me").await.status, 401);
}

#[tokio::test]
async fn an_expired_provider_token_is_refreshed_by_kinde_at_the_next_fetch() {
    let bench = Bench::new().await;
    let (first, session) = bench.connected("gitlab").await;
    bench.control().expire_at_provider("gitlab").await.unwrap();
    let expired = bench.provider(&first, "gitlab.com/api/v4/user").await;
    assert!(expired.status == 401 && expired.text().contains("Token is expired"));
    let answer = bench.session_token(&bench.mint().await, &session).await.json().unwrap();
    assert_ne!(answer["access_token"].as_str().unwrap(), first.expose());
}

#[tokio::test]
async fn github_wants_a_user_agent_and_google_wants_fields() {
    let bench = Bench::new().await;
    let (github, _) = bench.connected("github").await;
    let bare = Request::get("x", bench.url("/_providers/api.github.com/user")).bearer(github).header("user-agent", "");
    assert_eq!(bench.send(bare).await.status, 403);
    let (google, _) = bench.connected("google_drive").await;
    assert_eq!(bench.provider(&google, "www.googleapis.com/drive/v3/about").await.status, 400);
}
