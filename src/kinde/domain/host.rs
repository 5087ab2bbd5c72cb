//! The host of a domain: its spelling, what no domain has, and the slips that are usual.

use std::net::IpAddr;

use url::Host;

use super::{broken, on_kinde};
use crate::error::UserError;

/// Lower case, international names in their ASCII form, `acme` completed to `acme.kinde.com`.
pub(super) fn checked_host(host: &str) -> Result<String, UserError> {
    if host.is_empty() {
        return Err(broken("There is no host in the address", "Only dots stand where the name should be"));
    }
    if host.split('.').any(str::is_empty) {
        return Err(broken("A part of the domain is empty", "It starts with a dot or has two dots in a row"));
    }
    if host.contains(',') {
        return Err(broken("There is a comma in the domain", "A dot was probably meant, or two domains were pasted"));
    }
    let ends_in_number = host.rsplit('.').next().is_some_and(|last| last.chars().all(|c| c.is_ascii_digit()));
    if ends_in_number && host.parse::<IpAddr>().is_err() {
        return Err(broken("The domain ends in a number", "No domain does; an IP address would need four numbers"));
    }
    let parsed = Host::parse(host)
        .map_err(|error| broken("The domain has characters that no domain has", format!("It is refused: {error}")))?;
    let name = match parsed {
        Host::Ipv4(ip) if IpAddr::V4(ip).is_loopback() => return Ok(ip.to_string()),
        Host::Ipv6(ip) if IpAddr::V6(ip).is_loopback() => return Ok(format!("[{ip}]")),
        Host::Ipv4(_) | Host::Ipv6(_) => {
            return Err(broken("This is an IP address, not a Kinde domain", "Kinde serves its tenants by name"));
        }
        Host::Domain(name) => name,
    };
    if name == "localhost" {
        return Ok(name);
    }
    if name.len() > 253 {
        return Err(broken(
            "The domain is longer than a domain can be",
            format!("{} characters; 253 are allowed", name.len()),
        ));
    }
    for label in name.split('.') {
        check_label(label)?;
    }
    if !name.contains('.') {
        return if name == "kinde" { Err(kindes_own("kinde.com")) } else { Ok(format!("{name}.kinde.com")) };
    }
    if ["kinde.com", "www.kinde.com", "docs.kinde.com", "app.kinde.com", "api.kinde.com"].contains(&name.as_str()) {
        return Err(kindes_own(&name));
    }
    if let Some(meant) = misspelt(&name) {
        return Err(broken(format!("Did you mean {meant}?"), format!("{name} is one slip away from a Kinde domain")));
    }
    // Kinde's certificate covers one label, so `www.` in front of a tenant never works.
    Ok(match name.strip_prefix("www.") {
        Some(rest) if on_kinde(rest) => rest.to_owned(),
        _ => name,
    })
}

fn check_label(label: &str) -> Result<(), UserError> {
    if label.contains('_') {
        return Err(broken("There is an underscore in the domain", "Kinde's domains have letters, digits and hyphens"));
    }
    if let Some(bad) = label.chars().find(|c| !(c.is_ascii_alphanumeric() || *c == '-')) {
        return Err(broken(
            format!("There is a character in the domain that no domain has: {bad}"),
            "Kinde's domains have letters, digits and hyphens",
        ));
    }
    if label.starts_with('-') || label.ends_with('-') {
        return Err(broken("A part of the domain starts or ends with a hyphen", "No domain may"));
    }
    if label.len() > 63 {
        return Err(broken(
            "A part of the domain is longer than 63 characters",
            "No domain may; something else was pasted",
        ));
    }
    Ok(())
}

fn kindes_own(name: &str) -> UserError {
    broken(format!("{name} is Kinde's own site, not your tenant"), "A tenant has its own name in front of .kinde.com")
}

/// The Kinde domain that was meant by a usual slip of the ending.
fn misspelt(name: &str) -> Option<String> {
    const SLIPS: [&str; 12] = [
        ".kinde",
        ".kinde.co",
        ".kinde.con",
        ".kinde.cm",
        ".kinde.om",
        ".kinde.comm",
        ".kinde.cmo",
        ".kind.com",
        ".kinda.com",
        ".kindle.com",
        ".kinde.io",
        ".kidne.com",
    ];
    SLIPS
        .iter()
        .find_map(|slip| name.strip_suffix(slip))
        .filter(|name| !name.is_empty())
        .map(|name| format!("{name}.kinde.com"))
}

#[cfg(test)]
mod tests {
    use super::super::tests::are_refused;

    #[test]
    fn every_host_that_no_tenant_has_gets_a_sentence_of_its_own_kind() {
        let long = "a".repeat(64);
        let longer = format!("{}.com", ["abcdefghij"; 26].join("."));
        are_refused(&[
            ("...", "no host"),
            (".kinde.com", "empty"),
            ("acme..kinde.com", "empty"),
            ("acme,kinde.com", "comma"),
            ("acme.kinde,com", "comma"),
            ("192.168.1.20", "IP address"),
            ("8.8.8.8:443", "IP address"),
            ("0.0.0.0", "IP address"),
            ("[2001:db8::1]", "IP address"),
            ("acme.123", "ends in a number"),
            ("acme_dev.kinde.com", "underscore"),
            ("-acme.kinde.com", "hyphen"),
            ("acme-.kinde.com", "hyphen"),
            ("acme!.kinde.com", "character"),
            ("acme.kinde.com*", "character"),
            ("kinde.com", "own site"),
            ("https://app.kinde.com/admin", "own site"),
            ("docs.kinde.com", "own site"),
            ("kinde", "own site"),
            ("acme.kinde", "Did you mean acme.kinde.com"),
            ("acme.kind.com", "Did you mean acme.kinde.com"),
            ("acme.kinde.con", "Did you mean acme.kinde.com"),
            (long.as_str(), "longer than 63"),
            (longer.as_str(), "longer"),
        ]);
    }
}
