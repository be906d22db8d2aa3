//! The switches of smtp-sink as rows of the fault table (docs/sink.md has the list).

use std::time::Duration;

use crate::cli;
use crate::config;
use crate::duration;
use crate::error::{Error, Result};
use crate::proto::faults::{CloseWhen, DOT, Effect, Fault, GREETING};
use crate::proto::smtp::sink::{Wait, offerable};
use crate::proto::smtp::spec::SPEC;

/// Rows of the options, then those of the file: of two that fit, the first one's action is taken.
pub(super) fn table(options: &cli::Sink) -> Result<(Vec<Fault>, Vec<Wait>)> {
    let mut waits = Vec::new();
    let mut rows = Vec::new();
    let reply = |text: &str| Effect {
        reply: Some(text.to_owned()),
        ..Effect::default()
    };
    let closing = Effect {
        close: Some(CloseWhen::Before),
        ..Effect::default()
    };
    check_reply("--reject-reply", &options.reject_reply, '5')?;
    check_reply("--soft-reject-reply", &options.soft_reject_reply, '4')?;
    let bye = format!("421 4.3.2 {} Service not available, closing", options.name);
    let switches = [
        ("--disconnect", &options.disconnect, closing),
        ("--bye", &options.bye, reply(&bye)),
        ("--reject", &options.reject, reply(&options.reject_reply)),
        (
            "--soft-reject",
            &options.soft_reject,
            reply(&options.soft_reject_reply),
        ),
    ];
    for (switch, verbs, act) in switches {
        for verb in verbs.iter().flat_map(|text| text.split_ascii_whitespace()) {
            rows.push(row(switch, verb, act.clone())?);
        }
    }
    for text in &options.delay {
        let mut parts = text.splitn(3, ':');
        let verb = parts.next().unwrap_or_default();
        let time = parts.next().and_then(time);
        let odds = parts.next().map(|odds| odds.parse::<u8>().ok());
        let (delay, odds) = match (time, odds) {
            (Some(time), None) => (time, None),
            (Some(time), Some(Some(odds @ 1..=99))) => (time, Some(odds)),
            _ => {
                return Err(Error::usage(
                    "--delay wants a verb, a time, and perhaps odds from 1 to 99",
                )
                .hint("such as", "--delay DATA:2, RCPT:50ms or .:100ms:30"));
            }
        };
        if let Some(odds) = odds {
            waits.push(Wait {
                on: row("--delay", verb, Effect::default())?.on,
                unit: delay,
                odds,
                state: options.seed.wrapping_add(waits.len() as u64).into(),
            });
            continue;
        }
        let act = Effect {
            delay: Some(delay),
            ..Effect::default()
        };
        rows.push(row("--delay", verb, act)?);
    }
    if !options.hide.is_empty() {
        let hide = options.hide.iter().map(|word| offered(word));
        let act = Effect {
            hide: hide.collect::<Result<_>>()?,
            ..Effect::default()
        };
        rows.push(row("--hide", "CONNECT", act)?);
    }
    if let Some(file) = &options.fault {
        rows.extend(config::faults::read_file(file)?);
    }
    Ok((rows, waits))
}

/// The keyword of an extension that the sink has.
fn offered(word: &str) -> Result<String> {
    let word = word.trim().to_ascii_uppercase();
    if offerable().any(|known| known == word) {
        return Ok(word);
    }
    let known: Vec<&str> = offerable().collect();
    let what = format!("--hide: \"{}\" is never offered", word.escape_debug());
    Err(Error::usage(what).hint("known", known.join(" ")))
}

fn row(switch: &str, verb: &str, act: Effect) -> Result<Fault> {
    let verb = verb.to_ascii_uppercase();
    let on = match verb.as_str() {
        "CONNECT" => GREETING,
        DOT => DOT,
        name => match SPEC.verbs.iter().find(|known| known.name == name) {
            Some(known) => known.name,
            None => {
                let what = format!("{switch}: \"{}\" is no command", verb.escape_debug());
                let known = SPEC
                    .verbs
                    .iter()
                    .map(|v| v.name)
                    .collect::<Vec<_>>()
                    .join(" ");
                return Err(Error::usage(what).hint("known", format!("connect . {known}")));
            }
        },
    };
    Ok(Fault {
        on: on.to_owned(),
        act,
        ..Fault::default()
    })
}

/// A reply is a code of its class and one line of text.
fn check_reply(switch: &str, text: &str, class: char) -> Result<()> {
    let bytes = text.as_bytes();
    let code = bytes.len() > 3 && bytes[..3].iter().all(u8::is_ascii_digit) && bytes[3] == b' ';
    if code && text.starts_with(class) && !text.chars().any(char::is_control) {
        return Ok(());
    }
    Err(Error::usage(format!(
        "{switch} wants a code and a text, of class {class}xx"
    ))
    .hint(
        "such as",
        format!("{switch} \"{class}51 {class}.3.0 not today\""),
    ))
}

/// A time; a number alone is seconds, as smtp-sink has them.
fn time(text: &str) -> Option<Duration> {
    duration::read(text).or_else(|| duration::read(&format!("{text}s")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> cli::Sink {
        cli::Sink {
            name: "h".into(),
            reject_reply: "500 x".into(),
            soft_reject_reply: "450 x".into(),
            ..cli::Sink::default()
        }
    }

    #[test]
    fn switches_become_rows() {
        let rows = table(&cli::Sink {
            reject: vec!["connect".into(), "rcpt data".into()],
            delay: vec!["DATA:1.5".into(), ".:20ms".into()],
            hide: vec!["chunking".into()],
            ..options()
        })
        .unwrap()
        .0;
        let on: Vec<&str> = rows.iter().map(|row| row.on.as_str()).collect();
        assert_eq!(on, ["greeting", "RCPT", "DATA", "DATA", ".", "greeting"]);
        assert_eq!(rows[3].act.delay, Some(Duration::from_millis(1500)));
        assert_eq!(rows[4].act.delay, Some(Duration::from_millis(20)));
        assert_eq!(rows[5].act.hide, ["CHUNKING"]);
        assert!(table(&options()).unwrap().0.is_empty());
    }

    #[test]
    fn what_is_none_is_refused() {
        let wrong = [
            cli::Sink {
                reject: vec!["RCTP".into()],
                ..options()
            },
            cli::Sink {
                delay: vec!["DATA".into()],
                ..options()
            },
            cli::Sink {
                delay: vec!["DATA:1:100".into()],
                ..options()
            },
            cli::Sink {
                delay: vec!["DATA:-1".into()],
                ..options()
            },
            cli::Sink {
                reject_reply: "450 later".into(),
                ..options()
            },
            cli::Sink {
                soft_reject_reply: "450 a\n250 b".into(),
                ..options()
            },
        ];
        for options in wrong {
            assert_eq!(table(&options).unwrap_err().kind.code(), 2, "{options:?}");
        }
    }
}
