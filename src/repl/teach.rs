//! What the console can say about a conversation: `:explain`, `:help`, `:caps`, the dim line below
//! a reply, and what changed in the offers.
//!
//! It keeps the last replies with the commands they answered, cut short; nothing else is kept.

use std::collections::VecDeque;

use crate::error::{Error, Kind, Result};
use crate::proto::engine::Engine;
use crate::proto::event::{Event, Exchange, Offers, Reply, SentKind, Verdict};
use crate::proto::standing::Situation;
use crate::repl::desk::Desk;
use crate::repl::meta::COMMANDS;
use crate::repl::seat::Seat;
use crate::session::{Happening, Session};
use crate::ui::explain::{self, Context, Explanation};
use crate::ui::help::{self, Stage};
use crate::ui::render::Mark;
use crate::ui::style::Styled;

/// Replies kept, as many as exchanges are.
const REPLIES_MAX: usize = 1000;
/// Octets of a command or a reply's text that are kept.
const TEXT_MAX: usize = 512;

/// What a session's explanations need to remember.
#[derive(Debug, Default)]
pub struct Memory {
    commands: VecDeque<(Exchange, String)>,
    replies: VecDeque<Reply>,
    offers: Offers,
    turning: Option<&'static str>,
    earlier: Option<(&'static str, Offers)>,
}

impl Memory {
    /// Remembers what happened. When the offers changed, says how.
    pub fn note(&mut self, what: &Happening) -> Option<String> {
        match what {
            Happening::Tls(_) => self.turning = Some("TLS"),
            Happening::Engine(Event::Sent(sent)) if sent.kind == SentKind::Command => {
                let shown = &sent.shown[..sent.shown.len().min(TEXT_MAX)];
                push(
                    &mut self.commands,
                    (sent.exchange, String::from_utf8_lossy(shown).into_owned()),
                );
            }
            Happening::Engine(Event::Reply(reply)) => {
                // USER alone logs nobody in.
                let login = reply.is_to_login() && reply.to != "USER";
                if login && reply.verdict == Verdict::Good {
                    self.turning = Some("the login");
                }
                let mut kept = reply.clone();
                kept.text.truncate(TEXT_MAX);
                push(&mut self.replies, kept);
            }
            Happening::Engine(Event::Offers(offers)) => return self.offered(offers),
            _ => {}
        }
        None
    }

    fn offered(&mut self, offers: &Offers) -> Option<String> {
        let before = std::mem::replace(&mut self.offers, offers.clone());
        let event = self.turning.take()?;
        let fresh = match before.known {
            true => help::fresh(offers, &before),
            false => Vec::new(),
        };
        self.earlier = Some((event, before));
        let where_ = if event == "TLS" {
            "under TLS"
        } else {
            "after the login"
        };
        (!fresh.is_empty()).then(|| format!("new {where_}: {}", fresh.join(", ")))
    }

