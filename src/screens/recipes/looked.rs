//! What a check or a simulation found, in one list, as it comes.

use egui::Ui;

use super::page_state::Page;
use super::run::Run;
use super::values;
use crate::clock::{clock_time, day};
use crate::recipes::{self, Call, Ended, Proof, Recipe};
use crate::tenant::Profile;
use crate::ui::tokens::space;
use crate::ui::{Callout, Icon, check_list_as, check_rows, empty_state, loading, section, small};

/// Draws it.
pub(super) fn show(ui: &mut Ui, page: &Page, recipe: &dyn Recipe, profile: &Profile) {
    let failed = failed(ui, &page.run, recipe, profile);
    match &page.run {
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
                section(ui, title, |ui| values::show(ui, &outcome.values, &recipe.content().hidden));
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
