//! What each command does (RFC 5321 4.1, 3030, 3207, 2033).

use super::content::Transaction;
use super::{Did, Helo, Place, Sink};
use crate::proto::smtp::server::envelope::{self, BadPath};
use crate::proto::smtp::{Flavour, NOT_SERVED};
use crate::wire::dot::Unstuffer;

const OK: &str = "250 2.0.0 Ok";
const NEED_MAIL: &str = "503 5.5.1 Error: need MAIL command";
const NEED_RCPT: &str = "503 5.5.1 Error: need RCPT command";

/// What is offered to everybody.
const OFFERED: &[&str] = &[
    "PIPELINING",
    "SIZE",
    "8BITMIME",
    "SMTPUTF8",
    "CHUNKING",
    "ENHANCEDSTATUSCODES",
    "DSN",
];

/// What can be offered: to everybody, or where TLS and accounts are at hand.
pub fn offerable() -> impl Iterator<Item = &'static str> {
    OFFERED.iter().copied().chain(["STARTTLS", "AUTH"])
}

impl Sink {
    pub(super) fn command(&mut self, line: &[u8]) {
        self.did = Did::Other;
        let Ok(line) = std::str::from_utf8(line) else {
            return self.tell("500 5.5.2 Error: bad UTF-8 syntax");
        };
        if line.bytes().any(|b| b.is_ascii_control() && b != b'\t') {
            return self.tell("500 5.5.2 Error: control character in a command");
        }
        let line = line.trim_end();
        let (verb, args) = line.split_once([' ', '\t']).unwrap_or((line, ""));
        let args = args.trim_start();
        let is = |name: &str| verb.eq_ignore_ascii_case(name);
        self.did = Did::of(verb);
        if self.unwelcome && !is("QUIT") {
            return self.tell("503 5.5.1 Error: there is no service here");
        }
        // These look for their fault when they know for whom it would be.
        if is("MAIL") {
            return self.mail(args);
        }
        if is("RCPT") {
            return self.rcpt(args);
        }
        if is("BDAT") {
            return self.bdat(args);
        }
        if is("AUTH") {
            return self.auth(args);
        }
        let effect = self.fault(verb, None, None);
        if self.holds(effect, is("DATA")) {
            return self.tell("");
        }
        if is("DATA") {
            return self.open_data(args);
        }
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" if self.plan.flavour == Flavour::Smtp => self.ehlo(args),
            "LHLO" if self.plan.flavour == Flavour::Lmtp => self.ehlo(args),
            "HELO" if self.plan.flavour == Flavour::Smtp => self.helo(args),
            "RSET" => {
                self.message = None;
                self.tell(OK);
            }
            "NOOP" => self.tell(OK),
            "QUIT" => {
                self.tell("221 2.0.0 Bye");
                self.quit = true;
                self.close();
            }
            "VRFY" if args.is_empty() => self.tell("501 5.5.4 Syntax: VRFY address"),
            "VRFY" => self.tell("252 2.0.0 Cannot verify, but will accept"),
            "HELP" => self.tell("214 2.0.0 Everything is accepted and discarded"),
            "STARTTLS" => self.starttls(args),
            "EHLO" | "LHLO" | "HELO" | "EXPN" | "ETRN" | "TURN" | "ATRN" | "SEND" | "SOML"
            | "SAML" | "BURL" | "XCLIENT" | "XFORWARD" => self.tell(NOT_SERVED),
            _ => self.tell("500 5.5.2 Error: command not recognized"),
        }
    }

    fn helo(&mut self, args: &str) {
        if args.is_empty() {
            return self.tell("501 5.5.4 Syntax: HELO hostname");
        }
        self.greeted(args, false);
        let reply = format!("250 {}", self.plan.service.host);
        self.say(&reply);
    }

    fn ehlo(&mut self, args: &str) {
        if args.is_empty() {
            return self.tell("501 5.5.4 Syntax: EHLO hostname");
        }
        self.greeted(args, true);
        let mut lines = vec![self.plan.service.host.clone()];
        let offered = OFFERED.iter().map(|word| (*word).to_owned());
        let offered = offered.map(|word| match (&self.plan.keeper, word.as_str()) {
            // RFC 1870 3: without a number there is no limit.
            (Some(_), "SIZE") => format!("SIZE {}", self.plan.service.limits.message),
            _ => word,
        });
        let tls = (self.plan.service.starttls && !self.secured).then(|| "STARTTLS".to_owned());
        let rest = offered.chain(self.mechanisms()).chain(tls);
        lines.extend(rest.filter(|line| {
            let word = line.split(' ').next().unwrap_or_default();
            !self.is_hidden(word)
        }));
        let last = lines.len() - 1;
        let mut reply = String::with_capacity(256);
        for (at, line) in lines.iter().enumerate() {
            let (mark, end) = if at == last { (' ', "") } else { ('-', "\n") };
            reply.push_str("250");
            reply.push(mark);
            reply.push_str(line);
            reply.push_str(end);
        }
        self.say(&reply);
    }

    fn greeted(&mut self, name: &str, extended: bool) {
        self.message = None;
        self.helo = Some(Helo {
            name: name.to_owned(),
            extended,
        });
    }

    /// True when somebody wants to know for whom a message is.
    fn wants_names(&self) -> bool {
        self.plan.faulty || self.plan.keeper.is_some()
    }

    fn mail(&mut self, args: &str) {
        let parsed = envelope::path(args, "FROM");
        let sender = parsed.as_ref().ok().map(|(path, _)| path.address.as_str());
        let effect = self.fault("MAIL", sender, None);
        if self.holds(effect, false) {
            return self.tell("");
        }
        let Some(helo) = &self.helo else {
            return self.tell("503 5.5.1 Error: send HELO/EHLO first");
        };
        let extended = helo.extended;
        if self.message.is_some() {
            return self.tell("503 5.5.1 Error: nested MAIL command");
        }
        let (path, rest) = match parsed {
            Ok(parsed) => parsed,
            Err(BadPath::Syntax) => return self.tell("501 5.5.4 Syntax: MAIL FROM:<address>"),
            Err(BadPath::Address) => return self.tell("501 5.1.7 Bad sender address syntax"),
        };
        let mut message = Transaction::default();
        if !rest.is_empty() {
            if !extended {
                return self.tell("555 5.5.4 Error: parameters need EHLO");
            }
            let parameters = match envelope::mail_parameters(rest, self.plan.auth) {
                Ok(parameters) => parameters,
                Err(reply) => return self.tell(&reply),
            };
            let limit = self.plan.service.limits.message;
            let kept = self.plan.keeper.is_some();
            if parameters.size.is_some_and(|size| kept && size > limit) {
                return self.tell("552 5.3.4 Message size exceeds what is kept");
            }
            message.utf8 = parameters.utf8;
        }
        if !message.utf8 && !path.address.is_ascii() {
            return self.tell("553 5.6.7 Must declare SMTPUTF8 to send unicode address");
        }
        message.sender = path.address;
        self.message = Some(message);
        self.tell("250 2.1.0 Ok");
    }

    fn rcpt(&mut self, args: &str) {
        let parsed = envelope::path(args, "TO");
        let to = parsed.as_ref().ok().map(|(path, _)| path.address.as_str());
        if self.plan.faulty {
            let from = self.message.as_ref().map(|m| m.sender.clone());
            let effect = self.fault("RCPT", from.as_deref(), to);
            if self.holds(effect, false) {
                return self.tell("");
            }
        }
        let extended = self.helo.as_ref().is_some_and(|h| h.extended);
        let named = self.wants_names();
        let most = self.plan.service.limits.recipients;
        let Some(message) = &mut self.message else {
            return self.tell(NEED_MAIL);
        };
        if message.chunks > 0 {
            return self.tell("503 5.5.1 Error: RCPT after BDAT");
        }
        let (path, rest) = match parsed {
            Ok((path, _)) if path.address.is_empty() => {
                return self.tell("501 5.1.3 Bad recipient address syntax");
            }
            Ok(parsed) => parsed,
            Err(BadPath::Syntax) => return self.tell("501 5.5.4 Syntax: RCPT TO:<address>"),
            Err(BadPath::Address) => return self.tell("501 5.1.3 Bad recipient address syntax"),
        };
        if !rest.is_empty() {
            if !extended {
                return self.tell("555 5.5.4 Error: parameters need EHLO");
            }
            if let Err(reply) = envelope::rcpt_parameters(rest) {
                return self.tell(&reply);
            }
        }
        if !message.utf8 && !path.address.is_ascii() {
            return self.tell("553 5.6.7 Must declare SMTPUTF8 to send unicode address");
        }
        if message.recipients >= most {
            return self.tell("452 4.5.3 Error: too many recipients");
        }
        message.recipients += 1;
        if named {
            message.names.push(path.address);
        }
        self.tell("250 2.1.5 Ok");
    }

    fn open_data(&mut self, args: &str) {
        if !args.is_empty() {
            return self.tell("501 5.5.4 Syntax: DATA");
        }
        match &self.message {
            None => self.tell(NEED_MAIL),
            Some(message) if message.recipients == 0 => self.tell(NEED_RCPT),
            Some(message) if message.chunks > 0 => {
                self.tell("503 5.5.1 Error: DATA after BDAT");
            }
            Some(_) => {
                self.place = Place::Data(Unstuffer::new(false));
                self.tell("354 End data with <CR><LF>.<CR><LF>");
                if let Some(delay) = self.plan.abort {
                    self.hand_over();
                    self.out.pause(delay);
                    self.did = Did::Dot;
                    self.say("550 5.3.0 Error: broken off as told");
                    return self.close();
                }
                if let Some(delay) = self.plan.read_delay {
                    self.hand_over();
                    self.out.pause(delay);
                }
            }
        }
    }

    fn bdat(&mut self, args: &str) {
        let mut words = args.split_ascii_whitespace();
        let count = words
            .next()
            .filter(|word| word.bytes().all(|b| b.is_ascii_digit()));
        let size = count.and_then(|word| word.parse::<u64>().ok());
        let (last, more) = (words.next(), words.next());
        let known = last.is_none_or(|w| w.eq_ignore_ascii_case("LAST")) && more.is_none();
        let mut prevented = false;
        if self.plan.faulty {
            let message = self.message.as_ref();
            let from = message.map(|m| m.sender.clone());
            let to = message.and_then(Transaction::first).map(str::to_owned);
            let effect = self.fault("BDAT", from.as_deref(), to.as_deref());
            prevented = self.holds(effect, false);
        }
        if count.is_some() && size.is_none() {
            // Content follows it that nobody can tell from commands.
            self.tell("552 5.3.4 Error: a chunk of that size will not be read");
            return self.close();
        }
        let Some(size) = size.filter(|_| known) else {
            return self.tell("501 5.5.4 Syntax: BDAT count [LAST]");
        };
        let refused = match &self.message {
            _ if prevented => Some(""),
            _ if self.is_hidden("CHUNKING") => Some(NOT_SERVED),
            None => Some(NEED_MAIL),
            Some(message) if message.recipients == 0 => Some(NEED_RCPT),
            Some(_) => None,
        };
        self.place = Place::Chunk {
            left: size,
            size,
            last: last.is_some(),
            refused,
        };
        if size == 0 {
            self.chunk(b"");
        }
    }

    fn starttls(&mut self, args: &str) {
        if !args.is_empty() {
            return self.tell("501 5.5.4 Syntax: STARTTLS");
        }
        if self.secured {
            return self.tell("503 5.5.1 Error: TLS already active");
        }
        if !self.plan.service.starttls || self.is_hidden("STARTTLS") {
            return self.tell(NOT_SERVED);
        }
        let answered = self.say("220 2.0.0 Ready to start TLS");
        if answered && !self.out.closing() {
            self.hand_over();
            self.out.start_tls();
        }
    }
}
