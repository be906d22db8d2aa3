//! The practice server: one store, and server engines over it, for any number of connections.
//!
//! Inside the program a connection is a pipe (`connect`), so that nothing is listened on; `ehlo
//! serve` hands accepted sockets to `serve`. CA and certificate are made at the first handshake.
//! Nothing here listens and nothing prints: who wants to see the conversations gives an observer.

mod inbox;
mod pump;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::{Notify, watch};

use crate::config;
use crate::error::{Error, Result};
use crate::net::ca::Ca;
use crate::net::tls::{ServerTls, TlsReport};
use crate::net::{self, Conn};
use crate::proto::Protocol;
use crate::proto::engine::Engine;
use crate::proto::event::Event;
use crate::proto::faults::{Fault, Faults};
use crate::proto::imap::server::ImapServer;
use crate::proto::pop3::server::Pop3Server;
use crate::proto::server::{Limits, STOPPING, Service, Visitor};
use crate::proto::smtp::server::{Role, SmtpServer};
use crate::sasl::Binding;
use crate::store::{SharedStore, Store};
use crate::wire::secret::Secret;

/// Octets that fit into a pipe inside the program, each way.
const PIPE: usize = 64 * 1024;
/// Inside the program nobody is thrown out for thinking.
const NO_HURRY: Duration = Duration::from_secs(365 * 86_400);

/// What is served on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// SMTP.
    Smtp,
    /// SMTP for those who log in.
    Submission,
    /// LMTP.
    Lmtp,
    /// POP3.
    Pop3,
    /// IMAP.
    Imap,
}

impl Door {
    /// The door of a protocol, if it is served here.
    pub fn of(protocol: &Protocol) -> Option<Self> {
        let doors = [Self::Smtp, Self::Lmtp, Self::Pop3, Self::Imap];
        doors
            .into_iter()
            .find(|door| door.protocol() == protocol.name)
    }

    /// The protocol's name.
    pub fn protocol(self) -> &'static str {
        match self {
            Self::Smtp | Self::Submission => "smtp",
            Self::Lmtp => "lmtp",
            Self::Pop3 => "pop3",
            Self::Imap => "imap",
        }
    }

    /// What is said in place of a greeting where too many are inside already.
    fn full(self, host: &str) -> String {
        match self {
            Self::Smtp | Self::Submission | Self::Lmtp => {
                format!("421 4.3.2 {host} Too many connections\r\n")
            }
            Self::Pop3 => "-ERR [SYS/TEMP] too many connections\r\n".into(),
            Self::Imap => "* BYE [UNAVAILABLE] too many connections\r\n".into(),
        }
    }
}

/// How a practice server is to be.
#[derive(Debug, Default)]
pub struct Options {
    /// Any login will do.
    pub accept_any: bool,
    /// Guests are admitted (ANONYMOUS).
    pub guests: bool,
    /// Clients are asked for a certificate of our CA, which logs in with EXTERNAL.
    pub certificates: bool,
    /// Users to add, with their passwords.
    pub users: Vec<(String, Secret)>,
    /// What goes wrong.
    pub faults: Vec<Fault>,
    /// How long a client may be silent, in place of the RFCs' times.
    pub patience: Option<Duration>,
    /// Passwords are taken in the clear only from this machine: not when others can reach us.
    pub public: bool,
    /// What a client may do.
    pub limits: Limits,
    /// Connections at a time; 0 for no limit.
    pub connections: usize,
    /// Somebody looks: events are made.
    pub events: bool,
}

/// Something that happened on a connection.
#[derive(Clone, Debug)]
pub struct News {
    /// The connection's number, from 1.
    pub connection: u64,
    /// What is served on it.
    pub door: Door,
    /// True when TLS protects it.
    pub secured: bool,
    /// What happened.
    pub what: What,
}

/// What can happen on a connection.
#[derive(Clone, Debug)]
// News lives for one call and is never stored in bulk.
#[allow(clippy::large_enum_variant)]
pub enum What {
    /// It began, from this address.
    Opened(String),
    /// The engine reports.
    Event(Event),
    /// TLS is up.
    Tls(Arc<TlsReport>),
    /// The handshake failed.
    TlsFailed(String),
    /// It ended.
    Closed,
}

/// Who looks on. Called by every connection's task: it must not block for long.
pub type Observer = Arc<dyn Fn(News) + Send + Sync>;

/// A practice server. Clones are the same server.
#[derive(Clone)]
pub struct Practice(Arc<Inner>);

struct Inner {
    service: Arc<Service>,
    tls: ServerTls,
    last: AtomicU64,
    open: AtomicUsize,
    most: usize,
    stop: watch::Sender<bool>,
    gone: Notify,
}

impl fmt::Debug for Practice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Practice")
            .field("service", &self.0.service)
            .finish_non_exhaustive()
    }
}

impl Practice {
    /// A server with the practice users and their mail.
    ///
    /// # Errors
    /// `Usage` when a user cannot be added.
    pub fn new(options: Options) -> Result<Self> {
        let mut store = Store::practice(now());
        store.set_accept_any(options.accept_any);
        if options.guests {
            store
                .admit_guests(Secret::new(crate::entropy::token()))
                .map_err(|why| Error::usage(format!("guests cannot be admitted: {why}")))?;
        }
        for (user, password) in options.users {
            store.add_user(&user, password).map_err(|why| {
                let name = user.escape_debug();
                Error::usage(format!("the user \"{name}\" cannot be added: {why}"))
            })?;
        }
        let service = Service {
            store: SharedStore::new(store),
            faults: Faults::new(options.faults),
            host: "ehlo.test".into(),
            clock: Arc::new(now),
            random: Arc::new(crate::entropy::fill),
            starttls: true,
            clear_logins: !options.public,
            limits: options.limits,
            patience: options.patience,
            events: options.events,
        };
        Ok(Self(Arc::new(Inner {
            service: Arc::new(service),
            tls: ServerTls::new(Arc::new(Ca::new()), options.certificates),
            last: AtomicU64::new(0),
            open: AtomicUsize::new(0),
            most: options.connections,
            stop: watch::Sender::new(false),
            gone: Notify::new(),
        })))
    }

