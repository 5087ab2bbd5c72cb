//! What a webhook is: judged, compared, copied.

use super::{Ends, endpoint};
use crate::check::Check;
use crate::kinde::{Definition, Webhook, WebhookPatch, event_types};

/// A part of a definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// The name.
    Name,
    /// The description.
    Description,
    /// The endpoint: changing it takes a replacement.
    Endpoint,
    /// One event type.
    EventType,
}

/// One line of a before/after view; `None` where there was or will be nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Of which part.
    pub field: Field,
    /// What it was.
    pub before: Option<String>,
    /// What it will be.
    pub after: Option<String>,
}

/// What differs between two definitions. The order of event types is no difference.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diff {
    /// Name, before and after.
    pub name: Option<(String, String)>,
    /// Description, before and after.
    pub description: Option<(Option<String>, Option<String>)>,
    /// Endpoint, before and after.
    pub endpoint: Option<(String, String)>,
    /// Event types that come.
    pub added: Vec<String>,
    /// Event types that go.
    pub removed: Vec<String>,
    /// All event types afterwards.
    event_types: Vec<String>,
}

impl Diff {
    /// What changes from `before` to `after`.
    pub fn between(before: &Definition, after: &Definition) -> Self {
        let text = |description: &Option<String>| description.clone().filter(|text| !text.is_empty());
        let pair = |a: &String, b: &String| (a != b).then(|| (a.clone(), b.clone()));
        let (old, new) = (text(&before.description), text(&after.description));
        let not_in = |list: &[String], other: &[String]| {
            let mut out: Vec<String> = list.iter().filter(|it| !other.contains(it)).cloned().collect();
            out.dedup();
            out
        };
        Self {
            name: pair(&before.name, &after.name),
            description: (old != new).then_some((old, new)),
            endpoint: pair(&before.endpoint, &after.endpoint),
            added: not_in(&after.event_types, &before.event_types),
            removed: not_in(&before.event_types, &after.event_types),
            event_types: after.event_types.clone(),
        }
    }

    /// True where nothing changes.
    pub fn is_empty(&self) -> bool {
        self.endpoint.is_none() && self.patch() == WebhookPatch::default()
    }

    /// True where Kinde cannot patch it: the endpoint changes.
    pub fn needs_replace(&self) -> bool {
        self.endpoint.is_some()
    }

    /// What `PATCH` carries: only what changed.
    pub fn patch(&self) -> WebhookPatch {
        let types = !self.added.is_empty() || !self.removed.is_empty();
        WebhookPatch {
            name: self.name.as_ref().map(|(_, after)| after.clone()),
            description: self.description.as_ref().map(|(_, after)| after.clone()),
            event_types: types.then(|| self.event_types.clone()),
        }
    }

    /// Line by line, for a before/after view.
    pub fn lines(&self) -> Vec<Line> {
        let text = |(before, after): &(String, String)| (Some(before.clone()), Some(after.clone()));
        let whole = [
            (Field::Name, self.name.as_ref().map(text)),
            (Field::Description, self.description.clone()),
            (Field::Endpoint, self.endpoint.as_ref().map(text)),
        ];
        let types = |list: &[String], added: bool| -> Vec<Line> {
            list.iter()
                .map(|it| Line {
                    field: Field::EventType,
                    before: (!added).then(|| it.clone()),
                    after: added.then(|| it.clone()),
                })
                .collect()
        };
        let mut lines: Vec<Line> = whole
            .into_iter()
            .filter_map(|(field, pair)| pair.map(|(before, after)| Line { field, before, after }))
            .collect();
        lines.extend(types(&self.removed, false));
        lines.extend(types(&self.added, true));
        lines
    }
}

/// The longest name and description that are sent, in characters. Kinde publishes no limit: these only keep out what
/// was pasted by mistake.
const LONGEST_NAME: usize = 500;
const LONGEST_TEXT: usize = 5000;

/// Judges a definition before it is sent. `known` are the tenant's event types; empty where they are not known.
pub fn check(definition: &Definition, known: &[String], on_this_machine: bool) -> Vec<Check> {
    let letters = definition.name.chars().count();
    let mut checks = vec![if definition.name.trim().is_empty() {
        Check::fail("name", "A webhook has a name", "Type what it is for, as you want to see it in the list")
    } else if letters > LONGEST_NAME {
        let why = format!("A name of {letters} characters is longer than any list shows");
        Check::fail("name", why, format!("Shorten it to {LONGEST_NAME} characters"))
    } else {
        Check::pass("name")
    }];
    let letters = definition.description.as_ref().map_or(0, |text| text.chars().count());
    if letters > LONGEST_TEXT {
        let why = format!("A description of {letters} characters is longer than anybody reads");
        checks.push(Check::fail("description", why, format!("Shorten it to {LONGEST_TEXT} characters")));
    }
    checks.extend(endpoint::lint(&definition.endpoint, on_this_machine));
    let types = &definition.event_types;
    let strange: Vec<&str> =
        types.iter().filter(|it| !known.is_empty() && !known.contains(it)).map(String::as_str).collect();
    let chosen = |check: Check| check.seen(format!("{} chosen", types.len()));
    checks.push(if types.is_empty() {
        Check::fail("event types", "Without an event type nothing is ever delivered", "Choose at least one")
    } else if !strange.is_empty() {
        Check::warn(
            "event types",
            format!("Not among this tenant's event types: {}", strange.join(", ")),
            "Check the spelling; Kinde may refuse it",
        )
    } else if all_chosen(types, known) {
        chosen(Check::warn(
            "event types",
            "All event types are chosen: every sign-in is delivered too, which is a lot",
            "Choose those the endpoint handles",
        ))
    } else {
        chosen(Check::pass("event types"))
    });
    checks
}

