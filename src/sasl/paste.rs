//! Pasted AUTH exchanges: finds the messages in them, whatever marks stand before the lines.
//!
//! Marks of talks and RFCs (`C:`, `S:`), of swaks and of this program (`->`, `<~*`), of curl
//! (`>`, `<`), of mutt (`4>`), of Python's smtplib (`send: '…'`), this program's prompts, or none.
//! Replies that are no part of a login are passed over, and certificates.

use super::blob::{Blob, Field, Place, Side, Wanted, describe_guarded, question};
use super::shown;
use crate::wire::b64::{self, Alphabet, NotBase64};

/// One thing found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The line it stands on, from 1.
    pub line: usize,
    /// Who said it, as far as it is known.
    pub side: Option<Side>,
    /// What it holds, or why it is no base64.
    pub holds: Result<Blob, NotBase64>,
}

/// Takes the marks and blanks off a line.
pub fn unmarked(line: &str) -> (Option<Side>, &str) {
    const MARKS: &[(&str, Side)] = &[
        ("<-*", Side::Server),
        ("<~*", Side::Server),
        ("<**", Side::Server),
        ("<<<", Side::Server),
        (">>>", Side::Client),
        ("<-", Side::Server),
        ("<~", Side::Server),
        ("->", Side::Client),
        ("~>", Side::Client),
        ("C:", Side::Client),
        ("S:", Side::Server),
        ("> ", Side::Client),
        ("< ", Side::Server),
    ];
    let line = line.trim();
    if let Some(found) = python(line).or_else(|| prompted(line)) {
        return found;
    }
    // Mutt writes its debug level before the mark.
    let bare = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let line = if bare.starts_with("> ") || bare.starts_with("< ") {
        bare
    } else {
        line
    };
    for (mark, side) in MARKS {
        if let Some(rest) = line.strip_prefix(mark) {
            return (Some(*side), rest.trim_start());
        }
    }
    (None, line)
}

/// `send: 'AUTH PLAIN\r\n'` and `reply: b'334 \r\n'`, as Python's `set_debuglevel` writes them.
fn python(line: &str) -> Option<(Option<Side>, &str)> {
    let (side, quoted) = match line.strip_prefix("send: ") {
        Some(rest) => (Side::Client, rest),
        None => (Side::Server, line.strip_prefix("reply: ")?),
    };
    let text = quoted.strip_prefix('b').unwrap_or(quoted);
    let text = text.strip_prefix('\'')?.strip_suffix('\'')?;
    Some((Some(side), text.trim_end_matches("\\r\\n").trim_start()))
}

/// `smtp mail.example.org tls> AUTH PLAIN`: what stands behind this program's own prompt.
fn prompted(line: &str) -> Option<(Option<Side>, &str)> {
    let first = line.split(' ').next()?;
    let (prompt, typed) = line.split_once("> ")?;
    let ours = prompt == "auth"
        || matches!(first, "smtp" | "lmtp" | "pop3" | "imap") && prompt.contains(' ');
    ours.then(|| (Some(Side::Client), typed.trim_start()))
}

/// The challenge in a line: `334 …`, `+ …` or the bare text.
pub fn challenge_text(line: &str) -> &str {
    let (_, text) = unmarked(line);
    for mark in ["334 ", "+ "] {
        if let Some(rest) = text.strip_prefix(mark) {
            return rest.trim_start();
        }
    }
    if matches!(text, "334" | "+") {
        ""
    } else {
        text
    }
}

/// The octets of a challenge, given in base64 as it came or already decoded.
///
/// # Errors
/// When it is neither.
pub fn challenge(line: &str) -> Result<Vec<u8>, NotBase64> {
    let text = challenge_text(line);
    b64::decode(text.as_bytes()).or_else(|fault| {
        // `<…>`, `r=…,s=…`, `v=…`, `realm="…",…`: no base64 text begins or looks so.
        let decoded_already = text.contains(['<', ',', '"'])
            || text.as_bytes().get(1) == Some(&b'=')
            || text.starts_with("rspauth=");
        if decoded_already {
            Ok(text.as_bytes().to_vec())
        } else {
            Err(fault)
        }
    })
}

