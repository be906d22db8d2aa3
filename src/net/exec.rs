//! A server on the pipes of a command: `sendmail -bs`, `doveadm exec imap`.
//!
//! The command is in a process group of its own, so that Ctrl-C in the console does not end it. When
//! the connection is dropped its pipes close, which tells it to go; the runtime reaps it.

use std::io;
use std::pin::Pin;
use std::process::Stdio;
use std::task::{Context, Poll};

use crate::wire::secret::PASSWORD_VARIABLE;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// The pipes, and the child that keeps them open.
pub(super) struct Pipes {
    input: Option<ChildStdin>,
    output: ChildStdout,
    _child: Child,
}

pub(super) fn start(command: &str) -> io::Result<Pipes> {
    let mut child = Command::new("sh")
        .arg("-c")
        .arg(command)
        .env_remove(PASSWORD_VARIABLE)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .process_group(0)
        .spawn()?;
    match (child.stdin.take(), child.stdout.take()) {
        (input @ Some(_), Some(output)) => Ok(Pipes {
            input,
            output,
            _child: child,
        }),
        _ => Err(io::ErrorKind::BrokenPipe.into()),
    }
}

impl Pipes {
    fn input(&mut self) -> io::Result<Pin<&mut ChildStdin>> {
        self.input
            .as_mut()
            .map(Pin::new)
            .ok_or_else(|| io::ErrorKind::BrokenPipe.into())
    }
}

impl AsyncRead for Pipes {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.output).poll_read(cx, buf)
    }
}

impl AsyncWrite for Pipes {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.input()?.poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.input()?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A pipe is half-closed by closing it.
        self.input = None;
        Poll::Ready(Ok(()))
    }
}
