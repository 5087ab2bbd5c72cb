//! The faults editor: every fault of the sandbox as a control.

use egui::{Align, Layout, RichText, Ui};

use crate::action::Action;
use crate::backend::sandbox::Command;
use crate::backend::{End, JobId};
use crate::error::UserError;
use crate::sandbox::{Down, Faults, ProviderFault, RateLimit};
use crate::screens::Cx;
use crate::tenant::scopes;
use crate::ui::tokens::{size, space, text};
use crate::ui::{
    Button, Callout, FieldRow, Mood, checkbox, combo_item, combo_row, disclosure, line, small, status, subdued, tokens,
};

/// Width of what is typed or chosen, in points.
const NUMBER: f32 = 260.0;

const DOWN: [(Option<Down>, &str); 3] =
    [(None, "works"), (Some(Down::Unavailable), "answers 503"), (Some(Down::Closed), "closes the connection")];

const PROVIDER: [(Option<ProviderFault>, &str); 7] = [
    (None, "works"),
    (Some(ProviderFault::InsufficientScope), "the token lacks a scope"),
    (Some(ProviderFault::ApiNotEnabled), "the API is not switched on"),
    (Some(ProviderFault::TokenRevoked), "the token was revoked"),
    (Some(ProviderFault::TokenExpired), "the token has expired"),
    (Some(ProviderFault::RateLimited), "too many calls"),
    (Some(ProviderFault::Down), "does not work"),
];

/// The faults while they are edited: numbers as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct FaultForm {
    faults: Faults,
    times: String,
    reset: String,
    slow: String,
    token: String,
    provider_token: String,
    skew: String,
    /// What is wrong with a number, after "Apply".
    wrong: Option<&'static str>,
}

impl FaultForm {
    /// The form filled from what is on.
    pub fn of(faults: &Faults) -> Self {
        let number = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
        Self {
            times: number(faults.rate_limit.map(|limit| limit.times.into())),
            reset: number(faults.rate_limit.map(|limit| limit.reset_seconds)),
            slow: number(Some(faults.slow_ms).filter(|ms| *ms > 0)),
            token: number(faults.token_lifetime_seconds),
            provider_token: number(faults.provider_token_lifetime_seconds),
            skew: if faults.clock_skew_seconds == 0 { String::new() } else { faults.clock_skew_seconds.to_string() },
            faults: faults.clone(),
            wrong: None,
        }
    }

    /// What is asked for, or the name of the number that is none.
    pub fn read(&self) -> Result<Faults, &'static str> {
        fn number<T: std::str::FromStr>(text: &str, name: &'static str) -> Result<Option<T>, &'static str> {
            match text.trim() {
                "" => Ok(None),
                text => text.parse().map(Some).map_err(|_| name),
            }
        }
        let times: Option<u32> = number(&self.times, "Calls refused")?;
        let reset: Option<u64> = number(&self.reset, "Retry after")?;
        Ok(Faults {
            rate_limit: times
                .filter(|times| *times > 0)
                .map(|times| RateLimit { times, reset_seconds: reset.unwrap_or(1) }),
            slow_ms: number(&self.slow, "Slower by")?.unwrap_or_default(),
            token_lifetime_seconds: number(&self.token, "Access token lives")?,
            provider_token_lifetime_seconds: number(&self.provider_token, "Provider token")?,
            clock_skew_seconds: number(&self.skew, "Clock is off by")?.unwrap_or_default(),
            ..self.faults.clone()
        })
    }
}

/// The form, and how what was asked of it stands.
#[derive(Debug, Default)]
pub(super) struct Editor {
    form: FaultForm,
    /// The faults that are on, as last heard.
    on: Faults,
    job: JobId,
    error: Option<UserError>,
}

impl Editor {
    /// The faults that are on came with the sandbox: what was typed and not yet applied stays.
    pub fn seen(&mut self, on: &Faults) {
        if !self.is_changed() {
            self.form = FaultForm::of(on);
        }
        self.on = on.clone();
    }

    /// The faults were put in place, or not.
    pub fn applied(&mut self, job: JobId, result: Result<Faults, UserError>) {
        if job != self.job {
            return;
        }
        self.job = 0;
        match result {
            Ok(faults) => *self = Self { form: FaultForm::of(&faults), on: faults, ..Self::default() },
            Err(error) => self.error = Some(error),
        }
    }

    /// The job ended without an answer.
    pub fn on_end(&mut self, job: JobId, end: End) {
        if job == self.job {
            self.job = 0;
            self.error = end.without_answer();
        }
    }

    /// Something was changed that is not in place yet.
    fn is_changed(&self) -> bool {
        FaultForm { wrong: None, ..self.form.clone() } != FaultForm::of(&self.on)
    }

    /// True while any is on.
    pub fn any(&self) -> bool {
        self.on != Faults::default()
    }
}

