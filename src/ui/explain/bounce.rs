//! Codes in the words around them: a line of a bounce, of a mail log, or of our own screen.
//!
//! Rule: an address, a port, a date, a time or a version is no code. A three-digit number by itself
//! is one only where a server's words begin; an enhanced code needs its class and subject.

use super::line;
use crate::knowledge;

/// Words before a number that is no code.
const COUNTS: &[&str] = &[
    "port", "size", "bytes", "line", "pid", "id", "delay", "after",
];
/// Words behind which a server speaks, with no colon between.
const SPEAKS: &[&str] = &["said", "error", "code", "reply", "response", "status"];
/// Labels of an enhanced code that is given without a reply.
const LABELS: &[&str] = &["dsn", "status"];

/// What a text holds.
pub(super) enum Found<'a> {
    /// A reply, with all that stands behind its code.
    Reply(&'a str),
    /// An enhanced code.
    Enhanced(&'a str),
    /// An IMAP or POP3 response code, its brackets taken off.
    Bracketed(&'a str),
}

/// A line of our own screen without what stands before the server's words: `<-* `, `[2] <~  `.
pub(super) fn without_mark(text: &str) -> &str {
    let behind = match text
        .strip_prefix('[')
        .and_then(|rest| rest.split_once("] "))
    {
        Some((number, rest)) if number.bytes().all(|b| b.is_ascii_digit()) => rest,
        _ => text,
    };
    let mark = behind
        .strip_prefix("<-")
        .or_else(|| behind.strip_prefix("<~"));
    let rest = mark.map(|rest| rest.strip_prefix('*').unwrap_or(rest));
    match rest {
        Some(rest) if rest.starts_with(' ') => rest.trim_start(),
        _ => text,
    }
}

/// The code that matters in a text: a reply with its enhanced code, else an enhanced code, else a
/// reply's code, else a response code in brackets.
pub(super) fn find(text: &str) -> Option<Found<'_>> {
    let words = words(text);
    reply(text, &words, true)
        .or_else(|| enhanced(&words).map(Found::Enhanced))
        .or_else(|| reply(text, &words, false))
        .or_else(|| bracketed(text))
}

/// The enhanced code of a text, where it has one.
pub(super) fn enhanced_in(text: &str) -> bool {
    let words = words(text);
    reply(text, &words, true).is_some() || enhanced(&words).is_some()
}

/// A word, what stands before it, and where it begins.
struct Word<'a> {
    text: &'a str,
    at: usize,
    /// The character in front of it that is no blank, at the line's start none.
    before: Option<char>,
}

/// The words of a text: what blanks and brackets, commas and the like part. A colon within a word
/// (a time, an address with its port) parts nothing.
fn words(text: &str) -> Vec<Word<'_>> {
    let parts = |c: char| c.is_whitespace() || ",;()<>[]#=\"'".contains(c);
    let mut found = Vec::new();
    let mut at = 0;
    for piece in text.split(parts) {
        let bare = piece.trim_end_matches([':', '.']);
        if !bare.is_empty() {
            found.push(Word {
                text: bare,
                at,
                before: text[..at].trim_end().chars().next_back(),
            });
        }
        // What parts two words is a character of any length.
        at += piece.len();
        at += text[at..].chars().next().map_or(0, char::len_utf8);
    }
    found
}

fn is_code(word: &str) -> bool {
    // The second digit goes to 5 (RFC 5321 4.2.1): 465 and 587 are ports.
    matches!(word.as_bytes(), [b'2'..=b'5', b'0'..=b'5', b'0'..=b'9'])
}

/// A reply within the text; `whole` when an enhanced code of its class must follow.
fn reply<'a>(text: &'a str, words: &[Word<'a>], whole: bool) -> Option<Found<'a>> {
    for (index, word) in words.iter().enumerate() {
        // "550-5.1.1 …" is one word.
        let (code, joined) = word.text.split_once('-').unwrap_or((word.text, ""));
        if !is_code(code) {
            continue;
        }
        let next = match joined {
            "" => words.get(index + 1).map_or("", |next| next.text),
            joined => joined,
        };
        let fits = knowledge::is_enhanced(next) && next.as_bytes()[0] == code.as_bytes()[0];
        let before = index.checked_sub(1).map_or("", |before| words[before].text);
        let before = before.to_ascii_lowercase();
        let begins = match word.before {
            None | Some(';' | '"' | '\'' | '(') => true,
            Some(':') => !COUNTS.contains(&before.as_str()),
            Some(_) => SPEAKS.contains(&before.as_str()),
        };
        if (whole && fits) || (!whole && begins) {
            let rest = &text[word.at..];
            return line::read(rest).map(|_| Found::Reply(rest));
        }
    }
    None
}

/// An enhanced code by itself. Of a version of some program (Exim 4.98.1, Postfix 2.5.6), or of a
/// date with its time, it has the form and not the meaning.
fn enhanced<'a>(words: &[Word<'a>]) -> Option<&'a str> {
    let mut before = String::new();
    for (index, word) in words.iter().enumerate() {
        let labelled = LABELS.contains(&before.as_str()) || word.before == Some('#');
        before = word.text.to_ascii_lowercase();
        if !knowledge::is_enhanced(word.text) {
            continue;
        }
        let subject = word.text.split('.').nth(1).unwrap_or_default();
        let likely = !word.text.starts_with('2') && matches!(subject.as_bytes(), [b'0'..=b'7']);
        let dated = words.get(index + 1).is_some_and(|next| is_time(next.text));
        if labelled || (likely && !dated) {
            return Some(word.text);
        }
    }
    None
}

