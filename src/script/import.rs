//! Transcripts of others made into talks: `ehlo talk import`.
//!
//! Read are: `C:`/`S:` as in most RFCs, `S:`/`R:` of RFC 821 (sender and receiver), and the arrows
//! of swaks and of our own transcripts, with the prompts of a console. What a server said becomes patterns without what varies,
//! credentials become variables, remarks become prose.

use std::sync::Arc;

use super::parse::parse;
use crate::transcript::save;
use crate::transcript::{Direction, ReplyRow, Row, RowKind, Stamp};
use crate::wire::octets::announced;
use crate::wire::secret::MASK;

/// Nothing in the text looks like a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoConversation;

/// A line of a transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Spoken {
    Client(String),
    /// The client's line as it went out: dots are doubled.
    Wire(String),
    Server(String),
    /// A line of a literal or body that came.
    Content(String),
    Remark(String),
    Session(String),
    /// As `open` takes it; of swaks `//host:port`, without a scheme.
    Target(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    Smtp,
    Lmtp,
    Pop3,
    Imap,
}

impl Protocol {
    /// By a target's scheme, alone or in front of its address.
    fn of(target: &str) -> Option<Self> {
        let scheme = target.split("://").next()?;
        let (protocol, _) = crate::proto::scheme(scheme)?;
        [Self::Smtp, Self::Lmtp, Self::Pop3, Self::Imap]
            .into_iter()
            .find(|known| known.name() == protocol.name)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Lmtp => "lmtp",
            Self::Pop3 => "pop3",
            Self::Imap => "imap",
        }
    }
}

/// The talk that repeats a transcript.
///
/// # Errors
/// When no line of it is a client's or a server's.
pub fn import(text: &str) -> Result<String, NoConversation> {
    let spoken = read(text);
    if !spoken
        .iter()
        .any(|s| matches!(s, Spoken::Client(_) | Spoken::Wire(_) | Spoken::Server(_)))
    {
        return Err(NoConversation);
    }
    let protocol = protocol_of(&spoken);
    let talk = write(&spoken, protocol);
    // Counts in printed examples often do not survive printing.
    if parse(&talk, "import").is_err() && protocol == Protocol::Imap {
        return Ok(recount(&talk));
    }
    Ok(talk)
}

fn read(text: &str) -> Vec<Spoken> {
    let receiver = text
        .lines()
        .any(|line| line.trim_start().starts_with("R: ") || line.trim_start() == "R:");
    let mut spoken: Vec<Spoken> = Vec::new();
    let mut indent = 0;
    for line in text.lines() {
        let line = line.trim_end_matches('\r');
        let body = line.trim_start();
        let depth = line.len() - body.len();
        if let Some(found) = marked(line)
            .or_else(|| prompted(line))
            .or_else(|| prefixed(body, receiver))
        {
            indent = depth;
            spoken.push(found);
        } else if depth > indent
            && !body.is_empty()
            && let Some(Spoken::Client(before) | Spoken::Server(before)) = spoken.last_mut()
        {
            // A printed line that was too long goes on, indented deeper.
            before.push(' ');
            before.push_str(body);
        } else if body.is_empty() {
            indent = usize::MAX;
        }
    }
    spoken
}

/// The arrows of swaks and of our own transcripts, in the first three columns.
fn marked(line: &str) -> Option<Spoken> {
    let mark = line.get(..3)?;
    let rest = line.get(3..).unwrap_or_default();
    let rest = rest.strip_prefix(' ').unwrap_or(rest).to_owned();
    Some(match mark {
        " ->" | " ~>" => Spoken::Wire(rest),
        // Our own: content stands behind a bar.
        "-> " | "~> " => match rest.strip_prefix('|') {
            Some(content) => Spoken::Wire(content.to_owned()),
            None => Spoken::Wire(rest),
        },
        "<- " | "<~ " | "<**" | "<~*" | "<-*" => match rest.strip_prefix('|') {
            Some(content) => Spoken::Content(content.to_owned()),
            None => Spoken::Server(rest),
        },
        "===" | "== " | "***" | "!! " => match (target(&rest), rest.strip_prefix("session ")) {
            (Some(target), _) => Spoken::Target(target),
            (None, Some(name)) => Spoken::Session(name.to_owned()),
            (None, None) => Spoken::Remark(rest.trim().to_owned()),
        },
        _ => return None,
    })
}

