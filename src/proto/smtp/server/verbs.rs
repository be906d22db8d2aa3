//! What each command does (RFC 5321 4.1, 3030, 3207, 4954, 2033).

use super::content::{Message, Recipient};
use super::envelope::{self, BadPath};
use super::{Helo, Place, Role, SmtpServer};
use crate::proto::faults::Effect;
use crate::proto::login::{self, Login, Next};
use crate::proto::smtp::NOT_SERVED;
use crate::wire::b64;
use crate::wire::dot::Unstuffer;

const HELP: &str =
    "214-2.0.0 EHLO HELO LHLO MAIL RCPT DATA BDAT RSET NOOP VRFY AUTH STARTTLS HELP QUIT
214-2.0.0 Mail for users of this domain is delivered at once.
214 2.0.0 Who logs in may send to anyone; it lands in the mailbox Outbound.";

const OK: &str = "250 2.0.0 Ok";
const SAY_HELLO: &str = "503 5.5.1 Error: send HELO/EHLO first";

/// A chunk longer than this is not waited for, whatever becomes of it.
const HOPELESS: u64 = 256 * 1024 * 1024;

impl SmtpServer {
    pub(super) fn command(&mut self, line: &[u8]) {
        let Ok(line) = std::str::from_utf8(line) else {
            return self.say("500 5.5.2 Error: bad UTF-8 syntax");
        };
        if line.chars().any(|c| c.is_control() && c != '\t') {
            return self.say("500 5.5.2 Error: control character in a command");
        }
        let line = line.trim_end();
        let (verb, args) = line.split_once([' ', '\t']).unwrap_or((line, ""));
        let (verb, args) = (verb.to_ascii_uppercase(), args.trim_start());
        match verb.as_str() {
            // These look for their fault when they know for whom it would be.
            "MAIL" => return self.mail(args),
            "RCPT" => return self.rcpt(args),
            "BDAT" => return self.bdat(args),
            "AUTH" => return self.auth(args),
            _ => {}
        }
        let effect = self.fault(&verb, None, None);
        let prevented = effect.prevents(verb == "DATA");
        self.effect = effect;
        if prevented {
            return self.say("");
        }
        match verb.as_str() {
            "EHLO" | "LHLO" => self.ehlo(&verb, args),
            "HELO" => self.helo(args),
            "DATA" => self.open_data(args),
            "RSET" => self.without_args(args, "RSET", |server| {
                server.reset();
                server.say(OK);
            }),
            "NOOP" => self.say(OK),
            "QUIT" => self.without_args(args, "QUIT", |server| {
                server.say("221 2.0.0 Bye");
                server.out.close();
            }),
            "VRFY" => self.vrfy(args),
            "HELP" => self.say(HELP),
            "STARTTLS" => self.starttls(args),
            "XCLIENT" | "XFORWARD" => self.say("550 5.7.0 Error: insufficient authorization"),
            "EXPN" | "ETRN" | "TURN" | "ATRN" | "SEND" | "SOML" | "SAML" | "BURL" => {
                self.say(NOT_SERVED);
            }
            _ => self.say("500 5.5.2 Error: command not recognized"),
        }
    }

    fn without_args(&mut self, args: &str, verb: &str, then: impl FnOnce(&mut Self)) {
        if args.is_empty() {
            then(self);
        } else {
            self.say(&format!("501 5.5.4 Syntax: {verb}"));
        }
    }

    fn helo(&mut self, name: &str) {
        if self.role == Role::Lmtp {
            return self.say("500 5.5.1 Error: this is LMTP, say LHLO");
        }
        if name.is_empty() {
            return self.say("501 Syntax: HELO hostname");
        }
        self.reset();
        self.helo = Some(Helo {
            name: name.to_owned(),
            extended: false,
        });
        self.say(&format!("250 {}", self.service.host));
    }

