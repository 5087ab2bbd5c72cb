//! `listen --register`: a webhook of the tenant that points here while the command runs.

use std::time::Duration;

use tokio::time::Instant;

use super::print::plain;
use super::webhooks::Room;
use super::{Context, Picked};
use crate::error::UserError;
use crate::webhooks::{self, AtLimit, BORROWED_NAME, Borrowed, How, Loan, Wish};

/// What of the second a command has for its end is left to Kinde: the receiver ends after it.
pub(super) const IN_TIME: Duration = Duration::from_millis(600);
/// How long a command that ends by itself goes on trying.
const PATIENCE: Duration = Duration::from_secs(60);
/// The waits between its tries, and between those to let the webhook follow, in seconds.
const WAITS: [u64; 5] = [1, 2, 5, 10, 20];

/// A tenant that may be written to, before anything is opened to it.
pub(super) struct Ready<'a> {
    room: Room<'a>,
    event_types: Vec<String>,
}

impl<'a> Ready<'a> {
    /// Opens the tenant for a webhook that takes `events`. `None` where the person cancelled.
    ///
    /// # Errors
    /// When the tenant cannot be opened or may not be written to, or it has no such event types.
    pub(super) async fn of(cx: &'a Context, picked: &Picked, events: &[String]) -> Result<Option<Self>, UserError> {
        events.iter().try_for_each(|it| webhooks::ids::no_id(it))?;
        let opened = async {
            let room = Room::of(cx, picked.clone(), true).await?;
            let event_types = event_types(&room, events).await?;
            Ok::<_, UserError>(Self { room, event_types })
        };
        unless_cancelled(opened.await, cx)
    }

    /// Points one at `endpoint`. `None` where the person cancelled: all is as it was then.
    ///
    /// # Errors
    /// When Kinde refuses: all is as it was, unless the words say otherwise.
    pub(super) async fn begin(self, endpoint: &str) -> Result<Option<Registered<'a>>, UserError> {
        let Self { room, event_types } = self;
        let cx = room.cx;
        let wish = Wish {
            endpoint: endpoint.to_owned(),
            name: BORROWED_NAME.to_owned(),
            event_types,
            instead_of: None,
            at_limit: AtLimit::Refuse,
        };
        let borrowed = webhooks::borrow(&room.ends, &wish, &|step| room.step(&step), &cx.cancel).await;
        let Some(loan) = unless_cancelled(borrowed.map_err(UserError::from), cx)? else { return Ok(None) };
        cx.say(&told(loan.borrowed()));
        if let Some(missing) = loan.borrowed().how.missing() {
            let change = room.command(&format!("webhooks update {} --event TYPE", loan.borrowed().webhook.id));
            cx.say(&plain(&format!("! {missing}. Give it all it is to take: {change} …")));
        }
        Ok(Some(Registered { room, loan, behind: None }))
    }
}

/// What a person cancelled is no error of the command's.
fn unless_cancelled<T>(result: Result<T, UserError>, cx: &Context) -> Result<Option<T>, UserError> {
    if cx.cancel.is_cancelled() && result.is_err() { Ok(None) } else { result.map(Some) }
}

fn told(borrowed: &Borrowed) -> String {
    let Borrowed { webhook, how } = borrowed;
    let name = plain(&webhook.definition.name);
    match how {
        How::Already { .. } => format!("{name} ({}) points here already: it stays as it is", webhook.id),
        _ => format!("{name} ({}) points here until this command ends", webhook.id),
    }
}

/// A webhook that points here.
pub(super) struct Registered<'a> {
    room: Room<'a>,
    loan: Loan,
    /// The address it is to follow to, while it has not.
    behind: Option<Behind>,
}

/// A webhook that has not followed to another address yet.
struct Behind {
    endpoint: String,
    failures: usize,
    /// When it is tried again; `None` where trying again changes nothing.
    again: Option<Instant>,
}

