//! Connected apps: the walk, revoke, probe, users and credentials, off the UI thread.
//!
//! Calls the rooms and writes down what a walk taught about the profile. Keeps no session: the screen owns them.

mod asked;

use std::sync::Arc;

use uuid::Uuid;

pub use asked::{Command, Event, Walk};

use super::Job;
use crate::check::Check;
use crate::connect::{self, Browser, Ends, Pace, Voice, WalkEnd, WalkEvent, WalkRequest};
use crate::error::{Category, UserError};
use crate::kinde::{Subject, User, UserPage};
use crate::providers;
use crate::secrets::Secret;
use crate::tenant::{LastUser, LastWalk, Profile};

/// How many users a page holds.
const PAGE: u32 = 25;

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
            let key = request.key.clone();
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
            let revoked = result.as_ref().is_ok_and(|outcome| outcome.revoked);
            job.send(Event::Revoked { number, result }).await;
            if let Some(key) = key.filter(|_| revoked) {
                let at = job.services.clock.now();
                remember(profile, None, move |profile| profile.app_revoked(&key, at), &job).await;
            }
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
        voice: Voice::Window,
    };
    let told = job.clone();
    let sink = move |event: WalkEvent| {
        told.post(Event::Walk(event));
    };
    let outcome = connect::walk(&ends, &request, &sink, job.cancel.clone()).await;
    let landing_worked = outcome.landing_worked;
    let there = outcome.session.is_some();
    // A walk that the person broke off says nothing of the app.
    let last = (!matches!(outcome.end, WalkEnd::Cancelled)).then(|| LastWalk {
        at: job.services.clock.now(),
        ok: outcome.end.is_good(),
        words: outcome.end.word().to_owned(),
    });
    job.send(Event::WalkEnded(Box::new(outcome))).await;
    let key = walk.key.clone();
    let edit = move |profile: &mut Profile| {
        profile.landing_works |= landing_worked;
        let app = profile.remember_app(&walk.key, walk.provider.as_deref());
        app.last = last.or(app.last.take());
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
