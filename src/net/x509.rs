//! Reading certificates. The only file that names x509-parser.
//!
//! A certificate is a stranger's text: every string that leaves here has passed `wire::show`, and a
//! certificate that cannot be read is described as such instead of failing anything. Whether it is
//! to be trusted is judged in `tls::verify`, not here.

use std::net::{Ipv4Addr, Ipv6Addr};

use sha2::{Digest as _, Sha256, Sha384, Sha512};
use x509_parser::der_parser::asn1_rs::Oid;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::{FromDer as _, X509Certificate, X509Version};
use x509_parser::public_key::PublicKey;
use x509_parser::signature_algorithm::SignatureAlgorithm;
use x509_parser::time::ASN1Time;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo, X509Name};

use crate::wire::show::{Charset, show};

/// Names of one certificate kept for the screen: some have thousands.
const NAMES_KEPT: usize = 200;
const SECONDS_A_DAY: i64 = 86_400;

/// What a certificate says, as text that is safe to show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CertInfo {
    /// The subject, such as `CN=mail.example.org`.
    pub subject: String,
    /// The subject's common name, where it has one.
    pub common_name: Option<String>,
    /// The subject alternative names, DNS and IP, as they stand (RFC 5280 4.2.1.6).
    pub names: Vec<String>,
    /// The issuer, such as `O=Example, CN=Example Test CA`.
    pub issuer: String,
    /// The issuer in one name: its common name, else its organisation, else all of it.
    pub issuer_name: String,
    /// Kind and size of the key, such as `RSA 2048` or `ECDSA P-256`.
    pub key: String,
    /// The size of an RSA key in bits; `None` for other kinds.
    pub rsa_bits: Option<usize>,
    /// How the issuer signed, such as `RSA with SHA-256`.
    pub signature: String,
    /// True when the signature's hash is broken (MD5, SHA-1).
    pub weak_hash: bool,
    /// Start of validity, seconds since 1970.
    pub not_before: i64,
    /// End of validity, seconds since 1970.
    pub not_after: i64,
    /// X.509 version: 3 is the one in use.
    pub version: u32,
    /// True for a CA's certificate (basic constraints).
    pub is_ca: bool,
    /// True when subject and issuer are the same.
    pub self_issued: bool,
    /// What the key may be used for, where that is limited (extended key usage).
    pub purposes: Option<Vec<String>>,
    /// True when it may be used for a server.
    pub for_servers: bool,
    /// Where the issuer's certificate can be had (RFC 5280 4.2.2.1).
    pub issuer_url: Option<String>,
    /// The serial number in hexadecimal.
    pub serial: String,
    /// SHA-256 of the whole certificate.
    pub fingerprint: [u8; 32],
    /// SHA-256 of the public key (SubjectPublicKeyInfo), as pins and TLSA 3 1 1 have it.
    pub spki: [u8; 32],
    /// The certificate as it was sent.
    pub der: Vec<u8>,
    /// True when it could not be read: only `der` and `fingerprint` mean anything then.
    pub unreadable: bool,
}

impl CertInfo {
    /// Reads a certificate. Never fails: see `unreadable`.
    pub fn read(der: &[u8]) -> Self {
        let blank = Self {
            subject: "(unreadable)".into(),
            fingerprint: Sha256::digest(der).into(),
            der: der.to_vec(),
            unreadable: true,
            ..Self::default()
        };
        match X509Certificate::from_der(der) {
            Ok((_, cert)) => Self::of(&cert, blank),
            Err(_) => blank,
        }
    }

    fn of(cert: &X509Certificate<'_>, blank: Self) -> Self {
        let eku = cert.extended_key_usage().ok().flatten().map(|e| e.value);
        let (key, rsa_bits) = key(cert.public_key());
        let (signature, weak_hash) = signature(&cert.signature_algorithm);
        Self {
            subject: name(cert.subject()),
            common_name: first(cert.subject().iter_common_name()),
            names: names(cert),
            issuer: name(cert.issuer()),
            issuer_name: first(cert.issuer().iter_common_name())
                .or_else(|| first(cert.issuer().iter_organization()))
                .unwrap_or_else(|| name(cert.issuer())),
            key,
            rsa_bits,
            signature,
            weak_hash,
            not_before: cert.validity().not_before.timestamp(),
            not_after: cert.validity().not_after.timestamp(),
            version: match cert.version() {
                X509Version(n) => n.saturating_add(1),
            },
            is_ca: cert.is_ca(),
            self_issued: cert.subject().as_raw() == cert.issuer().as_raw(),
            for_servers: eku.is_none_or(|e| e.any || e.server_auth),
            purposes: eku.map(|e| {
                let known = [
                    (e.any, "anything"),
                    (e.server_auth, "servers"),
                    (e.client_auth, "clients"),
                    (e.code_signing, "code signing"),
                    (e.email_protection, "e-mail"),
                    (e.time_stamping, "time stamping"),
                    (e.ocsp_signing, "OCSP"),
                ];
                let known = known.iter().filter(|(yes, _)| *yes);
                known
                    .map(|(_, what)| (*what).to_owned())
                    .chain(e.other.iter().map(|oid| safe(&oid.to_string())))
                    .collect()
            }),
            issuer_url: issuer_url(cert),
            serial: safe(&cert.raw_serial_as_string()),
            spki: Sha256::digest(cert.public_key().raw).into(),
            unreadable: false,
            ..blank
        }
    }

