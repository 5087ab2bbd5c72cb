//! The hand-over to Kinde: the verdict first, what to type there and where, and what to do with what Kinde answers.

use egui::Ui;

use super::State;
use super::look;
use super::run::Done;
use super::state::Tab;
use crate::action::Action;
use crate::check::Verdict;
use crate::clock::{clock_time, day};
use crate::mail::handover::{self, Value};
use crate::mail::replies::{Explained, explain};
use crate::mail::smtp::FROM_HERE;
use crate::screens::Cx;
use crate::secrets::Secret;
use crate::tenant::places;
use crate::ui::tokens::space;
use crate::ui::{
    Button, Callout, Icon, Mood, card, check_rows, disclosure, empty_state, key_value, key_value_copy, key_value_ui,
    link, paste_box, prose, secret_value, section, small, strong, subdued,
};

/// How Kinde's own test went, as the person says.
#[derive(Default)]
pub(super) enum Fate {
    /// Not said yet.
    #[default]
    Open,
    /// The message came.
    Arrived,
    /// It failed; what Kinde said, as pasted, and what that means.
    Failed { text: String, read: String, explained: Option<Explained> },
}

/// Draws it.
pub(super) fn ui(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    ui.set_max_width(ui.available_width().min(WIDE));
    let Some(done) = state.run.done() else {
        let words = "Nothing was checked yet. Check the server first: then the values to type into Kinde stand here";
        if empty_state(ui, Some(Icon::Mail), words, Some("Go to SMTP")) {
            state.tab = Tab::Smtp;
        }
        return;
    };
    verdict(ui, done);
    let stages = format!("The {} stages of the check", done.checks.len());
    disclosure(ui, "stages", &stages, false, |ui| check_rows(ui, "hand-over", &done.checks));
    ui.add_space(space::SM);
    section(ui, "Type these into Kinde", |ui| values(ui, done));
    section(ui, "Where, and in which order", steps);
    let mut to_headers = false;
    section(ui, "What Kinde said", |ui| to_headers = fate(ui, &mut state.fate, &done.form, actions));
    let mut save = None;
    section(ui, "For others", |ui| save = reports(ui, done, state.save_job != 0));
    if let Some((name, text)) = save {
        state.save(name, text, cx, actions);
    }
    if let Some(error) = &state.save_error {
        Callout::user_error(error).show(ui);
    }
    if to_headers {
        state.tab = Tab::Headers;
    }
}

/// The widest the page grows, in points.
const WIDE: f32 = 760.0;

fn verdict(ui: &mut Ui, done: &Done) {
    look::headline(ui, &done.outcome.headline, &done.checks, done.outcome.cancelled);
    small(ui, &format!("Checked {} {}. {FROM_HERE}", day(done.at), clock_time(done.at)));
    if done.outcome.verdict() == Verdict::Fail {
        small(ui, "Mend that first: Kinde would meet the same");
    } else if done.outcome.cancelled {
        small(ui, "Check again to its end before you type these");
    }
    ui.add_space(space::XS);
}

fn values(ui: &mut Ui, done: &Done) {
    card(ui, |ui| {
        for row in handover::rows(&done.form) {
            match &row.value {
                Value::Plain(text) if text.is_empty() => key_value_ui(ui, row.label, |ui| {
                    subdued(ui, "leave it empty");
                }),
                Value::Plain(text) => key_value_copy(ui, row.label, text),
                Value::Switch(position) => key_value(ui, row.label, position),
                Value::Hidden(secret) => hidden(ui, row.label, secret),
            }
        }
    });
    ui.add_space(space::SM);
    strong(ui, "Worth knowing");
    let pitfalls = crate::mail::detect(&done.form).map(|preset| preset.pitfalls.as_slice()).unwrap_or_default();
    for note in handover::notes(&done.form, done.outcome.mode).iter().chain(pitfalls) {
        prose(ui, &format!("· {note}"));
    }
}

fn hidden(ui: &mut Ui, label: &str, secret: &Secret) {
    key_value_ui(ui, label, |ui| {
        if secret.is_empty() {
            subdued(ui, "not typed here");
        } else {
            secret_value(ui, label, secret);
        }
    });
}

