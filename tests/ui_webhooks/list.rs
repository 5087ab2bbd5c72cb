//! The table and its states: empty, loading, failed, missing scope, searched, sorted.

use crate::stage::{
    Window, answer, asked, at, few, fill, last, listed, live, press, room, seen, tell, types, webhook, window,
};
use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use kinde_panel::action::Room;
use kinde_panel::backend;
use kinde_panel::backend::webhooks::{Command, Event};
use kinde_panel::backend::{End, Stamped};
use kinde_panel::error::{Category, UserError};
use kinde_panel::kinde::Domain;
use kinde_panel::step::{Step, StepState};
use kinde_panel::tenant::{Profile, SANDBOX_PROFILE};

#[test]
fn the_room_has_its_place_in_the_rail_and_its_key_and_asks_for_list_and_types() {
    let mut harness = window(Profile::sandbox());
    harness.state_mut().act(kinde_panel::action::Action::Go(Room::Tenant));
    harness.run_ok();
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Num3);
    harness.run_ok();
    assert_eq!(harness.state().room(), Room::Webhooks);
    let commands: Vec<Command> = asked(&mut harness).into_iter().map(|(_, command)| command).collect();
    assert!(commands.iter().any(|it| matches!(it, Command::RecoverAll)), "{commands:?}");
    assert!(commands.iter().any(|it| matches!(it, Command::List { profile } if *profile == SANDBOX_PROFILE)));
    assert!(commands.iter().any(|it| matches!(it, Command::Types { .. })));
}

#[test]
fn a_profile_without_an_m2m_application_is_told_what_is_missing_and_asks_nothing() {
    let mut harness = window(Profile::new("acme", Domain::parse("acme").unwrap()));
    assert!(seen(&harness, "Webhooks need an M2M application"));
    let commands = asked(&mut harness);
    assert!(!commands.iter().any(|(_, it)| matches!(it, Command::List { .. } | Command::Types { .. })), "{commands:?}");
    press(&mut harness, "Go to Tenant");
    assert_eq!(harness.state().room(), Room::Tenant);
}

#[test]
fn an_empty_tenant_offers_the_first_webhook() {
    let mut harness = room(Profile::sandbox(), Vec::new());
    assert!(seen(&harness, "No webhooks yet"));
    harness.get_all_by_role_and_label(Role::Button, "New webhook").last().unwrap().click();
    harness.run_ok();
    assert!(seen(&harness, "Create webhook"));
}

#[test]
fn a_missing_scope_is_named_and_the_doctor_is_one_press_away() {
    let mut harness = window(live());
    let error = UserError::new(Category::Auth, "The M2M application lacks the scope read:webhooks")
        .detail("A token minted just now does not have it either")
        .hint("Open the M2M application > APIs > Kinde Management API > Manage scopes");
    answer(&mut harness, Event::Listed(Err(error)), types());
    assert!(seen(&harness, "read:webhooks") && seen(&harness, "Manage scopes"));
    press(&mut harness, "Open the doctor");
    assert_eq!(harness.state().room(), Room::Tenant);
}

#[test]
fn a_list_that_failed_says_why_and_can_be_read_again() {
    let mut harness = window(Profile::sandbox());
    let error = UserError::new(Category::Api, "This address is not part of the Management API")
        .detail("HTTP 404. Kinde says: ROUTE_NOT_FOUND")
        .hint("The API answers on https://<name>.kinde.com/api/v1");
    answer(&mut harness, Event::Listed(Err(error)), types());
    assert!(seen(&harness, "This address is not part of the Management API") && seen(&harness, "ROUTE_NOT_FOUND"));
    press(&mut harness, "Try again");
    let (job, command) = last(&mut harness);
    assert!(matches!(command, Command::List { .. }));
    tell(&mut harness, job, listed(few()));
    assert!(seen(&harness, "Orders"));
}

#[test]
fn a_job_that_broke_off_leaves_no_list_waiting() {
    let mut harness = window(Profile::sandbox());
    for (job, _) in asked(&mut harness) {
        harness.state_mut().on_event(Stamped { job, event: backend::Event::Ended(End::Broken) });
    }
    harness.run_ok();
    assert!(seen(&harness, "The work broke off"));
    assert!(harness.query_all_by_label("Try again").next().is_some());
}

#[test]
fn the_wait_that_kinde_asks_for_is_shown_over_the_list() {
    let mut harness = window(Profile::sandbox());
    let (job, _) = asked(&mut harness).into_iter().find(|(_, it)| matches!(it, Command::List { .. })).unwrap();
    let title = "Kinde asks to slow down: goes on at 12:04:31";
    let event = Event::Step(Step::new("wait", title, StepState::Running, at(0)));
    harness.state_mut().on_event(Stamped { job, event: event.into() });
    harness.run_steps(20);
    assert!(seen(&harness, title));
    let event = Event::Step(Step::new("wait", "Waited 5 s, as Kinde asked", StepState::Done, at(5)));
    harness.state_mut().on_event(Stamped { job, event: event.into() });
    tell(&mut harness, job, listed(few()));
    assert!(!seen(&harness, "slow down"));
}

#[test]
fn a_wait_while_the_list_is_read_again_moves_nothing_and_can_be_cancelled() {
    let mut harness = room(Profile::sandbox(), few());
    let row = |harness: &Window| harness.get_by_role_and_label(Role::Row, "webhook_0002").rect();
    let before = row(&harness);
    press(&mut harness, "Read the webhooks again");
    let (job, _) = last(&mut harness);
    let title = "Kinde asks to slow down: goes on at 12:04:31";
    tell(&mut harness, job, Event::Step(Step::new("wait", title, StepState::Running, at(0))));
    assert!(seen(&harness, title));
    assert_eq!(row(&harness), before);
    press(&mut harness, "Cancel reading the webhooks");
    harness.state_mut().on_event(Stamped { job, event: backend::Event::Ended(End::Cancelled) });
    harness.run_ok();
    assert!(!seen(&harness, title));
    assert_eq!(row(&harness), before);
}

