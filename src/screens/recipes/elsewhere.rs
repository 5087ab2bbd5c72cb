//! What Kinde's guides also integrate with and has a room of its own here: how it stands, and the way there.

use egui::Ui;

use super::list::{First, Standing, contains, group_title};
use super::state::{Shown, State};
use crate::action::{Action, Room};
use crate::providers;
use crate::tenant::{Profile, RememberedApp};
use crate::tunnel::{Way, Wish};
use crate::ui::tokens::{size, space, text};
use crate::ui::{Button, Icon, ListRow, Mood, link, prose, small, status_with, tokens};

const TITLE: &str = "In a room of its own";
const CONNECTED_APPS: &str = "https://docs.kinde.com/integrate/connected-apps/add-connected-apps/";

/// One of them.
struct Tool {
    id: &'static str,
    title: &'static str,
    does: String,
    room: Room,
    guide: &'static str,
    standing: Standing,
}

fn all(state: &State, profile: &Profile) -> Vec<Tool> {
    let mut all = vec![Tool {
        id: "resend-smtp",
        title: "Resend SMTP",
        does:
            "The Email room checks Resend's server the way Kinde will use it, and its account and domain too. Then it \
               gives the values to type into Kinde."
                .to_owned(),
        room: Room::Email,
        guide: "https://docs.kinde.com/integrate/third-party-tools/kinde-resend-custom-smtp/",
        standing: mail(state, profile),
    }];
    all.extend(providers::catalogue().iter().map(|provider| Tool {
        id: provider.id.as_str(),
        title: provider.name.as_str(),
        does: format!(
            "The Connected apps room has the set-up guide for {0}, and walks the app: consent at {0}, the token proved \
             there, and revoked.",
            provider.name
        ),
        room: Room::ConnectedApps,
        guide: CONNECTED_APPS,
        standing: app(profile.apps.iter().find(|app| app.provider.as_deref() == Some(provider.id.as_str()))),
    }));
    for (way, title, guide) in [
        (Way::Localtunnel, "localtunnel", "https://docs.kinde.com/integrate/webhooks/about-webhooks/"),
        (Way::Ngrok, "ngrok", "https://docs.kinde.com/integrate/webhooks/about-webhooks/"),
    ] {
        all.push(Tool {
            id: way.word(),
            title,
            does: format!(
                "The Inspector sends this tenant's events to this machine through {title}: the tunnel is opened, tested \
                 and kept, the webhook is made for it, and both are put back afterwards."
            ),
            room: Room::Inspector,
            guide,
            standing: tunnel(state, profile, way),
        });
    }
    all
}

fn mail(state: &State, profile: &Profile) -> Standing {
    if let Some(standing) = state.mail_of(profile) {
        return if standing.ok {
            Standing::new("works", Mood::Success, Icon::Check)
        } else {
            Standing::new("fails", Mood::Error, Icon::Cross)
        };
    }
    match &profile.mail {
        Some(kept) if kept.host.to_ascii_lowercase().ends_with("resend.com") => {
            Standing::new("typed in", Mood::Info, Icon::File)
        }
        _ => Standing::new("new", Mood::Neutral, Icon::Circle),
    }
}

fn app(app: Option<&RememberedApp>) -> Standing {
    let Some(app) = app else { return Standing::new("new", Mood::Neutral, Icon::Circle) };
    match &app.last {
        None => Standing::new("added", Mood::Info, Icon::File),
        Some(last) if last.ok => Standing::new("works", Mood::Success, Icon::Check),
        Some(last) if last.is_revoked() => Standing::new("revoked", Mood::Neutral, Icon::Skip),
        Some(last) => Standing::new(last.words.clone(), Mood::Error, Icon::Cross),
    }
}

fn tunnel(state: &State, profile: &Profile, way: Way) -> Standing {
    match state.tunnel_of(profile) {
        Some((now, true)) if now == way => return Standing::new("up", Mood::Success, Icon::Check),
        Some((now, false)) if now == way => return Standing::new("not up", Mood::Warn, Icon::Warning),
        _ => {}
    }
    let chosen = profile.public.wish.clone().and_then(|wish| serde_json::from_value::<Wish>(wish).ok());
    if chosen.is_some_and(|wish| wish.way == way) {
        return Standing::new("chosen", Mood::Info, Icon::Dot);
    }
    Standing::new("new", Mood::Neutral, Icon::Circle)
}

/// Their group of the list; true where something of it fits `wanted`.
pub(super) fn shelf(ui: &mut Ui, state: &mut State, wanted: &str, first: &mut First, profile: &Profile) -> bool {
    let mut all = all(state, profile);
    all.retain(|tool| contains([tool.title, tool.id, tool.room.name(), &tool.does, TITLE], wanted));
    if all.is_empty() {
        return false;
    }
    group_title(ui, TITLE);
    for tool in all {
        let this = Shown::Elsewhere(tool.id);
        let row = ListRow::new(tool.title)
            .note(&tool.standing.word)
            .mark(tool.standing.mood, tool.standing.icon)
            .words_first();
        let row = row.selected(state.shown == Some(this)).show(ui);
        if first.take(&row) || row.clicked() {
            state.shown = Some(this);
        }
    }
    true
}

/// The page of the one with that id.
pub(super) fn show(ui: &mut Ui, state: &State, id: &str, profile: &Profile, actions: &mut Vec<Action>) {
    let Some(tool) = all(state, profile).into_iter().find(|tool| tool.id == id) else { return };
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL);
        let title = ui.label(egui::RichText::new(tool.title).size(text::HEADING).color(tokens(ui).text_strong));
        ui.ctx().accesskit_node_builder(title.id, |node| {
            node.set_role(egui::Role::Heading);
            node.set_label(tool.title);
        });
        ui.add_space(space::SM);
        status_with(ui, tool.standing.mood, tool.standing.icon, &tool.standing.word);
    });
    prose(ui, &tool.does);
    ui.add_space(space::SM);
    ui.horizontal_wrapped(|ui| {
        let words = format!("Open {}", tool.room.name());
        if Button::primary(&words).show(ui).clicked() {
            actions.push(Action::Go(tool.room));
        }
        ui.add_space(space::SM);
        if link(ui, "Kinde's guide", tool.guide).clicked() {
            actions.push(Action::OpenUrl(tool.guide.to_owned()));
        }
    });
    ui.add_space(space::SM);
    small(ui, &format!("How it stands for {} is what that room saw last", profile.name));
}
