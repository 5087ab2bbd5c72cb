//! The sender's address, held against the domains of the account. Resend takes exactly the verified ones.

use super::super::dns::finding::{self, Finding};
use super::super::dns::name;
use super::model::{Domain, Sends};
use crate::check::Check;

/// The sender that every account has, for itself alone.
pub const ONBOARDING: &str = "onboarding@resend.dev";

/// Domains that belong to everybody: nobody verifies them, and their DMARC refuses mail from elsewhere.
const PUBLIC: [&str; 14] = [
    "gmail.com",
    "googlemail.com",
    "outlook.com",
    "hotmail.com",
    "live.com",
    "msn.com",
    "yahoo.com",
    "ymail.com",
    "aol.com",
    "icloud.com",
    "me.com",
    "gmx.net",
    "gmx.de",
    "proton.me",
];

/// An address in a sender as it is written: `Ada <ada@example.com>` or the bare one. `None` where there is none.
pub fn address_in(text: &str) -> Option<(&str, String)> {
    let text = text.trim();
    let bare = match text.rsplit_once('<') {
        Some((_, rest)) => rest.strip_suffix('>')?.trim(),
        None => text,
    };
    let (local, domain) = bare.rsplit_once('@')?;
    let atoms = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c) || !c.is_ascii();
    let good = !local.is_empty() && local.len() <= 64 && local.chars().all(atoms) && !local.starts_with('.');
    let domain = name::domain_in(domain).ok()?;
    good.then_some((bare, domain))
}

/// The check `from`. `domains` are those of the account, where the key may read them.
pub fn check(from: &str, domain: &str, domains: Option<&[Domain]>) -> Check {
    let Some((address, own)) = address_in(from) else {
        return Check::fail(
            "from",
            "That is no address mail could come from",
            "Write it as ada@example.com, or as Ada <ada@example.com>",
        )
        .seen(from.chars().take(120).collect::<String>());
    };
    let seen = Some(address.to_owned());
    let mut findings = Vec::new();
    if address.eq_ignore_ascii_case(ONBOARDING) {
        findings.push(Finding::warn(
            "onboarding@resend.dev is for a first try: Resend delivers it to the address of your own account alone, so none of Kinde's users would get it",
            "Verify a domain at resend.com/domains and send from it",
        ));
        return finding::check("from", seen, findings);
    }
    if own == "resend.dev" || own.ends_with(".resend.dev") {
        findings.push(Finding::fail(
            format!("{own} is Resend's own: only onboarding@resend.dev may be used, and that for yourself alone"),
            "Send from a domain of yours that is verified at resend.com/domains",
        ));
    } else if PUBLIC.contains(&own.as_str()) {
        findings.push(Finding::fail(
            format!("{own} cannot be verified by anybody but its owner, and its DMARC refuses mail from elsewhere"),
            "Send from a domain of yours",
        ));
    } else if let Some(domains) = domains {
        match domains.iter().find(|known| known.name.eq_ignore_ascii_case(&own)) {
            Some(known) => findings.extend(standing(&own, known)),
            None => findings.push(not_there(&own, domains)),
        }
    } else if own != domain {
        findings.push(Finding::fail(
            format!(
                "The sender is at {own}, and the domain looked at is {domain}: Resend takes exactly the verified one"
            ),
            format!("Send from {domain}, or look at {own}"),
        ));
    }
    finding::check("from", seen, findings)
}

/// What speaks against a sender's domain that is in the account.
fn standing(own: &str, known: &Domain) -> Option<Finding> {
    match known.sends() {
        Sends::Yes => None,
        Sends::No => Some(Finding::fail(
            format!("{own} is in the account and may not send ({}): Resend refuses it with 403", known.status),
            "See the checks of the domain above",
        )),
        Sends::Unknown => Some(Finding::warn(
            format!("Resend has {own} as {}, and that does not tell whether it sends", known.status),
            "Send a test email: Resend takes it, or says why not",
        )),
    }
}

