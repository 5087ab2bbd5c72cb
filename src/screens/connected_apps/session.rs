//! The sessions of an app in this run: token, proof, revoke.

use egui::Ui;

use super::state::{Question, State};
use super::work::Asked;
use crate::action::Action;
use crate::clock::clock_time;
use crate::connect::{Session, SessionId};
use crate::screens::Cx;
use crate::secrets::Secret;
use crate::tenant::Profile;
use crate::ui::tokens::space;
use crate::ui::{
    Button, Callout, Icon, ListRow, Mood, card, check_headline, check_rows, disclosure, expiry, key_value,
    key_value_ui, secret_row, secret_value, section, small, status, subdued, title,
};

pub(super) fn show(
    ui: &mut Ui,
    state: &mut State,
    profile: &Profile,
    key: &str,
    cx: &Cx<'_>,
    actions: &mut Vec<Action>,
) {
    let numbers: Vec<SessionId> = state.work.sessions.of_app(key).map(|session| session.number).collect();
    let chosen = state.work.session.filter(|number| numbers.contains(number)).or_else(|| numbers.first().copied());
    if !numbers.is_empty() {
        section(ui, "Sessions of this app", |ui| {
            small(ui, "Kept while the panel runs. Whoever has a session's id and an M2M token gets its token.");
            for number in &numbers {
                row(ui, state, *number, chosen == Some(*number));
            }
            if let Some(number) = chosen {
                ui.add_space(space::SM);
                card(ui, |ui| one(ui, state, profile, number, cx, actions));
            }
        });
    }
    disclosure(ui, "session id", "I have a session_id", false, |ui| {
        secret_row(ui, "session_id", Some("From your app's callback address"), None, &mut state.pasted_session);
        let ready = !state.pasted_session.is_empty();
        if Button::secondary("Use this session").enabled_or(ready, "Paste the session_id first").show(ui).clicked() {
            let secret = state.pasted_session.take();
            use_session(state, profile, key, secret, cx, actions);
        }
        ui.add_space(space::SM);
    });
}

/// Takes a session in by its id and asks for its token.
pub(super) fn use_session(
    state: &mut State,
    profile: &Profile,
    key: &str,
    secret: Secret,
    cx: &Cx<'_>,
    actions: &mut Vec<Action>,
) {
    let known =
        state.work.sessions.list().iter().find(|session| session.secret == secret).map(|session| session.number);
    let number = known.unwrap_or_else(|| {
        let provider = state.provider(profile).map(|provider| provider.id.as_str());
        state.work.sessions.add(Session::pasted(secret, key, provider, cx.now))
    });
    state.work.session = Some(number);
    state.ask(number, Asked::Again, cx, actions);
}

fn row(ui: &mut Ui, state: &mut State, number: SessionId, chosen: bool) {
    let Some(session) = state.work.sessions.get(number) else { return };
    let who = if session.who.is_empty() { "session pasted" } else { session.who.as_str() };
    let words = format!("{number} · {who}");
    let at = clock_time(session.at);
    let row = ListRow::new(&words).selected(chosen);
    let note = match (&session.revoked_at, &session.token) {
        (Some(_), _) => format!("{at} · revoked"),
        (None, Some(_)) => format!("{at} · token"),
        (None, None) => format!("{at} · no token"),
    };
    let row = row.note(&note);
    let row = match (&session.revoked_at, &session.token) {
        (Some(_), _) => row.mark(Mood::Neutral, Icon::Skip),
        (None, Some(_)) => row.mark(Mood::Success, Icon::Check),
        (None, None) => row.mark(Mood::Neutral, Icon::Circle),
    };
    if row.show(ui).clicked() {
        state.work.session = Some(number);
    }
}

