//! What octets mean: the one door to mail-parser.

use std::borrow::Cow;

use mail_parser::decoders::base64::base64_decode_stream;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::parsers::MessageStream;
use mail_parser::{DateTime, HeaderValue};
use memchr::memmem;

use super::super::date::{Day, Stamp};
use super::param::Valued;

/// How a body travels (RFC 2045 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// 7bit, 8bit, binary, or nothing said.
    Identity,
    /// quoted-printable
    QuotedPrintable,
    /// base64
    Base64,
    /// Something nobody knows.
    Unknown,
}

impl Encoding {
    /// From the value of Content-Transfer-Encoding.
    pub fn named(value: &[u8]) -> Self {
        let name = Self::name(value);
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        match () {
            () if is("") || is("7bit") || is("8bit") || is("binary") => Self::Identity,
            () if is("quoted-printable") => Self::QuotedPrintable,
            () if is("base64") => Self::Base64,
            () => Self::Unknown,
        }
    }

    /// The name alone: comments may stand around it (RFC 5322 3.2.2), and some mailers put a
    /// semicolon behind it.
    pub fn name(value: &[u8]) -> Vec<u8> {
        Valued::parse(value).value
    }
}

/// A body without its transfer encoding; `None` when it is damaged or the encoding is unknown.
pub fn transfer(body: &[u8], encoding: Encoding) -> Option<Cow<'_, [u8]>> {
    match encoding {
        Encoding::Identity => Some(Cow::Borrowed(body)),
        Encoding::QuotedPrintable => quoted_printable_decode(body).map(Cow::Owned),
        Encoding::Base64 => {
            let digits = body.iter().filter(|b| !b.is_ascii_whitespace());
            base64_decode_stream(digits, body.len(), u8::MAX).map(Cow::Owned)
        }
        Encoding::Unknown => None,
    }
}

/// Text of a charset as UTF-8. What cannot be read becomes U+FFFD.
pub fn text<'a>(octets: &'a [u8], charset: &[u8]) -> Cow<'a, str> {
    let utf8 = charset.is_empty()
        || charset.eq_ignore_ascii_case(b"utf-8")
        || charset.eq_ignore_ascii_case(b"us-ascii")
        || octets.is_ascii() && !shifts(charset);
    if utf8 {
        return String::from_utf8_lossy(octets);
    }
    match charset_decoder(charset) {
        Some(decode) => Cow::Owned(decode(octets)),
        None => String::from_utf8_lossy(octets),
    }
}

/// True for charsets in which ASCII octets need not mean ASCII.
fn shifts(charset: &[u8]) -> bool {
    let name = charset.to_ascii_lowercase();
    [&b"iso-2022"[..], b"utf-7", b"utf-16", b"hz-gb"]
        .iter()
        .any(|start| name.starts_with(start))
}

/// True when a charset's name is known, so that a search can be done in it.
pub fn knows_charset(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"utf-8")
        || name.eq_ignore_ascii_case(b"utf8")
        || name.eq_ignore_ascii_case(b"us-ascii")
        || name.len() < 40 && charset_decoder(name).is_some()
}

/// A header value with its encoded words (RFC 2047) read.
pub fn words(value: &[u8]) -> Cow<'_, str> {
    if memmem::find(value, b"=?").is_none() {
        return String::from_utf8_lossy(value);
    }
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    // Blanks between two encoded words do not count (RFC 2047 6.2).
    let mut after_word = false;
    while let Some(at) = memmem::find(rest, b"=?") {
        let between = &rest[..at];
        // The reader starts behind the "=", as it would in its own parser.
        let mut stream = MessageStream::new(&rest[at + 1..]);
        let Some(word) = stream.decode_rfc2047() else {
            out.push_str(&String::from_utf8_lossy(&rest[..at + 2]));
            rest = &rest[at + 2..];
            after_word = false;
            continue;
        };
        if !(after_word && between.iter().all(u8::is_ascii_whitespace)) {
            out.push_str(&String::from_utf8_lossy(between));
        }
        out.push_str(&word);
        rest = &rest[(at + 1 + stream.offset()).min(rest.len())..];
        after_word = true;
    }
    out.push_str(&String::from_utf8_lossy(rest));
    Cow::Owned(out)
}

/// The moment in a Date field, with its zone.
pub fn date(value: &[u8]) -> Option<Stamp> {
    // The reader wants a line end behind the value, and seconds before a zone that is a name.
    let (before, behind) = value.split_at(seconds_missing_at(value).unwrap_or(0));
    let seconds: &[u8] = if before.is_empty() { b"" } else { b":00" };
    let line = [before, seconds, behind, b"\n"].concat();
    let HeaderValue::DateTime(read) = MessageStream::new(&line).parse_date() else {
        return None;
    };
    stamp(&read)
}

/// Where the seconds would stand that a time of day may do without (RFC 5322 3.3).
fn seconds_missing_at(value: &[u8]) -> Option<usize> {
    let digit = |at: usize| value.get(at).is_some_and(u8::is_ascii_digit);
    let colon = memchr::memchr_iter(b':', value)
        .find(|at| *at > 0 && digit(at - 1) && digit(at + 1) && digit(at + 2))?;
    let end = colon + 3;
    let next = value[end..].trim_ascii_start().first();
    (!digit(end) && next != Some(&b':')).then_some(end)
}

fn stamp(read: &DateTime) -> Option<Stamp> {
    let day = Day::new(i32::from(read.year), read.month, read.day)?;
    let minutes = i16::from(read.tz_hour) * 60 + i16::from(read.tz_minute);
    let zone = if read.tz_before_gmt {
        -minutes
    } else {
        minutes
    };
    Stamp::new(day, (read.hour, read.minute, read.second), zone)
}
