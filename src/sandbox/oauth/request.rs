//! What an authorization request asks for, judged in the order in which the real server judges it: who asks and where the
//! answer may go first, since until then nobody may be sent anywhere; then the rest.

use url::Url;

use super::told::Told;
use crate::sandbox::ask::Ask;
use crate::sandbox::state::{Application, ApplicationKind};
use crate::sandbox::token;
use crate::sandbox::world::World;

/// The shortest `state` the authorization server takes, in characters.
pub const LEAST_STATE: usize = 8;

/// Scopes a person may be asked for. `offline_access` is in no list of Kinde's and is not refused either: it gives no
/// refresh token, `offline` does.
const SCOPES: [&str; 7] = ["address", "email", "offline", "offline_access", "openid", "phone", "profile"];

/// A request that may be shown to a person.
#[derive(Debug, Clone)]
pub struct Request {
    /// Who asks.
    pub app: Application,
    /// Where the answer goes: one of its callbacks, to the letter.
    pub redirect_uri: String,
    /// Repeated in the answer.
    pub state: String,
    /// What is asked for.
    pub scopes: Vec<String>,
    /// The API the access token shall be good for.
    pub audience: Option<String>,
    /// OpenID Connect `nonce`.
    pub nonce: Option<String>,
    /// The S256 challenge of RFC 7636.
    pub challenge: Option<String>,
}

/// Why a request is not shown to a person.
#[derive(Debug)]
pub enum Refused {
    /// Where the browser would be sent is not known to be the application's: it is told on a page.
    Page(String),
    /// The application is told, through the browser.
    Back(Url),
}

/// Sends the browser back with an error.
pub fn back(redirect_uri: &str, state: &str, told: &Told) -> Option<Url> {
    let mut url = Url::parse(redirect_uri).ok()?;
    url.query_pairs_mut().append_pair("error", told.error).append_pair("error_description", &told.description);
    if !state.is_empty() {
        url.query_pairs_mut().append_pair("state", state);
    }
    Some(url)
}

/// Reads and judges the request in the address.
pub fn read(world: &World, ask: &Ask) -> Result<Request, Refused> {
    let given = |name: &str| ask.query(name).filter(|text| !text.is_empty());
    let app = application(world, given("client_id"))?;
    let redirect_uri = given("redirect_uri").unwrap_or_default();
    // To the letter: another case, a trailing slash or a missing scheme is another address.
    if !app.redirect_urls.iter().any(|known| known == redirect_uri) {
        return Err(Refused::Page(format!(
            "The 'redirect_uri' parameter does not match any of the OAuth 2.0 Client's pre-registered redirect urls: {redirect_uri}"
        )));
    }
    let state = given("state").unwrap_or_default();
    let refuse = |told: Told| match back(redirect_uri, state, &told) {
        Some(url) => Refused::Back(url),
        None => Refused::Page(told.description),
    };
    let asked = given("response_type").unwrap_or_default();
    if asked != "code" {
        return Err(refuse(Told::response_type(asked)));
    }
    if state.chars().count() < LEAST_STATE {
        return Err(refuse(Told::state(LEAST_STATE)));
    }
    let scopes: Vec<String> = given("scope").unwrap_or_default().split_whitespace().map(str::to_owned).collect();
    if let Some(scope) = scopes.iter().find(|scope| !SCOPES.contains(&scope.as_str())) {
        return Err(refuse(Told::scope(scope)));
    }
    let audience = given("audience");
    if let Some(audience) = audience.filter(|audience| !token::is_audience(audience, world.http, world.https)) {
        let hint = format!("Requested audience '{audience}' has not been whitelisted by the OAuth 2.0 Client.");
        return Err(refuse(Told::request(&hint)));
    }
    let challenge = challenge(&app, given("code_challenge"), given("code_challenge_method")).map_err(refuse)?;
    if given("prompt") == Some("none") {
        return Err(refuse(Told::login()));
    }
    Ok(Request {
        app,
        redirect_uri: redirect_uri.to_owned(),
        state: state.to_owned(),
        scopes,
        audience: audience.map(str::to_owned),
        nonce: given("nonce").map(str::to_owned),
        challenge,
    })
}

fn application(world: &World, id: Option<&str>) -> Result<Application, Refused> {
    let known = id.and_then(|id| world.application(id));
    match known {
        Some(app) if app.kind == ApplicationKind::M2m => Err(Refused::Page(
            "This is a machine to machine application: nobody signs in to it. Use the client ID of a web application."
                .to_owned(),
        )),
        Some(app) => Ok(app),
        None => Err(Refused::Page("The requested OAuth 2.0 Client does not exist.".to_owned())),
    }
}

/// The challenge of RFC 7636, which an application without a secret must send.
fn challenge(app: &Application, challenge: Option<&str>, method: Option<&str>) -> Result<Option<String>, Told> {
    match (challenge, method) {
        (None, _) if app.kind.keeps_secret() => Ok(None),
        (None, _) => Err(Told::request(
            "Clients must include a code_challenge when performing the authorize code flow, but it is missing.",
        )),
        (Some(challenge), Some("S256")) => Ok(Some(challenge.to_owned())),
        (Some(_), None | Some("plain")) => {
            Err(Told::request("Clients must use code_challenge_method=S256, plain is not allowed."))
        }
        (Some(_), Some(_)) => Err(Told::request("The code_challenge_method is not supported, use S256 instead.")),
    }
}
