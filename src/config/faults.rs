//! Fault tables as TOML (docs/faults.md): `[[fault]]` rows into `proto::faults`.
//!
//! `read` is pure: text in, rows or an error with its line out; `read_file` adds the file's name.

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use crate::bounded;
use crate::duration;
use crate::error::{Error, Result};
use crate::proto::faults::{ANYWHERE, CloseWhen, DOT, Effect, Fault, GREETING, Per, Times};
use crate::proto::{self, PROTOCOLS};
use crate::ui::meant;
use crate::wire::escape;

/// The longest table, in octets.
const LONGEST: u64 = 1024 * 1024;

/// Every key of a row.
const KEYS: &[&str] = &[
    "protocol",
    "on",
    "to",
    "from",
    "user",
    "times",
    "per",
    "after_errors",
    "after_commands",
    "reply",
    "delay",
    "drip",
    "close",
    "cut",
    "garbage",
    "extra",
    "hide",
    "preauth",
    "literal",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(default)]
    fault: Vec<toml::Spanned<Row>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    protocol: Option<String>,
    on: Option<String>,
    to: Option<String>,
    from: Option<String>,
    user: Option<String>,
    times: Option<Count>,
    per: Option<String>,
    #[serde(default)]
    after_errors: u64,
    #[serde(default)]
    after_commands: u64,
    reply: Option<String>,
    delay: Option<String>,
    drip: Option<String>,
    close: Option<String>,
    cut: Option<usize>,
    garbage: Option<String>,
    extra: Option<String>,
    hide: Option<OneOrMore>,
    preauth: Option<String>,
    literal: Option<u64>,
}

/// `times = 2` or `times = "2-5"`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Count {
    One(u64),
    Text(String),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

/// Reads a fault table.
///
/// # Errors
/// `Local`, with the line and what to write instead.
pub fn read(text: &str) -> Result<Vec<Fault>> {
    let table: Table = toml::from_str(text).map_err(|e| {
        let line = e.span().map_or(1, |span| line_of(text, span.start));
        let message = e.message().lines().next().unwrap_or_default().to_owned();
        let error = at(line, &message);
        match unknown(&message).and_then(|key| meant::nearest(key, KEYS.iter().copied())) {
            Some(key) => error.hint("meant", format!("{key} ?")),
            None if unknown(&message).is_some() => error.hint("known", KEYS.join(" ")),
            None => error,
        }
    })?;
    let rows = table.fault.into_iter();
    rows.map(|row| {
        let start = row.span().start;
        let fault = row.into_inner().fault();
        fault.map_err(|wrong| wrong.found(text, start))
    })
    .collect()
}

/// Reads a fault table from a file.
///
/// # Errors
/// `Local`, with file, line and what to write instead.
pub fn read_file(path: &Path) -> Result<Vec<Fault>> {
    let name = path.display().to_string();
    let doing = format!("reading {}", name.escape_debug());
    let text =
        bounded::read_text(path, LONGEST).map_err(|e| Error::local(e.to_string()).doing(&doing))?;
    read(&text).map_err(|e| e.doing(&doing))
}

fn at(line: usize, what: &str) -> Error {
    Error::local(format!("line {line}: {what}"))
}

fn line_of(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().get(..offset).unwrap_or_default();
    before.iter().filter(|b| **b == b'\n').count() + 1
}

/// The key of toml's message about one it does not know.
fn unknown(message: &str) -> Option<&str> {
    message
        .strip_prefix("unknown field `")
        .and_then(|rest| rest.split('`').next())
}

/// What is wrong with a value.
struct Wrong {
    key: &'static str,
    what: String,
    hint: Option<(&'static str, String)>,
}

impl Wrong {
    fn new(key: &'static str, what: String) -> Self {
        Self {
            key,
            what,
            hint: None,
        }
    }

