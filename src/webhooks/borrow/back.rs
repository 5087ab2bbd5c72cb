//! Puts back what a loan changed: looks at what is there, makes again what it owes, takes away what it made.
//!
//! The same function serves a stop, a loan that failed half-way, and a program that was killed. What it is about to do is
//! in the journal first, so that it can be cut anywhere and done again. It never takes the stand-in away before it has seen
//! what stands aside listed, save at the plan's limit, where there is no room for both.

use super::super::recover::LATEST;
use super::super::talk::{Stop, Talk, named};
use super::super::{Diff, LOOKS, Refusal, merged};
use super::lent::{Call, Lent, Made};
use crate::kinde::{Webhook, WebhookPatch};
use crate::store::{Entry, HistoryError};

/// How things stand after a loan was put back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Back {
    /// In sentences.
    pub words: Vec<String>,
    /// Something was written to the tenant.
    pub did: bool,
}

impl Back {
    fn say(&mut self, words: String) {
        self.words.push(words);
    }

    pub fn text(&self) -> String {
        self.words.join(". ")
    }
}

/// Writes down how far it is.
pub(super) async fn note(entry: &mut Entry, lent: &Lent, state: &str) -> Result<(), HistoryError> {
    entry.advance(state, lent).await
}

/// Without the line nothing that may come late is asked of Kinde.
pub(super) async fn must_note(entry: &mut Entry, lent: &Lent, state: &str) -> Result<(), Stop> {
    note(entry, lent, state).await.map_err(|error| Stop::Here(Box::new(error.into())))
}

/// Puts everything back that `lent` names. Done a second time it finds nothing left to do.
pub(super) async fn put_back(talk: &Talk<'_>, entry: &mut Entry, lent: &mut Lent) -> Result<Back, Stop> {
    let talk = &talk.firmly();
    let mut back = Back::default();
    let mut list = look(talk, lent).await?;
    let is_there = lent.old.as_ref().is_some_and(|old| list.iter().any(|it| it.id == old.id));
    let owes = lent.owed && !is_there;
    if owes && lent.again.is_none() {
        list = make_again(talk, entry, lent, list, &mut back).await?;
    }
    take_away(talk, entry, lent, &list, &mut back).await?;
    if owes {
        settle_again(talk, lent, &list, &mut back).await?;
    } else if let Some(old) = lent.old.clone() {
        if is_there && let Some(id) = lent.again.clone() {
            // It was not listed for a moment, and is there after all.
            talk.rid("twice", TWICE, || talk.ends.api.delete_webhook(&id)).await?;
            (lent.again, back.did) = (None, true);
        }
        back.say(if is_there {
            format!("{} is in place as it was, with its own endpoint", named(&old))
        } else {
            format!("{} was deleted or replaced since", named(&old))
        });
    }
    Ok(back)
}

const TWICE: &str = "Take away what was made twice";

/// What is there; several looks where something is waited for: a list may lag behind.
async fn look(talk: &Talk<'_>, lent: &mut Lent) -> Result<Vec<Webhook>, Stop> {
    // Once told of, this is not the last look.
    let most = if lent.told.is_some() { 1 } else { LOOKS };
    let mut looks = 1;
    loop {
        let list = talk.list("look", "See what is there now").await?;
        heed(lent, &list);
        if lent.asked.is_empty() || looks == most {
            return Ok(list);
        }
        looks += 1;
        talk.sleep(talk.ends.between_looks).await;
    }
}

/// What is seen is known: ids that were never told, and calls that were carried out.
pub(super) fn heed(lent: &mut Lent, list: &[Webhook]) {
    let found: Vec<Webhook> = list.iter().filter(|it| lent.is_ours(it)).cloned().collect();
    for webhook in found {
        if lent.made.iter().any(|made| made.id.as_ref() == Some(&webhook.id)) {
            continue;
        }
        lent.answered(Call::Create);
        let points_here = lent.points_here(&webhook);
        let fits = |made: &&mut Made| made.id.is_none() && made.definition.endpoint == webhook.definition.endpoint;
        match lent.made.iter_mut().rev().find(fits) {
            Some(made) => made.id = Some(webhook.id),
            // One more than was known of: a try whose answer was lost.
            None if points_here => {
                lent.made.insert(0, Made { definition: webhook.definition, id: Some(webhook.id) });
            }
            None => {}
        }
    }
    let again: Vec<String> = list.iter().filter(|it| lent.is_again(it)).map(|it| it.id.clone()).collect();
    for id in again {
        if lent.again.as_ref() != Some(&id) && !lent.twice.contains(&id) {
            lent.answered(Call::Again);
            match &lent.again {
                None => lent.again = Some(id),
                Some(_) => lent.twice.push(id),
            }
        }
    }
    let old = lent.old.as_ref().map(|old| &old.id);
    if list.iter().all(|it| Some(&it.id) != old) {
        lent.asked.retain(|asked| asked.call != Call::DeleteOld);
    }
}

