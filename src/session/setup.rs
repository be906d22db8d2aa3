//! What a handshake needs, made when it is first needed.

use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::error::Error;
use crate::net::tls::{Roots, TlsOptions, TlsPlan};

/// What a handshake will need, read when it is first needed: a conversation in the clear never waits
/// for a trust store.
#[derive(Clone, Debug)]
pub struct TlsSetup {
    host: Option<String>,
    options: TlsOptions,
    later: Option<RootsLater>,
    plan: OnceLock<TlsPlan>,
}

/// Roots that are made when a handshake first needs them: the practice server's CA.
#[derive(Clone)]
pub struct RootsLater(pub Arc<dyn Fn() -> Option<Roots> + Send + Sync>);

impl fmt::Debug for RootsLater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RootsLater")
    }
}

impl TlsSetup {
    /// For the server of this name; a plan made earlier can resume its TLS session.
    pub fn new(host: Option<String>, options: TlsOptions, plan: Option<TlsPlan>) -> Self {
        let cell = OnceLock::new();
        if let Some(plan) = plan {
            let _ = cell.set(plan);
        }
        Self {
            host,
            options,
            later: None,
            plan: cell,
        }
    }

    /// The same, with roots that are made when they are needed.
    #[must_use]
    pub fn with_roots(mut self, roots: Option<RootsLater>) -> Self {
        self.later = roots;
        self
    }

    /// The plan, if it was made.
    pub(super) fn made(&self) -> Option<TlsPlan> {
        self.plan.get().cloned()
    }

    /// The plan, made now if it was not before.
    ///
    /// # Errors
    /// As `TlsPlan::new`.
    pub fn plan(&self) -> Result<TlsPlan, Error> {
        if let Some(plan) = self.plan.get() {
            return Ok(plan.clone());
        }
        let mut options = self.options.clone();
        if let Some(RootsLater(make)) = &self.later {
            options.roots = make();
        }
        let plan = TlsPlan::new(self.host.as_deref(), &options)?;
        Ok(self.plan.get_or_init(|| plan).clone())
    }
}
