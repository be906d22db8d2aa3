//! BODYSTRUCTURE as a tree (RFC 9051 7.5.2).

use super::text::{between, branches, header, value};
use crate::proto::imap::token::Value;
use crate::ui::style::{Role, Styled};
use crate::ui::units::grouped;
use crate::wire::show::Charset;

/// Parts shown of one message.
const PARTS_MAX: usize = 500;

/// The tree, its root first. Sections stand before the parts, as FETCH names them.
pub(super) fn structure(body: &Value, charset: Charset) -> Vec<Styled> {
    let [more, last, past, past_last] = branches(charset);
    let mut out = Vec::new();
    // Bodies to be shown: with the branch before them, what their children begin with, the section.
    let mut stack = vec![(body, "  ".to_owned(), "  ".to_owned(), String::new())];
    while let Some((body, branch, stem, section)) = stack.pop() {
        if out.len() == PARTS_MAX {
            out.push(Styled::new(Role::Dim, "  more parts than are shown"));
            break;
        }
        let part = Part::read(body);
        let mut line = Styled::new(Role::Dim, branch);
        if !section.is_empty() {
            line = line.with(Role::Strong, format!("{section} "));
        }
        out.push(part.describe(line, charset));
        let inner = part.message.filter(|inner| is_multipart(inner));
        let (children, prefix) = match inner {
            Some(inner) => (Part::read(inner).children, section.as_str()),
            None => (part.children, section.as_str()),
        };
        let single = part.message.filter(|inner| !is_multipart(inner));
        let children: Vec<&Value> = children.iter().chain(single).collect();
        for (at, child) in children.iter().enumerate().rev() {
            let is_last = at + 1 == children.len();
            let number = at + 1;
            let section = if prefix.is_empty() {
                number.to_string()
            } else {
                format!("{prefix}.{number}")
            };
            stack.push((
                child,
                format!("{stem}{}", if is_last { last } else { more }),
                format!("{stem}{}", if is_last { past_last } else { past }),
                section,
            ));
        }
    }
    out
}

fn is_multipart(body: &Value) -> bool {
    matches!(body.list().first(), Some(Value::List(_)))
}

/// What a body says of itself.
struct Part<'a> {
    kind: Option<&'a Value>,
    subtype: Option<&'a Value>,
    parameters: &'a [Value],
    encoding: Option<&'a Value>,
    octets: Option<u64>,
    lines: Option<u64>,
    disposition: Option<&'a Value>,
    children: &'a [Value],
    /// The body of a message/rfc822, which has sections of its own.
    message: Option<&'a Value>,
}

impl<'a> Part<'a> {
    fn read(body: &'a Value) -> Self {
        let all = body.list();
        let parts = all
            .iter()
            .take_while(|value| matches!(value, Value::List(_)))
            .count();
        if parts > 0 {
            let rest = &all[parts..];
            return Part {
                kind: None,
                subtype: rest.first(),
                parameters: rest.get(1).map_or(&[], |v| v.list()),
                encoding: None,
                octets: None,
                lines: None,
                disposition: rest.get(2),
                children: &all[..parts],
                message: None,
            };
        }
        let is = |at: usize, word: &[u8]| {
            all.get(at)
                .and_then(Value::octets)
                .is_some_and(|octets| octets.eq_ignore_ascii_case(word))
        };
        let message = is(0, b"MESSAGE") && (is(1, b"RFC822") || is(1, b"GLOBAL"));
        // Behind the size: text has its lines; a message its envelope, body and lines.
        let (lines, extension) = match () {
            () if message => (9, 10),
            () if is(0, b"TEXT") => (7, 8),
            () => (usize::MAX, 7),
        };
        Part {
            kind: all.first(),
            subtype: all.get(1),
            parameters: all.get(2).map_or(&[], |v| v.list()),
            encoding: all.get(5),
            octets: all.get(6).and_then(Value::number),
            lines: all.get(lines).and_then(Value::number),
            disposition: all.get(extension + 1),
            children: &[],
            message: message.then(|| all.get(8)).flatten(),
        }
    }