    /// Whole days from `now` to the end of validity; negative when it is over.
    pub fn days_left(&self, now: i64) -> i64 {
        (self.not_after - now).div_euclid(SECONDS_A_DAY)
    }

    /// Whole days since the end of validity; `None` until it is over.
    pub fn days_over(&self, now: i64) -> Option<i64> {
        (now > self.not_after).then(|| (now - self.not_after) / SECONDS_A_DAY)
    }

    /// The SHA-256 fingerprint with colons, as other tools print it.
    pub fn fingerprint_text(&self) -> String {
        let pairs: Vec<String> = self
            .fingerprint
            .iter()
            .map(|b| format!("{b:02X}"))
            .collect();
        pairs.join(":")
    }

    /// What `--pin` takes for this key.
    pub fn pin_text(&self) -> String {
        let digits: String = self.spki.iter().map(|b| format!("{b:02x}")).collect();
        format!("sha256:{digits}")
    }

    /// The hash that the channel binding `tls-server-end-point` is made of: of the signature, with
    /// MD5 and SHA-1 replaced by SHA-256 (RFC 5929 4.1). `None` where that is not defined.
    pub fn end_point(&self) -> Option<Vec<u8>> {
        let (_, cert) = X509Certificate::from_der(&self.der).ok()?;
        let hash = match SignatureAlgorithm::try_from(&cert.signature_algorithm).ok()? {
            SignatureAlgorithm::ED25519 => return None,
            SignatureAlgorithm::RSASSA_PSS(params) => params.hash_algorithm_oid().to_id_string(),
            _ => cert.signature_algorithm.algorithm.to_id_string(),
        };
        Some(match hash.as_str() {
            "1.2.840.113549.1.1.12" | "1.2.840.10045.4.3.3" | "2.16.840.1.101.3.4.2.2" => {
                Sha384::digest(&self.der).to_vec()
            }
            "1.2.840.113549.1.1.13" | "1.2.840.10045.4.3.4" | "2.16.840.1.101.3.4.2.3" => {
                Sha512::digest(&self.der).to_vec()
            }
            _ => Sha256::digest(&self.der).to_vec(),
        })
    }
}

/// A day as `2026-11-08`, in UTC.
pub fn day(seconds: i64) -> String {
    ASN1Time::from_timestamp(seconds).map_or_else(
        |_| "(no date)".to_owned(),
        |time| time.to_datetime().date().to_string(),
    )
}

fn safe(text: &str) -> String {
    show(text.as_bytes(), Charset::Unicode).into_owned()
}

fn name(name: &X509Name<'_>) -> String {
    let text = safe(&name.to_string());
    if text.is_empty() {
        "(empty)".into()
    } else {
        text
    }
}

fn first<'a>(
    mut parts: impl Iterator<Item = &'a x509_parser::x509::AttributeTypeAndValue<'a>>,
) -> Option<String> {
    parts.next().and_then(|part| part.as_str().ok()).map(safe)
}

fn names(cert: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(san)) = cert.subject_alternative_name() else {
        return Vec::new();
    };
    let names = san.value.general_names.iter();
    names
        .filter_map(|name| match name {
            GeneralName::DNSName(dns) => Some(safe(dns)),
            GeneralName::IPAddress(octets) => match <[u8; 4]>::try_from(*octets) {
                Ok(v4) => Some(Ipv4Addr::from(v4).to_string()),
                Err(_) => <[u8; 16]>::try_from(*octets)
                    .ok()
                    .map(|v6| Ipv6Addr::from(v6).to_string()),
            },
            _ => None,
        })
        .take(NAMES_KEPT)
        .collect()
}

fn issuer_url(cert: &X509Certificate<'_>) -> Option<String> {
    let access = cert
        .iter_extensions()
        .find_map(|e| match e.parsed_extension() {
            ParsedExtension::AuthorityInfoAccess(access) => Some(access),
            _ => None,
        })?;
    access
        .accessdescs
        .iter()
        .find_map(|d| match d.access_location {
            GeneralName::URI(url) if d.access_method.to_id_string() == "1.3.6.1.5.5.7.48.2" => {
                Some(safe(url))
            }
            _ => None,
        })
}

