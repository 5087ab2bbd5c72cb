//! Where the payload in the editor comes from, and the way to take a received event in its place.

use egui::{Align, Layout, Ui};

use super::draft::{Draft, From};
use crate::backend::sandbox::Received;
use crate::clock::{clock_time, day};
use crate::error::UserError;
use crate::kinde::event_types::{KnownType, Origin};
use crate::ui::tokens::size;
use crate::ui::{Button, Callout, Mood, badge};

/// What is known of the newest kept attempt of the chosen type.
#[derive(Debug, Default)]
pub(super) enum Kept {
    /// It is being looked for.
    #[default]
    Asked,
    /// None is kept that can be read.
    None,
    /// This one.
    Newest(Received),
    /// The history could not be read.
    Failed(UserError),
}

/// What is wanted in place of what the editor holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// The newest kept attempt.
    Received,
    /// The sample.
    Sample,
}

/// From when, which profile, and whether it was verified.
pub(super) fn told(received: &Received) -> String {
    let verified = if received.verified { "verified" } else { "not verified" };
    format!("Received by {} on {} at {}, {verified}", received.profile, day(received.at), clock_time(received.at))
}

/// The origin of what the editor holds, its banner, and the button that takes something else.
pub(super) fn ui(ui: &mut Ui, known: &KnownType, draft: Option<&Draft>, kept: &Kept) -> Option<Wanted> {
    let from = draft.map(|draft| &draft.from);
    let mut wanted = None;
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL_SMALL);
        origin_badge(ui, known.origin, from);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if matches!(from, Some(From::Received { .. })) {
                let back = Button::ghost("Use the sample").name("Use the sample again").small();
                if back.hint("What was typed goes").show(ui).clicked() {
                    wanted = Some(Wanted::Sample);
                }
            }
            let (why_not, hint) = match kept {
                Kept::Asked => ("The history is being read".to_owned(), String::new()),
                Kept::None => ("No profile has received an event of this type".to_owned(), String::new()),
                Kept::Failed(error) => (error.title.clone(), String::new()),
                Kept::Newest(received) => (String::new(), told(received)),
            };
            let words =
                if matches!(from, Some(From::Received { .. })) { "Newest received" } else { "Use a received event" };
            let button = Button::secondary(words).name("Use a received event as sample").small().hint(&hint);
            if button.enabled_or(matches!(kept, Kept::Newest(_)), &why_not).show(ui).clicked() {
                wanted = Some(Wanted::Received);
            }
        });
    });
    // A live schema names the shape, and what was received has one.
    if let (Some(banner), None | Some(From::Sample(None))) = (known.origin.banner(), from) {
        Callout::warn(banner).show(ui);
    }
    wanted
}

fn origin_badge(ui: &mut Ui, origin: Origin, from: Option<&From>) {
    let (mood, words, why) = match (from, origin) {
        (Some(From::Sample(Some(live))), _) => {
            let host = live.from.split_once("://").map_or(live.from.as_str(), |(_, host)| host);
            let why = format!("As {host} itself describes it, first read on {}", day(live.read));
            (Mood::Success, "live schema", why)
        }
        (Some(From::Received { told, verified }), _) => {
            (if *verified { Mood::Success } else { Mood::Warn }, "received", told.clone())
        }
        (_, Origin::Measured) => (Mood::Success, "measured", "As in a delivery of Kinde that was read".to_owned()),
        (_, Origin::Typed) => (Mood::Info, "Kinde's types", "As Kinde's own library types it".to_owned()),
        (_, Origin::Inferred) => (
            Mood::Warn,
            "inferred",
            "Put together from handlers others wrote. A schema that the Webhooks room reads from a tenant goes before it"
                .to_owned(),
        ),
    };
    badge(ui, mood, words).on_hover_text(why);
}
