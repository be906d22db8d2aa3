//! A TCP stream whose arrivals the kernel notes (Linux, `SO_TIMESTAMPNS`).
//!
//! Rule: as the stream itself but for the way octets are read: with the control message in which the
//! kernel says when the last of them came.

use std::io;
use std::os::fd::AsRawFd as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt};
use nix::sys::time::TimeSpec;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;

use super::arrival::Arrival;

/// The stream, and where it notes what arrived when.
#[derive(Debug)]
pub(super) struct Stamped {
    stream: TcpStream,
    /// Room for the kernel's control message.
    control: Vec<u8>,
    arrival: Arrival,
}

impl Stamped {
    /// Asks the kernel to note arrivals. The stream comes back where it will not.
    pub(super) fn new(stream: TcpStream, arrival: Arrival) -> Result<Self, TcpStream> {
        if setsockopt(&stream, sockopt::ReceiveTimestampns, &true).is_err() {
            return Err(stream);
        }
        Ok(Self {
            stream,
            control: nix::cmsg_space!(TimeSpec),
            arrival,
        })
    }

    /// Reads what is there, into a part of `room`.
    fn receive(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let (stream, control, most) = (&self.stream, &mut self.control, room.len());
        let mut brought = None;
        let outcome = stream.try_io(Interest::READABLE, || {
            let mut room = [io::IoSliceMut::new(room)];
            let fd = stream.as_raw_fd();
            let came = recvmsg::<()>(fd, &mut room, Some(control), MsgFlags::empty())?;
            // Right after the first connection asked, the kernel may not be at it yet.
            let stamp = came.cmsgs().ok().and_then(|mut all| {
                all.find_map(|message| match message {
                    ControlMessageOwned::ScmTimestampns(at) => Some(Duration::from(at)),
                    _ => None,
                })
            });
            self.arrival.note(stamp);
            brought = Some(came.bytes);
            if (1..most).contains(&came.bytes) {
                // There is no more: to say so here saves the next read the question.
                return Err(io::ErrorKind::WouldBlock.into());
            }
            Ok(came.bytes)
        });
        brought.map_or(outcome, Ok)
    }
}

impl AsyncRead for Stamped {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let me = self.get_mut();
        loop {
            ready!(me.stream.poll_read_ready(cx))?;
            match me.receive(buf.initialize_unfilled()) {
                Ok(octets) => {
                    buf.advance(octets);
                    return Poll::Ready(Ok(()));
                }
                Err(e)
                    if matches!(
                        e.kind(),
                        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
                    ) => {}
                Err(e) => return Poll::Ready(Err(e)),
            }
        }
    }
}

impl AsyncWrite for Stamped {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, octets)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, octets)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
