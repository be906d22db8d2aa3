//! The text of a configuration file, checked against the tables of `options` and `profile`.
//!
//! Everything unknown is an error that points at it: a slip must not go unnoticed as a default.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::file::{File, Setting};
use super::options::OPTIONS;
use super::profile::{self, Profile};
use crate::target;
use crate::ui::diag::{Diag, Span};
use crate::ui::meant::nearest;

type Read<T> = Result<T, Box<Diag>>;

/// A text with its name, to point into.
struct Source<'a> {
    name: &'a str,
    text: &'a str,
}

/// Reads a file.
pub(super) fn file(name: &str, text: &str) -> Read<File> {
    let source = Source { name, text };
    let table = DeTable::parse(text).map_err(|e| {
        let what = e.message().lines().next().unwrap_or_default();
        Box::new(source.at(&e.span().unwrap_or(0..0), what))
    })?;
    let mut file = File::default();
    for (key, value) in table.get_ref() {
        let name = key.get_ref().as_ref();
        if name == "profile" {
            file.profiles = source.profiles(value)?;
            continue;
        }
        let option = OPTIONS.iter().find(|option| option.name == name);
        let Some(option) = option else {
            return Err(source.unknown(key, "option", &top_names()));
        };
        let values = source.values(option.name, option.values, value)?;
        file.options.extend(values);
    }
    file.options.sort_by_key(|setting| setting.line);
    file.profiles.sort_by_key(|profile| profile.line);
    Ok(file)
}

fn top_names() -> Vec<&'static str> {
    let names = OPTIONS.iter().map(|option| option.name);
    names.chain(["profile"]).collect()
}

/// Keys that people will try, and why there are none of them.
const REFUSED: &[(&str, &str, &str)] = &[
    (
        "insecure",
        "insecure cannot stand in a file: it would take trust away unseen",
        "instead: ca-file or pin; or --insecure, each time",
    ),
    (
        "password",
        "a password does not belong in this file",
        "instead: password-command = \"CMD\"",
    ),
];