fn steps(ui: &mut Ui) {
    if let Some(place) = places::place("email_sender") {
        key_value(ui, "In Kinde", &place.path);
        if let Some(older) = &place.older {
            key_value(ui, "Older guides", older);
        }
        small(ui, &format!("As Kinde's guide said in {}", place.read));
        ui.add_space(space::XS);
    }
    for (index, step) in handover::STEPS.iter().enumerate() {
        prose(ui, &format!("{}. {step}", index + 1));
    }
}

/// True when the headers of what arrived are to be read.
fn fate(ui: &mut Ui, fate: &mut Fate, form: &crate::mail::Form, actions: &mut Vec<Action>) -> bool {
    let mut to_headers = false;
    prose(
        ui,
        "Press Send test email in Kinde: it goes to the address you are signed in to Kinde with. Then say how it went",
    );
    ui.add_space(space::XS);
    ui.horizontal(|ui| {
        let arrived = matches!(fate, Fate::Arrived);
        if Button::secondary("It arrived").icon(Icon::Check).selected(arrived).show(ui).clicked() {
            *fate = Fate::Arrived;
        }
        let failed = matches!(fate, Fate::Failed { .. });
        let button = Button::secondary("It failed, the message was …").icon(Icon::Cross).selected(failed);
        if button.show(ui).clicked() && !failed {
            *fate = Fate::Failed { text: String::new(), read: String::new(), explained: None };
        }
    });
    ui.add_space(space::SM);
    match fate {
        Fate::Open => {}
        Fate::Arrived => {
            to_headers = Callout::success("Press Save in Kinde: until then the old sender stays")
                .text("People in the middle of a sign-in keep the old sender; invitations to the team always come from Kinde")
                .show_with(ui, |ui| Button::secondary("Read its headers").icon(Icon::Search).small().show(ui).clicked());
        }
        Fate::Failed { text, read, explained } => {
            paste_box(ui, "What Kinde said", "Paste the message of Kinde's page", 3, text);
            if *text != *read {
                read.clone_from(text);
                *explained = (!text.trim().is_empty()).then(|| explain(text, None, crate::mail::detect(form)));
            }
            if let Some(explained) = explained {
                ui.add_space(space::SM);
                told(ui, explained);
            }
        }
    }
    if let Some(preset) = crate::mail::detect(form)
        && let Some(url) = &preset.log_url
    {
        ui.add_space(space::XS);
        let words = format!("What {} says was sent", preset.name);
        if link(ui, &words, url).clicked() {
            actions.push(Action::OpenUrl(url.clone()));
        }
    }
    to_headers
}

fn told(ui: &mut Ui, explained: &Explained) {
    let code = explained.code.map(|code| code.to_string());
    let codes: Vec<&str> = [code.as_deref(), explained.enhanced.as_deref()].into_iter().flatten().collect();
    let title = match codes.as_slice() {
        [] => explained.means.clone(),
        codes => format!("{}: {}", codes.join(" "), explained.means),
    };
    let mood = if explained.temporary { Mood::Warn } else { Mood::Error };
    let source = if explained.known {
        format!("By {}", explained.source)
    } else {
        "These words are not in the panel's catalogue: this is what its kind of reply means".to_owned()
    };
    Callout::new(mood, &title).text(&explained.fix).text(&source).show(ui);
}

/// The buttons that carry the result away; a file to save.
fn reports(ui: &mut Ui, done: &Done, saving: bool) -> Option<(String, String)> {
    let mut save = None;
    ui.horizontal_wrapped(|ui| {
        let host = done.form.host.trim();
        let button =
            |words| Button::secondary(words).icon(Icon::Download).small().enabled_or(!saving, "It is being saved");
        if button("Save as Markdown…").show(ui).clicked() {
            save = Some((format!("mail-check-{host}.md"), handover::markdown(&done.form, &done.outcome, done.at)));
        }
        if button("Save as JSON…").show(ui).clicked() {
            save = Some((format!("mail-check-{host}.json"), handover::json(&done.form, &done.outcome, done.at)));
        }
    });
    small(ui, "Neither holds the password");
    save
}
