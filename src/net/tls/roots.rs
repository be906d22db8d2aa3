//! Which roots judge: the machine's store, a file the user named, or Mozilla's list built in.
//!
//! The store that judged has a name that is shown with every verdict. It is read when TLS is used
//! for the first time, not before, and once per process.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;

use crate::bounded;
use crate::error::Error;

/// Roots, and what to call them.
#[derive(Clone, Debug)]
pub struct Roots {
    pub(super) store: Arc<RootCertStore>,
    /// What to call them, such as `the system's 145 roots`.
    pub label: String,
    /// What the user should know about the store, such as that the machine has none.
    pub note: Option<String>,
    /// Certificates that are trusted as they are, whatever they were issued for: `--ca-file` naming
    /// a server's own self-signed certificate.
    pub(super) exact: Vec<CertificateDer<'static>>,
}

impl Roots {
    /// The machine's store; Mozilla's list, with a note, on a machine that has none.
    pub fn system() -> &'static Self {
        static LOADED: OnceLock<Roots> = OnceLock::new();
        LOADED.get_or_init(load_system)
    }

    /// Mozilla's list as it was when the program was built.
    pub fn built_in() -> Self {
        let store: RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
        Self {
            label: format!("the {} roots of Mozilla that are built in", store.len()),
            store: Arc::new(store),
            note: None,
            exact: Vec::new(),
        }
    }

    /// The certificates in a PEM file, or the one in a DER file.
    pub fn file(path: &Path) -> Result<Self, Error> {
        let certs = read_certs(path)?;
        let label = match certs.len() {
            1 => format!("the certificate in {}", path.display()),
            n => format!("the {n} certificates in {}", path.display()),
        };
        Self::of(certs, label).ok_or_else(|| {
            Error::local(format!(
                "{} holds no certificate that can be used as a root",
                path.display()
            ))
        })
    }

    /// One certificate, DER, called `label`; `None` when it cannot be used.
    pub fn of_der(der: &[u8], label: impl Into<String>) -> Option<Self> {
        Self::of(vec![CertificateDer::from(der.to_vec())], label)
    }

    /// These certificates, called `label`; `None` when not one of them can be used.
    pub fn of(certs: Vec<CertificateDer<'static>>, label: impl Into<String>) -> Option<Self> {
        let mut store = RootCertStore::empty();
        let (added, _) = store.add_parsable_certificates(certs.iter().cloned());
        (added > 0).then(|| Self {
            store: Arc::new(store),
            label: label.into(),
            note: None,
            exact: certs,
        })
    }
}

/// A CA made by this program, as the practice server has one.
impl From<&crate::net::ca::Ca> for Roots {
    fn from(ca: &crate::net::ca::Ca) -> Self {
        let der = CertificateDer::from(ca.der().to_vec());
        Self::of(vec![der], "the practice server's own CA").expect("a CA made here is a root")
    }
}

fn load_system() -> Roots {
    let found = rustls_native_certs::load_native_certs();
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(found.certs);
    if store.is_empty() {
        return Roots {
            note: Some(
                "this machine has no store of trusted roots (on Debian: apt install ca-certificates); \
                 Mozilla's list that is built in judges instead"
                    .to_owned(),
            ),
            ..Roots::built_in()
        };
    }
    Roots {
        label: format!("the system's {} roots", store.len()),
        store: Arc::new(store),
        note: None,
        exact: Vec::new(),
    }
}

/// The most that is read of a file of certificates or of a key. A machine's whole store has less than one MiB.
pub(super) const PEM_MAX: u64 = 16 << 20;

/// Every certificate of a PEM file, or a DER file's one.
pub(super) fn read_certs(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let shown = path.display();
    let bytes = bounded::read(path, PEM_MAX)
        .map_err(|e| Error::local(format!("cannot read {shown}: {e}")))?;
    if bytes.starts_with(&[0x30]) {
        return Ok(vec![CertificateDer::from(bytes)]);
    }
    let certs: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match certs {
        Ok(certs) if !certs.is_empty() => Ok(certs),
        Ok(_) => Err(Error::local(format!("there is no certificate in {shown}"))
            .hint("wanted", "PEM (-----BEGIN CERTIFICATE-----) or DER")),
        Err(e) => Err(Error::local(format!(
            "the certificates in {shown} cannot be read: {e}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_end_is_refused() {
        let error = read_certs(Path::new("/dev/zero")).unwrap_err();
        assert!(
            error.to_string().contains("more than 16 MiB in it"),
            "{error}"
        );
    }
}
