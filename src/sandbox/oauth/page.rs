//! The sign-in page: one button a person, and Cancel. It needs no script.

use super::request::Request;
use crate::sandbox::ask::{Ask, Reply};
use crate::sandbox::pages::{self, Person};
use crate::sandbox::world::World;

/// People shown on one page; the one that `login_hint` names is always among them.
const SHOWN: usize = 12;

/// Who may sign in to the application that asks.
pub fn sign_in(world: &World, ask: &Ask, request: &Request) -> Reply {
    let hint = ask.query("login_hint").unwrap_or_default().to_lowercase();
    let hinted = |person: &Person| !hint.is_empty() && person.email.eq_ignore_ascii_case(&hint);
    let mut people: Vec<Person> = world
        .state()
        .users
        .iter()
        .filter(|user| !user.is_suspended)
        .map(|user| Person {
            id: user.id.clone(),
            name: user.full_name(),
            email: user.email.clone().unwrap_or_default(),
        })
        .collect();
    people.sort_by_key(|person| !hinted(person));
    people.truncate(SHOWN);
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&ask.query).finish();
    pages::sign_in(&pages::SignIn {
        app: &request.app.name,
        people,
        scopes: &request.scopes,
        action: format!("{}?{query}", ask.path),
        back_to: &request.redirect_uri,
    })
}
