//! Commands of every state: CAPABILITY, NOOP, LOGOUT, ID, ENABLE, IDLE.

use super::gather::too_long;
use super::parse::{Bad, Parsed};
use super::table::Call;
use super::{Done, ImapServer, Place};
use crate::proto::faults::Effect;
use crate::proto::login::mechanisms;
use crate::store::mailbox::Mailbox;

/// What is offered in every state.
const ALWAYS: &str = "IMAP4rev1 IMAP4rev2 LITERAL+ ID ENABLE SASL-IR";

/// What is offered after the login.
const LOGGED_IN: &str = "IDLE NAMESPACE UIDPLUS MOVE UNSELECT CHILDREN SPECIAL-USE \
    CREATE-SPECIAL-USE LIST-EXTENDED LIST-STATUS ESEARCH SEARCHRES WITHIN CONDSTORE BINARY \
    MULTIAPPEND QUOTA QUOTA=RES-STORAGE STATUS=SIZE UTF8=ACCEPT";

/// RFC 2971 3.3: pairs, octets of a field, octets of a value.
const ID_LIMITS: (usize, usize, usize) = (30, 30, 1024);

impl ImapServer {
    /// `CAPABILITY …` as it is now.
    pub(super) fn capability(&self) -> String {
        let mut words: Vec<String> = ALWAYS.split(' ').map(str::to_owned).collect();
        if self.user.is_some() {
            words.extend(LOGGED_IN.split_ascii_whitespace().map(str::to_owned));
            words.push(format!("APPENDLIMIT={}", self.service.limits.message));
        } else {
            if self.service.starttls && !self.secured {
                words.push("STARTTLS".to_owned());
            }
            if !self.may_log_in() {
                words.push("LOGINDISABLED".to_owned());
            }
            let offered = mechanisms(&self.service, &self.visitor, self.secured);
            words.extend(offered.iter().map(|name| format!("AUTH={name}")));
        }
        let hidden = |word: &String| {
            let name = word.split('=').next().unwrap_or_default();
            self.hidden
                .iter()
                .any(|h| h.eq_ignore_ascii_case(word) || h.eq_ignore_ascii_case(name))
        };
        words.retain(|word| !hidden(word));
        format!("CAPABILITY {}", words.join(" "))
    }

    /// True when LOGIN, which sends the password itself, is served.
    pub(super) fn may_log_in(&self) -> bool {
        self.secured || self.service.clear_logins
    }

    pub(super) fn capability_command(&mut self, call: &mut Call<'_, '_>) -> Parsed<Option<Done>> {
        call.parser.end()?;
        let capability = self.capability();
        self.untagged(&capability);
        Ok(Some(Done::ok("Capability completed.")))
    }

    pub(super) fn noop(&mut self, call: &mut Call<'_, '_>) -> Parsed<Option<Done>> {
        call.parser.end()?;
        Ok(Some(Done::ok("NOOP completed.")))
    }

    pub(super) fn check(&mut self, call: &mut Call<'_, '_>) -> Parsed<Option<Done>> {
        call.parser.end()?;
        Ok(Some(Done::ok("Check completed.")))
    }

    pub(super) fn logout(&mut self, call: &mut Call<'_, '_>) -> Parsed<Option<Done>> {
        call.parser.end()?;
        self.deselect();
        self.untagged("BYE Logging out");
        Ok(Some(Done::ok("Logout completed.")))
    }

    pub(super) fn id(&mut self, call: &mut Call<'_, '_>) -> Parsed<Option<Done>> {
        let p = &mut *call.parser;
        p.space()?;
        if !p.keyword("NIL") {
            let start = p.at();
            let (pairs, field, value) = ID_LIMITS;
            let given = p.list(0, |p| {
                // `( "name" …`, as aioimaplib writes.
                p.blanks();
                let at = p.at();
                let name = p.string("a field's name in quotes")?;
                p.space()?;
                let text = p.nstring("a field's value in quotes, or NIL")?;
                if name.len() > field || text.is_some_and(|text| text.len() > value) {
                    return p.bad_at(
                        at,
                        "a field of more than 30 or a value of more than 1024 octets",
                    );
                }
                Ok(())
            })?;
            if given.len() > pairs {
                return p.bad_at(start, "more than 30 pairs");
            }
        }
        p.end()?;
        let version = env!("CARGO_PKG_VERSION");
        self.untagged(&format!("ID (\"name\" \"ehlo\" \"version\" \"{version}\")"));
        Ok(Some(Done::ok("ID completed.")))
    }

    pub(super) fn enable(&mut self, call: &mut Call<'_, '_>) -> Parsed<Option<Done>> {
        let p = &mut *call.parser;
        let mut asked = Vec::new();
        loop {
            p.space()?;
            asked.push(p.atom("a capability")?.to_ascii_uppercase());
            if p.is_done() {
                break;
            }
        }
        let mut enabled = "ENABLED".to_owned();
        for word in asked {
            let word = match word.as_str() {
                "CONDSTORE" => {
                    self.condstore();
                    "CONDSTORE"
                }
                "UTF8=ACCEPT" => {
                    self.enabled.utf8 = true;
                    "UTF8=ACCEPT"
                }
                "IMAP4REV2" => {
                    self.enabled.utf8 = true;
                    self.enabled.rev2 = true;
                    "IMAP4rev2"
                }
                _ => continue,
            };
            if !enabled.split(' ').any(|known| known == word) {
                enabled.push(' ');
                enabled.push_str(word);
            }
        }
        self.untagged(&enabled);
        Ok(Some(Done::ok("Enabled.")))
    }

    /// A command was used that tells of mod-sequences (RFC 7162 3.1).
    pub(super) fn condstore(&mut self) {
        if std::mem::replace(&mut self.enabled.condstore, true) {
            return;
        }
        let highest = self.with_view(|store, view| {
            let mailbox = store.mailbox(view.mailbox());
            mailbox.map_or(0, Mailbox::highest_modseq)
        });
        if let Some(highest) = highest {
            self.untagged(&format!("OK [HIGHESTMODSEQ {highest}] Highest"));
        }
    }

    pub(super) fn idle(&mut self, call: &mut Call<'_, '_>) -> Parsed<Option<Done>> {
        call.parser.end()?;
        self.say(b"+ idling\r\n".to_vec());
        if self.tell(true).is_err() {
            return Ok(None);
        }
        self.place = Place::Idle {
            tag: call.tag.to_owned(),
        };
        Ok(None)
    }

    /// What comes while IDLE runs: DONE, or nothing.
    pub(super) fn idle_line(&mut self) -> bool {
        let line = match self.gather.line() {
            Ok(None) => return false,
            Ok(Some(line)) => Ok(line),
            Err(bad) => Err(bad),
        };
        let Place::Idle { tag } = std::mem::replace(&mut self.place, Place::Command) else {
            return false;
        };
        match line {
            Ok(line) if line.eq_ignore_ascii_case(b"DONE") => {
                self.heard(&line);
                if self.tell(true).is_ok() {
                    self.say(Done::ok("Idle completed.").line(&tag, None));
                    self.send(&Effect::default());
                }
            }
            Ok(_) => {
                let text = "expected DONE, which ends IDLE; IDLE has ended all the same";
                self.syntax(&tag, &Bad { text: text.into() });
            }
            Err(_) => self.syntax(&tag, &too_long()),
        }
        true
    }
}
