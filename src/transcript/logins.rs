//! Whose password each part of a conversation holds, so that a saved talk asks for one secret a user.

use std::collections::{BTreeMap, BTreeSet};

use super::row::{Direction, RowKind};
use super::unit::{Unit, has_mask};
use crate::proto::event::Verdict;

/// The name of the only password, and of one whose user nobody named.
const ONLY: &str = "password";
/// A value that is nobody's password: a login that was refused is to be refused again.
const NOBODYS: &str = "run_id";

/// The secret of each unit, in their order; `None` where nothing is masked.
pub(super) fn secrets(
    units: &[Unit<'_>],
    is_imap: impl Fn(&Unit<'_>) -> bool,
) -> Vec<Option<String>> {
    let mut named: BTreeMap<&str, String> = BTreeMap::new();
    let mut users: Vec<Option<Option<String>>> = Vec::new();
    for unit in units {
        let imap = is_imap(unit);
        let login = unit.login(imap).is_some();
        match user(unit, imap) {
            Some(user) => {
                named.insert(unit.session, user);
            }
            // A challenge exchange that was refused does not say whose it was.
            None if login => {
                named.remove(unit.session);
            }
            None => {}
        }
        let masked = login || unit.sent().any(|row| has_mask(&row.text));
        users.push(masked.then(|| named.get(unit.session).cloned()));
    }
    let several = users.iter().flatten().collect::<BTreeSet<_>>().len() > 1;
    let name = |(user, unit): (Option<Option<String>>, &Unit<'_>)| {
        user.map(|user| match user {
            _ if is_refused(unit, is_imap(unit)) => NOBODYS.to_owned(),
            Some(user) if several => format!("{ONLY}_{}", key(&user)),
            _ => ONLY.to_owned(),
        })
    };
    users.into_iter().zip(units).map(name).collect()
}

/// True for the name of a secret, which must be given.
pub(super) fn is_wanted(name: &str) -> bool {
    name != NOBODYS
}

/// The line that asks for a secret.
pub(super) fn wanted(name: &str) -> String {
    format!("# --secret {name}=COMMAND gives {{{name}}}, and auth its password.\n")
}

/// The secret that such a line asks for.
pub(super) fn asked(line: &str) -> Option<&str> {
    let name = line.strip_prefix("# --secret ")?.split_once('=')?.0;
    (wanted(name) == line).then_some(name)
}

/// A user's name as the name of a secret has it.
fn key(user: &str) -> String {
    let one = |c: char| match c.to_ascii_lowercase() {
        c if c.is_ascii_lowercase() || c.is_ascii_digit() => c,
        _ => '_',
    };
    user.chars().map(one).collect()
}

/// Who logs in here, or says who will.
fn user(unit: &Unit<'_>, imap: bool) -> Option<String> {
    if let Some(row) = unit.rows.iter().find(|row| row.kind == RowKind::User) {
        return Some(String::from_utf8_lossy(&row.text).into_owned());
    }
    let command = String::from_utf8_lossy(unit.command(imap)).into_owned();
    let mut words = command.split_ascii_whitespace();
    let verb = words.next()?.to_ascii_uppercase();
    let names = match verb.as_str() {
        "USER" | "APOP" => !imap,
        "LOGIN" => imap,
        _ => false,
    };
    let name = words.next().filter(|_| names)?.trim_matches('"');
    (!name.is_empty() && !name.starts_with('{') && !has_mask(name.as_bytes()))
        .then(|| name.to_owned())
}

/// A password in a line of its own, or of LOGIN, that was not the right one.
fn is_refused(unit: &Unit<'_>, imap: bool) -> bool {
    let command = String::from_utf8_lossy(unit.command(imap)).to_ascii_uppercase();
    let verb = command.split_ascii_whitespace().next().unwrap_or_default();
    let by_hand = (imap && verb == "LOGIN") || (!imap && verb == "PASS");
    let reply = unit
        .rows
        .iter()
        .rfind(|row| row.direction == Direction::Received && row.kind == RowKind::Status);
    by_hand && reply.is_some_and(|row| row.verdict == Verdict::Refused)
}
