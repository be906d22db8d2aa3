//! Listening, for the servers inside this program.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tokio::net::{TcpListener, TcpSocket, UnixListener};

use super::conn::{Conn, Peer};

/// How many connections may wait to be accepted: a load run opens many at once.
const BACKLOG: u32 = 4096;

/// Takes as many file descriptors as the system grants: a connection costs one. What it does not
/// grant is felt later, as connections that wait to be accepted.
pub fn raise_open_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit.maximum,
            ..limit
        },
    );
}

/// A listening port.
#[derive(Debug)]
pub struct Listener(TcpListener);

impl Listener {
    /// Listens at an address; port 0 takes any that is free.
    pub fn bind(addr: SocketAddr) -> io::Result<Self> {
        Self::bind_with(addr, None, None)
    }

    /// The same with a receive window of about so many octets, which connections inherit, and with
    /// so many connections at most that wait to be accepted.
    pub fn bind_with(
        addr: SocketAddr,
        window: Option<u32>,
        backlog: Option<u32>,
    ) -> io::Result<Self> {
        let socket = if addr.is_ipv4() {
            TcpSocket::new_v4()?
        } else {
            TcpSocket::new_v6()?
        };
        socket.set_reuseaddr(true)?;
        if addr.is_ipv6() {
            // Else `::` would take the IPv4 port of the same number, too.
            socket2::SockRef::from(&socket).set_only_v6(true)?;
        }
        if let Some(octets) = window {
            socket.set_recv_buffer_size(octets)?;
        }
        socket.bind(addr)?;
        socket.listen(backlog.unwrap_or(BACKLOG)).map(Self)
    }

    /// The address, with the port that was taken.
    pub fn addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    /// The next connection. Cancel-safe.
    pub async fn accept(&self) -> io::Result<Conn> {
        let (stream, peer) = self.0.accept().await?;
        // A peer that is gone already is noticed at the first read.
        let _ = stream.set_nodelay(true);
        let local = stream.local_addr()?;
        Ok(Conn::new(Box::new(stream), Peer::Tcp { peer, local }))
    }
}

/// A Unix socket that is listened on. Its file goes with it.
#[derive(Debug)]
pub struct UnixDoor {
    listener: UnixListener,
    path: PathBuf,
}

impl UnixDoor {
    /// Listens at a path where nothing is yet.
    pub fn bind(path: &Path) -> io::Result<Self> {
        Ok(Self {
            listener: UnixListener::bind(path)?,
            path: path.to_owned(),
        })
    }

    /// The next connection. Cancel-safe.
    pub async fn accept(&self) -> io::Result<Conn> {
        let (stream, _) = self.listener.accept().await?;
        Ok(Conn::new(Box::new(stream), Peer::Unix(self.path.clone())))
    }
}

impl Drop for UnixDoor {
    fn drop(&mut self) {
        // Gone already is as good.
        let _ = std::fs::remove_file(&self.path);
    }
}
