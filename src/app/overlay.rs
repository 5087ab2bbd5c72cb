//! What lies over the page: the palette, the notifications, the toasts.

use egui::{Align2, Area, Id, Order, Ui, vec2};

use super::chrome::key_name;
use super::shell::Shell;
use crate::action::{Action, CHOICES};
use crate::recipes::{self, Content};
use crate::ui::{PaletteAnswer, PaletteItem, card, empty_state, notice_list, palette, toasts};

impl Shell {
    /// Draws the palette where it is open, before anybody else reads keys.
    pub(super) fn palette_over(&mut self, ui: &Ui) {
        if self.palette.is_none() {
            return;
        }
        let can = CHOICES.map(|choice| self.can(&(choice.action)()));
        let Some(state) = &mut self.palette else { return };
        let profiles: Vec<(uuid::Uuid, String)> =
            self.profiles.iter().map(|profile| (profile.id, format!("Switch to {}", profile.name))).collect();
        let keys = CHOICES.map(|choice| choice.shortcut.map(key_name).unwrap_or_default());
        let mut items: Vec<PaletteItem<'_>> = CHOICES
            .iter()
            .zip(&keys)
            .zip(can)
            .map(|((choice, key), enabled)| PaletteItem {
                name: choice.name,
                hint: choice.hint,
                shortcut: key,
                enabled,
            })
            .collect();
        items.extend(profiles.iter().map(|(_, name)| PaletteItem {
            name,
            hint: "Profile",
            shortcut: "",
            enabled: true,
        }));
        let recipes: Vec<&'static Content> = recipes::all().iter().map(|recipe| recipe.content()).collect();
        items.extend(recipes.iter().map(|recipe| PaletteItem {
            name: &recipe.title,
            hint: "Recipe",
            shortcut: "",
            enabled: true,
        }));
        match palette(ui.ctx(), state, &items) {
            PaletteAnswer::Open => {}
            PaletteAnswer::Close => self.palette = None,
            PaletteAnswer::Run(index) => {
                self.palette = None;
                if let Some(choice) = CHOICES.get(index) {
                    self.actions.push((choice.action)());
                } else if let Some((id, _)) = profiles.get(index - CHOICES.len()) {
                    self.actions.push(Action::SwitchProfile(*id));
                } else if let Some(recipe) = recipes.get(index - CHOICES.len() - profiles.len()) {
                    self.actions.push(Action::OpenRecipe(&recipe.name));
                }
            }
        }
    }

    /// Draws the history where it is open, and the toasts last of all.
    pub(super) fn notices_over(&mut self, ui: &Ui) {
        let ctx = ui.ctx();
        if self.notices_open {
            let now = self.clock.now();
            Area::new(Id::unique("notices"))
                .order(Order::Foreground)
                .anchor(Align2::RIGHT_TOP, vec2(-16.0, 52.0))
                .show(ctx, |ui| {
                    card(ui, |ui| {
                        ui.set_width((ctx.content_rect().width() - 64.0).min(400.0));
                        if self.notices.iter().next().is_none() {
                            empty_state(ui, None, "Nothing has happened in the background yet", None);
                        } else {
                            notice_list(ui, &mut self.notices, now);
                        }
                    });
                });
            if ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, egui::Key::Escape)) {
                self.notices_open = false;
            }
        }
        if let Some(action) = toasts(ctx, &mut self.notices).and_then(|id| self.offers.remove(&id)) {
            self.actions.push(action);
        }
    }
}
