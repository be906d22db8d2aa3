//! SCRAM, the client's side. It is not satisfied before the server has proved itself.

use super::super::digest::{Hash, same};
use super::super::table::Row;
use super::super::{
    Binding, Credentials, Heard, Mechanism, SaslError, Say, Told, octets, prep, shown_or_empty,
};
use super::message::{self, ServerFinal, ServerFirst, error_meaning, escape};
use super::{Keys, ROUNDS_ADVISED, hash_of};
use crate::wire::b64;
use crate::wire::secret::Secret;
use crate::wire::show::{Charset, show};

/// The client's side.
#[derive(Debug)]
pub struct Scram {
    name: &'static str,
    hash: Hash,
    password: Secret,
    nonce: String,
    gs2: String,
    bare: String,
    /// What `c=` holds: the header and, with -PLUS, the binding data.
    bound: Secret,
    opening: Vec<Told>,
    place: Place,
    told: Vec<Told>,
}

#[derive(Debug)]
enum Place {
    /// Nothing was sent.
    Start,
    /// The first message is out; salt and rounds are to come.
    First,
    /// The proof is out; the server must send this signature.
    Final(Secret),
    /// The signature was right.
    Proved,
    /// An error ended the exchange.
    Dead,
}

impl Scram {
    /// A client that will say its first message.
    ///
    /// # Errors
    /// When a name cannot be prepared, or -PLUS has nothing to bind to.
    pub fn new(
        row: &'static Row,
        who: &Credentials,
        binding: &Binding,
        nonce: &str,
    ) -> Result<Self, SaslError> {
        let unknown = || SaslError::new(format!("{} is not spoken here", row.name));
        let hash = hash_of(row.name).ok_or_else(unknown)?;
        let user = prep::prepare("the user name", who.user.as_bytes())?;
        let password = prep::prepare("the password", who.secret.expose())?;
        let (flag, words, data) = flag(row, binding)?;
        let authzid = who.authzid.as_deref().filter(|name| !name.is_empty());
        let gs2 = format!(
            "{flag},{},",
            authzid.map_or_else(String::new, |name| format!("a={}", escape(name)))
        );
        let bare = format!("n={},r={nonce}", escape(&user.text));
        let data = data.map_or(&[][..], Secret::expose);
        let bound = Secret::new([gs2.as_bytes(), data].concat());
        let mut told = Told::sent(format!(
            "binding {words}, user {}, client nonce {}",
            shown_or_empty(&who.user),
            octets(nonce.len())
        ))
        .field(format!("binding {flag}: {}", flag_meaning(&flag)))
        .field(format!(
            "authorise as {}: the identity to act as; empty leaves it to the server",
            shown_or_empty(authzid.unwrap_or_default())
        ))
        .field(format!(
            "user {}: whose password it is",
            shown_or_empty(&who.user)
        ))
        .field("client nonce: chosen anew each time, so that nobody can use this exchange again");
        if let Some(name) = authzid {
            told.text = format!("authorise as {}, {}", shown_or_empty(name), told.text);
        }
        let mut opening = vec![told];
        if user.unprepared || password.unprepared {
            opening.push(Told::sent(
                "name or password holds characters newer than SASLprep knows; used as typed",
            ));
        }
        Ok(Self {
            name: row.name,
            hash,
            password: Secret::new(password.text.as_bytes()),
            nonce: nonce.to_owned(),
            gs2,
            bare,
            bound,
            opening,
            place: Place::Start,
            told: Vec::new(),
        })
    }

    fn first(&mut self) -> Say {
        self.place = Place::First;
        self.told.append(&mut self.opening);
        Say::Send(Secret::new(format!("{}{}", self.gs2, self.bare)))
    }

    fn prove(&mut self, challenge: &[u8]) -> Result<Say, SaslError> {
        let first = message::server_first(challenge)?.map_err(|value| self.refused(&value))?;
        let Some(extension) = first.nonce.strip_prefix(&self.nonce) else {
            return Err(SaslError::new(
                "the server's nonce does not begin with ours: this answer belongs to another \
                 exchange",
            ));
        };
        if extension.is_empty() {
            return Err(SaslError::new("the server added nothing to our nonce"));
        }
        self.tell_first(&first, extension);
        let keys = Keys::new(self.hash, self.password.expose(), &first.salt, first.rounds);
        let without_proof = format!("c={},r={}", b64::encode(self.bound.expose()), first.nonce);
        let auth_message = Secret::new(
            [
                self.bare.as_bytes(),
                b",",
                challenge,
                b",",
                without_proof.as_bytes(),
            ]
            .concat(),
        );
        let proof = keys.proof(auth_message.expose());
        let signature = keys.server_signature(auth_message.expose());
        self.place = Place::Final(Secret::new(signature.to_vec()));
        self.told.push(
            Told::sent("proof made from password, salt and rounds; the password is not sent")
                .field("c=: the binding flag again, with the binding data where there is any")
                .field("r=: both nonces")
                .field("p=: the proof; it fits these nonces only and is worthless tomorrow"),
        );
        Ok(Say::Send(Secret::new(format!(
            "{without_proof},p={}",
            b64::encode(&proof)
        ))))
    }