    fn describe(&self, line: Styled, charset: Charset) -> Styled {
        let lower = |v: Option<&Value>| {
            v.and_then(|v| value(v, charset))
                .map(|text| text.to_lowercase())
        };
        let kind = match (self.kind, self.children.is_empty()) {
            (None, false) => Some("multipart".to_owned()),
            (kind, _) => lower(kind),
        };
        let (Some(kind), subtype) = (kind, lower(self.subtype)) else {
            return line.with(Role::Dim, "a part that cannot be read");
        };
        let line = line.with(
            Role::Plain,
            format!("{kind}/{}", subtype.unwrap_or_default()),
        );
        let named = ["charset", "name", "filename"];
        let mut facts = parameters(self.parameters, &named, charset);
        if let Some(disposition) = self.disposition {
            facts.extend(lower(disposition.list().first()));
            let own = disposition.list().get(1).map_or(&[][..], |v| v.list());
            // The same name in Content-Type and in Content-Disposition is said once.
            for name in parameters(own, &named, charset) {
                if !facts.contains(&name) {
                    facts.push(name);
                }
            }
        }
        facts.extend(lower(self.encoding));
        facts.extend(self.octets.map(|n| format!("{} octets", grouped(n))));
        facts.extend(self.lines.map(|n| match n {
            1 => "1 line".to_owned(),
            _ => format!("{} lines", grouped(n)),
        }));
        let sep = between(charset);
        line.with(
            Role::Dim,
            facts
                .iter()
                .map(|fact| format!("{sep}{fact}"))
                .collect::<String>(),
        )
    }
}

/// The parameters among `named`: their values alone, names of files in quotes.
fn parameters(list: &[Value], named: &[&str], charset: Charset) -> Vec<String> {
    list.chunks_exact(2)
        .filter_map(|pair| {
            let name = pair[0].octets()?;
            let name = named
                .iter()
                .find(|n| name.eq_ignore_ascii_case(n.as_bytes()))?;
            let value = header(pair[1].octets()?, charset);
            Some(match *name {
                "charset" => value,
                _ => format!("\"{value}\""),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::imap::token::{Piece, values};

    fn shown(text: &str) -> Vec<String> {
        let value = values(&[Piece::Text(text.as_bytes().to_vec())]).remove(0);
        structure(&value, Charset::Unicode)
            .iter()
            .map(Styled::text)
            .collect()
    }

    #[test]
    fn a_single_part() {
        assert_eq!(
            shown(r#"("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 3028 92)"#),
            ["  text/plain · US-ASCII · 7bit · 3,028 octets · 92 lines"]
        );
    }

    #[test]
    fn a_tree_with_a_message_inside() {
        let text = r#"(("text" "plain" ("charset" "utf-8") NIL NIL "8bit" 10 1 NIL NIL NIL NIL)(("text" "html" NIL NIL NIL "7bit" 5 1)("image" "png" ("name" "=?utf-8?q?=C3=BC.png?=") NIL NIL "base64" 99 NIL ("inline" ("filename" "x.png")) NIL) "related" ("boundary" "b") NIL NIL)("message" "rfc822" NIL NIL NIL "7bit" 300 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) (("text" "plain" NIL NIL NIL "7bit" 3 1)("text" "html" NIL NIL NIL "7bit" 4 1) "alternative") 20) "mixed" ("boundary" "a") NIL NIL)"#;
        assert_eq!(
            shown(text),
            [
                "  multipart/mixed",
                "  ├ 1 text/plain · utf-8 · 8bit · 10 octets · 1 line",
                "  ├ 2 multipart/related",
                "  │ ├ 2.1 text/html · 7bit · 5 octets · 1 line",
                "  │ └ 2.2 image/png · \"ü.png\" · inline · \"x.png\" · base64 · 99 octets",
                "  └ 3 message/rfc822 · 7bit · 300 octets · 20 lines",
                "    ├ 3.1 text/plain · 7bit · 3 octets · 1 line",
                "    └ 3.2 text/html · 7bit · 4 octets · 1 line",
            ]
        );
    }

    #[test]
    fn nonsense_is_bounded() {
        assert_eq!(shown("NIL"), ["  a part that cannot be read"]);
        assert!(shown(&"(".repeat(100_000)).len() <= 70);
        let wide = format!("({}\"mixed\")", "(\"a\" \"b\")".repeat(5_000));
        assert_eq!(shown(&wide).len(), PARTS_MAX + 1);
    }
}
