//! The doctor: its sentence first, then what it looked at.

use egui::Ui;

use super::State;
use super::state::has_m2m;
use crate::action::Action;
use crate::check::Verdict;
use crate::screens::Cx;
use crate::tenant::Profile;
use crate::tenant::doctor::Report;
use crate::ui::tokens::space;
use crate::ui::{Button, Callout, Icon, LoadAsk, LoadView, check_list, section_with};

/// The doctor on `profile`.
pub(super) fn ui(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, profile: &Profile, actions: &mut Vec<Action>) {
    let has_m2m = has_m2m(profile);
    let busy = state.doctor.is_loading();
    let (mut again, mut copy) = (false, false);
    let fresh = state.checked_again;
    let token_error = state.token_error.clone();
    let copying = state.token_job != 0;
    let ask = section_with(
        ui,
        "Doctor",
        |ui| {
            let mut button = Button::secondary("Check again").icon(Icon::Refresh).small();
            if has_m2m {
                button = button.hint("Mints a new token: scopes are fixed when a token is minted");
            }
            again = button.enabled_or(!busy, "It is looking already").show(ui).clicked();
            if has_m2m {
                let button = Button::secondary("Copy access token").icon(Icon::Copy).small();
                copy = button.enabled_or(!copying, "It is being fetched").show(ui).clicked();
            }
        },
        |ui| {
            if let Some(error) = &token_error {
                Callout::user_error(error).show(ui);
                ui.add_space(space::SM);
            }
            LoadView::new("Examining the tenant…").idle("Not examined yet", "Examine").cancellable().show(
                ui,
                &mut state.doctor,
                |ui, report| found(ui, report, fresh),
            )
        },
    );
    if copy {
        state.fetch_token(cx, profile, actions);
    }
    match ask {
        Some(LoadAsk::Cancel) => {
            actions.push(Action::Cancel(state.doctor_job));
            state.doctor.cancel();
        }
        Some(LoadAsk::Start | LoadAsk::Retry) => state.examine(cx, profile, false, actions),
        None if again => state.examine(cx, profile, has_m2m, actions),
        None => {}
    }
}

fn found(ui: &mut Ui, report: &Report, again: bool) {
    check_list(ui, "doctor", &report.sentence, &report.checks);
    let minted = report.checks.iter().any(|check| check.name == "token" && check.verdict == Verdict::Pass);
    if !again || !minted {
        return;
    }
    ui.add_space(space::SM);
    let gained = format!("Gained: {}", report.gained.join(", "));
    let lost = format!("Lost: {}", report.lost.join(", "));
    match (report.gained.is_empty(), report.lost.is_empty()) {
        (true, true) => Callout::info("The new token has the same scopes as the one before").show(ui),
        (false, true) => Callout::success("The new token can do more").text(&gained).show(ui),
        (true, false) => Callout::warn("The new token can do less").text(&lost).show(ui),
        (false, false) => Callout::warn("The new token has other scopes").text(&gained).text(&lost).show(ui),
    }
}
