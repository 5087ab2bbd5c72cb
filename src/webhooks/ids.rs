//! The three ids of webhooks, and what else gets pasted in their place, told apart.

use jiff::Timestamp;

use crate::error::{Category, UserError};

/// What a pasted text is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pasted {
    /// `webhook_…`: a webhook, as the API and its list name it.
    Webhook(String),
    /// `event_…`: one event, the same in every delivery of it to every webhook.
    Event {
        /// The id.
        id: String,
        /// When it was made, from the time in it.
        made_at: Option<Timestamp>,
    },
    /// The value of a `webhook-id` header: one request to one webhook, the same in all its attempts.
    Request(String),
    /// `kp_…`: a user.
    User(String),
    /// `org_…`: an organization.
    Organization(String),
    /// A token or the body of a delivery.
    Token,
    /// A web address.
    Address,
    /// Nothing.
    Nothing,
    /// Anything else.
    Other(String),
}

impl Pasted {
    /// What it is and where it is of use, in a sentence.
    pub fn sentence(&self) -> String {
        match self {
            Self::Webhook(_) => "A Webhook ID: names one webhook of the tenant".to_owned(),
            Self::Event { made_at: Some(at), .. } => {
                format!("An Event ID: names one event, made {}", crate::clock::rfc3339(*at))
            }
            Self::Event { made_at: None, .. } => "An Event ID: names one event".to_owned(),
            Self::Request(_) => {
                "A Webhook Request ID (the webhook-id header): names one request to one webhook, the same in every attempt; \
                 Kinde's API cannot look it up, the event_id in the payload it can"
                    .to_owned()
            }
            Self::User(_) => "A user's id, and not that of an event or webhook".to_owned(),
            Self::Organization(_) => "An organization's code, and not the id of an event or webhook".to_owned(),
            Self::Token => "A token or the body of a delivery: the Inspector decodes it and shows its event_id".to_owned(),
            Self::Address => "An address: to find a webhook by its endpoint, search the list".to_owned(),
            Self::Nothing => "Nothing was pasted".to_owned(),
            Self::Other(_) => "Not an id of Kinde's: a Webhook ID begins webhook_, an Event ID event_".to_owned(),
        }
    }
}

/// Why `text` cannot be an event type, where it is one of the ids or another thing that is told apart.
///
/// # Errors
/// The refusal; it does not repeat the text, which may be a token.
pub fn no_id(text: &str) -> Result<(), UserError> {
    match what_is(text) {
        Pasted::Other(_) => Ok(()),
        pasted => Err(UserError::new(Category::Input, "This is no event type")
            .detail(pasted.sentence())
            .hint("An event type is a name such as user.created: kinde-panel webhooks types lists them")),
    }
}

/// The Event ID that `text` is, alone or as it stands in a payload.
///
/// # Errors
/// What it is instead.
pub fn event_id(text: &str) -> Result<String, UserError> {
    match what_is(text) {
        Pasted::Event { id, .. } => Ok(id),
        other => Err(UserError::new(Category::Input, "This is no Event ID")
            .detail(other.sentence())
            .hint("Paste the event_id of a payload: event_ and 32 characters")),
    }
}

/// What `text` is: quotes, commas and a name before it (`"event_id": "…"`, `webhook-id: …`) are taken off first.
pub fn what_is(text: &str) -> Pasted {
    let bare = |text: &str| text.trim_matches(|c: char| c.is_whitespace() || "\"'`,;{}".contains(c)).to_owned();
    let whole = bare(text);
    if whole.starts_with("http://") || whole.starts_with("https://") {
        return Pasted::Address;
    }
    let (label, id) = match whole.split_once([':', '=']) {
        Some((label, id)) => (bare(label).to_ascii_lowercase(), bare(id)),
        None => (String::new(), whole),
    };
    if id.is_empty() {
        return Pasted::Nothing;
    }
    if label == "webhook-id" || label == "webhook_id" && !id.starts_with("webhook_") {
        return Pasted::Request(id);
    }
    match id.split_once('_') {
        Some(("webhook", _)) => Pasted::Webhook(id),
        Some(("event", _)) => Pasted::Event { made_at: made_at(&id), id },
        Some(("kp", _)) => Pasted::User(id),
        Some(("org", _)) => Pasted::Organization(id),
        _ if id.starts_with("eyJ") => Pasted::Token,
        _ if uuid::Uuid::try_parse(&id).is_ok() => Pasted::Request(id),
        _ => Pasted::Other(id),
    }
}

