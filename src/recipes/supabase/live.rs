//! Asks a Supabase project over its API (PostgREST) as two users, as nobody, and with a token of another secret.

use std::time::Duration;

use serde_json::{Value, json};
use url::Url;

use super::token::{self, Claims};
use crate::check::Check;
use crate::net::{Answer, Http, NetError, Request};
use crate::recipes::outcome::unanswered;
use crate::recipes::{Around, Outcome};
use crate::secrets::Secret;

/// The check that decides: a user sees the own rows, and no others.
pub const FIRST: &str = "first user";

/// What is asked, where it is one that runs on this machine.
const PROJECT: &str = "the project";

/// A project and what is needed to ask it.
pub struct Project<'a> {
    /// `https://<ref>.supabase.co`
    pub url: Url,
    /// The publishable key.
    pub key: &'a str,
    /// The secret its tokens are signed with.
    pub secret: &'a Secret,
    /// The table.
    pub table: &'a str,
}

/// Everything that can be seen from outside. Nothing is written.
pub async fn probe(outcome: &mut Outcome, around: Around<'_>, project: &Project<'_>, user: &str, other: &str) {
    let now = around.http.clock().now().as_second();
    let mint = |user: &str| Secret::new(token::mint(project.secret, &Claims::of(user, now)));
    let who = project.rpc(around.http, Some(mint(user))).await;
    let reached = who.is_ok();
    outcome.add(around, who_am_i(user, who));
    if !reached {
        return;
    }
    let mine = project.rows(around.http, Some(mint(user))).await;
    let theirs = project.rows(around.http, Some(mint(other))).await;
    let nobody = project.rows(around.http, None).await;
    let stranger =
        Secret::new(token::mint(&Secret::new("0123456789abcdef0123456789abcdef0123456789"), &Claims::of(user, now)));
    let forged = project.rows(around.http, Some(stranger)).await;
    // What a stranger is refused or does not see says something only where the signed-in user is let in and sees it.
    let count = own(outcome, around, (FIRST, user), mine, Some(NO_OWN_ROW));
    let sees = count.is_some_and(|count| count > 0);
    own(outcome, around, ("second user", other), theirs, (!sees).then_some(NO_ROWS));
    outcome.put("rows", count.map_or(Value::Null, Value::from));
    outcome.add(around, anonymous(nobody, count));
    outcome.add(around, refused(forged, count.is_some()));
}

const NO_OWN_ROW: &str = "No row belongs to this user, so that a user sees the own ones was not seen: give some with \
                          give-todos.sql, and name their user";
const NO_ROWS: &str = "The first user sees no rows either, so that none is seen here shows nothing";
const NOT_LET_IN: &str = "The first user's own rows could not be read either, so this refusal shows nothing: mend that first, then \
                          check again";

impl Project<'_> {
    fn request(&self, request: Request, token: Option<Secret>) -> Request {
        let mut request = request.header("apikey", self.key).header("accept", "application/json");
        request.bearer = token;
        request
    }

    fn at(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        url.set_path(path);
        url
    }

    async fn rpc(&self, http: &Http, token: Option<Secret>) -> Result<Answer, NetError> {
        let request = Request::post("Ask who the token is for", self.at("/rest/v1/rpc/get_user_id")).json(json!({}));
        http.send(self.request(request, token)).await
    }

    async fn rows(&self, http: &Http, token: Option<Secret>) -> Result<Answer, NetError> {
        let request = Request::get("Read the table", self.at(&format!("/rest/v1/{}", self.table)))
            .query("select", "*")
            .query("limit", "1000");
        http.send(self.request(request, token)).await
    }
}

fn seen(answer: &Answer) -> String {
    let body = answer.json().unwrap_or_default();
    let code = body.get("code").and_then(Value::as_str).map(|code| format!(" {code}")).unwrap_or_default();
    let message = body.get("message").and_then(Value::as_str).map(|text| format!(": {text}")).unwrap_or_default();
    format!("HTTP {}{code}{message}", answer.status)
}

fn took(check: Check, answer: &Answer) -> Check {
    check.took(Duration::from_millis(answer.ms))
}

/// What PostgREST's refusals come from (its own page on errors; Supabase's gateway answers 401 for a wrong apikey).
fn cause(answer: &Answer) -> (&'static str, &'static str) {
    let text = answer.text();
    let body = answer.json().unwrap_or_default();
    match (answer.status, body.get("code").and_then(Value::as_str).unwrap_or_default()) {
        (_, "PGRST301") if text.contains("expired") => {
            ("The token has expired: a clock is wrong", "Set this machine's clock right")
        }
        (_, "PGRST301" | "PGRST302" | "PGRST303") => (
            "The project does not take the token: its current key is not this secret",
            "Compare SUPABASE_JWT_SECRET with the key imported under JWT Keys, and whether keys were rotated to it",
        ),
        (_, "PGRST202") => ("There is no function get_user_id", "Run supabase/kinde.sql in the SQL Editor"),
        (_, "PGRST205" | "42P01") => ("There is no such table", "Run supabase/todos.sql in the SQL Editor"),
        (_, "22P02") => (
            "The function cannot read the claims, or compares a user ID with a uuid",
            "Run supabase/kinde.sql again, and keep user_id a text",
        ),
        (_, "42501") => ("The role may not read the table", "Run supabase/todos.sql again: it grants what is needed"),
        (401 | 403, _) => {
            ("The project does not take the publishable key", "Copy it again from Project Settings > API Keys")
        }
        (404, _) => ("There is no such project or path", "Check the project's ID"),
        (500.., _) => ("The project has trouble of its own, or is paused", "Look at it in Supabase's dashboard"),
        _ => ("The project refused", "Look at what it said"),
    }
}

