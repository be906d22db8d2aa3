//! What ehlo itself says before a person or script does: with `--starttls`, TLS is required before
//! anything else.
//!
//! Strict: when TLS cannot be had, only QUIT or LOGOUT follows, and the error says why. The decisions
//! are a machine of their own, so that a console can show and ask between its steps.

use crate::error::{Error, Kind, Result};
use crate::proto::engine::Input;
use crate::proto::event::{Event, Reply, Verdict};

use super::{Happening, Session, Timed};

/// What a policy does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Do {
    /// Say this line, wait for the reply, ask again.
    Say(String),
    /// TLS is up and the offers are known.
    Done,
    /// It cannot be had: the connection is to be dropped.
    Fail(Error),
}

/// TLS is required: the steps to it.
#[derive(Debug)]
pub struct RequireTls {
    name: String,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Greeting,
    Offers,
    Starttls,
    OffersAgain,
    Goodbye(Error),
}

impl RequireTls {
    /// `name` is what EHLO will say.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            stage: Stage::Greeting,
        }
    }

    /// The next step, after the session has settled. `last` is the latest complete reply.
    pub fn next(&mut self, session: &Session, last: Option<&Reply>) -> Do {
        let Some((protocol, engine)) = session.protocol().zip(session.engine()) else {
            return Do::Fail(Error::silent(Kind::Lost));
        };
        let ask = || Do::Say(protocol.ask_offers.replace("{name}", &self.name));
        let refused =
            last.is_some_and(|r| matches!(r.verdict, Verdict::Refused | Verdict::TryLater));
        loop {
            match &self.stage {
                Stage::Greeting => {
                    if refused {
                        let text =
                            "the greeting refuses service: TLS was required, nothing was sent";
                        return Do::Fail(Error::new(Kind::Tls, text));
                    }
                    self.stage = Stage::Offers;
                    if !engine.offers().known {
                        return ask();
                    }
                }
                Stage::Offers => {
                    // A POP3 server without CAPA cannot say: it is asked by doing.
                    if !engine.offers().known || engine.offers().has(protocol.starttls) {
                        self.stage = Stage::Starttls;
                        return Do::Say(protocol.starttls.to_owned());
                    }
                    let text = format!(
                        "the server does not offer {}: TLS was required, nothing else was sent",
                        protocol.starttls
                    );
                    let hint = "another port speaks TLS from the first octet: 465, 993, 995";
                    self.stage = Stage::Goodbye(Error::new(Kind::Tls, text).hint("perhaps", hint));
                    return Do::Say(protocol.farewell.to_owned());
                }
                Stage::Starttls => {
                    if session.is_secured() {
                        self.stage = Stage::OffersAgain;
                        return ask();
                    }
                    let code = last.map(|reply| reply.code.clone()).unwrap_or_default();
                    let text = format!(
                        "the server refused {} ({code}): TLS was required",
                        protocol.starttls
                    );
                    self.stage = Stage::Goodbye(Error::new(Kind::Tls, text));
                    return Do::Say(protocol.farewell.to_owned());
                }
                Stage::OffersAgain => return Do::Done,
                Stage::Goodbye(error) => return Do::Fail(error.clone()),
            }
        }
    }
}

/// Hands on all that happens until the session owes nothing; the last complete reply.
///
/// # Errors
/// When the session ended: the reason, already told.
pub async fn settle(
    session: &mut Session,
    tell: &mut (dyn FnMut(Timed) + Send),
) -> Result<Option<Reply>> {
    let mut last = None;
    while session.owes() || session.has_news() {
        let timed = session.next().await;
        if let Some(Event::Reply(reply)) = timed.event() {
            last = Some(reply.clone());
        }
        let ended = match &timed.what {
            Happening::Ended(error) => Some(error.clone()),
            _ => None,
        };
        tell(timed);
        if let Some(error) = ended {
            let error = error.unwrap_or_else(|| Error::silent(Kind::Lost));
            return Err(Error {
                shown: true,
                ..error
            });
        }
    }
    Ok(last)
}

/// Requires TLS where nobody can be asked: talks, load.
///
/// # Errors
/// `Tls` when it cannot be had; as `settle`.
pub async fn require_tls(
    session: &mut Session,
    name: &str,
    tell: &mut (dyn FnMut(Timed) + Send),
) -> Result<()> {
    let mut policy = RequireTls::new(name);
    let mut last = settle(session, tell).await?;
    loop {
        match policy.next(session, last.as_ref()) {
            Do::Done => return Ok(()),
            Do::Fail(error) => {
                session.drop_connection();
                return Err(error);
            }
            Do::Say(line) => {
                session
                    .submit(Input::Line(line.as_bytes()))
                    .map_err(|refusal| Error::usage(format!("{line}: {refusal}")))?;
                // After a goodbye the connection may end: that is no new fault.
                last = match settle(session, tell).await {
                    Err(error) if error.kind != Kind::Lost => return Err(error),
                    Err(_) => None,
                    Ok(reply) => reply,
                };
            }
        }
    }
}
