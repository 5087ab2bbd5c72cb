//! Webhooks as a file: export, import as a plan, apply what was ticked. The same file on another profile copies a
//! set-up, from staging to production.
//!
//! A webhook of the file and one of the tenant are the same where their names are; ids differ between tenants. Of
//! several with one name, those with the same endpoint first, then in order. What is left over and has the same endpoint
//! was renamed, which Kinde can patch.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::definition::{check, check_changed};
use super::endpoint::clean;
use super::save::{tidy, tidy_onto};
use super::{Catalogue, Diff, Ends, Sink, offered};
use crate::check::{Check, Verdict};
use crate::error::{Category, UserError};
use crate::kinde::{Definition, Webhook};

/// What is to be done with one webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Deed {
    /// It is in the file and not in the tenant.
    Create,
    /// Name, description or event types differ.
    Update,
    /// The endpoint differs.
    Replace,
    /// It is in the tenant and not in the file.
    Delete,
    /// Both are the same.
    Keep,
}

/// One line of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What is to be done.
    pub deed: Deed,
    /// The webhook's name.
    pub name: String,
    /// As it is in the tenant.
    pub was: Option<Webhook>,
    /// As it is in the file.
    pub wanted: Option<Definition>,
    /// What was found wrong with what the file says; a failing one keeps it from being applied.
    pub checks: Vec<Check>,
}

impl Item {
    /// What changes; `None` where there is only one side.
    pub fn diff(&self) -> Option<Diff> {
        Some(Diff::between(&self.was.as_ref()?.definition, self.wanted.as_ref()?))
    }

    /// Why it cannot be applied.
    pub fn trouble(&self) -> Option<&Check> {
        self.troubles().next()
    }

    /// Everything that keeps it from being applied.
    pub fn troubles(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| check.verdict == Verdict::Fail)
    }

    /// The event types that applying it would add.
    fn new_types(&self) -> Vec<String> {
        match (self.deed, self.diff(), &self.wanted) {
            (Deed::Create, _, Some(wanted)) => wanted.event_types.clone(),
            (_, Some(diff), _) => diff.added,
            _ => Vec::new(),
        }
    }

    /// As the command line prints it.
    pub fn json(&self) -> Value {
        let mut it = json!({"do": self.deed, "name": self.name, "id": self.was.as_ref().map(|was| was.id.as_str())});
        let Some(members) = it.as_object_mut() else { return it };
        if let Some(wanted) = &self.wanted {
            members.insert("endpoint".to_owned(), wanted.endpoint.as_str().into());
        }
        if let Some(diff) = self.diff().filter(|diff| !diff.is_empty()) {
            let changed = |(before, after): &(String, String)| json!({"before": before, "after": after});
            let parts = [
                ("name", diff.name.as_ref().map(changed)),
                ("description", diff.description.as_ref().map(|(a, b)| json!({"before": a, "after": b}))),
                ("endpoint", diff.endpoint.as_ref().map(changed)),
                ("event_types_added", (!diff.added.is_empty()).then(|| json!(diff.added))),
                ("event_types_removed", (!diff.removed.is_empty()).then(|| json!(diff.removed))),
            ];
            let parts = parts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
            members.insert("changes".to_owned(), Value::Object(parts.collect()));
        }
        let troubles: Vec<&str> = self.troubles().filter_map(|check| check.why.as_deref()).collect();
        if !troubles.is_empty() {
            members.insert("trouble".to_owned(), troubles.join("; ").into());
        }
        it
    }
}

/// The largest file that is read, in bytes: thousands of webhooks.
pub const MAX_FILE: u64 = 4 * 1024 * 1024;

/// What a webhook of a file may hold: what is applied, and what the API's own list has beside it.
const MEMBERS: [&str; 6] = ["name", "description", "endpoint", "event_types", "id", "created_on"];

#[derive(Serialize, Deserialize)]
struct Document {
    /// Shape of this file.
    kinde_panel_webhooks: u32,
    webhooks: Vec<Definition>,
}

/// The webhooks as a file to edit: by name, without ids.
pub fn export(webhooks: &[Webhook]) -> String {
    let mut webhooks: Vec<Definition> = webhooks.iter().map(|webhook| webhook.definition.clone()).collect();
    webhooks.sort_by(|a, b| (&a.name, &a.endpoint).cmp(&(&b.name, &b.endpoint)));
    for webhook in &mut webhooks {
        webhook.event_types.sort();
    }
    serde_json::to_string_pretty(&Document { kinde_panel_webhooks: 1, webhooks }).unwrap_or_default() + "\n"
}

