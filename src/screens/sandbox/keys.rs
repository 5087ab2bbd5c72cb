//! The signing key: which it is.

use egui::Ui;

use crate::ui::key_value_copy;

/// Draws the keys.
pub(super) fn ui(ui: &mut Ui, kids: &[String]) {
    for (index, kid) in kids.iter().enumerate() {
        key_value_copy(ui, if index == 0 { "Signs with" } else { "Also published" }, kid);
    }
}
