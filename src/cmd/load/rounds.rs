//! Sessions that read: a round is one command of the mix, over a kept connection or one of its own.

use std::sync::atomic::Ordering;
use std::time::Instant;

use super::link::{PAUSE_AFTER_FAILURE, Trouble};
use super::mix::Mix;
use super::reader::Reader;
use super::worker::{Outcome, Session};

impl<'s> Session<'s> {
    /// Takes rounds from the schedule until there are none.
    pub(super) async fn read(&mut self, mix: &Mix) {
        let (plan, pace) = (&self.shared.plan, &self.shared.pace);
        let mut reader: Option<Reader<'_>> = None;
        let mut rounds_here = 0;
        let mut first = true;
        loop {
            if !std::mem::take(&mut first) {
                self.pause().await;
            }
            let Some(job) = pace.claim().await else { break };
            self.shared.in_flight.fetch_add(1, Ordering::Relaxed);
            let ready = match reader.take() {
                Some(reader) => Ok(reader),
                None => {
                    rounds_here = 0;
                    self.ready(mix).await
                }
            };
            let mut usable = match ready {
                Ok(reader) => {
                    self.is_open();
                    reader
                }
                Err(trouble) => {
                    self.not_open(trouble);
                    self.outcome(job, &Outcome::Failed);
                    pace.sleep_until(Instant::now() + PAUSE_AFTER_FAILURE).await;
                    continue;
                }
            };
            let action = mix.choose(&mut self.random);
            match usable.act(action, &mut self.random, pace).await {
                Ok(()) => {
                    let came = usable.came();
                    self.outcome(
                        job,
                        &Outcome::Accepted {
                            recipients: 0,
                            came,
                        },
                    );
                }
                Err(trouble) => {
                    self.trouble(trouble);
                    self.outcome(job, &Outcome::Failed);
                }
            }
            rounds_here += 1;
            if usable.is_over() {
                continue;
            }
            if rounds_here >= plan.per_connection {
                self.leave(usable).await;
            } else {
                reader = Some(usable);
            }
        }
        if let Some(reader) = reader {
            self.leave(reader).await;
        }
    }

    /// A connection that did what is done once.
    async fn ready(&mut self, mix: &Mix) -> Result<Reader<'s>, Trouble> {
        let (plan, pace) = (&self.shared.plan, &self.shared.pace);
        let mut reader = Reader::open(&plan.server, self.tally, self.number).await?;
        for action in &mix.first {
            reader.act(action, &mut self.random, pace).await?;
        }
        Ok(reader)
    }

    async fn leave(&self, reader: Reader<'_>) {
        if let Err(trouble) = reader.quit().await {
            self.trouble(trouble);
        }
    }
}