/// The webhooks of a file: an export, the answer of `GET /api/v1/webhooks`, or a bare list.
///
/// # Errors
/// When it is not JSON, or holds no list of webhooks; the words name the place.
pub fn import(text: &str) -> Result<Vec<Definition>, UserError> {
    let unusable = |title: &str, detail: String| {
        UserError::new(Category::Input, title).detail(detail).hint("Start from a file that export wrote")
    };
    let value: Value = serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| unusable("The file is not JSON", error.to_string()))?;
    if let Some(version) = value.get("kinde_panel_webhooks").and_then(Value::as_u64).filter(|version| *version > 1) {
        return Err(unusable("The file is of a newer version", format!("Its shape is {version}, known is 1")));
    }
    let list = value.get("webhooks").unwrap_or(&value).as_array().ok_or_else(|| {
        unusable("The file holds no list of webhooks", "Neither the whole nor its member webhooks is a list".to_owned())
    })?;
    let mut webhooks = Vec::new();
    for (number, entry) in list.iter().enumerate() {
        let webhook = Definition::deserialize(entry).map_err(|error| {
            let name = entry.get("name").and_then(Value::as_str).map(|name| format!(" ({name})")).unwrap_or_default();
            unusable("A webhook of the file cannot be read", format!("Number {}{name}: {error}", number + 1))
        })?;
        // A misspelt member would read as one that is missing, and a missing description as one to be taken away.
        if let Some(member) = entry.as_object().and_then(|it| it.keys().find(|key| !MEMBERS.contains(&key.as_str()))) {
            let detail = format!("Number {} ({}): its member {member} is not known", number + 1, webhook.name);
            let hint = "Mend its spelling or take it out. Known are name, description, endpoint and event_types";
            return Err(unusable("A webhook of the file cannot be read", detail).hint(hint));
        }
        webhooks.push(tidy(&webhook));
    }
    Ok(webhooks)
}

/// What makes the tenant's webhooks `now` those of the file. In the file's order, what is to be deleted last.
pub fn plan(now: &[Webhook], wanted: &[Definition], on_this_machine: bool) -> Vec<Item> {
    let mut free: Vec<&Webhook> = now.iter().collect();
    let mut matches: Vec<Option<&Webhook>> = vec![None; wanted.len()];
    for (same_name, same_endpoint) in [(true, true), (true, false), (false, true)] {
        for (found, wanted) in matches.iter_mut().zip(wanted).filter(|(found, _)| found.is_none()) {
            let fits = |webhook: &&Webhook| {
                let was = &webhook.definition;
                // Blanks around either are no difference: a file is read without them.
                (!same_name || was.name.trim() == wanted.name.trim())
                    && (!same_endpoint || clean(&was.endpoint) == clean(&wanted.endpoint))
            };
            if let Some(index) = free.iter().position(fits) {
                *found = Some(free.remove(index));
            }
        }
    }
    let mut items: Vec<Item> = wanted
        .iter()
        .zip(matches)
        .map(|(wanted, was)| {
            let wanted = &was.map_or_else(|| wanted.clone(), |was| tidy_onto(&was.definition, wanted));
            let diff = was.map(|was| Diff::between(&was.definition, wanted));
            let deed = match &diff {
                None => Deed::Create,
                Some(diff) if diff.is_empty() => Deed::Keep,
                Some(diff) if diff.needs_replace() => Deed::Replace,
                Some(_) => Deed::Update,
            };
            Item {
                deed,
                name: wanted.name.clone(),
                was: was.cloned(),
                wanted: Some(wanted.clone()),
                checks: match (deed, &diff) {
                    (Deed::Create | Deed::Replace, _) => check(wanted, &[], on_this_machine),
                    (Deed::Update, Some(diff)) => check_changed(diff, wanted, on_this_machine),
                    _ => Vec::new(),
                },
            }
        })
        .collect();
    items.extend(free.into_iter().map(|webhook| Item {
        deed: Deed::Delete,
        name: webhook.definition.name.clone(),
        was: Some(webhook.clone()),
        wanted: None,
        checks: Vec::new(),
    }));
    items
}

/// The plan for a tenant as it is now: its webhooks and its event types are read first, and a type that neither the
/// tenant nor, where its list cannot be read, this program knows is trouble.
///
/// # Errors
/// When the webhooks cannot be read, or the person cancels.
pub async fn plan_here(
    ends: &Ends,
    wanted: &[Definition],
    sink: &Sink<'_>,
    cancel: &CancellationToken,
) -> Result<Vec<Item>, UserError> {
    let now = ends.list(sink, cancel).await?.it;
    let mut items = plan(&now, wanted, ends.on_this_machine);
    if items.iter().all(|item| item.new_types().is_empty()) {
        return Ok(items);
    }
    let catalogue = offered(ends, sink, cancel).await?;
    judge_types(&mut items, &now, &catalogue);
    Ok(items)
}

