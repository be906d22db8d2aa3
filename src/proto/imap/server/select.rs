//! SELECT, EXAMINE, CLOSE, UNSELECT, EXPUNGE.

use super::mailboxes::refusal;
use super::parse::{Parsed, holds};
use super::table::Call;
use super::{Done, ImapServer, write};
use crate::store::Refused;
use crate::store::flags::{Flags, SYSTEM};
use crate::store::mailbox::Mailbox;
use crate::store::name::canonical;
use crate::store::view::View;

impl ImapServer {
    pub(super) fn select(&mut self, call: &mut Call<'_, '_>) -> Parsed<Option<Done>> {
        self.open(call, false)
    }

    pub(super) fn examine(&mut self, call: &mut Call<'_, '_>) -> Parsed<Option<Done>> {
        self.open(call, true)
    }

    fn open(&mut self, call: &mut Call<'_, '_>, read_only: bool) -> Parsed<Option<Done>> {
        let p = &mut *call.parser;
        p.space()?;
        let name = self.name(p)?;
        let mut condstore = false;
        if p.take(b' ') {
            p.list(1, |p| {
                let start = p.at();
                match p.word("a parameter of SELECT")?.as_str() {
                    "CONDSTORE" => condstore = true,
                    _ => return p.bad_at(start, "an unknown parameter of SELECT"),
                }
                Ok(())
            })?;
        }
        p.end()?;
        // RFC 9051 6.3.2: the old mailbox is closed even when the new one cannot be opened.
        if self.view.is_some() {
            self.deselect();
            self.untagged("OK [CLOSED] Previous mailbox closed.");
        }
        self.enabled.condstore |= condstore;
        let name = match name {
            Ok(name) => canonical(&name),
            Err(done) => return Ok(Some(done)),
        };
        let user = self.user.clone().unwrap_or_default();
        let shared = self.service.store.clone();
        let mut held = shared.lock();
        let opened = held.mailbox_id(&user, &name).and_then(|id| {
            let bell = Some(self.visitor.bell.clone());
            View::open(&mut held, id, self.session, read_only, bell).ok_or(Refused::NoSuchMailbox)
        });
        let view = match opened {
            Ok(view) => view,
            Err(refused) => return Ok(Some(refusal(refused))),
        };
        let mut out = Vec::new();
        if let Some(mailbox) = held.mailbox(view.mailbox()) {
            out = flag_lines(mailbox, read_only);
            self.keywords = mailbox.keywords().len();
            let mut line = |text: String| out.extend_from_slice(format!("* {text}\r\n").as_bytes());
            line(format!("{} EXISTS", view.exists(mailbox)));
            let unseen = mailbox
                .messages()
                .iter()
                .position(|m| !m.flags.has(Flags::SEEN));
            if !self.enabled.rev2 {
                line(format!("{} RECENT", view.recent(mailbox)));
                if let Some(at) = unseen {
                    line(format!("OK [UNSEEN {}] First unseen.", at + 1));
                }
            }
            line(format!(
                "OK [UIDVALIDITY {}] UIDs valid",
                mailbox.uid_validity()
            ));
            line(format!(
                "OK [UIDNEXT {}] Predicted next UID",
                mailbox.uid_next()
            ));
            line(format!(
                "OK [HIGHESTMODSEQ {}] Highest",
                mailbox.highest_modseq()
            ));
            if self.enabled.rev2 {
                out.extend_from_slice(b"* LIST () \"/\" ");
                write::mailbox(&mut out, &name, true);
                out.extend_from_slice(b"\r\n");
            }
        }
        drop(held);
        self.say(out);
        self.view = Some(Box::new(view));
        self.mailbox_name = name;
        self.told = true;
        Ok(Some(if read_only {
            Done::ok("Examine completed.").code("READ-ONLY")
        } else {
            Done::ok("Select completed.").code("READ-WRITE")
        }))
    }

    pub(super) fn close(&mut self, call: &mut Call<'_, '_>) -> Parsed<Option<Done>> {
        call.parser.end()?;
        if self.view.as_ref().is_some_and(|view| !view.read_only) {
            self.remove(None);
        }
        self.deselect();
        Ok(Some(Done::ok("Close completed.")))
    }

    pub(super) fn unselect(&mut self, call: &mut Call<'_, '_>) -> Parsed<Option<Done>> {
        call.parser.end()?;
        self.deselect();
        Ok(Some(Done::ok("Unselect completed.")))
    }

    pub(super) fn expunge(&mut self, call: &mut Call<'_, '_>) -> Parsed<Option<Done>> {
        call.parser.end()?;
        Ok(Some(self.expunged(None)))
    }

    pub(super) fn uid_expunge(&mut self, call: &mut Call<'_, '_>) -> Parsed<Option<Done>> {
        call.parser.space()?;
        let set = call.parser.set()?;
        call.parser.end()?;
        let uids = self.uid_ranges(&set);
        Ok(Some(self.expunged(Some(&uids))))
    }

    fn expunged(&mut self, only: Option<&[(u32, u32)]>) -> Done {
        if self.view.as_ref().is_some_and(|view| view.read_only) {
            return read_only();
        }
        self.remove(only);
        let done = Done::ok("Expunge completed.");
        let modseq = self
            .with_view(|store, view| store.mailbox(view.mailbox()).map(Mailbox::highest_modseq));
        match modseq.flatten() {
            Some(modseq) if self.enabled.condstore => done.code(format!("HIGHESTMODSEQ {modseq}")),
            _ => done,
        }
    }

    /// Removes messages that are marked deleted, of those with these UIDs.
    fn remove(&mut self, only: Option<&[(u32, u32)]>) {
        let session = self.session;
        self.with_view(|store, view| {
            let id = view.mailbox();
            let Some(mailbox) = store.mailbox(id) else {
                return;
            };
            let known = &mailbox.messages()[..view.known(mailbox)];
            let doomed: Vec<u32> = known
                .iter()
                .filter(|m| m.flags.has(Flags::DELETED))
                .map(|m| m.uid)
                .filter(|uid| only.is_none_or(|ranges| holds(ranges, *uid)))
                .collect();
            store.expunge(id, &doomed, session);
        });
    }
}

/// FLAGS and PERMANENTFLAGS.
pub(super) fn flag_lines(mailbox: &Mailbox, read_only: bool) -> Vec<u8> {
    let mut flags = SYSTEM.map(|(name, _)| name).join(" ");
    for keyword in mailbox.keywords() {
        flags.push(' ');
        flags.push_str(keyword);
    }
    let more = if mailbox.takes_keywords() { " \\*" } else { "" };
    let permanent = if read_only {
        String::new()
    } else {
        format!("{flags}{more}")
    };
    let lines =
        format!("* FLAGS ({flags})\r\n* OK [PERMANENTFLAGS ({permanent})] Flags permitted.\r\n");
    lines.into_bytes()
}

/// The mailbox was opened with EXAMINE.
pub(super) fn read_only() -> Done {
    Done::no("the mailbox is open for reading only").code("READ-ONLY")
}
