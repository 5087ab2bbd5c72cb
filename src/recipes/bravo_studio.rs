//! Bravo Studio: `bravo-studio`.

use std::sync::LazyLock;

use aws_lc_rs::rand;
use url::Url;

use super::authorize::{self, Authorize};
use super::oidc::{self, Endpoints};
use super::openid_provider::scopes;
use super::outcome::failed;
use super::sign_in::{self, Way};
use super::{Around, Call, Content, Generated, Outcome, Pending, Proof, Recipe, Values, Wish};
use crate::check::{Check, Verdict};
use crate::error::{Category, UserError};
use crate::jwt::encode_base64url;
use crate::kinde::{Addresses, Domain};
use crate::tenant::Tenant;

static CONTENT: LazyLock<Content> =
    LazyLock::new(|| Content::parse(include_str!("../../assets/recipes/bravo-studio/recipe.toml")));

const SCOPE: &str = "openid profile email offline";
const SOME_CALLBACK: &str = "https://a01example.callbacks.bravostudio.app";
/// Kinde refuses a shorter state.
const LEAST_STATE: usize = 8;

/// The recipe.
#[derive(Debug)]
pub struct BravoStudio;

impl Recipe for BravoStudio {
    fn content(&self) -> &'static Content {
        &CONTENT
    }

    fn proof(&self, _call: Call) -> Proof {
        Proof::All(&["authorize"])
    }

    fn generate<'a>(&'a self, values: &'a Values, around: Around<'a>) -> Pending<'a, Generated> {
        Box::pin(async move {
            let domain = &around.tenant()?.domain;
            let (ends, client_id) = (Endpoints::of(domain), values.need("client_id")?);
            let callbacks = callbacks(values.need("callback_url")?)?;
            let state = match values.text("state") {
                Some(state) if state.chars().count() < LEAST_STATE => {
                    return Err(UserError::new(Category::Input, "The state is too short")
                        .detail("Kinde refuses a state of fewer than 8 characters")
                        .hint("Leave it out: a random one is made")
                        .about("state"));
                }
                Some(state) => state.to_owned(),
                None => random_state()?,
            };
            let mut made = Generated::default();
            let small: Vec<&str> = callbacks.iter().map(|callback| callback.made.as_str()).collect();
            let first = small.first().copied().unwrap_or_default();
            made.put("callback_urls", small.join("\n"));
            made.put("client_id", client_id);
            made.put("authorize_uri", Authorize::new(client_id, first, SCOPE).state(&state).url(domain).as_str());
            made.put("token_uri", ends.get("token_endpoint"));
            made.put("userinfo_uri", ends.get("userinfo_endpoint"));
            made.put("scope", SCOPE);
            made.put("user_name", "${user.name}");
            let mut notes: Vec<String> = callbacks
                .iter()
                .filter(|callback| !callback.changed.is_empty())
                .map(|callback| format!("{}: {}", callback.given, callback.changed.join(", ")))
                .collect();
            notes.push(
                "Bravo sends this state every time: it does not protect a sign-in as one made for each does".to_owned(),
            );
            made.put("notes", notes);
            Ok(made)
        })
    }

    fn wishes(&self, values: &Values, _tenant: &Tenant) -> Result<Vec<Wish>, UserError> {
        let client_id = values.need("client_id")?;
        let mut wishes = Vec::new();
        for callback in callbacks(values.need("callback_url")?)? {
            wishes.push(Wish::callback(client_id, &callback.made));
            // What the app sends is up to the browser in it: the other spelling, without its slash, is registered too.
            let given = callback.given.trim_end_matches('/');
            if given != callback.made && given.contains("://") {
                wishes.push(Wish::callback(client_id, given));
            }
        }
        Ok(wishes)
    }

    fn check<'a>(&'a self, values: &'a Values, around: Around<'a>) -> Pending<'a, Outcome> {
        Box::pin(async move {
            let mut outcome = Outcome::default();
            // The callback is what is judged: one that is none fails.
            let callbacks = match callbacks(values.need("callback_url")?) {
                Ok(callbacks) => callbacks,
                Err(error) => {
                    outcome.add(around, failed("callback", &error));
                    return Ok(outcome);
                }
            };
            let client_id = values.text("client_id");
            let domain = &around.tenant()?.domain;
            // Asked first: whether a callback is as it should be is seen by what Kinde makes of it.
            let mut asked = Vec::new();
            for callback in &callbacks {
                let (list, made) = (Addresses::Callback, &callback.made);
                let registered = oidc::registered("registered", list, client_id, made, around).await;
                let taken = oidc::taken(client_id, made, SCOPE, around).await;
                outcome.add(around, callback.check([&registered, &taken].iter().any(|it| it.verdict == Verdict::Pass)));
                asked.extend([registered, taken]);
            }
            if let Some(uri) = values.text("url") {
                for check in authorize_uri(uri, domain, &callbacks) {
                    outcome.add(around, check);
                }
            }
            oidc::look(&mut outcome, around).await?;
            for check in asked {
                outcome.add(around, check);
            }
            let made: Vec<&str> = callbacks.iter().map(|callback| callback.made.as_str()).collect();
            outcome.put("callback_urls", made);
            Ok(outcome)
        })
    }

    fn simulate<'a>(&'a self, values: &'a Values, around: Around<'a>) -> Pending<'a, Outcome> {
        Box::pin(async move {
            let mut outcome = Outcome::default();
            let callbacks = callbacks(values.text("callback_url").unwrap_or(SOME_CALLBACK))?;
            let callback = callbacks.first().map(|callback| callback.made.as_str()).unwrap_or_default();
            let way = Way { callback, scope: SCOPE, pkce: false, profile: true, state: None };
            let Some(signed_in) = sign_in::walk(&mut outcome, around, way).await? else { return Ok(outcome) };
            let text = |name: &str| signed_in.profile.get(name).and_then(|it| it.as_str()).map(str::to_owned);
            for (variable, value) in [
                ("${user.name}", text("name")),
                ("${user.email}", text("email")),
                ("${user.id}", text("id").or_else(|| text("sub"))),
            ] {
                outcome.add(
                    around,
                    match value {
                        Some(value) => Check::pass(variable).seen(value),
                        None => Check::fail(variable, "The profile does not have it", "Ask for openid profile email"),
                    },
                );
            }
            outcome.add(
                around,
                if signed_in.refresh {
                    Check::pass("stays signed in").seen("a refresh token came")
                } else {
                    Check::fail("stays signed in", "No refresh token came", "Ask for offline, and not offline_access")
                },
            );
            outcome.put("profile", signed_in.profile);
            Ok(outcome)
        })
    }
}

