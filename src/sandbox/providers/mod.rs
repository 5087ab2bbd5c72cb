//! Stand-ins for the providers: host H and path P of a provider answer at `{issuer}/_providers/{H}{P}`.
//!
//! Each module speaks as its provider does: the calls a probe makes, the token endpoint, and revocation where there is
//! one, with the provider's own words for success and failure. Lifetimes and bodies: reference recipes, section 1.

mod consent;
mod discord;
mod github;
mod gitlab;
mod google;
mod microsoft;
mod patreon;

use jiff::Timestamp;
use url::Url;

use super::ask::{Ask, Reply, pick};
use super::faults::ProviderFault;
use super::state::{App, Grant, Subject};
use super::world::World;

/// What the sandbox knows of a provider.
pub struct Profile {
    /// Provider id.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// One letter and a colour for its mark.
    pub mark: (&'static str, &'static str),
    /// Host and path of its authorization endpoint.
    pub authorize: &'static str,
    /// How long its access tokens live, in seconds.
    pub lifetime_seconds: u64,
    /// Makes up an access token: scopes, now, lifetime in seconds.
    pub token: fn(&[String], Timestamp, u64) -> String,
    /// What a scope allows, in words.
    pub words: fn(&str) -> &'static str,
    /// What the app may do where scopes are set at the provider and not asked for.
    pub fixed: &'static [(&'static str, &'static str)],
}

static PROFILES: [&Profile; 6] =
    [&google::PROFILE, &github::PROFILE, &gitlab::PROFILE, &patreon::PROFILE, &discord::PROFILE, &microsoft::PROFILE];

/// The profile of a provider id.
pub fn profile(id: &str) -> &'static Profile {
    PROFILES.into_iter().find(|profile| profile.id == id).unwrap_or(&google::PROFILE)
}

/// Where Kinde sends the browser: the provider's authorization endpoint, played here.
pub fn authorize_url(base: &str, app: &App, state: &str) -> String {
    let at = format!("{base}/_providers/{}", profile(&app.provider).authorize);
    let Ok(mut url) = Url::parse(&at) else { return at };
    {
        let mut pairs = url.query_pairs_mut();
        pairs
            .append_pair("client_id", &app.client_id)
            .append_pair("redirect_uri", &format!("{base}/connected_apps/callback"))
            .append_pair("response_type", "code")
            .append_pair("state", state);
        if !app.scopes.is_empty() {
            pairs.append_pair("scope", &app.scopes.join(" "));
        }
        if app.provider == "google_drive" {
            pairs.append_pair("access_type", "offline").append_pair("prompt", "consent");
        }
    }
    url.into()
}

/// Answers for the provider whose host starts `rest` (`api.github.com/user`).
pub async fn answer(world: &World, ask: &Ask, rest: &str) -> Reply {
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let at = format!("{host}/{path}");
    if let Some(profile) = PROFILES.into_iter().find(|profile| profile.authorize == at) {
        return consent::answer(world, ask, profile).await;
    }
    if fault(world) == Some(ProviderFault::Down) {
        return Reply::text(503, "Service Unavailable");
    }
    let call = Call { world, ask, path };
    match host {
        "www.googleapis.com" | "oauth2.googleapis.com" => google::answer(&call, host).await,
        "api.github.com" | "github.com" => github::answer(&call, host).await,
        "gitlab.com" => gitlab::answer(&call).await,
        "www.patreon.com" => patreon::answer(&call).await,
        "discord.com" => discord::answer(&call).await,
        "graph.microsoft.com" | "login.microsoftonline.com" => microsoft::answer(&call, host).await,
        _ => Reply::text(404, "The sandbox plays no such host"),
    }
}

/// One call of a provider's API.
struct Call<'a> {
    world: &'a World,
    ask: &'a Ask,
    /// Path without leading slash.
    path: &'a str,
}

/// How a provider stands to a token it is shown.
enum Held {
    /// None was sent.
    Missing,
    /// Never given out.
    Unknown,
    /// Given out, and revoked since.
    Revoked,
    /// Given out, and expired since.
    Expired,
    /// Good.
    Good(Box<Grant>),
}

/// How a provider stands to the client credentials it is shown.
enum Client {
    /// Genuine.
    Good(Box<App>),
    /// No such client.
    Unknown(String),
    /// The client is known, the secret is not its.
    WrongSecret(String),
}

