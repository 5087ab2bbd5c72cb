//! Turns actions into state and orders: with `on_event` the only place where the shell's state changes.

use super::shell::{Heard, Order, Screens, Shell};
use crate::action::{Action, Mood, Room};
use crate::backend::shell;
use crate::screens::Cx;
use crate::tenant::SANDBOX_PROFILE;
use crate::ui::PaletteState;

/// The steps of the zoom.
const ZOOM_STEP: f32 = 0.1;
const ZOOM: std::ops::RangeInclusive<f32> = 0.5..=3.0;

impl Shell {
    /// Applies every action that was pushed. `ctx` is there within a frame; what needs it waits for the next one.
    pub(super) fn apply_all(&mut self, ctx: Option<&egui::Context>) {
        // An action may push others (entering a room asks for its data); a bound keeps a mistake from hanging the window.
        for _ in 0..8 {
            let actions = std::mem::take(&mut self.actions);
            if actions.is_empty() {
                return;
            }
            // What was drawn before it is old now.
            if let Some(ctx) = ctx {
                ctx.request_repaint();
            }
            for action in actions {
                self.apply(action, ctx);
            }
        }
    }

    /// Does one action, and what it leads to, outside a frame.
    pub fn act(&mut self, action: Action) {
        self.actions.push(action);
        self.apply_all(None);
    }

    fn apply(&mut self, action: Action, ctx: Option<&egui::Context>) {
        match action {
            Action::Go(room) => self.go(room),
            Action::OpenPalette => self.palette = Some(PaletteState::default()),
            Action::ToggleNotices => self.notices_open = !self.notices_open,
            Action::SwitchProfile(id) => self.switch_profile(id),
            Action::ExploreSandbox => {
                self.switch_profile(SANDBOX_PROFILE);
                self.go(Room::ConnectedApps);
            }
            Action::AddTenant => {
                self.prefs.profile = None;
                self.heard = Heard::Nothing;
                self.forget_profile();
                self.go(Room::Tenant);
            }
            Action::SetTheme(theme) => {
                self.prefs.theme = theme;
                if let Some(ctx) = ctx {
                    ctx.set_theme(theme);
                }
            }
            Action::ZoomIn => self.zoom(self.prefs.zoom + ZOOM_STEP, ctx),
            Action::ZoomOut => self.zoom(self.prefs.zoom - ZOOM_STEP, ctx),
            Action::ZoomReset => self.zoom(1.0, ctx),
            Action::RetryKeyring => self.ask(shell::Command::ProbeKeyring),
            Action::CopyText(text) => match ctx {
                Some(ctx) => ctx.copy_text(text.expose().to_owned()),
                // Outside a frame there is no clipboard to reach: it waits for the next one.
                None => self.late.push(Action::CopyText(text)),
            },
            Action::Run(job, command) => self.orders.push(Order::Run(job, command)),
            Action::Cancel(job) => self.orders.push(Order::Cancel(job)),
            Action::OpenUrl(url) => {
                if url.starts_with("https://") || url.starts_with("http://") {
                    self.ask(shell::Command::OpenUrl(url));
                } else {
                    let now = self.clock.now();
                    let detail = "Only http and https addresses are opened. Copy it and look at it first";
                    self.notices.push(now, Mood::Warn, "The address was not opened", detail);
                }
            }
            Action::ProfilesChanged => self.ask(shell::Command::ReadProfiles),
            Action::Notify(mood, title, detail) => {
                let now = self.clock.now();
                self.notices.push(now, mood, title, detail);
            }
            Action::Offer { mood, title, detail, words, action } => {
                let id = self.notices.offer(self.clock.now(), mood, title, detail, words);
                self.offers.insert(id, *action);
            }
            Action::UndoDelete(id) => {
                let same = |action: &Action| matches!(action, Action::UndoDelete(offered) if *offered == id);
                let ids: Vec<u64> = self.offers.iter().filter(|(_, it)| same(it)).map(|(id, _)| *id).collect();
                for offer in ids {
                    self.offers.remove(&offer);
                    self.notices.withdraw(offer);
                }
                self.with_cx(|screens, cx, actions| screens.webhooks.undo(&id, cx, actions));
            }
            Action::UndoForget { profile, recipe } => {
                self.with_cx(|screens, cx, actions| screens.recipes.undo_forget(profile, recipe, cx, actions));
            }
            Action::PasteToInspector(text) => {
                self.screens.inspector.paste(text.expose());
                self.go(Room::Inspector);
            }
            Action::ShowAttempt { seq, id } => {
                self.screens.inspector.show_attempt(seq, &id);
                self.go(Room::Inspector);
            }
            Action::KeepReceiving(profile, kept) => {
                self.prefs.receiving.insert(profile, kept);
            }
            Action::OpenLeftovers => {
                self.go(Room::Webhooks);
                self.screens.webhooks.show_leftovers();
            }
            Action::OpenTrigger => {
                self.screens.webhooks.show_trigger();
                self.go(Room::Webhooks);
            }
            Action::Tenant(ask) => {
                self.within(Room::Tenant, |screens, cx, actions| screens.tenant.ask(ask, cx, actions));
            }
            Action::ConnectedApps(ask) => {
                self.within(Room::ConnectedApps, |screens, cx, actions| {
                    screens.connected_apps.ask_for(ask, cx, actions);
                });
            }
            Action::Webhooks(ask) => {
                self.within(Room::Webhooks, |screens, cx, actions| screens.webhooks.ask(ask, cx, actions));
            }
            Action::Sandbox(ask) => {
                self.within(Room::Sandbox, |screens, cx, actions| screens.sandbox.asked(ask, cx, actions));
            }
            Action::Inspector(ask) => {
                self.within(Room::Inspector, |screens, cx, actions| screens.inspector.ask(ask, cx, actions));
            }
            Action::Email(ask) => {
                self.within(Room::Email, |screens, cx, actions| screens.email.ask(ask, cx, actions));
            }
            Action::OpenRecipe(name) => {
                self.go(Room::Recipes);
                self.with_cx(|screens, cx, actions| screens.recipes.show(name, cx, actions));
            }
            Action::ReadMail { queue_id } => {
                self.switch_profile(SANDBOX_PROFILE);
                self.screens.sandbox.show_mail(queue_id);
                self.go(Room::Sandbox);
            }
            Action::Quit => self.quit = true,
        }
    }

