//! Messages that are kept after all: a file each, an mbox, or a Maildir. `dump.rs` has smtp-sink's way.
//!
//! Rules: nothing a peer says becomes part of a path; files are new, whole or not at all, and their
//! owner's alone; line ends become LF.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use memchr::memchr;

use super::dump::{Dump, envelope};
use crate::cli;
use crate::error::{Error, Result};
use crate::practice::now;
use crate::proto::smtp::sink::{Keeper, Letter};
use crate::store::date::Stamp;

/// Who keeps what, by the options.
pub(super) fn keeper(options: &cli::Sink) -> Result<Option<Box<dyn Keeper>>> {
    let start = options.dump_start.as_deref().unwrap_or_default();
    let keeper: Box<dyn Keeper> = if let Some(template) = &options.dump {
        Box::new(Dump::new(template, start, &options.name, false)?)
    } else if let Some(template) = &options.dump_all {
        Box::new(Dump::new(template, start, &options.name, true)?)
    } else if let Some(folder) = &options.dump_dir {
        make(folder)?;
        Box::new(Folder {
            folder: folder.clone(),
            start: unescaped(start)?,
            last: AtomicU64::new(0),
        })
    } else if let Some(folder) = &options.maildir {
        for part in ["tmp", "new", "cur"] {
            make(&folder.join(part))?;
        }
        Box::new(Maildir(folder.clone(), AtomicU64::new(0)))
    } else if let Some(file) = &options.mbox {
        let mut open = OpenOptions::new();
        let opened = open.append(true).create(true).mode(0o600).open(file);
        Box::new(Mbox(Mutex::new(opened.map_err(|e| failed(file, &e))?)))
    } else {
        return Ok(None);
    };
    Ok(Some(keeper))
}

/// C's escapes, as smtp-sink's `-S` has them.
pub(super) fn unescaped(text: &str) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut rest = text.bytes().peekable();
    while let Some(octet) = rest.next() {
        if octet != b'\\' {
            out.push(octet);
            continue;
        }
        out.push(match rest.next() {
            Some(b'a') => 0x07,
            Some(b'b') => 0x08,
            Some(b'f') => 0x0c,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'v') => 0x0b,
            Some(b'\\') => b'\\',
            Some(first @ b'0'..=b'3') => {
                let mut value = first - b'0';
                for _ in 0..2 {
                    match rest.next_if(|b| (b'0'..=b'7').contains(b)) {
                        Some(digit) => value = value * 8 + (digit - b'0'),
                        None => break,
                    }
                }
                value
            }
            _ => {
                return Err(Error::usage("--dump-start has an escape that is not known")
                    .hint("known", r"\a \b \f \n \r \t \v \\ and \ddd (octal)"));
            }
        });
    }
    Ok(out)
}

fn make(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(|e| failed(folder, &e))
}

fn failed(path: &Path, error: &io::Error) -> Error {
    let shown = path.display().to_string();
    Error::local(format!("{}: {error}", shown.escape_debug()))
}

/// A file each, with the envelope in front as smtp-sink writes it.
struct Folder {
    folder: PathBuf,
    /// What every file begins with.
    start: Vec<u8>,
    last: AtomicU64,
}

impl Keeper for Folder {
    fn keep(&self, letter: &Letter<'_>) -> bool {
        let mut text = Vec::with_capacity(letter.octets.len() + 512);
        text.extend_from_slice(&self.start);
        text.extend_from_slice(envelope(letter).as_bytes());
        each_line(letter.octets, |line| {
            text.extend_from_slice(line);
            text.push(b'\n');
        });
        let name = name(letter, &self.last);
        write(
            &self.folder,
            &self.folder,
            &format!(".{name}"),
            &format!("{name}.eml"),
            &text,
        )
        .is_ok()
    }
}

/// A Maildir: written in `tmp`, moved to `new`.
struct Maildir(PathBuf, AtomicU64);

impl Keeper for Maildir {
    fn keep(&self, letter: &Letter<'_>) -> bool {
        let mut text = trace(letter);
        each_line(letter.octets, |line| {
            text.extend_from_slice(line);
            text.push(b'\n');
        });
        let name = name(letter, &self.1);
        let (tmp, new) = (self.0.join("tmp"), self.0.join("new"));
        write(&tmp, &new, &name, &name, &text).is_ok()
    }
}

/// One mbox: lines that begin like its own separator get a `>` in front (mboxrd, RFC 4155 section 5).
struct Mbox(Mutex<File>);

impl Keeper for Mbox {
    fn keep(&self, letter: &Letter<'_>) -> bool {
        let sender: String = match letter.sender {
            "" => "MAILER-DAEMON".into(),
            sender => sender.split_whitespace().collect::<Vec<_>>().join("-"),
        };
        let mut text = format!("From {sender} {}\n", asctime()).into_bytes();
        text.extend_from_slice(&trace(letter));
        each_line(letter.octets, |line| {
            let quotes = line.iter().take_while(|b| **b == b'>').count();
            if line[quotes..].starts_with(b"From ") {
                text.push(b'>');
            }
            text.extend_from_slice(line);
            text.push(b'\n');
        });
        text.push(b'\n');
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Ok(before) = file.metadata().map(|m| m.len()) else {
            return false;
        };
        let written = file.write_all(&text);
        if written.is_err() {
            // What a full disk took is taken back: the message is refused, or is there whole.
            let _ = file.set_len(before);
        }
        written.is_ok()
    }
}

/// The envelope, as final delivery notes it (RFC 5321 4.4).
fn trace(letter: &Letter<'_>) -> Vec<u8> {
    let mut head = format!("Return-Path: <{}>\n", letter.sender);
    for recipient in letter.recipients {
        let _ = writeln!(head, "Delivered-To: {recipient}");
    }
    let mut text = head.into_bytes();
    text.reserve(letter.octets.len());
    text
}

/// Lines without their ends.
pub(super) fn each_line(octets: &[u8], mut each: impl FnMut(&[u8])) {
    let mut rest = octets;
    while let Some(end) = memchr(b'\n', rest) {
        let line = &rest[..end];
        each(line.strip_suffix(b"\r").unwrap_or(line));
        rest = &rest[end + 1..];
    }
    if !rest.is_empty() {
        each(rest);
    }
}

/// A name nobody else takes: time, process, connection, and a number of our own.
fn name(letter: &Letter<'_>, last: &AtomicU64) -> String {
    let number = last.fetch_add(1, Relaxed) + 1;
    let (process, connection) = (std::process::id(), letter.connection);
    format!("{}.P{process}C{connection}Q{number}.ehlo", now())
}

fn write(first: &Path, then: &Path, name: &str, last: &str, text: &[u8]) -> io::Result<()> {
    let path = first.join(name);
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .and_then(|mut file| file.write_all(text))
        .and_then(|()| fs::rename(&path, then.join(last)));
    if written.is_err() {
        // What cannot be finished is not left about; nothing more can be done where that fails too.
        let _ = fs::remove_file(&path);
    }
    written
}

/// "Sat Nov 21 10:00:00 2026", of "Sat, 21 Nov 2026 10:00:00 +0000".
fn asctime() -> String {
    let date = Stamp::utc(now()).rfc5322().to_string();
    let words: Vec<&str> = date.split([',', ' ']).filter(|w| !w.is_empty()).collect();
    match words.as_slice() {
        [day, number, month, year, time, ..] => format!("{day} {month} {number:>2} {time} {year}"),
        _ => date,
    }
}
