//! A paragraph with labelled rows under it: how explanations, cards and lists look.
//!
//! ```text
//! 554 5.7.1 after RCPT: the server will not carry mail for elsewhere.example
//! from you.
//!   usually   it is not the destination's server and you have not logged in
//! ```

use super::{Role, Styled};

/// Columns where nobody said how many there are.
pub const WIDTH: usize = 80;

/// Where the text of rows begins.
const INDENT: usize = 12;

/// A paragraph and its rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// What stands on top.
    pub head: String,
    /// Label and text of each row. A row without text is left out.
    pub rows: Vec<(String, String)>,
}

impl Block {
    /// A block without rows.
    pub fn new(head: impl Into<String>) -> Self {
        Self {
            head: head.into(),
            rows: Vec::new(),
        }
    }

    /// Adds a row, unless its text is empty.
    #[must_use]
    pub fn row(mut self, label: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        if !text.is_empty() {
            self.rows.push((label.into(), text));
        }
        self
    }

    /// The lines, wrapped. Labels that are too long for their column widen it.
    pub fn lines(&self, width: usize) -> Vec<Styled> {
        let head = wrap(&self.head, width.max(20));
        let mut lines: Vec<_> = head.into_iter().map(Styled::plain).collect();
        let longest = self
            .rows
            .iter()
            .map(|(label, _)| label.chars().count())
            .max();
        // Long labels (capability lines) get a column of their own up to a third of the width.
        let indent = (longest.unwrap_or(0) + 4).clamp(INDENT, (width / 3).max(INDENT));
        for (label, text) in &self.rows {
            let mut wrapped = wrap(text, width.saturating_sub(indent).max(20)).into_iter();
            let fits = label.chars().count() + 4 <= indent;
            let first = if fits { wrapped.next() } else { None };
            let gap = if first.is_some() {
                " ".repeat(indent - 2 - label.chars().count())
            } else {
                String::new()
            };
            let line = Styled::new(Role::Dim, format!("  {label}{gap}"));
            lines.push(line.with(Role::Plain, first.unwrap_or_default()));
            lines.extend(wrapped.map(|rest| Styled::plain(format!("{:indent$}{rest}", ""))));
        }
        lines
    }
}

/// Text in lines of at most `width` columns, broken at blanks; a word longer than that stands
/// alone.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split(' ') {
        let wide = word.chars().count();
        if used > 0 && used + 1 + wide > width {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        line.push_str(word);
        used += wide;
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_wrap_under_their_text() {
        let block = Block::new("one two three")
            .row("try", "aaa bbb ccc ddd eee fff ggg")
            .row("see", "");
        let lines: Vec<_> = block.lines(32).iter().map(Styled::text).collect();
        assert_eq!(
            lines,
            [
                "one two three",
                "  try       aaa bbb ccc ddd eee",
                "            fff ggg"
            ]
        );
    }
}
