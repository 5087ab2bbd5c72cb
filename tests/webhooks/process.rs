//! The commands as a process: what they refuse, and what a killed one leaves to the next.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use super::kinde::{How, Kinde, definition, folder};

const OLD: &str = "https://old.acme.com/kinde";
const NEW: &str = "https://new.acme.com/kinde";

fn start(kinde: &Kinde, dir: &Path, named: bool, args: &[&str]) -> Child {
    command(kinde, dir, named, args).spawn().unwrap()
}

pub fn command(kinde: &Kinde, dir: &Path, named: bool, args: &[&str]) -> Command {
    // A process has the real clock.
    kinde.set(|world| world.created_on = Some(jiff::Timestamp::now().to_string()));
    let host = kinde.origin.trim_start_matches("http://");
    let profile: &[&str] = if named { &["--profile", host] } else { &[] };
    let mut command = Command::new(env!("CARGO_BIN_EXE_kinde-panel"));
    command
        .args(args)
        .args(profile)
        .arg("--json")
        .arg("--data-dir")
        .arg(dir)
        .env("KINDE_DOMAIN", &kinde.origin)
        .env("KINDE_MANAGEMENT_CLIENT_ID", "0123456789abcdef0123456789abcdef")
        .env("KINDE_MANAGEMENT_CLIENT_SECRET", "canary0123456789canary0123456789canary0123")
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

pub async fn output_of(kinde: &Kinde, dir: &Path, named: bool, args: &[&str]) -> Output {
    let child = start(kinde, dir, named, args);
    tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap()
}

/// The same of a command that prints one object.
pub async fn run(kinde: &Kinde, dir: &Path, named: bool, args: &[&str]) -> (Output, Value) {
    let output = output_of(kinde, dir, named, args).await;
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("no one object: {output:?}"));
    (output, value)
}

