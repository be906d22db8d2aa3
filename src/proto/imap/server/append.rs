//! APPEND, with several messages too (RFC 9051 6.3.12, RFC 3502, RFC 3516 4.4, RFC 6855 4).

use std::sync::Arc;

use super::mailboxes::{no_target, refusal};
use super::parse::{Parsed, Parser};
use super::table::Call;
use super::{Done, ImapServer, write};
use crate::store::Refused;
use crate::store::date::Stamp;
use crate::store::flags::Flags;
use crate::store::message::Content;
use crate::store::mime::rewrite;

/// Messages in one command.
const MESSAGES: usize = 1_000;

struct Letter {
    flags: Flags,
    keywords: Vec<String>,
    date: Option<Stamp>,
    octets: Vec<u8>,
    binary: bool,
}

impl ImapServer {
    /// Why the literal that an APPEND announces is not wanted, if it is not. The parser stands
    /// behind the word APPEND.
    pub(super) fn refuses_append(
        &self,
        user: &str,
        p: &mut Parser<'_>,
        octets: u64,
        literals: u64,
    ) -> Option<Done> {
        let limit = self.service.limits.message;
        let name = p.space().and_then(|()| self.name(p));
        // No name yet: the literal is the name.
        let Ok(name) = name else {
            return (octets > 4096).then(|| Done::no("that is no mailbox name").code("TOOBIG"));
        };
        if octets > limit {
            let text = format!("a message has {limit} octets at most");
            return Some(Done::no(text).code("TOOBIG"));
        }
        if literals > limit.saturating_mul(4).max(64 << 20) {
            return Some(Done::no("too much for one command").code("TOOBIG"));
        }
        let name = match name {
            Ok(name) => name,
            Err(done) => return Some(done),
        };
        let store = self.service.store.lock();
        if let Err(refused) = store.mailbox_id(user, &name) {
            return Some(no_target(refused));
        }
        (octets > store.room_for(user)).then(|| refusal(Refused::OverQuota))
    }

    pub(super) fn append(&mut self, call: &mut Call<'_, '_>) -> Parsed<Option<Done>> {
        let p = &mut *call.parser;
        p.space()?;
        let name = self.name(p)?;
        let mut letters = Vec::new();
        loop {
            p.space()?;
            letters.push(letter(p)?);
            if p.is_done() {
                break;
            }
            if letters.len() >= MESSAGES {
                return p.bad_at(p.at(), "more than 1000 messages");
            }
        }
        let id = match self.target(name) {
            Ok(id) => id,
            Err(done) => return Ok(Some(done)),
        };
        let limit = self.service.limits.message;
        let mut ready = Vec::with_capacity(letters.len());
        for letter in letters {
            if letter.octets.len() as u64 > limit {
                let text = format!("a message has {limit} octets at most");
                return Ok(Some(Done::no(text).code("TOOBIG")));
            }
            if letter.octets.is_empty() {
                return Ok(Some(Done::no("a message without a single octet is none")));
            }
            let octets = if letter.binary {
                rewrite::without_binary(letter.octets)
            } else {
                Some(letter.octets)
            };
            let Some(octets) = octets else {
                let text = "a NUL stands where no part says it is binary";
                return Ok(Some(Done::no(text).code("UNKNOWN-CTE")));
            };
            let date = letter.date;
            let date = date.unwrap_or_else(|| Stamp::utc((self.service.clock)()));
            ready.push((Content::new(octets), letter.flags, letter.keywords, date));
        }
        let mut store = self.service.store.lock();
        let user = self.user.as_deref().unwrap_or_default();
        // All or nothing (RFC 3502 6.3.11): so the room for all of them comes first.
        let total: usize = ready.iter().map(|(c, ..)| c.octets().len()).sum();
        if total as u64 > store.room_for(user) {
            return Ok(Some(refusal(Refused::OverQuota)));
        }
        let mut uids = Vec::with_capacity(ready.len());
        let mut validity = 0;
        for (content, flags, keywords, date) in &ready {
            let keywords: Vec<&str> = keywords.iter().map(String::as_str).collect();
            let content = Arc::clone(content);
            match store.append(id, &content, *flags, &keywords, *date, self.session) {
                Ok(stored) => {
                    validity = stored.uid_validity;
                    uids.push(stored.uid);
                }
                Err(refused) => {
                    store.expunge(id, &uids, self.session);
                    return Ok(Some(no_target(refused)));
                }
            }
        }
        drop(store);
        let code = format!("APPENDUID {validity} {}", write::set(&uids));
        Ok(Some(Done::ok("Append completed.").code(code)))
    }
}

/// `(\Seen) "17-Jul-1996 …" {n}…`
fn letter(p: &mut Parser<'_>) -> Parsed<Letter> {
    let mut flags = Flags::NONE;
    let mut keywords = Vec::new();
    if p.peek() == Some(b'(') {
        for name in p.list(0, Parser::flag)? {
            match Flags::named(name) {
                Some(flag) => flags = flags.with(flag),
                None => keywords.push(name.to_owned()),
            }
        }
        p.space()?;
    }
    let mut date = None;
    if p.peek() == Some(b'"') {
        date = Some(p.date_time()?);
        p.space()?;
    }
    let wrapped = p.keyword("UTF8");
    if wrapped {
        p.space()?;
        p.expect(b'(')?;
    }
    if !p.is_literal() {
        return p.bad("flags, a date-time or the literal that holds the message");
    }
    let (octets, binary) = p.literal()?;
    if wrapped {
        p.expect(b')')?;
    }
    Ok(Letter {
        flags,
        keywords,
        date,
        octets: octets.to_vec(),
        binary,
    })
}
