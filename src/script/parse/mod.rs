//! Text to talk. The grammar is docs/talk-format.md; the order of the tests here is its order.
//!
//! Every fault is a `Diag` that points at the place; nothing here panics, whatever the text is.

mod directives;

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

/// Lines in a talk, at most: what is made of a line is larger than the line.
const LINES_MAX: usize = 500_000;

/// Octets in a line of a talk, at most.
const LINE_MAX: usize = 1024 * 1024;

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
