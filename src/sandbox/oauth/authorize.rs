//! `GET|POST /oauth2/auth`: who signs in, and what the browser takes back (OpenID Connect Core, 3.1.2).

use http::Method;
use serde_json::json;
use url::Url;

use super::request::{self, Refused, Request};
use super::told::Told;
use super::{Allowed, Code, page};
use crate::sandbox::ask::{Ask, Reply, pick};
use crate::sandbox::state::User;
use crate::sandbox::world::World;
use crate::sandbox::{pages, presets};

/// Shows the page (GET) or acts on its form (POST).
pub async fn answer(world: &World, ask: &Ask) -> Reply {
    let request = match request::read(world, ask) {
        Ok(request) => request,
        Err(Refused::Back(url)) => return Reply::redirect(url.as_str()),
        Err(Refused::Page(text)) => return pages::error_page(400, "The sign-in cannot begin", &text),
    };
    match ask.method {
        Method::GET | Method::HEAD => page::sign_in(world, ask, &request),
        Method::POST => decide(world, ask, &request).await,
        _ => Reply::empty(405).header("allow", "GET, POST"),
    }
}

async fn decide(world: &World, ask: &Ask, request: &Request) -> Reply {
    let form = ask.form();
    if pick(&form, "decision") == Some("cancel") {
        let back = request::back(&request.redirect_uri, &request.state, &Told::denied());
        return back.map_or_else(|| Reply::empty(500), |url| Reply::redirect(url.as_str()));
    }
    let Some(user) = pick(&form, "user").and_then(|id| signed_in(world, id)) else {
        return page::sign_in(world, ask, request);
    };
    let (Some(url), code) = (sent_back(request), presets::url_safe(43)) else { return Reply::empty(500) };
    let mut url = url;
    url.query_pairs_mut()
        .append_pair("code", &code)
        .append_pair("scope", &request.scopes.join(" "))
        .append_pair("state", &request.state);
    world.sign_ins.keep_code(Code {
        code,
        redirect_uri: request.redirect_uri.clone(),
        challenge: request.challenge.clone(),
        allowed: Allowed {
            client_id: request.app.client_id.clone(),
            user: user.id.clone(),
            scopes: request.scopes.clone(),
            audience: request.audience.clone(),
            nonce: request.nonce.clone(),
            at: world.now(),
        },
        used: false,
    });
    let told = json!({"user": {"id": user.id}});
    world.happened(Reply::redirect(url.as_str()), vec![("user.authenticated", told)]).await
}

fn sent_back(request: &Request) -> Option<Url> {
    Url::parse(&request.redirect_uri).ok()
}

/// Counts the sign-in of somebody who may.
fn signed_in(world: &World, id: &str) -> Option<User> {
    let now = world.now();
    let mut state = world.state();
    let user = state.users.iter_mut().find(|user| user.id == id && !user.is_suspended)?;
    user.last_signed_in = Some(now);
    user.total_sign_ins = user.total_sign_ins.saturating_add(1);
    Some(user.clone())
}
