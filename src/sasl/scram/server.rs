//! SCRAM, the server's side.

use super::super::Binding;
use super::super::digest::{Hash, same};
use super::super::prep;
use super::super::server::{Ask, Setup, Verifier};
use super::super::table::Row;
use super::message::{self, Flag, Gs2, attributes, unescape};
use super::{Keys, ROUNDS_ADVISED, hash_of};
use crate::wire::b64;
use crate::wire::secret::Secret;

/// The server's side.
#[derive(Debug)]
pub struct ScramVerifier {
    plus: bool,
    hash: Hash,
    setup: Setup,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Start,
    /// Salt and rounds are out.
    First(Box<First>),
    /// The signature is out; an empty answer is due.
    Final(Ask),
    Over,
}

#[derive(Debug)]
struct First {
    user: String,
    authzid: String,
    nonce: String,
    bound: Secret,
    so_far: String,
    salt: Vec<u8>,
}

impl ScramVerifier {
    /// Waits for the client's first message.
    pub fn new(row: &Row, setup: &Setup) -> Option<Self> {
        Some(Self {
            plus: row.plus,
            hash: hash_of(row.name)?,
            setup: setup.clone(),
            place: Place::Start,
        })
    }

    fn first(&mut self, message: &str) -> Result<Ask, Ask> {
        let head = message::gs2(message).map_err(Ask::Malformed)?;
        let bare = &message[head.octets..];
        let bound = self.bound(&head, &message[..head.octets])?;
        let malformed = |e: super::super::SaslError| Ask::Malformed(e.0);
        let found = attributes(bare.as_bytes()).map_err(malformed)?;
        if found.iter().any(|(letter, _)| *letter == 'm') {
            return Err(Ask::Malformed("the extension m= is unknown here".into()));
        }
        let [('n', name), ('r', nonce), ..] = found.as_slice() else {
            return Err(Ask::Malformed(
                "n= and r= must stand there, in this order".into(),
            ));
        };
        let user = unescape(name).filter(|name| !name.is_empty());
        let user = user
            .ok_or_else(|| Ask::Malformed("the user name is empty or holds a bad \"=\"".into()))?;
        if nonce.is_empty() {
            return Err(Ask::Malformed("the nonce is empty".into()));
        }
        // The salt depends on the name alone: an unknown user looks like a known one.
        let mut salt = Hash::Sha256.digest(format!("{}\0{user}", self.setup.host).as_bytes());
        salt.truncate(16);
        let nonce = format!("{nonce}{}", self.setup.nonce);
        let challenge = format!("r={nonce},s={},i={ROUNDS_ADVISED}", b64::encode(&salt));
        self.place = Place::First(Box::new(First {
            user,
            authzid: head.authzid.unwrap_or_default(),
            nonce,
            bound,
            so_far: format!("{bare},{challenge}"),
            salt,
        }));
        Ok(Ask::Challenge(challenge.into_bytes()))
    }

    /// What `c=` must hold.
    fn bound(&self, head: &Gs2, header: &str) -> Result<Secret, Ask> {
        let binding: &Binding = &self.setup.binding;
        let data = match (&head.flag, self.plus) {
            (Flag::Bound(kind), true) => binding
                .of(kind)
                .ok_or_else(|| Ask::Reject(format!("the binding type {kind} is not had here")))?
                .expose(),
            (Flag::Bound(_), false) => {
                return Err(Ask::Malformed("flag p needs a -PLUS mechanism".into()));
            }
            (_, true) => return Err(Ask::Malformed("a -PLUS mechanism needs flag p".into())),
            (Flag::Could, false) if binding.plus_offered => {
                return Err(Ask::Reject(
                    "flag y although -PLUS was offered: somebody took it off the list".into(),
                ));
            }
            (_, false) => &[],
        };
        Ok(Secret::new([header.as_bytes(), data].concat()))
    }

    fn last(&mut self, first: &First, message: &str) -> Result<Ask, Ask> {
        let wrong = |what: &str| Ask::Malformed(what.to_owned());
        let (without_proof, proof) = message
            .rsplit_once(",p=")
            .ok_or_else(|| wrong("the proof (p=) is missing"))?;
        let found = attributes(without_proof.as_bytes()).map_err(|e| Ask::Malformed(e.0))?;
        let [('c', bound), ('r', nonce), ..] = found.as_slice() else {
            return Err(wrong("c= and r= must stand there, in this order"));
        };
        let proof = b64::decode(proof.as_bytes()).map_err(|_| wrong("the proof is not base64"))?;
        let bound = b64::decode(bound.as_bytes()).map_err(|_| wrong("c= is not base64"))?;
        if *nonce != first.nonce {
            return Err(Ask::Reject(
                "the nonce is not the one of this exchange".into(),
            ));
        }
        if !same(&bound, first.bound.expose()) {
            return Err(Ask::Reject("the channel bindings do not match".into()));
        }
        let refused = || Ask::Reject("wrong user or password".into());
        let known = self.setup.accounts.password(&first.user);
        let password = known.clone().unwrap_or_else(|| Secret::new(""));
        let prepared = prep::prepare("the password", password.expose()).map_or_else(
            |_| password.expose().to_vec(),
            |p| p.text.as_bytes().to_vec(),
        );
        let prepared = Secret::new(prepared);
        let keys = Keys::new(self.hash, prepared.expose(), &first.salt, ROUNDS_ADVISED);
        let auth_message = format!("{},{without_proof}", first.so_far);
        if !same(&proof, &keys.proof(auth_message.as_bytes())) || known.is_none() {
            return Err(refused());
        }
        let signature = keys.server_signature(auth_message.as_bytes());
        self.place = Place::Final(self.setup.admit(&first.user, &first.authzid));
        Ok(Ask::Challenge(
            format!("v={}", b64::encode(&signature)).into_bytes(),
        ))
    }
}

impl Verifier for ScramVerifier {
    fn step(&mut self, from_client: Option<&[u8]>) -> Ask {
        let Some(answer) = from_client else {
            return Ask::Challenge(Vec::new());
        };
        let Ok(text) = std::str::from_utf8(answer) else {
            return Ask::Malformed("not UTF-8".into());
        };
        match std::mem::replace(&mut self.place, Place::Over) {
            Place::Start => self.first(text),
            Place::First(first) => self.last(&first, text),
            Place::Final(verdict) if answer.is_empty() => Ok(verdict),
            Place::Final(_) => Err(Ask::Malformed("an empty answer was due".into())),
            Place::Over => Err(Ask::Malformed("the exchange is over".into())),
        }
        .unwrap_or_else(|ask| ask)
    }
}
