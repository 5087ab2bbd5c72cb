//! The providers of connected apps: their catalogue, set-up guides, probes and revocation facts.
//!
//! Owns what the panel knows of Google Drive, GitHub, GitLab, Patreon, Discord and Microsoft 365, and the calls made to
//! them. It knows nothing of Kinde's API. Nothing here keeps a token.

mod callback;
mod catalogue;
mod credentials;
mod explain;
mod probe;
mod scopes;

pub use callback::{callback_urls, compare_callback};
pub use catalogue::{
    Catalogue, GuideStep, Place, Prefix, Provider, Scope, catalogue, catalogue_checked, find, guess_by_key,
};
pub use credentials::check_credentials;
pub use probe::{Probe, Standing, probe, standing};
pub use scopes::asked_in;

use url::Url;

/// `address` as it is reached: itself, or where a sandbox stands in for its host.
///
/// `https://HOST/PATH` becomes `{base}HOST/PATH`; the query stays.
pub(crate) fn reach(address: &str, base: Option<&Url>) -> Option<Url> {
    let url = Url::parse(address).ok()?;
    let Some(base) = base else { return Some(url) };
    let mut text = base.as_str().trim_end_matches('/').to_owned();
    text.push('/');
    text.push_str(url.host_str()?);
    text.push_str(url.path());
    if let Some(query) = url.query() {
        text.push('?');
        text.push_str(query);
    }
    Url::parse(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stand_in_takes_host_path_and_query_of_the_real_address() {
        let base = Url::parse("http://127.0.0.1:9/_providers/").unwrap();
        let reached = reach("https://graph.microsoft.com/v1.0/me/events?$top=1", Some(&base)).unwrap();
        assert_eq!(reached.as_str(), "http://127.0.0.1:9/_providers/graph.microsoft.com/v1.0/me/events?$top=1");
        assert_eq!(reach("https://api.github.com/user", None).unwrap().as_str(), "https://api.github.com/user");
    }
}
