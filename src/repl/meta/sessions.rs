//! Console commands about the sessions at the desk.

use crate::error::{Error, Result};
use crate::proto::TlsMode;
use crate::proto::engine::Engine;
use crate::repl::desk::Desk;
use crate::repl::opening;
use crate::repl::prompt;
use crate::target;
use crate::ui::render::Mark;
use crate::ui::style::Styled;

/// `:open [--tls] [--insecure] TARGET [PORT]`; on the practice server a protocol's name will do.
pub(super) async fn open(desk: &mut Desk, rest: &str) -> Result<()> {
    let mut words: Vec<&str> = rest.split_whitespace().collect();
    let mut given = |option: &str| {
        let at = words.iter().position(|word| *word == option);
        at.map(|at| words.remove(at)).is_some()
    };
    let (insecure, tls) = (given("--insecure"), given("--tls"));
    let (text, port) = match words.as_slice() {
        [text] => (*text, None),
        [text, port] => (*text, Some(*port)),
        _ => {
            return Err(Error::usage(
                "usage: :open [--tls] [--insecure] TARGET [PORT]",
            ));
        }
    };
    if text.starts_with("exec:") && !desk.settings.allow_commands {
        return Err(Error::usage("exec: starts a program").hint("allow", "--allow-commands"));
    }
    let practised = desk.practice.is_some()
        || desk
            .seats
            .iter()
            .any(|seat| seat.opening.target.place == target::Place::Practice);
    let mut target = match crate::proto::protocol(text) {
        Some(protocol) if practised && port.is_none() => target::Target::practice(protocol),
        _ => target::parse(text, port)?,
    };
    if tls {
        target.tls = TlsMode::Implicit;
    }
    let mut how = match desk.seat() {
        Some(seat) => seat.opening.for_target(target),
        None => opening::Opening::plain(target),
    };
    how.insecure |= insecure;
    opening::open(desk, how).await
}

/// `:sessions`.
pub(super) fn list(desk: &mut Desk) -> Result<()> {
    let lines: Vec<Styled> = desk
        .seats
        .iter()
        .enumerate()
        .map(|(index, seat)| {
            let mark = if index == desk.active { "*" } else { " " };
            let title = prompt::title(seat, desk.settings.look.charset);
            Styled::plain(format!("{mark} {title}"))
        })
        .collect();
    if lines.is_empty() {
        return desk.say(Mark::Info, "no session; :open TARGET opens one");
    }
    desk.print(&lines)
}

/// `:use N`.
pub(super) fn switch(desk: &mut Desk, rest: &str) -> Result<()> {
    desk.active = find(desk, rest)?;
    Ok(())
}

/// `:close [N]`.
pub(super) fn close(desk: &mut Desk, rest: &str) -> Result<()> {
    let index = if rest.is_empty() {
        desk.active
    } else {
        find(desk, rest)?
    };
    let Some(seat) = desk.seats.get_mut(index) else {
        return Err(Error::usage("no session is open"));
    };
    seat.upload = None;
    seat.together = None;
    seat.drop_connection();
    Ok(())
}

/// `:reconnect [--insecure]`.
pub(super) async fn reconnect(desk: &mut Desk, rest: &str) -> Result<()> {
    let insecure = match rest {
        "" => false,
        "--insecure" => true,
        _ => return Err(Error::usage("usage: :reconnect [--insecure]")),
    };
    let Some(seat) = desk.seat() else {
        return Err(Error::usage("no session is open").hint("open", ":open TARGET"));
    };
    let mut how = seat.opening.clone();
    // A plan that would end at a fault cannot look past it: waived trust makes a new one.
    let same_trust = how.insecure || !insecure;
    how.insecure |= insecure;
    how.how.plan = seat.session.tls_plan().filter(|_| same_trust);
    // What a person had reached by hand is reached again: TLS, the offers, the login.
    how.how.starttls |= seat.session.tls().is_some() && how.target.tls == TlsMode::Clear;
    let facts = seat.session.engine().map(Engine::facts).unwrap_or_default();
    if facts.logged_in && how.login.is_none() {
        (how.login, how.force) = match seat.mechanism.clone() {
            Some((name, force)) => (Some(name), force),
            None => (Some(String::new()), false),
        };
        how.user = how.user.or(facts.user);
    }
    let greeted = seat
        .session
        .engine()
        .is_some_and(|engine| engine.offers().known);
    let number = seat.number;
    seat.drop_connection();
    opening::reopen(desk, how).await?;
    let Some(seat) = desk.seat().filter(|seat| seat.number == number) else {
        return Ok(());
    };
    let asked = seat
        .session
        .engine()
        .is_none_or(|engine| engine.offers().known);
    if !greeted || asked || seat.session.is_over() {
        return Ok(());
    }
    let Some(protocol) = seat.session.protocol() else {
        return Ok(());
    };
    let line = protocol.ask_offers.replace("{name}", &seat.ehlo_name());
    desk.command(line.as_bytes()).await.map(|_| ())
}

fn find(desk: &Desk, number: &str) -> Result<usize> {
    let wanted = number.trim().parse::<usize>().ok();
    let at = desk
        .seats
        .iter()
        .position(|seat| Some(seat.number) == wanted);
    at.ok_or_else(|| {
        let numbers: Vec<_> = desk
            .seats
            .iter()
            .map(|seat| seat.number.to_string())
            .collect();
        Error::usage(format!("there is no session \"{number}\"")).hint("known", numbers.join(" "))
    })
}
