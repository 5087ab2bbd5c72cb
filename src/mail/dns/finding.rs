//! What was found wrong with one thing, gathered into its [`Check`].

use crate::check::{Check, Verdict};

/// One thing that is wrong, or that a person should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// [`Verdict::Warn`] or [`Verdict::Fail`].
    pub verdict: Verdict,
    /// What it is, a sentence without a full stop.
    pub why: String,
    /// What to do, a sentence without a full stop.
    pub fix: String,
}

impl Finding {
    /// It does not work.
    pub fn fail(why: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { verdict: Verdict::Fail, why: why.into(), fix: fix.into() }
    }

    /// It works, but.
    pub fn warn(why: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { verdict: Verdict::Warn, why: why.into(), fix: fix.into() }
    }
}

/// The check `name` over `findings`, the worst first, every one in its cause. Without any it passes.
pub fn check(name: &str, seen: Option<String>, mut findings: Vec<Finding>) -> Check {
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.verdict));
    let verdict = findings.first().map_or(Verdict::Pass, |finding| finding.verdict);
    let join = |texts: Vec<&str>| (!texts.is_empty()).then(|| texts.join(". "));
    let mut fixes: Vec<&str> = Vec::new();
    for finding in &findings {
        if !fixes.contains(&finding.fix.as_str()) {
            fixes.push(&finding.fix);
        }
    }
    let (why, fix) = (join(findings.iter().map(|finding| finding.why.as_str()).collect()), join(fixes));
    Check { seen, verdict, why, fix, ..Check::pass(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_finding_comes_first_and_none_is_left_out() {
        let findings = vec![Finding::warn("A", "mend"), Finding::fail("B", "mend"), Finding::warn("C", "look")];
        let check = check("spf", Some("x".to_owned()), findings);
        assert_eq!(check.verdict, Verdict::Fail);
        assert_eq!((check.why.as_deref(), check.fix.as_deref()), (Some("B. A. C"), Some("mend. look")));
    }
}
