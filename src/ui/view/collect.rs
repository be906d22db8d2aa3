//! Collects responses from events, and hands them to the views.
//!
//! What is kept is bounded: of one response 256 KiB, of one literal 64 KiB, of a LIST 20,000 names
//! and 2 MiB. A response that is longer is shown as it came.

use super::fetch::{fetch, flags};
use super::list::{Mailbox, status, tree};
use super::maildrop::{Lines, Listing};
use super::text::safe;
use super::{LINES_MAX, field};
use crate::proto::event::{Event, Exchange, Line, LineKind, Part, PartKind, SentKind};
use crate::proto::imap::token::{Piece, Value, values};
use crate::ui::style::Styled;
use crate::wire::octets::announced;
use crate::wire::show::Charset;

const RESPONSE_MAX: usize = 256 * 1024;
const LITERAL_MAX: usize = 64 * 1024;
const NAMES_MAX: usize = 20_000;
const NAMES_WEIGHT_MAX: usize = 2 * 1024 * 1024;

/// What a view makes of an event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Views that are complete. Where `taken` is false they belong before the event.
    pub lines: Vec<Styled>,
    /// True when the event is, or will be, part of a view: its raw form need not be shown.
    pub taken: bool,
}

/// Makes views of the events of one connection.
#[derive(Debug, Default)]
pub struct Views {
    charset: Charset,
    content_lines: Option<u64>,
    utf8: bool,
    response: Option<Response>,
    names: Vec<Mailbox>,
    names_weight: usize,
    listing: Option<(Exchange, Listing)>,
    lines: Option<Lines>,
}

#[derive(Debug, Default)]
struct Response {
    pieces: Vec<Piece>,
    weight: usize,
}

impl Views {
    /// Nothing collected yet. `charset`: what the output may use.
    pub fn new(charset: Charset) -> Self {
        Self {
            charset,
            ..Self::default()
        }
    }

    /// What the output may use from here on, and how many lines of a content it shows.
    pub fn set(&mut self, charset: Charset, content_lines: Option<u64>) {
        self.charset = charset;
        self.content_lines = content_lines;
    }

    /// Takes the next event.
    pub fn feed(&mut self, event: &Event) -> Seen {
        match event {
            Event::Line(line) => self.line(line),
            Event::Part(part) => self.part(part),
            Event::Sent(sent) if sent.kind == SentKind::Command => {
                let shown = sent.shown.trim_ascii();
                self.listing = match () {
                    () if shown.eq_ignore_ascii_case(b"LIST") => Some(Listing::Sizes),
                    () if shown.eq_ignore_ascii_case(b"UIDL") => Some(Listing::Ids),
                    () => None,
                }
                .map(|listing| (sent.exchange, listing))
                .or(self.listing);
                Seen::default()
            }
            Event::Failed(_) | Event::Closed(_) => {
                let mut lines = self.pass().lines;
                lines.extend(self.give_back());
                Seen {
                    lines,
                    taken: false,
                }
            }
            Event::Reply(_) => self.pass(),
            _ => Seen::default(),
        }
    }

    /// An event that is in no view: what was collected comes before it.
    fn pass(&mut self) -> Seen {
        Seen {
            lines: self.finished_names(),
            taken: false,
        }
    }

    fn line(&mut self, line: &Line) -> Seen {
        match line.kind {
            LineKind::Untagged => {
                if !has_view(&line.text) {
                    let seen = self.pass();
                    self.note_enabled(&line.text);
                    return seen;
                }
                self.response = Some(Response::default());
                self.text(&line.text)
            }
            LineKind::Rest if self.response.is_some() => self.text(&line.text),
            LineKind::Rest | LineKind::GoAhead => Seen::default(),
            _ => self.pass(),
        }
    }

    /// A line of the response under way; without an announcement at its end it is the last.
    fn text(&mut self, text: &[u8]) -> Seen {
        let more = matches!(announced(text), Ok(Some(_)));
        let Some(response) = &mut self.response else {
            return Seen::default();
        };
        response.pieces.push(Piece::Text(text.to_vec()));
        response.weight += text.len();
        if response.weight > RESPONSE_MAX {
            return self.too_long();
        }
        let lines = match self.response.take_if(|_| !more) {
            Some(response) => self.view(&response.pieces),
            None => Vec::new(),
        };
        Seen { lines, taken: true }
    }

    fn part(&mut self, part: &Part) -> Seen {
        if part.kind == PartKind::Dotted {
            return self.dotted(part);
        }
        let Some(response) = &mut self.response else {
            return Seen::default();
        };
        if let Some(Piece::Literal { kept, octets }) = response.pieces.last_mut() {
            keep(kept, octets, &part.bytes, &mut response.weight);
        } else {
            let (mut kept, mut octets) = (Vec::new(), 0);
            keep(&mut kept, &mut octets, &part.bytes, &mut response.weight);
            response.pieces.push(Piece::Literal { kept, octets });
        }
        Seen {
            lines: Vec::new(),
            taken: true,
        }
    }

