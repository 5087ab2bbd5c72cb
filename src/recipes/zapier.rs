//! Zapier: `zapier`.

use std::sync::LazyLock;
use std::time::Duration;

use serde_json::{Value, json};
use url::Url;

use super::fill::{fill, quoted};
use super::outcome::{failed, unanswered};
use super::{
    Around, Call, Content, Generated, Outcome, Pending, Proof, Recipe, Values, Wish, address, apply, receiver, webhook,
    webhook_cases,
};
use crate::check::{Check, Verdict};
use crate::error::UserError;
use crate::kinde::{Definition, Webhook};
use crate::net::Request;
use crate::tenant::Tenant;

static CONTENT: LazyLock<Content> =
    LazyLock::new(|| Content::parse(include_str!("../../assets/recipes/zapier/recipe.toml")));

const STEP: &str = include_str!("../../assets/recipes/zapier/code-step.js");
const PATH: &str = "zapier/code-step.js";
const SHAPE: &str = "https://hooks.zapier.com/hooks/catch/<account>/<hook>/";

/// The recipe.
#[derive(Debug)]
pub struct Zapier;

impl Recipe for Zapier {
    fn content(&self) -> &'static Content {
        &CONTENT
    }

    fn proof(&self, call: Call) -> Proof {
        match call {
            Call::Simulate => Proof::All(&["genuine event"]),
            _ => Proof::All(&["delivery", "webhook"]),
        }
    }

    fn generate<'a>(&'a self, values: &'a Values, around: Around<'a>) -> Pending<'a, Generated> {
        Box::pin(async move {
            let tenant = around.tenant()?;
            let mut made = Generated::default();
            made.file(PATH, fill(STEP, &[("issuer", &quoted(tenant.domain.as_str()))]));
            made.put("input_data", json!({"jwt": "Raw Body"}));
            made.put("url_shape", SHAPE);
            if let Some(url) = values.text("url") {
                let wanted = definition(url, values, tenant)?;
                webhook::known_here(&wanted.event_types, tenant).await?;
                made.put("webhook", serde_json::to_value(wanted).unwrap_or_default());
            }
            Ok(made)
        })
    }

    fn wishes(&self, values: &Values, tenant: &Tenant) -> Result<Vec<Wish>, UserError> {
        let Some(url) = values.text("url") else { return Ok(Vec::new()) };
        Ok(vec![Wish::Webhook(definition(url, values, tenant)?)])
    }

    fn check<'a>(&'a self, values: &'a Values, around: Around<'a>) -> Pending<'a, Outcome> {
        Box::pin(async move {
            let mut outcome = Outcome::default();
            let text = values.need("url")?;
            let (check, url) = shape(text);
            outcome.add(around, check);
            let Some(url) = url else {
                outcome.add(around, Check::skipped("delivery", "Nothing is posted to an address that is no hook"));
                return Ok(outcome);
            };
            let events = webhook::events(values)?;
            outcome.add(around, registered(&url, &events, around).await);
            outcome.add(around, deliver(&url, values.need("event")?, around).await);
            Ok(outcome)
        })
    }

    fn simulate<'a>(&'a self, values: &'a Values, around: Around<'a>) -> Pending<'a, Outcome> {
        Box::pin(async move {
            let mut outcome = Outcome::default();
            let why = "By the rules of the generated step it is taken, and the step itself was not run: it runs at Zapier alone. \
                       Check the hook, and look at the Zap's history";
            receiver::through_stand_in(&mut outcome, around, values.need("event")?, why).await?;
            // The step has no memory of its own: what comes twice is run twice.
            outcome.checks.retain(|check| !check.name.starts_with("same "));
            let why = "The Code step has no memory: put a Filter or Storage by Zapier on event_id after it";
            outcome.add(around, Check::skipped("same delivery again", why));
            Ok(outcome)
        })
    }
}

/// What is wrong with the form of a hook's address, and the address where something may be posted to it.
fn shape(text: &str) -> (Check, Option<Url>) {
    const NAME: &str = "address";
    let fix = format!("Copy it from the trigger's Test tab: {SHAPE}");
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(error) => return (Check::fail(NAME, format!("It is no address: {error}"), fix), None),
    };
    let parts: Vec<&str> = url.path().split('/').filter(|part| !part.is_empty()).collect();
    let path_fits = matches!(parts[..], ["hooks", "catch", account, hook]
        if account.chars().all(|c| c.is_ascii_digit()) && hook.chars().all(|c| c.is_ascii_alphanumeric()));
    if url.query().is_some() || url.fragment().is_some() {
        return (Check::fail(NAME, "Something stands behind the address: ?, & or #", fix), None);
    }
    if !path_fits {
        return (Check::fail(NAME, "Its path is not that of a hook: /hooks/catch/, a number, a word", fix), None);
    }
    let seen = url.host_str().unwrap_or_default().to_owned();
    if address::is_loopback(&url) {
        let why = "It is on this machine: something stands in for Zapier";
        return (Check::warn(NAME, why, "Give Zapier's own address before you go live").seen(seen), Some(url));
    }
    if url.scheme() != "https" || url.host_str() != Some("hooks.zapier.com") {
        return (Check::fail(NAME, "It is not on https://hooks.zapier.com", fix).seen(seen), None);
    }
    (Check::pass(NAME).seen(seen), Some(url))
}

/// Whether a webhook of the tenant delivers `events` there, where the API may be asked.
async fn registered(url: &Url, events: &[String], around: Around<'_>) -> Check {
    const NAME: &str = "webhook";
    let Some(api) = around.tenant.and_then(|tenant| tenant.api.as_ref()) else {
        return Check::skipped(NAME, "Listing webhooks takes a machine to machine application with read:webhooks");
    };
    match api.webhooks().await {
        Err(error) => Check::skipped(NAME, format!("They could not be listed: {}", UserError::from(error).title)),
        Ok(list) => match list.it.iter().find(|webhook| webhook.definition.endpoint == url.as_str()) {
            Some(webhook) => delivers(events, webhook),
            None => Check::warn(
                NAME,
                "No webhook of the tenant delivers there yet",
                "Create it here, or in the Webhooks room",
            ),
        },
    }
}