    fn tell_first(&mut self, first: &ServerFirst, extension: &str) {
        self.told.push(
            Told::heard(format!(
                "nonce extended by {}, salt {}, {} rounds",
                octets(extension.len()),
                octets(first.salt.len()),
                first.rounds
            ))
            .field("r=: our nonce and the server's behind it")
            .field("s=: the salt, kept with the account, so that equal passwords look different")
            .field("i=: the rounds of PBKDF2; more of them make guessing slower"),
        );
        if first.rounds < ROUNDS_ADVISED {
            self.told.push(Told::heard(format!(
                "{} rounds are few: RFC 7677 4 wants {ROUNDS_ADVISED} at least, and who overhears \
                 this can guess the password faster",
                first.rounds
            )));
        }
        if !first.extensions.is_empty() {
            let letters: String = first.extensions.iter().collect();
            self.told.push(Told::heard(format!(
                "extensions {letters} are unknown here and optional"
            )));
        }
    }

    fn check(&mut self, expected: &Secret, last: &[u8]) -> Result<Say, SaslError> {
        match message::server_final(last)? {
            ServerFinal::Error(value) => Err(self.refused(&value)),
            ServerFinal::Verifier(signature) if same(&signature, expected.expose()) => {
                self.place = Place::Proved;
                self.told.push(
                    Told::heard("the server's signature is right: it holds this account's key")
                        .field("v=: made from the same password, so the server is no impostor"),
                );
                Ok(Say::Send(Secret::new("")))
            }
            ServerFinal::Verifier(_) => Err(SaslError::new(
                "the server's signature is wrong: it does not hold this account's key, or somebody \
                 changed what was said",
            )),
        }
    }

    fn refused(&mut self, value: &str) -> SaslError {
        let meaning = error_meaning(value);
        let value = show(value.as_bytes(), Charset::Unicode)
            .chars()
            .take(60)
            .collect::<String>();
        SaslError::new(format!("the server says {value}: {meaning}"))
    }
}

/// The flag, what is said of it, and the data to bind to.
fn flag<'a>(
    row: &Row,
    binding: &'a Binding,
) -> Result<(String, String, Option<&'a Secret>), SaslError> {
    match (row.plus, binding.chosen()) {
        (true, Some((kind, data))) => Ok((
            format!("p={kind}"),
            format!("p ({kind}, {})", octets(data.expose().len())),
            Some(data),
        )),
        (true, None) => Err(SaslError::new(format!(
            "{} binds to the TLS connection, and there is none to bind to",
            row.name
        ))),
        (false, Some(_)) if !binding.plus_offered => Ok((
            "y".into(),
            "y (we could, the server offers no -PLUS)".into(),
            None,
        )),
        (false, Some(_)) => Ok((
            "n".into(),
            "n (not wanted; the server offers -PLUS, or has not said)".into(),
            None,
        )),
        (false, None) => Ok(("n".into(), "n (nothing to bind to)".into(), None)),
    }
}

fn flag_meaning(flag: &str) -> &'static str {
    match flag {
        "n" => "no channel binding",
        "y" => "we could bind and the server seems unable; if it can, somebody changed its list",
        _ => "the proof counts on this TLS connection only",
    }
}

