//! The webhook that a recipe creates: by its inputs, and held against what the tenant takes.

use super::Values;
use crate::check::{Check, Verdict};
use crate::error::{Category, UserError};
use crate::kinde::Definition;
use crate::tenant::Tenant;
use crate::webhooks::endpoint;

/// The webhook that delivers to the endpoint that the input `key` names.
///
/// # Errors
/// When Kinde can deliver nothing there, or no event type was chosen.
pub fn definition(key: &str, values: &Values, tenant: &Tenant) -> Result<Definition, UserError> {
    let endpoint = values.need(key)?;
    let definition = Definition {
        name: values.need("webhook_name")?.to_owned(),
        description: values.text("description").map(str::to_owned),
        endpoint: endpoint.to_owned(),
        event_types: events(values)?,
    };
    usable(endpoint::lint(endpoint, tenant.profile.is_sandbox())).map_err(|error| error.about(key))?;
    Ok(definition)
}

/// The event types that were chosen, parted by blanks or commas.
///
/// # Errors
/// When there is none.
pub fn events(values: &Values) -> Result<Vec<String>, UserError> {
    let text = values.text("events").unwrap_or_default();
    let mut all: Vec<String> = Vec::new();
    for word in text.split([',', ' ', '\n', '\t']).filter(|word| !word.is_empty()) {
        if !all.iter().any(|known| known == word) {
            all.push(word.to_owned());
        }
    }
    if all.is_empty() {
        return Err(UserError::new(Category::Input, "No event type was chosen")
            .detail("A webhook without one delivers nothing")
            .hint("Give events, for example user.created, user.updated")
            .about("events"));
    }
    Ok(all)
}

/// The refusal that a failing check of an endpoint stands for.
///
/// # Errors
/// With the first that fails.
pub fn usable(checks: Vec<Check>) -> Result<(), UserError> {
    let Some(check) = checks.into_iter().find(|check| check.verdict == Verdict::Fail) else { return Ok(()) };
    Err(UserError::new(Category::Input, "Kinde would not take this endpoint")
        .detail(check.why.unwrap_or_default())
        .hint(check.fix.unwrap_or_default()))
}

/// Refuses event types that the tenant does not know. Where it cannot be asked nothing is said here: it refuses them itself when
/// the webhook is created.
///
/// # Errors
/// With the types that it does not know.
pub async fn known_here(wanted: &[String], tenant: &Tenant) -> Result<(), UserError> {
    let Some(api) = &tenant.api else { return Ok(()) };
    let known = match api.event_types().await {
        Ok(reply) if !reply.it.is_empty() => reply.it,
        Ok(_) | Err(_) => return Ok(()),
    };
    let names = wanted.iter().map(String::as_str);
    let strange: Vec<&str> = names.filter(|name| known.iter().all(|it| it.code != *name)).collect();
    if strange.is_empty() {
        return Ok(());
    }
    Err(UserError::new(Category::Input, format!("The tenant knows no event type {}", strange.join(", ")))
        .detail("Kinde refuses a webhook with an event type that it does not know")
        .hint("Check the spelling: the Webhooks room lists every type of the tenant")
        .about("events"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinde::{KindeApi, M2m, TokenSource};
    use crate::recipes::tests::{Reply, Stage, serve, values};
    use crate::recipes::{find, generate, wishes};
    use crate::secrets::Secret;

    /// A tenant whose list of event types is answered with `status`.
    fn tenant(status: u16) -> Stage {
        let address = serve(move |_, line| match line {
            _ if line.contains("/oauth2/token") => {
                Reply::of(200, r#"{"access_token":"opaque","expires_in":3600,"scope":"read:event_types"}"#)
            }
            _ if line.contains("/event_types") => {
                let types = r#"{"id":"1","code":"user.created","name":"User created","origin":"kinde","schema":{}}"#;
                Reply::of(status, &format!(r#"{{"event_types":[{types}]}}"#))
            }
            _ => Reply::of(404, ""),
        });
        let mut stage = Stage::at(&address);
        let m2m = M2m { client_id: "panel".to_owned(), client_secret: Secret::new("CanaryPanel1"), audience: None };
        let (http, domain) = (stage.http.clone(), stage.tenant.domain.clone());
        let tokens = TokenSource::new(http.clone(), domain.clone(), m2m, None);
        stage.tenant.api = Some(KindeApi::new(http, domain, tokens));
        stage
    }

    #[tokio::test]
    async fn an_event_type_that_the_tenant_does_not_know_is_refused_and_where_it_cannot_be_asked_nothing_is_said() {
        for (name, key, endpoint) in [
            ("nextjs", "endpoint", "https://app.acme.com/api/kinde-webhook"),
            ("zapier", "url", "https://hooks.zapier.com/hooks/catch/1/a/"),
        ] {
            let recipe = find(name).unwrap();
            let with = |events| values(recipe, &[(key, endpoint), ("events", events)], &[]);
            let (good, strange) = (with("user.created"), with("user.created, nonsense.type"));
            let stage = tenant(200);
            assert!(generate(recipe, &good, stage.around()).await.is_ok(), "{name}");
            assert_eq!(wishes(recipe, &good, &stage.tenant).await.unwrap().len(), 1, "{name}");
            for error in [
                generate(recipe, &strange, stage.around()).await.unwrap_err(),
                wishes(recipe, &strange, &stage.tenant).await.unwrap_err(),
            ] {
                assert_eq!(
                    (error.category, error.title.contains("user.created")),
                    (Category::Input, false),
                    "{error:?}"
                );
                assert!(error.title.contains("nonsense.type") && !error.hint.is_empty(), "{error:?}");
            }
            for stage in [tenant(403), Stage::at("https://tenant.invalid")] {
                assert!(wishes(recipe, &strange, &stage.tenant).await.is_ok(), "{name}");
            }
        }
    }

    #[tokio::test]
    async fn the_webhook_is_called_and_described_as_given() {
        let nextjs = find("nextjs").unwrap();
        let plain = [
            ("endpoint", "https://app.acme.com/api/kinde-webhook"),
            ("webhook_name", "Orders"),
            ("description", "For the shop"),
        ];
        let made = generate(nextjs, &values(nextjs, &plain, &[]), Stage::at("acme").around()).await.unwrap();
        assert_eq!(made.values["webhook"]["name"], "Orders");
        assert_eq!(made.values["webhook"]["description"], "For the shop");
    }
}
