//! How fast a webhook is verified, against what OpenSSL needs for its signature alone.
//!
//! ```text
//! cargo bench --bench verify
//! ```
//!
//! # Method
//!
//! 200 different tokens of about 1,090 bytes, shaped and sized as Kinde's webhooks, signed with RS256 by one RSA key of
//! 2,048 bits. One thread, and its processor time: what else runs on the machine costs nothing but patience, as in
//! `openssl speed`, which counts processor time too. Five rounds, and in each of them one after the other:
//!
//! 1. `openssl speed -seconds 3 rsa2048`: verifications a second, the anchor;
//! 2. **verdict**: envelope, header, key and signature to a verdict, the payload as strictly decoded bytes;
//! 3. **every rung**: what the inspector does with a webhook that came: what it holds, all eight rungs, their sentences,
//!    and how it stands to those before it, of which there are none. The claims in words are made when a row is opened.
//!
//! `ratio=` is verdict ÷ anchor and is to be at least 0.90; every rung ÷ anchor is to be at least 0.70. Less than that is
//! exit 1. Both are the medians of the five rounds' own ratios: where the machine is slower for a while, it is so for all
//! three of a round. `openssl=` is the median of the anchors.
//!
//! `KINDE_PANEL_BENCH_SECONDS` (3) is the length of a measurement, `KINDE_PANEL_BENCH_ROUNDS` (5) their number. The program
//! measured is a release with a lighter link-time optimisation: the release itself is no slower.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a bench prints, and may stop at the first surprise"
)]

use std::hint::black_box;
use std::process::{Command, exit};
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self, KeyPair as _, RsaKeyPair};
use jiff::Timestamp;
use kinde_panel::inspector::decode::{Decoded, Issuers, Keys, Kind, Options, judge_read};
use kinde_panel::inspector::dedupe::{self, Looked};
use kinde_panel::inspector::reading::Reading;
use kinde_panel::inspector::receiver::{sift_read, transport};
use kinde_panel::jwt::{Compact, KeySet, Pick, Policy, encode_base64url as b64};
use serde_json::json;

const TOKENS: usize = 200;
const LENGTH: usize = 1090;
const KID: &str = "5a:bd:6b:1f:3c:77:90:21:aa:0e:4d:52:86:f9:13:c8";

fn main() {
    let seconds = Duration::from_secs(number("KINDE_PANEL_BENCH_SECONDS", 3));
    let rounds = number("KINDE_PANEL_BENCH_ROUNDS", 5);
    let bench = Bench::new();
    let (mut openssl, mut verdict, mut rungs) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=rounds {
        openssl.push(openssl_speed(seconds));
        verdict.push(a_second(&bench.tokens, seconds, |token| bench.verdict(token)));
        rungs.push(a_second(&bench.tokens, seconds, |token| bench.rungs(token)));
        let last = |all: &[f64]| all.last().copied().unwrap_or_default();
        let (anchor, one, all) = (last(&openssl), last(&verdict), last(&rungs));
        println!("round {round}: openssl {anchor:.0}/s, verdict {one:.0}/s, every rung {all:.0}/s");
    }
    let beside = |all: &[f64]| median(all.iter().zip(&openssl).map(|(one, anchor)| one / anchor).collect());
    let (verdict, rungs) = (beside(&verdict), beside(&rungs));
    let anchor = median(openssl);
    println!("openssl={anchor:.0}/s");
    println!("every_rung={rungs:.3} (at least 0.70)");
    println!("ratio={verdict:.3} (at least 0.90)");
    exit(i32::from(verdict < 0.90 || rungs < 0.70));
}

struct Bench {
    keys: Keys,
    set: KeySet,
    headers: Vec<(String, String)>,
    at: Timestamp,
    tokens: Vec<String>,
}

impl Bench {
    fn new() -> Self {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let jwks = jwks(&pair);
        let at: Timestamp = "2026-08-20T12:04:31Z".parse().unwrap();
        let tokens: Vec<String> = (0..TOKENS).map(|number| token(&pair, number, at)).collect();
        let length = tokens.iter().map(String::len).sum::<usize>() / TOKENS;
        println!("{TOKENS} tokens of {length} bytes");
        let headers = [("content-type", "application/jwt"), ("webhook-id", "wh_5abd")];
        let bench = Self {
            keys: Keys::published("acme.kinde.com", jwks.as_bytes(), Issuers::Any),
            set: KeySet::parse(jwks.as_bytes(), Policy::Published).unwrap(),
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            at,
            tokens,
        };
        // Nothing is measured that is not right.
        for token in &bench.tokens {
            assert!(bench.verdict(token));
            let judged = bench.judged(token);
            assert!(judged.is_good(), "{:#?}", judged.checks);
            let forged = format!("{}.{}", token.rsplit_once('.').unwrap().0, b64(&[7; 256]));
            assert!(!bench.verdict(&forged) && !bench.judged(&forged).is_good());
        }
        bench
    }

