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

/// What every mark begins with, and how many hexadecimal digits follow.
pub const MARK: &str = "kinde_panel_";
const DIGITS: usize = 10;

/// A mark that nothing else has.
pub fn new_mark() -> String {
    format!("{MARK}{}", uuid::Uuid::new_v4().simple().to_string().get(..DIGITS).unwrap_or_default())
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
        let email = (thing == Thing::User).then_some(wanted.as_str());
        let mut next: Option<String> = None;
        let mut pages = 0;
        loop {
            let page = self.page_of(thing, email, next).await?;
            let found = page.items(list).find(|it| {
                let said = it.get(member).and_then(Value::as_str).unwrap_or_default();
                said.eq_ignore_ascii_case(&wanted) || said == renamed
            });
            let it = found.and_then(|found| found.get(id)).and_then(Value::as_str).map(str::to_owned);
            next = page.next();
            pages += 1;
            if it.is_some() || next.is_none() || pages == PAGES {
                return Ok(Reply { it, wire: page.wire, body: page.body });
            }
        }
    }

    /// Everything of a kind that stands under some mark, in as many pages as are looked through; whether those were all.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn marked_things(&self, thing: Thing) -> Result<(Vec<Marked>, bool), ApiError> {
        if thing == Thing::User {
            return self.marked_users().await;
        }
        let (id, member) = match thing {
            Thing::Organization => ("code", "name"),
            Thing::Subscriber => ("id", "email"),
            Thing::User | Thing::Role | Thing::Permission => ("id", "key"),
        };
        let (mut found, mut next) = (Vec::new(), None);
        for _ in 0..PAGES {
            let page = self.page_of(thing, None, next).await?;
            let text = |it: &Value, name: &str| it.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            found.extend(page.items(thing.plural()).filter_map(|it| {
                let name = text(it, member);
                Some(Marked { mark: mark_in(&name)?, id: text(it, id), name })
            }));
            next = page.next();
            if next.is_none() {
                return Ok((found, true));
            }
        }
        Ok((found, false))
    }

    /// Users there may be many of: they are searched, as Kinde does it.
    async fn marked_users(&self) -> Result<(Vec<Marked>, bool), ApiError> {
        let (mut found, mut after): (Vec<Marked>, Option<String>) = (Vec::new(), None);
        for _ in 0..PAGES {
            let page = self.search_users(MARK, after.as_deref(), 100).await?;
            found.extend(page.users.into_iter().filter_map(|user| {
                let name = user.email.unwrap_or_default();
                Some(Marked { mark: mark_in(&name)?, id: user.id, name })
            }));
            after = page.next;
            if after.is_none() {
                return Ok((found, true));
            }
        }
        Ok((found, false))
    }

    /// One page of the list of a kind.
    async fn page_of(&self, thing: Thing, email: Option<&str>, next: Option<String>) -> Result<Page, ApiError> {
        let purpose = format!("Look for the test {}", thing.word());
        let path = format!("/api/v1/{}", thing.plural());
        let mut request = self.request(http::Method::GET, purpose, &path).query("page_size", PAGE_SIZE);
        if let Some(email) = email {
            request = request.query("email", email);
        }
        if let Some(token) = next {
            request = request.query("next_token", token);
        }
        let answer = self.call(&request).await?;
        let body = answer.json().ok_or_else(|| ApiError::unexpected(&answer))?;
        Ok(Page { wire: Wire::from(&answer), body })
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

/// One page of a list.
struct Page {
    body: Value,
    wire: Wire,
}

impl Page {
    fn items(&self, list: &str) -> impl Iterator<Item = &Value> {
        self.body.get(list).and_then(Value::as_array).into_iter().flatten()
    }

    fn next(&self) -> Option<String> {
        self.body.get("next_token").and_then(Value::as_str).filter(|it| !it.is_empty()).map(str::to_owned)
    }
}

/// A thing that stands in a tenant under a mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marked {
    /// Its id.
    pub id: String,
    /// The mark.
    pub mark: String,
    /// Where the mark stands: its key, its name, its email address.
    pub name: String,
}

/// The mark in a text: as [`new_mark`] makes them.
fn mark_in(text: &str) -> Option<String> {
    let at = text.find(MARK)?;
    let end = at + MARK.len() + DIGITS;
    let mark = text.get(at..end)?;
    let hex = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    let whole = !text.get(end..)?.starts_with(|c: char| c.is_ascii_alphanumeric());
    (hex(mark.get(MARK.len()..)?) && whole).then(|| mark.to_owned())
}

fn reply(answer: &Answer) -> Reply<()> {
    Reply { it: (), body: answer.json().unwrap_or(Value::Null), wire: Wire::from(answer) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_found_in_what_was_made_under_it_and_in_nothing_else() {
        let mark = new_mark();
        let texts = [mark.clone(), Thing::email(&mark), Thing::name(&mark), format!("{} renamed", Thing::name(&mark))];
        for text in texts {
            assert_eq!(mark_in(&text).as_ref(), Some(&mark), "{text}");
        }
        for text in ["", "kinde_panel_", "kinde_panel_0123", "kinde_panel_0123456789ab", "kinde_panel_settings"] {
            assert_eq!(mark_in(text), None, "{text}");
        }
    }
}
