//! Causing an event in Kinde by the smallest real change, and undoing it.
//!
//! Only things made for it are touched, never a person's own: a test user is created, renamed, deleted. What is about
//! to be made is in the journal before the first call, under a mark by which it is found when its id was lost.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::recover::{LATEST, Recovered, is_elsewhere, open};
use super::scopes::allowed;
use super::talk::{Stop, Talk};
use super::{Ends, LOOKS, Refusal, Sink};
use crate::clock::clock_time;
use crate::error::{Category, UserError};
use crate::kinde::event_types::{self, Cause, Recipe};
use crate::kinde::{Thing, Webhook, new_mark};
use crate::store::{Entry, HistoryError};

/// The kind of entry in the journal.
pub(super) const KIND: &str = "trigger";

/// An event that was caused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Triggered {
    /// The type that was asked for.
    pub event_type: String,
    /// What was made for it.
    pub thing: Thing,
    /// Its id.
    pub id: String,
    /// When Kinde had answered the call that causes the event.
    pub done_at: Timestamp,
    /// True where it was left in the tenant.
    pub kept: bool,
    /// Every event to expect, in order: making and undoing cause some too.
    pub events: Vec<String>,
}

/// What happens to the thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Created,
    Updated,
    Deleted,
}

fn parts(recipe: Recipe) -> (Thing, Deed) {
    match recipe {
        Recipe::OrganizationCreated => (Thing::Organization, Deed::Created),
        Recipe::OrganizationUpdated => (Thing::Organization, Deed::Updated),
        Recipe::OrganizationDeleted => (Thing::Organization, Deed::Deleted),
        Recipe::UserCreated => (Thing::User, Deed::Created),
        Recipe::UserUpdated => (Thing::User, Deed::Updated),
        Recipe::UserDeleted => (Thing::User, Deed::Deleted),
        Recipe::RoleCreated => (Thing::Role, Deed::Created),
        Recipe::RoleUpdated => (Thing::Role, Deed::Updated),
        Recipe::RoleDeleted => (Thing::Role, Deed::Deleted),
        Recipe::PermissionCreated => (Thing::Permission, Deed::Created),
        Recipe::PermissionUpdated => (Thing::Permission, Deed::Updated),
        Recipe::PermissionDeleted => (Thing::Permission, Deed::Deleted),
        Recipe::SubscriberCreated => (Thing::Subscriber, Deed::Created),
    }
}

/// What the journal holds of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Made {
    domain: String,
    event_type: String,
    thing: Thing,
    mark: String,
    id: Option<String>,
    /// What was told of it while it is watched for: it was looked for, and not seen.
    #[serde(default)]
    told: Option<String>,
}

impl Made {
    fn not_seen(&self) -> String {
        format!(
            "Causing {} was cut off: the test {} {} was not seen in Kinde",
            self.event_type,
            self.thing.word(),
            self.mark
        )
    }
}

/// Whether the API can cause events of that type: the scopes it takes, else why not.
///
/// # Errors
/// For an unknown type, one that takes a person or a payment, and one that would have to be kept and may not be.
pub fn can_trigger(event_type: &str, keep: bool) -> Result<Vec<String>, UserError> {
    recipe(event_type, keep).map(|(thing, deed)| scopes(thing, deed, keep))
}

fn recipe(event_type: &str, keep: bool) -> Result<(Thing, Deed), UserError> {
    let known = event_types::find(event_type).ok_or_else(|| {
        UserError::new(Category::Input, format!("There is no known event type {event_type}"))
            .detail(format!("The {} known ones were checked on {}", event_types::known().len(), event_types::checked()))
            .hint("kinde-panel webhooks types lists those of the tenant")
    })?;
    match &known.trigger {
        Cause::Cannot(needs, how) => {
            let title = match needs {
                event_types::Needs::Person => format!("{event_type} takes a person"),
                event_types::Needs::Payment => format!("{event_type} takes a payment"),
            };
            let (why, what) = how.split_once(": ").unwrap_or((how, ""));
            let mut hint = what.to_owned();
            if let Some(first) = hint.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            Err(UserError::new(Category::Input, title).detail(why).hint(hint))
        }
        Cause::Api(Recipe::SubscriberCreated) if !keep => {
            Err(UserError::new(Category::Input, format!("{event_type} cannot be undone"))
                .detail("The API creates subscribers and deletes none")
                .hint("Allow the test subscriber to stay (--keep), and take it away in Kinde"))
        }
        Cause::Api(recipe) => Ok(parts(*recipe)),
    }
}

