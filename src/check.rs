//! One check of anything: the shape that the doctor, the token ladder and every probe share.
//!
//! Plain data. One widget draws it, one printer prints it, and its JSON is the `check` object of the command line.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// How a check ended, from best to worst ([`Verdict::Skipped`] stands outside the order).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It does not apply, or could not be looked at.
    Skipped,
    /// As it should be.
    Pass,
    /// It works, but a person should know.
    Warn,
    /// It does not work.
    Fail,
}

impl Verdict {
    /// The word shown beside the mark and printed by the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Skipped => "skipped",
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// One thing looked at: what was seen, why it matters, and the fix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Short, stable name in the room's own terms, for example `signature`.
    pub name: SmolStr,
    /// How it ended.
    pub verdict: Verdict,
    /// The evidence, already redacted.
    pub seen: Option<String>,
    /// The cause, in words. Always there on a failing check.
    pub why: Option<String>,
    /// What to do. Always there on a failing check.
    pub fix: Option<String>,
    /// How long it took, in milliseconds.
    pub ms: Option<u64>,
}

impl Check {
    fn new(name: impl Into<SmolStr>, verdict: Verdict) -> Self {
        Self { name: name.into(), verdict, seen: None, why: None, fix: None, ms: None }
    }

    /// A check that found everything right.
    pub fn pass(name: impl Into<SmolStr>) -> Self {
        Self::new(name, Verdict::Pass)
    }

    /// A check that does not apply, and why not.
    pub fn skipped(name: impl Into<SmolStr>, why: impl Into<String>) -> Self {
        Self { why: Some(why.into()), ..Self::new(name, Verdict::Skipped) }
    }

    /// A check that passes with something worth knowing.
    pub fn warn(name: impl Into<SmolStr>, why: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { why: Some(why.into()), fix: Some(fix.into()), ..Self::new(name, Verdict::Warn) }
    }

    /// A failing check: the cause and the fix are not optional.
    pub fn fail(name: impl Into<SmolStr>, why: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { why: Some(why.into()), fix: Some(fix.into()), ..Self::new(name, Verdict::Fail) }
    }

    /// Adds the evidence. The caller redacts it.
    #[must_use]
    pub fn seen(mut self, seen: impl Into<String>) -> Self {
        self.seen = Some(seen.into());
        self
    }

    /// Adds words about the cause to a passing check.
    #[must_use]
    pub fn because(mut self, why: impl Into<String>) -> Self {
        self.why = Some(why.into());
        self
    }

    /// Adds how long it took.
    #[must_use]
    pub fn took(mut self, time: Duration) -> Self {
        self.ms = Some(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        self
    }
}

/// The verdict over a list: the worst of them, skipped ones aside.
pub fn worst(checks: &[Check]) -> Verdict {
    checks.iter().map(|check| check.verdict).max().unwrap_or(Verdict::Skipped)
}

/// The check a person should read first: the first failing one, else the first warning.
pub fn first_trouble(checks: &[Check]) -> Option<&Check> {
    [Verdict::Fail, Verdict::Warn].into_iter().find_map(|verdict| checks.iter().find(|check| check.verdict == verdict))
}

/// Four redacted lines for a colleague: verdict, evidence, cause, fix.
pub fn for_a_colleague(headline: &str, checks: &[Check]) -> String {
    let trouble = first_trouble(checks);
    let line = |name: &str, text: Option<&String>| format!("{name}: {}", text.map_or("none", String::as_str));
    [
        format!("Verdict: {headline}"),
        line("Evidence", trouble.and_then(|check| check.seen.as_ref())),
        line("Cause", trouble.and_then(|check| check.why.as_ref())),
        line("Fix", trouble.and_then(|check| check.fix.as_ref())),
    ]
    .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdict_over_a_list_is_the_worst_and_skipped_checks_do_not_count() {
        let list = [Check::skipped("a", "x"), Check::pass("b"), Check::warn("c", "x", "y")];
        assert_eq!(worst(&list), Verdict::Warn);
        assert_eq!(worst(&[Check::skipped("a", "x"), Check::pass("b")]), Verdict::Pass);
        assert_eq!(worst(&[]), Verdict::Skipped);
    }

    #[test]
    fn a_check_is_written_as_the_command_line_promises() {
        let json = serde_json::to_value(Check::fail("key", "No such key", "Fetch again").seen("kid 5a:bd")).unwrap();
        assert_eq!(
            json,
            serde_json::json!({"name": "key", "verdict": "fail", "seen": "kid 5a:bd", "why": "No such key", "fix": "Fetch again", "ms": null})
        );
    }

    #[test]
    fn four_lines_for_a_colleague_name_verdict_evidence_cause_and_fix() {
        let text = for_a_colleague("Not verified", &[Check::fail("key", "No such key", "Fetch again").seen("kid 1")]);
        assert_eq!(text, "Verdict: Not verified\nEvidence: kid 1\nCause: No such key\nFix: Fetch again");
    }
}
