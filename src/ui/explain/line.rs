//! A pasted line of a reply, taken apart as far as an explanation needs it.

use crate::proto::event::{Reply, Verdict};
use crate::proto::smtp::reply as smtp;

/// A line of a reply, and which protocol speaks so.
pub(super) struct Pasted {
    /// "smtp", "pop3", "imap".
    pub(super) protocol: &'static str,
    /// The reply, `to` left empty.
    pub(super) reply: Reply,
    /// True for a line that another one follows ("250-…").
    pub(super) more: bool,
}

/// Reads a line; `None` when it is none of a reply.
pub(super) fn read(line: &str) -> Option<Pasted> {
    let line = line.trim();
    if let Some(found) = smtp::line(line.as_bytes()) {
        return matches!(found.code.as_bytes()[0], b'2'..=b'5').then(|| {
            let enhanced = smtp::enhanced(found.text);
            let reply = Reply {
                code: found.code.to_owned(),
                enhanced: enhanced.map(|(code, _)| code.to_owned()),
                text: enhanced.map_or(found.text, |(_, text)| text).to_vec(),
                verdict: smtp::verdict(found.code),
                ..Reply::default()
            };
            Pasted {
                protocol: "smtp",
                reply,
                more: found.more,
            }
        });
    }
    let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
    match first.to_ascii_uppercase().as_str() {
        "+OK" | "-ERR" => Some(status("pop3", None, first, rest)),
        "OK" | "NO" | "BAD" | "BYE" | "PREAUTH" => Some(status("imap", None, first, rest)),
        "+" => Some(status("imap", None, "+", rest)),
        tag => {
            let (word, rest) = rest.split_once(' ').unwrap_or((rest, ""));
            let known = ["OK", "NO", "BAD", "BYE", "PREAUTH"]
                .iter()
                .any(|w| w.eq_ignore_ascii_case(word));
            let tag = (tag != "*").then(|| first.to_owned());
            known.then(|| status("imap", tag, word, rest))
        }
    }
}

fn status(protocol: &'static str, tag: Option<String>, word: &str, rest: &str) -> Pasted {
    let code = word.to_ascii_uppercase();
    let response_code = rest
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
        .map(|(code, _)| code.to_owned());
    let text = match &response_code {
        Some(code) => rest[code.len() + 2..].trim_start(),
        None => rest,
    };
    let verdict = match code.as_str() {
        "+OK" | "OK" | "PREAUTH" => Verdict::Good,
        "+" => Verdict::More,
        _ => Verdict::Refused,
    };
    let reply = Reply {
        tag,
        code,
        response_code,
        verdict,
        text: text.as_bytes().to_vec(),
        ..Reply::default()
    };
    Pasted {
        protocol,
        reply,
        more: false,
    }
}
