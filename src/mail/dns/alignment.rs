//! Alignment (RFC 7489 §3.1): whether what proves a message speaks for the domain in its From line. Computed, no network.

use super::dmarc::{Alignment, Dmarc, Policy};
use super::finding::{self, Finding};
use super::name;
use crate::check::Check;

/// What is known of a sender.
#[derive(Debug, Clone, Default)]
pub struct Proofs {
    /// The domain in the From line.
    pub from: String,
    /// Selectors with a key that can be used; the domain that signs is `from`.
    pub selectors: Vec<String>,
    /// A return path of its own below the domain, with an SPF record that can be used.
    pub return_path: Option<String>,
    /// True where the domain itself has an SPF record that can be used.
    pub spf: bool,
}

/// The check `alignment`.
pub fn check(proofs: &Proofs, dmarc: Option<&Dmarc>) -> Check {
    let rules = dmarc.cloned().unwrap_or_default();
    let Proofs { from, selectors, return_path, spf } = proofs;
    let mut findings = Vec::new();
    let mut legs = Vec::new();
    if let Some(selector) = selectors.first() {
        legs.push(format!("DKIM signs as {from} (selector {selector})"));
    }
    let agrees = |envelope: &str| match rules.spf {
        Alignment::Strict => envelope == from,
        Alignment::Relaxed => name::same_organization(envelope, from),
    };
    let envelopes: Vec<&str> = return_path.as_deref().into_iter().chain(spf.then_some(from.as_str())).collect();
    if let Some(envelope) = envelopes.iter().find(|envelope| agrees(envelope)) {
        legs.push(format!("SPF of the return path {envelope}"));
    }
    if rules.spf == Alignment::Strict
        && let Some(path) = return_path
    {
        findings.push(Finding::warn(
            format!("The DMARC record says aspf=s, and the return path is {path}, not {from}: SPF can never agree"),
            "Write aspf=r, or leave the tag out",
        ));
    }
    let strict = rules.policy != Policy::None;
    match (selectors.is_empty(), legs.is_empty()) {
        (true, true) => {
            let then = if strict {
                format!("with p={} receivers turn such mail away", rules.policy.word())
            } else {
                "such mail lands in spam, or is refused".to_owned()
            };
            findings.push(Finding::fail(
                format!(
                    "Nothing was found that proves mail from {from}: no DKIM key, and no SPF record that agrees; {then}"
                ),
                "Add the DKIM and SPF records that your provider shows for the domain",
            ));
        }
        (true, false) => findings.push(Finding::warn(
            format!(
                "No DKIM key was found: mail from {from} rests on SPF alone, which breaks when a message is forwarded"
            ),
            "Add the DKIM record that your provider shows, or name its selector here",
        )),
        _ => {}
    }
    let seen = (!legs.is_empty()).then(|| legs.join("; "));
    finding::check("alignment", seen, findings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Verdict;

    fn resend() -> Proofs {
        Proofs {
            from: "example.com".to_owned(),
            selectors: vec!["resend".to_owned()],
            return_path: Some("send.example.com".to_owned()),
            spf: false,
        }
    }

    fn dmarc(policy: Policy, spf: Alignment) -> Dmarc {
        Dmarc { domain: "example.com".to_owned(), policy, spf, ..Dmarc::default() }
    }

    #[test]
    fn a_return_path_below_the_domain_agrees_in_the_relaxed_way_only() {
        let relaxed = check(&resend(), Some(&dmarc(Policy::None, Alignment::Relaxed)));
        assert_eq!(relaxed.verdict, Verdict::Pass);
        assert!(relaxed.seen.unwrap().contains("return path send.example.com"));
        let strict = check(&resend(), Some(&dmarc(Policy::Reject, Alignment::Strict)));
        assert_eq!(strict.verdict, Verdict::Warn);
        assert!(strict.why.unwrap().contains("aspf=s") && !strict.seen.unwrap().contains("SPF"));
        let bare = Proofs { selectors: Vec::new(), ..resend() };
        let alone = check(&bare, Some(&dmarc(Policy::Reject, Alignment::Strict)));
        assert_eq!(alone.verdict, Verdict::Fail);
        assert!(alone.why.unwrap().contains("p=reject"));
        assert_eq!(check(&bare, None).verdict, Verdict::Warn, "SPF alone");
    }
}
