//! The line editor: the only file that names rustyline.
//!
//! It runs on the thread it is called on and does what the desk asks: read a line, ask, read a
//! secret. Completion, hints and colours come from `complete`, which knows nothing of rustyline.
//! A hint is never taken by Enter or by an arrow: it is grammar, not a guess at what is meant.

use std::borrow::Cow;
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use rustyline::completion::{Completer, Pair, longest_common_prefix};
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter};
use rustyline::history::{History as _, MemHistory};
use rustyline::validate::Validator;
use rustyline::{
    Cmd, ColorMode, CompletionType, ConditionalEventHandler, Config, Context, EditMode, Editor,
    Event, EventContext, EventHandler, ExternalPrinter, Helper, KeyCode, KeyEvent, Modifiers,
    RepeatCount,
};
use tokio::sync::mpsc::UnboundedSender;

use crate::error::{Error, Result};
use crate::ui::style::{Look, Role, Styled};
use crate::ui::units;
use crate::wire::show::Charset;

use super::complete::{self, Candidate, View};
use super::dots::{Mask, hidden, masked, painted};
use super::front::{FromEditor, Reading, ToEditor};

/// Columns where nobody says how many there are.
const DEFAULT_WIDTH: usize = 80;
/// Rows where nobody says how many there are.
const DEFAULT_HEIGHT: usize = 24;
/// Rows that a list leaves free: for the line above it and the prompt with its hint below.
const ROWS_KEPT: usize = 4;
/// Erases from the cursor to the end of the row; the editor counts it as no column.
const ERASE_REST: &str = "\x1b[K";
/// Blanks that the editor puts between the columns of a list.
const LIST_GAP: usize = 2;
/// A hint that has fewer columns left in its row goes on in the next.
const HINT_ROOM: usize = 16;
/// The widest column of candidates.
const WIDEST: usize = 36;
/// Longer lines are neither coloured nor hinted: redrawing them would be quadratic.
const DECORATED: usize = 200;

/// How the editor behaves.
#[derive(Clone, Copy, Debug, Default)]
pub struct EditorOptions {
    /// Colours of prompt, hints and what is typed.
    pub color: bool,
    /// vi keys.
    pub vi: bool,
    /// No hints, no colours, no list below the line: for screen readers.
    pub simple: bool,
    /// Which characters may be used.
    pub charset: Charset,
}

/// The editor, ready to be asked.
pub struct LineEditor {
    editor: Editor<Assistant, MemHistory>,
    console_line: Arc<AtomicBool>,
    /// The line that Ctrl-] was pressed in, and its prompt: it comes back behind it.
    left: Arc<Mutex<String>>,
    left_at: String,
}

impl LineEditor {
    /// An editor on the terminal.
    ///
    /// # Errors
    /// `Local` when the terminal cannot be used.
    pub fn new(options: EditorOptions) -> Result<Self> {
        let config = Config::builder()
            .completion_type(CompletionType::List)
            .completion_show_all_if_ambiguous(true)
            // A list fits the screen, so it is not asked about either.
            .completion_prompt_limit(usize::MAX)
            .edit_mode(if options.vi {
                EditMode::Vi
            } else {
                EditMode::Emacs
            })
            // Without colours too: what is typed passes through the highlighter, which masks.
            .color_mode(ColorMode::Forced)
            .bracketed_paste(!options.simple)
            .auto_add_history(false)
            .max_history_size(10_000)
            .map_err(|e| failed(&e))?
            .build();
        let mut editor = Editor::with_history(config, MemHistory::new()).map_err(|e| failed(&e))?;
        editor.set_helper(Some(Assistant {
            view: None,
            command: true,
            options,
            prompt: 0,
            width: DEFAULT_WIDTH,
            accepted: Cell::new(false),
        }));
        let console_line = Arc::new(AtomicBool::new(false));
        let left = Arc::default();
        let key = ConsoleKey {
            pressed: Arc::clone(&console_line),
            left: Arc::clone(&left),
        };
        editor.bind_sequence(
            KeyEvent::ctrl(']'),
            EventHandler::Conditional(Box::new(key)),
        );
        if !options.vi {
            for (code, back) in [(KeyCode::Up, true), (KeyCode::Down, false)] {
                let handler = EventHandler::Conditional(Box::new(ByPrefix { back }));
                editor.bind_sequence(KeyEvent(code, Modifiers::NONE), handler);
            }
        }
        Ok(Self {
            editor,
            console_line,
            left,
            left_at: String::new(),
        })
    }

