//! `:run FILE`: a talk, run beside the sessions of the desk and shown as it goes.
//!
//! A talk opens its own connections. From the practice console it is played on a practice server of
//! its own, so that it finds what it expects whatever was typed before.

use std::path::Path;
use std::pin::Pin;

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::error::{Error, Kind, Result};
use crate::repl::desk::{Desk, interrupted};
use crate::script::ast::Step;
use crate::script::outcome::{End, Outcome};
use crate::script::run::open::PRACTICE;
use crate::script::run::{self, Observer, Options};
use crate::script::source::{self, Unreadable};
use crate::script::{self, Talk};
use crate::session::Patience;
use crate::target::Place;
use crate::transcript::{Row, to_json};
use crate::ui::render::Mark;
use crate::ui::rows::Marker;
use crate::ui::style::Styled;
use crate::wire::show::show as show_safe;

use super::wanted;

/// `:run FILE`.
pub(super) async fn run(desk: &mut Desk, rest: &str) -> Result<()> {
    let path = Path::new(wanted(rest, ":run FILE")?);
    let parsed = source::read(path)
        .and_then(|source| script::parse(&source.text, &source.name).map_err(Unreadable::At));
    let talk = match parsed {
        Ok(talk) => talk,
        Err(Unreadable::File(error)) => return Err(error),
        Err(Unreadable::At(diag)) => {
            desk.complain(&Error::silent(Kind::Usage))?;
            let lines = diag.lines(&desk.settings.look);
            return desk.print(&lines);
        }
    };
    let options = options(desk, path);
    match play(desk, &talk, &options).await? {
        Some(outcome) => report(desk, &outcome),
        None => desk.say(
            Mark::Info,
            "the talk was stopped; its connections are dropped",
        ),
    }
}

/// As the sessions of this desk are opened.
fn options(desk: &Desk, path: &Path) -> Options {
    let mut options = Options::from_environment();
    options.folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
    options.allow_commands = desk.settings.allow_commands;
    let Some(seat) = desk.seats.get(desk.active) else {
        return options;
    };
    let opening = &seat.opening;
    if opening.target.place == Place::Practice {
        options.targets = vec![PRACTICE.to_owned()];
    }
    options.how = opening.for_target(opening.target.clone()).how;
    options.how.can_ask = false;
    options.how.patience = Patience::Program(None);
    options.how.engine.strict = true;
    options.how.engine.lint = true;
    options
}

/// Plays the talk, showing its rows and the news of the desk's sessions; `None` after Ctrl-C.
async fn play(desk: &mut Desk, talk: &Talk, options: &Options) -> Result<Option<Outcome>> {
    let (send, mut rows) = unbounded_channel::<Row>();
    let mut teller = Teller(send);
    let mut marker = Marker::default();
    let mut playing = std::pin::pin!(run::run(talk, options, Some(&mut teller)));
    loop {
        let mut interrupts = desk.interrupts.take();
        let woken = tokio::select! {
            biased;
            () = interrupted(&mut interrupts) => Woken::Interrupted,
            Some(row) = rows.recv() => Woken::Row(Box::new(row)),
            (index, timed) = desk.next() => Woken::Happened(index, Box::new(timed)),
            outcome = &mut playing => Woken::Done(Box::new(outcome)),
        };
        desk.interrupts = interrupts;
        match woken {
            Woken::Interrupted => return Ok(None),
            Woken::Row(row) => show(desk, &mut marker, &row)?,
            Woken::Happened(index, timed) => desk.show(index, &timed)?,
            Woken::Done(outcome) => {
                while let Ok(row) = rows.try_recv() {
                    show(desk, &mut marker, &row)?;
                }
                return Ok(Some(*outcome));
            }
        }
    }
}

/// Passes rows on to the desk, whose screen they are for.
struct Teller(UnboundedSender<Row>);

impl Observer for Teller {
    fn row(&mut self, row: &Row) {
        // The desk left: nobody wants it.
        let _ = self.0.send(row.clone());
    }

    fn step<'s>(
        &'s mut self,
        _: &'s Step,
    ) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 's>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

enum Woken {
    Interrupted,
    Row(Box<Row>),
    Happened(usize, Box<crate::session::Timed>),
    Done(Box<Outcome>),
}

fn show(desk: &mut Desk, marker: &mut Marker, row: &Row) -> Result<()> {
    if desk.settings.json {
        return desk.screen.write(&(to_json(row) + "\n"));
    }
    let lines = marker.lines(row, &desk.settings.look);
    desk.print(&lines)
}

/// How it ended; a failure counts as one of the session in front.
fn report(desk: &mut Desk, outcome: &Outcome) -> Result<()> {
    if let (Some(kind), Some(seat)) = (outcome.kind(), desk.seat()) {
        seat.fail(kind);
    }
    let title = outcome.title();
    let title = show_safe(title.as_bytes(), desk.settings.look.charset);
    let words = format!("{title}  {}", outcome.words());
    desk.say(Mark::Info, &words)?;
    match &outcome.end {
        End::Failed { diag, .. } => {
            let lines: Vec<Styled> = diag.lines(&desk.settings.look);
            desk.print(&lines)
        }
        End::Passed | End::Skipped(_) => Ok(()),
    }
}
