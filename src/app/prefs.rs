//! Throw-away preferences of the window, kept in `window.ron`: theme, zoom, the room and profile last open.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::action::Room;

/// The key in eframe's storage.
pub const KEY: &str = "kinde-panel";

/// What the window remembers. Nothing a person would miss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Prefs {
    /// `system`, `light` or `dark`.
    pub theme: egui::ThemePreference,
    /// 1.0 is the usual size.
    pub zoom: f32,
    /// The room last open.
    pub room: Room,
    /// The profile last chosen.
    pub profile: Option<Uuid>,
}

impl Default for Prefs {
    fn default() -> Self {
        Self { theme: egui::ThemePreference::System, zoom: 1.0, room: Room::Start, profile: None }
    }
}

impl Prefs {
    /// Reads what was kept; anything unreadable is the default, since nobody would miss it.
    pub fn read(text: Option<&str>) -> Self {
        text.and_then(|text| ron::from_str(text).ok()).unwrap_or_default()
    }

    /// As kept.
    pub fn text(&self) -> String {
        ron::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preferences_of_another_version_are_read_as_far_as_they_go_and_garbage_is_the_default() {
        let prefs = Prefs { zoom: 1.5, room: Room::Inspector, ..Prefs::default() };
        assert_eq!(Prefs::read(Some(&prefs.text())), prefs);
        assert_eq!(Prefs::read(Some("(zoom: 2.0)")).zoom, 2.0);
        assert_eq!(Prefs::read(Some("{ not ron")), Prefs::default());
    }
}