/// Decodes in the alphabet asked for; without one, in whichever fits.
///
/// # Errors
/// The fault by the standard alphabet, or by the one asked for.
pub fn decode(alphabet: Option<Alphabet>, text: &[u8]) -> Result<Vec<u8>, NotBase64> {
    if let Some(alphabet) = alphabet {
        return b64::decode_in(alphabet, text);
    }
    b64::decode(text).or_else(|fault| match fault {
        NotBase64::OtherAlphabet { .. } => {
            b64::decode_in(Alphabet::UrlSafe, text).map_err(|_| fault)
        }
        _ => Err(fault),
    })
}

/// What a text of one or more lines holds. Nothing is found in a text that is no login.
pub fn read(text: &str, alphabet: Option<Alphabet>) -> Vec<Item> {
    let lines: Vec<&str> = text.lines().collect();
    if let Some(at) = wrapped(&lines) {
        return vec![Item {
            line: 1,
            side: None,
            holds: Err(NotBase64::LineEnd { at }),
        }];
    }
    let alone = lines.iter().filter(|line| !line.trim().is_empty()).count() == 1;
    let mut reader = Reader {
        alphabet,
        alone,
        ..Reader::default()
    };
    for (index, line) in lines.iter().enumerate() {
        reader.line(index + 1, line);
    }
    reader.found
}

/// Where the first line end of one wrapped text stands: encoders of mail bodies break lines at 64,
/// 72 or 76 characters, and logins do not.
fn wrapped(lines: &[&str]) -> Option<usize> {
    let [first, middle @ .., last] = lines else {
        return None;
    };
    let width = first.len();
    let even = matches!(width, 64 | 72 | 76)
        && middle.iter().all(|line| line.len() == width)
        && last.len() <= width;
    (even && b64::decode(lines.concat().as_bytes()).is_ok()).then_some(width + 1)
}

#[derive(Default)]
struct Reader {
    alphabet: Option<Alphabet>,
    alone: bool,
    mechanism: Option<String>,
    from_client: usize,
    from_server: usize,
    /// A question of LOGIN waits for its answer.
    asked: bool,
    /// Between the lines of a certificate or key.
    armoured: bool,
    found: Vec<Item>,
}

impl Reader {
    fn line(&mut self, number: usize, line: &str) {
        let (side, text) = unmarked(line);
        // s_client prints certificates, and those are base64, too.
        if text.starts_with("-----BEGIN ") || text.starts_with("-----END ") {
            self.armoured = text.starts_with("-----BEGIN ");
            return;
        }
        if self.armoured {
            return;
        }
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        if side != Some(Side::Server) && self.command(number, &words) {
            return;
        }
        if side != Some(Side::Client) && self.reply(number, text) {
            return;
        }
        let known = side.is_some() || self.mechanism.is_some();
        match words.as_slice() {
            ["*"] if known => self.mechanism = None,
            [] if side == Some(Side::Client) && self.mechanism.is_some() => {
                self.message(number, Some(Side::Client), "");
            }
            [] => {}
            [one] if self.mechanism.is_some() => {
                self.message(number, side, one);
            }
            // Outside a login a word counts when it is base64 beyond doubt.
            [one]
                if self.alone
                    || (one.len() >= 8
                        && !is_word(one)
                        && decode(self.alphabet, one.as_bytes()).is_ok()) =>
            {
                self.message(number, side, one);
            }
            _ if self.alone => self.message(number, side, text),
            _ => {}
        }
    }