impl Source<'_> {
    fn span(&self, range: &Range<usize>) -> Span {
        let upto = |at: usize| self.text.get(..at).unwrap_or(self.text);
        let before = upto(range.start);
        let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
        let begun = before.rfind('\n').map_or(0, |at| at + 1);
        let inside = self.text.get(range.clone()).unwrap_or_default();
        let inside = inside.lines().next().unwrap_or_default();
        let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Span {
            line: small(line),
            column: small(before[begun..].chars().count() + 1),
            length: small(inside.chars().count()),
        }
    }

    fn at(&self, range: &Range<usize>, what: &str) -> Diag {
        Diag::new(self.name, self.text, self.span(range), what)
    }

    fn line(&self, range: &Range<usize>) -> u32 {
        self.span(range).line
    }

    fn unknown(&self, key: &Spanned<impl AsRef<str>>, kind: &str, known: &[&str]) -> Box<Diag> {
        let name = key.get_ref().as_ref();
        if let Some((_, what, instead)) = REFUSED.iter().find(|(n, ..)| *n == name) {
            let mut diag = self.at(&key.span(), what).note(*instead);
            hide_secret(&mut diag, name);
            return Box::new(diag);
        }
        let mut diag = self.at(&key.span(), &format!("there is no {kind} \"{name}\""));
        hide_secret(&mut diag, name);
        Box::new(match nearest(name, known.iter().copied()) {
            Some(meant) => diag.label(format!("meant: {meant} ?")),
            None => diag.note(format!("known: {}", known.join(" "))),
        })
    }

    fn profiles(&self, value: &Spanned<DeValue<'_>>) -> Read<Vec<Profile>> {
        let not_one = |range: &Range<usize>| {
            let diag = self.at(range, "a profile is a table with a name");
            Box::new(diag.note("as in: [profile.work]"))
        };
        let DeValue::Table(table) = value.get_ref() else {
            return Err(not_one(&value.span()));
        };
        let one = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
            let DeValue::Table(table) = value.get_ref() else {
                return Err(not_one(&key.span()));
            };
            self.profile(key, table)
        };
        table.iter().map(one).collect()
    }

    fn profile(&self, key: &Spanned<impl AsRef<str>>, table: &DeTable<'_>) -> Read<Profile> {
        let name = key.get_ref().as_ref();
        let plain = |c: char| c.is_alphanumeric() || "-_.".contains(c);
        if name.is_empty() || !name.chars().all(plain) {
            let what = "the name of a profile is made of letters, digits, - _ and .";
            return Err(Box::new(self.at(&key.span(), what)));
        }
        let mut profile = Profile {
            name: name.to_owned(),
            line: self.line(&key.span()),
            ..Profile::default()
        };
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            if let Some((name, values, _)) = profile::KEYS.iter().find(|(n, ..)| *n == name) {
                profile.keys.extend(self.values(name, values, value)?);
            } else if let Some(option) = OPTIONS.iter().find(|option| option.name == name) {
                let values = self.values(option.name, option.values, value)?;
                profile.options.extend(values);
            } else {
                let mut known: Vec<_> = profile::KEYS.iter().map(|(name, ..)| *name).collect();
                known.extend(OPTIONS.iter().map(|option| option.name));
                return Err(self.unknown(key, "key of a profile", &known));
            }
        }
        let lacks = |what: &str| {
            let what = format!("the profile \"{name}\" {what}");
            Err(Box::new(self.at(&key.span(), &what)))
        };
        let has = |key| profile.value(key).is_some();
        if !has("target") {
            return lacks("has no target");
        }
        if has("cert") != has("key") {
            return lacks("needs both cert and key, or neither");
        }
        profile.keys.sort_by_key(|setting| setting.line);
        profile.options.sort_by_key(|setting| setting.line);
        Ok(profile)
    }

    /// The settings that `name = value` makes: one, or one for each item of a list of pins.
    fn values(
        &self,
        name: &'static str,
        values: &str,
        value: &Spanned<DeValue<'_>>,
    ) -> Read<Vec<Setting>> {
        match value.get_ref() {
            DeValue::Array(items) if values == "PIN" => items
                .iter()
                .map(|item| self.value(name, values, item))
                .collect(),
            _ => Ok(vec![self.value(name, values, value)?]),
        }
    }

    fn value(
        &self,
        name: &'static str,
        values: &str,
        value: &Spanned<DeValue<'_>>,
    ) -> Read<Setting> {
        let range = value.span();
        let wrong = || {
            let got = self.text.get(range.clone()).unwrap_or_default();
            let got = got.lines().next().unwrap_or_default();
            self.at(&range, &format!("{got} is no value of {name}"))
        };
        let takes = || Box::new(wrong().note(format!("{name} takes {}", spelled(values))));
        let words = || values.split('|');
        let given = match value.get_ref() {
            DeValue::Boolean(true) if words().any(|w| w == "on") => "on".to_owned(),
            DeValue::Boolean(false) if words().any(|w| w == "off") => "off".to_owned(),
            DeValue::Integer(number) if values.contains("LINES") => {
                let lines = u64::from_str_radix(number.as_str(), number.radix());
                lines.map_err(|_| takes())?.to_string()
            }
            DeValue::Integer(_) | DeValue::Float(_) if values == "SECS" => {
                let text = self.text.get(range.clone()).unwrap_or_default();
                match text.replace('_', "").parse::<f64>() {
                    Ok(secs) if secs > 0.0 && secs <= 86_400.0 * 365.0 => secs.to_string(),
                    _ => return Err(takes()),
                }
            }
            DeValue::String(text) => self.text(name, values, text, &range).map_err(|why| {
                why.unwrap_or_else(|| {
                    match nearest(text, words().filter(|word| is_literal(word))) {
                        Some(meant) => Box::new(wrong().label(format!("meant: \"{meant}\" ?"))),
                        None => takes(),
                    }
                })
            })?,
            _ => return Err(takes()),
        };
        Ok(Setting {
            name,
            value: given,
            line: self.line(&range),
        })
    }

    /// A string, checked; `Err(None)` when it is none of the words.
    fn text(
        &self,
        name: &str,
        values: &str,
        text: &str,
        range: &Range<usize>,
    ) -> Result<String, Option<Box<Diag>>> {
        let refused = |what: &str| Some(Box::new(self.at(range, what)));
        let may = |c: char| !c.is_control() || (values == "CMD" && matches!(c, '\n' | '\t'));
        if !text.chars().all(may) {
            return Err(refused(&format!("{name} cannot hold control characters")));
        }
        let free = ["TARGET", "TEXT", "CMD", "FILE", "PIN", "MECH"];
        let is_free = values.split('|').any(|word| free.contains(&word));
        let is_word = values.split('|').any(|w| w == text && is_literal(w));
        if !is_word && !is_free {
            return Err(None);
        }
        if text.is_empty() {
            return Err(refused(&format!("{name} is empty")));
        }
        if values == "TARGET" {
            target::parse(text, None).map_err(|error| {
                let mut diag = self.at(range, &error.what);
                if text.contains('@') {
                    diag.source.clear();
                }
                for (label, hint) in error.hints {
                    diag = diag.note(format!("{label}: {hint}"));
                }
                Some(Box::new(diag))
            })?;
        }
        Ok(text.to_owned())
    }
}

