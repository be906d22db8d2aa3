//! Where in the grammar the cursor stands: in a verb, or in which of its arguments.

use super::{View, case};
use crate::proto::spec::{Arg, ArgKind, Verb};

/// Where the end of a line stands.
pub(super) enum Here<'a> {
    /// In the verb; it starts at an octet.
    Verb { start: usize, partial: &'a str },
    /// In an argument.
    Args(Args<'a>),
    /// Where nothing can be said.
    Nothing,
}

/// A verb and what follows it up to the cursor.
pub(super) struct Args<'a> {
    /// The verb.
    pub verb: &'static Verb,
    /// The verb as typed.
    pub verb_typed: &'a str,
    /// Words that are complete, the verb not counted.
    pub done: Vec<Word<'a>>,
    /// The word the cursor stands in; empty behind a blank.
    pub word: Word<'a>,
    /// Which arguments can stand here, the likeliest first: index into `verb.args` and the piece of
    /// its hint ("RETURN (<options>)" has two).
    pub options: Vec<(usize, usize)>,
    /// True when the first of them is an argument that came already and may come again.
    pub again: bool,
}

impl Args<'_> {
    /// True when keywords are to be in small letters: as the word, else as the verb.
    pub(super) fn small(&self) -> bool {
        let text = self.word.text;
        if text.bytes().any(|b| b.is_ascii_alphabetic()) {
            case::is_small(text)
        } else {
            case::is_small(self.verb_typed)
        }
    }
}

/// A word of a line: a run without blanks, quotes and brackets kept together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word<'a> {
    /// Where it starts, in octets.
    pub start: usize,
    /// Its text.
    pub text: &'a str,
    /// True when a quote or bracket is not closed.
    pub open: bool,
}

/// Reads a line up to the cursor.
pub(super) fn read<'a>(view: &View, line: &'a str) -> Here<'a> {
    let start = command_start(view, line);
    let command = &line[start..];
    let Some(verb) = view.spec.verb(command.as_bytes()) else {
        // A word that cannot become a verb any more has no grammar.
        let partial = command.trim_start();
        return if partial.contains(' ') && !any_verb_starts(view, partial) {
            Here::Nothing
        } else {
            Here::Verb {
                start: line.len() - partial.len(),
                partial,
            }
        };
    };
    let length = verb.name.len();
    if command.len() == length {
        return Here::Verb {
            start,
            partial: command,
        };
    }
    let mut done = words(line, start + length + 1, Quoting::of(view));
    let Some(word) = done.pop() else {
        return Here::Nothing;
    };
    let (options, again) = options(verb, &done, word);
    Here::Args(Args {
        verb,
        verb_typed: &command[..length],
        done,
        word,
        options,
        again,
    })
}

/// Where the command starts: behind the person's own tag, if there is one.
pub(super) fn command_start(view: &View, line: &str) -> usize {
    if view.protocol != "imap" || view.spec.verb(line.as_bytes()).is_some() {
        return 0;
    }
    let Some((first, rest)) = line.split_once(' ') else {
        return 0;
    };
    let can_be_tag =
        !first.is_empty() && !first.contains(['(', ')', '{', '%', '*', '"', '\\', '+']);
    if can_be_tag
        && !any_verb_starts(view, line)
        && any_verb_starts(view, rest.split(' ').next().unwrap_or_default())
    {
        first.len() + 1
    } else {
        0
    }
}

fn any_verb_starts(view: &View, partial: &str) -> bool {
    view.spec
        .verbs
        .iter()
        .any(|v| case::starts(v.name, partial))
}

/// How words are kept together.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Quoting {
    /// IMAP: quotes, parentheses, brackets.
    Imap,
    /// SMTP: quotes within a path.
    Path,
    /// POP3: not at all.
    None,
}

impl Quoting {
    pub(super) fn of(view: &View) -> Self {
        match view.protocol {
            "imap" => Self::Imap,
            "pop3" => Self::None,
            _ => Self::Path,
        }
    }
}

