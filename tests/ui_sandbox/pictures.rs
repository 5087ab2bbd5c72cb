//! Pictures to look at, and two that are kept.

use crate::common;
use crate::mail::{asked_for, mails, message, reading};
use crate::send::kept;
use crate::stage::{World, at, deliveries, delivering, harness, runs, sample, sending, sending_of, view, webhook};
use egui::accesskit::Role;
use egui::{Theme, vec2};
use egui_kittest::SnapshotResults;
use egui_kittest::kittest::Queryable as _;
use kinde_panel::backend::sandbox::{Command as Ask, Event, Runs};
use kinde_panel::sandbox::{Live, Rotated, Sample, SentBody};

/// Pictures to look at, and two that are kept.
#[test]
fn the_room_settles_and_looks_as_it_was_judged() {
    let mut results = SnapshotResults::new();
    for (which, suffix) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
        let mut faults = harness(World::over(view(Some(runs()))), which);
        faults.get_by_label("Faults").click();
        faults.run();
        let webhooks = vec![webhook("billing", None), webhook("orders", Some(at("2026-08-19T00:00:00Z")))];
        let mut rotated = harness(
            World::over(view(Some(Runs { webhooks: webhooks.clone(), webhook_limit: Some(2), ..runs() }))),
            which,
        );
        rotated.set_size(vec2(1032.0, 1700.0));
        rotated.run();
        rotated.get_by_label("Rotate, drop every old key").click();
        rotated.run();
        let (job, _) = rotated.state_mut().asked().remove(0);
        let keys = Rotated { kid: "5a:bd:00:22".into(), old_kid: "5a:bd:00:11".into(), old_is_published: false };
        rotated.state_mut().answer(job, Event::Rotated(Ok(keys)));
        rotated.run();
        let mut inferred = sending("customer.plan_created", which);
        inferred.get_by_role_and_label(Role::Tab, "Address").click();
        inferred.run();
        inferred.get_by_label("Options").click();
        inferred.run();
        let mut chosen = delivering(deliveries(), which);
        chosen.get_by_label("retries · 500").click();
        chosen.run_ok();
        let body = SentBody {
            content_type: "application/jwt".into(),
            body: "eyJhbGciOiJSUzI1NiJ9.e30.c2ln".repeat(20),
            answers: Vec::new(),
        };
        let job = chosen.state_mut().asked().iter().find(|(_, ask)| matches!(ask, Ask::Body { .. })).unwrap().0;
        chosen.state_mut().answer(job, Event::Body(Ok(body)));
        chosen.run_ok();
        faults.get_by_label("Every client secret is wrong").click();
        faults.run();
        let live = Live { from: "https://acme.kinde.com".into(), read: at("2026-08-20T12:04:31Z") };
        let live = sending_of("customer.plan_created", which, Sample { live: Some(live), ..sample() }, None);
        let mut received = sending_of("customer.plan_created", which, sample(), Some(kept(true)));
        received.get_by_label("Use a received event as sample").click();
        received.run();
        let (job, _) = received.state_mut().asked().remove(0);
        let event_type = "customer.plan_created".to_owned();
        received.state_mut().answer(job, Event::Received { event_type, received: Ok(Some(kept(true))) });
        received.run();
        let mut mail = reading(mails(), which);
        mail.get_by_role_and_label(Role::Row, "2 Confirm your address").click();
        mail.run_ok();
        let job = asked_for(&mut mail, 2);
        mail.state_mut().answer(job, Event::Mail(Ok(Some(Box::new(message())))));
        mail.run_ok();
        let pictures = [
            ("mail", mail),
            ("live", live),
            ("received", received),
            ("overview", harness(World::over(view(Some(Runs { webhooks, ..runs() }))), which)),
            ("whole", rotated),
            ("send", sending("user.created", which)),
            ("inferred", inferred),
            ("deliveries", chosen),
            ("stopped", harness(World::over(view(None)), which)),
            ("faults", faults),
        ];
        for (name, mut picture) in pictures {
            if let Some(folder) = std::env::var_os("KINDE_PANEL_PICTURES") {
                // The rooms of the three window sizes, rail and top bar taken off.
                let tall = (name == "whole").then_some((1032.0, 1700.0));
                for (width, height) in [(572.0, 444.0), (752.0, 624.0), (1032.0, 724.0)].into_iter().chain(tall) {
                    picture.set_size(vec2(width, height));
                    picture.run_ok();
                    let image = picture.render().unwrap();
                    let file = format!("sandbox_{name}_{suffix}_{width}x{height}.png");
                    image.save(std::path::Path::new(&folder).join(file)).unwrap();
                }
            }
            if name == "deliveries" {
                picture.set_size(vec2(752.0, 624.0));
                picture.run_ok();
                common::picture(&mut picture, format!("sandbox_{suffix}"));
            }
            results.extend_harness(&mut picture);
        }
    }
}
