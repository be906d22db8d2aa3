//! What of a typed line may be seen.

use crate::proto::spec::{Secrecy, Shape, Spec, Verb};
use crate::sasl;
use crate::wire::secret::MASK;

/// Verbs of one protocol or the other that a secret follows.
const SECRET_VERBS: &[&str] = &["PASS", "APOP", "LOGIN", "AUTH", "AUTHENTICATE"];

/// The longest word that stands for a line elsewhere, in octets.
const LABEL_MAX: usize = 40;

/// The line as it may be seen, by what its verb says of secrets; `None` when all of it may.
pub(crate) fn masked(line: &[u8], verb: Option<&'static Verb>) -> Option<Vec<u8>> {
    let Some(verb) = verb else {
        return stray(line);
    };
    let Secrecy::AfterWord(words) = verb.secret else {
        return None;
    };
    // An empty initial response (RFC 4954 4) hides nothing.
    let empty = verb.reply == Shape::Challenges
        && word(line, words) == b"="
        && word(line, words + 1).is_empty();
    if empty { None } else { after_word(line, words) }
}

/// A login that was begun by raw octets: no verb tells that what follows are its answers.
#[derive(Debug, Default)]
pub(crate) struct RawLogin {
    begun: bool,
}

impl RawLogin {
    /// True while what goes out may be an answer.
    pub(crate) fn is_begun(&self) -> bool {
        self.begun
    }

    /// A line of raw octets. True when it is an answer.
    pub(crate) fn says(&mut self, line: &[u8], spec: &Spec) -> bool {
        // IMAP has a tag in front.
        let begins = (0..2)
            .any(|nth| sasl::begins_login(word(line, nth)) && !word(line, nth + 1).is_empty());
        let answer = self.begun && !begins && spec.verb(line).is_none();
        self.begun |= begins;
        answer && !matches!(line, b"" | b"*")
    }

    /// A challenge came to what was no command of ours.
    pub(crate) fn challenged(&mut self) {
        self.begun = true;
    }

    /// The login succeeded or was refused.
    pub(crate) fn ended(&mut self) {
        self.begun = false;
    }
}

/// Raw octets as they may be seen: each line by its verb, and as one secret where an answer of a
/// login is due. `None` when all of it may be.
pub(crate) fn masked_raw(
    octets: &[u8],
    spec: &Spec,
    answer: bool,
    login: &mut RawLogin,
) -> Option<Vec<u8>> {
    let (body, end) = match octets.strip_suffix(b"\n") {
        Some(body) => (body.strip_suffix(b"\r").unwrap_or(body), true),
        None => (octets, false),
    };
    let shown = if answer && !matches!(body, b"" | b"*") {
        MASK.as_bytes().to_vec()
    } else {
        let lines = body.split(|b| *b == b'\n').map(|line| {
            let bare = line.strip_suffix(b"\r").unwrap_or(line);
            let cut = match login.says(bare, spec) {
                true => Some(MASK.into()),
                false => masked(bare, spec.verb(bare)),
            };
            cut.map_or_else(|| line.to_vec(), |cut| [&cut, &line[bare.len()..]].concat())
        });
        lines.collect::<Vec<_>>().join(&b'\n')
    };
    let tail: &[u8] = if end { &octets[body.len()..] } else { b"" };
    (shown != body).then(|| [&shown, tail].concat())
}

/// `line` with everything behind its n-th word masked; `None` when nothing stands there.
/// Words are separated by blanks or TABs, more than one and leading ones included, so that an
/// oddly typed line hides as much as a tidy one.
pub(crate) fn after_word(line: &[u8], words: usize) -> Option<Vec<u8>> {
    let mut at = 0;
    for _ in 0..words {
        at += line[at..].iter().take_while(|b| is_blank(**b)).count();
        at += line[at..].iter().take_while(|b| !is_blank(**b)).count();
    }
    if line.len() <= at + 1 {
        return None;
    }
    Some([&line[..=at], MASK.as_bytes()].concat())
}

/// A line that begins with no verb of its protocol, as it may be seen: mistyped or typed at the
/// wrong server it may hold a credential all the same. `None` when nothing looks like one.
fn stray(line: &[u8]) -> Option<Vec<u8>> {
    // "a1 LOGIN alice secret", "AUHT PLAIN AGEAYg==", ":PASS secret".
    for nth in 0..2 {
        let name = String::from_utf8_lossy(word(line, nth)).into_owned();
        let name = name.trim_start_matches(':').to_owned();
        let verb = SECRET_VERBS.iter().any(|v| v.eq_ignore_ascii_case(&name));
        if verb || sasl::find(&name).is_some_and(|_| nth == 1) {
            return after_word(line, nth + 1);
        }
    }
    // "AGEAYg==" by itself.
    let words = line.split(|b| is_blank(*b)).filter(|w| !w.is_empty());
    let at = words.into_iter().position(sasl::plain::is_message)?;
    match at {
        0 => Some(MASK.into()),
        at => after_word(line, at),
    }
}

