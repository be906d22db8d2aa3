//! The only sockets, and the only TLS, in the program.
//!
//! What this layer promises: a [`Conn`] is full duplex (it reads while it writes, so two full pipes
//! cannot stop each other) and its `turn` may be dropped at any await without losing an octet. It
//! knows no protocol: what the octets mean is `proto`'s business, and `session` joins the two.

use tokio::io::{AsyncRead, AsyncWrite};

mod arrival;
mod attempt;
pub mod ca;
pub mod conn;
pub mod dial;
mod exec;
pub mod idna;
pub mod listen;
pub mod proxy;
#[cfg(target_os = "linux")]
mod stamped;
pub mod tls;
pub mod x509;

pub use conn::{Conn, Peer, Turn};
pub use tls::Binding;

/// Anything octets can be read from and written to: TCP, a Unix socket, a child's pipes, memory.
pub trait Io: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Io for T {}

/// Two ends of a pipe in memory: a server inside the program needs no socket.
pub fn pair(capacity: usize) -> (Conn, Conn) {
    let (here, there) = tokio::io::duplex(capacity);
    (
        Conn::new(Box::new(here), Peer::Memory),
        Conn::new(Box::new(there), Peer::Memory),
    )
}
