//! Below the chain: what does not work and what to do about it, and what was put back.

use egui::Ui;
use uuid::Uuid;

use super::{Sending, open, stop};
use crate::action::{Action, Room};
use crate::backend::public::Link;
use crate::check::{Check, Verdict};
use crate::clock::clock_time;
use crate::error::UserError;
use crate::screens::Cx;
use crate::screens::inspector::state::State;
use crate::tunnel::State as Tunnel;
use crate::ui::tokens::space;
use crate::ui::{Button, Callout, check_rows, step_list_hinted};
use crate::webhooks::Why;

/// What a person pressed.
enum Pressed {
    Again,
    Change,
    Leave,
    Stop,
    Webhooks,
}

pub(in crate::screens::inspector) fn ui(
    ui: &mut Ui,
    state: &mut State,
    profile: Uuid,
    cx: &Cx<'_>,
    actions: &mut Vec<Action>,
) {
    told(ui, state, profile);
    let Some(sending) = state.public.sendings.get(&profile) else { return };
    let pressed = tunnel(ui, sending).or_else(|| webhook(ui, sending, cx));
    match pressed {
        None => {}
        Some(Pressed::Again) => sending.again(),
        Some(Pressed::Leave) => sending.steer.send_modify(|steer| steer.leave = true),
        Some(Pressed::Webhooks) => actions.push(Action::Go(Room::Webhooks)),
        Some(Pressed::Stop) => drop(stop(state, profile, true, actions)),
        Some(Pressed::Change) => {
            if let Some(profile) = cx.profile {
                open(state, profile, cx, actions);
            }
        }
    }
}

/// What came of the last one.
fn told(ui: &mut Ui, state: &mut State, profile: Uuid) {
    let Some(told) = state.public.told.get(&profile) else { return };
    let callout = Callout::new(told.mood, told.title).text(&told.words);
    if callout.show_with(ui, |ui| Button::ghost("Dismiss").small().name("Dismiss what was put back").show(ui).clicked())
    {
        state.public.told.remove(&profile);
    }
    ui.add_space(space::SM);
}

fn tunnel(ui: &mut Ui, sending: &Sending) -> Option<Pressed> {
    let (error, checks) = sending.tunnel_trouble()?;
    if sending.stopping {
        return None;
    }
    let ended = matches!(sending.tunnel, Some(Tunnel::Ended { .. }));
    let pressed = trouble(ui, error, checks, |ui| {
        let change = Button::secondary("Choose another way\u{2026}").small().show(ui).clicked();
        // One that is lost is tried again by itself.
        let stop = ended && Button::ghost("Stop").name("Stop after the tunnel failed").small().show(ui).clicked();
        change.then_some(Pressed::Change).or(stop.then_some(Pressed::Stop))
    });
    ui.add_space(space::SM);
    pressed
}

fn webhook(ui: &mut Ui, sending: &Sending, cx: &Cx<'_>) -> Option<Pressed> {
    let pressed = match &sending.webhook {
        Link::Refused(refusal) if !sending.stopping => {
            let checks: &[Check] = match &refusal.why {
                Why::Unusable(checks) => checks,
                _ => &[],
            };
            let limit = matches!(refusal.why, Why::Limit);
            trouble(ui, &refusal.error, checks, |ui| {
                let words = if limit { "Let another stand aside\u{2026}" } else { "Change\u{2026}" };
                let change = Button::secondary(words).small().show(ui).clicked();
                let again = Button::ghost("Try again").small().show(ui).clicked();
                change.then_some(Pressed::Change).or(again.then_some(Pressed::Again))
            })
        }
        Link::There(borrowed) => {
            let missing = borrowed.how.missing()?;
            let title = format!("\u{201c}{}\u{201d} pointed here already", borrowed.webhook.definition.name);
            let text = format!("It stays as it is. {missing}: change it in Webhooks");
            let go = |ui: &mut Ui| Button::secondary("Go to Webhooks").small().show(ui).clicked();
            Callout::warn(&title).text(&text).show_with(ui, go).then_some(Pressed::Webhooks)
        }
        Link::NotBack { error, again_at } => {
            let when = again_at.map(|at| format!("It is tried again at {}.", clock_time(at))).unwrap_or_default();
            let left = "Until then its webhook stays in the tenant. The journal keeps what is to be put back.";
            Callout::warn(&error.title).text(&error.detail).text(&when).text(left).show_with(ui, |ui| {
                let again = Button::secondary("Try now").small().show(ui).clicked();
                let leave = Button::ghost("Leave it to the next start").small().show(ui).clicked();
                again.then_some(Pressed::Again).or(leave.then_some(Pressed::Leave))
            })
        }
        _ => return None,
    };
    if !sending.steps.is_empty() {
        let name = cx.profile.map(|profile| profile.name.clone()).unwrap_or_default();
        crate::ui::disclosure(ui, "steps at Kinde", "What was asked of Kinde", false, |ui| {
            step_list_hinted(ui, &sending.steps, &|| crate::net::token_hint(&name, cx.data_dir));
        });
    }
    ui.add_space(space::SM);
    pressed
}

/// An error with the checks that say more, and buttons.
fn trouble(
    ui: &mut Ui,
    error: &UserError,
    checks: &[Check],
    buttons: impl FnOnce(&mut Ui) -> Option<Pressed>,
) -> Option<Pressed> {
    let pressed = Callout::user_error(error).show_with(ui, buttons);
    if checks.iter().any(|check| check.verdict != Verdict::Pass) {
        check_rows(ui, "public address", checks);
    }
    pressed
}
