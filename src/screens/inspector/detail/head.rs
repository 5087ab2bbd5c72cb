//! What stands above the parts: the sentence, what to do, the eight rungs, and what was done to it on its way.

use egui::{Align, Label, Layout, RichText, Ui};

use super::state::{Part, State, There, What};
use super::{Turn, copy, forwards};
use crate::action::Action;
use crate::backend::attempt::{Signer, Told};
use crate::check::{Check, Verdict, first_trouble, worst};
use crate::clock::{clock_time, day};
use crate::inspector::damage::{Change, Damage};
use crate::screens::Cx;
use crate::ui::tokens::{size, space, text};
use crate::ui::{
    Button, Callout, Col, Icon, Mood, Table, check_rows, line, loading, marked, small, status_with, strong, tokens,
    verdict_icon,
};

/// The most places of a damage that show.
const PLACES: usize = 50;
/// The most bytes of one place.
const BYTES: usize = 24;

pub(super) fn ui(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) -> Option<Turn> {
    let (turn, again) = top(ui, state, cx, actions);
    let State { what: What::There(there), rungs_open, part, .. } = state else { return turn };
    let onward = forwards::latest_trouble(there, forwards::framework(cx));
    if let Some(told) = there.told() {
        fix(ui, told);
        facts(ui, there);
        if let Some((verdict, words)) = onward {
            forwarded(ui, verdict, &words, part);
        }
        ui.add_space(space::XS);
        ladder(ui, there.turn, &told.checks, rungs_open);
        if let Some(damage) = told.decoded.as_ref().and_then(|decoded| decoded.damage.as_ref()) {
            damaged(ui, damage);
        }
    } else {
        facts(ui, there);
    }
    copy::said(ui, there);
    ui.add_space(space::SM);
    if again {
        state.refresh(cx, actions);
    }
    turn
}

/// The sentence, and at its right what can be done.
fn top(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) -> (Option<Turn>, bool) {
    let mut turn = None;
    let mut again = false;
    ui.with_layout(Layout::right_to_left(Align::Min), |ui| {
        copy::dots(ui, state, cx, actions);
        if Button::icon_only(Icon::ChevronDown, "Older attempt").small().hint("Older, Alt+Down").show(ui).clicked() {
            turn = Some(Turn::Older);
        }
        if Button::icon_only(Icon::ChevronUp, "Newer attempt").small().hint("Newer, Alt+Up").show(ui).clicked() {
            turn = Some(Turn::Newer);
        }
        let State { what: What::There(there), .. } = &*state else { return };
        if let Some(Signer { id, name }) = there.told().and_then(|told| told.signer.as_ref()) {
            let hint = format!("Judge by the keys of {name}, and see its history");
            if Button::primary("Switch profile").hint(&hint).show(ui).clicked() {
                actions.push(Action::SwitchProfile(*id));
            }
        }
        ui.with_layout(Layout::left_to_right(Align::Min), |ui| match &there.told {
            None => loading(ui, "Judging…"),
            Some(Err(error)) => {
                again =
                    Callout::user_error(error).show_with(ui, |ui| Button::secondary("Judge again").show(ui).clicked());
            }
            Some(Ok(told)) => {
                let t = tokens(ui);
                let worst = worst(&told.checks);
                ui.add_space(space::XS);
                verdict_icon(worst).show(ui, 18.0, Mood::from(worst).tone(t).icon, worst.word());
                ui.add(Label::new(marked(&told.headline, text::TITLE, t.text_strong, t.text_strong)).wrap());
            }
        });
    });
    (turn, again)
}

fn fix(ui: &mut Ui, told: &Told) {
    let Some(fix) = first_trouble(&told.checks).and_then(|check| check.fix.as_deref()) else { return };
    let t = tokens(ui);
    ui.horizontal_top(|ui| {
        ui.add_space(space::XS + 26.0);
        ui.vertical(|ui| {
            ui.set_max_width(ui.available_width().min(size::PROSE_MAX + 120.0));
            ui.add(Label::new(marked(fix, text::BODY, t.text, t.text_strong)).wrap());
        });
    });
}

