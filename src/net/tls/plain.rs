//! The wrong door: plaintext where TLS was expected, and TLS where plaintext was.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::wire::show::{Charset, show};

/// How the first words of servers begin, and of what.
const GREETINGS: &[(&str, &str)] = &[
    ("SSH-", "SSH"),
    ("HTTP/", "HTTP"),
    ("+OK", "POP3"),
    ("-ERR", "POP3"),
    ("* OK", "IMAP"),
    ("* PREAUTH", "IMAP"),
    ("* BYE", "IMAP"),
    ("* BAD", "IMAP"),
    ("\"IMPLEMENTATION\"", "ManageSieve"),
    ("OK \"", "ManageSieve"),
    ("<?xml", "XMPP"),
    ("<stream", "XMPP"),
    ("RFB ", "VNC"),
    ("220", "SMTP"),
    ("421", "SMTP"),
    ("500", "SMTP"),
    ("501", "SMTP"),
    ("502", "SMTP"),
    ("554", "SMTP"),
];

/// Which protocol a server's first words belong to.
pub fn recognise(first: &[u8]) -> Option<&'static str> {
    let name = GREETINGS
        .iter()
        .find(|(words, _)| first.starts_with(words.as_bytes()))?
        .1;
    // FTP and NNTP greet with three digits, too.
    let line = first_line(first).to_ascii_uppercase();
    Some(match name {
        "SMTP" if line.contains("FTP") => "FTP",
        other => other,
    })
}

/// True when octets that came where text was expected are a TLS record (RFC 8446 5.1): this port
/// speaks TLS at once.
pub fn is_tls_record(first: &[u8]) -> bool {
    matches!(first, [0x14..=0x17, 0x03, 0x00..=0x04, ..])
}

/// True while what came can still be the beginning of a TLS record, however short it is.
pub(super) fn begins_tls_record(first: &[u8]) -> bool {
    match first {
        [] | [0x14..=0x17] | [0x14..=0x17, 0x03] => true,
        longer => is_tls_record(longer),
    }
}

/// The first line of what was said, safe to show and short.
pub fn first_line(bytes: &[u8]) -> String {
    const SHOWN: usize = 120;
    let end = bytes
        .iter()
        .position(|b| *b == b'\n')
        .unwrap_or(bytes.len());
    let line = bytes[..end].strip_suffix(b"\r").unwrap_or(&bytes[..end]);
    let cut = &line[..line.len().min(SHOWN)];
    let mut text = show(cut, Charset::Unicode).into_owned();
    if cut.len() < line.len() {
        text.push('…');
    }
    text
}

/// Keeps the first octets that come in while a handshake runs, to say what they were if it fails.
pub(super) struct Sniff<I> {
    io: I,
    seen: Vec<u8>,
    on: bool,
}

impl<I> Sniff<I> {
    const KEPT: usize = 512;

    pub(super) fn new(io: I) -> Self {
        Self {
            io,
            seen: Vec::new(),
            on: true,
        }
    }

    /// The handshake is done: nothing is kept any more.
    pub(super) fn rest(&mut self) {
        self.on = false;
        self.seen = Vec::new();
    }

    pub(super) fn seen(&self) -> &[u8] {
        &self.seen
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Sniff<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let outcome = Pin::new(&mut self.io).poll_read(cx, buf);
        if self.on {
            let room = Self::KEPT.saturating_sub(self.seen.len());
            let new = &buf.filled()[before..];
            let keep = &new[..new.len().min(room)];
            self.seen.extend_from_slice(keep);
        }
        outcome
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Sniff<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greetings_are_told_apart() {
        assert_eq!(recognise(b"220 mail ESMTP\r\n"), Some("SMTP"));
        assert_eq!(recognise(b"220 ProFTPD ready\r\n"), Some("FTP"));
        assert_eq!(recognise(b"* OK ready\r\n"), Some("IMAP"));
        assert_eq!(recognise(b"+OK\r\n"), Some("POP3"));
        assert_eq!(recognise(b"SSH-2.0-x\r\n"), Some("SSH"));
        assert_eq!(recognise(b"HTTP/1.1 400 Bad Request\r\n"), Some("HTTP"));
        assert_eq!(recognise(b"what"), None);
        assert!(is_tls_record(&[0x15, 3, 1, 0, 2, 2, 70]) && is_tls_record(&[0x16, 3, 3]));
        assert!(!is_tls_record(b"220 x") && !is_tls_record(b""));
        assert!(
            begins_tls_record(b"") && begins_tls_record(&[0x16, 3]) && !begins_tls_record(b"2")
        );
    }

    #[test]
    fn the_line_shown_is_short_and_safe() {
        assert_eq!(first_line(b"220 \x1b[2Jhi\r\nmore"), "220 ␛[2Jhi");
        assert!(first_line(&[b'x'; 5000]).chars().count() == 121);
    }
}
