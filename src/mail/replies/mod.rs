//! What a server's reply means, read from `assets/mail/replies.toml`.
//!
//! An unknown reply is not explained away: its class says what can be said, and the raw text stands beside it.

mod codes;

use std::sync::LazyLock;

use serde::Deserialize;

use super::presets::Preset;

/// When a reply came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum At {
    /// To the connection itself.
    Greeting,
    /// To EHLO or HELO.
    Ehlo,
    /// To STARTTLS.
    StartTls,
    /// To AUTH.
    Auth,
    /// To MAIL.
    Sender,
    /// To RCPT.
    Recipient,
    /// To DATA, or to the message.
    Data,
}

/// What is known of a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// The three digits, where there are any.
    pub code: Option<u16>,
    /// The enhanced code of RFC 3463, where there is one.
    pub enhanced: Option<String>,
    /// In a sentence.
    pub means: String,
    /// What to do.
    pub fix: String,
    /// The same may pass later with nothing changed.
    pub temporary: bool,
    /// Whose words they are: a provider's, or a standard's.
    pub source: String,
    /// False where only its class is known.
    pub known: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asset {
    reply: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(default)]
    codes: Vec<u16>,
    enhanced: Option<String>,
    #[serde(default)]
    at: Vec<At>,
    #[serde(default)]
    any: Vec<String>,
    #[serde(default)]
    all: Vec<String>,
    #[serde(default)]
    none: Vec<String>,
    source: String,
    /// The id of the preset whose words these are.
    provider: Option<String>,
    /// Others say the same: it counts only where that provider's server was asked.
    #[serde(default)]
    common: bool,
    means: String,
    fix: String,
    #[serde(default)]
    temporary: bool,
}

static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| read().unwrap_or_default());

fn read() -> Result<Vec<Entry>, String> {
    crate::assets::read::<Asset>(include_str!("../../../assets/mail/replies.toml")).map(|asset| asset.reply)
}

impl Entry {
    /// True where the words can be those of whom was asked.
    fn may_be_said_by(&self, asked: Option<&str>) -> bool {
        match (self.provider.as_deref(), asked) {
            (None, _) => true,
            (Some(own), Some(asked)) => own == asked,
            (Some(_), None) => !self.common,
        }
    }

    /// How much of it fits; `None` where something does not. Texts weigh most, then the stage and the enhanced code.
    fn weight(&self, code: Option<u16>, enhanced: Option<&str>, text: &str, at: Option<At>) -> Option<u8> {
        let fits = (self.codes.is_empty() || code.is_some_and(|code| self.codes.contains(&code)))
            && self.enhanced.as_deref().is_none_or(|wanted| enhanced == Some(wanted))
            && (self.at.is_empty() || at.is_some_and(|at| self.at.contains(&at)))
            && (self.any.is_empty() || self.any.iter().any(|part| text.contains(part.as_str())))
            && self.all.iter().all(|part| text.contains(part.as_str()))
            && !self.none.iter().any(|part| text.contains(part.as_str()));
        let counts = [
            (8, !self.any.is_empty()),
            (2, !self.all.is_empty()),
            (3, self.enhanced.is_some()),
            (3, !self.at.is_empty()),
            (1, !self.codes.is_empty()),
        ];
        fits.then(|| counts.into_iter().filter(|(_, said)| *said).map(|(weight, _)| weight).sum())
    }
}

/// Explains a reply, or a whole message that holds one somewhere (`Error: 535 5.7.8 Authentication failed`). `at` is when it
/// came, where that is known; `asked` whose server was asked, where it is a known provider's: no other one's words are then
/// seen in it.
pub fn explain(text: &str, at: Option<At>, asked: Option<&Preset>) -> Explained {
    let (code, enhanced) = codes_in(text, at.is_some());
    let lower = text.to_lowercase();
    let mut best: Option<(u8, &Entry)> = None;
    let asked = asked.map(|preset| preset.id.as_str());
    for entry in ENTRIES.iter().filter(|entry| entry.may_be_said_by(asked)) {
        // Whose server it is says more of two that fit than how many words of theirs do.
        let own = if entry.provider.is_some() && entry.provider.as_deref() == asked { 4 } else { 0 };
        if let Some(weight) = entry.weight(code, enhanced.as_deref(), &lower, at).map(|weight| weight + own)
            && best.is_none_or(|(most, _)| weight > most)
        {
            best = Some((weight, entry));
        }
    }
    let temporary = code.map(|code| code / 100 == 4);
    match best {
        Some((_, entry)) => Explained {
            means: entry.means.clone(),
            fix: entry.fix.clone(),
            // The server's own digit goes before what others of its kind do.
            temporary: temporary.unwrap_or(entry.temporary),
            source: entry.source.clone(),
            known: true,
            code,
            enhanced,
        },
        None => of_class(code, enhanced, at),
    }
}

/// What the class of a code says, and the subject of an enhanced one (RFC 3463 §3).
fn of_class(code: Option<u16>, enhanced: Option<String>, at: Option<At>) -> Explained {
    let subject = enhanced.as_deref().and_then(|code| code.split('.').nth(1)).and_then(|subject| match subject {
        "1" => Some("about an address"),
        "2" => Some("about a mailbox"),
        "3" => Some("about the mail system"),
        "4" => Some("about the network or routing"),
        "5" => Some("about the protocol"),
        "6" => Some("about the content of the message"),
        "7" => Some("about security or a policy"),
        _ => None,
    });
    let subject = subject.map(|subject| format!(", {subject}")).unwrap_or_default();
    let (means, fix, temporary) = match code.map(|code| code / 100) {
        Some(2 | 3) => (format!("The server agreed{subject}"), "Nothing to fix".to_owned(), false),
        Some(4) => (
            format!("The server refused for now{subject}: the same may pass later"),
            "Read the server's own words, and try again in some minutes".to_owned(),
            true,
        ),
        Some(5) => (
            format!("The server refused for good{subject}: the same will be refused again"),
            "Read the server's own words and change what they name".to_owned(),
            false,
        ),
        _ => (
            "There is no SMTP reply code in it".to_owned(),
            match at {
                Some(_) => "Check that this port is for sending mail: 587 or 465".to_owned(),
                None => "Copy the whole message, with its three digits, or check the server here".to_owned(),
            },
            false,
        ),
    };
    Explained { code, enhanced, means, fix, temporary, source: "RFC 5321".to_owned(), known: false }
}

/// The reply code and the enhanced code in a text. In a reply its own stand first; what a program says of one is searched
/// with more care, and only for a refusal.
fn codes_in(text: &str, is_reply: bool) -> (Option<u16>, Option<String>) {
    if !is_reply {
        return codes::in_a_message(text);
    }
    let code = text.get(..3).and_then(|digits| digits.parse().ok());
    (code, codes::enhanced(text, code))
}

#[cfg(test)]
mod tests;
