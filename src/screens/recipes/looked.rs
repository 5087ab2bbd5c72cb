//! What a check or a simulation found, in one list, as it comes.

use egui::Ui;

use super::run::Run;
use super::state::{Asked, Page};
use super::values;
use crate::check::Verdict;
use crate::clock::clock_time;
use crate::recipes::{Call, Content};
use crate::ui::tokens::space;
use crate::ui::{Button, Callout, Icon, check_list, check_rows, empty_state, loading, section, small};

/// Draws it.
pub(super) fn show(ui: &mut Ui, page: &mut Page, content: &Content, asked: &mut Vec<Asked>) {
    match &page.run {
        Run::Idle => {
            let words = "Check looks whether the real thing works. Simulate walks the same path on this machine, \
                         without the tool";
            ui.vertical_centered(|ui| {
                empty_state(ui, Some(Icon::Recipe), words, None);
                if Button::secondary("Simulate").icon(Icon::Sandbox).show(ui).clicked() {
                    asked.push(Asked::Call(Call::Simulate));
                }
            });
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
            let what = if *call == Call::Simulate { "Simulated" } else { "Checked" };
            let good = match (call, outcome.verdict()) {
                (Call::Simulate, _) => format!("{}: the path holds on this machine", content.title),
                (_, Verdict::Warn) => format!("{}: works, with a remark", content.title),
                _ => format!("{}: as it should be", content.title),
            };
            check_list(ui, "done", &outcome.headline(&good), &outcome.checks);
            ui.add_space(space::XS);
            let against = if *call == Call::Simulate { ", against the sandbox" } else { "" };
            small(ui, &format!("{what} {}{against}", clock_time(*at)));
            if !outcome.values.is_empty() {
                ui.add_space(space::MD);
                section(ui, "What was read", |ui| values::show(ui, &outcome.values, &content.hidden));
            }
        }
    }
}
