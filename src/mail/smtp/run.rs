//! One check from its first stage to its last: the order, the bookkeeping, the end.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use tokio_util::sync::CancellationToken;

use super::hide::Hider;
use super::plan::Plan;
use super::reach;
use super::script::Script;
use super::stage::{Progress, Stage};
use super::tls::{Trust, hello};
use super::told::{Correction, Outcome};
use super::{probe, talk};
use crate::check::{Check, Verdict, first_trouble};
use crate::clock::Clock;
use crate::mail::form::Security;
use crate::mail::lint::{Finding, as_check, ascii, lint, recipient};
use crate::mail::presets::{CUSTOM, Preset, detect, preset};

/// How long another port is asked what it speaks.
const OTHER_PORT: Duration = Duration::from_secs(5);

/// Why the stages that are left are not run.
#[derive(Debug)]
pub(super) enum Stop {
    /// In words that go on from "Not run because".
    Because(String),
    /// The person cancelled.
    Cancelled,
    /// The check as a whole took too long.
    TooLong,
}

pub(super) fn because<T>(why: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Because(why.into()))
}

/// Checks an SMTP server. Whatever it meets ends in the outcome's checks.
///
/// `sink` is told of every stage and every line of the transcript as they come. Cancelling ends it at once, wherever it is.
/// The password is sent once at most, and only over TLS with a good certificate (or to this computer itself, where the plan
/// allows it).
pub async fn check(
    plan: &Plan,
    clock: &Clock,
    sink: &(dyn Fn(Progress) + Send + Sync),
    cancel: CancellationToken,
) -> Outcome {
    let mut run = Run::new(plan, clock, sink);
    let ended = tokio::select! {
        biased;
        () = cancel.cancelled() => Err(Stop::Cancelled),
        ended = tokio::time::timeout(plan.limits.overall, run.walk()) => ended.unwrap_or(Err(Stop::TooLong)),
    };
    run.end(ended)
}

pub(super) struct Run<'a> {
    pub plan: &'a Plan,
    pub clock: &'a Clock,
    pub script: Script<'a>,
    sink: &'a (dyn Fn(Progress) + Send + Sync),
    /// The provider, where one is known.
    pub preset: Option<&'static Preset>,
    /// How TLS begins in this run.
    pub mode: Security,
    order: &'static [Stage],
    stages: Vec<(Stage, Check)>,
    current: Option<(Stage, Instant)>,
    /// The port turned out to begin TLS the other way: why, and the fix. Told by the stage at which it begins.
    pub turned: Option<(String, String)>,
    /// Everything that can already be told.
    pub outcome: Outcome,
}

impl<'a> Run<'a> {
    fn new(plan: &'a Plan, clock: &'a Clock, sink: &'a (dyn Fn(Progress) + Send + Sync)) -> Self {
        let mode = plan.form.security.on_port(plan.form.port);
        let order = Stage::order(mode);
        sink(Progress::Order(order));
        Self {
            plan,
            clock,
            script: Script::new(Hider::of(&plan.form), sink),
            sink,
            preset: detect(&plan.form),
            mode,
            order,
            stages: Vec::new(),
            current: None,
            turned: None,
            outcome: Outcome::default(),
        }
    }

    /// A stage begins.
    pub fn begin(&mut self, stage: Stage) {
        self.current = Some((stage, Instant::now()));
        (self.sink)(Progress::Started(stage));
    }

    /// The stage that was begun ends in `check`, which gets its time. A slow answer is worth a word.
    pub fn finish(&mut self, check: Check) {
        let Some((stage, begun)) = self.current.take() else { return };
        let took = begun.elapsed();
        let mut check = check.took(took);
        let waits_for_reply = matches!(
            stage,
            Stage::Banner | Stage::Ehlo | Stage::EhloAgain | Stage::Auth | Stage::Sender | Stage::Recipient
        );
        if check.verdict == Verdict::Pass && waits_for_reply && took >= self.plan.limits.slow {
            check.verdict = Verdict::Warn;
            check.why = Some(format!("The server took {:.1} s to answer", took.as_secs_f32()));
            check.fix = Some(
                "Software that waits less gives up. A slow greeting is often a look-up of the caller's name, or a tarpit \
                 for strangers"
                    .to_owned(),
            );
        }
        self.put(stage, check);
    }

