//! Waiting at the desk: for replies, for a pause to pass, for what is queued to be written, until
//! Ctrl-C. Whatever happens meanwhile in any session is shown.

use std::time::Duration;

use crate::error::{Kind, Result};
use crate::proto::event::Reply;
use crate::session::Timed;
use crate::ui::render::Mark;

use super::desk::{Desk, interrupted, next_of};
use super::seat::Seat;
use super::settings::View;

/// How long a server may take to close after a goodbye before the prompt comes all the same.
const PARTING: Duration = Duration::from_secs(1);
/// When a person is told how long a reply has been waited for.
const WAIT_TOLD: &[u64] = &[10, 30, 60, 120, 300, 600, 1800, 3600];

/// RFC 5321 3.8: after a 421 the server closes.
fn says_421(reply: &Reply) -> bool {
    reply.code == "421"
}

impl Desk {
    /// Waits until everything queued is written, showing what happens meanwhile. False when the
    /// person stopped waiting.
    ///
    /// # Errors
    /// As `settle`.
    pub async fn drain(&mut self) -> Result<bool> {
        while self
            .seats
            .get(self.active)
            .is_some_and(|s| s.session.queued() > 0 && !s.session.is_over())
        {
            let mut interrupts = self.interrupts.take();
            let woken = tokio::select! {
                biased;
                () = interrupted(&mut interrupts) => None,
                happened = self.next() => Some(happened),
            };
            self.interrupts = interrupts;
            let Some((index, timed)) = woken else {
                self.stop_waiting().await?;
                return Ok(false);
            };
            self.show(index, &timed)?;
        }
        Ok(true)
    }

    /// Waits so long, showing what happens. False on Ctrl-C.
    ///
    /// # Errors
    /// As `settle`.
    pub async fn pause(&mut self, time: Duration) -> Result<bool> {
        let until = tokio::time::Instant::now() + time;
        loop {
            let mut interrupts = self.interrupts.take();
            let woken = tokio::select! {
                biased;
                () = interrupted(&mut interrupts) => Woken::Interrupted,
                () = tokio::time::sleep_until(until) => Woken::Ticked,
                (index, timed) = self.next() => Woken::Happened(index, Box::new(timed)),
            };
            self.interrupts = interrupts;
            match woken {
                Woken::Interrupted => return Ok(false),
                Woken::Ticked => return Ok(true),
                Woken::Happened(index, timed) => self.show(index, &timed)?,
            }
        }
    }

    /// Waits until the active session owes nothing that is waited for, showing all that happens.
    /// False when the person stopped waiting.
    ///
    /// # Errors
    /// `Local` when screen, log or an upload fails.
    pub async fn settle(&mut self) -> Result<bool> {
        let mut told = 0;
        loop {
            self.push_content()?;
            let Some(seat) = self.seats.get(self.active) else {
                return Ok(true);
            };
            if seat.session.is_distrusted() {
                self.ask_trust().await?;
                continue;
            }
            if seat.is_our_turn() && !seat.session.has_news() {
                return Ok(true);
            }
            let pause = WAIT_TOLD.get(told).copied();
            let waited = seat.session.waited();
            let tick = pause.map(|secs| Duration::from_secs(secs).saturating_sub(waited));
            let console = self.front.can_ask();
            let mut interrupts = self.interrupts.take();
            let outcome = tokio::select! {
                biased;
                () = interrupted(&mut interrupts) => Woken::Interrupted,
                (index, timed) = self.next() => Woken::Happened(index, Box::new(timed)),
                () = sleep(tick.filter(|_| console)) => Woken::Ticked,
            };
            self.interrupts = interrupts;
            match outcome {
                Woken::Happened(index, timed) => self.show(index, &timed)?,
                Woken::Interrupted => {
                    self.stop_waiting().await?;
                    return Ok(false);
                }
                Woken::Ticked => {
                    told += 1;
                    self.tell_wait(pause.unwrap_or_default())?;
                }
            }
        }
    }

