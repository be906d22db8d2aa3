//! Getting through: names to addresses, each address in turn with its time, sockets, pipes.
//!
//! Nothing is raced: a person wants to see which address answers and which does not. What was tried
//! is told while it happens, through a callback.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::{Duration, Instant};

use tokio::net::{TcpSocket, UnixStream, lookup_host};

use super::attempt::Took;
pub use super::attempt::{Attempt, Outcome};
use super::conn::{Conn, Peer};
use super::exec;
use super::idna;
use super::proxy::ProxyHeader;
use crate::error::{Error, Kind, Result};
use crate::wire::show::{Charset, show};

/// One of the two families of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    fn holds(self, ip: IpAddr) -> bool {
        match self {
            Self::V4 => ip.is_ipv4(),
            Self::V6 => ip.is_ipv6(),
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        })
    }
}

/// How to connect. The default: any address, from anywhere, without a time limit of our own.
#[derive(Clone, Debug, Default)]
pub struct DialOptions {
    /// `-4`, `-6`.
    pub family: Option<Family>,
    /// `--source`.
    pub source: Option<IpAddr>,
    /// `--resolve`, as often as it was given.
    pub resolve: Vec<Resolve>,
    /// `--proxy-header`.
    pub proxy_header: Option<ProxyHeader>,
    /// The time limit for each address.
    pub timeout: Option<Duration>,
    /// A receive window of about so many octets.
    pub window: Option<u32>,
    /// End the connection by a reset, so that neither side keeps its port in TIME-WAIT (RFC 9293
    /// 3.6.1): a run of many short connections would use up the ports there are.
    pub reset: bool,
    /// Have the kernel note when octets arrive: [`Conn::arrived`].
    pub stamps: bool,
}

/// `HOST:PORT:ADDR[,ADDR…]`: addresses to use instead of asking the resolver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolve {
    host: String,
    port: u16,
    addrs: Vec<IpAddr>,
}

impl Resolve {
    /// Reads the option's value.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = || {
            let shown = show(text.as_bytes(), Charset::Unicode);
            Error::usage(format!("--resolve \"{shown}\" is not HOST:PORT:ADDR")).hint(
                "such as",
                "mail.example.org:25:192.0.2.25 or mail.example.org:25:[2001:db8::25]",
            )
        };
        let mut parts = text.splitn(3, ':');
        let (Some(host), Some(port), Some(addrs)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong());
        };
        let addrs = addrs
            .split(',')
            .map(|a| a.trim_start_matches('[').trim_end_matches(']').parse());
        Ok(Self {
            host: bare(&idna::to_ascii(host)?),
            port: port.parse().map_err(|_| wrong())?,
            addrs: addrs.collect::<Result<_, _>>().map_err(|_| wrong())?,
        })
    }
}