    fn ehlo(&mut self, verb: &str, name: &str) {
        let lmtp = self.role == Role::Lmtp;
        if lmtp != (verb == "LHLO") {
            return self.say(if lmtp {
                "500 5.5.1 Error: this is LMTP, say LHLO"
            } else {
                "500 5.5.1 Error: this is SMTP, say EHLO"
            });
        }
        if name.is_empty() || name.contains(' ') {
            return self.say(&format!("501 Syntax: {verb} hostname"));
        }
        self.reset();
        self.helo = Some(Helo {
            name: name.to_owned(),
            extended: true,
        });
        let mut lines = vec![
            self.service.host.clone(),
            format!("SIZE {}", self.service.limits.message),
            "PIPELINING".into(),
            "8BITMIME".into(),
            "SMTPUTF8".into(),
            "CHUNKING".into(),
            "ENHANCEDSTATUSCODES".into(),
            "DSN".into(),
            "VRFY".into(),
            "HELP".into(),
        ];
        let mechanisms = login::mechanisms(&self.service, &self.visitor, self.secured);
        if !mechanisms.is_empty() {
            lines.push(format!("AUTH {}", mechanisms.join(" ")));
        }
        if self.service.starttls && !self.secured {
            lines.push("STARTTLS".into());
        }
        lines.retain(|line| {
            let word = line.split(' ').next().unwrap_or_default();
            !self.is_hidden(word)
        });
        let last = lines.len().saturating_sub(1);
        let reply: Vec<String> = lines
            .iter()
            .enumerate()
            .map(|(at, line)| format!("250{}{line}", if at == last { ' ' } else { '-' }))
            .collect();
        self.say(&reply.join("\n"));
    }

    pub(super) fn is_hidden(&self, word: &str) -> bool {
        self.hidden.iter().any(|h| h.eq_ignore_ascii_case(word))
    }

    fn mail(&mut self, args: &str) {
        let parsed = envelope::path(args, "FROM");
        let sender = parsed.as_ref().ok().map(|(path, _)| path.address.clone());
        let effect = self.fault("MAIL", sender.as_deref(), None);
        let prevented = effect.prevents(false);
        self.effect = effect;
        if prevented {
            return self.say("");
        }
        let Some(helo) = &self.helo else {
            return self.say(SAY_HELLO);
        };
        let extended = helo.extended;
        if self.role == Role::Submission && self.user.is_none() {
            return self.say("530 5.7.0 Authentication required");
        }
        if self.message.is_some() {
            return self.say("503 5.5.1 Error: nested MAIL command");
        }
        let (path, rest) = match parsed {
            Ok(parsed) => parsed,
            Err(BadPath::Syntax) => return self.say("501 5.5.4 Syntax: MAIL FROM:<address>"),
            Err(BadPath::Address) => return self.say("501 5.1.7 Bad sender address syntax"),
        };
        if !rest.is_empty() && !extended {
            return self.say("555 5.5.4 Error: parameters need EHLO");
        }
        // Most have no parameters: what is offered is looked up for the others alone.
        let offers_auth = !rest.is_empty()
            && !login::mechanisms(&self.service, &self.visitor, self.secured).is_empty();
        let parameters = match envelope::mail_parameters(rest, offers_auth) {
            Ok(parameters) => parameters,
            Err(reply) => return self.say(&reply),
        };
        if !path.address.is_ascii() && !parameters.utf8 {
            return self.say("553 5.6.7 Must declare SMTPUTF8 to send unicode address");
        }
        let size = parameters.size.unwrap_or(0);
        if size > self.service.limits.message {
            return self.say("552 5.3.4 Message size exceeds fixed limit");
        }
        self.message = Some(Message::new(path.address, size, parameters.utf8));
        self.say("250 2.1.0 Ok");
    }

