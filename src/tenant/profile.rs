//! One profile: which tenant, and what is remembered of it. No secret.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::public::PublicChoices;
use crate::kinde::{Domain, Environment, User};

/// The sandbox's profile: the same in every data folder.
pub const SANDBOX_PROFILE: Uuid = Uuid::from_u128(0x5abd_0000_0000_4000_8000_0000_0000_0001);

/// The keyring field the web application's client secret is kept under.
pub const WEB_CLIENT_SECRET_FIELD: &str = "web_client_secret";

/// Reference keys of the sandbox's connected apps, which are their providers' ids too.
const SANDBOX_APPS: [&str; 6] = ["google_drive", "github", "gitlab", "patreon", "discord", "microsoft_365"];

/// How many users are remembered as used last.
const LAST_USERS: usize = 8;

/// What a profile stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProfileKind {
    /// A tenant at Kinde.
    #[default]
    Kinde,
    /// The tenant on this machine.
    Sandbox,
}

/// A tenant as a person keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// Never changes; secrets are kept under it.
    pub id: Uuid,
    /// What the person calls it. Unique without regard to case.
    pub name: String,
    /// What it stands for.
    #[serde(default)]
    pub kind: ProfileKind,
    /// Index into the palette of profile colours.
    #[serde(default)]
    pub colour: u8,
    /// As typed, Kinde domain or custom domain. `None` for the sandbox, whose address is that of the running one.
    #[serde(default)]
    pub domain: Option<Domain>,
    /// Client ID of the M2M application.
    #[serde(default)]
    pub client_id: Option<String>,
    /// What the client secret given last is known by: see [`super::own_secret`]. `None` where none was given yet.
    #[serde(default)]
    pub secret_check: Option<String>,
    /// Audience, where it is not the Management API of the Kinde domain.
    #[serde(default)]
    pub audience: Option<String>,
    /// Client ID of the web application, for recipes.
    #[serde(default)]
    pub web_client_id: Option<String>,
    /// Client ID that the web application's kept secret was given with; empty where it was given with none, `None` where
    /// that was not remembered yet. Another client ID may be known since: see [`Profile::web_secret_owner`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web_secret_of: Option<String>,
    /// What `GET /environment` said last.
    #[serde(default)]
    pub environment: Option<EnvironmentFacts>,
    /// A person asked for the guard although the environment is not live.
    #[serde(default)]
    pub guarded_by_choice: bool,
    /// Connected apps that were typed in: Kinde cannot list them.
    #[serde(default)]
    pub apps: Vec<RememberedApp>,
    /// Users picked before, last used first.
    #[serde(default)]
    pub last_users: Vec<LastUser>,
    /// `override_callback_url` to the loopback landing page worked once on this tenant.
    #[serde(default)]
    pub landing_works: bool,
    /// What is remembered of each recipe, by its name. No secret.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub recipes: BTreeMap<String, KeptRecipe>,
    /// What the application that receives webhooks is built with, in the Inspector's word for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub framework: Option<String>,
    /// How its receiver gets a public address.
    #[serde(default, skip_serializing_if = "PublicChoices::is_default")]
    pub public: PublicChoices,
    /// The mail server that was checked last, without its password: that stands in the keyring.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<crate::mail::Kept>,
    /// False for what came from the environment variables: nothing of it is written down.
    #[serde(skip, default = "yes")]
    pub saved: bool,
    /// Members of a newer program, kept as they are.
    #[serde(flatten)]
    pub extra: serde_json::Map<String, serde_json::Value>,
}

fn yes() -> bool {
    true
}

/// What `GET /environment` said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentFacts {
    /// Its identifier, for example `production`.
    pub code: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Whether it is live; `None` where Kinde did not say, which counts as live.
    pub is_live: Option<bool>,
    /// The domain at Kinde: where the API answers.
    pub kinde_domain: Option<Domain>,
    /// The custom domain: a token's issuer may be it.
    pub custom_domain: Option<Domain>,
    /// When it was read.
    pub read_at: Timestamp,
}

