//! What was left in a tenant: webhooks that point where nobody answers any more, and test things of a trigger.
//!
//! Looks and tells; nothing is taken away that a person did not tick. What this panel, or another one on this machine, has
//! under way right now is no stray.

mod reach;

use tokio_util::sync::CancellationToken;

use super::borrow::is_of_a_loan;
use super::talk::{Talk, named};
use super::{Ends, Refusal, Sink, delete, endpoint};
use crate::error::{Category, UserError};
use crate::kinde::{Thing, Webhook};
use crate::net::Http;
use reach::{Reach, Reached};

/// What may have been left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A webhook.
    Webhook(Box<Webhook>),
    /// A thing that a trigger made.
    Thing {
        /// What it is.
        thing: Thing,
        /// Its id.
        id: String,
        /// What it is called.
        name: String,
    },
}

/// How sure it is that nobody wants it any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likely {
    /// It leads nowhere, or was made for a test.
    Left,
    /// It may be in use: a person knows.
    Perhaps,
}

/// One thing that may have been left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    /// What it is.
    pub what: What,
    /// Why it is listed.
    pub why: String,
    /// How sure that is.
    pub likely: Likely,
}

/// Something that could not be looked at.
#[derive(Debug, Clone)]
pub struct Unread {
    /// What: `webhooks`, `users`, `the endpoint of “Orders”`.
    pub what: String,
    /// Why not.
    pub error: UserError,
}

/// What a look found.
#[derive(Debug, Clone, Default)]
pub struct Looked {
    /// Webhooks first, the likely ones before the others.
    pub strays: Vec<Stray>,
    /// What could not be looked at.
    pub unread: Vec<Unread>,
    /// How many webhooks were looked at.
    pub webhooks: usize,
}

/// The things that are looked for. Organizations too: a trigger makes them as well.
const THINGS: [Thing; 5] = [Thing::User, Thing::Role, Thing::Permission, Thing::Organization, Thing::Subscriber];

/// Looks through the tenant. `http` asks the hosts that webhooks point at, once each and without a body; it tells a tenant
/// nothing.
pub async fn look(ends: &Ends, http: &Http, sink: &Sink<'_>, cancel: &CancellationToken) -> Looked {
    let talk = Talk::new(ends, sink, cancel);
    let mut looked = Looked::default();
    // What is under way right now: nobody's leftover.
    let busy = ends.busy().await.unwrap_or_default();
    let is_busy = |text: &str| busy.iter().any(|entry| entry.contains(text));
    match talk.list("webhooks", "List webhooks").await {
        Err(stop) => looked.unread.push(Unread { what: "webhooks".to_owned(), error: Refusal::from(stop).error }),
        Ok(list) => {
            looked.webhooks = list.len();
            let list: Vec<Webhook> = list.into_iter().filter(|webhook| !is_busy(&webhook.id)).collect();
            let reached = reach::all(list.iter().map(|it| it.definition.endpoint.as_str()), http, cancel).await;
            for webhook in list {
                let reached = reached.get(&webhook.definition.endpoint);
                match judge(&webhook, reached, ends.on_this_machine) {
                    Judged::Stray(why, likely) => {
                        looked.strays.push(Stray { what: What::Webhook(Box::new(webhook)), why, likely });
                    }
                    Judged::Unknown(error) => {
                        let what = format!("the endpoint of {}", named(&webhook));
                        looked.unread.push(Unread { what, error });
                    }
                    Judged::InUse => {}
                }
            }
        }
    }
    looked.strays.sort_by_key(|stray| stray.likely);
    for thing in THINGS {
        match talk.marked(thing).await {
            Ok((found, whole)) => {
                let found = found.into_iter().filter(|it| !is_busy(&it.mark));
                looked.strays.extend(found.map(|it| Stray {
                    why: why_thing(thing),
                    likely: if thing == Thing::Subscriber { Likely::Perhaps } else { Likely::Left },
                    what: What::Thing { thing, id: it.id, name: it.name },
                }));
                if !whole {
                    let error = UserError::new(Category::Api, "There are more than were looked through")
                        .detail("Only the first pages of the list were read")
                        .hint("Look for kinde_panel_ in Kinde");
                    looked.unread.push(Unread { what: format!("the rest of the {}s", thing.word()), error });
                }
            }
            Err(stop) => {
                looked.unread.push(Unread { what: format!("{}s", thing.word()), error: Refusal::from(stop).error });
            }
        }
    }
    looked
}

fn why_thing(thing: Thing) -> String {
    match thing {
        Thing::Subscriber => {
            "Made to cause an event. The API cannot delete it, Kinde's Subscribers page can".to_owned()
        }
        thing => format!("A test {} that was made to cause an event", thing.word()),
    }
}

/// What is thought of a webhook.
enum Judged {
    Stray(String, Likely),
    Unknown(UserError),
    InUse,
}

fn judge(webhook: &Webhook, reached: Option<&Reached>, on_this_machine: bool) -> Judged {
    let borrowed = is_of_a_loan(webhook);
    let tunnel = endpoint::tunnel(&webhook.definition.endpoint);
    let made = "A Kinde Panel made it for as long as it listened";
    match reached {
        Some(Reached { reach: Reach::Here, .. }) if !on_this_machine => {
            Judged::Stray("Names this machine or a private network, which Kinde cannot reach".to_owned(), Likely::Left)
        }
        Some(Reached { reach: Reach::Gone, words }) => {
            let words = if borrowed { format!("{words}. {made}") } else { words.clone() };
            Judged::Stray(words, Likely::Left)
        }
        Some(Reached { reach: Reach::Silent, words }) => Judged::Stray(words.clone(), Likely::Perhaps),
        Some(Reached { reach: Reach::Unknown, words }) => Judged::Unknown(
            UserError::new(Category::Network, "Its host could not be looked at")
                .detail(words.clone())
                .hint("Look at this machine's network, and look again"),
        ),
        _ if borrowed => Judged::Stray(format!("{made}; it may still do so, on another machine"), Likely::Perhaps),
        Some(Reached { reach: Reach::Answers, words }) if tunnel.is_some() => {
            Judged::Stray(format!("A tunnel's address: {words}. {}", tunnel.unwrap_or_default()), Likely::Perhaps)
        }
        _ => Judged::InUse,
    }
}

/// Takes a stray away. Gives what was done, in words.
///
/// # Errors
/// When it changed since it was looked at, or Kinde refuses.
pub async fn clean(ends: &Ends, stray: &Stray, sink: &Sink<'_>, cancel: &CancellationToken) -> Result<String, Refusal> {
    match &stray.what {
        What::Webhook(webhook) => {
            delete(ends, webhook, sink, cancel).await?;
            Ok(format!("{} was deleted", named(webhook)))
        }
        What::Thing { thing: Thing::Subscriber, name, .. } => Err(Refusal::failed(
            UserError::new(Category::Input, format!("The API cannot delete the subscriber {name}"))
                .detail("Kinde has no call for it")
                .hint("Delete it on Kinde's Subscribers page"),
        )),
        What::Thing { thing, id, name } => {
            let talk = Talk::new(ends, sink, cancel);
            let title = format!("Delete the test {}", thing.word());
            talk.rid("clean", &title, || ends.api.delete_thing(*thing, id)).await?;
            Ok(format!("The test {} {name} was deleted", thing.word()))
        }
    }
}
