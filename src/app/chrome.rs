//! Rail, top bar and the frame they make around the open screen.

use egui::{Align, CentralPanel, Frame, Layout, Margin, Panel, RichText, ScrollArea, Ui};

use super::shell::{Heard, Shell};
use crate::action::{Action, CHOICES, Room};
use crate::clock::clock_time;
use crate::screens;
use crate::tenant::Guard;
use crate::ui::tokens::{size, space};
use crate::ui::{
    Button, Icon, ListRow, Mood, badge, badge_with, combo, combo_item, kbd, line, profile_dot, status, status_width,
    title, tokens,
};

/// The rail's rooms with their icons.
const RAIL: [(Room, Icon); 6] = [
    (Room::Tenant, Icon::Tenant),
    (Room::ConnectedApps, Icon::Apps),
    (Room::Webhooks, Icon::Webhook),
    (Room::Inspector, Icon::Inspector),
    (Room::Email, Icon::Mail),
    (Room::Recipes, Icon::Recipe),
];

/// Those at its foot, lowest first.
const LOWER_RAIL: [(Room, Icon); 2] = [(Room::Settings, Icon::Settings), (Room::Activity, Icon::Activity)];
/// Narrower than this, in points, and the rail shows icons alone.
const NARROW: f32 = 720.0;
/// The least of a tenant's address that is worth showing, in points.
const PLACE_MIN: f32 = 64.0;

impl Shell {
    /// Draws one frame and applies what was done in it.
    pub fn frame(&mut self, ui: &mut Ui) {
        let late = std::mem::take(&mut self.late);
        self.actions.extend(late);
        self.shortcuts(ui);
        self.palette_over(ui);
        let t = tokens(ui);
        let narrow = ui.available_width() < NARROW;
        Panel::left("rail")
            .exact_size(if narrow { 52.0 } else { 208.0 })
            .resizable(false)
            .show_separator_line(false)
            .frame(Frame::new().fill(t.rail).inner_margin(Margin::same(12)))
            .show(ui, |ui| if narrow { self.narrow_rail(ui) } else { self.rail(ui) });
        Panel::top("top")
            .exact_size(52.0)
            .resizable(false)
            .show_separator_line(false)
            .frame(Frame::new().fill(t.page).inner_margin(Margin::symmetric(20, 10)))
            .show(ui, |ui| self.top_bar(ui));
        CentralPanel::default()
            .frame(Frame::new().fill(t.page).inner_margin(Margin { left: 20, right: 20, top: 8, bottom: 16 }))
            .show(ui, |ui| self.screen(ui));
        self.notices_over(ui);
        let ctx = ui.ctx().clone();
        // The built-in keys change the zoom too: what is kept is what is shown.
        self.prefs.zoom = ctx.zoom_factor();
        self.apply_all(Some(&ctx));
    }

    fn rail(&mut self, ui: &mut Ui) {
        ui.add_space(space::XS);
        ui.horizontal(|ui| {
            ui.add_space(space::SM);
            title(ui, "Kinde Panel");
        });
        ui.add_space(space::MD);
        let unseen = match self.screens.inspector.unseen() {
            0 => String::new(),
            1000.. => "999+".to_owned(),
            few => few.to_string(),
        };
        let row = |ui: &mut Ui, room: Room, icon: Icon, open: Room| {
            let note = if room == Room::Inspector { unseen.as_str() } else { "" };
            ListRow::new(room.name()).icon(icon).note(note).selected(room == open).show(ui).clicked()
        };
        for (room, icon) in RAIL {
            if row(ui, room, icon, self.room) {
                self.actions.push(Action::Go(room));
            }
        }
        if self.on_the_sandbox() && row(ui, Room::Sandbox, Icon::Sandbox, self.room) {
            self.actions.push(Action::Go(Room::Sandbox));
        }
        ui.with_layout(Layout::bottom_up(Align::Min), |ui| {
            for (room, icon) in LOWER_RAIL {
                if row(ui, room, icon, self.room) {
                    self.actions.push(Action::Go(room));
                }
            }
        });
    }

