//! What a session sent, as the lines of a talk that send it again.

use super::Writer;
use crate::transcript::row::{Row, RowKind};
use crate::transcript::unit::{Unit, has_mask, untagged};
use crate::transcript::volatile::escape;
use crate::wire::secret::MASK;

impl Writer {
    /// Everything that the unit sent, in lines.
    pub(super) fn say(&mut self, unit: &Unit<'_>) {
        let sent: Vec<&Row> = unit.sent().copied().collect();
        self.sent_lines(&sent, unit);
    }

    /// `C:` and `raw` lines for rows that were sent with nothing in between.
    pub(super) fn sent_lines(&mut self, rows: &[&Row], unit: &Unit<'_>) {
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
}

/// 2 when the row's octets hold the line end that its text leaves out.
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
