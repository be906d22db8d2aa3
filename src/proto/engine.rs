//! A conversation engine: bytes in, steps out. The one trait of clients and practice servers.
//!
//! Rules:
//! 1. After any call that takes `&mut self`, call `poll` until it answers `Wait`. Whoever forgets
//!    it leaves bytes unsent and events unseen.
//! 2. `receive` gives the same steps however the bytes were cut into chunks.
//! 3. An engine does no I/O, reads no clock and draws no random numbers: times, nonces and names
//!    come in through its constructor or its inputs.
//! 4. A typed line goes out unchanged. What an engine adds (tag, CRLF, doubled dot) is said in
//!    `Event::Sent`. It advises against odd commands and sends them all the same.
//! 5. Secrets are masked here, where they are made; their octets leave only in `Step::Write`
//!    (and, when the person asked to see them, in a `Secret` beside the masked text).
//! 6. Content flows: a literal or a body leaves in parts of at most `PART_MAX`, as it arrives, and
//!    nothing of it is kept.

use std::fmt;
use std::time::Duration;

use super::event::{Event, Exchange, Line, Offers};
use super::spec::{Phase, Verb};
use crate::sasl::Mechanism;
use crate::wire::secret::Secret;

/// The most content in one `Event::Part`, in octets.
pub const PART_MAX: usize = 64 * 1024;

/// A conversation engine, client or practice server.
pub trait Engine: Send {
    /// Takes what a person or program wants said.
    ///
    /// # Errors
    /// A `Refusal` means that nothing was sent and nothing changed.
    fn submit(&mut self, input: Input<'_>) -> Result<Exchange, Refusal>;

    /// Takes bytes from the peer.
    fn receive(&mut self, bytes: &[u8]);

    /// TLS is up: everything learned in the clear is forgotten, buffered bytes included.
    fn secured(&mut self);

    /// The peer closed its side.
    fn closed(&mut self);

    /// What has come of a line whose end has not, secrets masked: for whoever stops waiting for it.
    fn unfinished(&self) -> Option<Line> {
        None
    }

    /// News from outside the connection: another session changed the store, or a pause is over.
    fn wake(&mut self) {}

    /// The next step; `Wait` when there is none.
    fn poll(&mut self) -> Step;

    /// The state, by the RFC's name.
    fn phase(&self) -> Phase;

    /// What the next line will be taken for.
    fn mode(&self) -> Mode;

    /// How long silence is legal now; `None` when nothing is owed or there is no limit.
    fn patience(&self) -> Option<Duration>;

    /// Replies that are still owed, oldest first.
    fn due(&self) -> Vec<Due>;

    /// True while any reply is owed: `due` without the list.
    fn owes(&self) -> bool {
        !self.due().is_empty()
    }

    /// What the peer offers, as far as it said since the last `secured`.
    fn offers(&self) -> &Offers;

    /// What a prompt and `:status` want to know.
    fn facts(&self) -> Facts;

    /// Finds a line's verb, own tag and all. `None` for an unknown verb or for content.
    fn verb_of(&self, line: &[u8]) -> Option<&'static Verb>;

    /// Changes how the engine behaves.
    fn set(&mut self, setting: Setting);
}

/// What can be submitted.
pub enum Input<'a> {
    /// A line without its line end: a command, a line of a body or literal, an answer to a
    /// challenge, `DONE`; `Mode` says which.
    Line(&'a [u8]),
    /// Octets to be sent exactly so, with no meaning attached.
    Raw(&'a [u8]),
    /// Content as octets, after a go-ahead (`Mode::Body`, `Mode::Literal`). For a body the engine
    /// stuffs dots and, with `last`, ends it. Submitted only when nothing waits to be written.
    Content {
        /// A part of the content.
        bytes: &'a [u8],
        /// True with the last part.
        last: bool,
    },
    /// A command line and the octets that belong right behind it (`BDAT`, `{n+}`): no go-ahead.
    Chunk {
        /// The command, complete with its count.
        line: &'a [u8],
        /// The octets it counts, or the first part of them.
        bytes: &'a [u8],
    },
    /// A login by mechanism. In `Mode::Answer` it takes over the exchange that is under way.
    Auth(Box<dyn Mechanism>),
    /// A login by the protocol's own commands: IMAP `LOGIN`, POP3 `USER`/`PASS`.
    Login {
        /// The user name.
        user: &'a str,
        /// The password.
        password: &'a Secret,
    },
    /// POP3 `APOP` (RFC 1939 7), with the digest made from the greeting's timestamp.
    Apop {
        /// The user name.
        user: &'a str,
        /// The shared secret.
        password: &'a Secret,
    },
    /// Cancels a SASL exchange (`*`) or ends IDLE (`DONE`).
    Cancel,
}

impl fmt::Debug for Input<'_> {
    /// Lines and octets may be credentials: they are counted.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "Line({} octets)", line.len()),
            Self::Raw(octets) => write!(f, "Raw({} octets)", octets.len()),
            Self::Content { bytes, last } => {
                write!(f, "Content({} octets, last: {last})", bytes.len())
            }
            Self::Chunk { bytes, .. } => write!(f, "Chunk({} octets)", bytes.len()),
            Self::Auth(mechanism) => write!(f, "Auth({mechanism:?})"),
            Self::Login { user, .. } => write!(f, "Login({user:?})"),
            Self::Apop { user, .. } => write!(f, "Apop({user:?})"),
            Self::Cancel => f.write_str("Cancel"),
        }
    }
}

