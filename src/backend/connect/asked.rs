//! What the connected apps room asks of the backend, and what comes back. Plain data.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use uuid::Uuid;

use crate::check::Check;
use crate::connect::{Again, HeldToken, RevokeOutcome, RevokeRequest, SessionId, WalkEvent, WalkOutcome};
use crate::error::UserError;
use crate::kinde::{Subject, User, UserPage};
use crate::secrets::Secret;

/// What the screen asks.
#[derive(Debug, Clone)]
pub enum Command {
    /// The tenant's own addresses, then its first users.
    Open {
        /// Whose.
        profile: Uuid,
    },
    /// A page of users.
    Users {
        /// Whose.
        profile: Uuid,
        /// Email or name; empty for all.
        query: String,
        /// The page after this user.
        after: Option<String>,
    },
    /// A made-up user to connect for.
    CreateTestUser {
        /// Where.
        profile: Uuid,
    },
    /// Remembers an app by its Reference key.
    AddApp {
        /// Where.
        profile: Uuid,
        /// The Reference key.
        key: String,
        /// The provider's id.
        provider: Option<String>,
    },
    /// Takes an app off the list. Nothing is changed in Kinde.
    ForgetApp {
        /// Where.
        profile: Uuid,
        /// The Reference key.
        key: String,
    },
    /// The walk.
    Walk(Walk),
    /// Revokes a session and proves it.
    Revoke {
        /// Where.
        profile: Uuid,
        /// The session's number on the screen.
        number: SessionId,
        /// What to revoke.
        request: RevokeRequest,
    },
    /// Fetches the token of a session again.
    FetchAgain {
        /// Where.
        profile: Uuid,
        /// The session's number on the screen.
        number: SessionId,
        /// Kinde's session id.
        session: Secret,
        /// The token held.
        before: Option<HeldToken>,
    },
    /// Asks the provider about a token.
    Probe {
        /// Where.
        profile: Uuid,
        /// The session's number on the screen.
        number: SessionId,
        /// The provider's id.
        provider: Option<String>,
        /// The token.
        token: Secret,
        /// `Kinde user ada@example.com`; empty for nobody known.
        holder: String,
        /// Scopes that were asked for.
        asked: Vec<String>,
    },
    /// Tells genuine credentials of a provider from wrong ones.
    Credentials {
        /// Where: on the sandbox the stand-ins are asked.
        profile: Uuid,
        /// The provider's id.
        provider: String,
        /// As typed.
        client_id: String,
        /// As typed.
        secret: Secret,
        /// Provider to Kinde.
        callback: String,
    },
}

/// A walk to make.
#[derive(Debug, Clone)]
pub struct Walk {
    /// Where.
    pub profile: Uuid,
    /// The app's Reference key.
    pub key: String,
    /// The provider's id.
    pub provider: Option<String>,
    /// For whom.
    pub subject: Subject,
    /// For whom, in words.
    pub label: String,
    /// "Bring me back to the panel".
    pub landing: bool,
    /// When to give up.
    pub timeout: Duration,
    /// Makes the next poll now.
    pub nudge: Arc<Notify>,
}

/// What comes back.
#[derive(Debug, Clone)]
pub enum Event {
    /// The origins of the tenant, the Kinde domain first: `https://acme.kinde.com`.
    Origins(Vec<String>),
    /// A page of users.
    Users {
        /// What was searched for.
        query: String,
        /// True where it follows on a page there is already.
        more: bool,
        /// The page.
        result: Result<UserPage, UserError>,
    },
    /// The made-up user.
    UserCreated(Result<User, UserError>),
    /// An app was remembered or forgotten: profiles.json has changed.
    Remembered {
        /// The app to show now.
        key: Option<String>,
    },
    /// The apps could not be written down.
    NotRemembered(UserError),
    /// News of a walk.
    Walk(WalkEvent),
    /// A walk ended.
    WalkEnded(Box<WalkOutcome>),
    /// A walk could not begin.
    WalkFailed(UserError),
    /// One check of a revocation, while it goes on.
    RevokeCheck {
        /// The session.
        number: SessionId,
        /// The check.
        check: Check,
    },
    /// A revocation ended.
    Revoked {
        /// The session.
        number: SessionId,
        /// What came of it.
        result: Result<RevokeOutcome, UserError>,
    },
    /// A token was fetched again.
    Fetched {
        /// The session.
        number: SessionId,
        /// The token.
        result: Result<Again, UserError>,
    },
    /// The provider was asked.
    Probed {
        /// The session.
        number: SessionId,
        /// What it said.
        result: Result<Vec<Check>, UserError>,
    },
    /// What the provider says of the credentials.
    Credentials(Result<Vec<Check>, UserError>),
}
