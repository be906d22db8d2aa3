//! Rows to a talk: what `:save`, `--save` and `ehlo show --as talk` write (docs/talk-format.md).
//!
//! A saved talk passes against a server in the same state: secrets are variables, what varies is
//! `...` or a capture, numbers in untagged data are `...`, a challenge exchange is `auth`.

use std::collections::{BTreeMap, BTreeSet};

use super::logins;
use super::row::{Direction, Row, RowKind};
use super::unit::{Unit, has_mask, units, untagged};
use super::volatile::{Context, Words, escape};
use crate::wire::secret::MASK;
use crate::wire::show::{Charset, is_safe};

const USER_WANTED: &str = "# --var user=NAME gives {user}.\n";

/// The options that running a saved talk takes.
pub fn options_wanted(talk: &str) -> String {
    // They stand before all that was said, which could hold the same words.
    let head = talk.split_inclusive('\n');
    head.skip_while(|line| line.starts_with("on practice"))
        .take_while(|line| line.starts_with('#'))
        .filter_map(|line| match logins::asked(line) {
            Some(name) => Some(format!(" --secret {name}=COMMAND")),
            None => (line == USER_WANTED).then(|| " --var user=NAME".to_owned()),
        })
        .collect()
}

/// The talk that repeats these rows.
pub fn talk<'r>(rows: impl IntoIterator<Item = &'r Row>) -> String {
    let mut rows: Vec<&Row> = rows.into_iter().collect();
    // Those of a record stand there by exchange.
    rows.sort_by_key(|row| row.place);
    let units = units(rows);
    let mut writer = Writer::default();
    writer.learn(&units);
    writer.write(&units);
    writer.finish()
}

/// A line to be expected, before what varies is taken out.
struct Said<'r> {
    /// What stays as it is: the code, `* `, `OK`.
    head: &'r [u8],
    /// The rest.
    text: &'r [u8],
    context: Context,
}

#[derive(Default)]
struct Writer {
    out: String,
    words: Words,
    /// Protocol by session.
    imap: BTreeMap<String, bool>,
    first: Option<String>,
    session: String,
    /// Secrets that are wanted, in the order of their first use.
    wanted: Vec<String>,
    /// The secret of each unit, and of the one that is written.
    secrets: Vec<Option<String>>,
    secret: Option<String>,
    user: bool,
    /// Words of the lines that offer logins, by session.
    offered: BTreeMap<String, BTreeSet<String>>,
    /// Some session is the practice server's.
    practice: bool,
}

