//! The gutter: marks in four columns that nothing a peer says gets into, on screen, in logs and in
//! reports alike.
//!
//! `->` sent in the clear, `~>` under TLS, `<-` and `<~` received, with a star when refused, `!!` our
//! remark about the other side, `==` information, `  =` what the line above means. Content stands
//! behind `|`. Where the width is known, `fold` breaks what is too long before the terminal does: a
//! terminal would go on in the first column, where a peer could paint marks of its own.

use super::units::{char_columns, columns};
use super::{Look, Role, Styled};
use crate::proto::event::Verdict;
use crate::transcript::Direction;
use crate::wire::secret::MASK;
use crate::wire::show::{Charset, show};

/// Columns of the gutter.
pub const GUTTER: usize = 4;
/// The gutter of a line that goes on.
const BLANK: &str = "    ";
/// Narrower screens are left to themselves.
const NARROWEST: usize = 20;
/// The mask where only ASCII may be used.
const ASCII_MASK: &str = "****";

/// The mark of what was said, a blank behind it.
pub fn gutter(direction: Direction, tls: bool, refused: bool) -> &'static str {
    match (direction, tls, refused) {
        (Direction::Sent, false, _) => "->  ",
        (Direction::Sent, true, _) => "~>  ",
        (Direction::Received, false, false) => "<-  ",
        (Direction::Received, false, true) => "<-* ",
        (Direction::Received, true, false) => "<~  ",
        (Direction::Received, true, true) => "<~* ",
        (Direction::Note, ..) => "==  ",
    }
}

/// Marks of our own lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// `==`: information.
    Info,
    /// `!!`: a remark about the other side.
    Remark,
    /// `  =`: what the line above means.
    Meaning,
}

impl Mark {
    /// A line with this mark.
    pub fn line(self, text: impl Into<String>) -> Styled {
        match self {
            Self::Info => Styled::new(Role::Dim, "==  ").with(Role::Plain, text),
            Self::Remark => Styled::new(Role::Warn, "!!  ").with(Role::Warn, text),
            Self::Meaning => Styled::new(Role::Dim, "  = ").with(Role::Dim, text),
        }
    }
}

/// The colour of a verdict.
pub fn role(verdict: Verdict) -> Role {
    match verdict {
        Verdict::Good => Role::Good,
        Verdict::More => Role::More,
        Verdict::TryLater => Role::Later,
        Verdict::Refused => Role::Refused,
        Verdict::Note => Role::Plain,
    }
}

/// A peer's text made safe; the mask has its ASCII form, `show` would spell its dots out.
pub fn safe(text: &[u8], look: &Look) -> String {
    let shown = show(text, look.charset);
    match look.charset {
        Charset::Unicode => shown.into_owned(),
        Charset::Ascii => {
            let spelled = show(MASK.as_bytes(), Charset::Ascii);
            shown.replace(&*spelled, ASCII_MASK)
        }
    }
}

/// How a line is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// At the edge, as a terminal would: what was said on the wire, octet for octet.
    Edge,
    /// As `Edge`, for content behind `|`.
    Content,
    /// At blanks, under the text it continues: our own words.
    Words,
}

/// The lines that a line takes on a screen so wide; one where no width is known.
pub fn fold(line: Styled, width: Option<usize>, how: Fold) -> Vec<Styled> {
    let Some(width) = width.filter(|w| *w >= NARROWEST) else {
        return vec![line];
    };
    if line.0.iter().map(|(_, text)| columns(text)).sum::<usize>() <= width {
        return vec![line];
    }
    let hang = match how {
        Fold::Edge => BLANK.to_owned(),
        Fold::Content => format!("{BLANK}|"),
        Fold::Words => " ".repeat(hang(&line, width)),
    };
    let mut rows = Rows {
        width,
        hang: columns(&hang),
        hang_text: hang,
        words: how == Fold::Words,
        done: Vec::new(),
        now: Vec::new(),
        used: 0,
        blank: None,
    };
    for (role, text) in line.0 {
        text.chars().for_each(|c| rows.put(role, c));
    }
    rows.finish()
}

/// Where a paragraph goes on: under its last piece where that begins on the left, else a little
/// behind its first word.
fn hang(line: &Styled, width: usize) -> usize {
    let last = line.0.len().saturating_sub(1);
    let before: usize = line.0[..last].iter().map(|(_, text)| columns(text)).sum();
    if (GUTTER..=width / 2).contains(&before) {
        return before;
    }
    let text = line.text();
    let indent = text.len() - text.trim_start_matches(' ').len();
    (indent + GUTTER).min(width / 2)
}

