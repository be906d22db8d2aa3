//! What POP3 listings teach: sizes (LIST), lasting ids (UIDL), subjects (TOP, RETR).

use super::{Known, subject_of};
use crate::proto::event::Part;

/// Octets of a listing's unfinished line, or of a header, that are kept.
const HELD_MAX: usize = 8 * 1024;

/// The part of a dotted body that is not read yet.
#[derive(Debug, Default)]
pub(super) struct Listing {
    held: Vec<u8>,
    /// True once the header of a message was read or given up.
    read: bool,
}

impl Known {
    pub(super) fn pop3_part(&mut self, part: &Part) {
        let room = HELD_MAX.saturating_sub(self.pop3.held.len());
        if self.command_has("LIST") || self.command_has("UIDL") {
            let sizes = self.command_has("LIST");
            self.pop3.held.extend_from_slice(&part.bytes);
            let held = std::mem::take(&mut self.pop3.held);
            let end = held
                .iter()
                .rposition(|b| *b == b'\n')
                .map_or(0, |at| at + 1);
            for line in held[..end].split(|b| *b == b'\n') {
                self.listing_line(line, sizes);
            }
            self.pop3.held = held[end..][..(held.len() - end).min(HELD_MAX)].to_vec();
        } else if (self.command_has("TOP") || self.command_has("RETR")) && !self.pop3.read {
            self.pop3
                .held
                .extend_from_slice(&part.bytes[..part.bytes.len().min(room)]);
            let whole = part.last
                || self.pop3.held.len() >= HELD_MAX
                || contains_blank_line(&self.pop3.held);
            if whole && let Some(number) = self.command_number() {
                self.pop3.read = true;
                let subject = subject_of(&self.pop3.held);
                self.message(number).subject = subject;
            }
        }
    }

    fn listing_line(&mut self, line: &[u8], sizes: bool) {
        let Ok(line) = std::str::from_utf8(line) else {
            return;
        };
        let mut words = line.split_ascii_whitespace();
        let (Some(number), Some(value)) = (words.next().and_then(|n| n.parse().ok()), words.next())
        else {
            return;
        };
        let message = self.message(number);
        if sizes {
            message.octets = value.parse().ok();
        } else {
            // RFC 1939 7: at most 70 characters.
            message.uid = (value.len() <= 70).then(|| value.to_owned());
        }
    }
}

fn contains_blank_line(header: &[u8]) -> bool {
    header.windows(4).any(|w| w == b"\r\n\r\n")
}
