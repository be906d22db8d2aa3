//! Flags of a message: five bits for the system flags, one bit a keyword (named per mailbox).

/// A message's flags (RFC 9051 2.3.2). Keyword names live in the mailbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    system: u8,
    keywords: u64,
}

/// The system flags, in the order in which they are written.
pub const SYSTEM: [(&str, Flags); 5] = [
    ("\\Answered", Flags::ANSWERED),
    ("\\Flagged", Flags::FLAGGED),
    ("\\Deleted", Flags::DELETED),
    ("\\Seen", Flags::SEEN),
    ("\\Draft", Flags::DRAFT),
];

impl Flags {
    /// No flag.
    pub const NONE: Self = Self::system(0);
    /// `\Seen`
    pub const SEEN: Self = Self::system(1);
    /// `\Answered`
    pub const ANSWERED: Self = Self::system(2);
    /// `\Flagged`
    pub const FLAGGED: Self = Self::system(4);
    /// `\Deleted`
    pub const DELETED: Self = Self::system(8);
    /// `\Draft`
    pub const DRAFT: Self = Self::system(16);

    const fn system(bit: u8) -> Self {
        Self {
            system: bit,
            keywords: 0,
        }
    }

    pub(super) const fn keyword(slot: usize) -> Self {
        Self {
            system: 0,
            keywords: 1 << slot,
        }
    }

    /// A system flag by its name, in any case: `\seen`.
    pub fn named(name: &str) -> Option<Self> {
        SYSTEM
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, flag)| *flag)
    }

    /// Both sets of flags.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            system: self.system | other.system,
            keywords: self.keywords | other.keywords,
        }
    }

    /// These flags less the others.
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        Self {
            system: self.system & !other.system,
            keywords: self.keywords & !other.keywords,
        }
    }

    /// The system flags alone.
    #[must_use]
    pub fn without_keywords(self) -> Self {
        Self {
            keywords: 0,
            ..self
        }
    }

    /// True when all of `other` are set here.
    pub fn has(self, other: Self) -> bool {
        self.with(other) == self
    }

    pub(super) fn keyword_slots(self) -> impl Iterator<Item = usize> {
        let mut left = self.keywords;
        std::iter::from_fn(move || {
            let slot = usize::try_from(left.trailing_zeros()).ok()?;
            // Takes the lowest bit off; nothing is left of nothing.
            left &= left.checked_sub(1)?;
            Some(slot)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_sets() {
        let both = Flags::SEEN.with(Flags::DELETED);
        assert_eq!(Flags::named("\\sEEN"), Some(Flags::SEEN));
        assert_eq!(Flags::named("\\Recent"), None);
        assert!(both.has(Flags::SEEN) && !Flags::SEEN.has(both));
        assert_eq!(both.less(Flags::SEEN), Flags::DELETED);
        assert!(Flags::keyword(63).keyword_slots().eq([63]));
    }
}
