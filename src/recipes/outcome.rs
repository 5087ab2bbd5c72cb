//! What a check or a simulation came to.

use serde::Serialize;
use serde_json::{Map, Value};

use super::Around;
use crate::check::{self, Check, Verdict};
use crate::error::UserError;

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
