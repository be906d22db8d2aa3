//! LIST as a tree, and the counters of STATUS.

use std::collections::HashMap;

use super::text::{between, branches, mailbox, value};
use super::{LINES_MAX, field};
use crate::proto::imap::token::Value;
use crate::ui::style::{Role, Styled};
use crate::ui::units::grouped;
use crate::wire::show::Charset;

/// Levels of the tree; what is deeper stays in one name.
const LEVELS_MAX: usize = 32;

/// A line of LIST, LSUB or XLIST.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mailbox {
    attributes: Vec<Vec<u8>>,
    separator: Option<u8>,
    name: Vec<u8>,
}

impl Mailbox {
    /// From what follows the word LIST: attributes, separator, name.
    pub(super) fn read(values: &[Value]) -> Option<Self> {
        let [attributes, separator, name, ..] = values else {
            return None;
        };
        let attributes = attributes.list().iter().take(20);
        Some(Self {
            attributes: attributes
                .filter_map(|a| a.octets().map(<[u8]>::to_vec))
                .collect(),
            separator: separator.octets().and_then(|s| s.first().copied()),
            name: name.octets()?.to_vec(),
        })
    }

    /// Octets held.
    pub(super) fn weight(&self) -> usize {
        self.name.len() + self.attributes.iter().map(Vec::len).sum::<usize>()
    }
}

#[derive(Default)]
struct Node<'a> {
    name: &'a [u8],
    mailbox: Option<&'a Mailbox>,
    children: Vec<usize>,
}

/// The tree of all mailboxes listed, in the order they came.
pub(super) fn tree(mailboxes: &[Mailbox], utf8: bool, charset: Charset) -> Vec<Styled> {
    let mut nodes = vec![Node::default()];
    let mut known: HashMap<(usize, &[u8]), usize> = HashMap::new();
    for mailbox in mailboxes {
        let mut at = 0;
        for level in levels(mailbox) {
            let next = nodes.len();
            let child = *known.entry((at, level)).or_insert(next);
            if child == next {
                nodes.push(Node {
                    name: level,
                    ..Node::default()
                });
                nodes[at].children.push(child);
            }
            at = child;
        }
        nodes[at].mailbox = Some(mailbox);
    }
    draw(&nodes, utf8, charset)
}

fn levels(mailbox: &Mailbox) -> Vec<&[u8]> {
    match mailbox.separator {
        Some(separator) => mailbox
            .name
            .splitn(LEVELS_MAX, |&b| b == separator)
            .collect(),
        None => vec![&mailbox.name],
    }
}

fn draw(nodes: &[Node<'_>], utf8: bool, charset: Charset) -> Vec<Styled> {
    let [more, last, past, past_last] = branches(charset);
    let mut out = Vec::new();
    let mut stack: Vec<(usize, String, String)> = nodes[0]
        .children
        .iter()
        .rev()
        .map(|&child| (child, String::new(), String::new()))
        .collect();
    while let Some((at, branch, stem)) = stack.pop() {
        if out.len() == LINES_MAX {
            let left = nodes.len() - 1 - LINES_MAX;
            out.push(Styled::new(
                Role::Dim,
                format!("and {} more", grouped(left as u64)),
            ));
            break;
        }
        let node = &nodes[at];
        let (name, wire) = mailbox(node.name, utf8, charset);
        let mut line = Styled::new(Role::Dim, branch).with(Role::Plain, name);
        if let Some(wire) = wire {
            line = line.with(Role::Dim, format!("  {wire}"));
        }
        match node.mailbox {
            Some(mailbox) => {
                for attribute in mailbox.attributes.iter().filter(|a| says_more(a)) {
                    let text = super::text::safe(attribute, charset);
                    line = line.with(Role::Dim, format!("  {text}"));
                }
            }
            None => line = line.with(Role::Dim, "  (not listed)"),
        }
        out.push(line);
        for (n, &child) in node.children.iter().enumerate().rev() {
            let is_last = n + 1 == node.children.len();
            stack.push((
                child,
                format!("{stem}{}", if is_last { last } else { more }),
                format!("{stem}{}", if is_last { past_last } else { past }),
            ));
        }
    }
    out
}

/// False for attributes that the tree itself shows.
fn says_more(attribute: &[u8]) -> bool {
    ![&br"\HasChildren"[..], br"\HasNoChildren"]
        .iter()
        .any(|known| attribute.eq_ignore_ascii_case(known))
}

/// STATUS: the mailbox, and its counters.
pub(super) fn status(name: &Value, items: &Value, utf8: bool, charset: Charset) -> Option<Styled> {
    let (name, _) = mailbox(name.octets()?, utf8, charset);
    let counters: Vec<String> = items
        .list()
        .chunks_exact(2)
        .take(50)
        .filter_map(|pair| {
            let label = value(&pair[0], charset)?.to_lowercase();
            let count = match pair[1].number() {
                // Validity and the like are names, not amounts.
                Some(number) if !label.starts_with("uid") && !label.ends_with("modseq") => {
                    grouped(number)
                }
                _ => value(&pair[1], charset).unwrap_or_else(|| "none".to_owned()),
            };
            Some(format!("{label} {count}"))
        })
        .collect();
    Some(field(
        0,
        &name,
        format!("  {}", counters.join(between(charset))),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::imap::token::{Piece, values};

    fn boxes(lines: &[&str]) -> Vec<Mailbox> {
        lines
            .iter()
            .map(|line| {
                let values = values(&[Piece::Text(line.as_bytes().to_vec())]);
                Mailbox::read(&values).unwrap()
            })
            .collect()
    }

    fn shown(lines: &[&str]) -> Vec<String> {
        tree(&boxes(lines), false, Charset::Unicode)
            .iter()
            .map(Styled::text)
            .collect()
    }

    #[test]
    fn mailboxes_stand_in_a_tree() {
        assert_eq!(
            shown(&[
                r#"(\HasNoChildren) "/" INBOX"#,
                r#"(\HasChildren) "/" Archive"#,
                r#"(\HasNoChildren \Sent) "/" "Archive/2026""#,
                r#"() "/" Archive/Entw&APw-rfe"#,
                r#"(\Noselect) "/" a/b/c"#,
                r#"() NIL x/y"#,
            ]),
            [
                "INBOX",
                "Archive",
                "├ 2026  \\Sent",
                "└ Entwürfe  Entw&APw-rfe",
                "a  (not listed)",
                "└ b  (not listed)",
                "  └ c  \\Noselect",
                "x/y",
            ]
        );
    }

    #[test]
    fn hostile_names_are_harmless() {
        let deep = format!("() \"/\" {}", "/".repeat(100_000));
        assert!(shown(&[&deep]).len() <= LEVELS_MAX);
        assert_eq!(shown(&["() \"/\" \"\x1b[2J\""]), ["␛[2J"]);
        let many: Vec<String> = (0..3_000).map(|n| format!("() \"/\" box{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(shown(&many).last().unwrap(), "and 1,000 more");
    }

    #[test]
    fn counters() {
        let values = values(&[Piece::Text(
            b"INBOX (MESSAGES 12345 UIDNEXT 44292 UIDVALIDITY 1170991431 APPENDLIMIT NIL)".to_vec(),
        )]);
        assert_eq!(
            status(&values[0], &values[1], false, Charset::Unicode)
                .unwrap()
                .text(),
            "INBOX         messages 12,345 · uidnext 44292 · uidvalidity 1170991431 · appendlimit none"
        );
    }
}
