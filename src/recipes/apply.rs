//! Compares what a recipe wishes with what the tenant has, and adds what is missing. Adds alone: nothing that is there is
//! taken away, and the only thing that is changed is the value of an environment variable of the same key.

use std::collections::BTreeMap;

use tokio_util::sync::CancellationToken;

use super::Wish;
use super::outcome::failed;
use crate::check::Check;
use crate::error::UserError;
use crate::kinde::{Addresses, ApiError, Definition, EnvironmentVariable, KindeApi, Webhook};
use crate::net::Value;

/// How things stand with a wish.
#[derive(Debug, Clone)]
pub enum ChangeState {
    /// The tenant has it.
    There,
    /// The tenant has it, and not all of it, which the panel does not change by itself: what is missing.
    Short(String),
    /// It will be added.
    Add,
    /// A variable of that key has another value, or one that cannot be read: it gets this one.
    Update {
        /// The variable's id.
        id: String,
    },
    /// It cannot be told: why.
    Unknown(UserError),
}

/// One line of a plan.
#[derive(Debug, Clone)]
pub struct Change {
    /// What is wished.
    pub wish: Wish,
    /// How things stand.
    pub state: ChangeState,
    /// In a sentence, without secrets.
    pub words: String,
}

impl Change {
    /// True where carrying it out writes to the tenant.
    pub fn writes(&self) -> bool {
        matches!(self.state, ChangeState::Add | ChangeState::Update { .. })
    }
}

/// What carrying a recipe out would change.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// In the order of the wishes.
    pub changes: Vec<Change>,
}

impl Plan {
    /// True where something is to be written.
    pub fn writes(&self) -> bool {
        self.changes.iter().any(Change::writes)
    }
}

/// Lists that several wishes look at, each read once.
#[derive(Default)]
struct Lists {
    addresses: BTreeMap<(bool, String), Result<Vec<String>, UserError>>,
    variables: Option<Result<Vec<EnvironmentVariable>, UserError>>,
    webhooks: Option<Result<Vec<Webhook>, UserError>>,
}

/// Compares `wishes` with what the tenant has. Writes nothing. A list that cannot be read makes its wishes unknown.
pub async fn plan(api: &KindeApi, wishes: Vec<Wish>) -> Plan {
    let mut lists = Lists::default();
    let mut plan = Plan::default();
    for wish in wishes {
        let (state, words) = match stands(api, &wish, &mut lists).await {
            Ok(found) => found,
            Err(error) => {
                let words = format!("{} could not be looked up: {}", wish.words(), error.title);
                (ChangeState::Unknown(error), words)
            }
        };
        plan.changes.push(Change { wish, state, words });
    }
    plan
}

async fn stands(api: &KindeApi, wish: &Wish, lists: &mut Lists) -> Result<(ChangeState, String), UserError> {
    match wish {
        Wish::Address { list, application, url } => {
            let key = (*list == Addresses::Callback, application.clone());
            if !lists.addresses.contains_key(&key) {
                let read = api.addresses(*list, application).await.map(|reply| reply.it).map_err(UserError::from);
                lists.addresses.insert(key.clone(), read);
            }
            let there = lists.addresses.get(&key).cloned().unwrap_or_else(|| Ok(Vec::new()))?;
            Ok(address_stands(*list, url, &there))
        }
        Wish::Variable { key, value, is_secret } => {
            if lists.variables.is_none() {
                lists.variables =
                    Some(api.environment_variables().await.map(|reply| reply.it).map_err(UserError::from));
            }
            let there = lists.variables.clone().unwrap_or_else(|| Ok(Vec::new()))?;
            Ok(variable_stands(key, value, *is_secret, &there))
        }
        Wish::Webhook(wanted) => {
            if lists.webhooks.is_none() {
                lists.webhooks = Some(api.webhooks().await.map(|reply| reply.it).map_err(UserError::from));
            }
            let there = lists.webhooks.clone().unwrap_or_else(|| Ok(Vec::new()))?;
            let Some(same) = there.iter().find(|webhook| webhook.definition.endpoint == wanted.endpoint) else {
                return Ok((ChangeState::Add, created(wanted)));
            };
            Ok(webhook_stands(&wanted.event_types, same))
        }
    }
}

/// A webhook that will be created, by all that it is created with.
fn created(wanted: &Definition) -> String {
    let types = if wanted.event_types.is_empty() { "no event type".to_owned() } else { wanted.event_types.join(", ") };
    format!("The webhook {} is created for {}. It delivers {types}", wanted.name, wanted.endpoint)
}

/// How a webhook of the same endpoint stands. Its event types are changed in its own room, where the others of it are seen.
fn webhook_stands(wanted: &[String], same: &Webhook) -> (ChangeState, String) {
    let name = &same.definition.name;
    match lacking(wanted, same) {
        None => (ChangeState::There, format!("{name} delivers there")),
        Some(lacks) => {
            let words = format!("{name} delivers there, without {lacks}. {ADD_EVENTS}");
            (ChangeState::Short(lacks), words)
        }
    }
}

