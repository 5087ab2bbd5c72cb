//! Applying a plan: the order of its lines, what waits for room, and what keeps the others from being done.

use tokio_util::sync::CancellationToken;

use super::plan::{Deed, Item};
use super::replace::take_the_place;
use super::save::tidy;
use super::talk::named;
use super::{AtLimit, Change, Ends, Refusal, Saved, Sink, Why, create, delete, save};
use crate::check::{Verdict, worst};
use crate::error::{Category, UserError};
use crate::step::Step;

/// What came of one line.
#[derive(Debug, Clone)]
pub struct Applied {
    /// What was to be done.
    pub deed: Deed,
    /// The webhook's name.
    pub name: String,
    /// Its id now (the new one of a replacement); `None` where it was deleted or not made.
    pub id: Option<String>,
    /// Why it was not done.
    pub refused: Option<Refusal>,
}

/// Applies the items given, which are those the person ticked. Creations go first, so that nothing is missing
/// meanwhile. One that the plan has no room for takes the place of one that is to be deleted, and where it is refused
/// then, that one is created again. A replacement without room is tried again while such a place is free, or after the
/// deletions. Each is read again
/// before it is written; one that is refused does not stop the others, except that nothing is deleted then: what was
/// to come in its place is not there. Steps come with the index of their item.
pub async fn apply(
    ends: &Ends,
    items: &[Item],
    at_limit: AtLimit,
    sink: &(dyn Fn(usize, Step) + Send + Sync),
    cancel: &CancellationToken,
) -> Vec<Applied> {
    let mut out: Vec<Option<Applied>> = vec![None; items.len()];
    let told = |index: usize| move |step: Step| sink(index, step);
    for deed in [Deed::Keep, Deed::Create, Deed::Update, Deed::Replace] {
        for (index, (item, place)) in items.iter().zip(&mut out).enumerate().filter(|(_, (item, _))| item.deed == deed)
        {
            *place = Some(one(ends, item, at_limit, &told(index), cancel).await);
        }
    }
    let waits = |out: &[Option<Applied>], deed: Deed| -> Vec<usize> {
        let full = |it: &Applied| it.deed == deed && matches!(it.refused, Some(Refusal { why: Why::Limit, .. }));
        out.iter().enumerate().filter(|(_, it)| it.as_ref().is_some_and(full)).map(|(index, _)| index).collect()
    };
    let (creations, mut replacements) = (waits(&out, Deed::Create), waits(&out, Deed::Replace));
    let mut creations = creations.into_iter();
    for (index, item) in items.iter().enumerate().filter(|(_, item)| item.deed == Deed::Delete) {
        let applied = if let Some(refusal) = not_there(&out) {
            Applied::refused(item, refusal)
        } else if let Some((other, waiting)) = creations.next().and_then(|it| Some((it, items.get(it)?))) {
            // Between the two there is room for one: a replacement takes it, and gives it back.
            let here = std::mem::take(&mut replacements);
            let mut replaced = Vec::new();
            let between = async {
                for index in here {
                    if let Some(item) = items.get(index) {
                        replaced.push((index, one(ends, item, at_limit, &told(index), cancel).await));
                    }
                }
            };
            let (deleted, created) = instead(ends, item, waiting, between, &told(other), cancel).await;
            for (index, applied) in replaced.into_iter().chain([(other, created)]) {
                if let Some(place) = out.get_mut(index) {
                    *place = Some(applied);
                }
            }
            deleted
        } else {
            one(ends, item, at_limit, &told(index), cancel).await
        };
        if let Some(place) = out.get_mut(index) {
            *place = Some(applied);
        }
    }
    let room_was_made = out.iter().flatten().any(|it| it.deed == Deed::Delete && it.refused.is_none());
    for index in waits(&out, Deed::Replace).into_iter().filter(|_| room_was_made) {
        if let (Some(item), Some(place)) = (items.get(index), out.get_mut(index)) {
            *place = Some(one(ends, item, at_limit, &told(index), cancel).await);
        }
    }
    out.into_iter().flatten().collect()
}

