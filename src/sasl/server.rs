//! The server's side: what a verifier is, and whom it asks about accounts.
//!
//! A verifier hears decoded answers and says what to send; framing is the server engine's business.

use std::fmt;
use std::sync::Arc;

use super::digest::same;
use super::{Binding, prep};
use crate::wire::secret::Secret;

pub use super::table::server;

/// What a server does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Sends this challenge and waits for the answer. May be empty.
    Challenge(Vec<u8>),
    /// Accepts.
    Accept {
        /// Who is logged in: the identity acted as, where one was given.
        user: String,
    },
    /// Refuses the credentials. The reason is for the practice log, not for the client.
    Reject(String),
    /// The answer is no message of this mechanism; the reason may be sent.
    Malformed(String),
}

/// The server's side of one exchange.
pub trait Verifier: Send + fmt::Debug {
    /// The next step. `None` is the start without an initial response; an initial response, empty
    /// or not, and every later answer are `Some`.
    fn step(&mut self, from_client: Option<&[u8]>) -> Ask;
}

/// Who may log in.
pub trait Accounts: Send + Sync {
    /// The password of a user; `None` when there is no such user.
    fn password(&self, user: &str) -> Option<Secret>;

    /// True when any password will do (`--accept-any`). Mechanisms in which the server proves that
    /// it knows the password still need it.
    fn accept_any(&self) -> bool {
        false
    }

    /// True when the token is good for the user. The practice server takes the password for one.
    fn token(&self, user: &str, token: &[u8]) -> bool {
        self.accept_any() || self.password(user).is_some_and(|p| same(p.expose(), token))
    }

    /// True when `user` may act as `other`.
    fn may_act_as(&self, user: &str, other: &str) -> bool {
        user == other
    }

    /// As whom a guest is logged in; `None` when guests are not admitted.
    fn guest(&self) -> Option<String> {
        None
    }
}

/// What a verifier is made with.
#[derive(Clone)]
pub struct Setup {
    /// Who may log in.
    pub accounts: Arc<dyn Accounts>,
    /// What ties the login to the TLS connection; `plus_offered` when -PLUS was offered.
    pub binding: Binding,
    /// Fresh printable ASCII without a comma.
    pub nonce: String,
    /// The server's name, as realm and in challenges.
    pub host: String,
    /// "smtp", "pop" or "imap".
    pub service: String,
    /// Who the TLS client certificate says it is.
    pub external: Option<String>,
}

impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setup")
            .field("host", &self.host)
            .field("service", &self.service)
            .field("external", &self.external)
            .finish_non_exhaustive()
    }
}

impl Setup {
    /// The verdict on a password that came in the clear, SASLprep applied to both (RFC 4616 2).
    pub fn judge(&self, user: &str, authzid: &str, given: &[u8]) -> Ask {
        let known = self.accounts.password(user);
        let right = known.is_some_and(|known| {
            let prepared =
                |octets| prep::prepare("the password", octets).map(|p| p.text.into_owned());
            match (prepared(known.expose()), prepared(given)) {
                (Ok(known), Ok(given)) => same(known.as_bytes(), given.as_bytes()),
                _ => same(known.expose(), given),
            }
        });
        if !right && !self.accounts.accept_any() {
            return Ask::Reject("wrong user or password".into());
        }
        self.admit(user, authzid)
    }

    /// The verdict once the user is known to be who it says.
    pub fn admit(&self, user: &str, authzid: &str) -> Ask {
        if authzid.is_empty() {
            return Ask::Accept { user: user.into() };
        }
        if !self.accounts.may_act_as(user, authzid) {
            return Ask::Reject("may not act as that identity".into());
        }
        Ask::Accept {
            user: authzid.into(),
        }
    }
}

/// The text of an answer that must be UTF-8.
pub(super) fn utf8(answer: &[u8]) -> Result<&str, Ask> {
    std::str::from_utf8(answer).map_err(|_| Ask::Malformed("not UTF-8".into()))
}
