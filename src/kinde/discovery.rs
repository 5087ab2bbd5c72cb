//! The discovery document: `/.well-known/openid-configuration`.

use serde_json::Value;

use super::domain::Domain;
use super::error::{host_of, is_html};
use super::model::Wire;
use crate::error::{Category, UserError};
use crate::net::{Http, Request};

/// What a tenant says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discovery {
    /// The issuer, as sent (no trailing slash at Kinde).
    pub issuer: String,
    /// Where its key set is said to be.
    pub jwks_uri: Option<String>,
    /// The token endpoint.
    pub token_endpoint: Option<String>,
    /// The whole document, as sent.
    pub document: Value,
    /// The server's clock, from `Date`.
    pub server_time: Option<jiff::Timestamp>,
    /// Where it came from.
    pub wire: Wire,
}

/// Fetches the discovery document of `domain`. No credentials are sent.
///
/// # Errors
/// When none came, or what came is none: in words.
pub async fn fetch(http: &Http, domain: &Domain) -> Result<Discovery, UserError> {
    let url = domain.join("/.well-known/openid-configuration");
    let request = Request::get("Discovery", url).header("accept", "application/json").limit(256 * 1024);
    let answer = http.send(request).await?;
    let name = domain.authority();
    let refuse = |title: String, detail: String| {
        UserError::new(Category::Api, title)
            .detail(detail)
            .hint("Check the spelling: it is the domain under Settings > Applications > View details")
    };
    match answer.status {
        200 => {}
        404 | 403 => {
            return Err(refuse(
                format!("{name} is not a Kinde tenant"),
                format!("Its discovery document answers {}", answer.status),
            ));
        }
        300..=399 => {
            let to = answer.header("location").and_then(host_of);
            return Err(refuse(
                format!("{name} forwards elsewhere"),
                to.map_or_else(|| "Where to is not said".to_owned(), |host| format!("It forwards to {host}")),
            ));
        }
        429 => {
            return Err(UserError::new(Category::Api, "The domain asks to slow down")
                .detail(format!("{name} answers 429"))
                .hint(super::error::wait_words(answer.retry_after())));
        }
        status if status >= 500 => {
            return Err(UserError::new(Category::Api, "The tenant has trouble of its own")
                .detail(format!("{name} answers {status}"))
                .hint("Try again in a minute; status.kinde.com tells of outages"));
        }
        status => return Err(refuse(format!("{name} is not a Kinde tenant"), format!("It answers {status}"))),
    }
    let body = answer.json();
    let text = |member: &str| body.as_ref().and_then(|it| it.get(member)).and_then(Value::as_str).map(str::to_owned);
    let Some(issuer) = text("issuer") else {
        let what = if is_html(&answer) { "A web page" } else { "Something else" };
        return Err(refuse(
            format!("{name} is not a Kinde tenant"),
            format!("{what} came instead of a discovery document"),
        ));
    };
    Ok(Discovery {
        issuer,
        jwks_uri: text("jwks_uri"),
        token_endpoint: text("token_endpoint"),
        document: body.clone().unwrap_or_default(),
        server_time: answer.date(),
        wire: Wire::from(&answer),
    })
}
