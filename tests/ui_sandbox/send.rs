//! The page that sends an event.

use crate::stage::{
    World, at, deliveries, failure, harness, open, runs, sample, sending, sending_of, sent, type_into, view,
};
use egui::Theme;
use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use kinde_panel::action::Action;
use kinde_panel::backend::sandbox::{Command as Ask, Done, Event, Received, Sent};
use kinde_panel::sandbox::{AttemptLine, Live, Published, Sample};
use serde_json::json;

#[test]
fn an_event_is_found_edited_and_published_and_its_delivery_shown() {
    let mut harness = sending("user.created", Theme::Dark);
    harness.get_by_label("Kinde's types");
    harness.get_by_label("One webhook of the sandbox chose this type");
    assert!(
        harness
            .query_by_label("Kinde publishes no shape for this event. Do not code against these field names.")
            .is_none()
    );
    harness.get_by_role_and_label(Role::MultilineTextInput, "Payload").focus();
    harness.run();
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
    harness
        .get_by_role_and_label(Role::MultilineTextInput, "Payload")
        .type_text("{\"event_id\": \"event_1\",\n \"data\": 7");
    harness.run();
    harness.get_by_label_contains("Line 2, column");
    assert!(harness.get_by_role_and_label(Role::Button, "Send event").accesskit_node().is_disabled());
    harness.get_by_role_and_label(Role::MultilineTextInput, "Payload").type_text("}");
    harness.run();
    let (job, sending) = sent(&mut harness);
    assert_eq!(sending.order.payload, Some(json!({"event_id": "event_1", "data": 7})));
    assert_eq!((sending.renew.as_slice(), sending.to), (["event_id"].as_slice(), None));
    let published = Published { events: vec!["event_2".into()], deliveries: vec![4] };
    harness.state_mut().answer(job, Event::Sent(Ok(Sent { done: Done::Published(published), stopped: false })));
    harness.run();
    harness.get_by_label("1 event published, 1 delivery");
    let asked = harness.state_mut().asked();
    assert!(matches!(asked.as_slice(), [(_, Ask::Look)]), "webhooks may have come meanwhile: {asked:?}");
    harness.get_by_label("Show deliveries").click();
    harness.run_ok();
    let asked = harness.state_mut().asked();
    let [(job, Ask::Deliveries { .. })] = asked.as_slice() else { panic!("{asked:?}") };
    harness.state_mut().answer(*job, Event::Deliveries(Ok(deliveries())));
    harness.run_ok();
    let asked = harness.state_mut().asked();
    assert!(matches!(asked.as_slice(), [(_, Ask::Body { delivery: 4 }), ..]), "{asked:?}");
}

#[test]
fn an_inferred_sample_carries_its_banner_and_an_event_goes_once_to_an_address() {
    let mut harness = sending("customer.plan_created", Theme::Dark);
    harness.get_by_label("Kinde publishes no shape for this event. Do not code against these field names.");
    harness.get_by_label("No webhook chose this type");
    harness.get_by_role_and_label(Role::Tab, "Address").click();
    harness.run();
    type_into(&mut harness, Role::TextInput, "Address", "http://127.0.0.1:3000/hook");
    harness.get_by_label("Options").click();
    harness.run();
    type_into(&mut harness, Role::TextInput, "How often", "2");
    let (job, sending) = sent(&mut harness);
    assert_eq!((sending.to.as_deref(), sending.order.repeat), (Some("http://127.0.0.1:3000/hook"), 2));
    assert_eq!(sending.order.payload, None, "an untouched sample is made anew for each");
    let line = |status| AttemptLine {
        url: "http://127.0.0.1:3000/hook".into(),
        status: Some(status),
        ms: 4,
        body_sha256: String::new(),
        event_id: "event_1".into(),
        webhook_id: "wh-1".into(),
        error: None,
        attempt: 1,
        next: None,
    };
    harness
        .state_mut()
        .answer(job, Event::Sent(Ok(Sent { done: Done::Answered(vec![line(200), line(500)]), stopped: false })));
    harness.run();
    harness.get_by_label("1 of 2 were answered 200");
    harness.get_by_label("500 in 4 ms");
}