    fn rcpt(&mut self, args: &str) {
        let parsed = envelope::path(args, "TO");
        let to = parsed.as_ref().ok().map(|(path, _)| path.address.clone());
        let from = self.message.as_ref().map(|m| m.sender.clone());
        let effect = self.fault("RCPT", from.as_deref(), to.as_deref());
        let prevented = effect.prevents(false);
        self.effect = effect;
        if prevented {
            return self.say("");
        }
        let extended = self.helo.as_ref().is_some_and(|h| h.extended);
        let Some(message) = &self.message else {
            return self.say("503 5.5.1 Error: need MAIL command");
        };
        if message.chunks > 0 {
            return self.say("503 5.5.1 Error: RCPT after BDAT");
        }
        let (path, rest) = match parsed {
            Ok((path, _)) if path.address.is_empty() => {
                return self.say("501 5.1.3 Bad recipient address syntax");
            }
            Ok(parsed) => parsed,
            Err(BadPath::Syntax) => return self.say("501 5.5.4 Syntax: RCPT TO:<address>"),
            Err(BadPath::Address) => return self.say("501 5.1.3 Bad recipient address syntax"),
        };
        if !rest.is_empty() && !extended {
            return self.say("555 5.5.4 Error: parameters need EHLO");
        }
        if let Err(reply) = envelope::rcpt_parameters(rest) {
            return self.say(&reply);
        }
        if !path.address.is_ascii() && !message.utf8 {
            return self.say("553 5.6.7 Must declare SMTPUTF8 to send unicode address");
        }
        if message.recipients.len() >= self.service.limits.recipients {
            return self.say("452 4.5.3 Error: too many recipients");
        }
        let size = message.declared;
        match self.find(path, size) {
            Ok(recipient) => {
                if let Some(message) = &mut self.message {
                    message.recipients.push(recipient);
                }
                self.say("250 2.1.5 Ok");
            }
            Err(reply) => self.say(&reply),
        }
    }

    /// Where mail for an address goes. The error is the reply.
    fn find(&self, path: envelope::Path, size: u64) -> Result<Recipient, String> {
        let address = path.address;
        let mut store = self.service.store.lock();
        if !is_ours(&path.domain, store.domain()) {
            return match &self.user {
                Some(_) if self.role != Role::Lmtp => Ok(Recipient {
                    address,
                    user: None,
                }),
                _ => Err(format!("554 5.7.1 <{address}>: Relay access denied")),
            };
        }
        let local = address
            .rfind('@')
            .map_or(address.as_str(), |at| &address[..at]);
        let at_home = format!("{local}@{}", store.domain());
        let user = store.recipient(&at_home).or_else(|| {
            // RFC 5321 4.5.1: postmaster is always there, whoever that is.
            let postmaster = local.eq_ignore_ascii_case("postmaster");
            let first = store.users().next().map(str::to_owned);
            first.filter(|_| postmaster)
        });
        let Some(user) = user else {
            return Err(format!("550 5.1.1 <{address}>: no such mailbox"));
        };
        if store.room_for(&user) < size.max(1) {
            return Err(format!("452 4.2.2 <{address}>: Mailbox full"));
        }
        Ok(Recipient {
            address,
            user: Some(user),
        })
    }

    fn open_data(&mut self, args: &str) {
        if !args.is_empty() {
            return self.say("501 5.5.4 Syntax: DATA");
        }
        let Some(message) = &self.message else {
            return self.say("503 5.5.1 Error: need MAIL command");
        };
        if message.recipients.is_empty() {
            // RFC 2033 4.2 wants 503; RFC 5321 3.3 allows it.
            return self.say("503 5.5.1 Error: need RCPT command");
        }
        if message.chunks > 0 {
            return self.say("503 5.5.1 Error: DATA after BDAT");
        }
        self.begin_content();
        self.place = Place::Data(Box::new(Unstuffer::new(false)));
        self.say("354 End data with <CR><LF>.<CR><LF>");
    }

