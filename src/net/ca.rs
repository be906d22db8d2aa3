//! A certification authority in memory, for servers inside this program. The only file that names
//! rcgen.
//!
//! It is made when first needed and never stored; what a client needs to trust it can be had as PEM.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, SanType,
};

use crate::wire::secret::Secret;

/// Names of the host certificate.
const HOST_NAMES: &[&str] = &["localhost", "ehlo.test"];
/// Clocks differ: validity begins a day back.
const BACKDATED: Duration = Duration::from_secs(86_400);
const VALID: Duration = Duration::from_secs(365 * 86_400);

/// A CA and one host certificate, both made when first asked for.
#[derive(Default)]
pub struct Ca {
    authority: OnceLock<CertifiedIssuer<'static, KeyPair>>,
    host: OnceLock<Host>,
}

/// A certificate and its key.
#[derive(Debug)]
pub struct Host {
    /// The certificate, DER.
    pub cert: Vec<u8>,
    /// The key, PKCS #8 DER.
    pub key: Secret,
}

impl Host {
    /// Certificate and key in one text, as `--cert` reads them.
    pub fn pem(&self) -> Secret {
        let cert = super::tls::pem("CERTIFICATE", &self.cert);
        let key = super::tls::pem("PRIVATE KEY", self.key.expose());
        Secret::new(cert + &key)
    }
}

impl Ca {
    /// A CA that is yet to be made.
    pub fn new() -> Self {
        Self::default()
    }

    /// The CA's certificate, DER.
    pub fn der(&self) -> &[u8] {
        self.authority().der()
    }

    /// The CA's certificate, PEM, as `--ca-file` reads it.
    pub fn pem(&self) -> String {
        self.authority().pem()
    }

    /// The certificate for localhost, ehlo.test, 127.0.0.1 and ::1.
    pub fn host(&self) -> &Host {
        self.host.get_or_init(|| {
            let addresses = [
                IpAddr::from(Ipv4Addr::LOCALHOST),
                IpAddr::from(Ipv6Addr::LOCALHOST),
            ];
            let mut params = params("ehlo practice server");
            params.subject_alt_names = HOST_NAMES
                .iter()
                .map(|name| SanType::DnsName((*name).try_into().expect("the names are ASCII")))
                .chain(addresses.map(SanType::IpAddress))
                .collect();
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
            params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
            self.issue(&params)
        })
    }

    /// A client certificate for `user`, for EXTERNAL.
    pub fn client(&self, user: &str) -> Host {
        let mut params = params(user);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        self.issue(&params)
    }

    fn issue(&self, params: &CertificateParams) -> Host {
        let key = new_key();
        let cert = params
            .signed_by(&key, self.authority())
            .expect("the parameters are complete");
        Host {
            cert: cert.der().to_vec(),
            key: Secret::new(key.serialize_der()),
        }
    }

    fn authority(&self) -> &CertifiedIssuer<'static, KeyPair> {
        self.authority.get_or_init(|| {
            let mut params = params("ehlo practice CA");
            params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
            params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
            CertifiedIssuer::self_signed(params, new_key()).expect("the parameters are complete")
        })
    }
}

fn new_key() -> KeyPair {
    KeyPair::generate().expect("the system has random numbers")
}

fn params(common_name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    let now = SystemTime::now();
    // The library's own default lasts to the year 4096.
    params.not_before = (now - BACKDATED).into();
    params.not_after = (now + VALID).into();
    params.use_authority_key_identifier_extension = true;
    params
}

impl std::fmt::Debug for Ca {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ca")
    }
}