#[test]
fn a_sample_that_cannot_be_read_can_be_asked_for_again() {
    let mut harness = harness(World::over(view(Some(runs()))), Theme::Dark);
    open(&mut harness, "Send event");
    harness.get_by_role_and_label(Role::Button, "user.created").click();
    harness.run();
    let (job, _) = harness.state_mut().asked().remove(0);
    harness.state_mut().answer(job, Event::Sampled { event_type: "user.created".into(), sample: Err(failure()) });
    harness.run();
    harness.get_by_label("Try again").click();
    harness.run();
    assert!(matches!(harness.state_mut().asked().as_slice(), [(_, Ask::Sample { .. })]));
}

const BANNER: &str = "Kinde publishes no shape for this event. Do not code against these field names.";

#[test]
fn an_inferred_sample_that_follows_a_live_schema_says_so_and_has_no_banner() {
    let live = Live { from: "https://acme.kinde.com".into(), read: at("2026-08-20T12:04:31Z") };
    let sample = Sample { live: Some(live), ..sample() };
    let harness = sending_of("customer.plan_created", Theme::Dark, sample, None);
    harness.get_by_label("live schema");
    assert!(harness.query_by_label(BANNER).is_none() && harness.query_by_label("inferred").is_none());
}

pub fn kept(verified: bool) -> Received {
    Received {
        payload: json!({"type": "user.created", "event_id": "event_9", "data": {"user": {"first_name": "Grace"}}}),
        at: at("2026-08-19T09:30:00Z"),
        profile: "acme-staging".into(),
        verified,
    }
}

#[test]
fn the_newest_received_event_becomes_the_payload_and_says_from_when_and_whom_and_the_sample_comes_back() {
    let mut harness = sending_of("customer.plan_created", Theme::Dark, sample(), Some(kept(false)));
    harness.get_by_label(BANNER);
    harness.get_by_label("Use a received event as sample").click();
    harness.run();
    let asked = harness.state_mut().asked();
    let [(job, Ask::Received { event_type })] = asked.as_slice() else {
        panic!("a newer one may have come: {asked:?}")
    };
    let answer = Event::Received { event_type: event_type.clone(), received: Ok(Some(kept(true))) };
    harness.state_mut().answer(*job, answer);
    harness.run();
    harness.get_by_label("received");
    harness.get_by_label_contains("Received by acme-staging on 2026-08-19 at 09:30:00, verified");
    assert!(harness.query_by_label(BANNER).is_none(), "its names are those of an event that came");
    let (_, sending) = sent(&mut harness);
    assert_eq!(sending.order.payload, Some(kept(true).payload), "untouched it is sent as it stands");
    assert_eq!(sending.renew, ["event_id"], "and is an event of its own");
    harness.get_by_label("Use the sample again").click();
    harness.run();
    let asked = harness.state_mut().asked();
    assert!(matches!(asked.as_slice(), [(_, Ask::Sample { .. })]), "{asked:?}");
}

#[test]
fn without_a_kept_attempt_there_is_none_to_use() {
    let harness = sending_of("user.created", Theme::Dark, sample(), None);
    assert!(harness.get_by_label("Use a received event as sample").accesskit_node().is_disabled());
    let harness = sending_of("user.created", Theme::Dark, sample(), Some(kept(true)));
    assert!(!harness.get_by_label("Use a received event as sample").accesskit_node().is_disabled());
}

#[test]
fn a_sending_is_cancelled_while_it_lasts_and_says_how_far_it_came() {
    let mut harness = sending("user.created", Theme::Dark);
    assert!(harness.query_by_label("Cancel the sending").is_none());
    let (job, _) = sent(&mut harness);
    harness.get_by_label("Cancel the sending").click();
    harness.run();
    let actions = std::mem::take(&mut harness.state_mut().actions);
    assert!(actions.iter().any(|action| matches!(action, Action::Cancel(of) if *of == job)), "{actions:?}");
    let answer = Event::Sent(Ok(Sent { done: Done::Answered(Vec::new()), stopped: true }));
    harness.state_mut().answer(job, answer);
    harness.run();
    harness.get_by_label("Cancelled before the target answered");
    assert!(harness.query_by_label("Cancel the sending").is_none());
}
