//! Whose turn it is within the newest command, and what a line would be taken for.

use crate::proto::engine::Mode;
use crate::wire::secret::Secret;

/// What the newest command waits for.
#[derive(Debug, Default)]
pub(super) enum Turn {
    /// For nothing but its completion: the next line is a command.
    #[default]
    Free,
    /// For the go-ahead of a literal.
    LiteralDue {
        /// The count announced.
        octets: u64,
    },
    /// For octets of a literal from us, and then for the rest of the line.
    Literal {
        /// How many.
        left: u64,
    },
    /// For a challenge, or the verdict, of an AUTHENTICATE.
    ChallengeDue,
    /// For our answer to a challenge.
    Answer {
        /// The mechanism as typed.
        mechanism: String,
        /// The challenge, decoded where it was base64.
        challenge: Secret,
    },
    /// For the go-ahead of IDLE.
    IdleDue,
    /// For our DONE.
    Idle,
    /// For the answer to STARTTLS.
    TlsDue,
}

impl Turn {
    /// What the next line will be taken for.
    pub(super) fn mode(&self) -> Mode {
        match self {
            Self::Literal { left } => Mode::Literal { octets_left: *left },
            Self::Answer {
                mechanism,
                challenge,
            } => Mode::Answer {
                mechanism: mechanism.clone(),
                challenge: challenge.clone(),
            },
            Self::Idle => Mode::Idle,
            Self::Free
            | Self::LiteralDue { .. }
            | Self::ChallengeDue
            | Self::IdleDue
            | Self::TlsDue => Mode::Command,
        }
    }

    /// True when the server waits for us.
    pub(super) fn is_ours(&self) -> bool {
        matches!(
            self,
            Self::Literal { .. } | Self::Answer { .. } | Self::Idle
        )
    }

    /// True while a SASL exchange runs.
    pub(super) fn is_auth(&self) -> bool {
        matches!(self, Self::ChallengeDue | Self::Answer { .. })
    }

    /// Why no line can be taken now, if none can.
    pub(super) fn blocked(&self) -> Option<&'static str> {
        match self {
            Self::LiteralDue { .. } => Some("the go-ahead for the literal has not come yet"),
            Self::ChallengeDue => Some("the server has not answered AUTHENTICATE yet"),
            Self::IdleDue => Some("the go-ahead for IDLE has not come yet"),
            Self::TlsDue => Some("the answer to STARTTLS has not come yet"),
            Self::Free | Self::Literal { .. } | Self::Answer { .. } | Self::Idle => None,
        }
    }
}
