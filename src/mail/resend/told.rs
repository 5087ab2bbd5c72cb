//! What an answer of Resend means, and what to do about it. Matched by its name and its words: the status of the same
//! error differs between the generations of the API.

use super::api::{Refusal, Trouble};
use crate::error::UserError;

/// What a refusal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// The key is genuine, and may send alone.
    SendingOnly,
    /// No key came.
    NoKey,
    /// Resend knows no such key.
    BadKey,
    /// The key or its account is stopped.
    Suspended,
    /// The key may not do this.
    Permission,
    /// The key is bound to another domain.
    OtherDomain,
    /// The domain of the sender is not verified in the key's account.
    NotVerified,
    /// Without a verified domain, mail goes to the account's own address alone.
    OwnAddressOnly,
    /// The quota of the plan is used up.
    Quota,
    /// Something of the request.
    Request,
    /// Resend's own trouble.
    Theirs,
    /// The answer is none of Resend's API.
    NotResend,
    /// A name that is not known here.
    Unknown,
}

/// What `refusal` is about.
pub fn about(refusal: &Refusal) -> About {
    let message = refusal.message.to_ascii_lowercase();
    let says = |words: &str| message.contains(words);
    match refusal.name.as_str() {
        "restricted_api_key" if says("not authorized to send") || says("restricted to") && says("domain") => {
            About::OtherDomain
        }
        "restricted_api_key" => About::SendingOnly,
        "missing_api_key" => About::NoKey,
        "invalid_api_key" => About::BadKey,
        "suspended_api_key" => About::Suspended,
        "invalid_permission" | "invalid_access" => About::Permission,
        "daily_quota_exceeded" | "monthly_quota_exceeded" | "email_above_quota" => About::Quota,
        "invalid_from_address"
        | "missing_required_field"
        | "invalid_parameter"
        | "invalid_attachment"
        | "method_not_allowed"
        | "invalid_idempotency_key"
        | "invalid_idempotent_request"
        | "security_error" => About::Request,
        "application_error" | "internal_server_error" | "service_unavailable" => About::Theirs,
        _ if says("only send testing emails to your own") => About::OwnAddressOnly,
        _ if says("not authorized to send") => About::OtherDomain,
        _ if says("domain is not verified") => About::NotVerified,
        _ if says("api key is invalid") => About::BadKey,
        _ if says("api key") && (says("suspended") || says("inactive") || says("disabled")) => About::Suspended,
        "validation_error" => About::Request,
        "" if refusal.status >= 500 => About::Theirs,
        "" => About::NotResend,
        _ => About::Unknown,
    }
}

/// Cause and fix of `trouble`. `host` is what was asked.
pub fn explain(trouble: &Trouble, host: &str) -> (String, String) {
    match trouble {
        Trouble::Net(error) => {
            let told = UserError::from(error.clone());
            (format!("{}: {}", told.title, told.detail), told.hint)
        }
        Trouble::Limited { waits, wait } if *waits == 0 => (
            format!("Resend asks to wait {} s before the next request, longer than is waited here", wait.as_secs()),
            "Try again after that. Whatever else uses this account's keys counts too".to_owned(),
        ),
        Trouble::Limited { waits, .. } => (
            format!("Resend still says too many requests (429) after {waits} waits as long as it asked for"),
            "Something else uses this account at the same time: stop it, and try again".to_owned(),
        ),
        Trouble::Odd(why) => (
            format!("{host} answered, but not as Resend's API does: {why}"),
            "Check the base URL; Resend's own is https://api.resend.com".to_owned(),
        ),
        Trouble::Refused(refusal) => refused(refusal, host),
    }
}

