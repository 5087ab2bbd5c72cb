use super::*;
use crate::clock::Clock;

const EVENT: &str =
    r#"{"type":"user.created","event_id":"event_1","data":{"user":{"id":"kp_1"}},"timestamp":"2026-11-23T12:00:00Z"}"#;

/// A token of a sandbox and its key set.
fn sandbox() -> (String, String) {
    let dir = tempfile::tempdir().unwrap();
    let jwks = crate::sandbox::facts(dir.path()).unwrap().jwks;
    (crate::sandbox::sign(dir.path(), EVENT.as_bytes(), Clock::real().now()).unwrap(), jwks)
}

fn case<'a>(token: &'a str, jwks: &'a str, good: bool) -> Case<'a> {
    Case { token, jwks, webhook_id: Some("it's \"1\""), event_type: Some("user.created"), good }
}

#[test]
fn every_flavour_holds_the_token_the_key_and_what_has_to_come_of_it() {
    let (token, jwks) = sandbox();
    for flavour in [Flavour::NextJs, Flavour::Node, Flavour::Rust] {
        let good = as_test(&case(&token, &jwks, true), flavour).unwrap();
        assert!(good.contains(&token) && good.contains("\"n\": \"") && !good.contains("%%") && !good.contains('§'));
        assert!(good.contains("byte is refused") || good.contains("byte_is_refused"), "{good}");
        let bad = as_test(&case(&token, &jwks, false), flavour).unwrap();
        assert!(bad.contains("refused: no key") || bad.contains("refused_since_no_key"), "{bad}");
        assert!(!bad.contains("byte is refused") && !bad.contains("byte_is_refused"));
    }
    let text = as_test(&case(&token, &jwks, true), Flavour::NextJs).unwrap();
    assert!(text.contains(r#"const webhookId = "it's \"1\"";"#), "{text}");
    assert!(text.contains(r#"const sent = "2026-11-23T12:00:00Z";"#), "{text}");
    assert!(text.contains(r#"import("../app/api/kinde-webhook/route")"#), "where the recipe and Kinde's guide have it");
    let timeless = crate::sandbox::sign(tempfile::tempdir().unwrap().path(), b"{}", Clock::real().now()).unwrap();
    let text = as_test(&case(&timeless, &jwks, false), Flavour::NextJs).unwrap();
    assert!(text.contains(r#"const sent = "";"#), "{text}");
}

#[test]
fn what_would_break_out_of_the_tests_text_makes_no_test() {
    let (token, jwks) = sandbox();
    for wrong in [format!("{token}\n"), format!("{token}\"#;"), String::new(), format!("{token} ")] {
        assert_eq!(as_test(&case(&wrong, &jwks, true), Flavour::Rust), None, "{wrong}");
    }
    assert_eq!(as_test(&case(&token, "<html>", true), Flavour::Node), None);
}

#[test]
fn the_test_for_node_runs_and_holds_for_a_good_token_and_for_a_foreign_one() {
    let there = std::process::Command::new("node").arg("--version").output().is_ok_and(|out| out.status.success());
    if !there {
        use std::io::Write as _;
        writeln!(std::io::stderr(), "SKIPPED: the test for Node was not run, there is no node").unwrap();
        return;
    }
    let ((token, jwks), (_, foreign)) = (sandbox(), sandbox());
    let dir = tempfile::tempdir().unwrap();
    for (jwks, good, passes) in
        [(&jwks, true, true), (&foreign, false, true), (&foreign, true, false), (&jwks, false, false)]
    {
        let path = dir.path().join("webhook.test.mjs");
        std::fs::write(&path, as_test(&case(&token, jwks, good), Flavour::Node).unwrap()).unwrap();
        let output = std::process::Command::new("node").arg("--test").arg(&path).output().unwrap();
        assert_eq!(output.status.success(), passes, "{}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
#[ignore = "fetches and compiles the crates that the test names: tests/recipes/run.sh"]
fn the_test_for_rust_compiles_with_the_crates_it_names_and_holds_for_a_good_token_and_for_a_foreign_one() {
    let kit = std::path::PathBuf::from(std::env::var_os("KINDE_PANEL_RUST_KIT").expect("tests/recipes/run.sh sets it"));
    let ((token, jwks), (_, foreign)) = (sandbox(), sandbox());
    let text = |jwks: &str, good| as_test(&case(&token, jwks, good), Flavour::Rust).unwrap();
    // Its first lines say what it needs, between backticks.
    let first = text(&jwks, true);
    let lines = first.lines().take_while(|line| line.starts_with("//!"));
    let needs: Vec<&str> =
        lines.flat_map(|line| line.split('`').skip(1).step_by(2)).filter(|it| it.contains('=')).collect();
    assert!(needs.iter().any(|it| it.starts_with("jsonwebtoken = ")), "{needs:?}");
    let manifest = format!(
        "[package]\nname = \"as-test\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dev-dependencies]\n{}\n\n\
         [profile.dev.package.\"*\"]\ndebug = false\n",
        needs.join("\n")
    );
    std::fs::create_dir_all(kit.join("src")).unwrap();
    std::fs::create_dir_all(kit.join("tests")).unwrap();
    std::fs::write(kit.join("Cargo.toml"), manifest).unwrap();
    std::fs::write(kit.join("src/lib.rs"), "").unwrap();
    // Of the crates that both need, the versions that are there already.
    std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.lock"), kit.join("Cargo.lock")).unwrap();
    for (jwks, good, passes) in
        [(&jwks, true, true), (&foreign, false, true), (&foreign, true, false), (&jwks, false, false)]
    {
        std::fs::write(kit.join("tests/webhook.rs"), text(jwks, good)).unwrap();
        let mut cargo = std::process::Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["test", "--quiet", "--test", "webhook"]).current_dir(&kit);
        let output = cargo.output().unwrap();
        let told = [output.stdout, output.stderr].concat();
        let told = String::from_utf8_lossy(&told);
        assert_eq!(output.status.success(), passes, "{told}");
        // A test that fails to compile fails for another reason than it should.
        assert!(told.contains("test result:"), "{told}");
    }
}

#[test]
#[ignore = "needs Vitest and the packages of both handlers: tests/recipes/run.sh"]
fn the_test_for_next_js_holds_against_the_recipes_route_and_one_as_kindes_guide_has_it_and_asks_no_tenant() {
    let kit = std::path::PathBuf::from(std::env::var_os("KINDE_PANEL_NODE_KIT").expect("tests/recipes/run.sh sets it"));
    let recipe = include_str!("../../../assets/recipes/nextjs/route.ts");
    let guide = include_str!("../../../tests/recipes/guide_route.ts");
    let ((token, jwks), (_, foreign)) = (sandbox(), sandbox());
    for (name, route) in [("recipe", recipe), ("guide", guide)] {
        let app = kit.join(format!("as-test-{name}"));
        let (handler, tests) = (app.join("app/api/kinde-webhook"), app.join("tests"));
        std::fs::create_dir_all(&handler).unwrap();
        std::fs::create_dir_all(&tests).unwrap();
        std::fs::write(handler.join("route.ts"), route).unwrap();
        for (jwks, good, passes) in
            [(&jwks, true, true), (&foreign, false, true), (&foreign, true, false), (&jwks, false, false)]
        {
            let text = as_test(&case(&token, jwks, good), Flavour::NextJs).unwrap();
            std::fs::write(tests.join("webhook.test.ts"), text).unwrap();
            let mut vitest = std::process::Command::new("node");
            vitest.arg(kit.join("node_modules/vitest/vitest.mjs")).args(["run", "--root"]).arg(&app);
            // Whatever leads out of this machine would be asked in vain.
            vitest.env("KINDE_ISSUER_URL", "https://acme.invalid").env("NO_COLOR", "1").current_dir(&app);
            let output = vitest.output().unwrap();
            assert_eq!(output.status.success(), passes, "{name}: {}", String::from_utf8_lossy(&output.stdout));
        }
    }
}