fn broken(name: &str, answer: &Answer) -> Check {
    let (why, fix) = cause(answer);
    took(Check::fail(name, why, fix).seen(seen(answer)), answer)
}

fn who_am_i(user: &str, answer: Result<Answer, NetError>) -> Check {
    const NAME: &str = "get_user_id";
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return unanswered(NAME, PROJECT, error),
    };
    if !answer.is_success() {
        return broken(NAME, &answer);
    }
    match answer.json().as_ref().and_then(Value::as_str) {
        Some(sub) if sub == user => took(Check::pass(NAME).seen(sub.to_owned()), &answer),
        Some(other) => took(
            Check::fail(NAME, "The database takes the token for somebody else's", "Run supabase/kinde.sql again")
                .seen(other.to_owned()),
            &answer,
        ),
        None => took(
            Check::fail(
                NAME,
                "The database sees no user in the token",
                "Run supabase/kinde.sql again: it reads request.jwt.claims",
            ),
            &answer,
        ),
    }
}

/// Rows that a user sees; their number where they could be read. `empty` is why it shows nothing where there are none.
fn own(
    outcome: &mut Outcome,
    around: Around<'_>,
    (name, user): (&str, &str),
    answer: Result<Answer, NetError>,
    empty: Option<&str>,
) -> Option<usize> {
    let (check, count) = match answer {
        Err(error) => (unanswered(name, PROJECT, error), None),
        Ok(answer) if !answer.is_success() => (broken(name, &answer), None),
        Ok(answer) => {
            let body = answer.json();
            let rows = body.as_ref().and_then(Value::as_array).cloned().unwrap_or_default();
            let foreign = rows.iter().filter(|row| row.get("user_id").and_then(Value::as_str) != Some(user)).count();
            let said = format!("{} rows", rows.len());
            let check = match empty {
                _ if foreign > 0 => Check::fail(
                    name,
                    format!("It sees {foreign} rows of others"),
                    "Switch row level security on and run supabase/todos.sql again",
                ),
                Some(why) if rows.is_empty() => Check::skipped(name, why),
                _ => Check::pass(name),
            };
            (took(check.seen(said), &answer), Some(rows.len()))
        }
    };
    outcome.add(around, check);
    count
}

/// What somebody sees who is not signed in; `first` is how many rows the first user sees.
fn anonymous(answer: Result<Answer, NetError>, first: Option<usize>) -> Check {
    const NAME: &str = "nobody signed in";
    match answer {
        Err(error) => unanswered(NAME, PROJECT, error),
        Ok(answer) if matches!(answer.status, 401 | 403) => {
            let check = if first.is_some() { Check::pass(NAME) } else { Check::skipped(NAME, NOT_LET_IN) };
            took(check.seen(seen(&answer)), &answer)
        }
        Ok(answer) if !answer.is_success() => broken(NAME, &answer),
        Ok(answer) => match answer.json().as_ref().and_then(Value::as_array).map(Vec::len) {
            Some(0) => {
                let sees = first.is_some_and(|count| count > 0);
                let check = if sees { Check::pass(NAME) } else { Check::skipped(NAME, NO_ROWS) };
                took(check.seen("no rows"), &answer)
            }
            Some(count) => took(
                Check::fail(
                    NAME,
                    format!("Everybody can read {count} rows"),
                    "Switch row level security on and run supabase/todos.sql again",
                ),
                &answer,
            ),
            None => {
                took(Check::warn(NAME, "The answer is no list", "Check the table's name").seen(seen(&answer)), &answer)
            }
        },
    }
}

/// Whether a token of another secret is refused; `let_in` is whether one of the right secret is not.
fn refused(answer: Result<Answer, NetError>, let_in: bool) -> Check {
    const NAME: &str = "token of another secret";
    match answer {
        Err(error) => unanswered(NAME, PROJECT, error),
        Ok(answer) if !let_in && !answer.is_success() => {
            took(Check::skipped(NAME, NOT_LET_IN).seen(seen(&answer)), &answer)
        }
        Ok(answer) if answer.status == 401 => took(Check::pass(NAME).seen(seen(&answer)), &answer),
        Ok(answer) => took(
            Check::fail(NAME, "The project takes a token that nobody signed for it", "Look at the keys under JWT Keys")
                .seen(seen(&answer)),
            &answer,
        ),
    }
}
