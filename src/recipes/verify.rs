//! Looks through a token of the tenant before anything is taken from it, by the Inspector's own ladder.

use serde_json::{Map, Value};

use super::Around;
use crate::error::{Category, UserError};
use crate::inspector::decode::{Issuers, Kind, Options, judge};
use crate::inspector::keys;
use crate::kinde::jwks::{Jwks, Owner};

/// The claims of an ID token of the tenant, once its signature, issuer and times hold.
///
/// # Errors
/// When it is none, or does not hold: with the first thing that is wrong.
pub async fn id_token(around: Around<'_>, token: &str) -> Result<Map<String, Value>, UserError> {
    let tenant = around.tenant()?;
    let owner = Owner {
        id: tenant.domain.as_str().to_owned(),
        name: tenant.profile.name.clone(),
        domain: tenant.domain.clone(),
    };
    let issuers = if tenant.profile.is_sandbox() {
        Issuers::Loopback
    } else {
        let mut all: Vec<String> = tenant.profile.issuers().iter().map(|domain| domain.as_str().to_owned()).collect();
        all.push(tenant.domain.as_str().to_owned());
        Issuers::These(all)
    };
    let kid = keys::kid_of(token.as_bytes(), true);
    let jwks = Jwks::new(around.http.clone(), None);
    let keys = keys::of_tenant(&jwks, &owner, issuers, kid.as_deref(), Vec::new()).await;
    let options = Options { kind: Some(Kind::Id), ..Options::pasted(around.http.clock().now()) };
    let decoded = judge(token.as_bytes(), &keys, &options);
    if !decoded.is_good() {
        return Err(UserError::new(Category::Input, "The ID token does not hold")
            .detail(decoded.headline)
            .hint("Take a fresh one of this tenant; the Inspector says more about it"));
    }
    match decoded.payload.text().map(serde_json::from_str) {
        Some(Ok(Value::Object(claims))) => Ok(claims),
        _ => Err(UserError::new(Category::Input, "The ID token carries no claims").hint("Take a fresh one")),
    }
}
