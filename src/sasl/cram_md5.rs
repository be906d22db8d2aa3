//! CRAM-MD5 (RFC 2195): the answer is `user`, a blank and HMAC-MD5 of the challenge.

use super::digest::{Hash, hex, same};
use super::plain::brief;
use super::server::{Ask, Setup, Verifier, utf8};
use super::{Credentials, Heard, Mechanism, SaslError, Say, Told, shown_or_empty};
use crate::wire::secret::Secret;

/// The answer to a challenge.
pub fn answer(user: &str, password: &Secret, challenge: &[u8]) -> Secret {
    let digest = hex(&Hash::Md5.hmac(password.expose(), challenge));
    Secret::new(format!("{user} {digest}"))
}

/// The client's side.
#[derive(Debug)]
pub struct CramMd5 {
    user: String,
    password: Secret,
    answered: bool,
    told: Vec<Told>,
}

impl CramMd5 {
    /// Waits for the challenge.
    pub fn new(who: &Credentials) -> Self {
        Self {
            user: who.user.clone(),
            password: who.secret.clone(),
            answered: false,
            told: Vec::new(),
        }
    }
}

impl Mechanism for CramMd5 {
    fn name(&self) -> &'static str {
        "CRAM-MD5"
    }

    fn client_first(&self) -> bool {
        false
    }

    fn step(&mut self, heard: Heard<'_>) -> Result<Say, SaslError> {
        match (heard, self.answered) {
            (Heard::Nothing, false) => Ok(Say::Listen),
            (Heard::Success, true) => Ok(Say::Satisfied),
            (Heard::Success, false) => Err(SaslError::new(
                "the server said yes before it asked for a proof",
            )),
            (Heard::Challenge(_) | Heard::Nothing, true) => Err(SaslError::new(
                "CRAM-MD5 has one challenge, and the server sent another",
            )),
            (Heard::Challenge(b""), false) => Err(SaslError::new(
                "the challenge is empty: an answer to it could be used again",
            )),
            (Heard::Challenge(challenge), false) => {
                self.answered = true;
                self.told.push(
                    Told::heard(format!("challenge {}", brief(challenge)))
                        .field("challenge: new each time, so that an old answer is worthless"),
                );
                self.told.push(
                    Told::sent(format!(
                        "user {}, proof made from password and challenge; the password is not sent",
                        shown_or_empty(&self.user)
                    ))
                    .field("proof: HMAC-MD5 of the challenge under the password, 32 hex digits")
                    .field("who overhears it can try passwords offline; the server proves nothing"),
                );
                Ok(Say::Send(answer(&self.user, &self.password, challenge)))
            }
        }
    }

    fn told(&mut self) -> Vec<Told> {
        std::mem::take(&mut self.told)
    }
}

/// The server's side.
#[derive(Debug)]
pub struct CramMd5Verifier {
    setup: Setup,
    challenge: String,
    asked: bool,
}

impl CramMd5Verifier {
    /// Sends its challenge first.
    pub fn new(setup: &Setup) -> Self {
        Self {
            challenge: format!("<{}@{}>", setup.nonce, setup.host),
            setup: setup.clone(),
            asked: false,
        }
    }
}

impl Verifier for CramMd5Verifier {
    fn step(&mut self, from_client: Option<&[u8]>) -> Ask {
        match (from_client, self.asked) {
            (None, false) => {
                self.asked = true;
                return Ask::Challenge(self.challenge.clone().into_bytes());
            }
            (Some(_), false) => {
                return Ask::Malformed("CRAM-MD5 takes no initial response".into());
            }
            (None, true) => return Ask::Malformed("an answer is missing".into()),
            (Some(_), true) => {}
        }
        let text = match utf8(from_client.unwrap_or_default()) {
            Ok(text) => text,
            Err(ask) => return ask,
        };
        let Some((user, digest)) = text.rsplit_once(' ') else {
            return Ask::Malformed("CRAM-MD5 wants the user, a blank and 32 hex digits".into());
        };
        if digest.len() != 32 || !digest.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Ask::Malformed("CRAM-MD5 wants 32 hex digits behind the user".into());
        }
        let right = self.setup.accounts.password(user).is_some_and(|password| {
            let proof = hex(&Hash::Md5.hmac(password.expose(), self.challenge.as_bytes()));
            same(proof.as_bytes(), digest.to_ascii_lowercase().as_bytes())
        });
        if right || self.setup.accounts.accept_any() {
            Ask::Accept { user: user.into() }
        } else {
            Ask::Reject("wrong user or password".into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn example_of_rfc_2195() {
        let who = Credentials::new("tim", Secret::new("tanstaaftanstaaf"));
        let mut cram = CramMd5::new(&who);
        assert_eq!(cram.step(Heard::Nothing), Ok(Say::Listen));
        assert_eq!(
            cram.step(Heard::Challenge(
                b"<1896.697170952@postoffice.reston.mci.net>"
            )),
            Ok(Say::Send(Secret::new(
                "tim b913a602c7eda7a495b4e6e7334d3890"
            )))
        );
        let told = cram.told();
        assert_eq!(
            told[0].text,
            "challenge <1896.697170952@postoffice.reston.mci.net>"
        );
        assert!(!told[1].text.contains("b913"));
        assert_eq!(cram.step(Heard::Success), Ok(Say::Satisfied));
    }

    #[test]
    fn turns_out_of_order() {
        let who = Credentials::new("tim", Secret::new("t"));
        assert!(CramMd5::new(&who).step(Heard::Success).is_err());
        assert!(CramMd5::new(&who).step(Heard::Challenge(b"")).is_err());
        let mut cram = CramMd5::new(&who);
        assert!(cram.step(Heard::Challenge(b"<1@x>")).is_ok());
        assert!(cram.step(Heard::Challenge(b"<2@x>")).is_err());
    }
}
