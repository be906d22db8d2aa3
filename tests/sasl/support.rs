//! One login without a wire: messages go from client to verifier and back, as octets.

use std::sync::Arc;

use ehlo::sasl::server::{Accounts, Ask, Setup, server};
use ehlo::sasl::{Binding, Credentials, Heard, Mechanism, Say, Told, client};
use ehlo::wire::secret::Secret;

pub(crate) const CLIENT_NONCE: &str = "rOprNGfwEbeRWgbNEkqO0123";
pub(crate) const SERVER_NONCE: &str = "3rfcNHYJY1ZVvWVs7jABCDEF";

pub(crate) struct People;

impl Accounts for People {
    fn password(&self, user: &str) -> Option<Secret> {
        match user {
            "alice" => Some(Secret::new("wonderland")),
            "zoë,=" => Some(Secret::new("p\u{aa}ß w\u{a0}rd")),
            _ => None,
        }
    }

    fn may_act_as(&self, user: &str, other: &str) -> bool {
        user == other || (user == "alice" && other == "postmaster")
    }

    fn guest(&self) -> Option<String> {
        Some("guest".into())
    }
}

pub(crate) fn setup() -> Setup {
    Setup {
        accounts: Arc::new(People),
        binding: binding(true),
        nonce: SERVER_NONCE.into(),
        host: "ehlo.test".into(),
        service: "smtp".into(),
        external: Some("alice".into()),
    }
}

pub(crate) fn binding(plus_offered: bool) -> Binding {
    Binding {
        exporter: Some(Secret::new([7; 32])),
        end_point: Some(Secret::new([8; 32])),
        plus_offered,
        ..Binding::default()
    }
}

pub(crate) fn alice() -> Credentials {
    Credentials::new("alice", Secret::new("wonderland")).at("smtp", "ehlo.test", 2025)
}

/// How a login ended.
#[derive(Debug, PartialEq)]
pub(crate) enum End {
    In(String),
    Rejected,
    Malformed(String),
    /// The client gave up.
    Cancelled(String),
}

/// What happened, message by message.
#[derive(Default)]
pub(crate) struct Record {
    pub(crate) from_client: Vec<Vec<u8>>,
    pub(crate) from_server: Vec<Vec<u8>>,
    pub(crate) told: Vec<Told>,
}

/// Runs a login; `change` may alter what the server sends (by its number).
pub(crate) fn run(
    mechanism: &mut dyn Mechanism,
    name: &str,
    setup: &Setup,
    initial: bool,
    change: impl Fn(usize, &mut Vec<u8>),
) -> (End, Record) {
    let mut verifier = server(name, setup).expect("spoken");
    let mut record = Record::default();
    let mut say = if initial {
        let first = mechanism.step(Heard::Nothing);
        record.told.extend(mechanism.told());
        match first {
            Ok(Say::Send(message)) => Some(message),
            Ok(_) => None,
            Err(e) => return (End::Cancelled(e.0), record),
        }
    } else {
        None
    };
    loop {
        let answer = say.as_ref().map(Secret::expose);
        record.from_client.extend(answer.map(<[u8]>::to_vec));
        let (heard, user) = match verifier.step(answer) {
            Ask::Challenge(mut challenge) => {
                change(record.from_server.len(), &mut challenge);
                record.from_server.push(challenge.clone());
                (Some(challenge), None)
            }
            Ask::Accept { user } => (None, Some(user)),
            Ask::Reject(_) => return (End::Rejected, record),
            Ask::Malformed(why) => return (End::Malformed(why), record),
        };
        let step = mechanism.step(heard.as_deref().map_or(Heard::Success, Heard::Challenge));
        record.told.extend(mechanism.told());
        match (step, user) {
            (Ok(Say::Satisfied), Some(user)) => return (End::In(user), record),
            (Ok(Say::Send(message)), None) => say = Some(message),
            (Err(e), _) => return (End::Cancelled(e.0), record),
            (say, user) => panic!("{say:?} when accepted was {user:?}"),
        }
        assert!(record.from_server.len() < 10, "no end");
    }
}

pub(crate) fn login(name: &str, who: &Credentials, initial: bool) -> End {
    let mut mechanism = client(name, who, &binding(true), CLIENT_NONCE).expect("a client");
    run(&mut *mechanism, name, &setup(), initial, |_, _| {}).0
}