fn scopes(thing: Thing, deed: Deed, keep: bool) -> Vec<String> {
    let mut verbs = vec!["create"];
    if deed == Deed::Updated {
        verbs.push("update");
    }
    // To find it where the answer did not name its id: that to a new permission never does, any may be lost.
    if thing == Thing::Permission || (thing != Thing::Subscriber && !(deed == Deed::Created && keep)) {
        verbs.push("read");
    }
    if deed == Deed::Deleted || (!keep && thing != Thing::Subscriber) {
        verbs.push("delete");
    }
    verbs.into_iter().map(|verb| thing.scope(verb)).collect()
}

/// Causes one event of that type and undoes what it took, unless `keep`.
///
/// # Errors
/// As [`can_trigger`]; when the M2M application's token lacks a scope (nothing is made then), or Kinde refuses: what was
/// made is taken away then, and where that fails too the words say so and the next start does it.
pub async fn trigger(
    ends: &Ends,
    event_type: &str,
    keep: bool,
    sink: &Sink<'_>,
    cancel: &CancellationToken,
) -> Result<Triggered, Refusal> {
    let (thing, deed) = recipe(event_type, keep).map_err(Refusal::failed)?;
    allowed(ends, &scopes(thing, deed, keep), cancel).await?;
    let talk = Talk::new(ends, sink, cancel);
    let mark = new_mark();
    let made = Made {
        domain: ends.api.domain().to_string(),
        event_type: event_type.to_owned(),
        thing,
        mark,
        id: None,
        told: None,
    };
    let entry = ends.journal.begin(&ends.owner, KIND, "create", &made, ends.clock.now()).await;
    let entry = entry.map_err(|error| {
        let mut error = UserError::from(error);
        error.detail.push_str(". Without a journal nothing is made in the tenant; nothing was sent");
        Refusal::failed(error)
    })?;
    let mut job = Job { talk, entry, made, exists: false, done_at: None };
    let outcome = job.cause(deed).await;
    job.end(outcome, deed, keep).await
}

struct Job<'a> {
    talk: Talk<'a>,
    entry: Entry,
    made: Made,
    /// Kinde said that it made the thing.
    exists: bool,
    done_at: Option<Timestamp>,
}

