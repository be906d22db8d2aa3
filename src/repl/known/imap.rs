//! What IMAP's untagged data teaches: mailboxes, message numbers and UIDs, subjects, flags.

use super::{Known, MESSAGES_MAX, clip, subject_of};
use crate::proto::event::{Line, LineKind, Part};
use crate::wire::octets::announced;

/// Octets of one response that are read, literals not counted.
const RESPONSE_MAX: usize = 256 * 1024;
/// Octets of one literal that are kept.
const LITERAL_MAX: usize = 4 * 1024;
/// Literals of one response that are kept.
const LITERALS_MAX: usize = 64;
/// How deep lists are read.
const DEPTH_MAX: usize = 12;
/// Messages that move up when one before them goes.
const SHIFT_MAX: usize = 128;
/// Flags and keywords kept.
const KEYWORDS_MAX: usize = 200;

/// A response as it arrives: its lines joined, its literals beside it.
#[derive(Debug, Default)]
pub(super) struct Response {
    text: Vec<u8>,
    literals: Vec<Vec<u8>>,
    running: bool,
}

/// A piece of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// A word, or the text of a quoted string or literal.
    Word(Vec<u8>),
    /// What stands in parentheses.
    List(Vec<Self>),
}

impl Item {
    fn word(&self) -> Option<&[u8]> {
        match self {
            Self::Word(word) => Some(word),
            Self::List(_) => None,
        }
    }

    fn text(&self) -> Option<&str> {
        std::str::from_utf8(self.word()?).ok()
    }

    fn number(&self) -> Option<u32> {
        self.text()?.parse().ok()
    }

    fn is(&self, word: &str) -> bool {
        self.word()
            .is_some_and(|w| w.eq_ignore_ascii_case(word.as_bytes()))
    }
}

impl Response {
    /// Takes a line; the response when it is complete.
    pub(super) fn line(&mut self, line: &Line) -> Option<Vec<Item>> {
        match line.kind {
            LineKind::Untagged => {
                *self = Self {
                    running: true,
                    ..Self::default()
                }
            }
            LineKind::Rest if self.running => {}
            _ => return None,
        }
        if self.text.len() + line.text.len() > RESPONSE_MAX {
            self.running = false;
            return None;
        }
        self.text.extend_from_slice(&line.text);
        if ends_in_literal(&line.text) {
            self.literals.push(Vec::new());
            self.running = self.literals.len() <= LITERALS_MAX;
            return None;
        }
        self.running = false;
        let mut literals = std::mem::take(&mut self.literals).into_iter();
        let mut at = 0;
        Some(items(&self.text, &mut at, &mut literals, 0))
    }

    /// Takes content of a literal.
    pub(super) fn part(&mut self, part: &Part) {
        if let Some(literal) = self.literals.last_mut().filter(|_| self.running) {
            let room = LITERAL_MAX.saturating_sub(literal.len());
            literal.extend_from_slice(&part.bytes[..part.bytes.len().min(room)]);
        }
    }
}

fn ends_in_literal(text: &[u8]) -> bool {
    matches!(announced(text), Ok(Some(_)))
}

/// Reads items up to the end or a closing parenthesis.
fn items(
    text: &[u8],
    at: &mut usize,
    literals: &mut std::vec::IntoIter<Vec<u8>>,
    depth: usize,
) -> Vec<Item> {
    let mut found = Vec::new();
    while let Some(&b) = text.get(*at) {
        match b {
            b' ' => *at += 1,
            b')' => {
                *at += 1;
                return found;
            }
            b'(' if depth < DEPTH_MAX => {
                *at += 1;
                found.push(Item::List(items(text, at, literals, depth + 1)));
            }
            b'"' => found.push(Item::Word(quoted(text, at))),
            _ => {
                let start = *at;
                let mut brackets = 0usize;
                while let Some(&b) = text.get(*at) {
                    match b {
                        b'[' => brackets += 1,
                        b']' => brackets = brackets.saturating_sub(1),
                        b' ' | b')' if brackets == 0 && *at > start => break,
                        _ => {}
                    }
                    *at += 1;
                    // A literal ends its line: what follows is the next line.
                    if b == b'}' && ends_in_literal(&text[start..*at]) && brackets == 0 {
                        break;
                    }
                }
                let word = &text[start..*at];
                let literal = ends_in_literal(word) && matches!(word[0], b'{' | b'~');
                let word = if literal {
                    literals.next().unwrap_or_default()
                } else {
                    word.to_vec()
                };
                found.push(Item::Word(word));
            }
        }
    }
    found
}

fn quoted(text: &[u8], at: &mut usize) -> Vec<u8> {
    let mut word = Vec::new();
    *at += 1;
    while let Some(&b) = text.get(*at) {
        *at += 1;
        match b {
            b'"' => break,
            b'\\' => {
                word.extend(text.get(*at));
                *at += 1;
            }
            _ => word.push(b),
        }
    }
    word
}