/// A sender's domain that is not in the account: what is there instead.
pub fn not_there(own: &str, domains: &[Domain]) -> Finding {
    let near = domains.iter().find(|known| name::same_organization(&known.name, own));
    match near {
        Some(near) => Finding::fail(
            format!(
                "{} is in the account, and {own} is not: one does not cover the other, and Resend refuses it with 403",
                near.name
            ),
            format!("Send from {}, or add {own} at resend.com/domains", near.name),
        ),
        None if domains.is_empty() => Finding::fail(
            format!(
                "There is no domain in the account of this key, so that it sends from {ONBOARDING} to your own address alone"
            ),
            format!("Add {own} at resend.com/domains"),
        ),
        None => Finding::fail(
            format!("{own} is not in the account of this key, which has {}", names(domains)),
            format!("Add {own} at resend.com/domains; if it is there in the dashboard, the key is of another team"),
        ),
    }
}

fn names(domains: &[Domain]) -> String {
    let mut names: Vec<&str> = domains.iter().map(|domain| domain.name.as_str()).take(5).collect();
    if domains.len() > 5 {
        names.push("others");
    }
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::model::{Capabilities, Record};
    use super::*;
    use crate::check::Verdict;

    fn domain(name: &str, status: &str) -> Domain {
        Domain { name: name.to_owned(), status: status.to_owned(), ..Domain::default() }
    }

    #[test]
    fn an_address_is_read_with_and_without_a_name() {
        assert_eq!(address_in("Ada, Countess <ada@Example.com>"), Some(("ada@Example.com", "example.com".to_owned())));
        assert_eq!(address_in(" ada@example.com "), Some(("ada@example.com", "example.com".to_owned())));
        for text in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "ada@localhost",
            "Ada <ada@example.com",
            "a b@example.com",
            ".a@example.com",
        ] {
            assert_eq!(address_in(text), None, "{text}");
        }
    }

    #[test]
    fn the_sender_has_to_be_at_exactly_a_verified_domain() {
        let part = |status: &str| Domain {
            records: vec![Record {
                record: "DKIM".to_owned(),
                status: status.to_owned(),
                kind: "TXT".to_owned(),
                ..Record::default()
            }],
            ..domain(&format!("{status}.example"), "partially_verified")
        };
        let disabled = Capabilities { sending: "disabled".to_owned(), ..Capabilities::default() };
        let account = [
            domain("updates.example.com", "verified"),
            domain("other.example", "pending"),
            domain("part.example", "partially_verified"),
            domain("new.example", "brand_new"),
            part("verified"),
            part("pending"),
            Domain { capabilities: Some(disabled), ..domain("off.example", "verified") },
        ];
        for (from, verdict, words) in [
            ("a@updates.example.com", Verdict::Pass, ""),
            ("Kinde <a@UPDATES.example.com>", Verdict::Pass, ""),
            ("a@example.com", Verdict::Fail, "one does not cover the other"),
            ("a@mail.updates.example.com", Verdict::Fail, "one does not cover the other"),
            ("a@other.example", Verdict::Fail, "pending"),
            ("a@part.example", Verdict::Warn, "does not tell whether it sends"),
            ("a@new.example", Verdict::Warn, "does not tell whether it sends"),
            ("a@verified.example", Verdict::Pass, ""),
            ("a@pending.example", Verdict::Fail, "may not send"),
            ("a@off.example", Verdict::Fail, "may not send"),
            ("a@third.example", Verdict::Fail, "not in the account"),
            ("a@gmail.com", Verdict::Fail, "DMARC"),
            ("onboarding@resend.dev", Verdict::Warn, "your own account alone"),
            ("me@resend.dev", Verdict::Fail, "Resend's own"),
            ("nobody", Verdict::Fail, "no address"),
        ] {
            let check = check(from, "updates.example.com", Some(&account));
            assert_eq!(check.verdict, verdict, "{from}: {check:?}");
            assert!(check.why.unwrap_or_default().contains(words), "{from}");
        }
        assert_eq!(
            check("a@example.com", "example.com", None).verdict,
            Verdict::Pass,
            "a key that cannot read is no reason"
        );
        assert_eq!(check("a@example.com", "updates.example.com", None).verdict, Verdict::Fail);
        assert!(check("a@example.com", "example.com", Some(&[])).why.unwrap().contains("no domain in the account"));
    }
}
