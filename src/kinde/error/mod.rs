//! What Kinde's refusals mean, each in words of its own: of the token endpoint, and of the Management API.

mod api;
mod token;

use std::time::Duration;

use crate::net::Answer;

pub use api::{ApiError, ApiErrorKind};
pub use token::{TokenError, TokenErrorKind};

/// The host an answer forwards to: a `Location` may carry more than should be shown.
pub(in crate::kinde) fn host_of(location: &str) -> Option<String> {
    url::Url::parse(location).ok()?.host_str().map(str::to_owned)
}

pub(in crate::kinde) fn is_html(answer: &Answer) -> bool {
    answer.header("content-type").is_some_and(|kind| kind.contains("html"))
        || answer.text().trim_start().get(..1) == Some("<")
}

/// What to do about a 429.
pub(in crate::kinde) fn wait_words(wait: Option<Duration>) -> String {
    match wait.map(|wait| wait.as_secs()) {
        Some(1) => "Try again in a second".to_owned(),
        Some(seconds) => format!("Try again in {seconds} seconds"),
        None => "Try again in a minute".to_owned(),
    }
}
