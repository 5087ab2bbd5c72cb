//! The rules of the house that can be read off the source: who imports whom, and who may touch what.
//!
//! The rules are plain functions over source text, tested below on planted violations, and then run over `src/`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The layers of `src/lib.rs`, lowest first. A module may import those of lower layers, and its neighbours as long as
/// no circle comes of it. The window (`action` and above) has a rule of its own: see [`may_import`].
const LAYERS: [&[&str]; 8] = [
    &["error", "clock", "check", "step", "dotenv", "assets"],
    &["secrets", "net", "store", "jwt", "report"],
    &["kinde", "providers", "mail"],
    &["tenant", "sandbox"],
    &["inspector", "connect", "webhooks"],
    &["tunnel", "recipes"],
    &["services"],
    &["backend", "cli"],
];

const WINDOW: [&str; 4] = ["action", "ui", "screens", "app"];

/// The number of a module's layer; `None` for the window and for what is unknown.
fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|names| names.contains(&module)).map(|index| index + 1)
}

/// Whether `from` may import `to`, circles aside. Both are modules directly under the crate.
fn may_import(from: &str, to: &str) -> bool {
    if from == to {
        return true;
    }
    match (from, layer(from), layer(to)) {
        ("app", ..) => to != "cli",
        // The commands and events of a room are plain data that its screen makes and takes.
        ("screens" | "action", ..) if to == "backend" => true,
        ("screens", _, Some(to)) => to <= 6,
        ("screens", ..) => to == "ui" || to == "action",
        ("action", ..) if to == "ui" => true,
        ("action", _, Some(to)) => to <= 6,
        ("ui", _, Some(to)) => to == 1,
        (_, Some(8), Some(8)) => false,
        (_, Some(from), Some(to)) => to <= from,
        _ => false,
    }
}

/// One path as it stands in the source, with its line: `crate::net::Http` is `["crate", "net", "Http"]`. A `use` with
/// braces gives one for each leaf.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Found {
    line: usize,
    path: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Ident(String),
    Colons,
    Mark(char),
}

/// Words and marks of Rust source, without comments and literals.
fn tokens(source: &str) -> Vec<(usize, Token)> {
    let chars: Vec<char> = source.chars().collect();
    let at = |index: usize| chars.get(index).copied().unwrap_or('\0');
    let (mut index, mut line, mut out) = (0, 1, Vec::new());
    while index < chars.len() {
        let start = index;
        match at(index) {
            '/' if at(index + 1) == '/' => {
                while index < chars.len() && at(index) != '\n' {
                    index += 1;
                }
            }
            '/' if at(index + 1) == '*' => {
                let mut depth = 0;
                while index < chars.len() {
                    match (at(index), at(index + 1)) {
                        ('/', '*') => (depth, index) = (depth + 1, index + 2),
                        ('*', '/') => (depth, index) = (depth - 1, index + 2),
                        _ => index += 1,
                    }
                    if depth == 0 {
                        break;
                    }
                }
            }
            '"' => index = after_string(&chars, index),
            // A lifetime or a character: only the latter closes again after one character.
            '\'' if at(index + 1) == '\\' => {
                index += 3;
                while index < chars.len() && at(index) != '\'' {
                    index += 1;
                }
                index += 1;
            }
            '\'' if at(index + 2) == '\'' => index += 3,
            c if c.is_alphabetic() || c == '_' => {
                while at(index).is_alphanumeric() || at(index) == '_' {
                    index += 1;
                }
                let word: String = chars[start..index].iter().collect();
                let hashes = (index..).take_while(|&i| at(i) == '#').count();
                let raw = matches!(word.as_str(), "r" | "br" | "cr");
                if raw && at(index + hashes) == '"' {
                    index = after_raw_string(&chars, index + hashes, hashes);
                } else {
                    out.push((line, Token::Ident(word)));
                }
            }
            ':' if at(index + 1) == ':' => {
                out.push((line, Token::Colons));
                index += 2;
            }
            c => {
                if !c.is_whitespace() {
                    out.push((line, Token::Mark(c)));
                }
                index += 1;
            }
        }
        line += chars[start..index.min(chars.len())].iter().filter(|&&c| c == '\n').count();
    }
    out
}

