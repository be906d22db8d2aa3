//! The desk: every session of a console or batch, what is shown of them, and whose turn it is.
//!
//! One task owns it all. `next` waits on every session at once; `settle` waits until the active one
//! owes nothing; `show` is the one place where something that happened becomes text, log and memory.

use std::fmt;
use std::future::poll_fn;
use std::task::Poll;

use crate::error::{Error, Result};
use crate::proto::engine::Setting;
use crate::proto::event::Event;
use crate::session::{Happening, Timed};
use crate::transcript::{Row, to_json};
use crate::ui::render::{Echo, Mark, Style, Times, complaint};
use crate::ui::view::Seen;

use super::front::Front;
use super::screen::{LogFile, Screen};
use super::seat::Seat;
use super::settings::{Settings, View};
use super::upload::Upload;

/// All there is to a console or a batch.
pub struct Desk {
    /// Who is in front.
    pub front: Front,
    /// Where text goes.
    pub screen: Screen,
    /// A log beside it.
    pub log: Option<LogFile>,
    /// What `:set` changes.
    pub settings: Settings,
    /// The sessions, in the order of their numbers.
    pub seats: Vec<Seat>,
    /// Index of the one that typed lines go to.
    pub active: usize,
    /// Ctrl-C, once somebody listens.
    pub interrupts: Option<tokio::signal::unix::Signal>,
    /// The practice server inside, once somebody connected to it.
    pub practice: Option<crate::practice::Practice>,
    /// Lines typed at this console, without secrets, for `:history`.
    pub typed: Vec<String>,
    /// Those of them that the editor has not been told of.
    pub remember: Vec<String>,
    /// Lines that were pasted or piped and wait for their turn.
    pub prepared: std::collections::VecDeque<Vec<u8>>,
    /// A message that was composed and did not go out, for the next `:compose`.
    pub draft: Option<super::meta::Letter>,
    /// True when the person asked to leave.
    pub leaving: bool,
    /// The console command that is being carried out: what its answer in JSON is to.
    pub answering: Option<&'static str>,
    next_number: usize,
    /// Rows of all sessions so far.
    pub(super) rows: u64,
    /// What `show` writes, kept for its capacity.
    text: Vec<u8>,
}

impl fmt::Debug for Desk {
    /// Lines that wait may hold anything, passwords included.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk")
            .field("active", &self.active)
            .field("seats", &self.seats)
            .finish_non_exhaustive()
    }
}

impl Desk {
    /// A desk with no session yet.
    pub fn new(front: Front, screen: Screen, settings: Settings) -> Self {
        Self {
            front,
            screen,
            log: None,
            settings,
            seats: Vec::new(),
            active: 0,
            practice: None,
            typed: Vec::new(),
            remember: Vec::new(),
            interrupts: None,
            prepared: std::collections::VecDeque::new(),
            draft: None,
            leaving: false,
            answering: None,
            next_number: 1,
            rows: 0,
            text: Vec::new(),
        }
    }

    /// The number that the next session gets.
    pub fn take_number(&mut self) -> usize {
        self.next_number += 1;
        self.next_number - 1
    }

    /// The session that typed lines go to.
    pub fn seat(&mut self) -> Option<&mut Seat> {
        self.seats.get_mut(self.active)
    }

    /// How the screen is rendered now.
    pub fn style(&self) -> Style {
        let console = self.front.can_ask();
        Style {
            look: self.settings.look,
            times: self.settings.times,
            echo: if console { Echo::Added } else { Echo::All },
            quiet: self.settings.quiet,
            show_secrets: self.settings.show_secrets,
            explain: self.settings.explain,
            content_lines: if console { self.settings.long } else { None },
        }
    }

    /// How a log is rendered: everything, plain.
    pub fn log_style(&self) -> Style {
        Style {
            times: Times::All,
            ..Style::default()
        }
    }

    /// Waits for the next thing that happens in any session. Cancel-safe.
    pub async fn next(&mut self) -> (usize, Timed) {
        next_of(&mut self.seats).await
    }

