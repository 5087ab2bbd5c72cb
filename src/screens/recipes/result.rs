//! What a recipe made: what would change in the tenant, values to copy, files to read, copy and save.

use egui::{Context, Label, Ui};

use super::page_state::{Page, Primary};
use super::run::Applying;
use super::state::{Asked, Shown, State, can_apply};
use super::{looked, values};
use crate::action::{Action, Room};
use crate::check::{Verdict, worst};
use crate::error::Category;
use crate::recipes::{self, ChangeState, Content, Generated, Plan, Wish};
use crate::screens::{Cx, guard_words};
use crate::tenant::Profile;
use crate::ui::tokens::{size, space, text};
use crate::ui::{
    Answer, Button, Callout, Confirm, Icon, Language, Load, LoadAsk, LoadView, card, check_list, check_rows, combo,
    combo_item, copy_button, empty_state, key_value_copy, loading, marked, section, small, source_view, subdued,
    tokens,
};

/// How high the text of a file grows, in points.
const CODE: f32 = 420.0;

/// Draws it.
pub(super) fn show(ui: &mut Ui, page: &mut Page, content: &Content, profile: &Profile, asked: &mut Vec<Asked>) {
    change(ui, page, content, profile, asked);
    // What stopped both is told once.
    if let (Load::Failed { error, .. }, Load::Failed { error: of_plan, .. }) = (&page.made, &page.plan)
        && error == of_plan
    {
        return;
    }
    if page.made.is_idle() {
        let words = if page.outdated {
            format!("An input is another now, so what was made of the one before is gone: press {}", content.action)
        } else {
            format!("Press {}: what it makes stands here, to read, copy and save", content.action)
        };
        empty_state(ui, Some(Icon::File), &words, None);
        return;
    }
    let primary = page.primary() == Primary::Save;
    let (file, made_job) = (&mut page.file, page.made_job);
    let ask = LoadView::new("Making it…").cancellable().show(ui, &mut page.made, |ui, made| {
        if !made.files.is_empty() && save(ui, made.files.len(), primary) {
            asked.push(Asked::Save);
        }
        self::made(ui, made, file, content);
    });
    match ask {
        Some(LoadAsk::Retry | LoadAsk::Start) => asked.push(Asked::Make),
        Some(LoadAsk::Cancel) => asked.push(Asked::Cancel(made_job)),
        None => {}
    }
}

/// The button that saves the files; true where it was pressed.
fn save(ui: &mut Ui, count: usize, primary: bool) -> bool {
    let words = if count == 1 {
        "Save the file to a folder…".to_owned()
    } else {
        format!("Save {count} files to a folder…")
    };
    let button = if primary { Button::primary(&words) } else { Button::secondary(&words) };
    let pressed = button.icon(Icon::Download).show(ui).clicked();
    ui.add_space(space::SM);
    pressed
}

fn made(ui: &mut Ui, made: &Generated, file: &mut usize, content: &Content) {
    let notes = values::notes(&made.values);
    if !notes.is_empty() {
        for note in notes {
            super::set_up::bullet(ui, note);
        }
        ui.add_space(space::SM);
    }
    values::in_columns(ui, &made.values, content, |ui| {
        if let Some(install) = &content.install {
            section(ui, "Packages", |ui| key_value_copy(ui, "Install", install));
        }
        let shows_values = made.values.keys().any(|name| name != "notes" && name != "install");
        if shows_values {
            section(ui, "Values", |ui| values::show(ui, &made.values, content));
        }
    });
    if made.files.is_empty() {
        return;
    }
    let title = if made.files.len() == 1 { "File".to_owned() } else { format!("{} files", made.files.len()) };
    section(ui, &title, |ui| files(ui, made, file));
}

fn files(ui: &mut Ui, made: &Generated, at: &mut usize) {
    let Some(file) = made.files.get(*at).or(made.files.first()) else { return };
    ui.horizontal_wrapped(|ui| {
        ui.set_min_height(size::CONTROL);
        if made.files.len() == 1 {
            ui.label(egui::RichText::new(&file.path).monospace());
        } else {
            let width = ui.available_width().min(420.0);
            combo(ui, "File", &file.path, width, |ui| {
                for (index, other) in made.files.iter().enumerate() {
                    let note = if other.is_private() { "yours alone" } else { "" };
                    if combo_item(ui, index == *at, &other.path, note) {
                        *at = index;
                    }
                }
            });
        }
        if file.is_private() {
            copy_button(ui, "Copy with its secrets", || file.exact().expose().to_owned());
        }
    });
    ui.add_space(space::XS);
    let name = file.path.rsplit('/').next().unwrap_or(&file.path);
    source_view(ui, name, Language::of_path(&file.path), file.shown(), CODE, || file.shown().to_owned());
    if file.is_private() {
        small(ui, "Secrets are masked here, and written when the file is saved: for you alone (0600)");
    }
}

