//! Every provider walked end to end in the sandbox: consent, proof, client credentials, faults, revocation.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

use std::sync::Arc;
use std::time::Duration;

use kinde_panel::check::{Check, Verdict, worst};
use kinde_panel::clock::Clock;
use kinde_panel::connect::{
    Browser, Ends, HeldToken, Pace, RevokeRequest, Voice, WalkEnd, WalkOutcome, WalkRequest, revoke, walk,
};
use kinde_panel::kinde::{Domain, KindeApi, M2m, Subject, TokenSource};
use kinde_panel::net::{Http, Recorder, Request};
use kinde_panel::providers::{catalogue, check_credentials, find};
use kinde_panel::sandbox::{Control, Facts, Faults, Options, ProviderFault, Served};
use kinde_panel::secrets::Secret;
use tokio_util::sync::CancellationToken;
use url::Url;

struct House {
    ends: Ends,
    facts: Facts,
    control: Control,
    _served: Served,
    _dir: tempfile::TempDir,
}

async fn house() -> House {
    let dir = tempfile::tempdir().unwrap();
    let served = Served::start(&dir.path().join("sandbox"), Options::default(), Clock::real()).await.unwrap();
    let http = Http::new(Recorder::silent(), Clock::real()).unwrap();
    let (facts, running) = (served.facts(), served.running().clone());
    let domain = Domain::parse(&running.issuer).unwrap();
    let m2m = M2m { client_id: facts.client_id.clone(), client_secret: facts.client_secret.clone(), audience: None };
    let tokens = TokenSource::new(http.clone(), domain.clone(), m2m, None);
    let api = KindeApi::new(http.clone(), domain, tokens);
    let control = Control::new(http.clone(), &running).unwrap();
    let ends = Ends { api, http, provider_base: Some(Url::parse(&running.provider_base()).unwrap()) };
    House { ends, facts, control, _served: served, _dir: dir }
}

/// A person who presses `decision` on the consent page, and goes wherever that leads.
fn person(decision: &'static str) -> Browser {
    let runtime = tokio::runtime::Handle::current();
    Browser::with(move |url| {
        let url = Url::parse(url).unwrap();
        runtime.spawn(async move {
            let http = Http::new(Recorder::silent(), Clock::real()).unwrap();
            let mut request = Request::post("decide", url.clone()).form(vec![("decision", decision.into())]);
            let mut at = url;
            for _ in 0..6 {
                // The app's own callback does not exist: like any browser, this one ends on an error there.
                let Ok(answer) = http.send(request).await else { return };
                let Some(next) = answer.header("location") else { return };
                at = at.join(next).unwrap();
                request = Request::get("follow", at.clone());
            }
        });
        Ok(())
    })
}

async fn walked(house: &House, key: &str, decision: &'static str) -> WalkOutcome {
    let user = &house.facts.users[0];
    let request = WalkRequest {
        key: key.into(),
        provider: Some(key.into()),
        subject: Subject::User(user.id.clone()),
        subject_label: user.email.clone().unwrap(),
        landing: true,
        browser: person(decision),
        // So long that only the landing can end the wait.
        pace: Pace { first: Duration::from_secs(300), ..Pace::default() },
        nudge: Arc::default(),
        voice: Voice::Window,
    };
    walk(&house.ends, &request, &|_| {}, CancellationToken::new()).await
}

