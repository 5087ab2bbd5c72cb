//! What can be said of a form before any network: slips of the hand and the providers' known conditions.
//!
//! Pure and cheap: the window asks at every change. A failing finding cannot work at all, and nothing is asked of the
//! network with it; a warning may. No finding repeats a secret.

mod host;
mod password;
mod sender;
mod user;

pub(in crate::mail) use host::ascii;

use super::form::{Field, Form};
use crate::check::{Check, Verdict};

/// One thing found, at the field it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where.
    pub field: Field,
    /// A warning or a failure: why, and the fix.
    pub check: Check,
    /// What one click puts right.
    pub mend: Option<Mend>,
}

/// A correction of one click.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mend {
    /// What the button says. Never a secret.
    pub words: String,
    /// The form, corrected.
    pub form: Form,
}

impl Finding {
    fn new(field: Field, verdict: Verdict, why: impl Into<String>, fix: impl Into<String>) -> Self {
        let name = field.kinde_label();
        let check = match verdict {
            Verdict::Fail => Check::fail(name, why, fix),
            Verdict::Skipped | Verdict::Pass | Verdict::Warn => Check::warn(name, why, fix),
        };
        Self { field, check, mend: None }
    }

    fn warn(field: Field, why: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(field, Verdict::Warn, why, fix)
    }

    fn fail(field: Field, why: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(field, Verdict::Fail, why, fix)
    }

    fn mend(mut self, words: impl Into<String>, form: Form) -> Self {
        self.mend = Some(Mend { words: words.into(), form });
        self
    }
}

/// Everything that can be said of `form`, field by field.
pub fn lint(form: &Form) -> Vec<Finding> {
    let mut found = Vec::new();
    sender::lint(form, &mut found);
    host::lint(form, &mut found);
    user::lint(form, &mut found);
    password::lint(form, &mut found);
    found.sort_by_key(|finding| (finding.field, std::cmp::Reverse(finding.check.verdict)));
    found
}

/// Why `address` cannot be a recipient; `None` where it can.
pub fn recipient(address: &str) -> Option<String> {
    sender::address(address).err()
}

/// One check over all findings: the worst first, all of them in its words.
pub fn as_check(name: &str, findings: &[Finding]) -> Check {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by_key(|finding| std::cmp::Reverse(finding.check.verdict));
    let Some(worst) = sorted.first() else {
        return Check::pass(name).seen("Nothing odd in the form");
    };
    let join = |part: &dyn Fn(&Check) -> Option<String>| {
        sorted.iter().filter_map(|finding| part(&finding.check)).collect::<Vec<_>>().join(". ")
    };
    let why = join(&|check| check.why.as_ref().map(|why| format!("{}: {why}", check.name)));
    let fix = join(&|check| check.fix.clone());
    match worst.check.verdict {
        Verdict::Fail => Check::fail(name, why, fix),
        Verdict::Skipped | Verdict::Pass | Verdict::Warn => Check::warn(name, why, fix),
    }
}

/// True for characters that would end the line of a command or hide in it.
fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests;