    /// A thread that draws text above the line being typed; `None` on a terminal that cannot.
    pub fn printer(&mut self) -> Option<Sender<String>> {
        let mut printer = self.editor.create_external_printer().ok()?;
        let (send, receive) = channel::<String>();
        std::thread::spawn(move || {
            while let Ok(mut text) = receive.recv() {
                // What has queued up meanwhile is drawn at once: one redraw, not one a line.
                while let Ok(more) = receive.try_recv() {
                    text.push_str(&more);
                }
                if printer
                    .print(text.trim_end_matches('\n').to_owned() + "\n")
                    .is_err()
                {
                    return;
                }
            }
        });
        Some(send)
    }

    /// Does what the desk asks until it says so.
    pub fn serve(mut self, asked: &Receiver<ToEditor>, answer: &UnboundedSender<FromEditor>) {
        while let Ok(what) = asked.recv() {
            let reply = match what {
                ToEditor::Read(reading) => self.read(*reading),
                ToEditor::Ask(question) => self.ask(&question, None),
                ToEditor::Console(question, view) => self.ask(&question, view),
                ToEditor::Secret(question) => match crate::prompt::hidden(&question) {
                    Ok(secret) => FromEditor::Secret(secret),
                    Err(_) => FromEditor::Interrupted,
                },
                ToEditor::Edit(text) => match super::external::edit(&text) {
                    Ok(text) => FromEditor::Line(text),
                    Err(error) => FromEditor::Failed(error.what),
                },
                ToEditor::Quit => return,
            };
            if answer.send(reply).is_err() {
                return;
            }
        }
    }

    fn read(&mut self, reading: Reading) -> FromEditor {
        if let Some(lines) = reading.history {
            let history = self.editor.history_mut();
            let _ = history.clear();
            for line in lines.iter() {
                let _ = history.add(line);
            }
        }
        for line in &reading.remember {
            let _ = self.editor.history_mut().add(line);
        }
        if let Some(assistant) = self.editor.helper_mut() {
            assistant.command = reading.command;
            // The octets of a password are neither completed nor hinted at, but masked.
            let seen = |view: &View| reading.command || view.facts.hidden;
            assistant.view = reading.view.filter(seen);
        }
        let left = std::mem::take(&mut *self.left.lock().unwrap_or_else(PoisonError::into_inner));
        let same = std::mem::take(&mut self.left_at) == reading.prompt;
        let answer = self.line(&reading.prompt, if same { &left } else { "" });
        if matches!(answer, FromEditor::ConsoleLine) {
            self.left_at = reading.prompt;
        }
        answer
    }

    /// Reads an answer; with a view it is a console line, whose secrets are masked.
    fn ask(&mut self, question: &str, console: Option<Box<View>>) -> FromEditor {
        if let Some(assistant) = self.editor.helper_mut() {
            assistant.command = false;
            assistant.view = console.map(|view| *view);
        }
        self.line(question, "")
    }

    fn line(&mut self, prompt: &str, begun: &str) -> FromEditor {
        if let Some(assistant) = self.editor.helper_mut() {
            assistant.prompt = units::columns(prompt);
            assistant.width = crate::terminal::width().unwrap_or(DEFAULT_WIDTH);
        }
        self.console_line.store(false, Ordering::SeqCst);
        match self.editor.readline_with_initial(prompt, (begun, "")) {
            Ok(line) => FromEditor::Line(line),
            Err(ReadlineError::Eof) => FromEditor::Eof,
            Err(ReadlineError::Interrupted) if self.console_line.load(Ordering::SeqCst) => {
                FromEditor::ConsoleLine
            }
            Err(ReadlineError::Interrupted) => FromEditor::Interrupted,
            // An octet that is no UTF-8 was typed: the line is lost, the console is not.
            Err(ReadlineError::Io(e)) if e.kind() == std::io::ErrorKind::InvalidData => {
                FromEditor::Interrupted
            }
            Err(e) => FromEditor::Failed(e.to_string()),
        }
    }
}

fn failed(error: &ReadlineError) -> Error {
    Error::local(format!("the terminal cannot be used: {error}"))
}

