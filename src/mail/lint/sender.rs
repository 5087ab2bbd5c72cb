//! The sender's name and address.

use std::str::FromStr as _;

use lettre::Address;
use lettre::message::Mailbox;

use super::{Finding, has_control};
use crate::mail::form::{Field, Form};
use crate::mail::presets::{CUSTOM, detect};

/// Where anybody has an address: their policies tell receivers to refuse what others send in their name.
const FREE: [&str; 13] = [
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
    "gmx.com",
    "proton.me",
];

/// Reads an address without a name, or says why it is none.
pub(super) fn address(text: &str) -> Result<Address, String> {
    if text.trim().is_empty() {
        return Err("It is empty".to_owned());
    }
    if has_control(text) {
        return Err("It holds a character that cannot be sent".to_owned());
    }
    Address::from_str(text.trim()).map_err(|_| {
        if text.contains('@') { "It is no email address" } else { "It is no email address: there is no @ in it" }
            .to_owned()
    })
}

pub(super) fn lint(form: &Form, found: &mut Vec<Finding>) {
    if has_control(&form.sender_name) {
        let fix = "Type the name again on one line";
        found.push(Finding::fail(Field::SenderName, "It holds a line end or a tab", fix));
    }
    let text = form.sender_email.as_str();
    let address = match address(text) {
        Ok(address) => address,
        Err(why) => {
            let finding = Finding::fail(Field::SenderEmail, why, "Type an address like hello@example.com");
            found.push(match named(form) {
                Some((words, mended)) => finding.mend(words, mended),
                None => finding,
            });
            return;
        }
    };
    if text != text.trim() {
        let mended = Form { sender_email: text.trim().to_owned(), ..form.clone() };
        let finding = Finding::warn(Field::SenderEmail, "It has blanks around it", "Take the blanks off");
        found.push(finding.mend("Take the blanks off", mended));
    }
    policy(form, &address, found);
}

/// `Ada <ada@example.com>` typed where the address alone belongs.
fn named(form: &Form) -> Option<(String, Form)> {
    let mailbox = Mailbox::from_str(form.sender_email.trim()).ok()?;
    let name = mailbox.name.unwrap_or_default();
    let email = mailbox.email.to_string();
    let words = format!("Use {email}");
    let sender_name = if form.sender_name.is_empty() { name } else { form.sender_name.clone() };
    Some((words, Form { sender_email: email, sender_name, ..form.clone() }))
}

/// What the providers and the receivers think of the address.
fn policy(form: &Form, address: &Address, found: &mut Vec<Finding>) {
    let domain = address.domain().to_ascii_lowercase();
    let preset = detect(form);
    let mut warn = |why: String, fix: &str| found.push(Finding::warn(Field::SenderEmail, why, fix));
    let free = FREE.contains(&domain.as_str());
    let own_account = preset.is_some_and(|preset| matches!(preset.id.as_str(), "gmail" | "microsoft365"));
    if domain == "resend.dev" || domain.ends_with(".resend.dev") {
        warn(
            "An address at resend.dev only reaches your own".to_owned(),
            "Verify a domain of your own at Resend and send from it",
        );
    } else if ["example.com", "example.org", "example.net"].contains(&domain.as_str()) {
        warn(format!("{domain} belongs to nobody, and mail in its name is refused"), "Use a domain of your own");
    } else if free && preset.is_some_and(|preset| !own_account && preset.id != CUSTOM) {
        warn(
            format!("Mail in the name of {domain} that somebody else sends is refused by its policy (DMARC)"),
            "Use a domain of your own, verified at the provider",
        );
    }
    let is_user = form.user.trim().eq_ignore_ascii_case(form.sender_email.trim());
    if own_account && !is_user && form.user.contains('@') {
        let why = if preset.is_some_and(|preset| preset.id == "gmail") {
            "Google puts the account in its place, unless it is one of its aliases"
        } else {
            "Microsoft refuses a sender that is not the mailbox, unless it may send as it"
        };
        warn(why.to_owned(), "Use the account's own address, or allow it to send as this one");
    }
}
