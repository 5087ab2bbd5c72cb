//! The API key: what its writing tells before it is sent anywhere.

use super::super::dns::finding::Finding;
use crate::secrets::Secret;

/// What a key may do, found by asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Everything: it read the domains.
    Full,
    /// Sending alone, which is what Kinde needs.
    Sending,
}

/// A key as it is to be sent, and what is wrong with how it was given.
#[derive(Debug, Clone)]
pub struct Shape {
    /// What surrounds it taken off; `None` where it must not or cannot be sent.
    pub key: Option<Secret>,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

/// Beginnings of other providers' secrets, which are none of Resend's business.
const OTHERS: [(&str, &str); 7] = [
    ("SG.", "SendGrid's"),
    ("xkeysib-", "Brevo's"),
    ("xsmtpsib-", "Brevo's"),
    ("AKIA", "Amazon's"),
    ("key-", "Mailgun's"),
    ("mlsn.", "MailerSend's"),
    ("sk_", "Stripe's"),
];

/// Looks at `given` without sending it.
pub fn shape(given: &Secret) -> Shape {
    let text = given.expose();
    let mut findings = Vec::new();
    let again = "Copy the key anew, without anything around it. Kinde would send what is typed, blanks and all";
    let mut bare = text.trim();
    if bare.is_empty() {
        let finding = Finding::fail("No API key was given", "Make one at resend.com/api-keys, with Sending access");
        return Shape { key: None, findings: vec![finding] };
    }
    if bare.len() != text.len() {
        findings.push(Finding::fail("A blank or a line end stands before or after the key", again));
    }
    for (around, name) in [
        (&['"', '\'', '`'][..], "Quotation marks stand around the key"),
        (&['<', '>'], "Brackets stand around the key"),
    ] {
        let inner = bare.trim_matches(around);
        if inner.len() != bare.len() {
            findings.push(Finding::fail(name, again));
            bare = inner.trim();
        }
    }
    for front in ["Authorization:", "Bearer ", "RESEND_API_KEY=", "SMTP_PASSWORD="] {
        if let Some(head) = bare.get(..front.len())
            && head.eq_ignore_ascii_case(front)
        {
            findings.push(Finding::fail(format!("{} stands before the key", front.trim_end()), again));
            bare = bare.get(front.len()..).unwrap_or_default().trim();
        }
    }
    if bare.is_empty() {
        findings.push(Finding::fail("There is no key in it", again));
        return Shape { key: None, findings };
    }
    if bare.chars().any(|c| c.is_whitespace() || !c.is_ascii_graphic()) {
        findings.push(Finding::fail(
            "There is a blank, a line end or a character in the middle of the key that no key has. It was not sent",
            again,
        ));
        return Shape { key: None, findings };
    }
    if let Some((_, whose)) = OTHERS.iter().find(|(front, _)| bare.starts_with(front)) {
        findings.push(Finding::fail(
            format!("That looks like a key of {whose}. It was not sent to Resend"),
            "Use a key of resend.com/api-keys, which begins with re_",
        ));
        return Shape { key: None, findings };
    }
    if !bare.starts_with("re_") {
        findings.push(Finding::warn(
            "The keys of Resend begin with re_, and this one does not",
            "Compare it with resend.com/api-keys",
        ));
    }
    Shape { key: Some(Secret::new(bare)), findings }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_surrounds_a_key_is_named_and_taken_off_before_it_is_asked_with() {
        for (given, words) in [
            ("re_abc_123\n", "line end"),
            (" re_abc_123", "blank"),
            ("\"re_abc_123\"", "Quotation marks"),
            ("Bearer re_abc_123", "Bearer"),
            ("RESEND_API_KEY=re_abc_123", "RESEND_API_KEY="),
        ] {
            let shape = shape(&Secret::new(given));
            assert_eq!(shape.key, Some(Secret::new("re_abc_123")), "{given}");
            assert!(shape.findings[0].why.contains(words), "{given}: {:?}", shape.findings);
        }
        assert!(shape(&Secret::new("re_abc_123")).findings.is_empty());
        assert!(shape(&Secret::new("abc")).key.is_some());
    }

    #[test]
    fn a_key_that_is_none_or_somebody_elses_is_sent_to_nobody_and_never_repeated() {
        for given in [
            "",
            "  \n",
            "SG.canary123.x",
            "xsmtpsib-canary123",
            "AKIACANARY123",
            "re_canary 123",
            "re_canary\u{200b}123",
            "\"\"",
        ] {
            let shape = shape(&Secret::new(given));
            assert!(shape.key.is_none(), "{given:?}");
            let told = format!("{:?}", shape.findings);
            assert!(!told.to_lowercase().contains("canary") && !told.is_empty(), "{told}");
        }
    }
}
