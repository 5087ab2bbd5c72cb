//! A hidden screen with every widget in every state: the place where looks are judged (`--gallery`), and what
//! the snapshot tests draw. It has no state of the program and does nothing.

mod forms;
mod lists;
mod states;
mod words;

use egui::{ScrollArea, Ui};

use super::tokens::space;
use super::{Notices, PaletteState, SecretDraft, title};

/// What the gallery's own fields hold.
#[derive(Debug, Default)]
pub struct GalleryState {
    text: String,
    broken: String,
    filter: String,
    secret: SecretDraft,
    on: bool,
    off: bool,
    chosen: usize,
    tab: usize,
    row: Option<usize>,
    pasted: String,
    notices: Notices,
    palette: PaletteState,
    /// What stands over the page.
    pub over: Option<Over>,
}

/// What can stand over the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// A question before something is destroyed.
    Dialog,
    /// The command palette.
    Palette,
    /// Toasts at the lower right.
    Toasts,
}

/// One part of the gallery.
pub type Piece = (&'static str, fn(&mut Ui, &mut GalleryState));

/// The parts, each drawn on its own by the tests.
pub const PIECES: &[Piece] = &[
    ("buttons", words::buttons),
    ("icons", words::icons),
    ("text", words::words),
    ("fields", forms::fields),
    ("callouts", words::callouts),
    ("choices", forms::choices),
    ("status", words::statuses),
    ("secrets", forms::secrets),
    ("loads", states::loads),
    ("checks", lists::checks),
    ("steps", lists::steps),
    ("table", lists::table),
    ("groups", lists::groups),
    ("paste", forms::paste),
    ("code", states::code),
    ("notices", states::notices),
    ("over", states::over),
];

/// The whole gallery, one part below the other.
pub fn ui(ui: &mut Ui, state: &mut GalleryState) {
    ScrollArea::vertical().id_salt("gallery").auto_shrink(false).show(ui, |ui| {
        for (name, piece) in PIECES {
            title(ui, name);
            ui.push_id(name, |ui| piece(ui, state));
            ui.add_space(space::XL);
        }
    });
}

/// One part by its name; does nothing where there is none.
pub fn piece(ui: &mut Ui, name: &str, state: &mut GalleryState) {
    if let Some((name, piece)) = PIECES.iter().find(|(known, _)| *known == name) {
        ui.push_id(name, |ui| piece(ui, state));
    }
}

fn row(ui: &mut Ui, content: impl FnOnce(&mut Ui)) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::MD;
        content(ui);
    });
}
