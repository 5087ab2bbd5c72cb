//! The apps of the profile: beside the one shown, or above it where the window is narrow.

use egui::{ScrollArea, Ui};

use super::state::{Credentials, State, provider_name, provider_of};
use crate::clock::clock_time;
use crate::screens::Cx;
use crate::tenant::{Profile, RememberedApp};
use crate::ui::tokens::{size, space};
use crate::ui::{Icon, ListRow, Mood, card, combo, combo_item, relative_words, small, status_with, subdued};

/// From this width of the room on, in points, the list stands beside the app shown.
pub(super) const BESIDE: f32 = 720.0;

/// What the list says where Kinde says nothing.
const WHY: &str = "Kinde has no call that lists connected apps, so the panel remembers the ones you add.";

/// Width of the list in a room of `room` points.
pub(super) fn width(room: f32) -> f32 {
    (room * 0.26).clamp(196.0, 230.0)
}

/// The list beside the app shown.
pub(super) fn as_list(ui: &mut Ui, state: &mut State, profile: &Profile, cx: &Cx<'_>) {
    // The note below it stays in the window.
    let height = (ui.available_height() - 90.0).max(120.0);
    card(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        ScrollArea::vertical().id_salt("apps").max_height(height).show(ui, |ui| {
            for app in &profile.apps {
                let standing = Standing::of(state, app, cx);
                let mut row = ListRow::new(&app.key).note(&standing.note).selected(is_shown(state, app));
                if let Some((mood, icon)) = standing.mark {
                    row = row.mark(mood, icon);
                }
                if row.show(ui).clicked() {
                    choose(state, app);
                }
            }
        });
        if profile.apps.is_empty() {
            subdued(ui, "No app yet");
        }
    });
    ui.add_space(space::SM);
    small(ui, WHY);
}

/// The same as a list that opens, in one row.
pub(super) fn as_combo(ui: &mut Ui, state: &mut State, profile: &Profile, cx: &Cx<'_>) {
    if profile.apps.is_empty() {
        small(ui, WHY);
        return;
    }
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL);
        subdued(ui, "App");
        let shown = state.work.key.clone().unwrap_or_default();
        let mut chosen = None;
        let opened = combo(ui, "App", &shown, 250.0, |ui| {
            for app in &profile.apps {
                let standing = Standing::of(state, app, cx);
                if combo_item(ui, is_shown(state, app), &app.key, &standing.note) {
                    chosen = Some(app);
                }
            }
        });
        opened.on_hover_text(WHY);
        if let Some(app) = chosen {
            choose(state, app);
        }
        if let Some(app) = profile.apps.iter().find(|app| is_shown(state, app)) {
            subdued(ui, &format!("· {}", provider_name(provider_of(profile, &app.key))));
            let standing = Standing::of(state, app, cx);
            match standing.mark {
                Some((mood, icon)) => status_with(ui, mood, icon, &standing.note),
                None => subdued(ui, &standing.note),
            };
        }
    });
}

fn is_shown(state: &State, app: &RememberedApp) -> bool {
    state.work.key.as_deref() == Some(&app.key)
}

fn choose(state: &mut State, app: &RememberedApp) {
    if is_shown(state, app) {
        return;
    }
    state.work.key = Some(app.key.clone());
    state.work.session = None;
    state.credentials = Credentials::default();
}

/// What is true of an app now, in a word and a mark.
struct Standing {
    note: String,
    mark: Option<(Mood, Icon)>,
}

impl Standing {
    fn of(state: &State, app: &RememberedApp, cx: &Cx<'_>) -> Self {
        let told = |note: String, mood, icon| Self { note, mark: Some((mood, icon)) };
        // Of another day the clock time would mislead.
        let when = |at: jiff::Timestamp| {
            let old = cx.now.as_second() - at.as_second() > 86_400;
            if old { relative_words(at, cx.now) } else { clock_time(at) }
        };
        if state.work.is_walking(&app.key) {
            return told("waiting".to_owned(), Mood::Info, Icon::Running);
        }
        // Where another session of this run still holds a token, a revocation does not make the app revoked.
        let live = state
            .work
            .sessions
            .of_app(&app.key)
            .find(|session| session.token.is_some() && session.revoked_at.is_none());
        match (&app.last, live) {
            (Some(last), Some(_)) if !last.ok && !last.is_revoked() => {
                told(last.words.clone(), Mood::Error, Icon::Cross)
            }
            (_, Some(session)) => told(when(session.at), Mood::Success, Icon::Check),
            (Some(last), None) if last.ok => told(when(last.at), Mood::Success, Icon::Check),
            (Some(last), None) if last.is_revoked() => told(last.words.clone(), Mood::Neutral, Icon::Skip),
            (Some(last), None) => told(last.words.clone(), Mood::Error, Icon::Cross),
            (None, None) => Self { note: "never".to_owned(), mark: None },
        }
    }
}
