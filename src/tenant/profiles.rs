//! `profiles.json`: every profile of a data folder.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::profile::{Profile, ProfileKind, SANDBOX_PROFILE};
use crate::error::{Category, UserError};
use crate::store::{DataDir, JsonFile};

/// The schema this program writes.
const SCHEMA: u32 = 1;

/// How many colours profiles take turns with.
const COLOURS: u8 = 8;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Document {
    schema: u32,
    #[serde(default)]
    profiles: Vec<Profile>,
    /// Members of a newer program, kept as they are.
    #[serde(flatten)]
    extra: Map<String, Value>,
}

impl Default for Document {
    fn default() -> Self {
        Self { schema: SCHEMA, profiles: Vec::new(), extra: Map::new() }
    }
}

impl Document {
    /// The sandbox's profile exists from the first use: it is made where it is missing.
    fn complete(mut self) -> Self {
        if !self.profiles.iter().any(|profile| profile.id == SANDBOX_PROFILE) {
            self.profiles.push(Profile::sandbox());
        }
        self
    }
}

/// The profiles of one data folder. Blocking, and quick: small files.
#[derive(Debug, Clone)]
pub struct Profiles {
    file: JsonFile<Document>,
}

impl Profiles {
    /// Those of `data`.
    pub fn of(data: &DataDir) -> Self {
        Self { file: JsonFile::at(data.file("profiles.json")) }
    }

    /// Puts the profiles of before the last change in the place of a damaged file. `Some`: where that one is kept.
    ///
    /// # Errors
    /// When a file cannot be written. Nothing is lost then.
    pub fn restore(&self) -> Result<Option<std::path::PathBuf>, UserError> {
        Ok(self.file.restore()?)
    }

    /// All, in the order they were added, the sandbox among them.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn list(&self) -> Result<Vec<Profile>, UserError> {
        Ok(self.file.read()?.complete().profiles)
    }

    /// The one of that id.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn get(&self, id: Uuid) -> Result<Option<Profile>, UserError> {
        Ok(self.list()?.into_iter().find(|profile| profile.id == id))
    }

    /// The one a person means by `text`: its name without regard to case, its id, or its domain.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn find(&self, text: &str) -> Result<Option<Profile>, UserError> {
        let text = text.trim();
        let all = self.list()?;
        let by = |test: &dyn Fn(&Profile) -> bool| all.iter().find(|profile| test(profile)).cloned();
        let domain = text.contains('.').then(|| crate::kinde::Domain::parse(text).ok()).flatten();
        Ok(by(&|profile| profile.name.eq_ignore_ascii_case(text))
            .or_else(|| by(&|profile| profile.id.to_string() == text))
            .or_else(|| by(&|profile| domain.is_some() && profile.domain == domain)))
    }

    /// Adds `profile` with a name and colour of its own; answers it as kept.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn add(&self, mut profile: Profile) -> Result<Profile, UserError> {
        self.change(move |all| {
            profile.name = free_name(&profile.name, profile.id, all);
            profile.colour = (0..COLOURS)
                .find(|colour| all.iter().all(|other| other.colour != *colour))
                .unwrap_or_else(|| u8::try_from(all.len() % usize::from(COLOURS)).unwrap_or_default());
            profile.saved = true;
            all.push(profile.clone());
            Ok(profile)
        })
    }

    /// Lets `edit` work on the profile as it is on disk now; answers it as kept. An unsaved one is nobody's to change.
    ///
    /// # Errors
    /// When it is gone, or the file cannot be read or written. A name that is taken gets a number.
    pub fn update(&self, id: Uuid, edit: impl FnOnce(&mut Profile)) -> Result<Profile, UserError> {
        self.change(move |all| {
            let Some(at) = all.iter().position(|profile| profile.id == id) else {
                return Err(UserError::new(Category::Input, "The profile is gone")
                    .detail("Another window or command removed it")
                    .hint("Choose another profile"));
            };
            let mut profile = all.remove(at);
            edit(&mut profile);
            profile.id = id;
            profile.name = free_name(&profile.name, id, all);
            all.insert(at, profile.clone());
            Ok(profile)
        })
    }

    /// Removes the profile of that id; one that is gone is no error. The sandbox's cannot be removed. Its secrets are
    /// the caller's to delete: see [`crate::services::Services::remove_profile`].
    ///
    /// # Errors
    /// For the sandbox, and when the file cannot be read or written.
    pub fn remove(&self, id: Uuid) -> Result<(), UserError> {
        if id == SANDBOX_PROFILE {
            return Err(UserError::new(Category::Input, "The sandbox cannot be removed")
                .detail("It is part of every data folder")
                .hint("It can be started over in its room"));
        }
        self.change(|all| {
            all.retain(|profile| profile.id != id);
            Ok(())
        })
    }

    fn change<R>(&self, edit: impl FnOnce(&mut Vec<Profile>) -> Result<R, UserError>) -> Result<R, UserError> {
        let newer = self.file.read()?.schema > SCHEMA;
        if newer {
            return Err(UserError::new(Category::File, "The profiles were written by a newer Kinde Panel")
                .detail("This one can read them and would lose what it does not know")
                .hint("Update the panel, or name another folder with --data-dir"));
        }
        self.file.update(|document| {
            let before = std::mem::take(document).complete();
            let mut after = before.profiles.clone();
            let result = edit(&mut after);
            *document = Document { profiles: if result.is_ok() { after } else { before.profiles.clone() }, ..before };
            result
        })?
    }
}

