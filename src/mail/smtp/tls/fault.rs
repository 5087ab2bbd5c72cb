//! What is wrong with a certificate: each fault told apart, with its own fix.
//!
//! The platform's verifier names one fault and stops. Dates and names are looked at here once more, so that a certificate
//! that is expired *and* for another name is told as both; whether it is good is the verifier's word alone.

use jiff::Timestamp;
use rustls::CertificateError;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::ParsedCertificate;

use super::certificate::is_self_issued;
use super::verifier::Verdict;
use crate::clock::day;
use crate::mail::smtp::setting::Setting;
use crate::mail::smtp::told::Certificate;

/// From how many days on before its end a certificate is called short.
const SOON: i64 = 21;

/// True where a certificate that is good now ends soon.
pub(in crate::mail::smtp) fn is_soon(cert: &Certificate) -> bool {
    cert.days_left < SOON
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::mail::smtp) struct Fault {
    /// In a sentence.
    pub why: String,
    /// What to do.
    pub fix: String,
}

fn fault(why: impl Into<String>, fix: impl Into<String>) -> Fault {
    Fault { why: why.into(), fix: fix.into() }
}

/// What is wrong with a chain, worst first; empty where it is good.
pub(in crate::mail::smtp) fn faults(
    verdict: &Verdict,
    ders: &[CertificateDer<'static>],
    chain: &[Certificate],
    host: &ServerName<'_>,
    now: Timestamp,
) -> Vec<Fault> {
    let error = match verdict {
        Verdict::Good => return Vec::new(),
        Verdict::NotJudged(why) => {
            return vec![fault(
                format!("This computer could not judge the certificate: {why}"),
                format!(
                    "Install the system's trusted authorities (on Debian the package ca-certificates), or {}",
                    Setting::Authority.words()
                ),
            )];
        }
        Verdict::Bad(error) => error,
    };
    let mut found = Vec::new();
    if let Some(leaf) = chain.first() {
        dates(leaf, now, &mut found);
        let right_name = ders
            .first()
            .and_then(|der| ParsedCertificate::try_from(der).ok())
            .is_none_or(|parsed| rustls::client::verify_server_name(&parsed, host).is_ok());
        if !right_name {
            found.push(wrong_name(leaf, host));
        }
    }
    // Whom nobody vouches for is told before the day and the name.
    if let Some(more) = trust(error, ders, chain, found.is_empty()) {
        found.insert(0, more);
    }
    if found.is_empty() {
        let what = error.to_string();
        found.push(fault(
            format!("This computer does not accept the certificate: {what}"),
            "Look at the chain below, and renew the certificate where it is odd",
        ));
    }
    found
}

fn dates(leaf: &Certificate, now: Timestamp, found: &mut Vec<Fault>) {
    if now > leaf.not_after {
        found.push(fault(
            format!("The certificate has expired: it was good until {}", day(leaf.not_after)),
            "Renew the certificate on the server and load it there. If that date is still to come, set this computer's clock",
        ));
    }
    if now < leaf.not_before {
        found.push(fault(
            format!("The certificate is not valid yet: it is good from {} on", day(leaf.not_before)),
            format!(
                "Check this computer's clock, which says {}; if it is right, the certificate was made for later",
                day(now)
            ),
        ));
    }
}

fn wrong_name(leaf: &Certificate, host: &ServerName<'_>) -> Fault {
    let host = host.to_str();
    let names = match leaf.names.len() {
        0 => "no name at all".to_owned(),
        1..=5 => leaf.names.join(", "),
        more => format!("{} and {} more", leaf.names.iter().take(5).cloned().collect::<Vec<_>>().join(", "), more - 5),
    };
    let first = leaf.names.iter().find(|name| !name.starts_with('*')).or(leaf.names.first());
    let fix = match first {
        Some(name) => format!("Type a name the certificate has as server name ({name}), or get one for {host}"),
        None => format!("Get a certificate with {host} among its names: a common name alone does not count any more"),
    };
    fault(format!("The certificate is for another name: it is for {names}, and not for {host}"), fix)
}

/// What the verifier says beyond dates and names of the server's own certificate. `alone` where those are right.
fn trust(
    error: &CertificateError,
    ders: &[CertificateDer<'static>],
    chain: &[Certificate],
    alone: bool,
) -> Option<Fault> {
    let leaf = chain.first();
    let issuer = || leaf.map_or("an unknown authority", |leaf| leaf.issuer.as_str());
    let own_word = ders.first().is_some_and(|der| is_self_issued(der));
    match error {
        _ if own_word => Some(fault(
            "The certificate is self-signed: it vouches for itself, and the public does not trust it",
            "Get one of a public authority (Let's Encrypt is free): Kinde's servers have no way to trust this one",
        )),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } if alone => Some(fault(
            "A certificate further up the chain has expired",
            "Let the server send its authority's current intermediate certificate",
        )),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } if alone => {
            Some(fault("A certificate further up the chain is not valid yet", "Check this computer's clock"))
        }
        CertificateError::NotValidForName
        | CertificateError::NotValidForNameContext { .. }
        | CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => None,
        CertificateError::UnknownIssuer => Some(unknown_issuer(ders, chain)),
        CertificateError::Revoked => {
            Some(fault("The certificate was revoked by its authority", "Get a new certificate, with a new key"))
        }
        CertificateError::BadSignature => Some(fault(
            format!("The signature over the certificate is wrong: it is not {}'s", issuer()),
            "Load the certificate and its chain on the server once more",
        )),
        CertificateError::BadEncoding => {
            Some(fault("The certificate cannot be read", "Load the certificate on the server once more"))
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => Some(wrong_purpose()),
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            let signed = leaf.map_or("an old algorithm", |leaf| leaf.signature.as_str());
            Some(fault(
                format!("A certificate of the chain is signed with what is not trusted any more ({signed})"),
                "Get a certificate that is signed with SHA-256 or better",
            ))
        }
        // The platform's verifier has an error of its own for a certificate that is not for servers.
        CertificateError::Other(other) if other.to_string().to_lowercase().contains("invalid extensions") => {
            Some(wrong_purpose())
        }
        _ => None,
    }
}

fn wrong_purpose() -> Fault {
    fault("The certificate is not made for servers (extended key usage)", "Get a certificate for TLS servers")
}

/// Nobody known signed it: the chain is cut, or the authority is a private one.
fn unknown_issuer(ders: &[CertificateDer<'static>], chain: &[Certificate]) -> Fault {
    let top = chain.last();
    let issuer = top.map_or("an unknown authority", |top| top.issuer.as_str());
    let root_sent = ders.last().is_some_and(|der| is_self_issued(der));
    if root_sent {
        return fault(
            format!("The certificate comes from a private authority that the public does not trust: {issuer}"),
            "Get one of a public authority (Let's Encrypt is free). If a virus scanner or a proxy stands between, its name \
             is the authority's: then only this computer sees it",
        );
    }
    if let Some(url) = top.and_then(|top| top.ca_issuers.as_ref()) {
        return fault(
            format!("The intermediate certificate is missing: the server does not send the one of {issuer}"),
            format!("Let the server send the full chain (fullchain.pem). The missing one is at {url}"),
        );
    }
    fault(
        format!(
            "The issuer of the certificate is not known: {issuer} is a private authority, or its intermediate certificate is missing"
        ),
        "Let the server send the full chain (fullchain.pem); with a private authority get a certificate of a public one",
    )
}