fn connected(outcome: &WalkOutcome) -> (&HeldToken, &[Check]) {
    let WalkEnd::Connected { token, probe } = &outcome.end else { panic!("{outcome:?}") };
    (token, probe)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_provider_is_walked_proved_and_revoked() {
    let house = house().await;
    for provider in catalogue() {
        let outcome = walked(&house, &provider.id, "allow").await;
        let (token, probe) = connected(&outcome);
        assert_ne!(worst(probe), Verdict::Fail, "{}: {probe:?}", provider.id);
        let account = probe.iter().find(|check| check.name == "account").unwrap();
        let seen = account.seen.as_ref().unwrap();
        let start = format!("Kinde user {} now holds", house.facts.users[0].email.as_ref().unwrap());
        assert!(seen.starts_with(&start) && seen.contains(&provider.name), "{seen}");
        assert!(token.expires_at.is_some());
        assert!(outcome.landing_worked, "{}: the browser came back", provider.id);
        let request = RevokeRequest {
            session: outcome.session.as_ref().unwrap().secret.clone(),
            key: Some(provider.id.clone()),
            provider: Some(provider.id.clone()),
            held: None,
        };
        let revoked = revoke(&house.ends, &request, &|_| {}).await;
        assert!(revoked.revoked, "{}: {:?}", provider.id, revoked.checks);
        let after = |name: &str| revoked.checks.iter().find(|check| check.name == name).unwrap().verdict;
        assert_eq!(after("token_after"), Verdict::Pass, "{}", provider.id);
        // Measured at GitHub: a token that was handed out goes on working.
        assert_eq!(after("provider_after"), Verdict::Warn, "{}", provider.id);
        assert_eq!(house.control.disconnect_at_provider(&provider.id).await.unwrap(), 1, "{}", provider.id);
        let again = revoke(&house.ends, &RevokeRequest { held: Some(token.clone()), ..request }, &|_| {}).await;
        assert!(!again.revoked, "a session is revoked once");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deny_is_told_by_the_landing_page() {
    let house = house().await;
    let outcome = walked(&house, "gitlab", "deny").await;
    let WalkEnd::Denied(check) = &outcome.end else { panic!("{outcome:?}") };
    assert!(check.why.as_ref().unwrap().contains("Deny"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn genuine_client_credentials_are_told_from_wrong_ones_at_every_provider() {
    let house = house().await;
    for app in &house.facts.connected_apps {
        let provider = find(&app.provider).unwrap();
        let base = house.ends.provider_base.as_ref();
        let callback = format!("{}/connected_apps/callback", house.ends.api.domain());
        let check = async |id: &str, secret: &Secret| {
            check_credentials(&house.ends.http, provider, base, id, secret, &callback).await
        };
        let genuine = check(&app.client_id, &app.client_secret).await;
        assert_ne!(worst(&genuine), Verdict::Fail, "{}: {genuine:?}", app.provider);
        let wrong = check(&app.client_id, &Secret::new("wrong-wrong-wrong")).await;
        assert_eq!(worst(&wrong), Verdict::Fail, "{}: {wrong:?}", app.provider);
        let unknown = check("999999999999999999.apps.googleusercontent.com", &app.client_secret).await;
        assert_eq!(worst(&unknown), Verdict::Fail, "{}: {unknown:?}", app.provider);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_of_a_provider_is_named_in_the_proof() {
    let house = house().await;
    for provider in catalogue() {
        for (fault, words) in [
            (ProviderFault::TokenRevoked, &["expired", "revoked", "withdrawn", "disconnected"][..]),
            (ProviderFault::RateLimited, &["too often"]),
            (ProviderFault::Down, &["trouble of its own"]),
        ] {
            house.control.set_faults(&Faults { provider: Some(fault), ..Faults::default() }).await.unwrap();
            // A provider that is down shows its consent page all the same: the fault is of its API.
            let outcome = walked(&house, &provider.id, "allow").await;
            let (_, probe) = connected(&outcome);
            let account = probe.iter().find(|check| check.name == "account").unwrap();
            assert_eq!(account.verdict, Verdict::Fail, "{} {fault:?}: {account:?}", provider.id);
            let why = account.why.as_ref().unwrap();
            assert!(words.iter().any(|word| why.contains(word)), "{} {fault:?}: {why}", provider.id);
        }
    }
    let fault = Faults { provider: Some(ProviderFault::ApiNotEnabled), ..Faults::default() };
    house.control.set_faults(&fault).await.unwrap();
    let outcome = walked(&house, "google_drive", "allow").await;
    let account = connected(&outcome).1.iter().find(|check| check.name == "account").unwrap().clone();
    assert!(account.why.unwrap().contains("not enabled"));
}
