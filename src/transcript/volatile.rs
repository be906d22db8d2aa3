//! What of a reply will be different next time: numbers, dates, queue ids, host names.
//!
//! Volatile words become `...` in the pattern of a saved line; one that comes up again becomes a
//! capture, so that the second must equal the first. Words that we sent ourselves stay.

use std::collections::{BTreeMap, BTreeSet};

/// No `/` and `+`: identifiers in base64 hold them.
const DELIMITERS: &[u8] = b" \t()[]<>{}\"',;:=@!";
const CALENDAR: &[&str] = &[
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", "mon",
    "tue", "wed", "thu", "fri", "sat", "sun",
];

/// Names with digits that stay what they are.
const NAMES: &[&str] = &[
    "pop3",
    "imap4",
    "imap4rev1",
    "imap4rev2",
    "utf8",
    "utf-8",
    "8bitmime",
    "smtputf8",
    "md5",
    "cram-md5",
    "digest-md5",
    "scram-sha-1",
    "scram-sha-256",
    "base64",
];

/// How much of a line is volatile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Context {
    /// Text for people.
    Text,
    /// Names of capabilities: only numbers by themselves vary.
    Capabilities,
}

/// Words that were sent, words that came, and the names given to them.
#[derive(Debug, Default)]
pub(super) struct Words {
    ours: BTreeSet<Vec<u8>>,
    seen: BTreeMap<Vec<u8>, usize>,
    names: BTreeMap<Vec<u8>, String>,
}

impl Words {
    /// Learns the words of a sent line.
    pub(super) fn sent(&mut self, text: &[u8]) {
        for (word, _) in pieces(text) {
            // Numbers alone are said by both sides and mean nothing.
            if word.iter().any(|b| !b.is_ascii_digit()) && !self.ours.contains(word) {
                self.ours.insert(word.to_vec());
            }
        }
    }

    /// Counts the volatile words of a received line that will be saved.
    pub(super) fn received(&mut self, text: &[u8], context: Context) {
        let found: BTreeSet<&[u8]> = pieces(text)
            .filter(|(word, _)| self.is_volatile(word, context) && is_telling(word))
            .map(|(word, _)| word)
            .collect();
        for word in found {
            *self.seen.entry(word.to_vec()).or_default() += 1;
        }
    }

    /// True when the line holds nothing that varies.
    pub(super) fn is_steady(&self, text: &[u8]) -> bool {
        pieces(text).all(|(word, _)| !self.is_volatile(word, Context::Text))
    }

    /// The pattern that a saved line expects.
    pub(super) fn pattern(&mut self, text: &[u8], context: Context) -> String {
        let text = match std::str::from_utf8(text) {
            Ok(text) => text.to_owned(),
            Err(e) => {
                let good = String::from_utf8_lossy(&text[..e.valid_up_to()]).into_owned();
                return self.pattern(good.as_bytes(), context) + "...";
            }
        };
        let mut out = String::new();
        // Steady letters since the last dots: a capture needs something to hold on to.
        let mut anchor = usize::MAX;
        let mut gap = String::new();
        for (word, between) in pieces(text.as_bytes()) {
            let between = String::from_utf8_lossy(between);
            let word_text = String::from_utf8_lossy(word);
            gap.push_str(&between);
            if word.is_empty() {
                continue;
            }
            if !self.is_volatile(word, context) {
                out.push_str(&escape(&gap, true));
                out.push_str(&escape(&word_text, true));
                anchor = anchor.saturating_add(word.len());
                gap.clear();
            } else if let Some(name) = self.capture(word).filter(|_| anchor >= 3) {
                out.push_str(&escape(&gap, true));
                out.push('{');
                out.push_str(&name);
                out.push('}');
                anchor = 0;
                gap.clear();
            } else {
                // Dots, and what stands between two of them goes too.
                if !out.ends_with("...") || out.ends_with("\\...") {
                    out.push_str(&escape(&gap, true));
                    out.push_str("...");
                }
                anchor = 0;
                gap.clear();
            }
        }
        out.push_str(&escape(&gap, true));
        let end = out.trim_end_matches([' ', '\t']).len();
        out.truncate(end);
        if let Some(before) = out.strip_suffix("...").filter(|b| !b.ends_with('\\')) {
            out.truncate(before.trim_end_matches([' ', '\t']).len());
        }
        out
    }

    fn is_volatile(&self, word: &[u8], context: Context) -> bool {
        if word.is_empty() || self.ours.contains(word) {
            return false;
        }
        let has_digit = word.iter().any(u8::is_ascii_digit);
        if context == Context::Capabilities {
            return word.iter().all(u8::is_ascii_digit);
        }
        let named = NAMES
            .iter()
            .any(|name| word.eq_ignore_ascii_case(name.as_bytes()));
        !named
            && (has_digit || is_host(word) || is_calendar(word) || is_drawn(word) || is_hex(word))
    }

    /// The name of a word that is seen twice or more.
    fn capture(&mut self, word: &[u8]) -> Option<String> {
        if self.seen.get(word).is_none_or(|times| *times < 2) {
            return None;
        }
        if let Some(name) = self.names.get(word) {
            return Some(name.clone());
        }
        let kind = if is_host(word) { "host" } else { "id" };
        let number = self.names.values().filter(|n| n.starts_with(kind)).count() + 1;
        let name = match number {
            1 => kind.to_owned(),
            n => format!("{kind}{n}"),
        };
        self.names.insert(word.to_vec(), name.clone());
        Some(name)
    }
}

