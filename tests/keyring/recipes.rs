//! `recipe generate` as a process: a secret that a recipe makes is made once for a profile, and one that the window kept is
//! taken.

use std::path::Path;

use kinde_panel::clock::Clock;
use kinde_panel::kinde::Domain;
use kinde_panel::net::Recorder;
use kinde_panel::secrets::{Kept, Secret, SecretStore};
use kinde_panel::services::Services;
use kinde_panel::tenant::Profile;

use super::{CHILD, UNLOCK, child, run, skipped, text};

const MADE_BY_THE_WINDOW: &str = "kpCanary-jwt-5f6b6a79891c2d4e5f6b6a798";
const OF_THE_FIRST: &str = "kpCanary-web-91c2d4e5f6b6a7985f6b6a798";

/// Two profiles, one of them with a secret as the window keeps what a recipe made, and with a web application's.
fn keep(home: &Path) {
    let services = Services::open(&home.join("data"), Recorder::silent(), Clock::real(), SecretStore::os()).unwrap();
    run(async {
        let [own, _] = ["own", "other"]
            .map(|name| services.profiles.add(Profile::new(name, Domain::parse(name).unwrap())).unwrap());
        let made = [("jwt_secret".to_owned(), Secret::new(MADE_BY_THE_WINDOW))].into();
        assert_eq!(services.keep_recipe_secrets(own.id, "supabase", &made).await, Some(Kept::Keyring));
        services.keep_web_application(own.id, "first", Some(Secret::new(OF_THE_FIRST))).await.unwrap();
        println!("child: kept");
    });
}

#[test]
fn a_secret_that_a_recipe_makes_is_made_once_for_a_profile_and_the_window_s_is_taken() {
    let name = "recipes::a_secret_that_a_recipe_makes_is_made_once_for_a_profile_and_the_window_s_is_taken";
    if let Some(home) = std::env::var_os(CHILD) {
        return keep(Path::new(&home));
    }
    if skipped() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let script = format!(
        r#"{UNLOCK}
"$@" || exit 1
made() {{ "$PANEL" --data-dir "{home}/data" --json --profile "$1" recipe generate "$2" --out "{home}/$3" "${{@:4}}" </dev/null; echo "ended: $?"; }}
made own campaign-state first --set source=reddit --set client_id=id
made own campaign-state second --set source=reddit --set client_id=id
made other campaign-state third --set source=reddit --set client_id=id
made own supabase todo --set project=abcdefghijklmnopqrst
made own wordpress blog --set site=https://blog.example.com
made own wordpress shop --set site=https://shop.example.com --set client_id=second
"#,
        home = home.path().display(),
    );
    let panel = env!("CARGO_BIN_EXE_kinde-panel");
    let output = child(home.path(), name, Some((&[], &script))).env("PANEL", panel).output().expect("dbus-run-session");
    let said = text(&output);
    assert!(output.status.success() && said.contains("child: kept"), "{said}");
    assert_eq!(said.matches("ended: 0").count(), 6, "{said}");
    let line = |folder: &str, name: &str| {
        let env = std::fs::read_to_string(home.path().join(folder).join(".env.local")).unwrap();
        env.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("no {name}")).to_owned()
    };
    let key = |folder: &str| line(folder, "CAMPAIGN_STATE_KEY=");
    assert!(key("first").len() == 64 && key("first") == key("second"), "the same one again");
    assert_ne!(key("first"), key("third"), "another profile has its own");
    assert_eq!(line("todo", "SUPABASE_JWT_SECRET="), MADE_BY_THE_WINDOW);
    let web = |folder: &str| {
        let file = home.path().join(folder).join("outside-the-web-root").join(".env");
        std::fs::read_to_string(file).unwrap().lines().last().unwrap().to_owned()
    };
    assert_eq!(web("blog"), format!("OIDC_CLIENT_SECRET={OF_THE_FIRST}"));
    assert_eq!(web("shop"), "OIDC_CLIENT_SECRET=", "it belongs to the first");
    assert_eq!(said.matches("kept in the system keyring").count(), 2, "told where it was made: {said}");
    for secret in [MADE_BY_THE_WINDOW, OF_THE_FIRST, &key("first"), &key("third")] {
        assert!(!said.contains(secret), "{said}");
    }
}
