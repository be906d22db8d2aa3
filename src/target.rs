//! Where to: a URL, telnet's two words, a socket or a command, made into a `Target`.

use std::fmt;
use std::path::PathBuf;

use crate::error::{Error, Result};
use crate::proto::{self, Protocol, TlsMode};

/// A place to connect to, and what is known of how to speak there.
#[derive(Clone, Debug)]
pub struct Target {
    /// The way there.
    pub place: Place,
    /// The protocol, when scheme or port tell; else the greeting does.
    pub protocol: Option<&'static Protocol>,
    /// How TLS comes about.
    pub tls: TlsMode,
    /// The user part of a URL.
    pub user: Option<String>,
}

/// The way to a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A host, by name or address, and a port.
    Tcp {
        /// As the person named it, without brackets.
        host: String,
        /// The port.
        port: u16,
    },
    /// A Unix socket.
    Unix(PathBuf),
    /// A server on the pipes of a command.
    Exec(String),
    /// The practice server inside this program.
    Practice,
}

impl Target {
    /// What stands in the prompt, and what a certificate is checked against.
    pub fn host(&self) -> &str {
        match &self.place {
            Place::Tcp { host, .. } => host,
            Place::Unix(_) => "unix",
            Place::Exec(_) => "exec",
            Place::Practice => "practice",
        }
    }

    /// The practice server, over one of its protocols.
    pub fn practice(protocol: &'static Protocol) -> Self {
        Self {
            place: Place::Practice,
            protocol: Some(protocol),
            tls: TlsMode::Clear,
            user: None,
        }
    }
}

impl fmt::Display for Target {
    /// As a URL where there is one, so that it can be given to ehlo again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = self.protocol.map_or("smtp", |p| p.name);
        match &self.place {
            Place::Tcp { host, port } => {
                let scheme = self
                    .protocol
                    .and_then(|p| p.schemes.iter().find(|s| s.tls == self.tls));
                let scheme = scheme.map_or(protocol, |s| s.name);
                let user = self
                    .user
                    .as_deref()
                    .map(|user| user.replace('%', "%25").replace('@', "%40") + "@");
                let user = user.unwrap_or_default();
                match host.contains(':') {
                    true => write!(f, "{scheme}://{user}[{host}]:{port}"),
                    false => write!(f, "{scheme}://{user}{host}:{port}"),
                }
            }
            // Only a URL says what is spoken there, and it has room for whole paths only.
            Place::Unix(path) if self.protocol.is_some() && path.is_absolute() => {
                write!(f, "{protocol}://{}", path.display())
            }
            Place::Unix(path) => write!(f, "unix:{}", path.display()),
            Place::Exec(command) => write!(f, "exec:{command}"),
            Place::Practice => write!(f, "{protocol}://practice"),
        }
    }
}

/// Well-known ports: what is spoken there and how.
const PORTS: &[(u16, &str, TlsMode)] = &[
    (25, "smtp", TlsMode::Clear),
    (587, "smtp", TlsMode::Clear),
    (465, "smtp", TlsMode::Implicit),
    (24, "lmtp", TlsMode::Clear),
    (110, "pop3", TlsMode::Clear),
    (995, "pop3", TlsMode::Implicit),
    (143, "imap", TlsMode::Clear),
    (993, "imap", TlsMode::Implicit),
];

/// Service names beside the schemes, as /etc/services knows them.
const SERVICES: &[(&str, u16)] = &[
    ("smtp", 25),
    ("mail", 25),
    ("submission", 587),
    ("submit", 587),
    ("submissions", 465),
    ("smtps", 465),
    ("ssmtp", 465),
    ("pop3", 110),
    ("pop-3", 110),
    ("pop3s", 995),
    ("imap", 143),
    ("imap2", 143),
    ("imaps", 993),
    ("lmtp", 24),
];

/// Reads TARGET and telnet's second word. A bare host means its SMTP port.
///
/// # Errors
/// `Usage`, with what is known and what was perhaps meant.
pub fn parse(text: &str, port: Option<&str>) -> Result<Target> {
    if text.bytes().any(|b| b.is_ascii_control()) {
        return Err(Error::usage("the target holds control characters"));
    }
    if let Some(path) = text.strip_prefix("unix:") {
        return parse_other(Place::Unix(path.into()), path, port, "a socket");
    }
    if let Some(command) = text.strip_prefix("exec:") {
        return parse_other(Place::Exec(command.into()), command, port, "a command");
    }
    if let Some(name) = text.strip_prefix('@') {
        return Err(
            Error::usage(format!("a profile cannot be named here: \"@{name}\""))
                .hint("instead", format!("ehlo @{name}")),
        );
    }
    match text.split_once("://") {
        Some((scheme, rest)) => parse_url(scheme, rest, port),
        None => parse_host(text, port),
    }
}