fn kill(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_may_be_live_is_written_to_only_where_the_profile_names_it() {
    let kinde = Kinde::start().await;
    let webhook = kinde.put(&definition("Orders", OLD));
    let dir = folder();
    for args in [
        &["webhooks", "create", "--name", "a", "--endpoint", NEW, "--event", "user.created"][..],
        &["webhooks", "update", &webhook.id, "--name", "b"],
        &["webhooks", "delete", &webhook.id],
        &["trigger", "role.created"],
    ] {
        let (output, answer) = run(&kinde, dir.path(), false, args).await;
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", said(&output));
        assert!(answer["error"]["hint"].as_str().unwrap().contains("--profile"), "{answer}");
    }
    assert!(kinde.seen().iter().all(|call| call.starts_with("GET")), "{:?}", kinde.seen());
    let (output, answer) = run(&kinde, dir.path(), true, &["webhooks", "delete", &webhook.id]).await;
    assert_eq!((output.status.code(), &answer["code"]), (Some(0), &Value::from("WEBHOOK_DELETED")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_event_types_without_their_scope_could_not_be_read_and_the_known_ones_are_told_as_words_alone() {
    let kinde = Kinde::start().await;
    let dir = folder();
    let (output, answer) = run(&kinde, dir.path(), false, &["webhooks", "types"]).await;
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert_eq!(
        answer["error"]["category"], "auth",
        "a list that is not the tenant's is no answer of the API: {answer}"
    );
    assert!(answer["error"]["hint"].as_str().unwrap().contains("read:event_types"), "{answer}");
    assert!(answer.get("event_types").is_none(), "{answer}");
    kinde.set(|world| world.event_types = Some(vec!["invoice.paid".into()]));
    let (output, answer) = run(&kinde, dir.path(), false, &["webhooks", "types"]).await;
    assert_eq!((output.status.code(), &answer["event_types"][0]["code"]), (Some(0), &Value::from("invoice.paid")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replacement_killed_in_the_middle_is_put_right_by_the_next_command_which_says_so() {
    // The list is read for the word, once more before the write; then: create, see it listed, delete.
    for at in 1..4 {
        let kinde = Kinde::start().await;
        let webhook = kinde.put(&definition("Orders", OLD));
        let dir = folder();
        kinde.fault(at, How::HangAfter, false);
        let mut child = start(&kinde, dir.path(), true, &["webhooks", "update", &webhook.id, "--endpoint", NEW]);
        kinde.hanging.notified().await;
        kill(&mut child);
        // A command that was not told it may write says what is left, and leaves it.
        let before = kinde.webhooks();
        let (output, _) = run(&kinde, dir.path(), false, &["webhooks", "list"]).await;
        assert_eq!(kinde.webhooks(), before);
        if at > 1 {
            assert!(said(&output).contains("An earlier run left something"), "{at}: {}", said(&output));
        }
        let (output, _) = run(&kinde, dir.path(), true, &["webhooks", "list"]).await;
        assert_eq!(output.status.code(), Some(0));
        let words = said(&output);
        if at == 2 {
            // It was made, and its id never told: nothing tells it from one made by hand, so the person is asked.
            assert!(words.contains("Left open:") && kinde.webhooks().len() == 2, "{words}");
            kinde.decide(&words);
            let (output, _) = run(&kinde, dir.path(), true, &["webhooks", "list"]).await;
            assert!(!said(&output).contains("cut off"), "it is asked once: {}", said(&output));
        }
        assert_eq!(kinde.webhooks().len(), 1, "killed at {at}");
        assert_eq!(words.contains("Put right:"), at == 3, "{at}: {words}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trigger_of_any_kind_killed_at_any_call_is_cleaned_up_by_the_next_command() {
    // Create, rename, undo; the answer to a new permission names no id, so it is looked for.
    for (event_type, calls) in
        [("user.updated", 3), ("role.updated", 3), ("permission.updated", 4), ("organization.updated", 3)]
    {
        for at in 0..calls {
            let kinde = Kinde::start().await;
            let dir = folder();
            kinde.fault(at, How::HangAfter, false);
            let mut child = start(&kinde, dir.path(), true, &["trigger", event_type]);
            kinde.hanging.notified().await;
            kill(&mut child);
            let case = format!("{event_type} at {at}");
            let undone = at == calls - 1;
            assert_eq!(kinde.world.lock().unwrap().things.len(), usize::from(!undone), "{case}");
            let (output, _) = run(&kinde, dir.path(), true, &["webhooks", "list"]).await;
            assert_eq!(kinde.world.lock().unwrap().things.len(), 0, "{case}");
            let words = said(&output);
            assert!(
                words.contains("Put right:") && words.contains(event_type) && !words.contains('✖'),
                "{case}: {words}"
            );
            let (output, _) = run(&kinde, dir.path(), true, &["webhooks", "list"]).await;
            assert!(!said(&output).contains("Put right:"), "{case}: {}", said(&output));
            let locks = std::fs::read_dir(dir.path().join("journal")).unwrap().count();
            assert_eq!(locks, 0, "{case}: a lock of a killed command is left");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trigger_cut_before_its_call_landed_is_told_of_once_and_slows_no_command_that_only_reads() {
    let kinde = Kinde::start().await;
    let dir = folder();
    kinde.fault(0, How::Hang, false);
    let mut child = start(&kinde, dir.path(), true, &["trigger", "user.created"]);
    kinde.hanging.notified().await;
    kill(&mut child);
    kinde.heal();
    let words = async |args: &[&str]| {
        let before = kinde.seen().len();
        let (output, _) = run(&kinde, dir.path(), true, args).await;
        (said(&output), kinde.seen().len() - before)
    };
    let (first, calls) = words(&["webhooks", "list"]).await;
    assert!(first.contains("was not seen in Kinde") && calls == 2, "{calls}: {first}");
    let (second, calls) = words(&["webhooks", "list"]).await;
    assert!(!second.contains("cut off") && !second.contains("Look for") && calls == 1, "{calls}: {second}");
    let id = kinde.put(&definition("Orders", OLD)).id;
    let (third, calls) = words(&["webhooks", "delete", &id]).await;
    // Looked for once, without a word; then the list for the word, once more before the write, and the deletion.
    assert!(!third.contains("cut off") && !third.contains("Look for") && calls == 4, "{calls}: {third}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trigger_says_which_webhooks_take_each_event_and_how_to_make_one_where_none_does() {
    let kinde = Kinde::start().await;
    let dir = folder();
    let mut orders = definition("Orders", OLD);
    orders.event_types = vec!["role.created".into(), "role.updated".into()];
    let id = kinde.put(&orders).id;
    let (output, answer) = run(&kinde, dir.path(), true, &["trigger", "role.updated"]).await;
    let words = said(&output);
    assert!(words.contains("role.updated goes to Orders") && words.contains("role.created goes to Orders"), "{words}");
    assert!(words.contains("role.deleted is delivered nowhere: no webhook takes this event"), "{words}");
    assert!(words.contains("webhooks create --name NAME --endpoint URL --event role.deleted"), "{words}");
    assert_eq!(answer["trigger"]["deliveries"][1], serde_json::json!({"type": "role.updated", "webhooks": [id]}));
    assert_eq!(answer["trigger"]["deliveries"][2]["webhooks"], serde_json::json!([]));
    let kinde = Kinde::start().await;
    // After the two calls that make and undo it.
    kinde.fault(2, How::Status(403), true);
    let (output, answer) = run(&kinde, folder().path(), true, &["trigger", "role.created"]).await;
    assert!(answer["trigger"]["deliveries"].is_null(), "{answer}");
    assert!(said(&output).contains("could not be read"), "{}", said(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_no_tenant_takes_are_refused_before_any_is_asked() {
    let kinde = Kinde::start().await;
    let dir = folder();
    let long = "x".repeat(100_000);
    let file = dir.path().join("there.json");
    std::fs::write(&file, "mine").unwrap();
    let (file, id) = (file.to_str().unwrap(), "webhook_1");
    let create =
        |name: &'static str| ["webhooks", "create", "--endpoint", NEW, "--event", "user.created", "--name", name];
    let update = |word: &'static str| ["webhooks", "update", id, word];
    for args in [
        create("").to_vec(),
        create("  ").to_vec(),
        [&create("a")[..7], &[&long]].concat(),
        [&create("a")[..], &["--description", &long]].concat(),
        ["webhooks", "create", "--name", "a", "--endpoint", NEW, "--event", ""].to_vec(),
        ["webhooks", "create", "--name", "a", "--endpoint", "", "--event", "user.created"].to_vec(),
        [&update("--name")[..], &[""]].concat(),
        [&update("--name")[..], &[&long]].concat(),
        [&update("--endpoint")[..], &["no address"]].concat(),
        ["webhooks", "update", "", "--name", "a"].to_vec(),
        ["webhooks", "delete", ""].to_vec(),
        ["webhooks", "delete", "kp_1"].to_vec(),
        ["webhooks", "export", file].to_vec(),
        ["webhooks", "export", dir.path().to_str().unwrap()].to_vec(),
        ["event", ""].to_vec(),
        ["event", id].to_vec(),
        ["trigger", ""].to_vec(),
        ["send", "user.created", "--to", NEW, "--webhook-id", ""].to_vec(),
    ] {
        let (output, answer) = run(&kinde, dir.path(), args[0] != "send", &args).await;
        let case = format!("{:.60}", args.join(" "));
        assert_eq!(output.status.code(), Some(2), "{case}: {answer}");
        assert!(answer["error"]["detail"].as_str().is_some_and(|it| it.len() < 300), "{case}: {answer}");
    }
    assert_eq!(std::fs::read_to_string(file).unwrap(), "mine");
    assert!(kinde.seen().is_empty(), "{:?}", kinde.seen());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_writes_a_new_file_and_standard_output_and_over_no_file() {
    let kinde = Kinde::start().await;
    kinde.put(&definition("Orders", OLD));
    let dir = folder();
    let file = dir.path().join("new.json");
    let name = file.to_str().unwrap();
    let (output, answer) = run(&kinde, dir.path(), true, &["webhooks", "export", name]).await;
    assert_eq!((output.status.code(), &answer["count"]), (Some(0), &Value::from(1)), "{answer}");
    let written = std::fs::read_to_string(&file).unwrap();
    assert!(written.contains(OLD));
    let (output, answer) = run(&kinde, dir.path(), true, &["webhooks", "export", name]).await;
    assert_eq!((output.status.code(), &answer["error"]["category"]), (Some(2), &Value::from("input")), "{answer}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), written);
    let (output, _) = run(&kinde, dir.path(), true, &["webhooks", "export", "-"]).await;
    assert_eq!(output.status.code(), Some(0));
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_while_a_pipe_is_read_as_a_plan_ends_the_command() {
    let kinde = Kinde::start().await;
    let dir = folder();
    for what in ["plan", "apply"] {
        let pipe = dir.path().join(what);
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let child = start(&kinde, dir.path(), true, &["webhooks", what, pipe.to_str().unwrap()]);
        let id = child.id().to_string();
        // Opening it for writing waits until somebody reads.
        let writer = tokio::task::spawn_blocking(move || std::fs::OpenOptions::new().write(true).open(pipe).unwrap());
        let writer = writer.await.unwrap();
        Command::new("kill").args(["-INT", &id]).status().unwrap();
        let ended = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap();
        drop(writer);
        assert_eq!(ended.status.code(), Some(130), "{what}: {}", said(&ended));
        assert!(!said(&ended).contains("half done"), "{what}: {}", said(&ended));
    }
    assert!(kinde.seen().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_subscriber_that_a_killed_trigger_may_have_left_is_named_once() {
    let kinde = Kinde::start().await;
    let dir = folder();
    kinde.fault(0, How::HangAfter, false);
    let mut child = start(&kinde, dir.path(), true, &["trigger", "subscriber.created", "--keep"]);
    kinde.hanging.notified().await;
    kill(&mut child);
    let email = kinde.world.lock().unwrap().things[0].1["email"].as_str().unwrap().to_owned();
    let (output, _) = run(&kinde, dir.path(), true, &["webhooks", "list"]).await;
    assert!(said(&output).contains("Left open:") && said(&output).contains(&email), "{}", said(&output));
    let (output, _) = run(&kinde, dir.path(), true, &["webhooks", "list"]).await;
    assert!(!said(&output).contains(&email), "{}", said(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_of_the_profile_is_printed_or_kept() {
    let kinde = Kinde::start().await;
    let dir = folder();
    let (output, _) = run(&kinde, dir.path(), true, &["trigger", "role.updated", "--trace"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let database = std::fs::read(dir.path().join("history.db")).unwrap();
    for text in [said(&output), String::from_utf8_lossy(&database).into_owned()] {
        assert!(!text.contains("canary"), "{text}");
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_in_the_middle_of_a_replacement_puts_it_right_before_the_end_and_a_second_one_says_what_is_left() {
    for twice in [false, true] {
        let kinde = Kinde::start().await;
        let webhook = kinde.put(&definition("Orders", OLD));
        let dir = folder();
        // The new one is made; the look at the list hangs, and with it, the second time, what would put it right.
        kinde.fault(3, How::Hang, twice);
        let child = start(&kinde, dir.path(), true, &["webhooks", "update", &webhook.id, "--endpoint", NEW]);
        kinde.hanging.notified().await;
        let id = child.id().to_string();
        let waiting = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap());
        let interrupt = || Command::new("kill").args(["-INT", &id]).stderr(Stdio::null()).status().unwrap();
        interrupt();
        if twice {
            // What puts it right hangs too: the command has taken the first one in, and waits.
            kinde.hanging.notified().await;
            interrupt();
        }
        let output = waiting.await.unwrap();
        assert_eq!(output.status.code(), Some(130), "{}", said(&output));
        assert_eq!(said(&output).contains("half done"), twice, "{}", said(&output));
        if !twice {
            assert_eq!(kinde.webhooks().len(), 1, "{}", said(&output));
        }
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_while_standard_input_is_read_ends_the_command_and_nothing_is_said_to_be_half_done() {
    let kinde = Kinde::start().await;
    let dir = folder();
    for (named, args) in [
        (true, &["webhooks", "plan", "-"][..]),
        (true, &["webhooks", "apply", "-"]),
        (false, &["send", "user.created", "--to", "http://127.0.0.1:9", "--set", "data.x=@-"]),
    ] {
        let mut child = command(&kinde, dir.path(), named, args).stdin(Stdio::piped()).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        let id = child.id().to_string();
        // More than a pipe holds: once it is written, somebody reads.
        let input = tokio::task::spawn_blocking(move || {
            std::io::Write::write_all(&mut input, &[b' '; 1 << 20]).unwrap();
            input
        });
        let input = input.await.unwrap();
        Command::new("kill").args(["-INT", &id]).status().unwrap();
        let ended = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap();
        drop(input);
        assert_eq!(ended.status.code(), Some(130), "{args:?}: {}", said(&ended));
        assert!(!said(&ended).contains("half done"), "{args:?}: {}", said(&ended));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_on_this_machine_is_reached_whatever_proxy_the_system_names() {
    let kinde = Kinde::start().await;
    let dir = folder();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let hook = format!("{}/hook", kinde.origin);
    for (named, args) in [(true, &["webhooks", "list"][..]), (false, &["send", "user.created", "--to", &hook])] {
        let mut command = command(&kinde, dir.path(), named, args);
        command.env("http_proxy", format!("http://{closed}")).env_remove("no_proxy").env_remove("NO_PROXY");
        let child = command.spawn().unwrap();
        let output = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap();
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(answer["error"].is_null() && answer["delivery"]["error"].is_null(), "{args:?}: {answer}");
    }
    assert!(kinde.seen().iter().any(|call| call.starts_with("POST /hook")), "{:?}", kinde.seen());
}

#[tokio::test(flavor = "multi_thread")]
async fn all_known_types_are_warned_of_where_the_tenants_list_cannot_be_read_and_all_of_its_own_where_it_can() {
    let kinde = Kinde::start().await;
    let dir = folder();
    let all: Vec<&str> = kinde_panel::kinde::event_types::known().iter().map(|it| it.event_type.as_str()).collect();
    let mut args = vec!["webhooks", "create", "--name", "a", "--endpoint", NEW, "--event"];
    args.extend(&all);
    let (output, _) = run(&kinde, dir.path(), true, &args).await;
    assert!(said(&output).contains("All event types are chosen"), "{}", said(&output));
    kinde.set(|world| world.event_types = Some(vec!["user.created".into()]));
    args.truncate(7);
    args.push("user.created");
    let (output, _) = run(&kinde, dir.path(), true, &args).await;
    assert!(said(&output).contains("All event types are chosen"), "{}", said(&output));
}
