//! Why a forward did not end in the 200 that Kinde wants: read off what was answered, or off why nothing was.
//!
//! The words looked for are those that the frameworks and their token libraries really answer: collected from running
//! Express 5, Hono 4, Next.js 16 and FastAPI with jsonwebtoken 9, jwks-rsa, jose 6 and PyJWT 2. Where an answer says nothing
//! (Hono, Next.js and FastAPI keep their errors to the terminal), the finding says that too. What is said of NestJS, Rails
//! and Laravel is by their documentation.

mod answer;
mod framework;
mod paths;
mod silence;
#[cfg(test)]
mod tests;

pub use framework::{Framework, Patch, patch};
pub use paths::{Known, Place, known_paths, paths};

use crate::check::Check;
use crate::store::attempts::{Answer, Forwarded};

/// The names of the checks [`explain`] makes. [`patch`] takes them.
pub const CHECKS: [&str; 17] = [
    "answer",
    "auth",
    "csrf",
    "path",
    "slash",
    "method",
    "parser",
    "claims",
    "environment",
    "key",
    "signature",
    "status",
    "size",
    "proxy",
    "listening",
    "slow",
    "tls",
];

/// What was sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sent<'a> {
    /// Where to, as [`Forwarded::url`] has it.
    pub url: &'a str,
    /// The content type it went under.
    pub content_type: Option<&'a str>,
    /// Where the same application answered before, as [`known_paths`] finds it: what a path that has no handler is compared
    /// with.
    pub known: &'a [Known],
    /// It was signed by the sandbox.
    pub by_sandbox: bool,
}

/// What came of it.
#[derive(Debug, Clone, Copy)]
pub struct Outcome<'a> {
    /// The short form.
    pub forwarded: &'a Forwarded,
    /// Of the answer, in lower case; empty where it is not kept.
    pub headers: &'a [(String, String)],
    /// Of the answer; empty where it is not kept.
    pub body: &'a str,
}

impl<'a> Outcome<'a> {
    /// What came of a forward that was just made.
    pub fn of(response: &'a super::Response) -> Self {
        Self { forwarded: &response.forwarded, headers: &response.headers, body: &response.body }
    }

    /// What is kept of an earlier forward.
    pub fn kept(forwarded: &'a Forwarded, answer: Option<&'a Answer>) -> Self {
        match answer {
            Some(answer) => Self { forwarded, headers: &answer.headers, body: &answer.body },
            None => Self { forwarded, headers: &[], body: "" },
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

/// The checks an outcome comes to, the cause first. A passing `answer` alone where it is the 200 Kinde wants.
pub fn explain(sent: &Sent<'_>, outcome: &Outcome<'_>, framework: Framework) -> Vec<Check> {
    match outcome.forwarded.status {
        Some(status) => answer::explain(sent, outcome, status, framework),
        None => silence::explain(sent, outcome.forwarded.error.as_deref().unwrap_or_default(), framework),
    }
}

/// Whether `response` is good by its status and a web page all the same: no handler answered.
pub(super) fn is_good_page(response: &super::Response) -> bool {
    let good = response.forwarded.status.filter(|status| (200..300).contains(status));
    let kind = response.headers.iter().find(|(name, _)| name == "content-type").map(|(_, value)| value.as_str());
    good.is_some_and(|status| answer::is_page(kind, status, &answer::words(&response.body)))
}

/// The path of an address, without its query.
fn path_of(url: &str) -> String {
    url::Url::parse(url).map_or_else(|_| url.to_owned(), |url| url.path().to_owned())
}