fn parse_other(place: Place, what: &str, port: Option<&str>, kind: &str) -> Result<Target> {
    if what.is_empty() {
        return Err(Error::usage(format!(
            "{kind} must be named, as in unix:/run/lmtp or exec:\"sendmail -bs\""
        )));
    }
    let protocol = port.map(protocol_word).transpose()?;
    Ok(Target {
        place,
        protocol,
        tls: TlsMode::Clear,
        user: None,
    })
}

/// `unix:PATH lmtp`: the second word names the protocol where there is no port.
fn protocol_word(word: &str) -> Result<&'static Protocol> {
    proto::scheme(word)
        .map(|(protocol, _)| protocol)
        .ok_or_else(|| {
            Error::usage(format!("\"{word}\" is no protocol")).hint("known", known_schemes())
        })
}

fn parse_url(scheme: &str, rest: &str, port: Option<&str>) -> Result<Target> {
    without_password(rest)?;
    let Some((protocol, found)) = proto::scheme(scheme) else {
        return Err(unknown_scheme(scheme, rest));
    };
    let (authority, path) = match rest.find(['/', '?', '#']) {
        Some(at) => (&rest[..at], &rest[at..]),
        None => (rest, ""),
    };
    if authority.is_empty() && path.len() > 1 {
        let place = Place::Unix(path.into());
        return Ok(Target {
            place,
            protocol: Some(protocol),
            tls: found.tls,
            user: None,
        });
    }
    if !path.trim_start_matches('/').is_empty() {
        return Err(
            Error::usage(format!("\"{path}\" after the host means nothing here"))
                .hint("meant", format!("{scheme}://{authority} ?")),
        );
    }
    let (user, hostport) = split_user(authority)?;
    let (host, given) = split_port(hostport)?;
    if let (Some(a), Some(b)) = (given, port) {
        return Err(Error::usage(format!("two ports, {a} and {b}")));
    }
    let port = match given.or(port) {
        Some(text) => port_number(text)?,
        None => found.port.ok_or_else(|| {
            Error::usage(format!("{scheme} has no port of its own")).hint(
                "give",
                format!("{scheme}://{host}:24, or unix:PATH {scheme}"),
            )
        })?,
    };
    let place = Place::Tcp {
        host: host.to_owned(),
        port,
    };
    Ok(Target {
        place,
        protocol: Some(protocol),
        tls: found.tls,
        user,
    })
}

fn parse_host(text: &str, port: Option<&str>) -> Result<Target> {
    without_password(text)?;
    let (host, given) = split_port(text)?;
    if let (Some(a), Some(b)) = (given, port) {
        return Err(Error::usage(format!("two ports, {a} and {b}")));
    }
    let word = given.or(port).unwrap_or("smtp");
    if let Some((user, host)) = host.split_once('@') {
        return Err(Error::usage("a user name needs a URL")
            .hint("meant", format!("smtp://{user}@{host}:{word} ?")));
    }
    let number = port_number(word)?;
    let known = PORTS.iter().find(|(port, ..)| *port == number);
    Ok(Target {
        place: Place::Tcp {
            host: host.to_owned(),
            port: number,
        },
        protocol: known.and_then(|(_, name, _)| proto::protocol(name)),
        tls: known.map_or(TlsMode::Clear, |(.., tls)| *tls),
        user: None,
    })
}

fn split_user(authority: &str) -> Result<(Option<String>, &str)> {
    let Some((user, host)) = authority.rsplit_once('@') else {
        return Ok((None, authority));
    };
    Ok((Some(percent_decoded(user)?), host))
}

/// Looked for before all else that may be wrong: other errors repeat what was given.
fn without_password(rest: &str) -> Result<()> {
    match rest.rsplit_once('@') {
        Some((user, _)) if user.contains(':') => Err(Error::usage(
            "a password does not belong in a URL: every process list would show it",
        )
        .hint(
            "instead",
            "--password-command CMD, --password-fd N, EHLO_PASSWORD, or be asked",
        )),
        _ => Ok(()),
    }
}

/// `%40` in a user name stands for `@` (RFC 3986 2.1).
fn percent_decoded(text: &str) -> Result<String> {
    let bad = || {
        Error::usage(format!(
            "\"{text}\" holds a % that no two hex digits follow"
        ))
    };
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(b) = bytes.next() {
        if b != b'%' {
            out.push(b);
            continue;
        }
        let mut digit = || {
            bytes
                .next()
                .and_then(|d| char::from(d).to_digit(16))
                .ok_or_else(bad)
        };
        let (high, low) = (digit()?, digit()?);
        out.extend(u8::try_from(high * 16 + low));
    }
    let user = String::from_utf8(out).map_err(|_| bad())?;
    if user.chars().any(char::is_control) {
        return Err(Error::usage("a user name cannot hold control characters"));
    }
    Ok(user)
}

