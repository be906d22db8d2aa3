//! The screen: a thread of its own writes to standard output.
//!
//! A screen may be stopped for long (Ctrl-S, a pipe that nobody reads), and whoever writes to it
//! stops with it. Neither the server nor the end of the program waits for that.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::error::Result;
use crate::ui::out;

/// Lines that may wait for the screen.
const WAITING: usize = 10_000;

/// Where lines are handed over; `None` is the end.
pub(super) type Lines = mpsc::Sender<Option<String>>;

/// The thread that writes.
pub(super) struct Screen {
    lines: Lines,
    ended: oneshot::Receiver<Result<()>>,
}

impl Screen {
    /// Starts it.
    pub(super) fn start() -> Self {
        let (lines, mut waiting) = mpsc::channel::<Option<String>>(WAITING);
        let (end, ended) = oneshot::channel();
        std::thread::spawn(move || {
            let mut outcome = Ok(());
            while let Some(Some(text)) = waiting.blocking_recv()
                && outcome.is_ok()
            {
                outcome = out::print(&text);
            }
            // Nobody asks any more when the program ends without its screen.
            let _ = end.send(outcome);
        });
        Self { lines, ended }
    }

    /// Where lines are handed over.
    pub(super) fn lines(&self) -> Lines {
        self.lines.clone()
    }

    /// When it can be written to no more, and why. Not to be asked again then.
    pub(super) async fn ended(&mut self) -> Result<()> {
        (&mut self.ended).await.unwrap_or(Ok(()))
    }

    /// Writes what waits, as far as it is taken in time.
    pub(super) async fn finish(mut self, patience: Duration) -> Result<()> {
        let rest = async {
            // An error has ended it already: that is told.
            let _ = self.lines.send(None).await;
            self.ended().await
        };
        tokio::time::timeout(patience, rest).await.unwrap_or(Ok(()))
    }
}
