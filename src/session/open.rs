//! Opening a session: dial, TLS from the first octet where that is meant, the engine.

use std::time::Duration;

use crate::error::{Error, Result};
use crate::net::Conn;
use crate::net::dial::{self, Attempt, DialOptions};
use crate::net::tls::{TlsOptions, TlsPlan};
use crate::proto::TlsMode;
use crate::proto::engine::ClientOptions;
use crate::target::{Place, Target};

use super::{Happening, Patience, RootsLater, Session, SessionOptions, Timed, TlsSetup};

/// Everything about how to open a session, but the target.
#[derive(Clone, Debug)]
pub struct How {
    /// How to dial.
    pub dial: DialOptions,
    /// What TLS is to be like.
    pub tls: TlsOptions,
    /// A plan made earlier with these options, whose TLS session can be resumed.
    pub plan: Option<TlsPlan>,
    /// What the engine is made with; `secured`, `clear_credentials` are set here.
    pub engine: ClientOptions,
    /// Who waits.
    pub patience: Patience,
    /// True where a person can be asked about trust.
    pub can_ask: bool,
    /// True when `--starttls` demands TLS before anything else.
    pub starttls: bool,
}

impl Default for How {
    fn default() -> Self {
        Self {
            dial: DialOptions::default(),
            tls: TlsOptions::default(),
            plan: None,
            engine: ClientOptions::default(),
            patience: Patience::Program(None),
            can_ask: false,
            starttls: false,
        }
    }
}

/// Connects and makes a session. What happens on the way is told; the greeting is not waited for.
///
/// # Errors
/// `Connect`, `Tls`, `Usage`; `Local` for files that TLS needs.
pub async fn connect(
    target: &Target,
    how: &How,
    tell: &mut (dyn FnMut(Timed) + Send),
) -> Result<Session> {
    let implicit = target.tls == TlsMode::Implicit;
    let tls = TlsSetup::new(tls_host(target), how.tls.clone(), how.plan.clone());
    if implicit || how.starttls {
        crate::net::tls::warm_up(&how.tls);
        tls.plan()?;
    }
    let conn = dial(&target.place, &how.dial, tell).await?;
    Ok(on(conn, target, how, tls))
}

async fn dial(
    place: &Place,
    options: &DialOptions,
    tell: &mut (dyn FnMut(Timed) + Send),
) -> Result<Conn> {
    match place {
        Place::Tcp { host, port } => {
            let heard =
                |attempt: &Attempt| tell(Timed::now(false, Happening::Attempt(attempt.clone())));
            dial::tcp(host, *port, options, heard).await
        }
        Place::Unix(path) => dial::unix(path, options).await,
        Place::Exec(command) => dial::command(command, options),
        Place::Practice => Err(Error::usage(
            "the practice server is not dialled: it is inside this program",
        )),
    }
}

/// Makes a session on a connection that is there already: the practice server's pipe.
pub fn on_conn(conn: Conn, target: &Target, how: &How, roots: Option<RootsLater>) -> Session {
    let tls = TlsSetup::new(tls_host(target), how.tls.clone(), how.plan.clone()).with_roots(roots);
    on(conn, target, how, tls)
}

fn on(conn: Conn, target: &Target, how: &How, tls: TlsSetup) -> Session {
    let implicit = target.tls == TlsMode::Implicit;
    let mut engine = how.engine.clone();
    engine.secured = implicit;
    engine.starttls_required = how.starttls;
    engine.clear_credentials |= conn.is_local();
    let options = SessionOptions {
        engine,
        tls,
        patience: how.patience,
        can_ask: how.can_ask,
        insecure: how.tls.insecure,
    };
    let mut session = Session::new(conn, target.protocol, options);
    if implicit {
        session.start_tls_at_once();
    }
    session
}

/// The name that TLS sends and checks; sockets and commands have none.
fn tls_host(target: &Target) -> Option<String> {
    match &target.place {
        Place::Tcp { host, .. } => Some(host.clone()),
        Place::Practice => Some("ehlo.test".to_owned()),
        Place::Unix(_) | Place::Exec(_) => None,
    }
}

/// The time limit of an option in seconds.
///
/// # Errors
/// `Usage` when it is no time.
pub fn limit(secs: Option<f64>) -> Result<Option<Duration>> {
    secs.map(Duration::try_from_secs_f64)
        .transpose()
        .map_err(|e| Error::usage(format!("--timeout: {e}")))
}
