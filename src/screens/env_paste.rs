//! `.env` texts that are dropped on a room or pasted into it.

use std::path::PathBuf;

use egui::{Event, Ui};

use crate::secrets::Secret;

/// What was given to the room, and not to a field of it.
pub(super) enum Given {
    /// A text that was pasted.
    Text(Secret),
    /// A file that was dropped.
    File(PathBuf),
}

/// Takes a dropped file, and a paste that `is_env` says is a `.env` text, before a field gets it: one line of it would be
/// of no use.
pub(super) fn take(ui: &Ui, is_env: impl Fn(&str) -> bool) -> Option<Given> {
    ui.input_mut(|input| {
        let mut pasted = None;
        input.events.retain(|event| match event {
            Event::Paste(text) if is_env(text) => {
                pasted = Some(Secret::new(text.as_str()));
                false
            }
            _ => true,
        });
        let dropped = || input.raw.dropped_files.first().map(|file| Given::File(file.path().to_owned()));
        pasted.map(Given::Text).or_else(dropped)
    })
}
