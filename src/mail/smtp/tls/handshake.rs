//! The handshake itself, and why one fails.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rustls::client::Resumption;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{AlertDescription, ClientConfig, ProtocolVersion};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::certificate;
use super::fault::{Fault, faults};
use super::verifier::{Recording, Trust};
use crate::mail::smtp::reply::readable;
use crate::mail::smtp::told::TlsFacts;
use crate::mail::smtp::wire::Tapped;

/// A connection that is secured, and what its certificate is worth.
pub(in crate::mail::smtp) struct Secured {
    pub stream: TlsStream<Tapped>,
    pub facts: TlsFacts,
    /// What is wrong with the certificate. Empty: it is good, and the password may follow.
    pub faults: Vec<Fault>,
}

/// Why there is no TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::mail::smtp) enum TlsTrouble {
    /// The server spoke plain text: its first words.
    PlainText(String),
    /// It knows TLS 1.1 at most.
    TooOld,
    /// It knows no cipher suite, group or signature of ours.
    NothingInCommon(String),
    /// It ended the connection, in the middle or at once.
    Cut,
    /// It answered with an alert.
    Alert(String),
    /// Its signature is wrong: whoever answers does not have the certificate's key.
    NotItsKey,
    /// Not ready in time.
    Slow(Duration),
    /// Anything else.
    Other(String),
}

/// The configuration of one connection.
fn config(trust: &Trust, recording: Arc<Recording>) -> Result<ClientConfig, rustls::Error> {
    let mut config = ClientConfig::builder_with_provider(Arc::clone(&trust.provider))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(recording)
        .with_no_client_auth();
    // Every check looks at the whole handshake.
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// Secures a connection. Whatever the certificate is worth, the handshake is carried to its end.
pub(in crate::mail::smtp) async fn handshake(
    socket: Tapped,
    name: ServerName<'static>,
    trust: &Trust,
    now: Timestamp,
    limit: Duration,
) -> Result<Secured, TlsTrouble> {
    let recording = Arc::new(Recording::new(trust.clone()));
    let config = config(trust, Arc::clone(&recording)).map_err(|error| TlsTrouble::Other(error.to_string()))?;
    let begun = Instant::now();
    let connecting = TlsConnector::from(Arc::new(config)).connect(name.clone(), socket).into_fallible();
    let stream = match tokio::time::timeout(limit, connecting).await {
        Ok(Ok(stream)) => stream,
        Ok(Err((error, socket))) => return Err(trouble(&error, socket.first())),
        Err(_) => return Err(TlsTrouble::Slow(limit)),
    };
    let (_, session) = stream.get_ref();
    let seen = recording.seen();
    let ders: Vec<CertificateDer<'static>> = seen.as_ref().map(|seen| seen.chain.clone()).unwrap_or_default();
    let chain: Vec<_> = ders.iter().filter_map(|der| certificate::read(der, now)).collect();
    let found = match &seen {
        Some(seen) => faults(&seen.verdict, &ders, &chain, &name, now),
        // Without a certificate nothing was proved.
        None => vec![Fault {
            why: "The server showed no certificate".to_owned(),
            fix: "Load a certificate on the server".to_owned(),
        }],
    };
    let version = match session.protocol_version() {
        Some(ProtocolVersion::TLSv1_3) => "TLS 1.3".to_owned(),
        Some(ProtocolVersion::TLSv1_2) => "TLS 1.2".to_owned(),
        Some(other) => format!("{other:?}"),
        None => "TLS".to_owned(),
    };
    let suite = session.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str()).unwrap_or("unknown");
    let facts = TlsFacts {
        version,
        suite: suite.to_owned(),
        group: session.negotiated_key_exchange_group().map(|group| format!("{:?}", group.name())),
        server_name: matches!(name, ServerName::DnsName(_)).then(|| name.to_str().into_owned()),
        ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        chain,
        faults: found.iter().map(|fault| fault.why.clone()).collect(),
    };
    Ok(Secured { stream, facts, faults: found })
}

/// The first flight of a handshake, for a port that may want TLS from the first byte.
pub(in crate::mail::smtp) fn hello(trust: &Trust, name: ServerName<'static>) -> Option<Vec<u8>> {
    let config = config(trust, Arc::new(Recording::new(trust.clone()))).ok()?;
    let mut session = rustls::ClientConnection::new(Arc::new(config), name).ok()?;
    let mut bytes = Vec::new();
    while session.wants_write() {
        session.write_tls(&mut bytes).ok()?;
    }
    Some(bytes)
}

/// Why a handshake failed; `first` is what the server sent first.
fn trouble(error: &std::io::Error, first: &[u8]) -> TlsTrouble {
    // A handshake record, or an alert: everything else is no TLS.
    let spoke_tls = matches!(first.first(), Some(0x14..=0x17)) && first.get(1).is_none_or(|major| *major == 3);
    if !first.is_empty() && !spoke_tls {
        let line = first.split(|byte| *byte == b'\n').next().unwrap_or_default();
        return TlsTrouble::PlainText(readable(line.strip_suffix(b"\r").unwrap_or(line)));
    }
    let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) else {
        return TlsTrouble::Cut;
    };
    match error {
        rustls::Error::AlertReceived(AlertDescription::ProtocolVersion) => TlsTrouble::TooOld,
        rustls::Error::AlertReceived(
            alert @ (AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity),
        ) => TlsTrouble::NothingInCommon(format!("alert {alert:?}")),
        rustls::Error::AlertReceived(alert) => TlsTrouble::Alert(format!("{alert:?}")),
        rustls::Error::PeerIncompatible(
            rustls::PeerIncompatible::ServerDoesNotSupportTls12Or13
            | rustls::PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        ) => TlsTrouble::TooOld,
        rustls::Error::PeerIncompatible(why) => TlsTrouble::NothingInCommon(format!("{why:?}")),
        rustls::Error::InvalidCertificate(rustls::CertificateError::BadSignature) => TlsTrouble::NotItsKey,
        rustls::Error::InvalidMessage(rustls::InvalidMessage::UnknownProtocolVersion) => TlsTrouble::TooOld,
        other => TlsTrouble::Other(other.to_string()),
    }
}
