//! The mail that came to the sandbox, followed while somebody looks at it.

use super::{Event, Job, ended};
use crate::error::UserError;
use crate::sandbox::{Control, Mails};

/// Tells what is kept, and again each time something came, until it is cancelled or the sandbox ends.
pub(super) async fn follow(job: &Job) -> Event {
    let mut told: Option<Mails> = None;
    loop {
        match next(job, told.as_ref().map(|mails| mails.newest)).await {
            Ok(mails) if told.as_ref() == Some(&mails) => {}
            Ok(mails) => {
                told = Some(mails.clone());
                job.send(Event::Mails(Ok(mails))).await;
            }
            Err(error) => return Event::Mails(Err(error)),
        }
    }
}

/// What is kept once something came after `after`, or after a while.
async fn next(job: &Job, after: Option<i64>) -> Result<Mails, UserError> {
    let Some((running, using)) = job.sandbox.found(&job.services).await else { return Err(ended()) };
    // Who only waits does not keep a sandbox from ending.
    if after.is_some() {
        drop(using);
    }
    Ok(Control::new(job.services.http.unrecorded(), &running)?.mails(after).await?)
}
