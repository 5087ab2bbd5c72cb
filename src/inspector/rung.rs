//! Findings about one rung, put together into its check: the worst first, all of them in `why`.

use crate::check::{Check, Verdict};

/// One thing found.
pub(super) struct Finding {
    verdict: Verdict,
    why: String,
    fix: String,
}

/// What was found about a rung so far.
#[derive(Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    pub(super) fn fail(&mut self, why: impl Into<String>, fix: impl Into<String>) {
        self.0.push(Finding { verdict: Verdict::Fail, why: why.into(), fix: fix.into() });
    }

    pub(super) fn warn(&mut self, why: impl Into<String>, fix: impl Into<String>) {
        self.0.push(Finding { verdict: Verdict::Warn, why: why.into(), fix: fix.into() });
    }

    pub(super) fn failed(&self) -> bool {
        self.0.iter().any(|finding| finding.verdict == Verdict::Fail)
    }

    /// The check of the rung `name`; passing with `good` where nothing was found.
    pub(super) fn into_check(mut self, name: &str, good: Option<String>) -> Check {
        // Stable: of equally bad ones the first found stays first.
        self.0.sort_by_key(|finding| std::cmp::Reverse(finding.verdict));
        let Some(worst) = self.0.first() else {
            return Check { why: good, ..Check::pass(name) };
        };
        let why = self.0.iter().map(|finding| finding.why.as_str()).collect::<Vec<_>>().join(". ");
        if worst.verdict == Verdict::Fail {
            Check::fail(name, why, worst.fix.clone())
        } else {
            Check::warn(name, why, worst.fix.clone())
        }
    }
}

/// A length of time as people say it: `42 s`, `5 min`, `4 h 02 min`, `3 days`.
pub(super) fn span(seconds: i64) -> String {
    let seconds = seconds.abs();
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        7200..=172_799 => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} days", seconds / 86_400),
    }
}