    /// The rail as icons, where the rooms need the width.
    fn narrow_rail(&mut self, ui: &mut Ui) {
        ui.add_space(space::XS);
        let button = |ui: &mut Ui, room: Room, icon: Icon, open: Room| {
            let response = Button::icon_only(icon, room.name()).selected(room == open).show(ui);
            response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, room == open, room.name()));
            response.clicked()
        };
        for (room, icon) in RAIL {
            if button(ui, room, icon, self.room) {
                self.actions.push(Action::Go(room));
            }
        }
        if self.on_the_sandbox() && button(ui, Room::Sandbox, Icon::Sandbox, self.room) {
            self.actions.push(Action::Go(Room::Sandbox));
        }
        ui.with_layout(Layout::bottom_up(Align::Min), |ui| {
            for (room, icon) in LOWER_RAIL {
                if button(ui, room, icon, self.room) {
                    self.actions.push(Action::Go(room));
                }
            }
        });
    }

    fn top_bar(&mut self, ui: &mut Ui) {
        let room = ui.available_width();
        // What gives way first: the key's hint, then the word.
        let (word, key, right) = match room {
            ..400.0 => (false, false, 72.0),
            ..620.0 => (true, false, 144.0),
            _ => (true, true, 204.0),
        };
        ui.horizontal_centered(|ui| {
            let left = egui::vec2((room - right - space::SM).max(0.0), ui.available_height());
            ui.allocate_ui_with_layout(left, Layout::left_to_right(Align::Center), |ui| {
                ui.set_min_size(left);
                self.profile_switcher(ui, (left.x * 0.45).clamp(72.0, 200.0));
                self.standing(ui);
            });
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let unread = self.notices.unread();
                let name =
                    if unread == 0 { "Notifications".to_owned() } else { format!("Notifications, {unread} new") };
                if Button::icon_only(Icon::Bell, &name).selected(self.notices_open).show(ui).clicked() {
                    self.actions.push(Action::ToggleNotices);
                }
                if key {
                    kbd(ui, &key_name("Ctrl+K"));
                }
                let search = if word {
                    Button::ghost("Search").icon(Icon::Search)
                } else {
                    Button::icon_only(Icon::Search, "Search")
                };
                if search.hint("Every action of the panel").show(ui).clicked() {
                    self.actions.push(Action::OpenPalette);
                }
            });
        });
    }

    fn profile_switcher(&mut self, ui: &mut Ui, width: f32) {
        let chosen = self.profile().map(|profile| (profile.id, profile.name.clone(), profile.colour));
        if let Some((_, name, colour)) = &chosen {
            profile_dot(ui, *colour, name);
        }
        let shown = chosen.as_ref().map_or("No profile", |(_, name, _)| name.as_str());
        let Self { profiles, actions, .. } = self;
        combo(ui, "Profile", shown, width, |ui| {
            for profile in profiles.iter() {
                let note = if profile.is_sandbox() { "this machine" } else { profile.guard().word() };
                let chosen = chosen.as_ref().is_some_and(|(id, ..)| *id == profile.id);
                if combo_item(ui, chosen, &profile.name, note) {
                    actions.push(Action::SwitchProfile(profile.id));
                }
            }
            if combo_item(ui, false, "Add a tenant…", "") {
                actions.push(Action::AddTenant);
            }
        });
    }

    /// Where the chosen tenant is, and whether it was heard. Where both have no room, the address is cut first, then
    /// the words of the other go: its mark stays, and says them under the pointer.
    fn standing(&self, ui: &mut Ui) {
        let Some(profile) = self.profile() else {
            line(ui, RichText::new("No tenant chosen").color(tokens(ui).text_subdued));
            return;
        };
        match profile.guard() {
            Guard::Open => {}
            Guard::Live => {
                badge_with(ui, Mood::Error, Icon::Warning, "Live");
            }
            // It asks before writing as if it were live, and is not said to be what nobody has read.
            Guard::Unread => {
                badge(ui, Mood::Neutral, "Not read")
                    .on_hover_text("Its environment was not read: it counts as live, and writing asks first");
            }
            Guard::ByChoice => {
                badge(ui, Mood::Warn, "Guarded").on_hover_text("Writing asks first, as you chose");
            }
        }
        let place = match &profile.domain {
            _ if profile.is_sandbox() => "sandbox on this machine".to_owned(),
            Some(domain) => domain.authority().to_owned(),
            None => String::new(),
        };
        let heard = match &self.heard {
            Heard::Nothing => None,
            Heard::Answer(at) => Some((Mood::Success, Icon::Check, format!("connected {}", clock_time(*at)))),
            Heard::Trouble(what, at) => Some((Mood::Warn, Icon::Warning, format!("{what} {}", clock_time(*at)))),
            Heard::Silence(at) => Some((Mood::Error, Icon::Cross, format!("no answer {}", clock_time(*at)))),
        };
        let words = heard.as_ref().map_or(0.0, |(_, _, words)| status_width(ui, words) + space::SM);
        let mark = if heard.is_some() { size::ICON + space::SM } else { 0.0 };
        let room = ui.available_width();
        let spelled = room - words >= PLACE_MIN;
        let left = room - if spelled { words } else { mark };
        if left >= PLACE_MIN {
            ui.scope(|ui| {
                ui.set_max_width(left);
                line(ui, RichText::new(place).color(tokens(ui).text_subdued));
            });
        }
        match heard {
            Some((mood, _, words)) if spelled => {
                status(ui, mood, &words);
            }
            Some((mood, icon, words)) => {
                let colour = mood.tone(tokens(ui)).icon;
                icon.show(ui, size::ICON, colour, &words).on_hover_text(words);
            }
            None => {}
        }
    }

    fn screen(&mut self, ui: &mut Ui) {
        let room = self.room;
        self.with_cx(|screens, cx, actions| match room {
            Room::Start => scroll(ui, "start", |ui| screens::start::ui(ui, &mut screens.start, cx, actions)),
            Room::Tenant => scroll(ui, "tenant", |ui| screens::tenant::ui(ui, &mut screens.tenant, cx, actions)),
            Room::ConnectedApps => screens::connected_apps::ui(ui, &mut screens.connected_apps, cx, actions),
            Room::Webhooks => screens::webhooks::ui(ui, &mut screens.webhooks, cx, actions),
            Room::Inspector => screens::inspector::ui(ui, &mut screens.inspector, cx, actions),
            Room::Email => screens::email::ui(ui, &mut screens.email, cx, actions),
            Room::Recipes => screens::recipes::ui(ui, &mut screens.recipes, cx, actions),
            Room::Sandbox => screens::sandbox::ui(ui, &mut screens.sandbox, cx, actions),
            Room::Activity => screens::activity::ui(ui, &mut screens.activity, cx, actions),
            Room::Settings => {
                scroll(ui, "settings", |ui| screens::settings::ui(ui, &mut screens.settings, cx, actions));
            }
        });
    }

    /// Reads the keys of [`CHOICES`] before any widget can, unless something lies over the page.
    fn shortcuts(&mut self, ui: &Ui) {
        use egui::{Key, KeyboardShortcut, Modifiers};
        if self.palette.is_some() {
            return;
        }
        let pressed =
            |key: Key| ui.input_mut(|input| input.consume_shortcut(&KeyboardShortcut::new(Modifiers::COMMAND, key)));
        if pressed(Key::K) {
            self.actions.push(Action::OpenPalette);
        }
        let keys = [
            ("Ctrl+1", Key::Num1),
            ("Ctrl+2", Key::Num2),
            ("Ctrl+3", Key::Num3),
            ("Ctrl+4", Key::Num4),
            ("Ctrl+5", Key::Num5),
            ("Ctrl+6", Key::Num6),
            ("Ctrl+7", Key::Num7),
            ("Ctrl+F", Key::F),
            ("Ctrl+L", Key::L),
            ("Ctrl+,", Key::Comma),
            ("Ctrl+Q", Key::Q),
        ];
        for (name, key) in keys {
            if pressed(key)
                && let Some(choice) = CHOICES.iter().find(|choice| choice.shortcut == Some(name))
            {
                self.actions.push((choice.action)());
            }
        }
    }
}

/// A shortcut as this platform names it.
pub(super) fn key_name(shortcut: &str) -> String {
    if cfg!(target_os = "macos") { shortcut.replace("Ctrl", "Cmd") } else { shortcut.to_owned() }
}

/// A page that scrolls as a whole.
fn scroll(ui: &mut Ui, id: &str, page: impl FnOnce(&mut Ui)) {
    ScrollArea::vertical().id_salt(id).auto_shrink(false).show(ui, page);
}
