//! STORE, conditional too (RFC 9051 6.4.6, RFC 7162 3.1.3).

use super::fetch::FetchFlow;
use super::parse::{Parsed, Parser};
use super::select::read_only;
use super::table::Call;
use super::{Done, ImapServer, write};
use crate::store::Refused;
use crate::store::flags::Flags;
use crate::store::mailbox::Mailbox;

/// Messages whose flags are changed under one lock.
const BATCH: usize = 1_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Set,
    Add,
    Remove,
}

/// What was changed, and what was not.
#[derive(Default)]
struct Outcome {
    /// Messages that are there, as (number, UID).
    seen: Vec<(u32, u32)>,
    /// Messages that came out changed.
    changed: Vec<(u32, u32)>,
    /// Numbers or UIDs of messages that somebody changed before.
    modified: Vec<u32>,
    missing: usize,
}

impl ImapServer {
    pub(super) fn store(&mut self, call: &mut Call<'_, '_>) -> Parsed<Option<Done>> {
        let p = &mut *call.parser;
        p.space()?;
        let start = p.at();
        let set = p.set()?;
        p.space()?;
        let mut unchanged_since = None;
        if p.take(b'(') {
            if !p.keyword("UNCHANGEDSINCE") {
                return p.bad("UNCHANGEDSINCE");
            }
            p.space()?;
            unchanged_since = Some(p.number64("a mod-sequence")?);
            p.expect(b')')?;
            p.space()?;
        }
        let (how, silent) = item(p)?;
        p.space()?;
        let names: Vec<String> = flags(p)?.into_iter().map(str::to_owned).collect();
        p.end()?;
        // Expunges may be told here, and then they change what numbers mean: so they come first.
        if self.tell(call.uid).is_err() {
            return Ok(None);
        }
        let messages = self.messages(p, start, &set, call.uid)?;
        if unchanged_since.is_some() {
            self.condstore();
        }
        if self.view.as_ref().is_none_or(|view| view.read_only) {
            return Ok(Some(read_only()));
        }
        let outcome = match self.change(&messages, how, &names, unchanged_since, call.uid) {
            Ok(outcome) => outcome,
            Err(refused) => return Ok(Some(super::mailboxes::refusal(refused))),
        };
        let condstore = self.enabled.condstore;
        if let Some(view) = self.view.take() {
            let shared = self.service.store.clone();
            self.tell_keywords(&shared.lock(), &view);
            let shown = if silent {
                outcome.changed
            } else {
                outcome.seen
            };
            if !shown.is_empty() && (!silent || condstore) {
                let flow = if silent {
                    FetchFlow::modseqs(self, &view, shown, call.uid)
                } else {
                    FetchFlow::flags(self, &view, shown, condstore || call.uid)
                };
                self.say_flow(Box::new(flow));
            }
            self.view = Some(view);
        }
        Ok(Some(if outcome.modified.is_empty() {
            match outcome.missing {
                0 => Done::ok("Store completed."),
                // RFC 2180 4.2.1: who did not ask for the flags is not told NO.
                _ if silent => Done::ok("the others are stored").code("EXPUNGEISSUED"),
                _ => Done::no("some messages are gone").code("EXPUNGEISSUED"),
            }
        } else {
            let set = write::set(&outcome.modified);
            Done::ok("stored, except where somebody was faster").code(format!("MODIFIED {set}"))
        }))
    }

    fn change(
        &mut self,
        messages: &[(u32, u32)],
        how: How,
        names: &[String],
        unchanged_since: Option<u64>,
        uid: bool,
    ) -> Result<Outcome, Refused> {
        let mut outcome = Outcome::default();
        let session = self.session;
        for batch in messages.chunks(BATCH) {
            let done = self.with_view(|store, view| {
                let mailbox = store.mailbox_mut(view.mailbox());
                let mailbox = mailbox.ok_or(Refused::NoSuchMailbox)?;
                let named = meant(mailbox, how, names)?;
                let mut modseq = None;
                for pair in batch {
                    let Some(message) = mailbox.message(pair.1) else {
                        outcome.missing += 1;
                        continue;
                    };
                    if unchanged_since.is_some_and(|since| message.modseq > since) {
                        outcome.modified.push(if uid { pair.1 } else { pair.0 });
                        continue;
                    }
                    let old = message.flags;
                    let new = match how {
                        How::Set => named,
                        How::Add => old.with(named),
                        How::Remove => old.less(named),
                    };
                    outcome.seen.push(*pair);
                    if new != old {
                        let modseq = *modseq.get_or_insert_with(|| mailbox.next_modseq());
                        mailbox.set_flags(pair.1, new, modseq, session);
                        outcome.changed.push(*pair);
                    }
                }
                mailbox.ring(session);
                Ok(())
            });
            done.unwrap_or(Ok(()))?;
        }
        Ok(outcome)
    }
}

/// The flags of these names. Keywords that are only to be removed are not made.
fn meant(mailbox: &mut Mailbox, how: How, names: &[String]) -> Result<Flags, Refused> {
    let mut flags = Flags::NONE;
    let mut keywords = Vec::new();
    for name in names {
        match (Flags::named(name), how) {
            (Some(flag), _) => flags = flags.with(flag),
            (None, How::Remove) => flags = flags.with(mailbox.keyword(name).unwrap_or_default()),
            (None, _) => keywords.push(name.as_str()),
        }
    }
    mailbox.with_keywords(flags, &keywords)
}

/// `+FLAGS.SILENT`
fn item(p: &mut Parser<'_>) -> Parsed<(How, bool)> {
    let how = if p.take(b'+') {
        How::Add
    } else if p.take(b'-') {
        How::Remove
    } else {
        How::Set
    };
    if p.keyword("FLAGS.SILENT") {
        return Ok((how, true));
    }
    if p.keyword("FLAGS") {
        return Ok((how, false));
    }
    p.bad("FLAGS or FLAGS.SILENT")
}

/// Flags in parentheses, or without.
fn flags<'a>(p: &mut Parser<'a>) -> Parsed<Vec<&'a str>> {
    if p.peek() == Some(b'(') {
        return p.list(0, Parser::flag);
    }
    let mut flags = vec![p.flag()?];
    while p.take(b' ') {
        flags.push(p.flag()?);
    }
    Ok(flags)
}
