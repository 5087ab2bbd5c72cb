//! The Live side: chain, search, list, and the detail of the row that is chosen.

use egui::{Align, Frame, Layout, Margin, Panel, ScrollArea, Ui, vec2};

use super::select::How;
use super::state::{Question, Side, State};
use super::{chain, detail, list, public, replays, search};
use crate::action::{Action, InspectorAsk};
use crate::backend::history::Which;
use crate::screens::Cx;
use crate::ui::tokens::{size, space};
use crate::ui::{Answer, Button, Callout, Confirm, Icon, card, empty_state, loading, prose, small, strong, title};

pub(super) fn ui(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    chain::ui(ui, state, cx, actions);
    questions(ui, state, cx, actions);
    replays::ui(ui, state, cx, actions);
    ui.add_space(space::SM);
    if let Some(error) = &state.rows.error {
        let again = Callout::user_error(error).show_with(ui, |ui| Button::secondary("Try again").show(ui).clicked());
        if again {
            state.rows.look_again();
            state.rows.error = None;
        }
        if !state.rows.ready {
            return;
        }
    }
    if !state.rows.ready {
        loading(ui, "Reading the history…");
        return;
    }
    if state.rows.held().is_empty() && state.is_unfiltered() && state.rows.ready {
        empty(ui, state, cx, actions);
        return;
    }
    search::ui(ui, state, cx);
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL_SMALL);
        under(ui, state, cx, actions);
    });
    if state.rows.held().is_empty() {
        if state.rows.ready && empty_state(ui, Some(Icon::Search), "No event matches", Some("Show all events")) {
            state.search = search::Search::begin();
            state.searched();
        }
        return;
    }
    if state.selection.single().is_some() {
        below(ui, state, cx, actions);
    }
    list::ui(ui, state, cx, actions);
}

/// The attempt that is chosen, under the list: the border between them moves.
fn below(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let whole = ui.available_height();
    let page = crate::ui::tokens(ui).page;
    let turn = Panel::bottom("attempt")
        .resizable(true)
        .default_size(whole * 0.58)
        .size_range(120.0..=(whole - 160.0).max(140.0))
        .frame(Frame::new().fill(page).inner_margin(Margin { top: 10, ..Margin::ZERO }))
        .show(ui, |ui| {
            ScrollArea::vertical()
                .id_salt("attempt")
                .auto_shrink(false)
                .show(ui, |ui| detail::ui(ui, &mut state.detail, cx, actions))
                .inner
        })
        .inner;
    if let Some(turn) = turn {
        let seqs = state.rows.seqs();
        match turn {
            detail::Turn::Newer => state.rows.jump = state.selection.step(&seqs, -1, How::Alone),
            detail::Turn::Older => state.rows.jump = state.selection.step(&seqs, 1, How::Alone),
            detail::Turn::To(seq) => state.selection.choose(&seqs, seq, How::Alone),
        }
    }
}

/// Nothing was ever received: the ways to begin, in a line.
fn empty(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let receiving = state.owner.and_then(|owner| state.receivers.get(&owner));
    if let Some(receiving) = receiving {
        let Some(up) = &receiving.up else { return };
        let line = format!("kinde-panel --data-dir {} send user.created --to {}", quoted(cx.data_dir), up.url);
        let sent_here = state.owner.is_some_and(|owner| state.public.is_there(owner));
        let cut_off = state.owner.is_some_and(|owner| state.public.is_cut_off(owner));
        card(ui, |ui| {
            title(ui, "Waiting for the first webhook");
            if sent_here && !cut_off {
                prose(ui, "Whatever happens in the tenant from now on arrives here. Use your app, or cause an event:");
                if Button::secondary("Trigger an event").icon(Icon::Play).show(ui).clicked() {
                    actions.push(Action::OpenTrigger);
                }
                return;
            }
            let words = match cut_off {
                true => {
                    "What happens in the tenant does not reach this machine now. The sandbox can sign one and send it here:"
                }
                false => "Point a webhook at the address above, or have the sandbox sign one and send it here:",
            };
            prose(ui, words);
            crate::ui::code_view(ui, "Command that sends one", &line, 60.0);
        });
        return;
    }
    let third = (ui.available_width() - 2.0 * space::MD) / 3.0;
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = space::MD;
        let mut way = |words: &str, text: &str, button: Button<'_>| {
            let mut pressed = false;
            ui.allocate_ui_with_layout(vec2(third, 0.0), Layout::top_down(Align::Min), |ui| {
                card(ui, |ui| {
                    title(ui, words);
                    prose(ui, text);
                    ui.add_space(space::SM);
                    pressed = button.show(ui).clicked();
                });
            });
            pressed
        };
        let words = "A token, a request, a curl line, or many webhooks, one a line. Nothing leaves this machine.";
        if way("Paste", words, Button::secondary("Paste…").icon(Icon::Paste)) {
            state.side = Side::Paste;
        }
        let words = "Receive webhooks on this machine, keep them, and see at once whether and why each one verifies.";
        if way("Listen", words, Button::secondary("Listen").icon(Icon::Play)) {
            chain::listen(state, cx, actions);
        }
        let words = "Kinde delivers here: the address, a webhook that points at it, and both put back when you stop.";
        let button = Button::primary("Send this tenant's events here").icon(Icon::Webhook);
        if way("Public URL", words, button) {
            public::ask(state, cx, actions);
        }
    });
}