    /// A stage ends without having begun.
    pub fn skip(&mut self, stage: Stage, why: &str) {
        self.put(stage, Check::skipped(stage.name(), format!("Not run because {why}")));
    }

    fn put(&mut self, stage: Stage, check: Check) {
        (self.sink)(Progress::Finished(stage, check.clone()));
        self.stages.retain(|(known, _)| *known != stage);
        self.stages.push((stage, check));
    }

    /// Goes on in the other mode: what was found out about the connection so far is looked at anew.
    pub fn turn(&mut self, mode: Security, why: String, fix: String) {
        self.turned = Some((why, fix));
        self.mode = mode;
        self.order = Stage::order(mode);
        self.current = None;
        self.stages.retain(|(stage, _)| matches!(stage, Stage::Lint | Stage::Dns | Stage::Tcp));
        (self.sink)(Progress::Order(self.order));
        for (stage, check) in &self.stages {
            (self.sink)(Progress::Finished(*stage, check.clone()));
        }
    }

    async fn walk(&mut self) -> Result<(), Stop> {
        self.form()?;
        self.begin(Stage::Dns);
        let found = reach::look_up(Stage::Dns.name(), &self.plan.form.host, self.plan.dns).await;
        self.finish(found.check);
        if found.ips.is_empty() {
            return because("the server's name has no address");
        }
        let extra = self.plan.extra_roots.clone();
        let trust = tokio::task::spawn_blocking(move || Trust::load(extra)).await;
        let Ok(trust) = trust else { return because("this computer's trust store could not be read") };
        let Some(name) = server_name(&self.plan.form.host) else { return because("the server has no usable name") };
        self.begin(Stage::Tcp);
        let port = self.plan.form.port;
        let reached = reach::connect(&found.ips, port, self.plan.limits.connect).await;
        self.outcome.addresses.clone_from(&reached.addresses);
        let mut check = reach::judge(Stage::Tcp.name(), port, &reached);
        let Some(tcp) = reached.tcp else {
            self.offer_other_ports(&found.ips, &trust, &name, None).await;
            if let Some(best) = self.outcome.corrections.first() {
                check.fix = Some(format!("Port {} answers from here: use that one", best.port));
            }
            self.finish(check);
            return because("there is no connection");
        };
        self.finish(check);
        let session = talk::open(self, tcp, &found.ips, &trust, &name).await?;
        talk::use_session(self, session).await
    }

    fn form(&mut self) -> Result<(), Stop> {
        self.begin(Stage::Lint);
        let findings: Vec<Finding> = lint(&self.plan.form);
        let mut check = as_check(Stage::Lint.name(), &findings);
        if let Some(why) = self.plan.to.as_deref().filter(|to| !to.trim().is_empty()).and_then(recipient) {
            let why =
                [Some(format!("Recipient: {why}")), check.why].into_iter().flatten().collect::<Vec<_>>().join(". ");
            check = Check::fail(Stage::Lint.name(), why, "Type an address like ada@example.com");
        }
        let fails = check.verdict == Verdict::Fail;
        self.finish(check);
        if fails { because("the form cannot work as it is") } else { Ok(()) }
    }

    /// Asks the provider's other ports what they speak, and keeps those that work as corrections. With `mode` only ports that
    /// begin TLS so.
    pub async fn offer_other_ports(
        &mut self,
        ips: &[IpAddr],
        trust: &Trust,
        name: &ServerName<'static>,
        mode: Option<Security>,
    ) {
        let Some(known) = self.preset.or_else(|| preset(CUSTOM)) else { return };
        let list: Vec<(u16, Security)> = known
            .ports
            .iter()
            .filter(|other| other.port != self.plan.form.port && mode.is_none_or(|mode| mode == other.security))
            .map(|other| (other.port, other.security))
            .collect();
        let Some(hello) = hello(trust, name.clone()) else { return };
        let limit = OTHER_PORT.min(self.plan.limits.connect);
        for (port, _) in probe::ports(ips, &list, &hello, limit).await {
            let words = format!("Use port {port}");
            self.outcome.corrections.push(Correction { words, port, security: Security::Auto });
        }
    }

