//! The authorize address of a tenant: building it, taking one apart, and asking whether the tenant takes it.

use url::Url;

use super::Around;
use super::outcome::failed;
use crate::check::Check;
use crate::error::UserError;
use crate::kinde::Domain;
use crate::net::{Answer, Request};
use crate::tenant::Tenant;

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
        Ok(answer) => judge(name, ask, &hosts(tenant), &answer),
        Err(error) => failed(name, &UserError::from(error)),
    }
}

/// The hosts that are the tenant's own: the one that is asked first, then its other domains.
fn hosts(tenant: &Tenant) -> Vec<String> {
    let others = tenant.profile.issuers();
    std::iter::once(&tenant.domain).chain(&others).map(|domain| domain.host().to_owned()).collect()
}

fn judge(name: &str, ask: &Authorize, hosts: &[String], answer: &Answer) -> Check {
    let status = answer.status;
    let check = match status {
        300..=399 => sent_on(name, ask, hosts, answer.header("location").unwrap_or_default()),
        200..=299 => page(name, ask, &answer.text()),
        429 => Check::fail(name, "The tenant asks to slow down", "Wait a minute, then check again"),
        500.. => Check::fail(
            name,
            "The tenant has trouble of its own, or something between you and it has",
            "Try again later; Kinde's status page says more",
        ),
        _ => match told(answer) {
            Some(error) => refusal(name, ask, &error).seen(error.said()),
            None => refused_on_page(name, ask, &visible(&answer.text())).unwrap_or_else(|| likely(name, ask, status)),
        },
    };
    let seen = check.seen.clone().map_or_else(|| format!("HTTP {status}"), |seen| format!("HTTP {status}: {seen}"));
    check.seen(seen).took(std::time::Duration::from_millis(answer.ms))
}

/// A redirect: to the tenant's own sign-in page, or with an error to wherever.
fn sent_on(name: &str, ask: &Authorize, hosts: &[String], location: &str) -> Check {
    if let Some(error) = error_in(location) {
        return refusal(name, ask, &error).seen(error.said());
    }
    // An address without a host is one of the tenant's own (RFC 9110 section 10.2.2).
    let own = hosts.first().and_then(|host| Url::parse(&format!("https://{host}/")).ok());
    let to = own.filter(|_| !location.is_empty()).and_then(|own| own.join(location).ok());
    let host = to.as_ref().and_then(Url::host_str).unwrap_or_default();
    if hosts.iter().any(|own| own == host) {
        return Check::pass(name).seen("on to the sign-in page");
    }
    elsewhere(name, host)
}

fn elsewhere(name: &str, host: &str) -> Check {
    let shown = if host.is_empty() { "no address" } else { host };
    Check::warn(
        name,
        "It sends the browser on, and not to a page of the tenant: whether it takes this sign-in was not seen",
        "Open the authorize address in a browser. Where the tenant sends everybody to another sign-in at once, that is it; \
         else something stands between you and Kinde",
    )
    .seen(format!("on to {shown}"))
}

/// A page that came with a good status: one to sign in on, or one that says no.
fn page(name: &str, ask: &Authorize, html: &str) -> Check {
    let words = visible(html);
    // What signs people in has a form, and may well name the callback; it calls nothing invalid.
    if html.to_ascii_lowercase().contains("<form") {
        let refuses =
            ["invalid callback", "invalid redirect", "does not match"].iter().any(|word| words.contains(word));
        return if refuses { unregistered(name, ask) } else { Check::pass(name).seen("a sign-in page") };
    }
    refused_on_page(name, ask, &words).unwrap_or_else(|| {
        Check::warn(
            name,
            "It answers with a page on which nobody can sign in as far as can be seen from here",
            "Open the authorize address in a browser",
        )
    })
}

/// What a page refuses, where its words say so. State and scope are taken from an error that names itself alone: the words
/// stand on many pages.
fn refused_on_page(name: &str, ask: &Authorize, words: &str) -> Option<Check> {
    let says = |all: &[&str]| all.iter().any(|word| words.contains(word));
    if says(&["redirect_uri", "redirect uri", "redirect url", "callback"]) {
        return Some(unregistered(name, ask));
    }
    says(&["invalid_client", "client does not exist", "unknown client"]).then(|| unknown_client(name))
}

