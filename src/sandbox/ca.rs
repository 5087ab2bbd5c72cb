//! The certificates of the HTTPS address and the mail server: a local authority, kept, and a server certificate made at
//! every start.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

use super::error::SandboxError;
use crate::store::write_private;

const CERT: &str = "ca.pem";
const KEY: &str = "ca-key.pem";

/// Where the authority's certificate is: what a client is told to trust.
pub fn cert_path(dir: &Path) -> PathBuf {
    dir.join(CERT)
}

/// What answers a TLS handshake.
pub struct Acceptors {
    /// At the HTTPS address.
    pub https: TlsAcceptor,
    /// At the mail server: by the same certificate.
    pub smtp: TlsAcceptor,
}

/// The acceptors, both by a new certificate. Makes the authority of `dir` where there is none. Blocking.
pub fn acceptors(dir: &Path, now: Timestamp) -> Result<Acceptors, SandboxError> {
    let machine = |error: &dyn std::fmt::Display| SandboxError::Machine(format!("making certificates: {error}"));
    let authority = authority(dir, now)?;
    let key = KeyPair::generate().map_err(|error| machine(&error))?;
    let mut params = CertificateParams::new(["127.0.0.1", "::1", "localhost"].map(str::to_owned))
        .map_err(|error| machine(&error))?;
    params.distinguished_name = name("Kinde Panel sandbox");
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    valid(&mut params, day(now, -2), day(now, 396));
    let cert = params.signed_by(&key, &authority).map_err(|error| machine(&error))?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let smtp = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| machine(&error))?
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .map_err(|error| machine(&error))?;
    let mut https = smtp.clone();
    https.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Acceptors { https: TlsAcceptor::from(Arc::new(https)), smtp: TlsAcceptor::from(Arc::new(smtp)) })
}

/// The kept authority; made anew where it is missing or its key cannot be read.
fn authority(dir: &Path, now: Timestamp) -> Result<Issuer<'static, KeyPair>, SandboxError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = name("Kinde Panel sandbox authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    valid(&mut params, day(now, -2), day(now, 3650));
    // An issuer needs the name and the key of its certificate and nothing else of it.
    if dir.join(CERT).is_file()
        && let Ok(key) = std::fs::read_to_string(dir.join(KEY))
        && let Ok(key) = KeyPair::from_pem(&key)
    {
        return Ok(Issuer::new(params, key));
    }
    let machine = |error: rcgen::Error| SandboxError::Machine(format!("making certificates: {error}"));
    let key = KeyPair::generate().map_err(machine)?;
    let cert = params.self_signed(&key).map_err(machine)?;
    write_private(&dir.join(KEY), key.serialize_pem().as_bytes())?;
    write_private(&dir.join(CERT), cert.pem().as_bytes())?;
    Ok(Issuer::new(params, key))
}

fn valid(params: &mut CertificateParams, from: (i32, u8, u8), to: (i32, u8, u8)) {
    params.not_before = rcgen::date_time_ymd(from.0, from.1, from.2);
    params.not_after = rcgen::date_time_ymd(to.0, to.1, to.2);
}

fn name(common: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common);
    name
}

/// Year, month and day in UTC, `days` from `now`.
fn day(now: Timestamp, days: i64) -> (i32, u8, u8) {
    let date = now.to_zoned_datetime(TimeZone::UTC).date();
    let date = date.checked_add(days.days()).unwrap_or(date);
    (i32::from(date.year()), u8::try_from(date.month()).unwrap_or(1), u8::try_from(date.day()).unwrap_or(1))
}
