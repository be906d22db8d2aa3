//! What an old server would speak: a ClientHello of our own that offers everything since SSL 3.0,
//! and a reader of the first answer. No cryptography: the conversation ends there.
//!
//! rustls speaks neither TLS 1.0 and 1.1 nor static RSA, DHE, CBC and RC4. Such servers end a
//! handshake with an alert that says little; this asks them what they would have chosen.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;

use super::fault::TlsFault;
use crate::error::Error;
use crate::net::{Conn, Peer, Turn};

/// How long the extra question may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// TLS 1.2 suites that rustls speaks, too.
const SPOKEN: &[u16] = &[0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca8, 0xcca9];

/// What a server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// It chose a version and a cipher suite.
    Chose {
        /// Version as on the wire: 0x0301 is TLS 1.0.
        version: u16,
        /// Cipher suite as on the wire.
        suite: u16,
    },
    /// It refused even this, with an alert.
    Alert(u8),
    /// It closed the connection, or said something else.
    Nothing,
}

/// Names of versions.
const VERSIONS: &[(u16, &str)] = &[
    (0x0300, "SSL 3.0"),
    (0x0301, "TLS 1.0"),
    (0x0302, "TLS 1.1"),
    (0x0303, "TLS 1.2"),
    (0x0304, "TLS 1.3"),
];

/// Suites offered, newest first, with their registered names and what they are.
const SUITES: &[(u16, &str)] = &[
    (0xc02c, "ECDHE-ECDSA with AES-256-GCM"),
    (0xc030, "ECDHE-RSA with AES-256-GCM"),
    (0xc02b, "ECDHE-ECDSA with AES-128-GCM"),
    (0xc02f, "ECDHE-RSA with AES-128-GCM"),
    (0xcca9, "ECDHE-ECDSA with ChaCha20"),
    (0xcca8, "ECDHE-RSA with ChaCha20"),
    (0x009f, "DHE-RSA with AES-256-GCM"),
    (0x009e, "DHE-RSA with AES-128-GCM"),
    (0xccaa, "DHE-RSA with ChaCha20"),
    (0xc024, "ECDHE-ECDSA with AES-256-CBC"),
    (0xc028, "ECDHE-RSA with AES-256-CBC"),
    (0xc023, "ECDHE-ECDSA with AES-128-CBC"),
    (0xc027, "ECDHE-RSA with AES-128-CBC"),
    (0xc00a, "ECDHE-ECDSA with AES-256-CBC"),
    (0xc014, "ECDHE-RSA with AES-256-CBC"),
    (0xc009, "ECDHE-ECDSA with AES-128-CBC"),
    (0xc013, "ECDHE-RSA with AES-128-CBC"),
    (0x006b, "DHE-RSA with AES-256-CBC"),
    (0x0067, "DHE-RSA with AES-128-CBC"),
    (0x0039, "DHE-RSA with AES-256-CBC"),
    (0x0033, "DHE-RSA with AES-128-CBC"),
    (0x009d, "static RSA with AES-256-GCM"),
    (0x009c, "static RSA with AES-128-GCM"),
    (0x003d, "static RSA with AES-256-CBC"),
    (0x003c, "static RSA with AES-128-CBC"),
    (0x0035, "static RSA with AES-256-CBC"),
    (0x002f, "static RSA with AES-128-CBC"),
    (0x0088, "DHE-RSA with Camellia-256-CBC"),
    (0x0045, "DHE-RSA with Camellia-128-CBC"),
    (0x0084, "static RSA with Camellia-256-CBC"),
    (0x0041, "static RSA with Camellia-128-CBC"),
    (0xc012, "ECDHE-RSA with 3DES"),
    (0x0016, "DHE-RSA with 3DES"),
    (0x000a, "static RSA with 3DES"),
    (0xc011, "ECDHE-RSA with RC4"),
    (0x0005, "static RSA with RC4"),
    (0x0004, "static RSA with RC4 and MD5"),
    (0x0015, "DHE-RSA with DES"),
    (0x0009, "static RSA with DES"),
    (0x0034, "anonymous DH with AES-128-CBC"),
    (0x003a, "anonymous DH with AES-256-CBC"),
    (0x0003, "an export cipher"),
    (0x0008, "an export cipher"),
];