impl Known {
    pub(super) fn imap_response(&mut self, items: &[Item]) {
        match items {
            [star, kind, Item::List(attributes), separator, name, ..]
                if star.is("*") && ["LIST", "LSUB", "XLIST"].iter().any(|k| kind.is(k)) =>
            {
                self.separator = separator
                    .text()
                    .filter(|s| s.len() == 1)
                    .and_then(|s| s.chars().next());
                let attributes: Vec<_> = attributes.iter().filter_map(Item::text).collect();
                if let Some(name) = name.text() {
                    self.mailboxes.put_mailbox(name, &attributes.join(" "));
                }
            }
            [_, kind, name, ..] if kind.is("STATUS") => {
                if let Some(name) = name.text() {
                    self.mailboxes.put_mailbox(name, "");
                }
            }
            [_, kind, numbers @ ..] if kind.is("SEARCH") || kind.is("SORT") => self.found(numbers),
            [_, kind, Item::List(flags), ..] if kind.is("FLAGS") => self.flags(flags),
            [_, kind, code, ..]
                if kind.is("OK") && code.word().is_some_and(|c| starts(c, b"[PERMANENTFLAGS")) =>
            {
                let word = code.word().unwrap_or_default();
                let inside = word
                    .iter()
                    .position(|b| *b == b'(')
                    .map_or(&[][..], |at| &word[at + 1..]);
                let flags = inside
                    .split(|b| b" )]".contains(b))
                    .filter(|f| !f.is_empty());
                let flags: Vec<_> = flags.map(|f| Item::Word(f.to_vec())).collect();
                self.flags(&flags);
            }
            [_, kind, enabled @ ..] if kind.is("ENABLED") => {
                self.utf8 |= enabled
                    .iter()
                    .any(|e| e.is("UTF8=ACCEPT") || e.is("IMAP4rev2"));
            }
            [_, number, kind, Item::List(data), ..] if kind.is("FETCH") => {
                if let Some(number) = number.number() {
                    self.fetched(number, data);
                }
            }
            [_, number, kind, ..] if kind.is("EXISTS") => {
                self.exists = number.number().unwrap_or(self.exists);
            }
            [_, number, kind, ..] if kind.is("EXPUNGE") => {
                if let Some(number) = number.number() {
                    self.expunged(number);
                }
            }
            _ => {}
        }
    }

    fn found(&mut self, numbers: &[Item]) {
        let by_uid = self.command_has("UID");
        // The last ones are the newest.
        let skip = numbers.len().saturating_sub(MESSAGES_MAX);
        for number in numbers.iter().skip(skip).filter_map(Item::number) {
            if by_uid {
                self.uid(number, String::new());
            } else {
                self.message(number);
            }
        }
    }

    fn flags(&mut self, flags: &[Item]) {
        for flag in flags.iter().filter_map(Item::text) {
            let sound = flag.len() <= 100 && !flag.chars().any(char::is_control);
            if sound
                && flag != "\\*"
                && self.keywords.len() < KEYWORDS_MAX
                && !self.keywords.iter().any(|k| k == flag)
            {
                self.keywords.push(flag.to_owned());
            }
        }
    }

    fn fetched(&mut self, number: u32, data: &[Item]) {
        let mut uid = None;
        let mut subject = None;
        let mut octets = None;
        for pair in data.windows(2) {
            if pair[0].is("UID") {
                uid = pair[1].number();
            } else if pair[0].is("RFC822.SIZE") {
                octets = pair[1].number();
            } else if pair[0].is("ENVELOPE") {
                if let Item::List(envelope) = &pair[1] {
                    subject = envelope
                        .get(1)
                        .filter(|s| !s.is("NIL"))
                        .and_then(Item::word)
                        .map(clip);
                }
            } else if pair[0]
                .word()
                .is_some_and(|w| starts(w, b"BODY[") || starts(w, b"RFC822"))
            {
                subject = subject.or_else(|| pair[1].word().and_then(subject_of));
            }
        }
        let message = self.message(number);
        if let Some(uid) = uid {
            message.uid = Some(uid.to_string());
        }
        if subject.is_some() {
            message.subject.clone_from(&subject);
        }
        if let Some(octets) = octets {
            message.octets = Some(octets.into());
        }
        if let Some(uid) = uid {
            self.uid(uid, subject.unwrap_or_default());
        }
    }

    /// A message is gone: those behind it move up.
    fn expunged(&mut self, number: u32) {
        self.exists = self.exists.saturating_sub(1);
        if let Some(uid) = self
            .messages
            .remove(&number)
            .and_then(|m| m.uid?.parse().ok())
        {
            self.uids.remove(&uid);
        }
        let later = self.messages.split_off(&number);
        // Moving many at every EXPUNGE would take time in proportion to both: those are forgotten.
        if later.len() <= SHIFT_MAX {
            let moved = later
                .into_iter()
                .map(|(n, message)| (n.saturating_sub(1), message));
            self.messages.extend(moved);
        }
    }
}

fn starts(word: &[u8], prefix: &[u8]) -> bool {
    word.len() >= prefix.len() && word[..prefix.len()].eq_ignore_ascii_case(prefix)
}
