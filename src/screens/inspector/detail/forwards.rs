//! How forwards of an attempt went, and what explains those that failed.

use egui::Ui;

use super::state::{State, There, What};
use crate::action::Action;
use crate::check::Check;
use crate::inspector::forward::{Framework, Outcome, Response, Sent, Target, explain, patch};
use crate::inspector::lens::is_sandbox_kid;
use crate::jwt::Json;
use crate::screens::Cx;
use crate::store::attempts::Forwarded;
use crate::ui::tokens::space;
use crate::ui::{Button, Icon, Mood, check_rows, code_view, combo, combo_item, section_with, small, status};

/// The most forwards that show, the latest first.
const SHOWN: usize = 20;

/// What is asked of a forward.
enum Asked {
    Replay(String),
    Framework(Framework),
}

pub(super) fn ui(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let State { what: What::There(there), .. } = &*state else { return };
    let attempt = &there.opened.whole.attempt;
    let framework = framework(cx);
    let mut asked = None;
    let mut chosen = None;
    let failed = attempt.forwarded.iter().any(|on| on.status != Some(200));
    section_with(
        ui,
        "Forwards",
        |ui| {
            if failed {
                chosen = choose(ui, framework);
            }
        },
        |ui| {
            if attempt.forwarded.is_empty() {
                small(ui, "It was not forwarded");
            }
            let skipped = attempt.forwarded.len().saturating_sub(SHOWN);
            for (index, on) in attempt.forwarded.iter().enumerate().skip(skipped).rev() {
                ui.push_id(index, |ui| {
                    ui.horizontal(|ui| {
                        answer(ui, on);
                        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                            let whole = attempt.whole;
                            let why = "Its signature is not kept, so that it opens nothing";
                            let button = Button::secondary("Replay").icon(Icon::Play).small().enabled_or(whole, why);
                            if button.show(ui).clicked() {
                                asked = Some(Asked::Replay(on.url.clone()));
                            }
                            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                                crate::ui::line(ui, egui::RichText::new(&on.url).monospace());
                            });
                        });
                    });
                    if on.status != Some(200) {
                        let sent = sent(there, &on.url, false);
                        let checks = explain(&sent, &Outcome::kept(on), framework);
                        explained(ui, &format!("forward {index}"), &checks, framework);
                    }
                });
            }
        },
    );
    match asked.or(chosen) {
        Some(Asked::Replay(url)) => {
            state.target.clone_from(&url);
            // It was sent there before: that was confirmed then.
            if let Ok(target) = Target::parse(&url, true) {
                state.part = super::Part::Replay;
                state.replay(target, None, cx, actions);
            }
        }
        Some(Asked::Framework(framework)) => state.keep_framework(framework, cx, actions),
        None => {}
    }
}

/// What the profile's application is built with.
pub(super) fn framework(cx: &Cx<'_>) -> Framework {
    cx.profile.and_then(|profile| Framework::of(profile.framework.as_deref()?)).unwrap_or_default()
}

fn choose(ui: &mut Ui, chosen: Framework) -> Option<Asked> {
    let mut asked = None;
    combo(ui, "Built with", chosen.name(), 130.0, |ui| {
        for one in Framework::ALL {
            if combo_item(ui, one == chosen, one.name(), "") {
                asked = Some(Asked::Framework(one));
            }
        }
    });
    small(ui, "Built with");
    asked
}

/// The same beside a replay.
pub(super) fn choose_framework(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    if let Some(Asked::Framework(framework)) = choose(ui, framework(cx)) {
        state.keep_framework(framework, cx, actions);
    }
}

/// What was answered, and how fast.
pub(super) fn answer(ui: &mut Ui, on: &Forwarded) {
    let (mood, words) = match on.status {
        Some(200) => (Mood::Success, format!("200 · {} ms", on.ms)),
        Some(code @ 201..=299) => (Mood::Warn, format!("{code} · {} ms", on.ms)),
        Some(code) => (Mood::Error, format!("{code} · {} ms", on.ms)),
        None => (Mood::Error, "no answer".to_owned()),
    };
    status(ui, mood, &words);
}

/// What was sent, for explaining.
pub(super) fn sent<'a>(there: &'a There, url: &'a str, edited: bool) -> Sent<'a> {
    let whole = &there.opened.whole;
    let content_type = whole.headers.iter().find(|(name, _)| name == "content-type").map(|(_, value)| value.as_str());
    let kid = there.told().and_then(|told| told.decoded.as_ref()?.header.as_ref()?.get("kid")).and_then(Json::as_text);
    Sent {
        url,
        content_type: if edited { Some("application/jwt") } else { content_type },
        known_path: None,
        by_sandbox: edited || kid.is_some_and(is_sandbox_kid),
    }
}

/// The checks, and the change that mends the first of them that a change mends.
pub(super) fn explained(ui: &mut Ui, id: &str, checks: &[Check], framework: Framework) {
    check_rows(ui, id, checks);
    if let Some(patch) = checks.iter().find_map(|check| patch(&check.name, framework)) {
        ui.add_space(space::XS);
        small(ui, &format!("The change for {}, in {}", framework.name(), patch.file));
        code_view(ui, "Change", patch.diff.trim_end(), 200.0);
    }
    ui.add_space(space::SM);
}

/// The answer's headers and body.
pub(super) fn response(ui: &mut Ui, response: &Response) {
    if response.headers.is_empty() && response.body.is_empty() {
        return;
    }
    let head: String = response.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    code_view(ui, "Response", &format!("{head}\n{}", response.body), 180.0);
}
