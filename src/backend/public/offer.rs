//! What there is to choose from before a tenant's events are sent here.

use uuid::Uuid;

use super::Webhooks;
use crate::backend::Job;
use crate::error::UserError;
use crate::store::Journal;
use crate::tunnel;
use crate::webhooks::{self, Catalogue, Ends};

/// What there is to choose from.
#[derive(Debug)]
pub struct Offered {
    /// The tunnels, the best first.
    pub ways: Vec<tunnel::Offer>,
    /// The tenant's webhooks, or why they cannot be read.
    pub webhooks: Result<Webhooks, UserError>,
    /// The event types.
    pub types: Result<Catalogue, UserError>,
}

/// Looks at this machine and at the tenant at the same time. Changes nothing anywhere.
pub(super) async fn offered(profile: Uuid, port: Option<u16>, wish: &tunnel::Wish, job: &Job) -> Offered {
    let tenant = async {
        let ends = match open(profile, job).await {
            Ok(ends) => ends,
            Err(error) => return (Err(error.clone()), Err(error)),
        };
        let quiet = |_| {};
        let (webhooks, types) =
            tokio::join!(ends.list(&quiet, &job.cancel), webhooks::offered(&ends, &quiet, &job.cancel));
        (webhooks.map(|reply| reply.it.into()), types.map_err(UserError::from))
    };
    let (ways, (webhooks, types)) = tokio::join!(tunnel::offered(&job.services.http, port, wish), tenant);
    Offered { ways, webhooks, types }
}

pub(super) async fn open(profile: Uuid, job: &Job) -> Result<Ends, UserError> {
    Ends::of(&job.tenant(profile).await?, &Journal::of(&job.services.data))
}
