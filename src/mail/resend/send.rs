//! One test email through the API, under one idempotency key however often it is tried.

use std::time::Duration;

use serde_json::json;
use uuid::Uuid;

use super::super::dns::name;
use super::api::{Api, Trouble};
use super::key::Permission;
use super::model::{Accepted, Email};
use super::sender::{ONBOARDING, address_in};
use super::told::{self, About};
use crate::check::Check;

/// How often Resend is asked what became of it, and how long apart.
const LOOKS: u32 = 4;
const APART: Duration = Duration::from_secs(1);

/// What became of a test email.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Resend's id of it.
    pub id: String,
    /// To whom.
    pub to: String,
    /// What stands in its subject and in no other.
    pub token: String,
    /// The key that made it one email over every try.
    pub idempotency_key: String,
    /// What Resend says happened last; `None` where the key may not read it.
    pub last_event: Option<String>,
}

/// An address of Resend's that plays a part, and what is to come of it.
fn part(to: &str) -> Option<&'static str> {
    let (local, domain) = to.rsplit_once('@')?;
    // A label may follow: delivered+signup@resend.dev.
    let local = local.split('+').next().unwrap_or(local).to_ascii_lowercase();
    if !domain.eq_ignore_ascii_case("resend.dev") {
        return None;
    }
    ["delivered", "bounced", "complained", "suppressed"].into_iter().find(|part| *part == local)
}

/// Why nothing is sent to `to`; `None` where it may be.
pub fn refuse(to: &str) -> Option<(String, String)> {
    let Some((address, domain)) = address_in(to) else {
        return Some((format!("{to} is no address mail could go to"), "Write it as ada@example.com".to_owned()));
    };
    let blocked =
        ["example.com", "example.org", "example.net", "test.com"].iter().any(|known| name::is_within(&domain, known));
    blocked.then(|| {
        (
            format!("Resend takes no mail for {address}: it only bounces, and bounces harm the sender"),
            "Send to delivered@resend.dev, or to an address of yours".to_owned(),
        )
    })
}

/// The test email and its check, `test email`.
pub async fn send(api: &Api<'_>, permission: Permission, from: &str, to: &str) -> (Option<Sent>, Check) {
    const NAME: &str = "test email";
    if let Some((why, fix)) = refuse(to) {
        return (None, Check::fail(NAME, why, fix));
    }
    let token: String = Uuid::new_v4().simple().to_string().chars().take(8).collect();
    let idempotency_key = format!("kinde-panel-{}", Uuid::new_v4());
    let words = "This is a test email of Kinde Panel. It shows that Resend takes mail from this sender with this key.";
    let body = json!({
        "from": from,
        "to": [to],
        "subject": format!("Test of Kinde Panel {token}"),
        "text": words,
        "html": format!("<p>{words}</p>"),
        "headers": {"Auto-Submitted": "auto-generated"},
    });
    let accepted: Accepted = match api.post_once("Send a test email", "emails", body, &idempotency_key).await {
        Ok(accepted) => accepted,
        Err(trouble) => return (None, refused(&trouble, api)),
    };
    let mut sent = Sent { id: accepted.id, to: to.to_owned(), token, idempotency_key, last_event: None };
    if permission == Permission::Full {
        sent.last_event = what_became(api, &sent.id).await;
    }
    let check = verdict(NAME, &sent, from);
    (Some(sent), check)
}

/// What Resend says happened to the email, asked until it is final or was asked often enough.
async fn what_became(api: &Api<'_>, id: &str) -> Option<String> {
    let mut last = None;
    for look in 0..LOOKS {
        if look > 0 {
            tokio::time::sleep(APART).await;
        }
        let email: Email = api.get("What became of it", &format!("emails/{id}"), &[]).await.ok()?;
        last = email.last_event;
        if !matches!(last.as_deref(), None | Some("queued" | "sent" | "scheduled")) {
            break;
        }
    }
    last
}

fn refused(trouble: &Trouble, api: &Api<'_>) -> Check {
    let (why, fix) = told::explain(trouble, &api.host());
    match trouble {
        // Genuine, and bound to another domain: that is what a key of one domain is for.
        Trouble::Refused(refusal) if told::about(refusal) == About::OtherDomain => {
            Check::fail("test email", why, fix).seen("a key of one domain")
        }
        _ => Check::fail("test email", why, fix),
    }
}

fn verdict(name: &str, sent: &Sent, from: &str) -> Check {
    let Sent { id, to, token, last_event, .. } = sent;
    let event = last_event.as_deref().unwrap_or("accepted");
    let check = Check::pass(name).seen(format!("{event}: {id} to {to}, token {token}"));
    let played = part(to);
    match (event, played) {
        ("bounced" | "complained" | "suppressed" | "failed" | "canceled", Some(part)) if part == event => {
            check.because(format!("That is what {to} is for: your app hears of such an end by Resend's webhooks"))
        }
        ("bounced" | "complained" | "suppressed" | "failed" | "canceled", _) => Check::fail(
            name,
            format!("Resend took the email to {to}, and it ended as {event}"),
            "Look at the email in Resend's dashboard, which has the receiver's words; an address that bounced once may be on the suppression list",
        )
        .seen(format!("{id}, token {token}")),
        ("delivered", Some("delivered")) => check.because("That address takes everything: it shows that Resend sends, and not that a mailbox takes it"),
        ("delivered", _) => check.because(format!("The receiver's server took it. Look for {token} in the subject, in spam too")),
        _ if from.to_ascii_lowercase().contains(ONBOARDING) => {
            check.because("From onboarding@resend.dev it goes to the address of your own account alone")
        }
        _ => check.because(format!(
            "Resend took it, which is not yet delivered: look for {token} in the subject at {to}, or for {id} in Resend's dashboard"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Verdict;

    fn sent(to: &str, event: Option<&str>) -> Sent {
        Sent {
            id: "4ef9a417".to_owned(),
            to: to.to_owned(),
            token: "1234abcd".to_owned(),
            idempotency_key: String::new(),
            last_event: event.map(str::to_owned),
        }
    }

    #[test]
    fn accepted_is_not_delivered_and_a_test_address_that_plays_its_part_is_no_failure() {
        for (to, event, expected, words) in [
            ("ada@acme.test", None, Verdict::Pass, "not yet delivered"),
            ("ada@acme.test", Some("sent"), Verdict::Pass, "not yet delivered"),
            ("ada@acme.test", Some("delivered"), Verdict::Pass, "in spam too"),
            ("ada@acme.test", Some("bounced"), Verdict::Fail, "ended as bounced"),
            ("delivered@resend.dev", Some("delivered"), Verdict::Pass, "takes everything"),
            ("bounced+x@resend.dev", Some("bounced"), Verdict::Pass, "what bounced+x@resend.dev is for"),
            ("delivered@resend.dev", Some("bounced"), Verdict::Fail, "ended as bounced"),
        ] {
            let check = verdict("test email", &sent(to, event), "a@acme.test");
            assert_eq!(check.verdict, expected, "{to} {event:?}");
            assert!(check.why.unwrap().contains(words), "{to} {event:?}");
        }
    }

    #[test]
    fn nothing_is_sent_to_an_address_that_resend_refuses_or_that_is_none() {
        for to in ["ada@example.com", "ada@mail.test.com", "ada", "", "Ada <ada@x.example.org>"] {
            assert!(refuse(to).is_some(), "{to}");
        }
        for to in ["delivered@resend.dev", "ada@acme.io", "Ada <ada@acme.io>"] {
            assert!(refuse(to).is_none(), "{to}");
        }
    }
}
