//! Logging in: `:auth`, and the questions after a typed `AUTH PLAIN`.
//!
//! The mechanism does the talking; this asks for what is missing, chooses when nothing is named, and
//! never falls back to a weaker mechanism by itself.

use crate::error::{Error, Kind, Result};
use crate::proto::engine::{Engine, Input, Mode, Refusal};
use crate::sasl::{self, Credentials, table};
use crate::ui::render::Mark;
use crate::wire::secret::Secret;
use crate::wire::show::{Charset, show};

use super::desk::Desk;
use super::turn::not_sent;

/// `:auth [--force] [MECH] [user]`.
///
/// # Errors
/// `Usage`, `Auth` for what cannot be done; what the server refuses is its reply.
pub async fn auth(desk: &mut Desk, rest: &str) -> Result<()> {
    let mut words: Vec<&str> = rest.split_whitespace().collect();
    let force = words
        .iter()
        .position(|w| *w == "--force")
        .map(|at| words.remove(at))
        .is_some();
    let (named, user) = match words.as_slice() {
        [] => (None, None),
        [one] if is_mechanism(one) => (Some(one.to_ascii_uppercase()), None),
        [one] => (None, Some((*one).to_owned())),
        [mechanism, user] => (
            Some(mechanism.to_ascii_uppercase()),
            Some((*user).to_owned()),
        ),
        _ => return Err(Error::usage("usage: :auth [--force] [MECH] [user]")),
    };
    log_in(desk, named, user, force).await
}

/// Logs in, with the mechanism named or the strongest that both sides have.
///
/// # Errors
/// As `auth`.
pub async fn log_in(
    desk: &mut Desk,
    named: Option<String>,
    user: Option<String>,
    force: bool,
) -> Result<()> {
    let Some(seat) = desk.seat().filter(|seat| !seat.session.is_over()) else {
        return Err(Error::new(Kind::Lost, "not connected"));
    };
    let Some(protocol) = seat.session.protocol() else {
        return Err(Error::usage("the server has not said yet what it speaks"));
    };
    let facts = seat.session.engine().map(Engine::facts).unwrap_or_default();
    if facts.logged_in && !force {
        let user = facts.user.map(|user| format!(" as {user}"));
        let text = format!("logged in already{}", user.unwrap_or_default());
        return Err(Error::usage(text)
            .hint("again", ":reconnect, then :auth")
            .hint("anyway", ":auth --force asks the server all the same"));
    }
    if seat
        .session
        .engine()
        .is_some_and(|e| e.offers().items.is_empty())
        && !ask_offers(desk).await?
    {
        return desk.say(Mark::Info, "not logged in");
    }
    let plan = Plan::make(desk, protocol.name, named.as_deref(), force)?;
    let known = user.or_else(|| desk.seat().and_then(|seat| seat.opening.user()));
    let known = match known {
        None if plan.needs_user() => user_of_netrc(desk)?,
        known => known,
    };
    let user = match known {
        Some(user) => user,
        None if plan.needs_user() => match desk.front.ask("user: ", "--user NAME").await? {
            Some(user) if !user.is_empty() => user,
            _ => return desk.say(Mark::Info, "not logged in"),
        },
        None => String::new(),
    };
    let Some(secret) = secret_for(desk, &plan, &user).await? else {
        return desk.say(Mark::Info, "not logged in");
    };
    submit(desk, &plan, &user, &secret).await?;
    desk.settle().await?;
    if let Some(seat) = desk.seat() {
        seat.mechanism = named.map(|name| (name, force));
    }
    plan.remark(desk)
}