    /// Gives back, as it came, what was taken of a response that is too long.
    fn too_long(&mut self) -> Seen {
        Seen {
            lines: self.give_back(),
            taken: true,
        }
    }

    /// Gives back, as it came, what was taken of a response whose end does not come; what follows of
    /// it is in no view.
    pub fn give_back(&mut self) -> Vec<Styled> {
        let pieces = self.response.take().unwrap_or_default().pieces;
        let most = self.content_lines.map_or(LINES_MAX, |lines| {
            usize::try_from(lines).unwrap_or(LINES_MAX)
        });
        let mut shown = Vec::new();
        for piece in &pieces {
            match piece {
                Piece::Text(text) => shown.push(Styled::plain(safe(text, self.charset))),
                Piece::Literal { kept, .. } => {
                    let kept = kept.strip_suffix(b"\n").unwrap_or(kept);
                    let lines = kept.split(|b| *b == b'\n').take(most);
                    shown.extend(lines.map(|line| {
                        let line = line.strip_suffix(b"\r").unwrap_or(line);
                        Styled::plain(format!("|{}", safe(line, self.charset)))
                    }));
                }
            }
        }
        shown
    }

    fn view(&mut self, pieces: &[Piece]) -> Vec<Styled> {
        let values = values(pieces);
        let word = |at: usize| values.get(at).and_then(Value::octets).unwrap_or_default();
        if is_list(word(1))
            && let Some(mailbox) = Mailbox::read(values.get(2..).unwrap_or_default())
        {
            return self.name(mailbox);
        }
        let mut out = self.finished_names();
        let view = match values.as_slice() {
            [_, kind, name, items, ..] if is(kind, b"STATUS") => {
                status(name, items, self.utf8, self.charset).map(|line| vec![line])
            }
            [_, kind, list, ..] if is(kind, b"FLAGS") => {
                Some(vec![field(0, "flags", flags(list, self.charset))])
            }
            [_, number, kind, items, ..] if is_fetch(kind) => number
                .number()
                .map(|number| fetch(number, items.list(), self.content_lines, self.charset)),
            _ => None,
        };
        out.extend(view.unwrap_or_else(|| self.as_it_came(pieces)));
        out
    }

    fn as_it_came(&self, pieces: &[Piece]) -> Vec<Styled> {
        pieces
            .iter()
            .filter_map(|piece| match piece {
                Piece::Text(text) => Some(Styled::plain(safe(text, self.charset))),
                Piece::Literal { .. } => None,
            })
            .collect()
    }

    fn name(&mut self, mailbox: Mailbox) -> Vec<Styled> {
        self.names_weight += mailbox.weight();
        self.names.push(mailbox);
        if self.names.len() >= NAMES_MAX || self.names_weight > NAMES_WEIGHT_MAX {
            return self.finished_names();
        }
        Vec::new()
    }

    fn finished_names(&mut self) -> Vec<Styled> {
        self.names_weight = 0;
        tree(&std::mem::take(&mut self.names), self.utf8, self.charset)
    }

    fn note_enabled(&mut self, line: &[u8]) {
        let mut words = line.split(|&b| b == b' ').skip(1);
        let enabled = words
            .next()
            .is_some_and(|w| w.eq_ignore_ascii_case(b"ENABLED"));
        self.utf8 |= enabled && words.any(|w| w.eq_ignore_ascii_case(b"UTF8=ACCEPT"));
    }

    fn dotted(&mut self, part: &Part) -> Seen {
        let Some((exchange, listing)) = self.listing else {
            return Seen::default();
        };
        if part.exchange != Some(exchange) {
            return Seen::default();
        }
        let lines = self.lines.get_or_insert_with(|| Lines::new(listing));
        let lines = lines.push(&part.bytes, part.last, self.charset);
        if part.last {
            (self.lines, self.listing) = (None, None);
        }
        Seen { lines, taken: true }
    }
}

fn keep(kept: &mut Vec<u8>, octets: &mut u64, part: &[u8], weight: &mut usize) {
    *octets = octets.saturating_add(part.len() as u64);
    let room = LITERAL_MAX
        .saturating_sub(kept.len())
        .min(RESPONSE_MAX.saturating_sub(*weight));
    let part = &part[..part.len().min(room)];
    kept.extend_from_slice(part);
    *weight += part.len();
}

fn is(value: &Value, word: &[u8]) -> bool {
    matches!(value, Value::Atom(atom) if atom.eq_ignore_ascii_case(word))
}

fn is_list(word: &[u8]) -> bool {
    [&b"LIST"[..], b"LSUB", b"XLIST", b"RLIST"]
        .iter()
        .any(|known| word.eq_ignore_ascii_case(known))
}

fn is_fetch(value: &Value) -> bool {
    is(value, b"FETCH") || is(value, b"UIDFETCH")
}

