//! How a session of the desk is opened, opened again, and what is said before the person is.

use std::sync::{Arc, Mutex};

use crate::credentials::Keeper;
use crate::error::{Error, Kind, Result};
use crate::net::tls::Roots;
use crate::practice::Practice;
use crate::proto::TlsMode;
use crate::session::RootsLater;
use crate::session::policy::{Do, RequireTls};
use crate::session::{Session, Timed, open as dial};
use crate::target::{Place, Target};
use crate::ui::render::{Mark, Renderer};

use super::desk::Desk;
use super::login;
use super::seat::Seat;
use super::turn::not_sent;

/// How a session was opened: enough to open it again.
#[derive(Clone, Debug)]
pub struct Opening {
    /// Where to.
    pub target: Target,
    /// Dialling, TLS, the engine.
    pub how: dial::How,
    /// Where passwords come from.
    pub keeper: Arc<Mutex<Keeper>>,
    /// `--user`.
    pub user: Option<String>,
    /// `--login`: at once, with this mechanism or (empty) the strongest.
    pub login: Option<String>,
    /// That mechanism whether it is offered or not.
    pub force: bool,
    /// `--name`.
    pub name: Option<String>,
    /// Go on without trust.
    pub insecure: bool,
}

impl Opening {
    /// A target with nothing said about it.
    pub fn plain(target: Target) -> Self {
        Self {
            target,
            how: dial::How::default(),
            keeper: Arc::default(),
            user: None,
            login: None,
            force: false,
            name: None,
            insecure: false,
        }
    }

    /// The same options for another target. A login is not repeated there, trust is not waived, and
    /// another host gets no password of this one.
    pub fn for_target(&self, target: Target) -> Self {
        let mut how = self.how.clone();
        how.plan = None;
        how.starttls = false;
        how.tls.insecure = false;
        Self {
            keeper: self.keeper_for(&target),
            target,
            how,
            login: None,
            force: false,
            user: None,
            insecure: false,
            ..self.clone()
        }
    }

    /// Where passwords for another target come from: a host keeps its own on another port.
    fn keeper_for(&self, target: &Target) -> Arc<Mutex<Keeper>> {
        let same = match (&self.target.place, &target.place) {
            (Place::Tcp { host, .. }, Place::Tcp { host: other, .. }) => {
                host.eq_ignore_ascii_case(other)
            }
            (here, there) => here == there,
        };
        if same {
            return Arc::clone(&self.keeper);
        }
        let keeper = self.keeper.lock().map(|k| k.for_host(target.host()));
        Arc::new(Mutex::new(keeper.unwrap_or_default()))
    }

    /// The user named on the command line or in the URL.
    pub fn user(&self) -> Option<String> {
        self.user.clone().or_else(|| self.target.user.clone())
    }

    /// The name ehlo says where it says EHLO itself: `--name`, else the host name if it has a dot,
    /// else the address literal.
    pub fn name(&self, local: Option<std::net::IpAddr>) -> String {
        if let Some(name) = &self.name {
            return name.clone();
        }
        let host = rustix::system::uname()
            .nodename()
            .to_string_lossy()
            .into_owned();
        if host.contains('.') {
            return host;
        }
        match local.map(|ip| ip.to_canonical()) {
            Some(std::net::IpAddr::V6(ip)) => format!("[IPv6:{ip}]"),
            Some(std::net::IpAddr::V4(ip)) => format!("[{ip}]"),
            None => "[127.0.0.1]".to_owned(),
        }
    }

    /// The target's port, where it has one.
    pub fn port(&self) -> u16 {
        match self.target.place {
            Place::Tcp { port, .. } => port,
            Place::Unix(_) | Place::Exec(_) | Place::Practice => 0,
        }
    }
}

/// Opens another session and goes to it.
///
/// # Errors
/// `Connect`, `Tls` and the like: nothing was opened.
pub async fn open(desk: &mut Desk, opening: Opening) -> Result<()> {
    let mut told = Vec::new();
    let session = connect(desk, &opening, &mut told).await;
    seat_or_tell(desk, session, opening, None, told).await
}

/// Opens the active session again, in its place.
///
/// # Errors
/// As `open`; the session then stays closed.
pub async fn reopen(desk: &mut Desk, opening: Opening) -> Result<()> {
    let mut told = Vec::new();
    let mut session = connect(desk, &opening, &mut told).await;
    let Some(seat) = desk.seats.get_mut(desk.active) else {
        return Ok(());
    };
    if let Ok(session) = &mut session {
        session.remember_secrets_of(&mut seat.session);
    }
    let number = seat.number;
    seat_or_tell(desk, session, opening, Some(number), told).await
}

