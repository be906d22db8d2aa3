//! A talk as data: steps in the order of the file, each with its place and what is expected of it.

use std::sync::Arc;
use std::time::Duration;

use super::pattern::{Expression, Pattern};
use super::template::Template;
pub use crate::ui::diag::Span;

/// A parsed talk.
#[derive(Clone, Debug)]
pub struct Talk {
    /// The file's name, as given.
    pub name: String,
    /// The text it was parsed from, for diagnostics.
    pub source: Arc<str>,
    /// What it does, in order.
    pub steps: Vec<Step>,
    /// True for `on practice`, and when nothing says where to connect.
    pub practice: bool,
}

impl Talk {
    /// True when something in it goes past the engine: raw octets and broken rules.
    pub fn breaks_rules(&self) -> bool {
        self.steps.iter().any(|step| match &step.action {
            Action::Raw(_) | Action::Break(_) => true,
            Action::Together { lines, one_write } => !one_write || lines.iter().any(|p| p.raw),
            _ => false,
        })
    }
}

/// False for preparations alone: such a talk would pass whatever the server does.
pub(super) fn do_something(steps: &[Step]) -> bool {
    steps.iter().any(|step| {
        let prepares = matches!(
            step.action,
            Action::OnPractice { .. }
                | Action::Requires { .. }
                | Action::Fault { .. }
                | Action::Set { .. }
                | Action::Session { .. }
                | Action::Wait(_)
                | Action::Break(Break::WrongLiteralSize)
        );
        !prepares || !step.groups.is_empty()
    })
}

/// One thing that a talk does, and what is expected then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The line's place: keyword and text.
    pub span: Span,
    /// What is done.
    pub action: Action,
    /// `retry` before it.
    pub retry: Option<Retry>,
    /// The groups of `S` lines behind it; several where `--` parts them.
    pub groups: Vec<Group>,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// `open TARGET`, with what is said before the greeting (`early-talk`). `None`: the practice
    /// server that nobody named.
    Open {
        /// Where to.
        target: Option<Template>,
        /// Lines that do not wait for the greeting.
        early: Vec<Template>,
    },
    /// `on practice [PROTOCOL]`.
    OnPractice {
        /// The protocol of an `open` that is left out.
        protocol: Option<String>,
    },
    /// `requires: WORD…`.
    Requires {
        /// The capability, as "AUTH SCRAM-SHA-256".
        words: String,
    },
    /// `fault …`, for the practice server.
    Fault {
        /// As written.
        text: String,
    },
    /// `session NAME`.
    Session {
        /// The name.
        name: String,
    },
    /// `set NAME VALUE`.
    Set {
        /// The setting or variable.
        name: String,
        /// Its value.
        value: Template,
    },
    /// `C: text`.
    Say(Template),
    /// `starttls`.
    StartTls,
    /// `auth MECH [user]` and `unadvertised-auth MECH [user]`.
    Auth {
        /// The mechanism, or `LOGIN`, `USER`, `APOP` where the protocol has such a login.
        mechanism: String,
        /// The user.
        user: Option<Template>,
        /// Do not ask whether the server offers it.
        anyway: bool,
    },
    /// `data FILE`.
    Data(Template),
    /// `bdat FILE [CHUNK]`.
    Bdat {
        /// The file.
        file: Template,
        /// Octets in each chunk.
        chunk: Option<u64>,
    },
    /// `raw "…"`.
    Raw(Template),
    /// `together` … `go`, and `no-wait` … `go`.
    Together {
        /// What is sent.
        lines: Vec<Part>,
        /// False for `no-wait`: each line in a write of its own.
        one_write: bool,
    },
    /// `wait DURATION`.
    Wait(Duration),
    /// `expect-close`.
    ExpectClose,
    /// One that breaks the rules on purpose.
    Break(Break),
}

/// A line inside `together` or `no-wait`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its place.
    pub span: Span,
    /// What is sent.
    pub text: Template,
    /// True for `raw`.
    pub raw: bool,
}

/// Directives that break the protocol, for people who test servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Break {
    /// `bare-lf TEXT`: the line ends in LF alone.
    BareLf(Template),
    /// `bare-cr TEXT`: the line ends in CR alone.
    BareCr(Template),
    /// `no-dot-stuffing TEXT`: a body line whose leading dot is not doubled.
    NoDotStuffing(Template),
    /// `long-line OCTETS TEXT`: the text, filled up with `x`.
    LongLine {
        /// Octets of the line without its end.
        octets: u32,
        /// What it begins with.
        text: Template,
    },
    /// `wrong-literal-size`: the count before these lines need not fit.
    WrongLiteralSize,
    /// `abandon-literal`: the octets that were announced never come; the connection is dropped.
    AbandonLiteral,
    /// `half-close`: we send no more and go on reading.
    HalfClose,
    /// `drip DURATION TEXT`: an octet, a pause, the next octet.
    Drip {
        /// The pause.
        every: Duration,
        /// The line.
        text: Template,
    },
    /// `starttls-with "…"`: STARTTLS and these octets behind it, in one write.
    StartTlsWith(Template),
    /// `cut-after OCTETS TEXT`: so many octets of the line, then the connection is dropped.
    CutAfter {
        /// How many.
        octets: u32,
        /// The line.
        text: Template,
    },
}

/// `retry N every DURATION`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Tries in all.
    pub times: u32,
    /// The pause between two.
    pub every: Duration,
}

/// What is expected of one reply.
pub type Group = Vec<Expect>;

/// One `S` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expect {
    /// The pattern's place.
    pub span: Span,
    /// Which of the four it is.
    pub kind: ExpectKind,
    /// What the line must look like.
    pub shape: LinePattern,
    /// `within`: later than this fails.
    pub within: Option<Duration>,
    /// `after`: earlier than this fails.
    pub after: Option<Duration>,
}

/// How an `S` line counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpectKind {
    /// `S:` and `S~`: must be there.
    Must,
    /// `S?`: may be missing.
    May,
    /// `S!`: no line of the reply starts so.
    Never,
}

/// A pattern or an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinePattern {
    /// `S:`, `S?`, `S!`.
    Plain(Pattern),
    /// `S~`.
    Expression(Box<Expression>),
}

impl LinePattern {
    /// True when the line starts so; captures go into `new`.
    pub fn fits(
        &self,
        line: &[u8],
        known: &super::pattern::Values,
        new: &mut super::pattern::Values,
    ) -> bool {
        match self {
            Self::Plain(pattern) => pattern.fits(line, known, new),
            Self::Expression(expression) => expression.fits(line, known, new),
        }
    }

    /// The names it captures or compares.
    pub fn names(&self) -> Vec<&str> {
        match self {
            Self::Plain(pattern) => pattern.names().collect(),
            Self::Expression(expression) => expression.names().collect(),
        }
    }

    /// The plain text it begins with; empty for expressions.
    pub fn literal_start(&self) -> &[u8] {
        match self {
            Self::Plain(pattern) => pattern.literal_start(),
            Self::Expression(_) => b"",
        }
    }
}
