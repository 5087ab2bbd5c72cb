//! The domain in what a person typed, and which domain answers for it.

use std::io::Read as _;
use std::net::IpAddr;
use std::sync::LazyLock;

use publicsuffix::{List, Psl as _};

/// The public suffixes. Packed, they are a tenth of what they are as code.
static SUFFIXES: LazyLock<List> = LazyLock::new(|| {
    let mut text = String::new();
    let packed = &include_bytes!("../../../assets/mail/public_suffixes.gz")[..];
    // A test reads the asset: in a program that was built it always opens.
    flate2::read::GzDecoder::new(packed).read_to_string(&mut text).unwrap_or_default();
    text.parse().unwrap_or_default()
});

/// The domain of `text`: a bare name, an address (`Ada <ada@example.com>`), or the host of an address of the web. Lower
/// case, IDNA form, without the last dot.
///
/// # Errors
/// What is wrong with it, as a sentence without a full stop.
pub fn domain_in(text: &str) -> Result<String, String> {
    let text = text.trim();
    let text = text.rsplit_once('<').map_or(text, |(_, address)| address.split('>').next().unwrap_or(address));
    let text = text.split_once("://").map_or(text, |(_, rest)| rest);
    let text = text.split(['/', '?', '#']).next().unwrap_or_default();
    let text = text.rsplit_once('@').map_or(text, |(_, domain)| domain);
    if text.trim_matches(['[', ']']).parse::<IpAddr>().is_ok() {
        return Err("That is an IP address: a sender needs a domain".to_owned());
    }
    let text = text.split(':').next().unwrap_or_default().trim_end_matches('.').trim();
    if text.is_empty() {
        return Err("There is no domain in it".to_owned());
    }
    let domain = match url::Host::parse(text) {
        Ok(url::Host::Domain(domain)) => domain,
        Ok(_) => return Err("That is an IP address: a sender needs a domain".to_owned()),
        Err(error) => return Err(format!("That is no domain name: {error}")),
    };
    if domain.len() > 253 || domain.split('.').any(|label| label.is_empty() || label.len() > 63) {
        return Err(
            "That is no domain name: a part of it is empty or longer than 63 characters, or the whole longer than 253"
                .to_owned(),
        );
    }
    if !domain.contains('.') {
        return Err("A name without a dot is known on a local network alone".to_owned());
    }
    Ok(domain)
}

/// The organizational domain (RFC 7489 §3.2): the name just below the public suffix. `None` for a public suffix itself.
pub fn organizational(domain: &str) -> Option<String> {
    let found = SUFFIXES.domain(domain.as_bytes())?;
    str::from_utf8(found.as_bytes()).ok().map(str::to_owned)
}

/// True where both have the same organizational domain: aligned in the relaxed way.
pub fn same_organization(one: &str, other: &str) -> bool {
    one == other || organizational(one).is_some_and(|found| organizational(other) == Some(found))
}

/// True where `name` is `zone`, or lies below it.
pub fn is_within(name: &str, zone: &str) -> bool {
    name == zone || name.strip_suffix(zone).is_some_and(|front| front.ends_with('.'))
}

/// The name one label up.
pub fn parent(name: &str) -> Option<&str> {
    name.split_once('.').map(|(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domain_is_found_in_whatever_was_typed_for_it() {
        for (text, domain) in [
            ("Example.COM.", "example.com"),
            (" ada@mail.example.com ", "mail.example.com"),
            ("Ada <ada@example.com>", "example.com"),
            ("https://example.com:8443/path?x#y", "example.com"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("_dmarc.example.com", "_dmarc.example.com"),
        ] {
            assert_eq!(domain_in(text).as_deref(), Ok(domain), "{text}");
        }
        let long = format!("{}.example", "a".repeat(64));
        for text in [
            "",
            "   ",
            "localhost",
            "192.0.2.1",
            "[2001:db8::1]",
            "https://192.0.2.1/",
            "a..example",
            "a b.com",
            &long,
            "@",
        ] {
            assert!(domain_in(text).is_err(), "{text}: {:?}", domain_in(text));
        }
    }

    #[test]
    fn the_organization_is_the_name_below_the_public_suffix() {
        for (domain, organization) in [
            ("a.b.example.co.uk", Some("example.co.uk")),
            ("example.com", Some("example.com")),
            ("shop.github.io", Some("shop.github.io")),
            ("co.uk", None),
            ("send.example.test", Some("example.test")),
            ("a.b.xn--55qx5d.cn", Some("b.xn--55qx5d.cn")),
            ("www.ck", Some("www.ck")),
            ("a.b.c.ck", Some("b.c.ck")),
        ] {
            assert_eq!(organizational(domain).as_deref(), organization, "{domain}");
        }
        assert!(
            same_organization("send.example.com", "example.com") && !same_organization("a.github.io", "b.github.io")
        );
        assert!(is_within("send.example.com", "example.com") && !is_within("badexample.com", "example.com"));
    }
}
