//! The page of a recipe: what goes in, what is made, and what is found.

use crate::stage::*;
use egui::accesskit::Role;
use egui::{Theme, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use kinde_panel::action::{Action, Room};
use kinde_panel::backend::End;
use kinde_panel::backend::recipes::{Command, Event, Opened};
use kinde_panel::check::Check;
use kinde_panel::error::{Category, UserError};
use kinde_panel::recipes::{self, Call, Outcome};
use kinde_panel::secrets::{Kept, Secret};
use kinde_panel::tenant::Profile;
use kinde_panel::ui::tokens::{size, space, text};

#[test]
fn every_step_need_and_correction_of_every_recipe_is_on_its_page() {
    for recipe in recipes::all() {
        let content = recipe.content();
        let mut harness = page_of(acme(), &content.name, Theme::Dark, vec2(1080.0, 6000.0));
        for need in &content.needs {
            harness.get_by_label(&plain(need));
        }
        for input in &content.inputs {
            assert!(
                harness.query_all_by_label(&input.label).next().is_some(),
                "{}: the field {} is not there",
                content.name,
                input.label
            );
        }
        tab(&mut harness, "Steps");
        let chosen = content.inputs.iter().filter_map(|input| Some((input.key.clone(), input.default.clone()?)));
        let chosen: std::collections::BTreeMap<String, String> = chosen.collect();
        for step in content.steps.iter().filter(|step| step.is_for(&chosen)) {
            harness.get_by_label(&plain(&step.text));
            for more in [&step.note].into_iter().flatten() {
                assert!(harness.query_all_by_label(&plain(more)).next().is_some(), "{}: {more}", content.name);
            }
            if let Some(corrected) = &step.corrected {
                harness.get_by_label(&format!("Differs from Kinde's guide: {}", plain(corrected)));
            }
        }
        tab(&mut harness, "Guide");
        for correction in &content.corrections {
            harness.get_by_label(&correction.guide);
            harness.get_by_label(&plain(&correction.here));
        }
        assert!(nothing_asked(&mut harness), "{}: looking at a page asks nobody", content.name);
    }
}

/// As it is read: without backticks.
fn plain(words: &str) -> String {
    words.replace('`', "")
}

#[test]
fn each_recipe_makes_what_its_button_says_and_its_values_and_files_can_be_copied() {
    for recipe in recipes::all() {
        let content = recipe.content();
        let mut harness = page_of(acme(), &content.name, Theme::Dark, vec2(1080.0, 4000.0));
        typed(&mut harness, &content.name);
        make(&mut harness, &content.action);
        for name in content.steps.iter().flat_map(|step| &step.copy) {
            assert!(!name.is_empty());
        }
        if content.files.is_empty() {
            harness.get_by_label("Values");
        } else {
            assert!(offers_saving(&harness));
        }
        tab(&mut harness, "Steps");
        let copies = content.steps.iter().filter(|step| !step.copy.is_empty()).count();
        let buttons = harness.get_all_by_role(Role::Button);
        let there =
            buttons.filter(|node| node.accesskit_node().label().is_some_and(|it| it.starts_with("Copy "))).count();
        assert!(there >= copies, "{}: {there} of {copies} can be copied", content.name);
        holds_no_secret(&harness);
    }
}

#[test]
fn what_is_missing_is_said_at_its_field_and_nothing_is_asked() {
    let mut harness = page("wordpress");
    press(&mut harness, "Write the constants");
    assert!(nothing_asked(&mut harness));
    harness.get_by_label("Needed for this");
    assert!(harness.get_by_role_and_label(Role::TextInput, "WordPress address").is_focused());
    type_into(&mut harness, "WordPress address", "https://blog.example.com");
    assert!(harness.query_by_label("Needed for this").is_none());
    press(&mut harness, "Write the constants");
    let (_, ask) = call(&mut harness);
    assert_eq!((ask.call, ask.given.plain["site"].as_str()), (Call::Generate, "https://blog.example.com"));
    assert_eq!(ask.given.plain["client_id"], acme().web_client_id.unwrap());
    assert!(!ask.keep.contains_key("client_id"), "the profile knows it: {:?}", ask.keep);
    assert_eq!(ask.keep["site"], "https://blog.example.com");
}

/// What "Copy the command for it" copies.
fn copied(harness: &mut Window) -> String {
    press(harness, "More");
    harness.get_by_role_and_label(Role::MenuItem, "Copy the command for it").click();
    let mut copied = None;
    for _ in 0..4 {
        harness.step();
        let commands = &harness.output().platform_output.commands;
        copied = copied.or(commands.iter().find_map(|command| match command {
            egui::OutputCommand::CopyText(text) => Some(text.clone()),
            _ => None,
        }));
    }
    let told = |action: &Action| matches!(action, Action::Notify(_, title, _) if title == "The command is copied");
    assert!(std::mem::take(&mut harness.state_mut().actions).iter().any(told), "it says so");
    copied.expect("nothing was copied")
}

#[test]
fn a_secret_key_in_the_place_of_the_publishable_one_says_so_and_is_in_no_copied_command() {
    let mut harness = page("supabase");
    typed(&mut harness, "supabase");
    type_into(&mut harness, "Publishable key", &format!("sb_secret_{CANARY}"));
    press(&mut harness, "Write the app's files");
    let (job, ask) = call(&mut harness);
    let supabase = recipes::find("supabase").unwrap();
    let error = recipes::admit(supabase, &ask.given).unwrap_err();
    tell(&mut harness, job, Event::Made(Err(error)));
    end(&mut harness, job, End::Done);
    harness.get_by_label_contains("Publishable key is a secret. It is a secret key of the project");
    tab(&mut harness, "Result");
    holds_no_secret(&harness);
    let command = copied(&mut harness);
    assert!(command.contains("--set project=abc") && !command.contains("publishable_key"), "{command}");
}

#[test]
fn the_command_for_it_has_what_is_typed_and_no_secret() {
    let mut harness = page("shopify-multipass");
    type_into(&mut harness, "Store", "acme");
    type_into(&mut harness, "First name", "Ada & co");
    type_secret(&mut harness, "Multipass secret", CANARY);
    type_secret(&mut harness, "Token", CANARY);
    let made = copied(&mut harness);
    assert!(
        made.contains("recipe generate shopify-multipass --set store=acme --secret multipass_secret=FILE"),
        "{made}"
    );
    assert!(made.contains(" --set 'first_name=Ada & co'") && !made.contains("token="), "{made}");
    tab(&mut harness, "Checks");
    let checked = copied(&mut harness);
    assert!(checked.contains("recipe check shopify-multipass "), "{checked}");
    assert!(checked.contains(" --set token=@FILE") && !checked.contains("first_name"), "{checked}");
    for text in [made, checked] {
        assert!(text.ends_with(" --profile 'acme-staging'") && !text.contains(CANARY), "{text}");
    }
}

#[test]
fn the_steps_of_an_edge_worker_follow_where_it_runs() {
    let mut harness = page("edge-workers");
    tab(&mut harness, "Steps");
    harness.get_by_label("Sign Wrangler in");
    let mut profile = acme();
    let kept = profile.recipes.entry("edge-workers".to_owned()).or_default();
    kept.inputs.insert("runtime".to_owned(), "deno".to_owned());
    let mut harness = page_of(profile, "edge-workers", Theme::Dark, vec2(1080.0, 1500.0));
    tab(&mut harness, "Steps");
    assert!(harness.query_by_label("Sign Wrangler in").is_none());
    harness.get_by_label("Run the service on this machine");
}

#[test]
fn the_field_that_is_missing_is_scrolled_to_wherever_it_stands() {
    let mut harness = page_of(acme(), "trustpath", Theme::Dark, vec2(1080.0, 520.0));
    press(&mut harness, "Set the variables…");
    assert!(nothing_asked(&mut harness));
    harness.run_ok();
    let field = harness.get_by_role_and_label(Role::PasswordInput, "TrustPath API key");
    assert!(field.is_focused());
    let place = field.rect();
    assert!(place.top() > 0.0 && place.bottom() < 520.0, "it is in sight: {place}");
}

#[test]
fn files_that_were_made_of_another_input_can_be_neither_saved_nor_copied() {
    let mut harness = page("shopify-multipass");
    typed(&mut harness, "shopify-multipass");
    make(&mut harness, "Write the Multipass route");
    assert!(offers_saving(&harness));
    tab(&mut harness, "Set up");
    type_into(&mut harness, "Store", "another");
    tab(&mut harness, "Result");
    assert!(!offers_saving(&harness));
    harness.get_by_label_contains("An input is another now");
    make(&mut harness, "Write the Multipass route");
    tab(&mut harness, "Set up");
    type_secret(&mut harness, "Token", "a-token-for-the-check-alone");
    tab(&mut harness, "Result");
    assert!(offers_saving(&harness));
}

#[test]
fn what_was_made_of_another_input_is_gone_while_it_is_made_again_and_enter_begins_nothing_beside_it() {
    let mut harness = page("wordpress");
    typed(&mut harness, "wordpress");
    make(&mut harness, "Write the constants");
    press(&mut harness, "Write the constants");
    let (job, ask) = call(&mut harness);
    assert!(offers_saving(&harness));
    tab(&mut harness, "Steps");
    harness.get_by_role_and_label(Role::Button, "Copy Callback URL");
    tab(&mut harness, "Set up");
    type_into(&mut harness, "WordPress address", "https://shop.example.com");
    harness.key_press(egui::Key::Enter);
    harness.run_ok();
    assert!(nothing_asked(&mut harness), "another is on its way");
    tab(&mut harness, "Steps");
    assert!(harness.query_by_role_and_label(Role::Button, "Copy Callback URL").is_none());
    tab(&mut harness, "Result");
    assert!(!offers_saving(&harness));
    tell(&mut harness, job, Event::Made(Ok(Box::new(really_made(&ask)))));
    assert!(!offers_saving(&harness));
    harness.get_by_label_contains("An input is another now");
}

#[test]
fn a_check_that_failed_before_says_when_and_a_simulation_does_not_hide_it() {
    let mut profile = acme();
    recipes::remember(&mut profile, "trustpath", Call::Check, recipes::Ended::Failed, at("2026-08-19T10:00:00Z"));
    let mut harness = page_of(profile, "trustpath", Theme::Dark, vec2(1080.0, 1500.0));
    tab(&mut harness, "Checks");
    harness.get_by_label_contains("The last check failed, on 2026-08-19 at ");
    harness.get_by_label_contains("Check again to see why");
    choose(&mut harness, "Simulate on this machine");
    let (job, ask) = call(&mut harness);
    assert!(harness.query_by_label_contains("The last check failed").is_none(), "while another is going on");
    tell(&mut harness, job, Event::Judged(Ok(Box::new(really_simulated(&ask)))));
    harness.get_by_label_contains("The last check failed, on 2026-08-19 at ");
}

#[test]
fn what_cannot_stay_empty_says_so_before_anything_is_pressed() {
    let harness = page("wordpress");
    harness.get_by_label_contains("Needed. Settings > General > WordPress Address");
    let harness = page("trustpath");
    harness.get_by_label_contains("Needed for the check, and to set the variables. From the TrustPath console");
    harness.get_by_label_contains("Needed to set the variables. Of the machine to machine application");
    let harness = page("nextjs");
    harness.get_by_label_contains("Needed. Where the running app has the route");
    assert_eq!(harness.query_all_by_label_contains("Needed").count(), 2, "and the address that a webhook needs");
}

#[test]
fn no_label_of_a_field_is_wider_than_its_column() {
    let harness = window();
    let room = size::LABEL_COLUMN - space::SM;
    let font = egui::FontId::proportional(text::BODY);
    for content in recipes::all().iter().map(|recipe| recipe.content()) {
        for input in &content.inputs {
            let (words, font) = (input.label.clone(), font.clone());
            let laid = harness.ctx.fonts_mut(|fonts| fonts.layout_no_wrap(words, font, egui::Color32::PLACEHOLDER));
            let wide = laid.size().x;
            assert!(wide <= room, "{}: {} is {wide} points wide of {room}", content.name, input.label);
        }
    }
}

#[test]
fn before_anything_was_looked_at_the_checks_say_what_there_is_and_offer_nothing_twice() {
    let mut harness = page("zapier");
    tab(&mut harness, "Checks");
    harness.get_by_label_contains("Check looks whether the real thing works");
    assert!(harness.query_by_role_and_label(Role::Button, "Simulate").is_none(), "it stands under the dots");
}

#[test]
fn secrets_come_out_of_the_keyring_masked_travel_as_secrets_and_are_let_go_when_emptied() {
    let mut harness = window();
    press(&mut harness, "Fraud detection with TrustPath");
    let secrets = [("trustpath_api_key".to_owned(), Secret::new(CANARY))].into();
    opened(&mut harness, Opened { secrets, ..Opened::default() });
    press(&mut harness, "Check");
    let (job, ask) = call(&mut harness);
    assert_eq!(ask.given.secrets["trustpath_api_key"], Secret::new(CANARY));
    assert!(!format!("{ask:?}").contains(CANARY) && ask.keep.values().all(|value| value != CANARY));
    holds_no_secret(&harness);
    tell(&mut harness, job, Event::Kept(Kept::ThisRun));
    end(&mut harness, job, End::Cancelled);
    tab(&mut harness, "Set up");
    harness.get_by_label_contains("for this run only");
    harness.get_by_role_and_label(Role::PasswordInput, "TrustPath API key").focus();
    harness.run_ok();
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
    harness.key_press(egui::Key::Backspace);
    harness.run_ok();
    press(&mut harness, "Write the workflow");
    let (_, ask) = call(&mut harness);
    assert_eq!(ask.let_go, ["trustpath_api_key"]);
}

#[test]
fn a_kept_client_secret_goes_with_the_client_id_it_was_kept_with_and_is_left_out_beside_another() {
    let mut harness = window_of(Some(acme()), Theme::Dark, vec2(1080.0, 1500.0));
    press(&mut harness, "WordPress");
    let web = acme().web_client_id.unwrap();
    let secrets = [("client_secret".to_owned(), Secret::new(CANARY))].into();
    opened(&mut harness, Opened { secrets, web_secret_of: web.clone(), ..Opened::default() });
    typed(&mut harness, "wordpress");
    type_into(&mut harness, "Client ID", "another");
    harness.get_by_label_contains("was not given with this client ID");
    press(&mut harness, "Write the constants");
    let (job, ask) = call(&mut harness);
    assert_eq!(ask.given.plain["client_id"], "another");
    assert!(!ask.given.secrets.contains_key("client_secret") && ask.let_go.is_empty(), "{ask:?}");
    tell(&mut harness, job, Event::Made(Ok(Box::new(really_made(&ask)))));
    end(&mut harness, job, End::Done);
    tab(&mut harness, "Set up");
    type_into(&mut harness, "Client ID", &web);
    assert!(harness.query_by_label_contains("was not given with this client ID").is_none());
    press(&mut harness, "Write the constants");
    let (_, ask) = call(&mut harness);
    assert_eq!(ask.given.secrets["client_secret"], Secret::new(CANARY));
    holds_no_secret(&harness);
}

#[test]
fn a_check_shows_each_finding_as_it_comes_then_the_sentence_that_sums_them_up() {
    let mut harness = page("nextjs");
    type_into(&mut harness, "The route's address", "http://localhost:3000/api/kinde-webhook");
    press(&mut harness, "Check");
    let (job, ask) = call(&mut harness);
    assert_eq!(ask.call, Call::Check);
    harness.get_by_label("Checking…");
    tell(&mut harness, job, Event::Looked(Check::pass("genuine event").seen("HTTP 200")));
    harness.get_by_label("genuine event");
    tell(&mut harness, job, Event::Judged(Ok(Box::new(outcome(false)))));
    end(&mut harness, job, End::Done);
    assert!(harness.query_all_by_label_contains("A token without a signature was taken").count() >= 1);
    harness.get_by_label_contains("Pin the algorithm");
    press(&mut harness, "Check");
    let (job, _) = call(&mut harness);
    tell(&mut harness, job, Event::Judged(Ok(Box::new(outcome(true)))));
    harness.get_by_label("Next.js webhook receiver: as it should be");
    assert!(harness.query_all_by_label("http://localhost:3000/api/kinde-webhook").next().is_some());
}

#[test]
fn a_simulation_stands_under_the_dots_and_shows_the_table_of_what_becomes_of_a_person() {
    let mut harness = page("trustpath");
    choose(&mut harness, "Simulate on this machine");
    let (job, ask) = call(&mut harness);
    assert_eq!(ask.call, Call::Simulate);
    harness.get_by_label("Simulating…");
    let found = really_simulated(&ask);
    tell(&mut harness, job, Event::Judged(Ok(Box::new(found))));
    for answer in ["approve", "decline", "timeout"] {
        assert!(harness.query_all_by_label(answer).next().is_some(), "{answer}");
    }
    assert!(harness.query_all_by_label("is denied").next().is_some());
    harness.get_by_label_contains("on this machine: the tool was not asked");
    assert!(harness.query_by_label_contains("against the sandbox").is_none());
}

#[test]
fn a_check_in_which_nothing_that_decides_passed_is_not_called_good() {
    let mut harness = page("nextjs");
    type_into(&mut harness, "The route's address", "http://localhost:3000/api/kinde-webhook");
    press(&mut harness, "Check");
    let (job, _) = call(&mut harness);
    let mut found = outcome(true);
    found.checks.retain(|check| check.name != "genuine event");
    found.checks.push(Check::skipped("genuine event", "Only the tenant itself can sign one"));
    tell(&mut harness, job, Event::Judged(Ok(Box::new(found))));
    harness.get_by_label("Next.js webhook receiver: partly checked. Only the tenant itself can sign one");
    assert!(harness.query_by_label_contains("as it should be").is_none());
}

#[test]
fn a_check_can_be_cancelled_and_what_was_found_until_then_stays() {
    let mut harness = page("nextjs");
    type_into(&mut harness, "The route's address", "http://localhost:3000/api/kinde-webhook");
    press(&mut harness, "Check");
    let (job, _) = call(&mut harness);
    tell(&mut harness, job, Event::Looked(Check::pass("genuine event").seen("HTTP 200")));
    press(&mut harness, "Cancel");
    let actions = std::mem::take(&mut harness.state_mut().actions);
    assert!(actions.iter().any(|action| matches!(action, Action::Cancel(ended) if *ended == job)), "{actions:?}");
    harness.get_by_label("Ending…");
    end(&mut harness, job, End::Cancelled);
    harness.get_by_label("Cancelled");
    harness.get_by_label("genuine event");
    assert!(!harness.get_by_role_and_label(Role::Button, "Check").accesskit_node().is_disabled());
}

#[test]
fn what_could_not_be_made_says_why_and_can_be_tried_again() {
    let mut harness = page("cloudflare-zero-trust");
    type_into(&mut harness, "Team", "a b");
    press(&mut harness, "Register the callback");
    let (job, _) = call(&mut harness);
    let error = UserError::new(Category::Input, "team is no Zero Trust team").detail("a b").hint("Look it up");
    tell(&mut harness, job, Event::Made(Err(error)));
    harness.get_by_label("team is no Zero Trust team");
    press(&mut harness, "Try again");
    let (job, _) = call(&mut harness);
    end(&mut harness, job, End::Broken);
    harness.get_by_label("The work broke off");
}

#[test]
fn an_answer_of_an_older_call_is_dropped() {
    let mut harness = page("nextjs");
    press(&mut harness, "Write route.ts");
    let (job, _) = call(&mut harness);
    end(&mut harness, job, End::Cancelled);
    tell(&mut harness, job, Event::Judged(Ok(Box::new(Outcome::default()))));
    tell(&mut harness, job, Event::Looked(Check::pass("late")));
    assert!(harness.query_by_label("late").is_none());
}

#[test]
fn another_profile_has_pages_of_its_own_and_the_jobs_of_the_one_before_end() {
    let mut harness = page("wordpress");
    type_into(&mut harness, "WordPress address", "https://blog.example.com");
    press(&mut harness, "Write the constants");
    let (job, _) = call(&mut harness);
    let world = harness.state_mut();
    world.with(|state, _, actions| state.forget(actions));
    assert!(world.actions.iter().any(|action| matches!(action, Action::Cancel(ended) if *ended == job)));
    world.actions.clear();
    world.profile = Some(live());
    world.with(kinde_panel::screens::recipes::State::entered);
    harness.run_ok();
    opened(&mut harness, Opened::default());
    let field = harness.get_by_role_and_label(Role::TextInput, "WordPress address");
    assert_eq!(field.accesskit_node().value().unwrap_or_default(), "");
}

#[test]
fn what_is_remembered_of_a_recipe_fills_its_fields_and_can_be_forgotten() {
    let mut profile = acme();
    let kept = profile.recipes.entry("wordpress".to_owned()).or_default();
    kept.inputs.insert("site".to_owned(), "https://kept.example.com".to_owned());
    let mut harness = page_of(profile, "wordpress", Theme::Dark, vec2(1080.0, 1200.0));
    let field = |harness: &Window| {
        harness.get_by_role_and_label(Role::TextInput, "WordPress address").accesskit_node().value().unwrap_or_default()
    };
    assert_eq!(field(&harness), "https://kept.example.com");
    choose(&mut harness, "Forget the inputs");
    let (job, ()) = asked(&mut harness, |command| matches!(command, Command::Forget { .. }).then_some(()));
    let profile = harness.state().profile.as_ref().unwrap().id;
    tell(&mut harness, job, Event::Forgotten { profile, before: Box::default(), result: Ok(()) });
    assert_eq!(field(&harness), "");
}

#[test]
fn what_was_found_goes_with_the_inputs_that_are_forgotten() {
    let mut harness = page("nextjs");
    type_into(&mut harness, "The route's address", "http://localhost:3000/api/kinde-webhook");
    press(&mut harness, "Check");
    let (job, _) = call(&mut harness);
    tell(&mut harness, job, Event::Judged(Ok(Box::new(outcome(true)))));
    end(&mut harness, job, End::Done);
    harness.get_by_label("Next.js webhook receiver: as it should be");
    choose(&mut harness, "Forget the inputs");
    let (job, ()) = asked(&mut harness, |command| matches!(command, Command::Forget { .. }).then_some(()));
    let profile = harness.state().profile.as_ref().unwrap().id;
    tell(&mut harness, job, Event::Forgotten { profile, before: Box::default(), result: Ok(()) });
    assert!(harness.query_by_label("Next.js webhook receiver: as it should be").is_none());
    harness.get_by_label_contains("Check looks whether the real thing works");
}

#[test]
fn what_is_kept_is_told_as_it_is_kept() {
    let told = |profile: Profile, name: &str| {
        let harness = page_of(profile, name, Theme::Dark, vec2(1080.0, 1500.0));
        let node = harness.get_by_label_contains("Remembered for ");
        node.accesskit_node().label().or(node.accesskit_node().value()).unwrap_or_default()
    };
    assert_eq!(told(acme(), "wordpress"), "Remembered for acme-staging; its secrets in the keyring");
    assert_eq!(told(acme(), "zapier"), "Remembered for acme-staging");
    let own = "Remembered for sandbox. The client secret is the sandbox's own: another one is used and not kept";
    assert_eq!(told(Profile::sandbox(), "wordpress"), own);
    assert_eq!(told(Profile::sandbox(), "trustpath"), "Remembered for sandbox; its secrets in the keyring");
}

#[test]
fn a_domain_alone_can_make_and_check_and_is_told_what_registering_takes() {
    let mut harness = page_of(domain_alone(), "openid-provider", Theme::Dark, vec2(1080.0, 1400.0));
    harness.get_by_label("Registering at Kinde needs an M2M application");
    type_into(&mut harness, "The tool's callback", "https://tool.example.com/oidc/callback");
    type_into(&mut harness, "Client ID", "0123456789abcdef");
    make(&mut harness, "Register the callback");
    harness.get_by_label("Register the callback by hand, or add an M2M application");
    harness.get_by_label("https://tool.example.com/oidc/callback");
    press(&mut harness, "Go to Tenant");
    let actions = std::mem::take(&mut harness.state_mut().actions);
    assert!(actions.iter().any(|action| matches!(action, Action::Go(Room::Tenant))), "{actions:?}");
}

#[test]
fn a_secret_that_was_made_stands_in_its_field_and_is_used_the_next_time() {
    let mut harness = page("supabase");
    typed(&mut harness, "supabase");
    press(&mut harness, "Write the app's files");
    let (job, ask) = call(&mut harness);
    assert!(!ask.given.secrets.contains_key("jwt_secret"));
    let made = really_made(&ask);
    let secret = made.secrets["jwt_secret"].clone();
    tell(&mut harness, job, Event::Made(Ok(Box::new(made))));
    end(&mut harness, job, End::Done);
    press(&mut harness, "Write the app's files");
    let (_, again) = call(&mut harness);
    assert_eq!(again.given.secrets["jwt_secret"], secret);
    assert!(again.let_go.is_empty());
}

#[test]
fn a_token_that_is_as_good_as_a_secret_is_made_and_not_shown() {
    let mut harness = page("shopify-multipass");
    type_into(&mut harness, "Store", "acme");
    type_into(&mut harness, "Email", "ada@example.com");
    type_secret(&mut harness, "Multipass secret", CANARY);
    press(&mut harness, "Write the Multipass route");
    let (job, ask) = call(&mut harness);
    let made = really_made(&ask);
    let token = made.values["token"].as_str().unwrap().to_owned();
    tell(&mut harness, job, Event::Made(Ok(Box::new(made))));
    harness.get_by_label("Token");
    harness.get_by_label("Copy Token");
    for node in harness.root().children_recursive() {
        let node = node.accesskit_node();
        for text in [node.label(), node.value()].into_iter().flatten() {
            assert!(!text.contains(&token[..40]), "{text}");
        }
    }
    holds_no_secret(&harness);
}
