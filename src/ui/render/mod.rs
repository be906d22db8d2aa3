//! A conversation as marked text: what a terminal, a pipe and a log show.
//!
//! Marks stand in a gutter four columns wide that server text never reaches: `->` and `~>` sent in
//! the clear and under TLS, `<-` and `<~` received, with a star when refused, `!!` a remark about the
//! other side, `==` information, `  =` what the line above means. Content stands behind `|`.
//! Colour repeats the verdict. A renderer keeps just what it needs between two events: a status line
//! whose time is not known yet, and the unfinished last line of content.

mod content;
mod notes;

use std::time::Duration;

use crate::proto::Protocol;
use crate::proto::event::{Event, Line, LineKind, Sent, SentKind, Verdict};
use crate::session::{Happening, Timed};
use crate::ui::style::{Look, Role, Styled};
use crate::wire::show::show;

pub use content::Carry;
pub use notes::advice_text;

/// Which times are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Times {
    /// All.
    All,
    /// Those from 100 ms up.
    #[default]
    Slow,
    /// None.
    Off,
}

/// What is shown of what goes out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Echo {
    /// Everything: a pipe, a file.
    #[default]
    All,
    /// What differs from what was typed: a terminal shows the rest already.
    Added,
}

/// How a conversation is rendered.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// Colours, characters, width.
    pub look: Look,
    /// Which times.
    pub times: Times,
    /// What of the sent lines.
    pub echo: Echo,
    /// Only what the server says.
    pub quiet: bool,
    /// Secrets that events carry are shown.
    pub show_secrets: bool,
    /// Each field of a login is explained.
    pub explain: bool,
    /// Of a content, only so many lines; the rest is counted.
    pub content_lines: Option<u64>,
}

/// Turns happenings into text, one line for each line of the conversation.
#[derive(Debug, Default)]
pub struct Renderer {
    /// How.
    pub style: Style,
    held: Option<Styled>,
    carry: Carry,
    protocol: Option<&'static Protocol>,
}

const SLOW: Duration = Duration::from_millis(100);
/// Where times stand when the width is not known.
const DEFAULT_WIDTH: usize = 80;

impl Renderer {
    /// A renderer in this style.
    pub fn new(style: Style) -> Self {
        Self {
            style,
            ..Self::default()
        }
    }

    /// Tells which protocol's words advice is to speak of.
    pub fn speak(&mut self, protocol: Option<&'static Protocol>) {
        self.protocol = protocol;
    }

    /// Adds what `timed` says to `out`, each line ended.
    pub fn render(&mut self, timed: &Timed, out: &mut String) {
        match &timed.what {
            Happening::Engine(Event::Part(part)) => self.part(part, timed.secured, out),
            Happening::Engine(Event::Line(line)) => self.line(line, timed.secured, out),
            Happening::Engine(Event::Reply(_)) => self.release(timed.took, out),
            Happening::Engine(Event::Sent(sent)) => self.sent(sent, timed.secured, out),
            _ => {
                self.release(None, out);
                for line in self.notes(timed) {
                    self.put(&line, out);
                }
            }
        }
    }

    /// Adds a line of our own.
    pub fn note(&mut self, mark: Mark, text: &str, out: &mut String) {
        self.release(None, out);
        self.put(&mark.line(text), out);
    }

    /// Adds a view: what the lines above say, arranged.
    pub fn arranged(&mut self, lines: &[Styled], out: &mut String) {
        if !lines.is_empty() {
            self.release(None, out);
        }
        for (at, line) in lines.iter().enumerate() {
            let gutter = if at == 0 { "  = " } else { "    " };
            let mut whole = Styled::new(Role::Dim, gutter);
            whole.0.extend(line.0.iter().cloned());
            self.put(&whole, out);
        }
    }

    fn put(&self, line: &Styled, out: &mut String) {
        out.push_str(&line.render(&self.style.look));
        out.push('\n');
    }

    fn line(&mut self, line: &Line, secured: bool, out: &mut String) {
        self.release(None, out);
        let refused = matches!(line.verdict, Verdict::Refused | Verdict::TryLater);
        let mark = match (secured, refused) {
            (false, false) => "<-  ",
            (false, true) => "<-* ",
            (true, false) => "<~  ",
            (true, true) => "<~* ",
        };
        let text = match (&line.clear, self.style.show_secrets) {
            (Some(clear), true) => clear.expose(),
            _ => line.text.as_slice(),
        };
        let text = show(text, self.style.look.charset);
        let styled = Styled::plain(mark).with(role(line.verdict), text);
        if matches!(line.kind, LineKind::Status | LineKind::GoAhead) {
            self.held = Some(styled);
        } else {
            self.put(&styled, out);
        }
    }

    fn sent(&mut self, sent: &Sent, secured: bool, out: &mut String) {
        self.release(None, out);
        let added = sent.differs || sent.kind == SentKind::Reply;
        if self.style.quiet || (self.style.echo == Echo::Added && !added) {
            return;
        }
        let text = match (&sent.clear, self.style.show_secrets) {
            (Some(clear), true) => clear.expose(),
            _ => sent.shown.as_slice(),
        };
        let mark = if secured { "~>  " } else { "->  " };
        let mut styled = Styled::plain(mark);
        if text.is_empty() && sent.kind == SentKind::Answer {
            styled = styled.with(Role::Dim, "(empty line)");
        } else {
            styled = styled.with(Role::Plain, show(text, self.style.look.charset));
        }
        if sent.kind == SentKind::Content && sent.differs && text.starts_with(b"..") {
            styled = styled.with(Role::Dim, "  (dot-stuffed)");
        }
        self.put(&styled, out);
    }

    /// Prints the held status line, with its time when that is known and wanted.
    fn release(&mut self, took: Option<Duration>, out: &mut String) {
        self.finish_content(out);
        let Some(mut line) = self.held.take() else {
            return;
        };
        let wanted = match self.style.times {
            Times::All => true,
            Times::Slow => took.is_some_and(|t| t >= SLOW),
            Times::Off => false,
        };
        if let (true, Some(took)) = (wanted, took) {
            let time = crate::ui::units::time(took);
            let width = self.style.look.width.unwrap_or(DEFAULT_WIDTH);
            let used =
                crate::ui::units::columns(&line.text()) + crate::ui::units::columns(&time) + 2;
            let gap = width.saturating_sub(used) + 2;
            if used <= width {
                line = line
                    .with(Role::Plain, " ".repeat(gap))
                    .with(Role::Dim, time);
            }
        }
        self.put(&line, out);
    }
}

/// The colour of a verdict.
pub fn role(verdict: Verdict) -> Role {
    match verdict {
        Verdict::Good => Role::Good,
        Verdict::More => Role::More,
        Verdict::TryLater => Role::Later,
        Verdict::Refused => Role::Refused,
        Verdict::Note => Role::Plain,
    }
}

/// Marks of our own lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// `==`: information.
    Info,
    /// `!!`: a remark about the other side.
    Remark,
    /// `  =`: what the line above means.
    Meaning,
}

impl Mark {
    /// A line with this mark.
    pub fn line(self, text: impl Into<String>) -> Styled {
        match self {
            Self::Info => Styled::new(Role::Dim, "==  ").with(Role::Plain, text),
            Self::Remark => Styled::new(Role::Warn, "!!  ").with(Role::Warn, text),
            Self::Meaning => Styled::new(Role::Dim, "  = ").with(Role::Dim, text),
        }
    }
}
