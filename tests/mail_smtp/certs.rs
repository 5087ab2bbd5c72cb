//! Certificates of every kind, made for the run: dated ones must not be kept.

use std::sync::{Arc, LazyLock};

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use time_of::day;

mod time_of {
    use jiff::{Timestamp, ToSpan as _, tz::TimeZone};

    /// Year, month and day, `days` from today.
    pub fn day(days: i64) -> (i32, u8, u8) {
        let date = Timestamp::now().to_zoned_datetime(TimeZone::UTC).date().checked_add(days.days()).unwrap();
        (i32::from(date.year()), date.month() as u8, date.day() as u8)
    }
}

/// An authority with its certificate.
pub struct Authority {
    pub der: CertificateDer<'static>,
    pub pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// The trusted root, its intermediate, and a root that nobody trusts.
pub struct Authorities {
    pub root: Authority,
    pub intermediate: Authority,
    pub private: Authority,
}

pub static ALL: LazyLock<Authorities> = LazyLock::new(|| {
    let root = authority("Test Root", None);
    let intermediate = authority("Test Intermediate", Some(&root));
    Authorities { private: authority("Acme Private Root", None), intermediate, root }
});

fn named(common: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common);
    name
}

fn valid(params: &mut CertificateParams, from: i64, to: i64) {
    let ((year, month, date), (last_year, last_month, last_date)) = (day(from), day(to));
    params.not_before = rcgen::date_time_ymd(year, month, date);
    params.not_after = rcgen::date_time_ymd(last_year, last_month, last_date);
}

fn authority(common: &str, by: Option<&Authority>) -> Authority {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name = named(common);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    valid(&mut params, -30, 3650);
    let cert = match by {
        Some(by) => params.signed_by(&key, &by.issuer).unwrap(),
        None => params.self_signed(&key).unwrap(),
    };
    Authority { der: cert.der().clone(), pem: cert.pem(), issuer: Issuer::new(params, key) }
}

/// What a server's certificate is like.
#[derive(Clone)]
pub struct Kind {
    pub names: Vec<&'static str>,
    pub from: i64,
    pub to: i64,
    pub signer: Signer,
    /// Where the issuer's certificate can be had.
    pub ca_issuers: Option<&'static str>,
    pub purpose: ExtendedKeyUsagePurpose,
    /// The certificates sent after the server's own.
    pub sent: Vec<CertificateDer<'static>>,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Signer {
    Root,
    Intermediate,
    Private,
    Itself,
}

impl Kind {
    /// One that is good: by the root, for this computer, for 90 days.
    pub fn good() -> Self {
        Self {
            names: vec!["localhost", "smtp.acme.test", "127.0.0.1", "::1"],
            from: -2,
            to: 90,
            signer: Signer::Root,
            ca_issuers: None,
            purpose: ExtendedKeyUsagePurpose::ServerAuth,
            sent: Vec::new(),
        }
    }

    /// The certificate, its key, and both as PEM.
    pub fn make(&self) -> Made {
        let key = KeyPair::generate().unwrap();
        let mut params =
            CertificateParams::new(self.names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
        params.distinguished_name = named("mail server");
        params.extended_key_usages = vec![self.purpose.clone()];
        valid(&mut params, self.from, self.to);
        if let Some(url) = self.ca_issuers {
            params.custom_extensions.push(authority_information(url));
        }
        let cert: Certificate = match self.signer {
            Signer::Root => params.signed_by(&key, &ALL.root.issuer).unwrap(),
            Signer::Intermediate => params.signed_by(&key, &ALL.intermediate.issuer).unwrap(),
            Signer::Private => params.signed_by(&key, &ALL.private.issuer).unwrap(),
            Signer::Itself => params.self_signed(&key).unwrap(),
        };
        let chain = std::iter::once(cert.der().clone()).chain(self.sent.iter().cloned()).collect();
        Made { chain, key: key.serialize_der(), cert_pem: cert.pem(), key_pem: key.serialize_pem() }
    }
}

/// A certificate with its key.
pub struct Made {
    chain: Vec<CertificateDer<'static>>,
    key: Vec<u8>,
    pub cert_pem: String,
    pub key_pem: String,
}

impl Made {
    /// A TLS server with it.
    pub fn server(self) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(self.chain, PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key)))
            .unwrap();
        Arc::new(config)
    }
}

/// A TLS server with a good certificate, made once.
pub fn good() -> Arc<ServerConfig> {
    static GOOD: LazyLock<Arc<ServerConfig>> = LazyLock::new(|| Kind::good().make().server());
    Arc::clone(&GOOD)
}

/// Authority Information Access with one caIssuers address (RFC 5280 §4.2.2.1).
fn authority_information(url: &str) -> CustomExtension {
    let wrap = |tag: u8, inner: Vec<u8>| {
        assert!(inner.len() < 128);
        let mut out = vec![tag, inner.len() as u8];
        out.extend(inner);
        out
    };
    let method = vec![0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x02];
    let access = wrap(0x30, [method, wrap(0x86, url.as_bytes().to_vec())].concat());
    CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], wrap(0x30, access))
}
