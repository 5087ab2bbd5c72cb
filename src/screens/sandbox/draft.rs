//! What is typed before an event is sent: its payload as JSON, where it goes, how often.

use serde_json::Value;

use crate::backend::sandbox::Sending;
use crate::sandbox::{Live, Order};

/// Where a payload stops being JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    /// From 1; 0 where it is no matter of a place.
    pub line: usize,
    /// From 1.
    pub column: usize,
    /// Why.
    pub words: String,
}

impl Wrong {
    /// As one line for a person.
    pub fn told(&self) -> String {
        match self.line {
            0 => self.words.clone(),
            line => format!("Line {line}, column {}: {}", self.column, self.words),
        }
    }
}

/// Two events never have these in common.
const NEW_EACH_TIME: [&str; 3] = ["event_id", "timestamp", "event_timestamp"];

/// Where a payload comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum From {
    /// The type's sample, and the live schema it follows.
    Sample(Option<Live>),
    /// A kept attempt.
    Received {
        /// From when and which profile.
        told: String,
        verified: bool,
    },
}

/// A payload while it is edited. It is read again when it was changed, and not each frame.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    /// As typed.
    pub text: String,
    /// As it came.
    fresh: String,
    sample: Value,
    /// What is peculiar about what it came from.
    pub note: Option<String>,
    pub from: From,
    read: Result<Value, Wrong>,
}

impl Draft {
    /// A draft of a payload.
    pub fn of(payload: &Value, note: Option<String>, from: From) -> Self {
        let text = serde_json::to_string_pretty(payload).unwrap_or_default();
        Self { read: read(&text), fresh: text.clone(), sample: payload.clone(), text, note, from }
    }

    /// Reads it again: it was changed.
    pub fn changed(&mut self) {
        self.read = read(&self.text);
    }

    /// As it came, again.
    pub fn reset(&mut self) {
        self.text = self.fresh.clone();
        self.changed();
    }

    /// Differs from how it came.
    pub fn is_edited(&self) -> bool {
        self.text != self.fresh
    }

    /// Is sent as it stands: nothing else makes it.
    fn stands(&self) -> bool {
        self.is_edited() || matches!(self.from, From::Received { .. })
    }

    /// The members that are made anew at each send, as far as nobody wrote others.
    fn renewed(&self, payload: &Value) -> Vec<&'static str> {
        let same = |name: &&str| self.sample.get(name).is_some_and(|was| payload.get(name) == Some(was));
        NEW_EACH_TIME.into_iter().filter(same).collect()
    }

    /// The payload, or where it is none.
    pub fn payload(&self) -> Result<&Value, &Wrong> {
        self.read.as_ref()
    }
}

fn read(text: &str) -> Result<Value, Wrong> {
    match serde_json::from_str::<Value>(text) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err(Wrong { line: 0, column: 0, words: "The payload of an event is a JSON object".to_owned() }),
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            let words = error.to_string();
            // The place stands before the words already.
            let words = words.split(" at line ").next().unwrap_or_default().to_owned();
            Err(Wrong { line, column, words })
        }
    }
}

/// Where an event goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Goes {
    /// To the webhooks that chose its type, by the schedule.
    #[default]
    Webhooks,
    /// Once, to an address.
    Address,
}

/// The rest of the form.
#[derive(Debug, Clone, Default)]
pub(super) struct Way {
    pub goes: Goes,
    pub url: String,
    pub times: String,
    pub webhook_id: String,
    pub forge: Option<&'static str>,
}

/// The most events of one press: a window is no load test.
const MOST: u32 = 1000;