fn is_time(word: &str) -> bool {
    let mut parts = word.split(':');
    let number = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
    parts.clone().count() > 1 && parts.all(number)
}

/// The first response code in brackets that is known.
fn bracketed(text: &str) -> Option<Found<'_>> {
    let open = text.match_indices('[');
    let mut inside = open.filter_map(|(at, _)| text[at + 1..].split_once(']'));
    let known = |word: &str| {
        let facts = knowledge::find(word);
        facts
            .iter()
            .any(|f| f.kind == knowledge::Kind::ResponseCode)
    };
    inside
        .find_map(|(inside, _)| inside.split(' ').next().filter(|word| known(word)))
        .map(Found::Bracketed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        match find(text) {
            None => String::new(),
            Some(Found::Enhanced(code) | Found::Bracketed(code)) => code.to_owned(),
            Some(Found::Reply(text)) => {
                let pasted = line::read(text).unwrap();
                let enhanced = pasted.reply.enhanced.unwrap_or_default();
                format!("{} {enhanced}", pasted.reply.code)
                    .trim()
                    .to_owned()
            }
        }
    }

    #[test]
    fn codes_are_found() {
        for (text, code) in [
            (
                "host mx.example[1.2.3.4] said: 552 5.2.2 Mailbox full",
                "552 5.2.2",
            ),
            ("Diagnostic-Code: smtp; 550 5.1.1 <a@b>: no", "550 5.1.1"),
            ("Diagnostic-Code: smtp;550-5.1.1 no such user", "550 5.1.1"),
            ("Status: 5.1.1 (bad destination mailbox)", "5.1.1"),
            ("<x@y>: 550 5.1.1 user unknown", "550 5.1.1"),
            ("<x@y>: 550 user unknown", "550"),
            (
                "relay=mx[1.2.3.4]:25, delay=250, dsn=5.1.1, status=bounced",
                "5.1.1",
            ),
            (
                "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 1A)",
                "250 2.0.0",
            ),
            ("dsn=2.0.0, status=sent", "2.0.0"),
            (
                "dsn=4.4.1, status=deferred (connect to mx[1.2.3.4]:25: timed out)",
                "4.4.1",
            ),
            ("#5.1.1", "5.1.1"),
            ("#<#5.1.1 smtp; 550 unknown>", "5.1.1"),
            ("remote server said 451 try later", "451"),
            ("[UNAVAILABLE]", "UNAVAILABLE"),
            ("error: NO [OVERQUOTA] full", "OVERQUOTA"),
        ] {
            assert_eq!(told(text), code, "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_a_code_is_none() {
        for text in [
            "connect to 5.1.1.7",
            "connect to mx.example[5.1.1.1]:250",
            "mx.example[10.0.0.1]:550",
            "5.1.1.1:25",
            "port 250",
            "port: 550 open",
            "server on port=554",
            "port 587",
            "on 5.1.2026 at night",
            "on 5.1.26 18:22:40",
            "2025-05-04 at 5:50",
            "Date: Thu, 21 Nov 2026 18:22:40 +0200",
            "Exim 4.98.1",
            "Postfix 2.5.6",
            "took 250 ms",
            "size: 512",
        ] {
            assert_eq!(told(text), "", "{text}");
        }
    }

    #[test]
    fn marks_of_our_screen_are_taken_off() {
        for (text, bare) in [
            ("<-* 554 5.7.1 no", "554 5.7.1 no"),
            ("<~  250 ok", "250 ok"),
            ("[2] <-  * OK hi", "* OK hi"),
            ("<-@example.org> no", "<-@example.org> no"),
            ("[ALERT] <x>", "[ALERT] <x>"),
        ] {
            assert_eq!(without_mark(text), bare);
        }
    }
}
