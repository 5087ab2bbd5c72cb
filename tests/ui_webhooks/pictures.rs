//! Pictures to look at, and two that are kept.

use crate::stage::{
    Window, answer, at, attempt, caused, click, few, fill, found, last, listed, live, no_list, open, press, refused,
    shop, tell, types, window_of,
};
use egui::Theme;
use kinde_panel::backend::webhooks::{Event, Planned};
use kinde_panel::error::{Category, UserError};
use kinde_panel::kinde::Definition;
use kinde_panel::step::{Step, StepState};
use kinde_panel::tenant::Profile;
use kinde_panel::webhooks::{Why, plan};

#[test]
fn pictures_to_look_at() {
    let Ok(folder) = std::env::var("KINDE_PANEL_PICTURES") else { return };
    for (theme, word) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
        for (wide, high) in [(820.0, 520.0), (1000.0, 700.0), (1280.0, 800.0)] {
            let save = |harness: &mut Window, name: &str| {
                harness.run_ok();
                let image = harness.render().unwrap();
                image.save(std::path::Path::new(&folder).join(format!("{name}_{wide}_{word}.png"))).unwrap();
            };
            let mut harness = window_of(Profile::sandbox(), theme, wide, high);
            answer(&mut harness, listed(Vec::new()), types());
            save(&mut harness, "empty");
            let mut harness = window_of(Profile::sandbox(), theme, wide, high);
            answer(&mut harness, listed(few()), types());
            save(&mut harness, "list");
            open(&mut harness, "webhook_0001");
            save(&mut harness, "editor");
            fill(&mut harness, "Endpoint", "x");
            save(&mut harness, "draft");
            press(&mut harness, "Save…");
            save(&mut harness, "review");
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
            save(&mut harness, "replacing");
            let mut theirs = few()[0].clone();
            theirs.definition.name = "Orders 2".into();
            tell(
                &mut harness,
                job,
                Event::Saved(Err(refused(Why::Changed(Box::new(theirs)), "“Orders” was changed in Kinde meanwhile"))),
            );
            save(&mut harness, "conflict");
            let mut harness = window_of(live(), theme, wide, high);
            let scope = UserError::new(Category::Auth, "The M2M application lacks the scope read:webhooks")
                .detail("A token minted just now does not have it either. HTTP 403. Kinde says: SCOPE_MISSING: This operation requires the scope: read:webhooks")
                .hint("Open the M2M application > APIs > Kinde Management API > Manage scopes, switch on read:webhooks and save, then try again");
            answer(
                &mut harness,
                Event::Listed(Err(scope)),
                no_list("The M2M application lacks the scope read:event_types"),
            );
            save(&mut harness, "scope");
            let mut harness = window_of(live(), theme, wide, high);
            answer(&mut harness, listed(few()), no_list("The M2M application lacks the scope read:event_types"));
            press(&mut harness, "New webhook");
            fill(&mut harness, "Endpoint", "http://localhost:3000/api");
            save(&mut harness, "new");
            press(&mut harness, "Close the editor");
            open(&mut harness, "webhook_0002");
            press(&mut harness, "Delete…");
            save(&mut harness, "delete");
            let mut harness = window_of(Profile::sandbox(), theme, wide, high);
            answer(&mut harness, listed(few()), types());
            click(&mut harness, "Trigger");
            save(&mut harness, "trigger_none");
            click(&mut harness, "role.updated");
            save(&mut harness, "trigger");
            press(&mut harness, "Trigger role.updated");
            let (job, _) = last(&mut harness);
            tell(&mut harness, job, Event::Triggered(Ok(caused())));
            let (watch, _) = last(&mut harness);
            let arrived = vec![attempt(7, "role.updated", at(4), Some("verified"))];
            tell(&mut harness, watch, Event::Arrived(Ok(arrived)));
            save(&mut harness, "trigger_arrived");
            click(&mut harness, "user.authenticated");
            save(&mut harness, "trigger_person");
            click(&mut harness, "Look up");
            fill(&mut harness, "Event ID", "event_018f331a3178f7fef284b95fe6770384");
            press(&mut harness, "Look up");
            let (job, _) = last(&mut harness);
            let mut second = attempt(12, "user.updated", at(9), Some("not_verified"));
            (second.attempt, second.failed) = (2, Some("signature".into()));
            let attempts = vec![second, attempt(11, "user.updated", at(4), Some("verified"))];
            tell(&mut harness, job, Event::Seen(Ok(attempts)));
            tell(&mut harness, job, Event::LookedUp(Ok(found("event_018f331a3178f7fef284b95fe6770384"))));
            save(&mut harness, "lookup");
            let mut harness = window_of(live(), theme, wide, high);
            answer(&mut harness, listed(few()), types());
            press(&mut harness, "More");
            save(&mut harness, "menu");
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
            save(&mut harness, "plan");
            open(&mut harness, "Replace Orders");
            save(&mut harness, "plan_line");
        }
    }
}
