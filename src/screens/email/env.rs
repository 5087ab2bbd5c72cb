//! `.env` texts that are dropped on the room or pasted into it.

use egui::{Event, Ui};

use super::State;
use crate::action::Action;
use crate::backend::mail::Command;
use crate::screens::Cx;
use crate::secrets::Secret;

/// Takes a dropped file, and a paste that is a `.env` text, before a field gets it: one line of it would be of no use.
pub(super) fn take_pasted(ui: &Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let (dropped, pasted) = ui.input_mut(|input| {
        let dropped = input.raw.dropped_files.first().map(|file| file.path().to_owned());
        let mut pasted = None;
        input.events.retain(|event| match event {
            Event::Paste(text) if is_env(text) => {
                pasted = Some(Secret::new(text.as_str()));
                false
            }
            _ => true,
        });
        (dropped, pasted)
    });
    match (pasted, dropped) {
        (Some(text), _) => state.env(Command::ReadEnvText { text }, cx, actions),
        (None, Some(path)) => state.env(Command::ReadEnv { path }, cx, actions),
        (None, None) => {}
    }
}

/// A variable of a mail server with a value, on a line of its own.
fn is_env(text: &str) -> bool {
    const WORDS: [&str; 6] = ["SMTP", "MAIL", "RESEND_", "SENDGRID_", "POSTMARK_", "BREVO_"];
    text.lines().any(|line| {
        let Some((name, _)) = line.split_once('=') else { return false };
        let name = name.trim().trim_start_matches("export ").trim();
        !name.is_empty()
            && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
            && WORDS.iter().any(|word| name.contains(word))
    })
}

#[cfg(test)]
mod tests {
    use super::is_env;

    #[test]
    fn an_env_text_is_told_from_a_password_an_address_and_a_mail_header() {
        assert!(is_env("# mail\nSMTP_HOST=smtp.resend.com\nSMTP_PASS=x"));
        assert!(is_env("export EMAIL_SERVER='smtp://a:b@c:587'"));
        assert!(is_env("RESEND_API_KEY=re_1"));
        for text in ["re_0123456789==", "Received: by mail=smtp", "https://x.test/?SMTP_HOST=1", "p=MAIL", "DB_URL=x"] {
            assert!(!is_env(text), "{text}");
        }
    }
}