/// Words with what stands before each; a last empty word carries what stands at the end.
fn pieces(text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut at = 0;
    let mut done = false;
    std::iter::from_fn(move || {
        if done {
            return None;
        }
        let from = at;
        while text.get(at).is_some_and(|b| DELIMITERS.contains(b)) {
            at += 1;
        }
        let word = at;
        while text.get(at).is_some_and(|b| !DELIMITERS.contains(b)) {
            at += 1;
        }
        done = at == text.len();
        // A full stop at the end of a word is the sentence's.
        Some((&text[word..at], &text[from..word]))
    })
}

/// Long and odd enough that it does not come up twice by chance.
fn is_telling(word: &[u8]) -> bool {
    is_host(word) || word.len() >= 6 && word.iter().any(u8::is_ascii_alphabetic)
}

fn is_host(word: &[u8]) -> bool {
    let labels = word.split(|b| *b == b'.');
    word.contains(&b'.')
        && word.iter().any(u8::is_ascii_alphabetic)
        && labels
            .into_iter()
            .all(|l| !l.is_empty() && l.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-'))
}

/// Letters drawn at random, as in base64: long, and small and capital ones take turns.
fn is_drawn(word: &[u8]) -> bool {
    let rises = word.windows(2).filter(|two| match two {
        [a, b] => !a.is_ascii_uppercase() && b.is_ascii_uppercase(),
        _ => false,
    });
    word.len() >= 12 && rises.count() >= 3
}

/// A hexadecimal number that happens to have no digit, as one queue id of 20,000 does. No word is as long.
fn is_hex(word: &[u8]) -> bool {
    word.len() >= 8 && word.iter().all(u8::is_ascii_hexdigit)
}

fn is_calendar(word: &[u8]) -> bool {
    word.len() == 3
        && CALENDAR
            .iter()
            .any(|name| word.eq_ignore_ascii_case(name.as_bytes()))
}

/// Text as a template or pattern says it.
pub(super) fn escape(text: &str, pattern: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c == '{' && (rest[1..].starts_with('{') || looks_like_name(rest)) {
            out.push_str("{{");
            rest = &rest[1..];
        } else if pattern && rest.starts_with("...") {
            out.push_str("\\...");
            rest = &rest[3..];
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}

/// True where a talk would take the brace for the start of a name or file.
fn looks_like_name(text: &str) -> bool {
    let inside = &text[1..];
    let name = inside
        .bytes()
        .take_while(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'_')
        .count();
    let named =
        name > 0 && !inside.as_bytes()[0].is_ascii_digit() && inside[name..].starts_with('}');
    named || inside.starts_with('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved(ours: &[&str], lines: &[&str]) -> Vec<String> {
        let mut words = Words::default();
        for line in ours {
            words.sent(line.as_bytes());
        }
        for line in lines {
            words.received(line.as_bytes(), Context::Text);
        }
        lines
            .iter()
            .map(|line| words.pattern(line.as_bytes(), Context::Text))
            .collect()
    }

    #[test]
    fn volatile_words_are_dots_and_come_back_as_captures() {
        assert_eq!(
            saved(
                &[],
                &[
                    "mail.example.org ESMTP Postfix",
                    "mail.example.org at your service"
                ]
            ),
            ["{host} ESMTP Postfix", "{host} at your service"]
        );
        assert_eq!(
            saved(&[], &["mail.example.org ESMTP Postfix"]),
            ["... ESMTP Postfix"]
        );
        assert_eq!(saved(&[], &["Ok: queued as 699ACBA2D7"]), ["Ok: queued as"]);
        assert_eq!(
            saved(
                &[],
                &["Ok: queued as 699ACBA2D7", "message 699ACBA2D7 sent"]
            ),
            ["Ok: queued as {id}", "message {id} sent"]
        );
        assert_eq!(
            saved(&[], &["ready Sat, 21 Nov 2026 10:11:12 +0000 now"]),
            ["ready ... now"]
        );
        assert_eq!(
            saved(&[], &["250 2.0.0 CACUNvwuAWtZQQAAg+zDdQ Saved"])[0].as_bytes(),
            b"... Saved"
        );
        assert_eq!(
            saved(&[], &["as IGR/LDwxAWvTHAAAg Saved"]),
            ["as ... Saved"]
        );
        assert_eq!(
            saved(&[], &["AuthenticationFailed ENHANCEDSTATUSCODES"]),
            ["AuthenticationFailed ENHANCEDSTATUSCODES"]
        );
        assert_eq!(
            saved(&[], &["Ok: queued as CBFDFACAFA", "a faded cafe"]),
            ["Ok: queued as", "a faded cafe"]
        );
        assert_eq!(
            saved(&[], &["<1896.697@dbc.mtview.ca.us> go"]),
            ["<...> go"]
        );
    }

    #[test]
    fn our_own_words_stay() {
        assert_eq!(
            saved(
                &["RCPT TO:<charlie@ehlo.test>"],
                &["<charlie@ehlo.test>... no"]
            ),
            ["<charlie@ehlo.test>\\... no"]
        );
    }

    #[test]
    fn braces_and_dots_are_escaped() {
        assert_eq!(
            escape("{name} {66} {{x ...", true),
            "{{name} {66} {{{x \\..."
        );
        assert_eq!(escape("wait...", false), "wait...");
        assert_eq!(escape("{@file}", false), "{{@file}");
    }
}
