//! The handshake itself, both roles: run it, describe what came of it, or say in words why not.

use std::io;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::{
    AlertDescription, CertificateError, CommonState, Error as TlsError, HandshakeKind,
    InvalidMessage, ProtocolVersion, ServerConfig,
};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::fault::TlsFault;
use super::plain::{Sniff, begins_tls_record, first_line, recognise};
use super::report::{ClientAuth, TlsReport, Verdict};
use super::verify::{Posture, Refused};
use super::{ServerTls, TlsPlan};
use crate::net::Io;
use crate::net::x509::CertInfo;
use crate::wire::show::{Charset, show};

/// What ties an authentication to this TLS connection (RFC 5056).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Binding {
    /// `tls-exporter` (RFC 9266); TLS 1.3 only, since it is not unique for every TLS 1.2 handshake.
    pub exporter: Option<[u8; 32]>,
    /// `tls-server-end-point` (RFC 5929 4): a hash of the server's certificate.
    pub server_end_point: Option<Vec<u8>>,
}

/// A connection under TLS.
pub(in crate::net) struct Secured {
    pub(in crate::net) io: Box<dyn Io>,
    pub(in crate::net) report: TlsReport,
    pub(in crate::net) binding: Binding,
    /// The certificate is not trusted and nobody has said yet that it does not matter.
    pub(in crate::net) held: bool,
}

/// The client's handshake.
pub(in crate::net) async fn connect(io: Box<dyn Io>, plan: &TlsPlan) -> Result<Secured, TlsFault> {
    plan.identity.take_asked();
    let connector = TlsConnector::from(plan.config.clone());
    let outcome = connector
        .connect(plan.server_name.clone(), Sniff::new(io))
        .into_fallible()
        .await;
    let mut stream =
        outcome.map_err(|(fault, sniff)| describe(&fault, sniff.seen(), Some(plan)))?;
    let (io, tls) = stream.get_mut();
    io.rest();
    let infos: Vec<CertInfo> = certs(tls).iter().map(|der| CertInfo::read(der)).collect();
    let at = now();
    let verdict = plan.judge.judge(certs(tls), &infos, at);
    let client_auth = match (plan.identity.take_asked(), plan.identity.is_set()) {
        (false, _) => ClientAuth::NotAsked,
        (true, false) => ClientAuth::AskedInVain,
        (true, true) => ClientAuth::Sent,
    };
    let exporter = exporter(tls.protocol_version(), |out| {
        tls.export_keying_material(out, EXPORTER, Some(b""))
            .map(|_| ())
    });
    let server_end_point = infos.first().and_then(CertInfo::end_point);
    let report = TlsReport {
        expected: plan.expected(),
        sni: plan.sni(),
        client_auth,
        insecure: plan.is_insecure(),
        keylog: plan.keylog.clone(),
        note: plan.judge.roots().note.clone(),
        ..common(tls, verdict, infos, at)
    };
    Ok(Secured {
        held: !report.is_trusted() && plan.posture != Posture::Insecure,
        io: Box::new(stream),
        report,
        binding: Binding {
            exporter,
            server_end_point,
        },
    })
}

/// The server's handshake.
pub(in crate::net) async fn accept(
    io: Box<dyn Io>,
    server: &ServerTls,
) -> Result<Secured, TlsFault> {
    let config: Arc<ServerConfig> = server.config();
    let outcome = TlsAcceptor::from(config)
        .accept(Sniff::new(io))
        .into_fallible()
        .await;
    let mut stream = outcome.map_err(|(fault, sniff)| describe(&fault, sniff.seen(), None))?;
    let (io, tls) = stream.get_mut();
    io.rest();
    let infos: Vec<CertInfo> = certs(tls).iter().map(|der| CertInfo::read(der)).collect();
    // rustls has checked a client's certificate, if one came, against the CA that was asked for.
    let verdict = match infos.is_empty() {
        true => Verdict::NotChecked,
        false => Verdict::Trusted {
            store: "the practice server's own CA".into(),
        },
    };
    let sni = tls
        .server_name()
        .map(|name| show(name.as_bytes(), Charset::Unicode).into_owned());
    let exporter = exporter(tls.protocol_version(), |out| {
        tls.export_keying_material(out, EXPORTER, Some(b""))
            .map(|_| ())
    });
    let report = TlsReport {
        sni,
        ..common(tls, verdict, infos, now())
    };
    Ok(Secured {
        held: false,
        io: Box::new(stream),
        report,
        binding: Binding {
            exporter,
            server_end_point: server.end_point(),
        },
    })
}

/// RFC 9266 4.
const EXPORTER: &[u8] = b"EXPORTER-Channel-Binding";

fn exporter(
    version: Option<ProtocolVersion>,
    export: impl FnOnce(&mut [u8; 32]) -> Result<(), TlsError>,
) -> Option<[u8; 32]> {
    let mut out = [0; 32];
    (version == Some(ProtocolVersion::TLSv1_3) && export(&mut out).is_ok()).then_some(out)
}

fn certs(tls: &CommonState) -> &[CertificateDer<'static>] {
    tls.peer_certificates().unwrap_or_default()
}

