//! SASLprep (RFC 4013): the one door to stringprep.

use std::borrow::Cow;

use super::SaslError;

/// A prepared string, and whether it had to be left as it was.
#[derive(Debug, PartialEq, Eq)]
pub struct Prepared<'a> {
    /// What goes into the arithmetic.
    pub text: Cow<'a, str>,
    /// True when characters newer than Unicode 3.2 kept it from being prepared: sent as typed.
    pub unprepared: bool,
}

/// Prepares a name or password. `what` names it in the error; its text is never in one.
///
/// # Errors
/// When it is no UTF-8 or holds what SASLprep forbids (control characters, mixed directions).
pub fn prepare<'a>(what: &str, octets: &'a [u8]) -> Result<Prepared<'a>, SaslError> {
    let text = std::str::from_utf8(octets)
        .map_err(|_| SaslError::new(format!("{what} is not UTF-8, which SASLprep needs")))?;
    if let Ok(text) = stringprep::saslprep(text) {
        return Ok(Prepared {
            text,
            unprepared: false,
        });
    }
    // RFC 4013 2.5 lets a client use unassigned code points; the crate knows stored strings only.
    let known: String = text
        .chars()
        .filter(|&c| !stringprep::tables::unassigned_code_point(c))
        .collect();
    if known.len() == text.len() || stringprep::saslprep(&known).is_err() {
        return Err(SaslError::new(format!(
            "{what} holds what SASLprep forbids (RFC 4013 2.3: control or special characters, or \
             text in both directions)"
        )));
    }
    Ok(Prepared {
        text: Cow::Borrowed(text),
        unprepared: true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_of_rfc_4013() {
        for (typed, prepared) in [
            ("I\u{ad}X", "IX"),
            ("user", "user"),
            ("USER", "USER"),
            ("\u{aa}", "a"),
            ("\u{2168}", "IX"),
            ("a\u{a0}b", "a b"),
        ] {
            let got = prepare("the password", typed.as_bytes()).unwrap();
            assert_eq!(got.text, prepared);
            assert!(!got.unprepared);
        }
        for forbidden in ["\u{7}", "\u{627}\u{31}"] {
            let error = prepare("the password", forbidden.as_bytes()).unwrap_err();
            assert!(error.0.starts_with("the password holds"));
            assert!(!error.0.contains(forbidden));
        }
        assert!(prepare("the password", b"\xff").is_err());
    }

    #[test]
    fn newer_characters_go_as_typed() {
        let got = prepare("the password", "pa\u{1f600}ss".as_bytes()).unwrap();
        assert_eq!(got.text, "pa\u{1f600}ss");
        assert!(got.unprepared);
    }
}
