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
    /// CAPABILITY.
    Capability,
    /// CAPA.
    Capa,
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
    /// LOGOUT.
    Logout,
    /// Another command.
    Other,
    /// SELECT or EXAMINE.
    Select,
    /// FETCH.
    Fetch,
    /// SEARCH.
    Search,
    /// IDLE, behind the time that was idled away.
    Idle,
    /// A question for news: NOOP, STATUS, STAT.
    Poll,
    /// LIST or UIDL.
    List,
    /// RETR or TOP.
    Retr,
    /// A round of reading, from the moment it was due.
    Round,
    /// From the accepted content to the message being in its mailbox.
    Visible,
}

impl Stage {
    /// Every stage, in the order of a report.
    pub const ALL: [Self; 27] = [
        Self::Connect,
        Self::Greeting,
        Self::Hello,
        Self::Capability,
        Self::Capa,
        Self::StartTls,
        Self::Tls,
        Self::Auth,
        Self::Mail,
        Self::Rcpt,
        Self::Data,
        Self::Dot,
        Self::Bdat,
        Self::Rset,
        Self::Select,
        Self::Fetch,
        Self::Search,
        Self::Idle,
        Self::Poll,
        Self::List,
        Self::Retr,
        Self::Other,
        Self::Message,
        Self::Round,
        Self::Visible,
        Self::Quit,
        Self::Logout,
    ];

    /// The name in reports and files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Greeting => "greeting",
            Self::Hello => "EHLO",
            Self::Capability => "CAPABILITY",
            Self::Capa => "CAPA",
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
            Self::Logout => "LOGOUT",
            Self::Other => "other",
            Self::Select => "SELECT",
            Self::Fetch => "FETCH",
            Self::Search => "SEARCH",
            Self::Idle => "IDLE",
            Self::Poll => "poll",
            Self::List => "LIST",
            Self::Retr => "RETR",
            Self::Round => "round",
            Self::Visible => "visible",
        }
    }

    /// The stage of this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.name() == name)
    }
}
