//! Something that is looked at check by check: not asked yet, on its way, or what was found.

use egui::{Align, Label, Layout, RichText, Ui, vec2};

use crate::action::{Action, JobId};
use crate::backend::End;
use crate::check::Check;
use crate::error::UserError;
use crate::ui::tokens::{size, space};
use crate::ui::{Button, Callout, Icon, Mood, check_headline, check_rows, loading, tokens};

/// How a look stands.
#[derive(Default)]
pub(super) enum Look<R> {
    /// Nobody asked.
    #[default]
    Idle,
    /// It is on its way.
    Live(Live),
    /// It came to its end.
    Done(Box<R>),
    /// It could not be begun, or broke off.
    Failed(UserError),
}

/// A look on its way.
pub(super) struct Live {
    job: JobId,
    /// The names of the checks that come in every run.
    names: &'static [&'static str],
    checks: Vec<Check>,
    cancelling: bool,
}

impl<R> Look<R> {
    /// It begins; `names` are the checks that come in every run.
    pub fn begin(&mut self, job: JobId, names: &'static [&'static str]) {
        *self = Self::Live(Live { job, names, checks: Vec::new(), cancelling: false });
    }

    /// The job, while it runs.
    pub fn job(&self) -> Option<JobId> {
        match self {
            Self::Live(live) => Some(live.job),
            _ => None,
        }
    }

    /// A check is done.
    pub fn looked(&mut self, job: JobId, check: Check) {
        if let Self::Live(live) = self
            && live.job == job
        {
            live.checks.push(check);
        }
    }

    /// It ended.
    pub fn ended(&mut self, job: JobId, result: Result<Box<R>, UserError>) {
        if self.job() == Some(job) {
            *self = result.map_or_else(Self::Failed, Self::Done);
        }
    }

    /// The job ended without an answer.
    pub fn on_end(&mut self, job: JobId, end: End) {
        if self.job() == Some(job) {
            *self = end.without_answer().map_or(Self::Idle, Self::Failed);
        }
    }

    /// Another profile was chosen: it ends.
    pub fn forget(&mut self, actions: &mut Vec<Action>) {
        actions.extend(self.job().map(Action::Cancel));
        *self = Self::Idle;
    }
}

/// The button that begins it, or the one that ends it; true when it is to begin. `why_not` keeps it from beginning.
pub(super) fn button<R>(
    ui: &mut Ui,
    look: &mut Look<R>,
    words: &str,
    why_not: Option<&str>,
    actions: &mut Vec<Action>,
) -> bool {
    if let Look::Live(live) = look {
        let cancel = Button::secondary("Cancel").enabled_or(!live.cancelling, "It is ending").show(ui);
        if cancel.clicked() {
            live.cancelling = true;
            actions.push(Action::Cancel(live.job));
        }
        return false;
    }
    let begin = Button::primary(words).icon(Icon::Play);
    begin.enabled_or(why_not.is_none(), why_not.unwrap_or_default()).show(ui).clicked()
}

/// The sentence over what was found. Of a look that was cancelled no verdict shows: what is left could be anything.
pub(super) fn headline(ui: &mut Ui, words: &str, checks: &[Check], cancelled: bool) {
    if cancelled {
        Callout::new(Mood::Neutral, words).text("What was found until then stands below").show(ui);
    } else {
        check_headline(ui, words, checks);
    }
}

/// What is there of it, and the report drawn by `report`; `idle` says what the button is for.
pub(super) fn ui<R>(ui: &mut Ui, look: &Look<R>, id: &str, idle: &str, report: impl FnOnce(&mut Ui, &R)) {
    match look {
        Look::Idle => {
            crate::ui::empty_state(ui, Some(Icon::Mail), idle, None);
        }
        Look::Failed(error) => Callout::user_error(error).show(ui),
        Look::Done(found) => report(ui, found),
        Look::Live(live) => {
            loading(ui, if live.cancelling { "Ending…" } else { "Looking…" });
            ui.add_space(space::XS);
            check_rows(ui, id, &titled(&live.checks));
            let left = live.names.iter().filter(|name| !live.checks.iter().any(|check| check.name == **name));
            for name in left {
                waiting(ui, name);
            }
        }
    }
}

/// Checks under names as people write them: their own are short and stable, `spf look-ups`, `return path`.
pub(super) fn titled(checks: &[Check]) -> Vec<Check> {
    checks.iter().map(|check| Check { name: title(&check.name).into(), ..check.clone() }).collect()
}

/// What is short for several words, in capitals.
const SHORT: [&str; 8] = ["api", "bimi", "dkim", "dmarc", "mta-sts", "mx", "spf", "tls"];

fn title(name: &str) -> String {
    let word = |word: &str| if SHORT.contains(&word) { word.to_uppercase() } else { word.to_owned() };
    let words = name.split(' ').map(word).collect::<Vec<_>>().join(" ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn waiting(ui: &mut Ui, name: &str) {
    let t = tokens(ui);
    let room = vec2(ui.available_width(), size::ROW);
    ui.allocate_ui_with_layout(room, Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_height(size::ROW);
        ui.add_space(space::SM);
        Icon::Circle.show(ui, 14.0, t.text_subdued, "waiting");
        ui.add(Label::new(RichText::new(title(name)).color(t.text_subdued)).selectable(false));
    });
}

#[cfg(test)]
mod tests {
    use super::title;

    #[test]
    fn a_check_is_called_as_people_write_it_and_a_name_of_dns_stays_as_it_is() {
        for (name, shown) in [
            ("mx", "MX"),
            ("spf look-ups", "SPF look-ups"),
            ("return path spf", "Return path SPF"),
            ("mta-sts", "MTA-STS"),
            ("tls reports", "TLS reports"),
            ("record TXT resend._domainkey.acme.com", "Record TXT resend._domainkey.acme.com"),
            ("", ""),
        ] {
            assert_eq!(title(name), shown);
        }
    }
}
