//! Accounts and mechanisms with canaries in them.

use std::sync::Arc;

use ehlo::sasl::server::{Accounts, Setup};
use ehlo::sasl::table::{Asks, MECHANISMS, Row, client};
use ehlo::sasl::{Binding, Credentials, Mechanism};
use ehlo::wire::secret::Secret;

use super::canary::{Canaries, PASSWORD, TOKEN, USER};

struct People;

impl Accounts for People {
    fn password(&self, user: &str) -> Option<Secret> {
        (user == USER).then(|| Secret::new(PASSWORD))
    }

    fn token(&self, user: &str, token: &[u8]) -> bool {
        user == USER && token == TOKEN.as_bytes()
    }

    fn guest(&self) -> Option<String> {
        Some("guest".into())
    }
}

pub(crate) fn spoken() -> impl Iterator<Item = &'static Row> {
    MECHANISMS.iter().filter(|row| row.spoken())
}

pub(crate) fn binding() -> Binding {
    Binding {
        exporter: Some(Secret::new([0x5a; 32])),
        end_point: None,
        plus_offered: true,
        ..Binding::default()
    }
}

pub(crate) fn setup(service: &str) -> Setup {
    Setup {
        accounts: Arc::new(People),
        binding: binding(),
        nonce: "3rfcNHYJY1ZVvWVs7jABCDEF".into(),
        host: "ehlo.test".into(),
        service: service.into(),
        external: Some(USER.into()),
    }
}

/// The secret that a mechanism carries; a wrong one is a canary too.
pub(crate) fn secret_of(row: &Row, right: bool) -> String {
    let secret = if row.asks == Asks::Token {
        TOKEN
    } else {
        PASSWORD
    };
    if right {
        secret.to_owned()
    } else {
        format!("{secret}-Wrong")
    }
}

pub(crate) fn mechanism(row: &Row, service: &str, right: bool) -> Box<dyn Mechanism> {
    let who =
        Credentials::new(USER, Secret::new(secret_of(row, right))).at(service, "ehlo.test", 25);
    let debug = format!("{who:?}");
    canaries().check("the credentials' Debug", &debug);
    client(row.name, &who, &binding(), "rOprNGfwEbeRWgbNEkqO0123").expect("a client")
}

pub(crate) fn canaries() -> Canaries {
    Canaries::of(&[PASSWORD.as_bytes(), TOKEN.as_bytes()])
}