/// The first word of a line as typed, short and without a secret.
pub(crate) fn typed_word(line: &[u8]) -> String {
    let first = word(line, 0);
    if stray(first).is_some() {
        return MASK.to_owned();
    }
    String::from_utf8_lossy(&first[..first.len().min(LABEL_MAX)]).into_owned()
}

/// The first word of a line in capitals: what its reply is said to be to.
pub(crate) fn label(line: &[u8]) -> String {
    typed_word(line).to_ascii_uppercase()
}

/// The n-th word of a line, counting from 0; empty when there is none.
pub(crate) fn word(line: &[u8], n: usize) -> &[u8] {
    line.split(|b| is_blank(*b))
        .filter(|w| !w.is_empty())
        .nth(n)
        .unwrap_or_default()
}

fn is_blank(b: u8) -> bool {
    matches!(b, b' ' | b'\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(line: &str, words: usize) -> Option<String> {
        after_word(line.as_bytes(), words).map(|m| String::from_utf8(m).unwrap())
    }

    #[test]
    fn words_are_kept_and_the_rest_is_not() {
        let kept = Some("AUTH PLAIN ••••".to_owned());
        assert_eq!(masked("AUTH PLAIN AGFsaWNl", 2), kept);
        assert_eq!(masked("AUTH PLAIN AGFs aWNl ", 2), kept);
        assert_eq!(masked("AUTH PLAIN", 2), None);
        assert_eq!(masked("PASS  two words", 1), Some("PASS ••••".into()));
        assert_eq!(masked("\t PASS\tx", 1), Some("\t PASS\t••••".into()));
        assert_eq!(masked("", 1), None);
        assert_eq!(word(b"  a \t b", 1), b"b");
        assert_eq!(word(b"a", 3), b"");
    }

    #[test]
    fn raw_octets_are_masked_line_by_line() {
        let spec = &crate::proto::smtp::spec::SPEC;
        let raw = |octets: &str, answer| {
            let login = &mut RawLogin::default();
            let masked = masked_raw(octets.as_bytes(), spec, answer, login);
            masked.map(|m| String::from_utf8(m).unwrap())
        };
        assert_eq!(
            raw("NOOP\r\nAUTH PLAIN AGFsaWNl\r\nNOOP\n", false).unwrap(),
            "NOOP\r\nAUTH PLAIN ••••\r\nNOOP\n"
        );
        assert_eq!(raw("NOOP\r\nRSET\r\n", false), None);
        assert_eq!(raw("AUTH PLAIN AGFs", false).unwrap(), "AUTH PLAIN ••••");
        assert_eq!(raw("cGFzcw==\r\n", true).unwrap(), "••••\r\n");
        assert_eq!(
            raw("AUTH LOGIN\r\nYm9i\r\n*\r\nNOOP\r\n", false).unwrap(),
            "AUTH LOGIN\r\n••••\r\n*\r\nNOOP\r\n"
        );
        assert_eq!(raw("*\r\n", true), None);
        assert_eq!(raw("", true), None);
    }

    #[test]
    fn strays_are_masked() {
        for (line, shown) in [
            ("a1 login alice wonderland", "a1 login ••••"),
            ("PASS wonderland", "PASS ••••"),
            (":pass wonderland", ":pass ••••"),
            ("AUHT plain AGFsaWNlAHdvbmRlcmxhbmQ=", "AUHT plain ••••"),
            ("AUTHPLAIN AGFsaWNlAHdvbmRlcmxhbmQ=", "AUTHPLAIN ••••"),
            ("AGFsaWNlAHdvbmRlcmxhbmQ=", "••••"),
        ] {
            let masked = stray(line.as_bytes()).expect(line);
            assert_eq!(String::from_utf8(masked).unwrap(), shown);
        }
        for line in ["MIAL FROM:<a@b>", "hello", "", "LOGIN", "GET / HTTP/1.1"] {
            assert_eq!(stray(line.as_bytes()), None, "{line}");
        }
        assert_eq!(label(b"AGFsaWNlAHdvbmRlcmxhbmQ= x"), MASK);
        assert_eq!(label(b" mial x"), "MIAL");
    }
}