/// A line typed at a prompt of the console: `smtp mail.example.org clear> NOOP`, `data> text`. The
/// prompt of IMAP names the tag that was added.
fn prompted(line: &str) -> Option<Spoken> {
    let (prompt, typed) = line.split_once("> ").or_else(|| {
        let prompt = line.strip_suffix('>')?;
        Some((prompt, ""))
    })?;
    let words: Vec<&str> = prompt.split(' ').collect();
    let said = |text: &str| Some(Spoken::Client(text.to_owned()));
    match words[..] {
        ["data" | "idle" | "auth"] | ["literal", _] => said(typed),
        ["smtp" | "lmtp" | "pop3" | "imap", _, .., last]
            if words.contains(&"clear") || words.contains(&"tls") =>
        {
            // What is for the console itself is not said.
            match typed.strip_prefix(':') {
                Some(line) if line.starts_with(':') => said(line),
                Some(_) => Some(Spoken::Remark(String::new())),
                None if words[0] == "imap" => said(&format!("{last} {typed}")),
                None => said(typed),
            }
        }
        _ => None,
    }
}

/// `Trying host:port...` of swaks, `connected: URL` of ours.
fn target(remark: &str) -> Option<String> {
    if let Some(url) = remark.strip_prefix("connected: ") {
        return Protocol::of(url).map(|_| url.to_owned());
    }
    let place = remark.trim().strip_prefix("Trying ")?;
    let place = place.trim_end_matches('.');
    let (host, port) = place.rsplit_once(':')?;
    let good = !host.is_empty() && port.parse::<u16>().is_ok() && !host.contains(' ');
    good.then(|| format!("//{host}:{port}"))
}

fn prefixed(body: &str, receiver: bool) -> Option<Spoken> {
    let (who, rest) = body.split_at_checked(2)?;
    let rest = rest.strip_prefix(' ').unwrap_or(rest);
    let client = match (who, receiver) {
        ("C:", false) | ("S:", true) => true,
        ("S:", false) | ("R:", true) => false,
        _ => return None,
    };
    // "<open connection>" tells what happens, it is not said.
    if rest.starts_with('<') && rest.ends_with('>') && rest.contains(' ') {
        return Some(Spoken::Remark(rest.to_owned()));
    }
    Some(if client {
        Spoken::Client(rest.to_owned())
    } else {
        Spoken::Server(rest.to_owned())
    })
}

fn protocol_of(spoken: &[Spoken]) -> Protocol {
    for line in spoken {
        match line {
            Spoken::Client(text) | Spoken::Wire(text) => {
                let first = text.split(' ').next().unwrap_or_default();
                match first.to_ascii_uppercase().as_str() {
                    "LHLO" => return Protocol::Lmtp,
                    "EHLO" | "HELO" | "MAIL" | "RCPT" => return Protocol::Smtp,
                    "USER" | "APOP" | "STAT" | "RETR" | "CAPA" => return Protocol::Pop3,
                    _ => {}
                }
            }
            Spoken::Server(text) if text.starts_with("+OK") || text.starts_with("-ERR") => {
                return Protocol::Pop3;
            }
            Spoken::Server(text) if text.starts_with("* ") || text.starts_with("+ ") => {
                return Protocol::Imap;
            }
            Spoken::Server(text)
                if !text.starts_with(|c: char| c.is_ascii_digit())
                    && text
                        .split(' ')
                        .nth(1)
                        .is_some_and(|w| matches!(w, "OK" | "NO" | "BAD")) =>
            {
                return Protocol::Imap;
            }
            _ => {}
        }
    }
    Protocol::Smtp
}

