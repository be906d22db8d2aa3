//! The schema of the protocol tables, and how to look things up in them.
//!
//! What the engines decide by (phases, reply shape, patience, secrecy) is typed, in `verbs` of each
//! protocol's `spec.rs`; what people read about everything else lives in `crate::knowledge`.

use std::fmt;
use std::time::Duration;

/// A state of a conversation, by the RFC's name: it prints itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Phase(pub &'static str);

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// One protocol's table.
#[derive(Debug)]
pub struct Spec {
    /// Verbs in the RFC's order.
    pub verbs: &'static [Verb],
}

/// One verb.
#[derive(Debug)]
pub struct Verb {
    /// In capitals; IMAP's "UID FETCH" is one verb of two words.
    pub name: &'static str,
    /// What follows the verb, for hint and completion.
    pub args: &'static [Arg],
    /// Where it is legal.
    pub phases: &'static [Phase],
    /// The capability it needs, if any (any one of several, separated by a blank).
    pub needs: Option<&'static str>,
    /// How its reply looks.
    pub reply: Shape,
    /// How long its final reply may take (RFC 5321 4.5.3.2 and friends), in batch.
    pub patience: Duration,
    /// What of its line is secret.
    pub secret: Secrecy,
    /// What it destroys, if anything.
    pub danger: Option<&'static str>,
    /// One line.
    pub summary: &'static str,
    /// A line that could be sent.
    pub example: &'static str,
    /// "RFC 5321 4.1.1.2".
    pub rfc: &'static str,
}

/// How a reply looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One line (SMTP: lines with a code).
    Line,
    /// POP3: a status line and, when positive, a dotted body.
    Dotted,
    /// POP3: dotted without an argument, one line with one.
    DottedWithoutArgs,
    /// IMAP: untagged data and a tagged completion.
    Tagged,
    /// A go-ahead, then content, then the reply.
    GoAheadThenBody,
    /// A go-ahead for each challenge, then the verdict.
    Challenges,
    /// IMAP IDLE.
    Idle,
    /// The reply switches to TLS.
    Tls,
}

/// What of a line must not be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrecy {
    /// Nothing.
    Nothing,
    /// Everything after the n-th word of the command (the verb is word 1).
    AfterWord(usize),
}

/// One argument, as hint and completion see it.
#[derive(Debug)]
pub struct Arg {
    /// What stands in the hint: `<octets>`, `FROM:<reverse-path>`.
    pub hint: &'static str,
    /// What can stand there.
    pub kind: ArgKind,
    /// May be left out.
    pub optional: bool,
    /// May come again.
    pub repeats: bool,
}

/// What can stand as an argument; completion fills it from tables and live state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgKind {
    /// Free text or a name that nobody can guess.
    Text,
    /// The client's own host name.
    HostName,
    /// `FROM:<address>` or `TO:<address>`: the word given, then an address.
    Path(&'static str),
    /// A bare address or user name.
    Address,
    /// Parameters that EHLO allows on MAIL or RCPT.
    MailParameters,
    /// As above, for RCPT.
    RcptParameters,
    /// A verb, for HELP.
    Verb,
    /// A SASL mechanism.
    Mechanism,
    /// Base64, never completed.
    Secret,
    /// A message number.
    Message,
    /// A sequence set or UID set.
    Set,
    /// A mailbox name.
    Mailbox,
    /// A mailbox pattern for LIST.
    Pattern,
    /// FETCH items.
    FetchItems,
    /// SEARCH keys.
    SearchKeys,
    /// STATUS items.
    StatusItems,
    /// A STORE item.
    StoreItem,
    /// Flags in parentheses.
    Flags,
    /// A literal.
    Literal,
    /// A capability for ENABLE.
    Enable,
    /// A number.
    Number,
    /// One of the words, separated by blanks.
    Words(&'static str),
}

impl Spec {
    /// The verb of a command line (tag already taken off), longest name first:
    /// "uid fetch 1 flags" is `UID FETCH`.
    pub fn verb(&self, line: &[u8]) -> Option<&'static Verb> {
        let matches = |verb: &&'static Verb| {
            let name = verb.name.as_bytes();
            line.len() >= name.len()
                && line[..name.len()].eq_ignore_ascii_case(name)
                && line
                    .get(name.len())
                    .is_none_or(|b| matches!(b, b' ' | b'\t'))
        };
        self.verbs
            .iter()
            .filter(matches)
            .max_by_key(|verb| verb.name.len())
    }

    /// A verb by its whole name, in any case.
    pub fn verb_named(&self, name: &str) -> Option<&'static Verb> {
        self.verbs
            .iter()
            .find(|verb| verb.name.eq_ignore_ascii_case(name))
    }
}
