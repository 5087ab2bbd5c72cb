//! Saving files into a folder in which others stand already. What a person was not shown is not written over, and an
//! environment file keeps every line it has: only variables that it lacks are added, those that it leaves empty filled in, and
//! those set that a person gave for this very call. Beside the client ID of another application no client secret is set.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use zeroize::Zeroizing;

use super::artefact::{Artefact, there, write_one};
use crate::dotenv;
use crate::error::{Category, UserError};
use crate::store::write_private;

/// Files larger than this are nobody's environment file, in bytes.
const LARGEST: u64 = 1024 * 1024;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Beside {
    /// Everything was written, but these variables of environment files.
    Written(Vec<Stayed>),
    /// These are there already and were not shown; nothing was written.
    There(Vec<String>),
}

/// A variable of an environment file that stayed as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stayed {
    /// The variable's name.
    pub name: String,
    /// The file's path below its folder.
    pub path: String,
    /// Why.
    pub why: Why,
}

/// Why a variable stayed as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It has another value.
    Another,
    /// It has none: the file names another application's client ID, which this client secret does not belong to.
    NotOurs,
}

/// Writes `files` below `folder`, whatever is there: an environment file gets the variables it lacks and the values of those
/// that are `given`, any other is replaced. Answers the variables that stayed as they were. Blocking.
///
/// # Errors
/// As [`write_beside`].
pub fn write_over(folder: &Path, files: &[Artefact], given: &[String]) -> Result<Vec<Stayed>, UserError> {
    let all: Vec<String> = files.iter().map(|file| file.path.clone()).collect();
    Ok(match put(folder, files, &all, given)? {
        Beside::Written(kept) => kept,
        // Of those that were named none is new.
        Beside::There(_) => Vec::new(),
    })
}

/// Writes `files` below `folder`. Of those that are there already, and are in `shown`, an environment file gets the variables
/// it lacks and any other is replaced. Blocking.
///
/// # Errors
/// When a file cannot be read: nothing is written then. When the system refuses to write.
pub fn write_beside(folder: &Path, files: &[Artefact], shown: &[String]) -> Result<Beside, UserError> {
    put(folder, files, shown, &[])
}

fn put(folder: &Path, files: &[Artefact], shown: &[String], given: &[String]) -> Result<Beside, UserError> {
    let there = there(folder, files);
    if there.iter().any(|path| !shown.contains(path)) {
        return Ok(Beside::There(there));
    }
    let mut kept = Vec::new();
    let mut work = Vec::new();
    for file in files {
        let is_there = there.contains(&file.path);
        let merged = if is_there && file.is_private() { Some(merged(folder, file, given)?) } else { None };
        work.push((file, is_there, merged));
    }
    for (file, is_there, merged) in work {
        let Some(merged) = merged else {
            write_one(folder, file, is_there)?;
            continue;
        };
        kept.extend(merged.kept.into_iter().map(|(name, why)| Stayed { name, path: file.path.clone(), why }));
        if let Some(text) = merged.text {
            // A link stays one: what it leads to is what the person keeps the lines in.
            let path = folder.join(&file.path);
            let path = path.canonicalize().map_err(|error| refused(&path, "written", &error))?;
            write_private(&path, text.as_bytes())?;
        }
    }
    Ok(Beside::Written(kept))
}

fn refused(path: &Path, what: &str, error: &dyn std::fmt::Display) -> UserError {
    UserError::new(Category::File, format!("A file that is there could not be {what}"))
        .detail(format!("{}: {error}", path.display()))
        .hint("Leave its tick out, or look at the file")
}

/// An environment file with what was added.
#[derive(Debug, PartialEq, Eq)]
struct Merged {
    /// `None` where nothing is missing.
    text: Option<Zeroizing<String>>,
    /// Variables that stayed as they were, by name.
    kept: Vec<(String, Why)>,
}

fn merged(folder: &Path, file: &Artefact, given: &[String]) -> Result<Merged, UserError> {
    let theirs = read(&folder.join(&file.path))?;
    Ok(merge(&theirs, file.exact().expose(), given))
}

