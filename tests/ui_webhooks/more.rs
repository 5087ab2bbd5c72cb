//! Live environments, trigger, what was left over, plan and apply.

use crate::stage::{
    Window, asked, at, attempt, caused, click, few, fill, found, last, live, press, refused, replacing, room, seen,
    shop, tell, tick, typed,
};
use egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;
use kinde_panel::action::{Action, Room};
use kinde_panel::backend;
use kinde_panel::backend::webhooks::{Command, Event, Planned};
use kinde_panel::backend::{End, Stamped};
use kinde_panel::kinde::Definition;
use kinde_panel::step::{Step, StepState};
use kinde_panel::tenant::{Profile, SANDBOX_PROFILE};
use kinde_panel::webhooks::{Applied, Deed, Recovered, Why, plan};

#[test]
fn nothing_is_written_to_a_live_environment_without_asking() {
    let mut harness = room(live(), few());
    typed(&mut harness);
    press(&mut harness, "Create webhook");
    assert!(asked(&mut harness).is_empty());
    assert!(seen(&harness, "Create the webhook in acme?"));
    press(&mut harness, "Cancel");
    assert!(asked(&mut harness).is_empty());
    press(&mut harness, "Create webhook");
    harness.get_all_by_role_and_label(Role::Button, "Create webhook").last().unwrap().click();
    harness.run_ok();
    assert!(matches!(last(&mut harness).1, Command::Create { .. }));
    let mut harness = replacing(live());
    assert!(seen(&harness, "Real deliveries change with this"));
    assert!(asked(&mut harness).is_empty());
    let mut harness = room(live(), few());
    click(&mut harness, "Trigger");
    click(&mut harness, "role.updated");
    press(&mut harness, "Trigger role.updated");
    assert!(!asked(&mut harness).iter().any(|(_, it)| matches!(it, Command::Trigger { .. })));
    press(&mut harness, "Trigger it");
    assert!(matches!(last(&mut harness).1, Command::Trigger { .. }));
}

#[test]
fn an_event_says_what_will_be_done_and_undone_and_what_came_of_it() {
    let mut harness = room(Profile::sandbox(), few());
    click(&mut harness, "Trigger");
    click(&mut harness, "user.authenticated");
    assert!(seen(&harness, "takes a person") && harness.query_by_label("Trigger user.authenticated").is_none());
    click(&mut harness, "role.updated");
    assert!(seen(&harness, "Creates a test role of its own, renames it, and deletes it again"));
    assert!(seen(&harness, "role.created to \u{201c}Audit\u{201d}"));
    assert!(seen(&harness, "role.updated to \u{201c}Audit\u{201d}"));
    assert!(seen(&harness, "role.deleted: no webhook takes this event"));
    press(&mut harness, "Trigger role.updated");
    let (job, command) = last(&mut harness);
    assert!(matches!(&command, Command::Trigger { event_type, keep: false, .. } if event_type == "role.updated"));
    tell(&mut harness, job, Event::Step(Step::new("create", "Create a test role", StepState::Done, at(1))));
    tell(&mut harness, job, Event::Triggered(Ok(caused())));
    assert!(seen(&harness, "Done in Kinde") && seen(&harness, "Create a test role"));
    let (watch, command) = last(&mut harness);
    let Command::Watch { expected, .. } = command else { panic!("{command:?}") };
    assert_eq!((expected.since, expected.id.as_str(), expected.events.len()), (at(0), "role_1", 2));
    assert_eq!(harness.query_all_by_label("waiting for it to arrive").count(), 2);
    assert_eq!(harness.query_all_by_label("no webhook takes this event").count(), 1);
    let attempts = vec![attempt(7, "role.updated", at(4), Some("verified"))];
    tell(&mut harness, watch, Event::Arrived(Ok(attempts)));
    for words in [done_at(2), arrived_at(4), "verified".to_owned()] {
        assert!(harness.query_by_label(&words).is_some(), "{words}");
    }
    harness.state_mut().on_event(Stamped { job: watch, event: backend::Event::Ended(End::Done) });
    harness.run_ok();
    assert_eq!(harness.query_all_by_label("not seen here").count(), 1);
    press(&mut harness, "Show role.updated in the Inspector");
    assert_eq!(harness.state().room(), Room::Inspector);
    press(&mut harness, "Webhooks");
    click(&mut harness, "permission.created");
    assert!(seen(&harness, "permission.created: no webhook takes this event"));
    press(&mut harness, "New webhook that takes it");
    typed_on(&mut harness);
    let (_, command) = last(&mut harness);
    let Command::Create { definition, .. } = command else { panic!("{command:?}") };
    assert_eq!(definition.event_types, ["permission.created", "permission.deleted"]);
}

