//! What an engine reports. The one vocabulary of screen, transcript, talk, load and test.

use std::fmt;

use crate::sasl::Told;
use crate::wire::secret::Secret;

use super::spec::Phase;

/// The number of an exchange: 0 is the greeting, then one for each command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Exchange(pub u64);

impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A line or content went out.
    Sent(Sent),
    /// A line came in.
    Line(Line),
    /// Content of a literal or a dotted body came in.
    Part(Part),
    /// A reply is complete: its last line was the event before.
    Reply(Reply),
    /// The state changed.
    Phase(Phase),
    /// The peer said what it offers.
    Offers(Offers),
    /// Something about what was typed; it was sent all the same.
    Advice(Advice),
    /// Something is odd about the peer.
    Oddity(Oddity),
    /// A step of a login, in words.
    Told(Vec<Told>),
    /// The peer broke the protocol, or a policy was not met: the conversation ends. `Close` follows.
    Failed(Failure),
    /// The connection is closed.
    Closed(Closed),
}

/// What went out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// To which exchange it belongs.
    pub exchange: Exchange,
    /// The text as on the wire, without the line end, secrets masked. Of long content, the start.
    pub shown: Vec<u8>,
    /// With `show_secrets`: the text unmasked, for the screen alone.
    pub clear: Option<Secret>,
    /// What it is.
    pub kind: SentKind,
    /// Octets on the wire, line end included.
    pub octets: u64,
    /// True when something stands there that was not typed (tag, literal header, doubled dot), or
    /// when nobody typed it.
    pub differs: bool,
}

/// What a sent line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SentKind {
    /// A command line, or the rest of one after a literal.
    Command,
    /// A line or part of a body or literal.
    Content,
    /// An answer to a SASL challenge.
    Answer,
    /// Raw octets.
    Raw,
    /// A line of a reply, by a server engine.
    Reply,
}

/// A line that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// For which exchange; `None` for what nobody asked for.
    pub exchange: Option<Exchange>,
    /// The line without its end, secrets masked. Not yet safe to print: `wire::show` does that.
    pub text: Vec<u8>,
    /// With `show_secrets`: the line unmasked, for the screen alone.
    pub clear: Option<Secret>,
    /// The verdict of the reply as far as it is known on this line.
    pub verdict: Verdict,
    /// What kind of line it is.
    pub kind: LineKind,
}

impl Line {
    /// What came of a line whose end did not: nobody can tell what it was to be.
    pub fn piece(exchange: Option<Exchange>, text: Vec<u8>) -> Self {
        Self {
            exchange,
            text,
            clear: None,
            verdict: Verdict::Note,
            kind: LineKind::Cut,
        }
    }
}

/// What a received line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// The line that completes a reply, or the only one.
    Status,
    /// A line of a reply that goes on ("250-…", "+OK" before a dotted body).
    More,
    /// IMAP untagged data, or its first line when a literal follows.
    Untagged,
    /// What follows a literal within the same response.
    Rest,
    /// A go-ahead or challenge (354, 334, `+`).
    GoAhead,
    /// The lone dot that ends a dotted body.
    End,
    /// A command, received by a server engine.
    Command,
    /// Nobody can tell.
    Unknown,
    /// Nobody can tell, as the end of the line did not come.
    Cut,
}

/// Content that came in. Lines inside end in CRLF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// For which exchange.
    pub exchange: Option<Exchange>,
    /// At most `PART_MAX` octets; dots already taken off.
    pub bytes: Vec<u8>,
    /// True when the literal or body ends with this part (which may be empty).
    pub last: bool,
    /// Which of the two it is.
    pub kind: PartKind,
}

/// Where content comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartKind {
    /// A counted literal.
    Literal,
    /// A body that a lone dot ends (POP3 multi-line replies; DATA on the server's side).
    Dotted,
    /// A counted chunk (BDAT on the server's side).
    Chunk,
}

/// A complete reply, without its content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// For which exchange; `None` when nobody asked (an unsolicited 421, a BYE).
    pub exchange: Option<Exchange>,
    /// The verb it answers, in capitals; "greeting"; "" when unasked. After content: "." (the dot).
    pub to: String,
    /// The completion's tag, IMAP.
    pub tag: Option<String>,
    /// "250", "+OK", "OK", "NO", "+" …
    pub code: String,
    /// "5.7.1", when one was given.
    pub enhanced: Option<String>,
    /// What stands in brackets behind the status, without them: "ALERT", "UIDNEXT 4", "IN-USE".
    pub response_code: Option<String>,
    /// Good, bad, or go on.
    pub verdict: Verdict,
    /// The human text of the last line, masked where it is a challenge.
    pub text: Vec<u8>,
    /// LMTP: for which recipient, after the dot.
    pub recipient: Option<String>,
    /// Lines of the reply, content lines not counted.
    pub lines: u64,
    /// Octets of content.
    pub content: u64,
    /// True when the exchange goes on (354, 334, `+`, a go-ahead for a literal).
    pub intermediate: bool,
    /// After a refusal: the content that was to follow and must not be sent as commands.
    pub unsent: Option<Content>,
}

