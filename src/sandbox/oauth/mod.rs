//! Signing people in: the authorization endpoint, the grants of a code and of a refresh token, the profile, signing out.
//!
//! The tenant's applications and users are state; what is given out on the way, codes and refresh tokens, lives in
//! memory and ends with the process. Error names and texts are those of the authorization server that Kinde's own answers
//! come from (Ory fosite; reference: kinde-api, 1.1). There is no session cookie: every walk asks who signs in.

mod authorize;
mod exchange;
mod logout;
mod page;
mod profile;
mod request;
mod spent;
mod told;

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;

use super::ask::{Ask, Reply};
use super::world::{World, held};

pub use exchange::{authorization_code, refresh_token};

/// How long a code may wait for its exchange. Fosite's own default.
const CODE_LIFETIME: Duration = Duration::from_secs(600);
/// Codes and refresh tokens kept; the oldest go first.
const KEPT: usize = 500;

/// The paths of this module; `None` is none of them.
pub async fn answer(world: &World, ask: &Ask) -> Option<Reply> {
    Some(match ask.path.as_str() {
        "/oauth2/auth" => authorize::answer(world, ask).await,
        "/oauth2/v2/user_profile" => profile::answer(world, ask),
        "/oauth2/revoke" => spent::revoke(world, ask),
        "/oauth2/introspect" => spent::introspect(world, ask),
        "/logout" => logout::answer(world, ask),
        _ => return None,
    })
}

/// What somebody who signed in allowed an application.
#[derive(Debug, Clone)]
struct Allowed {
    client_id: String,
    user: String,
    scopes: Vec<String>,
    audience: Option<String>,
    /// The OpenID Connect `nonce`, repeated in the ID token of this sign-in.
    nonce: Option<String>,
    /// When the person signed in.
    at: Timestamp,
}

/// An authorization code that was given out.
#[derive(Debug, Clone)]
struct Code {
    code: String,
    redirect_uri: String,
    /// The S256 challenge of RFC 7636.
    challenge: Option<String>,
    allowed: Allowed,
    /// Exchanged already. A second exchange ends what the first one gave (RFC 6749, 4.1.2).
    used: bool,
}

/// A refresh token that was given out, and the code it descends from.
#[derive(Debug, Clone)]
struct Refresh {
    token: String,
    code: String,
    allowed: Allowed,
}

/// What was given out and is not spent.
#[derive(Debug, Default)]
pub struct SignIns {
    codes: Mutex<VecDeque<Code>>,
    refresh: Mutex<VecDeque<Refresh>>,
}

impl SignIns {
    fn keep_code(&self, code: Code) {
        let mut codes = held(&self.codes);
        codes.push_back(code);
        while codes.len() > KEPT {
            codes.pop_front();
        }
    }

    fn keep_refresh(&self, refresh: Refresh) {
        let mut kept = held(&self.refresh);
        kept.push_back(refresh);
        while kept.len() > KEPT {
            kept.pop_front();
        }
    }

    /// Takes a refresh token out when `right` says so of it: each is good once.
    fn take_refresh(&self, token: &str, right: impl Fn(&Refresh) -> bool) -> Option<Refresh> {
        let mut kept = held(&self.refresh);
        let at = kept.iter().position(|refresh| refresh.token == token && right(refresh))?;
        kept.remove(at)
    }
}
