//! Which commands there are, where they are legal, and who carries them out.

use super::parse::{Bad, Parsed, Parser};
use super::{Done, ImapServer};
use crate::proto::faults::Effect;

/// Where a command is legal (RFC 9051 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    Any,
    NotAuthenticated,
    Authenticated,
    Selected,
}

/// What a handler is given beside the connection.
pub(super) struct Call<'a, 'b> {
    pub(super) tag: &'a str,
    pub(super) parser: &'a mut Parser<'b>,
    pub(super) effect: &'a Effect,
    /// It was said with UID in front.
    pub(super) uid: bool,
}

/// Answers how the command ended; `None` when that is said later (IDLE, AUTHENTICATE).
type Handler = fn(&mut ImapServer, &mut Call<'_, '_>) -> Parsed<Option<Done>>;

type Command = (&'static str, When, Handler);

static COMMANDS: &[Command] = &[
    ("CAPABILITY", When::Any, ImapServer::capability_command),
    ("NOOP", When::Any, ImapServer::noop),
    ("LOGOUT", When::Any, ImapServer::logout),
    ("ID", When::Any, ImapServer::id),
    ("STARTTLS", When::NotAuthenticated, ImapServer::starttls),
    ("LOGIN", When::NotAuthenticated, ImapServer::login),
    (
        "AUTHENTICATE",
        When::NotAuthenticated,
        ImapServer::authenticate,
    ),
    ("ENABLE", When::Authenticated, ImapServer::enable),
    ("SELECT", When::Authenticated, ImapServer::select),
    ("EXAMINE", When::Authenticated, ImapServer::examine),
    ("CREATE", When::Authenticated, ImapServer::create),
    ("DELETE", When::Authenticated, ImapServer::delete),
    ("RENAME", When::Authenticated, ImapServer::rename),
    ("SUBSCRIBE", When::Authenticated, ImapServer::subscribe),
    ("UNSUBSCRIBE", When::Authenticated, ImapServer::unsubscribe),
    ("LIST", When::Authenticated, ImapServer::list),
    ("LSUB", When::Authenticated, ImapServer::lsub),
    ("NAMESPACE", When::Authenticated, ImapServer::namespace),
    ("STATUS", When::Authenticated, ImapServer::status),
    ("APPEND", When::Authenticated, ImapServer::append),
    ("IDLE", When::Authenticated, ImapServer::idle),
    ("GETQUOTA", When::Authenticated, ImapServer::get_quota),
    (
        "GETQUOTAROOT",
        When::Authenticated,
        ImapServer::get_quota_root,
    ),
    ("SETQUOTA", When::Authenticated, ImapServer::set_quota),
    ("CHECK", When::Selected, ImapServer::check),
    ("CLOSE", When::Selected, ImapServer::close),
    ("UNSELECT", When::Selected, ImapServer::unselect),
    ("EXPUNGE", When::Selected, ImapServer::expunge),
    ("UID EXPUNGE", When::Selected, ImapServer::uid_expunge),
    ("SEARCH", When::Selected, ImapServer::search),
    ("UID SEARCH", When::Selected, ImapServer::search),
    ("FETCH", When::Selected, ImapServer::fetch),
    ("UID FETCH", When::Selected, ImapServer::fetch),
    ("STORE", When::Selected, ImapServer::store),
    ("UID STORE", When::Selected, ImapServer::store),
    ("COPY", When::Selected, ImapServer::copy),
    ("UID COPY", When::Selected, ImapServer::copy),
    ("MOVE", When::Selected, ImapServer::move_),
    ("UID MOVE", When::Selected, ImapServer::move_),
];

/// The name of the command that stands here.
pub(super) fn verb(parser: &mut Parser<'_>) -> Parsed<&'static str> {
    let start = parser.at();
    let mut name = parser.word("a command")?;
    if name == "UID" {
        parser.space()?;
        name = format!("UID {}", parser.word("a command behind UID")?);
    }
    match COMMANDS.iter().find(|row| row.0 == name) {
        Some(row) => Ok(row.0),
        None => parser.bad_at(start, "an unknown command"),
    }
}

/// Carries a command out.
pub(super) fn run(
    server: &mut ImapServer,
    verb: &str,
    tag: &str,
    parser: &mut Parser<'_>,
    effect: &Effect,
) -> Parsed<Option<Done>> {
    let Some((_, when, handler)) = COMMANDS.iter().find(|row| row.0 == verb) else {
        return parser.bad("a command");
    };
    let wrong = match when {
        When::Any => None,
        When::NotAuthenticated if server.user.is_none() => None,
        When::NotAuthenticated => Some("comes before the login, and you are logged in"),
        _ if server.user.is_none() => Some("needs a login first"),
        When::Selected if server.view.is_none() => Some("needs a selected mailbox"),
        When::Authenticated | When::Selected => None,
    };
    if let Some(wrong) = wrong {
        return Err(Bad {
            text: format!("{verb} {wrong}"),
        });
    }
    let uid = verb.starts_with("UID ");
    handler(
        server,
        &mut Call {
            tag,
            parser,
            effect,
            uid,
        },
    )
}