fn one(ui: &mut Ui, state: &mut State, profile: &Profile, number: SessionId, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let Some(session) = state.work.sessions.get(number) else { return };
    let revoked = session.revoked_at.is_some();
    let learned = state.work.learned.get(&number).filter(|learned| !learned.headline.is_empty());
    if let Some(at) = session.revoked_at {
        ui.horizontal(|ui| {
            status(ui, Mood::Neutral, "Revoked");
            subdued(ui, &format!("at {}", clock_time(at)));
        });
    }
    // The sentence before any table.
    match learned {
        Some(learned) => check_headline(ui, &learned.headline, &learned.checks),
        None => {
            title(ui, "Token");
        }
    }
    ui.add_space(space::XS);
    match &session.token {
        Some(token) => {
            key_value_ui(ui, "Access token", |ui| {
                secret_value(ui, "access token", &token.access_token);
            });
            match (token.expires_at, &token.expires_raw) {
                (Some(at), _) => key_value_ui(ui, "Expiry", |ui| {
                    expiry(ui, at, cx.now);
                }),
                (None, Some(raw)) if !raw.is_empty() => {
                    key_value(ui, "Expiry", &format!("{raw}, which is no date this panel reads"));
                }
                _ => key_value(ui, "Expiry", "Kinde told none; some tokens never expire"),
            }
            key_value(ui, "Fetched", &clock_time(token.fetched_at));
        }
        None => {
            subdued(ui, "No token yet: ask for it once the consent is given");
        }
    }
    key_value_ui(ui, "Session id", |ui| {
        secret_value(ui, "session id", &session.secret);
    });
    if !session.asked.is_empty() {
        key_value(ui, "Asked for", &session.asked.join(", "));
    }
    if let Some(at) = session.refreshed_at {
        key_value(ui, "Refreshed", &format!("by Kinde, seen at {}", clock_time(at)));
    }
    let has_token = session.token.is_some();
    ui.add_space(space::SM);
    buttons(ui, state, profile, number, has_token, revoked, cx, actions);
    let Some(learned) = state.work.learned.get(&number) else { return };
    ui.add_space(space::SM);
    if let Some(error) = &learned.error {
        Callout::user_error(error).show(ui);
    }
    if let Some(note) = &learned.note {
        status(ui, Mood::Info, note);
    }
    check_rows(ui, "session", &learned.checks);
}

#[expect(clippy::too_many_arguments, reason = "one row of buttons and what each needs")]
fn buttons(
    ui: &mut Ui,
    state: &mut State,
    profile: &Profile,
    number: SessionId,
    has_token: bool,
    revoked: bool,
    cx: &Cx<'_>,
    actions: &mut Vec<Action>,
) {
    let busy = state.work.learned.get(&number).and_then(|learned| learned.busy);
    let waiting = match busy.map(|(_, what)| what) {
        Some(Asked::Again) => "Kinde is being asked",
        Some(Asked::Probe) => "The provider is being asked",
        Some(Asked::Revoke) => "It is being revoked",
        None => "",
    };
    ui.horizontal_wrapped(|ui| {
        let again = if has_token { "Get token again" } else { "Get token" };
        if Button::secondary(again).icon(Icon::Refresh).enabled_or(busy.is_none(), waiting).show(ui).clicked() {
            state.ask(number, Asked::Again, cx, actions);
        }
        let why_not = if has_token { waiting } else { "There is no token to probe yet" };
        if Button::secondary("Probe").enabled_or(busy.is_none() && has_token, why_not).show(ui).clicked() {
            state.ask(number, Asked::Probe, cx, actions);
        }
        let why_not = if revoked { "It is revoked already" } else { waiting };
        let hint = "Disconnect in Kinde takes the app off the list and revokes nothing; this ends the session";
        let button = Button::danger("Revoke").enabled_or(busy.is_none() && !revoked, why_not).hint(hint);
        if button.show(ui).clicked() {
            if profile.guard().is_on() {
                state.question = Some(Question::Revoke(number));
            } else {
                state.ask(number, Asked::Revoke, cx, actions);
            }
        }
        if !waiting.is_empty() {
            subdued(ui, waiting);
        }
    });
}
