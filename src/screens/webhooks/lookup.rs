//! Look up: an Event ID in, the event as Kinde keeps it out.

use egui::{ScrollArea, Ui};

use super::seen;
use super::state::State;
use crate::action::{Action, JobId};
use crate::backend::webhooks::Command;
use crate::clock::rfc3339;
use crate::error::UserError;
use crate::screens::Cx;
use crate::store::attempts::Attempt;
use crate::tenant::Profile;
use crate::ui::tokens::space;
use crate::ui::{
    Button, Callout, Icon, JsonTree, Load, LoadAsk, LoadView, json_view, key_value, key_value_copy, small, subdued,
    text_field, title,
};
use crate::webhooks::ids::{Pasted, what_is};
use crate::webhooks::{Found, Refusal};

/// An event that was found, ready to be read.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    found: Found,
    data: Option<JsonTree>,
}

/// What was pasted and what was found.
#[derive(Debug, Default)]
pub(super) struct LookUp {
    pub text: String,
    pub found: Load<Shown>,
    /// Its attempts that were received here; `None` before that is known.
    pub seen: Option<Result<Vec<Attempt>, UserError>>,
    pub job: JobId,
}

impl LookUp {
    pub(super) fn answer(&mut self, result: Result<Found, Refusal>) {
        let shown = result.map(|found| {
            let text = serde_json::to_string_pretty(&found.reply.it.data).unwrap_or_default();
            Shown { data: JsonTree::parse(text).ok(), found }
        });
        self.found.finish(shown.map_err(UserError::from));
    }
}

pub(super) fn ask(state: &mut State, profile: &Profile, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let lookup = &mut state.lookup;
    lookup.found = Load::Idle;
    lookup.seen = None;
    lookup.found.start();
    lookup.job = cx.job();
    let command = Command::LookUp { profile: profile.id, pasted: lookup.text.clone() };
    actions.push(Action::Run(lookup.job, command.into()));
}

pub(super) fn show(ui: &mut Ui, state: &mut State, profile: &Profile, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    title(ui, "Look an event up");
    subdued(ui, "Paste the event_id of a payload. Kinde has no list of events, and no log of deliveries in its API");
    ui.add_space(space::SM);
    let pasted = what_is(&state.lookup.text);
    let good = matches!(pasted, Pasted::Event { .. });
    let mut wanted = false;
    ui.horizontal(|ui| {
        let width = (ui.available_width() - 100.0).min(520.0);
        let field = ui
            .scope(|ui| {
                ui.set_width(width);
                text_field(ui, "Event ID", "event_018f331a3178f7fef284b95fe6770384", &mut state.lookup.text)
            })
            .inner;
        if field.changed() && !state.lookup.found.is_loading() {
            // What was found, or was not, is another one's.
            (state.lookup.found, state.lookup.seen) = (Load::Idle, None);
        }
        let entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        let button = Button::primary("Look up").enabled_or(good, "Paste an Event ID first");
        wanted = button.show(ui).clicked() || entered && good;
    });
    if pasted != Pasted::Nothing {
        small(ui, &pasted.sentence());
        if let Pasted::Webhook(id) = &pasted
            && Button::ghost("Find it among the webhooks").icon(Icon::Search).small().show(ui).clicked()
        {
            state.search.clone_from(id);
            state.view = super::state::View::Webhooks;
        }
    }
    if wanted {
        ask(state, profile, cx, actions);
    }
    ui.add_space(space::MD);
    let words = state.waits.get(&state.lookup.job).map_or("Asking Kinde for the event…", String::as_str);
    let view = LoadView::new(words).cancellable();
    let LookUp { found, seen, job, .. } = &mut state.lookup;
    let shown = ScrollArea::vertical().id_salt("event").auto_shrink(false).show(ui, |ui| {
        let asked = view.show(ui, found, |ui, shown| event(ui, shown));
        if let Some(seen) = seen {
            ui.add_space(space::MD);
            seen::attempts(ui, seen, actions);
        }
        asked
    });
    match shown.inner {
        Some(LoadAsk::Cancel) => actions.push(Action::Cancel(*job)),
        Some(LoadAsk::Retry | LoadAsk::Start) => ask(state, profile, cx, actions),
        None => {}
    }
}

fn event(ui: &mut Ui, shown: &Shown) {
    let event = &shown.found.reply.it;
    title(ui, &event.event_type);
    key_value_copy(ui, "Event ID", &event.event_id);
    if let Some(made) = shown.found.made_at {
        key_value(ui, "Made", &format!("{} (from the UUIDv7 in its id)", rfc3339(made)));
    }
    let stamp = match (event.timestamp, &event.timestamp_raw) {
        (Some(at), Some(raw)) if *raw != rfc3339(at) => format!("{} (sent as {raw})", rfc3339(at)),
        (Some(at), _) => rfc3339(at),
        (None, Some(raw)) => format!("{raw} (not a time this panel can read)"),
        (None, None) => "not given".to_owned(),
    };
    key_value(ui, "Timestamp", &stamp);
    key_value(ui, "Source", event.source.as_deref().unwrap_or("not given"));
    ui.add_space(space::SM);
    match &shown.data {
        Some(tree) => json_view(ui, "Data of the event", tree, 320.0),
        None => Callout::info("The event carries no data").show(ui),
    }
}
