//! Samples of every known event type, with the quirks of the real ones, from `assets/sandbox/events.json`.
//!
//! Where the shape of each comes from (measured, Kinde's types, inferred) stands with the known types:
//! [`crate::kinde::event_types`].

use std::sync::LazyLock;

use jiff::{Timestamp, tz::Offset};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::follow::{Trust, follow};
use super::presets;
use super::schemas::{Live, LiveSchema};

/// A sample of one event type.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// As Kinde spells it: `user.created`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Who causes it: `admin`, `api` or `user`.
    pub source: String,
    /// What is peculiar about it.
    #[serde(default)]
    pub note: Option<String>,
    style: Style,
    /// Claims beside the usual ones: `ip_address` of a sign-in.
    #[serde(default)]
    beside: Map<String, Value>,
    data: Value,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct Style {
    timestamp: Written,
    event_timestamp: bool,
}

/// How `timestamp` is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Written {
    /// Microseconds and a local offset, as in the delivery that was read.
    Offset,
    /// Milliseconds and `Z`.
    Utc,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asset {
    #[serde(rename = "about")]
    _about: String,
    #[serde(rename = "last_checked")]
    _last_checked: String,
    samples: Vec<Sample>,
}

fn read() -> Result<Vec<Sample>, serde_json::Error> {
    serde_json::from_str::<Asset>(include_str!("../../assets/sandbox/events.json")).map(|asset| asset.samples)
}

// A test reads the asset: in a program that was built it always parses.
static SAMPLES: LazyLock<Vec<Sample>> = LazyLock::new(|| read().unwrap_or_default());

/// Every sample, in Kinde's order of the types.
pub fn samples() -> &'static [Sample] {
    &SAMPLES
}

/// The sample of a type.
pub fn sample(event_type: &str) -> Option<&'static Sample> {
    samples().iter().find(|sample| sample.event_type == event_type)
}

impl Sample {
    /// The claims of a sample event at `now`: a new event id, new made-up ids. Its data are as `live` has them where that
    /// says anything of them; then also where that schema is from.
    pub fn following(&self, live: Option<LiveSchema>, now: Timestamp) -> (Value, Option<Live>) {
        use crate::kinde::event_types::{Origin, find};
        let data = fill(&self.data, &mut Vec::new(), now);
        let guessed = find(&self.event_type).is_none_or(|known| known.origin == Origin::Inferred);
        let trust = if guessed { Trust::Guessed } else { Trust::Known };
        let followed = live.and_then(|live| Some((follow(&data, &live.schema, trust, now)?, live.live)));
        let (data, live) = followed.map_or((data, None), |(data, live)| (data, Some(live)));
        (self.around(&data, &self.source, now), live)
    }

    /// The claims of an event of this type that did happen in the sandbox, caused through the API.
    pub fn happened(&self, data: &Value, now: Timestamp) -> Value {
        self.around(data, "api", now)
    }

    fn around(&self, data: &Value, source: &str, now: Timestamp) -> Value {
        let utc = || now.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string();
        let timestamp = match self.style.timestamp {
            Written::Utc => utc(),
            // The offset of the delivery that was read: no receiver may take it for UTC.
            Written::Offset => {
                Offset::constant(10).to_datetime(now).strftime("%Y-%m-%dT%H:%M:%S.%6f+10:00").to_string()
            }
        };
        let mut claims = json!({
            "data": data,
            "event_id": event_id(now),
            "source": source,
            "timestamp": timestamp,
            "type": self.event_type,
        });
        if let Some(members) = claims.as_object_mut() {
            if self.style.event_timestamp {
                members.insert("event_timestamp".to_owned(), utc().into());
            }
            members.extend(self.beside.clone());
        }
        claims
    }

    /// What the event's `data` looks like, as a JSON Schema drawn from the sample; empty where Kinde publishes nothing.
    pub fn schema(&self) -> Value {
        use crate::kinde::event_types::{Origin, find};
        match find(&self.event_type).map(|known| known.origin) {
            Some(Origin::Measured | Origin::Typed) => schema(&self.data),
            Some(Origin::Inferred) | None => json!({}),
        }
    }
}

/// `event_` and a UUIDv7 without dashes, as Kinde's: its first 48 bits are the moment it was made.
pub fn event_id(now: Timestamp) -> String {
    format!("event_{}", uuid_v7(now))
}

/// A UUIDv7 of `now` in hexadecimal, without dashes.
pub fn uuid_v7(now: Timestamp) -> String {
    let mut random = [0; 10];
    random.iter_mut().zip(uuid::Uuid::new_v4().into_bytes()).for_each(|(to, from)| *to = from);
    let millis = u64::try_from(now.as_millisecond()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid().simple().to_string()
}

/// `value` with every `$mark` made up, the same mark by the same value.
fn fill(value: &Value, made: &mut Vec<(String, String)>, now: Timestamp) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix('$') {
            None => value.clone(),
            Some(mark) => {
                if let Some((_, known)) = made.iter().find(|(name, _)| name == mark) {
                    return known.clone().into();
                }
                let new = make_up(mark, now);
                made.push((mark.to_owned(), new.clone()));
                new.into()
            }
        },
        Value::Array(items) => items.iter().map(|item| fill(item, made, now)).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, member)| (name.clone(), fill(member, made, now))).collect()
        }
        other => other.clone(),
    }
}