fn refusal(name: &str, ask: &Authorize, error: &Told) -> Check {
    let description = error.description.to_ascii_lowercase();
    let says = |all: &[&str]| all.iter().any(|word| description.contains(word));
    match error.code.as_str() {
        "invalid_state" => short_state(name),
        "invalid_scope" => Check::fail(
            name,
            "The tenant refuses the scope",
            "Use openid profile email, and offline (not offline_access) for a refresh token",
        ),
        _ if says(&["redirect_uri", "redirect uri", "redirect url", "callback"]) => unregistered(name, ask),
        "invalid_client" | "unauthorized_client" => unknown_client(name),
        _ if says(&["client does not exist"]) => unknown_client(name),
        _ if says(&["'state'"]) => short_state(name),
        _ => Check::fail(
            name,
            "The tenant refuses the sign-in, for the reason it names",
            "Compare the address with the one made here, and the application's settings with what it asks for",
        ),
    }
}

fn short_state(name: &str) -> Check {
    Check::fail(name, "The tenant refuses the state: it wants 8 characters at least", "Use a longer state")
}

fn unknown_client(name: &str) -> Check {
    Check::fail(
        name,
        "The tenant does not know this client ID",
        "Compare it with Settings > Applications > (the application) > View details, and the tenant with the profile",
    )
}

fn unregistered(name: &str, ask: &Authorize) -> Check {
    Check::fail(
        name,
        format!("{} is not among Allowed callback URLs, letter for letter", ask.redirect_uri),
        "Add exactly that address to the application's Allowed callback URLs",
    )
}

