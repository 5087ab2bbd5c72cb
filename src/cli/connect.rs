//! `connect`: walks a connected app to its token and proves it, or revokes a session and proves that.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::context::non_empty;
use super::token::secret_word;
use super::{Context, Exit, Picked, Wants};
use crate::check::{self, Check, Verdict};
use crate::clock::rfc3339;
use crate::connect::{self, Browser, Ends, HeldToken, Pace, RevokeRequest, Voice, WalkEnd, WalkEvent, WalkRequest};
use crate::error::{Category, UserError};
use crate::kinde::Subject;
use crate::providers;
use crate::step::{Step, StepState};
use crate::tenant::{LastUser, LastWalk, Profile};

/// The words of `connect`.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true).args(["app", "revoke"]))]
pub struct Args {
    /// Reference key of the connected app: Settings > Connected apps > Configure > Details
    #[arg(long, value_name = "KEY", value_parser = non_empty)]
    pub app: Option<String>,
    /// Provider of the app: google_drive, github, gitlab, patreon, discord, microsoft_365
    #[arg(long, value_name = "NAME", value_parser = non_empty)]
    pub provider: Option<String>,
    /// User to connect for, by id
    #[arg(long, value_name = "ID", value_parser = non_empty, conflicts_with_all = ["org", "revoke"])]
    pub user: Option<String>,
    /// Organization to connect for, by code
    #[arg(long, value_name = "CODE", value_parser = non_empty, conflicts_with = "revoke")]
    pub org: Option<String>,
    /// Print the link and open nothing
    #[arg(long, conflicts_with = "revoke")]
    pub no_browser: bool,
    /// Give up after this long
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = seconds, allow_hyphen_values = true)]
    pub timeout: u64,
    /// Print the provider's token itself
    #[arg(long, conflicts_with = "revoke")]
    pub show_token: bool,
    /// Revoke this session and show what still works. @FILE and @- read it
    #[arg(long, value_name = "SESSION_ID", value_parser = non_empty)]
    pub revoke: Option<String>,
}

/// Seconds to wait: less than one asks nobody, more than a day nobody waits for.
fn seconds(text: &str) -> Result<u64, String> {
    let wanted = "a whole number of seconds from 1 to 86400, which is a day";
    text.parse().ok().filter(|seconds| (1..=86_400).contains(seconds)).ok_or_else(|| wanted.to_owned())
}

/// Walks, or revokes.
///
/// # Errors
/// When it could not be done: network, permission, an unknown provider or profile.
pub async fn run(args: Args, cx: &Context) -> Result<Exit, UserError> {
    let named = args.provider.as_deref().map(provider_named).transpose()?;
    let session = match args.revoke.as_deref() {
        Some(word) => Some(secret_word(word, "--revoke", cx).await?),
        None => None,
    };
    let picked = cx.pick_profile(Wants::Tenant)?;
    let tenant = cx.tenant(&picked).await?;
    let ends = Ends::of(&tenant)?;
    let provider = named.or_else(|| provider_of(&picked.profile, args.app.as_deref()));
    match session {
        Some(session) => {
            cx.may_write(&picked, &tenant).await?;
            let request = RevokeRequest { session, key: args.app, provider, held: None };
            revoked(&ends, request, &picked, cx).await
        }
        None => walked(&ends, &args, provider, &picked, cx).await,
    }
}

fn provider_named(name: &str) -> Result<String, UserError> {
    let plain = |text: &str| -> String { text.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect() };
    providers::catalogue()
        .iter()
        .find(|provider| [&provider.id, &provider.name].into_iter().any(|known| plain(known) == plain(name)))
        .map(|provider| provider.id.clone())
        .ok_or_else(|| {
            let ids: Vec<&str> = providers::catalogue().iter().map(|provider| provider.id.as_str()).collect();
            UserError::new(Category::Input, format!("There is no provider {name}"))
                .detail(format!("Known: {}", ids.join(", ")))
                .hint("Name one of these, or leave --provider out")
        })
}

