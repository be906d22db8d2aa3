//! Which ports are served, and taking them.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::cli;
use crate::error::{Error, Result};
use crate::net::listen::Listener;
use crate::practice::Door;

const DEFAULT_BASE: u16 = 2000;
/// How often another free port is tried when ::1 has the one that 127.0.0.1 got.
const TRIES: u32 = 20;

/// A port to be served.
#[derive(Clone, Copy, Debug)]
pub(super) struct Port {
    /// As in its URL.
    pub(super) scheme: &'static str,
    pub(super) door: Door,
    /// Under TLS from the first octet.
    pub(super) tls: bool,
    number: u16,
}

/// The ports that the options name; all of them, from the base up, when they name none.
pub(super) fn wanted(options: &cli::Serve) -> Result<Vec<Port>> {
    let all = [
        ("smtp", Door::Smtp, false, 25, options.smtp),
        (
            "submission",
            Door::Submission,
            false,
            587,
            options.submission,
        ),
        ("smtps", Door::Smtp, true, 465, options.smtps),
        ("lmtp", Door::Lmtp, false, 24, options.lmtp),
        ("pop3", Door::Pop3, false, 110, options.pop3),
        ("pop3s", Door::Pop3, true, 995, options.pop3s),
        ("imap", Door::Imap, false, 143, options.imap),
        ("imaps", Door::Imap, true, 993, options.imaps),
    ];
    let named = all.iter().any(|(.., port)| port.is_some());
    let base = match options.port_base {
        None if named => None,
        base => Some(base.unwrap_or(DEFAULT_BASE)),
    };
    let mut ports = Vec::new();
    for (scheme, door, tls, offset, port) in all {
        let number = match (port, base) {
            (Some(port), _) => port,
            (None, Some(base)) => base.checked_add(offset).ok_or_else(|| {
                Error::usage(format!(
                    "--port-base {base} leaves no room for {scheme} ({base}+{offset})"
                ))
                .hint("at most", (u16::MAX - 995).to_string())
            })?,
            (None, None) => continue,
        };
        ports.push(Port {
            scheme,
            door,
            tls,
            number,
        });
    }
    Ok(ports)
}

impl Port {
    /// Listens on loopback, or everywhere; answers the port that was taken.
    pub(super) fn bind(self, publicly: bool) -> Result<(Vec<Listener>, u16)> {
        let (four, six) = match publicly {
            false => (Ipv4Addr::LOCALHOST, Ipv6Addr::LOCALHOST),
            true => (Ipv4Addr::UNSPECIFIED, Ipv6Addr::UNSPECIFIED),
        };
        for _ in 0..TRIES {
            let first = Listener::bind((four, self.number).into());
            let first = first.map_err(|e| self.failed(four.into(), self.number, &e))?;
            let number = first
                .addr()
                .map_err(|e| self.failed(four.into(), self.number, &e))?
                .port();
            match Listener::bind(SocketAddr::from((six, number))) {
                Ok(second) => return Ok((vec![first, second], number)),
                Err(e) if e.kind() == io::ErrorKind::AddrInUse && self.number == 0 => {}
                Err(e) if e.kind() == io::ErrorKind::AddrInUse => {
                    return Err(self.failed(six.into(), number, &e));
                }
                // A machine without IPv6.
                Err(_) => return Ok((vec![first], number)),
            }
        }
        Err(Error::local("no port is free on both 127.0.0.1 and ::1"))
    }

    fn failed(self, address: IpAddr, number: u16, error: &io::Error) -> Error {
        let scheme = self.scheme;
        match error.kind() {
            io::ErrorKind::AddrInUse => {
                Error::local(format!("port {number} ({scheme}) is in use on {address}")).hint(
                    "try",
                    format!("--port-base N for other ports, --{scheme} 0 for any free one"),
                )
            }
            io::ErrorKind::PermissionDenied => {
                Error::local(format!("no right to listen on port {number} ({scheme})"))
                    .hint("try", "a port from 1024 up, such as --port-base 2000")
            }
            _ => Error::local(format!(
                "cannot listen on {address} port {number} ({scheme}): {error}"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_or_the_named_ones() {
        let all = wanted(&cli::Serve::default()).unwrap();
        let numbers: Vec<u16> = all.iter().map(|p| p.number).collect();
        assert_eq!(numbers, [2025, 2587, 2465, 2024, 2110, 2995, 2143, 2993]);
        let options = cli::Serve {
            imap: Some(0),
            ..cli::Serve::default()
        };
        let one = wanted(&options).unwrap();
        assert_eq!((one.len(), one[0].scheme, one[0].number), (1, "imap", 0));
        let options = cli::Serve {
            port_base: Some(65_000),
            ..cli::Serve::default()
        };
        assert!(wanted(&options).is_err());
    }

    #[tokio::test]
    async fn a_port_in_use_is_said() {
        let options = cli::Serve {
            smtp: Some(0),
            ..cli::Serve::default()
        };
        let port = wanted(&options).unwrap()[0];
        let (_held, number) = port.bind(false).unwrap();
        let again = Port { number, ..port };
        let error = again.bind(false).unwrap_err();
        assert_eq!(error.kind.code(), 7);
        assert!(error.what.contains("in use"), "{error}");
    }
}
