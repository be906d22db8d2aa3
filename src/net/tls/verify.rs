//! rustls's view of the judge: what is decided while the handshake runs, and what waits until it is
//! done (docs/decisions/0002).

use std::sync::Arc;

use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme,
};

use super::fault::CertFault;
use super::judge::{Judge, fitness};
use super::report::Verdict;
use crate::net::x509::CertInfo;

/// What to do about a certificate that is not trusted, while the handshake runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Posture {
    /// Look at anything (`--insecure`).
    Insecure,
    /// Finish the handshake, so that a person can be shown everything and asked; the connection is
    /// held until then.
    Ask,
    /// End the handshake: a client certificate would be used else.
    Strict,
}

/// The verdict of a handshake that the verifier ended.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) verdict: Verdict,
    pub(super) chain: Vec<CertInfo>,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the certificate is not trusted")
    }
}

impl std::error::Error for Refused {}

/// rustls's view of the judge.
#[derive(Debug)]
pub(super) struct Verifier {
    pub(super) judge: Arc<Judge>,
    pub(super) posture: Posture,
}

impl Verifier {
    fn signed(
        &self,
        outcome: Result<HandshakeSignatureValid, Error>,
    ) -> Result<HandshakeSignatureValid, Error> {
        match self.posture {
            // Keys that the library does not check (RSA 1024, version 1) can be looked at still: the
            // verdict says what is wrong with them.
            Posture::Insecure => Ok(HandshakeSignatureValid::assertion()),
            Posture::Ask | Posture::Strict => outcome,
        }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let go_on = match self.posture {
            Posture::Insecure => true,
            // The verdict is formed when the handshake is done; but a key that cannot prove itself
            // ends it here, with its own reason.
            Posture::Ask => {
                let leaf = CertInfo::read(end_entity);
                !leaf.unreadable && !fitness(&leaf).iter().any(CertFault::is_fatal)
            }
            Posture::Strict => false,
        };
        if go_on {
            return Ok(ServerCertVerified::assertion());
        }
        let mut chain = vec![end_entity.clone()];
        chain.extend_from_slice(intermediates);
        let infos: Vec<_> = chain.iter().map(|der| CertInfo::read(der)).collect();
        let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        match self.judge.judge(&chain, &infos, now) {
            verdict @ Verdict::Untrusted(_) => {
                let refused = Refused {
                    verdict,
                    chain: infos,
                };
                Err(CertificateError::Other(OtherError(Arc::new(refused))).into())
            }
            Verdict::Trusted { .. } | Verdict::Pinned | Verdict::NotChecked => {
                Ok(ServerCertVerified::assertion())
            }
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed(verify_tls12_signature(
            message,
            cert,
            dss,
            &self.judge.algorithms,
        ))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed(verify_tls13_signature(
            message,
            cert,
            dss,
            &self.judge.algorithms,
        ))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.judge.algorithms.supported_schemes()
    }
}
