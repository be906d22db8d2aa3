//! The keys of SEARCH as a tree (RFC 9051 6.4.4, RFC 5032, RFC 7162 3.1.5).

use super::super::parse::{Parsed, Parser, Set};
use super::needle::Needle;
use crate::store::date::Day;
use crate::store::flags::Flags;
use crate::store::mime::decode;

/// How deep NOT, OR and parentheses may go.
const DEEPEST: usize = 64;

/// Keys in one command.
const MOST: usize = 1_000;

/// A key.
#[derive(Clone, Debug)]
pub(super) enum Key {
    All,
    /// Message numbers.
    Numbers(Set),
    Uids(Set),
    /// A system flag.
    Flag(Flags),
    Keyword(String),
    Recent,
    /// INTERNALDATE's day compares so to this one.
    Received(When, Day),
    /// The Date field's day does.
    Sent(When, Day),
    Larger(u64),
    Smaller(u64),
    /// Received within so many seconds.
    Younger(u64),
    Modseq(u64),
    /// A field of this name that holds the text.
    Field(String, Needle),
    Body(Needle),
    Text(Needle),
    Not(Box<Self>),
    Or(Box<Self>, Box<Self>),
    And(Vec<Self>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    Before,
    On,
    Since,
}

impl When {
    pub(super) fn holds(self, day: Day, than: Day) -> bool {
        match self {
            Self::Before => day < than,
            Self::On => day == than,
            Self::Since => day >= than,
        }
    }
}

/// What a search asks for.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub(super) key: Key,
    /// MODSEQ is among the keys.
    pub(super) modseq: bool,
}

/// Why a search cannot be done.
pub(super) enum NoSearch {
    /// The charset is not known.
    BadCharset,
}

struct Reader {
    charset: Vec<u8>,
    count: usize,
    modseq: bool,
}

/// Reads the charset and the keys up to the end of the command.
pub(super) fn parse(p: &mut Parser<'_>) -> Parsed<Result<Program, NoSearch>> {
    let mut reader = Reader {
        charset: b"utf-8".to_vec(),
        count: 0,
        modseq: false,
    };
    let mut known = true;
    if p.keyword("CHARSET") {
        p.space()?;
        let charset = p.astring("a charset")?;
        known = decode::knows_charset(&charset);
        reader.charset = charset.into_owned();
        p.space()?;
    }
    let mut keys = vec![reader.key(p, 0)?];
    while p.take(b' ') {
        keys.push(reader.key(p, 0)?);
    }
    p.end()?;
    if !known {
        return Ok(Err(NoSearch::BadCharset));
    }
    Ok(Ok(Program {
        key: all_of(keys),
        modseq: reader.modseq,
    }))
}

/// Cheap keys first, so that the dear ones see few messages.
fn all_of(mut keys: Vec<Key>) -> Key {
    if keys.len() == 1
        && let Some(one) = keys.pop()
    {
        return one;
    }
    keys.sort_by_key(Key::cost);
    Key::And(keys)
}

impl Key {
    /// 0 when the mailbox alone can tell; more when the message must be read.
    pub(super) fn cost(&self) -> u8 {
        match self {
            Self::Field(..) | Self::Sent(..) => 1,
            Self::Body(_) | Self::Text(_) => 2,
            Self::Not(key) => key.cost(),
            Self::Or(a, b) => a.cost().max(b.cost()),
            Self::And(keys) => keys.iter().map(Self::cost).max().unwrap_or(0),
            _ => 0,
        }
    }
}

