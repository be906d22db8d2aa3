//! Who looks on while talks run: the log, JSON on standard output, and the person who steps.

use std::future::Future;
use std::io::Write as _;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::spawn_blocking;

use crate::cli::Run;
use crate::error::{Error, Kind, Result};
use crate::private;
use crate::script::Talk;
use crate::script::ast::Step;
use crate::script::run::Observer;
use crate::transcript::{Row, to_json};
use crate::ui::{Look, out, rows};

/// Where rows go as they are made: standard output with `--json`, and the log.
#[derive(Clone)]
pub(super) struct Sink(Arc<Mutex<Writing>>);

struct Writing {
    json: bool,
    log: Option<(std::fs::File, bool)>,
    marker: rows::Marker,
    look: Look,
    failed: Option<Error>,
}

impl Sink {
    pub(super) fn open(args: &Run, look: Look) -> Result<Self> {
        let log = args.output.log.as_deref();
        let log = log.map(private::open_log).transpose()?;
        Ok(Self(Arc::new(Mutex::new(Writing {
            json: args.output.json,
            log,
            marker: rows::Marker::default(),
            look,
            failed: None,
        }))))
    }

    fn is_wanted(&self) -> bool {
        let writing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writing.json || writing.log.is_some()
    }

    fn row(&self, row: &Row) {
        let mut writing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let writing = &mut *writing;
        if writing.failed.is_some() {
            return;
        }
        if writing.json
            && let Err(error) = out::line(&to_json(row))
        {
            writing.failed = Some(error);
            return;
        }
        let Some((file, json)) = &mut writing.log else {
            return;
        };
        let mut text = String::new();
        if *json {
            text = to_json(row);
            text.push('\n');
        } else {
            let plain = Look {
                color: false,
                ..writing.look
            };
            for line in writing.marker.lines(row, &plain) {
                text.push_str(&line.text());
                text.push('\n');
            }
        }
        if let Err(e) = file.write_all(text.as_bytes()) {
            writing.failed = Some(Error::local(format!("the log cannot be written: {e}")));
        }
    }

    pub(super) fn finish(&self) -> Result<()> {
        let mut writing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writing.failed.take().map_or(Ok(()), Err)
    }
}

/// Looks on while a talk runs.
pub(super) struct Watch<'a> {
    step: bool,
    wanted: bool,
    sink: &'a Sink,
    talk: &'a Talk,
    look: Look,
}

impl<'a> Watch<'a> {
    pub(super) fn new(step: bool, sink: &'a Sink, talk: &'a Talk) -> Self {
        let look = sink.0.lock().unwrap_or_else(PoisonError::into_inner).look;
        Self {
            step,
            wanted: step || sink.is_wanted(),
            sink,
            talk,
            look,
        }
    }

    /// The observer, where there is something to look on for.
    pub(super) fn observer(&mut self) -> Option<&mut dyn Observer> {
        self.wanted.then_some(self as &mut dyn Observer)
    }

    /// Shows the step's line and waits for Enter. The question has a thread of its own: Ctrl-C is
    /// heard meanwhile.
    async fn ask(&self, step: &Step) -> Result<()> {
        let index = (step.span.line as usize).saturating_sub(1);
        let text = self.talk.source.lines().nth(index).unwrap_or_default();
        let shown = crate::wire::show::show(text.as_bytes(), self.look.charset);
        out::line(&format!("==  line {}: {shown}", step.span.line))?;
        let asked = spawn_blocking(|| crate::prompt::line("Enter goes on, q ends: "));
        let answer = asked
            .await
            .map_err(|e| Error::local(format!("the question was lost: {e}")))??;
        if answer.trim().eq_ignore_ascii_case("q") {
            return Err(Error::new(Kind::Interrupted, "stopped here"));
        }
        Ok(())
    }
}

impl Observer for Watch<'_> {
    fn row(&mut self, row: &Row) {
        self.sink.row(row);
        if self.step {
            for line in rows::lines(row, &self.look) {
                // A reader that went away is told of at the next question.
                let _ = out::line(&line.render(&self.look));
            }
        }
    }

    fn step<'s>(
        &'s mut self,
        step: &'s Step,
    ) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 's>> {
        if !self.step {
            return Box::pin(std::future::ready(Ok(())));
        }
        Box::pin(self.ask(step))
    }
}
