//! How a message comes in: counted, and kept only where somebody keeps it.

use super::{Did, Letter, Place, Sink};
use crate::proto::faults::DOT;
use crate::proto::smtp::Flavour;

/// What is said of a message that was taken.
const TAKEN: &str = "250 2.0.0 Ok: discarded";
const KEPT: &str = "250 2.0.0 Ok: kept";

/// From MAIL to the end of the message.
#[derive(Debug, Default)]
pub(super) struct Transaction {
    pub(super) sender: String,
    pub(super) recipients: usize,
    /// Their names, where somebody wants to know: faults, LMTP with faults, a keeper.
    pub(super) names: Vec<String>,
    pub(super) utf8: bool,
    pub(super) chunks: u64,
    octets: u64,
    body: Vec<u8>,
}

impl Transaction {
    pub(super) fn first(&self) -> Option<&str> {
        self.names.first().map(String::as_str)
    }

    /// Counts a part, and copies it up to `room` octets in all.
    fn add(&mut self, part: &[u8], room: Option<u64>) {
        self.octets += part.len() as u64;
        if room.is_some_and(|room| self.octets <= room) {
            self.body.extend_from_slice(part);
        }
    }
}

impl Sink {
    /// The octets of a message that are kept at most; `None` when none are.
    fn room(&self) -> Option<u64> {
        let limit = self.plan.service.limits.message;
        self.plan.keeper.is_some().then_some(limit)
    }

    /// Takes what came of a dotted body.
    pub(super) fn data(&mut self, bytes: &[u8]) -> usize {
        let room = self.room();
        let (Place::Data(reader), Some(message)) = (&mut self.place, &mut self.message) else {
            self.place = Place::Command;
            return 0;
        };
        let (used, end) = reader.pass(bytes, |part| message.add(part, room));
        if end {
            self.place = Place::Command;
            self.did = Did::Dot;
            self.complete();
        }
        used
    }

    /// Takes what came of a chunk (RFC 3030 2).
    pub(super) fn chunk(&mut self, bytes: &[u8]) -> usize {
        let room = self.room();
        let Place::Chunk {
            left,
            size,
            last,
            refused,
        } = &mut self.place
        else {
            return 0;
        };
        let taken = usize::try_from(*left)
            .unwrap_or(usize::MAX)
            .min(bytes.len());
        *left -= taken as u64;
        let (done, size, last, refused) = (*left == 0, *size, *last, *refused);
        if let (None, Some(message)) = (refused, &mut self.message) {
            message.add(&bytes[..taken], room);
        }
        if !done {
            return taken;
        }
        self.place = Place::Command;
        self.did = Did::Bdat;
        match refused {
            // A chunk that failed ends the transaction.
            Some(reply) => {
                let message = self.message.take();
                let recipients = message.map_or(0, |m| m.recipients);
                // RFC 2033 4.3: a reply for each recipient, of whom there may be none.
                let replies = match self.plan.flavour {
                    Flavour::Lmtp if last => recipients,
                    _ => 1,
                };
                let effect = self.effect.take();
                for _ in 0..replies {
                    self.effect.clone_from(&effect);
                    self.say(reply);
                }
                if last && recipients > 0 {
                    self.refused();
                }
            }
            None if last => self.complete(),
            None => {
                if let Some(message) = &mut self.message {
                    message.chunks += 1;
                }
                self.say(&format!("250 2.0.0 Ok: {size} octets received"));
            }
        }
        taken
    }

    /// The message is whole: it is accepted or refused, and the transaction is over.
    fn complete(&mut self) {
        let Some(message) = self.message.take() else {
            return;
        };
        let chunk = self.effect.take();
        let board_full = |most| self.plan.board.messages.value() >= most;
        if self.plan.stop_after.is_some_and(board_full) {
            return self.goodbye("4.3.2", "Service shutting down");
        }
        let trouble = (self.room().is_some_and(|room| message.octets > room))
            .then_some("552 5.3.4 Message size exceeds what is kept");
        let accepted = if self.plan.flavour == Flavour::Lmtp {
            self.complete_each(&message, trouble)
        } else {
            let effect = self.fault(DOT, Some(&message.sender), message.first());
            let prevented = self.holds(effect.or(chunk), false);
            let all = message.recipients;
            usize::from(self.verdict_on(&message, &message.names, prevented, trouble)) * all
        };
        if accepted == 0 {
            return self.refused();
        }
        let board = &self.plan.board;
        board.messages.add(1);
        board.recipients.add(accepted as u64);
        board.octets.add(message.octets);
        self.ended();
    }

    /// A message came whole, and was not accepted.
    fn refused(&mut self) {
        self.plan.board.refused.add(1);
        self.ended();
    }

    fn ended(&mut self) {
        if let Some(mark) = self.marks.last_mut() {
            mark.ends = true;
        }
    }

    /// LMTP: a reply for each recipient, in order (RFC 2033 4.2).
    fn complete_each(&mut self, message: &Transaction, trouble: Option<&'static str>) -> usize {
        let mut accepted = 0;
        for at in 0..message.recipients {
            let name = message.names.get(at..=at).unwrap_or_default();
            let to = name.first().map(String::as_str);
            let effect = self.fault(DOT, Some(&message.sender), to);
            let prevented = self.holds(effect, false);
            accepted += usize::from(self.verdict_on(message, name, prevented, trouble));
        }
        accepted
    }

    /// Accepts or refuses for these recipients, and says so. True when the client knows that it was
    /// accepted.
    fn verdict_on(
        &mut self,
        message: &Transaction,
        names: &[String],
        prevented: bool,
        trouble: Option<&'static str>,
    ) -> bool {
        if prevented || trouble.is_some() {
            self.say(trouble.filter(|_| !prevented).unwrap_or_default());
            return false;
        }
        if self.out.closing() {
            return false;
        }
        let Some(keeper) = &self.plan.keeper else {
            return self.say(TAKEN);
        };
        let helo = self.helo.as_ref();
        let kept = keeper.keep(&Letter {
            connection: self.visitor.number,
            peer: self.visitor.address.as_deref(),
            helo: helo.map_or("", |h| &h.name),
            with: match (self.plan.flavour, helo.is_some_and(|h| h.extended)) {
                (Flavour::Lmtp, _) => "LMTP",
                (Flavour::Smtp, true) => "ESMTP",
                (Flavour::Smtp, false) => "SMTP",
            },
            sender: &message.sender,
            recipients: names,
            octets: &message.body,
        });
        if kept {
            return self.say(KEPT);
        }
        self.say("451 4.3.0 Error: the message cannot be kept");
        false
    }
}