/// A line that may hold a password is pointed at, not shown.
fn hide_secret(diag: &mut Diag, key: &str) {
    if key.to_ascii_lowercase().contains("pass") || key.to_ascii_lowercase().contains("secret") {
        diag.source.clear();
    }
}

/// True for a word that stands for itself.
fn is_literal(word: &str) -> bool {
    !word.bytes().any(|b| b.is_ascii_uppercase())
}

/// The values for people, in TOML's spelling.
fn spelled(values: &str) -> String {
    let one = |word: &str| match (word, values.contains("on|off")) {
        ("on", true) => "true".to_owned(),
        ("off", true) => "false".to_owned(),
        ("LINES", _) => "a number of lines".to_owned(),
        ("SECS", _) => "a number of seconds above 0".to_owned(),
        ("MECH", _) => "the name of a mechanism".to_owned(),
        ("PIN", _) => "a text, or a list of texts".to_owned(),
        ("TARGET" | "TEXT" | "CMD" | "FILE", _) => "a text".to_owned(),
        _ => format!("\"{word}\""),
    };
    values.split('|').map(one).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fails(text: &str) -> String {
        file("c.toml", text).expect_err(text).text()
    }

    #[test]
    fn every_option_takes_what_it_lists() {
        for option in OPTIONS {
            for value in option.values.split('|') {
                let value = match value {
                    "LINES" => "0x10".to_owned(),
                    word => format!("\"{word}\""),
                };
                let text = format!("{} = {value}", option.name);
                let read = file("c.toml", &text).unwrap_or_else(|d| panic!("{}", d.text()));
                assert_eq!(read.options[0].name, option.name);
            }
            for wrong in [
                "[]",
                "{}",
                "1.5",
                "-1",
                "1979-05-27",
                "\"\"",
                "\"nonsense\"",
            ] {
                let told = fails(&format!("\n{} = {wrong}", option.name));
                assert!(
                    told.contains(" is no value of ") && told.contains("c.toml:2:"),
                    "{told}"
                );
            }
        }
    }

    #[test]
    fn errors_point_and_help() {
        let told = fails("explain = true\ncolour = \"never\"\n");
        assert_eq!(
            told,
            "error: there is no option \"colour\"\n  --> c.toml:2:1\n  2 | colour = \"never\"\n    \
             | ^^^^^^ meant: color ?"
        );
        assert!(fails("zzzzzz = 1").contains("known: color explain"));
        assert!(fails("view = \"prety\"").contains("meant: \"pretty\" ?"));
        assert!(fails("explain = 3").contains("explain takes true, false"));
        assert!(fails("explain = true\nexplain = false").contains("c.toml:2:"));
        assert!(fails("explain = ").contains("c.toml:1:"));
        assert!(fails("[profiles.a]").contains("meant: profile ?"));
        assert!(fails("profile = 1").contains("[profile.work]"));
        assert!(fails("profile.a = 1").contains("[profile.work]"));
        assert!(fails("[profile.\"a b\"]").contains("letters, digits"));
    }

    #[test]
    fn profiles_say_nothing_that_takes_trust_away() {
        let inside = |line: &str| fails(&format!("[profile.a]\ntarget = \"h\"\n{line}\n"));
        assert!(inside("insecure = true").contains("insecure cannot stand in a file"));
        let told = inside("password = \"x\"");
        assert!(
            told.contains("c.toml:3:1") && told.contains("password-command"),
            "{told}"
        );
        assert!(inside("usr = \"x\"").contains("meant: user ?"));
        assert!(inside("user = \"a\\r\\nb\"").contains("control characters"));
        assert!(inside("password-command = \"a\\u0000\"").contains("control characters"));
        assert!(inside("timeout = 0").contains("seconds above 0"));
        assert!(inside("timeout = inf").contains("seconds above 0"));
        assert!(inside("cert = \"c.pem\"").contains("both cert and key"));
        assert!(inside("pin = [1]").contains("a list of texts"));
        assert!(fails("[profile.a]\nuser = \"x\"").contains("has no target"));
        assert!(fails("[profile.a]\ntarget = \"smpt://h\"").contains("meant: smtp://h ?"));
        assert!(fails("[profile.a]\ntarget = \"@b\"").contains("profile"));
        let read = file(
            "c",
            "[profile.a]\ntarget=\"h\"\npassword-command='''a\nb'''",
        )
        .unwrap();
        assert_eq!(read.profiles[0].value("password-command"), Some("a\nb"));
    }
}