    /// A command that begins a login, or is one. `alone` texts may be its answers only.
    fn command(&mut self, number: usize, words: &[&str]) -> bool {
        let upper: Vec<String> = words
            .iter()
            .take(2)
            .map(|w| w.to_ascii_uppercase())
            .collect();
        let verb = |at: usize| upper.get(at).map(String::as_str).unwrap_or_default();
        let begins = match (verb(0), verb(1)) {
            ("AUTH" | "AUTHENTICATE", _) => Some(1),
            (_, "AUTHENTICATE") => Some(2),
            _ => None,
        };
        if let Some(at) = begins
            && let Some(name) = words.get(at)
        {
            self.mechanism = Some(name.to_ascii_uppercase());
            self.from_client = 0;
            self.from_server = 0;
            self.asked = false;
            if let Some(initial) = words.get(at + 1) {
                let initial = if *initial == "=" { "" } else { initial };
                self.message(number, Some(Side::Client), initial);
            }
            return true;
        }
        let fields = match (verb(0), words) {
            ("USER", [_, user]) => vec![field("user", user, false)],
            ("PASS", [_, ..]) => vec![field("password", &words[1..].join(" "), true)],
            ("APOP", [_, user, digest]) => {
                vec![field("user", user, false), field("digest", digest, true)]
            }
            _ if verb(1) == "LOGIN" && words.len() >= 4 => vec![
                field("user", words[2], false),
                field("password", &words[3..].join(" "), true),
            ],
            _ => return false,
        };
        self.found.push(Item {
            line: number,
            side: Some(Side::Client),
            holds: Ok(Blob {
                what: format!(
                    "{} as a command",
                    if verb(1) == "LOGIN" { "LOGIN" } else { verb(0) }
                ),
                fields,
            }),
        });
        true
    }

    /// A reply: a challenge is read, all others end the login.
    fn reply(&mut self, number: usize, text: &str) -> bool {
        let first = text.split_ascii_whitespace().next().unwrap_or_default();
        if matches!(first, "334" | "+") {
            let words = challenge_text(text);
            // Outside a login `+ idling` and the like are go-aheads.
            if self.mechanism.is_some() || decode(self.alphabet, words.as_bytes()).is_ok() {
                self.message(number, Some(Side::Server), words);
            }
            return true;
        }
        let code = first.get(..3).unwrap_or_default();
        let smtp = code.len() == 3
            && code.bytes().all(|b| b.is_ascii_digit())
            && matches!(first.as_bytes().get(3), None | Some(b'-'));
        let second = text.split_ascii_whitespace().nth(1).unwrap_or_default();
        let imap = matches!(second, "OK" | "NO" | "BAD") || first == "*" && !second.is_empty();
        if smtp || imap || matches!(first, "+OK" | "-ERR") {
            if first != "*" {
                self.mechanism = None;
            }
            return true;
        }
        false
    }

    fn message(&mut self, line: usize, side: Option<Side>, text: &str) {
        let decoded = decode(self.alphabet, text.as_bytes());
        let wanted = decoded.as_deref().ok().and_then(question);
        let side = side.or_else(|| self.speaker(wanted));
        match (side, wanted) {
            (Some(Side::Server), Some(wanted)) => self.question(wanted),
            (Some(Side::Server), None) => {}
            _ => self.asked = false,
        }
        let counter = match side {
            Some(Side::Server) => &mut self.from_server,
            _ => &mut self.from_client,
        };
        let place = Place {
            mechanism: self.mechanism.clone(),
            side,
            before: *counter,
        };
        // The empty challenge that stands in for a missing initial response is no message.
        if !(side == Some(Side::Server) && text.is_empty()) {
            *counter += 1;
        }
        self.found.push(Item {
            line,
            side,
            holds: decoded.map(|octets| describe_guarded(&octets, &place)),
        });
    }

    /// Who says a line without a mark: a question is the server's, unless one waits for its answer.
    fn speaker(&self, wanted: Option<Wanted>) -> Option<Side> {
        let login = self.mechanism.as_deref().is_none_or(|name| name == "LOGIN");
        if wanted.is_some() && login && !self.asked && !self.alone {
            return Some(Side::Server);
        }
        self.mechanism.is_some().then_some(Side::Client)
    }

    /// Where LOGIN asks, what comes next is its answer, whether or not `AUTH LOGIN` was pasted.
    fn question(&mut self, wanted: Wanted) {
        if self.mechanism.as_deref() != Some("LOGIN") {
            self.mechanism = Some("LOGIN".to_owned());
            self.from_client = 0;
            self.from_server = 0;
        }
        if wanted == Wanted::Password {
            self.from_client = self.from_client.max(1);
        }
        self.asked = true;
    }
}

/// STARTTLS is base64 by its letters.
fn is_word(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_uppercase()) || text.bytes().all(|b| b.is_ascii_lowercase())
}