/// The environment file at `path`. Blocking.
///
/// # Errors
/// When there is none that can be read.
pub(super) fn read(path: &Path) -> Result<Zeroizing<String>, UserError> {
    let unread = |error: std::io::Error| refused(path, "read", &error);
    let facts = fs::metadata(path).map_err(unread)?;
    if !facts.is_file() || facts.len() > LARGEST {
        return Err(refused(path, "read", &"it is no environment file"));
    }
    fs::read_to_string(path).map(Zeroizing::new).map_err(unread)
}

/// `theirs`, every line as it is but those that set a variable of ours to nothing, or one that is `given`, and behind it what
/// `ours` has and they lack.
fn merge(theirs: &str, ours: &str, given: &[String]) -> Merged {
    let end = if theirs.contains("\r\n") { "\r\n" } else { "\n" };
    let foreign = names_another_application(theirs, ours, given);
    // Of one application, and no secret for the ID of another one; one that a person gave for this very call is theirs to set.
    let is_secret = |name: &String| name.ends_with("CLIENT_SECRET");
    let withheld = |name: &String| foreign && is_secret(name) && !given.contains(name);
    let (text, other_application) = filled_in(theirs, ours, given, withheld);
    let there = dotenv::assignments(&text);
    let mut added = Zeroizing::new(String::new());
    let (mut kept, mut comments, mut named) = (Vec::new(), Vec::new(), false);
    for line in ours.lines() {
        let Some((name, value)) = dotenv::assignments(line).into_iter().next() else {
            // A comment is about the lines that follow it, up to the next one.
            if std::mem::take(&mut named) {
                comments.clear();
            }
            comments.push(line);
            continue;
        };
        named = true;
        match there.get(&name) {
            Some(known) if *known == value => {}
            // A client secret is of one application: beside the ID of another one it is to be looked at.
            Some(known) if value.is_empty() => {
                if other_application && !known.is_empty() && is_secret(&name) {
                    kept.push((name, Why::Another));
                }
            }
            Some(known) if !known.is_empty() => kept.push((name, Why::Another)),
            _ if !value.is_empty() && withheld(&name) => kept.push((name, Why::NotOurs)),
            _ => {
                for line in comments.drain(..).chain([line]) {
                    added.push_str(line);
                    added.push_str(end);
                }
            }
        }
    }
    if added.is_empty() {
        let changed = text.as_str() != theirs;
        return Merged { text: changed.then_some(text), kept };
    }
    let gap = if text.is_empty() || text.ends_with('\n') { "" } else { end };
    Merged { text: Some(Zeroizing::new(format!("{}{gap}{}", *text, *added))), kept }
}

/// True where `theirs` goes on to name another client ID than `ours`.
fn names_another_application(theirs: &str, ours: &str, given: &[String]) -> bool {
    let there = dotenv::assignments(theirs);
    dotenv::assignments(ours).into_iter().any(|(name, value)| {
        let another = there.get(&name).is_some_and(|known| !known.is_empty() && *known != value);
        another && !value.is_empty() && name.ends_with("CLIENT_ID") && !given.contains(&name)
    })
}

