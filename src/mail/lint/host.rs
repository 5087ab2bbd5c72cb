//! The server's name and its port.

use std::net::IpAddr;

use super::{Finding, has_control};
use crate::mail::form::{Field, Form, Security};
use crate::mail::presets::{Preset, detect};

/// Names that take mail in for a domain and let nobody sign in to send.
const INCOMING: [&str; 6] = [
    "aspmx.l.google.com",
    ".aspmx.l.google.com",
    ".mail.protection.outlook.com",
    ".mx.microsoft",
    "mxa.mailgun.org",
    "mxb.mailgun.org",
];

pub(super) fn lint(form: &Form, found: &mut Vec<Finding>) {
    match name(form) {
        Ok(()) => {}
        Err(finding) => found.push(*finding),
    }
    port(form, found);
}

/// What is wrong with the name; one thing at a time, since mending one uncovers the next.
fn name(form: &Form) -> Result<(), Box<Finding>> {
    let host = form.host.as_str();
    let trimmed = host.trim();
    let fail = |why: &str, fix: &str| Err(Box::new(Finding::fail(Field::Host, why, fix)));
    if trimmed.is_empty() {
        return fail("It is empty", "Type the name of the SMTP server, like smtp.resend.com");
    }
    if let Some((bare, port)) = bare(trimmed)
        && bare != host
    {
        let why = if trimmed == host { "It holds more than the name of a server" } else { "It has blanks around it" };
        let mended = Form { host: bare.clone(), port: port.unwrap_or(form.port), ..form.clone() };
        let fix = match port {
            Some(port) => format!("Use {bare} alone, and port {port}"),
            None => format!("Use {bare} alone"),
        };
        let mut finding =
            if trimmed == host { Finding::fail(Field::Host, why, &fix) } else { Finding::warn(Field::Host, why, &fix) };
        finding = finding.mend(fix, mended);
        return Err(Box::new(finding));
    }
    if trimmed.parse::<IpAddr>().is_ok_and(|ip| !ip.is_loopback()) {
        return Err(Box::new(Finding::warn(
            Field::Host,
            "It is an IP address, and certificates are made for names",
            "Use the server's name, unless its certificate holds this address",
        )));
    }
    if trimmed.parse::<IpAddr>().is_ok() {
        return Ok(());
    }
    if has_control(trimmed) || trimmed.contains(char::is_whitespace) || ascii(trimmed).is_none() {
        return fail(
            "It cannot be the name of a server",
            "Use letters, digits, hyphens and dots alone, like smtp.resend.com",
        );
    }
    let lower = trimmed.trim_end_matches('.').to_ascii_lowercase();
    if INCOMING.iter().any(|known| if known.starts_with('.') { lower.ends_with(known) } else { lower == *known })
        || lower.starts_with("inbound-smtp.")
    {
        let better = match lower.strip_prefix("inbound-smtp.") {
            // The region stands in the rest of the name, and stays.
            Some(rest) => format!("email-smtp.{rest}"),
            None if lower.contains("google") => "smtp.gmail.com".to_owned(),
            None if lower.contains("mailgun") => "smtp.mailgun.org".to_owned(),
            None => "smtp.office365.com".to_owned(),
        };
        return Err(Box::new(
            Finding::fail(
                Field::Host,
                "It is the incoming server, which takes mail in for a domain: nobody can sign in there to send",
                format!("Use the outgoing one, {better}"),
            )
            .mend(format!("Use {better}"), Form { host: better, ..form.clone() }),
        ));
    }
    let (first, rest) = lower.split_once('.').unwrap_or((&lower, ""));
    if !rest.is_empty() && matches!(first, "imap" | "imap4" | "pop" | "pop3") {
        let better = format!("smtp.{rest}");
        return Err(Box::new(
            Finding::warn(
                Field::Host,
                "It looks like the server for reading mail, which sends none",
                format!("Use the one for sending, often {better}"),
            )
            .mend(format!("Use {better}"), Form { host: better, ..form.clone() }),
        ));
    }
    if first.strip_prefix("mx").is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit())) {
        return Err(Box::new(Finding::warn(
            Field::Host,
            "It looks like an incoming server (an MX), which lets nobody sign in to send",
            "Use the outgoing server, often called smtp or mail",
        )));
    }
    Ok(())
}

