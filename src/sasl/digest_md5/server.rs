//! DIGEST-MD5, the server's side.

use super::super::digest::same;
use super::super::server::{Ask, Setup, Verifier};
use super::{ANSWER_MAX, Directives, Inputs};
use crate::wire::quote::quoted;

/// The server's side.
#[derive(Debug)]
pub struct DigestMd5Verifier {
    setup: Setup,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Start,
    Asked,
    /// The proof is out; an empty answer is due.
    Proved(Ask),
    Over,
}

impl DigestMd5Verifier {
    /// Sends its challenge first.
    pub fn new(setup: &Setup) -> Self {
        Self {
            setup: setup.clone(),
            place: Place::Start,
        }
    }

    fn judge(&mut self, answer: &[u8]) -> Result<Ask, Ask> {
        let malformed = |what: &str| Ask::Malformed(what.to_owned());
        if answer.len() > ANSWER_MAX {
            return Err(malformed("the answer is over-long"));
        }
        let found = Directives::parse(answer).map_err(|e| Ask::Malformed(e.0))?;
        let text = |name: &str| -> Result<&str, Ask> {
            let value = found.one(name).map_err(|e| Ask::Malformed(e.0))?;
            std::str::from_utf8(value.unwrap_or_default())
                .map_err(|_| Ask::Malformed(format!("{name} is not UTF-8")))
        };
        let (user, cnonce, uri) = (text("username")?, text("cnonce")?, text("digest-uri")?);
        if user.is_empty() || cnonce.is_empty() {
            return Err(malformed("username and cnonce are needed"));
        }
        if !matches!(text("qop")?, "" | "auth") || text("nc")? != "00000001" {
            return Err(malformed("qop must be auth and nc 00000001"));
        }
        if text("nonce")? != self.setup.nonce {
            return Err(Ask::Reject(
                "the nonce is not the one of this exchange".into(),
            ));
        }
        if !uri.starts_with(&format!("{}/", self.setup.service)) {
            return Err(Ask::Reject("digest-uri names another service".into()));
        }
        let authzid = text("authzid")?;
        let refused = || Ask::Reject("wrong user or password".into());
        let password = self.setup.accounts.password(user).ok_or_else(refused)?;
        let inputs = Inputs {
            user,
            realm: text("realm")?,
            password: password.expose(),
            nonce: self.setup.nonce.as_bytes(),
            cnonce,
            authzid,
            uri,
            utf8: text("charset")?.eq_ignore_ascii_case("utf-8"),
        };
        let expected = inputs.response(false).map_err(|e| Ask::Malformed(e.0))?;
        let given = text("response")?.to_ascii_lowercase();
        if !same(given.as_bytes(), expected.as_bytes()) {
            return Err(refused());
        }
        let proof = inputs.response(true).map_err(|e| Ask::Malformed(e.0))?;
        self.place = Place::Proved(self.setup.admit(user, authzid));
        Ok(Ask::Challenge(format!("rspauth={proof}").into_bytes()))
    }
}

impl Verifier for DigestMd5Verifier {
    fn step(&mut self, from_client: Option<&[u8]>) -> Ask {
        let place = std::mem::replace(&mut self.place, Place::Over);
        match (place, from_client) {
            (Place::Start, None) => {
                self.place = Place::Asked;
                Ask::Challenge(
                    format!(
                        "realm={},nonce={},qop=\"auth\",charset=utf-8,algorithm=md5-sess",
                        quoted(&self.setup.host),
                        quoted(&self.setup.nonce)
                    )
                    .into_bytes(),
                )
            }
            (Place::Start, Some(_)) => {
                Ask::Malformed("DIGEST-MD5 takes no initial response".into())
            }
            (Place::Asked, Some(answer)) => self.judge(answer).unwrap_or_else(|ask| ask),
            (Place::Proved(verdict), Some(b"")) => verdict,
            (Place::Proved(_), _) => Ask::Malformed("an empty answer was due".into()),
            _ => Ask::Malformed("the exchange is over".into()),
        }
    }
}
