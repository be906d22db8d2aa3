//! Roles and how they look. The only file that names owo-colors.

use std::fmt::Write as _;

use owo_colors::{OwoColorize, Style};

use crate::wire::show::{Charset, show};

/// Why a piece of text stands out. Colour repeats what marks and words already say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// As it is.
    #[default]
    Plain,
    /// Accepted.
    Good,
    /// More is expected.
    More,
    /// Not now.
    Later,
    /// Refused, or a danger.
    Refused,
    /// Our notes.
    Dim,
    /// Our remarks about the other side.
    Warn,
    /// A word to look at: a verb, a heading.
    Strong,
}

impl Role {
    fn paint(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Good => Style::new().green(),
            Self::More => Style::new().cyan(),
            Self::Later => Style::new().yellow(),
            Self::Refused => Style::new().red(),
            Self::Dim => Style::new().dimmed(),
            Self::Warn => Style::new().yellow().bold(),
            Self::Strong => Style::new().bold(),
        }
    }
}

/// One line of text in pieces, each with its role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Styled(pub Vec<(Role, String)>);

impl Styled {
    /// A line of one piece.
    pub fn new(role: Role, text: impl Into<String>) -> Self {
        Self(vec![(role, text.into())])
    }

    /// A line without any role.
    pub fn plain(text: impl Into<String>) -> Self {
        Self::new(Role::Plain, text)
    }

    /// Adds a piece.
    #[must_use]
    pub fn with(mut self, role: Role, text: impl Into<String>) -> Self {
        self.0.push((role, text.into()));
        self
    }

    /// The text without roles.
    pub fn text(&self) -> String {
        self.0.iter().map(|(_, text)| text.as_str()).collect()
    }

    /// The text as `look` wants it.
    pub fn render(&self, look: &Look) -> String {
        if look.charset == Charset::Ascii && !self.0.iter().all(|(_, text)| text.is_ascii()) {
            let piece = |(role, text): &(Role, String)| (*role, in_ascii(text));
            return Self(self.0.iter().map(piece).collect()).render(look);
        }
        if !look.color {
            return self.text();
        }
        let mut out = String::new();
        for (role, text) in &self.0 {
            if *role == Role::Plain {
                out.push_str(text);
            } else {
                let _ = write!(out, "{}", text.style(role.paint()));
            }
        }
        out
    }
}

/// Our own words in ASCII; what a peer said is that already, and is spelled out where it is not.
fn in_ascii(text: &str) -> String {
    let text = text
        .replace('…', "...")
        .replace(" · ", ", ")
        .replace('•', "*");
    let mut out = String::new();
    for letter in text.chars() {
        match letter.is_ascii() {
            true => out.push(letter),
            false => out.push_str(&show(letter.to_string().as_bytes(), Charset::Ascii)),
        }
    }
    out
}

/// How output is to look: decided once, at start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// ANSI colours.
    pub color: bool,
    /// Which characters may be used.
    pub charset: Charset,
    /// Columns; `None` where nothing is to be wrapped or aligned to the right (pipes, files).
    pub width: Option<usize>,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            color: false,
            charset: Charset::Unicode,
            width: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_is_ascii() {
        let line = Styled::plain("SHA-256 17:…:44 · ••••").with(Role::Strong, "Grüße");
        for color in [false, true] {
            let text = line.render(&Look {
                color,
                charset: Charset::Ascii,
                width: None,
            });
            assert!(text.is_ascii(), "{text}");
            assert!(text.contains("17:...:44, ****"), "{text}");
        }
    }

    #[test]
    fn plain_and_coloured_say_the_same() {
        let line = Styled::plain("<-* ").with(Role::Refused, "554 5.7.1 no");
        assert_eq!(line.render(&Look::default()), "<-* 554 5.7.1 no");
        let coloured = line.render(&Look {
            color: true,
            ..Look::default()
        });
        assert_eq!(coloured, "<-* \u{1b}[31m554 5.7.1 no\u{1b}[0m");
    }
}