/// How a login will be made.
enum Plan {
    /// By a SASL mechanism.
    Sasl(&'static table::Row),
    /// IMAP LOGIN, POP3 USER and PASS.
    Own,
    /// POP3 APOP.
    Apop,
}

impl Plan {
    fn make(desk: &mut Desk, protocol: &str, named: Option<&str>, force: bool) -> Result<Self> {
        let Some(seat) = desk.seat() else {
            return Ok(Self::Own);
        };
        let Some(engine) = seat.session.engine() else {
            return Ok(Self::Own);
        };
        let offers = engine.offers();
        let offered = offers.mechanisms();
        match (protocol, named) {
            // IMAP's LOGIN command is what people mean by LOGIN there.
            ("imap", Some("LOGIN")) | ("pop3", Some("USER" | "PASS")) => return Ok(Self::Own),
            ("pop3", Some("APOP")) => return Ok(Self::Apop),
            _ => {}
        }
        let sasl_error = |e: sasl::SaslError| Error::new(Kind::Auth, e.0);
        if let Some(name) = named {
            let row = table::usable(name).map_err(sasl_error)?;
            if !force && !offered.iter().any(|o| o.eq_ignore_ascii_case(name)) {
                let list = if offered.is_empty() {
                    "none".to_owned()
                } else {
                    offered.join(" ")
                };
                return Err(
                    Error::new(Kind::Auth, format!("the server does not offer {name}"))
                        .hint("offered", list)
                        .hint("anyway", format!(":auth --force {name}")),
                );
            }
            return Ok(Self::Sasl(row));
        }
        let own = match protocol {
            "imap" => !offers.has("LOGINDISABLED"),
            "pop3" => offers.has("USER") || offered.is_empty(),
            _ => false,
        };
        let have = table::Have {
            password: true,
            token: false,
            certificate: seat.opening.how.tls.cert.is_some(),
            binding: seat.session.conn().is_some_and(|c| c.binding().is_some()),
        };
        match table::choose(&offered, seat.session.is_secured(), have) {
            Ok(row) => Ok(Self::Sasl(row)),
            Err(_) if own => Ok(Self::Own),
            Err(e) => {
                let error = sasl_error(e);
                let starttls = seat.session.protocol().map_or("STARTTLS", |p| p.starttls);
                let may = offered.is_empty() && !seat.session.is_secured() && offers.has(starttls);
                let way = if desk.front.can_ask() {
                    ":starttls"
                } else {
                    "--starttls"
                };
                Err(match may {
                    true => error.hint("first", format!("{way}: the server offers {starttls}")),
                    false => error,
                })
            }
        }
    }

    fn needs_user(&self) -> bool {
        !matches!(self, Self::Sasl(row) if row.asks == table::Asks::Certificate)
    }

    /// What to try after a refusal that has other causes than a wrong password.
    fn remark(&self, desk: &mut Desk) -> Result<()> {
        let Self::Sasl(row) = self else {
            return Ok(());
        };
        let logged_in = desk
            .seat()
            .and_then(|seat| seat.session.engine())
            .is_none_or(|engine| engine.facts().logged_in);
        match row.name.strip_suffix("-PLUS") {
            Some(unbound) if !logged_in => desk.say(
                Mark::Meaning,
                &format!(
                    "a server that binds by another type (Cyrus 3.6: tls-unique alone) refuses any \
                     password; try :auth {unbound}"
                ),
            ),
            _ => Ok(()),
        }
    }

    /// What is asked for, where a secret is needed.
    fn question(&self) -> Option<&'static str> {
        match self {
            Self::Own | Self::Apop => Some("password: "),
            Self::Sasl(row) => match row.asks {
                table::Asks::Password => Some("password: "),
                table::Asks::Token => Some("token: "),
                table::Asks::Certificate | table::Asks::Trace => None,
            },
        }
    }
}

/// The user named beside the password that would be used.
fn user_of_netrc(desk: &mut Desk) -> Result<Option<String>> {
    let Some(seat) = desk.seat() else {
        return Ok(None);
    };
    match seat.opening.keeper.lock() {
        Ok(keeper) => keeper.user(),
        Err(_) => Ok(None),
    }
}