/// Says the old ClientHello on a fresh connection (after the go-ahead of STARTTLS, where there is
/// one) and reads the answer. The caller sets the time limit and drops the connection.
pub async fn probe(conn: &mut Conn, sni: Option<&str>) -> io::Result<Found> {
    // The answer is in the first record; no honest one is longer.
    const ENOUGH: usize = 16 * 1024;
    conn.queue(&client_hello(sni));
    let mut heard = Vec::new();
    let mut buf = [0; 2048];
    loop {
        if let Some(found) = read_answer(&heard) {
            return Ok(found);
        }
        match conn.turn(&mut buf).await? {
            Turn::Read(n) if heard.len() + n <= ENOUGH => heard.extend_from_slice(&buf[..n]),
            Turn::Wrote => {}
            Turn::Read(_) | Turn::Eof => return Ok(Found::Nothing),
        }
    }
}

/// What the first octets of the answer mean; `None` while there are too few.
fn read_answer(heard: &[u8]) -> Option<Found> {
    let header = heard.get(..5)?;
    match header[0] {
        // alert: level, description
        0x15 => heard.get(6).map(|code| Found::Alert(*code)),
        // handshake: type, length (3), version (2), random (32), session id, suite (2)
        0x16 => {
            if *heard.get(5)? != 0x02 {
                return Some(Found::Nothing);
            }
            let version = u16::from_be_bytes([*heard.get(9)?, *heard.get(10)?]);
            let suite = 44 + usize::from(*heard.get(43)?);
            let suite = u16::from_be_bytes([*heard.get(suite)?, *heard.get(suite + 1)?]);
            Some(Found::Chose { version, suite })
        }
        _ => Some(Found::Nothing),
    }
}

fn client_hello(sni: Option<&str>) -> Vec<u8> {
    let mut body = vec![0x03, 0x03];
    // Nothing is derived from it: any octets will do.
    body.extend_from_slice(&[0x5a; 32]);
    body.push(0);
    let suites: Vec<u8> = SUITES
        .iter()
        .flat_map(|(id, _)| id.to_be_bytes())
        .chain([0x00, 0xff])
        .collect();
    extend16(&mut body, &suites);
    body.extend_from_slice(&[1, 0]);
    let mut extensions = Vec::new();
    if let Some(name) = sni {
        let mut entry = vec![0];
        extend16(&mut entry, name.as_bytes());
        let mut list = Vec::new();
        extend16(&mut list, &entry);
        extension(&mut extensions, 0, &list);
    }
    // supported_groups: x25519, P-256, P-384, P-521, ffdhe2048, ffdhe3072
    extension(
        &mut extensions,
        10,
        &[0, 12, 0, 29, 0, 23, 0, 24, 0, 25, 1, 0, 1, 1],
    );
    extension(&mut extensions, 11, &[1, 0]);
    // signature_algorithms, SHA-1 and MD5 included
    extension(
        &mut extensions,
        13,
        &[
            0, 26, 4, 3, 5, 3, 6, 3, 8, 4, 8, 5, 8, 6, 4, 1, 5, 1, 6, 1, 2, 1, 2, 3, 1, 1, 2, 2,
        ],
    );
    extend16(&mut body, &extensions);
    let length = u32::try_from(body.len()).unwrap_or(0).to_be_bytes();
    let mut hello = vec![0x01, length[1], length[2], length[3]];
    hello.extend_from_slice(&body);
    let mut record = vec![0x16, 0x03, 0x01];
    extend16(&mut record, &hello);
    record
}

fn extension(out: &mut Vec<u8>, id: u16, data: &[u8]) {
    out.extend_from_slice(&id.to_be_bytes());
    extend16(out, data);
}

