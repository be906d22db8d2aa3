//! Dots for the secrets of a line that is being typed, and its colours.
//!
//! Rules: what is a secret says `complete::paint`; while a line is typed a secret has as many dots as it
//! has columns, so that the cursor stands where it would, and afterwards as many as any other.

use std::borrow::Cow;

use super::complete::{self, Class, View};
use crate::proto::engine::Mode;
use crate::proto::spec::Shape;
use crate::ui::style::{Role, Styled};
use crate::ui::units;
use crate::wire::secret::MASK;
use crate::wire::show::Charset;

/// How secrets are hidden.
#[derive(Clone, Copy)]
pub(super) struct Mask {
    pub(super) charset: Charset,
    /// As many dots for any secret: what stays on the screen does not tell how long it is.
    pub(super) fixed: bool,
}

/// What is typed, in the colours of what it is; secrets become dots.
pub(super) fn painted(view: &View, line: &str, mask: Mask) -> Styled {
    let mut styled = Styled::default();
    let mut at = 0;
    for span in complete::paint(view, line) {
        styled = styled.with(Role::Plain, &line[at..span.range.start]);
        let text = &line[span.range.clone()];
        styled = match span.class {
            Class::Legal => styled.with(Role::Good, text),
            Class::NotNow => styled.with(Role::Later, text),
            Class::Unknown => styled.with(Role::Refused, text),
            Class::Secret => styled.with(Role::Plain, mask.dots(text)),
            Class::Console => styled.with(Role::Strong, text),
        };
        at = span.range.end;
    }
    styled.with(Role::Plain, &line[at..])
}

/// What is typed or pasted, with dots for secrets and no other change. After a pasted AUTH the lines
/// up to the next verb are its answers.
pub(super) fn masked<'l>(view: &View, text: &'l str, mask: Mask) -> Cow<'l, str> {
    let mut out = String::new();
    let mut hidden = false;
    let mut answers = false;
    for line in text.split_inclusive('\n') {
        let (bare, end) = match line.strip_suffix('\n') {
            Some(bare) => (bare, "\n"),
            None => (line, ""),
        };
        let verb = view.spec.verb(bare.as_bytes());
        answers = match verb {
            Some(verb) => verb.reply == Shape::Challenges,
            None => answers,
        };
        let whole = answers && verb.is_none() && !bare.is_empty();
        let mut at = 0;
        for span in complete::paint(view, bare) {
            if span.class == Class::Secret && !whole {
                out.push_str(&bare[at..span.range.start]);
                out.push_str(&mask.dots(&bare[span.range.clone()]));
                at = span.range.end;
                hidden = true;
            }
        }
        if whole {
            out.push_str(&mask.dots(bare));
            hidden = true;
        } else {
            out.push_str(&bare[at..]);
        }
        out.push_str(end);
    }
    if hidden {
        Cow::Owned(out)
    } else {
        Cow::Borrowed(text)
    }
}

/// The same for what is no command: a console line that is typed without its colon, or content.
pub(super) fn hidden<'l>(view: &View, line: &'l str, mask: Mask) -> Cow<'l, str> {
    if view.mode != Mode::Command {
        return masked(view, line, mask);
    }
    let bare = line.trim_start_matches(':');
    let colons = &line[..line.len() - bare.len()];
    match masked(view, &format!(":{bare}"), mask) {
        Cow::Owned(text) => Cow::Owned(format!("{colons}{}", &text[1..])),
        Cow::Borrowed(_) => Cow::Borrowed(line),
    }
}

impl Mask {
    /// Dots for a secret: as many as it has columns while it is typed, so that the cursor stands
    /// where it would.
    fn dots(self, text: &str) -> String {
        let dot = match self.charset {
            Charset::Unicode => "•",
            Charset::Ascii => "*",
        };
        match self.fixed {
            true => dot.repeat(MASK.chars().count()),
            false => dot.repeat(units::columns(text)),
        }
    }
}
