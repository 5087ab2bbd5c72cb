//! Leftovers: one look over all profiles, what is found with its reason, ticked, deleted after a question.

use egui::Theme;
use egui::accesskit::Role;
use egui_kittest::SnapshotResults;
use egui_kittest::kittest::Queryable as _;
use kinde_panel::action::Action;
use kinde_panel::app::Order;
use kinde_panel::backend::leftovers::{Command, Event};
use kinde_panel::backend::{self, End, JobId, Stamped};
use kinde_panel::error::{Category, UserError};
use kinde_panel::kinde::Thing;
use kinde_panel::tenant::{Profile, SANDBOX_PROFILE};
use kinde_panel::webhooks::{Likely, Looked, Stray, Unread, What, Why};

use crate::stage::{
    Window, answer, asked, at, fill, listed, live, off, press, refused, seen, tick, types, webhook, window_of,
};

/// What was asked about leftovers since the last look.
fn ordered(harness: &mut Window) -> Vec<(JobId, Command)> {
    let orders = harness.state_mut().take_orders();
    let commands = orders.into_iter().filter_map(|order| match order {
        Order::Run(job, backend::Command::Leftovers(command)) => Some((job, command)),
        _ => None,
    });
    commands.collect()
}

fn say(harness: &mut Window, job: JobId, event: Event) {
    harness.state_mut().on_event(Stamped { job, event: event.into() });
    harness.run_ok();
}

fn over(harness: &mut Window, job: JobId) {
    harness.state_mut().on_event(Stamped { job, event: backend::Event::Ended(End::Done) });
    harness.run_ok();
}

/// A webhook to a tunnel that is gone, one to this machine that may be wanted, and a test role.
fn found() -> Looked {
    let stray = |what, why: &str, likely| Stray { what, why: why.to_owned(), likely };
    let to = |number, name: &str, endpoint: &str| {
        let mut webhook = webhook(number, name, &["user.created"]);
        webhook.definition.endpoint = endpoint.to_owned();
        What::Webhook(Box::new(webhook))
    };
    let role = What::Thing { thing: Thing::Role, id: "role_1".into(), name: "kinde_panel_0193f2".into() };
    let error = UserError::new(Category::Auth, "The M2M application lacks the scope read:users").hint("Add read:users");
    Looked {
        strays: vec![
            stray(
                to(4, "Dev", "https://calm-fox.loca.lt/k/7f3a90b1c2d34e5f8a9b0c1d2e3f4a5b"),
                "A localtunnel that nobody holds any more: its server answers 404",
                Likely::Left,
            ),
            stray(to(5, "Staging", "http://127.0.0.1:4444/hook"), "It points at this machine", Likely::Perhaps),
            stray(role, "A test role that a trigger made", Likely::Left),
        ],
        unread: vec![Unread { what: "users".to_owned(), error }],
        webhooks: 5,
    }
}

const DEV: &str = "Webhook \u{201c}Dev\u{201d} https://calm-fox.loca.lt/k/7f3a90b1c2d34e5f8a9b0c1d2e3f4a5b";
const STAGING: &str = "Webhook \u{201c}Staging\u{201d} http://127.0.0.1:4444/hook";
const ROLE: &str = "Test role kinde_panel_0193f2";

/// The room with its list, and the look over both profiles begun from the palette's action.
fn looking(profile: Profile, theme: Theme) -> (Window, JobId) {
    let mut harness = window_of(profile, theme, 1000.0, 700.0);
    answer(&mut harness, listed(Vec::new()), types());
    harness.state_mut().act(Action::OpenLeftovers);
    harness.run_ok();
    press(&mut harness, "Look through 2 profiles");
    let (job, command) = ordered(&mut harness).pop().expect("a look");
    let Command::Look { profiles } = command else { panic!("{command:?}") };
    assert_eq!(profiles.len(), 2);
    (harness, job)
}

/// The same, with what was found.
fn looked(profile: Profile, theme: Theme) -> Window {
    let id = profile.id;
    let (mut harness, job) = looking(profile, theme);
    say(&mut harness, job, Event::Looked { profile: SANDBOX_PROFILE, result: Ok(Box::default()) });
    say(&mut harness, job, Event::Looked { profile: id, result: Ok(Box::new(found())) });
    over(&mut harness, job);
    harness
}

fn open_profile() -> Profile {
    let mut profile = live();
    profile.guarded_by_choice = false;
    profile.environment = Some(kinde_panel::tenant::EnvironmentFacts {
        code: None,
        name: None,
        is_live: Some(false),
        kinde_domain: None,
        custom_domain: None,
        read_at: at(0),
    });
    profile
}

#[test]
fn a_look_says_whose_turn_is_still_to_come_and_can_be_cancelled() {
    let (mut harness, job) = looking(open_profile(), Theme::Dark);
    assert!(off(&harness, "Look again"));
    say(&mut harness, job, Event::Looked { profile: SANDBOX_PROFILE, result: Ok(Box::default()) });
    assert!(seen(&harness, "Nothing was left") && seen(&harness, "Looking\u{2026}"));
    press(&mut harness, "Cancel the look");
    let orders = harness.state_mut().take_orders();
    assert!(orders.iter().any(|order| matches!(order, Order::Cancel(cut) if *cut == job)), "{orders:?}");
}

