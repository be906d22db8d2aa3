//! Guard against harm: what destroys stored mail is asked once per session and kind.
//!
//! Only at a console, and not on the practice server. Enter alone never means yes.

use crate::proto::engine::Engine;
use crate::wire::show::{Charset, show};

/// A question to be answered with yes before the line is sent.
#[derive(Debug, PartialEq, Eq)]
pub struct Question {
    /// The kind, asked once per session.
    pub kind: &'static str,
    /// What will happen and why that matters.
    pub text: String,
}

/// What must be asked before `line` is sent, if anything; `before` goes out in the same write.
pub fn question(
    line: &[u8],
    engine: &dyn Engine,
    deleted: u64,
    before: &[Vec<u8>],
) -> Option<Question> {
    let verb = engine.verb_of(line)?;
    let marks = |line: &&Vec<u8>| engine.verb_of(line).is_some_and(|v| v.name == "DELE");
    let deletes = engine.facts().deletes_pending + before.iter().filter(marks).count();
    let marked = match deleted {
        0 => "every message marked \\Deleted".to_owned(),
        1 => "1 message marked \\Deleted (and any that this console did not see)".to_owned(),
        n => format!("{n} messages marked \\Deleted (and any that this console did not see)"),
    };
    let text = match verb.name {
        "EXPUNGE" => format!("EXPUNGE removes {marked} for good"),
        "UID EXPUNGE" => {
            "UID EXPUNGE removes the named messages marked \\Deleted for good".to_owned()
        }
        // RFC 9051 6.4.1: nothing is removed where nothing may be written, unless that is about to change.
        "CLOSE" if engine.facts().read_only && before.is_empty() && !engine.owes() => return None,
        "CLOSE" => format!("CLOSE removes {marked} for good; UNSELECT keeps them"),
        "DELETE" => {
            let name = show(line, Charset::Unicode);
            let name = name.trim_end().split_once(' ').map_or("", |(_, name)| name);
            format!("DELETE removes the mailbox {name} and all the mail in it for good")
        }
        "QUIT" if deletes > 0 => {
            let messages = if deletes == 1 { "message" } else { "messages" };
            format!(
                "QUIT removes the {deletes} {messages} marked by DELE for good; RSET keeps them"
            )
        }
        _ => return None,
    };
    Some(Question {
        kind: verb.name,
        text,
    })
}
