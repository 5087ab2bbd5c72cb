//! The public address changed: the webhook follows it.

use tokio_util::sync::CancellationToken;

use super::super::talk::Talk;
use super::super::{Ends, Refusal, Sink};
use super::back::{heed, must_note, note, state};
use super::begin::create;
use super::lent::{Call, Lent, Made};
use super::{How, Loan};
use crate::check::{Verdict, worst};
use crate::error::{Category, UserError};
use crate::kinde::{Definition, Webhook};
use crate::store::Entry;

impl Loan {
    /// Lets the webhook point at `endpoint`: another one is made and the one before taken away, at the plan's limit the
    /// other way round. What somebody changed in it meanwhile goes along. After an error it can be called again.
    ///
    /// # Errors
    /// When Kinde does not do it. What there is then is put back by [`Loan::give_back`] all the same.
    pub async fn move_to(
        &mut self,
        ends: &Ends,
        endpoint: &str,
        sink: &Sink<'_>,
        cancel: &CancellationToken,
    ) -> Result<(), Refusal> {
        if self.borrowed.webhook.definition.endpoint == endpoint {
            return Ok(());
        }
        let Some((entry, lent)) = &mut self.entry else {
            return Err(not_ours(&self.borrowed.webhook, &self.borrowed.how));
        };
        let talk = Talk::new(ends, sink, cancel);
        let list = talk.list("check", "See what points here").await?;
        heed(lent, &list);
        let ours = |it: &&Webhook| lent.is_ours(it) && lent.points_here(it);
        let (there, before): (Vec<Webhook>, Vec<Webhook>) =
            list.iter().filter(ours).cloned().partition(|it| it.definition.endpoint == endpoint);
        let now = before.last().unwrap_or(&self.borrowed.webhook).definition.clone();
        let wanted = Definition { endpoint: endpoint.to_owned(), ..now };
        let checks = ends.check(&wanted, &[]);
        if worst(&checks) == Verdict::Fail {
            return Err(Refusal::unusable(checks));
        }
        let mut rid = before;
        if let Some(there) = there.last() {
            // A try before this one got no answer, and was carried out.
            self.borrowed.webhook = there.clone();
        } else {
            // A try before this one, of which nothing is known to have come, is still looked for by its mark.
            if lent.made.last().is_none_or(|made| made.definition != wanted || made.id.is_some()) {
                lent.made.push(Made { definition: wanted.clone(), id: None });
            }
            let ask = async |entry: &mut Entry, lent: &mut Lent| {
                lent.ask(Call::Create, ends.clock.now());
                must_note(entry, lent, state::MAKE).await
            };
            ask(entry, lent).await?;
            match create(&talk, entry, lent).await {
                Ok(()) => {}
                Err(stop) if stop.is_limit() && !rid.is_empty() => {
                    for webhook in rid.drain(..) {
                        talk.rid("before", FIRST, || ends.api.delete_webhook(&webhook.id)).await?;
                    }
                    ask(entry, lent).await?;
                    create(&talk.firmly(), entry, lent).await?;
                }
                Err(stop) => return Err(stop.into()),
            }
            let id = lent.made.last().and_then(|made| made.id.clone()).unwrap_or_default();
            self.borrowed.webhook = Webhook { id, definition: wanted, created_on: None };
        }
        note(entry, lent, state::LENT).await.ok();
        for webhook in rid {
            talk.firmly().rid("before", BEFORE, || ends.api.delete_webhook(&webhook.id)).await?;
        }
        Ok(())
    }
}

const BEFORE: &str = "Take away the one before";
const FIRST: &str = "Take away the one before first";

fn not_ours(webhook: &Webhook, how: &How) -> Refusal {
    let name = super::super::talk::named(webhook);
    let why = match how {
        How::Already { .. } => "It pointed here before the panel came, so it is not the panel's to change",
        How::Added | How::InsteadOf(_) => "It was put back",
    };
    Refusal::failed(
        UserError::new(Category::Input, format!("{name} still points at the address before"))
            .detail(why)
            .hint("Change its endpoint in the Webhooks room, or stop and send the events here again"),
    )
}
