//! What the tests that look at pictures share.

use std::io::Write as _;

use egui_kittest::Harness;

/// Sets the look up, and clock times of UTC: a picture is the same wherever it is made.
pub fn look(ctx: &egui::Context) {
    kinde_panel::clock::show_times_in(jiff::tz::TimeZone::UTC);
    kinde_panel::ui::theme::install(ctx);
}

/// Compares the picture with the one that was judged. A person who declined the driver that draws it (tests/run) skips
/// the comparison, aloud; everything else of the test still runs.
pub fn picture<State>(harness: &mut Harness<'_, State>, name: impl Into<String>) {
    let name = name.into();
    let skip = std::env::var("KINDE_PANEL_SKIP").unwrap_or_default();
    if skip.split_whitespace().any(|word| word == "snapshots") {
        writeln!(std::io::stderr(), "SKIPPED: the picture {name}, by your choice").ok();
    } else {
        harness.snapshot(name);
    }
}
