//! What a person is told when something could not be done. Plain data: no I/O, no egui.
//!
//! Each room keeps its own precise error type and turns it into a [`UserError`] once, at its edge.

use serde::Serialize;

/// What kind of trouble it is. Decides the icon, and whether trying again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    /// What was typed or pasted cannot be used.
    Input,
    /// Kinde or a provider refuses who we are.
    Auth,
    /// Nothing answered, or not in time.
    Network,
    /// The other side answered with an error of its own.
    Api,
    /// A file or the keyring.
    File,
    /// Our own fault.
    Internal,
}

impl Category {
    /// True where the same call may succeed later without anything being changed.
    pub fn can_retry(self) -> bool {
        matches!(self, Self::Network | Self::Api | Self::File)
    }
}

/// An error as a person reads it: what happened, the likely cause, what to do.
///
/// The JSON shape is the `error` object of the command line. No field ever holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{title}. {detail}")]
pub struct UserError {
    /// What kind of trouble.
    pub category: Category,
    /// What happened, one sentence without a full stop.
    pub title: String,
    /// The likely cause, with the evidence; the sensitive part last.
    pub detail: String,
    /// What to do next.
    pub hint: String,
    /// The key of the input that it is about: whoever has a field for it can lead there. No part of the JSON.
    #[serde(skip)]
    pub input: Option<Box<str>>,
}

impl UserError {
    /// An error of `category` titled `title`, without detail or hint yet.
    pub fn new(category: Category, title: impl Into<String>) -> Self {
        Self { category, title: title.into(), detail: String::new(), hint: String::new(), input: None }
    }

    /// Adds the likely cause.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// Names the input that it is about, by its key.
    #[must_use]
    pub fn about(mut self, key: &str) -> Self {
        self.input = Some(key.into());
        self
    }

    /// The error as lines to paste into a chat.
    pub fn as_text(&self) -> String {
        [self.title.as_str(), &self.detail, &self.hint]
            .into_iter()
            .filter(|line| !line.is_empty())
            .collect::<Vec<_>>()
            .join("\n")
    }
}
