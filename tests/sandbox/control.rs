//! The control address and the faults it sets.

use crate::stage::{Bench, claims};
use kinde_panel::net::{NetErrorKind, Request};
use kinde_panel::sandbox::{Down, Faults, RateLimit};
use serde_json::json;
use std::time::Duration;
use url::Url;

#[tokio::test]
async fn faults_are_set_seen_and_ended_through_the_control_address() {
    let bench = Bench::new().await;
    let control = bench.control();
    assert_eq!(control.faults().await.unwrap(), Faults::default());
    let token = bench.mint().await;
    control.set_faults(&Faults { wrong_secret: true, ..Faults::default() }).await.unwrap();
    assert_eq!(bench.send(bench.form(&[])).await.status, 401);
    let limit = RateLimit { times: 2, reset_seconds: 7 };
    control.set_faults(&Faults { rate_limit: Some(limit), ..Faults::default() }).await.unwrap();
    for status in [429, 429, 200] {
        let answer = bench.get(&token, "/api/v1/environment").await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.retry_after(), (status == 429).then_some(Duration::from_secs(7)));
    }
    let missing = Faults { missing_scopes: vec!["read:users".to_owned()], ..Faults::default() };
    control.set_faults(&missing).await.unwrap();
    let refused = bench.get(&token, "/api/v1/users").await;
    assert_eq!(refused.json().unwrap()["errors"][0]["message"], "Scope is missing: read:users");
    assert!(!claims(&bench.mint().await)["scp"].as_array().unwrap().contains(&json!("read:users")));
    control.set_faults(&Faults { down: Some(Down::Unavailable), ..Faults::default() }).await.unwrap();
    assert_eq!(bench.get(&token, "/api/v1/users").await.status, 503);
    control.set_faults(&Faults { down: Some(Down::Closed), ..Faults::default() }).await.unwrap();
    let closed = bench.http.send(Request::get("x", bench.url("/.well-known/jwks"))).await.unwrap_err();
    assert_eq!(closed.kind, NetErrorKind::Broken);
    let faults = Faults { token_lifetime_seconds: Some(60), clock_skew_seconds: 300, ..Faults::default() };
    control.set_faults(&faults).await.unwrap();
    let answer = bench.send(bench.form(&[])).await;
    assert_eq!(answer.json().unwrap()["expires_in"], 59);
    assert_eq!(answer.date().unwrap().as_second() - bench.clock.now().as_second(), 300);
    let slow = Faults { slow_ms: 60_000, ..Faults::default() };
    control.set_faults(&slow).await.unwrap();
    let request = Request::get("x", bench.url("/.well-known/jwks")).timeout(Duration::from_millis(200));
    assert_eq!(bench.http.send(request).await.unwrap_err().kind, NetErrorKind::Timeout);
}

#[tokio::test]
async fn the_control_address_wants_its_own_token() {
    let bench = Bench::new().await;
    let url = Url::parse(&format!("{}/faults", bench.served.running().control)).unwrap();
    assert_eq!(bench.send(Request::get("x", url.clone())).await.status, 401);
    assert_eq!(bench.send(Request::get("x", url).bearer(bench.mint().await)).await.status, 401);
}
