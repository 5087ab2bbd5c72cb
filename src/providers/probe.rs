//! The probe: asks the provider itself whose the token is, what it may do, and whether it still works.

use serde_json::Value;
use url::Url;

use super::explain::{refusal, silence};
use super::{Provider, reach, scopes};
use crate::check::Check;
use crate::net::{Answer, Http, NetError, Request};
use crate::secrets::Secret;

/// What to probe with.
#[derive(Debug, Clone, Copy)]
pub struct Probe<'a> {
    /// Whose token it is.
    pub provider: &'a Provider,
    /// Stand-ins of a sandbox, else `None`.
    pub base: Option<&'a Url>,
    /// The token.
    pub token: &'a Secret,
    /// Who it was fetched for, as a sentence begins: `Kinde user ada@example.com`. Empty for nobody known.
    pub holder: &'a str,
    /// Scopes that were asked for; empty where not known.
    pub asked: &'a [String],
}

/// Whether a provider still accepts a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It answered with data.
    Accepted,
    /// It refused: status.
    Refused(u16),
    /// It cannot be told: why.
    Unknown(String),
}

impl Probe<'_> {
    fn get(&self, purpose: &str, address: &str) -> Option<Request> {
        let request = Request::get(format!("{} ({})", purpose, self.provider.name), reach(address, self.base)?);
        let request = request.bearer(self.token.clone());
        Some(match self.provider.id.as_str() {
            "github" => {
                request.header("accept", "application/vnd.github+json").header("x-github-api-version", "2022-11-28")
            }
            _ => request.header("accept", "application/json"),
        })
    }

    async fn ask(&self, http: &Http, purpose: &str, address: &str) -> Option<Result<Answer, NetError>> {
        Some(http.send(self.get(purpose, address)?).await)
    }
}

/// Asks the provider: whose account the token is (`account`), what the token is good for (`access`, where a second call
/// proves it) and what was granted (`scopes`).
pub async fn probe(http: &Http, probe: &Probe<'_>) -> Vec<Check> {
    let provider = probe.provider;
    let mut checks = Vec::new();
    if let Some(kind) = provider.token_kind(probe.token.expose()) {
        checks.push(Check::pass("token").seen(probe.token.masked()).because(kind));
    }
    let proof = match probe.ask(http, "Prove the token", &provider.probe).await {
        Some(Ok(answer)) if answer.is_success() => answer,
        Some(Ok(answer)) => {
            let refused = answer.status == 401;
            checks.push(refusal("account", provider, &answer, probe.token));
            // A living token that lacks one permission still has scopes worth showing.
            if !refused {
                checks.push(granted(http, probe, None).await);
            }
            return checks;
        }
        Some(Err(error)) => {
            checks.push(silence("account", provider, &error));
            return checks;
        }
        None => {
            checks.push(Check::skipped("account", "The address of this provider cannot be built"));
            return checks;
        }
    };
    let took = std::time::Duration::from_millis(proof.ms);
    let account = match &provider.who {
        Some(address) => match probe.ask(http, "Whose token", address).await {
            Some(Ok(answer)) if answer.is_success() => account_in(provider, &answer.json().unwrap_or_default()),
            _ => None,
        },
        None if provider.id == "microsoft_365" => {
            jwt_claim(probe.token, &["preferred_username", "upn", "unique_name", "name"])
        }
        None => account_in(provider, &proof.json().unwrap_or_default()),
    };
    checks.push(match account {
        Some(account) => {
            Check::pass("account").seen(holds(probe, &format!("{} account {account}", provider.name))).took(took)
        }
        None => Check::pass("account")
            .seen(holds(probe, &format!("a {} account that works", provider.name)))
            .because(format!(
                "{} accepts the token and does not say whose it is without a further scope",
                provider.name
            ))
            .took(took),
    });
    if let Some(seen) = access_in(provider, &proof.json().unwrap_or_default()) {
        checks.push(Check::pass("access").seen(seen).took(took));
    }
    checks.push(granted(http, probe, Some(&proof)).await);
    checks
}

/// Asks the provider with `probe.token` once more: the proof of a revocation, or that there was none.
pub async fn standing(http: &Http, probe: &Probe<'_>) -> Standing {
    match probe.ask(http, "Does the token still work", &probe.provider.probe).await {
        Some(Ok(answer)) if answer.is_success() => Standing::Accepted,
        Some(Ok(answer)) if answer.status == 401 => Standing::Refused(401),
        // 403 and 404 speak of a permission: the token itself was accepted.
        Some(Ok(answer)) if matches!(answer.status, 403 | 404) => Standing::Accepted,
        Some(Ok(answer)) => Standing::Unknown(format!("{} answered {}", probe.provider.name, answer.status)),
        Some(Err(error)) => Standing::Unknown(error.to_string()),
        None => Standing::Unknown("the address cannot be built".to_owned()),
    }
}

fn holds(probe: &Probe<'_>, what: &str) -> String {
    if probe.holder.is_empty() { format!("The token is {what}") } else { format!("{} now holds {what}", probe.holder) }
}

