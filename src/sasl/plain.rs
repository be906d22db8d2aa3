//! The mechanisms of one message: PLAIN (RFC 4616), EXTERNAL (RFC 4422 A), ANONYMOUS (RFC 4505).

use super::server::{Ask, Setup, Verifier, utf8};
use super::{Credentials, Heard, Mechanism, SaslError, Say, Told, octets, shown, shown_or_empty};
use crate::wire::b64;
use crate::wire::secret::{MASK, Secret};

/// The longest trace, in characters (RFC 4505 2).
const TRACE_MAX: usize = 255;

/// The shortest word that is looked into, in octets: shorter ones read as base64 by chance.
const BLOB_MIN: usize = 8;

/// True for a word that may be the message of PLAIN: base64 with NULs inside.
pub fn is_message(word: &[u8]) -> bool {
    word.len() >= BLOB_MIN && b64::decode(word).is_ok_and(|octets| octets.contains(&0))
}

/// A client that says one thing and is done.
#[derive(Debug)]
pub struct OneMessage {
    name: &'static str,
    message: Option<Secret>,
    meaning: Told,
    told: Vec<Told>,
}

/// PLAIN: `[authzid] NUL user NUL password`.
pub fn plain(who: &Credentials) -> OneMessage {
    let authzid = who.authzid.as_deref().unwrap_or_default();
    let mut message = Vec::with_capacity(authzid.len() + who.user.len() + 2);
    message.extend_from_slice(authzid.as_bytes());
    message.push(0);
    message.extend_from_slice(who.user.as_bytes());
    message.push(0);
    let message = Secret::new([&message, who.secret.expose()].concat());
    let (authzid, user) = (shown_or_empty(authzid), shown_or_empty(&who.user));
    OneMessage::new(
        "PLAIN",
        message,
        Told::sent(format!(
            "authorise as {authzid}, user {user}, password {MASK}"
        ))
        .field(format!(
            "authorise as {authzid}: the identity to act as; empty leaves it to the server"
        ))
        .field(format!("NUL, then user {user}: whose password it is"))
        .field(format!(
            "NUL, then password {MASK}: as it is; base64 hides nothing, only TLS does"
        )),
    )
}

/// EXTERNAL: the identity to act as, or nothing.
pub fn external(who: &Credentials) -> OneMessage {
    // `--user` without an authzid is what people type when they name whom they mean to be.
    let authzid = who.authzid.as_deref().unwrap_or(&who.user);
    let name = shown_or_empty(authzid);
    OneMessage::new(
        "EXTERNAL",
        Secret::new(authzid),
        Told::sent(format!(
            "authorise as {name}; the client certificate says who it is"
        ))
        .field(format!(
            "{name}: the identity to act as; empty takes the one in the certificate"
        )),
    )
}

/// ANONYMOUS: a trace.
pub fn anonymous(who: &Credentials) -> Result<OneMessage, SaslError> {
    if who.user.chars().count() > TRACE_MAX {
        return Err(SaslError::new(format!(
            "the trace is longer than {TRACE_MAX} characters"
        )));
    }
    let trace = shown_or_empty(&who.user);
    Ok(OneMessage::new(
        "ANONYMOUS",
        Secret::new(who.user.as_str()),
        Told::sent(format!("trace {trace}; no identity is claimed")).field(format!(
            "trace {trace}: an address or a nickname by custom, for the server's log"
        )),
    ))
}

impl OneMessage {
    fn new(name: &'static str, message: Secret, meaning: Told) -> Self {
        Self {
            name,
            message: Some(message),
            meaning,
            told: Vec::new(),
        }
    }
}

impl Mechanism for OneMessage {
    fn name(&self) -> &'static str {
        self.name
    }

    fn client_first(&self) -> bool {
        true
    }

    fn step(&mut self, heard: Heard<'_>) -> Result<Say, SaslError> {
        match (heard, self.message.take()) {
            (Heard::Nothing, Some(message)) => {
                self.told.push(self.meaning.clone());
                Ok(Say::Send(message))
            }
            (Heard::Challenge(challenge), Some(message)) => {
                if !challenge.is_empty() {
                    self.told.push(Told::heard(format!(
                        "a challenge of {} where {} has an empty one; ignored: {}",
                        octets(challenge.len()),
                        self.name,
                        brief(challenge)
                    )));
                }
                self.told.push(self.meaning.clone());
                Ok(Say::Send(message))
            }
            (Heard::Success, None) => Ok(Say::Satisfied),
            (Heard::Success, Some(_)) => Err(SaslError::new(
                "the server said yes before it was told who is asking",
            )),
            (_, None) => Err(SaslError::new(format!(
                "{} has one message, and the server asks for another",
                self.name
            ))),
        }
    }

    fn told(&mut self) -> Vec<Told> {
        std::mem::take(&mut self.told)
    }
}

