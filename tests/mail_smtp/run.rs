//! Runs a check against a server and looks at it from every side.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
use kinde_panel::check::{Check, Verdict};
use kinde_panel::clock::Clock;
use kinde_panel::mail::smtp::{self, Limits, Outcome, Plan, Progress, Stage};
use kinde_panel::mail::{Form, Security};
use kinde_panel::secrets::Secret;
use tokio_util::sync::CancellationToken;

use super::certs::ALL;
use super::server::{Running, Server};

pub const USER: &str = "ada@acme.test";
/// With characters that every encoding writes in another way.
pub const PASSWORD: &str = "Tr0ub4dor&3/ü+=\"Canary";

/// Short ones: a test waits for them.
pub fn limits() -> Limits {
    Limits {
        overall: Duration::from_secs(20),
        connect: Duration::from_millis(900),
        reply: Duration::from_millis(1500),
        slow: Duration::from_millis(500),
        quiet: Duration::from_millis(450),
    }
}

/// A plan for a server at `address`, with the test's root trusted.
pub fn plan(address: SocketAddr) -> Plan {
    let form = Form {
        sender_name: "Acme".to_owned(),
        sender_email: "hi@acme.test".to_owned(),
        host: address.ip().to_string(),
        port: address.port(),
        user: USER.to_owned(),
        password: Secret::new(PASSWORD),
        security: Security::Auto,
    };
    Plan {
        to: Some("ada@acme.test".to_owned()),
        extra_roots: vec![ALL.root.der.clone()],
        limits: limits(),
        ..Plan::of(form)
    }
}

/// What one check came to.
pub struct Seen {
    pub outcome: Outcome,
    pub told: Vec<Progress>,
    pub server: Option<Running>,
}

impl Seen {
    pub fn check(&self, stage: Stage) -> &Check {
        self.outcome.check(stage).unwrap_or_else(|| panic!("no {stage:?} in {:#?}", self.outcome.stages))
    }

    /// The commands that begin with this word.
    pub fn commands(&self, verb: &str) -> Vec<String> {
        self.server.as_ref().unwrap().commands(verb)
    }

    pub fn transcript(&self) -> String {
        self.outcome.transcript.iter().map(|line| format!("{line}\n")).collect()
    }

    /// The check of `stage` ended in `verdict`, and its words hold these.
    #[track_caller]
    pub fn ends(&self, stage: Stage, verdict: Verdict, why: &str, fix: &str) -> &Self {
        let check = self.check(stage);
        let has = |text: &Option<String>, part: &str| text.as_deref().unwrap_or_default().contains(part);
        assert!(
            check.verdict == verdict && has(&check.why, why) && has(&check.fix, fix),
            "{check:#?}\nwanted {verdict:?}, why …{why}…, fix …{fix}…\n{}",
            self.transcript()
        );
        self
    }

    /// The first stage that failed is this one, and every later one was not run.
    #[track_caller]
    pub fn fails(&self, stage: Stage, why: &str, fix: &str) -> &Self {
        self.ends(stage, Verdict::Fail, why, fix);
        let at = self.outcome.stages.iter().position(|(_, check)| check.verdict == Verdict::Fail);
        assert_eq!(at.map(|at| self.outcome.stages[at].0), Some(stage), "{:#?}", self.outcome.stages);
        assert!(self.outcome.headline.contains(why), "{}", self.outcome.headline);
        self
    }

    /// Every stage after this one was not run.
    #[track_caller]
    pub fn nothing_after(&self, stage: Stage) -> &Self {
        let at = self.outcome.stages.iter().position(|(known, _)| *known == stage).unwrap();
        for (later, check) in &self.outcome.stages[at + 1..] {
            let not_run = check.verdict == Verdict::Skipped
                && check.why.as_deref().is_some_and(|why| why.starts_with("Not run because"));
            assert!(not_run, "{later:?} {check:#?}");
        }
        self
    }

    /// The password never went out.
    #[track_caller]
    pub fn withheld(&self) -> &Self {
        assert_eq!(self.commands("AUTH"), Vec::<String>::new());
        self
    }
}

/// Checks `server`, with what `change` makes of the plan.
pub async fn against(server: Server, change: impl FnOnce(&mut Plan)) -> Seen {
    let running = server.serve().await;
    let mut plan = plan(running.address);
    change(&mut plan);
    let mut seen = checked(&plan).await;
    seen.server = Some(running);
    seen
}

/// Runs the plan. Whatever it comes to, nothing of it may show a secret.
pub async fn checked(plan: &Plan) -> Seen {
    checked_until(plan, CancellationToken::new()).await
}

pub async fn checked_until(plan: &Plan, cancel: CancellationToken) -> Seen {
    let told = Mutex::new(Vec::new());
    let clock = Clock::real();
    let outcome = smtp::check(plan, &clock, &|progress| told.lock().unwrap().push(progress), cancel).await;
    let seen = Seen { outcome, told: told.into_inner().unwrap(), server: None };
    no_secret(&format!("{:?}{:?}", seen.outcome, seen.told), plan);
    no_secret(&seen.transcript(), plan);
    sound(&seen);
    seen
}

/// What holds for every outcome.
fn sound(seen: &Seen) {
    for (stage, check) in &seen.outcome.stages {
        assert_eq!(check.name, stage.name());
        if check.verdict == Verdict::Fail {
            assert!(check.why.is_some() && check.fix.is_some(), "{check:?}");
        }
        for text in [&check.why, &check.fix].into_iter().flatten() {
            assert!(!text.is_empty() && !text.contains("  ") && !text.contains(".."), "{text:?}");
            assert!(
                !text.contains(" --") && !text.contains("(--"),
                "a flag of the command line in the window: {text:?}"
            );
        }
    }
    // What was told last of a stage is what stands in the outcome, and every line was told.
    for (stage, check) in &seen.outcome.stages {
        let last = seen.told.iter().rev().find_map(|progress| match progress {
            Progress::Finished(known, check) if known == stage => Some(check),
            _ => None,
        });
        assert_eq!(last, Some(check));
    }
    let lines = seen.told.iter().filter(|progress| matches!(progress, Progress::Line(_))).count();
    assert_eq!(lines, seen.outcome.transcript.len());
}

/// Looks for the plan's password in `text`, in every encoding.
#[track_caller]
pub fn no_secret(text: &str, plan: &Plan) {
    let password = plan.form.password.expose();
    if password.len() < 4 {
        return;
    }
    let squeezed: String = text.chars().filter(|c| !c.is_whitespace()).collect::<String>().replace("\\\"", "\"");
    let lower = squeezed.to_lowercase();
    let hex: String = password.bytes().map(|byte| format!("{byte:02x}")).collect();
    let percent: String = password.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let some: String = percent_encoding::utf8_percent_encode(password, percent_encoding::NON_ALPHANUMERIC).to_string();
    let form: String = url::form_urlencoded::byte_serialize(password.as_bytes()).collect();
    let reversed: String = password.chars().rev().collect();
    for wanted in [password.to_owned(), hex, percent, some, form, reversed] {
        let wanted: String = wanted.to_lowercase().chars().filter(|c| !c.is_whitespace()).collect();
        assert!(!lower.contains(&wanted), "{wanted} in {text}");
    }
    for before in ["", "x", "xx"] {
        let whole = format!("{before}{password}");
        for encoded in [STANDARD_NO_PAD.encode(&whole), STANDARD.encode(&whole), URL_SAFE.encode(&whole)] {
            // The first and the last characters hold bits of the neighbours.
            let core = &encoded[4..encoded.len() - 4];
            assert!(!squeezed.contains(core), "{core} in {text}");
        }
    }
}
