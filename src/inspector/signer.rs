//! Whose key signed a token that this tenant's keys do not verify.

use super::decode::OtherKeys;
use crate::jwt::{Compact, Pick};

/// The name of the other profile or domain whose key signed `token`; never the judged tenant's own past.
pub fn signed_by<'a>(token: &[u8], others: &'a [OtherKeys]) -> Option<&'a str> {
    let compact = Compact::split(token).ok()?;
    let signs = |other: &&OtherKeys| match other.set.pick(&compact.header) {
        Pick::Found { key, alg } => key.verify(alg, compact.signed, &compact.signature),
        _ => false,
    };
    let mut signers = others.iter().filter(signs);
    let first = signers.next()?;
    (!first.same_tenant && !signers.any(|other| other.same_tenant)).then_some(first.name.as_str())
}
