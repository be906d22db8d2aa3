//! The server's side: this program's practice server and sink.

use std::sync::{Arc, OnceLock};

use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use crate::net::ca::Ca;
use crate::net::x509::CertInfo;

/// A server's certificate and its manners. Cheap to clone; nothing is made until the first
/// handshake.
#[derive(Clone, Debug)]
pub struct ServerTls(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    ca: Arc<Ca>,
    ask_client: bool,
    made: OnceLock<(Arc<ServerConfig>, Option<Vec<u8>>)>,
}

impl ServerTls {
    /// A server with a host certificate of `ca`. With `ask_client` it asks for a client certificate,
    /// which may be missing but must be of the same CA.
    pub fn new(ca: Arc<Ca>, ask_client: bool) -> Self {
        Self(Arc::new(Inner {
            ca,
            ask_client,
            made: OnceLock::new(),
        }))
    }

    /// The CA that a client must trust.
    pub fn ca(&self) -> &Arc<Ca> {
        &self.0.ca
    }

    /// Makes key and certificate now, where it would else happen in the first handshake.
    pub fn prepare(&self) {
        self.made();
    }

    pub(super) fn config(&self) -> Arc<ServerConfig> {
        self.made().0.clone()
    }

    pub(super) fn end_point(&self) -> Option<Vec<u8>> {
        self.made().1.clone()
    }

    fn made(&self) -> &(Arc<ServerConfig>, Option<Vec<u8>>) {
        self.0.made.get_or_init(|| {
            let host = self.0.ca.host();
            let chain = vec![
                CertificateDer::from(host.cert.clone()),
                CertificateDer::from(self.0.ca.der().to_vec()),
            ];
            let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(host.key.expose().to_vec()));
            let builder = ServerConfig::builder_with_provider(super::provider())
                .with_safe_default_protocol_versions()
                .expect("the provider speaks both versions");
            let builder = if self.0.ask_client {
                let mut roots = RootCertStore::empty();
                roots
                    .add(CertificateDer::from(self.0.ca.der().to_vec()))
                    .expect("a CA made here is a root");
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), super::provider())
                        .allow_unauthenticated()
                        .build()
                        .expect("there is a root and no revocation list");
                builder.with_client_cert_verifier(verifier)
            } else {
                builder.with_no_client_auth()
            };
            let mut config = builder
                .with_single_cert(chain, key)
                .expect("key and certificate were made for each other");
            // One ticket lets a client resume. A second one is time in which a client whose threads
            // share a TLS session (imaplib2) may write while it reads the first.
            config.send_tls13_tickets = 1;
            (Arc::new(config), CertInfo::read(&host.cert).end_point())
        })
    }
}
