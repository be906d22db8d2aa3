//! How a session ends, and what is told of it: why, and what had come of a line without its end.

use super::{Link, Session};
use crate::error::{Error, Kind};
use crate::proto::event::{Closed, Event, Exchange, Line};
use crate::session::Happening;
use crate::wire::show::{Charset, show};

impl Session {
    pub(super) fn closed(&mut self, fault: Option<String>) {
        if let Some(fault) = fault {
            let text = format!("the connection was lost: {fault}");
            self.failure
                .get_or_insert_with(|| Error::new(Kind::Lost, text));
        }
        match &mut self.engine {
            Some(engine) => {
                engine.closed();
                self.drain_engine();
            }
            None => {
                let text = without_greeting(!self.greeting.is_empty());
                self.failure
                    .get_or_insert_with(|| Error::new(Kind::Lost, text));
            }
        }
        let error = self.failure.take();
        self.end(error);
    }

    pub(super) fn remember_end(&mut self, closed: &Closed) {
        if closed.expected && !closed.inside_reply {
            // A reset after goodbye is how some stacks say goodbye themselves.
            self.failure = None;
            return;
        }
        let mut what = match (closed.inside_reply, self.greeted) {
            (true, true) => "the server closed the connection inside a reply".to_owned(),
            (false, true) => "the server closed the connection".to_owned(),
            (begun, false) => without_greeting(begun).to_owned(),
        };
        if let Some(reason) = &closed.reason {
            what = format!("{what}: {}", show(reason, Charset::Unicode));
        }
        self.failure
            .get_or_insert_with(|| Error::new(Kind::Lost, what));
    }

    pub(super) fn end(&mut self, error: Option<Error>) {
        if !matches!(self.link, Link::Over) {
            self.tell_unfinished();
            self.link = Link::Over;
            self.tell(Happening::Ended(error));
        }
    }

    /// Tells what has come of a line whose end has not: nobody waits for it any more. When the rest
    /// comes all the same, the line is told as a whole.
    pub fn tell_unfinished(&mut self) {
        if !matches!(self.link, Link::Open(_)) {
            return;
        }
        let piece = match &self.engine {
            Some(engine) => engine.unfinished(),
            None => (!self.greeting.is_empty())
                .then(|| Line::piece(Some(Exchange(0)), self.greeting.clone())),
        };
        if let Some(piece) = piece {
            self.note(Event::Line(piece));
        }
    }

    /// Drops the connection, as telnet's user does with Ctrl-].
    pub fn drop_connection(&mut self) {
        self.end(None);
    }
}

/// The server closed before its greeting was complete; `begun` when a part of it was there.
fn without_greeting(begun: bool) -> &'static str {
    match begun {
        true => "the server closed the connection in the middle of its greeting",
        false => "the server closed the connection without a greeting",
    }
}
