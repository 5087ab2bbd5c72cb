//! The timeline of the walk, its link, and the options.

use egui::Ui;

use super::session::use_session;
use super::state::{Question, State};
use super::walk_state::Ended;
use crate::action::{Action, Room};
use crate::check::{Check, Verdict};
use crate::connect::{LANDING, asked_times, read_pasted};
use crate::error::Category;
use crate::screens::Cx;
use crate::tenant::Profile;
use crate::ui::tokens::space;
use crate::ui::{
    Button, Callout, Icon, check_list, check_rows, checkbox_row, copy_button, countdown, disclosure, secret_row,
    segmented, small, status, step_list, step_list_with, subdued,
};

pub(super) fn show(ui: &mut Ui, state: &mut State, key: &str, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let Some(walk) = state.work.walks.get_mut(key) else { return };
    if matches!(walk.ended, Some(Ended::Connected)) {
        // What the person came for stands first: the token, below.
        disclosure(ui, "timeline", "Timeline", false, |ui| step_list(ui, &walk.steps));
        return;
    }
    let running = walk.is_running();
    let mut cancel = false;
    if !matches!(walk.ended, Some(Ended::Failed(_))) || walk.url.is_some() {
        step_list_with(ui, &walk.steps, |ui, step| match step.id {
            "consent" if running => {
                let words = if walk.cancelling { "Cancelling…" } else { "Cancel" };
                cancel = Button::secondary(words)
                    .small()
                    .enabled_or(!walk.cancelling, "It is being cancelled")
                    .show(ui)
                    .clicked();
                if let Some((polls, next, deadline)) = walk.waiting {
                    countdown(ui, deadline, cx.now);
                    let seconds = (next.as_second() - cx.now.as_second()).max(0);
                    small(ui, &format!("asked {}, next in {seconds} s ·", asked_times(polls)));
                }
            }
            "auth_url" => {
                if let Some(url) = &walk.url {
                    copy_button(ui, "Copy link for a private window", || url.clone());
                }
            }
            _ => {}
        });
    }
    if running {
        if let Some(url) = &walk.url
            && Button::ghost("Open the link again").icon(Icon::External).small().show(ui).clicked()
        {
            actions.push(Action::OpenUrl(url.clone()));
        }
        // Before the wait, too, a person may change their mind.
        if walk.waiting.is_none() && cancel {
            subdued(ui, "Cancelling…");
        }
    }
    if cancel {
        walk.cancelling = true;
        actions.push(Action::Cancel(walk.job));
    }
    match &walk.ended {
        Some(Ended::Not(headline, check)) => check_list(ui, "walk", headline, std::slice::from_ref(check)),
        Some(Ended::Failed(error)) => {
            let auth = matches!(error.category, Category::Auth | Category::File);
            Callout::user_error(error).show_with(ui, |ui| {
                if auth && Button::secondary("Go to Tenant").show(ui).clicked() {
                    actions.push(Action::Go(Room::Tenant));
                }
            });
        }
        Some(Ended::Cancelled) => {
            status(
                ui,
                crate::ui::Mood::Neutral,
                "Cancelled. What was allowed in the browser meanwhile stays until it is revoked",
            );
        }
        Some(Ended::Connected) | None => {}
    }
    ui.add_space(space::MD);
}

/// What can be chosen before the walk, and the box for the address that the browser ended on.
pub(super) fn options(
    ui: &mut Ui,
    state: &mut State,
    profile: &Profile,
    key: &str,
    cx: &Cx<'_>,
    actions: &mut Vec<Action>,
) {
    disclosure(ui, "address", "Paste the address your browser ended on", false, |ui| {
        address(ui, state, profile, key, cx, actions);
    });
    disclosure(ui, "options", "Options", false, |ui| {
        let mut on = state.landing(profile);
        let note = if profile.landing_works || profile.is_sandbox() {
            "Kinde sends the browser to a page of the panel, which also tells a Deny at once"
        } else {
            "Not tried on this tenant yet. Where Kinde refuses the panel's page, the walk goes on without it"
        };
        if checkbox_row(ui, &mut on, "Bring me back to the panel", note).changed() {
            state.landing = Some(on);
        }
        ui.add_space(space::SM);
        ui.horizontal(|ui| {
            subdued(ui, "Wait at most");
            let mut minutes = if state.minutes == 0 { 10 } else { state.minutes };
            let choices = [(2, "2 min"), (5, "5 min"), (10, "10 min"), (30, "30 min")];
            if segmented(ui, &mut minutes, &choices) {
                state.minutes = minutes;
            }
        });
        ui.add_space(space::SM);
        if Button::ghost("Take this app off the list…").icon(Icon::Trash).show(ui).clicked() {
            state.question = Some(Question::Forget(key.to_owned()));
        }
    });
}

fn address(ui: &mut Ui, state: &mut State, profile: &Profile, key: &str, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    secret_row(
        ui,
        "Address",
        Some("It may hold a session, so it is masked. The number on Kinde's error page is read too"),
        None,
        &mut state.address,
    );
    let ready = !state.address.is_empty();
    if Button::secondary("Read the address").enabled_or(ready, "Paste the address first").show(ui).clicked() {
        let text = state.address.take();
        let walk = state.work.walks.get(key);
        let ours = walk.and_then(|walk| walk.session.clone());
        match read_pasted(text.expose()) {
            Ok(landed) => {
                state.address_check = Some(landed.check(ours.as_ref()));
                let running = walk.filter(|walk| walk.is_running());
                match (&landed.session_id, running) {
                    // The walk's own session: the next poll is now.
                    (Some(session), Some(walk)) if Some(session) == ours.as_ref() => walk.nudge.notify_one(),
                    (Some(session), _) => use_session(state, profile, key, session.clone(), cx, actions),
                    (None, _) => {}
                }
            }
            Err(error) => {
                let fix = if error.hint.is_empty() { error.detail.clone() } else { error.hint.clone() };
                state.address_check = Some(Check::fail("address", error.title, fix));
            }
        }
    }
    if let Some(check) = &state.address_check {
        check_rows(ui, "address", std::slice::from_ref(check));
        // Kinde gives no token after a refusal, and polling alone cannot tell: the wait is the person's to end.
        let refused = check.name == LANDING && check.verdict == Verdict::Fail;
        let waited_for = state.work.walks.get(key).filter(|walk| walk.is_running() && !walk.cancelling);
        if refused && let Some(job) = waited_for.map(|walk| walk.job) {
            let again = Button::secondary("Connect again").hint("Ends the wait for this consent, and begins another");
            if again.show(ui).clicked() {
                actions.push(Action::Cancel(job));
                state.connect(profile, cx, actions);
            }
        }
    }
    ui.add_space(space::SM);
}
