//! The way out: standard output and standard error, with writes that may fail.
//!
//! A reader that went away (`| head -1`) is no fault to report: the program ends quietly, with the
//! code for local trouble, since the work was not seen to its end.

use std::io::{self, Write};

use crate::error::{Error, Kind, Result};

/// Room in a pipe behind standard output, so that content can be written while the reader still has
/// the part before it. Linux gives 64 KiB unless asked, and this much to anybody.
const PIPE_ROOM: usize = 1024 * 1024;

/// Prepares standard output for content of any size. What is no pipe needs nothing.
pub fn widen() {
    #[cfg(target_os = "linux")]
    let _ = rustix::pipe::fcntl_setpipe_size(rustix::stdio::stdout(), PIPE_ROOM);
}

/// Writes text to standard output and flushes it.
///
/// # Errors
/// `Local`: quiet when the reader went away, with the reason otherwise (a full disk).
pub fn print(text: &str) -> Result<()> {
    write_bytes(text.as_bytes())
}

/// Writes a line to standard output and flushes it.
///
/// # Errors
/// As `print`.
pub fn line(text: &str) -> Result<()> {
    let mut with_end = String::with_capacity(text.len() + 1);
    with_end.push_str(text);
    with_end.push('\n');
    print(&with_end)
}

/// Writes octets to standard output and flushes them.
///
/// # Errors
/// As `print`.
pub fn write_bytes(bytes: &[u8]) -> Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)
        .and_then(|()| out.flush())
        .map_err(|e| failed(&e))
}

/// Writes a line to standard error. Nobody can be told when that fails.
pub fn complain(text: &str) {
    let mut out = io::stderr().lock();
    let _ = out
        .write_all(text.as_bytes())
        .and_then(|()| out.write_all(b"\n"));
}

/// What a failed write to standard output means.
pub fn failed(error: &io::Error) -> Error {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Error::silent(Kind::Local);
    }
    Error::local(format!("standard output: {error}"))
}
