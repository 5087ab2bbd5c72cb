//! One message in full: its text, its HTML as words, its headers, what is attached, and itself as it came.

use egui::{Align, Layout, ScrollArea, Ui};

use super::mails::{Mails, bytes, subject};
use crate::action::Action;
use crate::clock::clock_time;
use crate::sandbox::{MailBody, MailView};
use crate::ui::tokens::space;
use crate::ui::{LoadAsk, LoadView, code_view, copy_button, key_value, key_value_copy, small, strong, subdued, tabs};

/// The parts of a message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Part {
    #[default]
    Text,
    Html,
    Headers,
    Raw,
}

/// Draws it; true when it is to be read again.
pub(super) fn ui(ui: &mut Ui, state: &mut Mails, view: &MailView, _actions: &mut Vec<Action>) -> bool {
    let Mails { body, part, .. } = state;
    let read = body.value().and_then(Option::as_deref);
    ui.horizontal(|ui| {
        strong(ui, subject(view));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if let Some(read) = read {
                copy_button(ui, "Copy headers", || headers(read));
            }
        });
    });
    let count = read.map(|read| read.headers.len());
    tabs(
        ui,
        part,
        &[
            (Part::Text, "Text", None),
            (Part::Html, "HTML as words", None),
            (Part::Headers, "Headers", count),
            (Part::Raw, "Raw", None),
        ],
    );
    ui.add_space(space::SM);
    let part = *part;
    let salt = ("mail", view.id, part as u8);
    let ask = ScrollArea::vertical().id_salt(salt).auto_shrink(false).show(ui, |ui| {
        LoadView::new("Reading the message…").cancellable().show(ui, body, |ui, body| match body.as_deref() {
            Some(body) => content(ui, body, part),
            None => {
                subdued(ui, "This message is not kept any more: newer ones took its place");
            }
        })
    });
    matches!(ask.inner, Some(LoadAsk::Retry))
}

/// The headers as they came: what "Received headers" of the Email room explains.
fn headers(body: &MailBody) -> String {
    let end = body.raw.find("\r\n\r\n").unwrap_or(body.raw.len());
    body.raw.get(..end).unwrap_or_default().to_owned()
}

fn content(ui: &mut Ui, body: &MailBody, part: Part) {
    match part {
        Part::Text => {
            envelope(ui, &body.view);
            text(ui, "text", body.text.as_deref(), "It has no plain text: readers without HTML see nothing");
            attached(ui, body);
        }
        Part::Html => {
            text(ui, "words of the HTML", body.html_text.as_deref(), "It has no HTML");
            if let Some(html) = &body.html {
                ui.add_space(space::SM);
                small(ui, "As it was written. Nothing of it is fetched or run here");
                code_view(ui, "HTML", html, 240.0);
            }
        }
        Part::Headers => {
            for (name, value) in &body.headers {
                key_value_copy(ui, name, value);
            }
        }
        Part::Raw => code_view(ui, "raw message", &body.raw, f32::INFINITY),
    }
    if body.cut {
        ui.add_space(space::XS);
        small(ui, "A part of it is longer than 256 KiB and is not shown to its end");
    }
}

fn envelope(ui: &mut Ui, view: &MailView) {
    key_value_copy(ui, "Envelope from", if view.from.is_empty() { "<>" } else { &view.from });
    key_value_copy(ui, "Envelope to", &view.to.join(", "));
    let tls = view.tls.as_deref().unwrap_or("no TLS");
    key_value(ui, "Taken", &format!("{}, {}, over {tls}", clock_time(view.received), bytes(view.size)));
    key_value_copy(ui, "Queued as", &view.queue_id);
    ui.add_space(space::SM);
}

fn text(ui: &mut Ui, name: &str, text: Option<&str>, none: &str) {
    match text.map(str::trim_end).filter(|text| !text.is_empty()) {
        Some(text) => code_view(ui, name, text, 320.0),
        None => {
            subdued(ui, none);
        }
    }
}

fn attached(ui: &mut Ui, body: &MailBody) {
    if body.parts.is_empty() {
        return;
    }
    ui.add_space(space::SM);
    small(ui, "Attached");
    for part in &body.parts {
        let name = part.name.as_deref().unwrap_or("without a name");
        key_value(ui, name, &format!("{}, {}", part.content_type, bytes(part.size)));
    }
}
