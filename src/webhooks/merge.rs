//! Two edits of one webhook put together: what was edited here over what Kinde has now.

use super::Field;
use crate::kinde::Definition;

/// What `mine` changed of `opened`, over what Kinde has `now`. Event types one by one: those that were ticked come, those
/// that were cleared go, all others are Kinde's.
pub fn merged(opened: &Definition, mine: &Definition, now: &Definition) -> Definition {
    let text = |opened: &String, mine: &String, now: &String| if mine == opened { now.clone() } else { mine.clone() };
    let cleared = |it: &String| opened.event_types.contains(it) && !mine.event_types.contains(it);
    let mut event_types: Vec<String> = now.event_types.iter().filter(|it| !cleared(it)).cloned().collect();
    for it in mine.event_types.iter().filter(|it| !opened.event_types.contains(it)) {
        if !event_types.contains(it) {
            event_types.push(it.clone());
        }
    }
    let (was, is) = (described(opened), described(mine));
    Definition {
        name: text(&opened.name, &mine.name, &now.name),
        description: if was == is { now.description.clone() } else { mine.description.clone() },
        endpoint: text(&opened.endpoint, &mine.endpoint, &now.endpoint),
        event_types,
    }
}

/// What both sides changed, and not to the same: keeping one loses the other.
pub fn clashes(opened: &Definition, mine: &Definition, now: &Definition) -> Vec<Field> {
    let all = [
        (Field::Name, [&opened.name, &mine.name, &now.name].map(String::as_str)),
        (Field::Description, [described(opened), described(mine), described(now)]),
        (Field::Endpoint, [&opened.endpoint, &mine.endpoint, &now.endpoint].map(String::as_str)),
    ];
    let clash = |[opened, mine, now]: [&str; 3]| mine != opened && now != opened && mine != now;
    all.into_iter().filter(|(_, three)| clash(*three)).map(|(field, _)| field).collect()
}

fn described(definition: &Definition) -> &str {
    definition.description.as_deref().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(name: &str, endpoint: &str, types: &[&str]) -> Definition {
        let event_types = types.iter().map(|it| (*it).to_owned()).collect();
        Definition { name: name.into(), description: None, endpoint: endpoint.into(), event_types }
    }

    #[test]
    fn what_was_not_edited_here_is_kindes() {
        let opened = definition("Orders", "https://a", &["user.created", "user.updated", "user.deleted"]);
        let mine = definition("Orders", "https://b", &["user.created", "user.deleted", "role.created"]);
        let mut now = definition("Orders of theirs", "https://a", &["user.updated", "user.deleted", "role.updated"]);
        now.description = Some("theirs".into());
        let mut both = definition("Orders of theirs", "https://b", &["user.deleted", "role.updated", "role.created"]);
        both.description = Some("theirs".into());
        assert_eq!(merged(&opened, &mine, &now), both);
        assert!(clashes(&opened, &mine, &now).is_empty());
    }

    #[test]
    fn what_both_sides_changed_stays_mine_and_is_named_unless_it_is_the_same() {
        let opened = definition("Orders", "https://a", &["user.created"]);
        let mine =
            Definition { description: Some("mine".into()), ..definition("Mine", "https://b", &["user.created"]) };
        let now =
            Definition { description: Some("theirs".into()), ..definition("Theirs", "https://b", &["user.created"]) };
        assert_eq!(merged(&opened, &mine, &now), mine);
        assert_eq!(clashes(&opened, &mine, &now), [Field::Name, Field::Description]);
    }
}
