//! What the judge says of every forgery.

use std::path::Path;

use kinde_panel::check::Verdict;
use kinde_panel::clock::Clock;
use kinde_panel::inspector::decode::{Issuers, Keys, Kind, Options, TokenVerdict, judge};
use kinde_panel::net::{Http, Recorder};
use kinde_panel::sandbox::{Order, facts, forgeries, send_to};

use super::sink::Sink;

async fn send(dir: &Path, forge: Option<&str>) -> Vec<u8> {
    let sink = Sink::good();
    let http = Http::new(Recorder::silent(), Clock::real()).unwrap();
    let forge = forge.map(str::to_owned);
    let order = Order { event_type: "user.created".into(), repeat: 1, forge, ..Order::default() };
    send_to(dir, &order, &sink.url, &http, |_| {}).await.unwrap();
    sink.wait_for(1)[0].body.clone()
}

/// Name, verdict, what fails, and what warns.
const EXPECTED: [[&str; 4]; 39] = [
    ["genuine", "verified", "-", ""],
    ["alg-none", "unsigned", "header", ""],
    ["alg-none-spelled", "unsigned", "header", ""],
    ["no-signature", "unsigned", "header", ""],
    ["blank-hmac", "not verified", "header", ""],
    ["key-confusion", "not verified", "header", ""],
    ["key-confusion-der", "not verified", "header", ""],
    ["key-confusion-pem", "not verified", "header", ""],
    ["other-key", "not verified", "signature", ""],
    ["unknown-kid", "unknown key", "key", ""],
    ["inline-jwk", "not verified", "signature", "header"],
    ["jku", "not verified", "signature", "header"],
    ["x5u", "not verified", "signature", "header"],
    ["kid-path", "unknown key", "key", ""],
    ["kid-sql", "unknown key", "key", ""],
    ["no-kid", "verified", "-", "key"],
    ["tampered-payload", "not verified", "signature", ""],
    ["tampered-signature", "not verified", "signature", ""],
    ["crit", "not verified", "header", ""],
    ["b64", "not verified", "header", ""],
    ["duplicate-header", "unsigned", "header", ""],
    ["duplicate-claim", "verified", "claims", ""],
    ["rs512", "not verified", "header", ""],
    ["ps256", "not verified", "header", ""],
    ["stale", "verified", "-", "freshness"],
    ["expired", "verified", "claims", ""],
    ["exp-text", "verified", "claims", ""],
    ["wrong-issuer", "verified", "claims", ""],
    ["access-token", "verified", "claims", "freshness"],
    ["not-json", "verified", "claims", ""],
    ["deep", "verified", "claims", ""],
    // A matter of how much a receiver takes in, and of nothing else.
    ["huge", "verified", "-", ""],
    ["padded", "not verified", "envelope", ""],
    ["white-space", "not verified", "envelope", ""],
    ["quoted", "not verified", "envelope", ""],
    ["two-parts", "unreadable", "envelope", ""],
    ["jwe", "encrypted", "envelope", ""],
    ["empty", "unreadable", "envelope", ""],
    ["plain-json", "unreadable", "envelope", ""],
];

#[tokio::test]
async fn every_forgery_is_judged_as_what_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let mut told = Vec::new();
    let names = forgeries().iter().map(|forgery| Some(forgery.name));
    for name in [None].into_iter().chain(names) {
        let body = send(dir.path(), name).await;
        let jwks = facts(dir.path()).unwrap().jwks;
        let keys = Keys::published("the sandbox", jwks.as_bytes(), Issuers::Loopback);
        let options = Options { kind: Some(Kind::Webhook), pasted: false, ..Options::pasted(Clock::real().now()) };
        let decoded = judge(&body, &keys, &options);
        let warns: Vec<&str> = decoded
            .checks
            .iter()
            .filter(|check| check.verdict == Verdict::Warn)
            .map(|check| check.name.as_str())
            .collect();
        told.push([
            name.unwrap_or("genuine").to_owned(),
            decoded.verdict.word().to_owned(),
            decoded.failed.clone().unwrap_or_else(|| "-".to_owned()),
            warns.join(" "),
        ]);
        assert_eq!(decoded.is_good(), decoded.verdict == TokenVerdict::Verified && decoded.failed.is_none());
    }
    assert_eq!(told, EXPECTED);
}