    /// After a goodbye the connection ends at once, or nearly so: the next prompt is to say it.
    ///
    /// # Errors
    /// As `settle`.
    pub async fn see_off(&mut self) -> Result<()> {
        let until = tokio::time::Instant::now() + PARTING;
        loop {
            let parts = |seat: &Seat| {
                let said = seat.said_goodbye || seat.last_reply.as_ref().is_some_and(says_421);
                said && !seat.session.is_over()
            };
            if !self.front.can_ask() || !self.seats.get(self.active).is_some_and(parts) {
                return Ok(());
            }
            tokio::select! {
                biased;
                (index, timed) = next_of(&mut self.seats) => self.show(index, &timed)?,
                () = tokio::time::sleep_until(until) => return Ok(()),
            }
        }
    }

    /// Ctrl-C while a reply is owed: it stays due and will be shown as late.
    async fn stop_waiting(&mut self) -> Result<()> {
        self.show_unfinished().await?;
        let Some(seat) = self.seat() else {
            return Ok(());
        };
        seat.upload = None;
        let text = match awaited(seat) {
            Some(what) if seat.is_shaking_hands() => {
                format!("no longer waiting for {what}, which goes on")
            }
            Some(what) => format!("no longer waiting for {what}; it stays due"),
            None => "no longer waiting".to_owned(),
        };
        seat.stop_waiting();
        self.prepared.clear();
        self.say(Mark::Info, &text)
    }

    /// What has come of what is waited for is shown, complete or not.
    async fn show_unfinished(&mut self) -> Result<()> {
        let (active, pretty) = (self.active, self.settings.view == View::Pretty);
        let Some(seat) = self.seats.get_mut(active) else {
            return Ok(());
        };
        let lines = seat.views.give_back();
        seat.session.tell_unfinished();
        if pretty && !self.settings.json {
            let mut text = Vec::new();
            seat.renderer.arranged(&lines, &mut text);
            self.screen.write(&text)?;
        }
        while let Some(seat) = self.seats.get_mut(active)
            && seat.session.has_news()
        {
            let timed = seat.session.next().await;
            self.show(active, &timed)?;
        }
        Ok(())
    }

    fn tell_wait(&mut self, secs: u64) -> Result<()> {
        let Some(seat) = self.seat() else {
            return Ok(());
        };
        let what = awaited(seat).unwrap_or_else(|| "the server".to_owned());
        let text = format!("waiting for {what}: {secs} s (Ctrl-C stops waiting)");
        self.say(Mark::Info, &text)
    }

    /// Gives the active session the next part of an upload when the one before is written.
    fn push_content(&mut self) -> Result<()> {
        let Some(seat) = self.seats.get_mut(self.active) else {
            return Ok(());
        };
        while let Some(upload) = &mut seat.upload {
            if seat.session.is_over() {
                seat.upload = None;
                break;
            }
            if seat.session.queued() > 0 {
                break;
            }
            if upload.send(&mut seat.session)? {
                let remark = upload.remark();
                seat.upload = None;
                return remark.map_or(Ok(()), |text| self.say(Mark::Info, &text));
            }
        }
        Ok(())
    }

    /// Asks whether to go on over TLS that is not trusted.
    async fn ask_trust(&mut self) -> Result<()> {
        let answer = self
            .front
            .yes("go on without trust? type yes: ", "--insecure")
            .await;
        let Some(seat) = self.seats.get_mut(self.active) else {
            return Ok(());
        };
        match answer {
            Ok(true) => seat.session.trust(),
            _ => {
                seat.session.drop_connection();
                seat.untrusted = true;
                seat.fail(Kind::Tls);
            }
        }
        Ok(())
    }
}

/// What is waited for: the first reply due that nobody has given up.
fn awaited(seat: &Seat) -> Option<String> {
    let Some(engine) = seat.session.engine() else {
        return Some("the greeting".to_owned());
    };
    if seat.is_shaking_hands() {
        return Some("the TLS handshake".to_owned());
    }
    let due = engine.due().into_iter();
    let mut wanted = due.filter(|due| !seat.late.contains_key(&due.exchange));
    wanted.next().map(|due| match due.to.as_str() {
        "greeting" => "the greeting".to_owned(),
        verb => format!("the reply to {verb}"),
    })
}

enum Woken {
    Happened(usize, Box<Timed>),
    Interrupted,
    Ticked,
}

async fn sleep(time: Option<Duration>) {
    match time {
        Some(time) => tokio::time::sleep(time).await,
        None => std::future::pending().await,
    }
}
