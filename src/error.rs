//! What can go wrong, in three parts (what, where, how to mend), and the exit codes.
//!
//! The codes are an interface: one table, here; never reused (docs/exit-codes.md).

use std::fmt;

use crate::wire::show::{Charset, is_hostile, show};

/// Whose fault it is and what happened, which decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A reply was negative or an expectation failed.
    Refused,
    /// The command line or a script is wrong.
    Usage,
    /// No connection.
    Connect,
    /// TLS failed, was not offered, or was not trusted.
    Tls,
    /// The server refused the credentials.
    Auth,
    /// The connection was lost, a reply timed out, or the server broke the protocol.
    Lost,
    /// A local file or the configuration.
    Local,
    /// Refused for now only.
    TryLater,
    /// Ctrl-C.
    Interrupted,
}

impl Kind {
    /// The exit code.
    pub const fn code(self) -> u8 {
        match self {
            Self::Refused => 1,
            Self::Usage => 2,
            Self::Connect => 3,
            Self::Tls => 4,
            Self::Auth => 5,
            Self::Lost => 6,
            Self::Local => 7,
            Self::TryLater => 8,
            Self::Interrupted => 130,
        }
    }
}

/// An error for people: one clause, and lines that help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Decides the exit code.
    pub kind: Kind,
    /// What happened, one lower-case clause without a full stop. Server text in it is already safe.
    pub what: String,
    /// What was being done at the time, as "while …".
    pub doing: Option<String>,
    /// Label and text of each line that helps, such as ("known", "smtp smtps …").
    pub hints: Vec<(&'static str, String)>,
    /// True when the text was shown already, as part of a conversation: only the code is left.
    pub shown: bool,
}

/// What most functions that touch the world return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of `kind`.
    pub fn new(kind: Kind, what: impl Into<String>) -> Self {
        Self {
            kind,
            what: harmless(without_number(what.into())),
            doing: None,
            hints: Vec::new(),
            shown: false,
        }
    }

    /// A wrong command line or script.
    pub fn usage(what: impl Into<String>) -> Self {
        Self::new(Kind::Usage, what)
    }

    /// A local file or configuration fault.
    pub fn local(what: impl Into<String>) -> Self {
        Self::new(Kind::Local, what)
    }

    /// An outcome that the conversation already showed: nothing more is printed.
    pub fn silent(kind: Kind) -> Self {
        Self {
            shown: true,
            ..Self::new(kind, String::new())
        }
    }

    /// Adds what was being done.
    #[must_use]
    pub fn doing(mut self, doing: impl Into<String>) -> Self {
        self.doing = Some(harmless(doing.into()));
        self
    }

    /// Adds a line that helps.
    #[must_use]
    pub fn hint(mut self, label: &'static str, text: impl Into<String>) -> Self {
        self.hints.push((label, harmless(text.into())));
        self
    }
}

/// The system's words for a fault, as the rest of the text is written: in small letters and without
/// the number that Rust puts behind them.
pub fn without_number(text: String) -> String {
    let Some((before, after)) = text.split_once(" (os error ") else {
        return text;
    };
    let Some((number, after)) = after.split_once(')') else {
        return text;
    };
    if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
        return text;
    }
    let at = before.rfind(": ").map_or(0, |at| at + 2);
    let mut words = before[at..].to_owned();
    // "No such file", but not "I/O error".
    if words
        .chars()
        .nth(1)
        .is_some_and(|c| c.is_lowercase() || c == ' ')
    {
        words[..1].make_ascii_lowercase();
    }
    format!("{}{words}{after}", &before[..at])
}

/// Names of files and words of servers stand in errors: nothing of them may act on a terminal.
fn harmless(text: String) -> String {
    if !text.contains(char::is_control) && !is_hostile(text.as_bytes()) {
        return text;
    }
    let lines = text.split('\n');
    let lines: Vec<_> = lines
        .map(|line| show(line.as_bytes(), Charset::Unicode))
        .collect();
    lines.join("\n")
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("error: ")?;
        if let Some(doing) = &self.doing {
            write!(f, "{doing}: ")?;
        }
        f.write_str(&self.what)?;
        for (label, text) in &self.hints {
            write!(f, "\n  {label:<9} {text}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_speaks_as_we_do() {
        let gone = std::io::Error::from_raw_os_error(2);
        let error = Error::local(format!("a/b.eml: {gone}"));
        assert_eq!(error.what, "a/b.eml: no such file or directory");
        let error = Error::local(format!("a: {gone} (did it shrink?)"));
        assert_eq!(error.what, "a: no such file or directory (did it shrink?)");
        for same in [
            "x (os error ",
            "x (os error y)",
            "ü: É (os error 2)",
            "(os error 2)",
        ] {
            assert!(!without_number(same.to_owned()).is_empty());
        }
    }

    #[test]
    fn names_of_files_cannot_act_on_a_terminal() {
        let error =
            Error::local("a\u{1b}]0;x\u{7}.talk: no such file\nline two").hint("try", "\u{202e}b");
        let text = error.to_string();
        assert_eq!(
            text,
            "error: a␛]0;x␇.talk: no such file\nline two\n  try       \\u{202e}b"
        );
    }
}