fn after_string(chars: &[char], quote: usize) -> usize {
    let mut index = quote + 1;
    while index < chars.len() && chars[index] != '"' {
        index += if chars[index] == '\\' { 2 } else { 1 };
    }
    index + 1
}

fn after_raw_string(chars: &[char], quote: usize, hashes: usize) -> usize {
    let mut index = quote + 1;
    while index < chars.len() {
        if chars[index] == '"' && (1..=hashes).all(|n| chars.get(index + n) == Some(&'#')) {
            return index + 1 + hashes;
        }
        index += 1;
    }
    index
}

/// Every path of the source, single words included.
fn paths(source: &str) -> Vec<Found> {
    let tokens = tokens(source);
    let (mut index, mut out) = (0, Vec::new());
    while index < tokens.len() {
        if matches!(tokens[index].1, Token::Ident(_)) {
            index = tree(&tokens, index, &[], &mut out);
        } else {
            index += 1;
        }
    }
    out
}

/// Reads the path (or `use` tree) that starts at `index`, behind `prefix`; answers where it ends.
fn tree(tokens: &[(usize, Token)], mut index: usize, prefix: &[String], out: &mut Vec<Found>) -> usize {
    let mut path = prefix.to_vec();
    let line = tokens[index].0;
    loop {
        match tokens.get(index).map(|token| &token.1) {
            Some(Token::Ident(word)) => {
                path.push(word.clone());
                index += 1;
            }
            Some(Token::Mark('{')) => {
                index += 1;
                while let Some((_, token)) = tokens.get(index) {
                    match token {
                        Token::Mark('}') => return index + 1,
                        Token::Ident(_) => index = tree(tokens, index, &path, out),
                        _ => index += 1,
                    }
                }
                return index;
            }
            _ => break,
        }
        if tokens.get(index).map(|token| &token.1) != Some(&Token::Colons) {
            break;
        }
        index += 1;
    }
    out.push(Found { line, path });
    index
}

/// The module under the crate that `found` reaches into, seen from the file of module path `own`.
fn target(found: &Found, own: &[String]) -> Option<String> {
    let supers = found.path.iter().take_while(|word| *word == "super").count();
    match found.path.first().map(String::as_str) {
        Some("crate") => found.path.get(1).cloned(),
        Some("super") if supers >= own.len() => found.path.get(supers).cloned(),
        _ => None,
    }
}

/// `net/http.rs` is `["net", "http"]`, `net/mod.rs` is `["net"]`, `lib.rs` is empty.
fn module_path(file: &Path) -> Vec<String> {
    let mut parts: Vec<String> =
        file.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if parts.last().is_some_and(|last| last == "mod" || last == "lib" || last == "main") {
        parts.pop();
    }
    parts
}