fn field(name: &str, value: &str, secret: bool) -> Field {
    Field {
        name: name.into(),
        value: shown(value),
        secret,
        note: "",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn whats(text: &str) -> Vec<String> {
        read(text, None)
            .into_iter()
            .map(|item| item.holds.map_or_else(|e| e.to_string(), |b| b.what))
            .collect()
    }

    #[test]
    fn one_blob() {
        assert_eq!(
            whats("AGFsaWNlAHdvbmRlcmxhbmQ="),
            ["PLAIN, user and password"]
        );
        assert_eq!(
            whats("334 VXNlcm5hbWU6"),
            ["LOGIN, a question: the user name is wanted"]
        );
        assert_eq!(
            whats("AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ="),
            ["PLAIN, user and password"]
        );
        assert_eq!(
            whats("aGVsbG8")[0],
            "not base64: 1 \"=\" must stand at the end, 0 found"
        );
        assert_eq!(whats("two words")[0], "not base64: a blank at character 4");
        let wrapped = format!("{}\n{}\n", "QUJD".repeat(19), "QUJD".repeat(3));
        assert!(whats(&wrapped)[0].starts_with("not base64: a line end at character 77"));
        assert_eq!(whats("-_8="), ["2 octets, no AUTH message by their form"]);
    }

    /// Values that are not masked.
    fn open(text: &str) -> Vec<String> {
        let blobs = read(text, None)
            .into_iter()
            .filter_map(|item| item.holds.ok());
        let fields = blobs.flat_map(|blob| blob.fields);
        fields.filter(|f| !f.secret).map(|f| f.value).collect()
    }

    #[test]
    fn an_answer_to_a_question_needs_no_command_before_it() {
        for text in [
            "334 VXNlcm5hbWU6\nYWxpY2U=\n334 UGFzc3dvcmQ6\nd29uZGVybGFuZA==\n235 ok\n",
            "<~  334 VXNlcm5hbWU6\n~>  YWxpY2U=\n<~  334 UGFzc3dvcmQ6\n~>  d29uZGVybGFuZA==\n",
            "+ VXNlcm5hbWU6\nYWxpY2U=\n+ UGFzc3dvcmQ6\nd29uZGVybGFuZA==\na1 OK\n",
            "VXNlcm5hbWU6\nYWxpY2U=\nUGFzc3dvcmQ6\nd29uZGVybGFuZA==\n",
        ] {
            assert_eq!(open(text), ["Username:", "alice", "Password:"], "{text}");
        }
        for text in [
            "334 UGFzc3dvcmQ6\nd29uZGVybGFuZA==\n",
            "<~  334 UGFzc3dvcmQ6\n~>  d29uZGVybGFuZA==\n",
            "C: AUTH PLAIN\nS: 334 UGFzc3dvcmQ6\nC: d29uZGVybGFuZA==\n",
            "334 UGFzc3dvcmQ6\ncHc=\n",
            "334 UGFzc3dvcmQ6\ncGFzc3dvcmQ=\n",
            "334 UGFzc3dvcmQ6\nd29uZGVybGFuZA==\nd29uZGVybGFuZA==\n",
        ] {
            assert_eq!(open(text), ["Password:"], "{text}");
        }
    }

    #[test]
    fn what_nothing_explains_may_be_a_password() {
        assert!(open("d29uZGVybGFuZA==").is_empty());
        assert_eq!(
            whats("d29uZGVybGFuZA=="),
            ["text of 10 octets, no AUTH message by its form"]
        );
        assert!(open("YWxpY2VhYQ==\nd29uZGVybGFuZA==\n").is_empty());
        assert!(open("C: AUTH XYZZY\nS: 334 \nC: d29uZGVybGFuZA==\n").is_empty());
        // What the server says is nobody's secret.
        assert_eq!(open("334 QmVudXR6ZXI6\nYWxpY2VhYQ==\n"), ["Benutzer:"]);
    }

    #[test]
    fn exchanges_in_every_dress() {
        let login = [
            "LOGIN, a question: the user name is wanted",
            "LOGIN, first answer",
            "LOGIN, a question: the password is wanted",
            "LOGIN, second answer",
        ];
        for text in [
            "S: 220 hi\nC: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: YWxpY2U=\nS: 334 UGFzc3dvcmQ6\nC: cHc=\nS: 235 ok\n",
            " -> AUTH LOGIN\n<-  334 VXNlcm5hbWU6\n -> YWxpY2U=\n<-  334 UGFzc3dvcmQ6\n -> cHc=\n<** 535 no\n",
            "~>  AUTH LOGIN\n<~  334 VXNlcm5hbWU6\n~>  YWxpY2U=\n<~  334 UGFzc3dvcmQ6\n~>  cHc=\n<~* 535 no\n",
            "auth login\r\n334 VXNlcm5hbWU6\r\nYWxpY2U=\r\n334 UGFzc3dvcmQ6\r\ncHc=\r\n235 ok\r\n",
            " -> STARTTLS\n<-  220 go\n ~> AUTH LOGIN\n<~  334 VXNlcm5hbWU6\n ~> YWxpY2U=\n<~  334 UGFzc3dvcmQ6\n ~> cHc=\n",
            "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIU\n-----END CERTIFICATE-----\nread R BLOCK\nAUTH LOGIN\n334 VXNlcm5hbWU6\nYWxpY2U=\n334 UGFzc3dvcmQ6\ncHc=\n",
            "4> a0 AUTHENTICATE LOGIN\n4< + VXNlcm5hbWU6\n4> YWxpY2U=\n4< + UGFzc3dvcmQ6\n4> cHc=\n4< a0 OK done\n",
            "send: 'AUTH LOGIN\\r\\n'\nreply: b'334 VXNlcm5hbWU6\\r\\n'\nreply: retcode (334); Msg: b'VXNlcm5hbWU6'\nsend: 'YWxpY2U=\\r\\n'\nreply: b'334 UGFzc3dvcmQ6\\r\\n'\nsend: 'cHc=\\r\\n'\n",
            "smtp mail.example.org tls> AUTH LOGIN\n<~  334 VXNlcm5hbWU6\nauth> YWxpY2U=\n<~  334 UGFzc3dvcmQ6\nauth> cHc=\n<~  235 ok\n",
            "> a1 AUTHENTICATE LOGIN\n< + VXNlcm5hbWU6\n> YWxpY2U=\n< + UGFzc3dvcmQ6\n> cHc=\n< a1 OK done\n",
        ] {
            assert_eq!(whats(text), login, "{text}");
        }
        assert_eq!(
            whats("C: USER alice\nS: +OK\nC: PASS two words\nS: -ERR\nC: a1 LOGIN bob \"x y\"\n"),
            [
                "USER as a command",
                "PASS as a command",
                "LOGIN as a command"
            ]
        );
    }

    #[test]
    fn damage_inside_a_login_is_named_and_the_rest_goes_on() {
        let found =
            whats("C: AUTH PLAIN\nS: 334 \nC: AGFsaWNlAHdvb*Jl\nS: 501 5.5.2 cannot decode\n");
        assert_eq!(
            found,
            [
                "an empty message",
                "not base64: '*' at character 14 is not in the alphabet"
            ]
        );
        assert!(whats("EHLO x\n250-SIZE 10\n250 HELP\n").is_empty());
        assert!(whats("C: a3 IDLE\nS: + idling\nS: * 4 EXISTS\n").is_empty());
    }

    #[test]
    fn challenges_come_encoded_or_not() {
        let cram = b"<1896.697170952@postoffice.reston.mci.net>".to_vec();
        for line in [
            "PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+",
            "334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+",
            "S: + PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+",
            "<1896.697170952@postoffice.reston.mci.net>",
        ] {
            assert_eq!(challenge(line), Ok(cram.clone()), "{line}");
        }
        assert!(challenge("PDE4O").is_err());
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(text: String) {
            let _ = read(&text, None);
        }

        #[test]
        fn any_lines_can_be_read(lines in prop::collection::vec("(C: |S: |<- )?(AUTH |334 |\\+ |a LOGIN )?[ -~]{0,12}", 0..8)) {
            let _ = read(&lines.join("\n"), None);
        }
    }
}
