//! Checks, steps, tables and groups: what many things are shown in.

use egui::Ui;
use jiff::Timestamp;

use super::GalleryState;
use crate::check::Check;
use crate::step::{Step, StepState};
use crate::ui::{
    Button, Col, Icon, ListRow, Mood, Table, ago, card, check_list, disclosure, icon_button, key_value, key_value_copy,
    key_value_ui, link, section, section_with, step_list_with,
};

/// Checks of every kind, for the gallery and its tests.
fn some_checks() -> Vec<Check> {
    vec![
        Check::pass("domain").seen("https://acme.kinde.com").took(std::time::Duration::from_millis(3)),
        Check::pass("JWKS").seen("2 keys at /.well-known/jwks").took(std::time::Duration::from_millis(182)),
        Check::fail(
            "granted scopes",
            "The token carries no create:connected_apps, so a session cannot be revoked.",
            "Add create:connected_apps to the M2M application in Kinde, then check again.",
        )
        .seen("read:users read:environments read:connected_apps"),
        Check::warn("clock", "This machine is 41 s behind Kinde.", "Let the system set its clock.").seen("-41 s"),
        Check::skipped("organization", "The token belongs to no organization"),
    ]
}

pub(super) fn checks(ui: &mut Ui, _: &mut GalleryState) {
    check_list(ui, "gallery", "Webhooks ready. Revoke needs create:connected_apps", &some_checks());
}

pub(super) fn steps(ui: &mut Ui, _: &mut GalleryState) {
    let at = Timestamp::UNIX_EPOCH;
    let steps = [
        Step::new("url", "Auth URL from Kinde", StepState::Done, at).took_ms(182).curl("curl https://acme.kinde.com/"),
        Step::new("open", "Browser opened", StepState::Done, at).detail("xdg-open, detached"),
        Step::new("wait", "Not confirmed yet", StepState::Running, at)
            .detail("Kinde has not confirmed yet. If you pressed Deny, cancel here."),
        Step::new("probe", "Proof at GitHub", StepState::Failed, at)
            .took_ms(91)
            .detail("GitHub answered 401: Bad credentials"),
        Step::new("token", "Token", StepState::Waiting, at),
    ];
    step_list_with(ui, &steps, |ui, step| {
        if step.state == StepState::Running {
            Button::secondary("Cancel").small().show(ui);
        }
    });
}

pub(super) fn table(ui: &mut Ui, state: &mut GalleryState) {
    let columns =
        [Col::exact("Time", 90.0), Col::exact("Type", 130.0), Col::rest("Who"), Col::exact("Took", 70.0).right()];
    let rows = [
        ("evt_1", "user.updated", "ada@example.com"),
        ("evt_2", "user.created", "a-very-long-name-indeed-that-is-cut@example.com"),
        ("evt_3", "role.created", ""),
    ];
    let answer = Table::new("Events", &columns).selected(state.row.or(Some(1))).show(
        ui,
        rows.len(),
        |index| rows.get(index).map_or_else(String::new, |row| row.0.to_owned()),
        |cells, index| {
            let Some((_, kind, who)) = rows.get(index) else { return };
            cells.mono("12:04:31");
            cells.text(kind);
            cells.subdued(who);
            cells.text("4 ms");
        },
    );
    state.row = answer.chosen.or(state.row);
}

pub(super) fn groups(ui: &mut Ui, _: &mut GalleryState) {
    ui.horizontal_top(|ui| {
        ui.vertical(|ui| {
            ui.set_width(210.0);
            ui.spacing_mut().item_spacing.y = 2.0;
            ListRow::new("Connected apps").icon(Icon::Apps).selected(true).show(ui);
            ListRow::new("Inspector").icon(Icon::Inspector).note("7").show(ui);
            ListRow::new("Email").icon(Icon::Mail).enabled(false).show(ui);
            ListRow::new("github").mark(Mood::Success, Icon::Check).note("12:01").show(ui);
            ListRow::new("a_reference_key_that_is_too_long").mark(Mood::Error, Icon::Cross).note("scope").show(ui);
        });
        ui.vertical(|ui| {
            card(ui, |ui| {
                section_with(
                    ui,
                    "Session",
                    |ui| {
                        icon_button(ui, Icon::Refresh, "Get the token again");
                    },
                    |ui| {
                        key_value(ui, "User", "Ada Lovelace");
                        key_value_copy(ui, "Event ID", "event_019a7c41bb12");
                        let at = |second| Timestamp::from_second(second).unwrap_or_default();
                        // Past, so that no clock runs in the gallery.
                        key_value_ui(ui, "Token", |ui| {
                            ui.label("Expires in 59:58");
                            ago(ui, at(0), at(7200));
                        });
                        link(ui, "Open in Kinde", "https://acme.kinde.com/admin");
                    },
                );
            });
        });
    });
    disclosure(ui, "guide", "Set-up guide", false, |_| {});
    disclosure(ui, "timeline", "Timeline", true, |ui| section(ui, "Opened", |ui| ui.label("What is below it")));
}
