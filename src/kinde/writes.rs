//! The writes that cause events: a user, role, permission, organization or subscriber made, renamed and taken away.
//!
//! Each thing is made under a *mark*, a word found nowhere else in the tenant (letters, digits, underscores): by it the
//! thing is found again when the answer with its id was lost.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::api::{KindeApi, segment};
use super::error::ApiError;
use super::model::Wire;
use super::webhooks::Reply;
use crate::net::{Answer, Request};

/// What can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Thing {
    /// A user with one email address.
    User,
    /// A role.
    Role,
    /// A permission.
    Permission,
    /// An organization.
    Organization,
    /// A subscriber. The API has no call that deletes one.
    Subscriber,
}

/// Pages of a list that are looked through for a mark, and things on each.
const PAGES: usize = 50;
const PAGE_SIZE: &str = "100";

impl Thing {
    /// As a person calls it.
    pub fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Role => "role",
            Self::Permission => "permission",
            Self::Organization => "organization",
            Self::Subscriber => "subscriber",
        }
    }

    /// The scope to do `verb` (`create`, `read`, `update`, `delete`) with it.
    pub fn scope(self, verb: &str) -> String {
        format!("{verb}:{}", self.plural())
    }

    fn plural(self) -> &'static str {
        match self {
            Self::User => "users",
            Self::Role => "roles",
            Self::Permission => "permissions",
            Self::Organization => "organizations",
            Self::Subscriber => "subscribers",
        }
    }

    /// The email address of a user or subscriber under `mark`. The domain is reserved: nobody gets mail there.
    pub fn email(mark: &str) -> String {
        format!("{mark}@example.com")
    }

    fn name(mark: &str) -> String {
        format!("Kinde Panel {mark}")
    }
}

impl KindeApi {
    /// Makes a thing under `mark` (`POST /user`, `/roles`, `/permissions`, `/organization`, `/subscribers`). Its id is
    /// `None` where the answer does not name it: [`KindeApi::find_thing`].
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn create_thing(&self, thing: Thing, mark: &str) -> Result<Reply<Option<String>>, ApiError> {
        let name = Thing::name(mark);
        let post = |path: &str| self.request(http::Method::POST, format!("Create a test {}", thing.word()), path);
        let request = match thing {
            Thing::User => post("/api/v1/user").json(json!({
                "profile": {"given_name": "Kinde Panel", "family_name": mark},
                "identities": [{"type": "email", "is_verified": true, "details": {"email": Thing::email(mark)}}],
            })),
            Thing::Role => post("/api/v1/roles").json(json!({"name": name, "key": mark})),
            Thing::Permission => post("/api/v1/permissions").json(json!({"name": name, "key": mark})),
            Thing::Organization => post("/api/v1/organization").json(json!({"name": name})),
            Thing::Subscriber => post("/api/v1/subscribers")
                .query("first_name", "Kinde Panel")
                .query("last_name", mark)
                .query("email", Thing::email(mark)),
        };
        let answer = self.call(&request).await?;
        let body = answer.json().unwrap_or(Value::Null);
        let at = |path: &str| body.pointer(path).and_then(Value::as_str).map(str::to_owned);
        let it = match thing {
            Thing::User => at("/id"),
            Thing::Role => at("/role/id"),
            Thing::Permission => at("/permission/id"),
            Thing::Organization => at("/organization/code"),
            Thing::Subscriber => at("/subscriber/subscriber_id"),
        };
        Ok(Reply { it, body, wire: Wire::from(&answer) })
    }

    /// Gives the thing of that id another name.
    ///
    /// # Errors
    /// See [`ApiError`]; a subscriber cannot be changed.
    pub async fn rename_thing(&self, thing: Thing, id: &str, mark: &str) -> Result<Reply<()>, ApiError> {
        let name = format!("{} renamed", Thing::name(mark));
        let body = match thing {
            Thing::User => json!({"given_name": "Kinde Panel renamed"}),
            // Kinde wants name and key of a role, whatever changes.
            Thing::Role => json!({"name": name, "key": mark}),
            Thing::Permission | Thing::Organization | Thing::Subscriber => json!({"name": name}),
        };
        let request = self.on_one(http::Method::PATCH, "Rename", thing, id).json(body);
        self.call(&request).await.map(|answer| reply(&answer))
    }

    /// Deletes the thing of that id; a user with their profile.
    ///
    /// # Errors
    /// See [`ApiError`]; a subscriber cannot be deleted.
    pub async fn delete_thing(&self, thing: Thing, id: &str) -> Result<Reply<()>, ApiError> {
        let mut request = self.on_one(http::Method::DELETE, "Delete", thing, id);
        if thing == Thing::User {
            request = request.query("is_delete_profile", "true");
        }
        self.call(&request).await.map(|answer| reply(&answer))
    }

    /// The id of the thing under `mark`, looked up in its list; `None` where there is none.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn find_thing(&self, thing: Thing, mark: &str) -> Result<Reply<Option<String>>, ApiError> {
        let (list, id, member, wanted) = match thing {
            Thing::User => ("users", "id", "email", Thing::email(mark)),
            Thing::Role => ("roles", "id", "key", mark.to_owned()),
            Thing::Permission => ("permissions", "id", "key", mark.to_owned()),
            Thing::Organization => ("organizations", "code", "name", Thing::name(mark)),
            Thing::Subscriber => ("subscribers", "id", "email", Thing::email(mark)),
        };
        let renamed = format!("{wanted} renamed");
        let mut next: Option<String> = None;
        let mut pages = 0;
        loop {
            let purpose = format!("Look for the test {}", thing.word());
            let path = format!("/api/v1/{}", thing.plural());
            let mut request = self.request(http::Method::GET, purpose, &path).query("page_size", PAGE_SIZE);
            if thing == Thing::User {
                request = request.query("email", wanted.as_str());
            }
            if let Some(token) = next {
                request = request.query("next_token", token);
            }
            let answer = self.call(&request).await?;
            let body = answer.json().ok_or_else(|| ApiError::unexpected(&answer))?;
            let found = body.get(list).and_then(Value::as_array).into_iter().flatten().find(|it| {
                let said = it.get(member).and_then(Value::as_str).unwrap_or_default();
                said.eq_ignore_ascii_case(&wanted) || said == renamed
            });
            let it = found.and_then(|found| found.get(id)).and_then(Value::as_str).map(str::to_owned);
            next = body.get("next_token").and_then(Value::as_str).filter(|it| !it.is_empty()).map(str::to_owned);
            pages += 1;
            if it.is_some() || next.is_none() || pages == PAGES {
                return Ok(Reply { it, wire: Wire::from(&answer), body });
            }
        }
    }

    /// A call on one thing. Users stand in the query, the others in the path.
    fn on_one(&self, method: http::Method, verb: &str, thing: Thing, id: &str) -> Request {
        let purpose = format!("{verb} the test {}", thing.word());
        match thing {
            Thing::User => self.request(method, purpose, "/api/v1/user").query("id", id),
            Thing::Organization => self.request(method, purpose, &format!("/api/v1/organization/{}", segment(id))),
            Thing::Role | Thing::Permission | Thing::Subscriber => {
                self.request(method, purpose, &format!("/api/v1/{}/{}", thing.plural(), segment(id)))
            }
        }
    }
}

fn reply(answer: &Answer) -> Reply<()> {
    Reply { it: (), body: answer.json().unwrap_or(Value::Null), wire: Wire::from(answer) }
}
