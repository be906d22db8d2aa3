//! Lines that begin with a keyword. Each reads what follows it, to the end of the line.

use super::{Block, KEYWORDS, Parser, fault};
use crate::script::ast::{Action, Break, Part, Retry, Span, Step};
use crate::script::cursor::{Cursor, Fault};
use crate::script::template::Template;
use crate::ui::meant;

/// Octets of a line made by `long-line`, at most.
const LONG_LINE_MAX: u64 = 16 * 1024 * 1024;

impl Parser {
    /// The directive `word`, which stands at `place`; `span` is the whole line.
    pub(super) fn directive(
        &mut self,
        word: &str,
        place: Span,
        span: Span,
        cursor: &mut Cursor<'_>,
    ) -> Result<(), Fault> {
        match word {
            "--" => {
                cursor.end()?;
                return self.part_groups(span);
            }
            "within" => {
                self.bounds.within = Some(cursor.time()?);
                self.bounds.span = Some(span);
            }
            "after" => {
                self.bounds.after = Some(cursor.time()?);
                self.bounds.span = Some(span);
            }
            "retry" => self.retry = Some((span, retry(cursor)?)),
            "open" => return self.open(cursor, span),
            "on" => return self.on(cursor, span),
            "requires:" => {
                let words = cursor.text("a capability")?.0.to_ascii_uppercase();
                self.push(span, Action::Requires { words });
            }
            "fault" => {
                let text = cursor.text("a fault")?.0.to_owned();
                self.push(span, Action::Fault { text });
            }
            "session" => self.session(cursor, span)?,
            "set" => {
                let name = cursor.need("a name")?.0.to_owned();
                let (value, place) = cursor.text("a value")?;
                let value = Template::parse(value, place);
                self.push(span, Action::Set { name, value });
            }
            "together" | "no-wait" => {
                self.block = Some(Block {
                    span,
                    one_write: word == "together",
                    lines: Vec::new(),
                });
            }
            "go" => self.go(place)?,
            "wait" => {
                let time = cursor.time()?;
                self.push(span, Action::Wait(time));
            }
            "early-talk" => return self.early(cursor, span),
            "raw" if self.block.is_some() => {
                let text = cursor.quoted()?;
                self.add_to_block(Part {
                    span,
                    text,
                    raw: true,
                });
            }
            _ => match connected(word, cursor)? {
                Some(action) => return self.connected(action, cursor, span),
                None => return fault(place, "this is no directive of a talk", meant(word)),
            },
        }
        cursor.end()
    }

    /// What needs a connection, and may end it.
    fn connected(
        &mut self,
        action: Action,
        cursor: &mut Cursor<'_>,
        span: Span,
    ) -> Result<(), Fault> {
        let drops = matches!(
            action,
            Action::ExpectClose | Action::Break(Break::CutAfter { .. } | Break::AbandonLiteral)
        );
        cursor.end()?;
        self.act(span, action)?;
        if drops {
            self.links.insert(self.session.clone(), false);
        }
        Ok(())
    }

    fn session(&mut self, cursor: &mut Cursor<'_>, span: Span) -> Result<(), Fault> {
        let (name, place) = cursor.need("a name")?;
        let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if !name.chars().all(good) {
            return fault(
                place,
                "this is no name of a session",
                "letters, digits, - and _",
            );
        }
        name.clone_into(&mut self.session);
        let name = name.to_owned();
        self.push(span, Action::Session { name });
        Ok(())
    }

    fn go(&mut self, place: Span) -> Result<(), Fault> {
        let Some(block) = self.block.take() else {
            let label = "together or no-wait begins one";
            return fault(place, "go has no block to end", label);
        };
        if block.lines.is_empty() {
            return fault(block.span, "this block is empty", "C: lines belong in it");
        }
        let action = Action::Together {
            lines: block.lines,
            one_write: block.one_write,
        };
        self.act(block.span, action)
    }

    fn open(&mut self, cursor: &mut Cursor<'_>, span: Span) -> Result<(), Fault> {
        let (target, place) = cursor.text("a target")?;
        let target = Some(Template::parse(target, place));
        let early = Vec::new();
        self.push(span, Action::Open { target, early });
        self.links.insert(self.session.clone(), true);
        Ok(())
    }

