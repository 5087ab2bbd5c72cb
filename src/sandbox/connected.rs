//! Connected apps: the three API calls, the provider's return to Kinde, and the landing page (reference: kinde-api, 1.3).
//!
//! One and the same 400 answers for a session nobody consented to yet, one that was refused, one that was revoked and
//! one that never was: only the browser learns the difference.

use std::time::Duration;

use http::Method;
use jiff::Timestamp;
use serde_json::json;
use url::Url;

use super::access::errors;
use super::ask::{Ask, Reply};
use super::state::{Grant, Session, Standing, Subject};
use super::users::stamp;
use super::world::World;
use super::{pages, presets, providers};

/// Sessions kept; the oldest go first.
const SESSIONS: usize = 500;

fn invalid_session() -> Reply {
    errors(400, "INVALID_SESSION", "The session id points to an invalid session")
}

/// `GET /api/v1/connected_apps/auth_url`.
pub async fn auth_url(world: &World, ask: &Ask) -> Reply {
    let given = |name: &str| ask.query(name).filter(|text| !text.is_empty()).map(str::to_owned);
    let Some(key) = given("key_code_ref") else {
        return errors(400, "KEY_CODE_REF_MISSING", "key_code_ref is required");
    };
    let Some(app) = world.app(&key) else {
        return errors(404, "CONNECTED_APP_NOT_FOUND", "The connected app was not found");
    };
    let subject = match (given("user_id"), given("org_code")) {
        (Some(user), _) => Subject::User(user),
        (None, Some(org)) => Subject::Org(org),
        (None, None) => return errors(400, "SUBJECT_MISSING", "Either user_id or org_code is required"),
    };
    let known = {
        let state = world.state();
        match &subject {
            Subject::User(id) => state.users.iter().any(|user| user.id == *id),
            Subject::Org(code) => state.orgs.iter().any(|org| org.code == *code),
        }
    };
    if !known {
        return match subject {
            Subject::User(_) => errors(400, "USER_NOT_FOUND", "The user was not found"),
            Subject::Org(_) => errors(400, "ORGANIZATION_NOT_FOUND", "Organization not found"),
        };
    }
    let callback = given("override_callback_url");
    if let Some(callback) = &callback
        && (world.faults().refuse_override_callback || !may_return_to(callback, &app.callback_urls))
    {
        return errors(400, "INVALID_CALLBACK_URL", "The override callback URL is not registered");
    }
    let session = Session {
        id: format!("session_{}", uuid::Uuid::now_v7().simple()),
        key,
        subject,
        state: presets::hex(40),
        callback: callback.or_else(|| app.callback_urls.first().cloned()),
        standing: Standing::Pending,
        code: None,
        created: world.now(),
    };
    let url = providers::authorize_url(&ask.base, &app, &session.state);
    let reply = Reply::json(200, &json!({"url": url, "session_id": session.id}));
    {
        let mut state = world.state();
        state.sessions.push(session);
        let over = state.sessions.len().saturating_sub(SESSIONS);
        state.sessions.drain(..over);
    }
    world.saved(reply).await
}

/// A registered address, or any on this machine's loopback.
fn may_return_to(callback: &str, registered: &[String]) -> bool {
    let loopback = Url::parse(callback).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https") && matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"))
    });
    loopback || registered.iter().any(|known| known == callback)
}

/// `GET /api/v1/connected_apps/token`: the same token for as long as it lives, then a refreshed one.
pub async fn token(world: &World, ask: &Ask) -> Reply {
    let Some(session) = active(world, ask) else { return invalid_session() };
    let answer = |grant: &Grant| {
        Reply::json(200, &json!({"access_token": grant.token, "access_token_expiry": stamp(grant.expires)}))
            .header("cache-control", "no-store")
    };
    let held = newest_grant(world, &session.id);
    match held {
        // Kinde does not know what was revoked at the provider: it goes on handing the token out.
        Some(grant) if grant.expires > world.now() => answer(&grant),
        _ => {
            let Some(app) = world.app(&session.key) else { return invalid_session() };
            let fresh = world.grant(&app, session.subject, Some(session.id));
            world.saved(answer(&fresh)).await
        }
    }
}

