//! One connection: octets out, octets in, and TLS in between once it is asked for.
//!
//! Rules: `queue` never blocks and never fails; `turn` writes what is queued and reads what is there,
//! whichever comes first, and may be dropped at any await; a failed write does not hide what the peer
//! said before it hung up, so reading goes on to the end and the fault is told then.

use std::cell::RefCell;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::Io;
use super::arrival::{self, Arrival};
use super::tls::{self, Binding, Secured, ServerTls, TlsFault, TlsPlan, TlsReport};

/// Write buffers that wait for the next connection with something to say, and the largest that does:
/// most connections are idle most of the time, and there may be ten thousand.
const SPARES: usize = 64;
const SPARE_CAPACITY: usize = 64 * 1024;

thread_local! {
    static SPARE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// What one turn brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// So many octets were read into the buffer; never 0.
    Read(usize),
    /// Everything that was queued is written and flushed.
    Wrote,
    /// The peer sends no more. Whether TLS was ended properly: [`Conn::truncated`].
    Eof,
}

/// Who is at the other end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    /// A TCP connection: the peer's address and ours.
    Tcp {
        /// The peer's address.
        peer: SocketAddr,
        /// Our own.
        local: SocketAddr,
    },
    /// A Unix socket.
    Unix(PathBuf),
    /// A command on pipes.
    Command(String),
    /// The same process.
    Memory,
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { peer, .. } => {
                write!(f, "{} port {}", peer.ip().to_canonical(), peer.port())
            }
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Command(command) => write!(f, "exec:{command}"),
            Self::Memory => f.write_str("this program"),
        }
    }
}

/// A connection that can be upgraded to TLS in place.
pub struct Conn {
    io: Box<dyn Io>,
    peer: Peer,
    tls: Option<Arc<TlsReport>>,
    binding: Option<Binding>,
    held: bool,
    truncated: bool,
    out: Vec<u8>,
    written: usize,
    /// Octets that were not written when writing failed, and those queued since.
    unwritten: usize,
    unflushed: bool,
    write_fault: Option<io::Error>,
    arrival: Option<Arrival>,
}

impl Conn {
    /// A connection over anything that carries octets.
    pub fn new(io: Box<dyn Io>, peer: Peer) -> Self {
        Self {
            io,
            peer,
            tls: None,
            binding: None,
            held: false,
            truncated: false,
            out: Vec::new(),
            written: 0,
            unwritten: 0,
            unflushed: false,
            write_fault: None,
            arrival: None,
        }
    }

    /// A connection that knows when what it reads arrived, where the kernel notes that.
    pub(super) fn stamped(stream: TcpStream, peer: Peer) -> Self {
        let (io, arrival) = arrival::noted(stream);
        Self {
            arrival,
            ..Self::new(io, peer)
        }
    }

    /// Puts octets behind those already waiting to be written.
    pub fn queue(&mut self, bytes: &[u8]) {
        if self.write_fault.is_some() {
            self.unwritten += bytes.len();
            return;
        }
        if self.out.capacity() == 0 {
            let spare = SPARE.try_with(|spare| spare.borrow_mut().pop());
            self.out = spare.ok().flatten().unwrap_or_default();
        }
        self.out.extend_from_slice(bytes);
    }

    /// The same for octets nobody else needs: with an empty queue nothing is copied.
    pub fn queue_owned(&mut self, bytes: Vec<u8>) {
        if self.queued() == 0 && self.write_fault.is_none() {
            self.out = bytes;
            self.written = 0;
        } else {
            self.queue(&bytes);
        }
    }

    /// Takes back the octets that wait to be written.
    pub fn take_queued(&mut self) -> Vec<u8> {
        let rest = self.out.split_off(self.written);
        self.written = 0;
        self.out.clear();
        rest
    }

    /// How many octets still wait to be written.
    pub fn queued(&self) -> usize {
        self.out.len() - self.written
    }

    /// Octets that wait to be written, or waited for it when writing failed.
    pub fn unsent(&self) -> usize {
        self.queued() + self.unwritten
    }

