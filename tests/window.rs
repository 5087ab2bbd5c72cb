//! The panel in a real window, driven as a person and a screen reader do: by the names of its controls, with consent
//! given in a real Chromium that the panel opened through the system.
//!
//! Each test runs one scenario of `tests/window/` on a private desktop (`tests/tools/desktop.sh`). They need the packages
//! that `tests/run` installs, so a plain `cargo test` leaves them out; `tests/run` runs them.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test may stop at the first surprise"
)]

use std::path::Path;
use std::process::Command;

/// Runs a scenario with the built program; its output is the message of a failure.
fn scenario(name: &str) {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let output = Command::new(tests.join("tools/desktop.sh"))
        .arg("/usr/bin/python3")
        .arg(tests.join("window/scenarios.py"))
        .arg(name)
        .env("KINDE_PANEL", env!("CARGO_BIN_EXE_kinde-panel"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("bash");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{name}:\n{said}");
    println!("{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
#[ignore = "needs a screen: tests/run runs it"]
fn at_most_three_clicks_on_the_sandbox_end_with_a_proved_token_that_can_be_revoked() {
    scenario("allow");
}

#[test]
#[ignore = "needs a screen: tests/run runs it"]
fn a_person_who_pressed_deny_is_told_at_once_and_what_to_do() {
    scenario("deny");
}

#[test]
#[ignore = "needs a screen: tests/run runs it"]
fn where_a_deny_cannot_be_seen_the_wait_says_so_and_can_be_cancelled() {
    scenario("deny_unseen");
}

#[test]
#[ignore = "needs a screen: tests/run runs it"]
fn a_walk_nobody_answers_ends_by_itself_and_says_so() {
    scenario("timeout");
}

#[test]
#[ignore = "needs a screen: tests/run runs it"]
fn a_secret_typed_into_a_profile_is_in_the_keyring_and_nowhere_else() {
    scenario("canary");
}

#[test]
#[ignore = "needs a screen: tests/run runs it"]
fn the_window_opens_where_there_is_no_d_bus_at_all() {
    scenario("no_bus");
}

#[test]
#[ignore = "needs a screen: tests/run runs it"]
fn where_no_keyring_is_found_the_panel_says_so_works_and_asks_before_it_leaves_secrets_behind() {
    scenario("no_keyring");
}

#[test]
#[ignore = "needs a screen: tests/run runs it"]
fn a_small_window_says_why_the_panel_cannot_start() {
    scenario("cannot_start");
}

#[test]
#[ignore = "needs a screen: tests/run runs it"]
fn theme_and_zoom_are_there_again_after_the_system_ended_the_panel() {
    scenario("prefs");
}

#[test]
#[ignore = "needs a screen: tests/run runs it"]
fn a_room_nobody_touches_draws_no_frame() {
    scenario("idle");
}

#[test]
#[ignore = "needs a screen: tests/run runs it"]
fn a_webhook_is_created_updated_replaced_deleted_and_undone() {
    scenario("webhooks");
}

#[test]
#[ignore = "needs a screen: tests/run runs it"]
fn in_the_sandbox_room_a_refused_event_is_tried_again_the_key_changes_and_the_plan_is_used_up() {
    scenario("sandbox_room");
}

#[test]
#[ignore = "needs a screen: tests/run runs it"]
fn the_connect_command_opens_the_browser_itself_and_proves_the_token() {
    scenario("command_allow");
}

#[test]
#[ignore = "needs a screen: tests/run runs it"]
fn the_connect_command_says_that_a_deny_cannot_be_told_from_silence() {
    scenario("command_deny");
}

#[test]
#[ignore = "needs a screen: tests/run runs it"]
fn the_connect_command_walks_and_revokes_on_the_tenant_of_the_variables() {
    scenario("command_variables");
}

#[test]
#[ignore = "belongs to the window: tests/run runs it"]
fn without_a_display_one_line_names_what_is_missing_and_the_headless_way() {
    for display in [None, Some(":987")] {
        let data = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_kinde-panel"));
        command.arg("--data-dir").arg(data.path());
        for variable in ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"] {
            command.env_remove(variable);
        }
        if let Some(display) = display {
            command.env("DISPLAY", display);
        }
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{display:?}: {said}");
        assert_eq!(said.lines().count(), 1, "{display:?}: {said}");
        assert!(said.contains("DISPLAY") && said.contains("kinde-panel "), "{display:?}: {said}");
        assert!(output.stdout.is_empty(), "{display:?}");
    }
}

#[test]
#[ignore = "needs a screen: tests/run runs it"]
fn in_the_email_room_the_sandbox_s_server_is_checked_written_to_and_its_message_read() {
    scenario("email");
}

#[test]
#[ignore = "needs a screen: tests/run runs it"]
fn the_inspector_receives_what_the_sandbox_signs() {
    scenario("inspector");
}

#[test]
#[ignore = "needs a screen: tests/run runs it"]
fn each_recipe_is_made_and_opened_in_both_themes_one_is_registered_and_walked_and_files_are_saved() {
    scenario("recipes");
}

#[test]
#[ignore = "needs a screen: tests/run runs it"]
fn two_clicks_on_the_sandbox_send_its_events_here_and_stop_leaves_its_webhooks_as_they_were() {
    scenario("sending");
}

#[test]
#[ignore = "needs a screen: tests/run runs it"]
fn an_attempt_shows_its_ladder_its_bytes_and_why_it_was_refused_and_is_replayed() {
    scenario("attempt");
}
