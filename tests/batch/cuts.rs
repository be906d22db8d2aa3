//! A conversation that is cut after each of its octets: every cut has an end of its own, none is
//! taken for success, none panics or hangs.

use crate::common::{Do, Fake, run};

/// What the server says, turn by turn; between two turns it hears lines up to the one given.
type Turns = &'static [(&'static str, &'static str)];

const SMTP: Turns = &[
    ("220 mail ESMTP\r\n", "EHLO a"),
    (
        "250-mail\r\n250-SIZE 100\r\n250 HELP\r\n",
        "MAIL FROM:<a@b>",
    ),
    ("250 2.1.0 ok\r\n", "RCPT TO:<c@d>"),
    ("250 2.1.5 ok\r\n", "DATA"),
    ("354 go\r\n", "."),
    ("250 2.0.0 queued\r\n", "QUIT"),
    ("221 bye\r\n", ""),
];
const LMTP: Turns = &[
    ("220 mail LMTP\r\n", "LHLO a"),
    ("250-mail\r\n250 PIPELINING\r\n", "MAIL FROM:<a@b>"),
    ("250 ok\r\n", "RCPT TO:<c@d>"),
    ("250 ok\r\n", "RCPT TO:<e@d>"),
    ("250 ok\r\n", "DATA"),
    ("354 go\r\n", "."),
    ("250 2.0.0 one\r\n250 2.0.0 two\r\n", "QUIT"),
    ("221 bye\r\n", ""),
];
const POP3: Turns = &[
    ("+OK hi\r\n", "USER a"),
    ("+OK\r\n", "PASS b"),
    ("+OK 1 message\r\n", "LIST"),
    ("+OK\r\n1 44\r\n.\r\n", "RETR 1"),
    ("+OK\r\nSubject: x\r\n\r\n..dot\r\n.\r\n", "QUIT"),
    ("+OK bye\r\n", ""),
];
const IMAP: Turns = &[
    ("* OK hi\r\n", "a1 login a b"),
    ("a1 OK [CAPABILITY IMAP4rev1] in\r\n", "a2 select inbox"),
    (
        "* 1 EXISTS\r\n* FLAGS (\\Seen)\r\na2 OK [READ-WRITE] ok\r\n",
        "a3 fetch 1 body[]",
    ),
    (
        "* 1 FETCH (BODY[] {12}\r\nSubject: x\r\n UID 7)\r\na3 OK ok\r\n",
        "a4 logout",
    ),
    ("* BYE bye\r\na4 OK out\r\n", ""),
];

#[test]
fn smtp_cut_after_every_octet() {
    let typed = "EHLO a\nMAIL FROM:<a@b>\nRCPT TO:<c@d>\nDATA\nSubject: x\n\n.\nQUIT\n";
    every_cut("smtp", SMTP, typed);
}

#[test]
fn lmtp_cut_after_every_octet() {
    let typed =
        "LHLO a\nMAIL FROM:<a@b>\nRCPT TO:<c@d>\nRCPT TO:<e@d>\nDATA\nSubject: x\n\n.\nQUIT\n";
    every_cut("lmtp", LMTP, typed);
}

#[test]
fn pop3_cut_after_every_octet() {
    every_cut("pop3", POP3, "USER a\nPASS b\nLIST\nRETR 1\nQUIT\n");
}

#[test]
fn imap_cut_after_every_octet() {
    let typed = "login a b\nselect inbox\nfetch 1 body[]\nlogout\n";
    every_cut("imap", IMAP, typed);
}

fn every_cut(scheme: &str, turns: Turns, typed: &str) {
    let octets: usize = turns.iter().map(|(said, _)| said.len()).sum();
    let farewell = octets - turns.last().map_or(0, |(said, _)| said.len());
    for cut in 0..=octets {
        let fake = Fake::new(script(turns, cut));
        let url = fake.url(scheme);
        let ran = run(&[&url, "--timeout", "30"], typed);
        let place = format!(
            "{scheme}, cut after {cut} of {octets}:\n{}{}",
            ran.out, ran.err
        );
        match ran.code {
            0 => assert!(cut >= farewell, "{place}"),
            6 => assert!(cut < octets, "{place}"),
            code => panic!("code {code}, {place}"),
        }
        // A limit that ran out would mean that the end of the connection went unnoticed.
        assert!(!ran.err.contains("within 30 s"), "{place}");
    }
}

/// The turns up to the octet after which the server hangs up.
fn script(turns: Turns, cut: usize) -> Vec<Do> {
    let mut script = Vec::new();
    let mut left = cut;
    for (said, heard) in turns {
        let part = &said.as_bytes()[..left.min(said.len())];
        script.push(Do::Say(part.to_vec()));
        left -= part.len();
        if part.len() < said.len() || left == 0 && !heard.is_empty() {
            return script;
        }
        if !heard.is_empty() {
            script.push(Do::HearTo(heard));
        }
    }
    script
}
