//! One look over all profiles: webhooks that lead nowhere and test things of a trigger, to tick and delete.

use std::collections::{BTreeMap, BTreeSet};

use egui::{Label, Layout, RichText, ScrollArea, Ui};
use uuid::Uuid;

use super::state::{Deleted, State};
use crate::action::{Action, JobId};
use crate::backend::End;
use crate::backend::leftovers::{Command, Event};
use crate::error::UserError;
use crate::screens::{Cx, guard_words};
use crate::tenant::{Guard, Profile};
use crate::ui::tokens::{size, space, text};
use crate::ui::{
    Answer, Button, Callout, Confirm, FieldRow, Icon, Mood, badge, card, checkbox, choice_note, dialog, loading,
    profile_dot, prose, status, strong, tokens,
};
use crate::webhooks::{Likely, Looked, Stray, What};

/// What the look found so far, and what is ticked.
#[derive(Debug, Default)]
pub(super) struct Leftovers {
    /// The look that is under way.
    look: Option<JobId>,
    /// Whose turn is still to come.
    waits: Vec<Uuid>,
    found: BTreeMap<Uuid, Result<Looked, UserError>>,
    ticked: BTreeSet<(Uuid, usize)>,
    /// The cleaning that is under way, by profile.
    cleaning: BTreeMap<JobId, Uuid>,
    /// What became of each that was ticked.
    done: BTreeMap<(Uuid, usize), Result<String, UserError>>,
    /// The profile whose ticked ones are to be deleted, and what was typed of its name.
    question: Option<(Uuid, String)>,
}

impl Leftovers {
    pub(super) fn on_end(&mut self, job: JobId, end: End) {
        if self.look.take_if(|look| *look == job).is_some() {
            for profile in std::mem::take(&mut self.waits) {
                if let Some(error) = end.without_answer() {
                    self.found.insert(profile, Err(error));
                }
            }
        }
        self.cleaning.remove(&job);
    }

    fn begin(&mut self, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        let profiles: Vec<Uuid> = cx.profiles.iter().map(|profile| profile.id).collect();
        let job = cx.job();
        *self = Self { look: Some(job), waits: profiles.clone(), ..Self::default() };
        actions.push(Action::Run(job, Command::Look { profiles }.into()));
    }

    fn ticked_of(&self, profile: Uuid) -> Vec<(usize, Stray)> {
        let Some(Ok(looked)) = self.found.get(&profile) else { return Vec::new() };
        let all = looked.strays.iter().enumerate();
        all.filter(|(index, _)| self.ticked.contains(&(profile, *index)))
            .map(|(index, it)| (index, it.clone()))
            .collect()
    }

    fn is_cleaning(&self, profile: Uuid) -> bool {
        self.cleaning.values().any(|cleaned| *cleaned == profile)
    }
}

impl State {
    /// An answer about leftovers; one of another job is old and dropped.
    pub fn on_leftovers(&mut self, job: JobId, event: Event) {
        match event {
            Event::Looked { profile, result } => {
                if self.leftovers.look == Some(job) {
                    self.leftovers.waits.retain(|waits| *waits != profile);
                    self.leftovers.found.insert(profile, result.map(|looked| *looked));
                }
            }
            Event::Cleaned { profile, index, result } => {
                let found = self.leftovers.found.get(&profile).and_then(|found| found.as_ref().ok());
                let stray = found.and_then(|looked| looked.strays.get(index)).cloned();
                if let (Ok(_), Some(Stray { what: What::Webhook(webhook), .. })) = (&result, stray) {
                    // The room offers to make it again.
                    self.deleted.push(Deleted { profile, webhook, job: None, error: None, dismissed: false });
                    self.stale = true;
                }
                self.leftovers.ticked.remove(&(profile, index));
                self.leftovers.done.insert((profile, index), result.map_err(|refusal| refusal.error));
            }
        }
    }
}

pub(super) fn show(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let leftovers = &mut state.leftovers;
    ScrollArea::vertical().id_salt("leftovers").auto_shrink(false).show(ui, |ui| {
        ui.set_width(ui.available_width() - space::SM);
        head(ui, leftovers, cx, actions);
        for profile in cx.profiles {
            if leftovers.found.contains_key(&profile.id) || leftovers.waits.contains(&profile.id) {
                ui.add_space(space::SM);
                card(ui, |ui| of_profile(ui, leftovers, profile));
            }
        }
        ui.add_space(space::MD);
    });
    question(ui, leftovers, cx, actions);
}

