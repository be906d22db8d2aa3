//! What can follow what is typed: candidates, the grey rest of the syntax, and colours.
//!
//! Rules:
//! 1. Pure: a `View` and the text in, data out. The editor's own types stay in its file.
//! 2. Everything comes from the verb table, the knowledge tables, what the server offers and what
//!    replies taught (`known`); nothing here spells a verb.
//! 3. Nothing that is suggested holds a control character, whoever sent it.
//! 4. Time does not grow with what is known: names are looked up by prefix, lists are cut.

mod case;
mod console;
mod imap;
mod mailbox;
mod paint;
mod place;
mod search;
mod secret;
mod smtp;
mod values;
mod verbs;

use std::sync::{Arc, RwLock};

use crate::proto::engine::{Facts, Mode};
use crate::proto::event::Offers;
use crate::proto::spec::{Phase, Spec};
use crate::proto::standing::Situation;
use crate::repl::known::Known;

pub use paint::{Class, Span, paint};
pub use secret::{secrets, without};

/// The most candidates in one answer.
pub const CANDIDATES_MAX: usize = 100;

/// Nothing is hinted or coloured on lines longer than this, in octets; secrets are still masked.
pub const LINE_MAX: usize = 200;

/// Everything that completion may look at. Cheap to clone.
#[derive(Clone, Debug)]
pub struct View {
    /// The protocol's name: "smtp", "lmtp", "pop3", "imap".
    pub protocol: &'static str,
    /// Its verbs.
    pub spec: &'static Spec,
    /// What the next line will be taken for.
    pub mode: Mode,
    /// The state.
    pub phase: Phase,
    /// What the server offers.
    pub offers: Arc<Offers>,
    /// Who is logged in and so on.
    pub facts: Arc<Facts>,
    /// True under TLS.
    pub secured: bool,
    /// What replies and typing taught.
    pub known: Arc<RwLock<Known>>,
    /// The console's own commands.
    pub console: &'static [ConsoleCommand],
    /// Names of files that begin so; a folder ends in its separator.
    pub files: fn(&str) -> Vec<String>,
}

/// A console command, as help and completion see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsoleCommand {
    /// Without the colon.
    pub name: &'static str,
    /// What follows, as in a hint: `[MECH] [user]`, `FILE`, `COMMAND`. The words FILE, COMMAND,
    /// MECH, VERB and TARGET are completed by what they name.
    pub args: &'static str,
    /// One line.
    pub summary: &'static str,
}

/// Something that could stand from the start that was given to the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The text to put there.
    pub text: String,
    /// One line about it; may be empty.
    pub description: String,
    /// What a list shows of it, where that is more than the text: `SIZE=<octets>`.
    pub syntax: Option<String>,
    /// Where it is defined, for the right edge of a list; may be empty.
    pub source: &'static str,
    /// What always follows it; in the text already where it is the only candidate.
    pub tail: String,
    /// True for the beginning of something longer: a folder, a level of a hierarchy.
    pub open: bool,
}

impl View {
    /// Where the conversation stands.
    fn situation(&self) -> Situation<'_> {
        Situation {
            protocol: self.protocol,
            phase: self.phase,
            offers: &self.offers,
            secured: self.secured,
            logged_in: self.facts.logged_in,
        }
    }
}

impl Candidate {
    fn new(text: impl Into<String>, description: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            description: description.into(),
            syntax: None,
            source: "",
            tail: String::new(),
            open: false,
        }
    }

    /// The same with what always follows it.
    fn before(self, tail: impl Into<String>) -> Self {
        Self {
            tail: tail.into(),
            ..self
        }
    }

    /// The same with its syntax and its source.
    fn of(self, syntax: String, source: &'static str) -> Self {
        Self {
            syntax: Some(syntax),
            source,
            ..self
        }
    }
}

/// What could stand before the cursor (an octet offset into `typed`): where it starts, and the
/// candidates, the likeliest first.
pub fn complete(view: &View, typed: &str, cursor: usize) -> (usize, Vec<Candidate>) {
    let line = up_to(typed, cursor);
    let (start, mut found) = match &view.mode {
        Mode::Command => complete_command(view, line),
        Mode::Idle => (0, with_prefix(line, [("DONE", "ends IDLE")])),
        Mode::Answer { .. } | Mode::Body | Mode::Literal { .. } => (line.len(), Vec::new()),
    };
    found.retain(|c| !c.text.chars().any(char::is_control));
    found.truncate(CANDIDATES_MAX);
    // There is no choice any more: what always follows needs no typing either, unless it is there.
    let at_end = line.len() == typed.len();
    if let (true, [only]) = (at_end, found.as_mut_slice()) {
        only.text.push_str(&only.tail);
    }
    (start, found)
}

fn complete_command(view: &View, line: &str) -> (usize, Vec<Candidate>) {
    if let Some(rest) = line.strip_prefix(':') {
        return console::complete(view, rest);
    }
    match place::read(view, line) {
        place::Here::Verb { start, partial } => (start, verbs::candidates(view, partial)),
        place::Here::Args(args) => values::candidates(view, &args),
        place::Here::Nothing => (line.len(), Vec::new()),
    }
}

/// The rest of the syntax, to stand in grey behind the cursor at the end of what is typed.
pub fn hint(view: &View, typed: &str) -> Option<String> {
    if typed.len() > LINE_MAX {
        return None;
    }
    let hint = match &view.mode {
        Mode::Command => hint_command(view, typed),
        Mode::Answer { .. } if typed.is_empty() => Some("base64, or * to cancel".to_owned()),
        Mode::Idle => case::rest("DONE", typed).map(str::to_owned),
        Mode::Answer { .. } | Mode::Body | Mode::Literal { .. } => None,
    }?;
    let trimmed = hint.trim_end();
    (!trimmed.is_empty()).then(|| trimmed.to_owned())
}

fn hint_command(view: &View, typed: &str) -> Option<String> {
    if typed.is_empty() {
        return None;
    }
    if let Some(rest) = typed.strip_prefix(':') {
        return console::hint(view, rest);
    }
    match place::read(view, typed) {
        place::Here::Verb { partial: "", .. } => None,
        place::Here::Verb { partial, .. } => verbs::hint(view, partial),
        place::Here::Args(args) => Some(values::hint(view, &args)),
        place::Here::Nothing => None,
    }
}

/// `typed` up to the cursor, or to the character it stands in.
fn up_to(typed: &str, cursor: usize) -> &str {
    let mut end = cursor.min(typed.len());
    while !typed.is_char_boundary(end) {
        end -= 1;
    }
    &typed[..end]
}

/// Candidates of a fixed list that begin with `partial`.
fn with_prefix<'a>(
    partial: &str,
    list: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Vec<Candidate> {
    list.into_iter()
        .filter(|(text, _)| case::starts(text, partial))
        .map(|(text, about)| Candidate::new(case::follow(text, partial), about))
        .collect()
}

/// True when any of the words (separated by blanks) is offered. True too when the server was not
/// asked yet.
fn offered(offers: &Offers, words: &str) -> bool {
    !offers.known || offers.has_any(words)
}