/// A path as a shell takes it.
fn quoted(path: &str) -> String {
    let plain = path.chars().all(|c| c.is_ascii_alphanumeric() || "/._-~".contains(c));
    if plain { path.to_owned() } else { format!("'{}'", path.replace('\'', "'\\''")) }
}

/// Under the search: what is searched for, and what can be done with what is chosen. Its height never changes.
fn under(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let chips = search::chips(ui, state, cx);
    if state.selection.is_empty() {
        if !chips {
            small(
                ui,
                if state.rows.paused { "Paused: the list stands still, receiving goes on" } else { "Newest first" },
            );
        }
        return;
    }
    let all = state.selection.all;
    let words = if all { "All that match".to_owned() } else { format!("{} selected", state.selection.count()) };
    let filter = state.search.filter(cx.now);
    let which = state.selection.which(&filter);
    strong(ui, &words);
    // What is chosen beyond the rows that are held may be pinned or not: that it is then is the more careful wish.
    let is_pinned = |seq| state.rows.get(seq).is_some_and(|row| row.pinned);
    let pinned = if all { filter.pinned } else { state.selection.chosen().all(is_pinned) };
    let words = if pinned { "Unpin" } else { "Pin" };
    if Button::ghost(words).small().hint("A pinned event is kept whatever its age").show(ui).clicked() {
        state.pin(which.clone(), !pinned, cx, actions);
    }
    if !all && Button::ghost("Copy").icon(Icon::Copy).small().hint("As lines, tab between").show(ui).clicked() {
        actions.push(Action::CopyText(list::lines(state).into()));
    }
    if Button::ghost("Replay…").icon(Icon::Play).small().hint("Send them once more, as they came").show(ui).clicked()
    {
        replays::open(state, cx);
    }
    if Button::ghost("Export…").icon(Icon::Upload).small().show(ui).clicked() {
        actions.push(Action::Inspector(InspectorAsk::Export));
    }
    if Button::ghost("Delete…").icon(Icon::Trash).small().show(ui).clicked() {
        let count = (!all).then(|| state.selection.count());
        state.question = Some(Question::Delete { which, count });
    }
    if Button::ghost("Clear selection").small().show(ui).clicked() {
        state.selection.clear();
    }
}

/// The question that is open.
fn questions(ui: &Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let Some(asked) = state.question.take() else { return };
    let name = cx.profile.map_or("this profile", |profile| profile.name.as_str());
    let (question, note, which) = match &asked {
        Question::Delete { which, count } => {
            let question = match count {
                Some(1) => "Delete this event?".to_owned(),
                Some(count) => format!("Delete {count} events?"),
                None => "Delete all events that match?".to_owned(),
            };
            let note = match which {
                Which::Matching(filter) if filter.pinned => "They are pinned: they go all the same.",
                Which::Matching(_) => "Pinned events stay.",
                Which::These(_) => "A pinned one goes too.",
            };
            (question, note, which.clone())
        }
        Question::Clear => {
            let question = format!("Delete everything received for {name}?");
            (question, "Pinned events stay.", Which::Matching(Box::default()))
        }
    };
    let confirm =
        Confirm::new(&question, "Delete").text("They are deleted for good and cannot be brought back.").text(note);
    match confirm.show(ui.ctx()) {
        Some(Answer::Confirmed) => state.delete(which, cx, actions),
        Some(Answer::Cancelled) => {}
        None => state.question = Some(asked),
    }
}