    /// The server behind `ehlo` without a target: nobody is hurried, mistakes are free.
    ///
    /// # Errors
    /// None that can be met: no user is added.
    pub fn inside() -> Result<Self> {
        Self::new(Options {
            patience: Some(NO_HURRY),
            limits: Limits {
                errors: 1_000_000,
                ..Limits::default()
            },
            ..Options::default()
        })
    }

    /// A connection over a pipe inside the program; the other end is served by a task of its own.
    /// Must be called within a runtime.
    ///
    /// # Errors
    /// `Usage` for a protocol that has no server here.
    pub fn connect(&self, protocol: &Protocol, implicit_tls: bool) -> Result<Conn> {
        let door = Door::of(protocol).ok_or_else(|| {
            Error::usage(format!(
                "the practice server does not speak {}",
                protocol.name
            ))
        })?;
        let (here, there) = net::pair(PIPE);
        let server = self.clone();
        tokio::spawn(async move { server.serve(there, door, implicit_tls, None).await });
        Ok(here)
    }

    /// Serves a connection to its end.
    pub async fn serve(&self, conn: Conn, door: Door, tls: bool, observer: Option<Observer>) {
        let _guest = Guest::new(&self.0);
        pump::run(&self.0, conn, door, tls, observer).await;
    }

    /// Ends every connection with a goodbye; answers when all are gone.
    pub async fn stop(&self) {
        self.0.stop.send_replace(true);
        loop {
            let gone = self.0.gone.notified();
            if self.0.open.load(Ordering::Acquire) == 0 {
                return;
            }
            gone.await;
        }
    }

    /// The CA that a client must trust.
    pub fn ca(&self) -> &Arc<Ca> {
        self.0.tls.ca()
    }

    /// A certificate, with its key, that logs its owner in as this user; PEM.
    ///
    /// # Errors
    /// `Usage` when there is no such user.
    pub fn client_certificate(&self, user: &str) -> Result<Secret> {
        let name = self.store().lock().user(user).ok_or_else(|| {
            let name = user.escape_debug();
            Error::usage(format!("no user \"{name}\" to make a certificate for"))
                .hint("add", "--user NAME:PASSWORD")
        })?;
        Ok(self.ca().client(&name).pem())
    }

    /// The mail.
    pub fn store(&self) -> &SharedStore {
        &self.0.service.store
    }

    /// What goes wrong; rows may be replaced at any time.
    pub fn faults(&self) -> &Faults {
        &self.0.service.faults
    }

    /// `:fault [FILE|off]`: reads a table and puts it in force, or ends all faults, or tells what is
    /// in force. Answers what to say.
    ///
    /// # Errors
    /// `Local` when the file cannot be read or holds a mistake.
    pub fn set_faults(&self, argument: &str) -> Result<String> {
        match argument.trim() {
            "" => {
                let rows = self.faults().rows();
                let total: u64 = rows.iter().map(|(_, count)| count).sum();
                Ok(format!(
                    "{} faults in force, {total} occasions so far",
                    rows.len()
                ))
            }
            "off" => {
                self.faults().replace(Vec::new());
                Ok("no faults any more".into())
            }
            file => {
                let rows = config::faults::read_file(file.as_ref())?;
                let count = rows.len();
                self.faults().replace(rows);
                Ok(format!("{count} faults in force; :fault off ends them"))
            }
        }
    }
}

impl Inner {
    fn engine(&self, door: Door, visitor: Visitor) -> Box<dyn Engine> {
        let service = Arc::clone(&self.service);
        let role = match door {
            Door::Smtp => Role::Mx,
            Door::Submission => Role::Submission,
            Door::Lmtp => Role::Lmtp,
            Door::Pop3 => return Box::new(Pop3Server::new(service, visitor)),
            Door::Imap => return Box::new(ImapServer::new(service, visitor)),
        };
        Box::new(SmtpServer::new(service, visitor, role))
    }

    fn is_full(&self) -> bool {
        self.most > 0 && self.open.load(Ordering::Acquire) > self.most
    }
}

/// Counts a connection for as long as it lives.
struct Guest<'a>(&'a Inner);

impl<'a> Guest<'a> {
    fn new(inner: &'a Inner) -> Self {
        inner.open.fetch_add(1, Ordering::AcqRel);
        Self(inner)
    }
}

impl Drop for Guest<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::AcqRel);
        self.0.gone.notify_waiters();
    }
}

pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |t| i64::try_from(t.as_secs()).unwrap_or(i64::MAX))
}

/// A connection's channel bindings in the form that logins want.
pub(crate) fn binding(conn: &Conn) -> Binding {
    let found = conn.binding();
    Binding {
        exporter: found.and_then(|b| b.exporter).map(Secret::new),
        end_point: found
            .and_then(|b| b.server_end_point.clone())
            .map(Secret::new),
        plus_offered: false,
        // A chain is there when the client sent one, and then the handshake has checked it.
        certified: conn
            .report()
            .and_then(|report| report.leaf()?.common_name.clone()),
    }
}
