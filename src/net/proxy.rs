//! The PROXY header (HAProxy's proxy-protocol.txt, versions 1 and 2): the first octets to a server
//! that stands behind a balancer and is asked directly. It precedes TLS, too.

use std::net::SocketAddr;

/// Which version of the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyHeader {
    /// One line of text.
    V1,
    /// Binary.
    V2,
}

const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";

impl ProxyHeader {
    /// The header for a connection between two addresses; without them it says that nothing is
    /// known.
    pub fn octets(self, from: Option<SocketAddr>, to: Option<SocketAddr>) -> Vec<u8> {
        let ends = from
            .zip(to)
            .filter(|(from, to)| from.is_ipv4() == to.is_ipv4());
        match self {
            Self::V1 => ends.map_or_else(
                || b"PROXY UNKNOWN\r\n".to_vec(),
                |(from, to)| {
                    let family = if from.is_ipv4() { "TCP4" } else { "TCP6" };
                    let (a, b) = (from.ip(), to.ip());
                    format!("PROXY {family} {a} {b} {} {}\r\n", from.port(), to.port()).into_bytes()
                },
            ),
            Self::V2 => {
                let mut out = SIGNATURE.to_vec();
                let mut addresses = Vec::new();
                let family = match ends {
                    // Version 2, LOCAL: no addresses.
                    None => {
                        out.extend_from_slice(&[0x20, 0x00]);
                        0
                    }
                    Some((SocketAddr::V4(from), SocketAddr::V4(to))) => {
                        addresses.extend_from_slice(&from.ip().octets());
                        addresses.extend_from_slice(&to.ip().octets());
                        0x11
                    }
                    Some((from, to)) => {
                        for end in [from, to] {
                            if let SocketAddr::V6(end) = end {
                                addresses.extend_from_slice(&end.ip().octets());
                            }
                        }
                        0x21
                    }
                };
                if let Some((from, to)) = ends {
                    // Version 2, PROXY; family and TCP.
                    out.extend_from_slice(&[0x21, family]);
                    addresses.extend_from_slice(&from.port().to_be_bytes());
                    addresses.extend_from_slice(&to.port().to_be_bytes());
                }
                out.extend_from_slice(&u16::try_from(addresses.len()).unwrap_or(0).to_be_bytes());
                out.extend_from_slice(&addresses);
                out
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_as_the_document_has_them() {
        let from = Some("192.0.2.7:51234".parse().unwrap());
        let to = Some("192.0.2.25:25".parse().unwrap());
        assert_eq!(
            ProxyHeader::V1.octets(from, to),
            b"PROXY TCP4 192.0.2.7 192.0.2.25 51234 25\r\n"
        );
        assert_eq!(ProxyHeader::V1.octets(None, None), b"PROXY UNKNOWN\r\n");
        let v2 = ProxyHeader::V2.octets(from, to);
        assert_eq!(
            &v2[12..],
            [
                0x21, 0x11, 0, 12, 192, 0, 2, 7, 192, 0, 2, 25, 0xc8, 0x22, 0, 25
            ]
        );
        let six = Some("[2001:db8::1]:25".parse().unwrap());
        assert_eq!(
            ProxyHeader::V2.octets(six, six)[12..16],
            [0x21, 0x21, 0, 36]
        );
        assert_eq!(ProxyHeader::V2.octets(None, None)[12..], [0x20, 0x00, 0, 0]);
    }
}
