//! Kinde as an OpenID provider: where everything is, and the live look that every sign-in recipe shares.

use std::time::Duration;

use serde_json::{Map, Value, json};
use url::Url;

use super::authorize::{self, Authorize};
use super::outcome::failed;
use super::{Around, Outcome, apply};
use crate::check::Check;
use crate::error::{Category, UserError};
use crate::jwt::{Alg, KeySet, Policy};
use crate::kinde::{Addresses, ApiError, ApiErrorKind, Domain, discovery};
use crate::net::Request;

/// Where a tool finds what (Kinde's discovery document has the same).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// Members of the discovery document by their names there, in the order people are asked for them.
    pub members: [(&'static str, String); 6],
}

impl Endpoints {
    /// Those of the tenant at `domain`.
    pub fn of(domain: &Domain) -> Self {
        let at = |path: &str| domain.join(path).to_string();
        Self {
            members: [
                ("issuer", domain.as_str().to_owned()),
                ("authorization_endpoint", at("/oauth2/auth")),
                ("token_endpoint", at("/oauth2/token")),
                ("userinfo_endpoint", at("/oauth2/v2/user_profile")),
                ("jwks_uri", at("/.well-known/jwks")),
                ("end_session_endpoint", at("/logout")),
            ],
        }
    }

    /// The member of that name.
    pub fn get(&self, name: &str) -> &str {
        self.members.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// As values to copy.
    pub fn put(&self, values: &mut Map<String, Value>) {
        values.extend(self.members.iter().map(|(name, value)| ((*name).to_owned(), json!(value))));
    }
}

/// Looks at the tenant as a tool does that is about to be told these addresses: discovery, addresses, algorithm, flow, keys.
pub async fn look(outcome: &mut Outcome, around: Around<'_>) -> Result<(), UserError> {
    let tenant = around.tenant()?;
    let domain = &tenant.domain;
    let ours = Endpoints::of(domain);
    let told = match discovery::fetch(around.http, domain).await {
        Ok(told) => told,
        Err(error) => {
            outcome.add(around, failed("discovery", &error));
            return Ok(());
        }
    };
    let took = Duration::from_millis(told.wire.ms);
    outcome.add(around, Check::pass("discovery").seen(told.issuer.clone()).took(took));
    for check in documents(&ours, &tenant.profile.issuers(), &told.document) {
        outcome.add(around, check);
    }
    let uri = told.jwks_uri.as_deref().unwrap_or(ours.get("jwks_uri"));
    outcome.add(around, keys(uri, around).await);
    for (name, _) in &ours.members {
        let value = told.document.get(*name).cloned().unwrap_or_default();
        outcome.values.insert((*name).to_owned(), value);
    }
    Ok(())
}

/// What the discovery document says, held against what was generated and what Kinde is known to do. With a custom domain it may
/// name any of the tenant's `domains`.
fn documents(ours: &Endpoints, domains: &[Domain], told: &Value) -> Vec<Check> {
    let text = |name: &str| told.get(name).and_then(Value::as_str).unwrap_or_default();
    let other: Vec<&str> =
        ours.members.iter().filter(|(name, value)| text(name) != value).map(|(name, _)| *name).collect();
    let host = Url::parse(ours.get("issuer")).ok().and_then(|url| url.host_str().map(str::to_owned));
    let astray: Vec<&str> = ours
        .members
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| {
            let url = Url::parse(text(name)).ok();
            let secure = url.as_ref().is_some_and(|url| url.scheme() == "https" || super::address::is_loopback(url));
            let there = url.and_then(|url| url.host_str().map(str::to_owned));
            let own = there.as_deref().is_some_and(|there| domains.iter().any(|domain| domain.host() == there));
            !secure || (there != host && !own)
        })
        .collect();
    let endpoints = if !astray.is_empty() {
        Check::fail(
            "endpoints",
            format!("{} is missing, not https, or on another host", astray.join(", ")),
            "Look at the document in a browser: something stands between you and Kinde. If the host is your custom domain, make \
             a profile with that one",
        )
    } else if !other.is_empty() {
        Check::warn(
            "endpoints",
            format!("The tenant names another address for {}", other.join(", ")),
            "Paste the tenant's own, which stand under values",
        )
    } else {
        Check::pass("endpoints").seen("all six, on one host")
    };
    let lists = |name: &str, wanted: &str| {
        told.get(name).and_then(Value::as_array).is_some_and(|all| all.iter().any(|one| one.as_str() == Some(wanted)))
    };
    let algorithm = if lists("id_token_signing_alg_values_supported", "RS256") {
        Check::pass("algorithm").seen("RS256")
    } else {
        Check::fail(
            "algorithm",
            "The tenant does not say that it signs with RS256",
            "Tools that insist on it cannot be used",
        )
    };
    let flow = if lists("response_types_supported", "code") {
        Check::pass("code flow").seen("response_type code")
    } else {
        Check::fail(
            "code flow",
            "The tenant does not offer the authorization code flow",
            "Look at the document in a browser",
        )
    };
    vec![endpoints, algorithm, flow]
}

/// Whether a key to verify with is published.
async fn keys(uri: &str, around: Around<'_>) -> Check {
    const NAME: &str = "keys";
    let Ok(url) = Url::parse(uri) else {
        return Check::fail(NAME, "The document names no address for the keys", "Look at the document in a browser");
    };
    let request = Request::get("Fetch the keys", url).header("accept", "application/json").limit(256 * 1024);
    let answer = match around.http.send(request).await {
        Ok(answer) => answer,
        Err(error) => return failed(NAME, &UserError::from(error)),
    };
    let took = Duration::from_millis(answer.ms);
    if !answer.is_success() {
        let why = format!("The keys' address answers {}", answer.status);
        return Check::fail(NAME, why, "Check the domain; the doctor says more").took(took);
    }
    match KeySet::parse(&answer.body, Policy::Published) {
        Err(fault) => {
            Check::fail(NAME, format!("The key set cannot be trusted: {fault}"), "The doctor says more").took(took)
        }
        Ok(set) => {
            let usable = set.keys().iter().filter(|key| key.kid.is_some() && key.serves(Alg::Rs256)).count();
            if usable == 0 {
                Check::fail(NAME, "No key for RS256 with an ID is published", "The doctor says more").took(took)
            } else {
                Check::pass(NAME).seen(format!("{usable} for RS256")).took(took)
            }
        }
    }
}

/// Whether `url` is registered as an address of the application, where the API may be asked.
pub async fn registered(name: &str, list: Addresses, client_id: Option<&str>, url: &str, around: Around<'_>) -> Check {
    let Some(client_id) = client_id else {
        return Check::skipped(name, "Looking it up takes the application's client ID: give client_id");
    };
    let Some(api) = around.tenant.and_then(|tenant| tenant.api.as_ref()) else {
        let why = format!("Looking it up takes a machine to machine application with {}", list.scope("read"));
        return Check::skipped(name, why);
    };
    match api.addresses(list, client_id).await {
        Err(error) => not_listed(name, list, error),
        Ok(there) => listed(name, list, url, &there.it),
    }
}

/// Whether `url` is among the addresses that are `there`. Nothing is added by looking.
fn listed(name: &str, list: Addresses, url: &str, there: &[String]) -> Check {
    let title = list.title();
    if there.iter().any(|known| known == url) {
        return Check::pass(name).seen(format!("{url} is among {title}"));
    }
    let near = there.iter().find(|known| apply::loosely(known) == apply::loosely(url));
    let near = near.map(|near| format!("; {near} is, and is not the same to Kinde")).unwrap_or_default();
    Check::fail(
        name,
        format!("{url} is not among {title}{near}"),
        "Add it in Kinde, letter for letter: Settings > Applications > (the application) > View details. The panel's window adds \
         it too, from this recipe's page",
    )
}

/// What it means that the addresses of an application were not listed: an application that is not there is at fault, anything
/// else leaves it open.
fn not_listed(name: &str, list: Addresses, error: ApiError) -> Check {
    let unknown = error.codes.iter().any(|(code, _)| code == "APPLICATION_NOT_FOUND");
    if unknown || matches!(error.kind, ApiErrorKind::NotFound) {
        let why = "The tenant has no application with this client ID";
        let fix = "Compare it with Settings > Applications > (the application) > View details, and the tenant with the profile";
        return Check::fail(name, why, fix).seen(error.said());
    }
    Check::skipped(name, format!("{} could not be listed: {}", list.title(), UserError::from(error).title))
}

/// Whether the tenant takes an authorize address that comes back to `callback`, where a client ID is known.
pub async fn taken(client_id: Option<&str>, callback: &str, scope: &str, around: Around<'_>) -> Check {
    const NAME: &str = "authorize";
    let Some(client_id) = client_id else {
        return Check::skipped(NAME, "Asking takes the application's client ID: give client_id");
    };
    // Eight characters are the least that Kinde takes.
    authorize::dry_run(NAME, &Authorize::new(client_id, callback, scope).state("kinde-panel-dry-run"), around).await
}

/// What is to be said of a callback as it stands, without asking anybody. Kinde compares letter for letter.
pub fn callback(text: &str) -> (Vec<Check>, Option<Url>) {
    const NAME: &str = "callback";
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(url::ParseError::RelativeUrlWithoutBase) => {
            let why = "It has no scheme: to Kinde that is another address than the one the tool sends";
            return (
                vec![Check::fail(NAME, why, format!("Write it whole: https://{text}")).seen(text.to_owned())],
                None,
            );
        }
        Err(error) => {
            let why = format!("It is no address: {error}");
            return (vec![Check::fail(NAME, why, "Copy it from the tool, whole").seen(text.to_owned())], None);
        }
    };
    let mut checks = Vec::new();
    let mut add = |why: &str, fix: &str, bad: bool| {
        checks.push(if bad { Check::fail(NAME, why, fix) } else { Check::warn(NAME, why, fix) });
    };
    if url.scheme() != "https" && !super::address::is_loopback(&url) {
        add("It is not https", "Give the tool a certificate, or use it on this machine alone", true);
    }
    if url.fragment().is_some() {
        add("It has a #, which never reaches a server", "Leave everything from # on out", true);
    }
    if let Some(strange) = text.chars().find(|c| c.is_whitespace() || "\"<>\\^`{|}".contains(*c)) {
        let what = if strange.is_whitespace() { "a blank".to_owned() } else { strange.to_string() };
        add(&format!("It has {what}, which no address has as it stands"), "Copy it from the tool again, alone", true);
    }
    if text.contains('*') {
        add("It has a *: Kinde knows no wildcards", "Write each address out", true);
    }
    let host = text.split("://").nth(1).unwrap_or_default().split(['/', '?', '#']).next().unwrap_or_default();
    if host.chars().any(|c| c.is_ascii_uppercase()) {
        add(
            "Its host has capital letters: browsers write them small, and Kinde compares letter for letter",
            "Register the one in small letters",
            false,
        );
    }
    if url.path() != "/" && url.path().ends_with('/') {
        add("It ends in a slash, which counts", "Register exactly what the tool sends", false);
    }
    if checks.is_empty() {
        checks.push(Check::pass(NAME));
    }
    let checks = checks.into_iter().map(|check| check.seen(text.to_owned())).collect();
    (checks, Some(url))
}

