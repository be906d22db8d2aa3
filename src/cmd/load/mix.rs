//! What sessions do that read: commands by weight, from a small file.
//!
//! `6 FETCH {any} FLAGS` is done six times in as many rounds as the weights add up to, chosen by the
//! seed; a line without a number is done once, behind the login. `{any}` stands for a message of the
//! mailbox, `{last}` for its latest one; `IDLE SECS` idles so long.

use std::path::Path;
use std::time::Duration;

use super::message::Random;
use super::server::lines;
use crate::error::{Error, Result};
use crate::stats::Stage;

/// When nobody says.
const IMAP: &str =
    "SELECT INBOX\n3 FETCH {any} (FLAGS ENVELOPE)\n1 FETCH {any} BODY.PEEK[]\n1 NOOP";
const POP3: &str = "1 LIST\n3 RETR {any}";
/// The longest time to idle: RFC 2177 asks to begin anew after 29 minutes.
const LONGEST: Duration = Duration::from_secs(29 * 60);

/// A command of a mix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Action {
    /// What it is counted as.
    pub(super) stage: Stage,
    /// The command, with blanks to fill in.
    text: String,
    /// Idle so long.
    pub(super) idle: Option<Duration>,
    /// POP3: lines follow, up to a dot.
    pub(super) lines: bool,
}

/// The whole mix.
#[derive(Clone, Debug)]
pub(super) struct Mix {
    /// Done once, behind the login.
    pub(super) first: Vec<Action>,
    weighted: Vec<(u64, Action)>,
}

impl Mix {
    /// Reads the file, or takes what is usual.
    pub(super) fn new(protocol: &str, file: Option<&Path>) -> Result<Self> {
        let usual = if protocol == "imap" { IMAP } else { POP3 };
        let (all, name) = match file {
            Some(path) => (lines(path)?, path.display().to_string()),
            None => (usual.lines().map(str::to_owned).collect(), "mix".into()),
        };
        Self::read(protocol, &all).map_err(|what| {
            Error::local(format!("{}: {what}", name.escape_debug()))
                .hint("such as", "6 FETCH {any} FLAGS, 1 IDLE 5, or 1 NOOP")
        })
    }

    fn read(protocol: &str, lines: &[String]) -> std::result::Result<Self, String> {
        let mut mix = Self {
            first: Vec::new(),
            weighted: Vec::new(),
        };
        for line in lines {
            let line = line.trim();
            if line.starts_with('#') {
                continue;
            }
            let shown = line.escape_debug();
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            let weight = word.parse::<u64>();
            let command = if weight.is_ok() { rest.trim() } else { line };
            let action = Action::read(protocol, command)
                .ok_or_else(|| format!("\"{shown}\" is no command that can be repeated"))?;
            match weight {
                Ok(1..=1_000_000) => mix.weighted.push((weight.unwrap_or(1), action)),
                Ok(_) => return Err(format!("\"{shown}\": weights go from 1 to 1000000")),
                Err(_) => mix.first.push(action),
            }
        }
        if mix.weighted.is_empty() {
            return Err("no line begins with a number, so there is nothing to repeat".into());
        }
        let selects = |action: &Action| action.stage == Stage::Select;
        if protocol == "imap" && !mix.first.iter().any(selects) {
            mix.first.extend(Action::read(protocol, "SELECT INBOX"));
        }
        Ok(mix)
    }

    /// The next one.
    pub(super) fn choose(&self, random: &mut Random) -> &Action {
        let all: u64 = self.weighted.iter().map(|(weight, _)| weight).sum();
        let mut left = random.below(all.max(1));
        for (weight, action) in &self.weighted {
            if left < *weight {
                return action;
            }
            left -= weight;
        }
        // The weights add up: the last line is never passed.
        &self.weighted[0].1
    }
}

impl Action {
    /// A command by itself.
    pub(super) fn new(stage: Stage, text: impl Into<String>) -> Self {
        Self {
            stage,
            text: text.into(),
            idle: None,
            lines: false,
        }
    }