/// The words from an octet on. The last one is where the cursor stands: empty behind a blank.
pub(super) fn words(line: &str, from: usize, quoting: Quoting) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut start = from;
    let mut depth = 0usize;
    let mut in_path = false;
    let mut quoted = false;
    let mut escaped = false;
    for (at, b) in line.bytes().enumerate().skip(from) {
        if quoted {
            match b {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => quoted = false,
                _ => {}
            }
            continue;
        }
        match (b, quoting) {
            (b' ', _) if depth == 0 => {
                if at > start {
                    words.push(Word {
                        start,
                        text: &line[start..at],
                        open: false,
                    });
                }
                start = at + 1;
                in_path = false;
            }
            (b'"', Quoting::Imap) => quoted = true,
            (b'"', Quoting::Path) if in_path => quoted = true,
            (b'<', Quoting::Path) => in_path = true,
            (b'(' | b'[', Quoting::Imap) => depth += 1,
            (b')' | b']', Quoting::Imap) => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    words.push(Word {
        start,
        text: &line[start..],
        open: quoted || depth > 0,
    });
    words
}

/// The pieces of an argument's hint: "RETURN (<options>)" is two words on the wire.
pub(super) fn pieces(hint: &'static str) -> Vec<&'static str> {
    let mut pieces = Vec::new();
    let mut depth = 0i32;
    let mut start = 0;
    for (at, b) in hint.bytes().enumerate() {
        match b {
            b'<' | b'(' | b'[' | b'{' => depth += 1,
            b'>' | b')' | b']' | b'}' => depth -= 1,
            b' ' if depth == 0 => {
                pieces.push(&hint[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    pieces.push(&hint[start..]);
    pieces
}

/// A piece that stands on the wire as it is.
pub(super) fn is_keyword(piece: &str) -> bool {
    !piece.contains(['<', '(', '{', '"', '[', '|', '.', '=']) && !piece.is_empty()
}

/// What always follows before argument `from` of a verb: nothing where none must come, else a blank
/// and what its first argument begins with ("FROM:<", "("). A blank that nothing follows would go
/// out with the line, and servers refuse that.
pub(super) fn always_follows(verb: &Verb, from: usize) -> String {
    let rest = &verb.args[from.min(verb.args.len())..];
    if rest.iter().all(|arg| arg.optional) {
        return String::new();
    }
    let next = rest.iter().take(1).filter(|arg| !arg.optional);
    next.fold(" ".to_owned(), |blank, arg| {
        blank + lead(arg.kind, arg.hint)
    })
}

/// What an argument's hint has before the first thing that is to be filled in.
pub(super) fn lead(kind: ArgKind, hint: &'static str) -> &'static str {
    let fixed = hint.split('<').next().unwrap_or_default();
    match kind {
        // The bracket of a path is not that of a hint.
        ArgKind::Path(_) => hint.get(..=fixed.len()).unwrap_or(fixed),
        _ => fixed,
    }
}

/// Which arguments the last word can be, and whether the first of them came already.
fn options(verb: &'static Verb, done: &[Word<'_>], last: Word<'_>) -> (Vec<(usize, usize)>, bool) {
    let mut arg = 0;
    let mut piece = 0;
    let mut again = false;
    for word in done {
        while let Some(a) = verb.args.get(arg) {
            let pieces = pieces(a.hint);
            if piece == 0 && a.optional && !fits(a, pieces[0], word.text, true) {
                arg += 1;
                continue;
            }
            piece += 1;
            if piece == pieces.len() {
                piece = 0;
                again = a.repeats;
                arg += usize::from(!a.repeats);
            }
            break;
        }
    }
    let mut options = Vec::new();
    while let Some(a) = verb.args.get(arg) {
        let pieces = pieces(a.hint);
        if last.text.is_empty()
            || piece > 0
            || !a.optional
            || fits(a, pieces[piece], last.text, false)
        {
            options.push((arg, piece));
        }
        if piece > 0 || !a.optional {
            break;
        }
        arg += 1;
    }
    (options, again && piece == 0)
}

/// Whether a word can be (or, unless `whole`, become) an optional argument.
fn fits(arg: &Arg, piece: &str, word: &str, whole: bool) -> bool {
    let same = |known: &str| {
        if whole {
            known.eq_ignore_ascii_case(word)
        } else {
            case::starts(known, word)
        }
    };
    if is_keyword(piece) {
        return same(piece);
    }
    let literal = word.starts_with('{') || word.starts_with("~{");
    if literal != (arg.kind == ArgKind::Literal) || piece.starts_with('(') != word.starts_with('(')
    {
        return false;
    }
    match arg.kind {
        ArgKind::Number | ArgKind::Message => word.bytes().all(|b| b.is_ascii_digit()),
        ArgKind::Set => word
            .bytes()
            .all(|b| b.is_ascii_digit() || b",:*$".contains(&b)),
        ArgKind::Words(words) if !piece.starts_with('(') => words.split(' ').any(same),
        _ => true,
    }
}
