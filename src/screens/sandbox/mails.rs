//! The mail that came to the sandbox's mail server, newest first, and one message in full. Followed while it shows.

use egui::{Align, Layout, Ui};

use super::mail::{self, Part};
use crate::action::Action;
use crate::backend::sandbox::Command;
use crate::backend::{End, JobId};
use crate::clock::clock_time;
use crate::error::UserError;
use crate::sandbox::{self, MailBody, MailView};
use crate::screens::{Cx, give_up};
use crate::ui::tokens::space;
use crate::ui::{
    Answer, Button, Callout, Col, Confirm, Icon, Load, LoadAsk, LoadView, Table, empty_state, small, subdued,
};

/// In a room narrower than this the sender shows below alone.
const NARROW: f32 = 700.0;

/// What the page remembers.
#[derive(Default)]
pub(super) struct Mails {
    list: Load<sandbox::Mails>,
    /// Follows what comes; 0 while nobody looks.
    follow: JobId,
    selected: Option<i64>,
    pub(super) body: Load<Option<Box<MailBody>>>,
    body_job: JobId,
    pub(super) part: Part,
    /// Choose the message that was queued under this id when it is there.
    queue_id: Option<String>,
    asking: bool,
    clear_job: JobId,
    error: Option<UserError>,
}

impl Mails {
    /// The page shows, or does not any more: only while it shows the mail is followed.
    pub fn shown(&mut self, shown: bool, actions: &mut Vec<Action>) {
        if !shown && self.follow != 0 {
            actions.push(Action::Cancel(std::mem::take(&mut self.follow)));
            self.list.cancel();
        }
    }

    /// The sandbox has ended: its next run tells anew.
    pub fn forget(&mut self) {
        *self = Self { part: self.part, queue_id: self.queue_id.take(), ..Self::default() };
    }

    /// Chooses the message that was queued under that id, once it is there.
    pub fn wanted(&mut self, queue_id: Option<String>) {
        self.queue_id = queue_id;
    }

    fn ask(&mut self, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        self.follow = cx.job();
        self.list.start();
        actions.push(Action::Run(self.follow, Command::FollowMails.into()));
    }

    fn choose(&mut self, id: i64, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        if self.selected == Some(id) && (self.body.value().is_some() || self.body.is_loading()) {
            return;
        }
        self.selected = Some(id);
        self.body = Load::Idle;
        self.body_job = cx.job();
        self.body.start();
        actions.push(Action::Run(self.body_job, Command::Mail { id }.into()));
    }

    /// What is kept came.
    pub fn listed(&mut self, job: JobId, result: Result<sandbox::Mails, UserError>) {
        if job == self.follow {
            if result.is_err() {
                self.follow = 0;
            }
            self.list.finish(result);
        }
    }

    /// A message came.
    pub fn read(&mut self, job: JobId, result: Result<Option<Box<MailBody>>, UserError>) {
        if job == self.body_job && self.body.is_loading() {
            self.body.finish(result);
        }
    }

    /// All of it was thrown away, or not.
    pub fn cleared(&mut self, job: JobId, result: Result<usize, UserError>) {
        if job != self.clear_job {
            return;
        }
        self.clear_job = 0;
        match result {
            Ok(_) => {
                if let Some(list) = self.list.value_mut() {
                    list.mails.clear();
                }
                self.selected = None;
                self.body = Load::Idle;
                self.error = None;
            }
            Err(error) => self.error = Some(error),
        }
    }

    /// The job ended without an answer.
    pub fn on_end(&mut self, job: JobId, end: End) {
        if job == self.follow {
            self.follow = 0;
            if self.list.is_loading() {
                give_up(&mut self.list, end);
            }
        }
        if job == self.body_job && self.body.is_loading() {
            give_up(&mut self.body, end);
        }
        if job == self.clear_job {
            self.clear_job = 0;
            self.error = end.without_answer();
        }
    }

    fn chosen(&self) -> Option<&MailView> {
        self.list.value()?.mails.iter().find(|mail| Some(mail.id) == self.selected)
    }
}

