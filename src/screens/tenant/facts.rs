//! The environment: its name, whether it is live, both domains, and whether writing asks first.

use egui::Ui;

use super::State;
use super::state::Question;
use crate::action::Action;
use crate::backend::tenant::Command;
use crate::clock;
use crate::screens::Cx;
use crate::tenant::{Guard, Profile};
use crate::ui::tokens::space;
use crate::ui::{
    Button, Callout, Icon, Mood, badge_with, key_value, key_value_copy, key_value_ui, section, small, status, toggle,
};

/// Environment, guard, and the end of the profile.
pub(super) fn ui(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, profile: &Profile, actions: &mut Vec<Action>) {
    section(ui, "Environment", |ui| environment(ui, state, cx, profile, actions));
    if let Some(error) = &state.change_error {
        Callout::user_error(error).show(ui);
        ui.add_space(space::MD);
    }
    if profile.saved && Button::danger("Remove profile").icon(Icon::Trash).show(ui).clicked() {
        state.ask_removal(cx, profile, actions);
    }
}

fn environment(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, profile: &Profile, actions: &mut Vec<Action>) {
    if let Some(domain) = &profile.domain {
        key_value_copy(ui, "Domain as typed", domain.as_str());
    }
    if let Some(facts) = &profile.environment {
        let name = facts.name.as_deref().or(facts.code.as_deref()).unwrap_or("without a name");
        key_value(ui, "Name", name);
        key_value_ui(ui, "State", |ui| match facts.is_live {
            Some(true) => {
                badge_with(ui, Mood::Warn, Icon::Warning, "live");
            }
            Some(false) => {
                status(ui, Mood::Neutral, "not live");
            }
            None => {
                status(ui, Mood::Warn, "not said, counts as live");
            }
        });
        for (label, domain) in [("Kinde domain", &facts.kinde_domain), ("Custom domain", &facts.custom_domain)] {
            if let Some(domain) = domain {
                key_value_copy(ui, label, domain.as_str());
            }
        }
        // May be days ago: the date belongs to it.
        let read_at = facts.read_at.round(jiff::Unit::Second).unwrap_or(facts.read_at);
        key_value(ui, "Read", &clock::rfc3339(read_at));
    } else {
        key_value(ui, "State", "not read: it counts as live");
    }
    if let Some(web) = &profile.web_client_id {
        key_value_copy(ui, "Web application", web);
    }
    guard(ui, state, cx, profile, actions);
}

/// The switch only tightens by itself; loosening one's own choice is asked about, and Kinde's word stands.
fn guard(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, profile: &Profile, actions: &mut Vec<Action>) {
    let guard = profile.guard();
    let mut on = guard.is_on();
    let settled = matches!(guard, Guard::Live | Guard::Unread);
    let switch = ui.add_enabled_ui(!settled && profile.saved, |ui| toggle(ui, &mut on, "Ask before writing")).inner;
    small(
        ui,
        match guard {
            Guard::Live => "On: Kinde calls this environment live",
            Guard::Unread => "On: what cannot be read counts as live",
            Guard::ByChoice => "On: you asked for it",
            Guard::Open => "Off: Kinde calls this environment not live",
        },
    );
    if switch.changed() {
        if on {
            state.change_job = cx.job();
            state.run(state.change_job, Command::Guard { profile: profile.id, on }, actions);
        } else {
            state.question = Some(Question::Loosen);
        }
    }
    ui.add_space(space::SM);
}
