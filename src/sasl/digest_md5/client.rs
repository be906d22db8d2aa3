//! DIGEST-MD5, the client's side. Like SCRAM it is not satisfied before the server's proof.

use super::super::digest::same;
use super::super::{
    Credentials, Heard, Mechanism, SaslError, Say, Told, octets, shown, shown_or_empty,
};
use super::{CHALLENGE_MAX, Directives, Inputs};
use crate::wire::quote::quoted;
use crate::wire::secret::Secret;

/// The client's side.
#[derive(Debug)]
pub struct DigestMd5 {
    who: Credentials,
    cnonce: String,
    place: Place,
    told: Vec<Told>,
}

#[derive(Debug)]
enum Place {
    Start,
    /// The answer is out; the server must send this.
    Answered(Secret),
    Proved,
    Dead,
}

impl DigestMd5 {
    /// Waits for the challenge.
    pub fn new(who: &Credentials, nonce: &str) -> Self {
        Self {
            who: who.clone(),
            cnonce: nonce.to_owned(),
            place: Place::Start,
            told: Vec::new(),
        }
    }

    fn answer(&mut self, challenge: &[u8]) -> Result<Say, SaslError> {
        if challenge.len() > CHALLENGE_MAX {
            return Err(SaslError::new(format!(
                "a challenge of {}; RFC 2831 allows fewer than {CHALLENGE_MAX}",
                octets(challenge.len())
            )));
        }
        let found = Directives::parse(challenge)?;
        let nonce = found
            .one("nonce")?
            .filter(|nonce| !nonce.is_empty())
            .ok_or_else(|| SaslError::new("the challenge has no nonce"))?;
        if found.one("algorithm")? != Some(b"md5-sess") {
            return Err(SaslError::new(
                "the challenge does not name md5-sess as algorithm",
            ));
        }
        let qop = found.one("qop")?.unwrap_or(b"auth");
        let offers_auth = qop
            .split(|&b| b == b',')
            .any(|q| q.trim_ascii().eq_ignore_ascii_case(b"auth"));
        if !offers_auth {
            return Err(SaslError::new(
                "the server wants a security layer of DIGEST-MD5 (qop), which is not spoken here: \
                 use TLS",
            ));
        }
        let charset = found.one("charset")?;
        let utf8 = charset.is_some_and(|c| c.eq_ignore_ascii_case(b"utf-8"));
        let realm = self.realm(&found)?;
        let host = if self.who.host.is_empty() {
            realm.clone()
        } else {
            self.who.host.clone()
        };
        let uri = format!("{}/{host}", self.who.service);
        let authzid = self.who.authzid.clone().unwrap_or_default();
        let inputs = Inputs {
            user: &self.who.user,
            realm: &realm,
            password: self.who.secret.expose(),
            nonce,
            cnonce: &self.cnonce,
            authzid: &authzid,
            uri: &uri,
            utf8,
        };
        let response = inputs.response(false)?;
        let proof = Secret::new(inputs.response(true)?);
        let nonce_text = std::str::from_utf8(nonce)
            .map_err(|_| SaslError::new("the server's nonce is not text"))?;
        let mut fields = Vec::new();
        if utf8 {
            fields.push("charset=utf-8".to_owned());
        }
        fields.push(format!("username={}", quoted(&self.who.user)));
        if found.all("realm").next().is_some() || !realm.is_empty() {
            fields.push(format!("realm={}", quoted(&realm)));
        }
        fields.push(format!("nonce={}", quoted(nonce_text)));
        fields.push("nc=00000001".to_owned());
        fields.push(format!("cnonce={}", quoted(&self.cnonce)));
        fields.push(format!("digest-uri={}", quoted(&uri)));
        fields.push(format!("response={response}"));
        fields.push("qop=auth".to_owned());
        if !authzid.is_empty() {
            fields.push(format!("authzid={}", quoted(&authzid)));
        }
        self.tell(nonce.len(), &found, &realm, &uri);
        self.place = Place::Answered(proof);
        Ok(Say::Send(Secret::new(fields.join(","))))
    }

    fn realm(&self, found: &Directives) -> Result<String, SaslError> {
        let mut realms = Vec::new();
        for realm in found.all("realm") {
            realms.push(
                std::str::from_utf8(realm)
                    .map_err(|_| SaslError::new("the server's realm is not UTF-8"))?,
            );
        }
        if let Some(wanted) = &self.who.realm {
            return Ok(wanted.clone());
        }
        Ok(realms.first().map(|&r| r.to_owned()).unwrap_or_default())
    }

    fn tell(&mut self, nonce: usize, found: &Directives, realm: &str, uri: &str) {
        let realms: Vec<String> = found.all("realm").map(shown).collect();
        let offered = match realms.as_slice() {
            [] => "no realm".to_owned(),
            [one] => format!("realm {}", shown_or_empty(one)),
            many => format!("realms {}", many.join(", ")),
        };
        let mut heard = Told::heard(format!("{offered}, nonce {}", octets(nonce)));
        for (name, value) in found.iter() {
            let meaning = match name {
                "realm" => "which set of accounts",
                "nonce" => "new each time, so that an old answer is worthless",
                "qop" => {
                    "auth: login only; auth-int and auth-conf protect what follows, unlike TLS"
                }
                "charset" => "names may be UTF-8",
                "algorithm" => "the only one there is",
                _ => "optional",
            };
            heard = heard.field(format!("{name}={}: {meaning}", shown(value)));
        }
        self.told.push(heard);
        self.told.push(
            Told::sent(format!(
                "user {}, realm {}, for {}; proof made from password and both nonces; the \
                 password is not sent",
                shown_or_empty(&self.who.user),
                shown_or_empty(realm),
                shown(uri)
            ))
            .field("cnonce: our nonce; nc: how often the server's was used")
            .field("digest-uri: service and host, so that no other server can use the answer")
            .field("response: MD5 over all of it; RFC 6331 says why not to use this any more"),
        );
    }