fn bare(host: &str) -> String {
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

/// Connects to a host by name or address, trying its addresses in turn; `tell` hears of each.
///
/// # Errors
/// `Connect`, with what was tried.
pub async fn tcp(
    host: &str,
    port: u16,
    options: &DialOptions,
    mut tell: impl FnMut(&Attempt),
) -> Result<Conn> {
    let host = &*idna::to_ascii(host)?;
    let mut tried = Vec::new();
    for addr in addresses(host, port, options).await? {
        let start = Instant::now();
        let (outcome, conn) = match attempt(addr, options).await {
            Ok((conn, local)) => (Outcome::Connected(local), Some(conn)),
            Err(e) => (failure(&e), None),
        };
        let attempt = Attempt {
            addr,
            outcome,
            elapsed: start.elapsed(),
        };
        tell(&attempt);
        if let Some(mut conn) = conn {
            if let Some(header) = options.proxy_header {
                conn.queue(&header.octets(conn.local(), conn.remote()));
            }
            return Ok(conn);
        }
        tried.push(attempt);
    }
    Err(in_vain(host, port, &tried))
}

/// The addresses of a host, as the options want them: those of `--resolve`, of the family asked for.
///
/// # Errors
/// `Connect` when there is none.
pub async fn addresses(host: &str, port: u16, options: &DialOptions) -> Result<Vec<SocketAddr>> {
    let shown = show(host.as_bytes(), Charset::Unicode);
    let named = bare(host);
    let given: Vec<IpAddr> = options
        .resolve
        .iter()
        .filter(|r| r.host == named && r.port == port)
        .flat_map(|r| r.addrs.iter().copied())
        .collect();
    let mut all: Vec<SocketAddr> = if given.is_empty() {
        let limit = options.timeout.unwrap_or(Duration::MAX);
        match tokio::time::timeout(limit, lookup_host((host, port))).await {
            Ok(Ok(found)) => found.collect(),
            Ok(Err(e)) => return Err(unknown(&shown, &e)),
            Err(_) => {
                let what = format!(
                    "asking for the addresses of {shown} timed out after {}",
                    Took(limit)
                );
                return Err(Error::new(Kind::Connect, what)
                    .hint("try", "an address instead of the name, or --timeout SECS"));
            }
        }
    } else {
        given
            .into_iter()
            .map(|ip| SocketAddr::new(ip, port))
            .collect()
    };
    let mut seen = Vec::with_capacity(all.len());
    all.retain(|addr| {
        let new = !seen.contains(addr);
        seen.push(*addr);
        new
    });
    let found = all.len();
    let of_source = |ip: IpAddr| if ip.is_ipv4() { Family::V4 } else { Family::V6 };
    let family = options.family.or_else(|| options.source.map(of_source));
    if let Some(family) = family {
        all.retain(|addr| family.holds(addr.ip()));
        if all.is_empty() && found > 0 {
            let error = Error::new(Kind::Connect, format!("{shown} has no {family} address"));
            return Err(match options.family {
                Some(_) => error.hint("try", "without -4 or -6"),
                None => error.hint("try", "a --source of the other family"),
            });
        }
    }
    if all.is_empty() {
        return Err(Error::new(Kind::Connect, format!("{shown} has no address")));
    }
    Ok(all)
}

fn unknown(shown: &str, fault: &io::Error) -> Error {
    // The resolver's text is behind the standard library's.
    let text = fault.to_string();
    let why = text.rsplit(": ").next().unwrap_or(&text).to_lowercase();
    Error::new(Kind::Connect, format!("unknown host {shown}: {why}")).hint(
        "try",
        "the spelling, an address, or --resolve HOST:PORT:ADDR",
    )
}

async fn attempt(addr: SocketAddr, options: &DialOptions) -> io::Result<(Conn, SocketAddr)> {
    let socket = if addr.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    if let Some(octets) = options.window {
        socket.set_recv_buffer_size(octets)?;
    }
    if options.reset {
        socket.set_zero_linger()?;
    }
    if let Some(source) = options.source {
        socket.bind(SocketAddr::new(source, 0))?;
    }
    let connecting = socket.connect(addr);
    let stream = match options.timeout {
        Some(limit) => tokio::time::timeout(limit, connecting)
            .await
            .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??,
        None => connecting.await?,
    };
    // Commands are small and each waits for its answer.
    stream.set_nodelay(true)?;
    let local = stream.local_addr()?;
    let peer = Peer::Tcp { peer: addr, local };
    let conn = if options.stamps {
        Conn::stamped(stream, peer)
    } else {
        Conn::new(Box::new(stream), peer)
    };
    Ok((conn, local))
}

fn failure(fault: &io::Error) -> Outcome {
    match fault.kind() {
        io::ErrorKind::ConnectionRefused => Outcome::Refused,
        io::ErrorKind::TimedOut => Outcome::TimedOut,
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => Outcome::Unreachable,
        io::ErrorKind::AddrNotAvailable => {
            Outcome::Failed("this machine has no such address to connect from".into())
        }
        _ => Outcome::Failed(words(fault)),
    }
}

/// The system's words without the number behind them.
fn words(fault: &io::Error) -> String {
    let text = fault.to_string();
    text.split(" (os error")
        .next()
        .unwrap_or(&text)
        .to_lowercase()
}

fn in_vain(host: &str, port: u16, tried: &[Attempt]) -> Error {
    let shown = show(host.as_bytes(), Charset::Unicode);
    let error = match tried {
        [one] => Error::new(
            Kind::Connect,
            format!(
                "no connection to {shown} port {port}: {} after {}",
                one.outcome,
                Took(one.elapsed)
            ),
        ),
        many => many.iter().fold(
            Error::new(
                Kind::Connect,
                format!("no address of {shown} took a connection to port {port}"),
            ),
            |error, attempt| error.hint("tried", attempt.to_string()),
        ),
    };
    let all = |outcome: &Outcome| tried.iter().all(|a| a.outcome == *outcome);
    if all(&Outcome::Refused) {
        error.hint(
            "perhaps",
            "nothing listens there: is the server running, and is it this port?",
        )
    } else if all(&Outcome::TimedOut) {
        error.hint(
            "perhaps",
            "a firewall drops the packets, or the machine is down (--timeout SECS waits longer)",
        )
    } else {
        error
    }
}

/// Connects to a Unix socket.
///
/// # Errors
/// `Connect`.
pub async fn unix(path: &Path, options: &DialOptions) -> Result<Conn> {
    let stream = UnixStream::connect(path).await.map_err(|e| {
        Error::new(
            Kind::Connect,
            format!("no connection to unix:{}: {}", path.display(), words(&e)),
        )
    })?;
    Ok(with_header(
        Conn::new(Box::new(stream), Peer::Unix(path.to_owned())),
        options,
    ))
}

/// Starts a command and speaks with it over its standard input and output.
///
/// # Errors
/// `Connect`.
pub fn command(command: &str, options: &DialOptions) -> Result<Conn> {
    let io = exec::start(command).map_err(|e| {
        Error::new(
            Kind::Connect,
            format!("the command could not be started: {}", words(&e)),
        )
    })?;
    Ok(with_header(
        Conn::new(Box::new(io), Peer::Command(command.to_owned())),
        options,
    ))
}

fn with_header(mut conn: Conn, options: &DialOptions) -> Conn {
    if let Some(header) = options.proxy_header {
        conn.queue(&header.octets(None, None));
    }
    conn
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolve_is_read_in_each_spelling() {
        let one = Resolve::parse("Mail.Example.org.:25:192.0.2.25").unwrap();
        assert_eq!((one.host.as_str(), one.port), ("mail.example.org", 25));
        let addrs = |text: &str| Resolve::parse(text).unwrap().addrs.len();
        assert_eq!(addrs("h:25:2001:db8::1"), 1);
        assert_eq!(addrs("h:25:[2001:db8::1],192.0.2.1"), 2);
        for bad in [
            "",
            "h",
            "h:25",
            "h:x:192.0.2.1",
            "h:25:nowhere",
            "h:99999:192.0.2.1",
        ] {
            assert!(Resolve::parse(bad).is_err(), "{bad}");
        }
    }
}