fn write(spoken: &[Spoken], protocol: Protocol) -> String {
    let mut session: Arc<str> = Arc::from("main");
    let mut head = String::new();
    let mut rows: Vec<Row> = Vec::new();
    let mut state = State {
        protocol,
        exchange: 0,
        inside: Inside::Commands,
    };
    for line in spoken {
        let text = match line {
            // A tab is shown as blanks: nobody can tell what was said.
            Spoken::Content(text) if text.contains("  ") => continue,
            Spoken::Client(text)
            | Spoken::Wire(text)
            | Spoken::Server(text)
            | Spoken::Content(text) => text,
            Spoken::Session(name) => {
                session = Arc::from(name.as_str());
                continue;
            }
            Spoken::Remark(text) => {
                let dull = text.is_empty() || text.starts_with("Connected to");
                if !dull && rows.iter().all(|r| r.direction == Direction::Note) {
                    head.push_str(&format!("# {}\n", text.replace(['\r', '\n'], " ")));
                }
                continue;
            }
            Spoken::Target(place) => {
                let connected = RowKind::Connected;
                if let Some(protocol) = Protocol::of(place) {
                    state.protocol = protocol;
                    state.inside = Inside::Commands;
                    rows.push(Row::note(Stamp(0), &session, false, connected, place));
                } else if rows.is_empty() {
                    let url = format!("{}:{place}", protocol.name());
                    rows.push(Row::note(Stamp(0), &session, false, connected, &url));
                }
                continue;
            }
        };
        let mut row = Row::note(Stamp(0), &session, false, RowKind::Command, text);
        match line {
            Spoken::Client(_) => state.client(&mut row),
            Spoken::Wire(_) => {
                state.client(&mut row);
                let body = row.kind == RowKind::Content && state.protocol != Protocol::Imap;
                row.added |= body && row.text.starts_with(b"..");
            }
            Spoken::Content(_) => {
                row.direction = Direction::Received;
                row.exchange = Some(state.exchange);
                row.kind = RowKind::Content;
            }
            _ => state.server(&mut row),
        }
        row.octets = row.text.len() as u64 + 2;
        rows.push(row);
    }
    if rows.first().is_none_or(|r| r.kind != RowKind::Connected) {
        head.push_str(&format!("on practice {}\n", protocol.name()));
    }
    head + &save::talk(&rows)
}

/// What the next client line is part of.
enum Inside {
    Commands,
    Body,
    Literal,
    Login,
}

struct State {
    protocol: Protocol,
    exchange: u64,
    inside: Inside,
}

impl State {
    fn client(&mut self, row: &mut Row) {
        row.direction = Direction::Sent;
        match self.inside {
            Inside::Body => {
                row.kind = RowKind::Content;
                if row.text == b"." {
                    self.inside = Inside::Commands;
                }
            }
            Inside::Literal => row.kind = RowKind::Content,
            Inside::Login => {
                row.kind = RowKind::Answer;
                row.text = MASK.as_bytes().to_vec();
            }
            Inside::Commands => {
                let idle_ends = row.text.eq_ignore_ascii_case(b"DONE");
                if !idle_ends {
                    self.exchange += 1;
                }
                self.mask(row);
                let login = String::from_utf8_lossy(&row.text).to_ascii_uppercase();
                let mut words = login.split_ascii_whitespace();
                let verb = match self.protocol {
                    Protocol::Imap => words.nth(1),
                    _ => words.next(),
                };
                if matches!(verb, Some("AUTH" | "AUTHENTICATE")) {
                    // A tag of their own would hide the verb from whoever saves this.
                    if self.protocol == Protocol::Imap {
                        row.added = true;
                    }
                    self.inside = Inside::Login;
                }
            }
        }
        let text = String::from_utf8_lossy(&row.text).into_owned();
        if self.protocol == Protocol::Imap && matches!(announced(text.as_bytes()), Ok(Some(_))) {
            self.inside = Inside::Literal;
        }
        row.exchange = Some(self.exchange);
    }

