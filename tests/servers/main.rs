//! The real program against Postfix and Dovecot: what the manuals show with telnet and s_client,
//! in the clear, with STARTTLS and with TLS from the first octet.
//!
//! Ignored in a plain `cargo test`; `tests/run` starts the servers (`tests/servers/up`) and runs
//! them. Cyrus and Exim, which cannot be installed beside these, run from their unpacked packages.
//! By hand: `tests/servers/up DIR; set -a; . DIR/env; cargo test --test servers -- --ignored`.

#[path = "../common/random.rs"]
mod random;

// The terminal of the console's tests, of which these use a part.
#[allow(dead_code)]
#[path = "../console/screen.rs"]
mod screen;

mod auth;
mod console;
mod cyrus;
mod exim;
mod mail;
mod rig;
mod side_by_side;
mod talks;
mod trust;
