//! `ehlo talk check|fmt|import`: looks after talk files, without a connection.

use std::fs;
use std::io::{self, Read, Write as _};
use std::path::Path;

use crate::cli::{Talk, TalkAction};
use crate::error::{Error, Kind, Result};
use crate::script::format::format;
use crate::script::import::import;
use crate::script::parse;
use crate::script::source::{self, SIZE_MAX, Unreadable};
use crate::ui::diag::Diag;
use crate::ui::{Look, out};

/// Does what was asked for.
///
/// # Errors
/// Usage for a talk that is none, or one that `fmt --check` would change; local for files.
pub fn run(args: &Talk, look: &Look) -> Result<()> {
    match &args.action {
        TalkAction::Check { files } => {
            let mut worst = Ok(());
            for path in files {
                if let Err(error) = check(path, look) {
                    worst = Err(error);
                }
            }
            worst
        }
        TalkAction::Fmt { files, check } => {
            let mut worst = Ok(());
            for path in files {
                if let Err(error) = lay_out(path, *check, look) {
                    worst = Err(error);
                }
            }
            worst
        }
        TalkAction::Import { file } => make(file),
    }
}

fn check(path: &Path, look: &Look) -> Result<()> {
    let source = source::read(path).map_err(|e| told(e, look))?;
    parse(&source.text, &source.name).map_err(|diag| shown(&diag, look))?;
    Ok(())
}

fn lay_out(path: &Path, only_check: bool, look: &Look) -> Result<()> {
    let source = source::read(path).map_err(|e| told(e, look))?;
    let laid = format(&source.text, &source.name).map_err(|diag| shown(&diag, look))?;
    if path.as_os_str() == "-" && !only_check {
        return out::print(&laid);
    }
    if laid == source.text {
        return Ok(());
    }
    if only_check {
        out::line(&source.name)?;
        return Err(Error::silent(Kind::Refused));
    }
    replace(path, &laid).map_err(|e| Error::local(format!("{}: {e}", path.display())))
}

/// Puts the new text in the file's place, whole or not at all; its mode stays.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    // A link's target is replaced, not the link.
    let path = fs::canonicalize(path)?;
    let mut beside = path.clone().into_os_string();
    beside.push(format!(".{}.new", std::process::id()));
    let beside = std::path::PathBuf::from(beside);
    let written = fs::File::create_new(&beside).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.set_permissions(fs::metadata(&path)?.permissions())?;
        fs::rename(&beside, &path)
    });
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

fn make(path: &Path) -> Result<()> {
    let (name, octets) = transcript(path)?;
    let text = String::from_utf8_lossy(&octets);
    let talk = import(&text).map_err(|_| {
        Error::usage(format!("{name}: no line of it is a client's or a server's")).hint(
            "known",
            "C:/S: as in RFCs, S:/R: as in RFC 821, swaks' arrows, and our own",
        )
    })?;
    out::print(&talk)
}

fn transcript(path: &Path) -> Result<(String, Vec<u8>)> {
    let mut octets = Vec::new();
    let (name, read) = if path.as_os_str() == "-" {
        let read = io::stdin()
            .lock()
            .take(SIZE_MAX + 1)
            .read_to_end(&mut octets);
        ("standard input".to_owned(), read)
    } else {
        let read =
            fs::File::open(path).and_then(|file| file.take(SIZE_MAX + 1).read_to_end(&mut octets));
        (path.display().to_string(), read)
    };
    read.map_err(|e| Error::local(format!("{name}: {e}")))?;
    if octets.len() as u64 > SIZE_MAX {
        return Err(Error::usage(format!(
            "{name}: a transcript has at most 16 MiB"
        )));
    }
    Ok((name, octets))
}

fn told(unreadable: Unreadable, look: &Look) -> Error {
    match unreadable {
        Unreadable::At(diag) => shown(&diag, look),
        Unreadable::File(error) => {
            out::complain(&error.to_string());
            Error::silent(error.kind)
        }
    }
}

/// Draws a diagnostic on standard error; what is left is the exit code.
fn shown(diag: &Diag, look: &Look) -> Error {
    for line in diag.lines(look) {
        out::complain(&line.render(look));
    }
    Error::silent(Kind::Usage)
}
