//! Secrets that went out, masked where the server says them back.
//!
//! A server may quote a command in its refusal, or set out to have a password shown and logged. What
//! a session masked of its own words is remembered, and its occurrences in what the server says are
//! masked in every event: as it is, quoted, in hex, with percent escapes, and in base64, whatever stands
//! around it there. Content
//! (literals, bodies) is passed on octet for octet: it is mail, and goes to files and programs.
//! Rules: nothing is searched before a secret was sent; the secrets are wiped with the session.

mod forms;

use std::borrow::Cow;

use memchr::memmem;

use super::event::{Event, Line, Oddity, Offers, Sent, SentKind};
use crate::sasl::blob::{Place, Side, describe_guarded};
use crate::wire::b64;
use crate::wire::secret::{MASK, Secret, cover};
use forms::{Form, How, hidden, unquoted};

/// Shorter secrets stand in too many words.
const SHORTEST: usize = 4;
/// A secret longer than this is remembered by its start.
const LONGEST: usize = 4096;
/// Forms remembered; the oldest go first.
const FORMS_MAX: usize = 64;

/// What was sent and must not be shown when it comes back.
#[derive(Debug, Default)]
pub(crate) struct Echoes {
    forms: Vec<Form>,
    /// Names that were shown: a password that is one of them is no secret beside it.
    names: Vec<Vec<u8>>,
    mechanism: Option<String>,
    before: usize,
    /// What was shown of octets that are still to be written.
    told: Option<Sent>,
    /// True where the screen shows secrets.
    show_secrets: bool,
}

impl Echoes {
    pub(crate) fn new(show_secrets: bool) -> Self {
        Self {
            show_secrets,
            ..Self::default()
        }
    }

    /// What is to be masked once `secret` was sent for `user`.
    pub(crate) fn of(user: &str, secret: &Secret) -> Self {
        let mut echoes = Self::default();
        echoes.name(user.as_bytes());
        echoes.remember(secret.expose());
        echoes
    }

    /// Keeps what another connection to the same server knew.
    pub(crate) fn adopt(&mut self, earlier: Self) {
        (self.forms, self.names) = (earlier.forms, earlier.names);
    }

    /// True when these octets were told of beforehand; else they are told of next.
    pub(crate) fn wrote(&mut self, octets: &[u8]) -> bool {
        let Some(sent) = self.told.take() else {
            return false;
        };
        self.learn(&sent, octets);
        true
    }

    /// What is shown of octets: of those just written, or of those written next.
    pub(crate) fn sent(&mut self, sent: &Sent, written: Option<&[u8]>) {
        let command = matches!(sent.kind, SentKind::Command | SentKind::Raw);
        if !command && !is_masked(&sent.shown) {
            self.before += usize::from(sent.kind == SentKind::Answer);
            return;
        }
        match written {
            Some(octets) => self.learn(sent, octets),
            None => self.told = Some(sent.clone()),
        }
    }

    fn learn(&mut self, sent: &Sent, octets: &[u8]) {
        let octets = octets.strip_suffix(b"\r\n").unwrap_or(octets);
        if sent.kind == SentKind::Raw {
            // Each line was masked by itself; where nothing but the mask is left, it is an answer.
            let lines = octets.split(|b| *b == b'\n');
            for (shown, line) in sent.shown.split(|b| *b == b'\n').zip(lines) {
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                let shown = shown.strip_suffix(b"\r").unwrap_or(shown);
                self.learn_line(shown, line, shown != MASK.as_bytes());
            }
            return;
        }
        self.learn_line(&sent.shown, octets, sent.kind == SentKind::Command);
    }

    fn learn_line(&mut self, shown: &[u8], line: &[u8], command: bool) {
        if command {
            self.begin(shown);
        }
        if is_masked(shown) {
            for secret in hidden(shown, line) {
                self.take(secret);
            }
        }
        // An initial response is the first message.
        if self.mechanism.is_some() && (!command || is_masked(shown)) {
            self.before += 1;
        }
    }

    /// A command begins: a login by a mechanism, or another one.
    fn begin(&mut self, shown: &[u8]) {
        let mut words = shown
            .split(|b| matches!(b, b' ' | b'\t'))
            .filter(|w| !w.is_empty());
        let verbs: [&[u8]; 2] = [b"AUTH", b"AUTHENTICATE"];
        let names: [&[u8]; 3] = [b"USER", b"LOGIN", b"APOP"];
        (self.mechanism, self.before) = (None, 0);
        for word in words.by_ref().take(2) {
            if verbs.iter().any(|verb| verb.eq_ignore_ascii_case(word)) {
                self.mechanism = words
                    .next()
                    .map(|name| String::from_utf8_lossy(name).to_ascii_uppercase());
                // "=" is a message too; one that is masked is counted when it is looked at.
                self.before = words
                    .next()
                    .is_some_and(|initial| !is_masked(initial))
                    .into();
                return;
            }
            if names.iter().any(|verb| verb.eq_ignore_ascii_case(word)) {
                let name = words.next().unwrap_or_default();
                let bare = name.strip_prefix(b"\"").and_then(|n| n.strip_suffix(b"\""));
                self.name(bare.unwrap_or(name));
                return;
            }
        }
    }