/// The start of a peer's text, safe to show.
pub(super) fn brief(text: &[u8]) -> String {
    const MOST: usize = 80;
    let cut = &text[..text.len().min(MOST)];
    let more = if text.len() > MOST { "…" } else { "" };
    format!("{}{more}", shown(cut))
}

/// The server's side of PLAIN.
#[derive(Debug)]
pub struct PlainVerifier(Setup);

impl PlainVerifier {
    /// Waits for the message.
    pub fn new(setup: &Setup) -> Self {
        Self(setup.clone())
    }
}

impl Verifier for PlainVerifier {
    fn step(&mut self, from_client: Option<&[u8]>) -> Ask {
        let Some(message) = from_client else {
            return Ask::Challenge(Vec::new());
        };
        let parts: Vec<&[u8]> = message.split(|&b| b == 0).collect();
        let &[authzid, user, password] = parts.as_slice() else {
            return Ask::Malformed(format!(
                "PLAIN has two NULs, {} found",
                parts.len().saturating_sub(1)
            ));
        };
        if user.is_empty() {
            return Ask::Malformed("PLAIN needs a user name between its NULs".into());
        }
        match (utf8(authzid), utf8(user)) {
            (Ok(authzid), Ok(user)) => self.0.judge(user, authzid, password),
            (Err(ask), _) | (_, Err(ask)) => ask,
        }
    }
}

/// The server's side of EXTERNAL.
#[derive(Debug)]
pub struct ExternalVerifier(Setup);

impl ExternalVerifier {
    /// Waits for the message.
    pub fn new(setup: &Setup) -> Self {
        Self(setup.clone())
    }
}

impl Verifier for ExternalVerifier {
    fn step(&mut self, from_client: Option<&[u8]>) -> Ask {
        let Some(message) = from_client else {
            return Ask::Challenge(Vec::new());
        };
        let Some(user) = &self.0.external else {
            return Ask::Reject("no client certificate was presented".into());
        };
        match utf8(message) {
            Ok(authzid) => self.0.admit(user, authzid),
            Err(ask) => ask,
        }
    }
}

/// The server's side of ANONYMOUS.
#[derive(Debug)]
pub struct AnonymousVerifier(Setup);

impl AnonymousVerifier {
    /// Waits for the message.
    pub fn new(setup: &Setup) -> Self {
        Self(setup.clone())
    }
}

impl Verifier for AnonymousVerifier {
    fn step(&mut self, from_client: Option<&[u8]>) -> Ask {
        let Some(message) = from_client else {
            return Ask::Challenge(Vec::new());
        };
        match utf8(message) {
            Ok(trace) if trace.chars().count() > TRACE_MAX => {
                Ask::Malformed(format!("the trace is longer than {TRACE_MAX} characters"))
            }
            Ok(_) => self.0.accounts.guest().map_or_else(
                || Ask::Reject("guests are not admitted".into()),
                |user| Ask::Accept { user },
            ),
            Err(ask) => ask,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(mut mechanism: OneMessage) -> (Vec<u8>, String) {
        let Ok(Say::Send(message)) = mechanism.step(Heard::Nothing) else {
            panic!("no message");
        };
        (message.expose().to_vec(), mechanism.told()[0].text.clone())
    }

    #[test]
    fn examples_of_rfc_4616() {
        let tim = Credentials::new("tim", Secret::new("tanstaaftanstaaf"));
        let (message, told) = first(plain(&tim));
        assert_eq!(message, b"\0tim\0tanstaaftanstaaf");
        assert_eq!(told, "authorise as (empty), user tim, password ••••");
        let kurt = Credentials {
            authzid: Some("Ursel".into()),
            ..Credentials::new("Kurt", Secret::new("xipj3plmq"))
        };
        assert_eq!(first(plain(&kurt)).0, b"Ursel\0Kurt\0xipj3plmq");
    }

    #[test]
    fn examples_of_rfc_4422_and_4505() {
        let fred = Credentials::new("fred@example.com", Secret::new(""));
        assert_eq!(first(external(&fred)).0, b"fred@example.com");
        let nobody = Credentials::new("", Secret::new(""));
        assert_eq!(first(external(&nobody)).0, b"");
        let sirhc = Credentials::new("sirhc", Secret::new(""));
        assert_eq!(first(anonymous(&sirhc).unwrap()).0, b"sirhc");
        let long = Credentials::new("x".repeat(256), Secret::new(""));
        assert!(anonymous(&long).is_err());
    }

    #[test]
    fn a_server_that_skips_or_repeats_its_turn() {
        let who = Credentials::new("u", Secret::new("p"));
        assert!(plain(&who).step(Heard::Success).is_err());
        let mut mechanism = plain(&who);
        assert!(mechanism.step(Heard::Challenge(b"")).is_ok());
        assert!(mechanism.step(Heard::Challenge(b"again")).is_err());
        let mut mechanism = plain(&who);
        assert!(mechanism.step(Heard::Challenge(b"\x1b[2J")).is_ok());
        assert!(mechanism.told()[0].text.ends_with("ignored: ␛[2J"));
    }
}