fn key(spki: &SubjectPublicKeyInfo<'_>) -> (String, Option<usize>) {
    if let Ok(PublicKey::RSA(rsa)) = spki.parsed() {
        let bits = rsa.key_size();
        return (format!("RSA {bits}"), Some(bits));
    }
    let id = spki.algorithm.algorithm.to_id_string();
    let text = match id.as_str() {
        // The size that the parser computes is wrong for P-521: the curve is in the parameters.
        "1.2.840.10045.2.1" => match curve(&spki.algorithm).as_deref() {
            Some("1.2.840.10045.3.1.7") => "ECDSA P-256".into(),
            Some("1.3.132.0.34") => "ECDSA P-384".into(),
            Some("1.3.132.0.35") => "ECDSA P-521".into(),
            Some(other) => format!("ECDSA on curve {other}"),
            None => "ECDSA on an unnamed curve".into(),
        },
        "1.2.840.10040.4.1" => "DSA".into(),
        "1.3.101.112" => "Ed25519".into(),
        "1.3.101.113" => "Ed448".into(),
        "2.16.840.1.101.3.4.3.17" => "ML-DSA-44".into(),
        "2.16.840.1.101.3.4.3.18" => "ML-DSA-65".into(),
        "2.16.840.1.101.3.4.3.19" => "ML-DSA-87".into(),
        other => format!("key of kind {other}"),
    };
    (text, None)
}

fn curve(algorithm: &AlgorithmIdentifier<'_>) -> Option<String> {
    Oid::try_from(algorithm.parameters.as_ref()?)
        .ok()
        .map(|oid| oid.to_id_string())
}

/// Signature algorithms by number: name, and whether the hash is broken.
const SIGNATURES: &[(&str, &str, bool)] = &[
    ("1.2.840.113549.1.1.2", "RSA with MD2", true),
    ("1.2.840.113549.1.1.4", "RSA with MD5", true),
    ("1.2.840.113549.1.1.5", "RSA with SHA-1", true),
    ("1.2.840.113549.1.1.10", "RSA-PSS", false),
    ("1.2.840.113549.1.1.11", "RSA with SHA-256", false),
    ("1.2.840.113549.1.1.12", "RSA with SHA-384", false),
    ("1.2.840.113549.1.1.13", "RSA with SHA-512", false),
    ("1.2.840.10040.4.3", "DSA with SHA-1", true),
    ("1.2.840.10045.4.1", "ECDSA with SHA-1", true),
    ("1.2.840.10045.4.3.2", "ECDSA with SHA-256", false),
    ("1.2.840.10045.4.3.3", "ECDSA with SHA-384", false),
    ("1.2.840.10045.4.3.4", "ECDSA with SHA-512", false),
    ("1.3.101.112", "Ed25519", false),
    ("1.3.101.113", "Ed448", false),
    ("2.16.840.1.101.3.4.3.17", "ML-DSA-44", false),
    ("2.16.840.1.101.3.4.3.18", "ML-DSA-65", false),
    ("2.16.840.1.101.3.4.3.19", "ML-DSA-87", false),
];

fn signature(algorithm: &AlgorithmIdentifier<'_>) -> (String, bool) {
    let id = algorithm.algorithm.to_id_string();
    SIGNATURES.iter().find(|(oid, ..)| *oid == id).map_or_else(
        || (format!("algorithm {id}"), false),
        |(_, name, weak)| ((*name).to_owned(), *weak),
    )
}

/// How long ago the validity ended, in whole days: said in one way wherever it is said.
pub fn expired(days: i64) -> String {
    match days {
        0 => "expired today".to_owned(),
        1 => "expired yesterday".to_owned(),
        days => format!("expired {days} days ago"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_is_described() {
        let info = CertInfo::read(b"\x30\x03\x02\x01\x01");
        assert!(info.unreadable);
        assert_eq!(info.subject, "(unreadable)");
    }

    #[test]
    fn days() {
        assert_eq!(day(0), "1970-01-01");
        assert_eq!(day(1_794_096_000), "2026-11-08");
        let info = CertInfo {
            not_after: 10 * SECONDS_A_DAY,
            ..CertInfo::default()
        };
        assert_eq!(info.days_left(9 * SECONDS_A_DAY + 1), 0);
        assert_eq!(info.days_left(10 * SECONDS_A_DAY + 1), -1);
        assert_eq!(info.days_over(10 * SECONDS_A_DAY), None);
        assert_eq!(info.days_over(10 * SECONDS_A_DAY + 1), Some(0));
        assert_eq!(info.days_over(11 * SECONDS_A_DAY), Some(1));
    }
}