/// Host and port text. Brackets go around IPv6 addresses; a bare one has no port.
fn split_port(text: &str) -> Result<(&str, Option<&str>)> {
    let (host, port) = if let Some(inner) = text.strip_prefix('[') {
        let (host, after) = inner
            .split_once(']')
            .ok_or_else(|| Error::usage(format!("\"{text}\" has no closing bracket")))?;
        match after.strip_prefix(':') {
            Some(port) => (host, Some(port)),
            None if after.is_empty() => (host, None),
            None => {
                return Err(Error::usage(format!(
                    "\"{after}\" after the bracket is no port"
                )));
            }
        }
    } else if text.bytes().filter(|b| *b == b':').count() > 1 {
        let address = text.split('%').next().unwrap_or_default();
        if address.parse::<std::net::Ipv6Addr>().is_err() {
            let what = format!("\"{text}\" has too many colons and is no IPv6 address");
            return Err(Error::usage(what).hint("write", "HOST:PORT or [ADDRESS]:PORT"));
        }
        (text, None)
    } else {
        match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        }
    };
    if host.is_empty() {
        return Err(Error::usage("no host is named"));
    }
    if host.contains(char::is_whitespace) {
        return Err(Error::usage(format!("\"{host}\" is no host name")));
    }
    Ok((host, port))
}

fn port_number(word: &str) -> Result<u16> {
    if let Ok(number) = word.parse::<u16>()
        && number > 0
    {
        return Ok(number);
    }
    let service = SERVICES
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(word));
    service.map(|(_, port)| *port).ok_or_else(|| {
        let names: Vec<_> = SERVICES.iter().map(|(name, _)| *name).collect();
        Error::usage(format!("\"{word}\" is no port"))
            .hint("known", format!("1 to 65535, {}", names.join(" ")))
    })
}

fn known_schemes() -> String {
    let names = proto::PROTOCOLS
        .iter()
        .flat_map(|p| p.schemes)
        .map(|s| s.name);
    names.collect::<Vec<_>>().join(" ")
}

fn unknown_scheme(scheme: &str, rest: &str) -> Error {
    let mut error =
        Error::usage(format!("\"{scheme}\" is no scheme")).hint("known", known_schemes());
    let names = proto::PROTOCOLS
        .iter()
        .flat_map(|p| p.schemes)
        .map(|s| s.name);
    if let Some(meant) = crate::ui::meant::nearest(scheme, names) {
        error = error.hint("meant", format!("{meant}://{rest} ?"));
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_and_what_they_mean() {
        for (text, port, url) in [
            ("mail.example.org", Some("25"), "smtp://mail.example.org:25"),
            ("mail.example.org", None, "smtp://mail.example.org:25"),
            (
                "mail.example.org",
                Some("imaps"),
                "imaps://mail.example.org:993",
            ),
            ("mail.example.org:995", None, "pop3s://mail.example.org:995"),
            ("[2001:db8::25]:143", None, "imap://[2001:db8::25]:143"),
            ("submission://a%40b@h", None, "smtp://a%40b@h:587"),
            ("imap://alice@h:1143", None, "imap://alice@h:1143"),
            ("lmtp://h:2024", None, "lmtp://h:2024"),
            ("unix:/run/lmtp", Some("lmtp"), "lmtp:///run/lmtp"),
            ("unix:run/lmtp", Some("lmtp"), "unix:run/lmtp"),
            ("unix:/run/lmtp", None, "unix:/run/lmtp"),
            ("exec:sendmail -bs", None, "exec:sendmail -bs"),
        ] {
            assert_eq!(parse(text, port).unwrap().to_string(), url, "{text}");
        }
    }

    #[test]
    fn targets_that_are_none() {
        for (text, port, says) in [
            ("smpt://h", None, "meant     smtp://h ?"),
            (
                "imap://alice:secret@h",
                None,
                "a password does not belong in a URL",
            ),
            ("smpt://alice:secret@h", None, "a password does not"),
            ("imap://alice:sec/ret@h", None, "a password does not"),
            ("alice:secret@h", None, "a password does not"),
            ("h:25", Some("26"), "two ports, 25 and 26"),
            ("h", Some("smpt"), "\"smpt\" is no port"),
            ("h:99999", None, "is no port"),
            ("lmtp://h", None, "lmtp has no port of its own"),
            ("imap://h/INBOX", None, "means nothing here"),
            ("[::1", None, "no closing bracket"),
            ("", None, "no host is named"),
            ("a\nb", None, "control characters"),
            ("unix:", None, "must be named"),
        ] {
            let error = parse(text, port).unwrap_err();
            assert_eq!(error.kind.code(), 2, "{text}");
            assert!(error.to_string().contains(says), "{text}: {error}");
        }
        assert!(
            !parse("imap://alice:secret@h", None)
                .unwrap_err()
                .to_string()
                .contains("secret")
        );
    }
}
