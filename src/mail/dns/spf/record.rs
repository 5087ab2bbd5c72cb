//! Reads one SPF record (RFC 7208 §4.5, §4.6 and §5): its terms, and what is wrong in its writing.

use std::net::{Ipv4Addr, Ipv6Addr};

/// What a sender gets that a mechanism fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Qualifier {
    /// `+`, or none.
    Pass,
    /// `-`.
    Fail,
    /// `~`.
    SoftFail,
    /// `?`.
    Neutral,
}

/// What a term does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Everybody.
    All,
    /// Whoever that domain's record passes.
    Include(String),
    /// The addresses of a name; `None` for the domain itself.
    A(Option<String>),
    /// The addresses of a name's mail servers; `None` for the domain itself.
    Mx(Option<String>),
    /// By the name of the address: no longer to be used.
    Ptr(Option<String>),
    /// Addresses.
    Ip,
    /// Whether a name, usually made from the sender's address, exists.
    Exists(String),
    /// That domain's record instead of this one.
    Redirect(String),
    /// Where to read why, for whoever is refused.
    Explanation,
    /// A modifier of no known meaning, which is ignored.
    Modifier,
    /// Not to be understood: why. The whole record is void (`permerror`).
    Wrong(String),
}

/// One term of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// As it is written.
    pub text: String,
    /// What a mechanism's sender gets.
    pub qualifier: Qualifier,
    /// What it does.
    pub what: What,
}

impl Term {
    /// True for what counts towards the ten look-ups (RFC 7208 §4.6.4).
    pub fn looks_up(&self) -> bool {
        matches!(
            self.what,
            What::Include(_) | What::A(_) | What::Mx(_) | What::Ptr(_) | What::Exists(_) | What::Redirect(_)
        )
    }
}

/// True for a text that is an SPF record.
pub fn is_record(text: &str) -> bool {
    let (version, rest) = text.split_at_checked(6).unwrap_or((text, ""));
    version.eq_ignore_ascii_case("v=spf1") && (rest.is_empty() || rest.starts_with(' '))
}

/// For a text that was meant to be an SPF record and is none: what is wrong with its beginning.
pub fn almost_record(text: &str) -> Option<String> {
    if is_record(text) {
        return None;
    }
    let plain: String = text.trim_matches(['"', '\'', ' ']).to_ascii_lowercase().split_whitespace().collect();
    let shown: String = text.chars().take(24).collect();
    if is_record(text.trim_matches(['"', '\'', ' '])) {
        return Some(format!("quotation marks or blanks stand before it in the record itself: {shown}"));
    }
    let starts = |words: &[&str]| words.iter().any(|word| plain.starts_with(word));
    starts(&["v=spf", "spf1", "v-spf1", "v:spf1", "spf=", "v=sfp1", "=spf1", "v=spf1include", "v=sender"])
        .then(|| format!("it has to begin with v=spf1 and a blank, and begins with {shown}"))
}

/// The terms of `text`, which [`is_record`].
pub fn terms(text: &str) -> Vec<Term> {
    text.split_ascii_whitespace().skip(1).map(term).collect()
}

fn term(text: &str) -> Term {
    let (qualifier, bare) = match text.chars().next() {
        Some('+') => (Qualifier::Pass, text.get(1..)),
        Some('-') => (Qualifier::Fail, text.get(1..)),
        Some('~') => (Qualifier::SoftFail, text.get(1..)),
        Some('?') => (Qualifier::Neutral, text.get(1..)),
        _ => (Qualifier::Pass, Some(text)),
    };
    let bare = bare.unwrap_or_default();
    Term { text: text.to_owned(), qualifier, what: what(bare) }
}