/// Which attempt it is: number, moment, type, whom, how it stands to others.
fn facts(ui: &mut Ui, there: &There) {
    let attempt = &there.opened.whole.attempt;
    let mut words = vec![
        format!("No. {}", attempt.seq),
        format!("{} {}", day(attempt.received_at), clock_time(attempt.received_at)),
        attempt.event_type.clone().unwrap_or_else(|| "no event".to_owned()),
    ];
    words.extend(attempt.who.clone());
    words.push(match attempt.attempt {
        1 => "1st attempt seen here".to_owned(),
        number => format!("attempt {number} of those seen here"),
    });
    if let Some(via) = &attempt.via {
        words.push(format!("captured by {via} before this receiver started"));
    }
    if attempt.verdict.is_none() {
        words.push("not judged yet".to_owned());
    }
    if attempt.pinned {
        words.push("pinned".to_owned());
    }
    ui.horizontal(|ui| {
        ui.add_space(space::XS + 26.0);
        let words = words.join(" · ");
        line(ui, RichText::new(words).size(text::SMALL).color(tokens(ui).text_subdued));
    });
}

/// What the handler made of it, where that is not well, and the way to what explains it.
fn forwarded(ui: &mut Ui, verdict: Verdict, words: &str, part: &mut Part) {
    ui.horizontal(|ui| {
        ui.add_space(space::XS + 26.0);
        let t = tokens(ui);
        let mood = Mood::from(verdict);
        verdict_icon(verdict).show(ui, 14.0, mood.tone(t).icon, verdict.word());
        let show = *part != Part::Timeline;
        let room = if show { 80.0 } else { 0.0 };
        ui.scope(|ui| {
            ui.set_max_width((ui.available_width() - room).max(60.0));
            line(ui, RichText::new(words).color(mood.tone(t).text)).on_hover_text(words);
        });
        if show && Button::ghost("Show").name("Show the forwards").small().show(ui).clicked() {
            *part = Part::Timeline;
        }
    });
}

/// The rungs as a row of marks, which opens to what was checked.
fn ladder(ui: &mut Ui, turn: u64, checks: &[Check], open: &mut bool) {
    if checks.is_empty() {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        ui.add_space(space::XS);
        ui.spacing_mut().item_spacing.x = 14.0;
        for check in checks {
            let named = status_with(ui, Mood::from(check.verdict), verdict_icon(check.verdict), &check.name);
            let seen = check.why.as_deref().or(check.seen.as_deref()).unwrap_or(check.verdict.word());
            named.on_hover_text(format!("{}: {seen}", check.verdict.word()));
        }
        let (words, icon) = if *open { ("Hide checks", Icon::ChevronUp) } else { ("Why?", Icon::ChevronDown) };
        if Button::ghost(words).icon_after(icon).small().show(ui).clicked() {
            *open = !*open;
        }
    });
    if *open {
        check_rows(ui, &format!("rungs {turn}"), checks);
    }
}

/// The bytes that differ from the signed ones.
fn damaged(ui: &mut Ui, damage: &Damage) {
    ui.add_space(space::XS);
    crate::ui::card(ui, |ui| {
        strong(ui, damage.what);
        let proof = if damage.proven { "Without it the signature verifies." } else { "It cannot be proved here." };
        small(ui, &format!("Usually done by: {}. {proof}", damage.culprit));
        if damage.changes.is_empty() {
            return;
        }
        let columns = [Col::exact("Byte", 80.0), Col::exact("Received", 320.0), Col::rest("Signed")];
        Table::new("Byte difference", &columns).max_height(140.0).show(
            ui,
            damage.changes.len().min(PLACES),
            |index| format!("{index}"),
            |cells, index| {
                let Some(Change { at, received, signed }) = damage.changes.get(index) else { return };
                cells.mono(&at.to_string());
                for (bytes, none) in [(received, "missing"), (signed, "nothing")] {
                    if bytes.is_empty() { cells.subdued(none) } else { cells.mono(&shown(bytes)) }
                }
            },
        );
        if damage.changes.len() > PLACES {
            small(ui, &format!("and {} more places", damage.changes.len() - PLACES));
        }
    });
}

/// `22 0a  ".`, and how many more.
fn shown(bytes: &[u8]) -> String {
    let some = bytes.get(..BYTES.min(bytes.len())).unwrap_or_default();
    let hex = some.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
    let text: String =
        some.iter().map(|byte| if (0x20..0x7f).contains(byte) { char::from(*byte) } else { '.' }).collect();
    let more = if bytes.len() > some.len() { format!(" and {} more", bytes.len() - some.len()) } else { String::new() };
    format!("{hex}  {text}{more}")
}
