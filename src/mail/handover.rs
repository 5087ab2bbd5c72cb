//! From a check that passed to Kinde's own form: what to type where, and the report to save. Pure, and without secrets but
//! in the one row that is copied.

use jiff::Timestamp;
use serde_json::json;

use super::form::{Field, Form, Security};
use super::smtp::{FROM_HERE, Outcome, Side};
use crate::check::Verdict;
use crate::clock::rfc3339;
use crate::secrets::Secret;

/// What stands in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// It may be shown.
    Plain(String),
    /// A switch, in this position: there is nothing to type.
    Switch(&'static str),
    /// It is only copied.
    Hidden(Secret),
}

/// One field of Kinde's form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Kinde's own label.
    pub label: &'static str,
    /// What to type there.
    pub value: Value,
}

/// What to do in Kinde, in order.
pub const STEPS: [&str; 5] = [
    "Begin in an environment that is not live: there is one sender for each environment",
    "Switch on Use custom sender and type the values in",
    "Choose Send test email: it goes to the address you are signed in to Kinde with",
    "Save only after it arrived",
    "People in the middle of a sign-in keep the old sender; team invitations and data exports always come from Kinde",
];

/// Kinde's form, filled in, in its own order.
pub fn rows(form: &Form) -> Vec<Row> {
    let plain = |text: &str| Value::Plain(text.trim().to_owned());
    let user = if form.user_is_secret() { Value::Hidden(Secret::new(form.user.as_str())) } else { plain(&form.user) };
    let field = |field: Field, value| Row { label: field.kinde_label(), value };
    vec![
        field(Field::SenderName, plain(&form.sender_name)),
        Row { label: "Use custom sender", value: Value::Switch("On") },
        field(Field::SenderEmail, plain(&form.sender_email)),
        field(Field::Host, plain(&form.host)),
        field(Field::Port, Value::Plain(form.port.to_string())),
        field(Field::User, user),
        field(Field::Password, Value::Hidden(form.password.clone())),
    ]
}

/// What the values mean at Kinde, beside what goes wrong with the provider ([`super::Preset::pitfalls`]). `went` is how TLS began in the check.
pub fn notes(form: &Form, went: Security) -> Vec<String> {
    let mut notes = Vec::new();
    let by_port = Security::Auto.on_port(form.port);
    let mode = if by_port == Security::Tls { "TLS from the first byte" } else { "STARTTLS" };
    notes.push(format!("Kinde's form has no choice for TLS: port {} stands for {mode}", form.port));
    if went.on_port(form.port) != by_port {
        notes.push("The check went the other way than the port stands for: Kinde may not reach the server".to_owned());
    }
    if form.user_is_secret() {
        notes.push("The user is a token too: copy it, and show it to nobody".to_owned());
    }
    notes
}

/// The report as Markdown. No secret is in it.
pub fn markdown(form: &Form, outcome: &Outcome, at: Timestamp) -> String {
    // A line of somebody else's words must not become a heading or a table of its own.
    let inline = |text: &str| text.replace('\n', " ").replace('`', "'");
    let mut out = format!("# Can Kinde send mail through {}?\n\n{FROM_HERE}\n\n", inline(form.host.trim()));
    let verdict = if outcome.cancelled { "cancelled" } else { outcome.verdict().word() };
    out.push_str(&format!("**{verdict}**: {}\n\n", inline(&outcome.headline)));
    out.push_str(&format!(
        "Checked {} · port {} · sender {}\n\n",
        rfc3339(at),
        form.port,
        inline(form.sender_email.trim())
    ));
    out.push_str("## Stages\n\n");
    for (stage, check) in &outcome.stages {
        let ms = check.ms.map(|ms| format!(" ({ms} ms)")).unwrap_or_default();
        out.push_str(&format!("- **{}**: {}{ms}\n", stage.title(), check.verdict.word()));
        for (label, text) in [("seen", &check.seen), ("why", &check.why), ("fix", &check.fix)] {
            if let Some(text) = text {
                out.push_str(&format!("  - {label}: `{}`\n", inline(text)));
            }
        }
    }
    if let Some(tls) = &outcome.tls {
        out.push_str(&format!("\n## TLS\n\n{} · {}\n\n", tls.version, tls.suite));
        for cert in &tls.chain {
            let (subject, issuer, key) = (inline(&cert.subject), inline(&cert.issuer), &cert.key);
            out.push_str(&format!(
                "- `{subject}` by `{issuer}`, {key}, {}, until {}, SHA-256 `{}`\n",
                cert.signature,
                rfc3339(cert.not_after),
                cert.sha256
            ));
        }
    }
    if !outcome.transcript.is_empty() {
        let lines: Vec<String> = outcome.transcript.iter().map(|line| inline(&line.to_string())).collect();
        out.push_str(&format!("\n## Transcript\n\n```text\n{}\n```\n", lines.join("\n")));
    }
    out
}

