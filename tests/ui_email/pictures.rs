//! Pictures to look at.

use crate::accounts::{account, account_found, domain, domain_found};
use crate::stage::*;
use egui::accesskit::Role;
use egui::{Theme, vec2};
use egui_kittest::SnapshotResults;
use egui_kittest::kittest::Queryable as _;
use kinde_panel::backend::mail::Event;
use kinde_panel::mail::Security;
use kinde_panel::mail::smtp::{Correction, Progress, Stage};
use kinde_panel::tenant::Profile;

#[test]
fn the_room_settles_and_looks_as_it_was_judged() {
    let mut results = SnapshotResults::new();
    for (which, suffix) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
        let mut slip = typed(which);
        type_into(&mut slip, Role::TextInput, "User", "ada@acme.com");
        let (mut running, job) = checking(which);
        for progress in [
            Progress::Order(Stage::IMPLICIT),
            Progress::Finished(Stage::Lint, good().stages[0].1.clone()),
            Progress::Finished(Stage::Dns, good().stages[1].1.clone()),
            Progress::Finished(Stage::Tcp, good().stages[2].1.clone()),
            Progress::Started(Stage::Tls),
        ] {
            running
                .state_mut()
                .with(|state, cx, actions| state.on_event(job, Event::Progress(progress), cx.now, actions));
        }
        running.state_mut().now = at("2026-08-20T12:04:36Z");
        running.run_steps(3);
        let mut wrong = refused();
        wrong.corrections =
            vec![Correction { words: "Use STARTTLS on 587".into(), port: 587, security: Security::StartTls }];
        let mut opened = checked(good(), which);
        for part in ["What the server offers", "TLS and certificates", "Transcript"] {
            opened.get_by_role_and_label(Role::DisclosureTriangle, part).click();
            opened.run_ok();
        }
        let mut handed = checked(good(), which);
        press(&mut handed, "Type these into Kinde");
        press(&mut handed, "It failed, the message was …");
        handed.get_by_role_and_label(Role::MultilineTextInput, "What Kinde said").focus();
        handed.run();
        handed.event(egui::Event::Text("550 5.7.1 Relaying denied".to_owned()));
        handed.run();
        let pictures = [
            ("empty", room_of(Some(acme()), which)),
            ("sandbox", room_of(Some(Profile::sandbox()), which)),
            ("slip", slip),
            ("running", running),
            ("refused", checked(wrong, which)),
            ("good", checked(good(), which)),
            ("opened", opened),
            ("handed", handed),
            ("domain", domain_found(domain(), which)),
            ("account", account_found(account(), which)),
        ];
        for (name, mut picture) in pictures {
            if let Some(folder) = std::env::var_os("KINDE_PANEL_PICTURES") {
                for (width, height) in [(604.0, 480.0), (784.0, 656.0), (1064.0, 756.0), (1064.0, 1400.0)] {
                    picture.set_size(vec2(width, height));
                    picture.run_steps(4);
                    let file = format!("email_{name}_{suffix}_{width}x{height}.png");
                    picture.render().unwrap().save(std::path::Path::new(&folder).join(file)).unwrap();
                }
            }
            results.extend_harness(&mut picture);
        }
    }
}
