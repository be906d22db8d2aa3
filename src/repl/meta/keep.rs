//! Console commands that keep something: settings, logs, talks, faults.

use std::path::Path;

use crate::error::{Error, Result};
use crate::repl::desk::Desk;
use crate::repl::screen::LogFile;
use crate::repl::settings::NAMES;
use crate::ui::render::Mark;
use crate::ui::style::{Role, Styled};

use super::wanted;

/// `:set [name value]`.
pub(super) fn set(desk: &mut Desk, rest: &str) -> Result<()> {
    match rest.split_once(char::is_whitespace) {
        None if rest.is_empty() => {
            if desk.settings.json {
                let rows: Vec<_> = NAMES
                    .iter()
                    .map(|(name, ..)| (*name, desk.settings.value(name)))
                    .collect();
                return desk.table(&rows, 9);
            }
            let lines: Vec<Styled> = NAMES
                .iter()
                .map(|(name, values, what)| {
                    let value = desk.settings.value(name);
                    Styled::new(Role::Strong, format!("{name:<8} "))
                        .with(Role::Plain, format!("{value:<6} "))
                        .with(Role::Dim, format!("{values:<16} {what}"))
                })
                .collect();
            desk.print(&lines)
        }
        None => {
            if !NAMES
                .iter()
                .any(|(name, ..)| name.eq_ignore_ascii_case(rest))
            {
                return desk.settings.set(rest, "");
            }
            let value = desk.settings.value(&rest.to_ascii_lowercase());
            desk.say(Mark::Info, &format!("{rest} is {value}"))
        }
        Some((name, value)) => {
            desk.settings.set(name, value.trim())?;
            desk.apply_settings();
            Ok(())
        }
    }
}

/// `:time [all|slow|off]`.
pub(super) fn time(desk: &mut Desk, rest: &str) -> Result<()> {
    set(desk, format!("time {rest}").trim_end())
}

/// `:log FILE|off`.
pub(super) fn log(desk: &mut Desk, rest: &str) -> Result<()> {
    match wanted(rest, ":log FILE|off")? {
        "off" => {
            desk.log = None;
            desk.say(Mark::Info, "nothing is logged")
        }
        file => {
            desk.log = Some(LogFile::open(Path::new(file))?);
            desk.say(
                Mark::Info,
                &format!("all that happens is appended to {file}"),
            )
        }
    }
}

/// `:save FILE [from-to]`.
pub(super) fn save(desk: &mut Desk, rest: &str) -> Result<()> {
    let usage = || Error::usage("usage: :save FILE [from-to]");
    let (file, range) = match wanted(rest, ":save FILE [from-to]")?.rsplit_once(' ') {
        Some((file, range))
            if range.contains('-') && range.bytes().all(|b| b.is_ascii_digit() || b == b'-') =>
        {
            let (from, to) = range.split_once('-').ok_or_else(usage)?;
            let from = from.parse().map_err(|_| usage())?;
            let to = if to.is_empty() {
                u64::MAX
            } else {
                to.parse().map_err(|_| usage())?
            };
            if from > to {
                return Err(Error::usage(format!("the range {range} is backwards"))
                    .hint("perhaps", format!(":save {} {to}-{from}", file.trim())));
            }
            (file.trim(), Some((from, to)))
        }
        _ => (rest, None),
    };
    let text = desk.talk(range)?;
    crate::repl::private_file(file, &text)?;
    let options = crate::transcript::save::options_wanted(&text);
    desk.say(
        Mark::Info,
        &format!("written to {file}; ehlo run {file}{options} plays it again"),
    )?;
    match desk.seats.get(desk.active) {
        Some(seat) if desk.seats.len() > 1 && range.is_some() => {
            let text = format!(
                "only session {} is in it; without a range all of them are",
                seat.number
            );
            desk.say(Mark::Info, &text)
        }
        _ => Ok(()),
    }
}

/// `:fault [FILE|off]`.
pub(super) fn fault(desk: &mut Desk, rest: &str) -> Result<()> {
    let Some(practice) = &desk.practice else {
        return Err(Error::usage(
            ":fault is for the practice server, which is not in use",
        ));
    };
    let text = practice.set_faults(rest)?;
    desk.say(Mark::Info, &text)
}
