//! What is sent: made once, before the first connection.

use std::path::Path;

use crate::bounded;
use crate::clock;
use crate::entropy;
use crate::error::{Error, Result};
use crate::wire::dot::Stuffer;

/// The largest message that is made or read.
const LARGEST: usize = 256 * 1024 * 1024;
/// Messages of different sizes that are made for a range of sizes.
const SIZES: u64 = 100;
/// Octets of a body, when nobody says.
const LENGTH: usize = 5120;
/// The longest line of a made message, as smtp-source makes them.
const LINE: usize = 78;

/// A message, ready to be sent either way.
#[derive(Debug)]
pub(super) struct Message {
    /// As CHUNKING sends it.
    pub(super) plain: Vec<u8>,
    /// With doubled dots, and the last dot.
    pub(super) dotted: Vec<u8>,
    /// Some octet is beyond ASCII.
    pub(super) eight_bit: bool,
    /// A Message-ID of its own goes in front, since the text has none.
    pub(super) wants_id: bool,
}

impl Message {
    fn new(text: &[u8], wants_id: bool) -> Self {
        let mut dotted = Vec::with_capacity(text.len() + 16);
        let mut stuffer = Stuffer::default();
        stuffer.push(text, &mut dotted);
        stuffer.finish(&mut dotted);
        let mut plain = Vec::with_capacity(text.len() + 2);
        for line in text.split_inclusive(|b| *b == b'\n') {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            plain.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
            plain.extend_from_slice(b"\r\n");
        }
        Self {
            eight_bit: !text.is_ascii(),
            plain,
            dotted,
            wants_id,
        }
    }
}

/// What goes into the header of made messages.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header<'a> {
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    pub(super) subject: Option<&'a str>,
}

impl Header<'_> {
    fn text(self) -> String {
        format!(
            "From: <{}>\r\nTo: <{}>\r\nDate: {}\r\nSubject: {}\r\n\r\n",
            self.from,
            self.to,
            clock::rfc5322(),
            self.subject.unwrap_or("load")
        )
    }
}

/// Sizes of bodies: ranges, each with its weight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sizes(Vec<(usize, usize, u64)>);

impl Sizes {
    /// Reads `N`, `N-M`, or a distribution: several of them, each with `:WEIGHT`.
    pub(super) fn parse(text: Option<&str>) -> Result<Self> {
        let Some(text) = text else {
            return Ok(Self(vec![(LENGTH, LENGTH, 1)]));
        };
        let part = |part: &str| {
            let (range, weight) = part.split_once(':').unwrap_or((part, "1"));
            let (low, high) = range.split_once('-').unwrap_or((range, range));
            let (low, high) = (low.parse().ok()?, high.parse().ok()?);
            let weight = weight
                .parse()
                .ok()
                .filter(|w| (1..=1_000_000).contains(w))?;
            (low <= high && high <= LARGEST).then_some((low, high, weight))
        };
        text.split(',')
            .map(part)
            .collect::<Option<_>>()
            .map(Self)
            .ok_or_else(|| {
                Error::usage(format!(
                "--length \"{}\": neither octets up to {LARGEST}, nor a range, nor a distribution",
                text.escape_debug()
            ))
            .hint("such as", "5120, 1000-20000 or 2000:70,8000-90000:29,5000000:1")
            })
    }

    /// How many different messages stand for it.
    fn count(&self) -> u64 {
        if let [(low, high, _)] = &*self.0
            && low == high
        {
            return 1;
        }
        let largest = self.0.iter().map(|(_, high, _)| *high).max().unwrap_or(0);
        // No more than 1 GiB of different messages at once.
        SIZES.min((1 << 30) / (largest as u64 + 1)).max(1)
    }

    /// One for `at` of `count`: weights are kept as exactly as so many messages can, sizes are chosen.
    fn choose(&self, at: u64, count: u64, random: &mut Random) -> usize {
        let all: u64 = self.0.iter().map(|(_, _, weight)| weight).sum();
        let mut left = at * all / count;
        for (low, high, weight) in &self.0 {
            if left < *weight {
                return low + random.below((high - low) as u64 + 1) as usize;
            }
            left -= weight;
        }
        0
    }
}

/// Messages with bodies of these sizes, in an order by chance, the same for the same seed; without a
/// header, bodies alone.
pub(super) fn made(sizes: &Sizes, header: Option<Header<'_>>, seed: u64) -> Result<Vec<Message>> {
    let wants_id = header.is_some();
    let head = header.map_or_else(String::new, Header::text);
    let mut random = Random::new(seed);
    let count = sizes.count();
    let mut pool: Vec<Message> = (0..count)
        .map(|at| sizes.choose(at, count, &mut random))
        .map(|size| Message::new(&filled(&head, size), wants_id))
        .collect();
    for at in (1..pool.len()).rev() {
        pool.swap(at, random.below(at as u64 + 1) as usize);
    }
    Ok(pool)
}

