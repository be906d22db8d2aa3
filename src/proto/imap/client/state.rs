//! What the engine knows of the conversation, and what a completion changes in it.

use super::Client;
use super::command::{Command, Kind};
use super::reply::{Status, Word};
use crate::proto::engine::Step;
use crate::proto::event::{Advice, Event, FailureKind, Oddity, Offer, Offers};
use crate::proto::imap::spec::{AUTHENTICATED, LOGOUT, NOT_AUTHENTICATED, SELECTED};
use crate::proto::spec::Phase;
use crate::sasl::{About, Told};

/// Capabilities kept of one list: more than any server has.
const OFFERS_MAX: usize = 1000;

/// How far the conversation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    /// The greeting is due.
    Greeting,
    /// Commands and answers.
    Open,
    /// TLS is being set up: nothing is read or sent.
    Handshake,
    /// Closed, or ended by a failure.
    Over,
}

/// Where we are, for phase and facts.
#[derive(Debug)]
pub(super) struct Place {
    /// The RFC's state.
    pub(super) phase: Phase,
    /// True after a login.
    pub(super) logged_in: bool,
    /// Who, where it is known.
    pub(super) user: Option<String>,
    /// The mailbox that is open.
    pub(super) mailbox: Option<String>,
    /// It is open for reading only.
    pub(super) read_only: bool,
    /// UTF8=ACCEPT was enabled: names are UTF-8.
    pub(super) utf8: bool,
    /// A close is expected.
    pub(super) leaving: bool,
    /// The text of BYE.
    pub(super) reason: Option<Vec<u8>>,
}

impl Default for Place {
    fn default() -> Self {
        Self {
            phase: NOT_AUTHENTICATED,
            logged_in: false,
            user: None,
            mailbox: None,
            read_only: false,
            utf8: false,
            leaving: false,
            reason: None,
        }
    }
}

impl Place {
    /// Back to before the login.
    pub(super) fn forget(&mut self) {
        *self = Self {
            leaving: self.leaving,
            reason: self.reason.take(),
            ..Self::default()
        };
    }
}

/// What is said only once in a conversation.
#[derive(Debug, Default)]
pub(super) struct SaidOnce {
    /// A bare LF was seen.
    pub(super) bare_lf: bool,
    /// Control characters in a reply.
    pub(super) hostile: bool,
    /// BODY[] marks messages seen.
    pub(super) marks_seen: bool,
}

impl Client {
    pub(super) fn enter(&mut self, phase: Phase) {
        if self.place.phase != phase {
            self.place.phase = phase;
            self.event(Event::Phase(phase));
        }
    }

    /// Takes a list of capabilities.
    pub(super) fn offered(&mut self, list: &[u8]) {
        let items = list
            .split(|&b| b == b' ')
            .filter(|word| !word.is_empty())
            .take(OFFERS_MAX)
            .map(|word| Offer {
                word: String::from_utf8_lossy(word).to_ascii_uppercase(),
                rest: String::new(),
            })
            .collect();
        self.offers = Offers { known: true, items };
        self.offers_stale = false;
        if let Some(command) = self.commands.front_mut() {
            command.saw_offers = true;
        }
        self.event(Event::Offers(self.offers.clone()));
    }

    /// True when the server offers one of `words` (separated by blanks; `NAME=` stands for any
    /// value), or when nobody knows.
    pub(super) fn may_offer(&self, words: &str) -> bool {
        !self.offers.known || self.offers_stale || self.does_offer(words)
    }

    /// True when the server said that it offers one of `words`.
    pub(super) fn does_offer(&self, words: &str) -> bool {
        words.split(' ').any(|word| {
            self.offers.items.iter().any(|offer| {
                offer.word.eq_ignore_ascii_case(word)
                    || (word.ends_with('=') && offer.word.starts_with(word))
            })
        })
    }

