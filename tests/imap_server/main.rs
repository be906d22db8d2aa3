//! The IMAP server engine, conversation by conversation, without a socket.

mod append;
mod bench;
mod changes;
mod fetch;
mod grammar;
mod limits;
mod mailboxes;
mod oracle;
mod pairs;
mod rubbish;
mod search;
mod session;