impl Job<'_> {
    /// Makes the thing and does the deed. What is `Err` may have left it behind.
    async fn cause(&mut self, deed: Deed) -> Result<(), Stop> {
        let Made { thing, mark, .. } = self.made.clone();
        let (api, word) = (&self.talk.ends.api, thing.word());
        let title = format!("Create a test {word}");
        let reply = self.talk.write("create", &title, || api.create_thing(thing, &mark)).await?;
        let done_at = self.talk.ends.clock.now();
        self.exists = true;
        self.made.id = reply.it;
        if self.made.id.is_none() && thing != Thing::Subscriber {
            self.made.id = Some(self.found(thing, &mark).await?);
        }
        // Without this line the thing is found by its mark; a failure to write it is no reason to stop.
        self.entry.advance("made", &self.made).await.ok();
        let id = self.made.id.clone().unwrap_or_default();
        match deed {
            Deed::Created => {
                self.done_at = Some(done_at);
                return Ok(());
            }
            Deed::Updated => {
                let title = format!("Rename the test {word}");
                self.talk.write("update", &title, || api.rename_thing(thing, &id, &mark)).await?;
            }
            Deed::Deleted => {
                let title = format!("Delete the test {word}");
                self.talk.write("delete", &title, || api.delete_thing(thing, &id)).await?;
            }
        }
        self.done_at = Some(self.talk.ends.clock.now());
        Ok(())
    }

    /// The id of the new thing, which the answer did not name.
    async fn found(&self, thing: Thing, mark: &str) -> Result<String, Stop> {
        seen(&self.talk, thing, mark, LOOKS).await?.ok_or_else(Stop::not_found)
    }

    async fn end(self, outcome: Result<(), Stop>, deed: Deed, keep: bool) -> Result<Triggered, Refusal> {
        let Self { talk, mut entry, mut made, exists, done_at } = self;
        let nothing_left = outcome.is_ok() && (keep || deed == Deed::Deleted);
        // A refused creation left nothing; one without a good answer may have.
        let never_made = matches!(&outcome, Err(stop) if !exists && !stop.is_uncertain());
        let word = made.thing.word();
        let stop = match outcome {
            Ok(()) if nothing_left => {
                entry.done().await.ok();
                return Ok(triggered(made, deed, keep, done_at.unwrap_or(talk.ends.clock.now())));
            }
            Err(stop) if never_made => {
                entry.done().await.ok();
                return Err(stop.into());
            }
            Err(stop) if made.thing == Thing::Subscriber => {
                entry.done().await.ok();
                let mut refusal = Refusal::from(stop);
                let email = Thing::email(&made.mark);
                refusal.error.detail.push_str(&format!(". The test subscriber {email} may be there all the same"));
                "The API cannot delete it: look for it under Kinde's Subscribers page"
                    .clone_into(&mut refusal.error.hint);
                return Err(refusal);
            }
            outcome => outcome.err(),
        };
        let undone = take_away(&talk, &made, LOOKS).await;
        match undone {
            Ok(Taken::Gone) => {
                entry.done().await.ok();
            }
            Ok(Taken::NotSeen) => {
                // Told here: what looks again says only what is news.
                made.told = Some(made.not_seen());
                let state = entry.state.clone();
                entry.advance(&state, &made).await.ok();
            }
            Err(_) => {}
        }
        match (stop, undone) {
            (None, Ok(Taken::Gone)) => Ok(triggered(made, deed, keep, done_at.unwrap_or(talk.ends.clock.now()))),
            (None, Ok(Taken::NotSeen)) => Err(Refusal::failed(
                UserError::new(
                    Category::Api,
                    format!("{} was caused, and the test {word} was not seen", made.event_type),
                )
                .detail(format!("Kinde lists no {word} {}, and it may still be there", made.mark))
                .hint(AGAIN),
            )),
            (None, Err(stop)) => {
                let why = Refusal::from(stop);
                Err(Refusal::failed(UserError {
                    title: format!("{} was caused, and the test {word} is still there", made.event_type),
                    detail: format!("It could not be deleted: {}. {}", why.error.title, why.error.detail),
                    hint: "The next command or start tries again".to_owned(),
                    ..why.error
                }))
            }
            (Some(stop), undone) => {
                let mut refusal = Refusal::from(stop);
                let words = match undone {
                    Ok(Taken::Gone) => format!(". The test {word} was taken away again"),
                    Ok(Taken::NotSeen) => {
                        AGAIN.clone_into(&mut refusal.error.hint);
                        format!(". The test {word} {} was not seen in Kinde, and may still appear there", made.mark)
                    }
                    Err(_) => {
                        "The next command or start takes it away".clone_into(&mut refusal.error.hint);
                        format!(". The test {word} {} may still be there", made.mark)
                    }
                };
                refusal.error.detail.push_str(&words);
                Err(refusal)
            }
        }
    }
}

/// What to do about a thing that was not seen.
const AGAIN: &str = "The next command that writes, or the next start, looks for it again";

/// How it stands with a thing that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    /// It was deleted, or Kinde says that it is not there.
    Gone,
    /// No list shows it, and nobody knows its id: it was never made, or appears later.
    NotSeen,
}

fn triggered(made: Made, deed: Deed, keep: bool, done_at: Timestamp) -> Triggered {
    Triggered {
        event_type: made.event_type,
        thing: made.thing,
        id: made.id.unwrap_or_default(),
        done_at,
        kept: keep && deed != Deed::Deleted,
        events: caused_by(made.thing, deed, keep),
    }
}

/// Every event of making the thing, of the deed, and of undoing it.
fn caused_by(thing: Thing, deed: Deed, keep: bool) -> Vec<String> {
    let gone = deed == Deed::Deleted || !keep;
    let verbs = [("created", true), ("updated", deed == Deed::Updated), ("deleted", gone)];
    verbs.into_iter().filter(|(_, comes)| *comes).map(|(verb, _)| format!("{}.{verb}", thing.word())).collect()
}

/// Every event to expect where one of that type is caused, in order: making and undoing cause some too.
///
/// # Errors
/// As [`can_trigger`].
pub fn causes(event_type: &str, keep: bool) -> Result<Vec<String>, UserError> {
    recipe(event_type, keep).map(|(thing, deed)| caused_by(thing, deed, keep))
}

/// Which of `webhooks` take each of `events`. Where none does, it is delivered nowhere.
pub fn takers<'a>(webhooks: &'a [Webhook], events: &[String]) -> Vec<(String, Vec<&'a Webhook>)> {
    let of = |event: &String| webhooks.iter().filter(|it| it.definition.event_types.contains(event)).collect();
    events.iter().map(|event| (event.clone(), of(event))).collect()
}

