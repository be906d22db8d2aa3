//! Rows to a talk: what `:save`, `--save` and `ehlo show --as talk` write (docs/talk-format.md).
//!
//! A saved talk passes against a server in the same state: secrets are variables, what varies is
//! `...` or a capture, numbers in untagged data are `...`, a challenge exchange is `auth`.

mod expected;
mod joined;
mod sent;

use std::collections::{BTreeMap, BTreeSet};

use super::logins;
use super::row::{Direction, Row, RowKind};
use super::unit::{Unit, units, untagged};
use super::volatile::{Words, escape};
use expected::said;
use joined::joined;

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
    let rows = joined(&rows);
    let units = units(rows.iter().map(AsRef::as_ref));
    let mut writer = Writer::default();
    writer.learn(&units);
    writer.write(&units);
    writer.finish()
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
                // A command or a socket does not say what is spoken there.
                if row.text.windows(3).any(|part| part == b"://") {
                    let imap = row.text.starts_with(b"imap");
                    self.imap.insert(unit.session.to_owned(), imap);
                }
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
            None => unit.tagged,
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::row::{ReplyRow, Stamp};
    use super::*;
    use crate::proto::event::Verdict;
    use crate::script::parse;
    use crate::wire::secret::MASK;

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
    fn a_line_sent_in_pieces_is_one_line() {
        let mut all = rows(&[
            "= smtp://h",
            "> NOO",
            "> P",
            "< 250 one",
            "> RSET",
            "< 250 two",
        ]);
        all[1].kind = RowKind::Raw;
        all[1].octets = 3;
        assert_eq!(
            talk(&all),
            "open smtp://h\nraw \"NOOP\\r\\n\"\nS: 250 one\nC: RSET\nS: 250 two\n"
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