/// Ctrl-]: leaves the line for a console line, as telnet's users expect.
struct ConsoleKey {
    pressed: Arc<AtomicBool>,
    left: Arc<Mutex<String>>,
}

impl ConditionalEventHandler for ConsoleKey {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, ctx: &EventContext<'_>) -> Option<Cmd> {
        self.pressed.store(true, Ordering::SeqCst);
        ctx.line()
            .clone_into(&mut self.left.lock().unwrap_or_else(PoisonError::into_inner));
        Some(Cmd::Interrupt)
    }
}

/// Up and Down: through the lines that begin as this one does, or through all from an empty one.
struct ByPrefix {
    back: bool,
}

impl ConditionalEventHandler for ByPrefix {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, ctx: &EventContext<'_>) -> Option<Cmd> {
        Some(match (ctx.line().is_empty() || ctx.pos() == 0, self.back) {
            (true, true) => Cmd::PreviousHistory,
            (true, false) => Cmd::NextHistory,
            (false, true) => Cmd::HistorySearchBackward,
            (false, false) => Cmd::HistorySearchForward,
        })
    }
}

/// Completion, hints and colours, on behalf of `complete`.
struct Assistant {
    /// For a command, or a console line that is none.
    view: Option<View>,
    command: bool,
    options: EditorOptions,
    /// Columns of the prompt.
    prompt: usize,
    /// Columns of the terminal.
    width: usize,
    /// True for the last drawing of a line, when nothing is typed in it any more.
    accepted: Cell<bool>,
}

impl Assistant {
    /// As much of a hint as fits into the row of the cursor; the next row helps out where that is
    /// next to nothing.
    fn fitting(&self, hint: String, line: &str) -> String {
        let width = self.width.max(1);
        let mut room = width - (self.prompt + units::columns(line)) % width - 1;
        if room < HINT_ROOM {
            room += width;
        }
        cut(&hint, room, self.options.charset)
    }

    /// The list's line for a candidate: what it is, what it does, and on the right where that is
    /// written, if there is room.
    fn listed(&self, candidate: &Candidate, widest: usize) -> String {
        let text = shown(candidate);
        let about = &candidate.description;
        if about.is_empty() {
            return text.to_owned();
        }
        let gap = widest.saturating_sub(units::columns(text)) + 2;
        let width = self.width.saturating_sub(1);
        let line = format!("{text}{}{about}", " ".repeat(gap));
        let used = units::columns(&line) + units::columns(candidate.source) + 2;
        let source = if used <= width && !candidate.source.is_empty() {
            format!("{}{}", " ".repeat(width - used + 2), candidate.source)
        } else {
            // More than half a row: one candidate a row.
            " ".repeat((width / 2).saturating_sub(units::columns(&line)))
        };
        cut(&line, width, self.options.charset) + &source
    }

    fn mask(&self) -> Mask {
        Mask {
            charset: self.options.charset,
            fixed: self.accepted.get(),
        }
    }

    fn decorates(&self, line: &str) -> bool {
        self.command && !self.options.simple && line.len() <= DECORATED && !line.contains('\n')
    }
}

impl Helper for Assistant {}
impl Validator for Assistant {}

impl Completer for Assistant {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        pos: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let Some(view) = self.view.as_ref().filter(|_| self.command) else {
            return Ok((pos, Vec::new()));
        };
        let (start, candidates) = complete::complete(view, line, pos);
        let columns = candidates.iter().map(|c| units::columns(shown(c)));
        let widest = columns.max().unwrap_or(0).min(WIDEST);
        let pairs = candidates.into_iter().map(|candidate| Pair {
            display: self.listed(&candidate, widest),
            replacement: candidate.text,
        });
        let height = crate::terminal::height().unwrap_or(DEFAULT_HEIGHT);
        let mut pairs = self.on_one_screen(pairs.collect(), height, &line[start..pos]);
        if !self.options.simple {
            // A hint that went on in the next row still stands where the list is written.
            let list = pairs.iter_mut();
            list.for_each(|pair| pair.display.push_str(ERASE_REST));
        }
        Ok((start, pairs))
    }
}

