//! kill -9 at the writes to the journal while a webhook is borrowed: afterwards the tenant's webhooks are as they began.
//!
//! `tests/tools/kill_at.c` is preloaded: it kills the process at one of its writes to `history.db`. A run that is not killed
//! says how many there are; then they are taken in turn, spread over all of them. One in four runs is the command itself,
//! `listen --register`; the others are a process of this test that lends through the library, so that one stands aside, the
//! plan is full, and the address changes meanwhile.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use kinde_panel::webhooks::{AtLimit, borrow, recover};
use tokio_util::sync::CancellationToken;

use super::borrow::{definitions, tenant, wish};
use super::kinde::{Kinde, ends_of, folder, nobody};
use super::process;

/// How often it is killed: `tests/run --long borrow` says 200.
fn kills() -> usize {
    std::env::var("KINDE_PANEL_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(50)
}

/// Builds the library that is preloaded.
fn shim(dir: &Path) -> PathBuf {
    let library = dir.join("kill_at.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/kill_at.c");
    let built =
        Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).arg("-ldl").status();
    assert!(built.expect("a C compiler").success());
    library
}

/// Killed at its write number `at`; `None`: not at all, and its writes are counted.
fn watched(command: &mut Command, library: &Path, count: &Path, at: Option<usize>) {
    command.env("LD_PRELOAD", library).env("KILL_AT_NAME", "history.db").env("KILL_AT_COUNT", count);
    if let Some(at) = at {
        command.env("KILL_AT", at.to_string());
    }
}

/// What is lent, and how.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// `listen --register`.
    Command,
    Added,
    Aside,
    AtLimit,
}

impl Kind {
    fn limit(self) -> Option<usize> {
        matches!(self, Self::AtLimit).then_some(2)
    }
}

#[test]
#[ignore = "the process that the other test kills"]
fn lends_and_gives_back() {
    let Ok(origin) = std::env::var("KINDE_PANEL_TEST_ORIGIN") else { return };
    let data = PathBuf::from(std::env::var_os("KINDE_PANEL_TEST_DATA").unwrap());
    let kind = std::env::var("KINDE_PANEL_TEST_KIND").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (ends, go) = (ends_of(&origin, &data), CancellationToken::new());
        let all = ends.list(&nobody, &go).await.unwrap().it;
        let orders = all.into_iter().find(|it| it.definition.name == "Orders").unwrap();
        let wish = match kind.as_str() {
            "Added" => wish(None, AtLimit::Refuse),
            "Aside" => wish(Some(&orders), AtLimit::Refuse),
            _ => wish(Some(&orders), AtLimit::DeleteFirst),
        };
        let mut loan = borrow(&ends, &wish, &nobody, &go).await.unwrap();
        loan.move_to(&ends, "https://swift-owl.acme.com/k/1", &nobody, &go).await.unwrap();
        loan.give_back(&ends, &nobody).await.unwrap();
    });
}

/// Runs it once to its end, or to its death; how many writes it made, and whether it came to its end.
async fn once(kinde: &Kinde, dir: &Path, kind: Kind, library: &Path, at: Option<usize>) -> (usize, bool) {
    let count = dir.join("count");
    std::fs::write(&count, []).unwrap();
    let ended = if let Kind::Command = kind {
        let mut command = process::command(kinde, dir, true, &["listen", "--register", "--event", "user.created"]);
        watched(&mut command, library, &count, at);
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        let ended = tokio::task::spawn_blocking(move || {
            use std::io::BufRead as _;
            let mut ready = String::new();
            std::io::BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
            if !ready.is_empty() {
                Command::new("kill").args(["-TERM", &child.id().to_string()]).stderr(Stdio::null()).status().unwrap();
            }
            child.wait().unwrap().success()
        });
        ended.await.unwrap()
    } else {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "killed::lends_and_gives_back", "--ignored"]);
        command.env("KINDE_PANEL_TEST_ORIGIN", &kinde.origin).env("KINDE_PANEL_TEST_DATA", kinde.data());
        command.env("KINDE_PANEL_TEST_KIND", format!("{kind:?}")).stdout(Stdio::null()).stderr(Stdio::null());
        watched(&mut command, library, &count, at);
        let ended = tokio::task::spawn_blocking(move || command.status().unwrap().success());
        ended.await.unwrap()
    };
    kinde.quiet().await;
    let writes = std::fs::metadata(&count).unwrap().len() as usize;
    // Commits come together on a busy machine: a run may end before the write it was to be killed at.
    assert!(ended || at.is_some_and(|at| writes + 1 >= at), "{kind:?} at {at:?} failed of something else");
    assert!(!ended || at.is_none_or(|at| writes < at), "{kind:?} at {at:?} was not killed");
    (writes, ended)
}

/// One run, and the next start after it.
async fn run(kind: Kind, library: &Path, at: Option<usize>) -> (usize, bool) {
    let tenant = tenant(kind.limit()).await;
    let (kinde, dir) = (&tenant.kinde, folder());
    // The database is there: what is counted is what a loan writes.
    if let Kind::Command = kind {
        let output = process::output_of(kinde, dir.path(), true, &["events", "list", "--limit", "1"]).await;
        assert!(output.status.success(), "{}", process::said(&output));
    } else {
        let ends = kinde.ends();
        ends.journal.begin("nobody", "nothing", "", &(), ends.clock.now()).await.unwrap().done().await.unwrap();
    }
    let came = once(kinde, dir.path(), kind, library, at).await;
    let case = format!("{kind:?}, killed at {at:?} of its writes: {:?}", kinde.seen());
    if let Kind::Command = kind {
        let (output, _) = process::run(kinde, dir.path(), true, &["webhooks", "list"]).await;
        let said = process::said(&output);
        assert_eq!(definitions(kinde), tenant.before, "{case}: {said}");
        let (output, _) = process::run(kinde, dir.path(), true, &["webhooks", "list"]).await;
        assert!(!process::said(&output).contains("Put right"), "{case}: told twice");
    } else {
        let later = kinde.ends_later(3600);
        let words = recover(&later, &nobody, &CancellationToken::new()).await.unwrap();
        assert_eq!(definitions(kinde), tenant.before, "{case}: {words:?}");
        assert_eq!(later.left_over().await.unwrap().len(), 0, "{case}: {words:?}");
    }
    came
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_write_to_the_journal_the_tenants_webhooks_end_as_they_began() {
    let dir = folder();
    let library = shim(dir.path());
    let kinds = [Kind::Command, Kind::Added, Kind::Aside, Kind::AtLimit];
    let mut all = 0;
    for (index, kind) in kinds.into_iter().enumerate() {
        let (writes, _) = run(kind, &library, None).await;
        assert!(writes > 10, "{kind:?} made {writes} writes: are they seen?");
        let share = kills() / kinds.len() + usize::from(index < kills() % kinds.len());
        for number in 0..share {
            let mut at = 1 + number * writes / share;
            while run(kind, &library, Some(at)).await.1 {
                at = at.div_ceil(2);
            }
        }
        all += share;
        println!("{kind:?}: {share} kills over {writes} writes");
    }
    assert_eq!(all, kills());
}