/// What to do about event types that a webhook does not deliver.
pub(super) const ADD_EVENTS: &str = "Add them to this webhook in the Webhooks room";

/// The event types of `wanted` that `webhook` does not deliver, by name; `None` where it delivers them all.
pub(super) fn lacking(wanted: &[String], webhook: &Webhook) -> Option<String> {
    let there = &webhook.definition.event_types;
    let lacks: Vec<&str> = wanted.iter().filter(|wanted| !there.contains(wanted)).map(String::as_str).collect();
    (!lacks.is_empty()).then(|| lacks.join(", "))
}

/// How an address stands beside those that are registered. Kinde compares letter for letter.
pub(super) fn address_stands(list: Addresses, url: &str, there: &[String]) -> (ChangeState, String) {
    let title = list.title();
    if there.iter().any(|known| known == url) {
        return (ChangeState::There, format!("{url} is among {title}"));
    }
    let near = there.iter().find(|known| loosely(known) == loosely(url));
    let words = near.map_or_else(
        || format!("{url} is added to {title}"),
        |near| format!("{url} is added to {title}; {near} is there and is not the same to Kinde"),
    );
    (ChangeState::Add, words)
}

/// An address without what people overlook: scheme, case, a slash at the end.
pub(super) fn loosely(url: &str) -> String {
    let lower = url.trim().to_ascii_lowercase();
    let rest = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://")).unwrap_or(&lower);
    rest.trim_end_matches('/').to_owned()
}

fn variable_stands(key: &str, value: &Value, is_secret: bool, there: &[EnvironmentVariable]) -> (ChangeState, String) {
    let Some(same) = there.iter().find(|variable| variable.key == key) else {
        let kind = if is_secret { ", sensitive" } else { "" };
        return (ChangeState::Add, format!("{key} is created{kind}"));
    };
    let update = || ChangeState::Update { id: same.id.clone() };
    if same.is_secret != is_secret {
        let words = if is_secret { "sensitive" } else { "not sensitive" };
        return (update(), format!("{key} is set again, {words} now"));
    }
    match (&same.value, value) {
        (Some(now), Value::Plain(wanted)) if !is_secret && now == wanted => {
            (ChangeState::There, format!("{key} has this value"))
        }
        (Some(_), Value::Plain(_)) if !is_secret => (update(), format!("{key} gets another value")),
        _ => (update(), format!("{key} is there; its value cannot be read, so it is set again")),
    }
}

/// Carries out the changes of `plan` that write, then looks again. One check a change; a change that fails does not keep
/// the others from being made. Cancelling keeps what is not begun from being begun.
pub async fn carry_out(
    api: &KindeApi,
    plan: &Plan,
    tell: &(dyn Fn(&Check) + Send + Sync),
    cancel: &CancellationToken,
) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut add = |check: Check| {
        tell(&check);
        checks.push(check);
    };
    let mut done = Vec::new();
    for change in &plan.changes {
        let name = check_name(&change.wish);
        match &change.state {
            ChangeState::There => add(Check::pass(name).seen(change.words.clone())),
            ChangeState::Short(lacks) => add(short(&name, lacks)),
            ChangeState::Unknown(error) => add(failed(&name, error)),
            ChangeState::Add | ChangeState::Update { .. } if cancel.is_cancelled() => {
                add(Check::skipped(name, "Cancelled before it was sent"));
            }
            ChangeState::Add | ChangeState::Update { .. } => match write(api, change).await {
                Ok(()) => done.push((name, change)),
                Err(error) => add(failed(&name, &UserError::from(error))),
            },
        }
    }
    if done.is_empty() {
        return checks;
    }
    let wishes = done.iter().map(|(_, change)| change.wish.clone()).collect();
    let after = self::plan(api, wishes).await;
    for ((name, change), now) in done.into_iter().zip(after.changes) {
        add(match (&change.state, now.state) {
            // A sensitive value is never given back: that it is there is all that can be seen.
            (_, ChangeState::There) | (_, ChangeState::Update { .. }) => {
                Check::pass(name).seen(format!("{} is there", change.wish.words()))
            }
            (_, ChangeState::Short(lacks)) => short(&name, &lacks),
            (_, ChangeState::Unknown(error)) => Check::warn(
                name,
                format!("It was sent, and could not be looked at again: {}", error.title),
                "Look in Kinde whether it is there",
            ),
            (_, ChangeState::Add) => Check::fail(
                name,
                "Kinde took it, and it is not in the list",
                "Look in Kinde whether it is there, then plan again",
            ),
        });
    }
    checks
}

/// What is there and not whole. Webhooks alone can be.
fn short(name: &str, lacks: &str) -> Check {
    Check::warn(name, format!("It is there, and does not deliver {lacks}"), ADD_EVENTS)
}

