//! Text to talk. The grammar is docs/talk-format.md; the order of the tests here is its order.
//!
//! Every fault is a `Diag` that points at the place; nothing here panics, whatever the text is.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ast::{
    Action, Break, Expect, ExpectKind, LinePattern, Part, Retry, Span, Step, Talk, do_something,
};
use super::cursor::{Cursor, Fault};
use super::literals;
use super::pattern::{Expression, Pattern};
use super::template::Template;
use crate::ui::diag::Diag;
use crate::ui::meant;

/// Lines in a talk, at most: what is made of a line is larger than the line.
const LINES_MAX: usize = 500_000;

/// Octets in a line of a talk, at most.
const LINE_MAX: usize = 1024 * 1024;

/// Octets of a line made by `long-line`, at most.
const LONG_LINE_MAX: u64 = 16 * 1024 * 1024;

/// Every keyword and what follows it, for messages and completion.
pub const KEYWORDS: &[(&str, &str)] = &[
    ("C:", "TEXT"),
    ("S:", "PATTERN"),
    ("S?", "PATTERN"),
    ("S!", "PATTERN"),
    ("S~", "EXPRESSION"),
    ("--", ""),
    ("within", "TIME"),
    ("after", "TIME"),
    ("retry", "N every TIME"),
    ("open", "TARGET"),
    ("on", "practice [PROTOCOL]"),
    ("requires:", "CAPABILITY"),
    ("fault", "FAULT"),
    ("session", "NAME"),
    ("set", "NAME VALUE"),
    ("starttls", ""),
    ("auth", "MECH [USER]"),
    ("data", "FILE"),
    ("bdat", "FILE [OCTETS]"),
    ("raw", "\"OCTETS\""),
    ("together", "… go"),
    ("no-wait", "… go"),
    ("go", ""),
    ("wait", "TIME"),
    ("expect-close", ""),
    ("early-talk", "TEXT"),
    ("bare-lf", "TEXT"),
    ("bare-cr", "TEXT"),
    ("no-dot-stuffing", "TEXT"),
    ("long-line", "OCTETS TEXT"),
    ("wrong-literal-size", ""),
    ("abandon-literal", ""),
    ("half-close", ""),
    ("drip", "TIME TEXT"),
    ("starttls-with", "\"OCTETS\""),
    ("cut-after", "OCTETS TEXT"),
    ("unadvertised-auth", "MECH [USER]"),
];

/// Parses a talk. `name` is the file's name for messages.
///
/// # Errors
/// The first fault, with its place.
pub fn parse(text: &str, name: &str) -> Result<Talk, Box<Diag>> {
    let source = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut parser = Parser {
        steps: Vec::new(),
        practice: false,
        explicit: source.split('\n').any(|l| {
            let mut words = l.split_ascii_whitespace();
            words.next() == Some("open") && words.next().is_some()
        }),
        session: "main".to_owned(),
        links: BTreeMap::new(),
        retry: None,
        bounds: Bounds::default(),
        block: None,
    };
    parser.run(source).map_err(|(span, what, label)| {
        Box::new(Diag::new(name, source, span, what).label(label))
    })?;
    let talk = Talk {
        name: name.to_owned(),
        source: Arc::from(source),
        practice: parser.practice || !parser.explicit,
        steps: parser.steps,
    };
    literals::check(&talk)?;
    Ok(talk)
}

struct Parser {
    steps: Vec<Step>,
    practice: bool,
    /// True when some line says `open`.
    explicit: bool,
    session: String,
    /// Sessions that were opened: true while the connection stands.
    links: BTreeMap<String, bool>,
    retry: Option<(Span, Retry)>,
    bounds: Bounds,
    block: Option<Block>,
}

#[derive(Default)]
struct Bounds {
    span: Option<Span>,
    within: Option<std::time::Duration>,
    after: Option<std::time::Duration>,
}

struct Block {
    span: Span,
    one_write: bool,
    lines: Vec<Part>,
}

fn fault<T>(span: Span, what: impl Into<String>, label: impl Into<String>) -> Result<T, Fault> {
    Err((span, what.into(), label.into()))
}