    /// A word that is none of a list.
    fn word(key: &'static str, word: &str, known: &[&str]) -> Self {
        let hint = match meant::nearest(word, known.iter().copied()) {
            Some(near) => ("meant", format!("{near} ?")),
            None => ("known", known.join(" ")),
        };
        Self {
            hint: Some(hint),
            ..Self::new(
                key,
                format!("\"{}\" is no value of {key}", word.escape_debug()),
            )
        }
    }
}

impl Wrong {
    /// With its line: the key is looked for from the start of the row on.
    fn found(self, text: &str, start: usize) -> Error {
        let first = line_of(text, start);
        let line = text
            .lines()
            .enumerate()
            .skip(first - 1)
            .find(|(_, l)| l.split('=').next().is_some_and(|k| k.trim() == self.key))
            .map_or(first, |(index, _)| index + 1);
        let error = at(line, &self.what);
        match self.hint {
            Some((label, hint)) => error.hint(label, hint),
            None => error,
        }
    }
}

impl Row {
    /// What is to happen.
    fn effect(&mut self) -> Result<Effect, Wrong> {
        Ok(Effect {
            reply: match self.reply.take() {
                Some(text) if text.is_empty() || text.contains('\r') => {
                    return Err(Wrong::new(
                        "reply",
                        "a reply needs text, its lines parted by LF".into(),
                    ));
                }
                reply => reply,
            },
            delay: self.delay.take().map(|t| time("delay", &t)).transpose()?,
            drip: self.drip.take().map(|t| time("drip", &t)).transpose()?,
            close: self
                .close
                .take()
                .map(|word| match word.as_str() {
                    "before" => Ok(CloseWhen::Before),
                    "after" => Ok(CloseWhen::After),
                    _ => Err(Wrong::word("close", &word, &["before", "after"])),
                })
                .transpose()?,
            cut: self.cut,
            garbage: self
                .garbage
                .take()
                .map(|t| octets("garbage", &t))
                .transpose()?,
            extra: self.extra.take().map(|t| octets("extra", &t)).transpose()?,
            hide: match self.hide.take() {
                None => Vec::new(),
                Some(OneOrMore::One(word)) => vec![word],
                Some(OneOrMore::More(words)) => words,
            },
            preauth: self.preauth.take(),
            literal: self.literal,
        })
    }

