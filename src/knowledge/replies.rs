//! What a reply means after the command it answers.

use super::tables::{REPLIES, ReplyMoment};

/// A meaning in its place.
pub type Moment = &'static ReplyMoment;

/// The first row for a reply: its protocol ("lmtp" reads SMTP's), its code, its enhanced code if
/// the row names one, and the verb it answers in capitals ("UID FETCH" counts as "FETCH").
pub fn moment(protocol: &str, code: &str, enhanced: Option<&str>, after: &str) -> Option<Moment> {
    let protocol = if protocol == "lmtp" { "smtp" } else { protocol };
    let after = after.strip_prefix("UID ").unwrap_or(after);
    let any_class = |row: &str| match (
        row.split_once('.'),
        enhanced.and_then(|e| e.split_once('.')),
    ) {
        (Some((_, row)), Some((_, given))) => row == given,
        _ => false,
    };
    REPLIES.rows().iter().find(|row| {
        row.protocol == protocol
            && row.code.split(' ').any(|c| c == code)
            && (row.enhanced.is_empty() || any_class(row.enhanced))
            && (row.after.is_empty() || row.after.split(' ').any(|verb| verb == after))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_moment_decides() {
        let means = |p, c, e, a| moment(p, c, e, a).map(|m| m.meaning);
        assert_eq!(
            means("smtp", "250", None, "MAIL"),
            Some("the sender is accepted: a transaction is open")
        );
        assert_ne!(
            means("lmtp", "250", None, "."),
            means("smtp", "250", None, "MAIL")
        );
        assert!(
            means("smtp", "554", Some("5.7.1"), "RCPT")
                .unwrap()
                .contains("{domain}")
        );
        assert_eq!(means("imap", "OK", None, "UID FETCH"), Some("that was all"));
        assert_eq!(means("imap", "OK", None, "XYZ"), Some("done"));
        assert_eq!(means("smtp", "250", None, "XYZ"), None);
    }
}