impl Parser {
    fn run(&mut self, source: &str) -> Result<(), Fault> {
        for (index, line) in source.split('\n').enumerate() {
            let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
            let line = line.strip_suffix('\r').unwrap_or(line);
            let place = |at: usize| Span {
                line: number,
                column: u32::try_from(line[..at].chars().count() + 1).unwrap_or(u32::MAX),
                length: 1,
            };
            if index >= LINES_MAX {
                return fault(
                    place(0),
                    format!("a talk has at most {LINES_MAX} lines"),
                    "",
                );
            }
            if line.len() > LINE_MAX {
                return fault(place(0), "this line is longer than 1 MiB", "");
            }
            if let Some(at) = line.find(['\r', '\0']) {
                return fault(
                    place(at),
                    "a line of a talk cannot hold CR or NUL",
                    "raw \"…\" can send it",
                );
            }
            self.line(&mut Cursor::new(line, number))?;
        }
        self.no_bounds()?;
        self.no_retry()?;
        if let Some(block) = &self.block {
            return fault(block.span, "this block is not closed", "go ends it");
        }
        if !do_something(&self.steps) {
            let label = "no command and no expectation, here or below";
            return fault(Span::FIRST, "there is nothing to do in this talk", label);
        }
        Ok(())
    }

    fn line(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Fault> {
        let rest = cursor.rest();
        if rest.is_empty() || rest.starts_with('#') {
            return Ok(());
        }
        let span = cursor.rest_span();
        match rest.get(..2) {
            Some("C:") => {
                cursor.skip(2);
                return self.say(cursor, span);
            }
            Some("S:" | "S?" | "S!" | "S~") => {
                cursor.skip(2);
                return self.expect(cursor, &rest[..2], span);
            }
            _ => {}
        }
        let (word, place) = cursor.need("a keyword")?;
        if self.block.is_some() && !matches!(word, "raw" | "go") {
            return fault(place, "only C: and raw stand in this block", "go ends it");
        }
        if !matches!(word, "within" | "after") {
            self.no_bounds()?;
        }
        if word != "--" {
            self.no_retry()?;
        }
        self.directive(word, place, span, cursor)
    }

    fn directive(
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
            "retry" => {
                let times = u32::try_from(cursor.number(1_000_000)?).unwrap_or(u32::MAX);
                let (every, place) = cursor.need("every")?;
                if every != "every" {
                    return fault(place, "retry needs its pause", "as retry 10 every 1s");
                }
                let every = cursor.time()?;
                self.retry = Some((span, Retry { times, every }));
            }
            "open" => return self.open(cursor, span),
            "on" => return self.on(cursor, span),
            "requires:" => {
                let (words, _) = cursor.text("a capability")?;
                let words = words.to_ascii_uppercase();
                self.push(span, Action::Requires { words });
                return Ok(());
            }
            "fault" => {
                let text = cursor.text("a fault")?.0.to_owned();
                self.push(span, Action::Fault { text });
                return Ok(());
            }
            "session" => {
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
            }
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
            "go" => {
                let Some(block) = self.block.take() else {
                    return fault(
                        place,
                        "go has no block to end",
                        "together or no-wait begins one",
                    );
                };
                if block.lines.is_empty() {
                    return fault(block.span, "this block is empty", "C: lines belong in it");
                }
                let action = Action::Together {
                    lines: block.lines,
                    one_write: block.one_write,
                };
                self.act(block.span, action)?;
            }
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
            _ => {
                let Some(action) = connected(word, cursor)? else {
                    let known = KEYWORDS.iter().map(|(name, _)| *name);
                    let label = match meant::nearest(word, known) {
                        Some(near) => format!("did you mean {near}?"),
                        None => "C: sends a line, S: expects one, # begins a remark".to_owned(),
                    };
                    return fault(place, "this is no directive of a talk", label);
                };
                let drops = matches!(
                    action,
                    Action::ExpectClose
                        | Action::Break(Break::CutAfter { .. } | Break::AbandonLiteral)
                );
                cursor.end()?;
                self.act(span, action)?;
                if drops {
                    self.links.insert(self.session.clone(), false);
                }
                return Ok(());
            }
        }
        cursor.end()
    }

