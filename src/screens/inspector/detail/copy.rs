//! What can be taken elsewhere: the menu behind the three dots, and what came of it.

use egui::Ui;

use super::state::{State, There, What};
use crate::action::Action;
use crate::backend::attempt::Writing;
use crate::check::for_a_colleague;
use crate::inspector::as_test::Flavour;
use crate::inspector::as_types::Dialect;
use crate::inspector::copies::{USUAL_TARGET, curl, raw_http};
use crate::screens::Cx;
use crate::secrets::Secret;
use crate::ui::{Callout, Icon, Mood, loading, menu, menu_item, small, status};

/// What was chosen in the menu.
enum Chosen {
    Copy(String, &'static str),
    Write(Writing),
}

/// The three dots.
pub(super) fn dots(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let target = whither(state);
    let State { what: What::There(there), .. } = state else { return };
    let mut chosen = None;
    menu(ui, "Copy as…", |ui| {
        let whole = &there.opened.whole;
        if whole.attempt.whole {
            if menu_item(ui, Icon::Terminal, "Copy as curl") {
                chosen = Some(Chosen::Copy(as_curl(there, &target), "The curl line is copied"));
            }
            if menu_item(ui, Icon::File, "Copy as raw HTTP") {
                chosen = Some(match raw_http(&whole.headers, &whole.body) {
                    Some(text) => Chosen::Copy(text, "The request is copied"),
                    None => Chosen::Copy(as_curl(there, &target), "The body is no text: copied as a curl line"),
                });
            }
        }
        if whole.attempt.event_type.is_some() {
            if menu_item(ui, Icon::Copy, "Copy as a TypeScript type") {
                chosen = Some(Chosen::Write(Writing::Types(Dialect::TypeScript)));
            }
            if menu_item(ui, Icon::Copy, "Copy as a Zod schema") {
                chosen = Some(Chosen::Write(Writing::Types(Dialect::Zod)));
            }
        }
        if whole.attempt.whole {
            for (flavour, words) in [
                (Flavour::NextJs, "Copy as a test for Next.js"),
                (Flavour::Node, "Copy as a test for Node"),
                (Flavour::Rust, "Copy as a test for Rust"),
            ] {
                if menu_item(ui, Icon::Check, words) {
                    chosen = Some(Chosen::Write(Writing::Test(flavour)));
                }
            }
        }
        if let Some(told) = there.told()
            && menu_item(ui, Icon::User, "Copy for a colleague")
        {
            let text = for_a_colleague(&told.headline, &told.checks);
            chosen = Some(Chosen::Copy(text, "Four lines for a colleague are copied"));
        }
    });
    match chosen {
        Some(Chosen::Copy(text, said)) => copied(there, text, said, actions),
        Some(Chosen::Write(what)) => state.write(what, cx, actions),
        None => {}
    }
}

/// The curl line, without opening the menu.
pub(super) fn copy_curl(state: &mut State, actions: &mut Vec<Action>) {
    let target = whither(state);
    let State { what: What::There(there), .. } = state else { return };
    if there.opened.whole.attempt.whole {
        let text = as_curl(there, &target);
        copied(there, text, "The curl line is copied", actions);
    }
}

fn copied(there: &mut There, text: String, said: &str, actions: &mut Vec<Action>) {
    actions.push(Action::CopyText(Secret::new(text)));
    there.written = Some(Ok((said.to_owned(), String::new())));
}

/// To where replays go, else where it was forwarded last.
fn whither(state: &State) -> String {
    if !state.target.is_empty() {
        return state.target.clone();
    }
    let What::There(there) = &state.what else { return String::new() };
    let last = there.opened.whole.attempt.forwarded.last();
    last.map_or_else(|| USUAL_TARGET.to_owned(), |on| state.went(&on.url).0)
}

fn as_curl(there: &There, target: &str) -> String {
    let whole = &there.opened.whole;
    curl(target, &whole.headers, &whole.body)
}

/// What came of it.
pub(super) fn said(ui: &mut Ui, there: &There) {
    if there.writing.is_some() {
        loading(ui, "Writing…");
    }
    match &there.written {
        None => {}
        Some(Ok((words, note))) => {
            ui.horizontal_wrapped(|ui| {
                status(ui, Mood::Success, words);
                small(ui, note);
            });
        }
        Some(Err(error)) => Callout::user_error(error).show(ui),
    }
}
