//! What Kinde's answers mean, as plain values. Members nobody needs are left out; unknown ones are ignored.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::net::Answer;
use crate::secrets::Secret;

/// Where an answer came from: enough for a timeline step and for Activity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Wire {
    /// From the first byte sent to the last received, in milliseconds.
    pub ms: u64,
    /// The request as a curl line that runs, without secrets.
    pub curl: String,
    /// Its number in Activity.
    pub exchange: u64,
}

impl From<&Answer> for Wire {
    fn from(answer: &Answer) -> Self {
        Self { ms: answer.ms, curl: answer.curl.clone(), exchange: answer.exchange }
    }
}

/// The environment an M2M application belongs to (`GET /api/v1/environment`, scope `read:environments`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// Its identifier, for example `production`.
    pub code: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Whether it is live; `None` where Kinde did not say.
    pub is_live: Option<bool>,
    /// Whether it is the business's default environment.
    pub is_default: Option<bool>,
    /// The domain at Kinde, as sent: `acme.kinde.com`.
    pub kinde_domain: Option<String>,
    /// The custom domain, as sent.
    pub custom_domain: Option<String>,
    /// The Google Analytics tag, `G-…`, where one is set.
    pub google_analytics_tag: Option<String>,
    /// Where it came from.
    pub wire: Wire,
}

impl Environment {
    pub(super) fn read(body: &Value, wire: Wire) -> Option<Self> {
        let it = body.get("environment")?.as_object()?;
        let text = |name: &str| it.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
        let flag = |name: &str| it.get(name).and_then(Value::as_bool);
        Some(Self {
            code: text("code"),
            name: text("name"),
            is_live: flag("is_live"),
            is_default: flag("is_default"),
            kinde_domain: text("kinde_domain"),
            custom_domain: text("custom_domain"),
            google_analytics_tag: text("google_analytics_tag"),
            wire,
        })
    }
}

/// One user, of `GET /api/v1/search/users` or `GET /api/v1/users`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// `kp_` and 32 hexadecimal digits.
    pub id: String,
    /// The default email address.
    #[serde(default)]
    pub email: Option<String>,
    /// First name.
    #[serde(default)]
    pub first_name: Option<String>,
    /// Last name.
    #[serde(default)]
    pub last_name: Option<String>,
    /// User name, where the tenant uses them.
    #[serde(default)]
    pub username: Option<String>,
    /// True while the user may not sign in.
    #[serde(default, deserialize_with = "null_is_false")]
    pub is_suspended: bool,
}

fn null_is_false<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(Option::<bool>::deserialize(deserializer)?.unwrap_or_default())
}

impl User {
    /// What a person knows the user by: email, else name, else the id.
    pub fn label(&self) -> String {
        let name = [self.first_name.as_deref(), self.last_name.as_deref()]
            .into_iter()
            .flatten()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" ");
        [self.email.clone(), Some(name), self.username.clone()]
            .into_iter()
            .flatten()
            .find(|text| !text.is_empty())
            .unwrap_or_else(|| self.id.clone())
    }
}

/// One page of users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserPage {
    /// In Kinde's order.
    pub users: Vec<User>,
    /// What to pass as `starting_after` for the next page; `None` on the last.
    pub next: Option<String>,
    /// Where it came from.
    pub wire: Wire,
}

impl UserPage {
    pub(super) fn read(body: &Value, page_size: u32, wire: Wire) -> Option<Self> {
        // `results` in the OpenAPI document; `users` is what the older list answers with.
        let list = body.get("results").or_else(|| body.get("users"))?;
        let list: &[Value] = if list.is_null() { &[] } else { list.as_array()? };
        let users: Vec<User> = list.iter().filter_map(|user| User::deserialize(user).ok()).collect();
        // The document has no `has_more` for this list; where Kinde leaves it out, a full page means there may be more.
        let full = list.len() >= page_size as usize && !list.is_empty();
        let more = body.get("has_more").and_then(Value::as_bool).unwrap_or(full);
        let next = users.last().filter(|_| more).map(|user| user.id.clone());
        Some(Self { users, next, wire })
    }
}

/// For whom a connected app is walked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// A user, by `kp_…` id.
    User(String),
    /// An organization, by `org_…` code.
    Org(String),
}

