//! Judging a certificate: every fault by itself, and nothing hidden behind the first one.
//!
//! The library's check stops at the first fault. So the parts are asked one by one: dates are read
//! from the certificates, the name is checked alone, and the chain is checked again at a moment when
//! all of it was valid. The verdict of a clean certificate is the library's alone.

use std::time::Duration;

use tokio_rustls::rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use tokio_rustls::rustls::crypto::WebPkiSupportedAlgorithms;
use tokio_rustls::rustls::pki_types::{CertificateDer, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{CertificateError, Error};

use super::fault::CertFault;
use super::names::Name;
use super::pins::Pin;
use super::report::Verdict;
use super::roots::Roots;
use crate::net::x509::CertInfo;
use crate::wire::show::{Charset, show};

/// RSA keys below this are refused, as the CA/Browser Forum and every browser do.
const RSA_BITS_AT_LEAST: usize = 2048;

/// Whom to trust, and for which name.
#[derive(Debug)]
pub(super) struct Judge {
    /// `None`: the machine's, read when a certificate is there to be judged.
    pub(super) roots: Option<Roots>,
    pub(super) expected: Option<Name>,
    pub(super) pins: Vec<Pin>,
    pub(super) algorithms: WebPkiSupportedAlgorithms,
}

impl Judge {
    pub(super) fn roots(&self) -> &Roots {
        self.roots.as_ref().unwrap_or_else(|| Roots::system())
    }

    /// The verdict on a chain at `now`.
    pub(super) fn judge(
        &self,
        chain: &[CertificateDer<'_>],
        infos: &[CertInfo],
        now: i64,
    ) -> Verdict {
        let (Some(leaf), Some(info)) = (chain.first(), infos.first()) else {
            return Verdict::Untrusted(vec![CertFault::Unreadable]);
        };
        if !self.pins.is_empty() {
            return if self.pins.iter().any(|pin| pin.fits(info)) {
                Verdict::Pinned
            } else {
                Verdict::Untrusted(vec![CertFault::PinMismatch {
                    has: info.pin_text(),
                }])
            };
        }
        if info.unreadable {
            return Verdict::Untrusted(vec![CertFault::Unreadable]);
        }
        let mut faults = dates(info, now);
        faults.extend(fitness(info));
        match ParsedCertificate::try_from(leaf) {
            Ok(parsed) => {
                faults.extend(self.name(&parsed, info));
                if !self.roots().exact.contains(leaf) {
                    faults.extend(self.chain(&parsed, &chain[1..], infos, now));
                }
            }
            Err(e) => faults.extend(self.told(&e, infos)),
        }
        let mut once: Vec<CertFault> = Vec::with_capacity(faults.len());
        for fault in faults {
            if !once.contains(&fault) {
                once.push(fault);
            }
        }
        if once.is_empty() {
            Verdict::Trusted {
                store: self.roots().label.clone(),
            }
        } else {
            Verdict::Untrusted(once)
        }
    }

    fn name(&self, parsed: &ParsedCertificate<'_>, info: &CertInfo) -> Option<CertFault> {
        let Some(expected) = &self.expected else {
            return Some(CertFault::NoName);
        };
        verify_server_name(parsed, &expected.to_rustls()).err()?;
        let expected = expected.to_string();
        Some(CertFault::WrongName {
            only_in_subject: info
                .common_name
                .as_deref()
                .is_some_and(|cn| cn.eq_ignore_ascii_case(&expected)),
            names: info.names.clone(),
            expected,
        })
    }

    fn chain(
        &self,
        leaf: &ParsedCertificate<'_>,
        rest: &[CertificateDer<'_>],
        infos: &[CertInfo],
        now: i64,
    ) -> Vec<CertFault> {
        let check = |at: i64| {
            let at = UnixTime::since_unix_epoch(Duration::from_secs(at.max(0).unsigned_abs()));
            verify_server_cert_signed_by_trust_anchor(
                leaf,
                &self.roots().store,
                rest,
                at,
                self.algorithms.all,
            )
        };
        if check(now).is_ok() {
            return Vec::new();
        }
        // When the leaf's own dates are the only trouble, the chain holds at another time.
        let stale = infos[1..].iter().find(|c| !dates(c, now).is_empty());
        let mut faults = Vec::new();
        if let Some(stale) = stale {
            let over = now > stale.not_after;
            faults.push(CertFault::IssuerOutOfDate {
                issuer: stale
                    .common_name
                    .clone()
                    .unwrap_or_else(|| stale.subject.clone()),
                on: if over {
                    stale.not_after
                } else {
                    stale.not_before
                },
            });
        }
        match check(shared_moment(infos)) {
            Ok(()) => {}
            Err(_) if infos[0].weak_hash => faults.extend(weak_hashes(infos)),
            Err(e) => {
                let weak = weak_hashes(infos);
                if weak.is_empty() {
                    faults.extend(self.told(&e, infos));
                } else {
                    faults.extend(weak);
                }
            }
        }
        faults
    }

    /// The library's fault in our words.
    fn told(&self, error: &Error, infos: &[CertInfo]) -> Option<CertFault> {
        let Error::InvalidCertificate(error) = error else {
            return Some(CertFault::Other(safe(&error.to_string())));
        };
        let leaf = &infos[0];
        Some(match error {
            CertificateError::UnknownIssuer => self.missing_issuer(infos),
            CertificateError::BadEncoding => CertFault::Unreadable,
            CertificateError::BadSignature => match short_issuer_key(infos) {
                Some(text) => CertFault::Other(text),
                None => CertFault::BadSignature,
            },
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
                CertFault::WrongPurpose {
                    purposes: leaf.purposes.clone().unwrap_or_default(),
                }
            }
            CertificateError::Other(other) => match other.to_string().as_str() {
                "CaUsedAsEndEntity" if leaf.self_issued => self.missing_issuer(infos),
                "CaUsedAsEndEntity" => CertFault::CaAsServer,
                "UnsupportedCertVersion" => CertFault::OldVersion(leaf.version),
                "NameConstraintViolation" => CertFault::Other(
                    "its issuer may not issue for this name (name constraints)".into(),
                ),
                "EndEntityUsedAsCa" => CertFault::Other(
                    "a certificate in its chain is no CA's and may not sign others".into(),
                ),
                "PathLenConstraintViolated" => CertFault::Other(
                    "a CA in its chain may not sign other CAs (path length)".into(),
                ),
                "UnsupportedCriticalExtension" => CertFault::Other(
                    "it has a critical extension that nobody here understands".into(),
                ),
                other => CertFault::Other(safe(other)),
            },
            other => CertFault::Other(safe(&other.to_string())),
        })
    }

    /// Follows the chain upwards, to the issuer that nobody here knows.
    fn missing_issuer(&self, infos: &[CertInfo]) -> CertFault {
        let store = self.roots().label.clone();
        let mut top = &infos[0];
        if top.self_issued {
            return CertFault::SelfSigned { store };
        }
        // At most one step for each certificate sent: a circle ends, too.
        for _ in infos {
            match infos.iter().find(|c| c.subject == top.issuer) {
                Some(next) if !next.self_issued => top = next,
                _ => break,
            }
        }
        CertFault::UnknownIssuer {
            issuer: top.issuer_name.clone(),
            store,
            alone: infos.len() == 1,
            url: infos[0].issuer_url.clone(),
        }
    }
}

fn safe(text: &str) -> String {
    show(text.as_bytes(), Charset::Unicode).into_owned()
}

fn dates(info: &CertInfo, now: i64) -> Vec<CertFault> {
    if let Some(days) = info.days_over(now) {
        return vec![CertFault::Expired {
            days,
            on: info.not_after,
        }];
    }
    if now < info.not_before {
        return vec![CertFault::NotYetValid {
            from: info.not_before,
        }];
    }
    Vec::new()
}

/// What is wrong with the leaf whoever issued it.
pub(super) fn fitness(info: &CertInfo) -> Vec<CertFault> {
    let mut faults = Vec::new();
    if info.version != 3 {
        faults.push(CertFault::OldVersion(info.version));
    }
    if let Some(bits) = info.rsa_bits.filter(|bits| *bits < RSA_BITS_AT_LEAST) {
        faults.push(CertFault::WeakKey { bits });
    }
    if !info.for_servers {
        faults.push(CertFault::WrongPurpose {
            purposes: info.purposes.clone().unwrap_or_default(),
        });
    }
    faults
}

fn weak_hashes(infos: &[CertInfo]) -> Vec<CertFault> {
    // A root's own signature is never checked, so its hash does not matter.
    let weak = infos
        .iter()
        .enumerate()
        .filter(|(n, c)| c.weak_hash && (*n == 0 || !c.self_issued));
    weak.map(|(n, c)| CertFault::WeakSignature {
        whose: if n == 0 {
            "it".into()
        } else {
            format!("its issuer \"{}\"", c.subject)
        },
        algorithm: c.signature.clone(),
    })
    .collect()
}

fn short_issuer_key(infos: &[CertInfo]) -> Option<String> {
    infos[1..].iter().find_map(|c| {
        let bits = c.rsa_bits.filter(|bits| *bits < RSA_BITS_AT_LEAST)?;
        Some(format!(
            "the RSA key of its issuer \"{}\" is too short ({bits} bits)",
            c.subject
        ))
    })
}

/// A moment at which the whole chain was valid, or the middle of the leaf's life.
fn shared_moment(infos: &[CertInfo]) -> i64 {
    let from = infos.iter().map(|c| c.not_before).max().unwrap_or_default();
    let to = infos.iter().map(|c| c.not_after).min().unwrap_or_default();
    let (from, to) = if from <= to {
        (from, to)
    } else {
        (infos[0].not_before, infos[0].not_after)
    };
    from + (to - from) / 2
}