    fn name(&mut self, name: &[u8]) {
        if self.names.len() < FORMS_MAX && !name.is_empty() && !is_masked(name) {
            self.names.push(name.to_ascii_lowercase());
        }
    }

    /// What a mask stood for.
    fn take(&mut self, secret: &[u8]) {
        let secret = secret.trim_ascii();
        let decoded = b64::decode(secret).ok();
        let message = decoded.filter(|octets| self.mechanism.is_some() || octets.contains(&0));
        let Some(message) = message else {
            self.remember(secret);
            if let Some(bare) = unquoted(secret) {
                self.remember(&bare);
            }
            return;
        };
        let place = Place {
            mechanism: self.mechanism.clone(),
            side: Some(Side::Client),
            before: self.before,
        };
        let fields = describe_guarded(&message, &place).fields;
        for field in fields.iter().filter(|field| !field.secret) {
            if matches!(field.name.as_str(), "user" | "authorise as") {
                self.name(field.value.as_bytes());
            }
        }
        if !fields.iter().any(|field| field.secret) {
            return;
        }
        self.add(Form::new(secret, How::Within));
        for field in fields.iter().filter(|field| field.secret) {
            let value = field.value.as_bytes();
            self.remember(value.strip_prefix(b"Bearer ").unwrap_or(value));
        }
        // The octets themselves, where a field shows them escaped: what stands last is the secret.
        let last = message
            .split(|b| matches!(b, 0 | 1))
            .rfind(|part| !part.is_empty());
        if let Some(last) = last {
            self.remember(last.strip_prefix(b"auth=Bearer ").unwrap_or(last));
        }
    }

    /// Every form of a secret.
    fn remember(&mut self, secret: &[u8]) {
        let secret = &secret[..secret.len().min(LONGEST)];
        if secret.len() >= SHORTEST && !self.names.contains(&secret.to_ascii_lowercase()) {
            forms::of(secret)
                .into_iter()
                .for_each(|form| self.add(form));
        }
    }

    fn add(&mut self, form: Form) {
        if form.text.expose().len() < SHORTEST || self.forms.contains(&form) {
            return;
        }
        if self.forms.len() == FORMS_MAX {
            self.forms.remove(0);
        }
        self.forms.push(form);
    }

    /// Masks the secrets in what the server said.
    pub(crate) fn veil(&self, event: &mut Event) {
        if self.forms.is_empty() {
            return;
        }
        match event {
            Event::Line(line) => self.veil_line(line),
            Event::Reply(reply) => {
                self.octets(&mut reply.text);
                self.text(&mut reply.code);
                let more = [
                    &mut reply.tag,
                    &mut reply.response_code,
                    &mut reply.recipient,
                ];
                more.into_iter().flatten().for_each(|text| self.text(text));
            }
            Event::Offers(offers) => self.offers(offers),
            Event::Told(told) => {
                for told in told {
                    self.text(&mut told.text);
                    told.fields.iter_mut().for_each(|field| self.text(field));
                }
            }
            Event::Oddity(Oddity::Other(words)) => self.text(words),
            Event::Failed(failure) => self.text(&mut failure.what),
            Event::Closed(closed) => {
                if let Some(reason) = &mut closed.reason {
                    self.octets(reason);
                }
            }
            Event::Sent(_)
            | Event::Part(_)
            | Event::Phase(_)
            | Event::Advice(_)
            | Event::Oddity(_) => {}
        }
    }

    /// Masks them in what the server offers.
    pub(crate) fn offers(&self, offers: &mut Offers) {
        for offer in &mut offers.items {
            self.text(&mut offer.word);
            self.text(&mut offer.rest);
        }
    }

    fn veil_line(&self, line: &mut Line) {
        let Cow::Owned(masked) = self.masked(&line.text) else {
            return;
        };
        let clear = std::mem::replace(&mut line.text, masked);
        if self.show_secrets && line.clear.is_none() {
            line.clear = Some(Secret::new(clear));
        }
    }

    fn octets(&self, text: &mut Vec<u8>) {
        if let Cow::Owned(masked) = self.masked(text) {
            *text = masked;
        }
    }

    /// Masks them in a text.
    pub(crate) fn text(&self, text: &mut String) {
        if let Cow::Owned(masked) = self.masked(text.as_bytes()) {
            // Forms of UTF-8 begin and end where characters do; others are not found in a text.
            *text = String::from_utf8_lossy(&masked).into_owned();
        }
    }

    fn masked<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        if text.len() < SHORTEST || self.forms.is_empty() {
            return Cow::Borrowed(text);
        }
        let lower = Secret::new(text.to_ascii_lowercase());
        let forms = self.forms.iter();
        let spans: Vec<_> = forms
            .flat_map(|form| form.spans(text, lower.expose()))
            .collect();
        if spans.is_empty() {
            return Cow::Borrowed(text);
        }
        Cow::Owned(cover(text, spans))
    }
}