/// Adds what is wrong with the event types that the file brings. Those a webhook has already are not the file's to
/// answer for.
fn judge_types(items: &mut [Item], now: &[Webhook], catalogue: &Catalogue) {
    let had: Vec<String> = now.iter().flat_map(|webhook| webhook.definition.event_types.clone()).collect();
    for item in items {
        let trouble = catalogue.judge(&item.new_types(), &had);
        item.checks.extend(trouble);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(name: &str, endpoint: &str, types: &[&str]) -> Definition {
        let event_types = types.iter().map(|it| (*it).to_owned()).collect();
        Definition { name: name.into(), description: None, endpoint: endpoint.into(), event_types }
    }

    fn webhook(id: &str, definition: Definition) -> Webhook {
        Webhook { id: id.into(), definition, created_on: None }
    }

    fn deeds(items: &[Item]) -> Vec<(Deed, &str)> {
        items.iter().map(|item| (item.deed, item.name.as_str())).collect()
    }

    #[test]
    fn a_file_that_was_exported_and_not_edited_keeps_everything() {
        let now = [
            webhook("webhook_1", definition("b", "https://b.acme.com", &["user.updated", "user.created"])),
            webhook("webhook_2", definition("a", "https://a.acme.com", &["user.created"])),
            webhook("webhook_3", definition("a", "https://a2.acme.com", &["user.created"])),
        ];
        let wanted = import(&export(&now)).unwrap();
        assert_eq!(deeds(&plan(&now, &wanted, false)), [(Deed::Keep, "a"), (Deed::Keep, "a"), (Deed::Keep, "b")]);
    }

    #[test]
    fn a_plan_tells_create_update_replace_delete_and_keep_apart() {
        let one = |name: &str| definition(name, &format!("https://{name}.acme.com"), &["user.created"]);
        let now: Vec<Webhook> = ["keep", "update", "replace", "delete"]
            .iter()
            .map(|name| webhook(&format!("webhook_{name}"), one(name)))
            .collect();
        let wanted = [
            one("keep"),
            Definition { description: Some("new".into()), ..one("update") },
            Definition { endpoint: "https://elsewhere.acme.com".into(), ..one("replace") },
            one("create"),
        ];
        let items = plan(&now, &wanted, false);
        assert_eq!(
            deeds(&items),
            [
                (Deed::Keep, "keep"),
                (Deed::Update, "update"),
                (Deed::Replace, "replace"),
                (Deed::Create, "create"),
                (Deed::Delete, "delete")
            ]
        );
        assert_eq!(
            items[2].json(),
            json!({"do": "replace", "name": "replace", "id": "webhook_replace", "endpoint": "https://elsewhere.acme.com",
                   "changes": {"endpoint": {"before": "https://replace.acme.com", "after": "https://elsewhere.acme.com"}}})
        );
    }

    #[test]
    fn a_sandbox_endpoint_in_a_file_for_a_real_tenant_is_trouble_before_anything_is_sent() {
        let wanted = [definition("dev", "http://127.0.0.1:3000/", &["user.created"])];
        let items = plan(&[], &wanted, false);
        assert!(items[0].trouble().is_some() && items[0].json()["trouble"].is_string());
        assert!(plan(&[], &wanted, true)[0].trouble().is_none());
    }

    #[test]
    fn a_file_may_be_kindes_own_answer_or_a_bare_list_and_what_is_no_webhook_is_named() {
        let entry = r#"{"id":"webhook_1","name":"a","description":"","endpoint":"https://a.acme.com","event_types":["user.created"],"created_on":"x"}"#;
        for text in [format!("[{entry}]"), format!(r#"{{"code":"OK","webhooks":[{entry}]}}"#)] {
            assert_eq!(import(&text).unwrap(), [definition("a", "https://a.acme.com", &["user.created"])], "{text}");
        }
        for (text, part) in [
            ("{", "JSON"),
            ("{}", "no list"),
            (r#"[{"name":"a"}]"#, "cannot be read"),
            (r#"{"kinde_panel_webhooks":2,"webhooks":[]}"#, "newer"),
        ] {
            let error = import(text).unwrap_err();
            assert!(error.title.contains(part), "{text}: {error:?}");
        }
        assert!(import(r#"[{"name":"a"}]"#).unwrap_err().detail.contains("Number 1 (a)"));
    }

    #[test]
    fn a_misspelt_member_of_a_file_is_refused_and_what_the_api_has_beside_a_webhook_is_not() {
        let file = |more: &str| {
            format!(r#"[{{"name": "C", "endpoint": "https://a.example", "event_types": ["user.created"]{more}}}]"#)
        };
        let error = import(&file(r#", "descripton": "hello""#)).unwrap_err();
        assert!(error.detail.contains("Number 1 (C)") && error.detail.contains("descripton"), "{error:?}");
        assert!(import(&file(r#", "id": "webhook_1", "created_on": "2026-01-01", "description": null"#)).is_ok());
    }
}
