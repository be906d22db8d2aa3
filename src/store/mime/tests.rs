//! Ranges, addresses and text of messages, proper and broken.

use super::address::{Address, parse as addresses};
use super::decode::{Encoding, date, text, transfer, words};
use super::param::Valued;
use super::part::{Found, Inside, Part};
use super::*;

fn crlf(text: &str) -> Vec<u8> {
    text.replace('\n', "\r\n").into_bytes()
}

fn body<'a>(message: &'a [u8], root: &Part, path: &[u32]) -> Option<&'a [u8]> {
    match root.find_in_message(path)? {
        Found::Whole(part) | Found::Part(part) => Some(part.body_of(message)),
        Found::Empty => Some(b""),
    }
}

#[test]
fn header_fields_fold_and_end() {
    let header = b"A: one\r\n two\r\nnonsense\r\nB :x\r\n\r\nC: no\r\n";
    let names: Vec<_> = fields(header).map(|f| f.name).collect();
    assert_eq!(names, [b"A", b"B"]);
    assert_eq!(field(header, "a"), Some(b"one two".to_vec()));
    assert_eq!(header_end(header), 32);
    assert_eq!(header_end(b"\r\nbody"), 2);
    assert_eq!(header_end(b"A: b\n\nbody\r\n\r\n"), 6);
    assert_eq!(header_end(b"A: b\r\n"), 6);
    assert_eq!(fields(b"").count(), 0);
}

#[test]
fn parts_are_exact() {
    let message = crlf(include_str!("../seed/forward.eml"));
    let root = Part::parse(&message);
    assert!(body(&message, &root, &[1]).unwrap().starts_with(b"See the"));
    assert!(!body(&message, &root, &[1]).unwrap().ends_with(b"\n"));
    assert_eq!(
        body(&message, &root, &[2, 1]),
        Some(&b"Build it higher."[..])
    );
    assert_eq!(
        body(&message, &root, &[2, 2]),
        Some(&b"<p>Build it <em>higher</em>.</p>"[..])
    );
    for path in [&[3][..], &[2, 3], &[2, 1, 1], &[0], &[1, 1]] {
        assert!(root.find_in_message(path).is_none(), "{path:?}");
    }
}

#[test]
fn a_plain_message_has_one_part() {
    let message = crlf("Subject: x\n\nhello\n");
    let root = Part::parse(&message);
    assert_eq!(body(&message, &root, &[1]), Some(&b"hello\r\n"[..]));
    assert!(root.find_in_message(&[1, 1]).is_none());
    assert!(root.find_in_message(&[2]).is_none());
}

#[test]
fn broken_multiparts() {
    let no_parts = crlf("Content-Type: multipart/mixed; boundary=b\n\nnothing\n");
    assert!(matches!(Part::parse(&no_parts).inside, Inside::Parts(p) if p.is_empty()));
    let unclosed = crlf("Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b \n\ntwo\n");
    let root = Part::parse(&unclosed);
    assert_eq!(body(&unclosed, &root, &[1]), Some(&b"one"[..]));
    assert_eq!(body(&unclosed, &root, &[2]), Some(&b"two\r\n"[..]));
    let similar = crlf("Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--bc\nx\n--b--\n");
    let root = Part::parse(&similar);
    assert_eq!(body(&similar, &root, &[1]), Some(&b"one\r\n--bc\r\nx"[..]));
    let empty = crlf("Content-Type: multipart/mixed; boundary=b\n\n--b\n--b--\n");
    let root = Part::parse(&empty);
    assert_eq!(body(&empty, &root, &[1]), Some(&b""[..]));
}

#[test]
fn nesting_has_an_end() {
    let deep = "Content-Type: message/rfc822\r\n\r\n".repeat(100_000);
    let mut part = &Part::parse(deep.as_bytes());
    let mut depth = 0;
    while let Inside::Message(inner) = &part.inside {
        part = inner;
        depth += 1;
    }
    assert_eq!(depth, 32);
    let wide = format!(
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n{}",
        "--b\r\n\r\n".repeat(100_000)
    );
    let Inside::Parts(parts) = Part::parse(wide.as_bytes()).inside else {
        panic!("no parts");
    };
    assert!(parts.len() <= 10_000);
}

