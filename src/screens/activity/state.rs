//! What Activity holds: the ring itself, and what a person chose and typed.

use jiff::Timestamp;

use crate::action::{Action, JobId};
use crate::backend::End;
use crate::backend::activity::Event;
use crate::error::UserError;
use crate::net::{Activity, Exchange, ExchangeId};
use crate::screens::Cx;
use crate::tenant::Profile;
use crate::ui::JsonTree;

/// What this screen holds.
#[derive(Default)]
pub struct State {
    /// Every exchange of this run, as far as it is kept. The shell pushes into it.
    pub ring: Activity,
    pub(super) selected: Option<ExchangeId>,
    pub(super) filter: String,
    pub(super) edit: Option<Edit>,
    pub(super) part: Part,
    /// The answer's body of the chosen exchange, read once; `None` inside where it is no JSON.
    pub(super) body: Option<(ExchangeId, Option<JsonTree>)>,
}

/// The part of an exchange that shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Part {
    #[default]
    Answer,
    Request,
    Curl,
}

/// A read about to be sent again.
pub(super) struct Edit {
    pub path: String,
    pub job: Option<JobId>,
    pub error: Option<UserError>,
}

impl State {
    /// Takes an answer of the backend; one of another job is old and dropped.
    pub fn on_event(&mut self, job: JobId, event: Event, _now: Timestamp, _actions: &mut Vec<Action>) {
        let Some(edit) = self.edit.as_mut().filter(|edit| edit.job == Some(job)) else { return };
        let Event::Sent(sent) = event;
        match sent {
            Ok(exchange) => {
                self.selected = Some(exchange);
                self.part = Part::Answer;
                self.edit = None;
            }
            Err(error) => {
                edit.job = None;
                edit.error = Some(error);
            }
        }
    }

    /// A job ended: the form does not wait for its answer any more.
    pub fn on_end(&mut self, job: JobId, end: End) {
        if let Some(edit) = self.edit.as_mut().filter(|edit| edit.job == Some(job)) {
            edit.job = None;
            edit.error = end.without_answer();
        }
    }

    /// The room is opened: there is nothing to load.
    pub fn entered(&mut self, _cx: &Cx<'_>, _actions: &mut Vec<Action>) {}

    /// Another profile: a path typed for the one before is not sent to the next. The exchanges stay.
    pub fn forget(&mut self, actions: &mut Vec<Action>) {
        self.leave_edit(actions);
    }

    /// Closes the form; what it sent is not waited for any more.
    fn leave_edit(&mut self, actions: &mut Vec<Action>) {
        actions.extend(self.edit.take().and_then(|edit| edit.job).map(Action::Cancel));
    }

    pub(super) fn choose(&mut self, id: ExchangeId) {
        if self.selected != Some(id) {
            self.selected = Some(id);
            self.edit = None;
        }
    }

    /// Reads the chosen exchange's answer, once.
    pub(super) fn read_body(&mut self) {
        let Some(exchange) = self.selected.and_then(|id| self.ring.get(id)) else { return };
        if self.body.as_ref().is_none_or(|(id, _)| *id != exchange.id) {
            let body = exchange.response_body.as_str();
            let tree = body.trim_start().starts_with(['{', '[']).then(|| JsonTree::parse(body).ok()).flatten();
            self.body = Some((exchange.id, tree));
        }
    }

    pub(super) fn clear(&mut self) {
        self.ring.clear();
        self.selected = None;
        self.edit = None;
        self.body = None;
        self.filter.clear();
    }
}

/// True where every word of the filter stands in what a row shows.
pub(super) fn fits(exchange: &Exchange, filter: &str) -> bool {
    if filter.trim().is_empty() {
        return true;
    }
    let row =
        format!("{} {} {} {}", exchange.method, exchange.url, exchange.status_text(), exchange.purpose).to_lowercase();
    filter.to_lowercase().split_whitespace().all(|word| row.contains(word))
}

/// Path and query to send again with the profile's token, or why that cannot be.
pub(super) fn can_send_again<'a>(exchange: &'a Exchange, profile: Option<&Profile>) -> Result<&'a str, &'static str> {
    if exchange.method != "GET" {
        return Err("Only a read (GET) is sent again from here: this one may change something. Copy it as curl");
    }
    let Some(profile) = profile else { return Err("Choose a profile first: its token goes with it") };
    let Ok(url) = url::Url::parse(&exchange.url) else { return Err("The address cannot be read") };
    let host = url.host_str().unwrap_or_default();
    let own = if profile.is_sandbox() {
        matches!(host, "127.0.0.1" | "localhost")
    } else {
        profile.issuers().iter().chain(profile.api_domain().iter()).any(|domain| domain.host() == host)
    };
    if !own || !url.path().starts_with("/api/") {
        return Err("Only reads of this profile's Management API are sent again: the token belongs to no other host");
    }
    if !profile.is_sandbox() && profile.client_id.is_none() {
        return Err("This needs a machine to machine application: add it in the Tenant room");
    }
    let rest = exchange.url.split_once("://").map_or("", |(_, rest)| rest);
    let path = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/");
    if path.contains(crate::secrets::MASK) {
        return Err("It was sent with a secret that Activity does not keep. Copy it as curl");
    }
    Ok(path)
}
