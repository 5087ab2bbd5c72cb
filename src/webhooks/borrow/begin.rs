//! Makes a webhook that points here, or lets one stand aside for it.

use tokio_util::sync::CancellationToken;

use super::super::scopes::allowed;
use super::super::settle::Earlier;
use super::super::talk::{Stop, Talk, differs, named};
use super::super::{AtLimit, Ends, LOOKS, Refusal, Sink, tidy};
use super::back::{after, close, heed, must_note, note, put_back, state};
use super::lent::{Asked, Call, KIND, Lent, Made, is_of_a_loan};
use super::{Borrowed, How, Loan};
use crate::check::{Verdict, worst};
use crate::error::{Category, UserError};
use crate::kinde::{Definition, Webhook, new_mark};
use crate::step::StepState;
use crate::store::Entry;

/// What is to point here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Where Kinde is to deliver.
    pub endpoint: String,
    /// The name of the webhook.
    pub name: String,
    /// What it takes.
    pub event_types: Vec<String>,
    /// The webhook that stands aside for it, as it was shown; `None` where one is added.
    pub instead_of: Option<Webhook>,
    /// What to do where the plan has no room for both.
    pub at_limit: AtLimit,
}

/// Borrows: makes a webhook as `wish` says. Nothing is written where one points there already.
///
/// # Errors
/// When it cannot be done; all is as it was then, unless the words say otherwise.
pub async fn borrow(ends: &Ends, wish: &Wish, sink: &Sink<'_>, cancel: &CancellationToken) -> Result<Loan, Refusal> {
    let talk = Talk::new(ends, sink, cancel);
    let old = wish.instead_of.clone();
    let earlier = Earlier::of(ends, old.as_ref().map(|old| old.id.as_str())).await;
    let list = match &old {
        Some(old) => talk.unchanged(old).await?,
        None => talk.list("check", "See which webhooks there are").await?,
    };
    if let Some(there) = list.into_iter().find(|it| it.definition.endpoint == wish.endpoint) {
        talk.say(talk.step("check", "A webhook points here already", StepState::Done));
        let takes = &there.definition.event_types;
        let missing = wish.event_types.iter().filter(|wanted| !takes.contains(wanted)).cloned().collect();
        return Ok(Loan { entry: None, borrowed: Borrowed { webhook: there, how: How::Already { missing } } });
    }
    if let Some(old) = old.as_ref().filter(|old| is_of_a_loan(old)) {
        return Err(Refusal::failed(
            UserError::new(Category::Input, format!("{} is borrowed already", named(old)))
                .detail("A Kinde Panel made it to receive this tenant's events, and takes it away at its end")
                .hint("Add a webhook instead, or wait until that panel has stopped"),
        ));
    }
    let (lent, definition) = lent(ends, wish);
    let checks = ends.check(&definition, &[]);
    if worst(&checks) == Verdict::Fail {
        return Err(Refusal::unusable(checks));
    }
    let mut scopes = vec!["read:webhooks", "create:webhooks", "delete:webhooks"];
    if old.is_some() {
        scopes.push("update:webhooks");
    }
    allowed(ends, &scopes.into_iter().map(str::to_owned).collect::<Vec<_>>(), cancel).await?;
    let entry = ends.journal.begin(&ends.owner, KIND, state::MAKE, &lent, ends.clock.now()).await;
    let entry = entry.map_err(|error| {
        let mut error = UserError::from(error);
        error.detail.push_str(". Without a journal nothing is borrowed; nothing was sent");
        Refusal::failed(error)
    })?;
    talk.say(talk.step("journal", "What will be put back is written down", StepState::Done));
    let mut job = Job { talk, entry, lent };
    match job.run(wish.at_limit).await {
        Ok(()) => {}
        Err(refusal) => return Err(job.undo(refusal).await),
    }
    let Job { mut entry, lent, .. } = job;
    // Found put back in any case.
    note(&mut entry, &lent, state::LENT).await.ok();
    let made = lent.made.last().cloned();
    let id = made.and_then(|made| made.id).unwrap_or_default();
    earlier.heed(Some(&id), old.as_ref().map(|old| old.id.as_str())).await;
    let how = old.map_or(How::Added, |old| How::InsteadOf(Box::new(old)));
    let borrowed = Borrowed { webhook: Webhook { id, definition, created_on: None }, how };
    Ok(Loan { entry: Some((entry, lent)), borrowed })
}

fn lent(ends: &Ends, wish: &Wish) -> (Lent, Definition) {
    let mut lent = Lent {
        domain: ends.api.domain().to_string(),
        mark: new_mark(),
        made: Vec::new(),
        old: wish.instead_of.clone(),
        owed: false,
        back: None,
        again: None,
        twice: Vec::new(),
        asked: vec![Asked { call: Call::Create, at: ends.clock.now() }],
        told: None,
    };
    let definition = tidy(&Definition {
        name: wish.name.clone(),
        description: Some(lent.description()),
        endpoint: wish.endpoint.clone(),
        event_types: wish.event_types.clone(),
    });
    lent.made.push(Made { definition: definition.clone(), id: None });
    (lent, definition)
}

struct Job<'a> {
    talk: Talk<'a>,
    entry: Entry,
    lent: Lent,
}

