//! What a beginner asks: what the server offers, what a reply meant, what a verb wants.

use crate::screen::{Console, golden};

#[test]
fn caps_says_a_sentence_for_each_word() {
    let mut console = Console::greeted(60);
    console.exchange(":caps", "under TLS this is no");
    console.golden("caps.txt");
}

#[test]
fn caps_knows_what_tls_and_the_login_changed() {
    let mut console = Console::greeted(70);
    console.exchange("STARTTLS", "say EHLO again");
    console.exchange("EHLO me.test", "<~  250 AUTH");
    console.exchange(":caps", "after");
    console.shows("STARTTLS");
    console.golden("caps-tls.txt");
}

#[test]
fn a_refusal_is_explained() {
    let mut console = Console::greeted(40);
    console.exchange("MAIL FROM:<samt@example.org>", "250 2.1.0");
    console.exchange("RCPT TO:<someone@elsewhere.example>", "554");
    console.exchange(":explain", "see ");
    console.exchange(":explain 1", "EHLO");
    console.exchange(":explain 450 4.2.0", "450");
    console.exchange(":explain SIEZ", "SIZE");
    console.golden("refused.txt");
}

#[test]
fn colours_repeat_the_verdict() {
    let mut console = Console::sized(&[], 80, 30, &[]);
    console.prompt("smtp practice clear>");
    console.exchange("EHLO me.test", "250 STARTTLS");
    console.exchange("MAIL FROM:<samt@example.org>", "250 2.1.0");
    console.exchange("RCPT TO:<someone@elsewhere.example>", "554");
    console.exchange("DATA", "503");
    console.exchange("MIAL", "500");
    console.keys("FETCH").shows("clear> FETCH");
    golden("colours.txt", &console.painted());
}

#[test]
fn help_is_a_card() {
    let mut console = Console::greeted(75);
    console.exchange(":help MAIL", "see ");
    console.exchange(":help @rcpt", "DATA");
    console.exchange(":help :repeat", "does ");
    console.exchange(":help @nothing", "known");
    console.exchange(":help nothing", "known");
    console.golden("help.txt");
}

#[test]
fn a_mistake_is_named_and_sent() {
    let mut console = Console::greeted(30);
    console.exchange("MIAL FROM:<a@b>", "500");
    console.exchange("help", "214");
    console.exchange("exit", ":quit leaves");
    console.exchange(":explian", "meant");
    console.golden("mistake.txt");
}

#[test]
fn what_follows_is_hinted_and_listed() {
    let mut console = Console::greeted(30);
    console
        .keys("MAIL FROM:<samt@example.org> ")
        .shows("example.org> [SIZE=<octets>]");
    console.keys("\t").shows("RFC 6531");
    console.until("the line again", |screen| {
        screen.matches("MAIL FROM:<samt@example.org>").count() == 2
    });
    console.golden("tab.txt");
}

#[test]
fn status_show_set_and_history() {
    let mut console = Console::greeted(80);
    console.exchange("MAIL FROM:<samt@example.org>", "250 2.1.0");
    console.exchange(":status", "due ");
    console.exchange(":show", "octets");
    console.exchange(":set", "view ");
    console.exchange(":set colour on", "known");
    console.exchange(":history", ":set colour on");
    console.golden("status.txt");
}
