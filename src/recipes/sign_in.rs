//! Walks a sign-in as a tool and a browser do, against the sandbox: authorize, the page's form, the code, the tokens, the
//! profile. Nothing here knows the sandbox but by its pages and addresses.

use std::time::Duration;

use aws_lc_rs::{digest, rand};
use serde_json::{Map, Value};
use url::Url;

use super::authorize::{self, Authorize};
use super::outcome::failed;
use super::{Around, Outcome, verify};
use crate::check::Check;
use crate::error::{Category, UserError};
use crate::jwt::encode_base64url;
use crate::kinde::{Addresses, KindeApi};
use crate::net::{Answer, Request, Value as Text};
use crate::sandbox::{self, FactApplication, FactUser};

/// How a tool signs people in.
#[derive(Debug, Clone, Copy)]
pub struct Way<'a> {
    /// Where the browser comes back to.
    pub callback: &'a str,
    /// What is asked for.
    pub scope: &'a str,
    /// RFC 7636, S256.
    pub pkce: bool,
    /// The tool fetches the profile.
    pub profile: bool,
    /// The tool's own `state`; a random one where it has none.
    pub state: Option<&'a str>,
}

/// What a tool ends up with.
#[derive(Debug, Clone, Default)]
pub struct SignedIn {
    /// The claims of the ID token, verified; empty where there was none.
    pub claims: Map<String, Value>,
    /// The profile; empty where it was not asked for.
    pub profile: Map<String, Value>,
    /// A refresh token came along.
    pub refresh: bool,
    /// The user who signed in.
    pub user: String,
    /// The `state` that the browser brought back.
    pub state: String,
}

/// Registers the callback, signs the sandbox's first user in, and takes the callback away again. `None` where it went wrong:
/// the checks say how.
///
/// # Errors
/// Where there is no sandbox to sign in to.
pub async fn walk(outcome: &mut Outcome, around: Around<'_>, way: Way<'_>) -> Result<Option<SignedIn>, UserError> {
    let tenant = around.tenant()?;
    let dir = around.sandbox.to_owned();
    let facts = tokio::task::spawn_blocking(move || sandbox::facts(&dir)).await;
    let facts = facts.map_err(|_| no_sandbox("its files were not read"))?.map_err(UserError::from)?;
    let app = facts.web_application().cloned().ok_or_else(|| no_sandbox("it has no web application"))?;
    let user = facts.users.into_iter().next().ok_or_else(|| no_sandbox("it has no users"))?;
    let api = tenant.api()?;
    let callback = Callback::register(api, &app, way.callback).await?;
    outcome.add(around, Check::pass("callback").seen(format!("registered: {}", way.callback)));
    let signed_in = go(outcome, around, way, &app, &user).await;
    strangers(outcome, around, way, &app).await;
    callback.remove(api).await;
    signed_in
}

/// The same path in another way, for a recipe that walked it already: what ends as it did before is not told twice.
///
/// # Errors
/// As [`walk`].
pub async fn walk_again(
    outcome: &mut Outcome,
    around: Around<'_>,
    way: Way<'_>,
) -> Result<Option<SignedIn>, UserError> {
    let mut again = Outcome::default();
    let signed_in = walk(&mut again, Around { tell: &|_| (), ..around }, way).await?;
    let told = |check: &Check| outcome.checks.iter().any(|it| it.name == check.name && it.verdict == check.verdict);
    let news: Vec<Check> = again.checks.into_iter().filter(|check| !told(check)).collect();
    for check in news {
        outcome.add(around, check);
    }
    Ok(signed_in)
}

/// Signs the sandbox's first user in by the plain code flow, for a recipe that takes on from the ID token. `None` where no
/// sandbox was opened, which stands among the checks as not seen, or where it went wrong: the checks say how.
///
/// # Errors
/// As [`walk`].
pub async fn first_user(
    outcome: &mut Outcome,
    around: Around<'_>,
    callback: &str,
) -> Result<Option<SignedIn>, UserError> {
    if !around.tenant.is_some_and(|tenant| tenant.profile.is_sandbox()) {
        outcome.add(around, Check::skipped("id token", "No sandbox was opened to sign in to: the user is made up"));
        return Ok(None);
    }
    let way = Way { callback, scope: "openid profile email", pkce: false, profile: true, state: None };
    walk(outcome, around, way).await
}

fn no_sandbox(why: &str) -> UserError {
    UserError::new(Category::Internal, "The sandbox cannot be signed in to")
        .detail(why.to_owned())
        .hint("Start it over")
}

