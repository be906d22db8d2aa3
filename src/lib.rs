//! One console for SMTP, POP3 and IMAP.
//!
//! A typed line passes seven stops. `repl` (or `cmd::connect` in batch) takes it; `session` hands it
//! to a protocol engine in `proto`, which is sans-IO: it looks the verb up in its table, says what it
//! thinks of it, and asks for bytes to be written; `net` writes and reads them; `wire` makes lines of
//! what comes back; the engine makes events of the lines; `transcript` keeps them and `ui` turns them
//! into text. Talks, load and the practice server use the same engines through the same pump.
//!
//! What each folder may import is held by `tests/house`:
//! `knowledge` (the tables people read) and `pattern` stand alone; `wire` nothing; `sasl` and `store` wire; `proto` those; `net` stands beside them and owns sockets
//! and TLS; `session` joins net and proto; `ui`, `repl` and `script` stand on session; `cmd` on all.

pub mod cli;
pub mod cmd;
pub mod config;
pub mod credentials;
pub mod entropy;
pub mod error;
pub mod knowledge;
pub mod net;
pub mod netrc;
pub mod pattern;
pub mod practice;
pub mod private;
pub mod prompt;
pub mod proto;
pub mod repl;
pub mod sasl;
pub mod script;
pub mod store;
pub mod target;
pub mod transcript;
pub mod ui;
pub mod wire;