    fn on(&mut self, cursor: &mut Cursor<'_>, span: Span) -> Result<(), Fault> {
        let (word, place) = cursor.need("practice")?;
        if word != "practice" {
            return fault(place, "a talk can only be on practice", "practice");
        }
        let protocol = cursor.word().map(|(p, _)| p.to_owned());
        cursor.end()?;
        if !self.links.is_empty() {
            return fault(
                span,
                "on practice stands before the conversation begins",
                "",
            );
        }
        self.practice = true;
        self.push(span, Action::OnPractice { protocol });
        Ok(())
    }

    fn early(&mut self, cursor: &mut Cursor<'_>, span: Span) -> Result<(), Fault> {
        let (text, place) = cursor.exact();
        let text = Template::parse(text, place);
        if !self.links.contains_key(&self.session) {
            self.connect(span)?;
        }
        if let Some(Step {
            action: Action::Open { early, .. },
            groups,
            ..
        }) = self.steps.last_mut()
            && groups.is_empty()
        {
            early.push(text);
            return Ok(());
        }
        fault(
            span,
            "early-talk comes before the greeting",
            "it stands directly behind open",
        )
    }
}

/// `retry N every TIME`.
fn retry(cursor: &mut Cursor<'_>) -> Result<Retry, Fault> {
    let times = u32::try_from(cursor.number(1_000_000)?).unwrap_or(u32::MAX);
    let (every, place) = cursor.need("every")?;
    if every != "every" {
        return fault(place, "retry needs its pause", "as retry 10 every 1s");
    }
    let every = cursor.time()?;
    Ok(Retry { times, every })
}

/// What may stand in the place of a word that is no keyword.
fn meant(word: &str) -> String {
    match meant::nearest(word, KEYWORDS.iter().map(|(name, _)| *name)) {
        Some(near) => format!("did you mean {near}?"),
        None => "C: sends a line, S: expects one, # begins a remark".to_owned(),
    }
}

/// Directives that need a connection and stand on one line. `None`: no such word.
fn connected(word: &str, cursor: &mut Cursor<'_>) -> Result<Option<Action>, Fault> {
    let exact = |cursor: &mut Cursor<'_>| {
        let (text, span) = cursor.exact();
        Template::parse(text, span)
    };
    let octets = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    Ok(Some(match word {
        "starttls" => Action::StartTls,
        "auth" | "unadvertised-auth" => {
            let mechanism = cursor.need("a mechanism")?.0.to_ascii_uppercase();
            let user = cursor
                .word()
                .map(|(user, span)| Template::parse(user, span));
            let anyway = word == "unadvertised-auth";
            Action::Auth {
                mechanism,
                user,
                anyway,
            }
        }
        "data" => {
            let (file, span) = cursor.text("a file")?;
            Action::Data(Template::parse(file, span))
        }
        "bdat" => {
            let (file, span) = cursor.need("a file")?;
            let file = Template::parse(file, span);
            let mut ahead = cursor.clone();
            let chunk = match ahead.word() {
                Some(_) => Some(cursor.number(u64::from(u32::MAX))?),
                None => None,
            };
            Action::Bdat { file, chunk }
        }
        "raw" => Action::Raw(cursor.quoted()?),
        "expect-close" => Action::ExpectClose,
        "bare-lf" => Action::Break(Break::BareLf(exact(cursor))),
        "bare-cr" => Action::Break(Break::BareCr(exact(cursor))),
        "no-dot-stuffing" => {
            let text = exact(cursor);
            if text.fixed() == Some(b".") {
                return fault(text.span, "a lone dot ends the body", "C: . says that");
            }
            Action::Break(Break::NoDotStuffing(text))
        }
        "long-line" => {
            let octets = octets(cursor.number(LONG_LINE_MAX)?);
            let text = exact(cursor);
            Action::Break(Break::LongLine { octets, text })
        }
        "wrong-literal-size" => Action::Break(Break::WrongLiteralSize),
        "abandon-literal" => Action::Break(Break::AbandonLiteral),
        "half-close" => Action::Break(Break::HalfClose),
        "drip" => {
            let every = cursor.time()?;
            let text = exact(cursor);
            Action::Break(Break::Drip { every, text })
        }
        "starttls-with" => Action::Break(Break::StartTlsWith(cursor.quoted()?)),
        "cut-after" => {
            let octets = octets(cursor.number(LONG_LINE_MAX)?);
            let text = exact(cursor);
            Action::Break(Break::CutAfter { octets, text })
        }
        _ => return Ok(None),
    }))
}
