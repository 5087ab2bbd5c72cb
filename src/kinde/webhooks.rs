//! Webhooks and events: `GET|POST /api/v1/webhooks`, `PATCH|DELETE /api/v1/webhooks/{id}`, `/event_types`, `/events/{id}`.
//!
//! The path is plural throughout: the singular one of earlier guides is no route of the API. There is no call to switch
//! a webhook on or off, to change its endpoint, or to list deliveries.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::api::{KindeApi, read, segment};
use super::error::ApiError;
use super::model::{Wire, parse_time};

/// What a webhook is, apart from its id: what a person types, exports and compares.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    /// Its name. Kinde does not ask for it to be the only one of that name.
    pub name: String,
    /// What it is for; an empty one counts as none.
    #[serde(default)]
    pub description: Option<String>,
    /// Where Kinde delivers.
    pub endpoint: String,
    /// Event types as Kinde spells them.
    pub event_types: Vec<String>,
}

/// One webhook, of `GET /api/v1/webhooks`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// `webhook_…`.
    pub id: String,
    /// Name, description, endpoint, event types.
    #[serde(flatten)]
    pub definition: Definition,
    /// When it was created, as Kinde sent it.
    #[serde(default)]
    pub created_on: Option<String>,
}

impl Webhook {
    /// When it was created, where that can be read.
    pub fn created_at(&self) -> Option<Timestamp> {
        parse_time(&Value::from(self.created_on.clone()?))
    }

    fn read(value: &Value) -> Option<Self> {
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        let types = value.get("event_types").and_then(Value::as_array);
        Some(Self {
            id: text("id")?.to_owned(),
            definition: Definition {
                name: text("name").unwrap_or_default().to_owned(),
                description: text("description").filter(|text| !text.is_empty()).map(str::to_owned),
                endpoint: text("endpoint").unwrap_or_default().to_owned(),
                event_types: types.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect(),
            },
            created_on: text("created_on").map(str::to_owned),
        })
    }
}

/// What `PATCH` changes: members that are `None` stay as they are. The endpoint cannot be patched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebhookPatch {
    /// A new name.
    pub name: Option<String>,
    /// A new description; `Some(None)` takes it away.
    pub description: Option<Option<String>>,
    /// All event types it shall have.
    pub event_types: Option<Vec<String>>,
}

/// One event type of a tenant, of `GET /api/v1/event_types`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventType {
    /// Its id.
    pub id: String,
    /// As webhooks name it: `user.created`.
    pub code: String,
    /// As Kinde shows it.
    pub name: String,
    /// Where it comes from, in Kinde's words.
    pub origin: Option<String>,
    /// The schema of its `data`, where Kinde gives one; else null.
    pub schema: Value,
}

/// One event, of `GET /api/v1/events/{id}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// `event_…`.
    pub event_id: String,
    /// `user.created`.
    pub event_type: String,
    /// `admin`, `api` or `user`.
    pub source: Option<String>,
    /// When, in whichever of its two spellings (integer or ISO 8601) it came.
    pub timestamp: Option<Timestamp>,
    /// The timestamp as Kinde sent it.
    pub timestamp_raw: Option<String>,
    /// What happened.
    pub data: Value,
}

/// What a call gave, with the API's own answer.
#[derive(Debug, Clone)]
pub struct Reply<T> {
    /// What it means.
    pub it: T,
    /// The body as it came.
    pub body: Value,
    /// Where it came from.
    pub wire: Wire,
}

