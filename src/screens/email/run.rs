//! A check of the server: nothing yet, on its way, or what it found.

use jiff::Timestamp;

use crate::action::JobId;
use crate::check::Check;
use crate::error::UserError;
use crate::mail::Form;
use crate::mail::smtp::{Line, Outcome, Progress, Stage};

/// How a check stands.
#[derive(Default)]
pub(super) enum Run {
    /// None was asked for.
    #[default]
    Idle,
    /// It is on its way.
    Live(Live),
    /// It came to its end.
    Done(Box<Done>),
    /// It never came to an end of its own.
    Failed(UserError),
}

/// A check on its way.
pub(super) struct Live {
    pub job: JobId,
    /// What is checked.
    form: Form,
    /// A message is sent at its end.
    pub send: bool,
    /// The stages to come and gone, in order.
    pub order: &'static [Stage],
    /// Those that ended, in the order they ended.
    pub finished: Vec<(Stage, Check)>,
    /// The one that is going on, and since when.
    pub running: Option<(Stage, Timestamp)>,
    /// What was said so far.
    pub lines: Vec<Line>,
    /// It was asked to end.
    pub cancelling: bool,
}

/// A check that ended.
pub(super) struct Done {
    /// What was checked.
    pub form: Form,
    /// What was found.
    pub outcome: Outcome,
    /// Its checks for the list, under the names of their stages.
    pub checks: Vec<Check>,
    /// When it ended.
    pub at: Timestamp,
    /// The transcript as text.
    pub transcript: String,
}

impl Live {
    pub fn new(job: JobId, form: Form, send: bool) -> Self {
        let order = Stage::order(form.security.on_port(form.port));
        Self { job, form, send, order, finished: Vec::new(), running: None, lines: Vec::new(), cancelling: false }
    }

    /// The checks that ended, in the order of the stages.
    pub fn checks(&self) -> Vec<Check> {
        let of = |stage: &Stage| self.finished.iter().find(|(known, _)| known == stage);
        self.order.iter().filter_map(of).map(titled).collect()
    }

    /// The stages that did not begin.
    pub fn waiting(&self) -> impl Iterator<Item = Stage> + '_ {
        let begun = |stage: &Stage| {
            self.finished.iter().any(|(known, _)| known == stage) || self.running.is_some_and(|(now, _)| now == *stage)
        };
        self.order.iter().copied().filter(move |stage| !begun(stage))
    }

    fn take(&mut self, progress: Progress, now: Timestamp) {
        match progress {
            Progress::Order(order) => {
                self.order = order;
                // What was found in the other mode and is part of this one is found anew.
                let kept = [Stage::Lint, Stage::Dns, Stage::Tcp];
                self.finished.retain(|(stage, _)| kept.contains(stage));
            }
            Progress::Started(stage) => self.running = Some((stage, now)),
            Progress::Finished(stage, check) => {
                self.running = self.running.filter(|(running, _)| *running != stage);
                self.finished.retain(|(known, _)| *known != stage);
                self.finished.push((stage, check));
            }
            Progress::Line(line) => self.lines.push(line),
        }
    }
}

/// A check under the name that a person reads.
fn titled((stage, check): &(Stage, Check)) -> Check {
    Check { name: stage.title().into(), ..check.clone() }
}

impl Run {
    /// The check on its way.
    pub fn live(&self) -> Option<&Live> {
        match self {
            Self::Live(live) => Some(live),
            _ => None,
        }
    }

    /// What the last one found.
    pub fn done(&self) -> Option<&Done> {
        match self {
            Self::Done(done) => Some(done),
            _ => None,
        }
    }

    /// It goes on.
    pub fn progress(&mut self, job: JobId, progress: Progress, now: Timestamp) {
        if let Self::Live(live) = self
            && live.job == job
        {
            live.take(progress, now);
        }
    }

    /// It ended.
    pub fn checked(&mut self, job: JobId, outcome: Outcome, now: Timestamp) {
        let form = match self {
            Self::Live(live) if live.job == job => std::mem::take(&mut live.form),
            _ => return,
        };
        let checks = outcome.stages.iter().map(titled).collect();
        let transcript = outcome.transcript.iter().map(Line::to_string).collect::<Vec<_>>().join("\n");
        *self = Self::Done(Box::new(Done { form, outcome, checks, at: now, transcript }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::Security;
    use crate::mail::smtp::Side;

    fn now() -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    #[test]
    fn a_run_that_changes_its_mode_forgets_what_it_found_in_the_other_and_keeps_what_both_share() {
        let form = Form { security: Security::StartTls, ..Form::default() };
        let mut run = Run::Live(Live::new(3, form, false));
        for progress in [
            Progress::Order(Stage::STARTTLS),
            Progress::Finished(Stage::Dns, Check::pass("dns")),
            Progress::Finished(Stage::Banner, Check::fail("banner", "silence", "TLS")),
            Progress::Order(Stage::IMPLICIT),
            Progress::Started(Stage::Tls),
            Progress::Line(Line { side: Side::Server, text: "220 hi".to_owned() }),
        ] {
            run.progress(3, progress, now());
        }
        let live = run.live().unwrap();
        assert_eq!(live.checks(), [Check::pass("Server name in DNS")]);
        assert_eq!(live.running.map(|(stage, _)| stage), Some(Stage::Tls));
        assert!(!live.waiting().any(|stage| stage == Stage::Dns || stage == Stage::Tls));
        assert!(live.waiting().any(|stage| stage == Stage::Banner));
        run.progress(2, Progress::Started(Stage::Auth), now());
        assert_eq!(run.live().unwrap().running.map(|(stage, _)| stage), Some(Stage::Tls), "another job's");
        let outcome =
            Outcome { transcript: vec![Line { side: Side::Client, text: "EHLO me".into() }], ..Outcome::default() };
        run.checked(2, outcome.clone(), now());
        assert!(run.live().is_some(), "another job's");
        run.checked(3, outcome, now());
        assert_eq!(run.done().unwrap().transcript, "C: EHLO me");
    }
}
