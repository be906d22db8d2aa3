//! The envelope: paths and parameters of MAIL and RCPT (RFC 5321 4.1.2, 1870, 3461, 6152, 6531).
//!
//! Pure parsing. What Postfix forgives is forgiven (a blank behind the colon, an address without
//! angle brackets); an address itself must be one.

/// An address as given, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::proto::smtp) struct Path {
    /// The whole mailbox; empty for `<>`.
    pub(in crate::proto::smtp) address: String,
    /// The part behind the last `@`; empty for `<>` and for a bare `postmaster`.
    pub(in crate::proto::smtp) domain: String,
}

/// Why a path cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::proto::smtp) enum BadPath {
    /// No `FROM:` or `TO:`, or nothing behind it.
    Syntax,
    /// What stands there is no address.
    Address,
}

/// Takes `FROM:<path>` apart; answers the path and what follows it.
pub(in crate::proto::smtp) fn path<'a>(
    args: &'a str,
    keyword: &str,
) -> Result<(Path, &'a str), BadPath> {
    let head = args.get(..keyword.len()).ok_or(BadPath::Syntax)?;
    if !head.eq_ignore_ascii_case(keyword) {
        return Err(BadPath::Syntax);
    }
    let rest = args[keyword.len()..].trim_start();
    let rest = rest.strip_prefix(':').ok_or(BadPath::Syntax)?.trim_start();
    let (text, rest) = match rest.strip_prefix('<') {
        Some(inside) => {
            let end = closing(inside).ok_or(BadPath::Address)?;
            (&inside[..end], &inside[end + 1..])
        }
        None => rest.split_once(' ').unwrap_or((rest, "")),
    };
    if text.is_empty() && !args.contains('<') {
        return Err(BadPath::Syntax);
    }
    if !rest.is_empty() && !rest.starts_with(' ') && text.len() + rest.len() < args.len() {
        // `<a@b>SIZE=1`: a blank is missing.
        if args.contains('<') {
            return Err(BadPath::Syntax);
        }
    }
    Ok((mailbox(text).ok_or(BadPath::Address)?, rest.trim()))
}

/// Where the `>` stands that closes a path: quoted strings may hold others.
fn closing(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '>' if !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

/// Reads what stands between the brackets: nothing, `postmaster`, or a mailbox, source route and
/// all (which is ignored, RFC 5321 appendix C).
pub(in crate::proto::smtp) fn mailbox(text: &str) -> Option<Path> {
    let text = match text.strip_prefix('@') {
        Some(route) => route.split_once(':')?.1,
        None => text,
    };
    let bare = text.is_empty() || text.eq_ignore_ascii_case("postmaster");
    let domain = if bare {
        ""
    } else {
        let at = text.rfind('@')?;
        let (local, domain) = (&text[..at], &text[at + 1..]);
        if !is_local_part(local) || !is_domain(domain) {
            return None;
        }
        domain
    };
    Some(Path {
        address: text.to_owned(),
        domain: domain.to_owned(),
    })
}

fn is_local_part(local: &str) -> bool {
    // RFC 5321 4.5.3.1.1.
    if local.is_empty() || local.len() > 64 {
        return false;
    }
    if let Some(quoted) = local.strip_prefix('"') {
        let Some(inside) = quoted.strip_suffix('"') else {
            return false;
        };
        let mut escaped = false;
        for c in inside.chars() {
            match c {
                _ if c.is_control() => return false,
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => return false,
                _ => {}
            }
        }
        return !escaped;
    }
    local.split('.').all(|atom| {
        !atom.is_empty()
            && atom.chars().all(|c| {
                c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) || is_text(c)
            })
    })
}

fn is_text(c: char) -> bool {
    !c.is_ascii() && !c.is_control()
}

fn is_domain(domain: &str) -> bool {
    if domain.is_empty() || domain.len() > 255 {
        return false;
    }
    if let Some(inside) = domain.strip_prefix('[').and_then(|d| d.strip_suffix(']')) {
        let legal = |c: char| c.is_ascii_graphic() && !"[]\\".contains(c);
        return !inside.is_empty() && inside.chars().all(legal);
    }
    domain.split('.').all(|label| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_' || is_text(c))
    })
}