fn text(json: &Value, pointer: &str) -> Option<String> {
    json.pointer(pointer)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The account's name in the answer of the call that names it.
fn account_in(provider: &Provider, json: &Value) -> Option<String> {
    let pointers: &[&str] = match provider.id.as_str() {
        "google_drive" => &["/user/emailAddress", "/user/displayName"],
        "github" => &["/login"],
        "patreon" => &["/data/attributes/full_name", "/data/attributes/email", "/data/id"],
        "microsoft_365" => &["/userPrincipalName", "/displayName"],
        _ => &["/username", "/id"],
    };
    pointers.iter().find_map(|pointer| text(json, pointer))
}

/// What the proof itself showed, where it shows more than a name.
fn access_in(provider: &Provider, json: &Value) -> Option<String> {
    let list = |pointer: &str| json.pointer(pointer).and_then(Value::as_array).map(Vec::len);
    match provider.id.as_str() {
        "google_drive" => Some(match text(json, "/files/0/name") {
            Some(name) => format!("Drive lists files, the first is {name}"),
            None => format!("Drive answers, {} files are visible", list("/files").unwrap_or(0)),
        }),
        "microsoft_365" => Some(match text(json, "/value/0/subject") {
            Some(subject) => format!("The calendar answers, the first event is {subject}"),
            None => format!("The calendar answers, {} events", list("/value").unwrap_or(0)),
        }),
        "gitlab" => text(json, "/state").map(|state| format!("The account is {state}")),
        _ => None,
    }
}

/// The scopes check: from introspection, a header or the token, as the provider has it.
async fn granted(http: &Http, probe: &Probe<'_>, proof: Option<&Answer>) -> Check {
    let provider = probe.provider;
    let list = match provider.id.as_str() {
        "microsoft_365" => jwt_claim(probe.token, &["scp"]).map(|scopes| scopes::split(&scopes)),
        "github" => {
            let header = proof.and_then(|answer| answer.header("x-oauth-scopes")).unwrap_or_default();
            let classic = scopes::split(header);
            if classic.is_empty() { return installations(http, probe).await } else { Some(classic) }
        }
        _ => match introspected(http, probe).await {
            Ok(list) => list,
            Err(check) => return *check,
        },
    };
    list.map_or_else(
        || {
            let asked =
                if probe.asked.is_empty() { String::new() } else { format!(". Asked for: {}", probe.asked.join(", ")) };
            Check::skipped("scopes", format!("{} does not tell what this token was granted{asked}", provider.name))
        },
        |list| scopes::receipt(provider, &list, probe.asked),
    )
}

/// The scopes that the provider's introspection names; `Ok(None)` where it has none.
async fn introspected(http: &Http, probe: &Probe<'_>) -> Result<Option<Vec<String>>, Box<Check>> {
    let Some(address) = &probe.provider.introspect else { return Ok(None) };
    let answer = if probe.provider.id == "google_drive" {
        let Some(url) = reach(address, probe.base) else { return Ok(None) };
        // Google takes the token in the query here; the recorder masks it like any secret.
        http.send(Request::get("What was granted (Google Drive)", url).query("access_token", probe.token.clone())).await
    } else {
        let Some(request) = probe.get("What was granted", address) else { return Ok(None) };
        http.send(request).await
    };
    match answer {
        Ok(answer) if answer.is_success() => {
            let json = answer.json().unwrap_or_default();
            Ok(["/scope", "/scopes"].into_iter().find_map(|pointer| match json.pointer(pointer)? {
                Value::String(text) => Some(scopes::split(text)),
                Value::Array(items) => Some(items.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
                _ => None,
            }))
        }
        Ok(answer) => Err(Box::new(refusal("scopes", probe.provider, &answer, probe.token))),
        Err(error) => Err(Box::new(silence("scopes", probe.provider, &error))),
    }
}

/// A GitHub App has no scopes: it may do what its installations allow.
async fn installations(http: &Http, probe: &Probe<'_>) -> Check {
    let Some(address) = &probe.provider.installations else {
        return Check::skipped("scopes", "GitHub does not tell what this token was granted");
    };
    let json = match probe.ask(http, "Where the app is installed", address).await {
        Some(Ok(answer)) if answer.is_success() => answer.json().unwrap_or_default(),
        _ => return Check::skipped("scopes", "GitHub names no scopes for this token, and no installations either"),
    };
    let installed = json.pointer("/installations").and_then(Value::as_array).cloned().unwrap_or_default();
    let permissions: Vec<String> = installed
        .iter()
        .filter_map(|one| one.get("permissions")?.as_object())
        .flat_map(|permissions| {
            permissions.iter().map(|(name, level)| format!("{name}:{}", level.as_str().unwrap_or("?")))
        })
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .collect();
    if installed.is_empty() {
        return Check::warn(
            "scopes",
            "The GitHub App is installed nowhere that this account can see, so the token reaches public data alone",
            "Install the app on the account or organization whose repositories it is to see",
        );
    }
    Check::pass("scopes")
        .seen(match installed.len() {
            1 => format!("1 installation: {}", permissions.join(", ")),
            many => format!("{many} installations: {}", permissions.join(", ")),
        })
        .because("A GitHub App has permissions where it is installed, and no OAuth scopes")
}

/// The first of `names` that a JWT's payload holds as text. For display only: nothing is verified.
fn jwt_claim(token: &Secret, names: &[&str]) -> Option<String> {
    use base64::Engine as _;
    let payload = token.expose().split('.').nth(1)?;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let json: Value = serde_json::from_slice(&bytes).ok()?;
    names.iter().find_map(|name| json.get(name)?.as_str().map(str::to_owned))
}