impl Job<'_> {
    async fn run(&mut self, at_limit: AtLimit) -> Result<(), Refusal> {
        let made = create(&self.talk, &mut self.entry, &mut self.lent).await;
        match made {
            Ok(()) => {}
            Err(stop) if stop.is_limit() && at_limit == AtLimit::DeleteFirst && self.lent.old.is_some() => {
                return self.delete_first().await;
            }
            Err(stop) => return Err(stop.into()),
        }
        let Some(old) = self.lent.old.clone() else { return Ok(()) };
        let list = self.listed().await?;
        // The last look before it stands aside: somebody may have changed it meanwhile.
        if let Some(now) = list.into_iter().find(|it| it.id == old.id && differs(&old, it)) {
            return Err(Refusal::changed(now));
        }
        self.stand_aside(&old, "Let the other one stand aside").await
    }

    /// The list once the new one stands in it.
    async fn listed(&self) -> Result<Vec<Webhook>, Refusal> {
        let id = self.lent.made.last().and_then(|made| made.id.clone());
        for look in 1..=LOOKS {
            let list = self.talk.list("listed", "See it listed").await?;
            if list.iter().any(|it| Some(&it.id) == id.as_ref()) {
                return Ok(list);
            }
            if look < LOOKS && !self.talk.sleep(self.talk.ends.between_looks).await {
                return Err(Stop::Cancelled.into());
            }
        }
        let step = self.talk.step("listed", "The new one does not appear in the list", StepState::Failed);
        self.talk.say(step);
        Err(Refusal::failed(
            UserError::new(Category::Api, "The new webhook does not appear in Kinde's list")
                .detail("Kinde said that it was created, and does not list it")
                .hint("Try again in a moment"),
        ))
    }

    /// Takes the old one away. From here on it is owed.
    async fn stand_aside(&mut self, old: &Webhook, title: &str) -> Result<(), Refusal> {
        self.lent.owed = true;
        self.lent.ask(Call::DeleteOld, self.talk.ends.clock.now());
        must_note(&mut self.entry, &self.lent, state::MAKE).await?;
        let api = &self.talk.ends.api;
        let gone = self.talk.rid("aside", title, || api.delete_webhook(&old.id)).await;
        if gone.as_ref().err().is_none_or(|stop| !stop.is_uncertain()) {
            self.lent.answered(Call::DeleteOld);
        }
        Ok(gone?)
    }

    /// At the plan's limit: the person allowed to delete first.
    async fn delete_first(&mut self) -> Result<(), Refusal> {
        let Some(old) = self.lent.old.clone() else { return Ok(()) };
        self.talk.unchanged(&old).await?;
        self.stand_aside(&old, "Let the other one stand aside first").await?;
        // Neither is there now: cancelling waits until one is.
        self.talk = self.talk.firmly();
        self.lent.ask(Call::Create, self.talk.ends.clock.now());
        must_note(&mut self.entry, &self.lent, state::MAKE).await?;
        Ok(create(&self.talk, &mut self.entry, &mut self.lent).await?)
    }

    /// It was refused half-way: all is put back as it was.
    async fn undo(self, refusal: Refusal) -> Refusal {
        let Self { talk, mut entry, mut lent } = self;
        // Nothing was made, and nothing was taken away.
        if lent.asked.is_empty() && !lent.owed && lent.made.iter().all(|made| made.id.is_none()) {
            entry.done().await.ok();
            return refusal;
        }
        match put_back(&talk, &mut entry, &mut lent).await {
            Ok(back) => {
                let until = close(&talk, entry, &mut lent, &back).await.ok().flatten();
                let mut refusal = after(refusal, &back);
                if until.is_some() {
                    let words = ". Kinde may still carry it out: the next command that writes looks once more";
                    refusal.error.detail.push_str(words);
                }
                refusal
            }
            Err(stop) => {
                let now = Refusal::from(stop).error;
                let mut refusal = refusal;
                let words = format!(". What is in Kinde now could not be put back yet: {}", now.title);
                refusal.error.detail.push_str(&words);
                "The next command or start looks at it again and puts it back".clone_into(&mut refusal.error.hint);
                refusal
            }
        }
    }
}

/// Makes the newest of what was written down; that it is asked for stands there too. Where the answer was lost and the list
/// shows it by its mark, it is made.
pub(super) async fn create(talk: &Talk<'_>, entry: &mut Entry, lent: &mut Lent) -> Result<(), Stop> {
    let Some(wanted) = lent.made.last().map(|made| made.definition.clone()) else { return Ok(()) };
    let api = &talk.ends.api;
    let stop = match talk.write("create", "Create the webhook that points here", || api.create_webhook(&wanted)).await {
        Ok(reply) => {
            if let Some(made) = lent.made.last_mut() {
                made.id = Some(reply.it);
            }
            lent.answered(Call::Create);
            // Without this line it is found by its mark; a failure to write it is no reason to stop.
            note(entry, lent, state::MAKE).await.ok();
            return Ok(());
        }
        Err(stop) => stop,
    };
    if !stop.is_uncertain() {
        lent.answered(Call::Create);
        return Err(stop);
    }
    for look in 1..=LOOKS {
        let list = talk.firmly().list("look", "See whether it was made").await?;
        heed(lent, &list);
        if lent.made.last().is_some_and(|made| made.id.is_some()) {
            note(entry, lent, state::MAKE).await.ok();
            return Ok(());
        }
        if look < LOOKS {
            talk.sleep(talk.ends.between_looks).await;
        }
    }
    Err(stop)
}