impl Way {
    /// What is wrong with the address, once something was typed.
    pub fn url_error(&self) -> Option<&'static str> {
        let typed = self.url.trim();
        let good = url::Url::parse(typed).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        (!typed.is_empty() && !good).then_some("An address starts with http:// or https://")
    }

    /// What is wrong with the number.
    pub fn times_error(&self) -> Option<&'static str> {
        self.times().is_none().then_some("A number from 1 to 1000")
    }

    fn times(&self) -> Option<u32> {
        match self.times.trim() {
            "" => Some(1),
            text => text.parse().ok().filter(|times| (1..=MOST).contains(times)),
        }
    }

    /// What is to be sent, or why nothing can be.
    pub fn sending(&self, event_type: &str, draft: &Draft) -> Result<Sending, &'static str> {
        let payload = draft.payload().map_err(|_| "The payload is no JSON object")?;
        let to = match self.goes {
            Goes::Webhooks => None,
            Goes::Address if self.url.trim().is_empty() => return Err("Type the address it goes to"),
            Goes::Address => Some(self.url.trim().to_owned()),
        };
        if to.is_some() && self.url_error().is_some() {
            return Err("The address cannot be used");
        }
        let id = self.webhook_id.trim();
        let order = Order {
            event_type: event_type.to_owned(),
            payload: draft.stands().then(|| payload.clone()),
            set: Vec::new(),
            webhook_id: (!id.is_empty()).then(|| id.to_owned()),
            repeat: self.times().ok_or("How often is not a number from 1 to 1000")?,
            forge: self.forge.map(str::to_owned),
        };
        let mut renew = if draft.stands() { draft.renewed(payload) } else { Vec::new() };
        if order.repeat > 1 && order.webhook_id.is_none() {
            // Each of them has an ID of its own then.
            renew.retain(|name| *name != "event_id");
        }
        Ok(Sending { order, renew, to })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn draft() -> Draft {
        Draft::of(&json!({"type": "user.created", "data": {}}), None, From::Sample(None))
    }

    #[test]
    fn a_payload_that_is_no_json_is_told_by_line_and_column() {
        let mut draft = draft();
        draft.text = "{\n  \"a\": 1,\n  b\n}".to_owned();
        draft.changed();
        assert_eq!(draft.payload().unwrap_err().told(), "Line 3, column 3: key must be a string");
        draft.text = "[1]".to_owned();
        draft.changed();
        assert_eq!(draft.payload().unwrap_err().told(), "The payload of an event is a JSON object");
        draft.reset();
        assert!(draft.payload().is_ok() && !draft.is_edited());
    }

    #[test]
    fn what_is_sent_is_what_was_typed_and_what_cannot_be_sent_says_why() {
        let mut way = Way { goes: Goes::Address, ..Way::default() };
        assert_eq!(way.sending("user.created", &draft()).unwrap_err(), "Type the address it goes to");
        way.url = "127.0.0.1:3000".to_owned();
        assert_eq!(way.sending("user.created", &draft()).unwrap_err(), "The address cannot be used");
        way.url = " http://127.0.0.1:3000/hook ".to_owned();
        way.times = "0".to_owned();
        assert!(way.times_error().is_some() && way.sending("user.created", &draft()).is_err());
        way.times = "3".to_owned();
        let sending = way.sending("user.created", &draft()).unwrap();
        assert_eq!((sending.to.as_deref(), sending.order.repeat), (Some("http://127.0.0.1:3000/hook"), 3));
        way.goes = Goes::Webhooks;
        assert_eq!(way.sending("user.created", &draft()).unwrap().to, None);
    }

    #[test]
    fn an_edited_payload_keeps_what_was_written_and_is_a_new_event_at_each_send() {
        let sample = json!({"type": "user.created", "event_id": "event_1", "timestamp": "2026-01-01", "data": {}});
        let mut draft = Draft::of(&sample, None, From::Sample(None));
        let way = Way::default();
        let sending = way.sending("user.created", &draft).unwrap();
        assert_eq!((sending.order.payload, sending.renew), (None, vec![]), "a sample is made anew as a whole");
        draft.text = draft.text.replace("2026-01-01", "1999-01-01");
        draft.changed();
        let sending = way.sending("user.created", &draft).unwrap();
        assert_eq!(sending.order.payload.unwrap()["timestamp"], "1999-01-01");
        assert_eq!(sending.renew, ["event_id"]);
        let received = From::Received { told: String::new(), verified: true };
        let sending = way.sending("user.created", &Draft::of(&sample, None, received)).unwrap();
        assert_eq!(sending.order.payload, Some(sample), "what was received is sent as it stands");
        assert_eq!(sending.renew, ["event_id", "timestamp"], "and is a new event all the same");
        let many = Way { times: "5".to_owned(), ..way };
        assert!(many.sending("user.created", &draft).unwrap().renew.is_empty(), "the sandbox makes five IDs");
    }
}