fn head(ui: &mut Ui, leftovers: &mut Leftovers, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    prose(
        ui,
        "Webhooks that point at tunnels, at this machine or at hosts that are gone, and the test users and roles a \
         trigger left: one look through every profile. Each host is asked for its front page; nothing is changed.",
    );
    ui.add_space(space::XS);
    ui.horizontal(|ui| {
        let (count, busy) = (cx.profiles.len(), leftovers.look.is_some());
        let words = match (leftovers.found.is_empty() && !busy, count) {
            (true, 1) => "Look through 1 profile".to_owned(),
            (true, count) => format!("Look through {count} profiles"),
            (false, _) => "Look again".to_owned(),
        };
        let button = if leftovers.found.is_empty() { Button::primary(&words) } else { Button::secondary(&words) };
        if button.icon(Icon::Search).enabled_or(!busy, "It is looking").show(ui).clicked() {
            leftovers.begin(cx, actions);
        }
        if let Some(job) = leftovers.look
            && Button::ghost("Cancel").name("Cancel the look").show(ui).clicked()
        {
            actions.push(Action::Cancel(job));
        }
    });
}

fn of_profile(ui: &mut Ui, leftovers: &mut Leftovers, profile: &Profile) {
    let cleaning = leftovers.is_cleaning(profile.id);
    ui.horizontal(|ui| {
        profile_dot(ui, profile.colour, &profile.name);
        strong(ui, &profile.name);
        if profile.guard() != Guard::Open {
            badge(ui, Mood::Warn, profile.guard().word());
        }
        ui.with_layout(Layout::right_to_left(egui::Align::Center), |ui| buttons(ui, leftovers, profile, cleaning));
    });
    let Some(found) = leftovers.found.get(&profile.id) else {
        loading(ui, "Looking\u{2026}");
        return;
    };
    let looked = match found {
        Ok(looked) => looked.clone(),
        Err(error) => {
            Callout::warn(&format!("Could not be looked through: {}", error.title))
                .text(&error.detail)
                .text(&error.hint)
                .show(ui);
            return;
        }
    };
    if looked.strays.is_empty() && looked.unread.is_empty() {
        let words = match looked.webhooks {
            0 => "Nothing was left".to_owned(),
            1 => "Nothing was left: its one webhook is in use".to_owned(),
            count => format!("Nothing was left: its {count} webhooks are in use"),
        };
        status(ui, Mood::Success, &words);
    }
    for (index, stray) in looked.strays.iter().enumerate() {
        row(ui, leftovers, (profile.id, index), stray, cleaning);
    }
    for unread in &looked.unread {
        status(ui, Mood::Warn, &format!("Not looked at: {}", unread.what));
        choice_note(ui, &format!("{}. {}", unread.error.title, unread.error.hint));
    }
}

fn buttons(ui: &mut Ui, leftovers: &mut Leftovers, profile: &Profile, cleaning: bool) {
    let ticked = leftovers.ticked_of(profile.id).len();
    if ticked > 0 {
        let words = format!("Delete {ticked} ticked\u{2026}");
        let name = format!("Delete {ticked} ticked of {}", profile.name);
        let delete = Button::secondary(&words).icon(Icon::Trash).small().name(&name);
        if delete.enabled_or(!cleaning, "It is going on").show(ui).clicked() {
            leftovers.question = Some((profile.id, String::new()));
        }
    }
    let Some(Ok(looked)) = leftovers.found.get(&profile.id) else { return };
    let likely: Vec<usize> =
        looked.strays.iter().enumerate().filter(|(_, it)| it.likely == Likely::Left).map(|it| it.0).collect();
    let open = likely.iter().filter(|index| {
        let place = (profile.id, **index);
        !leftovers.ticked.contains(&place) && !leftovers.done.get(&place).is_some_and(Result::is_ok)
    });
    let open: Vec<usize> = open.copied().collect();
    if !open.is_empty() {
        let words = format!("Tick what is surely left ({})", open.len());
        if Button::ghost(&words).small().name(&format!("{words} of {}", profile.name)).show(ui).clicked() {
            leftovers.ticked.extend(open.into_iter().map(|index| (profile.id, index)));
        }
    }
}