    /// Opens `room` unless it is open, and does something there.
    fn within(&mut self, room: Room, what: impl FnOnce(&mut Screens, &Cx<'_>, &mut Vec<Action>)) {
        if self.room != room {
            self.go(room);
        }
        self.with_cx(what);
    }

    fn go(&mut self, room: Room) {
        self.notices_open = false;
        if self.room == Room::Inspector && room != Room::Inspector {
            self.screens.inspector.left();
        }
        if self.room == Room::Sandbox && room != Room::Sandbox {
            self.screens.sandbox.left(&mut self.actions);
        }
        self.room = room;
        self.prefs.room = room;
        self.leave_the_sandbox();
        self.enter();
    }

    fn switch_profile(&mut self, id: uuid::Uuid) {
        if self.prefs.profile == Some(id) {
            return;
        }
        self.prefs.profile = Some(id);
        self.leave_the_sandbox();
        self.heard = Heard::Nothing;
        self.forget_profile();
        if self.profiles.iter().any(|profile| profile.id == id) {
            self.enter();
        } else {
            // Just added: its room is entered once the profiles were read again.
            self.enter_when_ready = true;
            self.ask(shell::Command::ReadProfiles);
        }
    }

    fn forget_profile(&mut self) {
        let Self { screens, actions, .. } = self;
        screens.start.forget(actions);
        screens.tenant.forget(actions);
        screens.connected_apps.forget(actions);
        screens.webhooks.forget(actions);
        screens.inspector.forget(actions);
        screens.email.forget(actions);
        screens.recipes.forget(actions);
        screens.sandbox.forget(actions);
        screens.activity.forget(actions);
        screens.settings.forget(actions);
    }

    fn zoom(&mut self, factor: f32, ctx: Option<&egui::Context>) {
        let factor = factor.clamp(*ZOOM.start(), *ZOOM.end());
        self.prefs.zoom = factor;
        if let Some(ctx) = ctx {
            ctx.set_zoom_factor(factor);
        }
    }
}