fn is_masked(shown: &[u8]) -> bool {
    memmem::find(shown, MASK.as_bytes()).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::event::Exchange;

    fn said(echoes: &mut Echoes, shown: &str, wire: &[u8], kind: SentKind) {
        let sent = Sent {
            exchange: Exchange(1),
            shown: shown.into(),
            clear: None,
            kind,
            octets: wire.len() as u64,
            differs: false,
        };
        echoes.sent(&sent, Some(wire));
    }

    fn masked(echoes: &Echoes, text: &str) -> String {
        String::from_utf8(echoes.masked(text.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn a_password_is_known_again_in_every_form() {
        let mut echoes = Echoes::default();
        assert_eq!(masked(&echoes, "wonderland"), "wonderland");
        said(
            &mut echoes,
            "PASS ••••",
            b"PASS won\"derland\r\n",
            SentKind::Command,
        );
        for (text, shown) in [
            ("-ERR won\"derland, WON\"DERLAND", "-ERR ••••, ••••"),
            ("x \"won\\\"derland\" y", "x \"••••\" y"),
            ("xwon\"derlandwon\"derlandx", "x••••x"),
            ("wonderland", "wonderland"),
        ] {
            assert_eq!(masked(&echoes, text), shown);
        }
        for before in ["", "x", "xy", "\0alice\0"] {
            let blob = b64::encode(format!("{before}won\"derland").as_bytes());
            assert_eq!(
                masked(&echoes, &format!("a {blob}, b")),
                "a ••••, b",
                "{before}"
            );
        }
    }

    #[test]
    fn what_a_login_shows_is_no_secret() {
        let mut echoes = Echoes::default();
        said(
            &mut echoes,
            "AUTH LOGIN",
            b"AUTH LOGIN\r\n",
            SentKind::Command,
        );
        said(&mut echoes, "••••", b"YWxpY2U=\r\n", SentKind::Answer);
        said(
            &mut echoes,
            "••••",
            b"d29uZGVybGFuZA==\r\n",
            SentKind::Answer,
        );
        assert_eq!(
            masked(&echoes, "alice YWxpY2U= wonderland d29uZGVybGFuZA=="),
            "alice YWxpY2U= •••• ••••"
        );
        // A password that is the user's name is none beside it.
        let mut echoes = Echoes::default();
        let blob = b64::encode(b"\0charlie\0charlie");
        let line = format!("AUTH PLAIN {blob}\r\n");
        said(
            &mut echoes,
            "AUTH PLAIN ••••",
            line.as_bytes(),
            SentKind::Command,
        );
        assert_eq!(masked(&echoes, &format!("charlie {blob}")), "charlie ••••");
        let mut echoes = Echoes::default();
        said(
            &mut echoes,
            "USER charlie",
            b"USER charlie\r\n",
            SentKind::Command,
        );
        said(
            &mut echoes,
            "PASS ••••",
            b"PASS Charlie\r\n",
            SentKind::Command,
        );
        assert_eq!(masked(&echoes, "+OK charlie"), "+OK charlie");
    }

    #[test]
    fn short_secrets_are_words_and_shorter_ones_nothing() {
        let mut echoes = Echoes::default();
        said(
            &mut echoes,
            "PASS ••••",
            b"PASS over\r\n",
            SentKind::Command,
        );
        assert_eq!(
            masked(&echoes, "Dovecot over overall (over)"),
            "Dovecot •••• overall (••••)"
        );
        let mut echoes = Echoes::default();
        said(&mut echoes, "PASS ••••", b"PASS abc\r\n", SentKind::Command);
        assert_eq!(masked(&echoes, "abc"), "abc");
    }

    #[test]
    fn tokens_and_typed_forms() {
        let mut echoes = Echoes::default();
        let blob = b64::encode(b"user=alice\x01auth=Bearer ya29.token-7391\x01\x01");
        said(
            &mut echoes,
            "a1 AUTHENTICATE XOAUTH2 ••••",
            format!("a1 AUTHENTICATE XOAUTH2 {blob}\r\n").as_bytes(),
            SentKind::Command,
        );
        said(
            &mut echoes,
            "a2 LOGIN alice ••••",
            b"a2 LOGIN alice \"one two\\\"\"\r\n",
            SentKind::Command,
        );
        let raw = b"NOOP\r\nPASS raw secret\r\n";
        said(&mut echoes, "NOOP\r\nPASS ••••", raw, SentKind::Raw);
        assert_eq!(
            masked(
                &echoes,
                &format!("alice ya29.token-7391 {blob} one two\" raw secret")
            ),
            "alice •••• •••• •••• ••••"
        );
    }

    #[test]
    fn what_is_told_before_it_is_written_is_learned_too() {
        let mut echoes = Echoes::default();
        let sent = Sent {
            exchange: Exchange(1),
            shown: "••••".into(),
            clear: None,
            kind: SentKind::Content,
            octets: 10,
            differs: false,
        };
        echoes.sent(&sent, None);
        assert!(echoes.wrote(b"wonderland"));
        assert!(!echoes.wrote(b"wonderland"));
        assert_eq!(masked(&echoes, "wonderland"), "••••");
        assert!(!format!("{echoes:?}").contains("wonderland"));
    }
}
