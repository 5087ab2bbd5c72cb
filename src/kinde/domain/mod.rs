//! A Kinde origin, normalised from any form a person pastes.
//!
//! Pure text: asks nobody whether the tenant exists. `http` stands on loopback alone; everything else is `https`.

mod host;
mod pasted;

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::Url;

use self::host::checked_host;
use self::pasted::{cleaned, something_else, split_port, split_scheme};
use crate::error::{Category, UserError};

/// A tenant's origin, for example `https://acme.kinde.com`: no path, no trailing slash.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Domain {
    url: Url,
    text: String,
}

impl Domain {
    /// Takes any pasted form: a bare host, a whole address, `acme` for `acme.kinde.com`, a line of a `.env` file.
    ///
    /// # Errors
    /// One sentence on what is wrong with the text and what to paste instead. Never repeats what may be a secret.
    pub fn parse(text: &str) -> Result<Self, UserError> {
        let text = cleaned(text);
        if text.is_empty() {
            return Err(broken("No domain was given", "The text is empty once spaces and quotes are taken off"));
        }
        if let Some(error) = something_else(text) {
            return Err(error);
        }
        let (scheme, rest) = split_scheme(text)?;
        let authority = rest.split(['/', '\\', '?', '#']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err(broken(
                "The address carries a user name or password",
                "What stands before the @ is not part of a domain",
            ));
        }
        let (host, port) = split_port(authority)?;
        let host = checked_host(host.trim_end_matches('.'))?;
        let loopback = is_loopback_host(&host);
        let port = if on_kinde(&host) { None } else { port };
        let scheme = if loopback && scheme != Some("https") { "http" } else { "https" };
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        Url::parse(&format!("{scheme}://{host}{port}/"))
            .map(Self::from_url)
            .map_err(|error| broken("The domain cannot be read", format!("As an address it is refused: {error}")))
    }

    fn from_url(url: Url) -> Self {
        Self { text: url.as_str().trim_end_matches('/').to_owned(), url }
    }

    /// The origin without a trailing slash: `https://acme.kinde.com`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host alone: `acme.kinde.com`, without port.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Host and, where it is not the scheme's own, port: what a person knows the tenant by.
    pub fn authority(&self) -> &str {
        self.text.split_once("://").map_or(self.text.as_str(), |(_, authority)| authority)
    }

    /// The address of `path` (and query) at this origin: `join("/oauth2/token")`.
    pub fn join(&self, path: &str) -> Url {
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        let mut url = self.url.clone();
        url.set_path(path);
        url.set_query(query);
        url
    }

    /// True for `localhost`, 127.0.0.0/8 and `::1`.
    pub fn is_loopback(&self) -> bool {
        is_loopback_host(self.host())
    }

    /// True for a tenant's own domain at Kinde, as against a custom domain. The Management API answers on this one.
    pub fn is_kinde(&self) -> bool {
        on_kinde(self.host())
    }

    /// The audience of the Management API at this origin: `https://acme.kinde.com/api` (not `/api/v1`).
    pub fn audience(&self) -> String {
        format!("{}/api", self.text)
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Domain({})", self.text)
    }
}

impl std::str::FromStr for Domain {
    type Err = UserError;

    fn from_str(text: &str) -> Result<Self, UserError> {
        Self::parse(text)
    }
}

impl Serialize for Domain {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Domain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

const HINT: &str =
    "Paste the Kinde domain as Kinde shows it under Settings > Applications > View details, for example acme.kinde.com";

fn broken(title: impl Into<String>, detail: impl Into<String>) -> UserError {
    UserError::new(Category::Input, title).detail(detail).hint(HINT)
}

fn on_kinde(host: &str) -> bool {
    host.ends_with(".kinde.com")
}

fn is_loopback_host(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) const SECRET: &str = "Zq8Zq8Zq8Zq8Zq8Zq8Zq8Zq8Zq8Zq8Zq8Zq8Zq8Zq8";

    #[test]
    fn any_pasted_form_of_a_domain_becomes_one_origin() {
        for text in [
            "acme.kinde.com",
            "acme",
            "ACME.Kinde.com",
            " https://acme.kinde.com/ ",
            "https://acme.kinde.com/api",
            "https://acme.kinde.com/api/v1/users?page_size=1#x",
            "http://acme.kinde.com",
            "HTTPS://ACME.KINDE.COM",
            "\"https://acme.kinde.com\",",
            "'acme.kinde.com'",
            "\u{201c}acme.kinde.com\u{201d}",
            "<https://acme.kinde.com>",
            "\u{feff}acme.kinde.com\u{200b}\r\n",
            "KINDE_DOMAIN=https://acme.kinde.com",
            "export KINDE_ISSUER_URL=\"https://acme.kinde.com\"",
            "//acme.kinde.com",
            "https:/acme.kinde.com",
            "https:\\\\acme.kinde.com\\admin",
            "acme.kinde.com.",
            "acme.kinde.com:443",
            "acme.kinde.com:3000",
            "www.acme.kinde.com",
            "https://acme.kinde.com/.well-known/openid-configuration",
        ] {
            let domain = Domain::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
            assert_eq!(domain.as_str(), "https://acme.kinde.com", "{text:?}");
            assert!(domain.is_kinde());
        }
    }

    #[test]
    fn custom_domains_and_loopback_keep_what_matters() {
        for (text, origin) in [
            ("auth.example.com", "https://auth.example.com"),
            ("http://auth.example.com:8443/x", "https://auth.example.com:8443"),
            ("bücher.example", "https://xn--bcher-kva.example"),
            ("localhost:3000", "http://localhost:3000"),
            ("http://127.0.0.1:4444/api", "http://127.0.0.1:4444"),
            ("https://127.0.0.1:4445", "https://127.0.0.1:4445"),
            ("[::1]:9", "http://[::1]:9"),
        ] {
            let domain = Domain::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
            assert_eq!(domain.as_str(), origin, "{text:?}");
            assert_eq!(Domain::parse(domain.as_str()).unwrap(), domain, "stable: {text:?}");
        }
        assert!(Domain::parse("127.0.0.1:1").unwrap().is_loopback() && Domain::parse("[::1]").unwrap().is_loopback());
        assert!(!Domain::parse("acme").unwrap().is_loopback());
    }

    /// Each text is refused with a title that holds its word, and nothing secret is repeated.
    pub(super) fn are_refused(cases: &[(&str, &str)]) {
        for (text, word) in cases {
            let error = match Domain::parse(text) {
                Err(error) => error,
                Ok(domain) => panic!("{text:?} was read as {domain}"),
            };
            assert_eq!(error.category, Category::Input);
            assert!(
                !error.title.is_empty() && !error.detail.is_empty() && !error.hint.is_empty(),
                "{text:?}: {error:?}"
            );
            assert!(!error.title.ends_with('.'), "{}", error.title);
            assert!(error.title.contains(word), "{text:?}: {}", error.title);
            assert!(!error.as_text().contains(SECRET), "a secret was repeated");
        }
    }

    #[test]
    fn a_path_and_its_query_are_joined_to_the_origin() {
        let domain = Domain::parse("acme").unwrap();
        assert_eq!(
            domain.join("/api/v1/users?page_size=1").as_str(),
            "https://acme.kinde.com/api/v1/users?page_size=1"
        );
        assert_eq!(domain.join("oauth2/token").as_str(), "https://acme.kinde.com/oauth2/token");
        assert_eq!(domain.audience(), "https://acme.kinde.com/api");
        assert_eq!(serde_json::from_str::<Domain>("\"acme\"").unwrap(), domain);
    }
}