impl KindeApi {
    /// `GET /api/v1/webhooks`, scope `read:webhooks`: all of them, there are no pages.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn webhooks(&self) -> Result<Reply<Vec<Webhook>>, ApiError> {
        let answer = self.call(&self.request(http::Method::GET, "List webhooks", "/api/v1/webhooks")).await?;
        read(&answer, |body| {
            let list = body.get("webhooks")?;
            let list = if list.is_null() { &[][..] } else { list.as_array()? };
            // One that cannot be read makes the answer unusable: a webhook missing from the list would look deleted.
            let it = list.iter().map(Webhook::read).collect::<Option<_>>()?;
            Some(Reply { it, body: body.clone(), wire: Wire::from(&answer) })
        })
    }

    /// `POST /api/v1/webhooks`, scope `create:webhooks`: answers with the new id alone.
    ///
    /// # Errors
    /// See [`ApiError`]; what is refused, the plan's limit too, is [`ApiErrorKind::Validation`](super::ApiErrorKind) or
    /// `Forbidden`.
    pub async fn create_webhook(&self, webhook: &Definition) -> Result<Reply<String>, ApiError> {
        let Definition { name, description, endpoint, event_types } = webhook;
        let mut body = json!({"name": name, "endpoint": endpoint, "event_types": event_types});
        if let (Some(description), Some(body)) = (description, body.as_object_mut()) {
            body.insert("description".to_owned(), description.as_str().into());
        }
        let request = self.request(http::Method::POST, "Create a webhook", "/api/v1/webhooks").json(body);
        let answer = self.call(&request).await?;
        read(&answer, |body| {
            let it = body.get("webhook")?.get("id")?.as_str()?.to_owned();
            Some(Reply { it, body: body.clone(), wire: Wire::from(&answer) })
        })
    }

    /// `PATCH /api/v1/webhooks/{id}`, scope `update:webhooks`: sends what changed and nothing else.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn update_webhook(&self, id: &str, patch: &WebhookPatch) -> Result<Reply<()>, ApiError> {
        let WebhookPatch { name, description, event_types } = patch;
        let members = [
            ("name", name.as_ref().map(|name| json!(name))),
            ("description", description.as_ref().map(|description| json!(description))),
            ("event_types", event_types.as_ref().map(|types| json!(types))),
        ];
        let body: serde_json::Map<String, Value> =
            members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
        let path = format!("/api/v1/webhooks/{}", segment(id));
        let request = self.request(http::Method::PATCH, "Update a webhook", &path).json(Value::Object(body));
        let answer = self.call(&request).await?;
        Ok(Reply { it: (), body: answer.json().unwrap_or(Value::Null), wire: Wire::from(&answer) })
    }

    /// `DELETE /api/v1/webhooks/{id}`, scope `delete:webhooks`.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn delete_webhook(&self, id: &str) -> Result<Reply<()>, ApiError> {
        let path = format!("/api/v1/webhooks/{}", segment(id));
        let answer = self.call(&self.request(http::Method::DELETE, "Delete a webhook", &path)).await?;
        Ok(Reply { it: (), body: answer.json().unwrap_or(Value::Null), wire: Wire::from(&answer) })
    }

    /// `GET /api/v1/event_types`, scope `read:event_types`.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn event_types(&self) -> Result<Reply<Vec<EventType>>, ApiError> {
        let answer = self.call(&self.request(http::Method::GET, "List event types", "/api/v1/event_types")).await?;
        read(&answer, |body| {
            let it = body.get("event_types")?.as_array()?.iter().filter_map(read_event_type).collect();
            Some(Reply { it, body: body.clone(), wire: Wire::from(&answer) })
        })
    }

    /// `GET /api/v1/events/{id}`, scope `read:events`. There is no list of events.
    ///
    /// # Errors
    /// See [`ApiError`]; an unknown id is `NotFound` or `Validation`.
    pub async fn event(&self, id: &str) -> Result<Reply<Event>, ApiError> {
        let path = format!("/api/v1/events/{}", segment(id));
        let answer = self.call(&self.request(http::Method::GET, "Look an event up", &path)).await?;
        read(&answer, |body| {
            let event = body.get("event")?;
            let text = |name: &str| event.get(name).and_then(Value::as_str).map(str::to_owned);
            let timestamp = event.get("timestamp").filter(|timestamp| !timestamp.is_null());
            let it = Event {
                event_id: text("event_id").unwrap_or_else(|| id.to_owned()),
                event_type: text("type")?,
                source: text("source"),
                timestamp: timestamp.and_then(parse_time),
                timestamp_raw: timestamp.map(|it| it.as_str().map_or_else(|| it.to_string(), str::to_owned)),
                data: event.get("data").cloned().unwrap_or_default(),
            };
            Some(Reply { it, body: body.clone(), wire: Wire::from(&answer) })
        })
    }
}

/// A type without a code is of no use to a webhook; one whose name is missing is shown by its code.
fn read_event_type(value: &Value) -> Option<EventType> {
    let text = |name: &str| value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    let code = text("code")?;
    Some(EventType {
        id: text("id").unwrap_or_default(),
        name: text("name").unwrap_or_else(|| code.clone()),
        code,
        origin: text("origin"),
        schema: value.get("schema").cloned().unwrap_or_default(),
    })
}
