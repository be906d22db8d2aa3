//! Lays out a talk: `ehlo talk fmt`. The text is changed, never its meaning.
//!
//! One space behind a keyword and between the words of a directive; blocks are indented by two;
//! blanks at line ends go where they do not count; one empty line stands where several stood.

use super::parse::parse;
use crate::ui::diag::Diag;

/// What a line is, as far as layout goes.
enum Shape {
    /// The text behind the keyword and so many words is exact.
    Exact(usize),
    /// The text behind so many words is kept as it is, trimmed.
    Trimmed(usize),
}

/// The talk, laid out.
///
/// # Errors
/// What is wrong with it: only a good talk is laid out.
pub fn format(text: &str, name: &str) -> Result<String, Box<Diag>> {
    parse(text, name)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    let mut empty = true;
    for line in text.split('\n') {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let body = line.trim_start_matches([' ', '\t']);
        if body.is_empty() {
            // Several empty lines are one; none stands at the start.
            if !empty {
                out.push('\n');
            }
            empty = true;
            continue;
        }
        empty = false;
        let laid = lay(body);
        let opens = matches!(laid.as_str(), "together" | "no-wait");
        if laid == "go" {
            inside = false;
        }
        if inside {
            out.push_str("  ");
        }
        inside |= opens;
        out.push_str(&laid);
        out.push('\n');
    }
    while out.ends_with("\n\n") {
        out.pop();
    }
    Ok(out)
}

fn lay(body: &str) -> String {
    if body.starts_with('#') {
        return body.trim_end().to_owned();
    }
    match body.get(..2) {
        Some("C:") => return behind("C:", &body[2..], true),
        Some(keyword @ ("S:" | "S?" | "S!" | "S~")) => return behind(keyword, &body[2..], false),
        _ => {}
    }
    let keyword = body.split([' ', '\t', ':']).next().unwrap_or_default();
    let shape = match keyword {
        "bare-lf" | "bare-cr" | "early-talk" | "no-dot-stuffing" => Shape::Exact(1),
        "long-line" | "drip" | "cut-after" => Shape::Exact(2),
        "set" => Shape::Trimmed(2),
        _ => Shape::Trimmed(1),
    };
    let (Shape::Exact(count) | Shape::Trimmed(count)) = shape;
    let mut rest = body;
    let mut words = Vec::new();
    for _ in 0..count {
        rest = rest.trim_start_matches([' ', '\t']);
        let end = match (words.is_empty(), rest.strip_prefix("requires:")) {
            (true, Some(_)) => "requires:".len(),
            _ => rest.find([' ', '\t']).unwrap_or(rest.len()),
        };
        words.push(&rest[..end]);
        rest = &rest[end..];
    }
    let head = words.join(" ");
    match shape {
        Shape::Exact(_) => behind(&head, rest, true),
        Shape::Trimmed(_) => {
            let rest = rest.trim_matches([' ', '\t']);
            let spaced = matches!(
                keyword,
                "auth" | "unadvertised-auth" | "retry" | "on" | "bdat"
            );
            let rest = if spaced {
                rest.split([' ', '\t'])
                    .filter(|w| !w.is_empty())
                    .collect::<Vec<_>>()
                    .join(" ")
            } else {
                rest.to_owned()
            };
            if rest.is_empty() {
                head
            } else {
                format!("{head} {rest}")
            }
        }
    }
}

/// Keyword and text; one blank before the text does not count.
fn behind(keyword: &str, text: &str, exact: bool) -> String {
    let text = text.strip_prefix([' ', '\t']).unwrap_or(text);
    let text = if exact {
        text
    } else {
        text.trim_end_matches([' ', '\t'])
    };
    if text.is_empty() {
        keyword.to_owned()
    } else {
        format!("{keyword} {text}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout() {
        let text = "\n\n#  prose \r\n  open   smtp://h  \nS:220 x  \nC:EHLO  a \n\n\n\nC:\ntogether\n\
                    C: a\nraw   \"x  y\"\n go\nS: 2\n  --\nS? 3\nretry  3   every 1s\nC:  b\n\
                    long-line   9   x \nrequires:  A  B\nset  a   b  c\n\n";
        assert_eq!(
            format(text, "t").expect("good"),
            "#  prose\nopen smtp://h\nS: 220 x\nC: EHLO  a \n\nC:\ntogether\n  C: a\n  raw \"x  y\"\n\
             go\nS: 2\n--\nS? 3\nretry 3 every 1s\nC:  b\nlong-line 9   x \nrequires: A  B\n\
             set a b  c\n"
        );
    }
}
