//! `:inbox`: what has arrived, without a protocol.

use super::Practice;
use crate::error::{Error, Result};
use crate::store::mailbox::Mailbox;
use crate::store::mime::decode::words;
use crate::ui::style::{Role, Styled};
use crate::ui::units;
use crate::wire::show::{Charset, show};

/// Messages listed at most, the newest last.
const LISTED: usize = 50;

impl Practice {
    /// `:inbox [user] [n]`: a list of a user's INBOX (alice's unless named), or message n in full.
    ///
    /// # Errors
    /// `Usage` when there is no such user or message.
    pub fn inbox(&self, argument: &str) -> Result<Vec<Styled>> {
        let mut given = argument.split_whitespace().peekable();
        let number = |word: &&str| word.bytes().all(|b| b.is_ascii_digit());
        let user = match given.next_if(|word| !number(word)) {
            Some(user) => user.to_lowercase(),
            None => "alice".to_owned(),
        };
        let wanted = given.next();
        let store = self.store().lock();
        let user = match user.split_once('@') {
            Some((local, domain)) if domain == store.domain() => local.to_owned(),
            _ => user,
        };
        let Ok(id) = store.mailbox_id(&user, "INBOX") else {
            let users: Vec<&str> = store.users().collect();
            return Err(
                Error::usage(format!("no user \"{}\" here", user.escape_debug()))
                    .hint("known", users.join(" ")),
            );
        };
        let messages = store.mailbox(id).map(Mailbox::messages).unwrap_or_default();
        if let Some(word) = wanted {
            let at = word.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
            let message = at.and_then(|at| messages.get(at)).ok_or_else(|| {
                Error::usage(format!("{user} has no message {}", word.escape_debug()))
                    .hint("has", units::counted(messages.len() as u64, "message"))
            })?;
            let text = message.content.octets();
            let line = |line: &[u8]| {
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                Styled::new(Role::Dim, "    |").with(Role::Plain, show(line, Charset::Unicode))
            };
            let text = text.strip_suffix(b"\r\n").unwrap_or(text);
            return Ok(text.split(|b| *b == b'\n').map(line).collect());
        }
        let count = messages.len();
        let what = if count == 1 { "message" } else { "messages" };
        let mut lines = vec![Styled::new(
            Role::Strong,
            format!("{user}@{}: {count} {what}", store.domain()),
        )];
        for (at, message) in messages
            .iter()
            .enumerate()
            .skip(count.saturating_sub(LISTED))
        {
            let octets = message.content.octets();
            let field = |name| {
                let value = header(octets, name);
                show(words(value.as_bytes()).as_bytes(), Charset::Unicode).into_owned()
            };
            lines.push(
                Styled::new(Role::Dim, format!("{:4}  ", at + 1))
                    .with(Role::Plain, format!("{}  ", field("From")))
                    .with(Role::Strong, field("Subject"))
                    .with(Role::Dim, format!("  {} octets", octets.len())),
            );
        }
        Ok(lines)
    }
}

/// A header field as it stands in the message, unfolded; empty when there is none.
fn header(octets: &[u8], name: &str) -> String {
    let text = String::from_utf8_lossy(octets);
    let mut lines = text.lines().take_while(|line| !line.is_empty());
    let is_wanted = |line: &str| {
        let field = line.split_once(':');
        field.is_some_and(|(found, _)| found.eq_ignore_ascii_case(name))
    };
    let Some(first) = lines.by_ref().find(|line| is_wanted(line)) else {
        return String::new();
    };
    let mut value = first[name.len() + 1..].trim().to_owned();
    for more in lines.take_while(|line| line.starts_with([' ', '\t'])) {
        value.push(' ');
        value.push_str(more.trim());
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_unfolded() {
        let message = b"A: x\r\nSubject: one\r\n two\r\nB: y\r\n\r\nSubject: no\r\n";
        assert_eq!(header(message, "subject"), "one two");
        assert_eq!(header(message, "From"), "");
    }

    #[test]
    fn lists_and_shows() {
        let practice = Practice::inside().unwrap();
        let list = practice.inbox("").unwrap();
        assert!(list[0].text().starts_with("alice@ehlo.test: "));
        assert!(list.len() > 1);
        assert!(
            practice.inbox("alice@ehlo.test 1").unwrap()[0]
                .text()
                .starts_with("    |")
        );
        assert!(practice.inbox("nobody").is_err());
        assert!(practice.inbox("bob 99").is_err());
    }
}