    fn server(&mut self, row: &mut Row) {
        row.direction = Direction::Received;
        row.exchange = Some(self.exchange);
        let text = row.text.clone();
        row.kind = match self.protocol {
            Protocol::Imap => {
                let status = text.split(|b| *b == b' ').nth(1);
                let completes = matches!(status, Some(b"OK" | b"NO" | b"BAD"));
                if text.starts_with(b"+") {
                    RowKind::GoAhead
                } else if text.starts_with(b"* ") {
                    RowKind::Untagged
                } else if completes {
                    self.inside = Inside::Commands;
                    RowKind::Status
                } else {
                    RowKind::Content
                }
            }
            Protocol::Pop3 => {
                if text.starts_with(b"+OK") || text.starts_with(b"-ERR") {
                    self.inside = Inside::Commands;
                    RowKind::Status
                } else if text.starts_with(b"+ ") {
                    RowKind::GoAhead
                } else if text == b"." {
                    RowKind::End
                } else {
                    RowKind::Content
                }
            }
            Protocol::Smtp | Protocol::Lmtp => {
                if text.starts_with(b"354") {
                    self.inside = Inside::Body;
                    RowKind::GoAhead
                } else if text.starts_with(b"334") {
                    RowKind::GoAhead
                } else if text.get(3) == Some(&b'-') {
                    RowKind::More
                } else {
                    self.inside = Inside::Commands;
                    RowKind::Status
                }
            }
        };
        if row.kind == RowKind::GoAhead && matches!(self.inside, Inside::Login) {
            row.text = MASK.as_bytes().to_vec();
        }
        if row.kind == RowKind::Status {
            let tag = (self.protocol == Protocol::Imap).then(String::new);
            row.reply = Some(Box::new(ReplyRow {
                tag,
                ..ReplyRow::default()
            }));
        }
    }

    /// Masks what a command tells that nobody should read.
    fn mask(&self, row: &mut Row) {
        let text = String::from_utf8_lossy(&row.text).into_owned();
        let words: Vec<&str> = text.split(' ').collect();
        let skip = usize::from(self.protocol == Protocol::Imap);
        let shown = match words.get(skip).map(|w| w.to_ascii_uppercase()).as_deref() {
            Some("PASS") => skip + 1,
            Some("LOGIN" | "AUTH" | "AUTHENTICATE" | "APOP") => skip + 2,
            _ => return,
        };
        if words.len() > shown && announced(text.as_bytes()) == Ok(None) {
            row.text = format!("{} {MASK}", words[..shown].join(" ")).into_bytes();
        }
    }
}

/// Gives each literal the count that the lines behind it have.
fn recount(talk: &str) -> String {
    let lines: Vec<&str> = talk.lines().collect();
    let sizes = sizes(&lines);
    let mut out = String::with_capacity(talk.len());
    for (index, line) in lines.iter().enumerate() {
        let literal = line
            .strip_prefix("C: ")
            .and_then(|text| announced(text.as_bytes()).ok().flatten());
        let Some(literal) = literal else {
            out.push_str(line);
            out.push('\n');
            continue;
        };
        let octets = sizes[index + 1];
        let plus = if literal.at_once { "+" } else { "" };
        let text = &line[3..3 + literal.at];
        let binary = if literal.binary { "~" } else { "" };
        out.push_str(&format!("C: {text}{binary}{{{octets}{plus}}}\n"));
    }
    out
}

