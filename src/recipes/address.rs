//! Addresses that people type: an app's origin, a callback.

use url::Url;

use super::Values;
use crate::error::{Category, UserError};

/// The app's origin (and path, where it runs below one), without a slash at the end.
///
/// # Errors
/// When it is no web address.
pub fn site(values: &Values, key: &str) -> Result<String, UserError> {
    let text = values.need(key)?;
    let whole = if text.contains("://") { text.to_owned() } else { format!("{}{text}", scheme_for(text)) };
    let refused = |why: String| {
        UserError::new(Category::Input, format!("{key} is no web address"))
            .detail(why)
            .hint("For example http://localhost:3000 or https://app.example.com")
            .about(key)
    };
    let url = Url::parse(&whole).map_err(|error| refused(format!("{text}: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(refused(format!("{text} begins with {}:", url.scheme())));
    }
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
        return Err(refused("It carries more than scheme, host and path".to_owned()));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

fn scheme_for(text: &str) -> &'static str {
    let host = text.split([':', '/']).next().unwrap_or_default();
    if host == "localhost" || host.starts_with("127.") { "http://" } else { "https://" }
}

/// What is to be said of a site that people sign in at over plain http; `None` on this machine.
pub fn in_clear_text(site: &str) -> Option<String> {
    let url = Url::parse(site).ok()?;
    (url.scheme() != "https" && !is_loopback(&url)).then(|| {
        format!("{site} is not https: the code of a sign-in can be read on the way. Give it a certificate first")
    })
}

/// True for this machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipes::{Content, Given};

    fn read(text: &str) -> Result<String, UserError> {
        let toml = "name='x'\ntitle=''\ngroup='code'\ndoes=''\naction=''\nchecked=''\nguides=[]\nneeds=[]\n[[input]]\nkey='site'\nlabel=''\nhelp=''";
        let given = Given { plain: [("site".to_owned(), text.to_owned())].into(), ..Given::default() };
        site(&Values::of(&Content::read(toml).unwrap(), given, None).unwrap(), "site")
    }

    #[test]
    fn a_site_over_plain_http_is_told_of_but_on_this_machine() {
        assert!(in_clear_text("http://example.com").unwrap().contains("not https"));
        for fine in ["https://example.com", "http://localhost:3000", "http://127.0.0.1:3000"] {
            assert_eq!(in_clear_text(fine), None, "{fine}");
        }
    }

    #[test]
    fn an_origin_is_read_in_the_forms_people_type_and_anything_more_is_refused() {
        for (typed, origin) in [
            ("http://localhost:3000/", "http://localhost:3000"),
            ("localhost:3000", "http://localhost:3000"),
            ("app.example.com", "https://app.example.com"),
            ("HTTPS://App.Example.com", "https://app.example.com"),
            ("https://example.com/shop/", "https://example.com/shop"),
        ] {
            assert_eq!(read(typed).unwrap(), origin, "{typed}");
        }
        for wrong in ["ftp://x", "https://", "https://a.example/?b=c", "https://me:pw@a.example", "a b"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
