//! One FETCH response: the facts on a line, then envelope, structure and contents.

use super::body::structure;
use super::envelope::envelope;
use super::text::{between, dots, header, safe, value};
use crate::proto::imap::token::Value;
use crate::ui::style::{Role, Styled};
use crate::ui::units::grouped;
use crate::wire::show::Charset;

/// The view of `* number FETCH items`, with at most so many lines of each content.
pub(super) fn fetch(
    number: u64,
    items: &[Value],
    content_lines: Option<u64>,
    charset: Charset,
) -> Vec<Styled> {
    let most = content_lines.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX));
    let mut facts = Vec::new();
    let mut below = Vec::new();
    for pair in items.chunks(2) {
        let Some(name) = pair[0].octets() else {
            continue;
        };
        let shown = safe(name, charset);
        let upper = shown.to_ascii_uppercase();
        let Some(item) = pair.get(1) else {
            facts.push(shown);
            continue;
        };
        match upper.as_str() {
            "UID" => facts.push(format!("UID {}", plain(item, charset))),
            "RFC822.SIZE" => facts.push(match item.number() {
                Some(size) => format!("{} octets", grouped(size)),
                None => plain(item, charset),
            }),
            "INTERNALDATE" => facts.push(plain(item, charset)),
            "FLAGS" => facts.push(flags(item, charset)),
            "ENVELOPE" => below.extend(envelope(item, charset)),
            "BODY" | "BODYSTRUCTURE" => below.extend(structure(item, charset)),
            _ if upper.contains('[') || upper.starts_with("RFC822") => {
                below.extend(content(&shown, &upper, item, most, charset));
            }
            _ => facts.push(format!("{upper} {}", plain(item, charset))),
        }
    }
    let mut head = Styled::new(Role::Strong, format!("message {number}"));
    for fact in facts {
        head = head.with(Role::Plain, format!("{}{fact}", between(charset)));
    }
    below.insert(0, head);
    below
}

/// Flags, or that there are none.
pub(super) fn flags(list: &Value, charset: Charset) -> String {
    let flags: Vec<_> = list
        .list()
        .iter()
        .take(100)
        .filter_map(|flag| value(flag, charset))
        .collect();
    if flags.is_empty() {
        return "no flags".to_owned();
    }
    flags.join(" ")
}

/// A value on one line, lists one level deep.
fn plain(item: &Value, charset: Charset) -> String {
    let inner = |value: &Value| match value {
        Value::List(_) | Value::More => format!("({})", dots(charset)),
        other => other
            .octets()
            .map_or_else(|| "NIL".to_owned(), |octets| safe(octets, charset)),
    };
    match item {
        Value::List(values) => {
            let words: Vec<_> = values.iter().take(100).map(inner).collect();
            format!("({})", words.join(" "))
        }
        other => inner(other),
    }
}

/// A section: headers with their words decoded, anything else as lines behind a bar.
fn content(name: &str, upper: &str, item: &Value, most: usize, charset: Charset) -> Vec<Styled> {
    let (kept, octets): (&[u8], u64) = match item {
        Value::Text { kept, octets } => (kept, *octets),
        other => {
            let text = format!("  {name} {}", plain(other, charset));
            return vec![Styled::new(Role::Dim, text)];
        }
    };
    let mut out = vec![Styled::new(
        Role::Dim,
        format!("  {name}, {} octets", grouped(octets)),
    )];
    let is_header = upper.contains("HEADER") || upper.contains("MIME");
    let lines = if is_header {
        unfolded(kept)
    } else {
        kept.split(|&b| b == b'\n')
            .map(|line| line.strip_suffix(b"\r").unwrap_or(line).to_vec())
            .collect()
    };
    let used = match lines.last() {
        Some(last) if last.is_empty() => lines.len() - 1,
        _ => lines.len(),
    };
    for line in lines[..used].iter().take(most) {
        let text = if is_header {
            header(line, charset)
        } else {
            safe(line, charset)
        };
        out.push(Styled::new(Role::Dim, "  |").with(Role::Plain, text));
    }
    if used > most || (kept.len() as u64) < octets {
        let text = format!("  |{} of {} octets", dots(charset), grouped(octets));
        out.push(Styled::new(Role::Dim, text));
    }
    out
}

/// Header fields, a line each (RFC 5322 2.2.3).
fn unfolded(header: &[u8]) -> Vec<Vec<u8>> {
    let mut fields: Vec<Vec<u8>> = Vec::new();
    for line in header.split(|&b| b == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match fields.last_mut() {
            Some(field) if matches!(line.first(), Some(b' ' | b'\t')) => {
                field.push(b' ');
                field.extend_from_slice(line.trim_ascii_start());
            }
            _ => fields.push(line.to_vec()),
        }
    }
    while fields.last().is_some_and(Vec::is_empty) {
        fields.pop();
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::imap::token::{Piece, values};

    fn shown(pieces: &[Piece]) -> Vec<String> {
        let value = values(pieces).remove(0);
        fetch(3, value.list(), Some(40), Charset::Unicode)
            .iter()
            .map(Styled::text)
            .collect()
    }

    fn text(text: &str) -> Piece {
        Piece::Text(text.as_bytes().to_vec())
    }

    fn literal(text: &str) -> Piece {
        Piece::Literal {
            kept: text.as_bytes().to_vec(),
            octets: text.len() as u64,
        }
    }

    #[test]
    fn facts_stand_on_one_line() {
        let items = r#"(UID 12 FLAGS (\Seen $Junk) RFC822.SIZE 1204 INTERNALDATE "17-Jul-1996 02:44:25 -0700" MODSEQ (42) X-GM-MSGID NIL)"#;
        assert_eq!(
            shown(&[text(items)]),
            [
                "message 3 · UID 12 · \\Seen $Junk · 1,204 octets · 17-Jul-1996 02:44:25 -0700 · MODSEQ (42) · X-GM-MSGID NIL"
            ]
        );
        assert_eq!(shown(&[text("(FLAGS ())")]), ["message 3 · no flags"]);
    }

    #[test]
    fn contents_stand_behind_a_bar() {
        let lines = shown(&[
            text("(BODY[HEADER] {0}"),
            literal("Subject: =?utf-8?q?a=C3=BC?=\r\n b\r\nTo: x\r\n\r\n"),
            text(" BODY[TEXT] {0}"),
            literal("one\r\n\x1b[2J\r\n"),
            text(")"),
        ]);
        assert_eq!(
            lines,
            [
                "message 3",
                "  BODY[HEADER], 43 octets",
                "  |Subject: aü b",
                "  |To: x",
                "  BODY[TEXT], 11 octets",
                "  |one",
                "  |␛[2J",
            ]
        );
    }

    #[test]
    fn long_contents_are_cut() {
        let piece = Piece::Literal {
            kept: b"x\r\n".repeat(100),
            octets: 40_000_000,
        };
        let lines = shown(&[text("(BODY[] {0}"), piece, text(")")]);
        assert_eq!(lines.len(), 2 + 40 + 1);
        assert_eq!(lines.last().unwrap(), "  |… of 40,000,000 octets");
    }
}