/// The provider remembered for the key, else the one its name gives away.
fn provider_of(profile: &Profile, key: Option<&str>) -> Option<String> {
    let key = key?;
    let remembered = profile.apps.iter().find(|app| app.key == key).and_then(|app| app.provider.clone());
    remembered.or_else(|| providers::guess_by_key(key).map(|provider| provider.id.clone()))
}

async fn revoked(ends: &Ends, request: RevokeRequest, picked: &Picked, cx: &Context) -> Result<Exit, UserError> {
    if request.provider.is_none() {
        cx.say(
            "The provider is not known: name the app with --app, or the provider with --provider, and it is asked too",
        );
    }
    let work = connect::revoke(ends, &request, &|_| {});
    let Some(outcome) = cx.cancel.run_until_cancelled(work).await else {
        cx.say("Stopped. Whether Kinde revoked the session meanwhile is not known: the same command once more tells");
        return Ok(Exit::Interrupted);
    };
    if let Some(error) = outcome.error {
        return Err(error);
    }
    if let Some(key) = request.key.filter(|_| outcome.revoked && picked.profile.saved) {
        let at = cx.services.clock.now();
        remember(picked, cx, |profile| profile.app_revoked(&key, at));
    }
    let headline = if outcome.revoked { "The session is revoked" } else { "The session was not revoked" };
    Ok(cx.checked(headline, &outcome.checks))
}

async fn walked(
    ends: &Ends,
    args: &Args,
    provider: Option<String>,
    picked: &Picked,
    cx: &Context,
) -> Result<Exit, UserError> {
    let profile = &picked.profile;
    let key = args.app.clone().unwrap_or_default();
    let (subject, label) = subject(ends, args, profile, cx).await?;
    let request = WalkRequest {
        key: key.clone(),
        provider: provider.clone(),
        subject: subject.clone(),
        subject_label: label.clone(),
        landing: profile.landing_works || profile.is_sandbox(),
        browser: if args.no_browser { Browser::none() } else { Browser::system() },
        pace: Pace { deadline: Duration::from_secs(args.timeout), ..Pace::default() },
        nudge: Arc::default(),
        voice: Voice::Terminal,
    };
    let said = Mutex::new(String::new());
    let sink = |event: WalkEvent| tell(event, &said, cx);
    let outcome = connect::walk(ends, &request, &sink, cx.cancel.clone()).await;
    let cancelled = matches!(outcome.end, WalkEnd::Cancelled);
    if profile.saved && !cancelled {
        let (ok, words) = (outcome.end.is_good(), outcome.end.word().to_owned());
        let last = LastWalk { at: cx.services.clock.now(), ok, words };
        remember(picked, cx, |profile| {
            profile.landing_works |= outcome.landing_worked;
            // A key that Kinde does not know is a slip of the pen, and not an app.
            if outcome.session.is_some() {
                // What a failed walk was told of the provider may be what it failed of.
                let proved = provider.as_deref().filter(|_| ok);
                profile.remember_app(&key, proved).last = Some(last);
                if let Subject::User(id) = &subject {
                    profile.last_users.retain(|known| known.id != *id);
                    profile.last_users.insert(0, LastUser { id: id.clone(), label: label.clone() });
                    profile.last_users.truncate(8);
                }
            }
        });
    }
    match outcome.end {
        WalkEnd::Connected { token, probe } => Ok(connected(&token, &probe, args.show_token, cx)),
        WalkEnd::Denied(check) | WalkEnd::TimedOut(check) | WalkEnd::Refused(check) => {
            Ok(cx.checked("Not connected", &[check]))
        }
        WalkEnd::Failed { error, .. } => Err(error),
        WalkEnd::Cancelled => {
            cx.say(if outcome.session.is_some() {
                "Stopped. Nothing was stored here. If it was allowed in the browser meanwhile, Kinde keeps that session until it is revoked: kinde-panel connect --revoke @- reads the id that stands above"
            } else {
                "Stopped before Kinde gave an address. Nothing was stored, here or there"
            });
            Ok(Exit::Interrupted)
        }
    }
}