fn what(text: &str) -> What {
    let end = text.find([':', '=', '/']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let lower = name.to_ascii_lowercase();
    if let Some(value) = rest.strip_prefix('=') {
        return modifier(&lower, name, value);
    }
    let value = rest.strip_prefix(':');
    // A CIDR length may follow a domain, or stand alone: a/24, mx:example.com/24//64.
    let (domain, length) = match value {
        Some(value) => {
            value.split_once('/').map_or((Some(value), None), |(domain, length)| (Some(domain), Some(length)))
        }
        None => (None, rest.strip_prefix('/')),
    };
    let wrong = |why: &str| What::Wrong(why.to_owned());
    // Nothing of these can stand in a domain, nor in an address, IPv6 ones included.
    if value.is_some_and(|value| {
        ["include:", "redirect=", "exists:", "ip4:", "ip6:"].iter().any(|next| value.contains(next))
    }) {
        return wrong(RUN_TOGETHER);
    }
    match lower.as_str() {
        "all" if rest.is_empty() => What::All,
        "all" => wrong("nothing may follow all"),
        "include" | "exists" => match value {
            Some(domain) if is_spec(domain) && lower == "include" => What::Include(domain.to_owned()),
            Some(domain) if is_spec(domain) => What::Exists(domain.to_owned()),
            _ => wrong(&format!("{lower} needs a domain after a colon, for example include:example.com")),
        },
        "a" | "mx" | "ptr" => {
            if domain.is_some_and(|domain| !is_spec(domain)) {
                return wrong("no domain can look like what follows the colon");
            }
            if length.is_some_and(|length| lower == "ptr" || !is_lengths(length)) {
                return wrong("the number after / is no prefix length");
            }
            let domain = domain.map(str::to_owned);
            match lower.as_str() {
                "a" => What::A(domain),
                "mx" => What::Mx(domain),
                _ => What::Ptr(domain),
            }
        }
        "ip4" | "ip6" => {
            let good = value.is_some_and(|value| is_network(value, lower == "ip6"));
            if good {
                What::Ip
            } else {
                wrong(&format!(
                    "{} is no {} address or network",
                    value.unwrap_or("nothing"),
                    if lower == "ip4" { "IPv4" } else { "IPv6" }
                ))
            }
        }
        _ => What::Wrong(unknown(&lower, text)),
    }
}

fn modifier(lower: &str, name: &str, value: &str) -> What {
    match lower {
        "redirect" if is_spec(value) => What::Redirect(value.to_owned()),
        "exp" if is_spec(value) => What::Explanation,
        "redirect" | "exp" => What::Wrong(format!("{lower} needs a domain after the equals sign")),
        "include" | "a" | "mx" | "ptr" | "exists" | "ip4" | "ip6" => {
            What::Wrong(format!("{name} takes a colon and not an equals sign: {lower}:{value}"))
        }
        "v" => What::Wrong("a second record begins here, inside the first".to_owned()),
        _ if name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) =>
        {
            What::Modifier
        }
        _ => What::Wrong("no mechanism is called that".to_owned()),
    }
}

/// Two strings of the record were joined, without the blank that has to stand in one of them.
const RUN_TOGETHER: &str = "two terms run together: a blank is missing where the parts of the record meet";

/// What was probably meant by a mechanism that does not exist.
fn unknown(lower: &str, text: &str) -> String {
    let meant = match lower {
        "ipv4" | "ip" | "ip4v" => "ip4",
        "ipv6" | "ip6v" => "ip6",
        "includes" | "inlcude" | "inclued" | "include;" | "incldue" | "inclde" => "include",
        "mx1" | "mxs" => "mx",
        "al" | "alll" | "any" | "a11" => "all",
        _ if text.parse::<std::net::IpAddr>().is_ok() || is_network(text, false) => "ip4",
        _ if lower.contains("include") || lower.ends_with("all") => return RUN_TOGETHER.to_owned(),
        _ => return "no mechanism is called that".to_owned(),
    };
    format!("no mechanism is called that: {meant} was meant")
}

/// A domain or a macro string that makes one: at least two labels, or a macro.
fn is_spec(text: &str) -> bool {
    if text.contains('%') {
        return ["%{", "%%", "%_", "%-"].iter().any(|start| text.contains(start));
    }
    let text = text.strip_suffix('.').unwrap_or(text);
    text.contains('.')
        && text.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && label.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
        })
}

