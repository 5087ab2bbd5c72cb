//! The dialog that saves generated files: where to, which, and what is there already.

use std::path::PathBuf;

use egui::{Context, Label, Layout, RichText, Ui};

use super::state::{State, run};
use crate::action::{Action, JobId};
use crate::backend::End;
use crate::backend::recipes::{Command, Saved};
use crate::error::UserError;
use crate::recipes::Artefact;
use crate::screens::Cx;
use crate::ui::tokens::{size, space};
use crate::ui::{Button, Callout, Icon, dialog, small, subdued, text_field, tokens};

/// What the dialog remembers.
pub(super) struct Save {
    pub files: Vec<Artefact>,
    pub folder: String,
    pub job: JobId,
    pick_job: JobId,
    /// Files that are there already.
    there: Vec<String>,
    error: Option<UserError>,
}

impl Save {
    pub fn new(files: Vec<Artefact>, folder: &str) -> Self {
        Self { files, folder: folder.to_owned(), job: 0, pick_job: 0, there: Vec::new(), error: None }
    }

    pub fn picked(&mut self, job: JobId, result: Result<Option<PathBuf>, UserError>) {
        if self.pick_job != job {
            return;
        }
        self.pick_job = 0;
        match result {
            Ok(Some(folder)) => {
                self.folder = folder.display().to_string();
                self.there.clear();
                self.error = None;
            }
            Ok(None) => {}
            Err(error) => self.error = Some(error),
        }
    }

    pub fn saved(&mut self, result: Result<Saved, UserError>) {
        self.job = 0;
        match result {
            Ok(Saved::There(there)) => self.there = there,
            Ok(Saved::Written(_)) => {}
            Err(error) => self.error = Some(error),
        }
    }

    pub fn on_end(&mut self, job: JobId, end: End) {
        for waits in [&mut self.job, &mut self.pick_job] {
            if *waits == job {
                *waits = 0;
                self.error = end.without_answer();
            }
        }
    }
}

/// Draws it while it is open.
pub(super) fn show(ctx: &Context, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let Some(save) = &mut state.save else { return };
    let mut asked = None;
    let mut cancelled = false;
    let closed = dialog(ctx, "Save to folder", |ui, fresh| {
        subdued(ui, "The folder of your project, or an empty one");
        ui.horizontal(|ui| {
            let width = ui.available_width() - 96.0;
            ui.scope(|ui| {
                ui.set_width(width.max(120.0));
                let field = text_field(ui, "Folder", "/home/ada/app", &mut save.folder);
                if fresh {
                    field.request_focus();
                }
                if field.changed() {
                    save.there.clear();
                    save.error = None;
                }
                if field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter)) {
                    asked = Some(false);
                }
            });
            let choose = Button::secondary("Choose…").enabled_or(save.pick_job == 0, "The chooser is open");
            if choose.show(ui).clicked() {
                save.pick_job = cx.job();
                actions.push(run(save.pick_job, Command::PickFolder));
            }
        });
        ui.add_space(space::XS);
        files(ui, save);
        if let Some(error) = &save.error {
            Callout::user_error(error).show(ui);
        } else if !save.there.is_empty() {
            let title = if save.there.len() == 1 {
                "A file is there already".to_owned()
            } else {
                format!("{} files are there already", save.there.len())
            };
            Callout::warn(&title).text("Nothing was written. Replacing cannot be undone here").show(ui);
        }
        ui.add_space(space::SM);
        ui.with_layout(Layout::right_to_left(egui::Align::Center), |ui| {
            let idle = save.job == 0 && !save.folder.trim().is_empty();
            let why = if save.job == 0 { "Name a folder first" } else { "It is being written" };
            if save.there.is_empty() {
                if Button::primary("Save").enabled_or(idle, why).show(ui).clicked() {
                    asked = Some(false);
                }
            } else if Button::danger("Replace").enabled_or(idle, why).show(ui).clicked() {
                asked = Some(true);
            }
            cancelled = Button::secondary("Cancel").show(ui).clicked();
        });
    });
    if let Some(force) = asked.filter(|_| save.job == 0 && !save.folder.trim().is_empty()) {
        save.job = cx.job();
        save.error = None;
        let command = Command::Save { folder: save.folder.clone(), files: save.files.clone(), force };
        actions.push(run(save.job, command));
    }
    if closed || cancelled {
        state.save = None;
    }
}

fn files(ui: &mut Ui, save: &Save) {
    let t = tokens(ui);
    egui::ScrollArea::vertical().id_salt("files to save").max_height(180.0).auto_shrink([false, true]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        for file in &save.files {
            ui.horizontal(|ui| {
                let there = save.there.contains(&file.path);
                let (icon, ink, name) = if there {
                    (Icon::Warning, t.warn.icon, "there already")
                } else {
                    (Icon::File, t.text_subdued, "")
                };
                icon.show(ui, size::ICON, ink, name);
                ui.add(Label::new(RichText::new(&file.path).monospace()).truncate());
            });
        }
    });
    if save.files.iter().any(Artefact::is_private) {
        small(ui, "Environment files hold secrets: they are written for you alone, and belong in no repository");
    }
}