/// Writes to the profile; where that fails, the command goes on and says so.
fn remember(picked: &Picked, cx: &Context, edit: impl FnOnce(&mut Profile)) {
    if let Err(error) = cx.services.profiles.update(picked.profile.id, edit) {
        cx.say(&format!("The app could not be remembered: {}", error.title));
    }
}

/// Whom to connect for: as named, else the user used last, else the tenant's first.
async fn subject(ends: &Ends, args: &Args, profile: &Profile, cx: &Context) -> Result<(Subject, String), UserError> {
    if let Some(code) = &args.org {
        return Ok((Subject::Org(code.clone()), code.clone()));
    }
    let label = |id: &str| profile.last_users.iter().find(|user| user.id == id).map(|user| user.label.clone());
    if let Some(id) = &args.user {
        let mut known = label(id);
        if known.is_none()
            && let Ok(page) = ends.api.search_users(id, None, 10).await
        {
            // Only for the words: without `read:users` the id stands for the user.
            known = page.users.iter().find(|user| user.id == *id).map(crate::kinde::User::label);
        }
        return Ok((Subject::User(id.clone()), known.unwrap_or_else(|| id.clone())));
    }
    if let Some(user) = profile.last_user() {
        cx.say(&format!("User: {} (used last; choose with --user)", user.label));
        return Ok((Subject::User(user.id.clone()), user.label.clone()));
    }
    let page = ends.api.search_users("", None, 1).await?;
    let Some(user) = page.users.first() else {
        return Err(UserError::new(Category::Input, "The tenant has no user yet")
            .detail("A connected app is connected for a user or an organization")
            .hint("Create a user in Kinde, or name an organization with --org"));
    };
    cx.say(&format!("User: {} (the first of the tenant; choose with --user)", user.label()));
    Ok((Subject::User(user.id.clone()), user.label()))
}

/// Prints an event: the address on stdout at once, steps on stderr, each news once.
fn tell(event: WalkEvent, said: &Mutex<String>, cx: &Context) {
    match event {
        WalkEvent::AuthUrl { url, session, .. } => {
            if cx.json {
                cx.line(&json!({"auth_url": url, "session_id": session.expose()}));
            } else {
                cx.answer(&format!("Open: {url}\nSession: {}", session.expose()));
            }
        }
        WalkEvent::Step(step) => {
            let text = in_words(&step);
            let mut last = said.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if *last != text {
                cx.say(&text);
                *last = text;
            }
        }
        WalkEvent::Waiting { .. } | WalkEvent::Token(_) | WalkEvent::Probed(_) => {}
    }
}

fn in_words(step: &Step) -> String {
    let mark = match step.state {
        StepState::Waiting => "·",
        StepState::Running => "◌",
        StepState::Done => "✔",
        StepState::Failed => "✖",
    };
    let ms = step.ms.map(|ms| format!(" ({ms} ms)")).unwrap_or_default();
    // Of what failed the check tells more below; a browser that did not open has none.
    let told_below = step.state == StepState::Failed && step.id != "browser";
    let detail = step.detail.as_ref().filter(|_| !told_below);
    let detail = detail.map(|detail| format!(": {detail}")).unwrap_or_default();
    format!("{mark} {}{ms}{detail}", step.title)
}

fn connected(token: &HeldToken, probe: &[Check], show: bool, cx: &Context) -> Exit {
    if cx.json {
        let expires_at: Value = token.expires_at.map_or(Value::Null, |at| rfc3339(at).into());
        let mut told = json!({"expires_at": expires_at, "masked": token.access_token.masked()});
        if show && let Some(told) = told.as_object_mut() {
            told.insert("access_token".to_owned(), token.access_token.expose().into());
        }
        cx.line(&json!({"token": told, "probe": probe}));
    } else {
        cx.checks(&format!("Token: {}", token.summary()), probe);
        if show {
            cx.answer(token.access_token.expose());
        }
    }
    if check::worst(probe) == Verdict::Fail { Exit::Bad } else { Exit::Good }
}