/// `theirs` with the values of `ours` where a line of theirs leaves the variable empty, or where it is among those `given`, but
/// not of those `withheld`; and whether a client ID that was there is another one now. Of two lines for one variable the later
/// one counts.
fn filled_in(
    theirs: &str,
    ours: &str,
    given: &[String],
    withheld: impl Fn(&String) -> bool,
) -> (Zeroizing<String>, bool) {
    let there = dotenv::assignments(theirs);
    let mut wanted: HashMap<String, &str> = HashMap::new();
    for line in ours.lines() {
        let Some((name, value)) = dotenv::assignments(line).into_iter().next() else { continue };
        let takes = |known: &String| known.is_empty() || (given.contains(&name) && *known != value);
        if !value.is_empty() && !withheld(&name) && there.get(&name).is_some_and(takes) {
            wanted.insert(name, line);
        }
    }
    let mut other_application = false;
    let mut lines: Vec<Zeroizing<String>> = Vec::new();
    for line in theirs.split_inclusive('\n').rev() {
        let bare = line.trim_end_matches(['\n', '\r']);
        let mut sets = dotenv::assignments(bare).into_iter();
        let ours = match (sets.next(), sets.next()) {
            (Some((name, _)), None) => wanted.remove_entry(&name),
            _ => None,
        };
        let changed = ours.and_then(|(name, ours)| {
            let changed = dotenv::with_value(bare, ours.split_once('=')?.1)?;
            other_application |= name.ends_with("CLIENT_ID") && there.get(&name).is_some_and(|known| !known.is_empty());
            Some(changed)
        });
        let mut text = changed.unwrap_or_else(|| Zeroizing::new(bare.to_owned()));
        text.push_str(line.get(bare.len()..).unwrap_or_default());
        lines.push(text);
    }
    let mut text = Zeroizing::new(String::with_capacity(theirs.len() + ours.len()));
    for line in lines.iter().rev() {
        text.push_str(line);
    }
    (text, other_application)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipes::{EnvFile, Generated};
    use crate::secrets::Secret;

    const SECRET: &str = "Canary0123456789Canary0123456789";

    fn merge(theirs: &str, ours: &str) -> Merged {
        super::merge(theirs, ours, &[])
    }

    fn another(name: &str) -> Stayed {
        Stayed { name: name.to_owned(), path: ".env.local".to_owned(), why: Why::Another }
    }

    fn one(name: &str, why: Why) -> Vec<(String, Why)> {
        vec![(name.to_owned(), why)]
    }

    fn generated() -> Generated {
        let mut made = Generated::default();
        made.file("lib/server.ts", "ours\n");
        let secret = Secret::new(SECRET);
        made.env(
            EnvFile::local()
                .comment("Kinde")
                .plain("KINDE_ISSUER_URL", "https://acme.kinde.com")
                .secret("KINDE_CLIENT_SECRET", Some(&secret))
                .comment("Supabase")
                .plain("SUPABASE_URL", "https://abc.supabase.co"),
        );
        made
    }

    fn all() -> Vec<String> {
        vec!["lib/server.ts".to_owned(), ".env.local".to_owned()]
    }

    #[test]
    fn an_environment_file_keeps_every_line_and_gets_what_it_lacks() {
        let dir = tempfile::tempdir().unwrap();
        let env = dir.path().join(".env.local");
        let theirs = "# mine\nDATABASE_URL=postgres://me:pw@db\nexport KINDE_ISSUER_URL='https://other.kinde.com'";
        fs::write(&env, theirs).unwrap();
        let made = generated();
        let Beside::Written(kept) = write_beside(dir.path(), &made.files, &all()).unwrap() else { panic!() };
        assert_eq!(kept, [another("KINDE_ISSUER_URL")]);
        let text = fs::read_to_string(&env).unwrap();
        let added =
            format!("# Kinde\nKINDE_CLIENT_SECRET={SECRET}\n# Supabase\nSUPABASE_URL=https://abc.supabase.co\n");
        assert_eq!(text, format!("{theirs}\n{added}"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&env).unwrap().permissions().mode() & 0o777, 0o600, "it holds a secret now");
        }
        let Beside::Written(kept) = write_beside(dir.path(), &made.files, &all()).unwrap() else { panic!() };
        assert_eq!((kept.len(), fs::read_to_string(&env).unwrap()), (1, text), "nothing is added twice");
    }

    #[test]
    fn writing_over_what_is_there_replaces_code_and_keeps_the_lines_of_an_environment_file() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("lib")).unwrap();
        fs::write(dir.path().join("lib/server.ts"), "mine\n").unwrap();
        let theirs = "DATABASE_URL=postgres://me:pw@db\nKINDE_ISSUER_URL=https://other.kinde.com\n";
        fs::write(dir.path().join(".env.local"), theirs).unwrap();
        let kept = write_over(dir.path(), &generated().files, &[]).unwrap();
        assert_eq!(kept, [another("KINDE_ISSUER_URL")]);
        assert_eq!(fs::read_to_string(dir.path().join("lib/server.ts")).unwrap(), "ours\n");
        let text = fs::read_to_string(dir.path().join(".env.local")).unwrap();
        assert!(text.starts_with(theirs) && text.contains(SECRET), "{text}");
        let fresh = tempfile::tempdir().unwrap();
        assert!(write_over(fresh.path(), &generated().files, &[]).unwrap().is_empty());
        assert!(fresh.path().join("lib/server.ts").exists() && fresh.path().join(".env.local").exists());
    }

    #[test]
    fn what_was_not_shown_is_not_written_over_and_then_nothing_is_written_at_all() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("lib")).unwrap();
        fs::write(dir.path().join("lib/server.ts"), "mine\n").unwrap();
        let made = generated();
        let there = write_beside(dir.path(), &made.files, &[]).unwrap();
        assert_eq!(there, Beside::There(vec!["lib/server.ts".to_owned()]));
        assert!(!dir.path().join(".env.local").exists());
        // One that came since is not written over either.
        fs::write(dir.path().join(".env.local"), "MINE=1\n").unwrap();
        let there = write_beside(dir.path(), &made.files, &["lib/server.ts".to_owned()]).unwrap();
        assert_eq!(there, Beside::There(all()));
        assert_eq!(fs::read_to_string(dir.path().join("lib/server.ts")).unwrap(), "mine\n");
        // Without its tick a file is not among those that are written.
        write_beside(dir.path(), &made.files[1..], &all()).unwrap();
        assert_eq!(fs::read_to_string(dir.path().join("lib/server.ts")).unwrap(), "mine\n");
        write_beside(dir.path(), &made.files, &all()).unwrap();
        assert_eq!(fs::read_to_string(dir.path().join("lib/server.ts")).unwrap(), "ours\n");
    }

    #[test]
    fn an_environment_file_that_cannot_be_read_stops_everything() {
        let dir = tempfile::tempdir().unwrap();
        let env = dir.path().join(".env.local");
        fs::write(&env, [0xff, 0xfe, b'\n']).unwrap();
        let error = write_beside(dir.path(), &generated().files, &all()).unwrap_err();
        assert!(error.category == Category::File && error.detail.contains(".env.local"), "{error:?}");
        assert_eq!(fs::read(&env).unwrap(), [0xff, 0xfe, b'\n']);
        assert!(!dir.path().join("lib").exists());
    }

    #[test]
    #[cfg(unix)]
    fn an_environment_file_that_is_a_link_stays_one() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("kept.env"), "MINE=1\n").unwrap();
        std::os::unix::fs::symlink("kept.env", dir.path().join(".env.local")).unwrap();
        write_beside(dir.path(), &generated().files, &all()).unwrap();
        let text = fs::read_to_string(dir.path().join("kept.env")).unwrap();
        assert!(text.starts_with("MINE=1\n") && text.contains("SUPABASE_URL="), "{text}");
        assert!(fs::symlink_metadata(dir.path().join(".env.local")).unwrap().is_symlink());
    }

    #[test]
    fn a_variable_that_was_left_empty_is_filled_in_where_it_stands() {
        let ours = "# Kinde\nA=1\nB='it s'\nC=3\nD=\nE=5\n";
        let theirs = "# mine\nexport A=\nB=\"\" # the secret\nC= theirs\nD=kept";
        let filled = merge(theirs, ours);
        let wanted = "# mine\nexport A=1\nB='it s' # the secret\nC= theirs\nD=kept\n# Kinde\nE=5\n";
        assert_eq!((filled.text.unwrap().as_str(), &filled.kept[..]), (wanted, &one("C", Why::Another)[..]));
        assert_eq!(merge("A=\r\nB=2\r\n", "A=1\n").text.unwrap().as_str(), "A=1\r\nB=2\r\n");
        assert_eq!(merge("A=", "A=1\n").text.unwrap().as_str(), "A=1");
        assert!(merge("A=1\n", "A=1\n").text.is_none() && merge("A=\n", "A=\n").text.is_none());
        // The later of two counts: it is not empty.
        let twice = merge("A=\nA=2\n", "A=1\n");
        assert!(twice.text.is_none() && twice.kept == one("A", Why::Another), "{twice:?}");
    }

    #[test]
    fn a_value_that_a_person_gave_is_set_in_its_own_line_alone() {
        let dir = tempfile::tempdir().unwrap();
        let env = dir.path().join(".env.local");
        let theirs = "\u{feff}# mine\r\nKINDE_CLIENT_SECRET=older\r\nexport KINDE_CLIENT_SECRET='old one'  # of May\r\n\
                      KINDE_ISSUER_URL=https://other.kinde.com\r\nSUPABASE_URL=https://abc.supabase.co\r\nLAST=1";
        fs::write(&env, theirs).unwrap();
        let kept = write_over(dir.path(), &generated().files, &["KINDE_CLIENT_SECRET".to_owned()]).unwrap();
        assert_eq!(kept, [another("KINDE_ISSUER_URL")]);
        let text = fs::read_to_string(&env).unwrap();
        assert_eq!(text, theirs.replace("'old one'", SECRET));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&env).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_value_that_goes_on_in_later_lines_stays_and_is_told_of() {
        let given = ["A".to_owned()];
        let theirs = "A=\"-----BEGIN\nKEY\n-----END\"\n";
        let merged = super::merge(theirs, "A=1\n", &given);
        assert!(merged.text.is_none() && merged.kept == one("A", Why::Another), "{merged:?}");
    }

    #[test]
    fn a_client_secret_that_stays_beside_another_client_id_is_told_of() {
        let theirs = "KINDE_CLIENT_ID=first\nKINDE_CLIENT_SECRET=of the first\n";
        let ours = "KINDE_CLIENT_ID=second\nKINDE_CLIENT_SECRET=\n";
        let merged = super::merge(theirs, ours, &["KINDE_CLIENT_ID".to_owned()]);
        assert_eq!(merged.text.unwrap().as_str(), "KINDE_CLIENT_ID=second\nKINDE_CLIENT_SECRET=of the first\n");
        assert_eq!(merged.kept, one("KINDE_CLIENT_SECRET", Why::Another));
        assert_eq!(merge(theirs, ours).kept, one("KINDE_CLIENT_ID", Why::Another));
    }

    #[test]
    fn a_client_secret_is_not_set_beside_the_client_id_of_another_application_unless_a_person_gave_it() {
        let ours = "KINDE_CLIENT_ID=second\nKINDE_CLIENT_SECRET=of the second\nA=1\n";
        let withheld = [("KINDE_CLIENT_ID".to_owned(), Why::Another), ("KINDE_CLIENT_SECRET".to_owned(), Why::NotOurs)];
        for theirs in ["KINDE_CLIENT_ID=first\n", "KINDE_CLIENT_ID=first\nKINDE_CLIENT_SECRET=\n"] {
            let merged = merge(theirs, ours);
            assert_eq!(merged.text.unwrap().as_str(), format!("{theirs}A=1\n"));
            assert_eq!(merged.kept, withheld);
        }
        let given = super::merge("KINDE_CLIENT_ID=first\n", ours, &["KINDE_CLIENT_SECRET".to_owned()]);
        assert!(given.text.unwrap().contains("KINDE_CLIENT_SECRET=of the second\n"));
        for same in ["KINDE_CLIENT_ID=second\n", "KINDE_CLIENT_ID=\n", ""] {
            let merged = merge(same, ours);
            assert!(merged.text.unwrap().contains("_SECRET=of the second\n") && merged.kept.is_empty(), "{same}");
        }
    }

    #[test]
    fn lines_of_windows_stay_lines_of_windows() {
        let merged = merge("A=1\r\n", "A=1\nB=2\n");
        assert_eq!(merged.text.unwrap().as_str(), "A=1\r\nB=2\r\n");
        assert_eq!(merge("# A=1\n", "A=1\n").text.unwrap().as_str(), "# A=1\nA=1\n", "a comment sets nothing");
    }
}