impl Reader {
    fn key(&mut self, p: &mut Parser<'_>, depth: usize) -> Parsed<Key> {
        self.count += 1;
        if depth > DEEPEST || self.count > MOST {
            return p.bad_at(p.at(), "too many search keys, or too deeply nested,");
        }
        if p.peek() == Some(b'(') {
            let keys = p.list(1, |p| self.key(p, depth + 1))?;
            return Ok(all_of(keys));
        }
        if p.is_set() {
            return Ok(Key::Numbers(p.set()?));
        }
        let start = p.at();
        let word = p.word("a search key")?;
        let not = |key: Key| Key::Not(Box::new(key));
        Ok(match word.as_str() {
            "ALL" => Key::All,
            "ANSWERED" => Key::Flag(Flags::ANSWERED),
            "DELETED" => Key::Flag(Flags::DELETED),
            "DRAFT" => Key::Flag(Flags::DRAFT),
            "FLAGGED" => Key::Flag(Flags::FLAGGED),
            "SEEN" => Key::Flag(Flags::SEEN),
            "UNANSWERED" => not(Key::Flag(Flags::ANSWERED)),
            "UNDELETED" => not(Key::Flag(Flags::DELETED)),
            "UNDRAFT" => not(Key::Flag(Flags::DRAFT)),
            "UNFLAGGED" => not(Key::Flag(Flags::FLAGGED)),
            "UNSEEN" => not(Key::Flag(Flags::SEEN)),
            "RECENT" => Key::Recent,
            "OLD" => not(Key::Recent),
            "NEW" => Key::And(vec![Key::Recent, not(Key::Flag(Flags::SEEN))]),
            "KEYWORD" => keyword(p)?,
            "UNKEYWORD" => not(keyword(p)?),
            "BEFORE" => Key::Received(When::Before, day(p)?),
            "ON" => Key::Received(When::On, day(p)?),
            "SINCE" => Key::Received(When::Since, day(p)?),
            "SENTBEFORE" => Key::Sent(When::Before, day(p)?),
            "SENTON" => Key::Sent(When::On, day(p)?),
            "SENTSINCE" => Key::Sent(When::Since, day(p)?),
            "LARGER" => Key::Larger(size(p, "a number of octets")?),
            "SMALLER" => Key::Smaller(size(p, "a number of octets")?),
            "YOUNGER" => Key::Younger(interval(p)?),
            "OLDER" => not(Key::Younger(interval(p)?)),
            "UID" => {
                p.space()?;
                Key::Uids(p.set()?)
            }
            "MODSEQ" => self.modseq(p)?,
            "BCC" | "CC" | "FROM" | "SUBJECT" | "TO" => Key::Field(word, self.needle(p)?),
            "HEADER" => {
                p.space()?;
                let name = p.astring("a header field's name")?;
                let name = String::from_utf8_lossy(&name).into_owned();
                Key::Field(name, self.needle(p)?)
            }
            "BODY" => Key::Body(self.needle(p)?),
            "TEXT" => Key::Text(self.needle(p)?),
            "NOT" => {
                p.space()?;
                not(self.key(p, depth + 1)?)
            }
            "OR" => {
                p.space()?;
                let one = self.key(p, depth + 1)?;
                p.space()?;
                let other = self.key(p, depth + 1)?;
                Key::Or(Box::new(one), Box::new(other))
            }
            _ => return p.bad_at(start, "an unknown search key"),
        })
    }

    fn needle(&self, p: &mut Parser<'_>) -> Parsed<Needle> {
        p.space()?;
        let octets = p.astring("the text to look for")?;
        Ok(Needle::new(&decode::text(&octets, &self.charset)))
    }

    /// `MODSEQ ["/flags/\\Seen" all] 5`; the entry is not looked at, as RFC 7162 3.1.5 allows.
    fn modseq(&mut self, p: &mut Parser<'_>) -> Parsed<Key> {
        p.space()?;
        if p.peek() == Some(b'"') {
            p.string("an entry name")?;
            p.space()?;
            let start = p.at();
            let kind = p.word("all, shared or priv")?;
            if !["ALL", "SHARED", "PRIV"].contains(&kind.as_str()) {
                return p.bad_at(start, "neither all, shared nor priv");
            }
            p.space()?;
        }
        self.modseq = true;
        Ok(Key::Modseq(p.number64("a mod-sequence")?))
    }
}

/// An atom by the grammar; emailjs-imap-client quotes it, and servers in use take that.
fn keyword(p: &mut Parser<'_>) -> Parsed<Key> {
    p.space()?;
    let text = match p.peek() {
        Some(b'"') => p.string("a keyword")?,
        _ => p.atom("a keyword")?.as_bytes().into(),
    };
    Ok(Key::Keyword(String::from_utf8_lossy(&text).into_owned()))
}

fn day(p: &mut Parser<'_>) -> Parsed<Day> {
    p.space()?;
    p.date()
}

fn size(p: &mut Parser<'_>, what: &str) -> Parsed<u64> {
    p.space()?;
    p.number64(what)
}

fn interval(p: &mut Parser<'_>) -> Parsed<u64> {
    p.space()?;
    p.nonzero("a number of seconds").map(u64::from)
}