fn newest_grant(world: &World, session: &str) -> Option<Grant> {
    world.state().grants.iter().rev().find(|grant| grant.session.as_deref() == Some(session)).cloned()
}

fn active(world: &World, ask: &Ask) -> Option<Session> {
    let id = ask.query("session_id")?;
    world.state().sessions.iter().find(|session| session.id == id && session.standing == Standing::Active).cloned()
}

/// `POST /api/v1/connected_apps/revoke`, with the session in the query. The provider is not told: measured at Kinde, a
/// token handed out before goes on working there until it expires.
pub async fn revoke(world: &World, ask: &Ask) -> Reply {
    let Some(found) = active(world, ask) else { return invalid_session() };
    if let Some(session) = world.state().sessions.iter_mut().find(|session| session.id == found.id) {
        session.standing = Standing::Revoked;
    }
    world.saved(Reply::json(200, &json!({"message": "Success", "code": "OK"}))).await
}

/// Where the provider sends the browser back to Kinde ("Provider to Kinde").
pub async fn callback(world: &World, ask: &Ask) -> Reply {
    if ask.method != Method::GET {
        return Reply::empty(405);
    }
    let state = ask.query("state").unwrap_or_default();
    let found = world
        .state()
        .sessions
        .iter()
        .find(|session| !state.is_empty() && session.state == state && session.standing == Standing::Pending)
        .cloned();
    let Some(session) = found.filter(|session| fresh(session, world.now())) else {
        // Kinde numbers its error pages; 1829 is the exchange of a connected app's token that failed.
        return pages::error_page(
            400,
            "Something went wrong (error 1829)",
            "This connection attempt is no longer known. Go back to the app and connect again.",
        );
    };
    let error = ask.query("error").map(str::to_owned);
    let code = ask.query("code").map(str::to_owned);
    let app = world.app(&session.key);
    let good = error.is_none() && code.is_some() && code == session.code;
    if let (true, Some(app)) = (good, &app) {
        world.grant(app, session.subject.clone(), Some(session.id.clone()));
    }
    if let Some(kept) = world.state().sessions.iter_mut().find(|kept| kept.id == session.id) {
        kept.standing = if good { Standing::Active } else { Standing::Denied };
        kept.code = None;
    }
    let mut back = session
        .callback
        .as_deref()
        .and_then(|callback| Url::parse(callback).ok())
        .or_else(|| Url::parse(&format!("{}/connected_apps/done", ask.base)).ok());
    if let Some(url) = &mut back {
        let mut pairs = url.query_pairs_mut();
        if good {
            pairs.append_pair("session_id", &session.id);
        } else {
            let error = error.unwrap_or_else(|| "server_error".to_owned());
            let why = ask.query("error_description").unwrap_or("The provider did not confirm the connection");
            pairs.append_pair("error", &error).append_pair("error_description", why);
        }
    }
    let reply = back.map_or_else(|| Reply::empty(500), |url| Reply::redirect(url.as_str()));
    world.saved(reply).await
}

/// A walk through the provider may take an hour.
fn fresh(session: &Session, now: Timestamp) -> bool {
    now.duration_since(session.created)
        < jiff::SignedDuration::from_secs(Duration::from_secs(3600).as_secs().cast_signed())
}

/// The app's own page at the end, where no other was named.
pub fn landing(ask: &Ask) -> Reply {
    match ask.query("error") {
        Some(error) => {
            let why = ask.query("error_description").unwrap_or(error);
            pages::landing(false, "Not connected", why)
        }
        None => pages::landing(true, "Connected", "You can close this page. The panel has the token."),
    }
}
