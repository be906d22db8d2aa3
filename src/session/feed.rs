//! Content never becomes commands.
//!
//! Lines that come from a paste, a pipe or a file were written with a go-ahead in mind. When DATA, a
//! literal or AUTH gets none, what was to follow is not sent. A feed is told of each refusal and then
//! says of each line whether it may go.

use crate::proto::event::{Content, Reply};
use crate::proto::spec::Spec;
use crate::wire::octets::announced;

/// What becomes of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It may be sent.
    Send,
    /// It belonged to content that nobody asked for.
    Drop,
    /// Only the rest of the line, from this octet on, is not content: it ended a refused literal and
    /// with it the command, so it is dropped too.
    DropRest,
}

/// Watches over lines that were prepared beforehand.
#[derive(Debug, Default)]
pub struct Feed {
    skipping: Option<Skip>,
}

#[derive(Debug)]
struct Skip {
    what: What,
    lines: u64,
    because: String,
}

#[derive(Debug)]
enum What {
    ToDot,
    Octets(u64),
    Answers(Option<u32>),
}

impl Feed {
    /// A reply came: if it refused content, what follows will be dropped.
    pub fn reply(&mut self, reply: &Reply) {
        let Some(content) = &reply.unsent else { return };
        let what = match content {
            Content::Body => What::ToDot,
            Content::Literal { octets } => What::Octets(*octets),
            Content::Answers { mechanism, sent } => {
                What::Answers(answers_of(mechanism).map(|all| all.saturating_sub(*sent)))
            }
        };
        let because = format!("{} was refused ({})", reply.to, reply.code);
        self.skipping = Some(Skip {
            what,
            lines: 0,
            because,
        });
    }

    /// Decides about the next line. With the message, when dropping has just ended before or with it.
    pub fn take(&mut self, line: &[u8], spec: &Spec) -> (Fate, Option<String>) {
        let Some(skip) = &mut self.skipping else {
            return (Fate::Send, None);
        };
        match &mut skip.what {
            What::ToDot => {
                if line == b"." {
                    return (Fate::Drop, self.end());
                }
                skip.lines += 1;
                (Fate::Drop, None)
            }
            What::Octets(left) => {
                skip.lines += 1;
                let length = line.len() as u64;
                if *left > length {
                    // The n-th octet lies further on, or in this line's CR LF: the next line then
                    // begins with what continues the command, and is dropped as well.
                    *left = left.saturating_sub(length + 2);
                    return (Fate::Drop, None);
                }
                // The command may go on to a further literal, which is content of it as well. What is
                // left is no longer than the line.
                let rest = usize::try_from(*left).map_or(line, |left| &line[left..]);
                if let Ok(Some(further)) = announced(rest) {
                    *left = further.octets;
                    return (Fate::Drop, None);
                }
                (Fate::DropRest, self.end())
            }
            What::Answers(left) => {
                // An answer is base64 (RFC 4954, section 4), which has no colon: a line that begins
                // with one is a console command.
                if spec.verb(line).is_some() || line.starts_with(b":") || *left == Some(0) {
                    let message = self.end();
                    return (Fate::Send, message);
                }
                skip.lines += 1;
                if let Some(left) = left {
                    *left -= 1;
                    if *left == 0 {
                        return (Fate::Drop, self.end());
                    }
                }
                (Fate::Drop, None)
            }
        }
    }

    /// The input ended; the message, when lines were being dropped.
    pub fn end(&mut self) -> Option<String> {
        let skip = self.skipping.take()?;
        if skip.lines == 0 {
            return None;
        }
        let kind = match skip.what {
            What::ToDot => "body",
            What::Octets(_) => "literal",
            What::Answers(_) => "answer",
        };
        let plural = if skip.lines == 1 { "" } else { "s" };
        Some(format!(
            "{} {kind} line{plural} not sent: {}",
            skip.lines, skip.because
        ))
    }

    /// The refused content was in a file, not in the lines: the next line is a command.
    pub fn not_in_lines(&mut self) {
        self.skipping = None;
    }
}

