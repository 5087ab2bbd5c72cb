//! The webhooks of the sandbox in short; the Webhooks room changes them.

use egui::Ui;

use crate::backend::sandbox::Command;
use crate::sandbox::WebhookView;
use crate::ui::tokens::{size, space};
use crate::ui::{Button, Col, Mood, Table, small, status, subdued};

/// The most rows that show at once; the others scroll.
const ROWS: f32 = 5.0;

/// Draws them; what is to be done.
pub(super) fn ui(ui: &mut Ui, hooks: &[WebhookView]) -> Option<Command> {
    if hooks.is_empty() {
        subdued(ui, "There is none yet. Add one in the Webhooks room: its address may be on this machine");
        return None;
    }
    let mut wanted = None;
    let columns = [Col::exact("Name", 150.0), Col::rest("Endpoint"), Col::exact("State", 190.0)];
    Table::new("Webhooks", &columns).max_height(ROWS * size::ROW).show(
        ui,
        hooks.len(),
        |index| hooks.get(index).map_or_else(String::new, |hook| hook.id.clone()),
        |cells, index| {
            let Some(hook) = hooks.get(index) else { return };
            cells.text(&hook.name);
            cells.mono(&hook.endpoint);
            cells.ui(|ui| match hook.off_since {
                None => {
                    status(ui, Mood::Success, &types(hook.event_types.len()));
                }
                Some(_) => {
                    status(ui, Mood::Error, "switched off");
                    let name = format!("Switch {} on again", hook.name);
                    if Button::ghost("Switch on").name(&name).small().show(ui).clicked() {
                        wanted = Some(Command::SwitchOn { webhook: hook.id.clone() });
                    }
                }
            });
        },
    );
    if hooks.iter().any(|hook| hook.off_since.is_some()) {
        ui.add_space(space::XS);
        small(ui, "Kinde switches a webhook off whose target failed for 72 hours, and tells by email alone");
    }
    wanted
}

fn types(count: usize) -> String {
    match count {
        1 => "1 event type".to_owned(),
        more => format!("{more} event types"),
    }
}