impl EnvironmentFacts {
    /// What is kept of an answer.
    pub fn of(environment: &Environment, at: Timestamp) -> Self {
        let domain = |text: &Option<String>| text.as_deref().and_then(|text| Domain::parse(text).ok());
        Self {
            code: environment.code.clone(),
            name: environment.name.clone(),
            is_live: environment.is_live,
            kinde_domain: domain(&environment.kinde_domain),
            custom_domain: domain(&environment.custom_domain),
            read_at: at,
        }
    }
}

/// Why writing to a tenant asks first, or does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// Nothing asks: the sandbox, or an environment that Kinde calls not live.
    Open,
    /// Kinde calls the environment live.
    Live,
    /// Not known to be anything else: it counts as live.
    Unread,
    /// Not live; a person asked for the guard.
    ByChoice,
}

impl Guard {
    /// True where writing asks first.
    pub fn is_on(self) -> bool {
        self != Self::Open
    }

    /// What the environment is called by it, in a word: an unread one is guarded and yet not said to be live.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "",
            Self::Live => "live",
            Self::Unread => "not read",
            Self::ByChoice => "guarded",
        }
    }
}

/// A connected app, remembered per profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RememberedApp {
    /// The Reference key (`key_code_ref`).
    pub key: String,
    /// Provider id, for example `github`; `None` where it is not one of the catalogue.
    #[serde(default)]
    pub provider: Option<String>,
    /// How the last walk ended.
    #[serde(default)]
    pub last: Option<LastWalk>,
}

/// How a walk of a connected app ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastWalk {
    /// When.
    pub at: Timestamp,
    /// Whether a token was there and proved.
    pub ok: bool,
    /// In a few words, without secrets: `scope`, `denied`.
    #[serde(default)]
    pub words: String,
}

impl LastWalk {
    /// The session was revoked at `at`: what was connected is so no more.
    pub fn revoked(at: Timestamp) -> Self {
        Self { at, ok: false, words: "revoked".to_owned() }
    }

    /// True where nothing failed and nothing is connected: the session was revoked.
    pub fn is_revoked(&self) -> bool {
        !self.ok && self.words == "revoked"
    }
}

/// A user that was picked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastUser {
    /// `kp_…`
    pub id: String,
    /// What a person knows the user by.
    pub label: String,
}

/// What is remembered of a recipe.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptRecipe {
    /// Plain inputs as they were typed last.
    #[serde(default)]
    pub inputs: BTreeMap<String, String>,
    /// When it was used last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<Timestamp>,
    /// What it was asked to do last, and how that ended.
    #[serde(default)]
    pub last: Option<LastRecipe>,
}

/// How a recipe ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastRecipe {
    /// When.
    pub at: Timestamp,
    /// `generate`, `check` or `simulate`.
    pub call: String,
    /// Whether nothing failed; true of files that were made.
    pub ok: bool,
    /// Whether something that decides was not seen.
    #[serde(default)]
    pub partly: bool,
    /// Whether it went well and warns of something.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub warns: bool,
}

impl Profile {
    /// A profile for the tenant at `domain`.
    pub fn new(name: impl Into<String>, domain: Domain) -> Self {
        Self { domain: Some(domain), ..Self::blank(Uuid::new_v4(), name.into(), ProfileKind::Kinde) }
    }

    /// The sandbox's profile as it is at first: with the connected apps the sandbox comes with.
    pub fn sandbox() -> Self {
        let mut profile = Self::blank(SANDBOX_PROFILE, "sandbox".to_owned(), ProfileKind::Sandbox);
        for key in SANDBOX_APPS {
            profile.remember_app(key, Some(key));
        }
        profile
    }

    pub(super) fn blank(id: Uuid, name: String, kind: ProfileKind) -> Self {
        Self {
            id,
            name,
            kind,
            colour: 0,
            domain: None,
            client_id: None,
            secret_check: None,
            audience: None,
            web_client_id: None,
            web_secret_of: None,
            environment: None,
            guarded_by_choice: false,
            apps: Vec::new(),
            last_users: Vec::new(),
            landing_works: false,
            recipes: BTreeMap::new(),
            framework: None,
            public: PublicChoices::default(),
            mail: None,
            saved: true,
            extra: serde_json::Map::new(),
        }
    }

    /// True for the sandbox.
    pub fn is_sandbox(&self) -> bool {
        self.kind == ProfileKind::Sandbox
    }