impl Mechanism for Scram {
    fn name(&self) -> &'static str {
        self.name
    }

    fn client_first(&self) -> bool {
        true
    }

    fn step(&mut self, heard: Heard<'_>) -> Result<Say, SaslError> {
        let place = std::mem::replace(&mut self.place, Place::Dead);
        match (place, heard) {
            (Place::Start, Heard::Nothing | Heard::Challenge(b"")) => Ok(self.first()),
            (Place::First, Heard::Challenge(challenge)) => self.prove(challenge),
            (Place::Final(expected), Heard::Challenge(last)) => self.check(&expected, last),
            (Place::Proved, Heard::Success) => {
                self.place = Place::Proved;
                Ok(Say::Satisfied)
            }
            (Place::Start, Heard::Challenge(_)) => Err(SaslError::new(
                "the server sent a challenge where SCRAM begins with an empty one",
            )),
            (Place::Start | Place::First | Place::Final(_), Heard::Success) => Err(SaslError::new(
                "the server said yes without proving that it knows this account (no v=): it \
                     may be an impostor",
            )),
            (Place::Proved, Heard::Challenge(_)) => Err(SaslError::new(
                "the server asks for more after SCRAM was complete",
            )),
            (Place::Dead, _) => Err(SaslError::new("the exchange has failed already")),
            (_, Heard::Nothing) => Err(SaslError::new("the server's message is missing")),
        }
    }

    fn told(&mut self) -> Vec<Told> {
        std::mem::take(&mut self.told)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::table::find;
    use super::*;

    fn scram(name: &str, binding: &Binding, nonce: &str) -> Scram {
        let who = Credentials::new("user", Secret::new("pencil"));
        Scram::new(find(name).unwrap(), &who, binding, nonce).unwrap()
    }

    fn sent(say: Result<Say, SaslError>) -> String {
        match say.unwrap() {
            Say::Send(message) => String::from_utf8(message.expose().to_vec()).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn example_of_rfc_5802() {
        let mut scram = scram(
            "SCRAM-SHA-1",
            &Binding::default(),
            "fyko+d2lbbFgONRv9qkxdawL",
        );
        assert_eq!(
            sent(scram.step(Heard::Nothing)),
            "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL"
        );
        let first = b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096";
        assert_eq!(
            sent(scram.step(Heard::Challenge(first))),
            "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="
        );
        let last = b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=";
        assert_eq!(sent(scram.step(Heard::Challenge(last))), "");
        assert_eq!(scram.step(Heard::Success), Ok(Say::Satisfied));
        let told: Vec<_> = scram.told().into_iter().map(|t| t.text).collect();
        assert_eq!(
            told,
            [
                "binding n (nothing to bind to), user user, client nonce 24 octets",
                "nonce extended by 18 octets, salt 12 octets, 4096 rounds",
                "proof made from password, salt and rounds; the password is not sent",
                "the server's signature is right: it holds this account's key",
            ]
        );
    }

    #[test]
    fn example_of_rfc_7677() {
        let mut scram = scram("SCRAM-SHA-256", &Binding::default(), "rOprNGfwEbeRWgbNEkqO");
        assert_eq!(
            sent(scram.step(Heard::Nothing)),
            "n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
        );
        let first = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                      s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
        assert_eq!(
            sent(scram.step(Heard::Challenge(first))),
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
             p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        );
        let last = b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";
        assert_eq!(sent(scram.step(Heard::Challenge(last))), "");
    }

    #[test]
    fn sha_512_as_computed_elsewhere() {
        // No RFC has an example: the inputs of RFC 7677's, computed with Python's hashlib.
        let mut scram = scram("SCRAM-SHA-512", &Binding::default(), "rOprNGfwEbeRWgbNEkqO");
        sent(scram.step(Heard::Nothing));
        let first = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                      s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
        let last = sent(scram.step(Heard::Challenge(first)));
        assert!(last.ends_with(
            "p=gMGXRcevScNtxZ6/8lQYpGtnsNAc3mGcmNomv+xnoOMw+3R2xNJdMNnzMlTN8PPC6wdp6dybEmDYXYTxwnYPJQ=="
        ));
        let proof = b"v=ZQnYEgWQMFmmsM8aQMF0nDDCy/AgCzkwk8CmMZYcMg0vSVlKDanekLtifDSeVGT4+5ZxXnJq199RVG2rR7N7Zw==";
        assert_eq!(sent(scram.step(Heard::Challenge(proof))), "");
    }

    #[test]
    fn the_flag_is_y_where_we_could_and_no_plus_is_offered() {
        let mut binding = Binding {
            exporter: Some(Secret::new([7; 32])),
            end_point: Some(Secret::new([8; 32])),
            plus_offered: false,
            ..Binding::default()
        };
        let first =
            |name, binding: &Binding| sent(scram(name, binding, "abc").step(Heard::Nothing));
        assert_eq!(first("SCRAM-SHA-256", &binding), "y,,n=user,r=abc");
        binding.plus_offered = true;
        assert_eq!(first("SCRAM-SHA-256", &binding), "n,,n=user,r=abc");
        assert_eq!(
            first("SCRAM-SHA-256-PLUS", &binding),
            "p=tls-exporter,,n=user,r=abc"
        );
        binding.exporter = None;
        assert_eq!(
            first("SCRAM-SHA-256-PLUS", &binding),
            "p=tls-server-end-point,,n=user,r=abc"
        );
        let who = Credentials::new("user", Secret::new("pencil"));
        let row = find("SCRAM-SHA-1-PLUS").unwrap();
        assert!(Scram::new(row, &who, &Binding::default(), "abc").is_err());
    }

    #[test]
    fn a_first_message_that_lies_is_refused() {
        for (message, reason) in [
            ("r=abd123,s=QQ==,i=4096", "does not begin with ours"),
            ("r=abc,s=QQ==,i=4096", "added nothing"),
            ("r=abcd,s=QQ==,i=0", "no number above zero"),
            ("r=abcd,s=QQ==,i=-1", "no number above zero"),
            ("r=abcd,s=QQ==,i=+4096", "no number above zero"),
            ("r=abcd,s=QQ==,i=1000001", "more than 1000000 are refused"),
            ("r=abcd,s=QQ==,i=2147483647", "more than 1000000"),
            ("r=abcd,s=QQ==,i=99999999999999999999", "more than 1000000"),
            ("r=abcd,s=Q*==,i=4096", "salt is not base64"),
            ("r=abcd,s=,i=4096", "salt is empty"),
            ("m=x,r=abcd,s=QQ==,i=4096", "demands an extension"),
            ("r=abcd,s=QQ==,i=4096,m=x", "demands an extension"),
            ("r=abcd,r=abcd,s=QQ==,i=4096", "twice"),
            ("s=QQ==,r=abcd,i=4096", "in this order"),
            ("r=abcd,s=QQ==", "in this order"),
            ("", "no SCRAM attribute"),
            ("nonsense", "no SCRAM attribute"),
            ("e=unknown-user", "there is no such user"),
            ("e=\u{1b}[2J", "an error that no RFC names"),
        ] {
            let mut scram = scram("SCRAM-SHA-256", &Binding::default(), "abc");
            sent(scram.step(Heard::Nothing));
            let error = scram
                .step(Heard::Challenge(message.as_bytes()))
                .unwrap_err();
            assert!(error.0.contains(reason), "{message}: {error}");
            assert!(!error.0.contains('\u{1b}'));
            assert!(scram.step(Heard::Success).is_err(), "{message}: dead");
        }
    }

    #[test]
    fn a_server_that_does_not_prove_itself_fails_loudly() {
        for (last, reason) in [
            (Heard::Challenge(b"v=AAAA"), "signature is wrong"),
            (Heard::Challenge(b"v="), "signature is wrong"),
            (Heard::Challenge(b"v=A*"), "signature is not base64"),
            (
                Heard::Challenge(b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=,v=rmF9pqV8S7suAoZWja4dJRkFsKQ="),
                "twice",
            ),
            (Heard::Challenge(b""), "no signature"),
            (Heard::Challenge(b"x=1"), "no signature"),
            (
                Heard::Challenge(b"e=invalid-proof"),
                "the password is wrong",
            ),
            (Heard::Challenge(b"e=other-error"), "does not say"),
            (Heard::Success, "without proving"),
        ] {
            let mut scram = scram(
                "SCRAM-SHA-1",
                &Binding::default(),
                "fyko+d2lbbFgONRv9qkxdawL",
            );
            sent(scram.step(Heard::Nothing));
            sent(scram.step(Heard::Challenge(
                b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
            )));
            let error = scram.step(last).unwrap_err();
            assert!(error.0.contains(reason), "{last:?}: {error}");
            assert!(scram.step(Heard::Success).is_err(), "{last:?}: dead");
        }
        let mut early = scram("SCRAM-SHA-1", &Binding::default(), "abc");
        assert!(early.step(Heard::Success).is_err());
    }

    #[test]
    fn few_rounds_are_told() {
        let mut scram = scram("SCRAM-SHA-1", &Binding::default(), "abc");
        sent(scram.step(Heard::Nothing));
        scram.told();
        sent(scram.step(Heard::Challenge(b"r=abcd,s=QQ==,i=1")));
        assert!(scram.told()[1].text.starts_with("1 rounds are few"));
    }
}