impl Reply {
    /// True for the answer to a login or a step of one: what is refused there is authentication.
    pub fn is_to_login(&self) -> bool {
        matches!(
            self.to.as_str(),
            "AUTH" | "AUTHENTICATE" | "LOGIN" | "USER" | "PASS" | "APOP"
        )
    }
}

/// Content that needs a go-ahead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A body up to the lone dot.
    Body,
    /// So many octets, then the rest of the command line.
    Literal {
        /// The count that was announced.
        octets: u64,
    },
    /// The answers of a SASL mechanism, named as typed.
    Answers {
        /// The mechanism.
        mechanism: String,
        /// How many messages went out already, an initial response among them.
        sent: u32,
    },
}

/// The only thing that colour depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verdict {
    /// Done.
    Good,
    /// More is expected.
    More,
    /// Not now.
    TryLater,
    /// No.
    Refused,
    /// Neither.
    #[default]
    Note,
}

/// What the peer offers, in its own words and order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offers {
    /// True once the peer was asked or told (EHLO, CAPA, CAPABILITY).
    pub known: bool,
    /// One offer a word, with what stands behind it.
    pub items: Vec<Offer>,
}

/// One capability.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The word, in capitals.
    pub word: String,
    /// What follows it, as sent ("10240000", "PLAIN LOGIN").
    pub rest: String,
}

impl Offers {
    /// True when the word is offered.
    pub fn has(&self, word: &str) -> bool {
        self.rest(word).is_some()
    }

    /// True when any of the words (separated by blanks) is offered; a word that ends in "=" stands
    /// for a family.
    pub fn has_any(&self, words: &str) -> bool {
        let family = |word: &str| {
            let begins = |o: &Offer| {
                let head = o.word.get(..word.len());
                head.is_some_and(|head| head.eq_ignore_ascii_case(word))
            };
            word.ends_with('=') && self.items.iter().any(begins)
        };
        words.split(' ').any(|word| self.has(word) || family(word))
    }

    /// What stands behind the word, if it is offered.
    pub fn rest(&self, word: &str) -> Option<&str> {
        self.items
            .iter()
            .find(|o| o.word.eq_ignore_ascii_case(word))
            .map(|o| o.rest.as_str())
    }

    /// The SASL mechanisms offered, in capitals: `AUTH a b`, `AUTH=a` and `AUTH=a b`, `SASL a b`.
    pub fn mechanisms(&self) -> Vec<String> {
        let mut found = Vec::new();
        for offer in &self.items {
            let glued = match offer.word.as_str() {
                "AUTH" | "SASL" => "",
                word => match word.strip_prefix("AUTH=") {
                    Some(glued) => glued,
                    None => continue,
                },
            };
            let listed = [glued, offer.rest.as_str()];
            for name in listed.iter().flat_map(|l| l.split_ascii_whitespace()) {
                let name = name.to_ascii_uppercase();
                if !found.contains(&name) {
                    found.push(name);
                }
            }
        }
        found
    }

    /// True unless the server is known to offer no mechanism that binds to TLS. Who was not asked
    /// may offer one, and to say that it does not looks like an attack (RFC 5802 6, flag `y`).
    pub fn may_bind(&self) -> bool {
        !self.known || self.mechanisms().iter().any(|name| name.ends_with("-PLUS"))
    }
}

/// What the console thinks of a typed line. Said, never enforced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Advice {
    /// No verb of this protocol.
    UnknownVerb {
        /// The word as typed.
        word: String,
    },
    /// A verb that does not belong in this state.
    WrongPhase {
        /// The verb.
        verb: &'static str,
        /// Where it belongs.
        phases: &'static [Phase],
    },
    /// The peer did not offer what this needs.
    NotAdvertised {
        /// The verb or parameter.
        what: String,
        /// The capability.
        needs: &'static str,
    },
    /// The first word was no command and the second is: it was taken as the person's own tag.
    TagKept {
        /// The tag.
        tag: String,
    },
    /// The command line is not what the protocol allows, for the reason given; sent all the same.
    Syntax(String),
    /// Anything else worth a dim line, such as "BODY[] marks the message seen".
    Remark(String),
}

/// What is odd about the peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// Octets stood behind the go-ahead of STARTTLS, before TLS: dropped unread.
    BytesAfterStartTls {
        /// How many.
        octets: usize,
    },
    /// A line ended in a bare LF. Said once.
    BareLf,
    /// Control or deceiving characters; shown, not obeyed. Where: "the greeting", "a reply".
    Hostile(&'static str),
    /// Anything else, in words.
    Other(String),
}

/// Why an engine ended the conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What kind of fault it is.
    pub kind: FailureKind,
    /// In words: one lower-case clause.
    pub what: String,
}

/// Kinds of failure; they decide the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The peer broke the protocol (exit 6).
    Protocol,
    /// TLS was required and cannot be had (exit 4).
    Tls,
    /// A login's proof failed: the server lied (exit 5).
    Auth,
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// True when the peer had said goodbye, or was asked to.
    pub expected: bool,
    /// True when it ended inside a line, a literal or a reply.
    pub inside_reply: bool,
    /// The reason the peer gave (text of 421, BYE), not yet safe to print.
    pub reason: Option<Vec<u8>>,
}