    fn end(mut self, ended: Result<(), Stop>) -> Outcome {
        let current = self.current.take();
        let why = match &ended {
            Ok(()) => String::new(),
            Err(Stop::Because(why)) => why.clone(),
            Err(Stop::Cancelled) => "the check was cancelled".to_owned(),
            Err(Stop::TooLong) => "the check took too long".to_owned(),
        };
        if let Some((stage, begun)) = current {
            let check = match &ended {
                Err(Stop::TooLong) => Check::fail(
                    stage.name(),
                    format!(
                        "The whole check was given {} s, and they ended here",
                        self.plan.limits.overall.as_secs_f32()
                    ),
                    "The server is too slow, or something between is: try again, and try another network",
                ),
                _ => Check::skipped(stage.name(), "Broken off: the check was cancelled"),
            };
            self.put(stage, check.took(begun.elapsed()));
        }
        for stage in self.order {
            if !self.stages.iter().any(|(known, _)| known == stage) {
                let why = if *stage == Stage::Send && !self.plan.send && ended.is_ok() {
                    "nothing was to be sent"
                } else {
                    &why
                };
                self.skip(*stage, why);
            }
        }
        let mut outcome = self.outcome;
        let place = |stage: &Stage| self.order.iter().position(|known| known == stage);
        self.stages.sort_by_key(|(stage, _)| place(stage));
        outcome.stages = self.stages;
        outcome.transcript = self.script.into_lines();
        outcome.cancelled = matches!(ended, Err(Stop::Cancelled));
        outcome.mode = self.mode;
        outcome.headline = headline(&outcome, self.plan);
        outcome
    }
}

/// One sentence over a whole check.
fn headline(outcome: &Outcome, plan: &Plan) -> String {
    if outcome.cancelled {
        return "The check was cancelled".to_owned();
    }
    let checks = outcome.checks();
    let host = plan.form.host.trim();
    let fails = outcome.verdict() == Verdict::Fail;
    if let Some(why) = not_sent(outcome, plan).filter(|_| !fails) {
        return format!("No test email was sent: {why}");
    }
    match first_trouble(&checks) {
        Some(check) => {
            let title = outcome.stages.iter().find(|(_, known)| known == check).map_or("", |(stage, _)| stage.title());
            let why = check.why.as_deref().unwrap_or_default();
            if check.verdict == Verdict::Fail {
                format!("{title}: {why}")
            } else if outcome.check(Stage::Auth).is_some_and(|auth| auth.verdict == Verdict::Skipped) {
                format!("Up to sign-in it works from here. {why}")
            } else if outcome.sent.is_some() {
                format!("The test email was taken by {host}. Worth knowing: {why}")
            } else {
                format!("It works from here. Worth knowing: {why}")
            }
        }
        None if outcome.sent.is_some() => format!("{host} took the test email: everything works from here"),
        None => format!("{host} would take mail with these settings: everything works from here, and nothing was sent"),
    }
}

/// Why the message that was asked for was not sent; `None` where it was, or where nobody asked for one.
fn not_sent(outcome: &Outcome, plan: &Plan) -> Option<String> {
    if !plan.send || outcome.sent.is_some() {
        return None;
    }
    // The server's own reason says more than that it put the mail off.
    let put_off = [Stage::Recipient, Stage::Sender]
        .into_iter()
        .filter_map(|stage| outcome.check(stage))
        .find(|check| check.verdict == Verdict::Warn)
        .and_then(|check| check.why.clone());
    let skipped = || {
        let why = outcome.check(Stage::Send)?.why.as_deref()?;
        Some(why.strip_prefix("Not run because ").unwrap_or(why).to_owned())
    };
    put_off.or_else(skipped)
}

/// The server's name as TLS wants it.
fn server_name(host: &str) -> Option<ServerName<'static>> {
    let host = host.trim();
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Some(ServerName::from(ip));
    }
    ServerName::try_from(ascii(host)?).ok()
}
