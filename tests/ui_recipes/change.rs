//! What changes in the tenant: shown first, carried out at a word, and told.

use crate::stage::*;
use egui::accesskit::Role;
use egui::{Theme, vec2};
use egui_kittest::kittest::Queryable as _;
use kinde_panel::action::{Action, JobId, Room};
use kinde_panel::backend::End;
use kinde_panel::backend::recipes::{Command, Event};
use kinde_panel::check::Check;
use kinde_panel::error::{Category, UserError};
use kinde_panel::net::Value;
use kinde_panel::recipes::{Change, ChangeState, Plan, Wish};
use kinde_panel::tenant::Profile;

fn planning(profile: Profile) -> (Window, JobId) {
    let mut harness = page_of(profile, "openid-provider", Theme::Dark, vec2(1080.0, 1400.0));
    type_into(&mut harness, "The tool's callback", "https://tool.example.com/oidc/callback");
    harness.get_by_role_and_label(Role::Button, "Register the callback").click();
    harness.run_steps(2);
    let actions = std::mem::take(&mut harness.state_mut().actions);
    let mut plan = 0;
    let mut made = None;
    for action in actions {
        match action {
            Action::Run(job, kinde_panel::backend::Command::Recipes(Command::Plan(_))) => plan = job,
            Action::Run(job, kinde_panel::backend::Command::Recipes(Command::Run(ask))) => made = Some((job, ask)),
            _ => {}
        }
    }
    let (job, ask) = made.expect("the values are made with it");
    tell(&mut harness, job, Event::Made(Ok(Box::new(really_made(&ask)))));
    (harness, plan)
}

fn shown(profile: Profile, which: &str) -> Window {
    let (mut harness, job) = planning(profile);
    tell(&mut harness, job, Event::Planned(Ok(Box::new(planned(which)))));
    harness
}

fn applied(harness: &mut Window) -> (JobId, Box<Plan>) {
    asked(harness, |command| match command {
        Command::Apply { plan, .. } => Some(plan),
        _ => None,
    })
}

#[test]
fn what_will_change_is_shown_before_anything_is_written_and_then_done_as_it_was_shown() {
    let mut harness = shown(acme(), "add");
    harness.get_by_label("What changes in acme-staging");
    harness.get_by_label("https://tool.example.com/oidc/callback is added to Allowed callback URLs");
    harness.get_by_label("https://tool.example.com/ is among Allowed callback URLs");
    assert!(nothing_asked(&mut harness), "nothing is written without a word");
    press(&mut harness, "Apply: Register the callback: 1 of 2");
    let (job, plan) = applied(&mut harness);
    assert!(plan.changes.len() == 2 && matches!(plan.changes[0].state, ChangeState::Add));
    harness.get_by_label("Registering…");
    let done =
        Check::pass("callback").seen("https://tool.example.com/oidc/callback among Allowed callback URLs is there");
    tell(&mut harness, job, Event::Looked(done.clone()));
    tell(&mut harness, job, Event::Applied(Ok(vec![done])));
    end(&mut harness, job, End::Done);
    harness.get_by_label("Done, and seen in the tenant");
    press(&mut harness, "Close what changed");
    assert!(harness.query_by_label("What changes in acme-staging").is_none());
}

#[test]
fn a_live_environment_asks_once_more_and_names_what_is_written() {
    let mut harness = shown(live(), "add");
    press(&mut harness, "Apply: Register the callback: 1 of 2");
    assert!(harness.query_all_by_label("Change acme?").next().is_some());
    harness.get_by_label("acme is a live environment.");
    assert!(nothing_asked(&mut harness));
    press(&mut harness, "Cancel");
    assert!(nothing_asked(&mut harness) && harness.query_all_by_label("Change acme?").next().is_none());
    press(&mut harness, "Apply: Register the callback: 1 of 2");
    let buttons = harness.get_all_by_role_and_label(Role::Button, "Register the callback");
    buttons.last().unwrap().click();
    harness.run_ok();
    applied(&mut harness);
}

#[test]
fn where_everything_is_there_nothing_is_offered() {
    let mut harness = shown(acme(), "nothing");
    harness.get_by_label("Everything is there: nothing to do");
    assert!(harness.query_by_label_contains("Apply: ").is_none());
    assert!(nothing_asked(&mut harness));
}

#[test]
fn a_missing_scope_says_what_to_switch_on_and_leads_to_the_doctor() {
    let mut harness = shown(acme(), "scope");
    harness.get_by_label_contains("Manage scopes, switch it on");
    assert!(harness.query_by_label_contains("Apply: ").is_none());
    press(&mut harness, "Open the doctor");
    let actions = std::mem::take(&mut harness.state_mut().actions);
    assert!(actions.iter().any(|action| matches!(action, Action::Go(Room::Tenant))), "{actions:?}");
}

#[test]
fn a_tenant_that_does_not_answer_is_told_and_asked_again() {
    let (mut harness, job) = planning(acme());
    let error = UserError::new(Category::Network, "acme.kinde.com does not answer").detail("timed out").hint("Later");
    tell(&mut harness, job, Event::Planned(Err(error)));
    harness.get_by_label("acme.kinde.com does not answer");
    press(&mut harness, "Try again");
    asked(&mut harness, |command| matches!(command, Command::Plan(_)).then_some(()));
}