/// Name and endpoint of a new webhook whose events are chosen.
fn typed_on(harness: &mut Window) {
    fill(harness, "Name", "Shop");
    fill(harness, "Endpoint", "https://shop.acme.com/kinde");
    press(harness, "Create webhook");
}

#[test]
fn a_trigger_that_no_webhook_takes_waits_for_nothing() {
    let mut harness = room(Profile::sandbox(), vec![few().remove(1)]);
    click(&mut harness, "Trigger");
    click(&mut harness, "role.updated");
    press(&mut harness, "Trigger role.updated");
    let (job, _) = last(&mut harness);
    tell(&mut harness, job, Event::Triggered(Ok(caused())));
    assert!(asked(&mut harness).is_empty(), "nothing is watched for");
    assert_eq!(harness.query_all_by_label("no webhook takes this event").count(), 3);
}

/// The time of day as the window tells it.
fn clock(second: i64) -> String {
    kinde_panel::clock::clock_time(at(second))
}

fn done_at(second: i64) -> String {
    format!("done in Kinde {}.0", clock(second))
}

fn arrived_at(second: i64) -> String {
    format!("arrived {}.0", clock(second))
}

const EVENT: &str = "event_018f331a3178f7fef284b95fe6770384";

#[test]
fn a_looked_up_event_shows_every_delivery_seen_here_and_leads_to_it_in_the_inspector() {
    for known in [true, false] {
        let mut harness = room(Profile::sandbox(), few());
        click(&mut harness, "Look up");
        fill(&mut harness, "Event ID", EVENT);
        press(&mut harness, "Look up");
        let (job, _) = last(&mut harness);
        let mut second = attempt(12, "user.updated", at(9), Some("not_verified"));
        (second.attempt, second.failed) = (2, Some("signature".into()));
        let attempts = vec![second, attempt(11, "user.updated", at(4), Some("verified"))];
        tell(&mut harness, job, Event::Seen(Ok(attempts)));
        let why = refused(Why::Failed, "Kinde does not know this event");
        tell(&mut harness, job, Event::LookedUp(if known { Ok(found(EVENT)) } else { Err(why) }));
        assert!(seen(&harness, if known { "ada@example.com" } else { "Kinde does not know this event" }));
        assert!(seen(&harness, "not verified: signature"));
        assert_eq!(harness.query_all_by_role(Role::Row).count(), 2);
        press(&mut harness, "Show attempt 11 in the Inspector");
        assert_eq!(harness.state().room(), Room::Inspector);
        // The list there is asked for the attempts of this event.
        let orders: Vec<String> = harness.state_mut().take_orders().iter().map(|order| format!("{order:?}")).collect();
        assert!(orders.iter().any(|order| order.contains("Page {") && order.contains(EVENT)), "{orders:?}");
    }
    let mut harness = room(Profile::sandbox(), few());
    click(&mut harness, "Look up");
    fill(&mut harness, "Event ID", EVENT);
    press(&mut harness, "Look up");
    let (job, _) = last(&mut harness);
    tell(&mut harness, job, Event::Seen(Ok(Vec::new())));
    assert!(seen(&harness, "Not seen here"));
    let title = "Kinde asks to slow down: goes on at 12:04:31";
    tell(&mut harness, job, Event::Step(Step::new("wait", title, StepState::Running, at(0))));
    harness.run_steps(20);
    assert!(seen(&harness, title));
}

