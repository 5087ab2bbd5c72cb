//! The chain as one line: receiver, tunnel, webhook, each with its state in shape, word and colour.

use egui::{RichText, Ui};
use uuid::Uuid;

use super::Sending;
use crate::action::Action;
use crate::backend::public::Link;
use crate::clock::clock_time;
use crate::screens::inspector::state::State;
use crate::tunnel::{State as Tunnel, Way};
use crate::ui::tokens::space;
use crate::ui::{Button, Icon, Mood, copy_icon, line, status_with, subdued};
use crate::webhooks::How;

/// Below this width, in points, the receiver has a line of its own.
const NARROW: f32 = 820.0;

/// The chain of `profile`, where its events are sent here.
pub(in crate::screens::inspector) fn ui(
    ui: &mut Ui,
    state: &mut State,
    profile: Uuid,
    actions: &mut Vec<Action>,
) -> bool {
    let Some(sending) = state.public.sendings.get(&profile) else { return false };
    let address = state.receivers.get(&profile).and_then(|receiving| receiving.up.as_ref()).map(|up| up.url.clone());
    let mut stop = false;
    let narrow = ui.available_width() < NARROW;
    ui.horizontal(|ui| {
        ui.set_min_height(crate::ui::tokens::size::CONTROL_SMALL);
        receiver(ui, address.as_deref());
        if !narrow {
            arrow(ui);
            tunnel(ui, sending);
            webhook(ui, sending);
        }
        stop = end(ui, sending);
    });
    if narrow {
        ui.horizontal(|ui| {
            arrow(ui);
            tunnel(ui, sending);
            webhook(ui, sending);
        });
    }
    if stop {
        super::stop(state, profile, true, actions);
    }
    ui.add_space(space::XS);
    true
}

fn arrow(ui: &mut Ui) {
    Icon::ChevronLeft.show(ui, 14.0, crate::ui::tokens(ui).text_subdued, "from");
}

fn address(ui: &mut Ui, words: &str, whole: &str, width: f32) {
    ui.scope(|ui| {
        ui.set_max_width(width);
        line(ui, RichText::new(words).monospace()).on_hover_text(whole);
    });
}

fn receiver(ui: &mut Ui, url: Option<&str>) {
    let Some(url) = url else {
        status_with(ui, Mood::Neutral, Icon::Running, "receiver: starting…");
        return;
    };
    status_with(ui, Mood::Success, Icon::Dot, "receiving on");
    address(ui, url.strip_prefix("http://").unwrap_or(url), url, 190.0);
    copy_icon(ui, "Copy the receiver's address", || url.to_owned());
}

fn tunnel(ui: &mut Ui, sending: &Sending) {
    let Some(wish) = &sending.through else { return };
    let title = if wish.way == Way::Own { "address" } else { wish.way.title() };
    let host = |url: &url::Url| url.host_str().unwrap_or_default().to_owned();
    match &sending.tunnel {
        None => {
            status_with(ui, Mood::Neutral, Icon::Running, &format!("{title}: waiting"));
        }
        Some(Tunnel::Opening(words)) => {
            status_with(ui, Mood::Info, Icon::Running, &format!("{title}: opening")).on_hover_text(words);
        }
        Some(Tunnel::Testing { url }) => {
            status_with(ui, Mood::Info, Icon::Running, &format!("{title}: testing")).on_hover_text(url.as_str());
        }
        Some(Tunnel::Up { url, checked_at, .. }) => {
            let checked = format!("Webhooks come through unchanged: tested {}\n{url}", clock_time(*checked_at));
            status_with(ui, Mood::Success, Icon::Dot, title).on_hover_text(checked);
            address(ui, &host(url), url.as_str(), 200.0);
            copy_icon(ui, "Copy the public address", || url.to_string());
        }
        Some(Tunnel::Down { error, again_at, .. }) => {
            let again = again_at.map(|at| format!(", again {}", clock_time(at))).unwrap_or_default();
            let words = format!("{title}: lost{again}");
            status_with(ui, Mood::Error, Icon::CircleCross, &words).on_hover_text(&error.title);
        }
        Some(Tunnel::Ended { error, .. }) => {
            status_with(ui, Mood::Error, Icon::CircleCross, &format!("{title}: not there")).on_hover_text(&error.title);
        }
        Some(Tunnel::Rescued(_)) => {}
    }
    arrow(ui);
}

fn webhook(ui: &mut Ui, sending: &Sending) {
    match &sending.webhook {
        Link::Waiting if sending.stopping => {
            status_with(ui, Mood::Neutral, Icon::Running, "stopping…");
        }
        Link::Waiting => {
            status_with(ui, Mood::Neutral, Icon::Dot, "no webhook yet");
        }
        Link::Making => {
            status_with(ui, Mood::Info, Icon::Running, "making the webhook…");
        }
        Link::There(borrowed) => {
            let it = &borrowed.webhook;
            let words = format!("webhook \u{201c}{}\u{201d}", it.definition.name);
            let how = match &borrowed.how {
                How::Added => "Added, and taken away when you stop".to_owned(),
                How::InsteadOf(old) => {
                    format!("\u{201c}{}\u{201d} stands aside, and is made again when you stop", old.definition.name)
                }
                How::Already { .. } => "It pointed here before, and stays".to_owned(),
            };
            let count = it.definition.event_types.len();
            let hover = format!("{}\n{count} event types\n{how}", it.id);
            let missing = borrowed.how.missing().is_some();
            let (mood, icon) = if missing { (Mood::Warn, Icon::Warning) } else { (Mood::Success, Icon::Dot) };
            status_with(ui, mood, icon, &words).on_hover_text(hover);
            if matches!(borrowed.how, How::InsteadOf(_)) {
                subdued(ui, "standing in");
            }
        }
        Link::Refused(refusal) => {
            let words = if sending.behind { "webhook: left behind" } else { "no webhook" };
            status_with(ui, Mood::Error, Icon::CircleCross, words).on_hover_text(&refusal.error.title);
        }
        Link::Returning => {
            status_with(ui, Mood::Info, Icon::Running, "putting it back…");
        }
        Link::NotBack { .. } => {
            status_with(ui, Mood::Warn, Icon::Warning, "not put back yet");
        }
        Link::Back(_) => {
            status_with(ui, Mood::Success, Icon::Check, "put back");
        }
    }
}

/// The button at the end of the line.
fn end(ui: &mut Ui, sending: &Sending) -> bool {
    ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
        let stop =
            Button::secondary("Stop").icon(Icon::Stop).small().hint("Puts everything back, then stops receiving");
        stop.enabled_or(!sending.stopping, "It is being put back").show(ui).clicked()
    })
    .inner
}
