//! The authorize address of a tenant: building it, taking one apart, and asking whether the tenant takes it.

use url::Url;

use super::Around;
use super::outcome::failed;
use crate::check::Check;
use crate::error::UserError;
use crate::kinde::Domain;
use crate::net::{Answer, Request};

/// An authorization request (RFC 6749 section 4.1.1).
#[derive(Debug, Clone)]
pub struct Authorize {
    client_id: String,
    redirect_uri: String,
    scope: String,
    state: Option<String>,
}

impl Authorize {
    /// A request of `client_id` that comes back to `redirect_uri`.
    pub fn new(client_id: &str, redirect_uri: &str, scope: &str) -> Self {
        Self {
            client_id: client_id.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            scope: scope.to_owned(),
            state: None,
        }
    }

    /// With this state.
    #[must_use]
    pub fn state(mut self, state: &str) -> Self {
        self.state = Some(state.to_owned());
        self
    }

    /// The address at the tenant, every value encoded.
    pub fn url(&self, domain: &Domain) -> Url {
        let mut url = domain.join("/oauth2/auth");
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.client_id)
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("scope", &self.scope);
        if let Some(state) = &self.state {
            url.query_pairs_mut().append_pair("state", state);
        }
        url
    }
}

/// The value of `name` in the query of `url`, decoded.
pub fn pair(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// `redirect_uri` with `pairs` added to its query, as an authorization server writes it.
pub fn back_to(redirect_uri: &str, pairs: &[(&str, &str)]) -> Option<Url> {
    let mut url = Url::parse(redirect_uri).ok()?;
    url.query_pairs_mut().extend_pairs(pairs);
    Some(url)
}

/// Asks the tenant for the first page of a sign-in and follows nothing: a redirect to a sign-in page says that it knows
/// client and callback.
pub async fn dry_run(name: &str, ask: &Authorize, around: Around<'_>) -> Check {
    let tenant = match around.tenant() {
        Ok(tenant) => tenant,
        Err(error) => return failed(name, &error),
    };
    let request = Request::get("Ask for the sign-in page", ask.url(&tenant.domain))
        .header("accept", "text/html")
        .beginning(64 * 1024);
    match around.http.send(request).await {
        Ok(answer) => judge(name, ask, &answer),
        Err(error) => failed(name, &UserError::from(error)),
    }
}

fn judge(name: &str, ask: &Authorize, answer: &Answer) -> Check {
    let took = |check: Check| check.took(std::time::Duration::from_millis(answer.ms));
    let seen = format!("HTTP {}", answer.status);
    if (300..400).contains(&answer.status) {
        let location = answer.header("location").unwrap_or_default();
        let Some(error) = error_in(location) else {
            return took(Check::pass(name).seen(format!("{seen}: on to the sign-in page")));
        };
        return took(refusal(name, ask, &error).seen(format!("{seen}: {error}")));
    }
    let text = answer.text().to_ascii_lowercase();
    let complains =
        ["redirect_uri", "callback", "invalid_client", "invalid_request"].iter().any(|word| text.contains(word));
    if answer.status >= 400 || (answer.is_success() && complains && !text.contains("password")) {
        return took(refusal(name, ask, &text).seen(seen));
    }
    took(Check::pass(name).seen(format!("{seen}: a sign-in page")))
}

fn refusal(name: &str, ask: &Authorize, said: &str) -> Check {
    let says = |word: &str| said.contains(word);
    if says("state") && says("8") || says("invalid_state") {
        return Check::fail(name, "The tenant refuses the state: it wants 8 characters at least", "Use a longer state");
    }
    if says("scope") {
        return Check::fail(
            name,
            "The tenant refuses the scope",
            "Use openid profile email, and offline (not offline_access) for a refresh token",
        );
    }
    if says("invalid_client") && !says("redirect") && !says("callback") {
        return Check::fail(
            name,
            "The tenant does not know this client ID",
            "Compare it with Settings > Applications > (the application) > View details, and the tenant with the profile",
        );
    }
    Check::fail(
        name,
        format!(
            "The tenant does not take it: most likely {} is not among Allowed callback URLs, letter for letter",
            ask.redirect_uri
        ),
        "Add exactly that address to the application's Allowed callback URLs; check the client ID too",
    )
}

/// The error that an address carries, in its query or behind `#`.
fn error_in(location: &str) -> Option<String> {
    let (_, tail) = location.split_once(['?', '#'])?;
    let mut pairs = url::form_urlencoded::parse(tail.as_bytes());
    let error = pairs.find(|(key, _)| key == "error").map(|(_, value)| value.into_owned())?;
    let described = url::form_urlencoded::parse(tail.as_bytes())
        .find(|(key, _)| key == "error_description")
        .map(|(_, value)| format!(": {value}"))
        .unwrap_or_default();
    Some(format!("{error}{described}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_of_an_authorize_address_is_encoded_and_read_back_as_it_was() {
        let domain = Domain::parse("acme").unwrap();
        let callback = "https://a.example/cb?x=1&y=a b";
        let url = Authorize::new("id", callback, "openid email").state("a.b-c_d+e&f").url(&domain);
        assert_eq!(pair(&url, "redirect_uri").as_deref(), Some(callback));
        assert_eq!(pair(&url, "state").as_deref(), Some("a.b-c_d+e&f"));
        assert!(!url.as_str().contains("a b") && url.as_str().contains("%2B"), "{url}");
        let back = back_to(callback, &[("state", "a+b&c")]).unwrap();
        assert_eq!(pair(&back, "state").as_deref(), Some("a+b&c"));
        assert_eq!(pair(&back, "x").as_deref(), Some("1"));
    }

    #[test]
    fn an_error_is_found_in_query_and_fragment() {
        assert_eq!(
            error_in("https://a/cb?error=invalid_scope&error_description=no+such").unwrap(),
            "invalid_scope: no such"
        );
        assert_eq!(error_in("https://a/cb#error=x").unwrap(), "x");
        assert_eq!(error_in("https://acme.kinde.com/auth/cx/_:nav&m:login"), None);
    }
}