    /// The client ID that the web application's kept secret belongs to; empty where none is known to. One that was kept before
    /// that was remembered is taken for the known ID's.
    pub fn web_secret_owner(&self) -> &str {
        self.web_secret_of.as_deref().or(self.web_client_id.as_deref()).unwrap_or_default()
    }

    /// Takes another client ID of the web application. A secret that is kept stays that of the one before.
    pub fn take_web_client_id(&mut self, client_id: &str) {
        if self.web_secret_of.is_none() {
            self.web_secret_of = Some(self.web_client_id.take().unwrap_or_default());
        }
        self.web_client_id = Some(client_id.to_owned());
    }

    /// Whether writing to the tenant asks first. What cannot be read counts as live; the sandbox never does.
    pub fn guard(&self) -> Guard {
        if self.is_sandbox() {
            return Guard::Open;
        }
        match self.environment.as_ref().and_then(|environment| environment.is_live) {
            Some(false) if self.guarded_by_choice => Guard::ByChoice,
            Some(false) => Guard::Open,
            Some(true) => Guard::Live,
            None => Guard::Unread,
        }
    }

    /// Where the Management API answers: the Kinde domain as the environment told it, else the one the audience names,
    /// else the domain as typed.
    pub fn api_domain(&self) -> Option<Domain> {
        let told = self.environment.as_ref().and_then(|environment| environment.kinde_domain.clone());
        let typed = self.domain.clone();
        if typed.as_ref().is_some_and(|domain| domain.is_kinde() || domain.is_loopback()) {
            return typed;
        }
        let named = || self.audience.as_deref().and_then(|it| Domain::parse(it).ok()).filter(Domain::is_kinde);
        told.or_else(named).or(typed)
    }

    /// Every origin that may stand as issuer in this tenant's tokens, the typed one first.
    pub fn issuers(&self) -> Vec<Domain> {
        let environment = self.environment.as_ref();
        let mut all: Vec<Domain> = Vec::new();
        for domain in [
            self.domain.clone(),
            environment.and_then(|it| it.kinde_domain.clone()),
            environment.and_then(|it| it.custom_domain.clone()),
        ]
        .into_iter()
        .flatten()
        {
            if !all.contains(&domain) {
                all.push(domain);
            }
        }
        all
    }

    /// The user picked last.
    pub fn last_user(&self) -> Option<&LastUser> {
        self.last_users.first()
    }

    /// Remembers `user` as picked last.
    pub fn used(&mut self, user: &User) {
        let user = LastUser { id: user.id.clone(), label: user.label() };
        self.last_users.retain(|known| known.id != user.id);
        self.last_users.insert(0, user);
        self.last_users.truncate(LAST_USERS);
    }

    /// Remembers that a session of the app `key` was revoked, where the app is on the list.
    pub fn app_revoked(&mut self, key: &str, at: Timestamp) {
        if let Some(app) = self.apps.iter_mut().find(|app| app.key == key) {
            app.last = Some(LastWalk::revoked(at));
        }
    }

    /// Remembers the connected app of that key, with its provider where one is given, and answers it.
    pub fn remember_app(&mut self, key: &str, provider: Option<&str>) -> &mut RememberedApp {
        let at = self.apps.iter().position(|app| app.key == key).unwrap_or_else(|| {
            self.apps.push(RememberedApp { key: key.to_owned(), provider: None, last: None });
            self.apps.len() - 1
        });
        #[expect(clippy::indexing_slicing, reason = "the position was just found or made")]
        let app = &mut self.apps[at];
        if let Some(provider) = provider {
            app.provider = Some(provider.to_owned());
        }
        app
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_secret_stays_that_of_the_client_id_it_was_given_with() {
        let mut profile = Profile::new("acme", Domain::parse("acme").unwrap());
        assert_eq!(profile.web_secret_owner(), "");
        profile.web_client_id = Some("first".to_owned());
        assert_eq!(profile.web_secret_owner(), "first", "kept before it was remembered");
        for client_id in ["second", "third", "third"] {
            profile.take_web_client_id(client_id);
            assert_eq!((profile.web_client_id.as_deref(), profile.web_secret_owner()), (Some(client_id), "first"));
        }
        profile.web_secret_of = Some("third".to_owned());
        profile.take_web_client_id("first");
        assert_eq!(profile.web_secret_owner(), "third");
    }
}