    fn read(protocol: &str, text: &str) -> Option<Self> {
        if text.chars().any(char::is_control) {
            return None;
        }
        let mut words = text.split_ascii_whitespace();
        let verb = words.next()?.to_ascii_uppercase();
        let argument = words.next();
        let imap = protocol == "imap";
        let stage = match (verb.as_str(), imap) {
            ("SELECT" | "EXAMINE", true) => Stage::Select,
            ("FETCH", true) => Stage::Fetch,
            ("UID", true) if argument?.eq_ignore_ascii_case("FETCH") => Stage::Fetch,
            ("SEARCH", true) => Stage::Search,
            ("UID", true) if argument?.eq_ignore_ascii_case("SEARCH") => Stage::Search,
            ("IDLE", true) => {
                let time = argument.unwrap_or("1").parse::<f64>().ok()?;
                let time = Duration::try_from_secs_f64(time).ok()?.min(LONGEST);
                return Some(Self {
                    idle: Some(time),
                    ..Self::new(Stage::Idle, "IDLE")
                });
            }
            ("NOOP" | "STATUS" | "CHECK" | "STAT", _) => Stage::Poll,
            ("LIST" | "LSUB" | "UIDL", _) => Stage::List,
            ("RETR" | "TOP", false) => Stage::Retr,
            // These change the state of the conversation: the run has its own.
            (
                "LOGIN" | "AUTHENTICATE" | "STARTTLS" | "LOGOUT" | "APPEND" | "USER" | "PASS"
                | "AUTH" | "STLS" | "QUIT" | "APOP" | "COMPRESS",
                _,
            ) => return None,
            _ => Stage::Other,
        };
        let lines = match verb.as_str() {
            "RETR" | "TOP" | "CAPA" => true,
            "LIST" | "UIDL" => argument.is_none(),
            _ => false,
        };
        Some(Self {
            lines: lines && !imap,
            ..Self::new(stage, text)
        })
    }

    /// The command for a mailbox of so many messages; `None` when it wants one and there is none.
    pub(super) fn command(&self, messages: u64, random: &mut Random) -> Option<String> {
        if !self.text.contains('{') {
            return Some(self.text.clone());
        }
        let mut text = self.text.clone();
        for (blank, any) in [("{any}", true), ("{last}", false)] {
            while text.contains(blank) {
                let last = messages.checked_sub(1)?;
                let number = if any {
                    random.below(messages) + 1
                } else {
                    last + 1
                };
                text = text.replacen(blank, &number.to_string(), 1);
            }
        }
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mix(protocol: &str, text: &str) -> std::result::Result<Mix, String> {
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        Mix::read(protocol, &lines)
    }

    #[test]
    fn weights_and_blanks() {
        let mix = mix("imap", "# c\n9 FETCH {any} {last}\n1 idle 0.5\nEXAMINE x").unwrap();
        assert_eq!(mix.first, [Action::new(Stage::Select, "EXAMINE x")]);
        let mut random = Random::new(1);
        let idles = (0..1000).filter(|_| mix.choose(&mut random).idle.is_some());
        assert!((60..140).contains(&idles.count()));
        let fetch = &mix.weighted[0].1;
        assert_eq!(fetch.command(1, &mut random).unwrap(), "FETCH 1 1");
        assert_eq!(fetch.command(0, &mut random), None);
        assert!(Mix::new("imap", None).is_ok() && Mix::new("pop3", None).is_ok());
    }

    #[test]
    fn what_cannot_be_repeated_is_refused() {
        for wrong in [
            "",
            "SELECT x",
            "1 LOGOUT",
            "0 NOOP",
            "1",
            "1 STARTTLS",
            "1 APPEND x {3}",
        ] {
            assert!(mix("imap", wrong).is_err(), "{wrong}");
        }
        assert!(mix("pop3", "1 PASS x").is_err());
        assert!(mix("pop3", "1 LIST").unwrap().weighted[0].1.lines);
        assert!(!mix("pop3", "1 LIST 3").unwrap().weighted[0].1.lines);
    }
}
