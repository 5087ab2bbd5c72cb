//! The page of one recipe: its head with the buttons, and its parts.

use egui::{Align, Label, Layout, RichText, ScrollArea, Ui};

use super::page_state::{Page, Primary, Tab};
use super::state::{Asked, State};
use super::{guide, list, looked, result, set_up, steps};
use crate::action::{Action, Mood};
use crate::net;
use crate::recipes::{Call, Content, Recipe};
use crate::screens::Cx;
use crate::tenant::Profile;
use crate::ui::tokens::{size, space, text};
use crate::ui::{Button, Icon, menu, menu_item, prose, status_with, tabs, tokens};

/// Draws it over the whole column.
pub(super) fn show(
    ui: &mut Ui,
    state: &mut State,
    recipe: &'static dyn Recipe,
    profile: &Profile,
    cx: &Cx<'_>,
    actions: &mut Vec<Action>,
) {
    let content = recipe.content();
    let standing = list::standing(state, profile, &content.name);
    let Some(page) = state.pages.get_mut(content.name.as_str()) else { return };
    page.draft.settle();
    page.drop_outdated(content);
    let to_button = page.lead_keyboard(content, profile);
    let mut asked = Vec::new();
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            more(ui, page, recipe, profile, cx, &mut asked);
            status_with(ui, standing.mood, standing.icon, &standing.word);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let words = RichText::new(&content.title).size(text::HEADING).color(tokens(ui).text_strong);
                let title = ui.add(Label::new(words).truncate());
                ui.ctx().accesskit_node_builder(title.id, |node| {
                    node.set_role(egui::Role::Heading);
                    node.set_label(content.title.as_str());
                });
            });
        });
    });
    prose(ui, &content.does);
    ui.add_space(space::SM);
    buttons(ui, page, content, to_button, &mut asked);
    ui.add_space(space::SM);
    parts(ui, page, content);
    ui.add_space(space::SM);
    let tab = page.tab;
    ScrollArea::vertical().id_salt((content.name.as_str(), tab as u8)).auto_shrink(false).show(ui, |ui| {
        ui.set_max_width(ui.available_width() - space::SM);
        match tab {
            Tab::SetUp => set_up::show(ui, page, content, profile, cx, &mut asked),
            Tab::Steps => steps::show(ui, page, content, &mut asked),
            Tab::Result => result::show(ui, page, content, profile, &mut asked),
            Tab::Checks => looked::show(ui, page, recipe, profile, &mut asked),
            Tab::Guide => guide::show(ui, content, &mut asked),
        }
        ui.add_space(space::XL);
    });
    for asked in asked {
        state.ask(recipe, asked, cx, actions);
    }
}

fn parts(ui: &mut Ui, page: &mut Page, content: &Content) {
    let files = page.made.value().map(|made| made.files.len()).filter(|count| *count > 0);
    let steps = content.steps.iter().filter(|step| step.is_for(&page.draft.plain)).count();
    tabs(
        ui,
        &mut page.tab,
        &[
            (Tab::SetUp, "Set up", None),
            (Tab::Steps, "Steps", Some(steps)),
            (Tab::Result, "Result", files),
            (Tab::Checks, "Checks", None),
            (Tab::Guide, "Guide", (!content.corrections.is_empty()).then_some(content.corrections.len())),
        ],
    );
}

/// The buttons of the page; the first is the primary one, unless the page shows one below. It gets the keyboard where the page
/// `wants_keyboard`.
fn buttons(ui: &mut Ui, page: &Page, content: &Content, wants_keyboard: bool, asked: &mut Vec<Asked>) {
    let busy = page.is_busy();
    let why = "It is going on";
    ui.horizontal_wrapped(|ui| {
        let words = content.action.as_str();
        let first = page.primary() == Primary::Make;
        let main = if first { Button::primary(words) } else { Button::secondary(words) };
        let main = main.enabled_or(!busy, why).show(ui);
        if wants_keyboard && !busy {
            main.request_focus();
        }
        if main.clicked() {
            asked.push(Asked::Make);
        }
        let apply = content.apply.as_ref().filter(|apply| **apply != content.action);
        if let Some(apply) = apply {
            let words = format!("{apply}…");
            let button = Button::secondary(&words).hint("Shows first what will change");
            if button.enabled_or(!busy, why).show(ui).clicked() {
                asked.push(Asked::Plan);
            }
        }
        match page.run.live() {
            Some(live) => {
                let cancel = Button::secondary("Cancel").icon(Icon::Stop).enabled_or(!live.cancelling, "It is ending");
                if cancel.show(ui).clicked() {
                    asked.push(Asked::Cancel(live.job));
                }
            }
            None => {
                if Button::secondary("Check").icon(Icon::Play).enabled_or(!busy, why).show(ui).clicked() {
                    asked.push(Asked::Call(Call::Check));
                }
            }
        }
    });
}

fn more(ui: &mut Ui, page: &Page, recipe: &dyn Recipe, profile: &Profile, cx: &Cx<'_>, asked: &mut Vec<Asked>) {
    let busy = page.is_busy();
    menu(ui, "More", |ui| {
        let simulate = |ui: &mut Ui| menu_item(ui, Icon::Sandbox, "Simulate on this machine");
        if ui.add_enabled_ui(!busy, simulate).inner {
            asked.push(Asked::Call(Call::Simulate));
        }
        if let Some(guide) = recipe.content().guides.first()
            && menu_item(ui, Icon::External, "Open Kinde's guide")
        {
            asked.push(Asked::Do(Action::OpenUrl(guide.url.clone())));
        }
        if menu_item(ui, Icon::Terminal, "Copy the command for it") {
            let words = command(page, recipe);
            ui.copy_text(net::command(&words, &profile.name, cx.data_dir));
            let files = words.contains("=FILE") || words.contains("=@FILE");
            let detail = if files { "Put the file that holds the secret or token in the place of FILE" } else { "" };
            asked.push(Asked::Do(Action::Notify(Mood::Success, "The command is copied".to_owned(), detail.to_owned())));
        }
        let forget = |ui: &mut Ui| menu_item(ui, Icon::Trash, "Forget the inputs");
        if ui.add_enabled_ui(!busy && page.forget_job == 0, forget).inner {
            asked.push(Asked::Forget);
        }
    });
}

/// What the command line is asked for what the page shows: to check on the page of checks, else to make, with what is typed
/// and is not known there anyway. What is secret, or may be, comes from files that the person names, and what no call takes
/// stays out.
fn command(page: &Page, recipe: &dyn Recipe) -> String {
    let content = recipe.content();
    let call = if page.tab == Tab::Checks { Call::Check } else { Call::Generate };
    let (kept, given) = (page.draft.keep(content), page.draft.given(content));
    let mut words = format!("recipe {} {}", call.word(), content.name);
    for input in content.inputs.iter().filter(|input| input.serves(call)) {
        let key = &input.key;
        if let Some(text) = kept.get(key).filter(|text| recipe.admit(key, text).is_ok()) {
            words.push_str(&format!(" --set {}", net::argument(&format!("{key}={text}"))));
        } else if given.secrets.contains_key(key) {
            words.push_str(&if input.secret { format!(" --secret {key}=FILE") } else { format!(" --set {key}=@FILE") });
        }
    }
    words
}
