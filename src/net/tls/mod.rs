//! TLS: what is offered, who is trusted, what came of it. The only folder that names rustls.
//!
//! Rules: verification is on unless the user said `--insecure`; nothing flows over a connection whose
//! certificate is not trusted until somebody said so; a client certificate is used for trusted
//! servers only; a session is resumed only where the caller keeps the plan and asked for it. A
//! resumed session's certificate is judged again: trust may have ended in between.

pub mod fault;
mod handshake;
mod identity;
mod judge;
mod keylog;
pub mod legacy;
pub mod names;
pub mod pins;
pub mod plain;
pub mod report;
pub mod roots;
mod server;
mod verify;

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, SupportedProtocolVersion};

pub use fault::{CertFault, TlsFault};
pub use handshake::{Binding, fault_of};
pub use names::Name;
pub use pins::Pin;
pub use report::{ClientAuth, TlsReport, Verdict};
pub use roots::Roots;
pub use server::ServerTls;

pub(super) use handshake::{Secured, accept, connect, read_fault};

use crate::error::Error;
use crate::wire::b64;
use crate::wire::show::{Charset, show};
use identity::Identity;
use judge::Judge;
use keylog::KeyFile;
use verify::{Posture, Verifier};

/// Versions of TLS that can be spoken here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// TLS 1.2 (RFC 5246).
    V12,
    /// TLS 1.3 (RFC 8446).
    V13,
}

/// What the user wants of TLS. The default: both versions, the machine's roots, no ALPN.
#[derive(Clone, Debug, Default)]
pub struct TlsOptions {
    /// Roots to use whatever the other options say: the practice server's.
    pub roots: Option<Roots>,
    /// `--ca-file`: these roots instead of the machine's.
    pub ca_file: Option<PathBuf>,
    /// `--insecure`: judge and tell, and go on.
    pub insecure: bool,
    /// `--pin`: one of these, and nothing else is asked.
    pub pins: Vec<Pin>,
    /// `--sni`: the name to send instead of the target's.
    pub sni: Option<String>,
    /// `--expect-name`: the name to check instead of the target's.
    pub expect_name: Option<String>,
    /// `--alpn`: exactly one protocol id; some servers end the handshake on two.
    pub alpn: Option<String>,
    /// `--tls-min`.
    pub min: Option<TlsVersion>,
    /// `--tls-max`.
    pub max: Option<TlsVersion>,
    /// `--cert`: the client's certificate chain.
    pub cert: Option<PathBuf>,
    /// `--key`: its key, if not in the same file.
    pub key: Option<PathBuf>,
    /// `--keylog`: where to write session keys. The caller warns.
    pub keylog: Option<PathBuf>,
    /// Remember sessions, so that another connection with the same plan can resume one.
    pub resume: bool,
}

/// Everything a handshake with one server needs, read and checked. Cheap to clone; keep it for
/// `:reconnect` to resume the session, and share it between the connections of a load run.
#[derive(Clone, Debug)]
pub struct TlsPlan {
    config: Arc<ClientConfig>,
    judge: Arc<Judge>,
    identity: Arc<Identity>,
    /// The name that rustls is given: what is sent, and the key of the session cache.
    server_name: ServerName<'static>,
    /// The name as it was typed, where it was not in ASCII.
    typed: Option<String>,
    /// Where session keys go, safe to show.
    keylog: Option<String>,
    posture: Posture,
}