async fn secret_for(desk: &mut Desk, plan: &Plan, user: &str) -> Result<Option<Secret>> {
    let Some(question) = plan.question() else {
        return Ok(Some(Secret::new(Vec::new())));
    };
    let Some(seat) = desk.seat() else {
        return Ok(None);
    };
    let keeper = std::sync::Arc::clone(&seat.opening.keeper);
    let found = match keeper.lock() {
        Ok(mut keeper) => keeper.find(Some(user).filter(|u| !u.is_empty()))?,
        Err(_) => None,
    };
    if let Some(found) = found {
        return Ok(Some(found.secret));
    }
    let options = "EHLO_PASSWORD, --password-command CMD or --password-fd N";
    let answer = desk.front.secret(question, options).await;
    desk.forget_interrupts().await;
    answer
}

async fn submit(desk: &mut Desk, plan: &Plan, user: &str, secret: &Secret) -> Result<()> {
    for attempt in 0..2 {
        let Some(seat) = desk.seat() else {
            return Ok(());
        };
        let outcome = match plan {
            Plan::Own => seat.session.submit(Input::Login {
                user,
                password: secret,
            }),
            Plan::Apop => seat.session.submit(Input::Apop {
                user,
                password: secret,
            }),
            Plan::Sasl(row) => {
                let mechanism = mechanism(seat, row.name, user, secret)?;
                seat.session.submit(Input::Auth(mechanism))
            }
        };
        match outcome {
            Ok(_) => return Ok(()),
            Err(Refusal::ClearCredential) if attempt == 0 && desk.consent_to_clear().await? => {}
            Err(refusal) => return Err(not_sent(&refusal)),
        }
    }
    Ok(())
}

fn mechanism(
    seat: &super::seat::Seat,
    name: &str,
    user: &str,
    secret: &Secret,
) -> Result<Box<dyn sasl::Mechanism>> {
    let protocol = seat.session.protocol().map_or("smtp", |p| p.sasl.service);
    let (host, port) = (seat.opening.target.host(), seat.opening.port());
    let credentials = Credentials::new(user, secret.clone()).at(protocol, host, port);
    let mut binding = sasl::Binding {
        plus_offered: seat.session.engine().is_none_or(|e| e.offers().may_bind()),
        ..Default::default()
    };
    if let Some(tls) = seat.session.conn().and_then(crate::net::Conn::binding) {
        binding.exporter = tls.exporter.map(Secret::new);
        binding.end_point = tls.server_end_point.clone().map(Secret::new);
    }
    let nonce = crate::entropy::nonce()?;
    table::client(name, &credentials, &binding, &nonce).map_err(|e| Error::new(Kind::Auth, e.0))
}

/// After a typed `AUTH PLAIN`: at the `334` or `+` a person is asked for user and password. An empty
/// user leaves the line to be typed; Ctrl-C cancels the exchange.
///
/// # Errors
/// `Local` when the terminal is gone.
pub async fn offer(desk: &mut Desk) -> Result<()> {
    if !desk.front.can_ask() {
        return Ok(());
    }
    let Some(seat) = desk.seat() else {
        return Ok(());
    };
    let Mode::Answer {
        mechanism: name, ..
    } = seat.mode()
    else {
        return Ok(());
    };
    let Ok(row) = table::usable(&name) else {
        return desk.say(Mark::Meaning, "type the answer in base64, or * to cancel");
    };
    let question = "user (empty to type the line yourself): ";
    let user = match desk.front.ask(question, "--user NAME").await? {
        Some(user) if user.trim().is_empty() => return Ok(()),
        Some(user) => user.trim().to_owned(),
        None => return cancel(desk).await,
    };
    let plan = Plan::Sasl(row);
    let Some(secret) = secret_for(desk, &plan, &user).await? else {
        return cancel(desk).await;
    };
    match submit(desk, &plan, &user, &secret).await {
        Ok(()) => {
            if let Some(seat) = desk.seat() {
                // Typed by hand, it may well be unadvertised.
                seat.mechanism = Some((row.name.to_owned(), true));
            }
        }
        Err(error) => {
            desk.complain(&error)?;
            return cancel(desk).await;
        }
    }
    desk.settle().await.map(|_| ())
}

/// What a typed login lacks.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// The word behind PASS.
    Password,
    /// One word or both behind LOGIN; the user where it was typed.
    Words(Option<String>),
}

