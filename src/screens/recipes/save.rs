//! The dialog that saves generated files: where to, which, and what is there already.

use std::path::PathBuf;

use egui::{Context, Label, Layout, RichText, Ui};

use super::state::{State, run};
use crate::action::{Action, JobId, Mood};
use crate::backend::End;
use crate::backend::recipes::{Command, Saved};
use crate::error::UserError;
use crate::recipes::{Artefact, Content, Stayed, Why};
use crate::screens::Cx;
use crate::ui::tokens::{size, space};
use crate::ui::{Button, Callout, Icon, checkbox, choice_note, dialog, small, subdued, text_field, tokens};

/// What the dialog remembers.
pub(super) struct Save {
    files: Vec<One>,
    /// Variables that hold a secret of the recipe, each with the name of its field.
    secrets: Vec<(String, String)>,
    pub folder: String,
    pub job: JobId,
    pick_job: JobId,
    /// The folder that the files are being saved to.
    asked: String,
    /// Files that are there already.
    there: Vec<String>,
    /// There is no such folder.
    missing: bool,
    error: Option<UserError>,
    /// The folder was refused: it is typed once more.
    wants_keyboard: bool,
}

/// A file, and whether it is to be written.
struct One {
    file: Artefact,
    ticked: bool,
}

impl Save {
    pub fn new(files: Vec<Artefact>, content: &Content, folder: &str) -> Self {
        let files = files.into_iter().map(|file| One { file, ticked: true }).collect();
        let secrets = content.inputs.iter().filter(|input| input.secret);
        let secrets = secrets.flat_map(|input| input.env.iter().map(|name| (name.clone(), input.label.clone())));
        let secrets = secrets.collect();
        Self {
            files,
            secrets,
            folder: folder.to_owned(),
            job: 0,
            pick_job: 0,
            asked: String::new(),
            there: Vec::new(),
            missing: false,
            error: None,
            wants_keyboard: false,
        }
    }

    /// What is said once the files are in `folder`: of the variables that were `kept` as they were, a secret means that what
    /// was made here goes by another one than the app.
    pub fn written(&self, folder: &str, kept: &[Stayed]) -> (Mood, String) {
        let (mut text, mut mood) = (folder.to_owned(), Mood::Success);
        let (mut others, mut secrets) = (Vec::new(), String::new());
        for Stayed { name, path, why } in kept {
            let label = self.secrets.iter().find(|(known, _)| known == name).map(|(_, label)| label.as_str());
            match (why, label) {
                (Why::NotOurs, _) => secrets.push_str(&format!(
                    ". {name} in {path} is not set: the file names another application, which the client secret here does \
                     not belong to. Empty the line of its client ID and save again, or set its own secret there"
                )),
                (Why::Another, None) => others.push(format!("{name} in {path}")),
                (Why::Another, Some(label)) => secrets.push_str(&format!(
                    ". {name} in {path} stays, and is another than the {label} here: what was made here does not fit it. \
                     Type the file's into {label} and make the files again, or empty that line and save again"
                )),
            }
        }
        if !others.is_empty() {
            text.push_str(&format!(". As it was: {}", others.join(", ")));
        }
        if !secrets.is_empty() {
            mood = Mood::Warn;
            text.push_str(&secrets);
        }
        (mood, text)
    }

    /// Those that are to be written.
    pub fn ticked(&self) -> Vec<Artefact> {
        self.files.iter().filter(|one| one.ticked).map(|one| one.file.clone()).collect()
    }

    /// Another folder: nothing is known of what is there.
    fn elsewhere(&mut self) {
        self.there.clear();
        self.missing = false;
        self.error = None;
        for one in &mut self.files {
            one.ticked = true;
        }
    }

    /// True where a file that is there would be replaced.
    fn replaces(&self) -> bool {
        self.files.iter().any(|one| one.ticked && !one.file.is_private() && self.there.contains(&one.file.path))
    }

    pub fn picked(&mut self, job: JobId, result: Result<Option<PathBuf>, UserError>) {
        if self.pick_job != job {
            return;
        }
        self.pick_job = 0;
        match result {
            Ok(Some(folder)) => {
                self.folder = folder.display().to_string();
                self.elsewhere();
            }
            Ok(None) => {}
            Err(error) => self.error = Some(error),
        }
    }

