//! What came over the wire: the bytes and the headers.

use egui::Ui;

use super::state::There;
use crate::ui::{Col, Table, code_view, copy_button, segmented, small};

/// The most bytes that are shown as hex.
const HEX: usize = 16 * 1024;
/// The most headers that are shown.
const HEADERS: usize = 200;

pub(super) fn ui(ui: &mut Ui, there: &mut There, height: f32) {
    let whole = &there.opened.whole;
    let text = std::str::from_utf8(&whole.body).ok();
    ui.horizontal(|ui| {
        let mut hex = there.hex || text.is_none();
        if text.is_some() && segmented(ui, &mut hex, &[(false, "Text"), (true, "Hex")]) {
            there.hex = hex;
        }
        let kept = if whole.attempt.whole { "" } else { ", without the signature, which is not kept" };
        small(ui, &format!("{} bytes{kept}. SHA-256 {}", whole.body.len(), whole.attempt.body_sha256));
    });
    match text.filter(|_| !there.hex) {
        Some("") => {
            small(ui, "It came without a body");
        }
        Some(text) => code_view(ui, "Body", text, height),
        None => {
            let shown = whole.body.get(..HEX.min(whole.body.len())).unwrap_or_default();
            code_view(ui, "Body in hex", &hex_dump(shown), height);
            if whole.body.len() > HEX {
                small(ui, &format!("The first {HEX} bytes of {}", whole.body.len()));
            }
        }
    }
}

pub(super) fn headers(ui: &mut Ui, there: &There, height: f32) {
    let headers = &there.opened.whole.headers;
    if headers.is_empty() {
        small(ui, "No header is kept of it");
        return;
    }
    ui.horizontal(|ui| {
        small(ui, "Credentials are not kept");
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            copy_button(ui, "Copy headers", || {
                headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect()
            });
        });
    });
    let columns = [Col::exact("Name", 200.0), Col::rest("Value"), Col::exact("", 32.0)];
    Table::new("Headers", &columns).max_height(height).show(
        ui,
        headers.len().min(HEADERS),
        |index| format!("{index}"),
        |cells, index| {
            let Some((name, value)) = headers.get(index) else { return };
            cells.mono(name);
            cells.mono(value.get(..value.len().min(400)).unwrap_or(value));
            cells.ui(|ui| {
                crate::ui::copy_icon(ui, &format!("Copy {name}"), || value.clone());
            });
        },
    );
}

/// `00000000  65 79 4a …  |eyJ…|`
fn hex_dump(bytes: &[u8]) -> String {
    let mut out = String::new();
    for (index, line) in bytes.chunks(16).enumerate() {
        let hex: String = line.iter().map(|byte| format!("{byte:02x} ")).collect();
        let text: String =
            line.iter().map(|byte| if (0x20..0x7f).contains(byte) { char::from(*byte) } else { '.' }).collect();
        out.push_str(&format!("{:08x}  {hex:<48} {text}\n", index * 16));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_in_hex_stand_beside_what_of_them_is_text() {
        let dump = hex_dump(b"eyJ\x00\xff0123456789abc");
        let lines: Vec<&str> = dump.lines().collect();
        assert_eq!(lines[0], "00000000  65 79 4a 00 ff 30 31 32 33 34 35 36 37 38 39 61  eyJ..0123456789a");
        assert_eq!(lines[1], format!("00000010  {:<48} bc", "62 63 "));
    }
}
