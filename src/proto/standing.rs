//! How a verb stands at this moment of a conversation: the one judgement that help, completion and
//! colours share.

use super::event::Offers;
use super::spec::{ArgKind, Phase, Shape, Verb};
use super::{PROTOCOLS, Protocol, protocol};
use crate::knowledge;

/// How a verb stands, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Legal and, as far as is known, offered.
    Legal,
    /// The server did not offer what it needs.
    NotOffered,
    /// Not in this state.
    NotNow,
    /// Nothing to be done again: TLS is up (RFC 3207 4.2), somebody is logged in (RFC 4954 4).
    Done,
    /// A sister protocol's greeting: EHLO in LMTP, LHLO in SMTP.
    Foreign,
}

/// Where a conversation stands.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// The protocol's name.
    pub protocol: &'a str,
    /// Its state.
    pub phase: Phase,
    /// What the server offers.
    pub offers: &'a Offers,
    /// True under TLS.
    pub secured: bool,
    /// True after a login.
    pub logged_in: bool,
}

impl Situation<'_> {
    /// How a verb stands. What the server says it offers counts for what the table says it needs.
    pub fn standing(&self, verb: &Verb) -> Standing {
        let done = verb.reply == Shape::Tls && self.secured
            || verb.reply == Shape::Challenges && self.logged_in;
        if self.is_foreign(verb) {
            Standing::Foreign
        } else if done {
            Standing::Done
        } else if !verb.phases.contains(&self.phase) {
            Standing::NotNow
        } else if self.is_offered(verb) {
            Standing::Legal
        } else {
            Standing::NotOffered
        }
    }

    /// True when the server offers what the verb needs, or was not asked yet.
    pub fn is_offered(&self, verb: &Verb) -> bool {
        !self.offers.known || verb.needs.is_none_or(|needs| self.offers.has_any(needs))
    }

    /// True for verbs that hardly any server knows, unless this one offers them.
    pub fn is_rare(&self, verb: &Verb) -> bool {
        let named = || {
            let needs = verb.needs.filter(|_| self.offers.known);
            needs.is_some_and(|needs| self.offers.has_any(needs))
        };
        is_rare(self.protocol, verb) && !named()
    }

    /// True for the greeting of a sister protocol that shares the table. What nobody asks the offers
    /// with (HELO) belongs to the first of them (RFC 2033 4.1).
    fn is_foreign(&self, verb: &Verb) -> bool {
        let Some(own) = protocol(self.protocol) else {
            return false;
        };
        let is_greeting = verb.args.iter().any(|arg| arg.kind == ArgKind::HostName);
        let asks = |p: &Protocol| p.ask_offers.split(' ').next() == Some(verb.name);
        let mut sisters = PROTOCOLS.iter().filter(|p| std::ptr::eq(p.spec, own.spec));
        let first = sisters.clone().next().map(|p| p.name);
        let owner = sisters.find(|p| asks(p)).map(|p| p.name).or(first);
        is_greeting && owner != Some(own.name)
    }
}

/// True for verbs that hardly any server knows.
pub fn is_rare(protocol: &str, verb: &Verb) -> bool {
    !knowledge::verb_status(protocol, verb.name).starts_with("standard")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::event::Offer;
    use crate::proto::smtp::spec;

    fn standing(protocol: &'static str, name: &str, offers: &[&str], done: bool) -> Standing {
        let items = offers.iter().map(|word| Offer {
            word: (*word).to_owned(),
            rest: String::new(),
        });
        let offers = Offers {
            known: !offers.is_empty(),
            items: items.collect(),
        };
        let situation = Situation {
            protocol,
            phase: spec::IDLE,
            offers: &offers,
            secured: done,
            logged_in: done,
        };
        situation.standing(spec::SPEC.verb_named(name).unwrap())
    }

    #[test]
    fn what_is_done_foreign_or_not_offered_is_told_apart() {
        assert_eq!(standing("smtp", "AUTH", &["AUTH"], false), Standing::Legal);
        assert_eq!(standing("smtp", "AUTH", &["AUTH"], true), Standing::Done);
        assert_eq!(
            standing("smtp", "STARTTLS", &["SIZE"], true),
            Standing::Done
        );
        assert_eq!(
            standing("smtp", "STARTTLS", &["SIZE"], false),
            Standing::NotOffered
        );
        assert_eq!(standing("smtp", "STARTTLS", &[], false), Standing::Legal);
        assert_eq!(standing("smtp", "LHLO", &[], false), Standing::Foreign);
        assert_eq!(standing("lmtp", "LHLO", &[], false), Standing::Legal);
        assert_eq!(standing("lmtp", "EHLO", &[], false), Standing::Foreign);
        assert_eq!(standing("lmtp", "HELO", &[], false), Standing::Foreign);
        assert_eq!(standing("smtp", "HELO", &[], false), Standing::Legal);
        assert_eq!(standing("smtp", "DATA", &[], false), Standing::NotNow);
    }
}
