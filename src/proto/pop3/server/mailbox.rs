//! The TRANSACTION state (RFC 1939 5): a maildrop as it was at login, and what is marked deleted.

use std::fmt::Write as _;
use std::sync::Arc;

use memchr::memmem;

use super::{Pop3Server, SHOWN};
use crate::proto::outbox::Flow;
use crate::store::maildrop::{Letter, Maildrop};
use crate::store::message::Content;
use crate::wire::dot::Stuffer;

/// Octets of a message that are stuffed at a time.
const PIECE: usize = 16 * 1024;

/// An open maildrop.
pub(super) struct Open {
    maildrop: Maildrop,
    deleted: Vec<bool>,
}

impl Open {
    pub(super) fn new(maildrop: Maildrop) -> Self {
        let deleted = vec![false; maildrop.letters().len()];
        Self { maildrop, deleted }
    }

    /// What is not deleted, with the message number.
    fn left(&self) -> impl Iterator<Item = (usize, &Letter)> {
        let kept = |(at, letter): (usize, _)| (!self.deleted[at]).then_some((at + 1, letter));
        self.maildrop.letters().iter().enumerate().filter_map(kept)
    }

    /// Messages and octets that are left.
    pub(super) fn totals(&self) -> (usize, usize) {
        self.left().fold((0, 0), |(count, octets), (_, letter)| {
            (count + 1, octets + letter.content.transmitted())
        })
    }

    /// Messages that QUIT will remove.
    pub(super) fn pending(&self) -> usize {
        self.deleted.iter().filter(|d| **d).count()
    }

    /// Removes what is marked, and gives the lock back.
    pub(super) fn commit(self) -> usize {
        let marked = self.maildrop.letters().iter().zip(&self.deleted);
        let uids: Vec<u32> = marked.filter(|(_, d)| **d).map(|(l, _)| l.uid).collect();
        if !uids.is_empty() {
            self.maildrop.remove(&uids);
        }
        uids.len()
    }

    /// The message of a number as typed. The error is the reply.
    fn letter(&self, number: &str) -> Result<(usize, &Letter), &'static str> {
        let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        if !digits {
            return Err("-ERR that is no message number");
        }
        let at = number.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
        let found = at.and_then(|at| Some((at, self.maildrop.letters().get(at)?)));
        match found {
            None => Err("-ERR no such message"),
            Some((at, _)) if self.deleted[at] => Err("-ERR that message is deleted"),
            Some(found) => Ok(found),
        }
    }

    fn uidl(&self, letter: &Letter) -> String {
        format!("{}.{}", self.maildrop.uid_validity(), letter.uid)
    }
}

impl Pop3Server {
    pub(super) fn transaction(&mut self, verb: &str, args: &str) {
        let Some(open) = &mut self.drop else {
            return;
        };
        match verb {
            "STAT" => {
                let (count, octets) = open.totals();
                self.say(&format!("+OK {count} {octets}"));
            }
            "NOOP" => self.say("+OK"),
            "RSET" => {
                open.deleted.fill(false);
                let (count, octets) = open.totals();
                self.say(&format!("+OK {count} messages, {octets} octets"));
            }
            "LIST" | "UIDL" => self.list(verb, args),
            "DELE" => {
                let found = open.letter(args).map(|(at, _)| at);
                let reply = found.map(|at| {
                    open.deleted[at] = true;
                    format!("+OK message {} deleted", at + 1)
                });
                self.say(reply.as_deref().unwrap_or_else(|why| why));
            }
            "RETR" => {
                let found = open.letter(args).map(|(_, l)| Arc::clone(&l.content));
                match found {
                    Ok(content) => {
                        let (octets, end) = (content.transmitted(), content.octets().len());
                        self.content(&format!("+OK {octets} octets"), content, end);
                    }
                    Err(why) => self.say(why),
                }
            }
            _ => self.top(args),
        }
    }

