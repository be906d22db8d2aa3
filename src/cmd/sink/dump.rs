//! Messages kept as smtp-sink keeps them: named by a template, the envelope in front.
//!
//! Rules: nothing a peer says becomes part of a path; files are their owner's alone; what a full disk
//! cut off is taken back.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::keep::{each_line, unescaped};
use crate::clock;
use crate::entropy;
use crate::error::{Error, Result};
use crate::practice::now;
use crate::proto::smtp::sink::{Keeper, Letter};
use crate::store::date::Stamp;

/// Names that are taken are tried again under another number.
const TRIES: usize = 100;

/// Keeps messages under the names of a template.
pub(super) struct Dump {
    template: String,
    /// What every message begins with.
    start: Vec<u8>,
    host: String,
    /// All messages of a name go into one file; `None` where each has its own.
    together: Option<Mutex<()>>,
}

impl Dump {
    /// A dump of `host`'s; `together` appends instead of making a file each.
    pub(super) fn new(template: &str, start: &str, host: &str, together: bool) -> Result<Self> {
        if clock::strftime(template).is_none() || template.is_empty() || template.contains('\0') {
            let shown = template.escape_debug();
            let what = format!("\"{shown}\" is no template of strftime(3)");
            return Err(Error::usage(what).hint("such as", "%Y%m%d%H/%M."));
        }
        Ok(Self {
            template: template.to_owned(),
            start: unescaped(start)?,
            host: host.to_owned(),
            together: together.then(Mutex::default),
        })
    }

    fn text(&self, letter: &Letter<'_>, id: &str) -> Vec<u8> {
        let mut text = Vec::with_capacity(letter.octets.len() + 512);
        text.extend_from_slice(&self.start);
        text.extend_from_slice(envelope(letter).as_bytes());
        let address = letter.peer.unwrap_or("unix");
        let helo = if letter.helo.is_empty() {
            address
        } else {
            letter.helo
        };
        let mut trace = String::new();
        let _ = writeln!(
            trace,
            "Received: from {helo} ([{address}])\n\tby {} (ehlo sink) with {} id {id};\n\t{}",
            self.host,
            letter.with,
            Stamp::utc(now()).rfc5322()
        );
        text.extend_from_slice(trace.as_bytes());
        each_line(letter.octets, |line| {
            text.extend_from_slice(line);
            text.push(b'\n');
        });
        text.push(b'\n');
        text
    }

    fn own(&self, letter: &Letter<'_>) -> io::Result<()> {
        let mut taken = io::ErrorKind::AlreadyExists.into();
        for _ in 0..TRIES {
            let id = &entropy::token()[..8];
            let path = PathBuf::from(self.name() + id);
            match open(&path, OpenOptions::new().write(true).create_new(true)) {
                Ok(mut file) => {
                    let written = file.write_all(&self.text(letter, id));
                    if written.is_err() {
                        // Nothing more can be done where that fails, too.
                        let _ = fs::remove_file(&path);
                    }
                    return written;
                }
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => taken = e,
                Err(e) => return Err(e),
            }
        }
        Err(taken)
    }

    fn appended(&self, letter: &Letter<'_>) -> io::Result<()> {
        let path = PathBuf::from(self.name());
        let mut file = open(&path, OpenOptions::new().append(true).create(true))?;
        let before = file.metadata()?.len();
        let written = file.write_all(&self.text(letter, &entropy::token()[..8]));
        if written.is_err() {
            let _ = file.set_len(before);
        }
        written
    }

    fn name(&self) -> String {
        // It could be written when the sink began.
        clock::strftime(&self.template).unwrap_or_default()
    }
}

impl Keeper for Dump {
    fn keep(&self, letter: &Letter<'_>) -> bool {
        match &self.together {
            Some(turn) => {
                let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
                self.appended(letter).is_ok()
            }
            None => self.own(letter).is_ok(),
        }
    }
}

/// What smtp-sink writes of an envelope.
pub(super) fn envelope(letter: &Letter<'_>) -> String {
    let address = match letter.peer {
        Some(peer) if peer.contains(':') => format!("ipv6:{peer}"),
        peer => peer.unwrap_or("unix").to_owned(),
    };
    let mut head = format!(
        "X-Client-Addr: {address}\nX-Client-Proto: {}\nX-Helo-Args: {}\nX-Mail-Args: <{}>\n",
        letter.with, letter.helo, letter.sender
    );
    for recipient in letter.recipients {
        let _ = writeln!(head, "X-Rcpt-Args: <{recipient}>");
    }
    head
}

/// Opens a file; folders that are missing are made.
fn open(path: &Path, options: &mut OpenOptions) -> io::Result<fs::File> {
    let options = options.mode(0o600);
    match options.open(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            options.open(path)
        }
        other => other,
    }
}
