//! What is linked in: one provider for TLS and signatures, and no second renderer in the program.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may stop at the first surprise")]

use std::process::Command;

/// The lines `cargo tree` gives for this target: each `name vX.Y.Z features`.
fn tree(edges: &str) -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--prefix", "none", "--edges", edges, "--format", "{p} {f}"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

fn holds(tree: &[String], package: &str) -> bool {
    tree.iter().any(|line| line.split(' ').next() == Some(package))
}

#[test]
fn aws_lc_rs_is_the_only_provider_of_tls_and_signatures() {
    let tree = tree("all");
    assert!(holds(&tree, "aws-lc-rs"), "the list is not what this test thinks it is");
    let stray: Vec<&str> =
        ["ring", "openssl-sys", "openssl", "native-tls", "rsa"].into_iter().filter(|name| holds(&tree, name)).collect();
    assert!(stray.is_empty(), "{stray:?}: `cargo tree -i` tells who brings it");
}

#[test]
fn the_program_draws_with_glow_and_holds_no_wgpu() {
    let tree = tree("normal,build");
    assert!(holds(&tree, "eframe") && holds(&tree, "glow"), "the list is not what this test thinks it is");
    let stray: Vec<&String> = tree.iter().filter(|line| line.contains("wgpu")).collect();
    assert!(stray.is_empty(), "{stray:?}");
}

#[test]
fn the_tests_do_not_turn_on_wgpu_in_eframe_either() {
    // With the development dependencies in, features are united: `egui_kittest/eframe` would change the program under
    // test without a word.
    let tree = tree("normal,build,dev");
    let features: Vec<&str> = tree
        .iter()
        .filter(|line| line.starts_with("eframe "))
        .filter_map(|line| line.split(' ').nth(2))
        .flat_map(|features| features.split(','))
        .collect();
    assert!(features.contains(&"glow"), "{features:?}");
    assert!(!features.iter().any(|feature| feature.contains("wgpu")), "{features:?}");
}
