//! A table of our own behind the rules of the generated policies: who a token is for, and what they may read and change.

use serde_json::Value;

use super::token::{self, AUTHENTICATED, Claims};
use crate::check::Check;
use crate::jwt::Compact;
use crate::recipes::{Around, Outcome};
use crate::secrets::Secret;

/// What the API answers.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Answered {
    /// 200, and so many rows.
    Rows(usize),
    /// 401: the token is not taken.
    Unauthorized,
    /// 403: a policy, or a grant that is missing.
    Forbidden,
}

struct Table<'a> {
    secret: &'a Secret,
    now: i64,
    /// The owner of each row.
    rows: Vec<String>,
}

impl Table<'_> {
    /// Whose a token is: `Ok(None)` for nobody.
    fn user(&self, token: Option<&str>) -> Result<Option<String>, Answered> {
        let Some(token) = token else { return Ok(None) };
        let compact = Compact::split(token.as_bytes()).map_err(|_| Answered::Unauthorized)?;
        let hs256 = compact.header.alg() == Some("HS256");
        if !hs256 || !token::is_signed_with(self.secret, compact.signed, &compact.signature) {
            return Err(Answered::Unauthorized);
        }
        let claims: Value = serde_json::from_slice(&compact.payload).map_err(|_| Answered::Unauthorized)?;
        if claims.get("exp").and_then(Value::as_i64).is_none_or(|exp| exp <= self.now) {
            return Err(Answered::Unauthorized);
        }
        let authenticated = claims.get("role").and_then(Value::as_str) == Some(AUTHENTICATED);
        Ok(claims.get("sub").and_then(Value::as_str).filter(|_| authenticated).map(str::to_owned))
    }

    fn read(&self, token: Option<&str>) -> Answered {
        match self.user(token) {
            Err(refused) => refused,
            // No policy lets nobody see a row.
            Ok(None) => Answered::Rows(0),
            Ok(Some(user)) => Answered::Rows(self.rows.iter().filter(|owner| **owner == user).count()),
        }
    }

    fn add(&mut self, token: Option<&str>, owner: Option<&str>) -> Answered {
        match self.user(token) {
            Err(refused) => refused,
            Ok(None) => Answered::Forbidden,
            // The default of the column is the user of the token; the policy compares whatever stands there.
            Ok(Some(user)) if owner.is_none_or(|owner| owner == user) => {
                self.rows.push(user);
                Answered::Rows(1)
            }
            Ok(Some(_)) => Answered::Forbidden,
        }
    }

    fn delete_all(&mut self, token: Option<&str>) -> Answered {
        match self.user(token) {
            Err(refused) => refused,
            Ok(None) => Answered::Forbidden,
            Ok(Some(user)) => {
                let before = self.rows.len();
                self.rows.retain(|owner| *owner != user);
                Answered::Rows(before - self.rows.len())
            }
        }
    }
}

/// Two users, nobody, and tokens that must not be taken.
pub fn walk(outcome: &mut Outcome, around: Around<'_>, secret: &Secret, first: &str, second: &str) {
    let now = around.http.clock().now().as_second();
    let rows = vec![first.to_owned(), first.to_owned(), "kp_somebodyelse".to_owned()];
    let mut table = Table { secret, now, rows };
    let mine = token::mint(secret, &Claims::of(first, now));
    let theirs = token::mint(secret, &Claims::of(second, now));
    let expired = token::mint(secret, &Claims::of(first, now - 3600));
    let stranger = token::mint(&Secret::new("another secret of 32 characters!"), &Claims::of(first, now));
    let without_role = token::mint(secret, &Claims { role: "anon".to_owned(), ..Claims::of(first, now) });
    let who = match table.user(Some(&mine)) {
        Ok(Some(user)) if user == first => Check::pass("get_user_id").seen(user),
        _ => Check::fail("get_user_id", "The token is not taken for its user", "Report it"),
    };
    outcome.add(around, who);
    let mut look = |name: &str, answered: Answered, wanted: &Answered| {
        let seen = match &answered {
            Answered::Rows(1) => "1 row".to_owned(),
            Answered::Rows(count) => format!("{count} rows"),
            Answered::Unauthorized => "HTTP 401".to_owned(),
            Answered::Forbidden => "HTTP 403".to_owned(),
        };
        let check = if answered == *wanted {
            Check::pass(name)
        } else {
            Check::fail(name, "Another answer was due", "Report it")
        };
        outcome.add(around, check.seen(seen));
    };
    look("first user reads", table.read(Some(&mine)), &Answered::Rows(2));
    look("second user reads", table.read(Some(&theirs)), &Answered::Rows(0));
    look("nobody reads", table.read(None), &Answered::Rows(0));
    look("nobody adds", table.add(None, None), &Answered::Forbidden);
    look("a token without the role reads", table.read(Some(&without_role)), &Answered::Rows(0));
    look("an expired token reads", table.read(Some(&expired)), &Answered::Unauthorized);
    look("a token of another secret reads", table.read(Some(&stranger)), &Answered::Unauthorized);
    look("second user adds", table.add(Some(&theirs), None), &Answered::Rows(1));
    look("second user adds in the first's name", table.add(Some(&theirs), Some(first)), &Answered::Forbidden);
    look("second user deletes everything", table.delete_all(Some(&theirs)), &Answered::Rows(1));
    look("first user still has the own rows", table.read(Some(&mine)), &Answered::Rows(2));
    outcome.put("database", "The panel's own, by the rules of the generated policies");
}
