//! What a handshake brought: everything there is to tell, as data. `ui::tls` puts it into words.

use super::fault::CertFault;
use crate::net::x509::CertInfo;

/// Whether the certificate counts, and who says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It counts.
    Trusted {
        /// The store that judged.
        store: String,
    },
    /// Its key or certificate is the one that `--pin` names; nothing else was asked.
    Pinned,
    /// It does not count.
    Untrusted(Vec<CertFault>),
    /// There was nothing to judge: this side is the server and asked for no certificate.
    NotChecked,
}

/// What became of a client certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuth {
    /// The server did not ask.
    NotAsked,
    /// The server asked and there was none to send.
    AskedInVain,
    /// The server asked and got ours.
    Sent,
}

/// A handshake as it ended.
#[derive(Clone, Debug)]
pub struct TlsReport {
    /// `TLS 1.2` or `TLS 1.3`.
    pub version: &'static str,
    /// The cipher suite, by its registered name.
    pub suite: String,
    /// The key-exchange group, by its registered name.
    pub group: Option<String>,
    /// The application protocol agreed on (ALPN).
    pub alpn: Option<String>,
    /// The name that was sent (SNI).
    pub sni: Option<String>,
    /// The name the certificate was checked for.
    pub expected: String,
    /// True when an earlier session was resumed.
    pub resumed: bool,
    /// The verdict.
    pub verdict: Verdict,
    /// True when the user asked to go on whatever the verdict (`--insecure`, or a yes).
    pub insecure: bool,
    /// What became of a client certificate.
    pub client_auth: ClientAuth,
    /// The file that the session keys are written to (`--keylog`).
    pub keylog: Option<String>,
    /// What the user should know about the store that judged.
    pub note: Option<String>,
    /// The chain as it was sent, the server's own certificate first.
    pub chain: Vec<CertInfo>,
    /// When this was, seconds since 1970: what days left are counted from.
    pub at: i64,
}

impl TlsReport {
    /// True when the certificate counts.
    pub fn is_trusted(&self) -> bool {
        matches!(self.verdict, Verdict::Trusted { .. } | Verdict::Pinned)
    }

    /// What is wrong with the certificate; empty when nothing is.
    pub fn faults(&self) -> &[CertFault] {
        match &self.verdict {
            Verdict::Untrusted(faults) => faults,
            _ => &[],
        }
    }

    /// What can be done about what is wrong, each with its option; the last way leads without trust.
    pub fn ways_on(&self) -> Vec<String> {
        let mut ways: Vec<String> = Vec::new();
        for way in self.faults().iter().filter_map(CertFault::way_on) {
            let way = way + ",";
            if !ways.contains(&way) {
                ways.push(way);
            }
        }
        ways.push("--insecure to look without trust".to_owned());
        ways
    }

    /// True when the key exchange would withstand a quantum computer.
    pub fn is_post_quantum(&self) -> bool {
        self.group
            .as_deref()
            .is_some_and(|g| g.to_ascii_uppercase().contains("MLKEM"))
    }

    /// The other side's own certificate.
    pub fn leaf(&self) -> Option<&CertInfo> {
        self.chain.first()
    }

    /// The chain as PEM, as `:tls pem` and `:tls save` want it.
    pub fn pem(&self) -> String {
        self.chain
            .iter()
            .map(|cert| super::pem("CERTIFICATE", &cert.der))
            .collect()
    }
}