    /// Writes what is queued and reads what has come, until one of the two is worth telling.
    ///
    /// Cancel-safe: a dropped turn has lost nothing. After [`Turn::Eof`] it answers `Eof` again, but
    /// still writes (a half-closed connection).
    pub async fn turn(&mut self, buf: &mut [u8]) -> io::Result<Turn> {
        poll_fn(|cx| self.poll_turn(cx, buf)).await
    }

    /// `turn` for those who poll: connections that share one buffer hold it only while they read.
    pub fn poll_turn(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<Turn>> {
        if self.held {
            let why = "the certificate of the other side is not trusted";
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::PermissionDenied, why)));
        }
        let busy = self.queued() > 0 || self.unflushed;
        let drained = busy && self.poll_drain(cx).is_ready();
        let mut into = ReadBuf::new(buf);
        match Pin::new(&mut self.io).poll_read(cx, &mut into) {
            Poll::Ready(Ok(())) if !into.filled().is_empty() => {
                return Poll::Ready(Ok(Turn::Read(into.filled().len())));
            }
            Poll::Ready(Ok(())) => return Poll::Ready(self.at_end()),
            // TLS without close_notify: the end may be the work of somebody in between.
            Poll::Ready(Err(e)) if e.kind() == io::ErrorKind::UnexpectedEof => {
                self.truncated = true;
                return Poll::Ready(self.at_end());
            }
            Poll::Ready(Err(e)) => {
                // An alert that came in says more than the write that failed because of it.
                let e = tls::read_fault(e);
                let said = tls::fault_of(&e).is_some();
                let e = if said {
                    e
                } else {
                    self.write_fault.take().unwrap_or(e)
                };
                return Poll::Ready(Err(e));
            }
            Poll::Pending => {}
        }
        if drained && self.write_fault.is_none() {
            return Poll::Ready(Ok(Turn::Wrote));
        }
        Poll::Pending
    }

    fn at_end(&mut self) -> io::Result<Turn> {
        self.write_fault.take().map_or(Ok(Turn::Eof), Err)
    }

    /// Writes until nothing is queued. A fault is kept for `poll_turn`, and ends the writing.
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.queued() > 0 {
            match Pin::new(&mut self.io).poll_write(cx, &self.out[self.written..]) {
                Poll::Ready(Ok(0)) => self.stop_writing(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(n)) => {
                    self.written += n;
                    self.unflushed = true;
                }
                Poll::Ready(Err(e)) => self.stop_writing(e),
                Poll::Pending => return Poll::Pending,
            }
        }
        self.give_back();
        if self.unflushed {
            match Pin::new(&mut self.io).poll_flush(cx) {
                Poll::Ready(Ok(())) => self.unflushed = false,
                Poll::Ready(Err(e)) => self.stop_writing(e),
                Poll::Pending => return Poll::Pending,
            }
        }
        Poll::Ready(())
    }

    /// All of the buffer is written: another connection may have it, without what it held, which may
    /// have been a password.
    fn give_back(&mut self) {
        self.written = 0;
        let mut buffer = std::mem::take(&mut self.out);
        buffer.fill(0);
        buffer.clear();
        if (1..=SPARE_CAPACITY).contains(&buffer.capacity()) {
            // At the end of a thread it is only dropped.
            let _ = SPARE.try_with(|spare| {
                let mut spare = spare.borrow_mut();
                if spare.len() < SPARES {
                    spare.push(buffer);
                }
            });
        }
    }

    fn stop_writing(&mut self, fault: io::Error) {
        self.unwritten = self.queued();
        self.out.clear();
        self.written = 0;
        self.unflushed = false;
        self.write_fault = Some(fault);
    }

    /// Writes what is queued, and reads nothing: for a server whose peer must first take what it asked
    /// for. Cancel-safe.
    pub async fn flush(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.poll_drain(cx)).await;
        self.write_fault.take().map_or(Ok(()), Err)
    }

    /// Writes what is queued, then tells the peer that nothing follows (close_notify and FIN).
    /// Reading may go on. Cancel-safe.
    pub async fn shutdown(&mut self) -> io::Result<()> {
        poll_fn(|cx| {
            std::task::ready!(self.poll_drain(cx));
            if let Some(fault) = self.write_fault.take() {
                return Poll::Ready(Err(fault));
            }
            Pin::new(&mut self.io).poll_shutdown(cx)
        })
        .await
    }

    /// Secures the connection as a client. What was queued in the clear is written first.
    ///
    /// Not cancel-safe: the stream is inside the handshake, so a dropped future leaves a connection
    /// that is closed. After [`TlsFault::Untrusted`] it may be that the handshake is done and the
    /// connection is held: see [`Conn::is_held`].
    pub async fn start_tls(&mut self, plan: &TlsPlan) -> Result<Arc<TlsReport>, TlsFault> {
        let io = self.take_io().await?;
        let secured = tls::connect(io, plan).await?;
        self.secured(secured)
    }

    /// Secures the connection as a server. Not cancel-safe, as `start_tls`.
    pub async fn accept_tls(&mut self, server: &ServerTls) -> Result<Arc<TlsReport>, TlsFault> {
        let io = self.take_io().await?;
        let secured = tls::accept(io, server).await?;
        self.secured(secured)
    }

    async fn take_io(&mut self) -> Result<Box<dyn Io>, TlsFault> {
        poll_fn(|cx| self.poll_drain(cx)).await;
        if let Some(fault) = self.write_fault.take() {
            return Err(TlsFault::Io(fault.to_string()));
        }
        Ok(std::mem::replace(
            &mut self.io,
            Box::new(tokio::io::empty()),
        ))
    }

    fn secured(&mut self, secured: Secured) -> Result<Arc<TlsReport>, TlsFault> {
        let report = Arc::new(secured.report);
        self.io = secured.io;
        self.binding = Some(secured.binding);
        self.held = secured.held;
        self.tls = Some(report.clone());
        if self.held {
            return Err(TlsFault::Untrusted(Box::new((*report).clone())));
        }
        Ok(report)
    }

    /// True when the handshake is done but the certificate is not trusted: nothing is written or
    /// read until [`Conn::go_on_untrusted`].
    pub fn is_held(&self) -> bool {
        self.held
    }

    /// A person said yes. True when the connection goes on; false when the handshake had been ended
    /// for good, so that it takes a new connection with `insecure`.
    pub fn go_on_untrusted(&mut self) -> bool {
        if let Some(report) = self.tls.as_mut().filter(|_| self.held) {
            Arc::make_mut(report).insecure = true;
            self.held = false;
            return true;
        }
        false
    }

    /// True under TLS.
    pub fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// What the handshake brought.
    pub fn report(&self) -> Option<&Arc<TlsReport>> {
        self.tls.as_ref()
    }

    /// What ties an authentication to this connection; `None` in the clear.
    pub fn binding(&self) -> Option<&Binding> {
        self.binding.as_ref()
    }

    /// True when the end came without TLS's close_notify, so that it may have been cut off.
    pub fn truncated(&self) -> bool {
        self.truncated
    }

    /// When the octets read last had arrived at this machine, however late they were read; under TLS
    /// the record they were in. `None` where the kernel does not say, or was not asked to
    /// ([`stamps`](super::dial::DialOptions::stamps)).
    pub fn arrived(&self) -> Option<Instant> {
        self.arrival.as_ref()?.at()
    }

    /// Who is at the other end.
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// Our own address, for TCP.
    pub fn local(&self) -> Option<SocketAddr> {
        match self.peer {
            Peer::Tcp { local, .. } => Some(local),
            _ => None,
        }
    }

    /// The peer's address, for TCP.
    pub fn remote(&self) -> Option<SocketAddr> {
        match self.peer {
            Peer::Tcp { peer, .. } => Some(peer),
            _ => None,
        }
    }

    /// True when what is sent never leaves this machine: loopback, a Unix socket, a pipe, memory.
    pub fn is_local(&self) -> bool {
        match self.peer {
            Peer::Tcp { peer, .. } => match peer.ip().to_canonical() {
                IpAddr::V4(ip) => ip.is_loopback(),
                IpAddr::V6(ip) => ip.is_loopback(),
            },
            Peer::Unix(_) | Peer::Command(_) | Peer::Memory => true,
        }
    }
}

impl fmt::Debug for Conn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the queue: it may hold a password.
        f.debug_struct("Conn")
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}