/// Octets behind their 16-bit length.
fn extend16(out: &mut Vec<u8>, data: &[u8]) {
    let length = u16::try_from(data.len()).unwrap_or(u16::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(data);
}

fn named(table: &[(u16, &'static str)], id: u16) -> String {
    table
        .iter()
        .find(|(n, _)| *n == id)
        .map_or_else(|| format!("0x{id:04x}"), |(_, name)| (*name).to_owned())
}

/// What a failed handshake was about, by asking once more with an old ClientHello; the fault itself
/// when that tells nothing. For TLS from the first octet: it dials on its own.
pub async fn explain(fault: TlsFault, peer: Option<SocketAddr>, sni: Option<&str>) -> TlsFault {
    let (true, Some(peer)) = (fault.may_be_old(), peer) else {
        return fault;
    };
    match ask(peer, sni).await {
        found if found.is_old() => TlsFault::Old(found),
        _ => fault,
    }
}

/// True when the server at this address answers a ClientHello, be it with an alert.
pub async fn speaks_tls(peer: SocketAddr) -> bool {
    matches!(ask(peer, None).await, Found::Chose { .. } | Found::Alert(_))
}

async fn ask(peer: SocketAddr, sni: Option<&str>) -> Found {
    let asked = async {
        let stream = TcpStream::connect(peer).await?;
        let local = stream.local_addr()?;
        let mut conn = Conn::new(Box::new(stream), Peer::Tcp { peer, local });
        probe(&mut conn, sni).await
    };
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(found)) => found,
        _ => Found::Nothing,
    }
}

impl Found {
    /// True when it is something that rustls does not speak.
    pub fn is_old(&self) -> bool {
        match self {
            Self::Chose { version, suite } => *version < 0x0303 || !SPOKEN.contains(suite),
            Self::Alert(_) | Self::Nothing => false,
        }
    }

    pub(super) fn hints(&self, error: Error) -> Error {
        let (here, look) = match self {
            Self::Chose { version, .. } if *version < 0x0303 => (
                "TLS 1.2 and 1.3 only; enable one of them on the server",
                if *version == 0x0302 {
                    "-tls1_1"
                } else {
                    "-tls1"
                },
            ),
            _ => (
                "ECDHE with AES-GCM or ChaCha20 only; enable such a cipher on the server",
                "-tls1_2",
            ),
        };
        error.hint("here", here).hint(
            "to look",
            format!(
                "openssl s_client {look} -cipher ALL:@SECLEVEL=0 (-starttls smtp, pop3 or imap)"
            ),
        )
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chose { version, suite } => {
                write!(
                    f,
                    "{} with {}",
                    named(VERSIONS, *version),
                    named(SUITES, *suite)
                )
            }
            Self::Alert(code) => write!(f, "alert {code}"),
            Self::Nothing => f.write_str("nothing"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A version that is proposed is the one that this server has.
    #[test]
    fn the_command_that_looks_reaches_it() {
        for (version, option) in [
            (0x0302, "-tls1_1 "),
            (0x0301, "-tls1 "),
            (0x0303, "-tls1_2 "),
        ] {
            let found = Found::Chose {
                version,
                suite: 0xc014,
            };
            let error = found.hints(Error::new(crate::error::Kind::Tls, "old"));
            assert!(error.to_string().contains(option), "{error}");
        }
    }

    #[test]
    fn answers_are_read_whatever_their_length() {
        let mut hello = vec![0x16, 3, 1, 0, 50, 2, 0, 0, 46, 3, 1];
        hello.extend_from_slice(&[9; 32]);
        hello.extend_from_slice(&[2, 7, 7, 0xc0, 0x14, 0]);
        for cut in 0..hello.len() - 1 {
            assert_eq!(read_answer(&hello[..cut]), None, "{cut}");
        }
        let found = read_answer(&hello).unwrap();
        assert_eq!(
            found,
            Found::Chose {
                version: 0x0301,
                suite: 0xc014
            }
        );
        assert_eq!(found.to_string(), "TLS 1.0 with ECDHE-RSA with AES-256-CBC");
        assert_eq!(
            read_answer(&[0x15, 3, 1, 0, 2, 2, 40]),
            Some(Found::Alert(40))
        );
        assert_eq!(read_answer(b"220 hello"), Some(Found::Nothing));
    }
}
