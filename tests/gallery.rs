//! The gallery in both themes: it settles, every control has a name, and the pictures stay as they were judged.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may stop at the first surprise")]

mod common;

use egui::{Theme, vec2};
use egui_kittest::kittest::Queryable as _;
use egui_kittest::{Harness, SnapshotOptions, SnapshotResults};
use kinde_panel::ui::gallery::{self, GalleryState, Over};
use kinde_panel::ui::tokens;

/// The only place a threshold is made: room for another driver's rounding, not for another look.
fn options() -> SnapshotOptions {
    SnapshotOptions::new().threshold(0.8).max_failed_pixels(40)
}

fn harness(name: &'static str, which: Theme) -> Harness<'static, (GalleryState, f32)> {
    let mut harness = Harness::builder()
        .with_size(vec2(800.0, 1000.0))
        .with_theme(which)
        .with_os(egui::os::OperatingSystem::Nix)
        .with_options(options())
        .with_context_setup(common::look)
        .build_ui_state(
            move |ui, (state, height)| {
                let page = tokens(ui).page;
                let whole = ui.ctx().content_rect();
                ui.ctx().layer_painter(egui::LayerId::background()).rect_filled(whole, 0, page);
                let shown = egui::Frame::new().fill(page).inner_margin(16).show(ui, |ui| {
                    ui.set_width(728.0);
                    gallery::piece(ui, name, state);
                });
                *height = shown.response.rect.bottom();
            },
            (GalleryState::default(), 0.0),
        );
    harness.run();
    let height = harness.state().1 + 8.0;
    harness.set_size(vec2(776.0, height.ceil()));
    harness.run();
    harness
}

#[test]
fn every_piece_settles_names_its_controls_and_looks_as_it_was_judged() {
    let mut results = SnapshotResults::new();
    for (name, _) in gallery::PIECES {
        for (theme, suffix) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
            // `run` fails where frames never end, and where an input has no name.
            let mut harness = harness(name, theme);
            common::picture(&mut harness, format!("gallery_{name}_{suffix}"));
            results.extend_harness(&mut harness);
        }
    }
}

#[test]
fn what_stands_over_the_page_settles_and_looks_as_it_was_judged() {
    let mut results = SnapshotResults::new();
    for (over, name) in [(Over::Dialog, "dialog"), (Over::Palette, "palette"), (Over::Toasts, "toasts")] {
        for (theme, suffix) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
            let mut harness = harness("over", theme);
            harness.state_mut().0.over = Some(over);
            harness.set_size(vec2(776.0, 360.0));
            harness.run();
            common::picture(&mut harness, format!("gallery_{name}_{suffix}"));
            results.extend_harness(&mut harness);
        }
    }
}

#[test]
fn an_open_list_and_a_field_with_the_keyboard_settle_and_look_as_they_were_judged() {
    let mut results = SnapshotResults::new();
    for (theme, suffix) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
        let mut open = harness("choices", theme);
        open.get_by_label("User").click();
        open.run();
        common::picture(&mut open, format!("gallery_open_list_{suffix}"));
        results.extend_harness(&mut open);

        let mut focused = harness("fields", theme);
        focused.key_press(egui::Key::Tab);
        // Not even a text cursor may ask for frames.
        focused.run();
        common::picture(&mut focused, format!("gallery_focus_{suffix}"));
        results.extend_harness(&mut focused);
    }
}