/// With the number of a session it takes that one's place; else it gets the next.
async fn seat_or_tell(
    desk: &mut Desk,
    session: Result<Session>,
    opening: Opening,
    number: Option<usize>,
    told: Vec<Timed>,
) -> Result<()> {
    let session = match session {
        Ok(session) => session,
        Err(error) => {
            let mut text = Vec::new();
            let mut renderer = Renderer::new(desk.style());
            told.iter()
                .for_each(|timed| renderer.render(timed, &mut text));
            if !desk.settings.json {
                desk.screen.write(&text)?;
            }
            return Err(error);
        }
    };
    let (login, force) = (opening.login.clone(), opening.force);
    let starttls = opening.how.starttls;
    let number = number.unwrap_or_else(|| desk.take_number());
    let mut seat = Seat::new(number, session, opening, desk.style(), desk.log_style());
    let before = desk.seats.iter().position(|seat| seat.number == number);
    if let Some(index) = before {
        seat.take_over(&mut desk.seats[index]);
    }
    desk.record_opening(&mut seat);
    match before {
        Some(index) => {
            desk.seats[index] = seat;
            desk.active = index;
        }
        None => {
            desk.seats.push(seat);
            desk.active = desk.seats.len() - 1;
        }
    }
    for timed in &told {
        desk.show(desk.active, timed)?;
    }
    let greeted = desk.settle().await?;
    if starttls {
        match greeted {
            true => require_tls(desk).await?,
            false => without_tls(desk).await?,
        }
    } else if !greeted {
        return Ok(());
    }
    let usable = desk.seat().is_some_and(|seat| !seat.session.is_over());
    if let (true, Some(mechanism)) = (usable, login) {
        let named = (!mechanism.is_empty()).then(|| mechanism.to_ascii_uppercase());
        login::log_in(desk, named, None, force).await?;
    }
    Ok(())
}

async fn connect(desk: &mut Desk, opening: &Opening, told: &mut Vec<Timed>) -> Result<Session> {
    let mut how = opening.how.clone();
    how.tls.insecure |= opening.insecure;
    // For :reconnect: what is remembered lives as long as this session of the desk.
    how.tls.resume = true;
    how.can_ask = desk.front.can_ask();
    if opening.target.place == Place::Practice {
        return practise(desk, &opening.target, &how);
    }
    let mut interrupts = desk.interrupts.take();
    let mut tell = |timed| told.push(timed);
    let outcome = tokio::select! {
        outcome = dial::connect(&opening.target, &how, &mut tell) => outcome,
        () = super::desk::interrupted(&mut interrupts) => {
            Err(Error::new(Kind::Interrupted, "interrupted").doing("connecting"))
        }
    };
    desk.interrupts = interrupts;
    outcome
}

/// A session with the practice server inside, whose CA is trusted and made when TLS needs it.
fn practise(desk: &mut Desk, target: &Target, how: &dial::How) -> Result<Session> {
    let practice = match &desk.practice {
        Some(practice) => practice.clone(),
        None => desk.practice.insert(Practice::inside()?).clone(),
    };
    let protocol = target.protocol.unwrap_or(crate::proto::PROTOCOLS[0]);
    let conn = practice.connect(protocol, target.tls == TlsMode::Implicit)?;
    let roots = RootsLater(Arc::new(move || {
        Roots::of_der(practice.ca().der(), "the practice server's own CA")
    }));
    Ok(dial::on_conn(conn, target, how, Some(roots)))
}

/// `--starttls`: nothing else is said before TLS is up.
async fn require_tls(desk: &mut Desk) -> Result<()> {
    let Some(seat) = desk.seat() else {
        return Ok(());
    };
    let mut policy = RequireTls::new(seat.ehlo_name());
    loop {
        let Some(seat) = desk.seat() else {
            return Ok(());
        };
        if seat.session.is_over() {
            return Err(Error::silent(seat.ended.unwrap_or(Kind::Tls)));
        }
        match policy.next(&seat.session, seat.last_reply.as_ref()) {
            Do::Done => return Ok(()),
            Do::Fail(error) => {
                seat.drop_connection();
                desk.settle().await?;
                return Err(error);
            }
            Do::Say(line) => {
                seat.ask(&line).map_err(|refusal| not_sent(&refusal))?;
                // What was said before this line is no answer to it.
                if !desk.settle().await? {
                    return without_tls(desk).await;
                }
            }
        }
    }
}

/// The person stopped waiting before TLS was up: nothing more may be said in the clear.
async fn without_tls(desk: &mut Desk) -> Result<()> {
    let Some(seat) = desk.seat() else {
        return Ok(());
    };
    seat.drop_connection();
    let text = "TLS was required and is not up: the connection is dropped; :reconnect tries again";
    desk.say(Mark::Info, text)?;
    desk.settle().await.map(|_| ())
}