impl Assistant {
    /// As much of a list as fits above the prompt, and how much more there is. The editor's own pager
    /// would swallow what is typed at it.
    fn on_one_screen(&self, mut pairs: Vec<Pair>, height: usize, typed: &str) -> Vec<Pair> {
        let rows = height.saturating_sub(ROWS_KEPT).max(1);
        let columns = pairs.iter().map(|pair| units::columns(&pair.display));
        let width = self.width.max(1);
        let abreast = |widest: usize| width / (widest + LIST_GAP).min(width);
        if pairs.len() <= rows * abreast(columns.max().unwrap_or(0)) {
            return pairs;
        }
        let total = pairs.len();
        let whole = total < complete::CANDIDATES_MAX;
        // What all have in common goes into the line: those that are not shown count too.
        let common = match whole {
            true => longest_common_prefix(&pairs).unwrap_or(typed).to_owned(),
            false => typed.to_owned(),
        };
        let rest = |kept: usize| {
            let (dots, more) = (dots_of(self.options.charset), total - kept);
            let text = match whole {
                true => format!("{dots} and {more} more: type a letter"),
                false => format!("{dots} and more: type a letter"),
            };
            cut(&text, width.saturating_sub(1), self.options.charset)
        };
        let columns = pairs.iter().map(|pair| units::columns(&pair.display));
        let widest = columns.max().unwrap_or(0).max(units::columns(&rest(0)));
        pairs.truncate((rows * abreast(widest)).saturating_sub(1));
        let display = rest(pairs.len());
        pairs.push(Pair {
            display,
            replacement: common,
        });
        pairs
    }
}

/// A hint that is only looked at.
struct Rest(String);

impl Hint for Rest {
    fn display(&self) -> &str {
        &self.0
    }

    fn completion(&self) -> Option<&str> {
        None
    }
}

impl Hinter for Assistant {
    type Hint = Rest;

    fn hint(&self, line: &str, pos: usize, _: &Context<'_>) -> Option<Rest> {
        let lines = line.lines().count();
        if lines > 1 {
            let text = format!(
                "\n{lines} lines pasted: Enter sends them one at a time, Ctrl-C drops them"
            );
            return Some(Rest(text));
        }
        if pos < line.len() || !self.decorates(line) {
            return None;
        }
        let hint = complete::hint(self.view.as_ref()?, line)?;
        Some(Rest(self.fitting(hint, line)))
    }
}

impl Highlighter for Assistant {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        let Some(view) = &self.view else {
            return Cow::Borrowed(line);
        };
        if !self.command {
            return hidden(view, line, self.mask());
        }
        if self.options.color && self.decorates(line) {
            return Cow::Owned(painted(view, line, self.mask()).render(&colored()));
        }
        masked(view, line, self.mask())
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        if !self.options.color {
            return Cow::Borrowed(prompt);
        }
        Cow::Owned(Styled::new(Role::Strong, prompt).render(&colored()))
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        // Dim is no colour, and all that tells the hint from what is typed.
        if self.options.simple {
            return Cow::Borrowed(hint);
        }
        Cow::Owned(Styled::new(Role::Dim, hint).render(&colored()))
    }

    fn highlight_char(&self, line: &str, _: usize, kind: CmdKind) -> bool {
        self.accepted.set(kind == CmdKind::ForcedRefresh);
        if kind == CmdKind::MoveCursor {
            return false;
        }
        let seen = |view| match self.command {
            true => masked(view, line, self.mask()),
            false => hidden(view, line, self.mask()),
        };
        let hides = || matches!(self.view.as_ref().map(seen), Some(Cow::Owned(_)));
        self.options.color && self.decorates(line) || hides()
    }
}

/// What a list shows of a candidate.
fn shown(candidate: &Candidate) -> &str {
    let text = candidate.syntax.as_ref().unwrap_or(&candidate.text);
    text.trim_end()
}

/// Text in so many columns, dots at its end where something is missing.
fn cut(text: &str, room: usize, charset: Charset) -> String {
    if units::columns(text) <= room {
        return text.to_owned();
    }
    let dots = dots_of(charset);
    let room = room.saturating_sub(units::columns(dots));
    let mut used = 0;
    let fits = |c: &char| {
        used += units::char_columns(*c);
        used <= room
    };
    let head: String = text.chars().take_while(fits).collect();
    head.trim_end().to_owned() + dots
}

/// What stands for what was left out.
fn dots_of(charset: Charset) -> &'static str {
    match charset {
        Charset::Unicode => "…",
        Charset::Ascii => "...",
    }
}

fn colored() -> Look {
    Look {
        color: true,
        ..Look::default()
    }
}
