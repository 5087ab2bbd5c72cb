//! What a check or a simulation came to.

use serde::Serialize;
use serde_json::{Map, Value};

use super::Around;
use crate::check::{self, Check, Verdict};
use crate::error::UserError;
use crate::net::{NetError, NetErrorKind};

/// Checks in the order they were made, and what was decoded or read on the way.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Outcome {
    /// The checks.
    pub checks: Vec<Check>,
    /// What was decoded or read, without secrets.
    pub values: Map<String, Value>,
}

impl Outcome {
    /// Adds a check, and tells of it.
    pub(super) fn add(&mut self, around: Around<'_>, check: Check) {
        (around.tell)(&check);
        self.checks.push(check);
    }

    /// Adds a value.
    pub(super) fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.values.insert(name.to_owned(), value.into());
    }

    /// The worst of the checks.
    pub fn verdict(&self) -> Verdict {
        check::worst(&self.checks)
    }

    /// One sentence: the first thing that is wrong, else `good`.
    pub fn headline(&self, good: &str) -> String {
        check::first_trouble(&self.checks).and_then(|check| check.why.clone()).unwrap_or_else(|| {
            if self.verdict() == Verdict::Skipped { "Nothing was checked".to_owned() } else { good.to_owned() }
        })
    }
}

/// An error as a failing check of that name: a checker answers with checks whatever it meets.
pub(super) fn failed(name: &str, error: &UserError) -> Check {
    let why = [error.title.as_str(), &error.detail].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>();
    let fix = if error.hint.is_empty() { "Try again" } else { error.hint.as_str() };
    Check::fail(name, why.join(". "), fix)
}

/// Why `what`, which a person runs or named the address of, gave no answer, as a failing check: on this machine it is theirs to
/// start, and not the sandbox.
pub(super) fn unanswered(name: &str, what: &str, error: NetError) -> Check {
    let own = match error.kind {
        _ if !error.is_on_this_machine() => None,
        NetErrorKind::Connect => Some(format!("Start {what}, and check the address and its port")),
        NetErrorKind::Broken => {
            Some(format!("Look at the log of {what}: it broke off in the middle. Then check again"))
        }
        NetErrorKind::Timeout => Some(format!("Look at the log of {what}: it was asked, and did not answer")),
        NetErrorKind::Dns | NetErrorKind::Tls | NetErrorKind::TooLong => None,
    };
    let check = failed(name, &UserError::from(error));
    Check { fix: own.or_else(|| check.fix.clone()), ..check }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_on_this_machine_that_gives_no_answer_is_the_person_s_to_start_and_not_the_sandbox() {
        let fix = |kind, host: &str| {
            let error = NetError { kind, host: host.to_owned(), reason: "x".to_owned(), exchange: 1 };
            let check = unanswered("get", "your app", error);
            assert!(
                check.verdict == Verdict::Fail && check.why.as_ref().is_some_and(|why| why.contains(host)),
                "{check:?}"
            );
            check.fix.unwrap()
        };
        for (kind, said) in [
            (NetErrorKind::Connect, "Start your app"),
            (NetErrorKind::Broken, "the log of your app"),
            (NetErrorKind::Timeout, "the log of your app"),
        ] {
            let here = fix(kind, "localhost:3000");
            assert!(here.contains(said) && !here.contains("sandbox"), "{here}");
            assert!(!fix(kind, "app.example.com").contains("your app"));
        }
    }
}
