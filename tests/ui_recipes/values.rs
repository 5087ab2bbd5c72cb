//! The values of a recipe: their names, their order, and what of them is only to be read.

use crate::stage::*;
use egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;
use kinde_panel::backend::recipes::Event;
use kinde_panel::recipes::{self, Outcome};
use kinde_panel::ui::tokens::text;

fn made(name: &str) -> Window {
    let mut harness = page(name);
    typed(&mut harness, name);
    make(&mut harness, &recipes::find(name).unwrap().content().action);
    harness
}

#[test]
fn no_name_of_a_value_is_cut_where_there_is_room() {
    for (recipe, names) in [
        ("wordpress", ["Token validation endpoint URL", "End session endpoint URL"]),
        ("openid-provider", ["Token endpoint auth method", "Authorization endpoint"]),
    ] {
        let harness = made(recipe);
        for name in names {
            let font = egui::FontId::proportional(text::BODY);
            let words = name.to_owned();
            let laid = harness.ctx.fonts_mut(|fonts| fonts.layout_no_wrap(words, font, egui::Color32::PLACEHOLDER));
            let shown = harness.get_by_label(name).rect().width();
            assert!(shown >= laid.size().x - 1.0, "{name} is {shown} points wide of {}", laid.size().x);
        }
    }
}

#[test]
fn values_stand_in_the_order_of_the_tool_s_form_and_by_its_names() {
    let mut harness = made("cloudflare-zero-trust");
    let top = |harness: &Window, name: &str| harness.get_by_label(name).rect().top();
    let form = ["Callback URL", "Name", "App ID", "Auth URL", "Token URL", "Certificate URL", "Scopes", "Email claim"];
    let tops: Vec<f32> = form.iter().map(|name| top(&harness, name)).collect();
    assert!(tops.is_sorted(), "{tops:?}");
    assert!(top(&harness, "API call") > top(&harness, "Email claim"), "what belongs to no field stands behind");
    assert!(harness.query_by_label("Client ID").is_none());
    tab(&mut harness, "Steps");
    harness.get_by_role_and_label(Role::Button, "Copy App ID");
}

#[test]
fn a_remark_among_the_values_is_read_and_not_copied() {
    let mut harness = page("zapier");
    choose(&mut harness, "Simulate on this machine");
    let (job, _) = call(&mut harness);
    let mut found = Outcome { checks: outcome(true).checks, ..Outcome::default() };
    let remark = "The panel's own, by the rules of the generated code";
    found.values.insert("receiver".to_owned(), remark.into());
    found.values.insert("issuer".to_owned(), "https://acme.kinde.com".into());
    tell(&mut harness, job, Event::Judged(Ok(Box::new(found))));
    harness.get_by_label(remark);
    assert!(harness.query_by_label("Copy Receiver").is_none());
    harness.get_by_label("Copy Issuer");
}

#[test]
fn what_comes_with_the_files_is_told_in_the_steps_and_is_no_button() {
    let mut harness = page("edge-workers");
    tab(&mut harness, "Steps");
    assert!(harness.query_all_by_label("Comes with Write the worker").next().is_some());
    assert!(harness.query_all_by_role_and_label(Role::Button, "Comes with Write the worker").next().is_none());
}