/// When an event was made: its id is `event_` and 32 hexadecimal digits, the first twelve of which count the
/// milliseconds since the epoch, as those of a UUIDv7 do. (Kinde fills the digit of the version with random bits.)
/// `None` where that gives no moment an event of Kinde's can be of.
pub fn made_at(event_id: &str) -> Option<Timestamp> {
    const KINDE_BEGAN: i64 = 1_577_836_800_000; // 2020
    const FAR: i64 = 4_102_444_800_000; // 2100
    let digits = event_id.strip_prefix("event_")?;
    if digits.len() != 32 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let millis = i64::from_str_radix(digits.get(..12)?, 16).ok()?;
    (KINDE_BEGAN..FAR).contains(&millis).then(|| Timestamp::from_millisecond(millis).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_real_event_says_when_it_was_made() {
        let at = made_at("event_018f331a3178f7fef284b95fe6770384").unwrap();
        assert_eq!(at.to_string(), "2024-05-01T07:41:45.72Z");
        assert_eq!(made_at("event_9c1b6f0ea14c4ca2cec97d026d864de0"), None, "these bits are no time");
        assert_eq!(made_at("webhook_018f331a3178f7fef284b95fe6770384"), None);
    }

    #[test]
    fn each_id_is_told_apart_however_it_was_copied() {
        let event = "event_018f331a3178f7fef284b95fe6770384";
        for text in [event, &format!(" \"{event}\",\n"), &format!("\"event_id\": \"{event}\","), &format!("id={event}")]
        {
            assert!(matches!(what_is(text), Pasted::Event { id, made_at: Some(_) } if id == event), "{text}");
        }
        assert_eq!(what_is("webhook_0192"), Pasted::Webhook("webhook_0192".into()));
        assert_eq!(what_is("Webhook-Id: 7f3a-1"), Pasted::Request("7f3a-1".into()));
        assert_eq!(what_is("webhook-id: webhook_0192"), Pasted::Request("webhook_0192".into()));
        assert_eq!(
            what_is("0b2fa9a2-9a4f-4a2c-9f0e-0d7c6a1f5b11"),
            Pasted::Request("0b2fa9a2-9a4f-4a2c-9f0e-0d7c6a1f5b11".into())
        );
        assert_eq!(what_is("kp_1"), Pasted::User("kp_1".into()));
        assert_eq!(what_is("org_1"), Pasted::Organization("org_1".into()));
        assert_eq!(what_is("eyJhbGciOi.x.y"), Pasted::Token);
        assert_eq!(what_is("https://hooks.acme.com"), Pasted::Address);
        assert_eq!(what_is("  "), Pasted::Nothing);
        assert_eq!(what_is("hello"), Pasted::Other("hello".into()));
    }

    #[test]
    fn an_id_in_the_place_of_an_event_type_is_told_for_what_it_is_and_a_token_is_not_repeated() {
        for (text, part) in [
            ("event_018f331a3178f7fef284b95fe6770384", "Event ID"),
            ("webhook_0192", "Webhook ID"),
            ("0b2fa9a2-9a4f-4a2c-9f0e-0d7c6a1f5b11", "Webhook Request ID"),
            ("eyJhbGciOi.secret.y", "token"),
            ("", "Nothing"),
        ] {
            let error = no_id(text).unwrap_err();
            assert!(error.detail.contains(part) && !error.as_text().contains("secret"), "{text}: {error:?}");
        }
        for text in ["user.created", "invoice.paid", "user_created"] {
            assert!(no_id(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn every_kind_says_what_it_is() {
        for text in ["webhook_1", "event_1", "webhook-id: 1", "kp_1", "org_1", "eyJ", "https://a", "", "x"] {
            let sentence = what_is(text).sentence();
            assert!(!sentence.is_empty() && !sentence.ends_with('.'), "{sentence}");
        }
    }
}