#[test]
fn what_was_found_says_why_it_is_listed_and_what_is_ticked_is_deleted_after_a_question() {
    let profile = open_profile();
    let id = profile.id;
    let mut harness = looked(profile, Theme::Dark);
    assert!(seen(&harness, "its server answers 404") && seen(&harness, "It points at this machine"));
    assert!(seen(&harness, "Not looked at: users"), "what could not be looked at is no clean bill");
    // Only what is surely left is ticked for a person.
    press(&mut harness, "Tick what is surely left (2) of acme");
    press(&mut harness, "Delete 2 ticked of acme");
    assert!(ordered(&mut harness).is_empty(), "it asks first");
    harness.get_by_role_and_label(Role::Dialog, "Delete 2 things in acme?");
    press(&mut harness, "Cancel");
    tick(&mut harness, STAGING);
    tick(&mut harness, ROLE);
    press(&mut harness, "Delete 2 ticked of acme");
    press(&mut harness, "Delete 2 things");
    let (job, command) = ordered(&mut harness).pop().expect("a cleaning");
    let Command::Clean { profile, strays } = command else { panic!("{command:?}") };
    let places: Vec<usize> = strays.iter().map(|(index, _)| *index).collect();
    assert_eq!((profile, places), (id, vec![0, 1]), "what was taken back stays");
    assert!(off(&harness, "Delete 2 ticked of acme"), "one after the other");

    let words = "The webhook \u{201c}Dev\u{201d} is deleted";
    say(&mut harness, job, Event::Cleaned { profile: id, index: 0, result: Ok(words.to_owned()) });
    let result = Err(refused(Why::Failed, "It was changed since the look"));
    say(&mut harness, job, Event::Cleaned { profile: id, index: 1, result });
    over(&mut harness, job);
    assert!(seen(&harness, words) && harness.query_by_role_and_label(Role::CheckBox, DEV).is_none());
    assert!(seen(&harness, "It was changed since the look"));
    harness.get_by_role_and_label(Role::CheckBox, STAGING);
    assert!(!seen(&harness, "ticked of acme"), "nothing is ticked any more");
    // What was deleted can be made again from the list, which is read anew.
    harness.get_by_role_and_label(Role::Tab, "Webhooks").click();
    harness.run_ok();
    assert!(asked(&mut harness).iter().any(|(_, it)| format!("{it:?}").starts_with("List")));
}

#[test]
fn in_a_live_environment_the_profiles_name_is_typed_before_anything_is_deleted() {
    let mut harness = looked(live(), Theme::Dark);
    tick(&mut harness, DEV);
    press(&mut harness, "Delete 1 ticked of acme");
    assert!(seen(&harness, "it is treated as live"));
    assert!(off(&harness, "Delete 1 thing"));
    fill(&mut harness, "Profile", "acme");
    press(&mut harness, "Delete 1 thing");
    assert!(matches!(ordered(&mut harness).pop(), Some((_, Command::Clean { .. }))));
}

#[test]
fn a_profile_that_could_not_be_looked_through_says_why_beside_the_others() {
    let profile = open_profile();
    let id = profile.id;
    let (mut harness, job) = looking(profile, Theme::Dark);
    let error = UserError::new(Category::Network, "No connection").detail("DNS").hint("Look at the network");
    say(&mut harness, job, Event::Looked { profile: id, result: Err(error) });
    say(&mut harness, job, Event::Looked { profile: SANDBOX_PROFILE, result: Ok(Box::default()) });
    over(&mut harness, job);
    assert!(seen(&harness, "Could not be looked through: No connection") && seen(&harness, "Nothing was left"));
    press(&mut harness, "Look again");
    assert!(matches!(ordered(&mut harness).pop(), Some((_, Command::Look { .. }))));
}

#[test]
fn leftovers_look_as_they_were_judged() {
    let mut results = SnapshotResults::new();
    for (theme, word) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
        let profile = open_profile();
        let id = profile.id;
        let mut harness = looked(profile, theme);
        tick(&mut harness, DEV);
        crate::common::picture(&mut harness, format!("webhooks_leftovers_{word}"));
        press(&mut harness, "Delete 1 ticked of acme");
        press(&mut harness, "Delete 1 thing");
        let (job, _) = ordered(&mut harness).pop().unwrap();
        let words = "The webhook \u{201c}Dev\u{201d} is deleted";
        say(&mut harness, job, Event::Cleaned { profile: id, index: 0, result: Ok(words.to_owned()) });
        let result = Err(refused(Why::Failed, "It was changed since the look"));
        say(&mut harness, job, Event::Cleaned { profile: id, index: 1, result });
        over(&mut harness, job);
        crate::common::picture(&mut harness, format!("webhooks_leftovers_cleaned_{word}"));
        results.extend_harness(&mut harness);
    }
}
