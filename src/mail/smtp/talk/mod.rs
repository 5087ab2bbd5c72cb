//! The dialogue: from a connection to a session that may sign in, then what is done with it.

mod auth;
mod envelope;
mod open;

use super::ehlo::Offers;
use super::run::{Run, Stop, because};
use super::stage::Stage;
use super::wire::Wire;
use crate::check::Check;

pub(super) use open::open;

/// A connection whose server has said what it offers.
pub(super) struct Session {
    pub wire: Wire,
    pub offers: Offers,
    /// Why the password is withheld from it; `None` where it may follow.
    pub withheld: Option<String>,
}

/// Signs in, tries the envelope, and sends where that was asked for.
pub(super) async fn use_session(run: &mut Run<'_>, mut session: Session) -> Result<(), Stop> {
    let done = signed_in(run, &mut session).await;
    // A good-bye that gets no answer is no failure.
    let limit = run.plan.limits.slow;
    session.wire.command(&mut run.script, "QUIT", "QUIT", limit).await.ok();
    done
}

async fn signed_in(run: &mut Run<'_>, session: &mut Session) -> Result<(), Stop> {
    if let Some(why) = session.withheld.clone() {
        return because(why);
    }
    auth::sign_in(run, session).await?;
    envelope::dry_run(run, session).await?;
    if run.plan.send {
        envelope::send(run, session).await?;
    }
    Ok(())
}

/// The stage's check for a command whose answer never came.
fn lost(run: &mut Run<'_>, stage: Stage, broke: &super::wire::Broke, at: crate::mail::replies::At) -> Check {
    run.script.note("the connection broke");
    super::words::broke(stage.name(), broke, at)
}