impl Registered<'_> {
    /// Its id.
    pub(super) fn id(&self) -> String {
        self.loan.borrowed().webhook.id.clone()
    }

    /// The public address changed: the webhook follows it. Where that fails it is said; what may pass is tried again.
    pub(super) async fn moved(&mut self, endpoint: &str, cx: &Context) {
        self.behind = Some(Behind { endpoint: endpoint.to_owned(), failures: 0, again: None });
        self.follow(cx).await;
    }

    /// Ready when it is time to let it follow once more; never where it has, or where that changes nothing.
    pub(super) async fn due(&self) {
        match self.behind.as_ref().and_then(|behind| behind.again) {
            Some(at) => tokio::time::sleep_until(at).await,
            None => std::future::pending().await,
        }
    }

    /// Lets the webhook follow to where it is to point by now.
    pub(super) async fn follow(&mut self, cx: &Context) {
        let Some(mut behind) = self.behind.take() else { return };
        let endpoint = plain(&behind.endpoint);
        let room = &self.room;
        match self.loan.move_to(&room.ends, &behind.endpoint, &|step| room.step(&step), &cx.cancel).await {
            Ok(()) => cx.say(&format!("The webhook points at {endpoint} now, under the id {}", self.id())),
            Err(_) if cx.cancel.is_cancelled() => {}
            Err(refusal) => {
                let wait = WAITS.get(behind.failures).or(WAITS.last()).filter(|_| refusal.may_pass());
                let again = wait.map(|wait| format!("\nTried again in {wait} s")).unwrap_or_default();
                cx.say(&format!("The webhook could not follow to {endpoint}. {}{again}", refusal.error.as_text()));
                behind.failures += 1;
                behind.again = wait.map(|wait| Instant::now() + Duration::from_secs(*wait));
                self.behind = Some(behind);
            }
        }
    }

    /// Puts everything back: within the time of Ctrl-C where that came, else it tries for a while.
    ///
    /// # Errors
    /// When it could not be done and nobody cancelled. The journal keeps it, and the next command or start does it.
    pub(super) async fn put_back(mut self, cx: &Context) -> Result<(), UserError> {
        let began = Instant::now();
        let mut waits = WAITS.into_iter();
        let mut trying = async || loop {
            let tried = self.loan.give_back(&self.room.ends, &|step| self.room.step(&step)).await;
            let refusal = match tried {
                Ok(returned) => return Ok(returned.words),
                Err(refusal) => refusal,
            };
            match waits.next() {
                Some(wait) if began.elapsed() < PATIENCE => {
                    cx.say(&format!("{}. Tried again in {wait} s", refusal.error.title));
                    tokio::time::sleep(Duration::from_secs(wait)).await;
                }
                _ => return Err(refusal.error),
            }
        };
        let tried = tokio::select! {
            tried = trying() => Some(tried),
            () = in_time(cx) => None,
        };
        match tried {
            Some(Ok(words)) => {
                cx.say(&plain(&words));
                Ok(())
            }
            Some(Err(error)) if !cx.cancel.is_cancelled() => {
                Err(UserError { hint: format!("The journal keeps it: {}", self.later()), ..error })
            }
            _ => {
                cx.say(&format!("The webhook could not be put back in time. The journal keeps it: {}", self.later()));
                Ok(())
            }
        }
    }

    fn later(&self) -> String {
        format!("the next command or start does it, for example {}", self.room.command("webhooks list"))
    }
}

/// The time there is once the person cancelled.
async fn in_time(cx: &Context) {
    cx.cancel.cancelled().await;
    tokio::time::sleep(IN_TIME).await;
}

/// Those that were named, judged by the tenant's list; else all there are.
async fn event_types(room: &Room<'_>, events: &[String]) -> Result<Vec<String>, UserError> {
    if !events.is_empty() {
        room.knows(events).await?;
        return Ok(events.to_vec());
    }
    let catalogue = webhooks::offered(&room.ends, &|_| {}, &room.cx.cancel).await?;
    if let Some(note) = catalogue.stand_in_note() {
        room.cx.say(&note);
    }
    Ok(catalogue.types.into_iter().map(|it| it.event_type).collect())
}