    pub fn saved(&mut self, result: Result<Saved, UserError>) {
        self.job = 0;
        match result {
            // Of another folder than is named by now.
            Ok(Saved::There(_) | Saved::NoFolder) if self.asked != self.folder => {}
            Ok(Saved::NoFolder) => {
                self.missing = true;
                self.wants_keyboard = true;
            }
            Ok(Saved::There(there)) => {
                // What a person may have changed is kept unless they say otherwise; of an environment file nothing is lost.
                for one in &mut self.files {
                    let new = there.contains(&one.file.path) && !self.there.contains(&one.file.path);
                    one.ticked &= !new || one.file.is_private();
                }
                // Those without a tick were not asked about again, and are there still.
                self.there.retain(|path| !there.contains(path));
                self.there.extend(there);
            }
            Ok(Saved::Written { .. }) => {}
            Err(error) => {
                self.error = Some(error);
                self.wants_keyboard = true;
            }
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
    let mut asked = false;
    let mut cancelled = false;
    let closed = dialog(ctx, "Save to folder", |ui, fresh| {
        subdued(ui, "The folder of your project, or an empty one");
        ui.horizontal(|ui| {
            let width = ui.available_width() - 96.0;
            ui.scope(|ui| {
                ui.set_width(width.max(120.0));
                let field = text_field(ui, "Folder", "/home/ada/app", &mut save.folder);
                if fresh || std::mem::take(&mut save.wants_keyboard) {
                    field.request_focus();
                }
                if field.changed() {
                    save.elsewhere();
                }
                // What makes a folder or replaces a file is asked for by its button.
                let harmless = !save.missing && !save.replaces();
                if harmless && field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter)) {
                    asked = true;
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
        } else if save.missing {
            let text = format!("Nothing was written yet. Look whether {} is spelt as you mean it", save.folder.trim());
            Callout::warn("There is no such folder: it is made").text(&text).show(ui);
        } else if !save.there.is_empty() {
            let title = if save.there.len() == 1 {
                "A file is there already".to_owned()
            } else {
                format!("{} files are there already", save.there.len())
            };
            let text = "Nothing was written yet. One with a tick is replaced, which cannot be undone here; an environment file \
                        keeps its lines and gets those it lacks";
            Callout::warn(&title).text(text).show(ui);
        }
        ui.add_space(space::SM);
        // A row of its own height: else it keeps the room that an earlier message took.
        ui.horizontal(|ui| {
            ui.with_layout(Layout::right_to_left(egui::Align::Center), |ui| {
                let (pressed, cancel) = buttons(ui, save);
                asked |= pressed;
                cancelled = cancel;
            });
        });
    });
    if asked && save.job == 0 && !save.folder.trim().is_empty() && save.files.iter().any(|one| one.ticked) {
        save.job = cx.job();
        save.error = None;
        save.asked.clone_from(&save.folder);
        let command = Command::Save {
            folder: save.folder.clone(),
            files: save.ticked(),
            shown: save.there.clone(),
            make: save.missing,
        };
        actions.push(run(save.job, command));
    }
    if closed || cancelled {
        state.save = None;
    }
}

/// The button that saves, and Cancel; which of them was pressed.
fn buttons(ui: &mut Ui, save: &Save) -> (bool, bool) {
    let some = save.files.iter().any(|one| one.ticked);
    let why = match (save.job != 0, save.folder.trim().is_empty()) {
        (true, _) => "It is being written",
        (false, true) => "Name a folder first",
        (false, false) => "Tick a file first",
    };
    let idle = save.job == 0 && !save.folder.trim().is_empty() && some;
    let button = match (save.replaces(), save.missing) {
        (true, _) => Button::danger("Replace and save"),
        (false, true) => Button::primary("Make it and save"),
        (false, false) => Button::primary("Save"),
    };
    let pressed = button.enabled_or(idle, why).show(ui).clicked();
    (pressed, Button::secondary("Cancel").show(ui).clicked())
}

fn files(ui: &mut Ui, save: &mut Save) {
    let there = &save.there;
    egui::ScrollArea::vertical().id_salt("files to save").max_height(220.0).auto_shrink([false, true]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        for One { file, ticked } in &mut save.files {
            ui.horizontal(|ui| {
                let tick = checkbox(ui, ticked, "");
                ui.ctx().accesskit_node_builder(tick.id, |node| node.set_label(file.path.as_str()));
                if there.contains(&file.path) {
                    Icon::Warning.show(ui, size::ICON, tokens(ui).warn.icon, "there already");
                }
                ui.add(Label::new(RichText::new(&file.path).monospace()).truncate());
            });
            let note = match (there.contains(&file.path), *ticked, file.is_private()) {
                (false, ..) => continue,
                (true, false, _) => "There already: it stays as it is",
                (true, true, true) => "There already: its lines stay; those it lacks are added, empty ones filled in",
                (true, true, false) => "There already: it is replaced",
            };
            choice_note(ui, note);
        }
    });
    if save.files.iter().any(|one| one.file.is_private()) {
        small(ui, "Environment files hold secrets: they are written for you alone, and belong in no repository");
    }
}
