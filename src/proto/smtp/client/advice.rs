//! What there is to say about a typed line. It was sent all the same.

use super::send::{COMMAND_MAX, path_len};
use super::{Asked, Client};
use crate::proto::event::Advice;
use crate::proto::lines::{typed_word, word};
use crate::proto::smtp::{Flavour, spec};
use crate::proto::spec::{Phase, Verb};

impl Client {
    pub(super) fn advice(&self, line: &[u8], verb: Option<&'static Verb>) -> Vec<Advice> {
        let mut said = Vec::new();
        let Some(verb) = verb else {
            return vec![Advice::UnknownVerb {
                word: typed_word(line),
            }];
        };
        if let Some(remark) = self.hello(verb.name) {
            said.push(Advice::Remark(remark.to_owned()));
        }
        let phase = self.presumed();
        if self.only_helo && phase == spec::START && verb.phases.contains(&spec::IDLE) {
            if !verb.phases.contains(&phase) {
                said.push(Advice::Syntax(format!(
                    "{} comes after HELO: the server refused EHLO",
                    verb.name
                )));
            }
        } else if phase != spec::CONNECT && !verb.phases.contains(&phase) {
            said.push(Advice::WrongPhase {
                verb: verb.name,
                phases: verb.phases,
            });
        }
        if let Some(needs) = verb.needs
            && self.lacks(needs)
        {
            said.push(Advice::NotAdvertised {
                what: verb.name.to_owned(),
                needs,
            });
        }
        match verb.name {
            "MAIL" => self.path("FROM:", line, verb.name, &mut said),
            "RCPT" => self.path("TO:", line, verb.name, &mut said),
            "AUTH" => self.mechanism(line, &mut said),
            "BDAT" if word(line, 1).is_empty() => {
                said.push(Advice::Syntax("BDAT needs a count of octets".to_owned()));
            }
            _ => {}
        }
        let longer = matches!(verb.name, "MAIL" | "RCPT" | "AUTH" | "X-EXPS" | "BURL");
        if line.len() + 2 > COMMAND_MAX && !longer {
            said.push(Advice::Syntax(format!(
                "the line has more than {COMMAND_MAX} octets"
            )));
        }
        said
    }

    /// The phase when all that is under way succeeds.
    fn presumed(&self) -> Phase {
        self.due.iter().fold(self.phase, |phase, p| match p.asked {
            Asked::Hello(_) | Asked::Reset | Asked::Content(_) | Asked::LastChunk
                if phase != spec::START || matches!(p.asked, Asked::Hello(_)) =>
            {
                spec::IDLE
            }
            Asked::Mail { .. } => spec::MAIL,
            Asked::Rcpt(_) => spec::RCPT,
            _ => phase,
        })
    }

    fn lacks(&self, keyword: &str) -> bool {
        let asked_again = self.due.iter().any(|p| matches!(p.asked, Asked::Hello(_)));
        let glued = |word: &str| word.starts_with("AUTH=") && keyword == "AUTH";
        self.offers.known
            && !asked_again
            && !self.offers.has(keyword)
            && !self.offers.items.iter().any(|o| glued(&o.word))
    }

    fn hello(&self, verb: &str) -> Option<&'static str> {
        match (self.flavour, verb) {
            (Flavour::Smtp, "LHLO") => Some("LHLO is LMTP's: SMTP says EHLO"),
            (Flavour::Lmtp, "EHLO" | "HELO") => {
                Some("an LMTP server must refuse HELO and EHLO: say LHLO (RFC 2033 4.1)")
            }
            _ => None,
        }
    }

    fn mechanism(&self, line: &[u8], said: &mut Vec<Advice>) {
        let name = String::from_utf8_lossy(word(line, 1)).to_ascii_uppercase();
        if name.is_empty() {
            said.push(Advice::Syntax("AUTH needs a mechanism".to_owned()));
        } else if self.offers.known
            && !self.lacks("AUTH")
            && !self.offers.mechanisms().contains(&name)
        {
            said.push(Advice::Remark(format!("the server does not offer {name}")));
        }
    }

    fn path(&self, keyword: &str, line: &[u8], verb: &str, said: &mut Vec<Advice>) {
        let mut syntax = |words: String| said.push(Advice::Syntax(words));
        let rest = line[verb.len()..].trim_ascii_start();
        let named = rest
            .get(..keyword.len())
            .is_some_and(|k| k.eq_ignore_ascii_case(keyword.as_bytes()));
        if !named {
            return syntax(format!("{verb} needs {keyword}<address>"));
        }
        let rest = &rest[keyword.len()..];
        if rest.starts_with(b" ") {
            syntax(format!("no blank belongs behind {keyword}"));
        }
        let rest = rest.trim_ascii_start();
        let (path, parameters) = rest.split_at(path_len(rest));
        if !path.starts_with(b"<") || !path.ends_with(b">") {
            syntax("the address stands between < and >".to_owned());
        }
        if parameters.contains(&b'\t') {
            syntax("a tab stands where only a blank parts words".to_owned());
        }
        let given: Vec<_> = parameters
            .split(|b| matches!(b, b' ' | b'\t'))
            .filter(|p| !p.is_empty())
            .collect();
        let utf8 = self.utf8 || given.iter().any(|p| p.eq_ignore_ascii_case(b"SMTPUTF8"));
        if !path.is_ascii() && !utf8 {
            said.push(Advice::Syntax(
                "an address that is not ASCII needs SMTPUTF8 on MAIL (RFC 6531)".to_owned(),
            ));
        }
        for one in given {
            self.parameter(verb, &String::from_utf8_lossy(one), said);
        }
    }

    fn parameter(&self, verb: &str, given: &str, said: &mut Vec<Advice>) {
        let (name, value) = given.split_once('=').unwrap_or((given, ""));
        let name = name.to_ascii_uppercase();
        let Some(known) = spec::parameter(verb, &name) else {
            said.push(Advice::Remark(format!(
                "{name} is no known parameter of {verb}"
            )));
            return;
        };
        let binary = name == "BODY" && value.eq_ignore_ascii_case("BINARYMIME");
        let needs = if binary { "BINARYMIME" } else { known.needs };
        if self.lacks(needs) {
            said.push(Advice::NotAdvertised { what: name, needs });
            return;
        }
        if name != "SIZE" {
            return;
        }
        let limit = self
            .offers
            .rest("SIZE")
            .and_then(|rest| rest.parse::<u64>().ok());
        match (value.parse::<u64>(), limit) {
            (Err(_), _) => said.push(Advice::Syntax("SIZE needs a count of octets".to_owned())),
            (Ok(size), Some(limit)) if limit > 0 && size > limit => said.push(Advice::Remark(
                format!("the server takes at most {limit} octets (SIZE)"),
            )),
            _ => {}
        }
    }
}
