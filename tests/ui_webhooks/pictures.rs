//! The room in pictures: those that are kept, and all of them to look at.

use crate::stage::{
    Window, answer, at, attempt, caused, click, few, fill, found, last, listed, live, no_list, open, press, refused,
    seen, shop, tell, types, window_of,
};
use egui::Theme;
use egui::accesskit::Role;
use egui_kittest::SnapshotResults;
use egui_kittest::kittest::Queryable as _;
use kinde_panel::backend::webhooks::{Event, Planned};
use kinde_panel::error::{Category, UserError};
use kinde_panel::kinde::Definition;
use kinde_panel::step::{Step, StepState};
use kinde_panel::tenant::Profile;
use kinde_panel::webhooks::{Why, plan};

/// How the window is when a scene begins.
type Look = (Theme, f32, f32);

fn sandbox((theme, wide, high): Look) -> Window {
    let mut harness = window_of(Profile::sandbox(), theme, wide, high);
    answer(&mut harness, listed(few()), types());
    harness
}

fn empty((theme, wide, high): Look) -> Window {
    let mut harness = window_of(Profile::sandbox(), theme, wide, high);
    answer(&mut harness, listed(Vec::new()), types());
    harness
}

fn editor(look: Look) -> Window {
    let mut harness = sandbox(look);
    open(&mut harness, "webhook_0001");
    harness
}

/// Name and endpoint are changed, and what will change is shown.
fn diff(look: Look) -> Window {
    let mut harness = editor(look);
    fill(&mut harness, "Name", " 2");
    fill(&mut harness, "Endpoint", "-v2");
    press(&mut harness, "Save…");
    harness
}

fn replacing(look: Look) -> Window {
    let mut harness = diff(look);
    press(&mut harness, "Replace webhook");
    let (job, _) = last(&mut harness);
    for (id, title, state) in [
        ("check", "Read it again, in case it changed", StepState::Done),
        ("journal", "The old one is written down", StepState::Done),
        ("create", "Create the new one", StepState::Done),
        ("listed", "See it listed", StepState::Running),
    ] {
        tell(&mut harness, job, Event::Step(Step::new(id, title, state, at(0)).took_ms(40)));
    }
    harness
}

/// The replacement that was begun is refused.
fn refuse(look: Look, why: Why, title: &str) -> Window {
    let mut harness = diff(look);
    press(&mut harness, "Replace webhook");
    let (job, _) = last(&mut harness);
    tell(&mut harness, job, Event::Saved(Err(refused(why, title))));
    harness
}

fn conflict(look: Look) -> Window {
    let mut theirs = few()[0].clone();
    theirs.definition.name = "Orders of the shop".into();
    refuse(look, Why::Changed(Box::new(theirs)), "“Orders” was changed in Kinde meanwhile")
}

fn limit(look: Look) -> Window {
    refuse(look, Why::Limit, "The plan has no room for another webhook")
}

fn scope((theme, wide, high): Look) -> Window {
    let mut harness = window_of(live(), theme, wide, high);
    let scope = UserError::new(Category::Auth, "The M2M application lacks the scope read:webhooks")
        .detail("A token minted just now does not have it either. HTTP 403. Kinde says: SCOPE_MISSING: This operation requires the scope: read:webhooks")
        .hint("Open the M2M application > APIs > Kinde Management API > Manage scopes, switch on read:webhooks and save, then try again");
    answer(&mut harness, Event::Listed(Err(scope)), no_list("The M2M application lacks the scope read:event_types"));
    harness
}

fn new((theme, wide, high): Look) -> Window {
    let mut harness = window_of(live(), theme, wide, high);
    answer(&mut harness, listed(few()), no_list("The M2M application lacks the scope read:event_types"));
    press(&mut harness, "New webhook");
    fill(&mut harness, "Endpoint", "http://localhost:3000/api");
    harness
}

fn delete((theme, wide, high): Look) -> Window {
    let mut harness = window_of(live(), theme, wide, high);
    answer(&mut harness, listed(few()), types());
    open(&mut harness, "webhook_0002");
    press(&mut harness, "Delete…");
    harness
}

fn left((theme, wide, high): Look) -> Window {
    let profile = live();
    let id = profile.id;
    let mut harness = window_of(profile, theme, wide, high);
    answer(&mut harness, listed(few()), types());
    tell(&mut harness, 1, Event::LeftOver { profile: id, name: "acme".into(), count: 2 });
    harness
}

fn trigger(look: Look) -> Window {
    let mut harness = sandbox(look);
    click(&mut harness, "Trigger");
    click(&mut harness, "role.updated");
    harness
}

