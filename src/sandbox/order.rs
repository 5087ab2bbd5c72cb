//! What is to be published, and the events that come of it.

use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::delivery::events::NewEvent;
use super::delivery::publish;
use super::error::SandboxError;
use super::forge;
use super::keys::SigningKey;
use super::samples;
use super::schemas;
use crate::kinde::event_types;

/// What is to be published.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// `user.created`: chooses the sample, and the webhooks it goes to.
    pub event_type: String,
    /// The whole payload, edited; `None`: a new sample.
    pub payload: Option<Value>,
    /// Members to set in it: path (`data.user.email`, `data.user.organizations.0.code`) and value.
    pub set: Vec<(String, Value)>,
    /// The `webhook-id` header; `None`: a new one for each delivery.
    pub webhook_id: Option<String>,
    /// How many events; with `webhook_id`, how many times the same one.
    pub repeat: u32,
    /// The forgery to send in place of a genuine token.
    pub forge: Option<String>,
}

impl Order {
    /// Whether its words can be used; what is wrong with them does not depend on what is running.
    ///
    /// # Errors
    /// [`SandboxError::Order`] where the type or the forgery is unknown, or the `webhook-id` cannot be a header.
    pub fn check(&self) -> Result<(), SandboxError> {
        if samples::sample(&self.event_type).is_none() {
            return Err(SandboxError::Order(format!("There is no event type {}", self.event_type)));
        }
        if let Some(name) = self.forge.as_deref().filter(|name| forge::find(name).is_none()) {
            return Err(SandboxError::Order(format!("There is no forgery {name}")));
        }
        if let Some(id) = self.webhook_id.as_deref().filter(|id| http::HeaderValue::from_str(id).is_err()) {
            return Err(SandboxError::Order(format!("{id:?} cannot be sent as a header")));
        }
        if let Some((path, _)) = self.set.iter().find(|(path, _)| path.split('.').any(str::is_empty)) {
            return Err(SandboxError::Order(no_path(path)));
        }
        Ok(())
    }

    /// The same in portions of at most `most` events: no more than that is signed before the first is sent.
    pub fn portions(&self, most: u32) -> impl Iterator<Item = Self> + use<'_> {
        let whole = if self.webhook_id.is_some() { 1 } else { self.repeat.div_ceil(most.max(1)) };
        // Of one size, as far as may be: a portion of one would keep the id of an edited payload.
        let each = self.repeat.div_ceil(whole.max(1));
        (0..whole).map(move |number| {
            let repeat = if self.webhook_id.is_some() { self.repeat } else { (self.repeat - number * each).min(each) };
            Self { repeat, ..self.clone() }
        })
    }

    /// How many times each event is delivered.
    pub fn times(&self) -> u32 {
        if self.webhook_id.is_some() { self.repeat } else { 1 }
    }

    /// What to tell a person beside what is sent: Kinde publishes no shape for it, and no tenant's schema kept in `dir` names one.
    /// Blocking.
    pub fn banner(&self, dir: &Path, now: Timestamp) -> Option<&'static str> {
        let banner = event_types::find(&self.event_type)?.origin.banner().filter(|_| self.payload.is_none())?;
        let live = schemas::kept(dir, &self.event_type);
        let followed = samples::sample(&self.event_type)?.following(live, now).1;
        followed.is_none().then_some(banner)
    }

    /// The events, signed or forged; samples follow the schemas kept in `dir`. Blocking: a signature takes a millisecond.
    ///
    /// # Errors
    /// [`SandboxError::Order`] where the type, a path or the forgery is unknown.
    pub(super) fn events(&self, key: &SigningKey, dir: &Path, now: Timestamp) -> Result<Vec<NewEvent>, SandboxError> {
        self.check()?;
        let unusable = |why: String| SandboxError::Order(why);
        let sample = samples::sample(&self.event_type).ok_or_else(|| unusable(self.event_type.clone()))?;
        let forgery = self.forge.as_deref().and_then(forge::find);
        let live = if self.payload.is_none() { schemas::kept(dir, &self.event_type) } else { None };
        let count = if self.webhook_id.is_some() { 1 } else { self.repeat };
        (0..count)
            .map(|_| {
                let mut claims = self.payload.clone().unwrap_or_else(|| sample.following(live.clone(), now).0);
                if self.payload.is_some() && count > 1 {
                    put(&mut claims, "event_id", samples::event_id(now).into()).map_err(unusable)?;
                }
                for (path, value) in &self.set {
                    put(&mut claims, path, value.clone()).map_err(unusable)?;
                }
                let mut event = match forgery {
                    None => publish::signed(key, claims, now)?,
                    Some(forgery) => {
                        let forged = forgery.make(key, &claims)?;
                        publish::event(claims, forged.body, forged.content_type, now)
                    }
                };
                // What it is kept and routed by, whatever its payload says.
                event.event_type.clone_from(&self.event_type);
                if event.event_id.is_empty() {
                    event.event_id = samples::event_id(now);
                }
                Ok(event)
            })
            .collect()
    }
}