/// A callback that can be used as it stands.
///
/// # Errors
/// With the first thing that is wrong with it.
pub fn usable_callback(text: &str) -> Result<(), UserError> {
    let (checks, _) = callback(text);
    match checks.into_iter().find(|check| check.verdict == crate::check::Verdict::Fail) {
        None => Ok(()),
        Some(check) => Err(UserError::new(Category::Input, "The callback cannot be used")
            .detail(format!("{text}: {}", check.why.unwrap_or_default()))
            .hint(check.fix.unwrap_or_default())
            .about("callback_url")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Verdict;

    #[test]
    fn a_callback_without_scheme_or_that_kinde_cannot_match_fails_and_what_looks_the_same_warns() {
        let worst = |text: &str| crate::check::worst(&callback(text).0);
        for (text, verdict) in [
            ("https://foo.cloudflareaccess.com/cdn-cgi/access/callback", Verdict::Pass),
            ("http://localhost:3000/cb", Verdict::Pass),
            ("foo.cloudflareaccess.com/cdn-cgi/access/callback", Verdict::Fail),
            ("http://app.example.com/cb", Verdict::Fail),
            ("https://*.example.com/cb", Verdict::Fail),
            ("https://a.example/cb#x", Verdict::Fail),
            ("https://a.example/cb\"", Verdict::Fail),
            ("https://a.example/c b", Verdict::Fail),
            ("https://a.example/x?y=(1)'%22", Verdict::Pass),
            ("https://a01JM.callbacks.bravostudio.app", Verdict::Warn),
            ("https://a.example/cb/", Verdict::Warn),
            ("", Verdict::Fail),
        ] {
            assert_eq!(worst(text), verdict, "{text}");
        }
    }

    #[test]
    fn a_document_that_leads_elsewhere_fails_and_one_with_another_address_warns() {
        let ours = Endpoints::of(&Domain::parse("acme").unwrap());
        let mut document = Map::new();
        ours.put(&mut document);
        document.insert("id_token_signing_alg_values_supported".to_owned(), json!(["RS256"]));
        document.insert("response_types_supported".to_owned(), json!(["code"]));
        let judged = |domains: &[Domain], document: &Map<String, Value>| {
            crate::check::worst(&documents(&ours, domains, &Value::Object(document.clone())))
        };
        let domains = [Domain::parse("acme").unwrap(), Domain::parse("auth.example.com").unwrap()];
        let worst = |document: &Map<String, Value>| judged(&domains, document);
        assert_eq!(worst(&document), Verdict::Pass);
        document.insert("token_endpoint".to_owned(), json!("https://acme.kinde.com/oauth2/v3/token"));
        assert_eq!(worst(&document), Verdict::Warn);
        document.insert("token_endpoint".to_owned(), json!("https://evil.example/oauth2/token"));
        assert_eq!(worst(&document), Verdict::Fail);
        let custom = Endpoints::of(&domains[1]);
        custom.put(&mut document);
        assert_eq!(worst(&document), Verdict::Warn, "the tenant's own custom domain");
        assert_eq!(judged(&domains[..1], &document), Verdict::Fail, "another's");
    }

    #[test]
    fn an_address_that_is_not_registered_is_told_as_that_and_not_as_one_that_is_added() {
        let there = ["https://a.example/cb/".to_owned(), "https://b.example/cb".to_owned()];
        let look = |url: &str| listed("registered", Addresses::Callback, url, &there);
        assert_eq!(look("https://b.example/cb").verdict, Verdict::Pass);
        let strange = look("https://c.example/cb");
        assert_eq!(strange.verdict, Verdict::Fail);
        assert_eq!(strange.why.as_deref(), Some("https://c.example/cb is not among Allowed callback URLs"));
        assert!(strange.fix.unwrap().contains("View details"));
        let near = look("https://a.example/cb").why.unwrap();
        assert!(near.contains("https://a.example/cb/ is, and is not the same") && !near.contains("added"), "{near}");
    }

    #[test]
    fn an_application_that_is_not_there_fails_and_a_list_that_may_not_be_read_is_left_open() {
        let judged = |kind, status, code: &str| {
            let codes = vec![(code.to_owned(), "words".to_owned())];
            let error = ApiError { kind, status: Some(status), codes, retry_after: None, wire: None };
            not_listed("registered", Addresses::Callback, error)
        };
        let scope = ApiErrorKind::ScopeMissing("read:applications_redirect_uris".to_owned());
        for (kind, status, code, verdict) in [
            (ApiErrorKind::NotFound, 404, "NOT_FOUND", Verdict::Fail),
            (ApiErrorKind::Validation, 400, "APPLICATION_NOT_FOUND", Verdict::Fail),
            (ApiErrorKind::RouteNotFound, 404, "ROUTE_NOT_FOUND", Verdict::Skipped),
            (scope, 403, "SCOPE_MISSING", Verdict::Skipped),
            (ApiErrorKind::Server, 503, "", Verdict::Skipped),
        ] {
            let check = judged(kind, status, code);
            assert_eq!(check.verdict, verdict, "{check:?}");
            assert_eq!(check.why.as_ref().is_some_and(|why| why.contains("client ID")), verdict == Verdict::Fail);
        }
    }
}