fn arrived(look: Look) -> Window {
    let mut harness = trigger(look);
    press(&mut harness, "Trigger role.updated");
    let (job, _) = last(&mut harness);
    tell(&mut harness, job, Event::Triggered(Ok(caused())));
    let (watch, _) = last(&mut harness);
    let arrived = vec![attempt(7, "role.updated", at(4), Some("verified"))];
    tell(&mut harness, watch, Event::Arrived(Ok(arrived)));
    harness
}

fn a_person(look: Look) -> Window {
    let mut harness = trigger(look);
    click(&mut harness, "user.authenticated");
    harness
}

fn lookup(look: Look) -> Window {
    let mut harness = sandbox(look);
    click(&mut harness, "Look up");
    fill(&mut harness, "Event ID", "event_018f331a3178f7fef284b95fe6770384");
    press(&mut harness, "Look up");
    let (job, _) = last(&mut harness);
    let mut second = attempt(12, "user.updated", at(9), Some("not_verified"));
    (second.attempt, second.failed) = (2, Some("signature".into()));
    let attempts = vec![second, attempt(11, "user.updated", at(4), Some("verified"))];
    tell(&mut harness, job, Event::Seen(Ok(attempts)));
    tell(&mut harness, job, Event::LookedUp(Ok(found("event_018f331a3178f7fef284b95fe6770384"))));
    harness
}

fn planned((theme, wide, high): Look) -> Window {
    let mut harness = window_of(live(), theme, wide, high);
    answer(&mut harness, listed(few()), types());
    press(&mut harness, "More");
    click(&mut harness, "Import a file as a plan…");
    let (job, _) = last(&mut harness);
    let mut wanted: Vec<Definition> = few().into_iter().take(2).map(|it| it.definition).collect();
    wanted[0].endpoint = "https://new.acme.com/orders".into();
    wanted.push(shop().definition);
    let mut wrong = shop().definition;
    (wrong.name, wrong.endpoint) = ("Dev".into(), "http://127.0.0.1:3000".into());
    wanted.push(wrong);
    let items = plan(&few(), &wanted, false);
    tell(&mut harness, job, Event::Planned(Ok(Some(Planned { file: "webhooks-staging.json".into(), items }))));
    harness
}

/// A row that nothing but its own coming drew had no place: a click on it went to infinity.
#[test]
fn a_row_of_a_plan_that_just_came_is_where_it_says_and_is_chosen_by_a_click() {
    let mut harness = planned((Theme::Light, 820.0, 520.0));
    let row = harness.get_by_role_and_label(Role::Row, "Replace Orders").rect();
    assert!(row.is_finite() && row.is_positive(), "{row:?}");
    assert!(!seen(&harness, "new.acme.com"));
    open(&mut harness, "Replace Orders");
    assert!(seen(&harness, "new.acme.com"), "what the line does is told");
}

type Scene = fn(Look) -> Window;

const SCENES: [(&str, Scene); 16] = [
    ("table", sandbox),
    ("empty", empty),
    ("editor", editor),
    ("diff", diff),
    ("replacing", replacing),
    ("conflict", conflict),
    ("limit", limit),
    ("scope", scope),
    ("new", new),
    ("delete", delete),
    ("left", left),
    ("trigger", trigger),
    ("arrived", arrived),
    ("person", a_person),
    ("lookup", lookup),
    ("plan", planned),
];

#[test]
fn pictures_to_look_at() {
    let Ok(folder) = std::env::var("KINDE_PANEL_PICTURES") else { return };
    for (name, scene) in SCENES {
        for (theme, word) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
            for (wide, high) in [(820.0, 520.0), (1000.0, 700.0), (1280.0, 800.0)] {
                let image = scene((theme, wide, high)).render().unwrap();
                image.save(std::path::Path::new(&folder).join(format!("{name}_{wide}_{word}.png"))).unwrap();
            }
        }
    }
}

#[test]
fn the_room_looks_as_it_was_judged() {
    let (dark, light) = (Theme::Dark, Theme::Light);
    let mut results = SnapshotResults::new();
    let mut keep = |name: &str, scene: Scene, look: Look, word: &str| {
        let mut window = scene(look);
        crate::common::picture(&mut window, format!("webhooks_{name}_{word}"));
        results.extend_harness(&mut window);
    };
    let whole: [(&str, Scene, bool); 7] = [
        ("table", sandbox, true),
        ("diff", diff, true),
        ("conflict", conflict, true),
        ("limit", limit, false),
        ("lookup", lookup, false),
        ("arrived", arrived, true),
        ("scope", scope, false),
    ];
    for (name, scene, both) in whole {
        keep(name, scene, (dark, 1000.0, 700.0), "dark");
        if both {
            keep(name, scene, (light, 1000.0, 700.0), "light");
        }
    }
    keep("table", sandbox, (light, 820.0, 520.0), "small");
    keep("diff", diff, (dark, 820.0, 520.0), "small");
    keep("arrived", arrived, (light, 820.0, 520.0), "small");
}