async fn find(talk: &Talk<'_>, thing: Thing, mark: &str) -> Result<Option<String>, Stop> {
    let title = format!("Look for the test {}", thing.word());
    Ok(talk.read("find", &title, || talk.ends.api.find_thing(thing, mark)).await?.it)
}

/// The same, up to `looks` times where it is not there: a list may lag behind.
async fn seen(talk: &Talk<'_>, thing: Thing, mark: &str, looks: u32) -> Result<Option<String>, Stop> {
    for look in 1..=looks {
        if let Some(id) = find(talk, thing, mark).await? {
            return Ok(Some(id));
        }
        if look < looks && !talk.sleep(talk.ends.between_looks).await {
            return Err(Stop::Cancelled);
        }
    }
    Ok(None)
}

/// Deletes what was made, found by its mark where its id is not known. Whether the person cancels or not.
async fn take_away(talk: &Talk<'_>, made: &Made, looks: u32) -> Result<Taken, Stop> {
    let talk = &talk.firmly();
    let id = match &made.id {
        Some(id) => Some(id.clone()),
        None => seen(talk, made.thing, &made.mark, looks).await?,
    };
    let Some(id) = id else { return Ok(Taken::NotSeen) };
    let title = format!("Delete the test {}", made.thing.word());
    let delete = || talk.call("undo", &title, || talk.ends.api.delete_thing(made.thing, &id));
    let mut deleted = delete().await;
    if deleted.as_ref().is_err_and(Stop::is_uncertain) {
        // It may be done: asked once more, Kinde says that it is not there.
        deleted = delete().await;
    }
    let stop = match deleted {
        Ok(_) => return Ok(Taken::Gone),
        Err(stop) => stop,
    };
    // Some calls answer 400 for what is not there: the list tells the two apart.
    let gone = stop.is_not_found()
        || (stop.is_refused() && matches!(seen(talk, made.thing, &made.mark, LOOKS).await, Ok(None)));
    if gone {
        talk.say_gone("undo", &title);
        return Ok(Taken::Gone);
    }
    if let Stop::Api(error) = &stop {
        talk.say_failed("undo", &title, error);
    }
    Err(stop)
}

/// Takes away what an earlier run made. `None` where nothing is to be told: all is as it was told before.
pub(super) async fn clean_up(talk: &Talk<'_>, mut entry: Entry) -> Result<Option<Recovered>, HistoryError> {
    let mut made: Made = entry.content()?;
    let (word, mark) = (made.thing.word(), made.mark.clone());
    if is_elsewhere(talk.ends, &made.domain) {
        let domain = &made.domain;
        let words = format!("The test {word} {mark} is at {domain}, where this profile does not point any more");
        return Ok(Some(open(words)));
    }
    if made.thing == Thing::Subscriber {
        let email = Thing::email(&mark);
        entry.done().await?;
        let words =
            format!("A test subscriber {email} may be left: the API cannot delete it, Kinde's Subscribers page can");
        return Ok(Some(open(words)));
    }
    let may_come = talk.ends.clock.now().duration_since(entry.made_at) < LATEST;
    // While it may come, one look is enough: this is not the last one.
    let looks = if may_come || made.told.is_some() { 1 } else { LOOKS };
    match take_away(talk, &made, looks).await {
        Ok(Taken::NotSeen) => {
            let is_news = made.told.is_none();
            let words = made.not_seen();
            if may_come {
                if is_news {
                    made.told = Some(words.clone());
                    let state = entry.state.clone();
                    entry.advance(&state, &made).await?;
                }
                let until = clock_time(entry.made_at.saturating_add(LATEST).unwrap_or(entry.made_at));
                let words = format!("{words} and may still appear there: until {until} what writes looks again");
                return Ok(is_news.then(|| open(words)));
            }
            entry.done().await?;
            Ok(is_news.then_some(Recovered { words, settled: true }))
        }
        Ok(Taken::Gone) => {
            entry.done().await?;
            let words =
                format!("Causing {} was cut off: the test {word} {mark} is not there any more", made.event_type);
            Ok(Some(Recovered { words, settled: true }))
        }
        Err(stop) => {
            let why = Refusal::from(stop).error;
            let words = format!("The test {word} {mark} could not be taken away yet: {}. {}", why.title, why.detail);
            Ok(Some(open(words)))
        }
    }
}
