//! Connected apps: the walk, revoke, probe, users and credentials, off the UI thread.
//!
//! Calls the rooms and writes down what a walk taught about the profile. Keeps no session: the screen owns them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use uuid::Uuid;

use super::Job;
use crate::check::{Check, Verdict, worst};
use crate::connect::{
    self, Again, Browser, Ends, HeldToken, Pace, RevokeOutcome, RevokeRequest, SessionId, WalkEnd, WalkEvent,
    WalkOutcome, WalkRequest,
};
use crate::error::{Category, UserError};
use crate::kinde::{Subject, User, UserPage};
use crate::providers;
use crate::secrets::Secret;
use crate::tenant::{LastUser, LastWalk, Profile};

/// How many users a page holds.
const PAGE: u32 = 25;

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

/// Does what was asked. Answers carry the job's id.
pub async fn run(command: Command, job: Job) {
    match command {
        Command::Open { profile } => open(profile, &job).await,
        Command::Users { profile, query, after } => {
            let result = users(profile, &query, after.as_deref(), &job).await;
            job.send(Event::Users { query, more: after.is_some(), result }).await;
        }
        Command::CreateTestUser { profile } => {
            let created = create_test_user(profile, &job).await;
            job.send(Event::UserCreated(created)).await;
        }
        Command::AddApp { profile, key, provider } => {
            let edit = {
                let key = key.clone();
                move |profile: &mut Profile| {
                    profile.remember_app(&key, provider.as_deref());
                }
            };
            remember(profile, Some(key), edit, &job).await;
        }
        Command::ForgetApp { profile, key } => {
            remember(profile, None, move |profile| profile.apps.retain(|app| app.key != key), &job).await;
        }
        Command::Walk(walk) => walked(walk, &job).await,
        Command::Revoke { profile, number, request } => {
            let result = match ends(profile, &job).await {
                Ok(ends) => {
                    let told = job.clone();
                    let sink = move |check: &Check| {
                        told.post(Event::RevokeCheck { number, check: check.clone() });
                    };
                    Ok(connect::revoke(&ends, &request, &sink).await)
                }
                Err(error) => Err(error),
            };
            job.send(Event::Revoked { number, result }).await;
        }
        Command::FetchAgain { profile, number, session, before } => {
            let result = match ends(profile, &job).await {
                Ok(ends) => connect::fetch_again(&ends, &session, before.as_ref()).await,
                Err(error) => Err(error),
            };
            job.send(Event::Fetched { number, result }).await;
        }
        Command::Probe { profile, number, provider, token, holder, asked } => {
            let result = match ends(profile, &job).await {
                Ok(ends) => Ok(connect::probe_token(&ends, provider.as_deref(), &token, &holder, &asked).await),
                Err(error) => Err(error),
            };
            job.send(Event::Probed { number, result }).await;
        }
        Command::Credentials { profile, provider, client_id, secret, callback } => {
            let result = credentials(profile, &provider, &client_id, &secret, &callback, &job).await;
            job.send(Event::Credentials(result)).await;
        }
    }
}

async fn ends(profile: Uuid, job: &Job) -> Result<Ends, UserError> {
    Ends::of(&job.tenant(profile).await?)
}

async fn open(profile: Uuid, job: &Job) {
    let unread = |error| Event::Users { query: String::new(), more: false, result: Err(error) };
    let tenant = match job.tenant(profile).await {
        Ok(tenant) => tenant,
        Err(error) => return job.send(unread(error)).await,
    };
    let mut origins: Vec<String> = Vec::new();
    let all = tenant.profile.api_domain().into_iter().chain(tenant.profile.issuers()).chain([tenant.domain.clone()]);
    for domain in all {
        let origin = domain.as_str().to_owned();
        if !origins.contains(&origin) {
            origins.push(origin);
        }
    }
    job.send(Event::Origins(origins)).await;
    let result = match tenant.api() {
        Ok(api) => api.search_users("", None, PAGE).await.map_err(UserError::from),
        Err(error) => Err(error),
    };
    job.send(Event::Users { query: String::new(), more: false, result }).await;
}

async fn users(profile: Uuid, query: &str, after: Option<&str>, job: &Job) -> Result<UserPage, UserError> {
    let api = ends(profile, job).await?.api;
    Ok(api.search_users(query, after, PAGE).await?)
}

