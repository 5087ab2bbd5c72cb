//! Throw-away preferences of the window, kept in `window.ron`: theme, zoom, the room and profile last open, and where
//! the window was.
//!
//! The file has the shape of eframe's own storage, a map of strings: eframe reads it before the window opens and puts
//! the window where it was. It does not write it: it would truncate it first, at every user's eyes, and not at all when
//! the process is told to end.

use std::collections::BTreeMap;

use egui_winit::WindowSettings;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::action::Room;
use crate::backend::history::Kept;

/// The key of [`Prefs`] in the file.
pub const KEY: &str = "kinde-panel";
/// The key under which eframe looks for the window's place.
pub const WINDOW: &str = "window";

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
    /// Where each profile receives, and forwards to.
    pub receiving: BTreeMap<Uuid, Kept>,
}

impl Default for Prefs {
    fn default() -> Self {
        Self {
            theme: egui::ThemePreference::System,
            zoom: 1.0,
            room: Room::Start,
            profile: None,
            receiving: BTreeMap::new(),
        }
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

    /// The whole file, with the window's place where it is known.
    pub fn file(&self, window: Option<&WindowSettings>) -> String {
        let window = window.and_then(|window| ron::to_string(window).ok());
        let entries: BTreeMap<&str, String> =
            [(KEY, self.text())].into_iter().chain(window.map(|window| (WINDOW, window))).collect();
        ron::to_string(&entries).unwrap_or_default()
    }
}

/// Where the window is, looked at only when it changed: looking asks the system.
#[derive(Default)]
pub(super) struct Place {
    seen: Option<egui::ViewportInfo>,
    settings: Option<WindowSettings>,
}

impl Place {
    /// As it was read at the start.
    pub fn new(settings: Option<WindowSettings>) -> Self {
        Self { seen: None, settings }
    }

    /// Where it is known.
    pub fn settings(&self) -> Option<&WindowSettings> {
        self.settings.as_ref()
    }

    /// Looks, if the window moved or changed its size since the last time.
    pub fn look(&mut self, ctx: &egui::Context, frame: &eframe::Frame) {
        let Some(window) = frame.winit_window() else { return };
        let seen = ctx.input(|input| {
            let now = input.viewport();
            egui::ViewportInfo {
                inner_rect: now.inner_rect,
                outer_rect: now.outer_rect,
                native_pixels_per_point: now.native_pixels_per_point,
                minimized: now.minimized,
                maximized: now.maximized,
                fullscreen: now.fullscreen,
                ..Default::default()
            }
        });
        // A minimized window is nowhere to come back to.
        if seen.minimized == Some(true) || self.seen.as_ref() == Some(&seen) {
            return;
        }
        self.seen = Some(seen);
        // eframe opens the window before the zoom is set: it takes the size for one at no zoom.
        let normal = self.settings.map(|settings| settings.normal_geometry());
        self.settings = Some(WindowSettings::from_window(1.0, window, normal));
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
        // The rule of the history once stood here: the rest is not lost with it.
        let older = "(theme:Dark,keep:(days:Some(7),megabytes:None),zoom:2.0,receiving:{})";
        assert_eq!(Prefs::read(Some(older)).zoom, 2.0);
        assert_eq!(Prefs::read(Some("{ not ron")), Prefs::default());
    }

    #[test]
    fn the_file_is_the_map_of_strings_that_eframe_reads_before_the_window_opens() {
        let prefs = Prefs { zoom: 1.5, room: Room::Inspector, ..Prefs::default() };
        let place = "(normal_geometry:(outer_position_pixels:Some((x:40.0,y:30.0)),scale_factor:1.0,\
                     inner_size_points:(x:900.0,y:640.0)),fullscreen:false,maximized:true)";
        let place: WindowSettings = ron::from_str(place).unwrap();
        let kept: BTreeMap<String, String> = ron::from_str(&prefs.file(Some(&place))).unwrap();
        assert_eq!(Prefs::read(kept.get("kinde-panel").map(String::as_str)), prefs);
        let window: WindowSettings = ron::from_str(&kept["window"]).unwrap();
        assert_eq!(window.inner_size_points(), egui::vec2(900.0, 640.0));
        let kept: BTreeMap<String, String> = ron::from_str(&prefs.file(None)).unwrap();
        assert_eq!(kept.len(), 1);
    }
}
