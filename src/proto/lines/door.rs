//! A knock at the wrong door: what else a first line or its first octets may come from.

/// The protocol whose greeting `first` is, if it is one that is neither `own` nor unknown.
/// `first` may be a whole line or, when no line end has come, what has.
pub(crate) fn other_protocol(own: &str, first: &[u8]) -> Option<&'static str> {
    let upper = first[..first.len().min(16)].to_ascii_uppercase();
    let starts = |prefix: &str| upper.starts_with(prefix.as_bytes());
    let (name, said) = match first {
        // A record of TLS 1.0 to 1.3 (RFC 8446 5.1): alert or handshake.
        [0x15 | 0x16, 3, 0..=4, ..] => ("tls", "TLS at once: use the TLS scheme or --tls"),
        [0xff, 0xfb..=0xfe, ..] => ("telnet", "Telnet"),
        _ if starts("HTTP/") => ("http", "HTTP"),
        _ if starts("SSH-") => ("ssh", "SSH"),
        _ if starts("RFB ") => ("vnc", "VNC"),
        _ if starts("+OK") || starts("-ERR") => ("pop3", "POP3"),
        _ if ["* OK", "* PREAUTH", "* BYE"].iter().any(|p| starts(p)) => ("imap", "IMAP"),
        _ if starts("\"IMPLEMENTAT") => ("sieve", "ManageSieve"),
        _ if ["220 ", "220-", "421 ", "554 "].iter().any(|p| starts(p)) => ("smtp", "SMTP or FTP"),
        _ => return None,
    };
    (name != own).then_some(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doors() {
        for (own, first, said) in [
            ("smtp", &b"* OK IMAP4rev1 ready"[..], Some("IMAP")),
            ("smtp", b"+OK <1@h>", Some("POP3")),
            ("smtp", b"HTTP/1.1 400 Bad Request", Some("HTTP")),
            ("smtp", b"SSH-2.0-OpenSSH_9.9", Some("SSH")),
            ("smtp", b"220 ftp or smtp", None),
            ("smtp", b"garbage", None),
            ("pop3", b"220 h ESMTP", Some("SMTP or FTP")),
            ("pop3", b"+ok hi", None),
            ("pop3", b"\"IMPLEMENTATION\" \"x\"", Some("ManageSieve")),
        ] {
            assert_eq!(other_protocol(own, first), said);
        }
        let alert = [0x15, 3, 1, 0, 2, 2, 40];
        assert!(other_protocol("smtp", &alert).is_some_and(|said| said.starts_with("TLS")));
    }
}
