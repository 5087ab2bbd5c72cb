//! A verifier that asks the platform's own, remembers the answer and lets the handshake go on.
//!
//! Letting it go on only means that the report is complete: the verdict it remembers is what decides. Signatures of the
//! handshake are checked as always, and break it where they are wrong: without them a certificate would prove nothing.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _};
use rustls::{CertificateError, DigitallySignedStruct, SignatureScheme};
use rustls_platform_verifier::Verifier;

use crate::error::{Category, UserError};

/// What this computer trusts.
#[derive(Debug, Clone)]
pub(in crate::mail::smtp) struct Trust {
    /// The only provider of TLS there is.
    pub provider: Arc<CryptoProvider>,
    /// The platform's verifier with the extra roots, or why there is none.
    real: Result<Arc<Verifier>, String>,
}

impl Trust {
    /// Reads the platform's trust store. Blocking.
    pub fn load(extra: Vec<CertificateDer<'static>>) -> Self {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let real = Verifier::new_with_extra_roots(extra, Arc::clone(&provider));
        Self { provider, real: real.map(Arc::new).map_err(|error| error.to_string()) }
    }
}

/// What was thought of a chain.
#[derive(Debug, Clone)]
pub(in crate::mail::smtp) enum Verdict {
    /// It is good.
    Good,
    /// The platform refuses it.
    Bad(CertificateError),
    /// Nothing can be said: there is no trust store, or the verifier failed in itself.
    NotJudged(String),
}

/// What came in a handshake.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    /// The server's certificates as they came, its own first.
    pub chain: Vec<CertificateDer<'static>>,
    pub verdict: Verdict,
}

/// The verifier of one handshake.
#[derive(Debug)]
pub(super) struct Recording {
    trust: Trust,
    seen: Mutex<Option<Seen>>,
}

impl Recording {
    pub fn new(trust: Trust) -> Self {
        Self { trust, seen: Mutex::new(None) }
    }

    /// What came, once it has.
    pub fn seen(&self) -> Option<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ServerCertVerifier for Recording {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verdict = match &self.trust.real {
            Err(why) => Verdict::NotJudged(why.clone()),
            Ok(real) => match real.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
                Ok(_) => Verdict::Good,
                Err(rustls::Error::InvalidCertificate(error)) => Verdict::Bad(error),
                Err(error) => Verdict::NotJudged(error.to_string()),
            },
        };
        let chain = std::iter::once(end_entity).chain(intermediates).map(|der| der.clone().into_owned()).collect();
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(Seen { chain, verdict });
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.trust.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.trust.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.trust.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// The certificates in a file: PEM, any number of them, or one in DER.
///
/// # Errors
/// When there is none in it, or one that cannot be a root.
pub fn read_roots(file: &[u8]) -> Result<Vec<CertificateDer<'static>>, UserError> {
    let none = |detail: &str| {
        UserError::new(Category::File, "There is no certificate to trust in the file")
            .detail(detail.to_owned())
            .hint("Give the authority's own certificate, as PEM (-----BEGIN CERTIFICATE-----) or DER")
    };
    let found: Vec<CertificateDer<'static>> = if file.windows(11).any(|part| part == b"-----BEGIN ") {
        CertificateDer::pem_slice_iter(file)
            .collect::<Result<_, _>>()
            .map_err(|error| none(&format!("Its PEM is broken: {error}")))?
    } else {
        vec![CertificateDer::from(file.to_vec())]
    };
    if found.is_empty() {
        return Err(none("What stands in it is no certificate"));
    }
    let mut roots = rustls::RootCertStore::empty();
    for der in &found {
        roots.add(der.clone()).map_err(|_| none("What stands in it is no certificate that can be trusted"))?;
    }
    Ok(found)
}