/// A line on its way to several.
struct Rows {
    width: usize,
    hang: usize,
    hang_text: String,
    words: bool,
    done: Vec<Styled>,
    now: Vec<(Role, char)>,
    used: usize,
    /// Behind the last blank of this row.
    blank: Option<usize>,
}

impl Rows {
    fn put(&mut self, role: Role, c: char) {
        let wide = char_columns(c);
        if self.used + wide > self.width {
            if self.words && c == ' ' {
                self.end(self.now.len());
                return;
            }
            let at = self.blank.filter(|_| self.words).unwrap_or(self.now.len());
            self.end(at);
        }
        // What a break leaves of a gap between words is dropped.
        let begins = self.now.is_empty() && !self.done.is_empty();
        if begins && self.words && c == ' ' {
            return;
        }
        self.now.push((role, c));
        self.used += wide;
        let text_began = !self.done.is_empty() || self.used > self.hang;
        if c == ' ' && text_began {
            self.blank = Some(self.now.len());
        }
    }

    /// Ends the row before its `at`th character.
    fn end(&mut self, at: usize) {
        let rest = self.now.split_off(at);
        let mut row = std::mem::replace(&mut self.now, rest);
        if self.words {
            let kept = row.iter().rposition(|(_, c)| *c != ' ');
            row.truncate(kept.map_or(0, |last| last + 1));
        }
        self.done.push(self.styled(&row));
        self.used = self.hang
            + self
                .now
                .iter()
                .map(|(_, c)| char_columns(*c))
                .sum::<usize>();
        self.blank = None;
    }

    fn styled(&self, row: &[(Role, char)]) -> Styled {
        let mut line = Styled::default();
        if !self.done.is_empty() {
            line = line.with(Role::Plain, &self.hang_text);
        }
        for (role, c) in row {
            match line.0.last_mut() {
                Some((last, text)) if last == role => text.push(*c),
                _ => line = line.with(*role, *c),
            }
        }
        line
    }

    fn finish(mut self) -> Vec<Styled> {
        if !self.now.is_empty() {
            let last = std::mem::take(&mut self.now);
            let line = self.styled(&last);
            self.done.push(line);
        }
        self.done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(line: Styled, width: usize, how: Fold) -> Vec<String> {
        let lines = fold(line, Some(width), how);
        lines.iter().map(Styled::text).collect()
    }

    #[test]
    fn a_peer_never_gets_into_the_first_columns() {
        let forged = format!("{}==  trusted: mail.example.org", "x".repeat(26));
        let line = Styled::plain("<-  ").with(Role::Good, forged);
        assert_eq!(
            folded(line.clone(), 30, Fold::Edge),
            [
                format!("<-  {}", "x".repeat(26)),
                "    ==  trusted: mail.example.".to_owned(),
                "    org".to_owned()
            ]
        );
        let whole: String = folded(line, 31, Fold::Edge)
            .iter()
            .map(|row| &row[GUTTER..])
            .collect();
        assert!(whole.ends_with("x==  trusted: mail.example.org"));
        let wide = Styled::plain("<-  |").with(Role::Plain, "日".repeat(12));
        assert_eq!(
            folded(wide, 20, Fold::Content),
            [
                format!("<-  |{}", "日".repeat(7)),
                format!("    |{}", "日".repeat(5))
            ]
        );
    }

    #[test]
    fn words_of_ours_go_on_under_their_text() {
        assert_eq!(
            folded(Mark::Info.line("one two three four five"), 20, Fold::Words),
            ["==  one two three", "    four five"]
        );
        let row = Styled::plain("label     ").with(Role::Plain, "some words of text");
        assert_eq!(
            folded(row, 20, Fold::Words),
            ["label     some words", "          of text"]
        );
        // A word that fits nowhere is broken where the row ends.
        assert_eq!(
            folded(Mark::Remark.line("x".repeat(20)), 20, Fold::Words),
            [format!("!!  {}", "x".repeat(16)), "    xxxx".to_owned()]
        );
    }

    #[test]
    fn what_fits_and_what_has_no_width_is_left_alone() {
        let line = Mark::Info.line("x".repeat(16));
        for (width, how) in [
            (Some(20), Fold::Words),
            (None, Fold::Edge),
            (Some(1), Fold::Edge),
        ] {
            assert_eq!(fold(line.clone(), width, how), vec![line.clone()]);
        }
    }
}
