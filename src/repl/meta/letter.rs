//! The message that `:compose` writes (RFC 5322, RFC 2045, RFC 2047).

use crate::proto::event::Offers;
use crate::wire::b64;
use crate::wire::show::{Charset, show};

/// Octets of text in one encoded word: in base64 they stay within its 75 (RFC 2047 2).
const WORD_MAX: usize = 42;
/// Octets of base64 in a line (RFC 2045 6.8).
const LINE_MAX: usize = 76;

/// What a person gave.
#[derive(Clone, Default)]
pub struct Letter {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) subject: String,
    /// Lines ended by CRLF.
    pub(super) body: String,
    pub(super) date: String,
    pub(super) id: String,
}

impl std::fmt::Debug for Letter {
    /// What somebody writes is nobody else's.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Letter({} octets)", self.body.len())
    }
}

/// A message and the commands before it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sealed {
    pub(super) commands: Vec<String>,
    pub(super) message: String,
}

impl Letter {
    /// What a server may not like about the addresses, as far as it can be told from here.
    pub(super) fn doubts(&self) -> Vec<String> {
        let mut doubts = Vec::new();
        let to = addresses(&self.to);
        if to.is_empty() {
            doubts.push("To names nobody: DATA will be refused".to_owned());
        }
        // RFC 5321 4.5.1: postmaster alone needs no domain; 4.5.5: a sender may be empty.
        let lacking = |one: &&str| {
            let address = bare(one);
            !address.is_empty()
                && !address.contains('@')
                && !address.eq_ignore_ascii_case("postmaster")
        };
        let people = std::iter::once(self.from.as_str()).chain(to);
        doubts.extend(people.filter(lacking).map(|one| {
            format!(
                "{} has no domain",
                show(bare(one).as_bytes(), Charset::Unicode)
            )
        }));
        doubts
    }

    /// The message in the form that these offers allow.
    pub(super) fn seal(&self, offers: &Offers) -> Sealed {
        let recipients = addresses(&self.to);
        let sender = bare(&self.from);
        // An address beyond ASCII cannot be encoded: then the header need not be either.
        let utf8 = !sender.is_ascii() || recipients.iter().any(|to| !bare(to).is_ascii());
        let eight = offers.has("8BITMIME");
        let header = |text: &str| match utf8 {
            true => text.to_owned(),
            false => encoded(text),
        };
        let people = |list: &[&str]| {
            let named: Vec<_> = list.iter().map(|one| person(one, &header)).collect();
            named.join(", ")
        };
        let mut mail = format!("MAIL FROM:<{sender}>");
        let mut head = format!(
            "From: {}\r\nTo: {}\r\nSubject: {}\r\nDate: {}\r\nMessage-ID: {}\r\n",
            people(&[&self.from]),
            people(&recipients),
            header(&self.subject),
            self.date,
            self.id
        );
        let mut body = self.body.clone();
        if !body.is_ascii() {
            let coding = if eight { "8bit" } else { "base64" };
            head.push_str("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n");
            head.push_str(&format!("Content-Transfer-Encoding: {coding}\r\n"));
            if !eight {
                body = in_lines(&b64::encode(body.as_bytes()));
            }
        }
        if eight && !body.is_ascii() || utf8 {
            mail.push_str(" BODY=8BITMIME");
        }
        if utf8 {
            mail.push_str(" SMTPUTF8");
        }
        let mut commands = vec![mail];
        commands.extend(
            recipients
                .iter()
                .map(|to| format!("RCPT TO:<{}>", bare(to))),
        );
        commands.push("DATA".to_owned());
        Sealed {
            commands,
            message: format!("{head}\r\n{body}"),
        }
    }
}

/// The addresses of a list; a comma in quotes parts nothing.
fn addresses(list: &str) -> Vec<&str> {
    let mut quoted = false;
    let parts = list.split(|c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    });
    parts
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect()
}

/// The address in `Name <a@b>`, or the text itself.
fn bare(text: &str) -> &str {
    match (text.rfind('<'), text.rfind('>')) {
        (Some(open), Some(close)) if open < close => &text[open + 1..close],
        _ => text.trim(),
    }
}

