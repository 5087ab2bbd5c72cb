//! The panel's own rooms on the sandbox: every connected app is walked to its proof, and credentials are told apart.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

use std::sync::Arc;

use kinde_panel::check::{Verdict, worst};
use kinde_panel::clock::Clock;
use kinde_panel::connect::{Browser, Ends, Pace, WalkEnd, WalkRequest, walk};
use kinde_panel::kinde::{Domain, KindeApi, M2m, Subject, TokenSource};
use kinde_panel::net::{Http, Recorder, Request};
use kinde_panel::providers::{self, check_credentials};
use kinde_panel::sandbox::{Facts, Options, Served};
use kinde_panel::secrets::Secret;
use tokio_util::sync::CancellationToken;
use url::Url;

struct Bench {
    _home: tempfile::TempDir,
    served: Served,
    facts: Facts,
    http: Http,
    ends: Ends,
}

impl Bench {
    async fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let served = Served::start(&home.path().join("sandbox"), Options::default(), Clock::real()).await.unwrap();
        let facts = served.facts();
        let http = Http::new(Recorder::silent(), Clock::real()).unwrap();
        let domain = Domain::parse(&served.running().issuer).unwrap();
        let m2m = M2m {
            client_id: facts.client_id.clone(),
            client_secret: facts.client_secret.clone(),
            audience: Some(served.running().audience()),
        };
        let tokens = TokenSource::new(http.clone(), domain.clone(), m2m, None);
        let ends = Ends {
            api: KindeApi::new(http.clone(), domain, tokens),
            http: http.clone(),
            provider_base: Some(served.running().provider_base().parse().unwrap()),
        };
        Self { _home: home, served, facts, http, ends }
    }

    /// A browser whose person presses `decision` and follows to the end.
    fn browser(&self, decision: &'static str) -> Browser {
        let http = self.http.clone();
        let runtime = tokio::runtime::Handle::current();
        Browser::with(move |url| {
            let (http, mut next) = (http.clone(), Url::parse(url).map_err(|error| error.to_string())?);
            runtime.spawn(async move {
                let mut request = Request::post("decide", next.clone()).form(vec![("decision", decision.into())]);
                while let Ok(answer) = http.send(request).await {
                    let Some(to) = answer.header("location") else { break };
                    next = next.join(to).unwrap();
                    request = Request::get("follow", next.clone());
                }
            });
            Ok(())
        })
    }

    fn request(&self, key: &str, decision: &'static str) -> WalkRequest {
        WalkRequest {
            key: key.to_owned(),
            provider: Some(key.to_owned()),
            subject: Subject::User(self.facts.users[0].id.clone()),
            subject_label: "ada@example.com".to_owned(),
            landing: true,
            browser: self.browser(decision),
            pace: Pace::default(),
            nudge: Arc::default(),
            voice: kinde_panel::connect::Voice::Window,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_connected_app_is_walked_to_a_proof_without_a_failing_check() {
    let bench = Bench::new().await;
    for app in &bench.facts.connected_apps {
        let request = bench.request(&app.key, "allow");
        let outcome = walk(&bench.ends, &request, &|_| {}, CancellationToken::new()).await;
        let WalkEnd::Connected { probe, .. } = outcome.end else { panic!("{}: {:?}", app.key, outcome.end) };
        assert!(matches!(worst(&probe), Verdict::Pass | Verdict::Warn), "{}: {probe:#?}", app.key);
        assert!(outcome.landing_worked, "{}", app.key);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deny_is_told_by_the_landing_page() {
    let bench = Bench::new().await;
    let request = bench.request("github", "deny");
    let outcome = walk(&bench.ends, &request, &|_| {}, CancellationToken::new()).await;
    assert!(matches!(outcome.end, WalkEnd::Denied(_)), "{:?}", outcome.end);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_credentials_in_the_facts_are_good_at_every_provider_and_others_are_not() {
    let bench = Bench::new().await;
    let callback = format!("{}/connected_apps/callback", bench.served.running().issuer);
    for app in &bench.facts.connected_apps {
        let provider = providers::find(&app.provider).unwrap();
        let base = bench.ends.provider_base.as_ref();
        let good = check_credentials(&bench.http, provider, base, &app.client_id, &app.client_secret, &callback).await;
        assert_eq!(worst(&good), Verdict::Pass, "{}: {good:#?}", app.key);
        let wrong = Secret::new(app.client_secret.expose().chars().rev().collect::<String>());
        let bad = check_credentials(&bench.http, provider, base, &app.client_id, &wrong, &callback).await;
        assert_eq!(worst(&bad), Verdict::Fail, "{}: {bad:#?}", app.key);
        let unknown = check_credentials(&bench.http, provider, base, "nobody", &app.client_secret, &callback).await;
        assert!(worst(&unknown) >= Verdict::Warn, "{}: {unknown:#?}", app.key);
    }
}
