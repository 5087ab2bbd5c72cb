//! What was kept without its signature and not judged while that was at hand: it can be judged no more, and says so.

use super::decode::{Decoded, SignatureState, TokenVerdict};
use crate::check::Check;

/// How long after its arrival another process may still be judging it.
pub(super) const MAY_BE_UNDER_WAY: jiff::SignedDuration = jiff::SignedDuration::from_secs(60);

/// Puts the finding in place of what judging the kept bytes came to: they lack what it is judged by.
pub(super) fn tell(decoded: &mut Decoded) {
    let why = "It holds a token that is no webhook, so its signature was never kept, and it was \
               not judged while that was at hand: nobody can know any more who signed it";
    let check = Check::fail("signature", why, "Have it sent again by whoever sent it").seen("not kept");
    decoded.headline = why.to_owned();
    decoded.verdict = TokenVerdict::NotVerified;
    decoded.signature = SignatureState::NotChecked;
    decoded.failed = Some(check.name.to_string());
    if let Some(rung) = decoded.checks.iter_mut().find(|rung| rung.name == check.name) {
        *rung = check;
    }
}