    /// The command of an exchange, its secrets masked; empty when it is forgotten.
    pub fn command(&self, exchange: Option<Exchange>) -> &str {
        let found = self
            .commands
            .iter()
            .rev()
            .find(|(e, _)| Some(*e) == exchange);
        found.map_or("", |(_, command)| command)
    }
}

fn push<T>(kept: &mut VecDeque<T>, value: T) {
    if kept.len() == REPLIES_MAX {
        kept.pop_front();
    }
    kept.push_back(value);
}

/// What a reply means in a session.
pub fn of_reply(seat: &Seat, reply: &Reply) -> Explanation {
    let engine = seat.session.engine();
    let facts = engine.map(Engine::facts).unwrap_or_default();
    let context = Context {
        protocol: seat.session.protocol().map_or("", |p| p.name),
        command: seat.memory.command(reply.exchange),
        offers: engine.map(Engine::offers),
        secured: seat.session.tls().is_some(),
        logged_in: facts.logged_in,
    };
    explain::reply(reply, &context)
}

/// The name under which a server took a message, as Postfix ("queued as X"), Exim ("id=X") and
/// sendmail ("X Message accepted for delivery") say it.
pub fn queue_id(reply: &Reply) -> Option<&str> {
    if reply.verdict != Verdict::Good || reply.code != "250" {
        return None;
    }
    let text = std::str::from_utf8(&reply.text).ok()?;
    let id = match (text.split_once("queued as "), text.split_once("id=")) {
        (Some((_, id)), _) | (None, Some((_, id))) => id.split_ascii_whitespace().next()?,
        (None, None) => text.strip_suffix(" Message accepted for delivery")?,
    };
    let sound = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    (id.len() >= 4 && id.bytes().all(sound)).then_some(id)
}

/// `:explain [word|n]`: the last reply, that of exchange n, or words.
///
/// # Errors
/// `Usage` when there is nothing to explain, or nothing known under a word.
pub fn explain(desk: &mut Desk, rest: &str) -> Result<()> {
    let width = desk.settings.look.width;
    let seat = desk.seats.get(desk.active);
    let protocol = seat.and_then(|s| s.session.protocol()).map(|p| p.name);
    let kept = |number: u64| {
        let replies = seat?.memory.replies.iter().rev();
        let mut of = replies.filter(move |r| r.exchange == Some(Exchange(number)));
        of.next()
    };
    let wanted = match rest {
        "" => seat.and_then(|s| s.memory.replies.back()),
        n if is_exchange(n) => n.trim_start_matches('#').parse().ok().and_then(kept),
        _ => None,
    };
    let lines = match (seat, wanted) {
        (Some(seat), Some(reply)) => of_reply(seat, reply).lines(width),
        _ if rest.is_empty() => {
            return Err(Error::usage("no reply came yet").hint("try", ":explain 550 5.7.1"));
        }
        (Some(seat), None) if is_exchange(rest) => return Err(not_kept(seat, rest)),
        _ => explain::words_in(protocol, &[rest.to_owned()], None)?,
    };
    desk.print(&lines)
}

/// Codes have three digits; a smaller number is an exchange, "#250" always one.
fn is_exchange(word: &str) -> bool {
    let number = word.strip_prefix('#').unwrap_or(word);
    let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    digits && (number.len() < word.len() || number.len() < 3)
}

fn not_kept(seat: &Seat, number: &str) -> Error {
    let error = Error::usage(format!("there is no reply to exchange {number}"));
    let numbers = seat.memory.replies.iter().filter_map(|r| r.exchange);
    match numbers.clone().min().zip(numbers.max()) {
        Some((first, last)) => error.hint("kept", format!("{} to {}", first.0, last.0)),
        None => error,
    }
}

/// `:help [topic]`.
///
/// # Errors
/// `Usage` when nothing is known under the topic.
pub fn help(desk: &mut Desk, rest: &str) -> Result<()> {
    let lines = with_stage(desk, |stage| help::topic(stage, rest))?;
    desk.print(&lines)
}

fn with_stage(
    desk: &Desk,
    said: impl FnOnce(&Stage<'_>) -> Result<Vec<Styled>>,
) -> Result<Vec<Styled>> {
    let console: Vec<_> = COMMANDS
        .iter()
        .map(|c| (c.name, c.args, c.summary))
        .collect();
    let session = desk.seats.get(desk.active).map(|seat| &seat.session);
    let engine = session.and_then(|s| s.engine());
    let protocol = session.and_then(Session::protocol);
    let Some((protocol, engine)) = protocol.zip(engine) else {
        let no_offers = Offers::default();
        let stage = Stage {
            protocol: crate::proto::PROTOCOLS[0],
            situation: Situation {
                protocol: crate::proto::PROTOCOLS[0].name,
                phase: crate::proto::spec::Phase("no session"),
                offers: &no_offers,
                secured: false,
                logged_in: false,
            },
            console: &console,
            width: desk.settings.look.width,
        };
        return said(&stage);
    };
    let offers = session.and_then(Session::offers_shown).unwrap_or_default();
    said(&Stage {
        protocol,
        situation: Situation {
            protocol: protocol.name,
            phase: engine.phase(),
            offers: &offers,
            secured: session.is_some_and(Session::is_secured),
            logged_in: engine.facts().logged_in,
        },
        console: &console,
        width: desk.settings.look.width,
    })
}

/// `:caps`: what the server offers.
///
/// # Errors
/// `Usage` when no session is open.
pub fn caps(desk: &mut Desk) -> Result<()> {
    let seat = desk.seats.get(desk.active);
    let offers = seat.and_then(|seat| seat.session.offers_shown());
    let protocol = seat.and_then(|seat| seat.session.protocol());
    let Some(((seat, offers), protocol)) = seat.zip(offers).zip(protocol) else {
        return Err(Error::usage("no session is open").hint("open", ":open TARGET"));
    };
    let earlier = seat
        .memory
        .earlier
        .as_ref()
        .map(|(event, offers)| (*event, offers));
    let over = seat.session.is_over();
    if over && !offers.known {
        return Err(
            Error::new(Kind::Lost, "not connected").hint("open", ":reconnect, or :open TARGET")
        );
    }
    let lines = help::caps(protocol, &offers, earlier, desk.settings.look.width);
    if over {
        let text = "not connected any more; this is what the server offered before";
        desk.say(Mark::Info, text)?;
    }
    desk.print(&lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::event::Offer;

    fn offers(words: &[&str]) -> Happening {
        let items = words.iter().map(|word| Offer {
            word: (*word).to_owned(),
            rest: String::new(),
        });
        Happening::Engine(Event::Offers(Offers {
            known: true,
            items: items.collect(),
        }))
    }

    #[test]
    fn what_a_login_brings_is_said_once() {
        let mut memory = Memory::default();
        assert_eq!(memory.note(&offers(&["IMAP4REV1", "STARTTLS"])), None);
        assert_eq!(memory.note(&offers(&["IMAP4REV1"])), None);
        let login = Reply {
            to: "LOGIN".to_owned(),
            verdict: Verdict::Good,
            ..Reply::default()
        };
        memory.note(&Happening::Engine(Event::Reply(login)));
        let said = memory.note(&offers(&["IMAP4REV1", "QUOTA", "EVIL\u{1b}[2J"]));
        assert_eq!(
            said.as_deref(),
            Some("new after the login: QUOTA, EVIL␛[2J")
        );
        assert_eq!(memory.note(&offers(&["IMAP4REV1", "ACL"])), None);
        assert_eq!(memory.earlier.map(|(event, _)| event), Some("the login"));
    }

    #[test]
    fn the_name_in_the_queue_is_found() {
        let of = |text: &str| {
            let reply = Reply {
                code: "250".to_owned(),
                verdict: Verdict::Good,
                text: text.as_bytes().to_vec(),
                ..Reply::default()
            };
            queue_id(&reply).map(str::to_owned)
        };
        assert_eq!(
            of("Ok: queued as 699ACBA2D7").as_deref(),
            Some("699ACBA2D7")
        );
        assert_eq!(
            of("OK id=1vM2xK-000000-2b").as_deref(),
            Some("1vM2xK-000000-2b")
        );
        assert_eq!(
            of("5ALA1b2c012345 Message accepted for delivery").as_deref(),
            Some("5ALA1b2c012345")
        );
        assert_eq!(of("Ok"), None);
        assert_eq!(of("queued as \u{1b}[2Jabcdef"), None);
    }

    #[test]
    fn memory_is_bounded() {
        let mut memory = Memory::default();
        for n in 0..3000 {
            let reply = Reply {
                exchange: Some(Exchange(n)),
                text: vec![b'x'; 10_000],
                ..Reply::default()
            };
            memory.note(&Happening::Engine(Event::Reply(reply)));
        }
        assert_eq!(memory.replies.len(), REPLIES_MAX);
        assert!(memory.replies.iter().all(|r| r.text.len() <= TEXT_MAX));
    }
}
