//! `.env` texts that are dropped on the room or pasted into it.

use egui::Ui;

use super::State;
use crate::action::Action;
use crate::backend::mail::Command;
use crate::screens::Cx;
use crate::screens::env_paste::{self, Given};

/// Takes a dropped file, and a paste that is a `.env` text.
pub(super) fn take_pasted(ui: &Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    match env_paste::take(ui, is_env) {
        Some(Given::Text(text)) => state.env(Command::ReadEnvText { text }, cx, actions),
        Some(Given::File(path)) => state.env(Command::ReadEnv { path }, cx, actions),
        None => {}
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