/// What a source file does against the rules, one line each.
fn violations(file: &Path, source: &str) -> Vec<String> {
    let own = module_path(file);
    let Some(module) = own.first().map(String::as_str) else { return Vec::new() };
    let mut out = BTreeSet::new();
    let mut say = |line: usize, what: String| out.insert(format!("src/{}:{line}: {what}", file.display()));
    if layer(module).is_none() && !WINDOW.contains(&module) {
        say(1, format!("`{module}` has no layer: give it one in src/lib.rs and here"));
    }
    for found in paths(source) {
        let line = found.line;
        let path = found.path.join("::");
        if let Some(to) = target(&found, &own)
            && (layer(&to).is_some() || WINDOW.contains(&to.as_str()))
            && !may_import(module, &to)
            && !(module == "ui" && holds_a_secret(&found.path))
        {
            say(line, format!("`{module}` may not import `{to}` ({path})"));
        }
        if layer(module).is_some() && found.path.iter().any(|word| word.starts_with("egui") || word == "eframe") {
            say(line, format!("`{module}` is no part of the window and may not know egui ({path})"));
        }
        if matches!(module, "screens" | "ui" | "action")
            && let Some(refused) = ["reqwest", "rusqlite", "keyring", "tokio::net", "tokio::fs", "std::net", "std::fs"]
                .into_iter()
                .find(|refused| {
                    // A lone word is a field or a name of its own; a crate is reached through `::`.
                    (path == *refused && refused.contains("::")) || path.starts_with(&format!("{refused}::"))
                })
        {
            say(line, format!("`{module}` draws and does no I/O: `{refused}` belongs behind the backend"));
        }
        for (crate_name, home) in [("reqwest", "net"), ("keyring", "secrets")] {
            if found.path.len() > 1 && found.path[0] == crate_name && module != home {
                say(line, format!("only `{home}` may use `{crate_name}` ({path})"));
            }
        }
        if own != ["ui", "tokens"] && makes_a_colour(&found.path) {
            say(line, format!("colours come from ui/tokens.rs ({path})"));
        }
        let tail: Vec<&str> = found.path.iter().rev().take(2).map(String::as_str).collect();
        if module != "clock" && matches!(tail[..], ["now", "SystemTime" | "Timestamp" | "Zoned"]) {
            say(line, format!("clock.rs has the only now() of the wall clock ({path})"));
        }
    }
    out.into_iter().collect()
}

/// A field that takes a secret makes it a [`Secret`](kinde_panel::secrets::Secret) at once: that type, and nothing else of
/// its room, the widgets may know.
fn holds_a_secret(path: &[String]) -> bool {
    matches!(path.iter().map(String::as_str).collect::<Vec<_>>()[..], ["crate", "secrets", "Secret" | "MASK", ..])
}

fn makes_a_colour(path: &[String]) -> bool {
    path.windows(2).any(|pair| {
        let (kind, what) = (pair[0].as_str(), pair[1].as_str());
        let constant = what.chars().all(|c| c.is_ascii_uppercase() || c == '_');
        matches!(kind, "Color32" | "Rgba" | "Hsva")
            && (what.starts_with("from_") || constant)
            && !matches!(what, "TRANSPARENT" | "PLACEHOLDER")
    }) || path.last().is_some_and(|word| word == "hex_color")
}

/// The first circle in who-imports-whom, as its modules in order.
fn circle(imports: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    fn walk(at: &str, imports: &BTreeMap<String, BTreeSet<String>>, way: &mut Vec<String>) -> Option<Vec<String>> {
        if let Some(start) = way.iter().position(|seen| seen == at) {
            return Some(way[start..].to_vec());
        }
        way.push(at.to_owned());
        let found = imports.get(at).into_iter().flatten().find_map(|next| walk(next, imports, way));
        way.pop();
        found
    }
    imports.keys().find_map(|start| walk(start, imports, &mut Vec::new()))
}

