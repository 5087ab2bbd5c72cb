//! The room in pictures: those that are kept, and all of them to look at.

use crate::accounts::{account, account_found, domain, domain_found};
use crate::headers::{ARRIVED, pasted};
use crate::stage::*;
use egui::Theme;
use egui::accesskit::Role;
use egui::vec2;
use egui_kittest::SnapshotResults;
use egui_kittest::kittest::Queryable as _;
use kinde_panel::backend::mail::Event;
use kinde_panel::mail::smtp::{Progress, Stage};
use kinde_panel::tenant::Profile;

fn slip(which: Theme) -> Room {
    let mut harness = typed(which);
    type_into(&mut harness, Role::TextInput, "User", "ada@acme.com");
    type_into(&mut harness, Role::TextInput, "Server name", "https://smtp.resend.com");
    harness
}

fn running(which: Theme) -> Room {
    let (mut harness, job) = checking(which);
    let told = good().stages;
    let mut progress = vec![Progress::Order(Stage::IMPLICIT)];
    progress.extend(told.iter().take(5).map(|(stage, check)| Progress::Finished(*stage, check.clone())));
    progress.push(Progress::Started(Stage::Banner));
    for progress in progress {
        harness.state_mut().with(|state, cx, actions| state.on_event(job, Event::Progress(progress), cx.now, actions));
    }
    harness.state_mut().now = at("2026-08-20T12:04:38Z");
    harness.run_steps(4);
    harness
}

fn opened(which: Theme, parts: &[&str]) -> Room {
    let mut outcome = good();
    outcome.ehlo_before = Some(vec!["SIZE 41943040".to_owned(), "STARTTLS".to_owned(), "8BITMIME".to_owned()]);
    outcome.tls.as_mut().unwrap().chain.push(certificate("CN=Amazon RSA 2048 M03", "CN=Amazon Root CA 1", 12));
    let mut harness = checked(outcome, which);
    harness.set_size(vec2(1040.0, 1300.0));
    harness.run();
    for part in parts {
        harness.get_by_role_and_label(Role::DisclosureTriangle, part).click();
        harness.run_ok();
    }
    harness
}

fn handed(which: Theme) -> Room {
    let mut harness = checked(good(), which);
    harness.set_size(vec2(1040.0, 1200.0));
    harness.run();
    press(&mut harness, "Type these into Kinde");
    press(&mut harness, "It failed, the message was …");
    harness.get_by_role_and_label(Role::MultilineTextInput, "What Kinde said").focus();
    harness.run();
    harness.event(egui::Event::Text("550 5.7.1 Relaying denied".to_owned()));
    harness.run();
    harness
}

fn spf(which: Theme) -> Room {
    let mut harness = domain_found(domain(), which);
    harness.set_size(vec2(1040.0, 900.0));
    harness.run();
    harness
}

/// A picture: its name, what it is of, and how high it is in points.
type Picture = (&'static str, fn(Theme) -> Room, f32, bool);

const PICTURES: [Picture; 14] = [
    ("empty", |which| room_of(Some(acme()), which), 756.0, true),
    ("sandbox", |which| room_of(Some(Profile::sandbox()), which), 756.0, false),
    ("slip", slip, 1100.0, true),
    ("running", running, 756.0, true),
    ("refused", |which| checked(refused(), which), 756.0, true),
    ("good", |which| checked(good(), which), 756.0, true),
    (
        "opened",
        |which| opened(which, &["Addresses (2)", "What the server offers", "TLS and certificates"]),
        1300.0,
        false,
    ),
    ("transcript", |which| opened(which, &["Transcript"]), 900.0, false),
    ("resend", |which| account_found(account(), which), 1100.0, true),
    ("domain", spf, 900.0, true),
    ("headers", |which| pasted(ARRIVED, which), 1120.0, true),
    ("headers_empty", |which| pasted("", which), 600.0, false),
    ("handover", handed, 1300.0, true),
    ("narrow", |which| checked(closed(), which), 1500.0, false),
];

#[test]
fn the_room_settles_and_looks_as_it_was_judged() {
    let mut results = SnapshotResults::new();
    for (which, suffix) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
        for (name, make, high, both) in PICTURES {
            let mut picture = make(which);
            if let Some(folder) = std::env::var_os("KINDE_PANEL_PICTURES") {
                for (width, height) in [(604.0, 480.0), (784.0, 656.0), (1064.0, 756.0), (1064.0, 1400.0)] {
                    picture.set_size(vec2(width, height));
                    picture.run_steps(4);
                    let file = format!("email_{name}_{suffix}_{width}x{height}.png");
                    picture.render().unwrap().save(std::path::Path::new(&folder).join(file)).unwrap();
                }
            }
            if both || which == Theme::Dark {
                picture.set_size(vec2(if name == "narrow" { 604.0 } else { 1064.0 }, high));
                picture.run_steps(4);
                crate::common::picture(&mut picture, format!("email_{name}_{suffix}"));
            }
            results.extend_harness(&mut picture);
        }
    }
}
