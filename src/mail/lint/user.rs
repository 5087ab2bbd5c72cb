//! Who signs in.

use super::{Finding, has_control};
use crate::mail::form::{Field, Form};
use crate::mail::presets::{detect, inline};

pub(super) fn lint(form: &Form, found: &mut Vec<Finding>) {
    let user = form.user.as_str();
    let preset = detect(form);
    let hint =
        preset.map_or_else(|| "as the server's administrator says".to_owned(), |preset| inline(&preset.user_hint));
    if user.trim().is_empty() {
        if preset.is_some_and(|preset| preset.user_is_secret) {
            // The token is asked for once, as the password.
            return;
        }
        found.push(Finding::fail(
            Field::User,
            "It is empty, and Kinde signs in with a user",
            format!("Type it: {hint}"),
        ));
        return;
    }
    if user != user.trim() {
        let mended = Form { user: user.trim().to_owned(), ..form.clone() };
        let finding =
            Finding::warn(Field::User, "It has blanks around it, and the server will see them", "Take the blanks off");
        found.push(finding.mend("Take the blanks off", mended));
        return;
    }
    if has_control(user) {
        let fix = "Type it again without line ends or tabs";
        found.push(Finding::fail(Field::User, "It holds a character that cannot be sent", fix));
        return;
    }
    let Some(preset) = preset else { return };
    if let Some(literal) = preset.user.as_deref().filter(|literal| *literal != user) {
        let mended = Form { user: literal.to_owned(), ..form.clone() };
        found.push(
            Finding::warn(
                Field::User,
                format!("{} takes one user name alone, and this is another one", preset.name),
                format!("The user is the word {literal}, for everybody"),
            )
            .mend(format!("Use {literal}"), mended),
        );
    }
    if preset.id == "ses" && !user.starts_with("AKIA") {
        found.push(Finding::warn(
            Field::User,
            "Amazon SES user names begin with AKIA",
            "Make SMTP credentials on the SMTP settings page of the region and use their user name",
        ));
    }
    if matches!(preset.id.as_str(), "gmail" | "microsoft365" | "mailgun") && !user.contains('@') {
        found.push(Finding::warn(
            Field::User,
            format!("{} wants a whole address here", preset.name),
            format!("Type it: {hint}"),
        ));
    }
    if preset.user_is_secret && !form.password.is_empty() && user != form.password.expose().trim() {
        let mended = Form { user: form.password.expose().trim().to_owned(), ..form.clone() };
        found.push(
            Finding::warn(
                Field::User,
                format!("{} wants the same token as user and as password, and these two differ", preset.name),
                "Type the server API token in both",
            )
            .mend("Use the password for both", mended),
        );
    }
}