/// Makes again what stands aside, and sees it listed. Gives the list as it is then.
async fn make_again(
    talk: &Talk<'_>,
    entry: &mut Entry,
    lent: &mut Lent,
    list: Vec<Webhook>,
    back: &mut Back,
) -> Result<Vec<Webhook>, Stop> {
    let Some(old) = lent.old.clone() else { return Ok(list) };
    if lent.back.is_none() {
        lent.back = Some(wanted(lent, &old, &list));
    }
    let wanted = lent.back.clone().unwrap_or_else(|| old.definition.clone());
    let marked = lent.marked_again(&wanted);
    let title = format!("Create {} again", named(&old));
    let api = &talk.ends.api;
    let mut list = list;
    let made = loop {
        lent.ask(Call::Again, talk.ends.clock.now());
        must_note(entry, lent, state::BACK).await?;
        match talk.write("again", &title, || api.create_webhook(&marked)).await {
            Ok(made) => break made.it,
            Err(stop) if stop.is_limit() && list.iter().any(|it| lent.is_ours(it) && lent.points_here(it)) => {
                // No room for both: what stands in for it goes first.
                lent.answered(Call::Again);
                take_away(talk, entry, lent, &list, back).await?;
                list.retain(|it| !(lent.is_ours(it) && lent.points_here(it)));
            }
            Err(stop) => {
                if !stop.is_uncertain() {
                    lent.answered(Call::Again);
                }
                note(entry, lent, state::BACK).await.ok();
                return Err(stop);
            }
        }
    };
    back.did = true;
    lent.again = Some(made.clone());
    lent.answered(Call::Again);
    // Without this line it is found by its mark.
    note(entry, lent, state::BACK).await.ok();
    for look in 1..=LOOKS {
        list = talk.list("again_listed", "See it listed").await?;
        if list.iter().any(|it| it.id == made) {
            return Ok(list);
        }
        if look < LOOKS {
            talk.sleep(talk.ends.between_looks).await;
        }
    }
    let step = talk.step("again_listed", "It was created and is not listed yet", crate::step::StepState::Failed);
    talk.say(step);
    Ok(list)
}

/// What stands aside as it was, with what somebody changed in Kinde in what stands in for it.
fn wanted(lent: &Lent, old: &Webhook, list: &[Webhook]) -> crate::kinde::Definition {
    let stand_in = list.iter().find(|it| lent.is_ours(it) && lent.points_here(it));
    let made = lent.made.iter().find(|made| made.id.as_ref() == stand_in.map(|it| &it.id));
    let (Some(now), Some(made)) = (stand_in, made) else { return old.definition.clone() };
    let mut wanted = merged(&made.definition, &now.definition, &old.definition);
    wanted.endpoint.clone_from(&old.definition.endpoint);
    // A new text beside the mark is the person's; the mark is not.
    wanted.description = wanted.description.map(|text| without(&text, lent)).filter(|text| !text.is_empty());
    wanted
}

fn without(text: &str, lent: &Lent) -> String {
    text.replace(&lent.description(), "").replace(&lent.mark, "").trim().to_owned()
}