    /// Changes what the completion of `command` changes.
    pub(super) fn settle(&mut self, mut command: Command, status: &Status<'_>) {
        let done = status.word == Word::Ok;
        if let Some(list) = status.capabilities() {
            self.offered(list);
            command.saw_offers = true;
        }
        match command.kind {
            Kind::Select { read_only } => self.selected(&command, read_only, status),
            Kind::Leave if done => {
                self.place.mailbox = None;
                self.enter(AUTHENTICATED);
            }
            Kind::MarksSeen if done && !self.place.read_only && !self.said.marks_seen => {
                self.said.marks_seen = true;
                self.advice(Advice::Remark(
                    "BODY[] marks the message seen; BODY.PEEK[] does not".to_owned(),
                ));
            }
            Kind::Login if done => {
                let user = String::from_utf8(command.veil.word(1).to_vec()).ok();
                self.logged_in(user.filter(|user| !user.is_empty()), command.saw_offers);
            }
            Kind::Authenticate(ref mut login) => {
                let agreed = done.then(|| login.succeeded());
                self.told(login.told(About::Heard));
                match agreed {
                    Some(Ok(())) => self.logged_in(login.user.take(), command.saw_offers),
                    Some(Err(why)) => {
                        self.fail(FailureKind::Auth, format!("{}: {why}", login.name));
                    }
                    None => {}
                }
            }
            Kind::Unauthenticate if done => {
                self.place.forget();
                self.place.phase = AUTHENTICATED;
                self.offers_stale = !command.saw_offers;
                self.enter(NOT_AUTHENTICATED);
            }
            Kind::StartTls => self.answered_starttls(done),
            Kind::Logout if done => {
                self.place.leaving = true;
                self.enter(LOGOUT);
            }
            _ => {}
        }
    }

    pub(super) fn told(&mut self, told: Vec<Told>) {
        if !told.is_empty() {
            self.event(Event::Told(told));
        }
    }

    /// What the server said in a login, or with PREAUTH: somebody is in.
    pub(super) fn logged_in(&mut self, user: Option<String>, saw_offers: bool) {
        self.place.logged_in = true;
        self.place.user = user;
        self.offers_stale = !saw_offers;
        self.enter(AUTHENTICATED);
    }

    /// RFC 9051 6.3.2: a SELECT that is refused leaves no mailbox open; one that is not understood
    /// changes nothing.
    fn selected(&mut self, command: &Command, read_only: bool, status: &Status<'_>) {
        match status.word {
            Word::Ok => {
                let name = command.veil.word(1);
                let name = if name.eq_ignore_ascii_case(b"INBOX") {
                    "INBOX".into()
                } else {
                    String::from_utf8_lossy(name).into_owned()
                };
                self.place.mailbox = Some(name);
                self.place.read_only = read_only || status.has_code(b"READ-ONLY");
                self.enter(SELECTED);
            }
            Word::No => {
                let was = self.place.mailbox.take();
                if was.is_some() {
                    self.enter(AUTHENTICATED);
                }
            }
            _ => {}
        }
    }

    /// The go-ahead for TLS, or its refusal. What stands behind the go-ahead came in the clear: it
    /// is dropped unread (RFC 9051 11.1, the response injection of CVE-2011-0411's kind).
    fn answered_starttls(&mut self, done: bool) {
        if !done {
            if self.options.starttls_required {
                self.fail(FailureKind::Tls, "the server refused STARTTLS");
            }
            return;
        }
        if self.place.leaving {
            let words = "the server said BYE before it agreed to TLS: TLS was not started";
            if self.options.starttls_required {
                return self.fail(FailureKind::Tls, words);
            }
            return self.event(Event::Oddity(Oddity::Other(words.to_owned())));
        }
        let behind = self.inbox.clear();
        self.life = Life::Handshake;
        if behind > 0 {
            self.plaintext_behind_starttls(behind);
        }
        if !self.is_over() {
            self.steps.push_back(Step::StartTls);
        }
    }

    pub(super) fn plaintext_behind_starttls(&mut self, octets: usize) {
        self.event(Event::Oddity(Oddity::BytesAfterStartTls { octets }));
        if self.options.strict || self.options.starttls_required {
            self.fail(
                FailureKind::Tls,
                format!("{octets} octets in the clear stood behind the go-ahead of STARTTLS"),
            );
        }
    }
}