    fn list(&mut self, verb: &str, args: &str) {
        let Some(open) = &self.drop else {
            return;
        };
        let about = |letter: &Letter| match verb {
            "UIDL" => open.uidl(letter),
            _ => letter.content.transmitted().to_string(),
        };
        if !args.is_empty() {
            let reply = open
                .letter(args)
                .map(|(at, letter)| format!("+OK {} {}", at + 1, about(letter)));
            return self.say(&reply.unwrap_or_else(str::to_owned));
        }
        let mut body = String::new();
        for (number, letter) in open.left() {
            let _ = write!(body, "{number} {}\r\n", about(letter));
        }
        let (count, octets) = open.totals();
        self.say_lines(&format!("+OK {count} messages, {octets} octets"), &body);
    }

    fn top(&mut self, args: &str) {
        let Some(open) = &self.drop else {
            return;
        };
        let mut words = args.split_ascii_whitespace();
        let (number, lines, more) = (words.next(), words.next(), words.next());
        let lines = lines.filter(|l| l.bytes().all(|b| b.is_ascii_digit()));
        let (Some(number), Some(lines), None) = (number, lines, more) else {
            return self.say("-ERR syntax: TOP message lines");
        };
        match open.letter(number).map(|(_, l)| Arc::clone(&l.content)) {
            Ok(content) => {
                let lines = lines.parse().unwrap_or(usize::MAX);
                let end = top(content.octets(), lines);
                self.content("+OK top of message", content, end);
            }
            Err(why) => self.say(why),
        }
    }

    fn content(&mut self, text: &str, content: Arc<Content>, end: usize) {
        let shown = content.octets()[..end.min(SHOWN)].to_vec();
        self.answer(text, Some((dotted(content, end), shown, end as u64)));
    }
}

/// Where the header and so many lines of the body end.
fn top(octets: &[u8], lines: usize) -> usize {
    let Some(header) = memmem::find(octets, b"\r\n\r\n") else {
        return octets.len();
    };
    let body = header + 4;
    let mut ends = memchr::memchr_iter(b'\n', &octets[body..]);
    match lines.checked_sub(1) {
        None => body,
        Some(before) => ends.nth(before).map_or(octets.len(), |at| body + at + 1),
    }
}

/// The first `end` octets of a message as a dotted body, piece by piece.
fn dotted(content: Arc<Content>, end: usize) -> Flow {
    let mut stuffer = Stuffer::default();
    let mut at = Some(0);
    Box::new(std::iter::from_fn(move || {
        let from = at?;
        let to = (from + PIECE).min(end);
        let mut out = Vec::with_capacity(to - from + 64);
        stuffer.push(&content.octets()[from..to], &mut out);
        at = Some(to).filter(|to| *to < end);
        if at.is_none() {
            stuffer.finish(&mut out);
        }
        Some(out)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_is_what_is_sent() {
        for text in [
            "",
            "\n",
            "\r",
            "\r\r\n\n\r",
            "a\nb\n",
            "a\r\nb",
            "a\rb\r\n",
            "a\n\r\n\r",
        ] {
            let content = Content::new(text.into());
            let sent: usize = dotted(Arc::clone(&content), text.len())
                .map(|p| p.len())
                .sum();
            assert_eq!(content.transmitted() + ".\r\n".len(), sent, "{text:?}");
        }
    }

    #[test]
    fn the_top_of_a_message() {
        let message = b"A: b\r\n\r\none\r\ntwo\r\n";
        assert_eq!(top(message, 0), 8);
        assert_eq!(top(message, 1), 13);
        assert_eq!(top(message, 9), message.len());
        assert_eq!(top(b"no body\r\n", 3), 9);
    }

    #[test]
    fn a_long_message_comes_in_pieces() {
        let text = ".line\r\n".repeat(10_000);
        let pieces: Vec<Vec<u8>> = dotted(Content::new(text.clone().into()), text.len()).collect();
        assert!(pieces.len() > 3);
        let want = format!("{}.\r\n", text.replace(".line", "..line"));
        assert_eq!(pieces.concat(), want.as_bytes());
        let none: Vec<Vec<u8>> = dotted(Content::new(Vec::new()), 0).collect();
        assert_eq!(none.concat(), b".\r\n");
    }
}