/// The answer of `GET /api/v1/connected_apps/auth_url`.
#[derive(Debug, Clone)]
pub struct AuthUrl {
    /// The address to open, as Kinde sent it.
    pub url: String,
    /// The session to ask the token for. A secret: whoever has it and an M2M token gets the provider's token.
    pub session_id: Secret,
    /// Where it came from.
    pub answer: Wire,
}

/// The answer of `GET /api/v1/connected_apps/token`.
#[derive(Debug, Clone)]
pub struct ProviderToken {
    /// The provider's access token.
    pub access_token: Secret,
    /// When it expires, where that could be read.
    pub expires_at: Option<Timestamp>,
    /// The expiry as Kinde sent it.
    pub expires_raw: Option<String>,
    /// Where it came from.
    pub wire: Wire,
}

/// A moment in any spelling Kinde has been seen to use: RFC 3339, a space for the `T`, a bare-hour offset (`+00`),
/// no offset (taken as UTC), seconds or milliseconds since the epoch.
pub fn parse_time(value: &Value) -> Option<Timestamp> {
    if let Some(number) = value.as_i64() {
        // Seconds reach this only in the year 5138.
        return if number.abs() < 100_000_000_000 {
            Timestamp::from_second(number).ok()
        } else {
            Timestamp::from_millisecond(number).ok()
        };
    }
    let text = value.as_str()?.trim();
    if let Ok(number) = text.parse::<i64>() {
        return parse_time(&Value::from(number));
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    let sign = text.len().checked_sub(3)?;
    let tail = text.get(sign..)?;
    if tail.starts_with(['+', '-'])
        && text.contains(':')
        && let Ok(at) = format!("{text}:00").parse::<Timestamp>()
    {
        return Some(at);
    }
    let date_time: jiff::civil::DateTime = text.parse().ok()?;
    jiff::tz::TimeZone::UTC.to_timestamp(date_time).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn wire() -> Wire {
        Wire { ms: 1, curl: String::new(), exchange: 1 }
    }

    #[test]
    fn every_spelling_of_a_moment_is_read_as_the_same_one() {
        for value in [
            json!("2026-11-23T18:00:00Z"),
            json!("2026-11-23T18:00:00.000000+00:00"),
            json!("2026-11-23 18:00:00+00:00"),
            json!("2026-11-23T18:00:00+00"),
            json!("2026-11-23T18:00:00"),
            json!(1_795_456_800),
            json!(1_795_456_800_000_i64),
            json!("1795456800"),
        ] {
            assert_eq!(parse_time(&value).map(|at| at.to_string()).as_deref(), Some("2026-11-23T18:00:00Z"), "{value}");
        }
        for value in [json!(""), json!("soon"), json!(null), json!({}), json!("é1")] {
            assert_eq!(parse_time(&value), None, "{value}");
        }
    }

    #[test]
    fn a_page_of_users_goes_on_when_kinde_says_so_or_when_it_is_full() {
        let users =
            |count: usize| (0..count).map(|n| json!({"id": format!("kp_{n}"), "email": null})).collect::<Vec<_>>();
        let read = |body: Value| UserPage::read(&body, 2, wire()).unwrap().next;
        assert_eq!(read(json!({"results": users(2), "has_more": true})).as_deref(), Some("kp_1"));
        assert_eq!(read(json!({"results": users(2), "has_more": false})), None);
        assert_eq!(read(json!({"results": users(2)})).as_deref(), Some("kp_1"));
        assert_eq!(read(json!({"results": users(1)})), None);
        assert_eq!(read(json!({"results": null})), None);
        assert!(UserPage::read(&json!({"message": "x"}), 2, wire()).is_none());
    }

    #[test]
    fn a_user_is_labelled_by_the_first_thing_known() {
        let user = |email: Option<&str>, first: Option<&str>| User {
            id: "kp_1".into(),
            email: email.map(Into::into),
            first_name: first.map(Into::into),
            ..User::default()
        };
        assert_eq!(user(Some("ada@example.com"), Some("Ada")).label(), "ada@example.com");
        assert_eq!(user(None, Some("Ada")).label(), "Ada");
        assert_eq!(user(None, None).label(), "kp_1");
    }
}
