//! The catalogue read from `assets/providers.toml`.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// Everything the data file holds.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// The day the facts were last looked at, `2026-11-23`.
    pub checked: String,
    before: Vec<GuideStep>,
    after: Vec<GuideStep>,
    provider: Vec<Provider>,
}

/// One provider of connected apps.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// Stable id: `google_drive`, `github`, `gitlab`, `patreon`, `discord`, `microsoft_365`.
    pub id: String,
    /// As people call it.
    pub name: String,
    /// The page at the provider where its side is set up.
    pub console: String,
    /// Where consent is given.
    pub authorize: String,
    /// Where a code becomes a token.
    pub token: String,
    /// The call that proves a token.
    pub probe: String,
    /// The call that names the account, where the proof does not.
    pub who: Option<String>,
    /// The call that tells what was granted.
    pub introspect: Option<String>,
    /// GitHub alone: where the app is installed and what it may do there.
    pub installations: Option<String>,
    /// The provider's own revoke endpoint; `None` where it has none.
    pub revoke: Option<String>,
    /// What is known of PKCE.
    pub pkce: String,
    /// What is known of refresh tokens.
    pub refresh: String,
    /// How long an access token lives.
    pub lifetime: String,
    /// What really happens to a token when something is revoked.
    pub revocation: String,
    /// Where the person takes the app away.
    pub revoke_page: Option<String>,
    /// What to know about scopes here.
    pub scope_note: String,
    /// What a token's first characters say.
    pub prefixes: Vec<Prefix>,
    /// Scopes, each with its meaning in a line. Kinde may not offer every one.
    pub scopes: Vec<Scope>,
    step: Vec<GuideStep>,
}

/// What the first characters of a token say.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Prefix {
    /// The characters.
    pub prefix: String,
    /// What kind of token begins so.
    pub means: String,
}

/// A scope or permission.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Scope {
    /// As the provider spells it.
    pub name: String,
    /// In a line.
    pub means: String,
}

/// Where a step of the guide is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// In Kinde's admin pages.
    Kinde,
    /// In the provider's console.
    Provider,
    /// In this panel.
    Panel,
    /// In the browser of the person who connects.
    Browser,
}

/// One step of a set-up guide.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuideStep {
    /// Where it is done.
    pub place: Place,
    /// What to do.
    pub text: String,
    /// Why, or what goes wrong without it.
    pub note: Option<String>,
    /// Where and why the panel leaves Kinde's guide.
    pub corrected: Option<String>,
    /// A page to open.
    pub link: Option<String>,
    /// `callback` where the step wants the Provider to Kinde address: the screen puts a copy button there.
    pub copy: Option<String>,
    /// The numbered steps of Kinde's guides that it covers, for example `github-7`.
    pub sources: Vec<String>,
}

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| read().unwrap_or_default());

fn read() -> Result<Catalogue, String> {
    crate::assets::read(include_str!("../../assets/providers.toml"))
}

/// The six providers, in the order people meet them.
pub fn catalogue() -> &'static [Provider] {
    &CATALOGUE.provider
}

/// The day the catalogue was last looked at.
pub fn catalogue_checked() -> &'static str {
    &CATALOGUE.checked
}

/// The provider of that id.
pub fn find(id: &str) -> Option<&'static Provider> {
    catalogue().iter().find(|provider| provider.id == id)
}

/// The provider a Reference key most likely names: `github`, `my-google-drive`, `ms365` …; `None` where nothing fits.
pub fn guess_by_key(key: &str) -> Option<&'static Provider> {
    let plain: String = key.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    let marks = [
        ("google", "google_drive"),
        ("drive", "google_drive"),
        ("github", "github"),
        ("gitlab", "gitlab"),
        ("patreon", "patreon"),
        ("discord", "discord"),
        ("microsoft", "microsoft_365"),
        ("m365", "microsoft_365"),
        ("ms365", "microsoft_365"),
        ("office365", "microsoft_365"),
        ("outlook", "microsoft_365"),
    ];
    // OneDrive is Microsoft's and not offered; its name must not end up at Google.
    let plain = plain.replace("onedrive", "");
    marks.into_iter().find(|(mark, _)| plain.contains(mark)).and_then(|(_, id)| find(id))
}

impl Provider {
    /// The whole guide: Kinde's first half, the provider, Kinde's second half and the panel. `{provider}` and `{key}`
    /// are filled in.
    pub fn guide(&self) -> Vec<GuideStep> {
        CATALOGUE
            .before
            .iter()
            .chain(&self.step)
            .chain(&CATALOGUE.after)
            .map(|step| {
                let fill = |text: &String| text.replace("{provider}", &self.name).replace("{key}", &self.id);
                GuideStep {
                    text: fill(&step.text),
                    note: step.note.as_ref().map(fill),
                    corrected: step.corrected.as_ref().map(fill),
                    ..step.clone()
                }
            })
            .collect()
    }

