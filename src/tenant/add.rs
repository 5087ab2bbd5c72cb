//! Adding a tenant: first its domain, then its M2M application.

use super::keys::{self, Look};
use super::own_secret;
use super::profile::{EnvironmentFacts, Profile};
use super::profiles::{Profiles, default_name};
use crate::check::Check;
use crate::error::{Category, UserError};
use crate::kinde::discovery::{self, Discovery};
use crate::kinde::token::{CLIENT_SECRET_FIELD, TOKEN_FIELD};
use crate::kinde::{AccessToken, ApiError, Domain, KindeApi, M2m, TokenSource};
use crate::net::Http;
use crate::secrets::{Kept, Secret, SecretStore};

/// A domain that answers as a Kinde tenant does.
#[derive(Debug, Clone)]
pub struct Found {
    /// The domain, normalised.
    pub domain: Domain,
    /// What it says of itself.
    pub discovery: Discovery,
    /// Key IDs of its key set; empty where none could be read (the checks say why).
    pub kids: Vec<String>,
    /// Discovery and key set as checks.
    pub checks: Vec<Check>,
}

/// Reads `text` as a domain and looks at discovery and key set at once.
///
/// # Errors
/// When the text is no domain, or no Kinde tenant answers there.
pub async fn find_tenant(http: &Http, text: &str) -> Result<Found, UserError> {
    let domain = Domain::parse(text)?;
    let [first, second] = keys::PATHS;
    let (discovery, look, other) = tokio::join!(
        discovery::fetch(http, &domain),
        keys::look(http, &domain, first),
        keys::look(http, &domain, second)
    );
    let discovery = discovery?;
    let mut checks = vec![Check::pass("discovery").seen(discovery.issuer.clone())];
    let kids = look.kids.clone().or_else(|| other.kids.clone()).unwrap_or_default();
    checks.extend([look, other].map(|Look { check, .. }| check));
    Ok(Found { domain, discovery, kids, checks })
}

/// Adds a profile for the tenant that was found, named after its domain. A domain alone is a complete profile.
///
/// # Errors
/// When it is there already, or the profiles cannot be written.
pub fn add_tenant(profiles: &Profiles, found: &Found) -> Result<Profile, UserError> {
    if let Some(known) = profiles.list()?.into_iter().find(|profile| profile.issuers().contains(&found.domain)) {
        return Err(UserError::new(Category::Input, format!("{} is here already", found.domain.authority()))
            .detail(format!("The profile {} is of this tenant", known.name))
            .hint("Choose that profile, or add the M2M application to it"));
    }
    profiles.add(Profile::new(default_name(&found.domain), found.domain.clone()))
}

/// An M2M application that was added.
#[derive(Debug, Clone)]
pub struct Added {
    /// The profile as kept now.
    pub profile: Profile,
    /// The first token.
    pub token: AccessToken,
    /// Where the client secret ended up.
    pub kept: Kept,
    /// Why the environment could not be read: it counts as live then.
    pub environment_error: Option<ApiError>,
}

/// Takes an M2M application for `profile`: mints the first token, keeps the secret, reads the environment.
///
/// Nothing is kept when Kinde refuses the credentials, so what stands in the boxes stays the person's to correct; and
/// nothing when the profile was removed meanwhile.
///
/// # Errors
/// When a word is unusable, Kinde gives no token, or the profile cannot be written.
pub async fn add_m2m(
    http: &Http,
    secrets: &SecretStore,
    profiles: &Profiles,
    profile: &Profile,
    words: M2m,
) -> Result<Added, UserError> {
    let m2m = checked(words)?;
    let wanted = Profile { client_id: Some(m2m.client_id.clone()), audience: m2m.audience.clone(), ..profile.clone() };
    let domain = wanted.api_domain().ok_or_else(|| {
        UserError::new(Category::Input, "The profile has no domain")
            .detail("An M2M application belongs to a tenant")
            .hint("Type the Kinde domain first")
    })?;
    // It keeps nothing by itself: whether the profile is still there is known only at the end.
    let source = TokenSource::new(http.clone(), domain.clone(), m2m.clone(), None);
    let token = source.mint().await?;
    let read = KindeApi::new(http.clone(), domain, source.clone()).environment().await;
    let now = http.clock().now();
    let (facts, environment_error) = match read {
        Ok(environment) => (Some(EnvironmentFacts::of(&environment, now)), None),
        Err(error) => (None, Some(error)),
    };
    let id = profile.id;
    let check = own_secret::check_of(id, &m2m.client_id, &m2m.client_secret);
    // Whoever removes the profile waits for this, or has done it.
    let _alone = secrets.alone().await;
    // The profile first: a secret without one would stay in the keyring for good.
    let profile = profiles.update(id, |profile| {
        profile.client_id = Some(m2m.client_id);
        profile.secret_check = Some(check);
        profile.audience = m2m.audience;
        profile.environment = facts;
    })?;
    let kept = secrets.set(id, CLIENT_SECRET_FIELD, m2m.client_secret).await;
    // Whatever token was kept was minted with other credentials.
    secrets.delete(id, TOKEN_FIELD).await.ok();
    source.keep_in(secrets, id).await;
    Ok(Added { profile, token, kept, environment_error })
}

