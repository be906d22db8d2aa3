//! What a server engine has to say, in order: replies, content that flows, events, pauses.
//!
//! Rules:
//! 1. Content is made while it is asked for: an engine hands over an iterator, and nothing is held
//!    that the peer does not take. Engines read their next command only when the outbox is empty.
//! 2. A fault's effect is carried out here, for replies and flowing content alike.
//! 3. Behind a close nothing more is said.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use super::engine::Step;
use super::event::Event;
use super::faults::{CloseWhen, Effect};

/// Content in parts, made when asked for. An empty part says that there is nothing yet, and that
/// somebody else may have his turn.
pub type Flow = Box<dyn Iterator<Item = Vec<u8>> + Send>;

/// A queue of steps.
#[derive(Default)]
pub struct Outbox {
    queue: VecDeque<Item>,
    closed: bool,
}

enum Item {
    Bytes(Vec<u8>),
    Flow(Flow),
    Drip {
        flow: Flow,
        part: Vec<u8>,
        at: usize,
        gap: Duration,
        pause: bool,
    },
    // Boxed: events are rare under load and would make every item as large as they are.
    Event(Box<Event>),
    Pause(Duration),
    StartTls,
    Close,
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Outbox({} waiting)", self.queue.len())
    }
}

impl Outbox {
    /// True when nothing waits to be said.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// True once a close was said or is waiting to be.
    pub fn closing(&self) -> bool {
        self.closed
    }

    /// Octets as they are.
    pub fn write(&mut self, bytes: Vec<u8>) {
        match self.queue.back_mut() {
            Some(Item::Bytes(last)) if !self.closed => last.extend_from_slice(&bytes),
            _ => self.push(Item::Bytes(bytes)),
        }
    }

    /// Content that is made while it is sent.
    pub fn flow(&mut self, flow: Flow) {
        self.push(Item::Flow(flow));
    }

    /// An event, in its place among the octets.
    pub fn event(&mut self, event: Event) {
        self.push(Item::Event(Box::new(event)));
    }

    /// Silence.
    pub fn pause(&mut self, time: Duration) {
        self.push(Item::Pause(time));
    }

    /// The TLS handshake.
    pub fn start_tls(&mut self) {
        self.push(Item::StartTls);
    }

    /// The end; what is said later is dropped.
    pub fn close(&mut self) {
        self.push(Item::Close);
        self.closed = true;
    }

    /// A whole answer, with what a fault does to it.
    pub fn answer(&mut self, bytes: Vec<u8>, effect: &Effect) {
        if effect.is_none() {
            return self.write(bytes);
        }
        self.answer_flow(Box::new(std::iter::once(bytes)), effect);
    }

    /// A whole answer that flows, with what a fault does to it.
    pub fn answer_flow(&mut self, flow: Flow, effect: &Effect) {
        if let Some(delay) = effect.delay {
            self.pause(delay);
        }
        if effect.close == Some(CloseWhen::Before) {
            return self.close();
        }
        let mut flow = match &effect.garbage {
            Some(garbage) => Box::new(std::iter::once(garbage.clone())),
            None => flow,
        };
        if let Some(octets) = effect.cut {
            flow = Box::new(first_octets(flow, octets));
        }
        if let Some(extra) = &effect.extra {
            flow = Box::new(flow.chain(std::iter::once(extra.clone())));
        }
        match effect.drip {
            None => self.flow(flow),
            Some(gap) => self.push(Item::Drip {
                flow,
                part: Vec::new(),
                at: 0,
                gap,
                pause: false,
            }),
        }
        if effect.cut.is_some() || effect.close.is_some() {
            self.close();
        }
    }

    /// The next step, if anything waits.
    pub fn next_step(&mut self) -> Option<Step> {
        loop {
            match self.queue.front_mut()? {
                Item::Flow(flow) => {
                    if let Some(part) = flow.next() {
                        return Some(Step::Write(part));
                    }
                    self.queue.pop_front();
                }
                Item::Drip {
                    flow,
                    part,
                    at,
                    gap,
                    pause,
                } => {
                    if std::mem::take(pause) {
                        return Some(Step::Pause(*gap));
                    }
                    if let Some(octet) = part.get(*at) {
                        *at += 1;
                        *pause = true;
                        return Some(Step::Write(vec![*octet]));
                    }
                    match flow.next() {
                        Some(next) => (*part, *at) = (next, 0),
                        None => {
                            self.queue.pop_front();
                        }
                    }
                }
                _ => return self.queue.pop_front().and_then(Item::step),
            }
        }
    }

    fn push(&mut self, item: Item) {
        if !self.closed {
            self.queue.push_back(item);
        }
    }
}

impl Item {
    /// The step of an item that is one.
    fn step(self) -> Option<Step> {
        Some(match self {
            Self::Bytes(bytes) => Step::Write(bytes),
            Self::Event(event) => Step::Event(*event),
            Self::Pause(time) => Step::Pause(time),
            Self::StartTls => Step::StartTls,
            Self::Close => Step::Close,
            Self::Flow(_) | Self::Drip { .. } => return None,
        })
    }
}

fn first_octets(flow: Flow, octets: usize) -> impl Iterator<Item = Vec<u8>> + Send {
    flow.scan(octets, |left, mut part| {
        if *left == 0 {
            return None;
        }
        part.truncate(*left);
        *left -= part.len();
        Some(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(outbox: &mut Outbox) -> Vec<String> {
        std::iter::from_fn(|| outbox.next_step())
            .map(|step| match step {
                Step::Write(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                Step::Pause(time) => format!("pause {}", time.as_millis()),
                Step::Close => "close".into(),
                other => format!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn plain_answers_leave_together() {
        let mut outbox = Outbox::default();
        outbox.answer(b"a".to_vec(), &Effect::default());
        outbox.answer(b"b".to_vec(), &Effect::default());
        assert_eq!(steps(&mut outbox), ["ab"]);
        assert!(outbox.is_empty());
    }

    #[test]
    fn a_cut_answer_ends_in_a_close() {
        let mut outbox = Outbox::default();
        let cut = Effect {
            cut: Some(4),
            ..Effect::default()
        };
        let parts = [b"abc".to_vec(), b"def".to_vec(), b"ghi".to_vec()];
        outbox.answer_flow(Box::new(parts.into_iter()), &cut);
        outbox.write(b"never".to_vec());
        assert_eq!(steps(&mut outbox), ["abc", "d", "close"]);
    }

    #[test]
    fn a_drip_pauses_behind_each_octet() {
        let mut outbox = Outbox::default();
        let drip = Effect {
            delay: Some(Duration::from_millis(9)),
            drip: Some(Duration::from_millis(5)),
            ..Effect::default()
        };
        outbox.answer(b"ok".to_vec(), &drip);
        assert_eq!(
            steps(&mut outbox),
            ["pause 9", "o", "pause 5", "k", "pause 5"]
        );
    }

    #[test]
    fn garbage_extra_and_closing_before() {
        let mut outbox = Outbox::default();
        let odd = Effect {
            garbage: Some(b"\x00?".to_vec()),
            extra: Some(b"!".to_vec()),
            ..Effect::default()
        };
        outbox.answer(b"250 ok\r\n".to_vec(), &odd);
        let silent = Effect {
            close: Some(CloseWhen::Before),
            ..Effect::default()
        };
        outbox.answer(b"250 ok\r\n".to_vec(), &silent);
        assert_eq!(steps(&mut outbox), ["\0?", "!", "close"]);
    }
}
