//! ENVELOPE, BODY and BODYSTRUCTURE (RFC 9051 7.5.2).

use super::super::write::{nstring, number, string};
use crate::store::message::Content;
use crate::store::mime::address::{self, Address};
use crate::store::mime::decode::Encoding;
use crate::store::mime::param::{self, Valued};
use crate::store::mime::part::{Inside, Part};
use crate::store::mime::{field, header_end};

/// ENVELOPE of a message.
pub(super) fn envelope_of(content: &Content, utf8: bool, out: &mut Vec<u8>) {
    let octets = content.octets();
    envelope(&octets[..header_end(octets)], utf8, out);
}

/// BODY, or BODYSTRUCTURE with the extension data, of a message.
pub(super) fn body_of(content: &Content, extended: bool, utf8: bool, out: &mut Vec<u8>) {
    content.with_structure(|root| {
        let writer = Writer {
            octets: content.octets(),
            extended,
            utf8,
        };
        writer.part(root, out);
    });
}

fn envelope(header: &[u8], utf8: bool, out: &mut Vec<u8>) {
    // RFC 3501 7.4.2: a field that is there and empty is "", and not NIL.
    let text = |name: &str, out: &mut Vec<u8>| {
        nstring(out, field(header, name).as_deref(), utf8);
    };
    let list = |name: &str| {
        field(header, name)
            .map(|value| address::parse(&value))
            .filter(|list| !list.is_empty())
    };
    out.push(b'(');
    text("date", out);
    out.push(b' ');
    text("subject", out);
    let from = list("from");
    for name in ["from", "sender", "reply-to", "to", "cc", "bcc"] {
        out.push(b' ');
        match (name, &from) {
            ("from", from) => addresses(from.as_deref(), utf8, out),
            // RFC 9051 7.5.2: without one, the From addresses stand here.
            ("sender" | "reply-to", from) => {
                let own = list(name);
                addresses(own.as_deref().or(from.as_deref()), utf8, out);
            }
            _ => addresses(list(name).as_deref(), utf8, out),
        }
    }
    out.push(b' ');
    text("in-reply-to", out);
    out.push(b' ');
    text("message-id", out);
    out.push(b')');
}

fn addresses(list: Option<&[Address]>, utf8: bool, out: &mut Vec<u8>) {
    let Some(list) = list else {
        out.extend_from_slice(b"NIL");
        return;
    };
    out.push(b'(');
    for address in list {
        let Address {
            name,
            route,
            local,
            domain,
        } = address;
        out.push(b'(');
        for (n, piece) in [name, route, local, domain].into_iter().enumerate() {
            if n > 0 {
                out.push(b' ');
            }
            nstring(out, piece.as_deref(), utf8);
        }
        out.push(b')');
    }
    out.push(b')');
}

/// A part without anything in it.
const FILLER: &[u8] = b"(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 0 0)";

struct Writer<'a> {
    octets: &'a [u8],
    extended: bool,
    utf8: bool,
}

