//! ENVELOPE as labelled fields (RFC 9051 7.5.2).

use super::field;
use super::text::{dots, header, value};
use crate::proto::imap::token::Value;
use crate::ui::style::Styled;
use crate::wire::show::Charset;

const FIELDS: [&str; 10] = [
    "Date",
    "Subject",
    "From",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Bcc",
    "In-Reply-To",
    "Message-ID",
];
/// Where in the envelope the originators stand: From, and those that repeat it by default.
const FROM: usize = 2;
const REPEATS: [usize; 2] = [3, 4];
/// Addresses shown of one field.
const ADDRESSES_MAX: usize = 50;

/// The fields of an envelope that say something. Sender and Reply-To that repeat From do not.
pub(super) fn envelope(envelope: &Value, charset: Charset) -> Vec<Styled> {
    let parts = envelope.list();
    FIELDS
        .iter()
        .zip(parts)
        .enumerate()
        .filter(|(at, (_, part))| !(REPEATS.contains(at) && parts.get(FROM) == Some(*part)))
        .filter_map(|(_, (label, part))| {
            let text = match part {
                Value::List(addresses) => list(addresses, charset),
                other => value(other, charset)?,
            };
            Some(field(2, label, text))
        })
        .collect()
}

/// Addresses, groups included, as a header would write them.
fn list(addresses: &[Value], charset: Charset) -> String {
    let mut out = String::new();
    let mut at_start = true;
    for address in addresses.iter().take(ADDRESSES_MAX) {
        let part = |n: usize| address.list().get(n).and_then(Value::octets);
        let text = |octets: &[u8]| header(octets, charset);
        let (name, mailbox, host) = (part(0), part(2), part(3));
        match (mailbox, host) {
            // The end of a group, and its start (RFC 9051 7.5.2).
            (None, None) => {
                out.push(';');
                at_start = false;
            }
            (Some(group), None) => {
                separate(&mut out, at_start);
                out.push_str(&text(group));
                out.push_str(": ");
                at_start = true;
            }
            (mailbox, Some(host)) => {
                separate(&mut out, at_start);
                at_start = false;
                let address = format!("{}@{}", text(mailbox.unwrap_or_default()), text(host));
                match name {
                    Some(name) if !name.is_empty() => {
                        out.push_str(&format!("{} <{address}>", text(name)));
                    }
                    _ => out.push_str(&address),
                }
            }
        }
    }
    if addresses.len() > ADDRESSES_MAX {
        let more = addresses.len() - ADDRESSES_MAX;
        out.push_str(&format!(", {} and {more} more", dots(charset)));
    }
    out
}

fn separate(out: &mut String, at_start: bool) {
    if !at_start {
        out.push_str(", ");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::imap::token::{Piece, values};

    fn shown(text: &str) -> Vec<String> {
        let value = values(&[Piece::Text(text.as_bytes().to_vec())]).remove(0);
        envelope(&value, Charset::Unicode)
            .iter()
            .map(Styled::text)
            .collect()
    }

    #[test]
    fn the_example_of_the_rfc() {
        let text = r#"("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)" "=?utf-8?q?IMAP4rev1_=C3=BC?=" (("Terry Gray" NIL "gray" "cac.washington.edu")) (("Terry Gray" NIL "gray" "cac.washington.edu")) (("Terry Gray" NIL "gray" "cac.washington.edu")) ((NIL NIL "imap" "cac.washington.edu")) ((NIL NIL "minutes" "CNRI.Reston.VA.US")("John Klensin" NIL "KLENSIN" "MIT.EDU")) NIL NIL "<B27397-0100000@cac.washington.edu>")"#;
        assert_eq!(
            shown(text),
            [
                "  Date        Wed, 17 Jul 1996 02:23:25 -0700 (PDT)",
                "  Subject     IMAP4rev1 ü",
                "  From        Terry Gray <gray@cac.washington.edu>",
                "  To          imap@cac.washington.edu",
                "  Cc          minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>",
                "  Message-ID  <B27397-0100000@cac.washington.edu>",
            ]
        );
    }

    #[test]
    fn groups_and_nonsense() {
        let text = r#"(NIL NIL ((NIL NIL "friends" NIL)(NIL NIL "a" "x")(NIL NIL "b" "x")(NIL NIL NIL NIL)("" NIL "c" "x")))"#;
        assert_eq!(shown(text), ["  From        friends: a@x, b@x;, c@x"]);
        assert_eq!(shown("(((((("), ["  Date        ;"]);
        assert_eq!(shown("NIL"), Vec::<String>::new());
        assert_eq!(shown("(a b c (d e) ())")[3], "  Sender      ;;");
    }
}
