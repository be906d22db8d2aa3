//! The stages of a connection that are timed, in their order.

/// What is timed, and where an error can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The connection is made.
    Connect,
    /// The first reply.
    Greeting,
    /// EHLO, HELO or LHLO.
    Hello,
    /// The command that asks for TLS.
    StartTls,
    /// The TLS handshake.
    Tls,
    /// A login, from the first line to the last reply.
    Auth,
    /// MAIL.
    Mail,
    /// RCPT.
    Rcpt,
    /// DATA, up to its 354.
    Data,
    /// The content, from its first octet to the reply to its last dot.
    Dot,
    /// BDAT (RFC 3030): command and content.
    Bdat,
    /// RSET.
    Rset,
    /// A whole message, from the moment it was due.
    Message,
    /// QUIT.
    Quit,
}

impl Stage {
    /// Every stage, in the order of a report.
    pub const ALL: [Self; 14] = [
        Self::Connect,
        Self::Greeting,
        Self::Hello,
        Self::StartTls,
        Self::Tls,
        Self::Auth,
        Self::Mail,
        Self::Rcpt,
        Self::Data,
        Self::Dot,
        Self::Bdat,
        Self::Rset,
        Self::Message,
        Self::Quit,
    ];

    /// The name in reports and files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Greeting => "greeting",
            Self::Hello => "EHLO",
            Self::StartTls => "STARTTLS",
            Self::Tls => "TLS",
            Self::Auth => "AUTH",
            Self::Mail => "MAIL",
            Self::Rcpt => "RCPT",
            Self::Data => "DATA",
            Self::Dot => "dot",
            Self::Bdat => "BDAT",
            Self::Rset => "RSET",
            Self::Message => "message",
            Self::Quit => "QUIT",
        }
    }

    /// The stage of this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.name() == name)
    }
}