#[test]
fn what_an_earlier_run_left_in_a_live_environment_is_put_right_only_when_asked_to() {
    let profile = live();
    let id = profile.id;
    let mut harness = room(profile, few());
    tell(&mut harness, 1, Event::LeftOver { profile: id, name: "acme".into(), count: 2 });
    assert!(seen(&harness, "An earlier run left 2 things half done in acme"));
    asked(&mut harness);
    press(&mut harness, "Put it right…");
    assert!(asked(&mut harness).is_empty());
    for deed in ["exactly one webhook", "pointed at this machine is taken away", "that a trigger made are deleted"] {
        assert!(seen(&harness, deed), "everything that is written is said first: {deed}");
    }
    press(&mut harness, "Put it right");
    let (job, command) = last(&mut harness);
    assert!(matches!(command, Command::Recover { profile } if profile == id));
    let words = "The test role kinde_panel_1 is not there any more".to_owned();
    let result = Ok(vec![Recovered { words: words.clone(), settled: true }]);
    harness.state_mut().on_event(Stamped { job, event: Event::Recovered { profile: "acme".into(), result }.into() });
    harness.run_steps(4);
    assert!(seen(&harness, "Put right in acme") && seen(&harness, &words));
    assert!(!seen(&harness, "An earlier run left"));
}

#[test]
fn what_the_person_said_to_leave_is_asked_about_again_only_when_there_is_more() {
    let profile = live();
    let id = profile.id;
    let mut harness = room(profile, few());
    let left = |count| Event::LeftOver { profile: id, name: "acme".into(), count };
    tell(&mut harness, 1, left(1));
    press(&mut harness, "Leave it");
    assert!(asked(&mut harness).is_empty() && !seen(&harness, "An earlier run left"));
    tell(&mut harness, 2, left(1));
    assert!(!seen(&harness, "An earlier run left"));
    harness.state_mut().act(Action::SwitchProfile(SANDBOX_PROFILE));
    harness.run_steps(4);
    tell(&mut harness, 3, left(1));
    harness.state_mut().act(Action::SwitchProfile(id));
    harness.run_steps(4);
    tell(&mut harness, 4, left(1));
    assert!(!seen(&harness, "An earlier run left"));
    tell(&mut harness, 5, left(2));
    assert!(seen(&harness, "An earlier run left 2 things half done in acme"));
}

#[test]
fn a_plan_is_applied_line_by_line_as_ticked_and_deletions_wait_for_a_tick() {
    let mut harness = room(live(), few());
    press(&mut harness, "More");
    harness.get_by_role_and_label(Role::MenuItem, "Import a file as a plan…").click();
    harness.run_ok();
    let (job, command) = last(&mut harness);
    assert!(matches!(command, Command::Import { .. }));
    let mut wanted: Vec<Definition> = few().into_iter().take(2).map(|it| it.definition).collect();
    wanted[0].endpoint = "https://new.acme.com/orders".into();
    wanted.push(shop().definition);
    let items = plan(&few(), &wanted, false);
    tell(&mut harness, job, Event::Planned(Ok(Some(Planned { file: "staging.json".into(), items }))));
    assert!(seen(&harness, "Plan from staging.json") && seen(&harness, "Apply 2 changes"));
    tick(&mut harness, "Delete Audit");
    press(&mut harness, "Apply 3 changes");
    assert!(asked(&mut harness).is_empty());
    assert!(seen(&harness, "One webhook is deleted"));
    fill(&mut harness, "Profile", "acme");
    harness.get_all_by_role_and_label(Role::Button, "Apply 3 changes").last().unwrap().click();
    harness.run_ok();
    let (job, command) = last(&mut harness);
    let Command::Apply { items, .. } = command else { panic!("{command:?}") };
    assert_eq!(items.iter().map(|it| it.deed).collect::<Vec<_>>(), [Deed::Replace, Deed::Create, Deed::Delete]);
    tell(&mut harness, job, Event::ItemStep(0, Step::new("create", "Create the new one", StepState::Running, at(0))));
    assert!(seen(&harness, "Create the new one"));
    let applied = |deed, name: &str, refused| Applied { deed, name: name.into(), id: None, refused };
    let full = refused(Why::Limit, "The plan has no room for another webhook");
    let results = vec![
        applied(Deed::Replace, "Orders", None),
        applied(Deed::Create, "Shop", Some(full)),
        applied(Deed::Delete, "Audit", None),
    ];
    tell(&mut harness, job, Event::Applied(Ok(results)));
    for words in ["replaced", "The plan has no room for another webhook", "deleted"] {
        assert!(seen(&harness, words), "{words}");
    }
}

