//! The password, of which no word repeats a character.

use std::net::IpAddr;

use super::{Finding, ascii};
use crate::mail::form::{Field, Form};
use crate::mail::presets::{Preset, detect, inline, owner_of_secret};
use crate::secrets::Secret;

pub(super) fn lint(form: &Form, found: &mut Vec<Finding>) {
    let password = form.password.expose();
    if password.is_empty() {
        let fix = "Give the password: without it sign-in, sender and recipient cannot be tried";
        found.push(Finding::warn(Field::Password, "None was given, and Kinde signs in with one", fix));
        return;
    }
    if password.contains('\0') {
        let fix = "Copy it again: no provider gives out such a password";
        found.push(Finding::fail(Field::Password, "It holds a NUL character, which cannot be sent", fix));
        return;
    }
    if let Some((why, words, mended)) = wrapped(password) {
        let form = Form { password: mended, ..form.clone() };
        found.push(Finding::warn(Field::Password, why, format!("{words}, unless they belong to it")).mend(words, form));
        return;
    }
    let here = detect(form);
    if let Some(owner) = owner_of_secret(password) {
        foreign(form, owner, here, found);
    }
    if let Some(here) = here {
        known(form, here, found);
    }
}

/// What stands around a password that was copied.
fn wrapped(password: &str) -> Option<(&'static str, &'static str, Secret)> {
    let trimmed = password.trim();
    if trimmed != password {
        let why = if password.ends_with(['\n', '\r']) {
            "It ends with a line end, and the server will see it"
        } else {
            "It has blanks around it, and the server will see them"
        };
        return Some((why, "Take the blanks off", Secret::new(trimmed)));
    }
    for quote in ['"', '\'', '`'] {
        if let Some(inner) = password.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote))
            && !inner.is_empty()
        {
            return Some(("It stands in quotes", "Take the quotes off", Secret::new(inner)));
        }
    }
    let scheme = password.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("bearer "));
    let rest = scheme.and_then(|_| password.get(7..))?;
    Some(("It begins with Bearer, which belongs to HTTP", "Take Bearer off", Secret::new(rest.trim())))
}

/// A secret that gives its provider away, at another one's server or at one of nobody's. This computer gets it for a trial.
fn foreign(form: &Form, owner: &'static Preset, here: Option<&'static Preset>, found: &mut Vec<Finding>) {
    let filled = owner.fill(form);
    let words = format!("Use {}", filled.host);
    let finding = match here {
        Some(here) if here.id == owner.id => return,
        Some(here) => Finding::fail(
            Field::Password,
            format!(
                "It is a secret of {}, and the server is {}'s: it would be handed to the wrong company",
                owner.name, here.name
            ),
            format!("Use {}'s server, or {}'s own password", owner.name, here.name),
        ),
        // What holds more than a name is told of the server, and nothing goes there.
        None if form.is_loopback() || !names_a_server(&form.host) => return,
        None => Finding::warn(
            Field::Password,
            format!(
                "It looks like a secret of {}, and this is none of its servers: whoever runs it would get to know it",
                owner.name
            ),
            format!("Use {}'s server, or the password of this one", owner.name),
        ),
    };
    found.push(finding.mend(words, filled));
}

fn names_a_server(host: &str) -> bool {
    ascii(host).is_some() || host.trim().parse::<IpAddr>().is_ok()
}

/// What a provider's own passwords look like.
fn known(form: &Form, preset: &Preset, found: &mut Vec<Finding>) {
    let password = form.password.expose();
    let mut warn = |why: String, fix: String| found.push(Finding::warn(Field::Password, why, fix));
    if let Some(wrong) = preset.wrong_secrets.iter().find(|wrong| password.starts_with(&wrong.begins)) {
        warn(format!("It looks like {}", wrong.means), format!("Use {}", wrong.want));
        return;
    }
    if !preset.password_begins.is_empty() && !preset.password_begins.iter().any(|begin| password.starts_with(begin)) {
        let begins = preset.password_begins.join(" or ");
        warn(
            format!("{} passwords for SMTP begin with {begins}, and this one does not", preset.name),
            format!("Use {}", inline(&preset.password_hint)),
        );
        return;
    }
    match preset.id.as_str() {
        "ses" if password.len() == 40 => warn(
            "It is as long as an IAM secret access key, which is not the SMTP password".to_owned(),
            "Make SMTP credentials on the SMTP settings page of the region and use their password".to_owned(),
        ),
        "gmail" => {
            let letters: String = password.chars().filter(|c| *c != ' ').collect();
            if letters.len() != 16 || !letters.chars().all(|c| c.is_ascii_alphabetic()) {
                warn(
                    "It is no app password of 16 letters, and Google refuses the account's own password".to_owned(),
                    "Switch on 2-Step Verification and make an app password".to_owned(),
                );
            } else if password.contains(' ') {
                warn(
                    "The app password holds blanks; Google does not mind them, other software may".to_owned(),
                    "Type its 16 letters without blanks".to_owned(),
                );
            }
        }
        "mailgun" if is_mailgun_key(password) => {
            warn(
                "It looks like a Mailgun API key".to_owned(),
                "Use the SMTP password of the sending domain".to_owned(),
            );
        }
        _ => {}
    }
}

/// Mailgun's API keys: 32, 8 and 8 hexadecimal digits.
fn is_mailgun_key(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    lengths == [32, 8, 8] && parts.iter().all(|part| part.chars().all(|c| c.is_ascii_hexdigit()))
}