/// Takes away what was made and still points here. What somebody pointed elsewhere is theirs.
async fn take_away(
    talk: &Talk<'_>,
    entry: &mut Entry,
    lent: &mut Lent,
    list: &[Webhook],
    back: &mut Back,
) -> Result<(), Stop> {
    let title = "Take away what points here";
    let ours: Vec<&Webhook> = list.iter().filter(|it| lent.is_ours(it)).collect();
    let (here, elsewhere): (Vec<&Webhook>, Vec<&Webhook>) = ours.iter().partition(|it| lent.points_here(it));
    // By the id that Kinde told, listed or not: a list may lag behind.
    let unlisted = lent.made.iter().filter_map(|made| made.id.clone());
    let unlisted: Vec<String> = unlisted.filter(|id| ours.iter().all(|it| it.id != *id)).collect();
    for id in here.iter().map(|it| &it.id).chain(&unlisted) {
        talk.rid("take_away", title, || talk.ends.api.delete_webhook(id)).await?;
        back.did = true;
        for made in lent.made.iter_mut().filter(|made| made.id.as_ref() == Some(id)) {
            made.id = None;
        }
    }
    if !here.is_empty() {
        note(entry, lent, state::BACK).await.ok();
    }
    for webhook in &here {
        // What stands in for another took its changes along.
        let edited = lent.made.iter().all(|made| !Diff::between(&made.definition, &webhook.definition).is_empty());
        if lent.old.is_none() {
            back.say(format!("{} was taken away again", named(webhook)));
        }
        if lent.old.is_none() && edited {
            let was = serde_json::to_string(&webhook.definition).unwrap_or_default();
            back.say(format!("It had been changed in Kinde meanwhile, to {was}"));
        }
    }
    for webhook in &elsewhere {
        let place = &webhook.definition.endpoint;
        back.say(format!("Somebody pointed {} at {place} meanwhile: it was left as it is", named(webhook)));
        for made in lent.made.iter_mut().filter(|made| made.id.as_ref() == Some(&webhook.id)) {
            made.id = None;
        }
    }
    if lent.old.is_none() && here.is_empty() && elsewhere.is_empty() && lent.told.is_none() {
        back.say(match unlisted.is_empty() {
            true => format!("{} is not in Kinde", lent.name()),
            false => format!("{} is not in Kinde any more", lent.name()),
        });
    }
    Ok(())
}

/// What was made again is left once, and without its mark.
async fn settle_again(talk: &Talk<'_>, lent: &mut Lent, list: &[Webhook], back: &mut Back) -> Result<(), Stop> {
    let (Some(old), Some(id)) = (lent.old.clone(), lent.again.clone()) else { return Ok(()) };
    let api = &talk.ends.api;
    let mark = lent.back_mark();
    let marked = |it: &&Webhook| it.definition.description.as_deref().is_some_and(|text| text.contains(&mark));
    // Calls whose answers were lost, and one that was made because of that.
    while let Some(twice) = lent.twice.last().cloned() {
        talk.rid("twice", TWICE, || api.delete_webhook(&twice)).await?;
        lent.twice.pop();
        back.did = true;
    }
    let seen = list.iter().find(|it| it.id == id);
    if seen.is_none_or(|it| marked(&it)) {
        let wanted = lent.back.as_ref().map_or_else(|| old.definition.description.clone(), |it| it.description.clone());
        let patch = WebhookPatch { description: Some(wanted), ..WebhookPatch::default() };
        talk.rid("unmark", "Give it its own description", || api.update_webhook(&id, &patch)).await?;
        back.did = true;
    }
    let changed = lent.back.as_ref().is_some_and(|it| !Diff::between(&old.definition, it).is_empty());
    let changed = if changed { ", with what was changed in Kinde meanwhile" } else { "" };
    back.say(format!("{} has its own endpoint back, under the new id {id}{changed}", named(&old)));
    Ok(())
}

/// How far a loan is, as the journal keeps it.
pub(super) mod state {
    /// What points here is being made.
    pub const MAKE: &str = "make";
    /// It is there.
    pub const LENT: &str = "lent";
    /// It is being put back.
    pub const BACK: &str = "back";
}

/// Until when a call that got no answer may still be carried out; `None` where none is waited for.
pub(super) fn watched_until(talk: &Talk<'_>, lent: &Lent) -> Option<jiff::Timestamp> {
    let last = lent.asked.iter().map(|asked| asked.at).max()?;
    let until = last.saturating_add(LATEST).unwrap_or(last);
    (talk.ends.clock.now() < until).then_some(until)
}

/// Ends the entry of a loan that was put back, or keeps it while a late call may come. Gives until when.
pub(super) async fn close(
    talk: &Talk<'_>,
    mut entry: Entry,
    lent: &mut Lent,
    back: &Back,
) -> Result<Option<jiff::Timestamp>, HistoryError> {
    let until = watched_until(talk, lent);
    if until.is_none() {
        entry.done().await?;
        return Ok(None);
    }
    if back.did || lent.told.is_none() {
        lent.told = Some(back.text());
        note(&mut entry, lent, state::BACK).await?;
    }
    Ok(until)
}

/// For a refusal of what was to be lent: how things stand now.
pub(super) fn after(mut refusal: Refusal, back: &Back) -> Refusal {
    if !back.words.is_empty() {
        refusal.error.detail = format!("{}. {}", back.text(), refusal.error.detail);
    }
    refusal
}