    fn fault(mut self) -> Result<Fault, Wrong> {
        let protocols: Vec<&str> = PROTOCOLS.iter().map(|p| p.name).collect();
        if let Some(name) = &self.protocol
            && proto::protocol(name).is_none()
        {
            return Err(Wrong::word("protocol", name, &protocols));
        }
        let on = self.on.take().unwrap_or_else(|| ANYWHERE.into());
        check_place(&on, self.protocol.as_deref())?;
        let act = self.effect()?;
        if act.is_none() {
            return Err(Wrong {
                hint: Some(("one of", KEYS[9..].join(" "))),
                ..Wrong::new("on", "this row says when, but not what is to happen".into())
            });
        }
        Ok(Fault {
            protocol: self.protocol,
            on,
            to: self.to,
            from: self.from,
            user: self.user,
            times: self.times.map(times).transpose()?.unwrap_or_default(),
            per: self
                .per
                .map(|word| per(&word))
                .transpose()?
                .unwrap_or_default(),
            after_errors: self.after_errors,
            after_commands: self.after_commands,
            act,
        })
    }
}

/// `on` must be a verb of the protocol, or of any, or one of our own points.
fn check_place(on: &str, protocol: Option<&str>) -> Result<(), Wrong> {
    let verbs = PROTOCOLS
        .iter()
        .filter(|p| protocol.is_none_or(|name| p.name.eq_ignore_ascii_case(name)))
        .flat_map(|p| p.spec.verbs.iter().map(|v| v.name));
    let known: Vec<&str> = [GREETING, DOT, ANYWHERE].into_iter().chain(verbs).collect();
    if known.iter().any(|k| k.eq_ignore_ascii_case(on)) {
        return Ok(());
    }
    Err(Wrong::word("on", on, &known))
}

fn per(word: &str) -> Result<Per, Wrong> {
    Ok(match word {
        "server" => Per::Server,
        "connection" => Per::Connection,
        "recipient" => Per::Recipient,
        "user" => Per::User,
        "triple" => Per::Triple,
        _ => {
            let known = ["server", "connection", "recipient", "user", "triple"];
            return Err(Wrong::word("per", word, &known));
        }
    })
}

fn times(count: Count) -> Result<Times, Wrong> {
    let (first, last) = match &count {
        Count::One(n) => (Some(*n), Some(Some(*n))),
        Count::Text(text) => match text.split_once('-') {
            None => {
                let n = text.trim().parse().ok();
                (n, n.map(Some))
            }
            Some((first, "")) => (first.trim().parse().ok(), Some(None)),
            Some((first, last)) => (
                first.trim().parse().ok(),
                last.trim().parse().ok().map(Some),
            ),
        },
    };
    match (first, last) {
        (Some(first), Some(last)) if first > 0 && last.is_none_or(|l| l >= first) => {
            Ok(Times { first, last })
        }
        _ => Err(Wrong {
            hint: Some((
                "such as",
                "times = 1, times = \"2-5\" or times = \"3-\"".into(),
            )),
            ..Wrong::new("times", "times counts from 1, and upwards".into())
        }),
    }
}

/// "2s", "50ms", "1m".
fn time(key: &'static str, text: &str) -> Result<Duration, Wrong> {
    duration::read(text).ok_or_else(|| Wrong {
        hint: Some(("such as", format!("{key} = \"50ms\", \"2s\" or \"1m\""))),
        ..Wrong::new(key, format!("\"{}\" is no time", text.escape_debug()))
    })
}

/// Text with escapes as octets.
fn octets(key: &'static str, text: &str) -> Result<Vec<u8>, Wrong> {
    escape::octets(text).map_err(|_| Wrong {
        hint: Some(("known", r#"\r \n \t \0 \e \\ \" \xNN"#.into())),
        ..Wrong::new(key, "an escape that is none".into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        read(text).unwrap_err().to_string()
    }

    #[test]
    fn a_row_with_everything() {
        let rows = read(
            r#"
            [[fault]]
            to = "bob@*"
            from = "*"
            user = "alice"
            times = "2-3"
            per = "connection"
            after_errors = 1
            after_commands = 2
            reply = "451 4.3.0 later"
            delay = "2s"
            drip = "5ms"
            close = "after"
            cut = 9
            garbage = '\x00\xfe\r\n'
            extra = "x"
            hide = ["STARTTLS"]
            preauth = "alice"
            literal = 4294967295
            "#,
        )
        .unwrap();
        let row = &rows[0];
        assert_eq!(row.on, ANYWHERE);
        assert_eq!((row.times.first, row.times.last), (2, Some(3)));
        assert_eq!(row.act.garbage.as_deref(), Some(&b"\x00\xfe\r\n"[..]));
        assert_eq!(row.act.drip, Some(Duration::from_millis(5)));
        assert_eq!(row.act.literal, Some(u64::from(u32::MAX)));
        assert_eq!(row.per, Per::Connection);
        assert!(read("").unwrap().is_empty());
    }

    #[test]
    fn mistakes_have_a_line_and_a_remedy() {
        for (text, wanted) in [
            (
                "[[fault]]\nreplay = \"x\"\n",
                "line 2: unknown field `replay`|reply ?",
            ),
            ("[[fault]]\nreply = \n", "line 2: |"),
            (
                "[[fault]]\nreply = \"x\"\n\ntimes = \"0-\"\n",
                "line 4: times counts|\"2-5\"",
            ),
            (
                "[[fault]]\ncut = 1\n[[fault]]\ndelay = \"2 h\"\n",
                "line 4: \"2 h\" is no time|50ms",
            ),
            (
                "[[fault]]\nclose = \"befor\"\n",
                "line 2: \"befor\"|before ?",
            ),
            (
                "[[fault]]\nper = \"conection\"\ncut=1",
                "line 2: |connection ?",
            ),
            ("[[fault]]\ngarbage = '\\q'\n", "line 2: an escape|\\xNN"),
            (
                "[[fault]]\nto = \"x\"\n",
                "line 1: this row says when|reply",
            ),
        ] {
            let got = message(text);
            for part in wanted.split('|') {
                assert!(got.contains(part), "{text:?} gave {got}");
            }
        }
    }

    #[test]
    fn the_ten_examples_of_the_docs() {
        let docs = include_str!("../../docs/faults.md");
        let examples: Vec<&str> = docs
            .split("```toml\n")
            .skip(1)
            .filter_map(|rest| rest.split("```").next())
            .collect();
        assert_eq!(examples.len(), 10);
        for example in examples {
            let rows = read(example).unwrap_or_else(|e| panic!("{e}\n{example}"));
            assert!(!rows.is_empty(), "{example}");
        }
        for key in KEYS {
            assert!(
                docs.contains(&format!("`{key}`")),
                "{key} is not in docs/faults.md"
            );
        }
    }
}
