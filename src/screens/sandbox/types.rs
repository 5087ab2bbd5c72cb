//! The list of event types to choose from: by group, found by a part of the name.

use egui::{ScrollArea, Ui};

use crate::kinde::event_types::{Category, KnownType, known};
use crate::ui::tokens::space;
use crate::ui::{ListRow, small, subdued, text_field};

/// The list; the type chosen just now.
pub(super) fn ui(ui: &mut Ui, filter: &mut String, chosen: Option<&str>) -> Option<&'static KnownType> {
    let mut picked = None;
    text_field(ui, "Find an event type", "Find an event type", filter);
    ui.add_space(space::XS);
    let fits = |known: &&KnownType| known.event_type.contains(filter.trim().to_lowercase().as_str());
    ScrollArea::vertical().id_salt("event types").auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        ui.set_width(ui.available_width() - space::SM);
        let mut any = false;
        for category in Category::ALL {
            let mut types = known().iter().filter(|known| known.category == category).filter(fits).peekable();
            if types.peek().is_none() {
                continue;
            }
            if any {
                ui.add_space(space::SM);
            }
            any = true;
            small(ui, category.title());
            for known in types {
                let row = ListRow::new(&known.event_type).selected(chosen == Some(known.event_type.as_str()));
                if row.show(ui).clicked() {
                    picked = Some(known);
                }
            }
        }
        if !any {
            subdued(ui, "No type is called so");
        }
    });
    picked
}
