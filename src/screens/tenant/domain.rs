//! The one domain box, and what was found there.

use egui::{Key, Ui};

use super::State;
use crate::action::Action;
use crate::screens::Cx;
use crate::tenant::{Profile, places};
use crate::ui::tokens::{size, space};
use crate::ui::{Button, Callout, FieldRow, Load, card, check_rows, loading, prose, small, title};

/// The form for a tenant that is not known yet.
pub(super) fn ui(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    card(ui, |ui| {
        title(ui, "Connect your Kinde tenant");
        prose(ui, "A domain alone is a complete profile: decode and verify work. Rooms that need more say what.");
        ui.add_space(space::SM);
        let busy = state.find.is_loading();
        let field = FieldRow::new("Kinde domain")
            .placeholder("acme.kinde.com")
            .hint("Any form: a name, a domain, an address. A custom domain too")
            .mono()
            .enabled(!busy)
            .show(ui, &mut state.domain);
        if !state.focused {
            state.focused = true;
            field.request_focus();
        }
        let entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        let typed = !state.domain.trim().is_empty();
        ui.horizontal(|ui| {
            if ui.available_width() > size::LABEL_COLUMN + 260.0 {
                ui.add_space(size::LABEL_COLUMN);
            }
            let pressed = Button::primary("Check domain")
                .enabled_or(typed && !busy, if busy { "It is being looked at" } else { "Type the domain first" })
                .show(ui)
                .clicked();
            if (pressed || entered) && typed && !busy {
                state.check_domain(cx, actions);
            }
            if busy {
                if Button::secondary("Cancel").show(ui).clicked() {
                    actions.push(Action::Cancel(state.find_job));
                    state.find.cancel();
                }
                loading(ui, "Looking at discovery and key set…");
            } else if state.adding && Button::secondary("Back").show(ui).clicked() {
                state.adding = false;
            }
        });
        if let Load::Failed { error, .. } = &state.find {
            ui.add_space(space::SM);
            Callout::user_error(error).show(ui);
        }
        ui.add_space(space::SM);
        small(ui, &format!("Where in Kinde: {}", places::path("domain")));
        small(ui, "Or drop a .env file here, or paste its text");
    });
}

/// What was found at the domain just typed, above its new profile.
pub(super) fn found_line(ui: &mut Ui, state: &mut State, profile: &Profile) {
    let Load::Ready(found) = &state.find else { return };
    if found.profile != profile.id {
        return;
    }
    let name = &found.name;
    let title = if found.already { format!("{name} was here already") } else { format!("{name} is a Kinde tenant") };
    let text = if found.already {
        "This is its profile."
    } else {
        "Its profile is kept. A domain alone is complete: decode and verify work."
    };
    Callout::success(&title).text(text).show(ui);
    check_rows(ui, "found", &found.checks);
    ui.add_space(space::LG);
}
