//! A conversation as marked text: what a terminal, a pipe and a log show.
//!
//! Marks and gutter are those of `ui::marks`; colour repeats the verdict. A renderer keeps just what
//! it needs between two events: a status line whose time is not known yet, the unfinished last line
//! of content, and what the person typed, which the terminal shows already.

mod content;
mod notes;

use std::time::Duration;

use crate::proto::Protocol;
use crate::proto::event::{Event, Line, LineKind, Sent, SentKind, Verdict};
use crate::session::{Happening, Timed};
use crate::transcript::Direction;
use crate::ui::marks::{self, Fold, fold, gutter, safe};
use crate::ui::style::{Look, Role, Styled};
use crate::ui::units;
use crate::wire::secret::{MASK, Secret};

pub use crate::ui::marks::Mark;
pub use content::Carry;
pub use notes::{advice_text, complaint};

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
    /// What a terminal does not show already: all but the line that was typed (`Renderer::typed`).
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
    typed: Option<Secret>,
    upload: Option<String>,
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

    /// The line that the person typed, which may be a login, until it went out; `None` when what follows was not typed.
    pub fn typed(&mut self, line: Option<&[u8]>) {
        self.typed = line.map(Secret::new);
    }

    /// The content that goes out next is so much of a file: named and counted, not shown.
    pub fn upload(&mut self, octets: u64, name: &str) {
        let name = safe(name.as_bytes(), &self.style.look);
        self.upload = Some(format!("|{} octets of {name}", units::grouped(octets)));
    }

    /// Adds what `timed` says to `out`, each line ended.
    pub fn render(&mut self, timed: &Timed, out: &mut Vec<u8>) {
        match &timed.what {
            Happening::Engine(Event::Part(part)) => self.part(part, timed.secured, out),
            Happening::Engine(Event::Line(line)) => self.line(line, timed.secured, out),
            Happening::Engine(Event::Reply(_)) => {
                self.release(timed.took, out);
                self.upload = None;
            }
            Happening::Engine(Event::Sent(sent)) => self.sent(sent, timed.secured, out),
            _ => {
                self.release(None, out);
                for line in self.notes(timed) {
                    self.put(line, Fold::Words, out);
                }
            }
        }
    }

    /// Adds a line of our own.
    pub fn note(&mut self, mark: Mark, text: &str, out: &mut Vec<u8>) {
        self.release(None, out);
        self.put(mark.line(text), Fold::Words, out);
    }

    /// Adds a view: what the lines above say, arranged.
    pub fn arranged(&mut self, lines: &[Styled], out: &mut Vec<u8>) {
        if !lines.is_empty() {
            self.release(None, out);
        }
        for (at, line) in lines.iter().enumerate() {
            let gutter = if at == 0 { "  = " } else { "    " };
            let mut whole = Styled::new(Role::Dim, gutter);
            whole.0.extend(line.0.iter().cloned());
            self.put(whole, Fold::Words, out);
        }
    }

    fn put(&self, line: Styled, how: Fold, out: &mut Vec<u8>) {
        for line in fold(line, self.style.look.width, how) {
            out.extend_from_slice(line.render(&self.style.look).as_bytes());
            out.push(b'\n');
        }
    }

    fn line(&mut self, line: &Line, secured: bool, out: &mut Vec<u8>) {
        self.release(None, out);
        let refused = matches!(line.verdict, Verdict::Refused | Verdict::TryLater);
        let text = match (&line.clear, self.style.show_secrets) {
            (Some(clear), true) => clear.expose(),
            _ => line.text.as_slice(),
        };
        let mark = gutter(Direction::Received, secured, refused);
        let styled =
            Styled::plain(mark).with(marks::role(line.verdict), safe(text, &self.style.look));
        if matches!(line.kind, LineKind::Status | LineKind::GoAhead) {
            self.held = Some(styled);
        } else {
            self.put(styled, Fold::Edge, out);
        }
    }

    fn sent(&mut self, sent: &Sent, secured: bool, out: &mut Vec<u8>) {
        self.release(None, out);
        let seen = self.style.echo == Echo::Added
            && self
                .typed
                .take_if(|typed| shows_already(typed.expose(), &sent.shown))
                .is_some();
        // Behind a literal there may be nothing left to say.
        let nothing = sent.kind == SentKind::Command && sent.shown.is_empty();
        if self.style.quiet || seen || nothing {
            return;
        }
        if sent.kind == SentKind::Content
            && let Some(upload) = &mut self.upload
        {
            let text = std::mem::take(upload);
            if !text.is_empty() {
                let mark = gutter(Direction::Sent, secured, false);
                let line = Styled::plain(mark).with(Role::Dim, text);
                self.put(line, Fold::Content, out);
            }
            return;
        }
        let text = match (&sent.clear, self.style.show_secrets) {
            (Some(clear), true) => clear.expose(),
            _ => sent.shown.as_slice(),
        };
        let mut styled = Styled::plain(gutter(Direction::Sent, secured, false));
        let content = sent.kind == SentKind::Content;
        if content {
            styled = styled.with(Role::Plain, "|");
        }
        if text.is_empty() && sent.kind == SentKind::Answer {
            styled = styled.with(Role::Dim, "(empty line)");
        } else {
            styled = styled.with(Role::Plain, safe(text, &self.style.look));
        }
        if content && sent.differs && text.starts_with(b"..") {
            styled = styled.with(Role::Dim, "  (dot-stuffed)");
        }
        let how = if content { Fold::Content } else { Fold::Edge };
        self.put(styled, how, out);
    }

    /// Prints the held status line, with its time when that is known and wanted.
    fn release(&mut self, took: Option<Duration>, out: &mut Vec<u8>) {
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
            let time = units::time(took);
            let width = self.style.look.width.unwrap_or(DEFAULT_WIDTH);
            let used = units::columns(&line.text()) + units::columns(&time) + 2;
            let gap = width.saturating_sub(used) + 2;
            if used <= width {
                line = line
                    .with(Role::Plain, " ".repeat(gap))
                    .with(Role::Dim, time);
            }
        }
        self.put(line, Fold::Edge, out);
    }
}

/// True when the screen shows what went out: the prompt its tag, the line behind it the rest, with
/// dots where this has a mask.
fn shows_already(typed: &[u8], sent: &[u8]) -> bool {
    let behind_tag = memchr::memchr(b' ', sent).map_or(&[][..], |blank| &sent[blank + 1..]);
    [sent, behind_tag].into_iter().any(|sent| {
        let secret = memchr::memmem::find(sent, MASK.as_bytes());
        match secret {
            Some(at) => at > 0 && typed.starts_with(&sent[..at]),
            None => sent == typed,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::shows_already;

    #[test]
    fn only_what_was_typed_is_on_the_screen() {
        assert!(shows_already(b"NOOP", b"NOOP"));
        assert!(shows_already(b"select inbox", b"a2 select inbox"));
        assert!(shows_already(
            b"login alice x y",
            "a1 login alice ••••".as_bytes()
        ));
        assert!(!shows_already(b".hidden", b"..hidden"));
        assert!(!shows_already(b":repeat 3 NOOP", b"NOOP"));
        assert!(!shows_already(b"append x {@m}", b"a5 append x {1204}"));
        assert!(!shows_already(b"AGFsaWNl", "••••".as_bytes()));
        assert!(!shows_already(b"", "a1 ••••".as_bytes()));
    }
}
