//! Tags: those added (a1, a2, …), those typed, and telling a typed tag from a command.

use std::collections::BTreeSet;

use crate::proto::imap::spec::SPEC;
use crate::proto::spec::Verb;

/// Which tags were used, and whether lines get one.
#[derive(Debug)]
pub(super) struct Tags {
    /// True when a line without a tag gets one.
    pub(super) added: bool,
    next: u64,
    /// Numbers from `next` on whose tag was typed by hand.
    taken: BTreeSet<u64>,
}

impl Default for Tags {
    fn default() -> Self {
        Self {
            added: true,
            next: 1,
            taken: BTreeSet::new(),
        }
    }
}

/// A command line taken apart.
#[derive(Debug)]
pub(super) struct Cut<'a> {
    /// The tag as typed, if there is one.
    pub(super) tag: Option<&'a [u8]>,
    /// The command without the tag.
    pub(super) command: &'a [u8],
    /// Its verb.
    pub(super) verb: Option<&'static Verb>,
}

impl Tags {
    /// Takes a line apart. With tags added, the first word is a tag only when it is no command and
    /// the second one is.
    pub(super) fn cut<'a>(&self, line: &'a [u8]) -> Cut<'a> {
        let verb = SPEC.verb(line);
        if verb.is_some() && self.added {
            return Cut {
                tag: None,
                command: line,
                verb,
            };
        }
        let end = line.iter().position(|&b| b == b' ').unwrap_or(line.len());
        let (first, rest) = line.split_at(end);
        let command = rest.trim_ascii_start();
        let verb = SPEC.verb(command);
        if self.added && (verb.is_none() || !is_tag(first)) {
            return Cut {
                tag: None,
                command: line,
                verb: None,
            };
        }
        Cut {
            tag: Some(first),
            command,
            verb,
        }
    }

    /// The tag that the next command will carry.
    pub(super) fn upcoming(&self) -> Option<String> {
        self.added.then(|| format!("a{}", self.free()))
    }

    /// Takes the next tag.
    pub(super) fn take(&mut self) -> String {
        let number = self.free();
        self.next = number + 1;
        self.taken = self.taken.split_off(&self.next);
        format!("a{number}")
    }

    /// Remembers a tag typed by hand, so that it is not given out again.
    pub(super) fn typed(&mut self, tag: &[u8]) {
        let number = tag
            .strip_prefix(b"a")
            .filter(|digits| digits.first() != Some(&b'0'))
            .filter(|digits| digits.iter().all(u8::is_ascii_digit))
            .and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
        if let Some(number) = number.filter(|&n| n >= self.next && n < u64::MAX) {
            self.taken.insert(number);
        }
    }

    fn free(&self) -> u64 {
        let mut number = self.next;
        while self.taken.contains(&number) {
            number += 1;
        }
        number
    }
}

/// True for octets that can be a tag (RFC 9051 9: ASTRING-CHARs except "+").
pub(super) fn is_tag(word: &[u8]) -> bool {
    !word.is_empty()
        && word
            .iter()
            .all(|&b| (0x21..0x7f).contains(&b) && !br#"(){%*"\+"#.contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(added: bool, line: &str) -> (Option<String>, Option<&'static str>) {
        let tags = Tags {
            added,
            ..Tags::default()
        };
        let cut = tags.cut(line.as_bytes());
        let tag = cut.tag.map(|t| String::from_utf8_lossy(t).into_owned());
        (tag, cut.verb.map(|v| v.name))
    }

    #[test]
    fn a_tag_is_a_tag_only_before_a_command() {
        assert_eq!(cut(true, "select inbox"), (None, Some("SELECT")));
        assert_eq!(
            cut(true, "x7 uid fetch 1 flags"),
            (Some("x7".into()), Some("UID FETCH"))
        );
        assert_eq!(cut(true, "frobnicate now"), (None, None));
        assert_eq!(cut(true, "* noop"), (None, None));
        assert_eq!(cut(true, "noop noop"), (None, Some("NOOP")));
        assert_eq!(cut(false, "noop noop"), (Some("noop".into()), Some("NOOP")));
        assert_eq!(cut(false, "a1"), (Some("a1".into()), None));
        assert_eq!(cut(true, ""), (None, None));
    }

    #[test]
    fn automatic_tags_skip_those_used() {
        let mut tags = Tags::default();
        assert_eq!(tags.take(), "a1");
        for typed in ["a2", "a3", "A4", "a05", "a1"] {
            tags.typed(typed.as_bytes());
        }
        assert_eq!(tags.upcoming().unwrap(), "a4");
        assert_eq!((tags.take(), tags.take()), ("a4".into(), "a5".into()));
    }
}