/// For each line, and for what is behind the last: the octets of the content that begins there, or
/// behind the server's lines there, and goes on while the client speaks. From the end, since each
/// has those behind it in it.
fn sizes(lines: &[&str]) -> Vec<usize> {
    let mut sizes = vec![0; lines.len() + 1];
    // Of the client's lines that begin at the line behind this one, where there are any.
    let mut run: Option<usize> = None;
    for (index, line) in lines.iter().enumerate().rev() {
        if let Some(text) = line.strip_prefix("C:") {
            let own = text.strip_prefix(' ').unwrap_or(text).len();
            let size = own + run.map_or(0, |behind| 2 + behind);
            run = Some(size);
            sizes[index] = size;
        } else {
            run = None;
            sizes[index] = if line.starts_with("S:") {
                sizes[index + 1]
            } else {
                0
            };
        }
    }
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn imported(text: &str) -> String {
        let talk = import(text).expect("a conversation");
        if let Err(diag) = parse(&talk, "import.talk") {
            panic!("{}\n{talk}", diag.text());
        }
        talk
    }

    #[test]
    fn literals_are_counted_once_each() {
        let talk = "C: a {9}\nS: + ok\nS: + ok\nC: ab\nC:  c\nS: x\nC: d {9+}\nC: ~{9}\nC:\nx\n";
        assert_eq!(
            recount(talk),
            "C: a {6}\nS: + ok\nS: + ok\nC: ab\nC:  c\nS: x\nC: d {6+}\nC: ~{0}\nC:\nx\n"
        );
        // Each has all the others behind it.
        let many = recount(&"C: a {1}\n".repeat(200_000));
        assert!(many.starts_with("C: a {1399991}\n"), "{}", &many[..40]);
        assert!(many.ends_with("C: a {5}\nC: a {0}\n"));
    }

    #[test]
    fn sender_and_receiver() {
        let talk = imported(
            "   S: MAIL FROM:<Smith@Alpha.ARPA>\n   R: 250 OK\n\n   S: DATA\n   R: 354 Start mail \
             input; end with <CRLF>.<CRLF>\n   S: Blah blah blah...\n   S: .\n   R: 250 OK\n",
        );
        assert_eq!(
            talk,
            "on practice smtp\nC: MAIL FROM:<Smith@Alpha.ARPA>\nS: 250 OK\nC: DATA\n\
             S: 354 Start mail input; end with <CRLF>.<CRLF>\nC: Blah blah blah...\nC: .\nS: 250 OK\n"
        );
    }

    #[test]
    fn what_was_typed_at_prompts() {
        let talk = imported(
            "$ ehlo mail.example.org\n<-  220 mail.example.org ESMTP\nsmtp mail.example.org clear> STARTTLS\n\
             <-  220 2.0.0 go\n==  TLS 1.3\nsmtp mail.example.org tls> MAIL FROM:<a@b.example>\n<~  250 2.1.0 Ok\n\
             smtp mail.example.org tls> DATA\n<~  354 go\ndata> Subject: <a> b\ndata>\ndata> :text\ndata> .\n\
             <~  250 2.0.0 Ok\nsmtp mail.example.org tls> :explain\nsmtp mail.example.org tls> QUIT\n<~  221 2.0.0 Bye\n",
        );
        assert_eq!(
            talk,
            "on practice smtp\nS: 220 ... ESMTP\nC: STARTTLS\nS: 220 2.0.0 go\n\
             C: MAIL FROM:<a@b.example>\nS: 250 2.1.0 Ok\nC: DATA\nS: 354 go\nC: Subject: <a> b\nC:\n\
             C: :text\nC: .\nS: 250 2.0.0 Ok\nC: QUIT\nS: 221 2.0.0 Bye\n"
        );
        let talk = imported(
            "<-  * OK ready\nimap mail.example.org clear a1> SELECT INBOX\n<-  * 3 EXISTS\n<-  a1 OK done\n",
        );
        assert!(
            talk.contains("C: a1 SELECT INBOX\nS: * ... EXISTS\nS: OK\n"),
            "{talk}"
        );
    }

    #[test]
    fn what_stands_behind_arrows_is_as_on_the_wire() {
        let talk = imported(
            "==  connected: smtp\n<-  220 ehlo.test ESMTP\n->  DATA\n<-  354 go\n->  |..dot\n->  ||bar\n->  |.\n\
             <-  250 2.0.0 Ok\n==  session i\n==  connected: imap\n<-  * OK ready\n->  a1 FETCH 1 BODY[]\n\
             <-  * 1 FETCH (BODY[] {9}\n<-  |x OK y\n<-  )\n<-  a1 OK done\n",
        );
        assert_eq!(
            talk,
            "on practice\nopen smtp\nS: 220 ... ESMTP\nC: DATA\nS: 354 go\nC: .dot\nC: |bar\nC: .\n\
             S: 250 2.0.0 Ok\nsession i\nopen imap\nS: * OK ready\nC: a1 FETCH 1 BODY[]\n\
             S: * ... FETCH (BODY[] {...}\nS: x OK y\nS: )\nS: OK\n"
        );
        let talk = imported(" -> DATA\n<-  354 go\n -> ..dot\n -> .\n<-  250 Ok\n");
        assert!(talk.contains("\nC: .dot\nC: .\n"), "{talk}");
    }

    #[test]
    fn pop3_with_remarks() {
        let talk = imported(
            "      S: <wait for connection on TCP port 110>\n      C: <open connection>\n      \
             S:    +OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>\n      \
             C:    APOP mrose c4c9334bac560ecc979e58001b3e22fb\n"
                .replace(":    ", ": ")
                .as_str(),
        );
        assert!(talk.starts_with("# <wait for connection on TCP port 110>\n# <open connection>\n"));
        assert!(talk.contains("S: +OK POP3 server ready <...>\n"), "{talk}");
        assert!(talk.contains("auth APOP {user}"), "{talk}");
        assert!(!talk.contains("c4c9334"));
    }

    #[test]
    fn imap_with_literals_and_folded_lines() {
        let talk = imported(
            "   C: a001 login mrc s3cr3t\n   S: a001 OK LOGIN completed\n   C: a004 fetch 12 all\n   \
             S: * 12 FETCH (FLAGS (\\Seen)\n       RFC822.SIZE 4286)\n   S: a004 OK FETCH completed\n   \
             C: A003 APPEND saved (\\Seen) {326}\n   S: + Ready\n   C: Date: today\n   C:\n   \
             C: hello\n   S: A003 OK APPEND completed\n",
        );
        assert!(talk.contains("C: a001 login mrc {password}\n"), "{talk}");
        assert!(talk.contains("S: * ... FETCH (FLAGS (\\Seen)"), "{talk}");
        assert!(
            talk.contains(
                "C: A003 APPEND saved (\\Seen) {20}\nS: +\nC: Date: today\nC:\nC: hello\n"
            ),
            "{talk}"
        );
        assert!(!talk.contains("s3cr3t"));
    }

    #[test]
    fn swaks() {
        let talk = imported(
            "=== Trying mail.example.org:25...\n=== Connected to mail.example.org.\n\
             <-  220 mail.example.org ESMTP\n -> EHLO me\n<-  250-mail.example.org\n<-  250 AUTH PLAIN\n \
             -> AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=\n<-  235 2.7.0 ok\n -> MAIL FROM:<a@b>\n\
             <** 550 5.1.0 no\n -> QUIT\n<-  221 bye\n=== Connection closed.\n",
        );
        assert!(
            talk.contains("open smtp://mail.example.org:25\nS: 220 {host} ESMTP\n"),
            "{talk}"
        );
        assert!(
            talk.contains("auth PLAIN {user}\nS: 235 2.7.0 ok\n"),
            "{talk}"
        );
        assert!(!talk.contains("AGFs"));
        assert!(talk.contains("S: 550 5.1.0 no\n"));
    }

    #[test]
    fn anything_is_read_without_a_panic() {
        for text in [
            "",
            "C:",
            "hello\nworld",
            "C: é{3}\nS: + ",
            " -> \u{301}\n<- ",
            "S: a OK\nC: {9}",
        ] {
            if let Ok(talk) = import(text) {
                let _ = parse(&talk, "t");
            }
        }
        assert_eq!(import("nothing here"), Err(NoConversation));
    }
}
