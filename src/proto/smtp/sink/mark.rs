//! What was done with what came, told to whoever measures: nothing here knows the time.

/// What was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Did {
    /// Nothing that was asked: the greeting, a goodbye.
    Unasked,
    /// EHLO, LHLO or HELO.
    Hello,
    /// STARTTLS.
    StartTls,
    /// AUTH, with all its answers.
    Auth,
    /// MAIL.
    Mail,
    /// RCPT.
    Rcpt,
    /// DATA.
    Data,
    /// The end of a dotted content.
    Dot,
    /// BDAT with its octets.
    Bdat,
    /// RSET.
    Rset,
    /// QUIT.
    Quit,
    /// Another command, or none.
    Other,
}

impl Did {
    /// The one of this verb.
    pub(super) fn of(verb: &str) -> Self {
        const VERBS: [(&str, Did); 12] = [
            ("MAIL", Did::Mail),
            ("RCPT", Did::Rcpt),
            ("DATA", Did::Data),
            ("BDAT", Did::Bdat),
            ("RSET", Did::Rset),
            ("QUIT", Did::Quit),
            ("EHLO", Did::Hello),
            ("LHLO", Did::Hello),
            ("HELO", Did::Hello),
            ("AUTH", Did::Auth),
            ("STARTTLS", Did::StartTls),
            (".", Did::Dot),
        ];
        let found = VERBS
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(verb));
        found.map_or(Self::Other, |(_, did)| *did)
    }
}

/// A reply that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// To what.
    pub did: Did,
    /// Its code; 0 when a fault kept the client from getting it whole.
    pub code: u16,
    /// The message is over with it, accepted or not.
    pub ends: bool,
    /// The text of a refusal.
    pub refusal: Option<Box<str>>,
}

impl Mark {
    pub(super) fn new(did: Did, text: &str, whole: bool) -> Self {
        let code = match text.as_bytes() {
            [a @ b'2'..=b'5', b @ b'0'..=b'9', c @ b'0'..=b'9', ..] if whole => {
                let digit = |octet: &u8| u16::from(octet - b'0');
                digit(a) * 100 + digit(b) * 10 + digit(c)
            }
            _ => 0,
        };
        Self {
            did,
            code,
            ends: false,
            refusal: (code >= 400 || code == 0).then(|| text.into()),
        }
    }
}
