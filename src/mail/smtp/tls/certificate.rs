//! What stands in a certificate, for people.

use std::net::IpAddr;

use jiff::Timestamp;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::oid_registry::{
    OID_EC_P256, OID_NIST_EC_P384, OID_NIST_EC_P521, OID_PKIX_ACCESS_DESCRIPTOR_CA_ISSUERS, OID_SIG_ED25519,
};
use x509_parser::prelude::{FromDer as _, X509Certificate};
use x509_parser::public_key::PublicKey;

use crate::mail::smtp::told::Certificate;

/// Reads one certificate; `None` where it is none.
pub(super) fn read(der: &[u8], now: Timestamp) -> Option<Certificate> {
    let (_, cert) = X509Certificate::from_der(der).ok()?;
    let time = |at: i64| Timestamp::from_second(at).unwrap_or(Timestamp::UNIX_EPOCH);
    let (not_before, not_after) =
        (time(cert.validity.not_before.timestamp()), time(cert.validity.not_after.timestamp()));
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, der);
    Some(Certificate {
        subject: cert.subject.to_string(),
        issuer: cert.issuer.to_string(),
        names: names(&cert),
        serial: pairs(cert.raw_serial()),
        sha256: pairs(digest.as_ref()),
        key: key(&cert),
        signature: signature(&cert),
        not_before,
        not_after,
        days_left: not_after.as_second().saturating_sub(now.as_second()).div_euclid(86_400),
        ca_issuers: ca_issuers(&cert),
    })
}

/// True where a certificate names itself as its issuer.
pub(super) fn is_self_issued(der: &[u8]) -> bool {
    X509Certificate::from_der(der).is_ok_and(|(_, cert)| cert.subject.as_raw() == cert.issuer.as_raw())
}

fn pairs(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}

fn names(cert: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = cert.subject_alternative_name() else { return Vec::new() };
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => <[u8; 4]>::try_from(*bytes).ok().map(|bytes| IpAddr::from(bytes).to_string()),
            16 => <[u8; 16]>::try_from(*bytes).ok().map(|bytes| IpAddr::from(bytes).to_string()),
            _ => None,
        },
        _ => None,
    };
    extension.value.general_names.iter().filter_map(name).collect()
}

fn key(cert: &X509Certificate<'_>) -> String {
    let info = cert.public_key();
    match info.parsed() {
        Ok(PublicKey::RSA(rsa)) => format!("RSA {}", rsa.key_size()),
        Ok(PublicKey::EC(_)) => {
            let curve = info.algorithm.parameters.as_ref().and_then(|any| any.as_oid().ok());
            match curve {
                Some(oid) if oid == OID_EC_P256 => "ECDSA P-256".to_owned(),
                Some(oid) if oid == OID_NIST_EC_P384 => "ECDSA P-384".to_owned(),
                Some(oid) if oid == OID_NIST_EC_P521 => "ECDSA P-521".to_owned(),
                Some(oid) => format!("ECDSA, curve {oid}"),
                None => "ECDSA".to_owned(),
            }
        }
        _ if info.algorithm.algorithm == OID_SIG_ED25519 => "Ed25519".to_owned(),
        _ => format!("algorithm {}", info.algorithm.algorithm),
    }
}

/// The signature's algorithm by its number (RFC 8017, RFC 5758, RFC 8410).
fn signature(cert: &X509Certificate<'_>) -> String {
    let oid = cert.signature_algorithm.algorithm.to_id_string();
    match oid.as_str() {
        "1.2.840.113549.1.1.4" => "MD5 with RSA",
        "1.2.840.113549.1.1.5" => "SHA-1 with RSA",
        "1.2.840.113549.1.1.11" => "SHA-256 with RSA",
        "1.2.840.113549.1.1.12" => "SHA-384 with RSA",
        "1.2.840.113549.1.1.13" => "SHA-512 with RSA",
        "1.2.840.113549.1.1.10" => "RSA-PSS",
        "1.2.840.10045.4.1" => "SHA-1 with ECDSA",
        "1.2.840.10045.4.3.2" => "SHA-256 with ECDSA",
        "1.2.840.10045.4.3.3" => "SHA-384 with ECDSA",
        "1.2.840.10045.4.3.4" => "SHA-512 with ECDSA",
        "1.3.101.112" => "Ed25519",
        _ => return format!("algorithm {oid}"),
    }
    .to_owned()
}

/// Where the issuer's certificate can be had (RFC 5280 §4.2.2.1).
fn ca_issuers(cert: &X509Certificate<'_>) -> Option<String> {
    cert.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityInfoAccess(info) => info.accessdescs.iter().find_map(|access| {
            let is_issuer = access.access_method == OID_PKIX_ACCESS_DESCRIPTOR_CA_ISSUERS;
            match access.access_location {
                GeneralName::URI(uri) if is_issuer => Some(uri.to_owned()),
                _ => None,
            }
        }),
        _ => None,
    })
}