/// How many messages a mechanism's client has to say in all; `None` for an unknown one.
fn answers_of(mechanism: &str) -> Option<u32> {
    match mechanism.to_ascii_uppercase().as_str() {
        "PLAIN" | "CRAM-MD5" | "XOAUTH2" | "OAUTHBEARER" | "EXTERNAL" | "ANONYMOUS" => Some(1),
        "LOGIN" | "DIGEST-MD5" => Some(2),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static NO_VERBS: Spec = Spec { verbs: &[] };

    fn refused(content: Content, to: &str) -> Feed {
        let mut feed = Feed::default();
        feed.reply(&Reply {
            to: to.into(),
            code: "554".into(),
            unsent: Some(content),
            ..Reply::default()
        });
        feed
    }

    #[test]
    fn a_refused_body_is_dropped_to_its_dot() {
        let mut feed = refused(Content::Body, "DATA");
        assert_eq!(feed.take(b"Subject: x", &NO_VERBS), (Fate::Drop, None));
        assert_eq!(feed.take(b"QUIT", &NO_VERBS), (Fate::Drop, None));
        let (fate, message) = feed.take(b".", &NO_VERBS);
        assert_eq!(fate, Fate::Drop);
        assert_eq!(
            message.as_deref(),
            Some("2 body lines not sent: DATA was refused (554)")
        );
        assert_eq!(feed.take(b"QUIT", &NO_VERBS), (Fate::Send, None));
    }

    #[test]
    fn a_refused_literal_is_dropped_by_count() {
        let mut feed = refused(Content::Literal { octets: 7 }, "APPEND");
        assert_eq!(feed.take(b"abc", &NO_VERBS).0, Fate::Drop);
        let (fate, message) = feed.take(b"de)", &NO_VERBS);
        assert_eq!(fate, Fate::DropRest);
        assert!(message.unwrap().starts_with("2 literal lines"));
        assert_eq!(feed.take(b"NOOP", &NO_VERBS).0, Fate::Send);
    }

    #[test]
    fn a_refused_literal_takes_those_behind_it_along() {
        let mut feed = refused(Content::Literal { octets: 5 }, "APPEND");
        assert_eq!(feed.take(b"INBOX {29}", &NO_VERBS), (Fate::Drop, None));
        assert_eq!(feed.take(b"DELETE Archive", &NO_VERBS), (Fate::Drop, None));
        assert_eq!(feed.take(b"DELETE Sent", &NO_VERBS), (Fate::Drop, None));
        assert_eq!(feed.take(b"", &NO_VERBS).0, Fate::DropRest);
        assert_eq!(feed.take(b"NOOP", &NO_VERBS), (Fate::Send, None));
        let mut feed = refused(Content::Literal { octets: 5 }, "LOGIN");
        assert_eq!(feed.take(b"alice {8}", &NO_VERBS), (Fate::Drop, None));
        assert_eq!(feed.take(b"s3cr3tPW", &NO_VERBS).0, Fate::DropRest);
        assert_eq!(feed.take(b"NOOP", &NO_VERBS), (Fate::Send, None));
    }

    #[test]
    fn refused_answers_are_counted_by_mechanism() {
        let login = |sent| Content::Answers {
            mechanism: "login".into(),
            sent,
        };
        let mut feed = refused(login(0), "AUTH");
        assert_eq!(feed.take(b"YWxpY2U=", &NO_VERBS).0, Fate::Drop);
        assert_eq!(feed.take(b"c2VjcmV0", &NO_VERBS).0, Fate::Drop);
        assert_eq!(feed.take(b"QUIT", &NO_VERBS).0, Fate::Send);
        let mut feed = refused(login(1), "AUTH");
        assert_eq!(feed.take(b"c2VjcmV0", &NO_VERBS).0, Fate::Drop);
        assert_eq!(feed.take(b"QUTI", &NO_VERBS).0, Fate::Send);
    }

    #[test]
    fn a_console_command_is_no_answer() {
        let answers = Content::Answers {
            mechanism: "foo".into(),
            sent: 0,
        };
        let mut feed = refused(answers, "AUTH");
        assert_eq!(feed.take(b"YWxpY2U=", &NO_VERBS).0, Fate::Drop);
        let (fate, message) = feed.take(b":status", &NO_VERBS);
        assert_eq!(fate, Fate::Send);
        assert!(message.unwrap().starts_with("1 answer line not sent"));
        // A body may hold such a line.
        let mut feed = refused(Content::Body, "DATA");
        assert_eq!(feed.take(b":status", &NO_VERBS).0, Fate::Drop);
    }

    #[test]
    fn a_refused_file_takes_no_lines() {
        let mut feed = refused(Content::Literal { octets: 62 }, "APPEND");
        feed.not_in_lines();
        assert_eq!(feed.take(b"NOOP", &NO_VERBS), (Fate::Send, None));
    }
}
