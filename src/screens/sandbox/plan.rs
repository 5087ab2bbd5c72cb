//! How many webhooks the made-up plan allows: to meet the refusal of a plan that is used up.

use egui::Ui;

use crate::backend::sandbox::Command;
use crate::ui::tokens::{size, space};
use crate::ui::{Button, FieldRow};

/// Width of the field, and what is left beside it, in points.
const FIELD: f32 = 340.0;
const BUTTON: f32 = 96.0;

/// The limit while it is typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Plan {
    text: String,
    /// The limit that holds, as last heard.
    on: Option<u32>,
}

impl Plan {
    /// The limit that holds came with the sandbox: what was typed and not yet set stays.
    pub fn seen(&mut self, on: Option<u32>) {
        if self.typed() == Ok(self.on) {
            self.text = on.map(|limit| limit.to_string()).unwrap_or_default();
        }
        self.on = on;
    }

    fn typed(&self) -> Result<Option<u32>, &'static str> {
        match self.text.trim() {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| "A number, or nothing for any number"),
        }
    }
}

/// Draws the field; what is to be done.
pub(super) fn ui(ui: &mut Ui, plan: &mut Plan, there: usize, busy: bool) -> Option<Command> {
    let typed = plan.typed();
    let hint = match plan.on {
        None => "Empty: any number of webhooks".to_owned(),
        Some(limit) if there > limit as usize => format!("{there} of {limit} in use: those that are there stay"),
        Some(limit) => format!("{there} of {limit} in use. Creating one more than that is refused"),
    };
    let mut wanted = None;
    ui.add_space(space::SM);
    ui.horizontal_top(|ui| {
        ui.scope(|ui| {
            ui.set_max_width((ui.available_width() - BUTTON).min(size::LABEL_COLUMN + FIELD));
            let row = FieldRow::new("Plan allows").placeholder("any number").hint(&hint).error(typed.err());
            row.show(ui, &mut plan.text);
        });
        let why_not = match (typed, busy) {
            (_, true) => "It is being looked at",
            (Err(_), _) => "It is not a number",
            _ => "That is the limit already",
        };
        let set =
            Button::secondary("Set limit").enabled_or(!busy && typed.is_ok_and(|typed| typed != plan.on), why_not);
        if let (true, Ok(limit)) = (set.show(ui).clicked(), typed) {
            wanted = Some(Command::SetWebhookLimit(limit));
        }
    });
    wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_typed_and_not_yet_set_stays_and_one_set_elsewhere_shows() {
        let mut plan = Plan::default();
        plan.seen(Some(2));
        assert_eq!((plan.text.as_str(), plan.typed()), ("2", Ok(Some(2))));
        plan.text = "5".to_owned();
        plan.seen(Some(3));
        assert_eq!(plan.typed(), Ok(Some(5)));
        plan.seen(Some(5));
        plan.seen(None);
        assert_eq!(plan.text, "");
        plan.text = "many".to_owned();
        assert!(plan.typed().is_err());
    }
}
