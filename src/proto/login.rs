//! Logins on the server's side: one SASL exchange, whatever the protocol that frames it.
//!
//! Rule: what a mechanism says of a user is asked of the store, one locked step at a time.

use std::fmt;
use std::sync::Arc;

use super::server::{Service, Visitor};
use crate::sasl::server::{Accounts, Ask, Setup, Verifier};
use crate::sasl::table::Asks;
use crate::sasl::{Binding, MECHANISMS, Row, apop as digest, server};
use crate::store::SharedStore;
use crate::wire::secret::Secret;

/// What the practice server offers, strongest first; -PLUS and EXTERNAL where TLS has what they need,
/// ANONYMOUS where guests are admitted. The rest of what `sasl` speaks is served to who asks for it
/// by name, where it makes sense.
const OFFERED: &[&str] = &[
    "SCRAM-SHA-256-PLUS",
    "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-256",
    "SCRAM-SHA-1",
    "EXTERNAL",
    "CRAM-MD5",
    "XOAUTH2",
    "OAUTHBEARER",
    "PLAIN",
    "LOGIN",
    "ANONYMOUS",
];

/// Octets of randomness in a nonce.
const NONCE: usize = 18;

/// What follows an answer of the client.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Ask so, and wait for the answer.
    Ask(Vec<u8>),
    /// Logged in as this user of the store.
    In(String),
    /// The credentials are wrong.
    Wrong,
    /// The answer is not what the mechanism allows.
    Malformed,
}

/// A SASL exchange under way.
pub struct Login {
    row: &'static Row,
    verifier: Box<dyn Verifier>,
    store: SharedStore,
    claims: Claims,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Login({})", self.row.name)
    }
}

/// The mechanisms that are offered on this connection.
pub fn mechanisms(service: &Service, visitor: &Visitor, secured: bool) -> Vec<&'static str> {
    let binding = if secured {
        (visitor.bindings)()
    } else {
        Binding::default()
    };
    let fits = |row: &&Row| match row.asks {
        _ if !may(row, service, secured) => false,
        Asks::Certificate => certified(service, &binding).is_some(),
        Asks::Trace => service.store.lock().guest().is_some(),
        _ => !row.plus || binding.chosen().is_some(),
    };
    let rows = OFFERED.iter().filter_map(|name| row(name));
    rows.filter(fits).map(|row| row.name).collect()
}

/// The user whose certificate the client has shown.
fn certified(service: &Service, binding: &Binding) -> Option<String> {
    let name = binding.certified.as_deref()?;
    service.store.lock().user(name)
}

fn row(name: &str) -> Option<&'static Row> {
    MECHANISMS
        .iter()
        .find(|row| row.name.eq_ignore_ascii_case(name))
}

/// Mechanisms that hand over the credential itself need TLS where the server says so.
fn may(row: &Row, service: &Service, secured: bool) -> bool {
    row.spoken() && (secured || service.clear_logins || !row.clear_credential)
}

impl Login {
    /// An exchange by the mechanism of this name, in any case, if it is served here. `service_name`
    /// is the protocol's GSSAPI name: "smtp", "pop", "imap".
    pub fn start(
        name: &str,
        service_name: &str,
        service: &Service,
        visitor: &Visitor,
        secured: bool,
    ) -> Option<Self> {
        let row = row(name).filter(|row| may(row, service, secured))?;
        let offered = mechanisms(service, visitor, secured);
        let unlisted = ["SCRAM-SHA-512", "DIGEST-MD5"];
        if !offered.contains(&row.name) && !unlisted.contains(&row.name) {
            return None;
        }
        let claims = Claims::default();
        let accounts = StoreAccounts {
            store: service.store.clone(),
            claims: claims.clone(),
        };
        let mut binding = if secured {
            (visitor.bindings)()
        } else {
            Binding::default()
        };
        binding.plus_offered = offered.iter().any(|name| name.ends_with("-PLUS"));
        let setup = Setup {
            accounts: Arc::new(accounts),
            nonce: nonce(service),
            host: service.host.clone(),
            service: service_name.to_owned(),
            external: certified(service, &binding),
            binding,
        };
        Some(Self {
            row,
            verifier: server::server(row.name, &setup)?,
            store: service.store.clone(),
            claims,
        })
    }

    /// True when an initial response is possible.
    pub fn client_first(&self) -> bool {
        // LOGIN takes one by custom: the user name (Postfix and Dovecot do).
        self.row.client_first || self.row.name == "LOGIN"
    }

    /// True when the challenges hold nothing that should not be seen.
    pub fn is_public(&self) -> bool {
        self.row.name == "LOGIN"
    }

    /// The user who was named, as far as it is known.
    pub fn claimed(&self) -> Option<String> {
        self.claims.0.lock().ok()?.clone()
    }

    /// The first step, without an initial response.
    pub fn begin(&mut self) -> Next {
        self.step(None)
    }

    /// What follows an answer.
    pub fn answer(&mut self, octets: &[u8]) -> Next {
        self.step(Some(octets))
    }

    fn step(&mut self, heard: Option<&[u8]>) -> Next {
        match self.verifier.step(heard) {
            Ask::Challenge(octets) => Next::Ask(octets),
            Ask::Accept { user } => match self.store.lock().user(&user) {
                Some(user) => Next::In(user),
                None => Next::Wrong,
            },
            Ask::Reject(_) => Next::Wrong,
            Ask::Malformed(_) => Next::Malformed,
        }
    }
}

/// Printable ASCII without a comma, as SCRAM wants it.
fn nonce(service: &Service) -> String {
    let mut random = [0; NONCE];
    (service.random)(&mut random);
    random.iter().map(|b| format!("{b:02x}")).collect()
}

/// POP3's `APOP`: the user, when the digest is right.
pub fn apop(service: &Service, timestamp: &str, name: &str, given: &str) -> Option<String> {
    let mut store = service.store.lock();
    let user = store.user(name)?;
    let password = store.password(&user)?;
    let want = digest::digest(timestamp.as_bytes(), &password);
    (store.accepts_any() || want.expose() == given.to_ascii_lowercase().as_bytes()).then_some(user)
}

/// The last user name a mechanism asked about.
#[derive(Clone, Default)]
struct Claims(Arc<std::sync::Mutex<Option<String>>>);

/// The store's accounts, as mechanisms see them.
struct StoreAccounts {
    store: SharedStore,
    claims: Claims,
}

impl Accounts for StoreAccounts {
    fn password(&self, user: &str) -> Option<Secret> {
        if let Ok(mut claimed) = self.claims.0.lock() {
            *claimed = Some(user.to_owned());
        }
        let mut store = self.store.lock();
        let user = store.user(user)?;
        store.password(&user)
    }

    fn accept_any(&self) -> bool {
        self.store.lock().accepts_any()
    }

    fn may_act_as(&self, user: &str, other: &str) -> bool {
        let mut store = self.store.lock();
        user == other || (store.user(user).is_some() && store.user(user) == store.user(other))
    }

    fn guest(&self) -> Option<String> {
        self.store.lock().guest().map(str::to_owned)
    }
}