/// Draws the page, over the whole height there is.
pub(super) fn ui(ui: &mut Ui, state: &mut Mails, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    if state.follow == 0 && !matches!(state.list, Load::Failed { .. }) {
        state.ask(cx, actions);
    }
    bar(ui, state);
    if let Some(error) = &state.error {
        Callout::user_error(error).show(ui);
        ui.add_space(space::SM);
    }
    let (mut chosen, selected) = (None, state.selected);
    // Less than half of the room: the chosen one shows below.
    let height = (ui.available_height() * 0.35).max(110.0);
    let ask = LoadView::new("Reading the mail…").show(ui, &mut state.list, |ui, list| {
        if list.mails.is_empty() {
            let words = "No mail came yet. Point an app at the mail server of the Overview, or send a test email from the Email room";
            empty_state(ui, Some(Icon::Mail), words, None);
        } else {
            chosen = table(ui, &list.mails, selected, height);
        }
    });
    if ask == Some(LoadAsk::Retry) {
        state.ask(cx, actions);
    }
    if let Some(queue_id) = &state.queue_id
        && let Some(mails) = state.list.value().map(|list| &list.mails)
        && let Some(mail) = mails.iter().find(|mail| mail.queue_id == *queue_id)
    {
        chosen = chosen.or(Some(mail.id));
        state.queue_id = None;
    }
    if let Some(id) = chosen {
        state.choose(id, cx, actions);
    }
    if state.list.value().is_none_or(|list| list.mails.is_empty()) {
        return;
    }
    ui.add_space(space::MD);
    match state.chosen().cloned() {
        Some(view) => {
            if mail::ui(ui, state, &view, actions) {
                state.body = Load::Idle;
                state.choose(view.id, cx, actions);
            }
        }
        None => {
            subdued(ui, "Choose a message to read it");
        }
    }
    question(ui, state, cx, actions);
}

fn bar(ui: &mut Ui, state: &mut Mails) {
    ui.horizontal(|ui| {
        small(ui, "What came to the sandbox's mail server, newest first. At most 200 messages are kept");
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let any = state.list.value().is_some_and(|list| !list.mails.is_empty());
            let why_not = if state.clear_job == 0 { "There is none" } else { "It is being thrown away" };
            let clear = Button::ghost("Clear…").name("Clear the mail").icon(Icon::Trash).small();
            if clear.enabled_or(any && state.clear_job == 0, why_not).show(ui).clicked() {
                state.asking = true;
            }
        });
    });
}

/// The number of the message chosen just now.
fn table(ui: &mut Ui, mails: &[MailView], selected: Option<i64>, height: f32) -> Option<i64> {
    let wide = ui.available_width() >= NARROW;
    let mut columns = vec![Col::exact("Time", 76.0)];
    if wide {
        columns.push(Col::exact("From", 190.0));
    }
    columns.extend([Col::exact("To", 190.0), Col::rest("Subject")]);
    if wide {
        columns.push(Col::exact("Size", 76.0).right());
    }
    let row = selected.and_then(|id| mails.iter().position(|mail| mail.id == id));
    let answer = Table::new("Mail", &columns).selected(row).max_height(height).show(
        ui,
        mails.len(),
        |index| mails.get(index).map_or_else(String::new, |mail| format!("{} {}", mail.id, subject(mail))),
        |cells, index| {
            let Some(mail) = mails.get(index) else { return };
            cells.subdued(&clock_time(mail.received));
            if wide {
                cells.text(&mail.from);
            }
            cells.text(&recipients(&mail.to));
            match mail.subject.as_deref() {
                Some(_) => cells.text(subject(mail)),
                None => cells.subdued(subject(mail)),
            }
            if wide {
                cells.subdued(&bytes(mail.size));
            }
        },
    );
    answer.chosen.or(answer.opened).and_then(|index| mails.get(index)).map(|mail| mail.id)
}

/// Its subject, or words for none.
pub(super) fn subject(mail: &MailView) -> &str {
    mail.subject.as_deref().unwrap_or("no subject")
}

/// `ada@example.com and 2 more`.
fn recipients(to: &[String]) -> String {
    match to {
        [] => String::new(),
        [one] => one.clone(),
        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
    }
}

/// `12 KB`.
pub(super) fn bytes(count: u64) -> String {
    match count {
        0..1000 => format!("{count} B"),
        1000..1_000_000 => format!("{} KB", (count + 500) / 1000),
        more => format!("{:.1} MB", more as f64 / 1e6),
    }
}

fn question(ui: &Ui, state: &mut Mails, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    if !state.asking {
        return;
    }
    let confirm = Confirm::new("Throw all mail of the sandbox away?", "Throw the mail away")
        .text("It lies in the sandbox's folder alone: nobody else has it.");
    let Some(answer) = confirm.show(ui.ctx()) else { return };
    state.asking = false;
    if answer == Answer::Confirmed {
        state.clear_job = cx.job();
        actions.push(Action::Run(state.clear_job, Command::ClearMails.into()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_recipients_are_told_short() {
        assert_eq!([bytes(999), bytes(1499), bytes(1_500_000)], ["999 B", "1 KB", "1.5 MB"]);
        let to = |names: &[&str]| recipients(&names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>());
        assert_eq!([to(&[]), to(&["a@b"]), to(&["a@b", "c@d", "e@f"])], ["", "a@b", "a@b and 2 more"]);
    }
}