async fn create_test_user(profile: Uuid, job: &Job) -> Result<User, UserError> {
    let api = ends(profile, job).await?.api;
    let tag: String = Uuid::new_v4().simple().to_string().chars().take(6).collect();
    Ok(api.create_test_user(&format!("test-{tag}@example.com"), "Test", "User").await?)
}

async fn credentials(
    profile: Uuid,
    provider: &str,
    client_id: &str,
    secret: &Secret,
    callback: &str,
    job: &Job,
) -> Result<Vec<Check>, UserError> {
    let provider = providers::find(provider).ok_or_else(|| {
        UserError::new(Category::Input, "The provider of this app is not known")
            .detail("Nobody can be asked about the credentials")
            .hint("Add the app again and choose its provider")
    })?;
    // No M2M application is needed for this; where the tenant cannot be opened, the real provider is asked.
    let base = match job.tenant(profile).await {
        Ok(tenant) if tenant.profile.is_sandbox() || tenant.domain.is_loopback() => {
            Some(crate::tenant::Tenant::provider_base_at(&tenant.domain))
        }
        _ => None,
    };
    let http = &job.services.http;
    Ok(providers::check_credentials(http, provider, base.as_ref(), client_id, secret, callback).await)
}

async fn walked(walk: Walk, job: &Job) {
    let ends = match ends(walk.profile, job).await {
        Ok(ends) => ends,
        Err(error) => return job.send(Event::WalkFailed(error)).await,
    };
    let request = WalkRequest {
        key: walk.key.clone(),
        provider: walk.provider.clone(),
        subject: walk.subject.clone(),
        subject_label: walk.label.clone(),
        landing: walk.landing,
        browser: Browser::system(),
        pace: Pace { deadline: walk.timeout, ..Pace::default() },
        nudge: Arc::clone(&walk.nudge),
    };
    let told = job.clone();
    let sink = move |event: WalkEvent| {
        told.post(Event::Walk(event));
    };
    let outcome = connect::walk(&ends, &request, &sink, job.cancel.clone()).await;
    let landing_worked = outcome.landing_worked;
    let there = outcome.session.is_some();
    let last = LastWalk {
        at: job.services.clock.now(),
        ok: went_well(&outcome.end),
        words: end_word(&outcome.end).to_owned(),
    };
    job.send(Event::WalkEnded(Box::new(outcome))).await;
    let key = walk.key.clone();
    let edit = move |profile: &mut Profile| {
        profile.landing_works |= landing_worked;
        let app = profile.remember_app(&walk.key, walk.provider.as_deref());
        app.last = Some(last);
        if there && let Subject::User(id) = &walk.subject {
            profile.last_users.retain(|known| known.id != *id);
            profile.last_users.insert(0, LastUser { id: id.clone(), label: walk.label.clone() });
            profile.last_users.truncate(8);
        }
    };
    remember(walk.profile, Some(key), edit, job).await;
}

/// Changes the profile on disk and says so.
async fn remember(profile: Uuid, key: Option<String>, edit: impl FnOnce(&mut Profile) + Send + 'static, job: &Job) {
    let profiles = job.services.profiles.clone();
    let written = tokio::task::spawn_blocking(move || profiles.update(profile, edit)).await;
    let event = match written {
        Ok(Ok(_)) => Event::Remembered { key },
        Ok(Err(error)) => Event::NotRemembered(error),
        Err(_) => return,
    };
    job.send(event).await;
}

fn went_well(end: &WalkEnd) -> bool {
    matches!(end, WalkEnd::Connected { probe, .. } if worst(probe) != Verdict::Fail)
}

/// How a walk ended, as the list of apps says it.
fn end_word(end: &WalkEnd) -> &'static str {
    match end {
        WalkEnd::Connected { .. } if went_well(end) => "connected",
        WalkEnd::Connected { .. } => "not proved",
        WalkEnd::Denied(_) => "denied",
        WalkEnd::TimedOut(_) => "not confirmed",
        WalkEnd::Refused(_) => "refused",
        WalkEnd::Failed { .. } => "failed",
        WalkEnd::Cancelled => "cancelled",
    }
}