/// What would change in the tenant, and what came of changing it.
fn change(ui: &mut Ui, page: &mut Page, content: &Content, profile: &Profile, asked: &mut Vec<Asked>) {
    let wanted = content.apply.as_ref() == Some(&content.action);
    if wanted && !can_apply(profile) && page.made.value().is_some() {
        let title = format!("{} by hand, or add an M2M application", content.action);
        let next = Callout::info(&title)
            .text("The panel registers addresses through Kinde's Management API, and this profile has a domain alone");
        if next.show_with(ui, |ui| Button::secondary("Go to Tenant").show(ui).clicked()) {
            asked.push(Asked::Do(Action::Go(Room::Tenant)));
        }
        ui.add_space(space::MD);
    }
    if page.plan.is_idle() {
        return;
    }
    let title = format!("What changes in {}", profile.name);
    let job = page.plan_job;
    let (old, busy) = (page.applied_of_others(content), page.is_busy());
    let carried = page.applying.as_ref().map(|applying| Carried { applying, old, busy });
    section(ui, &title, |ui| {
        let auth = match &page.plan {
            Load::Failed { error, .. } => error.category == Category::Auth,
            _ => false,
        };
        let ask = LoadView::new("Comparing with what there is…").cancellable().show(ui, &mut page.plan, |ui, plan| {
            card(ui, |ui| planned(ui, plan, content, carried, asked));
        });
        match ask {
            Some(LoadAsk::Retry | LoadAsk::Start) => asked.push(Asked::Plan),
            Some(LoadAsk::Cancel) => asked.push(Asked::Cancel(job)),
            None => {}
        }
        if auth && Button::secondary("Open the doctor").show(ui).clicked() {
            asked.push(Asked::Do(Action::Go(Room::Tenant)));
        }
    });
}

/// A plan that is carried out, or was.
struct Carried<'a> {
    applying: &'a Applying,
    /// Of other inputs than there are now.
    old: bool,
    busy: bool,
}

fn planned(ui: &mut Ui, plan: &Plan, content: &Content, carried: Option<Carried<'_>>, asked: &mut Vec<Asked>) {
    if let Some(carried) = carried {
        carried_out(ui, plan, &carried, asked);
        return;
    }
    if plan.changes.is_empty() {
        subdued(ui, "Nothing was typed that could be registered");
        return;
    }
    for change in &plan.changes {
        line(ui, change);
    }
    let mut auth = false;
    for change in &plan.changes {
        if let ChangeState::Unknown(error) = &change.state {
            auth |= error.category == Category::Auth;
        }
    }
    ui.add_space(space::XS);
    let count = plan.changes.iter().filter(|change| change.writes()).count();
    ui.horizontal_wrapped(|ui| {
        if count > 0 {
            let words = content.apply.as_deref().unwrap_or(&content.action);
            let words = if plan.changes.len() == count {
                words.to_owned()
            } else {
                format!("{words}: {count} of {}", plan.changes.len())
            };
            let name = format!("Apply: {words}");
            if Button::primary(&words).name(&name).icon(Icon::Check).show(ui).clicked() {
                asked.push(Asked::Apply);
            }
            if Button::ghost("Leave it").show(ui).clicked() {
                asked.push(Asked::DropPlan);
            }
        } else if auth {
            if Button::secondary("Open the doctor").show(ui).clicked() {
                asked.push(Asked::Do(Action::Go(Room::Tenant)));
            }
            if Button::secondary("Look again").show(ui).clicked() {
                asked.push(Asked::Plan);
            }
        } else if plan.changes.iter().any(|change| matches!(change.state, ChangeState::Short(_))) {
            if Button::secondary("Open Webhooks").show(ui).clicked() {
                asked.push(Asked::Do(Action::Go(Room::Webhooks)));
            }
            if Button::secondary("Look again").show(ui).clicked() {
                asked.push(Asked::Plan);
            }
        } else {
            subdued(ui, "Everything is there: nothing to do");
        }
    });
    for words in stays(plan) {
        small(ui, words);
    }
}

