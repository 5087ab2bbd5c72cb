//! The event types to choose from: the tenant's own, or the known ones where that list cannot be read.

use tokio_util::sync::CancellationToken;

use super::talk::Talk;
use super::{Ends, Refusal, Sink, Why};
use crate::check::Check;
use crate::error::UserError;
use crate::kinde::event_types::{self, Category, Origin};
use crate::kinde::{EventType, Reply};

/// One type to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// As webhooks name it.
    pub event_type: String,
    /// Its group.
    pub category: Category,
    /// What to know about it.
    pub note: Option<&'static str>,
    /// Where the shape of its payload comes from; `None` for a type this program does not know.
    pub origin: Option<Origin>,
}

/// The types to choose from, group by group.
#[derive(Debug, Clone)]
pub struct Catalogue {
    /// In the order of [`Category::ALL`], as Kinde lists them within.
    pub types: Vec<Offered>,
    /// The API's own answer; else why the tenant's list could not be read: the known types stand in then, which were
    /// last checked on [`event_types::checked`].
    pub live: Result<Reply<Vec<EventType>>, UserError>,
}

impl Catalogue {
    /// Every type of the tenant, by name; empty where its list could not be read. For [`super::check`].
    pub fn known_here(&self) -> Vec<String> {
        self.live.iter().flat_map(|reply| &reply.it).map(|it| it.code.clone()).collect()
    }

    /// What to say above the list where it is not the tenant's own.
    pub fn stand_in_note(&self) -> Option<String> {
        self.live.as_ref().err().map(|error| {
            format!(
                "The tenant's list could not be read ({}): these {} types were known on {}",
                error.title,
                event_types::known().len(),
                event_types::checked()
            )
        })
    }

    /// Judges names of event types that a person wrote: a failing check where one is not known. By the tenant's own list
    /// where that could be read; else by the known types and by `had`, those that a webhook of the tenant has.
    pub fn judge(&self, names: &[String], had: &[String]) -> Option<Check> {
        let strange = |is_known: &dyn Fn(&str) -> bool| {
            let names: Vec<&str> = names.iter().map(String::as_str).filter(|name| !is_known(name)).collect();
            (!names.is_empty()).then(|| names.join(", "))
        };
        if let Ok(reply) = &self.live {
            let names = strange(&|name| reply.it.iter().any(|it| it.code == name))?;
            let why = format!("Not among this tenant's event types: {names}");
            return Some(Check::fail("event types", why, "Check the spelling; the tenant's list names all there are"));
        }
        let names = strange(&|name| event_types::find(name).is_some() || had.iter().any(|it| it == name))?;
        let (count, day) = (event_types::known().len(), event_types::checked());
        let why = format!(
            "Not among the {count} event types known on {day}, and the tenant's own list could not be read: {names}"
        );
        let fix = "Check the spelling; for a newer type switch on the scope read:event_types, so that the tenant's list counts";
        Some(Check::fail("event types", why, fix))
    }

    /// The catalogue that follows from what the tenant said.
    pub fn of(live: Result<Reply<Vec<EventType>>, UserError>) -> Self {
        let mut types: Vec<Offered> = match &live {
            Ok(reply) => reply.it.iter().map(|it| offer(&it.code)).collect(),
            Err(_) => event_types::known().iter().map(|it| offer(&it.event_type)).collect(),
        };
        types.sort_by_key(|it| it.category);
        Self { types, live }
    }
}

fn offer(code: &str) -> Offered {
    let known = event_types::find(code);
    Offered {
        event_type: code.to_owned(),
        category: event_types::category_of(code),
        note: known.and_then(|known| known.note.as_deref()),
        origin: known.map(|known| known.origin),
    }
}

/// The types to choose from.
///
/// # Errors
/// When the person cancels; a list that cannot be read is no error here.
pub async fn offered(ends: &Ends, sink: &Sink<'_>, cancel: &CancellationToken) -> Result<Catalogue, Refusal> {
    let talk = Talk::new(ends, sink, cancel);
    let live =
        match talk.read("event_types", "List event types", || ends.api.event_types()).await.map_err(Refusal::from) {
            Ok(reply) => Ok(reply),
            Err(refusal) if matches!(refusal.why, Why::Cancelled) => return Err(refusal),
            Err(refusal) => Err(refusal.error),
        };
    Ok(Catalogue::of(live))
}