/// What `PASS`, `LOGIN bob` and `LOGIN` alone lack. Sent so, they are refused, and the password is
/// typed as the next line, for all to see.
pub(super) fn missing(desk: &Desk, line: &[u8]) -> Option<Missing> {
    let engine = desk.seats.get(desk.active)?.session.engine()?;
    let verb = engine.verb_of(line)?.name;
    let text = std::str::from_utf8(line).ok()?;
    let words: Vec<_> = text.split_ascii_whitespace().collect();
    match (verb, words.as_slice()) {
        ("PASS", [_]) => Some(Missing::Password),
        // Behind a tag of the person's own it is the person's own affair.
        ("LOGIN", [first]) if first.eq_ignore_ascii_case(verb) => Some(Missing::Words(None)),
        ("LOGIN", [first, user]) if first.eq_ignore_ascii_case(verb) => {
            let inner = user.strip_prefix('"').and_then(|u| u.strip_suffix('"'));
            let user = inner.unwrap_or(user);
            // A literal is not at its end, nor are quotes that are open.
            (!user.contains(['"', '\\', '{'])).then(|| Missing::Words(Some(user.to_owned())))
        }
        _ => None,
    }
}

/// Asks for what a typed login lacks, and sends it whole. False as `Desk::command`.
///
/// # Errors
/// As `Desk::command`.
pub(super) async fn ask_for(desk: &mut Desk, line: &[u8], missing: Missing) -> Result<bool> {
    let engine = desk.seat().and_then(|seat| seat.session.engine());
    // Raw octets bring their own tag.
    let tag = match engine.and_then(|engine| engine.facts().next_tag) {
        Some(_) => "x ",
        None => "",
    };
    let line_shown = show(line.trim_ascii(), Charset::Ascii).replace('"', "\\\"");
    let as_it_is = format!("not sent; :raw \"{tag}{line_shown}\\r\\n\" sends it as it is");
    match missing {
        Missing::Password => {
            let secret = desk.front.secret("password: ", "a console").await;
            desk.forget_interrupts().await;
            let Some(secret) = secret?.filter(|secret| !secret.expose().is_empty()) else {
                return desk.say(Mark::Info, &as_it_is).map(|()| false);
            };
            let whole = Secret::new([line.trim_ascii_end(), b" ", secret.expose()].concat());
            desk.submit_line(whole.expose()).await?;
        }
        Missing::Words(user) => {
            let user = match user {
                Some(user) => Some(user),
                None => desk.front.ask("user: ", "a console").await?,
            };
            let Some(user) = user.filter(|user| !user.is_empty()) else {
                return desk.say(Mark::Info, &as_it_is).map(|()| false);
            };
            let secret = secret_for(desk, &Plan::Own, &user).await?;
            let Some(secret) = secret.filter(|secret| !secret.expose().is_empty()) else {
                return desk.say(Mark::Info, &as_it_is).map(|()| false);
            };
            submit(desk, &Plan::Own, &user, &secret).await?;
        }
    }
    desk.settle().await
}

/// Cancels a login under way (`*`), or ends IDLE.
///
/// # Errors
/// `Local` when screen or log fails.
pub async fn cancel(desk: &mut Desk) -> Result<()> {
    if let Some(seat) = desk.seat() {
        let _ = seat.session.submit(Input::Cancel);
    }
    desk.settle().await.map(|_| ())
}

/// Asks the server what it offers, since a choice depends on it. False when the person stopped
/// waiting for the answer.
///
/// # Errors
/// `Local` when screen or log fails.
pub async fn ask_offers(desk: &mut Desk) -> Result<bool> {
    let Some(seat) = desk.seat() else {
        return Ok(true);
    };
    let Some(protocol) = seat.session.protocol() else {
        return Ok(true);
    };
    let line = protocol.ask_offers.replace("{name}", &seat.ehlo_name());
    seat.ask(&line).map_err(|r| not_sent(&r))?;
    desk.settle().await
}

fn is_mechanism(word: &str) -> bool {
    table::find(word).is_some() || matches!(word.to_ascii_uppercase().as_str(), "USER" | "APOP")
}