/// True for untagged data that a view exists for.
fn has_view(line: &[u8]) -> bool {
    let mut words = line.split(|&b| b == b' ').skip(1);
    let (first, second) = (words.next().unwrap_or_default(), words.next());
    let fetch =
        |word: &[u8]| word.eq_ignore_ascii_case(b"FETCH") || word.eq_ignore_ascii_case(b"UIDFETCH");
    is_list(first)
        || first.eq_ignore_ascii_case(b"STATUS")
        || first.eq_ignore_ascii_case(b"FLAGS")
        || second.is_some_and(fetch)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::proto::engine::{ClientOptions, Engine, Step};
    use crate::proto::event::{Sent, Verdict};
    use crate::proto::imap::client::Client;

    /// What the views make of a server's octets: lines, and which raw lines are not covered.
    fn shown(wire: &[u8]) -> (Vec<String>, Vec<String>) {
        let mut client = Client::new(&ClientOptions::default());
        client.receive(b"* OK hi\r\n");
        client.receive(wire);
        client.closed();
        let mut views = Views::new(Charset::Unicode);
        let (mut lines, mut raw) = (Vec::new(), Vec::new());
        while let Step::Event(event) = client.poll() {
            let seen = views.feed(&event);
            lines.extend(seen.lines.iter().map(Styled::text));
            if let (Event::Line(line), false) = (&event, seen.taken) {
                raw.push(String::from_utf8_lossy(&line.text).into_owned());
            }
        }
        (lines, raw)
    }

    #[test]
    fn responses_become_views_and_the_rest_stays() {
        let wire = b"* LIST () \"/\" INBOX\r\n* LIST () \"/\" {3}\r\na/b\r\n* SEARCH 1 2\r\n* STATUS x (MESSAGES 1)\r\n* 2 FETCH (UID 7 BODY[TEXT] {2}\r\nhi)\r\n* FLAGS (\\Seen)\r\n* 3 EXISTS\r\n* STATUS\r\n";
        let (lines, raw) = shown(wire);
        assert_eq!(
            lines,
            [
                "INBOX",
                "a  (not listed)",
                "└ b",
                "x             messages 1",
                "message 2 · UID 7",
                "  BODY[TEXT], 2 octets",
                "  |hi",
                "flags       \\Seen",
                "* STATUS",
            ]
        );
        assert_eq!(raw, ["* OK hi", "* SEARCH 1 2", "* 3 EXISTS"]);
    }

    #[test]
    fn names_are_utf8_once_that_is_enabled() {
        let (lines, _) =
            shown(b"* LIST () \"/\" R&-D\r\n* ENABLED UTF8=ACCEPT\r\n* LIST () \"/\" R&-D\r\n");
        assert_eq!(lines, ["R&D  R&-D", "R&-D"]);
    }

    #[test]
    fn what_is_too_long_is_shown_as_it_came() {
        let long = format!("* 1 FETCH (FLAGS ({}))\r\n", "a ".repeat(200_000));
        let (lines, raw) = shown(long.as_bytes());
        assert!(lines.len() == 1 && lines[0].starts_with("* 1 FETCH (FLAGS (a a"));
        assert_eq!(raw, ["* OK hi"]);
    }

    #[test]
    fn listings_of_a_maildrop_are_aligned() {
        let mut views = Views::new(Charset::Unicode);
        let exchange = Exchange(4);
        let sent = |shown: &str| {
            Event::Sent(Sent {
                exchange,
                shown: shown.into(),
                clear: None,
                kind: SentKind::Command,
                octets: 6,
                differs: false,
            })
        };
        let part = Event::Part(Part {
            exchange: Some(exchange),
            bytes: b"1 120\r\n".to_vec(),
            last: true,
            kind: PartKind::Dotted,
        });
        assert!(!views.feed(&part).taken);
        views.feed(&sent("list"));
        let status = Event::Line(Line {
            exchange: Some(exchange),
            text: b"+OK".to_vec(),
            clear: None,
            verdict: Verdict::Good,
            kind: LineKind::More,
        });
        assert!(!views.feed(&status).taken);
        let seen = views.feed(&part);
        assert_eq!(seen.lines[0].text(), "     1           120 octets");
        assert!(seen.taken && !views.feed(&part).taken);
    }

    proptest! {
        #[test]
        fn any_response_gives_a_bounded_view(
            words in prop::collection::vec(prop::sample::select(vec![
                "* ", "1 ", "FETCH ", "LIST ", "STATUS ", "FLAGS ", "(", ")", "((", "\"", "BODY[] ", "BODYSTRUCTURE ",
                "ENVELOPE ", "NIL ", "{2}\r\n", "\r\n", "a ", "\"/\" ", "=?utf-8?q?=1B?= ", "\u{1b}", "&AA-", "9 ", "message ", "rfc822 ",
            ]), 0..80),
        ) {
            let (lines, _) = shown(format!("* {}\r\n", words.concat()).as_bytes());
            for line in lines {
                prop_assert!(!line.chars().any(char::is_control), "{line:?}");
            }
        }
    }
}
