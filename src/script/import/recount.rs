//! Literals whose counts did not survive printing.

use crate::wire::octets::announced;

/// Gives each literal the count that the lines behind it have.
pub(super) fn recount(talk: &str) -> String {
    let lines: Vec<&str> = talk.lines().collect();
    let sizes = sizes(&lines);
    let mut out = String::with_capacity(talk.len());
    for (index, line) in lines.iter().enumerate() {
        let literal = line
            .strip_prefix("C: ")
            .and_then(|text| announced(text.as_bytes()).ok().flatten());
        let Some(literal) = literal else {
            out.push_str(line);
            out.push('\n');
            continue;
        };
        let octets = sizes[index + 1];
        let plus = if literal.at_once { "+" } else { "" };
        let text = &line[3..3 + literal.at];
        let binary = if literal.binary { "~" } else { "" };
        out.push_str(&format!("C: {text}{binary}{{{octets}{plus}}}\n"));
    }
    out
}

/// For each line, and for what is behind the last: the octets of the content that begins there, or
/// behind the server's lines there, and goes on while the client speaks. From the end, since each
/// has those behind it in it.
fn sizes(lines: &[&str]) -> Vec<usize> {
    let mut sizes = vec![0; lines.len() + 1];
    // Of the client's lines that begin at the line behind this one, where there are any.
    let mut run: Option<usize> = None;
    for (index, line) in lines.iter().enumerate().rev() {
        if let Some(text) = line.strip_prefix("C:") {
            let own = text.strip_prefix(' ').unwrap_or(text).len();
            let size = own + run.map_or(0, |behind| 2 + behind);
            run = Some(size);
            sizes[index] = size;
        } else {
            run = None;
            sizes[index] = if line.starts_with("S:") {
                sizes[index + 1]
            } else {
                0
            };
        }
    }
    sizes
}