fn filled(head: &str, size: usize) -> Vec<u8> {
    let mut text = Vec::with_capacity(head.len() + size);
    text.extend_from_slice(head.as_bytes());
    let mut left = size;
    while left > 0 {
        // A line end costs two octets; a rest of one or two cannot have its own line.
        let line = match left {
            1 | 2 => left,
            _ if left <= LINE + 2 => left - 2,
            _ if left - (LINE + 2) < 3 => LINE - 4,
            _ => LINE,
        };
        text.resize(text.len() + line, b'X');
        left -= line;
        if left >= 2 {
            text.extend_from_slice(b"\r\n");
            left -= 2;
        }
    }
    text
}

/// The messages of a file, or of all `.eml` files of a folder, in the order of their names.
pub(super) fn read(path: &Path) -> Result<Vec<Message>> {
    let failed =
        |path: &Path, e: &dyn std::fmt::Display| Error::local(format!("{}: {e}", path.display()));
    let one = |path: &Path| {
        let text = bounded::read(path, LARGEST as u64).map_err(|e| failed(path, &e))?;
        Ok(Message::new(&text, false))
    };
    if !path.is_dir() {
        return Ok(vec![one(path)?]);
    }
    let entries = std::fs::read_dir(path).map_err(|e| failed(path, &e))?;
    let mut files: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|file| file.extension().is_some_and(|end| end == "eml"))
        .collect();
    files.sort();
    if files.is_empty() {
        return Err(failed(path, &"no .eml files in this folder"));
    }
    files.iter().map(|file| one(file)).collect()
}

/// Numbers that look random and are the same for the same seed (SplitMix64): for think times and
/// sizes, where nobody must not guess them.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `end`, which is not 0.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// From 0 to 1.
    pub(super) fn part(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// What makes the Message-IDs of this run differ from those of all others.
pub(super) fn run_id() -> String {
    entropy::token()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_have_the_size_asked_for_and_short_lines() {
        for size in (0..400).chain([5120, 100_000]) {
            let text = filled("", size);
            assert_eq!(text.len(), size);
            let text = String::from_utf8(text).unwrap();
            assert!(
                text.split("\r\n")
                    .all(|l| l.len() <= LINE && !l.contains(['\r', '\n']))
            );
        }
    }

    #[test]
    fn both_ways_carry_the_same() {
        let message = Message::new(b"a: b\n\n.dot\r\n\xc3\xa9", false);
        assert_eq!(message.plain, b"a: b\r\n\r\n.dot\r\n\xc3\xa9\r\n");
        assert_eq!(message.dotted, b"a: b\r\n\r\n..dot\r\n\xc3\xa9\r\n.\r\n");
        assert!(message.eight_bit);
    }

    #[test]
    fn sizes_stay_in_their_range_and_repeat() {
        let header = Header {
            from: "a@x",
            to: "b@x",
            subject: None,
        };
        let sizes = |seed| -> Vec<usize> {
            let made = made(&Sizes::parse(Some("100-200")).unwrap(), Some(header), seed).unwrap();
            made.iter().map(|m| m.plain.len()).collect()
        };
        assert_eq!(sizes(1).len(), 100);
        assert_eq!(sizes(1), sizes(1));
        assert_ne!(sizes(1), sizes(2));
    }

    #[test]
    fn a_distribution_keeps_its_weights() {
        let sizes = Sizes::parse(Some("10:70,100-200:29,5000:1")).unwrap();
        let header = Header {
            from: "",
            to: "",
            subject: None,
        };
        let made = made(&sizes, Some(header), 3).unwrap();
        let head = made.iter().map(|m| m.plain.len()).min().unwrap() - 10;
        let of = |low, high| {
            let sizes = made.iter().map(|m| m.plain.len() - head);
            sizes.filter(|size| (low..=high).contains(size)).count()
        };
        assert_eq!((of(10, 12), of(100, 202), of(5000, 5002)), (70, 29, 1));
        assert_eq!(Sizes::parse(None).unwrap(), Sizes(vec![(5120, 5120, 1)]));
        for wrong in ["9-7", "-1", "x", "1:0", "1,", "999999999999"] {
            assert!(Sizes::parse(Some(wrong)).is_err(), "{wrong}");
        }
    }
}