#[test]
fn address_lists() {
    let one = |name: Option<&str>, route: Option<&str>, local: &str, domain: &str| Address {
        name: name.map(Into::into),
        route: route.map(Into::into),
        local: Some(local.into()),
        domain: Some(domain.into()),
    };
    let group = |name: &str| Address {
        local: Some(name.into()),
        ..Address::default()
    };
    let end = Address::default();
    for (text, expected) in [
        ("user@domain", vec![one(None, None, "user", "domain")]),
        (
            "Real  Name <user@domain>",
            vec![one(Some("Real Name"), None, "user", "domain")],
        ),
        (
            "\"Bob, \\\"b\\\"\" <bob@x> , (c) a . b @ y (Late (r) name)",
            vec![
                one(Some("Bob, \"b\""), None, "bob", "x"),
                one(Some("Late (r) name"), None, "a . b", "y"),
            ],
        ),
        (
            "<@route,@two:user@domain>",
            vec![one(None, Some("@route,@two"), "user", "domain")],
        ),
        (
            "g: a@b, c@d;, h: (foo) ;",
            vec![
                group("g"),
                one(None, None, "a", "b"),
                one(None, None, "c", "d"),
                end.clone(),
                group("h"),
                end.clone(),
            ],
        ),
        (
            "=?utf-8?q?Andr=C3=A9?= <a@b>",
            vec![one(Some("=?utf-8?q?Andr=C3=A9?="), None, "a", "b")],
        ),
        ("lonely", vec![one(None, None, "lonely", "")]),
        (" , ;", vec![]),
        ("", vec![]),
    ] {
        let mut found = addresses(text.as_bytes());
        // Blanks around the dots of a local part are obsolete; they may stay or go.
        for address in &mut found {
            if address.local.as_deref() == Some(b"a.b") {
                address.local = Some(b"a . b".to_vec());
            }
        }
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn parameters() {
    let valued =
        Valued::parse(b"text/plain (c); charset=\"us-\\ascii\" ; x = y; broken; z=\"a;b\"");
    assert_eq!(valued.value, b"text/plain");
    assert_eq!(valued.param("CHARSET"), Some(b"us-ascii".to_vec()));
    assert_eq!(valued.param("x"), Some(b"y".to_vec()));
    assert_eq!(valued.param("z"), Some(b"a;b".to_vec()));
    let split = Valued::parse(b"multipart/mixed; boundary*0=ab; boundary*1=cd");
    assert_eq!(split.param("boundary"), Some(b"abcd".to_vec()));
}

#[test]
fn meaning() {
    assert_eq!(
        words(b"=?UTF-8?Q?Gr=C3=BC=C3=9Fe_aus_?= =?UTF-8?B?TMO8dHRpY2g=?= !"),
        "Grüße aus Lüttich !"
    );
    assert_eq!(words(b"a =?x =?utf-8?q?b?= c"), "a =?x b c");
    assert_eq!(words(b"=?utf-8?q?open"), "=?utf-8?q?open");
    assert_eq!(text(b"caf\xe9", b"iso-8859-1"), "café");
    assert_eq!(text(b"caf\xe9", b"nonsense"), "caf\u{fffd}");
    let decoded = |body: &[u8], how| transfer(body, how).map(std::borrow::Cow::into_owned);
    assert_eq!(
        decoded(b"Zm9v\r\nYmFy\r\n", Encoding::Base64),
        Some(b"foobar".to_vec())
    );
    assert_eq!(
        decoded(b"a=\r\nb=3D\r\n", Encoding::QuotedPrintable),
        Some(b"ab=\r\n".to_vec())
    );
    assert_eq!(decoded(b"a=", Encoding::Unknown), None);
    let sent = date(b"Thu, 15 Feb 2007 01:02:03 +0200").unwrap();
    assert_eq!(sent.imap().to_string(), "15-Feb-2007 01:02:03 +0200");
    assert!(date(b"yesterday").is_none());
}

#[test]
fn encodings_among_comments() {
    use super::decode::Encoding;
    for (value, encoding) in [
        ("base64 (why)", Encoding::Base64),
        ("(c) quoted-printable", Encoding::QuotedPrintable),
        ("base64;", Encoding::Base64),
        ("(a (b) \\) c)\tBASE64 ; x=y", Encoding::Base64),
        ("8bit (x", Encoding::Identity),
        ("(nothing)", Encoding::Identity),
        ("x-uuencode (old)", Encoding::Unknown),
        ("base64 base64", Encoding::Unknown),
    ] {
        assert_eq!(Encoding::named(value.as_bytes()), encoding, "{value}");
    }
}

#[test]
fn dates_without_seconds() {
    use super::decode::date;
    let at_ten = date(b"2 Nov 2026 10:00:00 +0000").unwrap();
    for value in [
        "2 Nov 2026 10:00 GMT",
        "Mon, 2 Nov 2026 10:00 UT",
        "Mon, 2 Nov 2026 10:00 +0000",
        "Mon, 2 Nov 2026 10:00:00 GMT",
        "Mon, 2 Nov 2026 05:00 EST",
        "Mon, 2 Nov 2026 10:00 GMT (at noon: 12:00)",
    ] {
        let read = date(value.as_bytes());
        assert_eq!(read.map(|stamp| stamp.unix), Some(at_ten.unix), "{value}");
    }
    for value in ["10:", ":00", "1:00", "10:000", "(10:00)"] {
        date(value.as_bytes());
    }
}