/// A callback as it was given, and as Kinde can match it.
struct Callback {
    given: String,
    made: String,
    changed: Vec<&'static str>,
}

impl Callback {
    /// `is_there`: Kinde was seen to know it in the form that it can match.
    fn check(&self, is_there: bool) -> Check {
        const NAME: &str = "callback";
        if self.changed.is_empty() {
            return Check::pass(NAME).seen(self.made.clone());
        }
        if is_there {
            let seen = format!("{} is registered, for {}: {}", self.made, self.given, self.changed.join(", "));
            return Check::pass(NAME).seen(seen);
        }
        let why = format!("As Bravo shows it Kinde cannot match it: {}", self.changed.join(", "));
        Check::warn(NAME, why, format!("Register {}", self.made)).seen(self.given.clone())
    }
}

/// Callbacks as Bravo shows them, parted by white space or commas.
fn callbacks(text: &str) -> Result<Vec<Callback>, UserError> {
    let words = text.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty());
    words.map(normal).collect()
}

/// https in front, the host in small letters, no slash at the end.
fn normal(text: &str) -> Result<Callback, UserError> {
    let mut changed = Vec::new();
    let whole = match text.split_once("://") {
        Some(("https", _)) => text.to_owned(),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https") => {
            changed.push("https put in front");
            format!("https://{rest}")
        }
        _ => {
            changed.push("https put in front");
            format!("https://{text}")
        }
    };
    let refused = |why: String| {
        UserError::new(Category::Input, "This is no callback of Bravo")
            .detail(format!("{text}: {why}"))
            .hint("Copy it from Bravo > Integrations > OAuth 2.0 > Show")
            .about("callback_url")
    };
    let url = Url::parse(&whole).map_err(|error| refused(error.to_string()))?;
    let host = url.host_str().unwrap_or_default();
    if !host.contains('.') || !url.username().is_empty() {
        return Err(refused("it has no host as an app's callback has".to_owned()));
    }
    oidc::usable_callback(&whole)?;
    let typed = whole.trim_start_matches("https://").split(['/', '?', '#']).next().unwrap_or_default();
    if typed.chars().any(|c| c.is_ascii_uppercase()) {
        changed.push("host in small letters");
    }
    if whole.trim_start_matches("https://").ends_with('/') {
        changed.push("slash at the end taken off");
    }
    // The parser writes the host small, and a lone path as a slash.
    let made = url.as_str().trim_end_matches('/').to_owned();
    Ok(Callback { given: text.to_owned(), made, changed })
}