/// Which modules under the crate `source` imports.
fn imports(file: &Path, source: &str) -> BTreeSet<String> {
    let own = module_path(file);
    let known = |to: &String| layer(to).is_some() || WINDOW.contains(&to.as_str());
    paths(source)
        .iter()
        .filter_map(|found| target(found, &own))
        .filter(|to| known(to) && own.first() != Some(to))
        .collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file under `src/`, its path from there and its text.
fn sources() -> Vec<(PathBuf, String)> {
    let src = root().join("src");
    let (mut folders, mut out) = (vec![src.clone()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                out.push((path.strip_prefix(&src).unwrap().to_owned(), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    out
}

#[test]
fn the_source_keeps_the_layers_and_the_rules() {
    let files = sources();
    assert!(files.len() > 10, "src/ was not found");
    let found: Vec<String> = files.iter().flat_map(|(file, source)| violations(file, source)).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn no_modules_import_each_other_in_a_circle() {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (file, source) in sources() {
        if let Some(module) = module_path(&file).into_iter().next() {
            all.entry(module).or_default().extend(imports(&file, &source));
        }
    }
    assert_eq!(circle(&all), None);
}

#[test]
fn nothing_unexpected_stands_at_the_top_of_the_project() {
    let allowed = ["Cargo.toml", "Cargo.lock", "src", "assets", "tests", "README.md", "LICENSE", "target"];
    let stray: Vec<String> = std::fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.') && !allowed.contains(&name.as_str()))
        .collect();
    assert!(stray.is_empty(), "{stray:?}");
}

#[test]
fn planted_violations_are_found() {
    for (file, source, word) in [
        ("net/http.rs", "use crate::kinde::KindeApi;", "`net` may not import `kinde`"),
        ("net/http.rs", "fn f() -> crate::tenant::Profile { todo() }", "`net` may not import `tenant`"),
        ("kinde/api.rs", "use super::super::tenant::Profile;", "`kinde` may not import `tenant`"),
        ("kinde/mod.rs", "use crate::{net::Http, services::Services};", "`kinde` may not import `services`"),
        ("cli/mod.rs", "use crate::backend::Command;", "`cli` may not import `backend`"),
        ("backend/mod.rs", "use crate::cli;", "`backend` may not import `cli`"),
        ("backend/mod.rs", "use crate::screens::tenant;", "`backend` may not import `screens`"),
        ("app/mod.rs", "use crate::cli::Args;", "`app` may not import `cli`"),
        ("screens/tenant/mod.rs", "use crate::app::State;", "`screens` may not import `app`"),
        ("screens/tenant/mod.rs", "use crate::services::Services;", "`screens` may not import `services`"),
        ("screens/tenant/mod.rs", "use reqwest::Client;", "does no I/O"),
        ("screens/tenant/mod.rs", "use std::{fs, path::Path};", "`std::fs`"),
        ("ui/load.rs", "use crate::kinde::Domain;", "`ui` may not import `kinde`"),
        ("ui/load.rs", "use crate::secrets::{Secret, SecretStore};", "`ui` may not import `secrets`"),
        ("ui/load.rs", "fn f() { let c = egui::Color32::from_rgb(1, 2, 3); }", "ui/tokens.rs"),
        ("screens/a.rs", "fn f() { g(Color32::RED) }", "ui/tokens.rs"),
        ("tenant/mod.rs", "use egui::Ui;", "may not know egui"),
        ("tenant/mod.rs", "fn f() { jiff::Timestamp::now(); }", "only now()"),
        ("tenant/mod.rs", "fn f() { reqwest::Client::new(); }", "only `net` may use `reqwest`"),
        ("novelty/mod.rs", "", "has no layer"),
    ] {
        let found = violations(Path::new(file), source);
        assert!(found.iter().any(|line| line.contains(word)), "{file} {source}: {found:?}");
    }
}

#[test]
fn what_is_allowed_is_not_reported() {
    for (file, source) in [
        ("net/http.rs", "use crate::secrets::Secret; use super::activity::Recorder;"),
        (
            "kinde/api.rs",
            "// use crate::tenant;\n/* crate::app */ const A: &str = \"crate::app\"; use crate::net::Http;",
        ),
        ("kinde/api.rs", "const A: &str = r#\"use crate::app; \" \"#; fn f<'a>(c: char) -> bool { c == '\"' }"),
        ("screens/a.rs", "use crate::{tenant::Profile, ui, step::Step}; fn f() { g(Color32::TRANSPARENT) }"),
        ("ui/secret_field.rs", "use crate::secrets::{MASK, Secret};"),
        ("ui/tokens.rs", "const RED: Color32 = Color32::from_rgb(1, 2, 3);"),
        ("app/mod.rs", "use crate::{backend, services, screens, ui};"),
        ("clock.rs", "fn f() { Timestamp::now(); }"),
    ] {
        assert_eq!(violations(Path::new(file), source), Vec::<String>::new(), "{file} {source}");
    }
}

#[test]
fn a_circle_is_found() {
    let edges = |list: &[(&str, &str)]| {
        let mut map: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (from, to) in list {
            map.entry((*from).to_owned()).or_default().insert((*to).to_owned());
        }
        map
    };
    assert_eq!(circle(&edges(&[("net", "secrets"), ("store", "secrets")])), None);
    assert!(circle(&edges(&[("net", "store"), ("store", "secrets"), ("secrets", "net")])).is_some());
}