/// `name`, or `name 2`, `name 3` … where it is taken: a name picks a profile on the command line.
fn free_name(name: &str, id: Uuid, all: &[Profile]) -> String {
    let name = match name.trim() {
        "" => "tenant",
        name => name,
    };
    let taken = |name: &str| all.iter().any(|other| other.id != id && other.name.eq_ignore_ascii_case(name));
    if !taken(name) {
        return name.to_owned();
    }
    (2..).map(|number| format!("{name} {number}")).find(|name| !taken(name)).unwrap_or_else(|| name.to_owned())
}

/// What a tenant is called until a person names it: the first label of its domain.
pub fn default_name(domain: &crate::kinde::Domain) -> String {
    if domain.is_loopback() {
        return domain.authority().to_owned();
    }
    let host = domain.host();
    host.strip_suffix(".kinde.com").unwrap_or(host).to_owned()
}

impl Profile {
    /// An unsaved profile for the tenant at `domain`: nothing of it is written to the data folder. Its id follows from
    /// domain and client ID, so that a kept token is found again.
    pub fn unsaved(domain: crate::kinde::Domain, client_id: Option<String>) -> Self {
        let text = format!("kinde-panel unsaved {domain} {}", client_id.as_deref().unwrap_or_default());
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
        let mut bytes = [0; 16];
        for (byte, from) in bytes.iter_mut().zip(digest.as_ref()) {
            *byte = *from;
        }
        let id = uuid::Builder::from_custom_bytes(bytes).into_uuid();
        let name = domain.authority().to_owned();
        Self { domain: Some(domain), client_id, saved: false, ..Self::blank(id, name, ProfileKind::Kinde) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinde::Domain;
    use crate::tenant::{EnvironmentFacts, Guard};

    fn profiles() -> (tempfile::TempDir, DataDir, Profiles) {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::open(dir.path().join("data")).unwrap();
        let profiles = Profiles::of(&data);
        (dir, data, profiles)
    }

    fn acme() -> Profile {
        Profile::new("acme", Domain::parse("acme").unwrap())
    }

    #[test]
    fn the_sandbox_is_there_from_the_first_use_and_cannot_be_removed() {
        let (_dir, _data, profiles) = profiles();
        let all = profiles.list().unwrap();
        assert_eq!((all.len(), all[0].id), (1, SANDBOX_PROFILE));
        assert_eq!(all[0].apps.len(), 6);
        assert!(profiles.remove(SANDBOX_PROFILE).is_err());
        profiles.update(SANDBOX_PROFILE, |sandbox| sandbox.landing_works = true).unwrap();
        assert!(profiles.get(SANDBOX_PROFILE).unwrap().unwrap().landing_works);
    }

    #[test]
    fn names_and_colours_are_each_profiles_own() {
        let (_dir, _data, profiles) = profiles();
        let first = profiles.add(acme()).unwrap();
        let second = profiles.add(Profile { name: "ACME".into(), ..acme() }).unwrap();
        assert_eq!((first.name.as_str(), second.name.as_str()), ("acme", "ACME 2"));
        assert_ne!(first.colour, second.colour);
        assert_eq!(profiles.find("acme 2").unwrap().unwrap().id, second.id);
        assert_eq!(profiles.find("https://acme.kinde.com/").unwrap().unwrap().id, first.id);
        profiles.remove(first.id).unwrap();
        assert!(profiles.update(first.id, |_| {}).is_err());
    }

    #[test]
    fn what_a_newer_program_wrote_survives_and_a_newer_schema_is_not_written() {
        let (_dir, data, profiles) = profiles();
        let id = profiles.add(acme()).unwrap().id;
        let path = data.file("profiles.json");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace("\"name\": \"acme\"", "\"name\": \"acme\", \"later\": [1]")).unwrap();
        profiles.update(id, |profile| profile.landing_works = true).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("\"later\""), "{text}");
        std::fs::write(&path, text.replace("\"schema\": 1", "\"schema\": 2")).unwrap();
        assert!(profiles.update(id, |profile| profile.landing_works = false).is_err());
        assert!(profiles.get(id).unwrap().unwrap().landing_works);
    }

    #[test]
    fn live_and_unread_environments_are_guarded_and_a_person_may_only_tighten() {
        let mut profile = acme();
        assert_eq!(profile.guard(), Guard::Unread);
        let facts = |is_live| EnvironmentFacts {
            code: None,
            name: None,
            is_live,
            kinde_domain: None,
            custom_domain: None,
            read_at: jiff::Timestamp::UNIX_EPOCH,
        };
        for (is_live, chosen, guard) in [
            (Some(true), false, Guard::Live),
            (Some(true), true, Guard::Live),
            (Some(false), false, Guard::Open),
            (Some(false), true, Guard::ByChoice),
            (None, false, Guard::Unread),
        ] {
            profile.environment = Some(facts(is_live));
            profile.guarded_by_choice = chosen;
            assert_eq!(profile.guard(), guard);
        }
        assert_eq!(Profile::sandbox().guard(), Guard::Open);
    }

    #[test]
    fn calls_go_to_the_kinde_domain_whichever_domain_was_typed() {
        let mut profile = Profile::new("x", Domain::parse("auth.example.com").unwrap());
        assert_eq!(profile.api_domain().unwrap().host(), "auth.example.com");
        profile.audience = Some("https://acme.kinde.com/api".into());
        assert_eq!(profile.api_domain().unwrap().host(), "acme.kinde.com");
        assert_eq!(acme().api_domain().unwrap().host(), "acme.kinde.com");
    }

    #[test]
    fn an_unsaved_profile_keeps_its_id_for_the_same_application() {
        let unsaved = |id: &str| Profile::unsaved(Domain::parse("acme").unwrap(), Some(id.into())).id;
        assert_eq!(unsaved("a"), unsaved("a"));
        assert_ne!(unsaved("a"), unsaved("b"));
    }
}
