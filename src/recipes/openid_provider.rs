//! Kinde as an OpenID provider for any tool: `openid-provider`.

use std::sync::LazyLock;

use super::authorize::Authorize;
use super::oidc::{self, Endpoints};
use super::sign_in::{self, Way};
use super::{Around, Call, Content, Generated, Outcome, Pending, Proof, Recipe, Values, Wish};
use crate::check::{Check, Verdict};
use crate::error::UserError;
use crate::kinde::Addresses;
use crate::tenant::Tenant;

static CONTENT: LazyLock<Content> =
    LazyLock::new(|| Content::parse(include_str!("../../assets/recipes/openid-provider/recipe.toml")));

/// A tool that nobody has, for the simulation.
const SOME_CALLBACK: &str = "https://tool.example.com/oauth/callback";

/// The recipe.
#[derive(Debug)]
pub struct OpenIdProvider;

impl Recipe for OpenIdProvider {
    fn content(&self) -> &'static Content {
        &CONTENT
    }

    fn proof(&self, _call: Call) -> Proof {
        Proof::All(&["authorize"])
    }

    fn generate<'a>(&'a self, values: &'a Values, around: Around<'a>) -> Pending<'a, Generated> {
        Box::pin(async move {
            let domain = &around.tenant()?.domain;
            let callback = values.need("callback_url")?;
            oidc::usable_callback(callback)?;
            let scope = values.need("scope")?;
            let mut made = Generated::default();
            Endpoints::of(domain).put(&mut made.values);
            made.put("discovery_url", domain.join("/.well-known/openid-configuration").as_str());
            made.put("callback_url", callback);
            made.put("scope", scope);
            made.put("response_type", "code");
            made.put("token_endpoint_auth_method", "client_secret_post");
            made.put("id_token_signing_alg", "RS256");
            made.put("pkce", "S256");
            let client_id = values.text("client_id").unwrap_or("CLIENT_ID");
            made.put("client_id", client_id);
            let example = Authorize::new(client_id, callback, scope).state("replace-me-every-time").url(domain);
            made.put("authorize_url", example.as_str());
            made.put("notes", notes(callback, scope));
            Ok(made)
        })
    }

    fn wishes(&self, values: &Values, _tenant: &Tenant) -> Result<Vec<Wish>, UserError> {
        let callback = values.need("callback_url")?;
        oidc::usable_callback(callback)?;
        Ok(vec![Wish::callback(values.need("client_id")?, callback)])
    }

    fn check<'a>(&'a self, values: &'a Values, around: Around<'a>) -> Pending<'a, Outcome> {
        Box::pin(async move {
            let mut outcome = Outcome::default();
            let (callback, scope) = (values.need("callback_url")?, values.need("scope")?);
            let (checks, url) = oidc::callback(callback);
            for check in checks {
                outcome.add(around, check);
            }
            outcome.add(around, scopes(scope));
            oidc::look(&mut outcome, around).await?;
            if url.is_some() {
                let client_id = values.text("client_id");
                let list = Addresses::Callback;
                outcome.add(around, oidc::registered("registered", list, client_id, callback, around).await);
                outcome.add(around, oidc::taken(client_id, callback, scope, around).await);
            }
            Ok(outcome)
        })
    }

    fn simulate<'a>(&'a self, values: &'a Values, around: Around<'a>) -> Pending<'a, Outcome> {
        Box::pin(async move {
            let mut outcome = Outcome::default();
            let callback = values.text("callback_url").unwrap_or(SOME_CALLBACK);
            let scope = values.need("scope")?;
            for pkce in [false, true] {
                let way = Way { callback, scope, pkce, profile: true, state: None };
                let walked = if pkce {
                    sign_in::walk_again(&mut outcome, around, way).await?
                } else {
                    sign_in::walk(&mut outcome, around, way).await?
                };
                let Some(signed_in) = walked else { return Ok(outcome) };
                let same = signed_in.claims.get("sub") == signed_in.profile.get("sub");
                let name = if pkce { "with pkce" } else { "without pkce" };
                outcome.add(
                    around,
                    if same && !signed_in.claims.is_empty() {
                        Check::pass(name).seen(signed_in.user.clone())
                    } else {
                        Check::fail(
                            name,
                            "ID token and profile are of two people, or one of them is missing",
                            "Ask for openid",
                        )
                    },
                );
                outcome.put("claims", signed_in.claims);
                outcome.put("profile", signed_in.profile);
            }
            Ok(outcome)
        })
    }
}

/// What is to be said of the scopes before anybody is asked.
pub(super) fn scopes(scope: &str) -> Check {
    const NAME: &str = "scopes";
    let all: Vec<&str> = scope.split_whitespace().collect();
    if !all.contains(&"openid") {
        let why = "Without openid there is no ID token, and no profile";
        return Check::fail(NAME, why, "Ask for openid profile email").seen(scope.to_owned());
    }
    if all.contains(&"offline_access") {
        let why = "offline_access gives no refresh token at Kinde, and no error";
        return Check::warn(NAME, why, "Ask for offline").seen(scope.to_owned());
    }
    if !all.contains(&"email") {
        let why = "Without email the tool does not learn who this is";
        return Check::warn(NAME, why, "Ask for openid profile email").seen(scope.to_owned());
    }
    Check::pass(NAME).seen(scope.to_owned())
}

/// What a person should know of callback and scopes.
pub(super) fn notes(callback: &str, scope: &str) -> Vec<String> {
    let checks = oidc::callback(callback).0.into_iter().chain([scopes(scope)]);
    checks.filter(|check| check.verdict != Verdict::Pass).filter_map(|check| check.why).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipes::generate;
    use crate::recipes::tests::{Stage, is_sound, values};

    #[tokio::test]
    async fn every_value_a_tool_asks_for_is_there_and_a_callback_that_cannot_be_is_refused() {
        let stage = Stage::at("acme");
        let with = |callback| values(&OpenIdProvider, &[("callback_url", callback), ("client_id", "id")], &[]);
        let made = generate(&OpenIdProvider, &with("https://tool.example.com/cb"), stage.around()).await.unwrap();
        is_sound(&OpenIdProvider, &made);
        assert_eq!(made.values["token_endpoint"], "https://acme.kinde.com/oauth2/token");
        assert_eq!(made.values["jwks_uri"], "https://acme.kinde.com/.well-known/jwks");
        let url = made.values["authorize_url"].as_str().unwrap();
        assert!(url.contains("redirect_uri=https%3A%2F%2Ftool.example.com%2Fcb"), "{url}");
        for wrong in ["tool.example.com/cb", "http://tool.example.com/cb"] {
            assert!(generate(&OpenIdProvider, &with(wrong), stage.around()).await.is_err(), "{wrong}");
        }
    }

    #[test]
    fn scopes_that_give_less_than_people_expect_are_named() {
        for (scope, verdict) in [
            ("openid profile email offline", Verdict::Pass),
            ("openid profile email offline_access", Verdict::Warn),
            ("openid", Verdict::Warn),
            ("profile email", Verdict::Fail),
        ] {
            assert_eq!(scopes(scope).verdict, verdict, "{scope}");
        }
    }
}