/// Sets the member at `path`, names and numbers parted by dots; objects on the way are made.
pub fn put(root: &mut Value, path: &str, value: Value) -> Result<(), String> {
    let mut at = root;
    for part in path.split('.') {
        if part.is_empty() {
            return Err(no_path(path));
        }
        at = match at {
            Value::Array(items) => part
                .parse::<usize>()
                .ok()
                .and_then(|index| items.get_mut(index))
                .ok_or_else(|| format!("{path}: the list has no item {part}"))?,
            Value::Object(members) => members.entry(part).or_insert(Value::Null),
            other => {
                *other = serde_json::json!({});
                other.as_object_mut().ok_or("not an object")?.entry(part).or_insert(Value::Null)
            }
        };
    }
    *at = value;
    Ok(())
}

fn no_path(path: &str) -> String {
    format!("{path:?} is not a path of names parted by dots")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_member_is_set_by_its_path_and_what_is_missing_on_the_way_is_made() {
        let mut value = json!({"data": {"list": [{"a": 1}], "text": "x"}});
        put(&mut value, "data.list.0.a", json!(2)).unwrap();
        put(&mut value, "data.new.b", json!(null)).unwrap();
        put(&mut value, "data.text.c", json!("d")).unwrap();
        assert_eq!(value, json!({"data": {"list": [{"a": 2}], "text": {"c": "d"}, "new": {"b": null}}}));
        assert!(put(&mut value, "data.list.7", json!(1)).unwrap_err().contains("no item 7"));
        assert!(put(&mut value, "data..a", json!(1)).is_err());
    }

    #[test]
    fn repeat_makes_events_and_with_a_webhook_id_the_same_one_again() {
        let dir = tempfile::tempdir().unwrap();
        let key = SigningKey::open(dir.path()).unwrap();
        let order = Order { event_type: "user.created".into(), repeat: 3, ..Order::default() };
        let events = order.events(&key, dir.path(), Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!((events.len(), order.times()), (3, 1));
        assert_ne!(events[0].event_id, events[1].event_id);
        let same = Order { webhook_id: Some("w".into()), ..order.clone() };
        assert_eq!((same.events(&key, dir.path(), Timestamp::UNIX_EPOCH).unwrap().len(), same.times()), (1, 3));
        let unknown = Order { event_type: "user.made".into(), ..order };
        assert!(matches!(unknown.events(&key, dir.path(), Timestamp::UNIX_EPOCH), Err(SandboxError::Order(_))));
    }

    #[test]
    fn a_type_without_a_published_shape_has_its_banner_until_a_tenants_schema_names_one() {
        let home = tempfile::tempdir().unwrap();
        let (dir, now) = (home.path().join("sandbox"), Timestamp::UNIX_EPOCH);
        let banner = |event_type: &str, payload| {
            Order { event_type: event_type.into(), payload, ..Order::default() }.banner(&dir, now)
        };
        let code = "customer.plan_created".to_owned();
        assert!(banner(&code, None).unwrap().contains("Do not code against"));
        assert_eq!((banner(&code, Some(json!({}))), banner("user.created", None)), (None, None));
        let schema = json!({"properties": {"plan": {"properties": {"code": {"type": "string"}}}}});
        let known = crate::kinde::EventType { id: String::new(), name: code.clone(), code, origin: None, schema };
        schemas::keep_schemas(&dir, "https://acme.kinde.com", &[known], now).unwrap();
        assert_eq!(banner("customer.plan_created", None), None);
    }

    #[test]
    fn many_events_are_made_in_portions_and_the_same_one_many_times_is_one() {
        let order = Order { event_type: "user.created".into(), repeat: 250, ..Order::default() };
        assert_eq!(order.portions(100).map(|part| part.repeat).collect::<Vec<_>>(), [84, 84, 82]);
        let same = Order { webhook_id: Some("w".into()), ..order };
        assert_eq!(same.portions(100).map(|part| part.repeat).collect::<Vec<_>>(), [250]);
    }
}