/// What to do next.
// A step lives for one call and is never stored in bulk: boxing would cost an allocation an event.
#[allow(clippy::large_enum_variant)]
pub enum Step {
    /// Send these octets. None: an answer is in the making, and others may go first.
    Write(Vec<u8>),
    /// Shake hands now; then `secured`.
    StartTls,
    /// Do nothing for so long, then `wake` (delays and drips of the practice server).
    Pause(Duration),
    /// Close the connection: no more is to be read.
    Close,
    /// Something happened.
    Event(Event),
    /// Nothing to do until bytes, an input or news come.
    Wait,
}

impl fmt::Debug for Step {
    /// What is written may be a credential: it is counted.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write(octets) => write!(f, "Write({} octets)", octets.len()),
            Self::StartTls => f.write_str("StartTls"),
            Self::Pause(time) => write!(f, "Pause({time:?})"),
            Self::Close => f.write_str("Close"),
            Self::Event(event) => write!(f, "Event({event:?})"),
            Self::Wait => f.write_str("Wait"),
        }
    }
}

/// What the next line will be taken for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A command.
    Command,
    /// A line of a message body; a lone dot ends it.
    Body,
    /// An answer to a SASL challenge, in base64.
    Answer {
        /// The mechanism named in the command, as typed.
        mechanism: String,
        /// The challenge as it came, decoded where it was base64; never to be logged.
        challenge: Secret,
    },
    /// Octets of a literal.
    Literal {
        /// How many are still to come.
        octets_left: u64,
    },
    /// IDLE runs: `DONE` ends it.
    Idle,
}

/// Why an input was not taken. Nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The connection is closed.
    Closed,
    /// The line holds CR, LF or NUL.
    LineBreakInside,
    /// STARTTLS cannot be done now; the text says why. Only raw bytes get past this.
    StartTlsNow(&'static str),
    /// Content was submitted and nothing asks for it, or a command needs its go-ahead first.
    NotNow(&'static str),
    /// A credential would travel in the clear to a host that is not loopback: consent is needed.
    ClearCredential,
    /// This protocol, or this greeting, has no such login.
    NoSuchLogin(&'static str),
    /// What the mechanism said.
    Sasl(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the connection is closed"),
            Self::LineBreakInside => f.write_str("a line cannot hold CR, LF or NUL"),
            Self::StartTlsNow(why) | Self::NotNow(why) | Self::NoSuchLogin(why) => f.write_str(why),
            Self::ClearCredential => {
                f.write_str("a credential would travel in the clear to a host that is not loopback")
            }
            Self::Sasl(why) => f.write_str(why),
        }
    }
}

/// A reply that is owed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// For which exchange.
    pub exchange: Exchange,
    /// For what: the verb in capitals, or "greeting".
    pub to: String,
}

/// What a prompt and `:status` want to know of an engine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Who is logged in, when the server accepted somebody whose name is known.
    pub user: Option<String>,
    /// True once a login succeeded, named or not.
    pub logged_in: bool,
    /// IMAP: the selected mailbox, as sent.
    pub mailbox: Option<String>,
    /// IMAP: it was opened by EXAMINE, or the server allows reading only.
    pub read_only: bool,
    /// IMAP: the tag that the next command will carry; `None` when tags are typed by hand.
    pub next_tag: Option<String>,
    /// POP3: messages marked by DELE that QUIT will remove.
    pub deletes_pending: usize,
    /// SMTP: the transaction so far, a phrase a line ("from <a@b>", "to <c@d>").
    pub transaction: Vec<String>,
    /// True when what goes out next is a secret: an answer to a challenge, the literal of a password.
    pub hidden: bool,
    /// True when the peer said BYE, 221 or +OK to QUIT: a close is expected.
    pub leaving: bool,
}

/// How an engine can be told to behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// IMAP: add tags (`true`) or send all lines bare.
    Tags(bool),
    /// Report what is odd about the peer.
    Lint(bool),
    /// POP3: the reply to the next command is multi-line, whatever the table says.
    NextIsMultiLine,
    /// Credentials may travel in the clear: the person agreed, or the host is loopback.
    ClearCredentials(bool),
}

/// What a client engine is made with.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// True where a policy drives (batch with `--starttls`, talks, load): anything odd around
    /// STARTTLS, PREAUTH, a pre-emptive completion or the greeting ends the conversation.
    pub strict: bool,
    /// True when TLS was required by `--starttls`: PREAUTH and an odd STARTTLS reply are fatal.
    pub starttls_required: bool,
    /// True when the connection is under TLS from its first octet.
    pub secured: bool,
    /// True when a credential in the clear is no danger: loopback, Unix socket, pipe, or consent.
    pub clear_credentials: bool,
    /// Report what is odd about the peer.
    pub lint: bool,
    /// Hand out secrets beside the masked text, for the screen alone.
    pub show_secrets: bool,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            strict: false,
            starttls_required: false,
            secured: false,
            clear_credentials: true,
            lint: true,
            show_secrets: false,
        }
    }
}
