//! What a check or a simulation found, in one list, as it comes.

use egui::Ui;

use super::page_state::Page;
use super::run::Run;
use super::state::Asked;
use super::values;
use crate::clock::{clock_time, day};
use crate::recipes::{self, Call, Ended, Proof, Recipe};
use crate::tenant::Profile;
use crate::ui::tokens::space;
use crate::ui::{Button, Callout, Icon, check_list_as, check_rows, empty_state, loading, section, small, subdued};

/// How strongly that is drawn which came of other inputs than there are now.
pub(super) const EARLIER: f32 = 0.5;

/// Draws it.
pub(super) fn show(ui: &mut Ui, page: &Page, recipe: &dyn Recipe, profile: &Profile, asked: &mut Vec<Asked>) {
    let failed = failed(ui, &page.run, recipe, profile);
    let old = page.old_run(recipe.content());
    if let Some(call) = old {
        let (done, again) =
            if call == Call::Simulate { ("Simulated", "Simulate again") } else { ("Checked", "Check again") };
        if earlier(ui, done, again, page.is_busy()) {
            asked.push(Asked::Call(call));
        }
        ui.add_space(space::XS);
    }
    ui.scope(|ui| {
        if old.is_some() {
            ui.multiply_opacity(EARLIER);
        }
        found(ui, &page.run, failed, recipe);
    });
}

/// Says that what stands below was `done` with other inputs; true where its button `again` was pressed.
pub(super) fn earlier(ui: &mut Ui, done: &str, again: &str, busy: bool) -> bool {
    ui.horizontal_wrapped(|ui| {
        subdued(ui, &format!("{done} with other inputs than there are now"));
        Button::secondary(again).small().enabled_or(!busy, "It is going on").show(ui).clicked()
    })
    .inner
}

/// What was found, or is being found; `failed` where a failure of before was told already.
fn found(ui: &mut Ui, run: &Run, failed: bool, recipe: &dyn Recipe) {
    match run {
        Run::Idle if failed => {}
        Run::Idle => {
            let words = "Check looks whether the real thing works. Simulate on this machine, under the three dots, \
                         walks the same path without the tool";
            empty_state(ui, Some(Icon::Recipe), words, None);
        }
        Run::Live(live) => {
            let words = match (live.cancelling, live.call) {
                (true, _) => "Ending…",
                (false, Call::Simulate) => "Simulating…",
                (false, _) => "Checking…",
            };
            loading(ui, words);
            ui.add_space(space::XS);
            check_rows(ui, "going", &live.checks);
        }
        Run::Failed(error) => Callout::user_error(error).show(ui),
        Run::Cancelled(checks) => {
            Callout::info("Cancelled").text("Below is what was found until then").show(ui);
            ui.add_space(space::XS);
            check_rows(ui, "cancelled", checks);
        }
        Run::Done { call, outcome, at } => {
            let (mark, headline) = recipes::summed_up(recipe, *call, outcome);
            check_list_as(ui, "done", mark, &headline, &outcome.checks);
            ui.add_space(space::XS);
            let words = match call {
                Call::Simulate if recipe.proof(*call) == Proof::Nobody => {
                    format!("Worked out {} on this machine: the tool was not asked", clock_time(*at))
                }
                Call::Simulate if recipes::ending(recipe, *call, outcome) == Ended::Partly => {
                    format!("Worked out {} on this machine, against the sandbox", clock_time(*at))
                }
                Call::Simulate => format!("Simulated {}, against the sandbox", clock_time(*at)),
                _ => format!("Checked {}", clock_time(*at)),
            };
            small(ui, &words);
            if !outcome.values.is_empty() {
                ui.add_space(space::MD);
                let title = if *call == Call::Simulate { "What came of it" } else { "What was read" };
                let (values, content) = (&outcome.values, recipe.content());
                values::in_columns(ui, values, content, |ui| {
                    section(ui, title, |ui| values::show(ui, values, content));
                });
            }
        }
    }
}

/// Says of a call that failed, and whose findings are not shown here, when it was; true where it did.
fn failed(ui: &mut Ui, run: &Run, recipe: &dyn Recipe, profile: &Profile) -> bool {
    let Some(last) = recipes::last_failure(profile, &recipe.content().name) else { return false };
    let shown = match run {
        Run::Live(_) => true,
        Run::Done { call, .. } => call.word() == last.call,
        Run::Idle | Run::Failed(_) | Run::Cancelled(_) => false,
    };
    if shown {
        return false;
    }
    let (what, again) = if last.call == Call::Simulate.word() {
        ("simulation", "Simulate on this machine, under the three dots,")
    } else {
        ("check", "Check")
    };
    let title = format!("The last {what} failed, on {} at {}", day(last.at), clock_time(last.at));
    let text = format!("{again} again to see why: what it found is not kept");
    Callout::warn(&title).text(&text).show(ui);
    ui.add_space(space::SM);
    true
}
