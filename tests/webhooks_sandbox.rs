//! `webhooks`, `trigger` and `event` as a process on the sandbox.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

use std::path::Path;
use std::process::{Command, Output, Stdio};

use kinde_panel::kinde::event_types::{Cause, known};
use serde_json::{Value, json};

fn run(dir: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kinde-panel"))
        .args(args)
        .args(["--json", "--data-dir"])
        .arg(dir)
        .env_remove("KINDE_DOMAIN")
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// The one object a command that went well prints.
fn good(dir: &Path, args: &[&str]) -> Value {
    let output = run(dir, args);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {output:?}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{args:?}: no one object: {output:?}"))
}

/// The error of a command that was refused with this exit code.
fn refused(dir: &Path, code: i32, args: &[&str]) -> Value {
    let output = run(dir, args);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {output:?}");
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(value["error"]["title"].is_string(), "{value}");
    value["error"].clone()
}

const URL: &str = "http://127.0.0.1:9/kinde";

fn create<'a>(name: &'a str, endpoint: &'a str) -> Vec<&'a str> {
    vec!["webhooks", "create", "--name", name, "--endpoint", endpoint, "--event", "user.created", "user.updated"]
}

#[test]
fn a_webhook_is_created_listed_changed_replaced_and_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let created = good(dir, &create("Orders", URL));
    let id = created["webhook"]["id"].as_str().unwrap().to_owned();
    assert!(id.starts_with("webhook_") && created["webhook"]["endpoint"] == URL, "{created}");

    let listed = good(dir, &["webhooks", "list"]);
    assert_eq!(listed["webhooks"][0]["event_types"], json!(["user.created", "user.updated"]));

    let updated = good(dir, &["webhooks", "update", &id, "--name", "Shop", "--description", "for the shop"]);
    assert_eq!(updated["webhook"]["id"], *id);
    assert!(good(dir, &["webhooks", "update", &id, "--name", "Shop"])["unchanged"].is_object());

    let replaced = good(dir, &["webhooks", "update", &id, "--endpoint", "http://localhost:9/other"]);
    let new = replaced["replaced"]["new"].as_str().unwrap().to_owned();
    assert_eq!(replaced, json!({"replaced": {"old": id, "new": new}}));
    let listed = good(dir, &["webhooks", "list"]);
    assert_eq!(listed["webhooks"].as_array().unwrap().len(), 1);
    let now = &listed["webhooks"][0];
    assert_eq!(
        (&now["id"], &now["name"], &now["description"], &now["endpoint"]),
        (&json!(new), &json!("Shop"), &json!("for the shop"), &json!("http://localhost:9/other"))
    );

    let without = good(dir, &["webhooks", "update", &new, "--description", ""]);
    assert_eq!(without["webhook"]["id"], *new);
    assert!(good(dir, &["webhooks", "list"])["webhooks"][0]["description"].is_null());

    refused(dir, 3, &["webhooks", "delete", &id]);
    good(dir, &["webhooks", "delete", &new]);
    assert_eq!(good(dir, &["webhooks", "list"])["webhooks"], json!([]));
}

#[test]
fn what_cannot_be_is_refused_with_the_right_exit_code() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    for endpoint in ["http://hooks.acme.com/", "hooks.acme.com", "ftp://127.0.0.1/", ""] {
        let error = refused(dir, 2, &create("Orders", endpoint));
        assert!(!error["hint"].as_str().unwrap().is_empty(), "{error}");
    }
    refused(dir, 2, &["webhooks", "update", "webhook_1"]);
    refused(dir, 2, &["webhooks", "create", "--name", "a", "--endpoint", URL]);
    let error = refused(dir, 2, &["webhooks", "delete", "event_018f331a3178f7fef284b95fe6770384"]);
    assert!(error["detail"].as_str().unwrap().contains("Event ID"), "{error}");
    refused(dir, 3, &["webhooks", "delete", "webhook_nothere"]);
    // A type that the tenant's own list does not name, wherever it is written.
    let id = good(dir, &create("Orders", URL))["webhook"]["id"].as_str().unwrap().to_owned();
    for words in [
        &["webhooks", "create", "--name", "a", "--endpoint", URL, "--event", "user.exploded"][..],
        &["webhooks", "update", &id, "--event", "user.created", "user.exploded"],
        &["trigger", "user.exploded"],
    ] {
        let error = refused(dir, 2, words);
        assert!(error["detail"].as_str().unwrap().contains("user.exploded") || words[0] == "trigger", "{error}");
    }
    let file = dir.join("plan.json");
    let wanted = json!([{"name": "b", "endpoint": URL, "event_types": ["user.created", "user.exploded"]}]);
    std::fs::write(&file, wanted.to_string()).unwrap();
    for command in ["plan", "apply"] {
        let output = run(dir, &["webhooks", command, file.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(1), "{command}: {output:?}");
        assert!(String::from_utf8_lossy(&output.stdout).contains("user.exploded"), "{command}: {output:?}");
    }
    assert_eq!(good(dir, &["webhooks", "list"])["webhooks"].as_array().unwrap().len(), 1, "nothing was applied");
    refused(dir, 2, &["event", "webhook_1"]);
    refused(dir, 3, &["event", "event_018f331a3178f7fef284b95fe6770384"]);
    refused(dir, 3, &["webhooks", "plan", "no-such-file.json"]);
}