/// The name alone out of an address of a server, and the port that stood with it; `None` where nothing is left.
fn bare(text: &str) -> Option<(String, Option<u16>)> {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let rest = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest).trim();
    if let Some(inner) = rest.strip_prefix('[') {
        let (ip, after) = inner.split_once(']')?;
        return Some((ip.to_owned(), after.strip_prefix(':').and_then(|port| port.parse().ok())));
    }
    if rest.parse::<IpAddr>().is_ok() {
        return Some((rest.to_owned(), None));
    }
    let (name, port) = match rest.rsplit_once(':') {
        Some((name, port)) => (name, port.trim().parse().ok()),
        None => (rest, None),
    };
    let name = name.trim().trim_end_matches('.');
    (!name.is_empty()).then(|| (name.to_owned(), port))
}

/// The name as DNS and TLS want it: in ASCII, without a final dot. `None` where it is no name.
pub(in crate::mail) fn ascii(name: &str) -> Option<String> {
    let name = name.trim().trim_end_matches('.');
    let fits = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    match url::Host::parse(name).ok()? {
        url::Host::Domain(domain) => (domain.len() <= 253 && domain.split('.').all(fits)).then_some(domain),
        url::Host::Ipv4(_) | url::Host::Ipv6(_) => None,
    }
}

fn port(form: &Form, found: &mut Vec<Finding>) {
    let preset = detect(form);
    let best = preset.and_then(Preset::best_port).map_or(587, |best| best.port);
    let mended = Form { port: best, security: Security::Auto, ..form.clone() };
    let use_best = format!("Use port {best}");
    match form.port {
        0 => found.push(Finding::fail(Field::Port, "0 is no port", use_best.clone()).mend(use_best, mended)),
        port @ (143 | 993) => found.push(
            Finding::warn(Field::Port, format!("{port} is for reading mail (IMAP)"), use_best.clone())
                .mend(use_best, mended),
        ),
        port @ (110 | 995) => found.push(
            Finding::warn(Field::Port, format!("{port} is for fetching mail (POP3)"), use_best.clone())
                .mend(use_best, mended),
        ),
        port @ (80 | 443 | 8080) => found.push(
            Finding::warn(Field::Port, format!("{port} is for web pages"), use_best.clone()).mend(use_best, mended),
        ),
        port => {
            if let Some(preset) = preset.filter(|preset| !preset.ports.iter().any(|known| known.port == port)) {
                let ports: Vec<String> = preset.ports.iter().map(|known| known.port.to_string()).collect();
                let (name, ports) = (&preset.name, ports.join(", "));
                found.push(
                    Finding::warn(
                        Field::Port,
                        format!("{name} does not serve port {port}: a connection to it may just hang"),
                        format!("Use one of {name}'s ports: {ports}"),
                    )
                    .mend(use_best, mended),
                );
            } else {
                mode(form, found);
            }
        }
    }
}

/// A named mode that the port does not speak where ports are standard.
fn mode(form: &Form, found: &mut Vec<Finding>) {
    let by_port = Security::Auto.on_port(form.port);
    let standard = matches!(form.port, 25 | 465 | 587 | 2465 | 2525 | 2587);
    if !standard || matches!(form.security, Security::Auto | Security::None) || form.security == by_port {
        return;
    }
    let begins = if by_port == Security::Tls { "begins with TLS" } else { "begins in plain text" };
    let auto = Form { security: Security::Auto, ..form.clone() };
    found.push(
        Finding::warn(
            Field::Port,
            format!("Port {} {begins}, and the other way is chosen", form.port),
            "Let the port decide: Kinde does, since its form has no choice for it",
        )
        .mend("Let the port decide", auto),
    );
}
