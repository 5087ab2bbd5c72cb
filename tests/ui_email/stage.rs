//! The room with what it may look at, and the answers it is given.

use egui::accesskit::Role;
use egui::{Theme, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use jiff::Timestamp;
use kinde_panel::action::{Action, JobId};
use kinde_panel::backend::mail::{Command as Ask, Event};
use kinde_panel::backend::{self, End};
use kinde_panel::check::Check;
use kinde_panel::kinde::Domain;
use kinde_panel::mail::Security;
use kinde_panel::mail::smtp::{Address, Certificate, Correction, Line, Outcome, Side, Stage, TlsFacts};
use kinde_panel::screens::email;
use kinde_panel::tenant::Profile;

/// Typed as password, and looked for everywhere.
pub const CANARY: &str = "re_canary_Zq8Zq8Zq8Zq8Zq8Zq8Zq8";

/// The job of the last check is noted.
pub type World = crate::scene::World<email::State, JobId>;
pub type Room = Harness<'static, World>;

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn acme() -> Profile {
    Profile::new("acme-staging", Domain::parse("acme").unwrap())
}

/// The room of `profile`, just entered.
pub fn room_of(profile: Option<Profile>, which: Theme) -> Room {
    let mut world = World::new(profile, at("2026-08-20T12:04:31Z"));
    world.with(email::State::entered);
    let mut harness = crate::scene::harness(which, vec2(1040.0, 760.0), world, |ui, world| {
        world.with(|state, cx, actions| email::ui(ui, state, cx, actions));
    });
    harness.run();
    harness
}

pub fn room() -> Room {
    room_of(Some(acme()), Theme::Dark)
}

/// What the backend was asked, and empties the list.
pub fn asked(harness: &mut Room) -> Vec<(JobId, Ask)> {
    std::mem::take(&mut harness.state_mut().actions)
        .into_iter()
        .filter_map(|action| match action {
            Action::Run(job, backend::Command::Mail(ask)) => Some((job, ask)),
            _ => None,
        })
        .collect()
}

pub fn tell(harness: &mut Room, job: JobId, event: Event) {
    harness.state_mut().with(|state, cx, actions| state.on_event(job, event, cx.now, actions));
    harness.run_ok();
}

pub fn end(harness: &mut Room, job: JobId, how: End) {
    harness.state_mut().with(|state, _, _| state.on_end(job, how));
    harness.run_ok();
}

pub fn type_into(harness: &mut Room, role: Role, name: &str, text: &str) {
    harness.get_by_role_and_label(role, name).focus();
    harness.run_ok();
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
    harness.get_by_role_and_label(role, name).type_text(text);
    harness.run_ok();
}

pub fn press(harness: &mut Room, name: &str) {
    harness.get_by_role_and_label(Role::Button, name).click();
    harness.run_ok();
}

pub fn is_off(harness: &Room, name: &str) -> bool {
    harness.get_by_role_and_label(Role::Button, name).accesskit_node().is_disabled()
}

/// Resend, typed in whole.
pub fn typed(which: Theme) -> Room {
    let mut harness = room_of(Some(acme()), which);
    type_into(&mut harness, Role::TextInput, "Sender name", "Acme");
    type_into(&mut harness, Role::TextInput, "Sender email", "hello@acme.com");
    type_into(&mut harness, Role::TextInput, "Server name", "smtp.resend.com");
    type_into(&mut harness, Role::TextInput, "Port", "465");
    type_into(&mut harness, Role::TextInput, "User", "resend");
    type_into(&mut harness, Role::PasswordInput, "Password", CANARY);
    harness
}

/// A check that was asked for: its job, and what is checked.
pub fn checking(which: Theme) -> (Room, JobId) {
    let mut harness = typed(which);
    harness.get_by_role_and_label(Role::Button, "Check the server").click();
    harness.run_steps(2);
    let world = harness.state_mut();
    let (job, ()) = world.ran(|_, command| match command {
        backend::Command::Mail(Ask::Check(_)) => Some(()),
        _ => None,
    });
    world.note = job;
    (harness, job)
}

/// What a check finds where everything is right: in the words that the check itself has for it.
pub fn good() -> Outcome {
    let says = |side: Side, text: &str| Line { side, text: text.to_owned() };
    let no_six = "This computer has no IPv6; the other addresses answer";
    let of = |stage: Stage, seen: &str, ms: u64| (stage, passed(stage, seen, ms));
    Outcome {
        headline:
            "smtp.resend.com would take mail with these settings: everything works from here, and nothing was sent"
                .to_owned(),
        mode: Security::Tls,
        stages: vec![
            of(Stage::Lint, "Nothing odd in the form", 0),
            of(Stage::Dns, LOOKED_UP, 18),
            (Stage::Tcp, passed(Stage::Tcp, CONNECTED, 31).because(no_six)),
            of(Stage::Tls, "TLS 1.3 · TLS13_AES_128_GCM_SHA256 · X25519 · 64 ms", 64),
            of(
                Stage::Certificate,
                "CN=smtp.resend.com · for smtp.resend.com · from CN=Amazon RSA 2048 M03 · RSA 2048 · 211 days left · 1 in the chain",
                0,
            ),
            of(Stage::Banner, "220 Resend SMTP Relay ESMTP", 33),
            of(Stage::Ehlo, "SIZE 41943040, AUTH PLAIN LOGIN, 8BITMIME", 32),
            of(Stage::Auth, "AUTH PLAIN: 235 Authentication successful", 71),
            of(Stage::Sender, "250 Accepted", 35),
            of(Stage::Recipient, "250 Accepted", 34),
            (Stage::Send, Check::skipped("send", "Not run because nothing was to be sent")),
        ],
        transcript: vec![
            says(Side::Note, "TLS 1.3 TLS13_AES_128_GCM_SHA256 from here on"),
            says(Side::Server, "220 Resend SMTP Relay ESMTP"),
            says(Side::Client, "EHLO [192.0.2.10]"),
            says(Side::Server, "250-smtp.resend.com"),
            says(Side::Server, "250-SIZE 41943040"),
            says(Side::Server, "250-AUTH PLAIN LOGIN"),
            says(Side::Server, "250 8BITMIME"),
            says(Side::Client, "AUTH PLAIN •••"),
            says(Side::Server, "235 Authentication successful"),
            says(Side::Client, "MAIL FROM:<hello@acme.com> SIZE=50000"),
            says(Side::Server, "250 Accepted"),
            says(Side::Client, "RCPT TO:<hello@acme.com>"),
            says(Side::Server, "250 Accepted"),
            says(Side::Client, "RSET"),
            says(Side::Server, "250 Flushed"),
            says(Side::Client, "QUIT"),
            says(Side::Server, "221 Bye"),
        ],
        addresses: vec![
            Address { ip: "203.0.113.7".parse().unwrap(), ms: 31, trouble: None },
            Address { ip: "2001:db8::7".parse().unwrap(), ms: 0, trouble: Some("no way leads there".to_owned()) },
        ],
        ehlo_before: None,
        ehlo_after: Some(vec!["SIZE 41943040".to_owned(), "AUTH PLAIN LOGIN".to_owned(), "8BITMIME".to_owned()]),
        tls: Some(TlsFacts {
            version: "TLS 1.3".to_owned(),
            suite: "TLS13_AES_128_GCM_SHA256".to_owned(),
            group: Some("X25519".to_owned()),
            server_name: Some("smtp.resend.com".to_owned()),
            ms: 64,
            chain: vec![certificate("CN=smtp.resend.com", "CN=Amazon RSA 2048 M03", 211)],
            faults: Vec::new(),
        }),
        ..Outcome::default()
    }
}

pub const LOOKED_UP: &str = "A 203.0.113.7 (TTL 60 s) · AAAA 2001:db8::7 (TTL 60 s)";
const CONNECTED: &str = "203.0.113.7 port 465: connected in 31 ms · 2001:db8::7 port 465: no way leads there";

fn passed(stage: Stage, seen: &str, ms: u64) -> Check {
    Check::pass(stage.name()).seen(seen).took(std::time::Duration::from_millis(ms))
}

/// Nothing listens on the port, and two others of the provider answer.
pub fn closed() -> Outcome {
    let stages = good().stages.into_iter().map(|(stage, check)| {
        let check = match stage {
            Stage::Lint | Stage::Dns => check,
            Stage::Tcp => Check::fail(
                "tcp",
                "Nothing listens on port 465 there, or a firewall turns the connection away",
                "Port 587 answers from here: use that one",
            )
            .seen("203.0.113.7 port 465: refused · 2001:db8::7 port 465: no way leads there")
            .took(std::time::Duration::from_millis(29)),
            _ => Check::skipped(stage.name(), "Not run because there is no connection"),
        };
        (stage, check)
    });
    let address =
        |ip: &str, trouble: &str| Address { ip: ip.parse().unwrap(), ms: 29, trouble: Some(trouble.to_owned()) };
    let correction = |port: u16| Correction { words: format!("Use port {port}"), port, security: Security::Auto };
    Outcome {
        headline: "Connection: Nothing listens on port 465 there, or a firewall turns the connection away".to_owned(),
        mode: Security::Tls,
        stages: stages.collect(),
        addresses: vec![address("203.0.113.7", "refused"), address("2001:db8::7", "no way leads there")],
        corrections: vec![correction(587), correction(2465)],
        ..Outcome::default()
    }
}

pub fn certificate(subject: &str, issuer: &str, days_left: i64) -> Certificate {
    Certificate {
        subject: subject.to_owned(),
        issuer: issuer.to_owned(),
        names: vec!["smtp.resend.com".to_owned()],
        serial: "0a:1b:2c".to_owned(),
        sha256: "aa:bb:cc:dd".to_owned(),
        key: "RSA 2048".to_owned(),
        signature: "SHA-256 with RSA".to_owned(),
        not_before: at("2026-01-01T00:00:00Z"),
        not_after: at("2027-03-19T00:00:00Z"),
        days_left,
        ca_issuers: None,
    }
}

/// A check whose password was refused.
pub fn refused() -> Outcome {
    let mut outcome = good();
    outcome.headline = "Sign-in: The API key is not one of Resend's, or was deleted".to_owned();
    for (stage, check) in &mut outcome.stages {
        match stage {
            Stage::Auth => {
                *check = Check::fail(
                    "auth",
                    "The API key is not one of Resend's, or was deleted",
                    "Copy the key again, whole and without blanks, or make a new one with sending access",
                )
                .seen("535 API key is invalid")
                .took(std::time::Duration::from_millis(71));
            }
            Stage::Sender | Stage::Recipient | Stage::Send => {
                *check = Check::skipped(stage.name(), "Not run because sign-in failed");
            }
            _ => {}
        }
    }
    let signed_in = outcome.transcript.iter().position(|line| line.text.starts_with("235")).unwrap();
    outcome.transcript.truncate(signed_in);
    for (side, text) in [(Side::Server, "535 API key is invalid"), (Side::Client, "QUIT"), (Side::Server, "221 Bye")] {
        outcome.transcript.push(Line { side, text: text.to_owned() });
    }
    outcome
}

/// The room once a check ended in `outcome`.
pub fn checked(outcome: Outcome, which: Theme) -> Room {
    let (mut harness, _) = checking(which);
    let job = harness.state().note;
    tell(&mut harness, job, Event::Checked(Box::new(outcome)));
    end(&mut harness, job, End::Done);
    harness
}

/// The canary is in no text of the window, plain or base64.
pub fn holds_no_secret(harness: &Room) {
    use base64::Engine as _;
    let b64 = base64::engine::general_purpose::STANDARD;
    let forms = [CANARY.to_owned(), b64.encode(CANARY), b64.encode(format!("\0resend\0{CANARY}"))];
    let mut looked_at = 0;
    for node in harness.root().children_recursive() {
        let node = node.accesskit_node();
        for text in [node.label(), node.value(), node.description()].into_iter().flatten() {
            looked_at += 1;
            assert!(!forms.iter().any(|form| text.contains(form.as_str())), "{text}");
        }
    }
    assert!(looked_at > 20, "the window was looked at");
}