/// A refusal without a reason that can be read.
fn likely(name: &str, ask: &Authorize, status: u16) -> Check {
    if status == 404 {
        return Check::fail(name, "Nothing is there: this is no address of a tenant", "Compare the profile's domain");
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

/// The words of a page as a person reads them, small: without scripts, styles and tags.
fn visible(html: &str) -> String {
    let lower = html.to_ascii_lowercase();
    let mut words = String::new();
    let mut rest = lower.as_str();
    while let Some((before, tag)) = rest.split_once('<') {
        words.push_str(before);
        words.push(' ');
        let hidden = ["script", "style", "head"].into_iter().find(|name| {
            tag.strip_prefix(name).is_some_and(|after| after.starts_with(|c: char| c == '>' || c.is_whitespace()))
        });
        rest = match hidden {
            Some(name) => tag.split_once(&format!("</{name}>")).map_or("", |(_, after)| after),
            None => tag.split_once('>').map_or("", |(_, after)| after),
        };
    }
    words.push_str(rest);
    words
}

/// An error that names itself (RFC 6749 section 4.1.2.1).
#[derive(Debug, PartialEq, Eq)]
struct Told {
    code: String,
    description: String,
}

impl Told {
    fn said(&self) -> String {
        if self.description.is_empty() { self.code.clone() } else { format!("{}: {}", self.code, self.description) }
    }
}

/// The error of a JSON body.
fn told(answer: &Answer) -> Option<Told> {
    let body = answer.json()?;
    let text = |name: &str| body.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
    Some(Told { code: text("error")?, description: text("error_description").unwrap_or_default() })
}

/// The error that an address carries, in its query or behind `#`.
fn error_in(location: &str) -> Option<Told> {
    let (_, tail) = location.split_once(['?', '#'])?;
    let pick = |name: &str| {
        let mut pairs = url::form_urlencoded::parse(tail.as_bytes());
        pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    };
    Some(Told { code: pick("error")?, description: pick("error_description").unwrap_or_default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Verdict;

    #[test]
    fn every_value_of_an_authorize_address_is_encoded_and_read_back_as_it_was() {
        let domain = Domain::parse("acme").unwrap();
        let callback = "https://a.example/cb?x=1&y=a b";
        let url = Authorize::new("id", callback, "openid email").state("a.b-c_d+e&f").url(&domain);
        assert_eq!(pair(&url, "redirect_uri").as_deref(), Some(callback));
        assert_eq!(pair(&url, "state").as_deref(), Some("a.b-c_d+e&f"));
        assert!(!url.as_str().contains("a b") && url.as_str().contains("%2B"), "{url}");
    }

    #[test]
    fn an_error_is_found_in_query_and_fragment() {
        let said = |location: &str| error_in(location).unwrap().said();
        assert_eq!(said("https://a/cb?error=invalid_scope&error_description=no+such"), "invalid_scope: no such");
        assert_eq!(said("https://a/cb#error=x"), "x");
        assert_eq!(error_in("https://acme.kinde.com/auth/cx/_:nav&m:login"), None);
    }

    const CALLBACK: &str = "https://tool.example.com/cb";

    /// What an answer of this status is judged as: its verdict, and what is said of it.
    fn judged(status: u16, location: &str, body: &str) -> (Verdict, String) {
        let headers = if location.is_empty() { Vec::new() } else { vec![("location".to_owned(), location.to_owned())] };
        let answer =
            Answer { status, headers, body: body.as_bytes().to_vec(), ms: 1, exchange: 0, curl: String::new() };
        let ask = Authorize::new("id", CALLBACK, "openid").state("12345678");
        let check = judge("authorize", &ask, &["acme.kinde.com".to_owned(), "auth.acme.com".to_owned()], &answer);
        assert!(check.seen.as_ref().is_some_and(|seen| seen.contains(&status.to_string())), "{check:?}");
        (check.verdict, check.why.unwrap_or_default())
    }

    /// A page of an authorization server: a charset, a script and a style with words that must mislead nobody.
    fn page_of(body: &str) -> String {
        format!(
            "<!doctype html><html><head><meta charset=\"utf-8\"><title>Error</title><style>.state{{width:8px}}</style>\
             <script>const state = 8; const scope = 'redirect_uri';</script></head><body>{body}</body></html>"
        )
    }

    #[test]
    fn an_unregistered_callback_is_called_that_whatever_else_stands_on_the_page() {
        let fosite = "The 'redirect_uri' parameter does not match any of the OAuth 2.0 Client's pre-registered redirect urls. \
                      The state of the request is unknown; see UTF-8 and scope";
        let json = format!(r#"{{"error":"invalid_request","error_description":"{fosite}"}}"#);
        let mut located = Url::parse("https://acme.kinde.com/error").unwrap();
        located.query_pairs_mut().append_pair("error", "invalid_request").append_pair("error_description", fosite);
        for (status, location, body) in [
            (400, "", page_of(&format!("<h1>The sign-in cannot begin</h1><p>{fosite}</p>"))),
            (400, "", page_of("<p>Invalid callback URL. State: error 8</p>")),
            (200, "", page_of("<h1>Invalid callback URL</h1>")),
            (200, "", page_of("<form><button>Back</button></form><h1>Invalid callback URL</h1>")),
            (400, "", json),
            (303, located.as_str(), String::new()),
        ] {
            let (verdict, why) = judged(status, location, &body);
            assert_eq!(verdict, Verdict::Fail, "{body}");
            assert!(why.starts_with(CALLBACK) && why.contains("Allowed callback URLs"), "{why}: {body}");
        }
    }

    #[test]
    fn state_scope_and_client_are_blamed_only_where_an_error_names_them() {
        for (status, location, body, wanted) in [
            (302, "https://tool.example.com/cb?error=invalid_state&error_description=8+characters", "", "the state"),
            (302, "https://tool.example.com/cb?error=invalid_scope&error_description=x", "", "the scope"),
            (
                302,
                "https://acme.kinde.com/e?error=invalid_client&error_description=state+8+scope",
                "",
                "this client ID",
            ),
            (302, "https://tool.example.com/cb?error=access_denied", "", "the reason it names"),
            (400, "", r#"{"error":"invalid_scope"}"#, "the scope"),
            (400, "", "<p>The requested OAuth 2.0 Client does not exist. (state, 8)</p>", "this client ID"),
            (403, "", "<meta charset=utf-8><p>state scope</p>", "most likely"),
            (404, "", "", "no address of a tenant"),
            (429, "", "callback", "slow down"),
            (503, "", "callback state 8", "trouble of its own"),
        ] {
            let (verdict, why) = judged(status, location, body);
            assert!(verdict == Verdict::Fail && why.contains(wanted), "{status} {location} {body}: {why}");
        }
    }

    #[test]
    fn a_sign_in_page_passes_without_a_password_and_a_redirect_passes_to_the_tenant_alone() {
        let passwordless = page_of(
            "You will be sent back to https://tool.example.com/callback<form method=post><input name=email><input type=hidden name=redirect_uri value='https://tool.example.com/cb'>\
             <input type=hidden name=state value=12345678></form>",
        );
        for (status, location, body, wanted) in [
            (200, "", passwordless.as_str(), Verdict::Pass),
            (302, "https://acme.kinde.com/auth/cx/_:nav&m:login", "", Verdict::Pass),
            (302, "https://auth.acme.com/login?state=12345678", "", Verdict::Pass),
            (302, "/auth/cx/_:nav&m:login", "", Verdict::Pass),
            (302, "https://portal.hotel.example/welcome", "", Verdict::Warn),
            (302, "https://acme.kinde.com.evil.example/", "", Verdict::Warn),
            (302, "//acme.kinde.com/auth", "", Verdict::Pass),
            (302, "//evil.example/", "", Verdict::Warn),
            (302, "https://tool.example.com/cb?code=x", "", Verdict::Warn),
            (302, "", "", Verdict::Warn),
            (200, "", "<p>Welcome</p>", Verdict::Warn),
        ] {
            let (verdict, why) = judged(status, location, body);
            assert_eq!(verdict, wanted, "{status} {location} {body}: {why}");
        }
    }
}