fn common(tls: &CommonState, verdict: Verdict, chain: Vec<CertInfo>, at: i64) -> TlsReport {
    let suite = tls.negotiated_cipher_suite().map(|s| s.suite());
    TlsReport {
        version: match tls.protocol_version() {
            Some(ProtocolVersion::TLSv1_3) => "TLS 1.3",
            Some(ProtocolVersion::TLSv1_2) => "TLS 1.2",
            _ => "TLS",
        },
        // The library writes TLS 1.3 suites as TLS13_…; IANA has TLS_….
        suite: suite
            .and_then(|s| s.as_str())
            .map_or_else(String::new, |s| s.replacen("TLS13_", "TLS_", 1)),
        group: tls
            .negotiated_key_exchange_group()
            .and_then(|g| g.name().as_str().map(group_name)),
        alpn: tls
            .alpn_protocol()
            .map(|id| show(id, Charset::Unicode).into_owned()),
        sni: None,
        expected: String::new(),
        resumed: tls.handshake_kind() == Some(HandshakeKind::Resumed),
        verdict,
        insecure: false,
        client_auth: ClientAuth::NotAsked,
        keylog: None,
        note: None,
        chain,
        at,
    }
}

/// The library's spelling of groups in IANA's.
fn group_name(name: &str) -> String {
    match name {
        "X25519" => "x25519".into(),
        other => other.to_owned(),
    }
}

fn now() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// Why a handshake failed, from the error and from what the other side had said by then.
fn describe(fault: &io::Error, seen: &[u8], plan: Option<&TlsPlan>) -> TlsFault {
    if !begins_tls_record(seen) {
        return TlsFault::Plaintext {
            said: first_line(seen),
            protocol: recognise(seen),
        };
    }
    let Some(error) = fault.get_ref().and_then(|e| e.downcast_ref::<TlsError>()) else {
        return match fault.kind() {
            io::ErrorKind::UnexpectedEof => TlsFault::Closed,
            _ => TlsFault::Io(fault.to_string()),
        };
    };
    match (error, plan) {
        (TlsError::InvalidCertificate(CertificateError::Other(other)), Some(plan)) => {
            match other.0.downcast_ref::<Refused>() {
                Some(refused) => TlsFault::Untrusted(Box::new(refused_report(refused, plan))),
                None => told(error),
            }
        }
        _ => told(error),
    }
}

/// What there is to tell when the handshake was ended before it had settled anything.
fn refused_report(refused: &Refused, plan: &TlsPlan) -> TlsReport {
    TlsReport {
        version: "TLS",
        suite: String::new(),
        group: None,
        alpn: None,
        sni: None,
        expected: plan.expected(),
        resumed: false,
        verdict: refused.verdict.clone(),
        insecure: false,
        client_auth: ClientAuth::NotAsked,
        keylog: plan.keylog.clone(),
        note: plan.judge.roots().note.clone(),
        chain: refused.chain.clone(),
        at: now(),
    }
}

/// A fault of the library in our words.
fn told(error: &TlsError) -> TlsFault {
    match error {
        TlsError::AlertReceived(AlertDescription::CertificateRequired) => {
            TlsFault::CertificateRequired
        }
        TlsError::AlertReceived(alert) => TlsFault::Alert {
            code: u8::from(*alert),
            name: alert.as_str().map_or_else(|| "unknown".to_owned(), snake),
        },
        TlsError::PeerIncompatible(why) => TlsFault::NothingInCommon(format!("{why:?}")),
        TlsError::InvalidMessage(InvalidMessage::InvalidContentType) => {
            TlsFault::Other("the other side sent something that is not TLS".into())
        }
        other => TlsFault::Other(show(other.to_string().as_bytes(), Charset::Unicode).into_owned()),
    }
}

/// `HandshakeFailure` as the RFCs write it: `handshake_failure`.
fn snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    let mut before = 'A';
    for c in name.chars() {
        if c.is_ascii_uppercase() && !before.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
        before = c;
    }
    out
}

/// A fault that TLS itself reports on a connection that was up, such as a client certificate that
/// the server misses only after the handshake.
pub(in crate::net) fn read_fault(fault: io::Error) -> io::Error {
    match fault.get_ref().and_then(|e| e.downcast_ref::<TlsError>()) {
        Some(error) => io::Error::new(fault.kind(), told(error)),
        None => fault,
    }
}

/// The TLS fault inside an error of `Conn::turn`, where it is one.
pub fn fault_of(fault: &io::Error) -> Option<&TlsFault> {
    fault.get_ref().and_then(|inner| inner.downcast_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_have_their_names_of_the_rfcs() {
        let name = |alert: AlertDescription| snake(alert.as_str().unwrap());
        assert_eq!(
            name(AlertDescription::HandshakeFailure),
            "handshake_failure"
        );
        assert_eq!(
            name(AlertDescription::NoApplicationProtocol),
            "no_application_protocol"
        );
        assert_eq!(name(AlertDescription::UnknownCA), "unknown_ca");
    }
}