    /// What `token`'s first characters say of it.
    pub fn token_kind(&self, token: &str) -> Option<&str> {
        self.prefixes.iter().find(|kind| token.starts_with(&kind.prefix)).map(|kind| kind.means.as_str())
    }

    /// What `scope` means, in a line.
    pub fn scope_meaning(&self, scope: &str) -> Option<&str> {
        self.scopes.iter().find(|known| known.name == scope).map(|known| known.means.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_data_file_reads_and_has_the_six_providers() {
        read().unwrap();
        let ids: Vec<&str> = catalogue().iter().map(|provider| provider.id.as_str()).collect();
        assert_eq!(ids, ["google_drive", "github", "gitlab", "patreon", "discord", "microsoft_365"]);
        for provider in catalogue() {
            for address in [&provider.console, &provider.authorize, &provider.token, &provider.probe] {
                assert_eq!(url::Url::parse(address).unwrap().scheme(), "https", "{address}");
            }
            assert!(!provider.scopes.is_empty() && !provider.revocation.is_empty());
        }
    }

    /// The numbers of the seven pages, counted by hand: page (and list), last number, sub-steps.
    fn numbered_steps() -> BTreeSet<String> {
        let lists: [(&str, usize, &[&str]); 15] = [
            ("general-a", 6, &[]),
            ("general-b", 5, &["3.1", "3.2", "3.3", "3.4", "3.5"]),
            ("general-c", 8, &[]),
            ("general-d", 2, &[]),
            ("general-e", 3, &[]),
            ("discord-", 8, &[]),
            ("github-", 12, &["1.1", "1.2"]),
            ("gitlab-", 7, &[]),
            ("google-a", 4, &[]),
            ("google-b", 10, &["4.1", "4.2", "4.3", "4.4"]),
            ("google-c", 7, &[]),
            ("google-d", 4, &[]),
            ("microsoft-a", 9, &[]),
            ("microsoft-b", 2, &["1.1", "1.2", "1.3", "1.4", "1.5", "2.1", "2.2", "2.3"]),
            ("patreon-", 7, &["4.1", "4.2"]),
        ];
        let mut all = BTreeSet::from(["general-prerequisites".to_owned()]);
        for (list, last, subs) in lists {
            all.extend((1..=last).map(|number| format!("{list}{number}")));
            all.extend(subs.iter().map(|sub| format!("{list}{sub}")));
        }
        all
    }

    #[test]
    fn every_numbered_step_of_the_seven_pages_is_in_the_guides_once() {
        let steps: Vec<&GuideStep> = CATALOGUE
            .before
            .iter()
            .chain(&CATALOGUE.after)
            .chain(catalogue().iter().flat_map(|provider| &provider.step))
            .collect();
        let mut seen = BTreeSet::new();
        for source in steps.iter().flat_map(|step| &step.sources) {
            assert!(seen.insert(source.clone()), "{source} is there twice");
        }
        assert_eq!(seen, numbered_steps());
    }

    #[test]
    fn every_correction_the_guides_need_is_named() {
        let corrected = |source: &str| {
            catalogue()
                .iter()
                .flat_map(Provider::guide)
                .find(|step| step.sources.iter().any(|s| s == source))
                .and_then(|step| step.corrected)
                .unwrap_or_default()
        };
        for (source, word) in [
            ("microsoft-b1.3", "Delegated"),
            ("discord-4", "connected app"),
            ("github-6", "Active"),
            ("github-11", "still works"),
            ("google-b10", "Testing"),
            ("general-c2", "Postman"),
            ("general-e1", "Disconnect"),
        ] {
            assert!(corrected(source).contains(word), "{source}: {}", corrected(source));
        }
    }

    #[test]
    fn a_guide_names_its_provider_and_says_where_the_callback_goes() {
        for provider in catalogue() {
            let guide = provider.guide();
            assert!(guide.iter().all(|step| !step.text.contains('{')), "{}", provider.id);
            assert_eq!(guide.iter().filter(|step| step.copy.as_deref() == Some("callback")).count(), 1);
        }
    }

    #[test]
    fn a_reference_key_tells_its_provider_where_it_can() {
        let id = |key| guess_by_key(key).map(|provider| provider.id.as_str());
        assert_eq!(id("my-GitHub-app"), Some("github"));
        assert_eq!(id("google_drive"), Some("google_drive"));
        assert_eq!(id("ms365"), Some("microsoft_365"));
        assert_eq!(id("onedrive"), None);
        assert_eq!(id("crm"), None);
    }
}