fn check_name(wish: &Wish) -> String {
    match wish {
        Wish::Address { list: Addresses::Callback, .. } => "callback".to_owned(),
        Wish::Address { list: Addresses::Logout, .. } => "logout url".to_owned(),
        Wish::Variable { key, .. } => key.clone(),
        Wish::Webhook(_) => "webhook".to_owned(),
    }
}

async fn write(api: &KindeApi, change: &Change) -> Result<(), ApiError> {
    match (&change.wish, &change.state) {
        (Wish::Address { list, application, url }, _) => {
            api.add_addresses(*list, application, std::slice::from_ref(url)).await.map(|_| ())
        }
        (Wish::Variable { value, is_secret, .. }, ChangeState::Update { id }) => {
            api.update_environment_variable(id, value, *is_secret).await.map(|_| ())
        }
        (Wish::Variable { key, value, is_secret }, _) => {
            api.create_environment_variable(key, value, *is_secret).await.map(|_| ())
        }
        (Wish::Webhook(definition), _) => api.create_webhook(definition).await.map(|_| ()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::Secret;

    #[test]
    fn an_address_is_there_letter_for_letter_and_a_near_one_is_named() {
        let there = ["https://Foo.example/cb/".to_owned(), "https://a.example/x".to_owned()];
        let state = |url: &str| address_stands(Addresses::Callback, url, &there);
        assert!(matches!(state("https://a.example/x").0, ChangeState::There));
        let (add, words) = state("https://foo.example/cb");
        assert!(matches!(add, ChangeState::Add) && words.contains("https://Foo.example/cb/ is there"), "{words}");
        assert!(!state("https://b.example").1.contains("is there"));
    }

    fn webhook(event_types: &[&str]) -> Webhook {
        let event_types = event_types.iter().map(|it| (*it).to_owned()).collect();
        let (name, endpoint) = ("App".to_owned(), "https://app.example.com/hook".to_owned());
        let definition = crate::kinde::Definition { name, description: None, endpoint, event_types };
        Webhook { id: "webhook_1".to_owned(), definition, created_on: None }
    }

    #[test]
    fn a_webhook_that_will_be_created_is_told_with_its_name_and_what_it_delivers() {
        let words = created(&webhook(&["user.created", "user.deleted"]).definition);
        for part in ["The webhook App", "https://app.example.com/hook", "user.created, user.deleted"] {
            assert!(words.contains(part), "{words}");
        }
    }

    #[tokio::test]
    async fn a_webhook_that_lacks_an_event_type_is_not_called_done_and_says_which() {
        let wanted = ["user.created", "user.deleted"].map(str::to_owned);
        let (state, words) = webhook_stands(&wanted, &webhook(&["user.updated", "user.created"]));
        assert!(words.contains("without user.deleted") && words.contains("Webhooks room"), "{words}");
        let whole = webhook_stands(&wanted, &webhook(&["user.updated", "user.created", "user.deleted"])).0;
        assert!(matches!(whole, ChangeState::There), "{whole:?}");
        let change = Change { wish: Wish::Webhook(webhook(&["user.created"]).definition), state, words };
        assert!(!change.writes());
        let stage = crate::recipes::tests::Stage::at("https://tenant.invalid");
        let m2m = crate::kinde::M2m { client_id: String::new(), client_secret: Secret::new(""), audience: None };
        let tokens = crate::kinde::TokenSource::new(stage.http.clone(), stage.tenant.domain.clone(), m2m, None);
        let api = KindeApi::new(stage.http.clone(), stage.tenant.domain.clone(), tokens);
        let plan = Plan { changes: vec![change] };
        let checks = carry_out(&api, &plan, &|_| (), &CancellationToken::new()).await;
        let [check] = &checks[..] else { panic!("{checks:?}") };
        assert_eq!(check.verdict, crate::check::Verdict::Warn);
        assert!(check.why.as_ref().unwrap().contains("user.deleted") && check.fix.is_some(), "{check:?}");
    }

    #[test]
    fn a_variable_is_compared_by_value_only_where_kinde_gives_it_back() {
        let variable = |value: Option<&str>, is_secret| EnvironmentVariable {
            id: "env_var_1".to_owned(),
            key: "K".to_owned(),
            value: value.map(str::to_owned),
            is_secret,
        };
        let plain = Value::Plain("v".to_owned());
        let secret = Value::Secret(Secret::new("v"));
        for (value, is_secret, there, updates) in [
            (&plain, false, variable(Some("v"), false), Some(false)),
            (&plain, false, variable(Some("w"), false), Some(true)),
            (&secret, true, variable(None, true), Some(true)),
            (&secret, true, variable(Some("v"), false), Some(true)),
        ] {
            let (state, words) = variable_stands("K", value, is_secret, std::slice::from_ref(&there));
            let found = match state {
                ChangeState::There => Some(false),
                ChangeState::Update { .. } => Some(true),
                _ => None,
            };
            assert_eq!(found, updates, "{words}");
        }
        assert!(matches!(variable_stands("K", &plain, false, &[]).0, ChangeState::Add));
    }
}