/// The words without what was copied along, or one sentence on what is wrong with them. Never repeats a value.
///
/// # Errors
/// When a word cannot be what its box is for.
pub fn checked(words: M2m) -> Result<M2m, UserError> {
    let client_id = bare(&words.client_id);
    let secret = bare(words.client_secret.expose());
    let refuse = |title: &str, detail: &str| {
        Err(UserError::new(Category::Input, title)
            .detail(detail)
            .hint(format!("Copy it again: {}", super::places::path("m2m_keys"))))
    };
    let hex = |text: &str| text.len() == 32 && text.chars().all(|c| c.is_ascii_hexdigit());
    let secret_like = |text: &str| (40..=60).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric());
    for (text, what) in [(client_id, "client ID"), (secret, "client secret")] {
        if text.is_empty() {
            return refuse(&format!("The {what} is empty"), "Nothing is left once spaces and quotes are taken off");
        }
        // Before the characters are judged: a bullet is no character of a secret either.
        if text.contains('•') || text.chars().all(|c| c == '*') {
            return refuse(
                &format!("This is the mask, not the {what}"),
                "Kinde shows it so until it is revealed or copied",
            );
        }
        if text.starts_with("eyJ") && text.contains('.') {
            return refuse(&format!("This is a token, not a {what}"), "It starts like a JWT");
        }
        if text.contains("://") {
            return refuse(&format!("This is an address, not a {what}"), "It has :// in it");
        }
        if text.contains(['<', '>', '{', '}']) || text.to_ascii_lowercase().starts_with("your") {
            return refuse(&format!("This is the placeholder of a guide, not a {what}"), "It was not filled in");
        }
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return refuse(&format!("There is white space inside the {what}"), "More than one word was pasted");
        }
        if !text.is_ascii() {
            return refuse(
                &format!("There is a character in the {what} that Kinde never uses"),
                "Letters and digits alone are used",
            );
        }
        if text.len() > 256 {
            return refuse(&format!("The {what} is far too long"), "Something else was pasted");
        }
    }
    if secret_like(client_id) && hex(secret) {
        return refuse(
            "Client ID and client secret are swapped",
            "The first looks like a secret, the second like an ID",
        );
    }
    if secret_like(client_id) {
        return refuse("This looks like a client secret, not a client ID", "A client ID has 32 hexadecimal digits");
    }
    if hex(secret) || secret == client_id {
        return refuse(
            "This looks like a client ID, not a client secret",
            "A client secret has 40 to 60 letters and digits",
        );
    }
    let audience = match words.audience.as_deref().map(bare).filter(|text| !text.is_empty()) {
        None => None,
        Some(text) if text.starts_with("https://") || text.starts_with("http://") => {
            Some(text.trim_end_matches('/').to_owned())
        }
        Some(_) => {
            return Err(UserError::new(Category::Input, "The audience is an address, and this is none")
                .detail("It starts with https://")
                .hint("Leave it empty for the Management API: https://<name>.kinde.com/api"));
        }
    };
    Ok(M2m { client_id: client_id.to_owned(), client_secret: Secret::new(secret), audience })
}

fn bare(text: &str) -> &str {
    text.trim_matches(|c: char| {
        c.is_whitespace()
            || matches!(c, '"' | '\'' | '`' | ',' | ';' | '\u{201c}' | '\u{201d}' | '\u{2018}' | '\u{2019}')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unusable_credential_gets_a_sentence_that_does_not_repeat_it() {
        let id = "0123456789abcdef0123456789abcdef";
        let secret = "Zq8Zq8Zq8Zq8Zq8Zq8Zq8Zq8Zq8Zq8Zq8Zq8Zq8Zq8";
        for (client_id, client_secret, word) in [
            ("", secret, "client ID is empty"),
            (id, " \" ", "client secret is empty"),
            (secret, id, "swapped"),
            (secret, "abcdefabcdef", "not a client ID"),
            (id, id, "not a client secret"),
            (id, "eyJhbGciOi.e30.x", "token"),
            ("https://acme.kinde.com", secret, "address"),
            ("<client_id>", secret, "placeholder"),
            (id, "your_client_secret", "placeholder"),
            (id, "two words", "white space"),
            (id, "pässword", "never uses"),
            (id, "********", "mask, not the client secret"),
            (id, "•••••••••••••••", "mask, not the client secret"),
            ("••••••", secret, "mask, not the client ID"),
        ] {
            let words = M2m { client_id: client_id.into(), client_secret: Secret::new(client_secret), audience: None };
            let error = checked(words).unwrap_err();
            assert!(error.title.contains(word), "{word}: {error:?}");
            assert!(!error.detail.is_empty() && !error.hint.is_empty());
            assert!(!error.as_text().contains(secret));
        }
        let words = M2m {
            client_id: format!(" '{id}'\n"),
            client_secret: Secret::new(format!("\"{secret}\",")),
            audience: Some(" https://acme.kinde.com/api/ ".into()),
        };
        let good = checked(words).unwrap();
        assert_eq!((good.client_id.as_str(), good.client_secret.expose()), (id, secret));
        assert_eq!(good.audience.as_deref(), Some("https://acme.kinde.com/api"));
    }
}
