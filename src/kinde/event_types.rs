//! The event types known when `assets/event_types.toml` was last checked.
//!
//! A tenant's own list ([`KindeApi::event_types`](super::KindeApi::event_types)) goes before it; this one stands in when
//! that cannot be read, groups it, and says how an event can be caused.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// The groups of Kinde's page "Manage webhooks".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Sign-ins, sign-ups, organizations created.
    Authentication,
    /// Users, roles, permissions, organizations changed.
    UserManagement,
    /// Customers, plans, payments.
    Billing,
    /// Passkeys added and removed.
    Passkey,
    /// A type this program does not know.
    Other,
}

impl Category {
    /// Every group, in the order it is shown.
    pub const ALL: [Self; 5] = [Self::Authentication, Self::UserManagement, Self::Billing, Self::Passkey, Self::Other];

    /// As its JSON and the command line spell it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Authentication => "authentication",
            Self::UserManagement => "user_management",
            Self::Billing => "billing",
            Self::Passkey => "passkey",
            Self::Other => "other",
        }
    }

    /// As a person reads it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Authentication => "Authentication",
            Self::UserManagement => "User management",
            Self::Billing => "Billing",
            Self::Passkey => "Passkeys",
            Self::Other => "Other",
        }
    }
}

/// Where the shape of an event's `data` comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// A delivery of Kinde was read.
    Measured,
    /// Kinde publishes a type for it.
    Typed,
    /// Kinde publishes nothing: put together from handlers others wrote.
    Inferred,
}

impl Origin {
    /// As its JSON and the command line spell it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Typed => "typed",
            Self::Inferred => "inferred",
        }
    }

    /// What to tell a person beside a sample, where there is something to tell.
    pub fn banner(self) -> Option<&'static str> {
        (self == Self::Inferred)
            .then_some("Kinde publishes no shape for this event. Do not code against these field names.")
    }
}

/// The smallest real change through the Management API that causes an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is named as the event it causes")]
pub enum Recipe {
    OrganizationCreated,
    OrganizationUpdated,
    OrganizationDeleted,
    UserCreated,
    UserUpdated,
    UserDeleted,
    RoleCreated,
    RoleUpdated,
    RoleDeleted,
    PermissionCreated,
    PermissionUpdated,
    PermissionDeleted,
    /// The one that the API cannot undo.
    SubscriberCreated,
}

/// What an event takes that the API cannot give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Needs {
    /// Somebody at a browser.
    Person,
    /// Somebody who pays, or does not.
    Payment,
}

/// How an event can be caused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// By the API.
    Api(Recipe),
    /// Not by the API: what it takes, and what to do, as a sentence.
    Cannot(Needs, String),
}

/// One known event type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownType {
    /// As Kinde spells it: `user.created`.
    pub event_type: String,
    /// Its group on Kinde's page.
    pub category: Category,
    /// Where the shape of its `data` comes from.
    pub origin: Origin,
    /// What to know about it.
    pub note: Option<String>,
    /// How it can be caused.
    pub trigger: Cause,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asset {
    checked: String,
    r#type: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    event_type: String,
    category: Category,
    origin: Origin,
    note: Option<String>,
    recipe: Option<Recipe>,
    needs: Option<Needs>,
    cannot: Option<String>,
}

struct Known {
    checked: String,
    types: Vec<KnownType>,
}

// A test reads the asset: in a program that was built it always parses.
static KNOWN: LazyLock<Known> =
    LazyLock::new(|| read().unwrap_or_else(|_| Known { checked: String::new(), types: Vec::new() }));

fn read() -> Result<Known, String> {
    let asset: Asset = crate::assets::read(include_str!("../../assets/event_types.toml"))?;
    let types = asset.r#type.into_iter().map(|entry| {
        let trigger = match (entry.recipe, entry.needs, entry.cannot) {
            (Some(recipe), None, None) => Cause::Api(recipe),
            (None, Some(needs), Some(cannot)) => Cause::Cannot(needs, cannot),
            _ => return Err(format!("{} needs a recipe, or needs and cannot", entry.event_type)),
        };
        let Entry { event_type, category, origin, note, .. } = entry;
        Ok(KnownType { event_type, category, origin, note, trigger })
    });
    Ok(Known { checked: asset.checked, types: types.collect::<Result<_, _>>()? })
}

/// The known types, group by group, in Kinde's order.
pub fn known() -> &'static [KnownType] {
    &KNOWN.types
}

/// The day the list was last checked: `2026-11-23`.
pub fn checked() -> &'static str {
    &KNOWN.checked
}

/// The known type spelled so.
pub fn find(event_type: &str) -> Option<&'static KnownType> {
    known().iter().find(|known| known.event_type == event_type)
}

/// The group of any type: [`Category::Other`] for one this program does not know.
pub fn category_of(event_type: &str) -> Category {
    find(event_type).map_or(Category::Other, |known| known.category)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_27_types_are_there_once_each_in_kindes_groups() {
        read().map(|_| ()).unwrap();
        let mut names: Vec<&str> = known().iter().map(|known| known.event_type.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 27);
        let count = |category| known().iter().filter(|known| known.category == category).count();
        assert_eq!(Category::ALL.map(count), [6, 10, 9, 2, 0]);
        assert!(checked().parse::<jiff::civil::Date>().is_ok(), "{}", checked());
    }

    #[test]
    fn only_what_was_read_is_measured_and_what_kinde_gives_no_type_for_is_inferred() {
        for known in known() {
            let expected = match known.category {
                _ if known.event_type == "user.updated" => Origin::Measured,
                Category::Billing | Category::Passkey => Origin::Inferred,
                _ => Origin::Typed,
            };
            assert_eq!(known.origin, expected, "{}", known.event_type);
        }
    }

    #[test]
    fn a_recipe_is_named_as_the_event_it_causes_and_every_other_type_says_what_it_takes() {
        for known in known() {
            match &known.trigger {
                Cause::Api(recipe) => {
                    let name = serde_json::to_value(recipe).unwrap();
                    assert_eq!(name, known.event_type.replace('.', "_"));
                }
                Cause::Cannot(_, why) => assert!(why.contains(": ") && !why.ends_with('.'), "{why}"),
            }
        }
        assert_eq!(known().iter().filter(|known| matches!(known.trigger, Cause::Api(_))).count(), 13);
    }

    #[test]
    fn a_type_nobody_knows_is_in_a_group_of_its_own() {
        assert_eq!(category_of("user.created"), Category::Authentication);
        assert_eq!(category_of("invoice.paid"), Category::Other);
        assert!(find("user.created").and_then(|known| known.note.as_deref()).unwrap().contains("imported"));
    }
}