fn row(ui: &mut Ui, leftovers: &mut Leftovers, place: (Uuid, usize), stray: &Stray, cleaning: bool) {
    let (title, detail) = match &stray.what {
        What::Webhook(webhook) => {
            let name = &webhook.definition.name;
            let name = if name.is_empty() { &webhook.id } else { name };
            (format!("Webhook \u{201c}{name}\u{201d}"), webhook.definition.endpoint.clone())
        }
        What::Thing { thing, name, .. } => (format!("Test {}", thing.word()), name.clone()),
    };
    match leftovers.done.get(&place) {
        Some(Ok(words)) => {
            status(ui, Mood::Success, words);
            return;
        }
        Some(Err(error)) => {
            Callout::error(&format!("{title}: {}", error.title)).text(&error.detail).text(&error.hint).show(ui);
        }
        None => {}
    }
    let mut on = leftovers.ticked.contains(&place);
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.horizontal(|ui| {
            ui.add_enabled_ui(!cleaning, |ui| {
                let response = checkbox(ui, &mut on, &title);
                let name = format!("{title} {detail}");
                response.widget_info(|| egui::WidgetInfo::selected(egui::Role::CheckBox, true, on, &name));
                if response.changed() {
                    if on {
                        leftovers.ticked.insert(place)
                    } else {
                        leftovers.ticked.remove(&place)
                    };
                }
            });
            ui.add(Label::new(RichText::new(&detail).monospace().size(text::SMALL)).truncate());
        });
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            ui.add_space(16.0 + space::SM);
            let (icon, colour) = match stray.likely {
                Likely::Left => (Icon::CircleCross, tokens(ui).error.icon),
                Likely::Perhaps => (Icon::Warning, tokens(ui).warn.icon),
            };
            icon.show(ui, 13.0, colour, if stray.likely == Likely::Left { "surely left" } else { "perhaps in use" });
            ui.add_space(space::XS);
            ui.add(Label::new(RichText::new(&stray.why).size(text::SMALL).color(tokens(ui).text_subdued)).wrap());
        });
    });
    ui.add_space(space::XS);
}

fn question(ui: &Ui, leftovers: &mut Leftovers, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let Some((id, mut typed)) = leftovers.question.take() else { return };
    let Some(profile) = cx.profiles.iter().find(|profile| profile.id == id) else { return };
    let ticked = leftovers.ticked_of(id);
    let count = ticked.len();
    let things = if count == 1 { "1 thing".to_owned() } else { format!("{count} things") };
    let (ask, verb) = (format!("Delete {things} in {}?", profile.name), format!("Delete {things}"));
    let note = "A webhook can be made again from the list, under a new id; a test thing cannot.";
    let answer = if profile.guard().is_on() {
        let mut answer = None;
        let place = format!("{}.", guard_words(profile));
        let closed = dialog(ui.ctx(), &ask, |ui, fresh| {
            ui.add(Label::new(&place).wrap());
            ui.add(Label::new(note).wrap());
            ui.add_space(space::SM);
            let hint = format!("Type {} to go on", profile.name);
            let field = FieldRow::new("Profile").hint(&hint).show(ui, &mut typed);
            if fresh {
                field.request_focus();
            }
            let row = egui::vec2(ui.available_width(), size::CONTROL);
            ui.allocate_ui_with_layout(row, Layout::right_to_left(egui::Align::Center), |ui| {
                let ready = typed.trim() == profile.name;
                let go = Button::danger(&verb).enabled_or(ready, "Type the profile's name first").show(ui).clicked();
                let cancel = Button::secondary("Cancel").show(ui).clicked();
                answer = go.then_some(Answer::Confirmed).or(cancel.then_some(Answer::Cancelled));
            });
        });
        answer.or(closed.then_some(Answer::Cancelled))
    } else {
        Confirm::new(&ask, &verb).text(note).show(ui.ctx())
    };
    match answer {
        None => leftovers.question = Some((id, typed)),
        Some(Answer::Cancelled) => {}
        Some(Answer::Confirmed) => {
            let job = cx.job();
            leftovers.cleaning.insert(job, id);
            actions.push(Action::Run(job, Command::Clean { profile: id, strays: ticked }.into()));
        }
    }
}