/// A callback that is registered for the walk alone.
struct Callback {
    app: String,
    url: String,
    mine: bool,
}

impl Callback {
    async fn register(api: &KindeApi, app: &FactApplication, url: &str) -> Result<Self, UserError> {
        let there = api.addresses(Addresses::Callback, &app.client_id).await?.it;
        let mine = !there.iter().any(|known| known == url);
        if mine {
            api.add_addresses(Addresses::Callback, &app.client_id, &[url.to_owned()]).await?;
        }
        Ok(Self { app: app.client_id.clone(), url: url.to_owned(), mine })
    }

    async fn remove(self, api: &KindeApi) {
        if self.mine
            && let Err(error) = api.remove_address(Addresses::Callback, &self.app, &self.url).await
        {
            tracing::warn!(said = error.said(), "a callback was left in the sandbox");
        }
    }
}

async fn go(
    outcome: &mut Outcome,
    around: Around<'_>,
    way: Way<'_>,
    app: &FactApplication,
    user: &FactUser,
) -> Result<Option<SignedIn>, UserError> {
    let tenant = around.tenant()?;
    let state = way.state.map_or_else(random, |state| Ok(state.to_owned()))?;
    let verifier = random()?;
    let mut url = Authorize::new(&app.client_id, way.callback, way.scope).state(&state).url(&tenant.domain);
    if way.pkce {
        let challenge = encode_base64url(digest::digest(&digest::SHA256, verifier.as_bytes()).as_ref());
        url.query_pairs_mut().append_pair("code_challenge", &challenge).append_pair("code_challenge_method", "S256");
    }
    let page = match around
        .http
        .send(Request::get("Open the sign-in page", url.clone()).header("accept", "text/html"))
        .await
    {
        Ok(page) => page,
        Err(error) => {
            outcome.add(around, failed("authorize", &UserError::from(error)));
            return Ok(None);
        }
    };
    let action = (page.status == 200).then(|| form_action(&page.text(), &url)).flatten();
    let Some(action) = action else {
        let why = "The sandbox shows no page to sign in on";
        outcome.add(around, Check::fail("authorize", why, "Look at what it answered, in Activity").seen(seen(&page)));
        return Ok(None);
    };
    outcome.add(around, Check::pass("authorize").seen("a page to sign in on").took(Duration::from_millis(page.ms)));

    let form = vec![("user", Text::from(user.id.as_str()))];
    let signed = around.http.send(Request::post("Sign in", action).form(form)).await?;
    let back = signed.header("location").and_then(|location| Url::parse(location).ok());
    let Some(back) = back.filter(|_| (300..400).contains(&signed.status)) else {
        let why = "The browser is not sent back to the tool";
        outcome.add(around, Check::fail("sign in", why, "Look at what it answered, in Activity").seen(seen(&signed)));
        return Ok(None);
    };
    let comes_back = back.as_str().starts_with(way.callback);
    let state_back = authorize::pair(&back, "state");
    if !comes_back || state_back.as_deref() != Some(state.as_str()) {
        let why = "The browser comes back to another address, or with another state";
        outcome.add(around, Check::fail("sign in", why, "Report it").seen(back.origin().ascii_serialization()));
        return Ok(None);
    }
    outcome.add(around, Check::pass("sign in").seen(user.email.clone().unwrap_or_else(|| user.id.clone())));

    let code = authorize::pair(&back, "code").unwrap_or_default();
    let Some(tokens) = exchange(outcome, around, way, app, &code, way.pkce.then_some(verifier.as_str())).await? else {
        return Ok(None);
    };
    let mut signed_in =
        SignedIn { user: user.id.clone(), state: state_back.unwrap_or_default(), ..SignedIn::default() };
    signed_in.refresh = tokens.get("refresh_token").is_some();
    match tokens.get("id_token").and_then(Value::as_str) {
        None => {
            let why = "No ID token came: it is given for the scope openid alone";
            outcome.add(around, Check::warn("id token", why, "Ask for openid, profile and email"));
        }
        Some(token) => match verify::id_token(around, token).await {
            Ok(claims) => {
                outcome.add(around, Check::pass("id token").seen("signature, issuer and times hold"));
                signed_in.claims = claims;
            }
            Err(error) => outcome.add(around, failed("id token", &error)),
        },
    }
    if way.profile {
        let token = tokens.get("access_token").and_then(Value::as_str).unwrap_or_default();
        match profile(around, token).await {
            Ok((check, profile)) => {
                outcome.add(around, check);
                signed_in.profile = profile;
            }
            Err(error) => outcome.add(around, failed("profile", &error)),
        }
    }
    Ok(Some(signed_in))
}