    fn check(&mut self, expected: &Secret, challenge: &[u8]) -> Result<Say, SaslError> {
        if challenge.len() > CHALLENGE_MAX {
            return Err(SaslError::new("the server's proof is over-long"));
        }
        let found = Directives::parse(challenge)?;
        let Some(proof) = found.one("rspauth")? else {
            return Err(SaslError::new(
                "the server sent no proof (rspauth) that it knows this account",
            ));
        };
        if !same(proof, expected.expose()) {
            return Err(SaslError::new(
                "the server's proof (rspauth) is wrong: it does not know this account's password",
            ));
        }
        self.place = Place::Proved;
        self.told.push(Told::heard(
            "the server's proof is right: it knows this account's password",
        ));
        Ok(Say::Send(Secret::new("")))
    }
}

impl Mechanism for DigestMd5 {
    fn name(&self) -> &'static str {
        "DIGEST-MD5"
    }

    fn client_first(&self) -> bool {
        false
    }

    fn step(&mut self, heard: Heard<'_>) -> Result<Say, SaslError> {
        match (std::mem::replace(&mut self.place, Place::Dead), heard) {
            (Place::Start, Heard::Nothing) => {
                self.place = Place::Start;
                Ok(Say::Listen)
            }
            (Place::Start, Heard::Challenge(challenge)) => self.answer(challenge),
            (Place::Answered(proof), Heard::Challenge(challenge)) => self.check(&proof, challenge),
            (Place::Proved, Heard::Success) => {
                self.place = Place::Proved;
                Ok(Say::Satisfied)
            }
            (Place::Start | Place::Answered(_), Heard::Success) => Err(SaslError::new(
                "the server said yes without proving that it knows this account (no rspauth): it \
                 may be an impostor",
            )),
            (Place::Dead, _) => Err(SaslError::new("the exchange has failed already")),
            _ => Err(SaslError::new(
                "the server asks for more after DIGEST-MD5 was complete",
            )),
        }
    }

    fn told(&mut self) -> Vec<Told> {
        std::mem::take(&mut self.told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHALLENGE: &[u8] = b"realm=\"elwood.innosoft.com\",nonce=\"OA6MG9tEQGm2hh\",\
        qop=\"auth\",algorithm=md5-sess,charset=utf-8";

    fn chris() -> DigestMd5 {
        let who =
            Credentials::new("chris", Secret::new("secret")).at("imap", "elwood.innosoft.com", 143);
        DigestMd5::new(&who, "OA6MHXh6VqTrRk")
    }

    #[test]
    fn example_of_rfc_2831() {
        let mut digest = chris();
        assert_eq!(digest.step(Heard::Nothing), Ok(Say::Listen));
        let answer = "charset=utf-8,username=\"chris\",realm=\"elwood.innosoft.com\",\
            nonce=\"OA6MG9tEQGm2hh\",nc=00000001,cnonce=\"OA6MHXh6VqTrRk\",\
            digest-uri=\"imap/elwood.innosoft.com\",\
            response=d388dad90d4bbd760a152321f2143af7,qop=auth";
        assert_eq!(
            digest.step(Heard::Challenge(CHALLENGE)),
            Ok(Say::Send(Secret::new(answer)))
        );
        assert!(!format!("{:?}", digest.told()).contains("d388"));
        assert_eq!(
            digest.step(Heard::Challenge(
                b"rspauth=ea40f60335c427b5527b84dbabcdfffd"
            )),
            Ok(Say::Send(Secret::new("")))
        );
        assert_eq!(digest.step(Heard::Success), Ok(Say::Satisfied));
    }

    #[test]
    fn a_server_that_lies_is_refused() {
        for (last, reason) in [
            (
                Heard::Challenge(b"rspauth=ea40f60335c427b5527b84dbabcdfffe"),
                "wrong",
            ),
            (Heard::Challenge(b"x=y"), "no proof"),
            (Heard::Success, "without proving"),
        ] {
            let mut digest = chris();
            assert!(digest.step(Heard::Challenge(CHALLENGE)).is_ok());
            let error = digest.step(last).unwrap_err();
            assert!(error.0.contains(reason), "{error}");
        }
        for (challenge, reason) in [
            (&b"realm=\"x\",algorithm=md5-sess"[..], "no nonce"),
            (b"nonce=\"x\",nonce=\"y\",algorithm=md5-sess", "twice"),
            (b"nonce=\"x\"", "md5-sess"),
            (
                b"nonce=\"x\",algorithm=md5-sess,qop=\"auth-conf\"",
                "security layer",
            ),
            (b"\xff", "without \"=\""),
        ] {
            let error = chris().step(Heard::Challenge(challenge)).unwrap_err();
            assert!(error.0.contains(reason), "{error}");
        }
    }
}
