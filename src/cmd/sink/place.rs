//! Where the sink listens: what `LISTEN` says, and taking it.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _};
use std::path::PathBuf;

use crate::cli;
use crate::error::{Error, Result};
use crate::net::Conn;
use crate::net::listen::{Listener, UnixDoor};

const DEFAULT: &str = "localhost:2525";

/// What is to be listened on.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Tcp(Vec<SocketAddr>),
    Unix(PathBuf),
}

/// What is listened on.
pub(super) enum Door {
    Tcp(Listener, SocketAddr),
    Unix(UnixDoor, PathBuf),
}

/// Reads `LISTEN`: `unix:PATH`, `host:port`, `[v6]:port`, `:port` or `port`, with or without `inet:`.
pub(super) fn wanted(options: &cli::Sink) -> Result<Wanted> {
    let text = options.listen.as_deref().unwrap_or(DEFAULT);
    if let Some(path) = text.strip_prefix("unix:") {
        return match path {
            "" => Err(Error::usage("unix: wants a path").hint("such as", "unix:/tmp/sink")),
            path => Ok(Wanted::Unix(path.into())),
        };
    }
    let text = text.strip_prefix("inet:").unwrap_or(text);
    let (host, port) = text.rsplit_once(':').unwrap_or(("", text));
    let shown = text.escape_debug();
    let Ok(port) = port.parse::<u16>() else {
        return Err(
            Error::usage(format!("\"{shown}\" has no port to listen on"))
                .hint("such as", "localhost:2525, 127.0.0.1:0 or unix:/tmp/sink"),
        );
    };
    let mut addresses: Vec<SocketAddr> = match host.trim_matches(['[', ']']) {
        "" if options.listen_publicly => vec![
            (Ipv4Addr::UNSPECIFIED, port).into(),
            (Ipv6Addr::UNSPECIFIED, port).into(),
        ],
        "" | "localhost" => vec![
            (Ipv4Addr::LOCALHOST, port).into(),
            (Ipv6Addr::LOCALHOST, port).into(),
        ],
        host => match host.parse::<IpAddr>() {
            Ok(ip) => vec![(ip, port).into()],
            Err(_) => (host, port)
                .to_socket_addrs()
                .map_err(|e| Error::local(format!("\"{shown}\" has no address: {e}")))?
                .collect(),
        },
    };
    addresses.dedup();
    addresses.retain(|a| match (options.ipv4, options.ipv6) {
        (true, _) => a.is_ipv4(),
        (_, true) => a.is_ipv6(),
        _ => true,
    });
    if addresses.is_empty() {
        return Err(Error::usage(format!(
            "\"{shown}\" has no address of the family that was asked for"
        )));
    }
    let open = addresses
        .iter()
        .find(|a| !a.ip().to_canonical().is_loopback());
    if let Some(address) = open.filter(|_| !options.listen_publicly) {
        let what = format!("{address} can be reached from other machines");
        return Err(Error::usage(what).hint("to allow", "--listen-publicly"));
    }
    Ok(Wanted::Tcp(addresses))
}

impl Wanted {
    /// Listens on all of it; with port 0 every address gets the port of the first one.
    pub(super) fn bind(&self, window: Option<u32>, backlog: Option<u32>) -> Result<Vec<Door>> {
        let addresses = match self {
            Self::Tcp(addresses) => addresses,
            Self::Unix(path) => {
                let door = UnixDoor::bind(path).map_err(|e| {
                    let shown = path.display().to_string();
                    Error::local(format!("cannot listen on {}: {e}", shown.escape_debug()))
                })?;
                return Ok(vec![Door::Unix(door, path.clone())]);
            }
        };
        let mut doors: Vec<Door> = Vec::new();
        for address in addresses {
            let mut address = *address;
            if let (0, Some(Door::Tcp(_, first))) = (address.port(), doors.first()) {
                address.set_port(first.port());
            }
            let bound = Listener::bind_with(address, window, backlog)
                .and_then(|l| l.addr().map(|at| Door::Tcp(l, at)));
            match bound {
                Ok(door) => doors.push(door),
                // A machine without IPv6, or another one's free port there: one address will do.
                Err(e) if !doors.is_empty() && !self.insists(&e) => {}
                Err(e) => {
                    return Err(Error::local(format!("cannot listen on {address}: {e}"))
                        .hint("try", "another port, or port 0 for any free one"));
                }
            }
        }
        Ok(doors)
    }

    fn insists(&self, error: &io::Error) -> bool {
        let any_port = matches!(self, Self::Tcp(all) if all.iter().any(|a| a.port() == 0));
        error.kind() == io::ErrorKind::AddrInUse && !any_port
    }
}

impl Door {
    pub(super) fn url(&self, scheme: &str) -> String {
        match self {
            Self::Tcp(_, address) => format!("{scheme}://{address}"),
            Self::Unix(_, path) => format!("unix:{}", path.display().to_string().escape_debug()),
        }
    }

    pub(super) async fn accept(&self) -> io::Result<Conn> {
        match self {
            Self::Tcp(listener, _) => listener.accept().await,
            Self::Unix(door, _) => door.accept().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(listen: &str, public: bool) -> Result<Wanted> {
        wanted(&cli::Sink {
            listen: Some(listen.into()),
            listen_publicly: public,
            ..cli::Sink::default()
        })
    }

    #[test]
    fn places() {
        let both = ["127.0.0.1:25", "[::1]:25"].map(|a| a.parse().unwrap());
        for text in ["25", ":25", "localhost:25", "inet:localhost:25"] {
            assert_eq!(of(text, false), Ok(Wanted::Tcp(both.to_vec())), "{text}");
        }
        assert_eq!(of("[::1]:25", false), Ok(Wanted::Tcp(vec![both[1]])));
        assert_eq!(of("unix:/x", false), Ok(Wanted::Unix("/x".into())));
        let open = ["0.0.0.0:25", "[::]:25"].map(|a| a.parse().unwrap());
        assert_eq!(of(":25", true), Ok(Wanted::Tcp(open.to_vec())));
        for text in [
            "0.0.0.0:25",
            "192.0.2.1:25",
            "host",
            "unix:",
            "localhost:x",
            "::1:99999",
        ] {
            assert_eq!(of(text, false).unwrap_err().kind.code(), 2, "{text}");
        }
    }
}