/// All there are: of the tenant's list, else of the types this program knows.
fn all_chosen(types: &[String], known: &[String]) -> bool {
    if known.is_empty() {
        return event_types::known().iter().all(|it| types.contains(&it.event_type));
    }
    known.iter().all(|it| types.contains(it))
}

/// Judges what an edit changes: what was there before, however odd, is not the edit's to refuse.
pub(super) fn check_changed(diff: &Diff, wanted: &Definition, on_this_machine: bool) -> Vec<Check> {
    let touched = |name: &str| match name {
        "name" => diff.name.is_some(),
        "description" => diff.description.is_some(),
        "event types" => diff.patch().event_types.is_some(),
        _ => false,
    };
    check(wanted, &[], on_this_machine).into_iter().filter(|check| touched(&check.name)).collect()
}

/// A copy to edit, under a name that none of `others` has.
pub fn duplicate(webhook: &Webhook, others: &[Webhook]) -> Definition {
    let base = webhook.definition.name.as_str();
    let name = (1..)
        .map(|number: u32| if number == 1 { format!("{base} copy") } else { format!("{base} copy {number}") })
        .find(|name| others.iter().all(|other| other.definition.name != *name))
        .unwrap_or_default();
    Definition { name, ..webhook.definition.clone() }
}

impl Ends {
    /// Judges a definition for this tenant: see [`check`].
    pub fn check(&self, definition: &Definition, known: &[String]) -> Vec<Check> {
        check(definition, known, self.on_this_machine)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Verdict, worst};

    fn definition() -> Definition {
        Definition {
            name: "Orders".into(),
            description: None,
            endpoint: "https://hooks.acme.com/kinde".into(),
            event_types: vec!["user.created".into(), "user.updated".into()],
        }
    }

    #[test]
    fn only_what_changed_is_sent_and_the_order_of_types_or_an_empty_description_is_no_change() {
        let before = definition();
        let mut after = before.clone();
        after.event_types.reverse();
        after.description = Some(String::new());
        assert!(Diff::between(&before, &after).is_empty());
        after.name = "Shop".into();
        let diff = Diff::between(&before, &after);
        assert_eq!(diff.patch(), WebhookPatch { name: Some("Shop".into()), ..WebhookPatch::default() });
        assert!(!diff.needs_replace());
    }

    #[test]
    fn a_changed_type_sends_the_whole_set_and_shows_only_the_difference() {
        let before = definition();
        let after = Definition { event_types: vec!["user.updated".into(), "user.deleted".into()], ..before.clone() };
        let diff = Diff::between(&before, &after);
        assert_eq!(diff.patch().event_types, Some(after.event_types));
        let lines = diff.lines();
        assert_eq!(lines.len(), 2);
        assert_eq!((lines[0].before.as_deref(), lines[0].after.as_deref()), (Some("user.created"), None));
        assert_eq!((lines[1].before.as_deref(), lines[1].after.as_deref()), (None, Some("user.deleted")));
    }

    #[test]
    fn a_description_that_is_taken_away_is_sent_as_none_and_a_new_endpoint_needs_a_replacement() {
        let before = Definition { description: Some("old".into()), ..definition() };
        let after = Definition { endpoint: "https://other.acme.com".into(), ..definition() };
        let diff = Diff::between(&before, &after);
        assert_eq!(diff.patch().description, Some(None));
        assert!(diff.needs_replace());
        assert_eq!(
            diff.lines().iter().map(|line| line.field).collect::<Vec<_>>(),
            [Field::Description, Field::Endpoint]
        );
    }

    #[test]
    fn no_name_and_no_type_are_refused_and_all_types_are_warned_of() {
        let known: Vec<String> = vec!["user.created".into(), "user.updated".into()];
        let verdict = |definition: &Definition| worst(&check(definition, &known, false));
        assert_eq!(verdict(&definition()), Verdict::Warn, "all of them");
        let one = Definition { event_types: vec!["user.created".into()], ..definition() };
        assert_eq!(verdict(&one), Verdict::Pass);
        assert_eq!(verdict(&Definition { name: " ".into(), ..one.clone() }), Verdict::Fail);
        assert_eq!(verdict(&Definition { event_types: Vec::new(), ..one.clone() }), Verdict::Fail);
        let whole = event_types::known().iter().map(|it| it.event_type.clone()).collect();
        let all = Definition { event_types: whole, ..one.clone() };
        assert_eq!(worst(&check(&all, &[], false)), Verdict::Warn, "all that are known, where the list cannot be read");
        assert_eq!(worst(&check(&one, &[], false)), Verdict::Pass);
        let strange = Definition { event_types: vec!["user.crated".into()], ..one };
        let checks = check(&strange, &known, false);
        assert!(checks.iter().any(|check| check.why.as_deref().is_some_and(|why| why.contains("user.crated"))));
    }

    #[test]
    fn a_copy_has_a_name_of_its_own() {
        let webhook = |name: &str| Webhook {
            id: "webhook_1".into(),
            definition: Definition { name: name.into(), ..definition() },
            created_on: None,
        };
        let others = [webhook("Orders"), webhook("Orders copy")];
        assert_eq!(duplicate(&others[0], &others).name, "Orders copy 2");
    }
}
