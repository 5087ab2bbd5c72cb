//! "Where is this in Kinde?": menu paths, newer and older spelling, with the month they were read.

use std::sync::LazyLock;

use serde::Deserialize;

/// One place in Kinde's own pages.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Place {
    /// What the program asks for it by.
    pub id: String,
    /// What is found there.
    pub what: String,
    /// The menu path as Kinde spells it now.
    pub path: String,
    /// As earlier guides spell it.
    #[serde(default)]
    pub older: Option<String>,
    /// The month the guide was read: `2026-08`.
    pub read: String,
}

#[derive(Deserialize)]
struct Asset {
    place: Vec<Place>,
}

static PLACES: LazyLock<Vec<Place>> = LazyLock::new(|| {
    // A test reads the asset: in a program that was built it always parses.
    crate::assets::read::<Asset>(include_str!("../../assets/kinde_places.toml"))
        .map(|asset| asset.place)
        .unwrap_or_default()
});

/// Every place.
pub fn all() -> &'static [Place] {
    &PLACES
}

/// The place of that id.
pub fn place(id: &str) -> Option<&'static Place> {
    PLACES.iter().find(|place| place.id == id)
}

/// The menu path of that place; empty for an unknown id.
pub fn path(id: &str) -> &'static str {
    place(id).map(|place| place.path.as_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_has_a_path_and_a_month_and_the_ids_the_program_asks_for_exist() {
        crate::assets::read::<Asset>(include_str!("../../assets/kinde_places.toml")).unwrap();
        for id in [
            "domain",
            "m2m_add",
            "m2m_keys",
            "m2m_authorise",
            "m2m_scopes",
            "reference_key",
            "webhooks",
            "email_sender",
        ] {
            let place = place(id).unwrap_or_else(|| panic!("{id}"));
            assert!(place.path.contains(" > ") && place.read.len() == 7, "{place:?}");
        }
        assert_eq!(path("nowhere"), "");
    }
}
