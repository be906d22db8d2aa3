//! The console: a person at an editor.
//!
//! The editor has the thread it was called on; the desk runs beside it. The editor reads a line, the
//! desk does what it says and waits for the reply, then asks for the next. What arrives meanwhile is
//! drawn above the line being typed.

use std::sync::Arc;
use std::sync::mpsc;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::error::{Error, Kind, Result, without_number};
use crate::proto::engine::Mode;
use crate::target::Place;
use crate::terminal::Saved;
use crate::ui::render::Mark;
use crate::wire::show::Charset;

use super::batch;
use super::complete::View;
use super::desk::Desk;
use super::editor::{EditorOptions, LineEditor};
use super::front::{FromEditor, Front, Reading, ToEditor};
use super::history::{self, History};
use super::opening::{self, Opening};
use super::screen::Screen;
use super::settings::Settings;
use super::{login, meta, prompt};

/// The first lines of a console on the practice server.
const WELCOME: &[&str] = &[
    "practice server inside this program: nothing leaves this machine",
    "users alice/wonderland, bob/builder, charlie/charlie @ehlo.test",
    "type EHLO me.test · Tab: what can follow · :explain: what it meant · :quit",
];

/// What is said of lines that were typed before a late go-ahead made content of them.
const NOT_CONTENT: &str = "not sent: the server asked for content only now, after the wait was given up; Ctrl-C, then close, drops it";

/// What a console is started with.
#[derive(Debug)]
pub struct Start {
    /// Where to.
    pub opening: Opening,
    /// Colours, times and the rest.
    pub settings: Settings,
    /// The editor's ways.
    pub editor: EditorOptions,
    /// Where histories are kept; `None` keeps none.
    pub history: Option<std::path::PathBuf>,
    /// A log from the first octet.
    pub log: Option<std::path::PathBuf>,
    /// A talk to write at the end.
    pub save: Option<std::path::PathBuf>,
}

/// Runs a console to its end.
///
/// # Errors
/// When the first session cannot be opened, or the terminal is gone.
pub fn run(start: Start) -> Result<()> {
    let mut editor = LineEditor::new(start.editor)?;
    let printer = if start.editor.simple {
        None
    } else {
        editor.printer()
    };
    let (to, asked) = mpsc::channel();
    let (answer, from) = tokio::sync::mpsc::unbounded_channel();
    let restore = Saved::now();
    let at_panic = restore.clone();
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        at_panic.put_back_hard();
        report(panic);
    }));
    let at_signal = restore.clone();
    // Where the editor cannot draw, the terminal's echo is all that shows what is typed.
    if !crate::ui::look::is_dumb() {
        restore.hide_typing();
    }
    let desk = std::thread::Builder::new()
        .name("desk".to_owned())
        .spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let runtime = runtime.map_err(|e| Error::local(format!("no runtime: {e}")))?;
            let front = Front::Editor {
                to: to.clone(),
                from,
            };
            let outcome = runtime.block_on(serve(front, printer, start, &at_signal));
            let _ = to.send(ToEditor::Quit);
            outcome
        });
    let desk = desk.map_err(|e| Error::local(format!("no thread: {e}")))?;
    editor.serve(&asked, &answer);
    restore.put_back();
    desk.join()
        .unwrap_or_else(|_| Err(Error::local("the console broke down")))
}

async fn serve(
    front: Front,
    printer: Option<mpsc::Sender<String>>,
    start: Start,
    restore: &Saved,
) -> Result<()> {
    let mut desk = Desk::new(front, Screen::above(printer), start.settings);
    desk.listen_for_signals()?;
    if let Some(log) = &start.log {
        desk.log = Some(super::LogFile::open(log)?);
    }
    let mut ends = Ends::listen()?;
    let outcome = tokio::select! {
        outcome = converse(&mut desk, start.opening, start.history) => Ok(outcome),
        code = ends.next() => Err(code),
    };
    let saved = match (&start.save, &outcome) {
        (Some(save), Ok(Ok(_)) | Err(_)) => desk.save_talk(save),
        _ => Ok(()),
    };
    let code = match outcome {
        Ok(outcome) => {
            let complete = outcome?;
            saved?;
            return match complete {
                true => Ok(()),
                false => Err(Error::silent(Kind::Usage)),
            };
        }
        Err(code) => code,
    };
    // The editor's thread is inside a read that nothing interrupts: it is not waited for.
    restore.put_back_hard();
    if let Err(error) = saved {
        crate::ui::out::complain(&error.to_string());
    }
    std::process::exit(code)
}

