//! Masks the secrets of a typed command, and keeps its first words.
//!
//! Words are told apart as a server would: quoted strings and literals are words of their own. When
//! in doubt (a quote that never closes, a TAB for a blank) more is masked, not less.

use crate::proto::imap::token::unquoted;
use crate::proto::spec::{Secrecy, Verb};
use crate::wire::octets::Announced;
use crate::wire::secret::MASK;

/// Words kept for the engine: the verb and its first argument.
const KEPT: usize = 2;
/// The most of one kept word.
const WORD_MAX: usize = 1024;
/// Words among which a LOGIN without a known place is looked for: a tag too many, or one too few.
const SUSPECT: usize = 3;

/// Follows a command through its lines and literals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Veil {
    /// Words that may be seen; `None` when all may.
    visible: Option<usize>,
    seen: usize,
    kept: Vec<Vec<u8>>,
    /// True while the literal announced last is a kept word.
    keeping: bool,
}

impl Veil {
    /// For a command line, its tag taken off.
    pub(super) fn new(verb: Option<&'static Verb>, command: &[u8]) -> Self {
        let visible = match verb.map(|verb| verb.secret) {
            Some(Secrecy::AfterWord(words)) => Some(words),
            Some(Secrecy::Nothing) => None,
            None => suspected(command),
        };
        Self {
            visible,
            ..Self::default()
        }
    }

    /// The n-th word, the verb being 0; unquoted, and empty where there is none.
    pub(super) fn word(&self, n: usize) -> &[u8] {
        self.kept.get(n).map_or(&[], Vec::as_slice)
    }

    /// True when the literal announced last is secret.
    pub(super) fn hides_literal(&self) -> bool {
        self.visible.is_some_and(|visible| self.seen > visible)
    }

    /// A line of the command, with its literal announcement if it ends in one. Returns it masked.
    pub(super) fn line(&mut self, line: &[u8], literal: Option<&Announced>) -> Vec<u8> {
        let text = &line[..literal.map_or(line.len(), |l| l.at)];
        let mut at = 0;
        let mut cut = None;
        while at < text.len() {
            if is_blank(text[at]) {
                at += 1;
                continue;
            }
            let (end, closed) = word_end(text, at);
            let hidden = |veil: &Self| veil.visible.is_some_and(|n| veil.seen >= n || !closed);
            if hidden(self) {
                cut = Some(at);
                self.seen = self.seen.max(self.visible.unwrap_or_default());
                break;
            }
            self.keep(&text[at..end]);
            self.seen += 1;
            at = end;
        }
        let mut shown = text[..cut.unwrap_or(text.len())].to_vec();
        if cut.is_some() {
            shown.extend_from_slice(MASK.as_bytes());
        }
        self.keeping = false;
        if let Some(literal) = literal {
            if cut.is_some() {
                shown.push(b' ');
            }
            shown.extend_from_slice(&line[literal.at..]);
            self.seen += 1;
            self.keeping = self.kept.len() < KEPT;
            if self.keeping {
                self.kept.push(Vec::new());
            }
        }
        shown
    }

    /// A part of the literal announced last.
    pub(super) fn literal(&mut self, part: &[u8]) {
        if self.keeping
            && !self.hides_literal()
            && let Some(word) = self.kept.last_mut()
        {
            let room = WORD_MAX.saturating_sub(word.len());
            word.extend_from_slice(&part[..part.len().min(room)]);
        }
    }

    /// Names the first argument of a command that the engine composed.
    pub(super) fn name(&mut self, word: &[u8]) {
        self.kept = vec![Vec::new(), word.to_vec()];
    }

    fn keep(&mut self, word: &[u8]) {
        if self.kept.len() < KEPT {
            let word = &word[..word.len().min(WORD_MAX)];
            self.kept.push(unquoted(word));
        }
    }
}

/// A line of raw octets, masked where it looks like a login.
pub(super) fn masked_line(line: &[u8]) -> Vec<u8> {
    Veil::new(None, line).line(line, None)
}

