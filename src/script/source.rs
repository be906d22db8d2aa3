//! Reading talk files: what is no text or too large is told before anything is done with it.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::error::{Error, Kind, Result};
use crate::ui::diag::{Diag, Span};

/// The largest talk, in octets.
pub const SIZE_MAX: u64 = 16 * 1024 * 1024;

/// A talk's text and the name it goes by in messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// As given; "standard input" for `-`.
    pub name: String,
    /// The text.
    pub text: String,
}

/// Why there is no talk.
#[derive(Debug)]
pub enum Unreadable {
    /// With a place in the file.
    At(Box<Diag>),
    /// Without one.
    File(Error),
}

impl Unreadable {
    /// The exit code's kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::At(_) => Kind::Usage,
            Self::File(error) => error.kind,
        }
    }
}

/// Reads a file, or standard input for `-`.
///
/// # Errors
/// `File`: it cannot be read (local) or is too large (usage). `At`: it is not UTF-8.
pub fn read(path: &Path) -> Result<Source, Unreadable> {
    if path.as_os_str() == "-" {
        return text("standard input", io::stdin().lock());
    }
    let name = path.display().to_string();
    let failed = |e: &io::Error| Unreadable::File(Error::local(format!("{name}: {}", reason(e))));
    let file = File::open(path).map_err(|e| failed(&e))?;
    let about = file.metadata().map_err(|e| failed(&e))?;
    if about.is_dir() {
        let error = Error::local(format!("{name}: this is a folder"));
        return Err(Unreadable::File(
            error.hint("meant", format!("{name}/*.talk ?")),
        ));
    }
    if about.len() > SIZE_MAX {
        return Err(Unreadable::File(too_large(&name)));
    }
    text(&name, file)
}

fn text(name: &str, input: impl Read) -> Result<Source, Unreadable> {
    let mut octets = Vec::new();
    let read = input.take(SIZE_MAX + 1).read_to_end(&mut octets);
    read.map_err(|e| Unreadable::File(Error::local(format!("{name}: {}", reason(&e)))))?;
    if octets.len() as u64 > SIZE_MAX {
        return Err(Unreadable::File(too_large(name)));
    }
    match String::from_utf8(octets) {
        Ok(text) => Ok(Source {
            name: name.to_owned(),
            text,
        }),
        Err(e) => {
            let good = e.utf8_error().valid_up_to();
            let octets = e.into_bytes();
            let bad = octets[good];
            let before = String::from_utf8_lossy(&octets[..good]);
            let line_start = before.rfind('\n').map_or(0, |at| at + 1);
            let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
            let span = Span {
                line: count(before.matches('\n').count() + 1),
                column: count(before[line_start..].chars().count() + 1),
                length: 1,
            };
            let shown = String::from_utf8_lossy(&octets);
            let diag = Diag::new(name, &shown, span, "a talk is UTF-8, and this octet is not")
                .label(format!("octet {bad:#04x}"))
                .note("raw \"\\x…\" sends any octet");
            Err(Unreadable::At(Box::new(diag)))
        }
    }
}

fn too_large(name: &str) -> Error {
    Error::usage(format!("{name}: a talk has at most 16 MiB")).hint(
        "else",
        "data FILE sends large content from a file of its own",
    )
}

/// What an I/O error says, in words of our own where they are shorter.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "no right to read it".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_talk_says_why() {
        let folder = tempfile::tempdir().expect("a folder");
        let kind = |path: &Path| read(path).expect_err("no talk").kind();
        assert_eq!(kind(folder.path()), Kind::Local);
        assert_eq!(kind(&folder.path().join("none.talk")), Kind::Local);
        let large = folder.path().join("large.talk");
        let file = File::create(&large).expect("a file");
        file.set_len(1 << 30).expect("a sparse gigabyte");
        assert_eq!(kind(&large), Kind::Usage);
        let latin = folder.path().join("latin.talk");
        std::fs::write(&latin, b"# ok\nC: caf\xe9\n").expect("written");
        match read(&latin) {
            Err(Unreadable::At(diag)) => {
                assert_eq!((diag.span.line, diag.span.column), (2, 7));
                assert!(diag.text().contains("octet 0xe9"));
            }
            other => panic!("{other:?}"),
        }
    }
}