impl Writer {
    fn learn(&mut self, units: &[Unit<'_>]) {
        self.note_protocols(units);
        self.secrets = logins::secrets(units, |unit| self.is_imap(unit));
        for unit in units {
            let imap = self.is_imap(unit);
            for row in unit.sent() {
                self.words.sent(untagged(row, imap));
            }
            self.learn_offers(unit);
        }
        for unit in units {
            let imap = self.is_imap(unit);
            for row in &unit.rows {
                if let Some(said) = said(row, imap, unit) {
                    self.words.received(said.text, said.context);
                }
            }
        }
    }

    fn note_protocols(&mut self, units: &[Unit<'_>]) {
        for unit in units {
            for row in unit
                .rows
                .iter()
                .filter(|row| row.kind == RowKind::Connected)
            {
                let imap = row.text.starts_with(b"imap");
                self.imap.insert(unit.session.to_owned(), imap);
            }
        }
    }

    fn learn_offers(&mut self, unit: &Unit<'_>) {
        for row in &unit.rows {
            let text = String::from_utf8_lossy(&row.text).to_ascii_uppercase();
            let offers = text.contains("AUTH=") || text.contains("AUTH ") || text.contains("SASL ");
            if row.direction == Direction::Received && offers {
                let words = text.split([' ', '=', '[', ']']).map(str::to_owned);
                let known = self.offered.entry(unit.session.to_owned()).or_default();
                known.extend(words);
            }
        }
    }

    /// True for a mechanism that the server offered others than.
    fn unadvertised(&self, unit: &Unit<'_>, mechanism: &str) -> bool {
        let own = matches!(mechanism, "LOGIN" | "APOP");
        let offered = self.offered.get(unit.session);
        !own && offered.is_some_and(|words| !words.contains(mechanism))
    }

    fn is_imap(&self, unit: &Unit<'_>) -> bool {
        match self.imap.get(unit.session) {
            Some(imap) => *imap,
            None => unit
                .rows
                .iter()
                .any(|row| row.reply.as_ref().is_some_and(|r| r.tag.is_some())),
        }
    }

    fn write(&mut self, units: &[Unit<'_>]) {
        let mut at = 0;
        while let Some(unit) = units.get(at) {
            self.switch(unit.session);
            let more = units[at + 1..]
                .iter()
                .take_while(|u| u.pipelined && u.session == unit.session)
                .count();
            let group = &units[at..=at + more];
            let simple = group.iter().all(|u| u.sent().count() == 1);
            if more > 0 && simple {
                self.together(group, at);
            } else {
                for (index, unit) in group.iter().enumerate() {
                    self.begin(at + index);
                    self.unit(unit);
                }
            }
            at += more + 1;
        }
    }

    fn switch(&mut self, session: &str) {
        let name: String = session
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || c == '_' {
                    c
                } else {
                    '-'
                }
            })
            .collect();
        let first = self.first.get_or_insert_with(|| name.clone());
        let name = if *first == name {
            "main".to_owned()
        } else {
            name
        };
        if self.session.is_empty() {
            self.session = name;
        } else if self.session != name {
            self.line("session", &name);
            self.session = name;
        }
    }

    fn line(&mut self, keyword: &str, text: &str) {
        self.out.push_str(keyword);
        if !text.is_empty() {
            self.out.push(' ');
            self.out.push_str(text);
        }
        self.out.push('\n');
    }

    /// The unit of this number is written next: its secret is the one that masks stand for.
    fn begin(&mut self, number: usize) {
        self.secret = self.secrets.get(number).cloned().flatten();
    }

    /// Notes that the secret is wanted, and gives its name.
    fn secret(&mut self) -> String {
        let name = self.secret.clone().unwrap_or_else(|| "password".to_owned());
        if logins::is_wanted(&name) && !self.wanted.contains(&name) {
            self.wanted.push(name.clone());
        }
        name
    }

    fn together(&mut self, group: &[Unit<'_>], first: usize) {
        self.line("together", "");
        for (index, unit) in group.iter().enumerate() {
            self.begin(first + index);
            self.say(unit);
        }
        self.line("go", "");
        for (index, unit) in group.iter().enumerate() {
            if index > 0 {
                self.line("--", "");
            }
            for row in &unit.rows {
                self.expect(row, unit);
            }
        }
    }

    /// Everything that the unit sent, in lines.
    fn say(&mut self, unit: &Unit<'_>) {
        let sent: Vec<&Row> = unit.sent().copied().collect();
        self.sent_lines(&sent, unit);
    }

    fn unit(&mut self, unit: &Unit<'_>) {
        let imap = self.is_imap(unit);
        if let Some(mechanism) = unit.login(imap) {
            return self.login(unit, &mechanism);
        }
        let mut sent: Vec<&Row> = Vec::new();
        for row in &unit.rows {
            match row.direction {
                Direction::Sent => {
                    sent.push(row);
                    continue;
                }
                Direction::Received => {
                    self.sent_lines(&std::mem::take(&mut sent), unit);
                    self.expect(row, unit);
                }
                Direction::Note => {
                    if row.kind == RowKind::Connected {
                        let target = String::from_utf8_lossy(&row.text).into_owned();
                        let target = target.strip_suffix("://practice").unwrap_or(&target);
                        self.practice |= !target.contains(':');
                        self.line("open", &escape(target, false));
                    }
                }
            }
        }
        self.sent_lines(&sent, unit);
    }

    fn login(&mut self, unit: &Unit<'_>, mechanism: &str) {
        let known = unit
            .rows
            .iter()
            .find(|row| row.kind == RowKind::User)
            .map(|row| String::from_utf8_lossy(&row.text).into_owned());
        let user = match known {
            Some(user) if !user.is_empty() && !user.contains([' ', '\t']) => escape(&user, false),
            _ => {
                self.user = true;
                "{user}".to_owned()
            }
        };
        self.secret();
        let keyword = match self.unadvertised(unit, mechanism) {
            true => "unadvertised-auth",
            false => "auth",
        };
        self.line(keyword, &format!("{mechanism} {user}"));
        let last = unit
            .rows
            .iter()
            .rposition(|row| row.kind == RowKind::Status);
        if let Some(row) = last.and_then(|at| unit.rows.get(at)) {
            self.expect(row, unit);
        }
    }

    /// `C:` and `raw` lines for rows that were sent with nothing in between.
    fn sent_lines(&mut self, rows: &[&Row], unit: &Unit<'_>) {
        if rows.is_empty() {
            return;
        }
        let imap = self.is_imap(unit);
        let mut octets: Vec<u8> = Vec::new();
        let mut cut = 0;
        for (index, row) in rows.iter().enumerate() {
            if row.kind == RowKind::Raw {
                self.raw_row(row);
                continue;
            }
            let mut text = untagged(row, imap).to_vec();
            if row.kind == RowKind::Content && !imap {
                self.sent_octets(&std::mem::take(&mut octets));
                self.body(row);
                continue;
            }
            if row.kind == RowKind::Content {
                let whole = row.text.len() as u64;
                cut += row.octets.saturating_sub(whole + 2) * u64::from(!has_mask(&row.text));
            } else if imap && let Some(at) = literal_at(&text) {
                // Where not all of a literal was kept, its count is what was.
                let kept: usize = rows[index + 1..]
                    .iter()
                    .take_while(|r| r.kind == RowKind::Content)
                    .map(|r| r.text.len() + line_end(r))
                    .sum();
                let lost = rows[index + 1..]
                    .iter()
                    .take_while(|r| r.kind == RowKind::Content)
                    .any(|r| r.octets > r.text.len() as u64 + 2);
                if lost {
                    let plus = if text.ends_with(b"+}") { "+" } else { "" };
                    text.truncate(at);
                    text.extend_from_slice(format!("{{{kept}{plus}}}").as_bytes());
                }
            }
            octets.extend_from_slice(&text);
            if row.kind != RowKind::Content || line_end(row) > 0 {
                octets.extend_from_slice(b"\r\n");
            }
        }
        if cut > 0 {
            self.line("#", &format!("{cut} octets of content were not kept"));
        }
        self.sent_octets(&octets);
    }

    /// Lines of a body, as they were before dots were doubled. One that is a dot alone cannot be a
    /// `C:` line, which would end the body.
    fn body(&mut self, row: &Row) {
        let text = row.text.strip_suffix(b"\r\n").unwrap_or(&row.text);
        for line in text.split(|b| *b == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if row.added && line == b".." {
                self.raw(b"..\r\n");
            } else if row.added && line.starts_with(b"..") {
                self.say_line(&line[1..]);
            } else {
                self.say_line(line);
            }
        }
        let lost = row.octets.saturating_sub(row.text.len() as u64 + 2);
        if lost > 0 && !has_mask(&row.text) {
            self.line("#", &format!("{lost} octets of content were not kept"));
        }
    }

    fn sent_octets(&mut self, octets: &[u8]) {
        let mut rest = octets;
        while !rest.is_empty() {
            let end = memchr::memmem::find(rest, b"\r\n").unwrap_or(rest.len());
            self.say_line(&rest[..end]);
            rest = &rest[(end + 2).min(rest.len())..];
        }
    }

    fn say_line(&mut self, line: &[u8]) {
        match std::str::from_utf8(line) {
            Ok(text) if !text.contains(['\r', '\n', '\0']) => {
                let text = self.with_secret(&escape(text, false));
                self.line("C:", &text);
            }
            _ => self.raw(&[line, b"\r\n"].concat()),
        }
    }

    fn raw_row(&mut self, row: &Row) {
        // The line end is not shown, but it was sent; of a masked line the length does not tell.
        let ended = row.octets == row.text.len() as u64 + 2 || has_mask(&row.text);
        match ended && !row.text.ends_with(b"\n") {
            true => self.raw(&[&row.text[..], b"\r\n"].concat()),
            false => self.raw(&row.text),
        }
    }

    fn raw(&mut self, octets: &[u8]) {
        let mut quoted = String::from("\"");
        for chunk in octets.utf8_chunks() {
            for c in escape(chunk.valid(), false).chars() {
                match c {
                    '\r' => quoted.push_str("\\r"),
                    '\n' => quoted.push_str("\\n"),
                    '\t' => quoted.push_str("\\t"),
                    '\0' => quoted.push_str("\\0"),
                    '"' | '\\' => quoted.extend(['\\', c]),
                    c => quoted.push(c),
                }
            }
            for octet in chunk.invalid() {
                quoted.push_str(&format!("\\x{octet:02x}"));
            }
        }
        quoted.push('"');
        let quoted = self.with_secret(&quoted);
        self.line("raw", &quoted);
    }

    fn with_secret(&mut self, text: &str) -> String {
        if !text.contains(MASK) {
            return text.to_owned();
        }
        let name = self.secret();
        text.replace(MASK, &format!("{{{name}}}"))
    }

    fn expect(&mut self, row: &Row, unit: &Unit<'_>) {
        let imap = self.is_imap(unit);
        if row.kind == RowKind::Content {
            for line in row.text.split(|b| *b == b'\n') {
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                if !line.is_empty() && self.words.is_steady(line) && !has_mask(line) {
                    let pattern = self.words.pattern(line, Context::Text);
                    self.line("S:", &harmless(&pattern));
                }
            }
            return;
        }
        let Some(said) = said(row, imap, unit) else {
            return;
        };
        let head = String::from_utf8_lossy(said.head).into_owned();
        let pattern = self.words.pattern(said.text, said.context);
        let pattern = harmless(&format!("{head}{pattern}"));
        self.line("S:", pattern.trim_end());
    }

    fn finish(self) -> String {
        let mut head = String::new();
        if self.practice {
            head.push_str("on practice\n");
        }
        for name in &self.wanted {
            head.push_str(&logins::wanted(name));
        }
        if self.user {
            head.push_str(USER_WANTED);
        }
        head + &self.out
    }
}

/// 2 when the row's octets hold the line end that its text leaves out.
/// A pattern in which any text stands for what would act on a terminal or deceive the eye: a talk is
/// looked at before it is run.
fn harmless(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    for c in pattern.chars() {
        if c == '\t' || is_safe(c, Charset::Unicode) && c != char::REPLACEMENT_CHARACTER {
            out.push(c);
        } else if !out.ends_with("...") {
            out.push_str("...");
        }
    }
    out
}

fn line_end(row: &Row) -> usize {
    if row.octets == row.text.len() as u64 + 2 {
        2
    } else {
        0
    }
}

fn literal_at(line: &[u8]) -> Option<usize> {
    let literal = crate::wire::octets::announced(line).ok()??;
    Some(literal.at + usize::from(literal.binary))
}

/// What a received line is expected to say; `None` for lines that are not saved.
fn said<'r>(row: &'r Row, imap: bool, unit: &Unit<'_>) -> Option<Said<'r>> {
    if row.direction != Direction::Received || has_mask(&row.text) {
        return None;
    }
    let text = row.text.as_slice();
    let split = |at: usize, context| {
        let (head, text) = text.split_at(at.min(text.len()));
        Some(Said {
            head,
            text,
            context,
        })
    };
    let words = |text: &[u8], n: usize| {
        let mut blanks = memchr::memchr_iter(b' ', text);
        blanks.nth(n).unwrap_or(text.len())
    };
    let command = String::from_utf8_lossy(unit.command(imap)).to_ascii_uppercase();
    let verb = command.split_ascii_whitespace().next().unwrap_or_default();
    match (imap, row.kind) {
        (_, RowKind::End | RowKind::Content) => None,
        (true, RowKind::GoAhead) => split(1, Context::Text).map(|s| Said { text: b"", ..s }),
        (true, RowKind::Status) => {
            // The tag goes; of the rest the status and the name of its code stay.
            let from = words(text, 0) + 1;
            let rest = text.get(from..)?;
            let mut end = words(rest, 0);
            if rest.get(end + 1) == Some(&b'[') {
                let code = &rest[end + 2..];
                let name = code
                    .iter()
                    .take_while(|b| b.is_ascii_uppercase() || **b == b'-');
                end += 2 + name.count();
            }
            Some(Said {
                head: &rest[..end.min(rest.len())],
                text: b"",
                context: Context::Text,
            })
        }
        (true, RowKind::Untagged) => {
            let capabilities = text.starts_with(b"* CAPABILITY");
            // The human text behind a response code is nobody's to hold.
            if text.starts_with(b"* OK [") || text.starts_with(b"* PREAUTH [") {
                let end = memchr::memchr(b']', text).unwrap_or(text.len() - 1) + 1;
                if !text.windows(11).any(|w| w == b"CAPABILITY ") {
                    return Some(Said {
                        head: &text[..2],
                        text: &text[2..end],
                        context: Context::Text,
                    });
                }
                return split(words(text, 1), Context::Text).map(|s| Said { text: b"", ..s });
            }
            let context = if capabilities {
                Context::Capabilities
            } else {
                Context::Text
            };
            split(2, context)
        }
        (true, _) => split(0, Context::Text),
        (false, _) => {
            let capabilities = matches!(verb, "EHLO" | "LHLO" | "CAPA")
                && row.kind != RowKind::More
                || matches!(verb, "EHLO" | "LHLO" | "CAPA") && !is_first_line(row, unit);
            let context = if capabilities {
                Context::Capabilities
            } else {
                Context::Text
            };
            // The code, and the enhanced code behind it.
            let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
            let mut at = match digits {
                3 => 4,
                _ => words(text, 0) + 1,
            };
            if digits == 3
                && let Some(rest) = text.get(at..)
            {
                let word = &rest[..words(rest, 0)];
                let parts = word.split(|b| *b == b'.').filter(|p| !p.is_empty()).count();
                if parts == 3 && word.iter().all(|b| b.is_ascii_digit() || *b == b'.') {
                    at += word.len();
                }
            }
            split(at, context)
        }
    }
}

fn is_first_line(row: &Row, unit: &Unit<'_>) -> bool {
    let first = unit
        .rows
        .iter()
        .find(|r| r.direction == Direction::Received);
    first.is_some_and(|first| std::ptr::eq(*first, row))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::row::{ReplyRow, Stamp};
    use super::*;
    use crate::proto::event::Verdict;
    use crate::script::parse;

    /// Rows of a short form: `> command`, `} content`, `? answer`, `< status`, `- more`,
    /// `* untagged`, `| content that came`, `) rest`, `+ go-ahead`, `= connected`.
    fn rows(lines: &[&str]) -> Vec<Row> {
        let session: Arc<str> = Arc::from("main");
        let mut exchange = 0;
        let mut out = Vec::new();
        for line in lines {
            let (mark, text) = line.split_at(1);
            let text = text.strip_prefix(' ').unwrap_or(text);
            let (kind, direction) = match mark {
                ">" => (RowKind::Command, Direction::Sent),
                "}" => (RowKind::Content, Direction::Sent),
                "?" => (RowKind::Answer, Direction::Sent),
                "<" => (RowKind::Status, Direction::Received),
                "-" => (RowKind::More, Direction::Received),
                "*" => (RowKind::Untagged, Direction::Received),
                "|" => (RowKind::Content, Direction::Received),
                ")" => (RowKind::Rest, Direction::Received),
                "+" => (RowKind::GoAhead, Direction::Received),
                _ => (RowKind::Connected, Direction::Note),
            };
            if mark == ">" {
                exchange += 1;
            }
            let mut row = Row::note(Stamp(0), &session, false, kind, text);
            if mark == "*" {
                row.text = format!("* {text}").into_bytes();
            }
            row.direction = direction;
            row.exchange = (direction != Direction::Note).then_some(exchange);
            row.octets = row.text.len() as u64 + 2;
            row.added = text.starts_with("a7 ") || text.starts_with("..");
            if mark == "<" {
                row.reply = Some(Box::default());
            }
            if mark == "+" {
                row.reply = Some(Box::new(ReplyRow {
                    intermediate: true,
                    ..ReplyRow::default()
                }));
            }
            out.push(row);
        }
        out
    }

    fn saved(lines: &[&str]) -> String {
        let text = talk(&rows(lines));
        if let Err(diag) = parse(&text, "saved.talk") {
            panic!("{}\n{text}", diag.text());
        }
        text
    }

    #[test]
    fn what_acts_on_a_terminal_is_any_text() {
        let hostile = "550 \u{1b}[2J\u{202e}no\tsuch \u{200b}user";
        assert_eq!(harmless(hostile), "550 ...[2J...no\tsuch ...user");
    }

    #[test]
    fn a_message_is_saved() {
        assert_eq!(
            saved(&[
                "= smtp://localhost:2025",
                "< 220 ehlo.test ESMTP practice",
                "> EHLO me.test",
                "- 250-ehlo.test greets me.test",
                "- 250-SIZE 10485760",
                "< 250 STARTTLS",
                "> DATA",
                "+ 354 go ahead",
                "} Subject: {name}",
                "} ..hidden",
                "} .",
                "< 250 2.0.0 Ok: queued as 699ACBA2D7",
            ]),
            "open smtp://localhost:2025\nS: 220 {host} ESMTP practice\nC: EHLO me.test\n\
             S: 250-{host} greets me.test\nS: 250-SIZE\nS: 250 STARTTLS\nC: DATA\nS: 354 go ahead\n\
             C: Subject: {{name}\nC: .hidden\nC: .\nS: 250 2.0.0 Ok: queued as\n"
        );
    }

    #[test]
    fn secrets_are_variables() {
        assert_eq!(
            saved(&[
                "= pop3://localhost",
                "< +OK ready",
                "> USER alice",
                "< +OK",
                "> PASS ••••",
                "< +OK 3 messages",
            ]),
            "# --secret password=COMMAND gives {password}, and auth its password.\n\
             open pop3://localhost\nS: +OK ready\nC: USER alice\nS: +OK\nC: PASS {password}\n\
             S: +OK ... messages\n"
        );
        let text = saved(&[
            "= smtp://localhost",
            "> AUTH SCRAM-SHA-256 ••••",
            "+ 334 ••••",
            "? ••••",
            "< 235 2.7.0 ok",
        ]);
        assert!(
            text.ends_with("auth SCRAM-SHA-256 {user}\nS: 235 2.7.0 ok\n"),
            "{text}"
        );
        assert!(!text.contains(MASK));
    }

    #[test]
    fn each_user_has_a_secret() {
        let mut all = rows(&[
            "= imap://localhost",
            "> a1 LOGIN alice ••••",
            "< a1 OK",
            "> a2 APPEND x {5}",
            "+ + OK",
        ]);
        let other: Arc<str> = Arc::from("2");
        let mut second = rows(&[
            "= pop3://localhost",
            "> USER dora.x@h",
            "< +OK",
            "> PASS ••••",
            "< -ERR",
            "> PASS ••••",
            "< +OK",
        ]);
        second[4].verdict = Verdict::Refused;
        second
            .iter_mut()
            .for_each(|row| row.session = Arc::clone(&other));
        all.extend(second);
        let mut rest = rows(&[
            "> a2 x",
            "} hello",
            "< a2 OK",
            "> a3 LOGIN alice ••••",
            "< a3 OK",
        ]);
        let command = all[3].exchange;
        rest[1..3].iter_mut().for_each(|row| row.exchange = command);
        rest[3..].iter_mut().for_each(|row| row.exchange = Some(3));
        all.extend(rest.into_iter().skip(1));
        for (place, row) in (1..).zip(&mut all) {
            row.place = place;
            row.added = row.text.starts_with(b"a");
        }
        let text = talk(&all);
        assert_eq!(
            text,
            "# --secret password_alice=COMMAND gives {password_alice}, and auth its password.\n\
             # --secret password_dora_x_h=COMMAND gives {password_dora_x_h}, and auth its password.\n\
             open imap://localhost\nC: LOGIN alice {password_alice}\nS: OK\nC: APPEND x {5}\nS: +\n\
             session 2\nopen pop3://localhost\nC: USER dora.x@h\nS: +OK\nC: PASS {run_id}\nS: -ERR\n\
             C: PASS {password_dora_x_h}\nS: +OK\nsession main\nC: hello\nS: OK\n\
             C: LOGIN alice {password_alice}\nS: OK\n"
        );
        assert!(parse(&text, "saved.talk").is_ok());
        assert_eq!(
            options_wanted(&text),
            " --secret password_alice=COMMAND --secret password_dora_x_h=COMMAND"
        );
    }

    #[test]
    fn imap_is_saved_without_tags_and_numbers() {
        assert_eq!(
            saved(&[
                "= imap://localhost",
                "* OK [CAPABILITY IMAP4rev1 IDLE] Dovecot ready.",
                "> a7 select inbox",
                "* 3 EXISTS",
                "* OK [UIDVALIDITY 1170991431] UIDs valid",
                "< a7 OK [READ-WRITE] Select completed (0.001 + 0.000 secs).",
                "> a7 fetch 3 body[text]",
                "* 3 FETCH (BODY[TEXT] {66}",
                "| Hopefully you've received this\r\nDate: 21 Nov 2026\r\n",
                ") )",
                "< a7 OK done",
                "> a7 APPEND x {5}",
                "+ + OK",
                "} hello",
                "< a7 NO [TRYCREATE] no such mailbox",
            ]),
            "open imap://localhost\nS: * OK\nC: select inbox\nS: * ... EXISTS\n\
             S: * OK [UIDVALIDITY ...]\nS: OK [READ-WRITE\nC: fetch 3 body[text]\n\
             S: * ... FETCH (BODY[TEXT] {...}\nS: Hopefully you've received this\nS: )\nS: OK\n\
             C: APPEND x {5}\nS: +\nC: hello\nS: NO [TRYCREATE\n"
        );
    }

    #[test]
    fn what_was_sent_at_once_is_sent_at_once() {
        let mut all = rows(&["= smtp://h", "> RSET", "> NOOP", "< 250 two"]);
        let mut late = all.remove(3);
        late.exchange = Some(1);
        let mut two = late.clone();
        two.exchange = Some(2);
        late.text = b"250 one".to_vec();
        all.extend([late, two]);
        assert_eq!(
            talk(&all),
            "open smtp://h\ntogether\nC: RSET\nC: NOOP\ngo\nS: 250 one\n--\nS: 250 two\n"
        );
    }
}
