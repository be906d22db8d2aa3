//! Whether a pattern of LIST fits a name.

use crate::store::name::LONGEST;

/// A pattern: `*` stands for anything, `%` for anything without a separator.
#[derive(Debug)]
pub(super) struct Pattern {
    octets: Vec<u8>,
    /// Octets that a name needs at least.
    least: usize,
}

/// Which beginnings of a pattern fit the name so far; kept from name to name.
pub(super) type Row = Vec<bool>;

impl Pattern {
    /// `None` when no name is long enough for it.
    pub(super) fn new(text: &str) -> Option<Self> {
        let octets = text.as_bytes().to_vec();
        let least = octets.iter().filter(|octet| !wild(**octet)).count();
        (least <= LONGEST).then_some(Self { octets, least })
    }

    /// Whether it fits, and what it cost to find out: a step is one octet of the pattern against one
    /// of the name, so that no pattern costs more than its length times the name's.
    ///
    /// INBOX is INBOX in any case.
    pub(super) fn fits(&self, name: &str, row: &mut Row) -> (bool, usize) {
        let (fits, steps) = self.fits_octets(name.as_bytes(), row);
        if fits || name != "INBOX" {
            return (fits, steps);
        }
        let upper = Self {
            octets: self.octets.to_ascii_uppercase(),
            least: self.least,
        };
        let (fits, more) = upper.fits_octets(name.as_bytes(), row);
        (fits, steps + more)
    }

    /// One row over the pattern, one pass over it for each octet of the name: place `p` is set while
    /// the pattern's first `p` octets fit what was read.
    fn fits_octets(&self, name: &[u8], row: &mut Row) -> (bool, usize) {
        if name.len() < self.least {
            return (false, 1);
        }
        let end = self.octets.len();
        row.clear();
        row.resize(end + 1, false);
        row[0] = true;
        let mut steps = 1;
        let Some((mut low, mut high)) = self.pass_empty(row, 0, 0) else {
            return (false, steps);
        };
        for octet in name {
            let reach = end.min(high + 1);
            // From behind: each place looks at the one before it as it was.
            for place in (low..=reach).rev() {
                let stays = row[place]
                    && match self.octets.get(place) {
                        Some(b'*') => true,
                        Some(b'%') => *octet != b'/',
                        _ => false,
                    };
                let moved = place > low && row[place - 1] && self.octets[place - 1] == *octet;
                row[place] = stays || moved;
            }
            steps += reach - low + 1;
            match self.pass_empty(row, low, reach) {
                Some(range) => (low, high) = range,
                None => return (false, steps),
            }
        }
        (row[end], steps)
    }

    /// Wildcards stand for nothing too. Answers which places still count: the last `*` that was come
    /// to makes up for all before it, as it takes whatever they would take.
    fn pass_empty(&self, row: &mut Row, low: usize, high: usize) -> Option<(usize, usize)> {
        let (mut low, mut last, mut place) = (low, None, low);
        while place <= high || last == Some(place - 1) && row.get(place) == Some(&true) {
            if row[place] {
                last = Some(place);
                match self.octets.get(place) {
                    Some(b'*') => {
                        low = place;
                        row[place + 1] = true;
                    }
                    Some(b'%') => row[place + 1] = true,
                    _ => {}
                }
            }
            place += 1;
        }
        last.map(|last| (low, last))
    }
}

fn wild(octet: u8) -> bool {
    matches!(octet, b'*' | b'%')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, name: &str) -> bool {
        Pattern::new(pattern).is_some_and(|p| p.fits(name, &mut Row::new()).0)
    }

    #[test]
    fn wildcards() {
        for (pattern, name, expected) in [
            ("*", "a/b", true),
            ("%", "a/b", false),
            ("%", "a", true),
            ("a/%", "a/b", true),
            ("a/%", "a/b/c", false),
            ("a/%/c", "a/b/c", true),
            ("*c", "a/b/c", true),
            ("%3/%", "test3/x", true),
            ("%t*4", "mytest/4", true),
            ("a*b*c", "abxc", true),
            ("", "", true),
            ("a", "ab", false),
            ("ab%", "ab", true),
            ("*%", "a/b", true),
            ("%*%", "", true),
            ("inb%", "INBOX", true),
            ("inb%", "INBOXES", false),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
        assert!(!fits(&"a".repeat(LONGEST + 1), "a"));
    }

    /// Against the plainest way to say it, for every short pattern and name.
    #[test]
    fn as_the_definition_says() {
        fn plain(pattern: &[u8], name: &[u8]) -> bool {
            match pattern.split_first() {
                None => name.is_empty(),
                Some((b'*', rest)) => (0..=name.len()).any(|n| plain(rest, &name[n..])),
                Some((b'%', rest)) => (0..=name.len())
                    .take_while(|n| !name[..*n].contains(&b'/'))
                    .any(|n| plain(rest, &name[n..])),
                Some((octet, rest)) => name.first() == Some(octet) && plain(rest, &name[1..]),
            }
        }
        fn words(letters: &[u8], most: usize) -> Vec<Vec<u8>> {
            let mut all = vec![Vec::new()];
            let mut from = 0;
            for _ in 0..most {
                let to = all.len();
                for at in from..to {
                    for letter in letters {
                        all.push([&all[at][..], &[*letter]].concat());
                    }
                }
                from = to;
            }
            all
        }
        let names = words(b"ab/", 5);
        let mut row = Row::new();
        for octets in words(b"ab/*%", 5) {
            let pattern = Pattern::new(std::str::from_utf8(&octets).unwrap()).unwrap();
            for name in &names {
                let found = pattern.fits_octets(name, &mut row).0;
                assert_eq!(
                    found,
                    plain(&octets, name),
                    "{} {}",
                    octets.escape_ascii(),
                    name.escape_ascii()
                );
            }
        }
    }

    #[test]
    fn what_it_costs() {
        let mut row = Row::new();
        let name = format!("{}b", "a".repeat(900));
        for piece in ["*a", "%a", "*a%", "a%*"] {
            let text = format!("{}zb", piece.repeat(20));
            let (fits, steps) = Pattern::new(&text).unwrap().fits(&name, &mut row);
            assert!(!fits);
            assert!(
                steps <= (text.len() + 1) * (name.len() + 1),
                "{text} {steps}"
            );
        }
    }
}