impl Writer<'_> {
    fn part(&self, part: &Part, out: &mut Vec<u8>) {
        out.push(b'(');
        match &part.inside {
            Inside::Parts(parts) => self.multipart(part, parts, out),
            Inside::Leaf => self.single(part, None, out),
            Inside::Message(inner) => self.single(part, Some(inner), out),
        }
        out.push(b')');
    }

    fn multipart(&self, part: &Part, parts: &[Part], out: &mut Vec<u8>) {
        for inner in parts {
            self.part(inner, out);
        }
        if parts.is_empty() {
            // The grammar demands one.
            out.extend_from_slice(FILLER);
        }
        out.push(b' ');
        string(out, part.subtype.to_ascii_uppercase().as_bytes(), self.utf8);
        if self.extended {
            out.push(b' ');
            self.params(&part.content_type, out);
            self.disposition_and_on(part, out);
        }
    }

    fn single(&self, part: &Part, inner: Option<&Part>, out: &mut Vec<u8>) {
        let header = part.header_of(self.octets);
        let text = |name: &str, out: &mut Vec<u8>| {
            let value = field(header, name).filter(|v| !v.is_empty());
            nstring(out, value.as_deref(), self.utf8);
        };
        string(out, part.kind.to_ascii_uppercase().as_bytes(), self.utf8);
        out.push(b' ');
        string(out, part.subtype.to_ascii_uppercase().as_bytes(), self.utf8);
        out.push(b' ');
        self.params(&part.content_type, out);
        out.push(b' ');
        text("content-id", out);
        out.push(b' ');
        text("content-description", out);
        out.push(b' ');
        let encoding = field(header, "content-transfer-encoding").map(|e| Encoding::name(&e));
        let encoding = encoding.filter(|e| !e.is_empty() && e.is_ascii());
        let encoding = encoding.unwrap_or_else(|| b"7BIT".to_vec());
        string(out, &encoding.to_ascii_uppercase(), self.utf8);
        out.push(b' ');
        number(out, part.body.len() as u64);
        let as_message = self.as_message(part);
        if as_message {
            out.push(b' ');
            envelope(
                inner.map_or(b"", |p| p.header_of(self.octets)),
                self.utf8,
                out,
            );
            out.push(b' ');
            match inner {
                Some(inner) => self.part(inner, out),
                // Nested too deep to be looked into; the grammar demands a body all the same.
                None => out.extend_from_slice(FILLER),
            }
        }
        if as_message || part.is_text() {
            let lines = memchr::memchr_iter(b'\n', part.body_of(self.octets)).count();
            out.push(b' ');
            number(out, lines as u64);
        }
        if self.extended {
            out.push(b' ');
            text("content-md5", out);
            self.disposition_and_on(part, out);
        }
    }

    /// True for a part that is told with its envelope and body. Until a client has enabled UTF-8,
    /// message/global is none: RFC 3501 has that form for message/rfc822 alone.
    fn as_message(&self, part: &Part) -> bool {
        part.kind == "message"
            && (part.subtype == "rfc822" || part.subtype == "global" && self.utf8)
    }

    /// Disposition, language and location, which every kind of part has.
    fn disposition_and_on(&self, part: &Part, out: &mut Vec<u8>) {
        let header = part.header_of(self.octets);
        out.push(b' ');
        match field(header, "content-disposition").filter(|v| !v.is_empty()) {
            Some(value) => {
                let disposition = Valued::parse(&value);
                out.push(b'(');
                string(out, &disposition.value.to_ascii_uppercase(), self.utf8);
                out.push(b' ');
                self.params(&disposition, out);
                out.push(b')');
            }
            None => out.extend_from_slice(b"NIL"),
        }
        out.push(b' ');
        let language = field(header, "content-language").unwrap_or_default();
        let languages = param::listed(&language);
        match languages.as_slice() {
            [] => out.extend_from_slice(b"NIL"),
            [one] => string(out, one, self.utf8),
            several => {
                out.push(b'(');
                for (n, one) in several.iter().enumerate() {
                    if n > 0 {
                        out.push(b' ');
                    }
                    string(out, one, self.utf8);
                }
                out.push(b')');
            }
        }
        out.push(b' ');
        let location = field(header, "content-location").filter(|v| !v.is_empty());
        nstring(out, location.as_deref(), self.utf8);
    }

    fn params(&self, valued: &Valued, out: &mut Vec<u8>) {
        if valued.params.is_empty() {
            out.extend_from_slice(b"NIL");
            return;
        }
        out.push(b'(');
        for (n, (name, value)) in valued.params.iter().enumerate() {
            if n > 0 {
                out.push(b' ');
            }
            string(out, &name.to_ascii_uppercase(), self.utf8);
            out.push(b' ');
            string(out, value, self.utf8);
        }
        out.push(b')');
    }
}