/// The conversations, to their end; what `batch::farewell` says of it.
async fn converse(
    desk: &mut Desk,
    opening: Opening,
    history: Option<std::path::PathBuf>,
) -> Result<bool> {
    if opening.target.place == Place::Practice {
        for line in WELCOME {
            let dot = match desk.settings.look.charset {
                Charset::Unicode => "·",
                Charset::Ascii => "-",
            };
            desk.say(Mark::Info, &line.replace('·', dot))?;
        }
    }
    opening::open(desk, opening).await?;
    let mut books = Books {
        folder: history,
        now: None,
    };
    while !desk.leaving {
        step(desk, &mut books).await?;
    }
    batch::farewell(desk).await
}

/// The signals that end a console from outside.
struct Ends {
    terminate: Signal,
    hang_up: Signal,
}

impl Ends {
    fn listen() -> Result<Self> {
        let listen = |kind| signal(kind).map_err(|e| Error::local(format!("no signals: {e}")));
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            hang_up: listen(SignalKind::hangup())?,
        })
    }

    /// The exit code of the signal that comes, as a shell would tell it: 128 and its number.
    async fn next(&mut self) -> i32 {
        tokio::select! {
            _ = self.terminate.recv() => 143,
            _ = self.hang_up.recv() => 129,
        }
    }
}

/// One prompt and what is answered.
async fn step(desk: &mut Desk, books: &mut Books) -> Result<()> {
    if came_late(desk) && !desk.prepared.is_empty() {
        desk.prepared.clear();
        desk.say(Mark::Remark, NOT_CONTENT)?;
    }
    if let Some(line) = desk.prepared.pop_front() {
        desk.take_prepared(&line).await?;
        return desk.settle().await.map(|_| ());
    }
    let answer = read(desk, books).await?;
    // A plain terminal makes a signal of a Ctrl-C at the prompt: it is no Ctrl-C for the next wait.
    desk.forget_interrupts().await;
    match answer {
        FromEditor::Line(text) => typed(desk, books, &text).await,
        FromEditor::ConsoleLine => console_line(desk).await,
        FromEditor::Interrupted => interrupted(desk).await,
        FromEditor::Eof => {
            desk.leaving = true;
            Ok(())
        }
        FromEditor::Secret(_) => Ok(()),
        FromEditor::Failed(why) => Err(Error::local(format!("the terminal is gone: {why}"))),
    }
}

/// Reads one line, showing above it what arrives.
async fn read(desk: &mut Desk, books: &mut Books) -> Result<FromEditor> {
    desk.measure();
    let width = desk.settings.look.width.unwrap_or(80);
    let several = desk.seats.len() > 1;
    let charset = desk.settings.look.charset;
    let Some(seat) = desk.seats.get(desk.active) else {
        return Ok(FromEditor::Eof);
    };
    let mode = seat.mode();
    if matches!(mode, Mode::Answer { .. }) {
        return hidden_answer(desk).await;
    }
    let protocol = seat.session.protocol().map_or("mail", |p| p.name);
    let reading = Reading {
        prompt: prompt::text(
            seat,
            prompt::Form {
                numbered: several,
                short: desk.settings.short_prompt,
                width,
                charset,
            },
        ),
        command: matches!(mode, Mode::Command | Mode::Idle),
        remember: std::mem::take(&mut desk.remember),
        view: seat.view(),
        history: books.turn_to(protocol, desk),
    };
    let Front::Editor { to, .. } = &desk.front else {
        return Ok(FromEditor::Eof);
    };
    if to.send(ToEditor::Read(Box::new(reading))).is_err() {
        return Ok(FromEditor::Eof);
    }
    desk.screen.reading(true);
    let answer = wait(desk).await;
    desk.screen.reading(false);
    answer
}

async fn wait(desk: &mut Desk) -> Result<FromEditor> {
    loop {
        let Front::Editor { from, .. } = &mut desk.front else {
            return Ok(FromEditor::Eof);
        };
        let seats = &mut desk.seats;
        tokio::select! {
            biased;
            answer = from.recv() => return Ok(answer.unwrap_or(FromEditor::Eof)),
            (index, timed) = super::desk::next_of(seats) => desk.show(index, &timed)?,
        }
    }
}

/// An answer to a challenge, typed without echo.
async fn hidden_answer(desk: &mut Desk) -> Result<FromEditor> {
    let answer = desk.front.secret("auth> ", "a console").await?;
    desk.forget_interrupts().await;
    let Some(answer) = answer else {
        return Ok(FromEditor::Interrupted);
    };
    if let Some(seat) = desk.seat() {
        let submitted = seat
            .session
            .submit(crate::proto::engine::Input::Line(answer.expose()));
        if let Err(refusal) = submitted {
            desk.complain(&super::turn::not_sent(&refusal))?;
        }
    }
    desk.settle().await?;
    Ok(FromEditor::Secret(answer))
}

