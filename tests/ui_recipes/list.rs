//! The list: groups, search, what was used last, how each stands, and what has a room of its own.

use crate::stage::{acme, asked, nothing_asked, press, window, window_of};
use egui::accesskit::Role;
use egui::{Theme, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use kinde_panel::action::{Action, Room};
use kinde_panel::backend::recipes::Command;
use kinde_panel::recipes::{self, Call, Ended};
use kinde_panel::tenant::{LastWalk, Profile};

/// The rows of the list from the top, each with the word it ends with.
fn rows(harness: &crate::stage::Window) -> Vec<(String, String)> {
    let mut rows: Vec<(f64, String, String)> = harness
        .get_all_by_role(Role::Button)
        .filter_map(|row| {
            let node = row.accesskit_node();
            let word = node.description()?;
            let top = node.bounding_box()?.y0;
            Some((top, node.label()?, word))
        })
        .collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    rows.into_iter().map(|(_, title, word)| (title, word)).collect()
}

#[test]
fn every_recipe_and_everything_with_a_room_of_its_own_is_listed_in_groups() {
    let harness = window();
    for group in ["Sign-in for a tool", "Code for your app", "In a room of its own"] {
        harness.get_by_label(group);
    }
    let rows = rows(&harness);
    for recipe in recipes::all() {
        let title = &recipe.content().title;
        assert!(rows.contains(&(title.clone(), "new".to_owned())), "{title}: {rows:?}");
    }
    for tool in [
        "Resend SMTP",
        "Google Drive",
        "GitHub",
        "GitLab",
        "Patreon",
        "Discord",
        "Microsoft 365",
        "localtunnel",
        "ngrok",
    ] {
        assert!(rows.iter().any(|(title, _)| title == tool), "{tool}: {rows:?}");
    }
    assert_eq!(rows.len(), recipes::all().len() + 9);
}

#[test]
fn search_looks_into_titles_and_descriptions_and_says_when_nothing_is_called_so() {
    let mut harness = window();
    crate::stage::type_into(&mut harness, "Search recipes", "webhook");
    let found: Vec<String> = rows(&harness).into_iter().map(|(title, _)| title).collect();
    assert!(found.contains(&"Next.js webhook receiver".to_owned()), "{found:?}");
    assert!(!found.contains(&"WordPress".to_owned()), "{found:?}");
    crate::stage::type_into(&mut harness, "Search recipes", "nosuchtool");
    harness.get_by_label("Nothing here is called nosuchtool");
    press(&mut harness, "Show all");
    assert_eq!(rows(&harness).len(), recipes::all().len() + 9);
}

#[test]
fn search_knows_the_words_of_the_trade() {
    let mut harness = window();
    for (word, title) in [
        ("jwt", "Supabase and a to-do app"),
        ("rls", "Supabase and a to-do app"),
        ("Postgres", "Supabase and a to-do app"),
        ("verify", "Edge workers"),
        ("login", "WordPress"),
        ("wrangler", "Edge workers"),
        ("figma", "Bravo Studio"),
        ("wp-config", "WordPress"),
        ("multipass.ts", "Shopify Multipass"),
        ("sign-in", "Bravo Studio"),
        ("sign-in", "Cloudflare Zero Trust"),
        ("sign-in", "WordPress"),
        ("sign-in", "Any OpenID Connect tool"),
    ] {
        crate::stage::type_into(&mut harness, "Search recipes", word);
        let found = rows(&harness);
        assert!(found.iter().any(|(row, _)| row == title), "{word}: {found:?}");
    }
}

#[test]
fn what_is_called_so_stands_before_what_only_mentions_it() {
    let mut harness = window();
    crate::stage::type_into(&mut harness, "Search recipes", "ngrok");
    let found: Vec<String> = rows(&harness).into_iter().map(|(title, _)| title).collect();
    assert_eq!(found, ["ngrok", "Next.js webhook receiver"]);
}

#[test]
fn escape_empties_the_search_box_and_leaves_it_when_it_is_empty() {
    let mut harness = window();
    crate::stage::type_into(&mut harness, "Search recipes", "zapier");
    let press_escape = |harness: &mut crate::stage::Window| {
        harness.key_press(egui::Key::Escape);
        harness.run_ok();
        let field = harness.get_by_role_and_label(Role::TextInput, "Search recipes");
        (field.accesskit_node().value().unwrap_or_default(), field.is_focused())
    };
    assert_eq!(press_escape(&mut harness), (String::new(), true));
    assert_eq!(rows(&harness).len(), recipes::all().len() + 9);
    assert!(!press_escape(&mut harness).1);
}

#[test]
fn enter_opens_the_first_hit_and_down_leads_to_it() {
    let mut harness = window();
    crate::stage::type_into(&mut harness, "Search recipes", "rls");
    harness.key_press(egui::Key::ArrowDown);
    harness.run_ok();
    assert!(harness.get_by_role_and_label(Role::Button, "Supabase and a to-do app").is_focused());
    crate::stage::type_into(&mut harness, "Search recipes", "wordpress");
    harness.key_press(egui::Key::Enter);
    harness.run_ok();
    let (_, name) = asked(&mut harness, |command| match command {
        Command::Open { name, .. } => Some(name),
        _ => None,
    });
    assert_eq!(name, "wordpress");
}

/// What the page of the recipe that is being opened has the keyboard on, once what is known for its fields came.
fn keyboard(harness: &mut crate::stage::Window) -> Option<String> {
    crate::stage::opened(harness, kinde_panel::backend::recipes::Opened::default());
    let focused = harness.root().children_recursive().find(egui_kittest::Node::is_focused);
    focused.and_then(|node| node.accesskit_node().label())
}

#[test]
fn a_recipe_that_is_opened_by_a_key_leads_the_keyboard_to_what_is_to_be_done_first() {
    let mut harness = window();
    crate::stage::type_into(&mut harness, "Search recipes", "wordpress");
    harness.key_press(egui::Key::Enter);
    harness.run_ok();
    assert_eq!(keyboard(&mut harness).as_deref(), Some("WordPress address"), "it is empty, and needed");
    assert!(harness.query_by_label("Needed for this").is_none(), "nothing was asked for yet");
    crate::stage::type_into(&mut harness, "Search recipes", "zapier");
    harness.key_press(egui::Key::ArrowDown);
    harness.run_ok();
    harness.key_press(egui::Key::Enter);
    harness.run_ok();
    let action = &recipes::find("zapier").unwrap().content().action;
    assert_eq!(keyboard(&mut harness).as_ref(), Some(action), "nothing is needed");
    harness.state_mut().with(|state, cx, actions| state.show("nextjs", cx, actions));
    harness.run_ok();
    assert_eq!(keyboard(&mut harness).as_deref(), Some("Write route.ts"), "as from the palette");
    press(&mut harness, "Bravo Studio");
    let focused = keyboard(&mut harness);
    assert!(focused.is_none_or(|name| name != "Bravo's callback"), "the pointer leads no keyboard");
}

#[test]
fn a_recipe_that_is_opened_from_elsewhere_stands_in_the_list_whatever_was_searched_for() {
    let mut harness = window();
    crate::stage::type_into(&mut harness, "Search recipes", "zapier");
    harness.state_mut().with(|state, cx, actions| state.show("wordpress", cx, actions));
    harness.run_ok();
    assert!(rows(&harness).iter().any(|(title, _)| title == "WordPress"));
}

#[test]
fn what_was_used_last_stands_first_and_each_row_says_how_it_stands() {
    let mut profile = acme();
    let mut used =
        |name, call, ended, at: &str| recipes::remember(&mut profile, name, call, ended, crate::stage::at(at));
    used("wordpress", Call::Check, Ended::Failed, "2026-08-19T10:00:00Z");
    used("openid-provider", Call::Check, Ended::Good, "2026-08-20T10:00:00Z");
    used("nextjs", Call::Generate, Ended::Good, "2026-08-01T10:00:00Z");
    used("campaign-state", Call::Simulate, Ended::Good, "2026-08-02T10:00:00Z");
    used("supabase", Call::Simulate, Ended::Partly, "2026-08-01T09:00:00Z");
    used("trustpath", Call::Check, Ended::Partly, "2026-08-01T08:00:00Z");
    let harness = window_of(Some(profile), Theme::Dark, vec2(1080.0, 1000.0));
    let rows = rows(&harness);
    let first: Vec<(&str, &str)> = rows.iter().map(|(title, word)| (title.as_str(), word.as_str())).collect();
    assert_eq!(first[..3], [("Any OpenID Connect tool", "works"), ("WordPress", "fails"), ("Bravo Studio", "new")]);
    let code = first.iter().position(|row| row.0 == "Marketing campaign tracking").unwrap();
    let wanted = [
        ("Marketing campaign tracking", "simulated"),
        ("Next.js webhook receiver", "generated"),
        ("Supabase and a to-do app", "worked out"),
        ("Fraud detection with TrustPath", "partly checked"),
    ];
    assert_eq!(first[code..code + 4], wanted);
}

#[test]
fn a_recipe_whose_check_warns_is_not_plainly_called_working() {
    let mut profile = acme();
    recipes::remember(&mut profile, "wordpress", Call::Check, Ended::Good, crate::stage::at("2026-08-19T10:00:00Z"));
    recipes::remember_warning(&mut profile, "wordpress");
    let harness = window_of(Some(profile), Theme::Dark, vec2(1080.0, 1000.0));
    assert!(rows(&harness).contains(&("WordPress".to_owned(), "works, warns".to_owned())));
}

#[test]
fn what_has_a_room_of_its_own_tells_how_it_stands_and_leads_there() {
    let mut profile = Profile { public: acme().public, ..acme() };
    profile.remember_app("github", Some("github"));
    let now = crate::stage::at("2026-08-20T12:00:00Z");
    profile.apps[0].last = Some(LastWalk { at: now, ok: true, words: String::new() });
    profile.public.wish = Some(serde_json::json!({"way": "ngrok"}));
    let mut harness = window_of(Some(profile), Theme::Dark, vec2(1080.0, 1000.0));
    let rows = rows(&harness);
    for (title, word) in [("GitHub", "works"), ("GitLab", "new"), ("ngrok", "chosen"), ("localtunnel", "new")] {
        assert!(rows.contains(&(title.to_owned(), word.to_owned())), "{title} {rows:?}");
    }
    for (tool, button, room) in [
        ("Resend SMTP", "Open Email", Room::Email),
        ("GitHub", "Open Connected apps", Room::ConnectedApps),
        ("ngrok", "Open Inspector", Room::Inspector),
    ] {
        press(&mut harness, tool);
        press(&mut harness, button);
        let actions = std::mem::take(&mut harness.state_mut().actions);
        assert!(matches!(actions.as_slice(), [Action::Go(there)] if *there == room), "{tool} {actions:?}");
    }
}

#[test]
fn a_recipe_is_opened_once_and_asks_what_is_kept_for_it() {
    let mut harness = window();
    press(&mut harness, "WordPress");
    let (_, name) = asked(&mut harness, |command| match command {
        Command::Open { name, .. } => Some(name),
        _ => None,
    });
    assert_eq!(name, "wordpress");
    press(&mut harness, "Zapier");
    asked(&mut harness, |command| matches!(command, Command::Open { .. }).then_some(()));
    press(&mut harness, "WordPress");
    assert!(nothing_asked(&mut harness), "its fields are there still");
}

#[test]
fn without_a_profile_the_room_leads_to_the_start() {
    let mut harness = window_of(None, Theme::Light, vec2(1080.0, 700.0));
    harness.get_by_label_contains("Recipes are worked for a tenant");
    press(&mut harness, "Go to Start");
    let actions = std::mem::take(&mut harness.state_mut().actions);
    assert!(matches!(actions.as_slice(), [Action::Go(Room::Start)]), "{actions:?}");
}

#[test]
fn in_a_narrow_window_the_page_takes_the_place_of_the_list_and_gives_it_back() {
    let mut harness = window_of(Some(acme()), Theme::Dark, vec2(520.0, 700.0));
    press(&mut harness, "Zapier");
    assert!(harness.query_by_role_and_label(Role::TextInput, "Search recipes").is_none());
    harness.get_by_role_and_label(Role::Heading, "Zapier");
    press(&mut harness, "All recipes");
    harness.get_by_role_and_label(Role::TextInput, "Search recipes");
}