#[test]
fn a_change_that_failed_says_why_and_one_that_broke_off_too() {
    let mut harness = shown(acme(), "add");
    press(&mut harness, "Apply: Register the callback: 1 of 2");
    let (job, _) = applied(&mut harness);
    let failed = Check::fail("callback", "Kinde asks to slow down", "Wait a minute");
    tell(&mut harness, job, Event::Applied(Ok(vec![failed])));
    assert!(harness.query_all_by_label("Kinde asks to slow down").next().is_some());
    press(&mut harness, "Look again");
    let (job, ()) = asked(&mut harness, |command| matches!(command, Command::Plan(_)).then_some(()));
    tell(&mut harness, job, Event::Planned(Ok(Box::new(planned("add")))));
    press(&mut harness, "Apply: Register the callback: 1 of 2");
    let (job, _) = applied(&mut harness);
    end(&mut harness, job, End::Broken);
    harness.get_by_label("The work broke off");
}

#[test]
fn what_applying_needs_besides_is_asked_for_at_its_field() {
    let mut harness = page("nextjs");
    press(&mut harness, "Create the webhook…");
    assert!(nothing_asked(&mut harness));
    harness.get_by_label("Needed for this");
    type_into(&mut harness, "Public address", "https://app.example.com/api/kinde-webhook");
    press(&mut harness, "Create the webhook…");
    let (_, ask) = asked(&mut harness, |command| match command {
        Command::Plan(ask) => Some(*ask),
        _ => None,
    });
    assert_eq!(ask.given.plain["endpoint"], "https://app.example.com/api/kinde-webhook");
}

#[test]
fn a_plan_of_inputs_that_are_others_now_is_gone_and_the_next_one_is_of_what_is_typed() {
    let mut harness = shown(acme(), "add");
    tab(&mut harness, "Set up");
    type_into(&mut harness, "The tool's callback", "https://other.example.com/cb");
    tab(&mut harness, "Result");
    assert!(harness.query_by_label("What changes in acme-staging").is_none());
    assert!(harness.query_by_label_contains("Apply: ").is_none());
    harness.get_by_label_contains("An input is another now");
    assert!(nothing_asked(&mut harness));
    press(&mut harness, "Register the callback");
    let (_, ask) = asked(&mut harness, |command| match command {
        Command::Plan(ask) => Some(*ask),
        _ => None,
    });
    assert_eq!(ask.given.plain["callback_url"], "https://other.example.com/cb");
}

#[test]
fn a_plan_that_comes_back_for_inputs_of_before_is_not_offered() {
    let (mut harness, job) = planning(acme());
    tab(&mut harness, "Set up");
    type_into(&mut harness, "The tool's callback", "https://other.example.com/cb");
    tell(&mut harness, job, Event::Planned(Ok(Box::new(planned("add")))));
    tab(&mut harness, "Result");
    assert!(harness.query_by_label_contains("Apply: ").is_none());
}

#[test]
fn while_the_next_plan_is_worked_out_the_one_before_is_not_offered() {
    let mut harness = shown(acme(), "add");
    press(&mut harness, "Apply: Register the callback: 1 of 2");
    let (job, _) = applied(&mut harness);
    tell(&mut harness, job, Event::Applied(Ok(vec![Check::fail("callback", "Kinde asks to slow down", "Wait")])));
    tab(&mut harness, "Set up");
    type_into(&mut harness, "The tool's callback", "https://other.example.com/cb");
    tab(&mut harness, "Result");
    press(&mut harness, "Look again");
    let (job, ask) = asked(&mut harness, |command| match command {
        Command::Plan(ask) => Some(*ask),
        _ => None,
    });
    assert_eq!(ask.given.plain["callback_url"], "https://other.example.com/cb");
    assert!(harness.query_by_label_contains("Apply: ").is_none());
    assert!(harness.query_by_label_contains("https://tool.example.com/oidc/callback is added").is_none());
    tell(&mut harness, job, Event::Planned(Ok(Box::new(planned("add")))));
    harness.get_by_role_and_label(Role::Button, "Apply: Register the callback: 1 of 2");
}

#[test]
fn what_was_carried_out_stays_told_when_an_input_is_another_now() {
    let mut harness = shown(acme(), "add");
    press(&mut harness, "Apply: Register the callback: 1 of 2");
    let (job, _) = applied(&mut harness);
    tell(&mut harness, job, Event::Applied(Ok(vec![Check::pass("KINDE_WF_M2M_CLIENT_ID").seen("It is there")])));
    tab(&mut harness, "Set up");
    type_into(&mut harness, "The tool's callback", "https://other.example.com/cb");
    tab(&mut harness, "Result");
    harness.get_by_label("Done, and seen in the tenant");
    harness.get_by_label("KINDE_WF_M2M_CLIENT_ID");
    harness.get_by_label("Carried out with other inputs than there are now");
    press(&mut harness, "Look again");
    let (_, ask) = asked(&mut harness, |command| match command {
        Command::Plan(ask) => Some(*ask),
        _ => None,
    });
    assert_eq!(ask.given.plain["callback_url"], "https://other.example.com/cb");
    assert!(harness.query_by_label("Carried out with other inputs than there are now").is_none());
}

#[test]
fn the_preview_says_what_stays_by_what_it_writes() {
    let variable = |state: ChangeState| {
        let value = Value::Plain("id".to_owned());
        let wish = Wish::Variable { key: "KEY".to_owned(), value, is_secret: false };
        Change { wish, state, words: "KEY".to_owned() }
    };
    for (state, words) in [
        (ChangeState::Add, "The variables that are there stay as they are"),
        (
            ChangeState::Update { id: "env_var_1".to_owned() },
            "A variable that is set again loses the value it has now. All others stay as they are",
        ),
    ] {
        let (mut harness, job) = planning(acme());
        let plan = Plan { changes: vec![variable(state)] };
        tell(&mut harness, job, Event::Planned(Ok(Box::new(plan))));
        harness.get_by_label(words);
        assert!(harness.query_by_label_contains("addresses are only added").is_none());
    }
    shown(acme(), "add").get_by_label("What is there stays: addresses are only added");
}