/// True once after a go-ahead that nobody waited for any more.
fn came_late(desk: &mut Desk) -> bool {
    let late = desk.seat().map(|seat| &mut seat.late_go_ahead);
    late.is_some_and(std::mem::take)
}

async fn typed(desk: &mut Desk, books: &mut Books, text: &str) -> Result<()> {
    if came_late(desk) {
        return desk.say(Mark::Remark, NOT_CONTENT);
    }
    let mode = desk
        .seats
        .get(desk.active)
        .map_or(Mode::Command, super::Seat::mode);
    if text.contains('\n') {
        desk.prepared
            .extend(text.lines().map(|line| line.as_bytes().to_vec()));
        return Ok(());
    }
    if matches!(mode, Mode::Command) {
        let in_body = desk.seat().is_some_and(|seat| {
            let held = seat.together.as_ref();
            held.is_some_and(|held| held.takes_body(seat.session.engine()))
        });
        if text.trim().is_empty() && !in_body {
            return Ok(());
        }
        books.keep(desk, text)?;
    }
    desk.measure();
    let number = desk.seat().map(|seat| seat.number);
    if let Some(seat) = desk.seat() {
        seat.renderer.typed(Some(text.as_bytes()));
    }
    desk.take(text.as_bytes()).await?;
    desk.settle().await?;
    let seat = desk.seats.iter_mut().find(|s| Some(s.number) == number);
    if let Some(seat) = seat {
        seat.renderer.typed(None);
    }
    Ok(())
}

/// Ctrl-]: one console line, whatever is being typed.
async fn console_line(desk: &mut Desk) -> Result<()> {
    let view = desk.seat().and_then(|seat| seat.view());
    // Not what is being typed, but as it would be at the prompt.
    let view = view.map(|view| View {
        mode: Mode::Command,
        ..view
    });
    match desk.front.console_line(view).await? {
        Some(line) if !line.trim().is_empty() => {
            let line = line.trim().trim_start_matches(':').to_owned();
            if let Err(error) = meta::run(desk, &line).await {
                desk.complain(&error)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Ctrl-C: leaves the line; in a body it opens a console line; it ends IDLE and cancels a login.
async fn interrupted(desk: &mut Desk) -> Result<()> {
    let mode = desk
        .seats
        .get(desk.active)
        .map_or(Mode::Command, super::Seat::mode);
    match mode {
        Mode::Command => Ok(()),
        Mode::Idle | Mode::Answer { .. } => login::cancel(desk).await,
        Mode::Body | Mode::Literal { .. } => {
            desk.say(
                Mark::Info,
                "a console line: close drops the connection unsent; Enter goes on",
            )?;
            console_line(desk).await
        }
    }
}

/// The histories, one a protocol.
#[derive(Debug)]
struct Books {
    folder: Option<std::path::PathBuf>,
    now: Option<(String, History)>,
}

impl Books {
    /// The lines of this protocol's history, when they are not the ones in use.
    fn turn_to(&mut self, protocol: &str, desk: &mut Desk) -> Option<Arc<Vec<String>>> {
        if self.now.as_ref().is_some_and(|(name, _)| name == protocol) {
            return None;
        }
        let (history, why) = History::load(self.folder.as_deref(), protocol);
        if let Some(why) = why {
            let _ = desk.say(Mark::Info, &why);
        }
        let lines = Arc::new(history.lines().to_vec());
        self.now = Some((protocol.to_owned(), history));
        Some(lines)
    }

    /// Keeps a typed line without its secrets.
    fn keep(&mut self, desk: &mut Desk, text: &str) -> Result<()> {
        let engine = desk
            .seats
            .get(desk.active)
            .and_then(|seat| seat.session.engine());
        let line = history::keepable(text, engine);
        desk.typed.push(line.clone());
        let Some((_, history)) = &mut self.now else {
            return Ok(());
        };
        if let Err(e) = history.add(&line) {
            self.folder = None;
            return desk.say(
                Mark::Info,
                &without_number(format!("the history could not be written: {e}")),
            );
        }
        desk.remember.push(line);
        Ok(())
    }
}

/// What completion and hints know of a seat.
impl super::Seat {
    pub(super) fn view(&self) -> Option<View> {
        let (protocol, engine) = self.session.protocol().zip(self.session.engine())?;
        Some(View {
            protocol: protocol.name,
            spec: protocol.spec,
            mode: self.mode(),
            phase: engine.phase(),
            offers: Arc::new(self.session.offers_shown().unwrap_or_default()),
            facts: Arc::new(engine.facts()),
            secured: self.session.is_secured(),
            known: Arc::clone(&self.known),
            console: meta::COMMANDS,
            files: super::external::files,
        })
    }
}