    fn say(&mut self, cursor: &mut Cursor<'_>, span: Span) -> Result<(), Fault> {
        self.no_bounds()?;
        let (text, place) = cursor.exact();
        let text = Template::parse(text, place);
        if self.block.is_some() {
            self.add_to_block(Part {
                span,
                text,
                raw: false,
            });
            return Ok(());
        }
        let retry = self.retry.take().map(|(_, retry)| retry);
        self.act(span, Action::Say(text))?;
        if let Some(step) = self.steps.last_mut() {
            step.retry = retry;
        }
        Ok(())
    }

    fn expect(&mut self, cursor: &mut Cursor<'_>, keyword: &str, span: Span) -> Result<(), Fault> {
        self.no_retry()?;
        if self.block.is_some() {
            return fault(span, "replies stand behind the block", "go ends the block");
        }
        let (text, place) = cursor.exact();
        let text = text.trim_end_matches([' ', '\t']);
        let place = Span {
            length: u32::try_from(text.chars().count()).unwrap_or(u32::MAX),
            ..place
        };
        let shape = if keyword == "S~" {
            let expression = Expression::parse(text)
                .map_err(|why| (place, "this is no regular expression".to_owned(), why))?;
            LinePattern::Expression(Box::new(expression))
        } else {
            LinePattern::Plain(Pattern::parse(text))
        };
        let kind = match keyword {
            "S?" => ExpectKind::May,
            "S!" => ExpectKind::Never,
            _ => ExpectKind::Must,
        };
        let bounds = std::mem::take(&mut self.bounds);
        if self.steps.is_empty() || !self.links.contains_key(&self.session) {
            self.connect(span)?;
        }
        let step = self.answerable(span)?;
        if step.groups.is_empty() {
            step.groups.push(Vec::new());
        }
        if let Some(group) = step.groups.last_mut() {
            group.push(Expect {
                span: place,
                kind,
                shape,
                within: bounds.within,
                after: bounds.after,
            });
        }
        Ok(())
    }

    /// The step that an `S:` line belongs to.
    fn answerable(&mut self, span: Span) -> Result<&mut Step, Fault> {
        let lacks = || {
            (
                span,
                "there is nothing before it that this could answer".to_owned(),
                "S: stands behind what it answers".to_owned(),
            )
        };
        let step = self.steps.last_mut().ok_or_else(lacks)?;
        match step.action {
            Action::OnPractice { .. }
            | Action::Requires { .. }
            | Action::Fault { .. }
            | Action::Set { .. }
            | Action::ExpectClose
            | Action::Break(
                Break::CutAfter { .. } | Break::AbandonLiteral | Break::WrongLiteralSize,
            ) => Err(lacks()),
            _ => Ok(step),
        }
    }

    fn part_groups(&mut self, span: Span) -> Result<(), Fault> {
        let step = self.answerable(span)?;
        if step.groups.is_empty() {
            step.groups.push(Vec::new());
        }
        step.groups.push(Vec::new());
        Ok(())
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

    /// Makes sure that the session is open: an `open` that nobody wrote is the practice server.
    fn connect(&mut self, span: Span) -> Result<(), Fault> {
        match self.links.get(&self.session) {
            Some(true) => Ok(()),
            Some(false) => fault(
                span,
                "the connection was dropped above",
                "open makes a new one",
            ),
            None if self.explicit && !self.practice => fault(
                span,
                "nothing is open yet",
                "open TARGET stands before this",
            ),
            None => {
                self.links.insert(self.session.clone(), true);
                let (target, early) = (None, Vec::new());
                self.push(span, Action::Open { target, early });
                Ok(())
            }
        }
    }

    fn act(&mut self, span: Span, action: Action) -> Result<(), Fault> {
        if self.links.get(&self.session) != Some(&true) {
            self.connect(span)?;
        }
        self.push(span, action);
        Ok(())
    }

    fn push(&mut self, span: Span, action: Action) {
        self.steps.push(Step {
            span,
            action,
            retry: None,
            groups: Vec::new(),
        });
    }

    fn add_to_block(&mut self, part: Part) {
        if let Some(block) = &mut self.block {
            block.lines.push(part);
        }
    }

    fn no_bounds(&self) -> Result<(), Fault> {
        match self.bounds.span {
            Some(span) => fault(span, "within and after stand before an S: line", ""),
            None => Ok(()),
        }
    }

    fn no_retry(&self) -> Result<(), Fault> {
        match self.retry {
            Some((span, _)) => fault(span, "retry stands before a C: line", ""),
            None => Ok(()),
        }
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
