//! Looks at both addresses of a tenant's key set, for the doctor and for a new domain.

use serde_json::Value;

use crate::check::Check;
use crate::error::UserError;
use crate::kinde::Domain;
use crate::net::{Answer, Http, Request};

/// Both addresses: discovery and guides name the first, every SDK of Kinde's asks the second.
pub(super) const PATHS: [&str; 2] = ["/.well-known/jwks", "/.well-known/jwks.json"];

/// What one address gave: the key IDs, or a failing check.
pub(super) struct Look {
    /// The check of this address.
    pub check: Check,
    /// The key IDs, sorted.
    pub kids: Option<Vec<String>>,
    /// The clock of the server.
    pub date: Option<jiff::Timestamp>,
}

/// Fetches the key set at `path`. Never sends credentials: Kinde answers 403 to a bearer token here.
pub(super) async fn look(http: &Http, domain: &Domain, path: &str) -> Look {
    let name = if path.ends_with(".json") { "jwks.json" } else { "jwks" };
    let request = Request::get("Key set", domain.join(path))
        .header("accept", "application/json")
        .timeout(std::time::Duration::from_secs(5))
        .limit(256 * 1024);
    let failed = |why: String, fix: &str| Look { check: Check::fail(name, why, fix), kids: None, date: None };
    let answer = match http.send(request).await {
        Ok(answer) => answer,
        Err(error) => {
            let told = UserError::from(error);
            return failed(format!("{}. {}", told.title, told.detail), &told.hint);
        }
    };
    if answer.status != 200 {
        let why = match answer.status {
            403 => "The key set is refused (403): the subdomain is wrong, or something adds credentials to the request"
                .to_owned(),
            status => format!("The key set's address answers {status}"),
        };
        let mut look = failed(why, "Check the domain; tokens and webhooks cannot be verified without the key set");
        look.date = answer.date();
        return look;
    }
    match kids(&answer) {
        Some(kids) if !kids.is_empty() => {
            let seen = format!("{} {}: {}", kids.len(), if kids.len() == 1 { "key" } else { "keys" }, kids.join(", "));
            let check = Check::pass(name).seen(seen).took(std::time::Duration::from_millis(answer.ms));
            Look { check, kids: Some(kids), date: answer.date() }
        }
        Some(_) => failed("The key set is empty".to_owned(), "No token can be verified with it; ask Kinde's support"),
        None => {
            failed("What came is no key set".to_owned(), "Check the domain: a web site or a proxy answers in its place")
        }
    }
}

fn kids(answer: &Answer) -> Option<Vec<String>> {
    let body = answer.json()?;
    let keys = body.get("keys")?.as_array()?;
    let mut kids: Vec<String> =
        keys.iter().map(|key| key.get("kid").and_then(Value::as_str).unwrap_or("(no kid)").to_owned()).collect();
    kids.sort();
    Some(kids)
}