/// What MAIL was given beside the address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::proto::smtp) struct MailParameters {
    /// SIZE, as declared.
    pub(in crate::proto::smtp) size: Option<u64>,
    /// SMTPUTF8.
    pub(in crate::proto::smtp) utf8: bool,
}

/// Reads MAIL's parameters. `auth`: AUTH is offered. The error is the reply.
pub(in crate::proto::smtp) fn mail_parameters(
    text: &str,
    auth: bool,
) -> Result<MailParameters, String> {
    let mut found = MailParameters::default();
    for (name, value) in parameters(text)? {
        match (name.as_str(), value) {
            ("SIZE", Some(value)) if is_digits(value, 20) => {
                // Twenty digits may be more than fits: then it is too large in any case.
                found.size = Some(value.parse().unwrap_or(u64::MAX));
            }
            ("SIZE", _) => return Err("501 5.5.4 Bad message size syntax".into()),
            ("BODY", Some(value)) if is_one_of(value, &["7BIT", "8BITMIME"]) => {}
            ("BODY", _) => return Err("501 5.5.4 Bad BODY parameter".into()),
            ("SMTPUTF8", None) => found.utf8 = true,
            ("SMTPUTF8", Some(_)) => return Err("501 5.5.4 SMTPUTF8 takes no value".into()),
            ("RET", Some(value)) if is_one_of(value, &["FULL", "HDRS"]) => {}
            ("RET", _) => return Err("501 5.5.4 Bad RET parameter syntax".into()),
            ("ENVID", Some(value)) if is_xtext(value, 100) => {}
            ("ENVID", _) => return Err("501 5.5.4 Bad ENVID parameter syntax".into()),
            ("AUTH", Some(value)) if auth && (value == "<>" || is_xtext(value, 500)) => {}
            ("AUTH", _) if auth => return Err("501 5.5.4 Bad AUTH parameter syntax".into()),
            (name, _) => return Err(format!("555 5.5.4 Unsupported option: {name}")),
        }
    }
    Ok(found)
}

/// Checks RCPT's parameters. The error is the reply.
pub(in crate::proto::smtp) fn rcpt_parameters(text: &str) -> Result<(), String> {
    for (name, value) in parameters(text)? {
        match (name.as_str(), value) {
            ("NOTIFY", Some(value)) if is_notify(value) => {}
            ("NOTIFY", _) => return Err("501 5.5.4 Bad NOTIFY parameter syntax".into()),
            ("ORCPT", Some(value)) if is_orcpt(value) => {}
            ("ORCPT", _) => return Err("501 5.5.4 Bad ORCPT parameter syntax".into()),
            (name, _) => return Err(format!("555 5.5.4 Unsupported option: {name}")),
        }
    }
    Ok(())
}

type Parameter<'a> = (String, Option<&'a str>);

/// `NAME` and `NAME=value`, each once (RFC 5321 4.1.1.11).
fn parameters(text: &str) -> Result<Vec<Parameter<'_>>, String> {
    let mut found: Vec<Parameter<'_>> = Vec::new();
    for word in text.split_ascii_whitespace() {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word, None),
        };
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if name.is_empty() || !name.chars().all(legal) || value == Some("") {
            return Err("501 5.5.4 Bad parameter syntax".into());
        }
        let name = name.to_ascii_uppercase();
        if found.iter().any(|(other, _)| *other == name) {
            return Err(format!("501 5.5.4 {name} is given twice"));
        }
        found.push((name, value));
    }
    Ok(found)
}

fn is_digits(text: &str, most: usize) -> bool {
    !text.is_empty() && text.len() <= most && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_one_of(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.eq_ignore_ascii_case(word))
}

fn is_notify(value: &str) -> bool {
    value.eq_ignore_ascii_case("NEVER")
        || value
            .split(',')
            .all(|word| is_one_of(word, &["SUCCESS", "FAILURE", "DELAY"]))
}

fn is_orcpt(value: &str) -> bool {
    let Some((kind, address)) = value.split_once(';') else {
        return false;
    };
    let utf8 = kind.eq_ignore_ascii_case("utf-8");
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '-';
    !kind.is_empty()
        && kind.chars().all(legal)
        && value.len() <= 500
        && (utf8 && !address.is_empty() || is_xtext(address, 500))
}