/// Whether a webhook that delivers to the hook delivers what starts the Zap.
fn delivers(events: &[String], webhook: &Webhook) -> Check {
    const NAME: &str = "webhook";
    let seen = format!("{}: {}", webhook.definition.name, webhook.definition.event_types.join(", "));
    match apply::lacking(events, webhook) {
        None => Check::pass(NAME),
        Some(lacks) => {
            let why = format!("The tenant's webhook does not deliver {lacks}: the Zap never starts by it");
            Check::warn(NAME, why, apply::ADD_EVENTS)
        }
    }
    .seen(seen)
}

/// Posts one signed event as Kinde would.
async fn deliver(url: &Url, event_type: &str, around: Around<'_>) -> Check {
    const NAME: &str = "delivery";
    let case = match webhook_cases::genuine(around, event_type).await {
        Ok(case) => case,
        Err(error) => return failed(NAME, &error),
    };
    let request = Request::post("Post a test event to Zapier", url.clone())
        .bytes(&case.made.content_type, case.made.body)
        .header("webhook-id", case.webhook_id)
        .beginning(64 * 1024);
    let answer = match around.http.send(request).await {
        Ok(answer) => answer,
        Err(error) => return unanswered(NAME, "what stands in for Zapier", error),
    };
    let status = answer.json().as_ref().and_then(|body| body.get("status")).and_then(Value::as_str).map(str::to_owned);
    let said = status.as_ref().map(|status| format!(", status {status}")).unwrap_or_default();
    let seen = format!("HTTP {}{said}", answer.status);
    let check = match (answer.status, status.as_deref()) {
        (200, Some("success")) => Check::pass(NAME)
            .because("Zapier took it. Whether the Zap ran only its history tells: a draft answers the same"),
        (200, _) => Check::warn(
            NAME,
            "It answers 200, and not as Zapier does",
            "Compare the address with the trigger's Test tab",
        ),
        (404 | 410, _) => Check::fail(
            NAME,
            "Zapier knows no such hook: it was deleted, or the address was cut",
            "Copy it again from the trigger's Test tab",
        ),
        (429, _) => Check::warn(NAME, "Zapier asks to slow down", "Try again in a minute"),
        _ => Check::fail(
            NAME,
            "Zapier did not take it",
            "Compare the address with the trigger's Test tab, and the plan: webhooks need a paid one",
        ),
    };
    check.seen(seen).took(Duration::from_millis(answer.ms))
}

/// The webhook that starts the Zap.
fn definition(url: &str, values: &Values, tenant: &Tenant) -> Result<Definition, UserError> {
    let (check, parsed) = shape(url);
    if parsed.is_none() || check.verdict == Verdict::Fail {
        webhook::usable(vec![check]).map_err(|error| error.about("url"))?;
    }
    webhook::definition("url", values, tenant)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipes::generate;
    use crate::recipes::tests::{Stage, covers, is_sound, values};

    #[test]
    fn every_part_of_the_guide_is_on_the_page() {
        covers(&Zapier, &[], &["intro"]);
    }

    #[test]
    fn only_the_address_of_a_hook_is_posted_to() {
        for good in [
            "https://hooks.zapier.com/hooks/catch/123456/abcDEF1/",
            "https://hooks.zapier.com/hooks/catch/123456/abcDEF1",
            "http://127.0.0.1:9/hooks/catch/1/a/",
        ] {
            assert!(shape(good).1.is_some(), "{good}: {:?}", shape(good).0);
        }
        for wrong in [
            "",
            "hooks.zapier.com/hooks/catch/1/a/",
            "http://hooks.zapier.com/hooks/catch/1/a/",
            "https://hooks.zapier.com/hooks/catch/1/a/?x=1&y=2",
            "https://hooks.zapier.com/hooks/catch/abc/a/",
            "https://hooks.zapier.com.evil.example/hooks/catch/1/a/",
            "https://zapier.com/app/editor/1",
        ] {
            let (check, url) = shape(wrong);
            assert!(url.is_none() && check.verdict == Verdict::Fail && check.fix.is_some(), "{wrong}: {check:?}");
        }
    }

    #[test]
    fn a_webhook_that_lacks_what_starts_the_zap_warns_and_names_it() {
        let definition = Definition {
            name: "Zapier".to_owned(),
            description: None,
            endpoint: "https://hooks.zapier.com/hooks/catch/1/a/".to_owned(),
            event_types: vec!["user.updated".to_owned()],
        };
        let webhook = Webhook { id: "webhook_1".to_owned(), definition, created_on: None };
        let lacks = delivers(&["user.created", "user.updated"].map(str::to_owned), &webhook);
        assert_eq!(lacks.verdict, Verdict::Warn);
        assert!(lacks.why.as_ref().unwrap().contains("user.created:") && lacks.fix.is_some(), "{lacks:?}");
        assert_eq!(delivers(&["user.updated".to_owned()], &webhook).verdict, Verdict::Pass);
    }

    #[tokio::test]
    async fn the_step_names_the_tenant_as_a_javascript_string() {
        let stage = Stage::at("acme");
        let made = generate(&Zapier, &values(&Zapier, &[], &[]), stage.around()).await.unwrap();
        is_sound(&Zapier, &made);
        assert!(made.files[0].shown().contains("const ISSUER = \"https://acme.kinde.com\";"));
    }
}