/// What is on, what was changed and is not, and the buttons: above the form, so that they are seen wherever it stands.
pub(super) fn bar(ui: &mut Ui, editor: &mut Editor, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let busy = editor.job != 0;
    let changed = editor.is_changed();
    let mut wanted = None;
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let clear = Button::secondary("Clear all").name("Clear all faults");
            let why_not = if busy { "It is being applied" } else { "None is on" };
            if clear.enabled_or(!busy && (changed || editor.any()), why_not).show(ui).clicked() {
                wanted = Some(Faults::default());
            }
            let why_not = if busy { "It is being applied" } else { "Nothing was changed" };
            let apply = Button::primary("Apply").name("Apply faults").enabled_or(!busy && changed, why_not).show(ui);
            if apply.clicked() {
                match editor.form.read() {
                    Ok(faults) => wanted = Some(faults),
                    Err(name) => editor.form.wrong = Some(name),
                }
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| match (changed, editor.any()) {
                (true, _) => {
                    status(ui, Mood::Warn, "Changed, not applied yet");
                }
                (false, true) => {
                    status(ui, Mood::Warn, "Faults are on");
                }
                (false, false) => {
                    line(ui, RichText::new("None is on").size(text::SMALL).color(tokens(ui).text_subdued));
                }
            });
        });
    });
    if let Some(wrong) = editor.form.wrong {
        Callout::error(&format!("{wrong} is not a number")).text("Type digits alone, or nothing").show(ui);
    }
    if let Some(error) = &editor.error {
        Callout::user_error(error).show(ui);
    }
    if let Some(faults) = wanted {
        editor.form.wrong = None;
        editor.error = None;
        editor.job = cx.job();
        actions.push(Action::Run(editor.job, Command::SetFaults(faults).into()));
    }
}

/// The form.
pub(super) fn ui(ui: &mut Ui, editor: &mut Editor) {
    subdued(ui, "They last until they are cleared, or the sandbox ends");
    ui.add_space(space::XS);
    let form = &mut editor.form;
    token_endpoint(ui, &mut form.faults);
    management(ui, form);
    provider(ui, form);
}

fn token_endpoint(ui: &mut Ui, faults: &mut Faults) {
    checkbox(ui, &mut faults.wrong_secret, "Every client secret is wrong");
    checkbox(ui, &mut faults.unknown_client, "The client is unknown (404)");
    checkbox(ui, &mut faults.audience_refused, "The Management API is not authorised");
    checkbox(ui, &mut faults.refuse_override_callback, "override_callback_url is refused");
    checkbox(ui, &mut faults.errors_as_object, "Errors come as an object in place of a list");
    checkbox(ui, &mut faults.event_timestamp_text, "The timestamp of an event comes as text");
    let count = faults.missing_scopes.len();
    let words = if count == 0 { "Missing scopes".to_owned() } else { format!("Missing scopes ({count})") };
    // The count is no part of the name it is remembered by.
    disclosure(ui, "missing", &words, count > 0, |ui| {
        small(ui, "Ticked scopes are left out of tokens, and refused");
        for scope in scopes::everything() {
            let mut missing = faults.missing_scopes.iter().any(|name| name == scope);
            if checkbox(ui, &mut missing, scope).changed() {
                faults.missing_scopes.retain(|name| name != scope);
                if missing {
                    faults.missing_scopes.push(scope.to_owned());
                }
            }
        }
    });
}

fn management(ui: &mut Ui, form: &mut FaultForm) {
    choice(ui, "Kinde", &DOWN, &mut form.faults.down);
    number(ui, "Slower by", "Milliseconds, at most 60,000", &mut form.slow);
    number(ui, "Calls refused", "How many are answered 429", &mut form.times);
    number(ui, "Retry after", "Seconds, as RateLimit-Reset says", &mut form.reset);
    number(ui, "Access token lives", "Seconds, for tokens minted from now on", &mut form.token);
    number(ui, "Clock is off by", "Seconds; a minus for behind", &mut form.skew);
}

fn provider(ui: &mut Ui, form: &mut FaultForm) {
    choice(ui, "Every provider", &PROVIDER, &mut form.faults.provider);
    number(ui, "Provider token", "Seconds it lives, from now on", &mut form.provider_token);
}

fn choice<T: Copy + PartialEq>(ui: &mut Ui, label: &str, all: &[(Option<T>, &str)], value: &mut Option<T>) {
    let shown = all.iter().find(|(each, _)| each == value).map_or("", |(_, words)| words);
    ui.scope(|ui| {
        // As wide as the numbers around it.
        ui.set_max_width(size::LABEL_COLUMN + NUMBER);
        combo_row(ui, label, None, shown, |ui| {
            for (each, words) in all {
                if combo_item(ui, each == value, words, "") {
                    *value = *each;
                }
            }
        });
    });
}

fn number(ui: &mut Ui, label: &str, hint: &str, text: &mut String) {
    FieldRow::new(label).hint(hint).width(NUMBER).show(ui, text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_filled_from_faults_reads_as_the_same_faults() {
        let faults = Faults {
            wrong_secret: true,
            missing_scopes: vec!["read:users".to_owned()],
            rate_limit: Some(RateLimit { times: 3, reset_seconds: 9 }),
            slow_ms: 250,
            down: Some(Down::Closed),
            token_lifetime_seconds: Some(5),
            provider_token_lifetime_seconds: Some(7),
            provider: Some(ProviderFault::RateLimited),
            clock_skew_seconds: -90,
            ..Faults::default()
        };
        assert_eq!(FaultForm::of(&faults).read(), Ok(faults));
        assert_eq!(FaultForm::of(&Faults::default()).read(), Ok(Faults::default()));
    }

    #[test]
    fn a_number_that_is_none_is_named() {
        let form = FaultForm { slow: "soon".to_owned(), ..FaultForm::default() };
        assert_eq!(form.read(), Err("Slower by"));
    }
}