/// What carrying the plan out does to what is there, by what it writes.
fn stays(plan: &Plan) -> Vec<&'static str> {
    let writes = |of: fn(&recipes::Change) -> bool| plan.changes.iter().any(|change| change.writes() && of(change));
    let mut words = Vec::new();
    if writes(|change| matches!(change.wish, Wish::Address { .. })) {
        words.push("What is there stays: addresses are only added");
    }
    if writes(|change| matches!(change.state, ChangeState::Update { .. })) {
        words.push("A variable that is set again loses the value it has now. All others stay as they are");
    } else if writes(|change| matches!(change.wish, Wish::Variable { .. })) {
        words.push("The variables that are there stay as they are");
    }
    if writes(|change| matches!(change.wish, Wish::Webhook(_))) {
        words.push("The webhooks that are there stay as they are");
    }
    words
}

/// One line of the plan.
fn line(ui: &mut Ui, change: &recipes::Change) {
    let t = tokens(ui);
    let (icon, colour, name) = match &change.state {
        ChangeState::There => (Icon::Check, t.success.icon, "there"),
        ChangeState::Short(_) => (Icon::Warning, t.warn.icon, "not whole"),
        ChangeState::Add => (Icon::Plus, t.info.icon, "added"),
        ChangeState::Update { .. } => (Icon::Edit, t.warn.icon, "set again"),
        ChangeState::Unknown(_) => (Icon::Warning, t.warn.icon, "not known"),
    };
    ui.horizontal_top(|ui| {
        icon.show(ui, size::ICON, colour, name);
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            ui.add(Label::new(marked(&change.words, text::BODY, t.text_strong, t.text_strong)).wrap());
            if let ChangeState::Unknown(error) = &change.state {
                for words in [&error.detail, &error.hint].into_iter().filter(|words| !words.is_empty()) {
                    ui.add(Label::new(marked(words, text::SMALL, t.text_subdued, t.text)).wrap());
                }
            }
        });
    });
}

fn carried_out(ui: &mut Ui, plan: &Plan, carried: &Carried<'_>, asked: &mut Vec<Asked>) {
    let Carried { applying, old, busy } = *carried;
    if !applying.done {
        ui.horizontal(|ui| {
            loading(ui, if applying.cancelling { "Ending…" } else { "Registering…" });
            let cancel = Button::ghost("Cancel").small().name("Cancel registering");
            if cancel.enabled_or(!applying.cancelling, "It is ending").show(ui).clicked() {
                asked.push(Asked::Cancel(applying.job));
            }
        });
        check_rows(ui, "applying", &applying.checks);
        return;
    }
    if old && looked::earlier(ui, "Carried out", "Look again", busy) {
        asked.push(Asked::Plan);
    }
    ui.scope(|ui| {
        if old {
            ui.multiply_opacity(looked::EARLIER);
        }
        came_of_it(ui, plan, applying);
    });
    ui.add_space(space::XS);
    ui.horizontal(|ui| {
        if !old && Button::secondary("Look again").small().show(ui).clicked() {
            asked.push(Asked::Plan);
        }
        if Button::ghost("Close").small().name("Close what changed").show(ui).clicked() {
            asked.push(Asked::DropPlan);
        }
    });
}

fn came_of_it(ui: &mut Ui, plan: &Plan, applying: &Applying) {
    if let Some(error) = &applying.error {
        Callout::user_error(error).show(ui);
    }
    if !applying.checks.is_empty() {
        let count = plan.changes.iter().filter(|change| change.writes()).count();
        let headline = match worst(&applying.checks) {
            Verdict::Fail | Verdict::Warn => {
                crate::check::first_trouble(&applying.checks).and_then(|check| check.why.clone())
            }
            _ => None,
        };
        let good = if count == 1 {
            "Done, and seen in the tenant".to_owned()
        } else {
            format!("{count} changes done, and seen in the tenant")
        };
        check_list(ui, "applied", &headline.unwrap_or(good), &applying.checks);
    }
}

/// The question before a guarded environment is written to.
pub(super) fn question(ctx: &Context, state: &mut State, profile: &Profile, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let Some(Shown::Recipe(name)) = state.shown else { return };
    let (Some(page), Some(recipe)) = (state.pages.get_mut(name), recipes::find(name)) else { return };
    if !page.question {
        return;
    }
    let Some(plan) = page.plan.value() else {
        page.question = false;
        return;
    };
    let lines: Vec<String> =
        plan.changes.iter().filter(|change| change.writes()).map(|change| format!("{}.", change.words)).collect();
    let title = format!("Change {}?", profile.name);
    let place = format!("{}.", guard_words(profile));
    let content = recipe.content();
    let mut confirm = Confirm::new(&title, content.apply.as_deref().unwrap_or("Apply")).text(&place).harmless();
    for line in &lines {
        confirm = confirm.text(line);
    }
    match confirm.show(ctx) {
        Some(Answer::Confirmed) => state.ask(recipe, Asked::Apply, cx, actions),
        Some(Answer::Cancelled) => page.question = false,
        None => {}
    }
}