    /// Envelope, header, key, signature; the payload is decoded on the way.
    fn verdict(&self, token: &str) -> bool {
        let Ok(compact) = Compact::split(token.as_bytes()) else { return false };
        black_box(&compact.payload);
        match self.set.pick(&compact.header) {
            Pick::Found { key, alg } if compact.header.faults.is_empty() => {
                key.verify(alg, compact.signed, &compact.signature)
            }
            _ => false,
        }
    }

    fn rungs(&self, token: &str) -> bool {
        black_box(self.judged(token)).is_good()
    }

    fn judged(&self, token: &str) -> Decoded {
        let reading = Reading::of(token.as_bytes());
        let sifted = sift_read(&reading);
        let looked = Looked {
            content: sifted.content,
            body: token.as_bytes(),
            attempt: 1,
            verified: true,
            second_webhook: false,
        };
        let (_, duplicate) = dedupe::look(&looked, &[]);
        let options = Options {
            at: self.at,
            now: self.at,
            kind: Some(Kind::Webhook),
            pasted: false,
            received: Some(self.at),
            transport: Some(transport(&self.headers)),
            duplicate: Some(duplicate),
        };
        judge_read(reading, &self.keys, options)
    }
}

fn jwks(pair: &RsaKeyPair) -> String {
    // RSAPublicKey of RFC 8017: 2,048 bits of modulus after 9 bytes, and the exponent 65,537.
    let der = pair.public_key().as_ref();
    let modulus = &der[9..9 + 256];
    json!({"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": KID, "n": b64(modulus), "e": "AQAB"}]})
        .to_string()
}

/// A webhook as Kinde signs it, filled up to the length.
fn token(pair: &RsaKeyPair, number: usize, at: Timestamp) -> String {
    let header = b64(json!({"alg": "RS256", "kid": KID, "typ": "JWT"}).to_string().as_bytes());
    let event_id = format!("event_01990b2e0000700080000000{number:08x}");
    let mut claims = json!({
        "data": {"user": {
            "email": format!("ada.{number}@example.com"), "first_name": "Ada", "id": format!("kp_{number:032x}"),
            "is_password_reset_requested": false, "is_suspended": false, "last_name": "Lovelace", "note": "",
            "organizations": [{"code": "org_5abd0000001", "permissions": null, "roles": null}],
            "phone": null, "username": null
        }},
        "event_id": event_id, "event_timestamp": at.to_string(), "source": "admin", "timestamp": at.to_string(),
        "type": "user.created"
    });
    let signature = 342;
    let bare = header.len() + 1 + b64(claims.to_string().as_bytes()).len() + 1 + signature;
    claims["data"]["user"]["note"] = "x".repeat(LENGTH.saturating_sub(bare) * 3 / 4).into();
    let signed = format!("{header}.{}", b64(claims.to_string().as_bytes()));
    let mut bytes = vec![0; pair.public_modulus_len()];
    pair.sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut bytes).unwrap();
    format!("{signed}.{}", b64(&bytes))
}

/// How many tokens `check` takes in a second of processor time.
fn a_second(tokens: &[String], length: Duration, check: impl Fn(&str) -> bool) -> f64 {
    let begun = cpu();
    let mut count = 0_u32;
    loop {
        for token in tokens {
            assert!(check(black_box(token)));
        }
        count += tokens.len() as u32;
        let spent = cpu() - begun;
        if spent >= length {
            return f64::from(count) / spent.as_secs_f64();
        }
    }
}

/// The processor time of this thread.
fn cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
}

/// `openssl speed`: RSA verifications a second of processor time.
fn openssl_speed(length: Duration) -> f64 {
    let seconds = length.as_secs().to_string();
    let output = Command::new("openssl").args(["speed", "-seconds", &seconds, "rsa2048"]).output().expect("openssl");
    let said = String::from_utf8(output.stdout).unwrap();
    let line =
        said.lines().find(|line| line.starts_with("rsa") && line.contains("2048 bits")).expect("a line of figures");
    // Times end in `s`; then follow the rates: signatures, verifications, and in newer versions more.
    let rates: Vec<f64> = line.split_whitespace().skip(3).filter_map(|word| word.parse().ok()).collect();
    rates[1]
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}
