//! What of a console line must not be seen: the password of a URL, and a login in raw octets.
//!
//! A console line has no grammar that would tell, so it is looked at word by word, for every
//! protocol alike: the history asks with none at hand.

use std::ops::Range;

use crate::sasl;

/// The secrets of a console line, its colon in front, in order. `answer` is true where the server
/// waits for an answer: raw octets are that.
pub fn secrets(line: &str, answer: bool) -> Vec<Range<usize>> {
    let bare = line.trim_start_matches(':').trim_start();
    let (command, rest) = bare.split_once([' ', '\t']).unwrap_or((bare, ""));
    let (command, from) = (command.to_ascii_lowercase(), line.len() - rest.len());
    let moved = |range: Range<usize>, by| range.start + by..range.end + by;
    if command == "raw" {
        let secret = octets_of_login(&line[from..], answer);
        return secret.into_iter().map(|range| moved(range, from)).collect();
    }
    let found = words(line).filter_map(|(at, word)| {
        let is_target = command == "open" && at > 0;
        Some(moved(password_of_url(word, is_target)?, at))
    });
    found.collect()
}

/// The line with a mask for each of these stretches.
pub fn without(line: &str, secrets: &[Range<usize>], mask: &str) -> String {
    let mut out = String::new();
    let mut at = 0;
    for range in secrets {
        out.push_str(&line[at..range.start]);
        out.push_str(mask);
        at = range.end;
    }
    out + &line[at..]
}

/// Words and where they begin.
fn words(line: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    line.split([' ', '\t']).map(move |word| {
        let begins = at;
        at += word.len() + 1;
        (begins, word)
    })
}

/// Where the password of `imap://bob:secret@host` stands. While the `@` is still to be typed, what
/// stands behind a colon and is no port is taken for one. A target can do without its scheme.
fn password_of_url(word: &str, is_target: bool) -> Option<Range<usize>> {
    let authority = match word.find("://") {
        Some(at) => at + 3,
        None if is_target => 0,
        None => return None,
    };
    let rest = &word[authority..];
    let (user, is_whole) = match rest.rfind('@') {
        Some(at) => (&rest[..at], true),
        None => (rest, false),
    };
    let start = user.find(':')? + 1;
    let password = &user[start..];
    if !is_whole {
        // `host:143`, `host/INBOX:x`, `[::1]:25`, and `imap:` on its way to `imap://`.
        let port = password.split(['/', '?', '"']).next().unwrap_or_default();
        let is_port = port.bytes().all(|b| b.is_ascii_digit());
        if is_port || user[..start].contains(['/', '[']) {
            return None;
        }
    }
    let found = authority + start..authority + user.len();
    (!password.is_empty()).then_some(found)
}

/// What of octets that are written out is the secret of a login.
fn octets_of_login(octets: &str, answer: bool) -> Option<Range<usize>> {
    if answer {
        let text = bare(octets);
        return (!matches!(text, "" | "*")).then_some(0..octets.len());
    }
    let mut begun = false;
    for (at, word) in words(octets) {
        if begun {
            let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
            let behind = &octets[octets
                .len()
                .min(at + word.find(|c| !name(c)).unwrap_or(word.len()))..];
            let start = octets.len() - ends_off(behind).len();
            return (!bare(behind).is_empty()).then_some(start..octets.len());
        }
        // Behind a line end that is written out begins another line.
        for line in word.split("\\n").map(|line| line.trim_start_matches('"')) {
            let blob = line.split(['\\', '"']).next().unwrap_or_default();
            if sasl::plain::is_message(blob.as_bytes()) {
                let start = line.as_ptr().addr() - octets.as_ptr().addr();
                return Some(start..octets.len());
            }
            begun = sasl::begins_login(line.as_bytes());
        }
    }
    None
}

/// Octets without their quotes, and without blanks and line ends around them.
fn bare(octets: &str) -> &str {
    let mut text = ends_off(octets.trim_matches(['"', ' ']));
    while let Some(shorter) = ["\\r", "\\n", " "]
        .iter()
        .find_map(|e| text.strip_suffix(e))
    {
        text = shorter;
    }
    text
}

/// Written-out line ends and blanks in front are no secret.
fn ends_off(mut text: &str) -> &str {
    while let Some(shorter) = ["\\r", "\\n", " "]
        .iter()
        .find_map(|e| text.strip_prefix(e))
    {
        text = shorter;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(line: &str, answer: bool) -> String {
        without(line, &secrets(line, answer), "~")
    }

    #[test]
    fn the_password_of_a_url() {
        for (line, shown) in [
            (
                ":open imap://bob:hunter22@mail.test",
                ":open imap://bob:~@mail.test",
            ),
            (
                ":open imap://bob:pa/s@s@mail.test",
                ":open imap://bob:~@mail.test",
            ),
            (":open imap://bob:hun", ":open imap://bob:~"),
            (":open bob:hunter22@mail.test", ":open bob:~@mail.test"),
            (": OPEN bob:hunter22@mail.test", ": OPEN bob:~@mail.test"),
            (":open bob:1234@mail.test:143", ":open bob:~@mail.test:143"),
            (
                ":run x.talk --target=smtp://a:b@h",
                ":run x.talk --target=smtp://a:~@h",
            ),
            (
                ":reconnect imap://bob:hunter22@h",
                ":reconnect imap://bob:~@h",
            ),
        ] {
            assert_eq!(masked(line, false), shown);
        }
        for line in [
            ":open imap://bob@mail.test:143/INBOX",
            ":open imaps://[2001:db8::1]:993",
            ":open mail.test:143",
            ":open imap:",
            ":open imap:/",
            ":open",
            ":watch 5 MAIL FROM:<a@b>",
            ":open smtp://h/a:b",
        ] {
            assert_eq!(masked(line, false), line);
        }
    }

    #[test]
    fn a_login_in_raw_octets() {
        for (line, answer, shown) in [
            (r#":raw "cGFzcw==\r\n""#, true, ":raw ~"),
            (r#":raw "*\r\n""#, true, r#":raw "*\r\n""#),
            (r#":raw "cGFzcw==\r\n""#, false, r#":raw "cGFzcw==\r\n""#),
            (r#":raw "AGJvYgBodW50ZXIyMg==\r\n""#, false, r#":raw "~"#),
            (
                r#":raw "NOOP\r\nAGJvYgBodW50ZXIyMg==\r\n""#,
                false,
                r#":raw "NOOP\r\n~"#,
            ),
            (
                r#":raw "AUTH PLAIN\r\n""#,
                false,
                r#":raw "AUTH PLAIN\r\n""#,
            ),
            (
                r#":raw "AUTH LOGIN\r\nYm9i\r\n""#,
                false,
                r#":raw "AUTH LOGIN\r\n~"#,
            ),
            (
                r#":raw "EHLO a\r\nauth LOGIN Ym9i\r\n""#,
                false,
                r#":raw "EHLO a\r\nauth LOGIN ~"#,
            ),
            (
                r#":raw "a1 AUTHENTICATE X\r\nYm9i""#,
                false,
                r#":raw "a1 AUTHENTICATE X\r\n~"#,
            ),
        ] {
            assert_eq!(masked(line, answer), shown);
        }
    }
}
