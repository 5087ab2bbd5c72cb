//! The page of the deliveries.

use crate::stage::{World, attempt, deliveries, delivering, delivery, harness, open, runs, view};
use egui::Theme;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use kinde_panel::action::Action;
use kinde_panel::backend::sandbox::ENDED;
use kinde_panel::backend::sandbox::{Command as Ask, Event};
use kinde_panel::error::{Category, UserError};
use kinde_panel::sandbox::SentBody;

#[test]
fn deliveries_tell_where_they_stand_and_one_shows_its_attempts_and_what_was_sent() {
    let mut harness = delivering(deliveries(), Theme::Dark);
    for words in ["under way", "retries · 500", "given up · 404", "delivered", "4 of 9"] {
        harness.get_by_label(words);
    }
    harness.get_by_label("retries · 500").click();
    harness.run_ok();
    let asked = harness.state_mut().asked();
    let Some((job, _)) = asked.iter().find(|(_, ask)| matches!(ask, Ask::Body { delivery: 3 })) else {
        panic!("{asked:?}")
    };
    let body = SentBody { content_type: "application/jwt".into(), body: "eyJ.e30.c2ln".into(), answers: Vec::new() };
    harness.state_mut().answer(*job, Event::Body(Ok(body)));
    harness.run_ok();
    harness.get_by_label("nothing: the connection was refused");
    harness.get_by_label_contains("the queue is full");
    harness.get_by_label("due");
    open(&mut harness, "Request");
    harness.get_by_label_contains("content-type: application/jwt");
    harness.get_by_label("Judge in the Inspector").click();
    harness.run_ok();
    let actions = &harness.state().actions;
    assert!(actions.iter().any(|action| matches!(action, Action::PasteToInspector(_))), "{actions:?}");
}

#[test]
fn the_list_is_read_again_each_second_while_an_attempt_is_near_and_left_alone_otherwise() {
    let mut harness = delivering(deliveries(), Theme::Dark);
    harness.state_mut().actions.clear();
    let seconds = |harness: &mut Harness<'_, World>, count: i64| {
        let world = harness.state_mut();
        world.now = world.now.checked_add(jiff::SignedDuration::from_secs(count)).unwrap();
        harness.run_ok();
        harness.state_mut().asked()
    };
    let asked = seconds(&mut harness, 1);
    let [(job, Ask::Deliveries { .. })] = asked.as_slice() else { panic!("{asked:?}") };
    // The near one was delivered; the other is due in ten minutes.
    let mut list = deliveries();
    list[0] = delivery(4, "delivered", None, vec![attempt(1, "2026-08-20T12:04:31Z", Some(200))]);
    harness.state_mut().answer(*job, Event::Deliveries(Ok(list.clone())));
    assert!(seconds(&mut harness, 30).is_empty());
    assert!(seconds(&mut harness, 30).is_empty());
    let asked = seconds(&mut harness, 560);
    let [(job, Ask::Deliveries { .. })] = asked.as_slice() else { panic!("{asked:?}") };
    // Nothing waits any more: the page lies still.
    list.retain(|one| one.state != "waiting");
    harness.state_mut().answer(*job, Event::Deliveries(Ok(list)));
    harness.run();
    assert!(seconds(&mut harness, 600).is_empty());
}

#[test]
fn without_deliveries_the_page_says_how_one_comes_about() {
    let harness = delivering(Vec::new(), Theme::Dark);
    harness.get_by_label_contains("Nothing was delivered yet");
}

#[test]
fn a_sandbox_that_ended_elsewhere_is_seen_to_have_ended_and_not_started() {
    let mut harness = harness(World::over(view(Some(runs()))), Theme::Dark);
    open(&mut harness, "Deliveries");
    let (job, _) = harness.state_mut().asked().remove(0);
    let error = UserError::new(Category::Network, ENDED).detail("Nothing serves it").hint("Start it again");
    harness.state_mut().answer(job, Event::Deliveries(Err(error)));
    harness.run();
    let asked = harness.state_mut().asked();
    let [(job, Ask::Look)] = asked.as_slice() else { panic!("{asked:?}") };
    harness.state_mut().answer(*job, Event::Seen(Ok(Box::new(view(None)))));
    harness.run();
    harness.get_by_label("The sandbox is stopped");
    assert!(harness.state_mut().asked().is_empty());
}