fn fault(world: &World) -> Option<ProviderFault> {
    world.faults().provider
}

impl Call<'_> {
    /// How `provider` stands to the token of the `Authorization` header.
    fn held(&self, provider: &str) -> Held {
        self.ask.bearer().map_or(Held::Missing, |token| self.stands(provider, token))
    }

    fn stands(&self, provider: &str, token: &str) -> Held {
        let found =
            self.world.state().grants.iter().find(|grant| grant.provider == provider && grant.token == token).cloned();
        let Some(grant) = found else { return Held::Unknown };
        match fault(self.world) {
            _ if grant.revoked => Held::Revoked,
            Some(ProviderFault::TokenRevoked) => Held::Revoked,
            Some(ProviderFault::TokenExpired) => Held::Expired,
            _ if grant.expires <= self.world.now() => Held::Expired,
            _ => Held::Good(Box::new(grant)),
        }
    }

    /// Body fields, from a form or a JSON object of texts.
    fn fields(&self) -> Vec<(String, String)> {
        match self.ask.json() {
            Some(serde_json::Value::Object(map)) => {
                map.into_iter().filter_map(|(key, value)| value.as_str().map(|text| (key, text.to_owned()))).collect()
            }
            _ => self.ask.form(),
        }
    }

    /// Whether the credentials sent, in a Basic header where `basic` allows one or in the body, are genuine.
    fn client(&self, provider: &str, fields: &[(String, String)], basic: bool) -> Client {
        let decode = |text: String| {
            percent_encoding::percent_decode_str(&text).decode_utf8().map(std::borrow::Cow::into_owned).unwrap_or(text)
        };
        let in_header = self.ask.basic().filter(|_| basic).map(|(id, secret)| (decode(id), decode(secret)));
        let (id, secret) = in_header.unwrap_or_else(|| {
            let field = |name: &str| pick(fields, name).unwrap_or_default().to_owned();
            (field("client_id"), field("client_secret"))
        });
        match self.world.client(provider, &id) {
            None => Client::Unknown(id),
            Some(app) if app.client_secret == secret => Client::Good(Box::new(app)),
            Some(_) => Client::WrongSecret(id),
        }
    }

    /// Exchanges the code of `fields` for a token, once.
    async fn redeem(&self, app: &App, fields: &[(String, String)]) -> Option<Grant> {
        let code = pick(fields, "code").filter(|code| !code.is_empty())?;
        let subject = {
            let mut state = self.world.state();
            let session = state
                .sessions
                .iter_mut()
                .find(|session| session.key == app.key && session.code.as_deref() == Some(code))?;
            session.code = None;
            session.subject.clone()
        };
        let grant = self.world.grant(app, subject, None);
        self.world.save().await.ok()?;
        Some(grant)
    }

    /// Revokes `token`, and with `all` every other token of the same person for the same client. False: not known.
    async fn revoke(&self, provider: &str, client_id: &str, token: &str, all: bool) -> bool {
        let known = {
            let mut state = self.world.state();
            let found = state
                .grants
                .iter()
                .find(|grant| grant.provider == provider && grant.token == token && !grant.revoked)
                .filter(|grant| client_id.is_empty() || grant.client_id == client_id)
                .cloned();
            if let Some(found) = &found {
                for grant in &mut state.grants {
                    let same = grant.client_id == found.client_id && grant.subject == found.subject;
                    if grant.token == token || (all && same) {
                        grant.revoked = true;
                    }
                }
            }
            found.is_some()
        };
        known && self.world.save().await.is_ok()
    }

    /// A number that stands for a subject's account: the same each time, `digits` long.
    fn number(subject: &Subject, digits: usize) -> String {
        let (Subject::User(id) | Subject::Org(id)) = subject;
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, id.as_bytes());
        let number = digest.as_ref().iter().take(12).fold(0_u128, |sum, byte| sum * 256 + u128::from(*byte));
        let text = format!("1{number:029}");
        text.chars().take(1).chain(text.chars().rev()).take(digits).collect()
    }
}

/// `fields` of a token answer that every provider has.
fn token_answer(grant: &Grant, now: Timestamp) -> serde_json::Value {
    serde_json::json!({
        "access_token": grant.token,
        "expires_in": grant.expires.duration_since(now).as_secs(),
        "scope": grant.scopes.join(" "),
        "token_type": "Bearer",
    })
}
