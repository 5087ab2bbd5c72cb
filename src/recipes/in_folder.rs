//! Secrets that stand in a folder's environment files before anything is written there. Those lines stay, so what is made goes
//! by them: nothing is signed with a key that then stands nowhere.

use std::path::Path;

use super::Content;
use super::beside::read;
use crate::dotenv;
use crate::secrets::Secret;

/// One of them.
#[derive(Debug, Clone)]
pub struct Already {
    /// The key of the input.
    pub key: String,
    /// Its variable and the file: `NAME in PATH`.
    pub place: String,
    /// What stands there.
    pub value: Secret,
}

/// The secret inputs of a recipe that have a value in an environment file below `folder` which the recipe would write to. The
/// web application's secret is none of them: it goes with a client ID, and nothing is made of it. A file that cannot be read
/// has none: writing to it says why. Blocking.
pub fn already(content: &Content, folder: &Path) -> Vec<Already> {
    let mut found: Vec<Already> = Vec::new();
    for path in content.files.iter().filter(|path| is_env(path)) {
        let Ok(text) = read(&folder.join(path)) else { continue };
        let mut there = dotenv::assignments(&text);
        for input in content.inputs.iter().filter(|input| input.secret && input.from.is_none()) {
            let known = found.iter().any(|found| found.key == input.key);
            let value = input.env.iter().find_map(|name| Some((name, there.remove(name).filter(|it| !it.is_empty())?)));
            if let (false, Some((name, value))) = (known, value) {
                // Next.js expands variables: a dollar that is one stands there as `\$`.
                let value = if path.ends_with(".env.local") { value.replace("\\$", "$") } else { value };
                let place = format!("{name} in {path}");
                found.push(Already { key: input.key.clone(), place, value: Secret::new(value) });
            }
        }
    }
    found
}

fn is_env(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.starts_with(".env") || name == ".dev.vars"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipes::tests::{Stage, values};
    use crate::recipes::{find, generate, write};

    #[tokio::test]
    async fn a_secret_is_read_back_as_it_was_written_and_an_empty_line_is_none() {
        let stage = Stage::at("acme");
        let supabase = find("supabase").unwrap();
        for secret in ["Canary$0123456789$Canary0123456789", "Canary it's # 0123456789 Canary0123456789"] {
            let dir = tempfile::tempdir().unwrap();
            assert!(already(supabase.content(), dir.path()).is_empty());
            let given = values(supabase, &[("project", "abcdefghijklmnopqrst")], &[("jwt_secret", secret)]);
            let made = generate(supabase, &given, stage.around()).await.unwrap();
            write(dir.path(), &made.files).unwrap();
            let found = already(supabase.content(), dir.path());
            let [one] = &found[..] else { panic!("{found:?}") };
            assert_eq!((one.key.as_str(), one.place.as_str()), ("jwt_secret", "SUPABASE_JWT_SECRET in .env.local"));
            assert_eq!(one.value.expose(), secret);
            assert!(!format!("{found:?}").contains("Canary"));
            std::fs::write(dir.path().join(".env.local"), "SUPABASE_JWT_SECRET=\n").unwrap();
            assert!(already(supabase.content(), dir.path()).is_empty());
        }
    }
}