fn make_up(mark: &str, now: Timestamp) -> String {
    match mark {
        "user" => presets::user_id(),
        "org" => format!("org_{}", presets::hex(11)),
        // Roles and permissions bear a bare UUID.
        "role" | "permission" => uuid::Uuid::new_v4().to_string(),
        other => format!("{other}_{}", uuid_v7(now)),
    }
}

fn schema(value: &Value) -> Value {
    match value {
        // A null of the sample is a text elsewhere: an email address, a phone number.
        Value::Null => json!({"type": ["string", "null"]}),
        Value::Bool(_) => json!({"type": "boolean"}),
        Value::Number(_) => json!({"type": "number"}),
        Value::String(_) => json!({"type": "string"}),
        Value::Array(items) => json!({"type": "array", "items": items.first().map_or_else(|| json!({}), schema)}),
        Value::Object(members) => {
            let properties: Map<String, Value> =
                members.iter().map(|(name, member)| (name.clone(), schema(member))).collect();
            json!({"type": "object", "properties": properties})
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinde::event_types::known;

    fn at() -> Timestamp {
        "2026-11-23T12:00:00.25Z".parse().unwrap()
    }

    #[test]
    fn every_known_type_has_a_sample_and_nothing_else_has() {
        let read = read().unwrap();
        let mut samples: Vec<&str> = read.iter().map(|sample| sample.event_type.as_str()).collect();
        let mut types: Vec<&str> = known().iter().map(|known| known.event_type.as_str()).collect();
        samples.sort_unstable();
        types.sort_unstable();
        assert_eq!(samples, types);
    }

    #[test]
    fn a_sample_holds_what_a_delivery_holds_and_nothing_of_an_access_token() {
        for sample in samples() {
            let claims = sample.following(None, at()).0;
            for name in ["data", "event_id", "source", "timestamp", "type"] {
                assert!(claims.get(name).is_some(), "{name} in {claims}");
            }
            for name in ["iss", "aud", "exp", "iat", "nbf", "sub", "jti"] {
                assert!(claims.get(name).is_none(), "{name} in {claims}");
            }
            assert!(!claims.to_string().contains("\"$"), "{claims}");
        }
    }

    #[test]
    fn the_quirks_of_real_events_are_there() {
        let claims = |event_type| sample(event_type).unwrap().following(None, at()).0;
        assert_eq!(claims("user.created")["data"]["user"]["email"], Value::Null);
        assert_eq!(claims("user.updated")["timestamp"], "2026-11-23T22:00:00.250000+10:00");
        assert_eq!(claims("user.updated").get("event_timestamp"), None);
        assert_eq!(claims("user.created")["event_timestamp"], "2026-11-23T12:00:00.250Z");
        assert_eq!(claims("user.updated")["data"]["user"]["organizations"][0]["roles"], Value::Null);
        assert_eq!(claims("user.authenticated")["ip_address"], "203.0.113.7");
        let date = claims("customer.invoice_overdue")["data"]["invoice_due_on"].as_str().unwrap().to_owned();
        assert!(date.ends_with("+00"), "{date}: an hour alone, which RFC 3339 does not have");
    }

    #[test]
    fn a_sample_follows_a_live_schema_in_its_data_and_stays_an_event() {
        let live = |schema| {
            let live = Live { from: "https://acme.kinde.com".into(), read: at() };
            Some(LiveSchema { schema, live })
        };
        let plan = sample("customer.plan_created").unwrap();
        let schema = json!({"properties": {"plan": {"properties": {"code": {"type": "string"}}}}});
        let (claims, from) = plan.following(live(schema), at());
        assert_eq!(
            (&claims["data"], &claims["type"]),
            (&json!({"plan": {"code": "pro"}}), &json!("customer.plan_created"))
        );
        assert_eq!(from.unwrap().from, "https://acme.kinde.com");
        let (claims, from) = plan.following(live(json!({"type": "object"})), at());
        assert!(from.is_none() && claims["data"] != json!({}), "a schema that names nothing changes nothing");
        let user = sample("user.created").unwrap();
        let schema = json!({"properties": {"user": {"properties": {"nick_name": {"type": "string"}}}}});
        let data = user.following(live(schema), at()).0["data"]["user"].clone();
        assert_eq!((&data["nick_name"], &data["email"]), (&json!("nick name"), &Value::Null));
    }

    #[test]
    fn an_event_id_tells_when_it_was_made_and_no_two_are_the_same() {
        let id = event_id(at());
        let uuid = uuid::Uuid::parse_str(id.strip_prefix("event_").unwrap()).unwrap();
        let (seconds, nanos) = uuid.get_timestamp().unwrap().to_unix();
        assert_eq!((seconds, nanos / 1_000_000), (1_795_435_200, 250));
        assert_ne!(id, event_id(at()));
    }

    #[test]
    fn one_mark_is_one_value_within_an_event_and_another_in_the_next() {
        let marks = json!({"a": "$user", "b": ["$user", "$org"]});
        let one = fill(&marks, &mut Vec::new(), at());
        assert_eq!(one["a"], one["b"][0]);
        assert_ne!(one["a"], fill(&marks, &mut Vec::new(), at())["a"]);
    }

    #[test]
    fn a_schema_describes_the_sample_and_is_empty_where_kinde_publishes_nothing() {
        let schema = sample("user.created").unwrap().schema();
        assert_eq!(schema["properties"]["user"]["properties"]["is_suspended"]["type"], "boolean");
        assert_eq!(schema["properties"]["user"]["properties"]["email"]["type"], json!(["string", "null"]));
        assert_eq!(sample("customer.plan_created").unwrap().schema(), json!({}));
    }
}