    fn bdat(&mut self, args: &str) {
        let mut words = args.split_ascii_whitespace();
        // A count beyond 2^64 is a count all the same: content follows it, and not commands.
        let size = words.next().and_then(|w| {
            let digits = w.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| w.parse::<u64>().unwrap_or(u64::MAX))
        });
        let (last, more) = (words.next(), words.next());
        let known = last.is_none_or(|w| w.eq_ignore_ascii_case("LAST")) && more.is_none();
        let from = self.message.as_ref().map(|m| m.sender.clone());
        let to = self.message.as_ref().and_then(Message::first_recipient);
        let effect = self.fault("BDAT", from.as_deref(), to.as_deref());
        let prevented = effect.prevents(false);
        self.effect = effect;
        const SYNTAX: &str = "501 5.5.4 Syntax: BDAT count [LAST]";
        let Some(size) = size else {
            return self.say(SYNTAX);
        };
        if size > HOPELESS {
            self.say("552 5.3.4 Error: a chunk of that size will not be read");
            return self.out.close();
        }
        // What follows a count that can be read is content, whatever stands behind the count.
        let refused = match &self.message {
            _ if !known => Some(SYNTAX.into()),
            _ if prevented => Some(String::new()),
            None => Some("503 5.5.1 Error: need MAIL command".into()),
            Some(m) if m.recipients.is_empty() => Some("503 5.5.1 Error: need RCPT command".into()),
            Some(_) => None,
        };
        if refused.is_none() && self.message.as_ref().is_some_and(|m| m.chunks == 0) {
            self.begin_content();
        }
        self.place = Place::Chunk {
            left: size,
            size,
            last: last.is_some(),
            refused,
        };
    }

    fn vrfy(&mut self, args: &str) {
        let (address, extra) = args.split_once(' ').unwrap_or((args, ""));
        let utf8 = extra.trim().eq_ignore_ascii_case("SMTPUTF8");
        if address.is_empty() || !(extra.is_empty() || utf8) {
            return self.say("501 5.5.4 Syntax: VRFY address");
        }
        let inside = address
            .strip_prefix('<')
            .and_then(|a| a.strip_suffix('>'))
            .unwrap_or(address);
        let full = match inside.contains('@') {
            true => inside.to_owned(),
            false => format!("{inside}@{}", self.service.store.lock().domain()),
        };
        let Some(path) = envelope::mailbox(&full).filter(|p| !p.address.is_empty()) else {
            return self.say("501 5.1.3 Bad recipient address syntax");
        };
        let reply = match self.find(path, 0) {
            Ok(Recipient { user: None, .. }) => "252 2.0.0 Cannot verify, but will try".into(),
            Ok(recipient) => format!("250 2.1.5 <{}>", recipient.address),
            Err(reply) => reply,
        };
        // RFC 6531 3.7.4.2: no UTF-8 to whom did not ask for it.
        if utf8 || reply.is_ascii() {
            return self.say(&reply);
        }
        if reply.starts_with("250") {
            return self.say("252 2.6.8 Say VRFY with SMTPUTF8 to be told the address");
        }
        let shown: String = reply
            .chars()
            .map(|c| if c.is_ascii() { c } else { '?' })
            .collect();
        self.say(&shown);
    }

    fn starttls(&mut self, args: &str) {
        if !args.is_empty() {
            return self.say("501 5.5.4 Syntax: STARTTLS");
        }
        if self.secured {
            return self.say("503 5.5.1 Error: TLS already active");
        }
        if !self.service.starttls || self.is_hidden("STARTTLS") {
            return self.say(NOT_SERVED);
        }
        let answered = self.effect.garbage.is_none();
        self.place = Place::Tls;
        self.say("220 2.0.0 Ready to start TLS");
        if answered && !self.out.closing() {
            self.out.start_tls();
        } else {
            self.place = Place::Command;
        }
    }

    fn auth(&mut self, args: &str) {
        let offered = login::mechanisms(&self.service, &self.visitor, self.secured);
        let extended = self.helo.as_ref().is_some_and(|h| h.extended);
        if !extended {
            return self.say("503 5.5.1 Error: send EHLO first");
        }
        if offered.is_empty() || self.is_hidden("AUTH") {
            // RFC 4954 4: what is missing is encryption.
            return self.say(if self.secured || self.is_hidden("AUTH") {
                NOT_SERVED
            } else {
                "538 5.7.11 Encryption required for requested authentication mechanism"
            });
        }
        if self.user.is_some() {
            return self.say("503 5.5.1 Error: already authenticated");
        }
        if self.message.is_some() {
            return self.say("503 5.5.1 Error: MAIL transaction in progress");
        }
        let mut words = args.split_ascii_whitespace();
        let (mechanism, initial, more) = (words.next(), words.next(), words.next());
        let (Some(mechanism), None) = (mechanism, more) else {
            return self.say("501 5.5.4 Syntax: AUTH mechanism");
        };
        let login = Login::start(
            mechanism,
            "smtp",
            &self.service,
            &self.visitor,
            self.secured,
        );
        let Some(mut login) = login else {
            return self.say("504 5.5.4 Unrecognized authentication type");
        };
        match initial {
            None => {
                let next = login.begin();
                self.after_answer(login, next);
            }
            Some(_) if !login.client_first() => {
                self.say("501 5.5.4 That mechanism takes no initial response");
            }
            // RFC 4954 4: "=" is an initial response of no octets.
            Some("=") => self.respond(login, b""),
            Some(blob) => self.decoded(login, blob.as_bytes()),
        }
    }

    /// An answer to a challenge: base64, or `*` to cancel.
    pub(super) fn answer(&mut self, line: &[u8]) {
        let Place::Answer(login) = std::mem::replace(&mut self.place, Place::Command) else {
            return;
        };
        if line == b"*" {
            return self.verdict(login.claimed(), "501 5.7.0 Authentication aborted");
        }
        self.decoded(login, line);
    }

    fn decoded(&mut self, login: Login, blob: &[u8]) {
        match b64::decode(blob) {
            Ok(answer) => self.respond(login, &answer),
            Err(_) => self.verdict(login.claimed(), "501 5.5.2 Cannot decode base64"),
        }
    }

    fn respond(&mut self, mut login: Login, answer: &[u8]) {
        let next = login.answer(answer);
        self.after_answer(login, next);
    }

    fn after_answer(&mut self, login: Login, next: Next) {
        match next {
            Next::Ask(challenge) => {
                self.place = Place::Answer(login);
                self.effect = Effect::default();
                self.say(&format!("334 {}", b64::encode(&challenge)));
            }
            Next::In(user) => {
                let effect = self.auth_fault(Some(user.clone()));
                if !effect.prevents(false) {
                    self.user = Some(user);
                }
                self.effect = effect;
                self.say("235 2.7.0 Authentication successful");
            }
            Next::Wrong => self.verdict(login.claimed(), "535 5.7.8 Error: authentication failed"),
            Next::Malformed => self.verdict(
                login.claimed(),
                "501 5.5.2 Error: that is not what the mechanism says here",
            ),
        }
    }

    /// The end of a login that failed; faults for AUTH are found here, when the user is known.
    fn verdict(&mut self, user: Option<String>, text: &str) {
        self.effect = self.auth_fault(user);
        self.say(text);
    }

    fn auth_fault(&mut self, user: Option<String>) -> Effect {
        let before = std::mem::replace(&mut self.user, user);
        let effect = self.fault("AUTH", None, None);
        self.user = before;
        effect
    }
}

/// True for our domain and for what means this machine.
fn is_ours(domain: &str, ours: &str) -> bool {
    let names = ["", "localhost", "[127.0.0.1]", "[IPv6:::1]"];
    domain.eq_ignore_ascii_case(ours) || names.iter().any(|n| domain.eq_ignore_ascii_case(n))
}