/// RFC 3461 4: printable, `+` begins two capital hexadecimal digits, no `=`.
fn is_xtext(text: &str, most: usize) -> bool {
    let mut bytes = text.bytes();
    while let Some(b) = bytes.next() {
        let legal = match b {
            b'+' => {
                let hex = |b: Option<u8>| b.is_some_and(|b| b"0123456789ABCDEF".contains(&b));
                hex(bytes.next()) && hex(bytes.next())
            }
            b'=' => false,
            _ => b.is_ascii_graphic(),
        };
        if !legal {
            return false;
        }
    }
    !text.is_empty() && text.len() <= most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        for (args, address, rest) in [
            ("FROM:<>", "", ""),
            ("from:<a@b.test> SIZE=5", "a@b.test", "SIZE=5"),
            ("FROM: <a@b.test>", "a@b.test", ""),
            ("FROM:a@b.test BODY=7BIT", "a@b.test", "BODY=7BIT"),
            ("FROM:<@x,@y:a@b>", "a@b", ""),
            ("FROM:<\"a > b\"@[127.0.0.1]>", "\"a > b\"@[127.0.0.1]", ""),
            ("FROM:<\"a@b\\\"\"@c>", "\"a@b\\\"\"@c", ""),
            ("FROM:<grün@bücher.test>", "grün@bücher.test", ""),
            ("FROM:<Postmaster>", "Postmaster", ""),
        ] {
            let (path, left) = path(args, "FROM").unwrap_or_else(|e| panic!("{args}: {e:?}"));
            assert_eq!((path.address.as_str(), left), (address, rest), "{args}");
        }
        for (args, why) in [
            ("", BadPath::Syntax),
            ("TO:<a@b>", BadPath::Syntax),
            ("FROM", BadPath::Syntax),
            ("FROM:", BadPath::Syntax),
            ("FROM:<a@b>SIZE=1", BadPath::Syntax),
            ("FROM:<a@b", BadPath::Address),
            ("FROM:<a>", BadPath::Address),
            ("FROM:<a@>", BadPath::Address),
            ("FROM:<@b>", BadPath::Address),
            ("FROM:<a..b@c>", BadPath::Address),
            ("FROM:<a b@c>", BadPath::Address),
            ("FROM:<a@-b>", BadPath::Address),
            ("FROM:<\"a\"b\"@c>", BadPath::Address),
        ] {
            assert_eq!(path(args, "FROM").unwrap_err(), why, "{args}");
        }
    }

    #[test]
    fn parameters_of_mail() {
        let found = mail_parameters("SIZE=12 BODY=8bitmime SMTPUTF8 RET=HDRS ENVID=a+2Bb", false);
        let want = MailParameters {
            size: Some(12),
            utf8: true,
        };
        assert_eq!(found, Ok(want));
        let huge = mail_parameters("SIZE=99999999999999999999", false);
        assert_eq!(huge.unwrap().size, Some(u64::MAX));
        for (text, code) in [
            ("SIZE=x", "501"),
            ("SIZE", "501"),
            ("BODY=BINARYMIME", "501"),
            ("SMTPUTF8=1", "501"),
            ("RET=ALL", "501"),
            ("ENVID=a=b", "501"),
            ("ENVID=a+2b", "501"),
            ("SIZE=1 size=2", "501"),
            ("NOTIFY=NEVER", "555"),
            ("AUTH=<>", "555"),
            ("X-Y=1", "555"),
            ("ü=1", "501"),
        ] {
            let reply = mail_parameters(text, false).unwrap_err();
            assert!(reply.starts_with(code), "{text}: {reply}");
        }
        assert!(mail_parameters("AUTH=<>", true).is_ok());
    }

    #[test]
    fn parameters_of_rcpt() {
        assert_eq!(
            rcpt_parameters("NOTIFY=SUCCESS,delay ORCPT=rfc822;a@b.test"),
            Ok(())
        );
        for text in ["NOTIFY=NEVER,DELAY", "NOTIFY=", "ORCPT=a@b", "SIZE=1"] {
            assert!(rcpt_parameters(text).is_err(), "{text}");
        }
    }
}