/// `24`, `24//64` or `/64`: what follows the first slash.
fn is_lengths(text: &str) -> bool {
    let (four, six) =
        text.split_once('/').map_or((text, None), |(four, six)| (four, Some(six.strip_prefix('/').unwrap_or(six))));
    let within = |text: &str, most: u8| text.parse::<u8>().is_ok_and(|length| length <= most);
    (four.is_empty() && six.is_some() || within(four, 32)) && six.is_none_or(|six| within(six, 128))
}

fn is_network(text: &str, six: bool) -> bool {
    let (ip, length) = text.split_once('/').map_or((text, None), |(ip, length)| (ip, Some(length)));
    let most = if six { 128 } else { 32 };
    let ip = if six { ip.parse::<Ipv6Addr>().is_ok() } else { ip.parse::<Ipv4Addr>().is_ok() };
    ip && length.is_none_or(|length| length.parse::<u8>().is_ok_and(|length| length <= most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_begins_with_its_version_in_any_case_and_a_blank() {
        for text in ["v=spf1", "V=SPF1 -all", "v=spf1 include:a.example ~all"] {
            assert!(is_record(text) && almost_record(text).is_none(), "{text}");
        }
        for text in [
            "v=spf10 -all",
            "v=spf1include:a.example",
            "\"v=spf1 -all\"",
            " v=spf1 -all",
            "v=spf2.0/pra",
            "spf1 a",
            "v = spf1 -all",
        ] {
            assert!(!is_record(text) && almost_record(text).is_some(), "{text}");
        }
        assert_eq!(almost_record("google-site-verification=abc"), None);
        assert_eq!(almost_record("v=DMARC1; p=none"), None);
    }

    #[test]
    fn every_mechanism_is_read_in_each_of_its_forms() {
        let read = |text: &str| term(text).what;
        let some = |text: &str| Some(text.to_owned());
        for (text, expected) in [
            ("-all", What::All),
            ("include:_spf.example.com", What::Include("_spf.example.com".to_owned())),
            ("INCLUDE:%{d}.x.example", What::Include("%{d}.x.example".to_owned())),
            ("a", What::A(None)),
            ("a/24", What::A(None)),
            ("a//64", What::A(None)),
            ("a:mail.example.com/24//64", What::A(some("mail.example.com"))),
            ("mx:example.com", What::Mx(some("example.com"))),
            ("ptr", What::Ptr(None)),
            ("ip4:192.0.2.0/24", What::Ip),
            ("ip6:2001:db8::/32", What::Ip),
            ("ip6:2001:db8:a:b::/64", What::Ip),
            ("exists:%{i}.spf.example.com", What::Exists("%{i}.spf.example.com".to_owned())),
            ("redirect=_spf.example.com", What::Redirect("_spf.example.com".to_owned())),
            ("exp=why.example.com", What::Explanation),
            ("ra=postmaster", What::Modifier),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
        assert_eq!([term("?all").qualifier, term("~all").qualifier], [Qualifier::Neutral, Qualifier::SoftFail]);
    }

    #[test]
    fn what_cannot_be_read_says_what_was_probably_meant() {
        for (text, words) in [
            ("includes:_spf.example.com", "include was meant"),
            ("ipv4:192.0.2.1", "ip4 was meant"),
            ("192.0.2.1", "ip4 was meant"),
            ("ip4:300.1.1.1", "no IPv4"),
            ("ip4:192.0.2.0/33", "no IPv4"),
            ("ip6:192.0.2.1", "no IPv6"),
            ("include=_spf.example.com", "colon"),
            ("include:", "needs a domain"),
            ("include:localhost", "needs a domain"),
            ("a:mail.example.com/99", "prefix length"),
            ("v=spf1", "second record"),
            ("all:x", "nothing may follow"),
            ("include:a.exampleinclude:b.example", "run together"),
            ("ip4:192.0.2.1include:b.example", "run together"),
            ("example.cominclude:x.example", "run together"),
            ("foo", "no mechanism"),
        ] {
            let What::Wrong(why) = term(text).what else { panic!("{text} was read") };
            assert!(why.contains(words), "{text}: {why}");
        }
    }
}
