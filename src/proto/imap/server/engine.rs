//! The engine's side of the conversation: octets in, steps out.

use std::time::Duration;

use super::{Enabled, ImapServer, Place};
use crate::proto::engine::{Due, Engine, Facts, Input, Mode, Refusal, Setting, Step};
use crate::proto::event::{Event, Exchange, Oddity, Offers};
use crate::proto::spec::{Phase, Verb};

/// RFC 9051 5.4: no less than 30 minutes.
const AUTOLOGOUT: Duration = Duration::from_secs(30 * 60);

impl Engine for ImapServer {
    fn submit(&mut self, input: Input<'_>) -> Result<Exchange, Refusal> {
        let Input::Line(reason) = input else {
            return Err(Refusal::NotNow("a server engine only says goodbye"));
        };
        if self.out.closing() {
            return Err(Refusal::Closed);
        }
        self.bye(&String::from_utf8_lossy(reason));
        Ok(Exchange(self.commands))
    }

    fn receive(&mut self, bytes: &[u8]) {
        if !matches!(self.place, Place::Closed) {
            self.gather.raw.push(bytes);
        }
    }

    fn secured(&mut self) {
        let octets = self.gather.forget();
        if octets > 0 && self.service.events {
            self.out
                .event(Event::Oddity(Oddity::BytesAfterStartTls { octets }));
        }
        self.secured = true;
        self.place = Place::Command;
        self.enabled = Enabled::default();
    }

    fn closed(&mut self) {
        self.place = Place::Closed;
        self.gather.forget();
        self.deselect();
    }

    fn wake(&mut self) {
        self.rung = true;
    }

    fn poll(&mut self) -> Step {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Step::Event(event);
            }
            if let Some(step) = self.out.next_step() {
                match &step {
                    Step::Close => self.closed(),
                    // A flow that has nothing to say yet: others get their turn.
                    Step::Write(bytes) if bytes.is_empty() => {}
                    Step::Write(bytes) if self.service.events => {
                        let masked = matches!(&self.place, Place::Answer { login, .. } if !login.is_public());
                        let exchange = Exchange(self.commands);
                        self.shower.show(bytes, exchange, masked, &mut self.events);
                    }
                    _ => {}
                }
                return step;
            }
            if self.out.closing() || !self.advance() {
                return Step::Wait;
            }
        }
    }

    fn phase(&self) -> Phase {
        Phase(match &self.place {
            Place::Closed => "logout",
            _ if self.view.is_some() => "selected",
            _ if self.user.is_some() => "authenticated",
            _ => "not-authenticated",
        })
    }

    fn mode(&self) -> Mode {
        match &self.place {
            Place::Idle { .. } => Mode::Idle,
            _ => match self.gather.octets_left {
                0 => Mode::Command,
                octets_left => Mode::Literal { octets_left },
            },
        }
    }

    fn patience(&self) -> Option<Duration> {
        Some(self.service.patience.unwrap_or(AUTOLOGOUT))
    }

    fn due(&self) -> Vec<Due> {
        Vec::new()
    }

    fn offers(&self) -> &Offers {
        &self.offers
    }

    fn facts(&self) -> Facts {
        Facts {
            user: self.user.clone(),
            logged_in: self.user.is_some(),
            mailbox: self.view.is_some().then(|| self.mailbox_name.clone()),
            leaving: self.out.closing(),
            ..Facts::default()
        }
    }

    fn verb_of(&self, _line: &[u8]) -> Option<&'static Verb> {
        None
    }

    fn set(&mut self, _setting: Setting) {}
}