#[test]
fn a_line_that_was_applied_is_done_and_only_a_refused_one_can_be_ticked_again() {
    let mut harness = room(Profile::sandbox(), few());
    press(&mut harness, "More");
    harness.get_by_role_and_label(Role::MenuItem, "Import a file as a plan…").click();
    harness.run_ok();
    let (job, _) = last(&mut harness);
    let mut wanted: Vec<Definition> = few().into_iter().map(|it| it.definition).collect();
    wanted.push(shop().definition);
    wanted.push(Definition { name: "Full".into(), ..shop().definition });
    let items = plan(&few(), &wanted, false);
    tell(&mut harness, job, Event::Planned(Ok(Some(Planned { file: "staging.json".into(), items }))));
    press(&mut harness, "Apply 2 changes");
    let (job, _) = last(&mut harness);
    let applied = |name: &str, refused| Applied { deed: Deed::Create, name: name.into(), id: None, refused };
    let full = refused(Why::Limit, "The plan has no room for another webhook");
    tell(&mut harness, job, Event::Applied(Ok(vec![applied("Shop", None), applied("Full", Some(full))])));
    assert!(harness.query_by_role_and_label(Role::CheckBox, "Create Shop").is_none());
    tick(&mut harness, "Create Full");
    press(&mut harness, "Apply 1 change");
    let (_, command) = last(&mut harness);
    let Command::Apply { items, .. } = command else { panic!("{command:?}") };
    assert_eq!(items.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["Full"]);
    assert!(harness.query_by_role_and_label(Role::CheckBox, "Create Shop").is_none(), "nor while another is applied");
}

#[test]
fn a_copied_step_says_how_its_token_is_filled_in_and_what_is_left_is_told_where_it_is_caused() {
    let mut harness = room(Profile::sandbox(), few());
    click(&mut harness, "Trigger");
    click(&mut harness, "subscriber.created");
    assert!(seen(&harness, "take it away under Kinde's Subscribers page"));
    press(&mut harness, "Trigger subscriber.created");
    let (job, _) = last(&mut harness);
    let line = "curl -sS 'https://acme.kinde.com/api/v1/subscribers' -H \"Authorization: Bearer $KINDE_TOKEN\"";
    let step = Step::new("create", "Create a test subscriber", StepState::Done, at(1)).curl(line);
    tell(&mut harness, job, Event::Step(step));
    harness.get_by_role_and_label(Role::Button, "Copy as curl: Create a test subscriber").click();
    harness.step();
    let copied = harness.output().platform_output.commands.iter().find_map(|command| match command {
        egui::OutputCommand::CopyText(text) => Some(text.clone()),
        _ => None,
    });
    let hint = "# export KINDE_TOKEN=$(kinde-panel --data-dir '/my data' token --profile 'sandbox')";
    assert_eq!(copied.unwrap(), format!("{hint}\n{line}"));
}
