//! The headers of a message that arrived, as pasted: who believed it, who signed it, which way it came. Nothing is asked of
//! any network.

use egui::{Align, Layout, Ui};

use super::look;
use crate::clock::clock_time;
use crate::mail::headers::{self, Hop, Read, Signature};
use crate::ui::tokens::{size, space};
use crate::ui::{
    Button, Col, Icon, Mood, Table, check_list, empty_state, key_value, key_value_copy, paste_box, section, small,
    status, strong,
};

/// The sender's side and the receiver's seldom come to more.
const MOST_ROWS: f32 = 8.0;
/// In a page narrower than this a hop shows without who handed it over and how, in points.
const NARROW: f32 = 620.0;

/// What the part remembers.
#[derive(Default)]
pub(super) struct Headers {
    text: String,
    /// What the text says, once there is one.
    read: Option<Read>,
}

/// A signature whose key is to be looked up.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LookUp {
    pub domain: String,
    pub selector: String,
}

/// Draws it.
pub(super) fn ui(ui: &mut Ui, state: &mut Headers) -> Option<LookUp> {
    let answer = paste_box(ui, "Headers of a message", HINT, 7, &mut state.text);
    if answer.response.changed() {
        state.read = (!state.text.trim().is_empty()).then(|| headers::read(&state.text));
    }
    ui.horizontal(|ui| {
        small(ui, "Read on this computer alone. Nothing of it is kept");
        if !state.text.is_empty() {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if Button::ghost("Clear").name("Clear the headers").small().show(ui).clicked() {
                    *state = Headers::default();
                }
            });
        }
    });
    ui.add_space(space::MD);
    let Some(read) = &state.read else {
        empty_state(ui, Some(Icon::Mail), IDLE, None);
        return None;
    };
    check_list(ui, "headers", &read.headline, &look::titled(&read.checks));
    ui.add_space(space::MD);
    let mut look_up = None;
    if !read.signatures.is_empty() {
        section(ui, "Signatures", |ui| look_up = signatures(ui, &read.signatures));
    }
    if !read.hops.is_empty() {
        section(ui, "The way it came", |ui| hops(ui, &read.hops));
    }
    look_up
}

const HINT: &str = "Paste the headers, or the whole message: Show original at Gmail, View message source elsewhere";

const IDLE: &str = "Send the test email to a mailbox of yours, and paste the headers of what arrived: they say whether SPF, DKIM \
                    and DMARC held there, who signed it, and which way it came";

/// Each signature, with what it says; the one whose key is to be looked up.
fn signatures(ui: &mut Ui, all: &[Signature]) -> Option<LookUp> {
    let mut wanted = None;
    for (index, signed) in all.iter().enumerate() {
        ui.push_id(("signature", index), |ui| {
            let key = format!("{}._domainkey.{}", signed.selector, signed.domain);
            ui.horizontal(|ui| {
                strong(ui, &signed.domain);
                let (mood, words) = if signed.aligned {
                    (Mood::Success, "speaks for From")
                } else {
                    (Mood::Neutral, "speaks for its own domain")
                };
                status(ui, mood, words);
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    let name = format!("Look {key} up");
                    let button = Button::secondary("Look the key up").name(&name).small();
                    let button = button.hint("Opens Sender domain with this domain and selector");
                    if button.icon(Icon::Search).show(ui).clicked() {
                        wanted = Some(LookUp { domain: signed.domain.clone(), selector: signed.selector.clone() });
                    }
                });
            });
            key_value_copy(ui, "Key in DNS", &key);
            key_value(ui, "Algorithm", &signed.algorithm);
            key_value(ui, "Covers", &signed.covers.join(", "));
            ui.add_space(space::SM);
        });
    }
    wanted
}

/// The servers that passed it on, the sender's first.
fn hops(ui: &mut Ui, all: &[Hop]) {
    let wide = ui.available_width() >= NARROW;
    let mut columns = vec![Col::exact("Taken", 76.0)];
    if wide {
        columns.push(Col::exact("From", 230.0));
    }
    columns.push(Col::rest("By"));
    if wide {
        columns.push(Col::exact("With", 84.0));
    }
    columns.push(Col::exact("After", 76.0).right());
    let height = MOST_ROWS * size::ROW;
    Table::new("The way it came", &columns).max_height(height).show(
        ui,
        all.len(),
        |index| all.get(index).map_or_else(String::new, |hop| format!("{}. {}", index + 1, word(hop.by.as_deref()))),
        |cells, index| {
            let Some(hop) = all.get(index) else { return };
            cells.subdued(&hop.at.map_or_else(|| "no time".to_owned(), clock_time));
            if wide {
                cells.mono(word(hop.from.as_deref()));
            }
            cells.mono(word(hop.by.as_deref()));
            if wide {
                cells.subdued(word(hop.with.as_deref()));
            }
            cells.subdued(&hop.delay.map(after).unwrap_or_default());
        },
    );
}

fn word(found: Option<&str>) -> &str {
    found.unwrap_or("not said")
}

/// How long a message was on its way to a server, in words.
fn after(seconds: i64) -> String {
    match seconds {
        // Two clocks that do not agree.
        ..0 => "clocks differ".to_owned(),
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        more => format!("{} h", more / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_is_told_in_the_unit_a_person_thinks_in() {
        assert_eq!(
            [after(-4), after(0), after(119), after(1200), after(9000)],
            ["clocks differ", "0 s", "119 s", "20 min", "2 h"]
        );
    }
}
