//! How the widgets behave under a keyboard and a screen reader.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may stop at the first surprise")]

use egui::accesskit::Role;
use egui::{Key, Modifiers, Ui, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use kinde_panel::check::Check;
use kinde_panel::secrets::Secret;
use kinde_panel::ui::{
    Answer, Button, Callout, Col, Confirm, ListRow, Load, LoadView, PaletteAnswer, PaletteItem, PaletteState,
    SecretDraft, Table, check_list, checkbox, combo, copy_button, palette, primary_button, secondary_button,
    secret_row, secret_value, text_field, theme, toggle,
};

fn harness<S>(state: S, ui: impl FnMut(&mut Ui, &mut S) + 'static) -> Harness<'static, S> {
    let mut harness = Harness::builder()
        .with_size(vec2(700.0, 400.0))
        .with_os(egui::os::OperatingSystem::Nix)
        .with_context_setup(theme::install)
        .build_ui_state(ui, state);
    harness.run();
    harness
}

/// Every text of the accessibility tree: names, values, descriptions.
fn tree_text<S>(harness: &Harness<'_, S>) -> String {
    let nodes = harness.root().children_recursive();
    nodes.map(|node| format!("{:?}\n", node.accesskit_node().data())).collect()
}

#[test]
fn tab_goes_through_the_controls_in_the_order_they_stand_and_space_presses() {
    let mut harness = harness((false, false, 0), |ui, (ticked, switched, pressed)| {
        if primary_button(ui, "Connect").clicked() {
            *pressed += 1;
        }
        Button::secondary("Off").enabled_or(false, "Choose a user first").show(ui);
        checkbox(ui, ticked, "Remember");
        toggle(ui, switched, "Record");
    });
    for (name, _) in [("Connect", 0), ("Remember", 1), ("Record", 2)] {
        harness.key_press(Key::Tab);
        harness.run();
        assert!(harness.get_by_label(name).is_focused(), "{name}");
        harness.key_press(Key::Space);
        harness.run();
    }
    assert_eq!(*harness.state(), (true, true, 1));
}

#[test]
fn what_tab_leads_to_is_scrolled_into_sight_and_back_again() {
    let mut harness = harness((String::new(), false), |ui, (text, ticked)| {
        egui::ScrollArea::vertical().show(ui, |ui| {
            secondary_button(ui, "First");
            ui.add_space(900.0);
            secondary_button(ui, "Below");
            ui.add_space(900.0);
            checkbox(ui, ticked, "Tick");
            ui.add_space(900.0);
            text_field(ui, "Type", "", text);
            ui.add_space(900.0);
            ListRow::new("Row").show(ui);
            ui.add_space(900.0);
            combo(ui, "Choose", "one", 200.0, |_| {});
            ui.add_space(900.0);
        });
    });
    let names = ["First", "Below", "Tick", "Type", "Row", "Choose"];
    let seen = |harness: &Harness<'_, (String, bool)>, name: &str| {
        let node = harness.get_by_label(name);
        assert!(node.is_focused(), "{name}");
        let rect = node.rect();
        assert!(rect.top() >= 0.0 && rect.bottom() <= 400.0, "{name} is out of sight: {rect:?}");
    };
    for name in names {
        harness.key_press(Key::Tab);
        harness.run();
        seen(&harness, name);
    }
    for name in names.into_iter().rev().skip(1) {
        harness.key_press_modifiers(Modifiers::SHIFT, Key::Tab);
        harness.run();
        seen(&harness, name);
    }
}

#[test]
fn a_disabled_button_tells_a_screen_reader_why() {
    let harness = harness((), |ui, ()| {
        Button::primary("Connect").enabled_or(false, "Choose a user first").show(ui);
    });
    let node = harness.get_by_label("Connect");
    assert!(node.accesskit_node().is_disabled());
    assert!(tree_text(&harness).contains("Choose a user first"));
}

#[test]
fn a_secret_is_in_the_accessibility_tree_neither_typed_nor_kept_nor_revealed() {
    let mut draft = SecretDraft::default();
    draft.set(&Secret::new("canary-7f3a-typed"));
    let mut harness = harness(draft, |ui, draft| {
        secret_row(ui, "Client secret", None, None, draft);
        secret_value(ui, "access token", &Secret::new("canary-7f3a-kept-and-long-enough"));
    });
    let eye = harness.get_by_label("Hold to reveal Client secret").rect().center();
    for held in [false, true] {
        if held {
            harness.drag_at(eye);
            harness.run();
        }
        assert!(!tree_text(&harness).contains("canary-7f3a"), "held: {held}");
    }
}

#[test]
fn a_saved_secret_cannot_be_brought_back_with_undo() {
    let mut harness = harness((SecretDraft::default(), false), |ui, (draft, save)| {
        if std::mem::take(save) {
            assert_eq!(draft.take().expose(), "hunter2");
        }
        secret_row(ui, "Client secret", None, None, draft);
    });
    harness.get_by_role_and_label(Role::PasswordInput, "Client secret").focus();
    harness.run();
    harness.get_by_role_and_label(Role::PasswordInput, "Client secret").type_text("hunter2");
    harness.run();
    harness.state_mut().1 = true;
    harness.run();
    harness.key_press_modifiers(egui::Modifiers::COMMAND, Key::Z);
    harness.run();
    assert!(harness.state().0.is_empty());
}

#[test]
fn a_copy_button_puts_the_text_on_the_clipboard_and_says_so_on_itself() {
    let mut harness = harness((), |ui, ()| {
        copy_button(ui, "Copy token", || "gho_abc".to_owned());
    });
    harness.get_by_label("Copy token").click();
    harness.step();
    let copied = harness
        .output()
        .platform_output
        .commands
        .iter()
        .any(|command| matches!(command, egui::OutputCommand::CopyText(text) if text == "gho_abc"));
    assert!(copied);
    // It settles all the same, and keeps its name.
    harness.run();
    harness.get_by_label("Copy token");
}

#[test]
fn a_question_gives_cancel_the_keyboard_and_escape_answers_no() {
    let mut harness = harness((true, None), |ui, (open, answer)| {
        if *open {
            *answer = Confirm::new("Delete webhook dev?", "Delete webhook").show(ui.ctx());
            *open = answer.is_none();
        }
    });
    assert!(harness.get_by_label("Cancel").is_focused());
    harness.key_press(Key::Escape);
    harness.run();
    assert_eq!(harness.state(), &(false, Some(Answer::Cancelled)));
}

#[test]
fn a_table_is_one_stop_for_tab_and_the_arrows_choose_its_rows() {
    let mut harness = harness((None, None), |ui, (chosen, opened)| {
        let columns = [Col::exact("Type", 120.0), Col::rest("Who")];
        let ids = ["evt_1", "evt_2", "evt_3"];
        let key = |index: usize| ids.get(index).copied().unwrap_or_default().to_owned();
        let answer = Table::new("Events", &columns).selected(*chosen).show(ui, 3, key, |cells, _| {
            cells.text("user.created");
        });
        *chosen = answer.chosen.or(*chosen);
        *opened = answer.opened.or(*opened);
        secondary_button(ui, "After");
    });
    harness.key_press(Key::Tab);
    harness.run();
    for _ in 0..2 {
        harness.key_press(Key::ArrowDown);
        harness.run();
    }
    harness.key_press(Key::Enter);
    harness.run();
    assert_eq!(*harness.state(), (Some(1), Some(1)));
    harness.key_press(Key::Tab);
    harness.run();
    assert!(harness.get_by_label("After").is_focused());
    harness.get_by_label("evt_3").click();
    harness.run();
    assert_eq!(harness.state().0, Some(2));
}

#[test]
fn the_palette_is_driven_by_keys_alone_and_passes_over_what_cannot_be_done() {
    let mut harness = harness((PaletteState::default(), PaletteAnswer::Open), |ui, (state, answer)| {
        if *answer == PaletteAnswer::Open {
            let item = |name, enabled| PaletteItem { name, hint: "", shortcut: "", enabled };
            let items = [item("Connect", true), item("Revoke", false), item("Check again", true)];
            *answer = palette(ui.ctx(), state, &items);
        }
    });
    harness.key_press(Key::ArrowDown);
    harness.run();
    harness.key_press(Key::Enter);
    harness.run();
    assert_eq!(harness.state().1, PaletteAnswer::Run(2));
}

#[test]
fn loading_says_so_only_after_a_moment_and_then_stands_still() {
    let mut harness = Harness::builder().with_context_setup(theme::install).with_step_dt(0.05).build_ui_state(
        |ui, load| {
            LoadView::new("Reading users…").show(ui, load, |_, _| {});
        },
        Load::<u8>::Idle,
    );
    harness.state_mut().start();
    harness.step();
    assert!(harness.query_by_label("Reading users…").is_none());
    harness.run_steps(5);
    assert!(harness.query_by_label("Reading users…").is_some());
    harness.run();
}

#[test]
fn a_name_between_backticks_is_read_out_without_them() {
    let harness = harness((), |ui, ()| {
        kinde_panel::ui::prose(ui, "Give it `read:users`");
        Callout::warn("`aud` is missing").text("Pass `audience` when signing in").show(ui);
        let check = Check::fail("scopes", "It has no `read:keys`", "Add `read:keys` in Kinde").seen("`openid` alone");
        check_list(ui, "a", "Connect needs `read:keys`", &[check]);
    });
    let text = tree_text(&harness);
    assert!(!text.contains('`'), "{text}");
    for words in [
        "Give it read:users",
        "aud is missing",
        "Pass audience when",
        "Connect needs read:keys",
        "It has no read:keys",
        "Add read:keys in",
        "openid alone",
    ] {
        assert!(text.contains(words), "{words}");
    }
}

#[test]
fn a_row_whose_columns_reach_past_the_edge_is_told_as_wide_as_it_is_seen() {
    let harness = harness((), |ui, ()| {
        let columns = [Col::exact("Time", 500.0), Col::exact("Who", 500.0)];
        Table::new("rows", &columns).show(ui, 1, |_| "row_1".to_owned(), |cells, _| cells.text("12:04"));
    });
    let bounds = harness.get_by_role_and_label(Role::Row, "row_1").rect();
    assert!(bounds.max.x <= 700.0 && bounds.width() > 600.0, "{bounds:?}");
}