#[test]
fn five_hundred_webhooks_draw_only_the_rows_in_sight() {
    let many = (0..500).map(|number| webhook(number, &format!("Hook {number:03}"), &["user.created"])).collect();
    let harness = room(Profile::sandbox(), many);
    let rows = harness.query_all_by_role(Role::Row).count();
    assert!((5..60).contains(&rows), "{rows} rows were drawn");
    assert!(seen(&harness, "500 webhooks"));
}

/// Not a judgement: prints how long a frame of the room takes, on whatever machine this runs.
#[test]
#[ignore = "prints a measurement"]
fn how_long_a_frame_with_five_hundred_webhooks_takes() {
    for count in [0, 5, 500, 5000] {
        let many = (0..count).map(|number| webhook(number, &format!("Hook {number:03}"), &["user.created"])).collect();
        let mut harness = room(Profile::sandbox(), many);
        for (search, what) in [("", "at rest"), ("hook user", "searched")] {
            if !search.is_empty() && count > 0 {
                crate::stage::fill(&mut harness, "Search webhooks", search);
            }
            let began = std::time::Instant::now();
            for _ in 0..200 {
                harness.step();
            }
            println!("{count} webhooks, {what}: {:.2} ms a frame", began.elapsed().as_secs_f64() * 5.0);
        }
    }
}

#[test]
fn the_list_is_searched_by_name_endpoint_event_or_id_and_sorted_by_any_column() {
    let mut harness = room(Profile::sandbox(), few());
    let rows = |harness: &Window| -> Vec<String> {
        harness.query_all_by_role(Role::Row).filter_map(|row| row.accesskit_node().label()).collect()
    };
    assert_eq!(rows(&harness), ["webhook_0003", "webhook_0002", "webhook_0001"]);
    press(&mut harness, "Sort by Name, ascending");
    assert_eq!(rows(&harness), ["webhook_0001", "webhook_0002", "webhook_0003"]);
    press(&mut harness, "Sort by Events");
    assert_eq!(rows(&harness), ["webhook_0002", "webhook_0003", "webhook_0001"]);
    press(&mut harness, "Sort by Created");
    press(&mut harness, "Sort by Created, ascending");
    assert_eq!(rows(&harness), ["webhook_0003", "webhook_0002", "webhook_0001"]);
    for (search, found) in [("crm", "webhook_0002"), ("role.up", "webhook_0003"), ("com/orders", "webhook_0001")] {
        fill(&mut harness, "Search webhooks", search);
        assert_eq!(rows(&harness), [found], "{search}");
        press(&mut harness, "Clear the search");
    }
    fill(&mut harness, "Search webhooks", "nothing like it");
    assert!(seen(&harness, "No webhook fits the search"));
}

#[test]
fn a_pasted_id_is_told_apart_and_leads_to_where_it_is_of_use() {
    let mut harness = room(Profile::sandbox(), few());
    for (text, words) in [
        ("\"webhook_0002\"", "A Webhook ID"),
        ("webhook-id: 7f3a-1", "A Webhook Request ID"),
        ("event_0195ac80a14c7ca2ac97d026d864de0f", "An Event ID"),
    ] {
        fill(&mut harness, "Search webhooks", text);
        assert!(seen(&harness, words), "{text}");
        if words == "A Webhook ID" {
            assert_eq!(harness.query_all_by_role(Role::Row).count(), 1);
        }
        if words != "An Event ID" {
            press(&mut harness, "Clear the search");
        }
    }
    press(&mut harness, "Look it up");
    let (_, command) = last(&mut harness);
    assert!(matches!(command, Command::LookUp { pasted, .. } if pasted.starts_with("event_0195")));
}

#[test]
fn what_a_row_copies_is_its_id_its_endpoint_and_a_line_that_runs() {
    let mut harness = room(live(), few());
    let copied = |harness: &mut Window, item: &str| -> String {
        press(harness, "More about CRM");
        harness.get_by_role_and_label(Role::MenuItem, item).click();
        let mut text = None;
        for _ in 0..4 {
            harness.step();
            let commands = &harness.output().platform_output.commands;
            text = text.or(commands.iter().find_map(|command| match command {
                egui::OutputCommand::CopyText(text) => Some(text.clone()),
                _ => None,
            }));
        }
        text.unwrap_or_default()
    };
    assert_eq!(copied(&mut harness, "Copy Webhook ID"), "webhook_0002");
    assert_eq!(copied(&mut harness, "Copy endpoint"), "https://hooks.acme.com/crm");
    assert_eq!(
        copied(&mut harness, "Copy as curl"),
        "# export KINDE_TOKEN=$(kinde-panel --data-dir '/my data' token --profile 'acme')\ncurl -sS -X PATCH \
         'https://acme.kinde.com/api/v1/webhooks/webhook_0002' -H \"Authorization: Bearer $KINDE_TOKEN\" -H \
         'accept: application/json' -H 'content-type: application/json' --data \
         '{\"description\":null,\"event_types\":[\"user.created\"],\"name\":\"CRM\"}'"
    );
}

#[test]
fn the_room_says_that_kinde_does_not_tell_what_it_switched_off_and_where_to_look() {
    let harness = room(Profile::sandbox(), few());
    assert!(seen(&harness, "72 hours") && seen(&harness, "Settings > Environment > Webhooks"));
}