fn person(text: &str, header: &impl Fn(&str) -> String) -> String {
    match text.rfind('<') {
        Some(open) if !text[..open].is_ascii() => {
            let name = text[..open].trim().trim_matches('"');
            format!("{} {}", header(name), &text[open..])
        }
        _ => text.to_owned(),
    }
}

/// Text of a header field, in encoded words where it is not ASCII.
fn encoded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut words = vec![String::new()];
    for c in text.chars() {
        if words
            .last()
            .is_some_and(|w| w.len() + c.len_utf8() > WORD_MAX)
        {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(c);
        }
    }
    let words: Vec<_> = words
        .iter()
        .map(|word| format!("=?utf-8?B?{}?=", b64::encode(word.as_bytes())))
        .collect();
    words.join("\r\n ")
}

fn in_lines(base64: &str) -> String {
    let lines = base64.as_bytes().chunks(LINE_MAX);
    lines
        .map(|line| format!("{}\r\n", String::from_utf8_lossy(line)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::event::Offer;

    fn letter() -> Letter {
        Letter {
            from: "samt@example.org".to_owned(),
            to: "Charlie <charlie@ehlo.test>, \"B, the builder\" <bob@ehlo.test>".to_owned(),
            subject: "hello".to_owned(),
            body: "text\r\n".to_owned(),
            date: "D".to_owned(),
            id: "<i@d>".to_owned(),
        }
    }

    fn eight() -> Offers {
        Offers {
            known: true,
            items: vec![Offer {
                word: "8BITMIME".to_owned(),
                rest: String::new(),
            }],
        }
    }

    #[test]
    fn an_address_that_will_not_do_is_named() {
        assert!(letter().doubts().is_empty());
        let doubtful = Letter {
            to: "Bob <bob>, postmaster, a\u{1b}b".to_owned(),
            ..Letter::default()
        };
        assert_eq!(
            doubtful.doubts(),
            ["bob has no domain", "a␛b has no domain"]
        );
        assert_eq!(
            Letter::default().doubts(),
            ["To names nobody: DATA will be refused"]
        );
    }

    #[test]
    fn plain_text_stays_plain() {
        let sealed = letter().seal(&eight());
        assert_eq!(
            sealed.commands,
            [
                "MAIL FROM:<samt@example.org>",
                "RCPT TO:<charlie@ehlo.test>",
                "RCPT TO:<bob@ehlo.test>",
                "DATA"
            ]
        );
        assert_eq!(
            sealed.message,
            "From: samt@example.org\r\nTo: Charlie <charlie@ehlo.test>, \"B, the builder\" \
             <bob@ehlo.test>\r\nSubject: hello\r\nDate: D\r\nMessage-ID: <i@d>\r\n\r\ntext\r\n"
        );
    }

    #[test]
    fn what_is_not_ascii_is_declared_and_encoded() {
        let mut letter = letter();
        letter.subject = "Grüße ".repeat(12).trim_end().to_owned();
        letter.to = "André <andre@example.org>".to_owned();
        letter.body = "Grüße\r\n".to_owned();
        let sealed = letter.seal(&eight());
        assert_eq!(
            sealed.commands[0],
            "MAIL FROM:<samt@example.org> BODY=8BITMIME"
        );
        let head = &sealed.message[..sealed.message.len() - letter.body.len()];
        assert!(
            head.is_ascii() && head.lines().all(|line| line.len() <= 78),
            "{head}"
        );
        assert!(
            head.contains("To: =?utf-8?B?QW5kcsOp?= <andre@example.org>\r\n"),
            "{head}"
        );
        assert!(sealed.message.ends_with("8bit\r\n\r\nGrüße\r\n"));
        let sealed = letter.seal(&Offers::default());
        assert!(sealed.message.is_ascii());
        assert!(sealed.message.ends_with("base64\r\n\r\nR3LDvMOfZQ0K\r\n"));
        assert_eq!(sealed.commands[0], "MAIL FROM:<samt@example.org>");
    }

    #[test]
    fn addresses_beyond_ascii_need_smtputf8() {
        let mut letter = letter();
        letter.to = "pelé@example.com".to_owned();
        letter.subject = "Über".to_owned();
        let sealed = letter.seal(&eight());
        assert!(sealed.commands[0].ends_with(" BODY=8BITMIME SMTPUTF8"));
        assert!(sealed.message.contains("Subject: Über\r\n"));
    }
}
