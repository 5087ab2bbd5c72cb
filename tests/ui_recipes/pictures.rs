//! The room in pictures: the page of each recipe in both themes, and the states that matter.

use crate::common::picture;
use crate::stage::*;
use egui::{Theme, Vec2, vec2};
use egui_kittest::SnapshotResults;
use egui_kittest::kittest::Queryable as _;
use kinde_panel::backend::recipes::{Command, Event, Saved};
use kinde_panel::recipes::{self, Call, Ended};

const WINDOW: Vec2 = vec2(1080.0, 820.0);

fn both(name: &str, draw: impl Fn(Theme) -> Window) {
    both_into(&mut SnapshotResults::new(), name, draw);
}

fn both_into(results: &mut SnapshotResults, name: &str, draw: impl Fn(Theme) -> Window) {
    for (theme, word) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
        let mut harness = draw(theme);
        harness.run_ok();
        picture(&mut harness, format!("recipes_{name}_{word}"));
        results.extend_harness(&mut harness);
    }
}

/// The page once its files and values are made.
fn made(name: &str, theme: Theme) -> Window {
    let mut harness = page_of(acme(), name, theme, WINDOW);
    typed(&mut harness, name);
    make(&mut harness, &recipes::find(name).unwrap().content().action);
    harness
}

#[test]
fn the_page_of_each_recipe_as_it_opens() {
    let mut results = SnapshotResults::new();
    for recipe in recipes::all() {
        let name = recipe.content().name.as_str();
        both_into(&mut results, name, |theme| page_of(acme(), name, theme, WINDOW));
    }
}

#[test]
fn a_file_in_its_inks() {
    both("made_nextjs", |theme| {
        let mut harness = made("nextjs", theme);
        harness.set_size(vec2(1080.0, 1000.0));
        harness
    });
}

#[test]
fn values_and_what_will_change() {
    both("plan", |theme| {
        let mut harness = page_of(acme(), "openid-provider", theme, WINDOW);
        typed(&mut harness, "openid-provider");
        press(&mut harness, "Register the callback");
        let actions = std::mem::take(&mut harness.state_mut().actions);
        for action in actions {
            let kinde_panel::action::Action::Run(job, kinde_panel::backend::Command::Recipes(command)) = action else {
                continue;
            };
            match command {
                Command::Plan(_) => tell(&mut harness, job, Event::Planned(Ok(Box::new(planned("add"))))),
                Command::Run(ask) => tell(&mut harness, job, Event::Made(Ok(Box::new(really_made(&ask))))),
                _ => {}
            }
        }
        harness
    });
}

#[test]
fn steps_with_their_copies() {
    both("steps", |theme| {
        let mut harness = made("cloudflare-zero-trust", theme);
        tab(&mut harness, "Steps");
        harness
    });
}

#[test]
fn checks_of_which_one_fails() {
    both("checks", |theme| {
        let mut profile = acme();
        let at = at("2026-08-20T12:04:31Z");
        recipes::remember(&mut profile, "nextjs", Call::Check, Ended::Failed, at);
        recipes::remember(&mut profile, "wordpress", Call::Check, Ended::Good, at);
        recipes::remember(&mut profile, "zapier", Call::Simulate, Ended::Good, at);
        recipes::remember(&mut profile, "supabase", Call::Generate, Ended::Good, at);
        recipes::remember(&mut profile, "openid-provider", Call::Check, Ended::Partly, at);
        recipes::remember(&mut profile, "trustpath", Call::Simulate, Ended::Partly, at);
        let mut harness = page_of(profile, "nextjs", theme, WINDOW);
        type_into(&mut harness, "The route's address", "http://localhost:3000/api/kinde-webhook");
        press(&mut harness, "Check");
        let (job, _) = call(&mut harness);
        tell(&mut harness, job, Event::Judged(Ok(Box::new(outcome(false)))));
        harness
    });
}

#[test]
fn the_table_of_a_simulation() {
    both("table", |theme| {
        let mut harness = page_of(acme(), "trustpath", theme, vec2(1080.0, 1000.0));
        choose(&mut harness, "Simulate on this machine");
        let (job, ask) = call(&mut harness);
        tell(&mut harness, job, Event::Judged(Ok(Box::new(really_simulated(&ask)))));
        harness
    });
}

#[test]
fn where_the_guide_errs() {
    both("guide", |theme| {
        let mut harness = page_of(acme(), "nextjs", theme, WINDOW);
        tab(&mut harness, "Guide");
        harness
    });
}

#[test]
fn a_narrow_window() {
    both("narrow", |theme| {
        let mut harness = page_of(acme(), "wordpress", theme, vec2(500.0, 700.0));
        press(&mut harness, "Write the constants");
        harness
    });
}

#[test]
fn the_dialog_that_saves_and_a_room_elsewhere() {
    let mut results = SnapshotResults::new();
    both_into(&mut results, "save", |theme| {
        let mut harness = made("supabase", theme);
        press_save(&mut harness);
        harness
    });
    both_into(&mut results, "save_there", |theme| {
        let mut harness = made("supabase", theme);
        press_save(&mut harness);
        type_into(&mut harness, "Folder", "/home/ada/app");
        press(&mut harness, "Save");
        let (job, paths) = asked(&mut harness, |command| match command {
            Command::Save { files, .. } => Some(files.into_iter().map(|file| file.path).collect::<Vec<_>>()),
            _ => None,
        });
        let there = paths.into_iter().filter(|path| path.starts_with(".env") || path.starts_with("lib/")).collect();
        tell(&mut harness, job, Event::Saved(Ok(Saved::There(there))));
        harness
    });
    both_into(&mut results, "elsewhere", |theme| {
        let mut harness = window_of(Some(acme()), theme, WINDOW);
        press(&mut harness, "Resend SMTP");
        harness.get_by_label("Kinde's guide");
        harness
    });
}