async fn exchange(
    outcome: &mut Outcome,
    around: Around<'_>,
    way: Way<'_>,
    app: &FactApplication,
    code: &str,
    verifier: Option<&str>,
) -> Result<Option<Value>, UserError> {
    let mut form = vec![
        ("grant_type", Text::from("authorization_code")),
        ("client_id", Text::from(app.client_id.as_str())),
        ("code", Text::Secret(crate::secrets::Secret::new(code))),
        ("redirect_uri", Text::from(way.callback)),
    ];
    if let Some(secret) = &app.client_secret {
        form.push(("client_secret", Text::Secret(secret.clone())));
    }
    if let Some(verifier) = verifier {
        form.push(("code_verifier", Text::Secret(crate::secrets::Secret::new(verifier))));
    }
    let url = around.tenant()?.domain.join("/oauth2/token");
    let answer = around.http.send(Request::post("Exchange the code", url).form(form)).await?;
    if !answer.is_success() {
        let why = "The code was not exchanged";
        outcome.add(around, Check::fail("token", why, "Look at what it answered, in Activity").seen(seen(&answer)));
        return Ok(None);
    }
    let seen = "for the sandbox's own application, by its own secret";
    outcome.add(around, Check::pass("token").seen(seen).took(Duration::from_millis(answer.ms)));
    Ok(answer.json())
}

async fn profile(around: Around<'_>, token: &str) -> Result<(Check, Map<String, Value>), UserError> {
    let url = around.tenant()?.domain.join("/oauth2/v2/user_profile");
    let request = Request::get("Fetch the profile", url).bearer(crate::secrets::Secret::new(token));
    let answer = around.http.send(request).await?;
    let took = Duration::from_millis(answer.ms);
    match answer.json() {
        Some(Value::Object(profile)) if answer.is_success() => {
            let names: Vec<&str> = profile.keys().map(String::as_str).collect();
            Ok((Check::pass("profile").seen(names.join(", ")).took(took), profile))
        }
        _ => {
            let check = Check::fail("profile", "The profile was not given", "Ask for openid, profile and email");
            Ok((check.seen(seen(&answer)).took(took), Map::new()))
        }
    }
}

/// What looks like the callback and is not: each must be refused on a page, and not by sending the browser there.
async fn strangers(outcome: &mut Outcome, around: Around<'_>, way: Way<'_>, app: &FactApplication) {
    let Ok(tenant) = around.tenant() else { return };
    let slash = format!("{}/", way.callback.trim_end_matches('/'));
    let without = way.callback.split_once("://").map_or(way.callback, |(_, rest)| rest).to_owned();
    for (name, callback) in [("a slash more", slash), ("no scheme", without)] {
        if callback == way.callback {
            continue;
        }
        let url =
            Authorize::new(&app.client_id, &callback, way.scope).state("kinde-panel-stranger").url(&tenant.domain);
        let check = match around.http.send(Request::get("Open the sign-in page", url)).await {
            Ok(answer) if answer.status >= 400 => Check::pass(format!("{name} is refused")).seen(seen(&answer)),
            Ok(answer) => {
                let why = "An address that is not the registered one was taken";
                Check::fail(format!("{name} is refused"), why, "Report it").seen(seen(&answer))
            }
            Err(error) => failed(name, &UserError::from(error)),
        };
        outcome.add(around, check);
    }
}

fn seen(answer: &Answer) -> String {
    format!("HTTP {}", answer.status)
}

fn random() -> Result<String, UserError> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).map_err(|_| UserError::new(Category::Internal, "The system gave no random numbers"))?;
    Ok(encode_base64url(&bytes))
}

/// Where the page's form goes.
fn form_action(page: &str, at: &Url) -> Option<Url> {
    let (_, tail) = page.split_once("<form")?;
    let (tag, _) = tail.split_once('>')?;
    let (_, rest) = tag.split_once("action=\"")?;
    let (action, _) = rest.split_once('"')?;
    let action = action.replace("&amp;", "&").replace("&#39;", "'").replace("&quot;", "\"");
    at.join(&action).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_address_is_read_off_the_page() {
        let at = Url::parse("http://127.0.0.1:9/oauth2/auth?x=1").unwrap();
        let page = "<html><form method=\"post\" action=\"/oauth2/auth?a=1&amp;b=2\"><button>";
        assert_eq!(form_action(page, &at).unwrap().as_str(), "http://127.0.0.1:9/oauth2/auth?a=1&b=2");
        assert_eq!(form_action("<html>no form", &at), None);
    }
}