fn random_state() -> Result<String, UserError> {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes).map_err(|_| UserError::new(Category::Internal, "The system gave no random numbers"))?;
    Ok(encode_base64url(&bytes))
}

/// What is wrong with an authorize address that stands in Bravo.
fn authorize_uri(text: &str, domain: &Domain, callbacks: &[Callback]) -> Vec<Check> {
    const NAME: &str = "authorize uri";
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(error) => return vec![Check::fail(NAME, format!("It is no address: {error}"), "Use the one made here")],
    };
    let pair = |name: &str| authorize::pair(&url, name);
    let mut checks = Vec::new();
    let mut fail = |why: &str, fix: &str| checks.push(Check::fail(NAME, why, fix));
    if url.path() != "/oauth2/auth" || url.host_str() != Some(domain.host()) {
        fail("It is not the tenant's /oauth2/auth", "Use the one made here");
    }
    if pair("client_secret").is_some() {
        fail(
            "It carries the client secret, which everybody who signs in can read",
            "Take it out, and make a new secret in Kinde",
        );
    }
    if pair("response_type").as_deref() != Some("code") {
        fail("response_type is not code", "Use the one made here");
    }
    if pair("client_id").is_none_or(|id| id.is_empty() || id.contains('<')) {
        fail("It has no client ID", "Use the one made here");
    }
    match pair("redirect_uri") {
        Some(uri) if callbacks.iter().any(|callback| callback.made == uri) => {}
        Some(_) => fail("redirect_uri is not the callback as Kinde can match it", "Use the one made here"),
        None => fail("It has no redirect_uri", "Use the one made here"),
    }
    if pair("state").is_none_or(|state| state.chars().count() < LEAST_STATE) {
        fail("state has fewer than 8 characters, which Kinde refuses", "Use the one made here");
    }
    let scope = pair("scope").unwrap_or_default();
    let judged = scopes(&scope);
    if judged.verdict != Verdict::Pass {
        checks.push(judged);
    }
    if checks.is_empty() {
        checks.push(Check::pass(NAME).seen(scope));
    }
    checks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipes::tests::{Reply, Stage, covers, is_sound, serve, values};
    use crate::recipes::{check, generate};

    const SEED: &str = "https://a01JMF34GB3VYX7Z5GVQXSGYFP0.callbacks.bravostudio.app";
    const SMALL: &str = "https://a01jmf34gb3vyx7z5gvqxsgyfp0.callbacks.bravostudio.app";

    #[test]
    fn every_step_of_the_guide_is_on_the_page() {
        covers(&BravoStudio, &[("kinde", 7, &[]), ("bravo", 14, &[]), ("test", 5, &[])], &[]);
    }

    #[test]
    fn whatever_is_pasted_becomes_the_callback_that_kinde_can_match() {
        for text in [SEED, &format!("{SEED}/"), SMALL, &SEED.replace("https://", ""), &SEED.replace("https", "http")] {
            assert_eq!(normal(text).unwrap().made, SMALL, "{text}");
        }
        assert!(normal(SMALL).unwrap().changed.is_empty());
        assert_eq!(normal("https://x.bravostudio.app/cb/?a=1").unwrap().made, "https://x.bravostudio.app/cb/?a=1");
        for wrong in
            ["https://", "nohost", "https://me@x.app", "https://a.example/x?y=1#f\"", "a.example/\"", "*.a.example"]
        {
            assert!(normal(wrong).is_err(), "{wrong}");
        }
        let both = callbacks(&format!("{SEED}/\nhttps://b.callbacks.bravostudio.app")).unwrap();
        assert_eq!(both.len(), 2);
    }

    #[tokio::test]
    async fn a_callback_as_bravo_shows_it_passes_once_kinde_knows_the_one_that_it_can_match() {
        let typed = format!("{SEED}/");
        for (status, verdict) in [(302, Verdict::Pass), (400, Verdict::Warn)] {
            let stage = Stage::at(&serve(move |_, line| match (status, line.contains("/oauth2/auth")) {
                (302, true) => Reply::to("/auth/login"),
                (_, true) => Reply::of(400, "redirect_uri is not registered"),
                _ => Reply::of(404, ""),
            }));
            let given = values(&BravoStudio, &[("callback_url", &typed), ("client_id", "id")], &[]);
            let outcome = check(&BravoStudio, &given, stage.around()).await.unwrap();
            let row = &outcome.checks[0];
            assert_eq!((row.name.as_str(), row.verdict), ("callback", verdict), "{outcome:#?}");
            let seen = row.seen.as_deref().unwrap();
            assert!(seen.contains(&typed), "{seen}");
            let normalised =
                seen.contains(SMALL) && seen.contains("small letters") && seen.contains("slash at the end");
            assert_eq!(normalised, verdict == Verdict::Pass, "{seen}");
        }
    }

    #[tokio::test]
    async fn the_authorize_address_is_encoded_and_both_spellings_are_registered() {
        let stage = Stage::at("acme");
        let given = values(&BravoStudio, &[("callback_url", SEED), ("client_id", "id")], &[]);
        let made = generate(&BravoStudio, &given, stage.around()).await.unwrap();
        is_sound(&BravoStudio, &made);
        let uri = Url::parse(made.values["authorize_uri"].as_str().unwrap()).unwrap();
        assert_eq!(authorize::pair(&uri, "redirect_uri").as_deref(), Some(SMALL));
        assert!(authorize::pair(&uri, "state").unwrap().len() >= 16 && !uri.as_str().contains("redirect_uri=https:"));
        let wishes = BravoStudio.wishes(&given, &stage.tenant).unwrap();
        let urls: Vec<String> = wishes.iter().map(Wish::words).collect();
        assert!(urls[0].starts_with(SMALL) && urls[1].starts_with(SEED), "{urls:?}");
        let short = values(&BravoStudio, &[("callback_url", SEED), ("client_id", "id"), ("state", "abc")], &[]);
        assert!(generate(&BravoStudio, &short, stage.around()).await.is_err());
    }

    #[test]
    fn an_authorize_address_of_the_guides_make_is_told_what_is_wrong_with_it() {
        let domain = Domain::parse("acme").unwrap();
        let known = callbacks(SMALL).unwrap();
        let judged = |text: &str| crate::check::worst(&authorize_uri(text, &domain, &known));
        let good = Authorize::new("id", SMALL, SCOPE).state("12345678").url(&domain);
        assert_eq!(judged(good.as_str()), Verdict::Pass);
        for (from, to) in [
            ("state=12345678", "state=1234"),
            ("a01jmf34gb3vyx7z5gvqxsgyfp0", "A01JMF34GB3VYX7Z5GVQXSGYFP0"),
            ("acme.kinde.com", "other.kinde.com"),
            ("client_id=id", "client_id=id&client_secret=x"),
            ("response_type=code", "response_type=token"),
        ] {
            let changed = good.as_str().replace(from, to);
            assert_ne!(changed, good.as_str(), "{from}");
            assert_eq!(judged(&changed), Verdict::Fail, "{to}");
        }
        assert_eq!(judged(&good.as_str().replace("offline", "offline_access")), Verdict::Warn);
    }
}
