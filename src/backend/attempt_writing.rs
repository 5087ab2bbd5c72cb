//! What is written of an attempt to take elsewhere: the type of its events, and a test that holds it.

use uuid::Uuid;

use super::Job;
use super::attempt::{Writing, Written, find};
use crate::error::{Category, UserError};
use crate::inspector::as_test::{Case, as_test, outcome};
use crate::inspector::as_types::{Dialect, Source, as_types};
use crate::inspector::intake::Intake;
use crate::jwt::{Compact, Json, KeySet, Pick, Policy};
use crate::secrets::Secret;
use crate::store::attempts::{Filter, Standing};
use crate::store::key_sets::{KeySetSnapshot, KeySets};

/// The most events a type is made from.
const EVENTS: usize = 200;

/// Writes it.
pub(super) async fn write(profile: Uuid, seq: i64, what: Writing, job: &Job) -> Result<Written, UserError> {
    let (opened, mut intake) = find(profile, seq, job).await?.ok_or_else(|| {
        UserError::new(Category::Input, "The attempt is gone")
            .detail("It was deleted, perhaps by another window")
            .hint("Choose another one")
    })?;
    match what {
        Writing::Types(dialect) => {
            let event_type = opened.whole.attempt.event_type.clone().ok_or_else(no_event)?;
            types(profile, &event_type, dialect, &intake, job).await
        }
        Writing::Test(flavour) => {
            let whole = &opened.whole;
            if !whole.attempt.whole {
                return Err(UserError::new(Category::Input, "There is no test of this one")
                    .detail("It holds a token that is no webhook: its signature was not kept, so that it opens nothing")
                    .hint("Choose a webhook"));
            }
            let token = std::str::from_utf8(&whole.body).map_err(|_| no_event())?;
            let decoded = intake.look_again(whole).await?.decoded;
            let good = outcome(&decoded).map_err(|why| {
                UserError::new(Category::Input, "There is no test of this one")
                    .detail(why)
                    .hint("Choose a webhook that is verified, or one that no key of the tenant signed")
            })?;
            let jwks = key_set(profile, good.then_some(token), job).await?;
            let case = Case {
                token,
                jwks: &jwks,
                webhook_id: whole.attempt.webhook_id.as_deref(),
                event_type: whole.attempt.event_type.as_deref(),
                good,
            };
            let text = as_test(&case, flavour).ok_or_else(no_event)?;
            let wants = if good { "wants it accepted" } else { "wants it refused, since it is not verified here" };
            let name = format!("Test for {}", flavour.name());
            Ok(Written {
                name,
                text: Secret::new(text),
                note: format!("It holds the token and its key set, and {wants}"),
            })
        }
    }
}

fn no_event() -> UserError {
    UserError::new(Category::Input, "There is nothing to write this from")
        .detail("The attempt holds no whole token")
        .hint("Choose one that can be read")
}

async fn types(
    profile: Uuid,
    event_type: &str,
    dialect: Dialect,
    intake: &Intake,
    job: &Job,
) -> Result<Written, UserError> {
    let verified = Filter {
        types: vec![event_type.to_owned()],
        standings: vec![Standing::Good, Standing::Failed],
        limit: EVENTS,
        ..Filter::default()
    };
    let mut rows = intake.attempts.page(&intake.owner, verified.clone()).await?;
    let mut kind = "verified";
    if rows.is_empty() {
        rows = intake.attempts.page(&intake.owner, Filter { standings: Vec::new(), ..verified }).await?;
        kind = "unverified";
    }
    let mut payloads = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for row in rows {
        // A retry says nothing new.
        if !seen.insert(row.body_sha256) {
            continue;
        }
        let Some(whole) = intake.attempts.whole(&intake.owner, row.seq).await? else { continue };
        payloads.extend(
            Compact::split(whole.body.trim_ascii()).ok().and_then(|compact| Json::parse(&compact.payload).ok()),
        );
    }
    let (schema, published) = match schema(profile, event_type, job).await {
        Ok(Some(schema)) => (Some(schema), "and from Kinde's schema of it".to_owned()),
        Ok(None) => (None, "Kinde publishes no schema of it".to_owned()),
        Err(error) => (None, format!("Kinde's schema could not be had: {}", error.title)),
    };
    let source = Source { event_type, payloads: &payloads, schema: schema.as_ref() };
    let text = as_types(&source, dialect).ok_or_else(no_event)?;
    let count = payloads.len();
    let events = if count == 1 { "event" } else { "events" };
    let language = if dialect == Dialect::Zod { "Zod schema" } else { "TypeScript type" };
    let note = format!("From {count} {kind} {events}; {published}");
    Ok(Written { name: format!("{language} of {event_type}"), text: Secret::new(text), note })
}

async fn schema(profile: Uuid, event_type: &str, job: &Job) -> Result<Option<serde_json::Value>, UserError> {
    let tenant = job.tenant(profile).await?;
    let api = tenant.api()?;
    let reply = api.event_types().await?;
    job.services.keep_schemas(api.domain(), reply.it.clone()).await;
    let found = reply.it.into_iter().find(|known| known.code == event_type).map(|known| known.schema);
    Ok(found.filter(|schema| schema.as_object().is_some_and(|members| !members.is_empty())))
}

/// A published key set of the profile, as text: the one whose key signed `token`, else the one seen last.
async fn key_set(profile: Uuid, token: Option<&str>, job: &Job) -> Result<String, UserError> {
    let profile = job.profile(profile).await?;
    let (dir, path, sandbox) = (job.services.sandbox_dir(), job.services.data.file("history.db"), profile.is_sandbox());
    let owner = crate::inspector::key_source::owner_id(&profile);
    let read = move || -> Result<Vec<String>, UserError> {
        if sandbox {
            return Ok(vec![crate::sandbox::facts(&dir)?.jwks]);
        }
        let kept = KeySets::open(&path)?.of(&owner)?;
        Ok(kept.into_iter().map(|KeySetSnapshot { jwks, .. }| jwks).collect())
    };
    let sets = tokio::task::spawn_blocking(read).await.map_err(|error| {
        UserError::new(Category::Internal, "The key sets were not read").detail(error.to_string()).hint("Try again")
    })??;
    let fits = |jwks: &&String| token.is_none_or(|token| signed_by(jwks, token));
    sets.iter().find(fits).cloned().ok_or_else(|| {
        UserError::new(Category::Input, "There is no key set for the test")
            .detail("None of this tenant was kept here")
            .hint("Open an attempt that verifies first: its keys are kept then")
    })
}

fn signed_by(jwks: &str, token: &str) -> bool {
    let (Ok(set), Ok(compact)) = (KeySet::parse(jwks.as_bytes(), Policy::Published), Compact::split(token.as_bytes()))
    else {
        return false;
    };
    matches!(set.pick(&compact.header), Pick::Found { key, alg } if key.verify(alg, compact.signed, &compact.signature))
}