/// The report as JSON: the object of the command line, with what the check was of. No secret is in it.
pub fn json(form: &Form, outcome: &Outcome, at: Timestamp) -> String {
    let transcript: Vec<String> =
        outcome.transcript.iter().filter(|line| line.side != Side::Note).map(ToString::to_string).collect();
    let report = json!({
        "checked_at": rfc3339(at),
        "host": form.host.trim(),
        "port": form.port,
        "security": form.security.word(),
        "from": form.sender_email.trim(),
        "verdict": outcome.verdict(),
        "cancelled": outcome.cancelled,
        "headline": outcome.headline,
        "checks": outcome.checks(),
        "transcript": transcript,
    });
    serde_json::to_string_pretty(&report).unwrap_or_default()
}

/// One word for a button or a badge: what the check came to.
pub fn word(outcome: &Outcome) -> &'static str {
    match outcome.verdict() {
        _ if outcome.cancelled => "Cancelled",
        Verdict::Pass => "Works from here",
        Verdict::Warn => "Works, with a warning",
        Verdict::Fail => "Does not work",
        Verdict::Skipped => "Not checked",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Check;
    use crate::mail::smtp::{Line, Stage};

    fn form() -> Form {
        Form {
            sender_name: "Acme".to_owned(),
            sender_email: "hi@acme.test".to_owned(),
            host: "smtp.postmarkapp.com".to_owned(),
            port: 587,
            user: "0a1b2c3d-token".to_owned(),
            password: Secret::new("0a1b2c3d-token"),
            ..Form::default()
        }
    }

    #[test]
    fn the_rows_are_kindes_own_and_secrets_are_only_copied() {
        let rows = rows(&form());
        let labels: Vec<&str> = rows.iter().map(|row| row.label).collect();
        assert_eq!(
            labels,
            ["Sender name", "Use custom sender", "Sender email", "Server name", "Port", "User", "Password"]
        );
        assert!(matches!(&rows[5].value, Value::Hidden(_)) && matches!(&rows[6].value, Value::Hidden(_)));
        assert!(!format!("{rows:?}").contains("0a1b2c3d"));
        let notes = notes(&form(), Security::Auto);
        assert!(notes[0].contains("port 587 stands for STARTTLS") && notes[1].contains("token too"), "{notes:?}");
        let turned = super::notes(&form(), Security::Tls);
        assert!(turned[1].contains("the other way than the port stands for"), "{turned:?}");
        let resend = Form { host: "smtp.resend.com".to_owned(), user: "resend".to_owned(), ..form() };
        assert!(matches!(&super::rows(&resend)[5].value, Value::Plain(user) if user == "resend"));
    }

    #[test]
    fn the_reports_hold_the_stages_and_no_secret() {
        let outcome = Outcome {
            headline: "Sign-in: wrong".to_owned(),
            stages: vec![(Stage::Auth, Check::fail("auth", "wrong", "copy again").seen("535 `no`\n# heading"))],
            transcript: vec![Line { side: Side::Client, text: "AUTH PLAIN •••".to_owned() }],
            ..Outcome::default()
        };
        let at: Timestamp = "2026-11-30T12:00:00Z".parse().unwrap();
        let text = markdown(&form(), &outcome, at);
        assert!(text.contains("- **Sign-in**: fail") && text.contains("fix: `copy again`"), "{text}");
        assert!(text.contains("C: AUTH PLAIN •••") && text.contains(FROM_HERE));
        assert!(!text.contains("\n# heading"), "{text}");
        let json: serde_json::Value = serde_json::from_str(&json(&form(), &outcome, at)).unwrap();
        assert_eq!((&json["verdict"], &json["checks"][0]["name"]), (&"fail".into(), &"auth".into()));
        assert_eq!(json["transcript"][0], "C: AUTH PLAIN •••");
        assert!(!text.contains("0a1b2c3d") && !json.to_string().contains("0a1b2c3d"));
        assert_eq!(word(&outcome), "Does not work");
    }
}
