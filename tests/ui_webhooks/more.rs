//! Live environments, trigger, what was left over, plan and apply.

use crate::stage::{
    asked, at, click, few, fill, last, live, press, refused, replacing, room, seen, shop, tell, tick, typed,
};
use egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;
use kinde_panel::backend::Stamped;
use kinde_panel::backend::webhooks::{Command, Event, Planned};
use kinde_panel::kinde::Definition;
use kinde_panel::step::{Step, StepState};
use kinde_panel::tenant::Profile;
use kinde_panel::webhooks::{Applied, Deed, Recovered, Triggered, Why, plan};

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
    assert!(asked(&mut harness).is_empty());
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
    assert!(seen(&harness, "One webhook takes it: Audit"));
    press(&mut harness, "Trigger role.updated");
    let (job, command) = last(&mut harness);
    assert!(matches!(&command, Command::Trigger { event_type, keep: false, .. } if event_type == "role.updated"));
    tell(&mut harness, job, Event::Step(Step::new("create", "Create a test role", StepState::Done, at(1))));
    let triggered = Triggered {
        event_type: "role.updated".into(),
        thing: kinde_panel::kinde::Thing::Role,
        id: "role_1".into(),
        done_at: at(2),
        kept: false,
        events: vec!["role.created".into(), "role.updated".into(), "role.deleted".into()],
    };
    tell(&mut harness, job, Event::Triggered(Ok(triggered)));
    assert!(seen(&harness, "Done in Kinde") && seen(&harness, "Create a test role"));
    assert!(seen(&harness, "Deliveries to expect: role.created, role.updated and role.deleted"));
    click(&mut harness, "permission.created");
    assert!(seen(&harness, "No webhook takes permission.created"));
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
