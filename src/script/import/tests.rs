//! Transcripts of RFCs, of swaks and of our own, read again.

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
        talk.contains("C: A003 APPEND saved (\\Seen) {20}\nS: +\nC: Date: today\nC:\nC: hello\n"),
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
