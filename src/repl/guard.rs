//! Guard against harm: what destroys stored mail is asked once per session and kind.
//!
//! Only at a console, and not on the practice server. Enter alone never means yes.

use crate::proto::engine::Engine;

/// A question to be answered with yes before the line is sent.
#[derive(Debug, PartialEq, Eq)]
pub struct Question {
    /// The kind, asked once per session.
    pub kind: &'static str,
    /// What will happen and why that matters.
    pub text: String,
}

/// What must be asked before `line` is sent, if anything.
pub fn question(line: &[u8], engine: &dyn Engine, deleted: Option<u64>) -> Option<Question> {
    let verb = engine.verb_of(line)?;
    let facts = engine.facts();
    let marked = || match deleted {
        Some(0) => "no message that this console saw marked \\Deleted".to_owned(),
        Some(n) => format!(
            "{n} message{} marked \\Deleted",
            if n == 1 { "" } else { "s" }
        ),
        None => "every message marked \\Deleted".to_owned(),
    };
    let text = match verb.name {
        "EXPUNGE" => format!("EXPUNGE removes {} for good", marked()),
        "UID EXPUNGE" => {
            "UID EXPUNGE removes the named messages marked \\Deleted for good".to_owned()
        }
        "CLOSE" => {
            if deleted == Some(0) {
                return None;
            }
            format!("CLOSE removes {} for good; UNSELECT keeps them", marked())
        }
        "DELETE" => "DELETE removes the mailbox and all the mail in it for good".to_owned(),
        "QUIT" if facts.deletes_pending > 0 => {
            let n = facts.deletes_pending;
            let messages = if n == 1 { "message" } else { "messages" };
            format!("QUIT removes the {n} {messages} marked by DELE for good; RSET keeps them")
        }
        _ => return None,
    };
    Some(Question {
        kind: verb.name,
        text,
    })
}