impl TlsPlan {
    /// Prepares for the server that the user called `host`; `None` where a target has no name
    /// (`unix:`, `exec:`).
    ///
    /// # Errors
    /// `Usage` for names, pins and versions that make no sense, `Local` for files.
    pub fn new(host: Option<&str>, options: &TlsOptions) -> Result<Self, Error> {
        let target = host.map(Name::parse).transpose();
        let expected = match &options.expect_name {
            Some(name) => Some(Name::parse(name)?),
            None => target.clone()?,
        };
        let typed = options
            .expect_name
            .as_deref()
            .or(host)
            .filter(|name| !name.is_ascii());
        let typed = typed.map(safe);
        let server_name = match (&options.sni, target) {
            (Some(sni), _) => sni_name(sni)?,
            (None, Ok(Some(name))) => name.to_rustls(),
            // Something must be given, and an address is never sent.
            (None, _) => ServerName::IpAddress(std::net::Ipv4Addr::UNSPECIFIED.into()),
        };
        // The machine's roots are read when a certificate is there to be judged.
        let roots = match (&options.roots, &options.ca_file) {
            (Some(roots), _) => Some(roots.clone()),
            (None, Some(path)) => Some(Roots::file(path)?),
            (None, None) => None,
        };
        let provider = provider();
        let identity = match &options.cert {
            Some(cert) => Identity::read(cert, options.key.as_deref(), &provider)?,
            None => Identity::none(),
        };
        let posture = match (options.insecure, identity.is_set()) {
            (true, _) => Posture::Insecure,
            (false, true) => Posture::Strict,
            (false, false) => Posture::Ask,
        };
        let identity = Arc::new(identity);
        let judge = Arc::new(Judge {
            roots,
            expected,
            pins: options.pins.clone(),
            algorithms: provider.signature_verification_algorithms,
        });
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&versions(options)?)
            .map_err(|e| Error::usage(format!("no TLS with these options: {e}")))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Verifier {
                judge: judge.clone(),
                posture,
            }))
            .with_client_cert_resolver(identity.clone());
        if !options.resume {
            config.resumption = Resumption::disabled();
        }
        if let Some(id) = &options.alpn {
            config.alpn_protocols = vec![alpn_id(id)?];
        }
        let keylog = options
            .keylog
            .as_ref()
            .map(|path| safe(&path.to_string_lossy()));
        if let Some(path) = &options.keylog {
            config.key_log = Arc::new(KeyFile::open(path)?);
        }
        Ok(Self {
            config: Arc::new(config),
            judge,
            identity,
            server_name,
            typed,
            keylog,
            posture,
        })
    }

    /// The store that judges, in words.
    pub fn store(&self) -> &str {
        &self.judge.roots().label
    }

    /// The name that the certificate must carry.
    pub fn expected(&self) -> String {
        match (&self.judge.expected, &self.typed) {
            (Some(name), Some(typed)) => format!("{name} ({typed})"),
            (Some(name), None) => name.to_string(),
            (None, _) => "(no name)".to_owned(),
        }
    }

    /// The name that is sent (SNI).
    pub fn sni(&self) -> Option<String> {
        match &self.server_name {
            ServerName::DnsName(name) => Some(name.as_ref().to_owned()),
            _ => None,
        }
    }

    /// True when the connection goes on whatever the verdict.
    pub fn is_insecure(&self) -> bool {
        self.posture == Posture::Insecure
    }
}

fn safe(text: &str) -> String {
    show(text.as_bytes(), Charset::Unicode).into_owned()
}

fn sni_name(text: &str) -> Result<ServerName<'static>, Error> {
    match Name::parse(text)? {
        name @ Name::Dns(_) => Ok(name.to_rustls()),
        Name::Ip(_) => Err(Error::usage(format!(
            "--sni {text}: an address cannot be sent as a name (RFC 6066 3)"
        ))),
    }
}

fn alpn_id(text: &str) -> Result<Vec<u8>, Error> {
    let shown = show(text.as_bytes(), Charset::Unicode);
    if text.contains([',', ' ']) {
        return Err(Error::usage(format!(
            "--alpn \"{shown}\": give one id, such as smtp, imap or pop3"
        ))
        .hint(
            "because",
            "servers end the handshake on ids that they do not know",
        ));
    }
    if text.is_empty() || text.len() > 255 || text.bytes().any(|b| b.is_ascii_control()) {
        return Err(Error::usage(format!(
            "--alpn \"{shown}\" is no protocol id (1 to 255 octets)"
        )));
    }
    Ok(text.as_bytes().to_vec())
}

fn versions(options: &TlsOptions) -> Result<Vec<&'static SupportedProtocolVersion>, Error> {
    let min = options.min.unwrap_or(TlsVersion::V12);
    let max = options.max.unwrap_or(TlsVersion::V13);
    if min > max {
        return Err(Error::usage("--tls-min is above --tls-max"));
    }
    let all = [(TlsVersion::V13, &TLS13), (TlsVersion::V12, &TLS12)];
    Ok(all
        .iter()
        .filter(|(v, _)| (min..=max).contains(v))
        .map(|(_, v)| *v)
        .collect())
}

/// The crypto provider, with the hybrid post-quantum group offered first: a tool that shows what a
/// server can do should let it.
pub(super) fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    PROVIDER
        .get_or_init(|| {
            let mut provider = aws_lc_rs::default_provider();
            let hybrid = aws_lc_rs::kx_group::X25519MLKEM768;
            provider
                .kx_groups
                .retain(|group| group.name() != hybrid.name());
            provider.kx_groups.insert(0, hybrid);
            Arc::new(provider)
        })
        .clone()
}

/// Starts, on a thread of its own, what the first handshake would otherwise wait for: the seeding of
/// the random generator and, where they judge, the reading of the machine's roots. Call it as soon as
/// TLS is sure to come, beside the connecting.
pub fn warm_up(options: &TlsOptions) {
    let system = options.roots.is_none() && options.ca_file.is_none();
    // Without a thread it is done by the first handshake: nothing is lost but the time.
    let _ = std::thread::Builder::new()
        .name("tls warm-up".into())
        .spawn(move || {
            let _ = provider().secure_random.fill(&mut [0; 32]);
            if system {
                Roots::system();
            }
        });
}

/// DER as PEM (RFC 7468).
pub(super) fn pem(label: &str, der: &[u8]) -> String {
    let text = b64::encode(der);
    let mut out = format!("-----BEGIN {label}-----\n");
    for line in text.as_bytes().chunks(64) {
        out.push_str(&String::from_utf8_lossy(line));
        out.push('\n');
    }
    out.push_str(&format!("-----END {label}-----\n"));
    out
}