#[test]
fn the_tenants_event_types_are_its_own_answer() {
    let dir = tempfile::tempdir().unwrap();
    let types = good(dir.path(), &["webhooks", "types"]);
    let codes: Vec<&str> =
        types["event_types"].as_array().unwrap().iter().map(|it| it["code"].as_str().unwrap()).collect();
    assert!(known().iter().all(|it| codes.contains(&it.event_type.as_str())), "{codes:?}");
}

#[test]
fn a_set_up_is_exported_planned_and_applied() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    for (name, url) in [("keep", "http://127.0.0.1:9/keep"), ("move", "http://127.0.0.1:9/move"), ("drop", URL)] {
        good(dir, &create(name, url));
    }
    let file = dir.join("webhooks.json");
    let path = file.to_str().unwrap();
    assert_eq!(good(dir, &["webhooks", "export", path]), json!({"count": 3, "file": path}));
    let keeps = good(dir, &["webhooks", "plan", path]);
    assert!(keeps["plan"].as_array().unwrap().iter().all(|it| it["do"] == "keep"), "{keeps}");

    let mut document: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let list = document["webhooks"].as_array_mut().unwrap();
    list.retain(|it| it["name"] != "drop");
    for it in list.iter_mut().filter(|it| it["name"] == "move") {
        it["endpoint"] = "http://127.0.0.1:9/moved".into();
    }
    list.push(json!({"name": "new", "endpoint": "http://127.0.0.1:9/new", "event_types": ["user.deleted"]}));
    std::fs::write(&file, document.to_string()).unwrap();
    let plan = good(dir, &["webhooks", "plan", path]);
    let deeds = |value: &Value| -> Vec<(String, String)> {
        let text = |it: &Value, name: &str| it[name].as_str().unwrap().to_owned();
        let mut all: Vec<_> = value.as_array().unwrap().iter().map(|it| (text(it, "name"), text(it, "do"))).collect();
        all.sort();
        all
    };
    let expected = [("drop", "delete"), ("keep", "keep"), ("move", "replace"), ("new", "create")];
    let expected = expected.map(|(name, deed)| (name.to_owned(), deed.to_owned()));
    assert_eq!(deeds(&plan["plan"]), expected);
    let output = run(dir, &["webhooks", "apply", path]);
    let said = String::from_utf8_lossy(&output.stderr);
    for step in ["✔ move: Create the new one", "✔ new: Create the webhook", "✔ drop: Delete the webhook"] {
        assert!(said.contains(step), "{step}: {said}");
    }
    let applied: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(deeds(&applied["applied"]), expected);
    let again = good(dir, &["webhooks", "plan", path]);
    assert!(again["plan"].as_array().unwrap().iter().all(|it| it["do"] == "keep"), "{again}");
}

#[test]
fn each_type_the_api_can_cause_is_made_and_undone_and_the_others_say_what_they_take() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let things = || -> Value {
        let text = std::fs::read_to_string(dir.join("sandbox/state.json")).unwrap();
        let state: Value = serde_json::from_str(&text).unwrap();
        ["users", "roles", "permissions", "orgs"].map(|list| state[list].clone()).into_iter().collect()
    };
    good(dir, &["webhooks", "list"]);
    let before = things();
    assert!(before.as_array().unwrap().iter().all(Value::is_array), "{before}");
    for it in known() {
        let name = it.event_type.as_str();
        match &it.trigger {
            Cause::Api(_) if name == "subscriber.created" => {
                refused(dir, 2, &["trigger", name]);
                assert_eq!(good(dir, &["trigger", name, "--keep"])["trigger"]["kept"], true);
            }
            Cause::Api(_) => {
                let done = good(dir, &["trigger", name]);
                assert_eq!((&done["trigger"]["type"], &done["trigger"]["kept"]), (&json!(name), &json!(false)));
            }
            Cause::Cannot(..) => {
                refused(dir, 2, &["trigger", name]);
            }
        }
    }
    // The subscriber aside, which was kept, nothing is left in the sandbox that was not there before.
    assert_eq!(things(), before);
}
