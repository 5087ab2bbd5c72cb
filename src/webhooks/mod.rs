//! Webhooks of a tenant: list, create, change, replace, delete, plan and apply; events looked up and caused.
//!
//! Owns the order of the calls and what is put back when one of them fails. Whether a tenant may be written to at all
//! (a live environment asks first) is the caller's to decide. Each long job is one function that takes [`Ends`], a
//! [`Sink`] for its steps and a token to cancel it; dropping its future is safe at any point: [`recover()`] puts right
//! what it left. Prints nothing.

mod apply;
mod borrow;
mod catalogue;
mod definition;
pub mod endpoint;
pub mod ids;
mod lookup;
mod merge;
mod plan;
mod recover;
mod remove;
mod replace;
mod save;
mod scopes;
mod settle;
mod strays;
mod talk;
mod trigger;

pub use apply::{Applied, apply};
pub use borrow::{ASIDE_NOTE, Borrowed, How, Loan, NAME as BORROWED_NAME, Returned, Wish, borrow};
pub use catalogue::{Catalogue, Offered, offered};
pub use definition::{Diff, Field, Line, check, duplicate};
pub use lookup::{Found, look_up};
pub use merge::{clashes, merged};
pub use plan::{Deed, Item, MAX_FILE, export, import, plan, plan_here};
pub use recover::{Leftovers, Recovered, is_watched, recover, recover_of};
pub use remove::{delete, undo_delete};
pub use replace::{AtLimit, REPLACE_NOTE, Replaced};
pub use save::{Change, Created, Saved, create, save};
pub use strays::{Likely, Looked, Stray, Unread, What, clean, look};
pub use talk::{Refusal, Sink, Why};
pub use trigger::{Triggered, can_trigger, causes, takers, trigger};

use std::time::Duration;

use save::tidy;

use crate::clock::Clock;
use crate::error::UserError;
use crate::kinde::{KindeApi, Reply, Webhook};
use crate::store::{Entry, HistoryError, Journal};
use crate::tenant::Tenant;

/// How often a list is read for what was just done before it counts as not seen.
const LOOKS: u32 = 4;

/// What a person is told beside any list of webhooks.
pub const NO_SWITCH_NOTE: &str = "Kinde switches a webhook off after 72 hours of failures, and its API does not tell \
                                  whether it did: look under Settings > Environment > Webhooks";

/// What every job of this room takes.
#[derive(Debug, Clone)]
pub struct Ends {
    /// The tenant's Management API.
    pub api: KindeApi,
    /// The clock.
    pub clock: Clock,
    /// Where what may have to be put back is written first.
    pub journal: Journal,
    /// Whose entries of the journal: the profile's id, or the domain of an unsaved one.
    pub owner: String,
    /// A Kinde on this machine: its webhooks may point at plain HTTP on loopback.
    pub on_this_machine: bool,
    /// The wait between two looks at a list that may lag behind what was just done.
    pub between_looks: Duration,
}

impl Ends {
    /// The ends of an open tenant.
    ///
    /// # Errors
    /// When the profile has no M2M application, or its secret is not known.
    pub fn of(tenant: &Tenant, journal: &Journal) -> Result<Self, UserError> {
        let profile = &tenant.profile;
        Ok(Self {
            api: tenant.api()?.clone(),
            clock: tenant.http.clock().clone(),
            journal: journal.clone(),
            owner: if profile.saved { profile.id.to_string() } else { tenant.domain.to_string() },
            on_this_machine: profile.is_sandbox() || tenant.domain.is_loopback(),
            between_looks: Duration::from_millis(500),
        })
    }

    /// What earlier runs left for this tenant: under its profile, or under no saved one and for the same domain.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn left_over(&self) -> Result<Vec<Entry>, HistoryError> {
        // An address on this machine is somebody else's tomorrow.
        let domain = (!self.on_this_machine).then(|| self.api.domain().to_string());
        self.journal.left_over_at(&self.owner, domain.as_deref()).await
    }

    /// What the jobs that run right now for this tenant have in the journal, each as its text.
    ///
    /// # Errors
    /// When the journal cannot be read.
    async fn busy(&self) -> Result<Vec<String>, HistoryError> {
        let domain = (!self.on_this_machine).then(|| self.api.domain().to_string());
        self.journal.busy_at(&self.owner, domain.as_deref()).await
    }

    /// Every webhook of the tenant.
    ///
    /// # Errors
    /// When Kinde does not answer it; a 429 is waited out.
    pub async fn list(
        &self,
        sink: &Sink<'_>,
        cancel: &tokio_util::sync::CancellationToken,
    ) -> Result<Reply<Vec<Webhook>>, UserError> {
        let talk = talk::Talk::new(self, sink, cancel);
        Ok(talk.read("list", "List webhooks", || self.api.webhooks()).await.map_err(Refusal::from)?)
    }
}
