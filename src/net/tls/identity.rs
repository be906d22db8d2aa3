//! The client's own certificate, and whether the server wanted one.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio_rustls::rustls::SignatureScheme;
use tokio_rustls::rustls::client::ResolvesClientCert;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::sign::CertifiedKey;

use super::roots::{PEM_MAX, read_certs};
use crate::bounded;
use crate::error::Error;

/// Answers a server's request for a certificate, and remembers that there was one.
#[derive(Debug)]
pub(super) struct Identity {
    key: Option<Arc<CertifiedKey>>,
    asked: AtomicBool,
}

impl Identity {
    pub(super) fn none() -> Self {
        Self {
            key: None,
            asked: AtomicBool::new(false),
        }
    }

    /// Reads `--cert` and `--key`; the key may stand in the certificate's file.
    pub(super) fn read(
        cert: &Path,
        key: Option<&Path>,
        provider: &CryptoProvider,
    ) -> Result<Self, Error> {
        let chain = read_certs(cert)?;
        let path = key.unwrap_or(cert);
        let shown = path.display();
        let unreadable = |e: &dyn std::fmt::Display| {
            // The library's text names what is wrong with the file, never its content.
            Error::local(format!("no private key can be read from {shown}: {e}")).hint(
                "wanted",
                "PEM without a passphrase (openssl pkey -in FILE -out NEW)",
            )
        };
        let text = bounded::read(path, PEM_MAX).map_err(|e| unreadable(&e))?;
        let key = PrivateKeyDer::from_pem_slice(&text).map_err(|e| unreadable(&e))?;
        let key = CertifiedKey::from_der(chain, key, provider).map_err(|e| {
            Error::local(format!(
                "the certificate in {} and the key in {shown} do not go together: {e}",
                cert.display()
            ))
        })?;
        Ok(Self {
            key: Some(Arc::new(key)),
            asked: AtomicBool::new(false),
        })
    }

    pub(super) fn is_set(&self) -> bool {
        self.key.is_some()
    }

    /// Whether the server asked since the last call.
    pub(super) fn take_asked(&self) -> bool {
        self.asked.swap(false, Ordering::Relaxed)
    }
}

impl ResolvesClientCert for Identity {
    fn resolve(
        &self,
        _root_hint_subjects: &[&[u8]],
        _schemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        self.asked.store(true, Ordering::Relaxed);
        self.key.clone()
    }

    fn has_certs(&self) -> bool {
        self.key.is_some()
    }
}