impl Applied {
    fn refused(item: &Item, refusal: Refusal) -> Self {
        let id = item.was.as_ref().map(|was| was.id.clone());
        Self { deed: item.deed, name: item.name.clone(), id, refused: Some(refusal) }
    }
}

/// Why nothing may be deleted: something that was to be created is not there, and not for want of room.
fn not_there(out: &[Option<Applied>]) -> Option<Refusal> {
    let comes = |deed: Deed| matches!(deed, Deed::Create | Deed::Replace);
    let missing = out.iter().flatten().filter(|it| comes(it.deed)).find_map(|it| {
        let refusal = it.refused.as_ref()?;
        (!matches!(refusal.why, Why::Limit)).then_some((it, refusal))
    });
    let (it, refusal) = missing?;
    let error = UserError::new(refusal.error.category, "Nothing was deleted")
        .detail(format!("\u{201c}{}\u{201d} was to come, and is not there: {}", it.name, refusal.error.title))
        .hint("Mend that first, then plan and apply again");
    Some(Refusal::failed(error))
}

/// Deletes one webhook and creates another in its place, as a replacement: in the journal, and with the old one created
/// again where the new one is refused.
async fn instead(
    ends: &Ends,
    gone: &Item,
    comes: &Item,
    between: impl Future<Output = ()>,
    sink: &Sink<'_>,
    cancel: &CancellationToken,
) -> (Applied, Applied) {
    let (Some(opened), Some(wanted)) = (gone.was.clone(), comes.wanted.as_ref().map(tidy)) else {
        let refusal = || Refusal::failed(UserError::new(Category::Internal, "The plan does not say what to do"));
        return (Applied::refused(gone, refusal()), Applied::refused(comes, refusal()));
    };
    let name = named(&opened);
    let change = Change { opened, wanted, at_limit: AtLimit::DeleteFirst };
    match take_the_place(ends, &change, between, sink, cancel).await {
        Ok(replaced) => (
            Applied { deed: gone.deed, name: gone.name.clone(), id: None, refused: None },
            Applied { deed: comes.deed, name: comes.name.clone(), id: Some(replaced.webhook.id), refused: None },
        ),
        Err(refusal) => {
            let mut told = refusal.clone();
            told.error.title =
                format!("{name} was to make room for \u{201c}{}\u{201d}, which is not there", comes.name);
            (Applied::refused(gone, told), Applied::refused(comes, refusal))
        }
    }
}

async fn one(ends: &Ends, item: &Item, at_limit: AtLimit, sink: &Sink<'_>, cancel: &CancellationToken) -> Applied {
    let was = item.was.as_ref().map(|was| was.id.clone());
    let done = match (item.deed, &item.was, &item.wanted) {
        _ if worst(&item.checks) == Verdict::Fail => Err(Refusal::unusable(item.checks.clone())),
        (Deed::Create, _, Some(wanted)) => create(ends, wanted, sink, cancel).await.map(|made| Some(made.webhook.id)),
        (Deed::Update | Deed::Replace, Some(opened), Some(wanted)) => {
            let change = Change { opened: opened.clone(), wanted: wanted.clone(), at_limit };
            save(ends, &change, sink, cancel).await.map(|saved| match saved {
                Saved::Replaced(replaced) => Some(replaced.webhook.id),
                Saved::Unchanged | Saved::Updated { .. } => was.clone(),
            })
        }
        (Deed::Delete, Some(opened), _) => delete(ends, opened, sink, cancel).await.map(|_| None),
        _ => Ok(was.clone()),
    };
    let (id, refused) = match done {
        Ok(id) => (id, None),
        Err(refusal) => (was, Some(refusal)),
    };
    Applied { deed: item.deed, name: item.name.clone(), id, refused }
}
