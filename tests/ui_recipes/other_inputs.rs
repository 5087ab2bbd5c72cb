//! What was found with other inputs than there are now: it is told as that, and nothing of it is green.

use crate::stage::*;
use egui::{Theme, vec2};
use egui_kittest::kittest::Queryable as _;
use kinde_panel::backend::End;
use kinde_panel::backend::recipes::Event;
use kinde_panel::recipes::{self, Call, Ended};

const FIELD: &str = "The route's address";
const ROUTE: &str = "http://localhost:3000/api/kinde-webhook";
const OTHER: &str = "http://localhost:4000/api/kinde-webhook";
const OLD: &str = "Checked with other inputs than there are now";

/// Checks by the button of that name, and finds everything as it should be; the address that was looked at.
fn check(harness: &mut Window, button: &str) -> String {
    press(harness, button);
    let (job, ask) = call(harness);
    assert_eq!(ask.call, Call::Check);
    let profile = harness.state_mut().profile.as_mut().unwrap();
    recipes::remember(profile, "nextjs", Call::Check, Ended::Good, at("2026-08-20T12:04:31Z"));
    tell(harness, job, Event::Judged(Ok(Box::new(outcome(true)))));
    end(harness, job, End::Done);
    ask.given.plain["url"].clone()
}

fn stands(harness: &Window, word: &str) -> bool {
    harness.query_by_label(word).is_some()
}

#[test]
fn a_check_says_that_it_was_made_with_other_inputs_and_is_made_again_with_those_there_are() {
    let mut harness = page("nextjs");
    type_into(&mut harness, FIELD, ROUTE);
    assert_eq!(check(&mut harness, "Check"), ROUTE);
    assert!(stands(&harness, "works") && !stands(&harness, OLD));
    tab(&mut harness, "Set up");
    type_into(&mut harness, FIELD, OTHER);
    assert!(stands(&harness, "earlier inputs") && !stands(&harness, "works"));
    tab(&mut harness, "Checks");
    assert!(stands(&harness, OLD));
    harness.get_by_label("Next.js webhook receiver: as it should be");
    assert_eq!(check(&mut harness, "Check again"), OTHER);
    assert!(stands(&harness, "works") && !stands(&harness, OLD));
}

#[test]
fn what_a_check_does_not_look_at_and_the_input_of_before_make_no_other_of_it() {
    let mut harness = page("nextjs");
    type_into(&mut harness, FIELD, ROUTE);
    check(&mut harness, "Check");
    tab(&mut harness, "Set up");
    type_into(&mut harness, "Public address", "https://app.example.com/api/kinde-webhook");
    assert!(stands(&harness, "works"), "the check is not about the webhook");
    type_into(&mut harness, FIELD, OTHER);
    type_into(&mut harness, FIELD, ROUTE);
    tab(&mut harness, "Checks");
    assert!(stands(&harness, "works") && !stands(&harness, OLD));
}

#[test]
fn how_a_recipe_stands_from_an_earlier_run_is_that_of_the_inputs_that_were_remembered_with_it() {
    let mut profile = acme();
    recipes::remember(&mut profile, "nextjs", Call::Check, Ended::Good, at("2026-08-19T10:00:00Z"));
    profile.recipes.get_mut("nextjs").unwrap().inputs.insert("url".to_owned(), ROUTE.to_owned());
    let mut harness = page_of(profile, "nextjs", Theme::Dark, vec2(1080.0, 1500.0));
    assert!(stands(&harness, "works"));
    type_into(&mut harness, FIELD, OTHER);
    assert!(stands(&harness, "earlier inputs") && !stands(&harness, "works"));
    // What did not come to its end says nothing new.
    press(&mut harness, "Check");
    let (job, _) = call(&mut harness);
    end(&mut harness, job, End::Cancelled);
    assert!(stands(&harness, "earlier inputs"));
}

#[test]
fn a_check_that_is_not_remembered_makes_the_one_of_before_none_of_other_inputs() {
    let mut profile = acme();
    recipes::remember(&mut profile, "nextjs", Call::Check, Ended::Good, at("2026-08-19T10:00:00Z"));
    profile.recipes.get_mut("nextjs").unwrap().inputs.insert("url".to_owned(), ROUTE.to_owned());
    let mut harness = page_of(profile, "nextjs", Theme::Dark, vec2(1080.0, 1500.0));
    type_into(&mut harness, FIELD, OTHER);
    press(&mut harness, "Check");
    let (job, _) = call(&mut harness);
    tell(&mut harness, job, Event::Judged(Ok(Box::new(outcome(true)))));
    end(&mut harness, job, End::Done);
    assert!(stands(&harness, "earlier inputs") && !stands(&harness, "works"), "what is remembered is of the first");
    tab(&mut harness, "Set up");
    type_into(&mut harness, FIELD, ROUTE);
    assert!(stands(&harness, "works"));
    tab(&mut harness, "Checks");
    assert!(stands(&harness, OLD));
}

#[test]
fn a_simulation_of_other_inputs_is_offered_again_too() {
    let mut harness = page("trustpath");
    choose(&mut harness, "Simulate on this machine");
    let (job, ask) = call(&mut harness);
    tell(&mut harness, job, Event::Judged(Ok(Box::new(really_simulated(&ask)))));
    end(&mut harness, job, End::Done);
    tab(&mut harness, "Set up");
    tab(&mut harness, "closed");
    tab(&mut harness, "Checks");
    harness.get_by_label("Simulated with other inputs than there are now");
    press(&mut harness, "Simulate again");
    let (_, again) = call(&mut harness);
    assert_eq!((again.call, again.given.plain["on_failure"].as_str()), (Call::Simulate, "closed"));
}