    /// Shows, logs and remembers what happened in a session.
    ///
    /// # Errors
    /// `Local` when screen or log cannot be written.
    pub fn show(&mut self, index: usize, timed: &Timed) -> Result<()> {
        let several = self.seats.len() > 1 && index != self.active;
        let style = self.style();
        let Some(seat) = self.seats.get_mut(index) else {
            return Ok(());
        };
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        let number = seat.number;
        let in_json = self.settings.json || self.log.as_ref().is_some_and(|log| log.json);
        let rows = match in_json || seat.has_room(timed) {
            true => seat.rows_of(timed),
            false => Vec::new(),
        };
        let json = |rows: &[Row]| {
            rows.iter()
                .map(|row| to_json(row) + "\n")
                .collect::<String>()
        };
        seat.log.speak(seat.session.protocol());
        let mut logged = Ok(());
        if let Some(log) = &mut self.log {
            match log.json {
                true => text.extend_from_slice(json(&rows).as_bytes()),
                false => seat.log.render(timed, &mut text),
            }
            logged = log.write(&text);
            text.clear();
        }
        seat.note(timed);
        let taken = match (&mut seat.redirect, timed.event()) {
            (Some(redirect), Some(event)) => redirect.take(event)?,
            _ => false,
        };
        if self.settings.json {
            text.extend_from_slice(json(&rows).as_bytes());
        } else if !taken {
            seat.renderer.speak(seat.session.protocol());
            if let Some(note) = late_note(seat, timed) {
                seat.renderer.note(Mark::Info, &note, &mut text);
            }
            let view = self.settings.view;
            let seen = match timed.event() {
                Some(event) if view != View::Raw => {
                    seat.views.set(style.look.charset, style.content_lines);
                    seat.views.feed(event)
                }
                // Without a word of the server's: what it had begun to say is all there will be.
                None if matches!(timed.what, Happening::Ended(_)) && view != View::Raw => Seen {
                    lines: seat.views.give_back(),
                    taken: false,
                },
                _ => Seen::default(),
            };
            if !seen.taken {
                seat.renderer.arranged(&seen.lines, &mut text);
            }
            if !(seen.taken && view == View::Pretty) {
                seat.renderer.render(timed, &mut text);
            }
            if seen.taken {
                seat.renderer.arranged(&seen.lines, &mut text);
            }
        }
        for row in rows {
            self.rows += 1;
            seat.record.add(Row {
                place: self.rows,
                ..row
            });
        }
        let after = self.after(index, timed);
        if !self.settings.json && !self.settings.quiet {
            if let Some(seat) = self.seats.get_mut(index) {
                for (mark, line) in after {
                    seat.renderer.note(mark, &line, &mut text);
                }
            }
            if several && !text.is_empty() {
                let place = format!("[{number}] ");
                text = text
                    .split_inclusive(|b| *b == b'\n')
                    .flat_map(|line| [place.as_bytes(), line])
                    .flatten()
                    .copied()
                    .collect();
            }
        }
        self.screen.write(&text)?;
        self.text = text;
        logged.or_else(|error| self.end_log(error))
    }

    /// A log that cannot be written ends a batch. A person is told, and goes on without it: an error
    /// would wait for the line that is being typed.
    pub(super) fn end_log(&mut self, error: Error) -> Result<()> {
        self.log = None;
        if !self.front.can_ask() {
            return Err(error);
        }
        self.complain(&error.hint("so", "nothing more is logged"))
    }

    /// Listens for Ctrl-C from now on: it stops a wait, not the program.
    ///
    /// # Errors
    /// `Local` when the system refuses.
    pub fn listen_for_signals(&mut self) -> Result<()> {
        let signal = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt());
        self.interrupts = Some(signal.map_err(|e| Error::local(format!("no signals: {e}")))?);
        Ok(())
    }

    /// The screen may have become wider or narrower.
    pub fn measure(&mut self) {
        let width = crate::terminal::width();
        let look = &mut self.settings.look;
        if look.width.is_some() && width.is_some() && width != look.width {
            look.width = width;
            self.apply_settings();
        }
    }

    /// A Ctrl-C that answered a hidden question is no Ctrl-C for the next wait.
    pub async fn forget_interrupts(&mut self) {
        // The signal was raised before the answer came; the runtime hears of it in its next turn.
        tokio::task::yield_now().await;
        tokio::select! {
            biased;
            () = interrupted(&mut self.interrupts) => {}
            () = tokio::task::yield_now() => {}
        }
    }

    /// Gives every session the settings that were changed.
    pub fn apply_settings(&mut self) {
        let style = self.style();
        let (tags, lint) = (self.settings.tags, self.settings.lint);
        for seat in &mut self.seats {
            seat.renderer.style = style;
            if let Some(engine) = seat.session.engine_mut() {
                engine.set(Setting::Tags(tags));
                engine.set(Setting::Lint(lint));
            }
        }
    }

    /// A file goes out as content of the active session, in parts.
    pub fn upload(&mut self, upload: Upload) {
        if let Some(seat) = self.seat() {
            seat.renderer.upload(upload.octets_left(), upload.name());
            seat.upload = Some(upload);
        }
    }

    /// Asks for a yes. In batch the answer is no.
    ///
    /// # Errors
    /// `Local` when the terminal is gone.
    pub async fn confirm(&mut self, text: &str) -> Result<bool> {
        self.say(Mark::Info, text)?;
        if !self.front.can_ask() {
            return Ok(false);
        }
        self.front.yes("type yes to do it: ", "--yes").await
    }

    /// Shows a failure of ours; in batch it decides the exit code.
    ///
    /// # Errors
    /// `Local` when the screen cannot be written.
    pub fn complain(&mut self, error: &Error) -> Result<()> {
        if let Some(seat) = self.seat() {
            seat.fail(error.kind);
        }
        if error.shown {
            return Ok(());
        }
        if self.front.can_ask() {
            return self.print(&complaint(error));
        }
        crate::ui::out::complain(&error.to_string());
        Ok(())
    }
}

/// Waits for the next thing that happens in any of the sessions. Cancel-safe.
pub(super) async fn next_of(seats: &mut [Seat]) -> (usize, Timed) {
    poll_fn(|cx| {
        for (index, seat) in seats.iter_mut().enumerate() {
            if let Poll::Ready(timed) = seat.session.poll_next(cx) {
                return Poll::Ready((index, timed));
            }
        }
        Poll::Pending
    })
    .await
}

/// The line above a reply that nobody waits for any more.
fn late_note(seat: &mut Seat, timed: &Timed) -> Option<String> {
    let Happening::Engine(Event::Line(line)) = &timed.what else {
        return None;
    };
    let to = seat.late.remove(&line.exchange?)?;
    Some(format!("late, for {to}:"))
}

/// Waits for Ctrl-C, for ever when nobody listens.
pub(super) async fn interrupted(signal: &mut Option<tokio::signal::unix::Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}
