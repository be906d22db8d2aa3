//! A CA of one's own, servers with any certificate, and openssl where rcgen is too honest.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::running::Running;
use ehlo::net::tls::{Roots, TlsOptions};
use ehlo::net::{Conn, Peer};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

pub(crate) type Authority = CertifiedIssuer<'static, KeyPair>;
pub(crate) const DAY: u64 = 86_400;

/// A chain and its key, as a server has them.
pub(crate) struct Served {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: PrivateKeyDer<'static>,
}

pub(crate) fn params(common_name: &str, names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    life(&mut params, -10, 90);
    params
}

/// Validity in days from now.
pub(crate) fn life(params: &mut CertificateParams, from: i64, to: i64) {
    let at = |days: i64| {
        let away = Duration::from_secs(days.unsigned_abs() * DAY + 3600);
        let now = SystemTime::now();
        if days < 0 { now - away } else { now + away }
    };
    params.not_before = at(from).into();
    params.not_after = at(to).into();
}

pub(crate) fn root(common_name: &str) -> Authority {
    CertifiedIssuer::self_signed(ca_params(common_name), KeyPair::generate().unwrap()).unwrap()
}

pub(crate) fn intermediate(common_name: &str, root: &Authority) -> Authority {
    CertifiedIssuer::signed_by(ca_params(common_name), KeyPair::generate().unwrap(), root).unwrap()
}

fn ca_params(common_name: &str) -> CertificateParams {
    let mut params = params(common_name, &[]);
    params.extended_key_usages.clear();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

pub(crate) fn issue(params: &CertificateParams, issuer: &Authority, rest: &[&Authority]) -> Served {
    let key = KeyPair::generate().unwrap();
    let leaf = params.signed_by(&key, issuer).unwrap();
    let mut chain = vec![leaf.der().clone()];
    chain.extend(rest.iter().map(|c| c.der().clone()));
    Served {
        chain,
        key: PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
    }
}

pub(crate) fn self_signed(params: &CertificateParams) -> Served {
    let key = KeyPair::generate().unwrap();
    let cert = params.self_signed(&key).unwrap();
    Served {
        chain: vec![cert.der().clone()],
        key: PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
    }
}

pub(crate) fn roots(authority: &Authority) -> Roots {
    Roots::of(vec![authority.der().clone()], "the lab's root").unwrap()
}

pub(crate) fn options(authority: &Authority) -> TlsOptions {
    TlsOptions {
        roots: Some(roots(authority)),
        ..TlsOptions::default()
    }
}

/// A TLS server in memory that says `220 hi` and hangs up properly; the client's end of the pipe.
pub(crate) fn serve(served: Served) -> Conn {
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(served.chain, served.key)
        .unwrap();
    serve_with(Arc::new(config))
}

pub(crate) fn serve_with(config: Arc<ServerConfig>) -> Conn {
    let (near, far) = tokio::io::duplex(64 * 1024);
    tokio::spawn(async move {
        if let Ok(mut tls) = TlsAcceptor::from(config).accept(far).await {
            let _ = tls.write_all(b"220 hi\r\n").await;
            let _ = tls.read(&mut [0; 64]).await;
            let _ = tls.shutdown().await;
        }
    });
    Conn::new(Box::new(near), Peer::Memory)
}

/// Runs openssl and insists that it works.
pub(crate) fn openssl(dir: &Path, args: &[&str]) {
    let out = Command::new("openssl")
        .args(args)
        .current_dir(dir)
        .stdin(Stdio::null())
        .output();
    let out = out.expect("openssl must be installed");
    assert!(
        out.status.success(),
        "openssl {args:?}: {}",
        String::from_utf8_lossy(&out.stderr)
    );
}

/// `openssl s_server` on a port of its own, ended on drop.
pub(crate) struct SServer {
    child: Running,
    pub(crate) port: u16,
}

impl SServer {
    /// Starts it in `dir`, where `cert.pem` and `key.pem` are.
    pub(crate) fn start(dir: &Path, args: &[&str]) -> Self {
        use std::io::{BufRead as _, BufReader};
        let mut child = Running::start(
            Command::new("openssl")
                .args([
                    "s_server",
                    "-accept",
                    "127.0.0.1:0",
                    "-cert",
                    "cert.pem",
                    "-key",
                    "key.pem",
                ])
                .args(args)
                .current_dir(dir)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null()),
        );
        // It says `ACCEPT 127.0.0.1:40123` when it listens.
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| {
                line.strip_prefix("ACCEPT ")?
                    .rsplit(':')
                    .next()?
                    .parse()
                    .ok()
            })
            .expect("s_server must say where it listens");
        // Its output must be read, or it stops on a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, port }
    }

    /// Types at it: text for the client, and its own letters at the start of a line.
    pub(crate) fn say(&mut self, text: &str) {
        use std::io::Write as _;
        let input = self.child.stdin.as_mut().unwrap();
        input.write_all(text.as_bytes()).unwrap();
    }

    pub(crate) async fn connect(&self) -> Conn {
        let stream = tokio::net::TcpStream::connect(("127.0.0.1", self.port))
            .await
            .unwrap();
        let (peer, local) = (stream.peer_addr().unwrap(), stream.local_addr().unwrap());
        Conn::new(Box::new(stream), Peer::Tcp { peer, local })
    }
}