/// How many words of an unknown command may be seen: up to the one behind LOGIN or AUTHENTICATE.
fn suspected(command: &[u8]) -> Option<usize> {
    command
        .split(|&b| is_blank(b))
        .filter(|word| !word.is_empty())
        .take(SUSPECT)
        .position(|word| {
            let colons = word.iter().take_while(|&&b| b == b':').count();
            let word = &word[colons..];
            word.eq_ignore_ascii_case(b"LOGIN") || word.eq_ignore_ascii_case(b"AUTHENTICATE")
        })
        .map(|index| index + 2)
}

fn is_blank(b: u8) -> bool {
    matches!(b, b' ' | b'\t')
}

/// Where the word at `at` ends, and whether its quotes are closed.
fn word_end(text: &[u8], at: usize) -> (usize, bool) {
    let mut quoted = false;
    let mut escaped = false;
    for (i, &b) in text.iter().enumerate().skip(at) {
        match b {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' if quoted || i == at => quoted = !quoted,
            _ if !quoted && is_blank(b) => return (i, true),
            _ => {}
        }
    }
    (text.len(), !quoted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::imap::spec::SPEC;
    use crate::wire::octets::announced;

    fn masked(lines: &[&str]) -> (Vec<String>, Veil) {
        let first = lines[0].as_bytes();
        let mut veil = Veil::new(SPEC.verb(first), first);
        let shown = lines
            .iter()
            .map(|line| {
                let literal = announced(line.as_bytes()).unwrap();
                String::from_utf8(veil.line(line.as_bytes(), literal.as_ref())).unwrap()
            })
            .collect();
        (shown, veil)
    }

    #[test]
    fn a_password_is_masked_in_every_form() {
        for (typed, shown) in [
            ("LOGIN alice secret", "LOGIN alice ••••"),
            ("login \"al ice\" \"sec ret\"", "login \"al ice\" ••••"),
            ("LOGIN \"al\\\"i\" secret more", "LOGIN \"al\\\"i\" ••••"),
            ("LOGIN \"alice secret", "LOGIN ••••"),
            ("LOGIN alice\tsecret", "LOGIN alice\t••••"),
            ("LOGIN  alice  secret", "LOGIN  alice  ••••"),
            ("LOGIN alice {6}", "LOGIN alice {6}"),
            ("LOGIN alice secret{6}", "LOGIN alice •••• {6}"),
            ("AUTHENTICATE PLAIN AGFsaWNl", "AUTHENTICATE PLAIN ••••"),
            ("authenticate plain", "authenticate plain"),
            ("a1 a2 login alice secret", "a1 a2 login alice ••••"),
            ("LOGIN\talice\tsecret", "LOGIN\talice\t••••"),
            (":login alice secret", ":login alice ••••"),
            (
                "search text login from alice",
                "search text login from alice",
            ),
        ] {
            assert_eq!(masked(&[typed]).0, [shown], "{typed}");
        }
    }

    #[test]
    fn a_literal_is_secret_by_its_place() {
        let (_, veil) = masked(&["LOGIN {5}"]);
        assert!(!veil.hides_literal());
        let (shown, veil) = masked(&["LOGIN {5}", " {6}"]);
        assert_eq!(shown[1], " {6}");
        assert!(veil.hides_literal());
        let (shown, _) = masked(&["LOGIN {5}", " secret"]);
        assert_eq!(shown[1], " ••••");
        let (_, veil) = masked(&["LOGIN alice{6}"]);
        assert!(veil.hides_literal());
    }

    #[test]
    fn the_first_argument_is_kept() {
        assert_eq!(
            masked(&["select \"My \\\"Box\\\"\""]).1.word(1),
            b"My \"Box\""
        );
        let (_, mut veil) = masked(&["select {3}"]);
        veil.literal(b"ab");
        veil.literal(b"c");
        assert_eq!(veil.word(1), b"abc");
        assert_eq!(veil.word(2), b"");
    }
}