fn refused(refusal: &Refusal, host: &str) -> (String, String) {
    let said = format!("{} {}: {}", refusal.status, refusal.name, refusal.message);
    let (why, fix) = match about(refusal) {
        About::SendingOnly => (
            "The key may send and nothing else".to_owned(),
            "That is right for Kinde. To read domains here, use a key with Full access, for this check alone",
        ),
        About::NoKey => {
            ("No key arrived at Resend".to_owned(), "Give the key again; a proxy on the way may take the header off")
        }
        About::BadKey => (
            "Resend knows no such key: it was mistyped, cut, or deleted".to_owned(),
            "Make a new key at resend.com/api-keys, with Sending access, and copy it as a whole",
        ),
        About::Suspended => (
            "The key, or the account behind it, is suspended".to_owned(),
            "Look at the messages from Resend in the dashboard; support lifts it",
        ),
        About::Permission => ("The key may not do this".to_owned(), "Use a key with Sending access or Full access"),
        About::OtherDomain => (
            "The key is bound to another domain than the sender's".to_owned(),
            "Use the domain of the key as sender, or make a key for this domain (or for all) at resend.com/api-keys",
        ),
        About::NotVerified => (
            "The sender's domain is not verified in the account of this key".to_owned(),
            "The part after the @ has to be exactly a verified domain: updates.example.com does not cover example.com, nor the other way \
             round. If the dashboard shows it as verified, the key is of another team",
        ),
        About::OwnAddressOnly => (
            "Without a verified domain, Resend delivers to the address of your own account alone".to_owned(),
            "Verify a domain at resend.com/domains and send from it: Kinde's mail goes to your users",
        ),
        About::Quota => (
            "The account's quota of emails is used up. Received mail counts too".to_owned(),
            "Wait for the next day or month, or take a larger plan: Kinde's mail would be refused as well",
        ),
        About::Request => {
            ("Resend refused what was sent".to_owned(), "Read its words; sender and recipient are the usual cause")
        }
        About::Theirs => {
            ("Resend has trouble of its own".to_owned(), "Try again in some minutes; resend-status.com tells more")
        }
        About::NotResend if refusal.message.contains("1010") => (
            "The edge before Resend's API turned the request away (1010)".to_owned(),
            "A proxy on the way may change headers; try from another network",
        ),
        About::NotResend => {
            return (
                format!(
                    "{host} answered {}, which is not how Resend's API answers: {}",
                    refusal.status, refusal.message
                ),
                "Check the base URL; Resend's own is https://api.resend.com".to_owned(),
            );
        }
        About::Unknown => (
            "Resend refused with an error that is not known here".to_owned(),
            "Read its words, and resend.com/docs/api-reference/errors",
        ),
    };
    (format!("{why} ({said})"), fix.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_known_by_its_name_and_words_whatever_its_status() {
        for (status, name, message, expected) in [
            (401, "restricted_api_key", "This API key is restricted to only send emails", About::SendingOnly),
            (401, "missing_api_key", "Missing API Key", About::NoKey),
            (403, "invalid_api_key", "API key is invalid.", About::BadKey),
            (400, "validation_error", "API key is invalid", About::BadKey),
            (401, "validation_error", "API key is invalid", About::BadKey),
            (403, "suspended_api_key", "This API key is suspended", About::Suspended),
            (403, "invalid_permission", "x", About::Permission),
            (
                403,
                "validation_error",
                "The example.com domain is not verified. Please, add and verify your domain",
                About::NotVerified,
            ),
            (
                403,
                "validation_error",
                "You can only send testing emails to your own email address (a@b.c).",
                About::OwnAddressOnly,
            ),
            (
                403,
                "validation_error",
                "This API key is not authorized to send emails from example.com",
                About::OtherDomain,
            ),
            (429, "daily_quota_exceeded", "x", About::Quota),
            (422, "invalid_from_address", "x", About::Request),
            (422, "validation_error", "Invalid `to` field", About::Request),
            (500, "application_error", "x", About::Theirs),
            (502, "", "Bad gateway", About::Theirs),
            (404, "", "<html>", About::NotResend),
            (418, "teapot", "x", About::Unknown),
        ] {
            let refusal = Refusal { status, name: name.to_owned(), message: message.to_owned() };
            assert_eq!(about(&refusal), expected, "{name} {message}");
            let (why, fix) = explain(&Trouble::Refused(refusal), "api.resend.com");
            assert!(why.contains(message) && !fix.is_empty(), "the server's words stay: {why}");
        }
    }
}
