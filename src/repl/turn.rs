//! One line, typed or prepared: a console command, a protocol command, or content.

use std::path::Path;

use crate::error::{Error, Kind, Result};
use crate::proto::engine::{Input, Mode, Refusal};
use crate::proto::event::{Content, Reply, Verdict};
use crate::session::feed::Fate;
use crate::ui::render::Mark;

use super::desk::Desk;
use super::guard;
use super::upload::Upload;
use super::{login, meta};

/// Words people type to leave or to be helped, in protocols where they are no verbs.
const LOST_WORDS: &[&str] = &["quit", "exit", "help", "?", "bye", "logout"];

impl Desk {
    /// Takes one line that was typed at the prompt.
    ///
    /// # Errors
    /// `Local` when screen or log cannot be written; everything else is shown and the desk goes on.
    pub async fn take(&mut self, line: &[u8]) -> Result<()> {
        let mode = self
            .seats
            .get(self.active)
            .map_or(Mode::Command, super::seat::Seat::mode);
        let outcome = match (mode, line) {
            (Mode::Command, [b':', b':', ..]) => self.command(&line[1..]).await.map(|_| ()),
            // While one session idles, another can be used.
            (Mode::Command | Mode::Idle, [b':', rest @ ..]) => {
                meta::run(self, &String::from_utf8_lossy(rest)).await
            }
            (Mode::Command, _) => self.command(line).await.map(|_| ()),
            _ => self.content(line),
        };
        match outcome {
            Err(error) if error.kind == Kind::Local && error.shown => Err(error),
            Err(error) => self.complain(&error),
            Ok(()) => Ok(()),
        }
    }

    /// Takes one prepared line: it may belong to content that was refused.
    ///
    /// # Errors
    /// As `take`.
    pub async fn take_prepared(&mut self, line: &[u8]) -> Result<()> {
        let fate = match self.seat() {
            Some(seat) => {
                let spec = seat.session.protocol().map_or(&EMPTY, |p| p.spec);
                let (fate, message) = seat.feed.take(line, spec);
                if let Some(message) = message {
                    self.say(Mark::Remark, &message)?;
                }
                fate
            }
            None => Fate::Send,
        };
        match fate {
            Fate::Send => self.take(line).await,
            Fate::Drop | Fate::DropRest => Ok(()),
        }
    }

    /// Sends a protocol command, with the questions it deserves, and waits for the reply. False when
    /// the person declined or stopped waiting, or the line is held back.
    ///
    /// # Errors
    /// `Usage` for what cannot be sent; `Local` as `take`.
    pub async fn command(&mut self, line: &[u8]) -> Result<bool> {
        let Some(seat) = self.seats.get_mut(self.active) else {
            return Err(Error::usage("no session is open").hint("open", ":open TARGET"));
        };
        if seat.session.is_over() {
            return Err(
                Error::new(Kind::Lost, "not connected").hint("open", ":reconnect, or :open TARGET")
            );
        }
        if seat.together.is_some() {
            if file_literal(line).is_some() {
                return Err(
                    Error::usage("a file does not go into one write with other lines")
                        .hint("first", ":go sends what is held back"),
                );
            }
            let held = seat.together.as_mut();
            let begins = held.map(|held| held.hold(line, seat.session.engine()));
            return match begins {
                Some(Ok(true)) => self
                    .say(Mark::Info, "held back as the body, up to a lone dot")
                    .map(|()| false),
                Some(Err(error)) => Err(error),
                _ => Ok(false),
            };
        }
        if seat.session.engine().is_none() {
            return Err(Error::usage("the server has not said yet what it speaks")
                .hint("name it", "smtp://HOST:PORT, imap://…, pop3://…"));
        }
        if !self.guarded(line, &[]).await? {
            return Ok(false);
        }
        if self.front.can_ask()
            && let Some(missing) = login::missing(self, line)
        {
            return login::ask_for(self, line, missing).await;
        }
        if let Some((before, path, after)) = file_literal(line) {
            return self.send_file_literal(&before, &path, &after).await;
        }
        self.submit_line(line).await?;
        let waited = self.settle().await?;
        self.see_off().await?;
        self.note_lost_word(line)?;
        login::offer(self).await?;
        Ok(waited)
    }

    /// Asks before what destroys stored mail. True when the line may go, behind those `before` it.
    ///
    /// # Errors
    /// `Local` when the terminal is gone.
    pub(super) async fn guarded(&mut self, line: &[u8], before: &[Vec<u8>]) -> Result<bool> {
        if !self.settings.guard || !self.front.can_ask() {
            return Ok(true);
        }
        let Some(seat) = self.seats.get(self.active) else {
            return Ok(true);
        };
        let Some(engine) = seat.session.engine() else {
            return Ok(true);
        };
        let Some(question) = guard::question(line, engine, seat.deleted.count(), before) else {
            return Ok(true);
        };
        if seat.consents.contains(question.kind) {
            return Ok(true);
        }
        if !self.confirm(&question.text).await? {
            self.say(Mark::Info, "not sent")?;
            return Ok(false);
        }
        if let Some(seat) = self.seat() {
            seat.consents.insert(question.kind);
        }
        Ok(true)
    }

    /// Submits a line; asks for consent to a credential in the clear where a person can be asked.
    ///
    /// # Errors
    /// `Usage` and the like for what is refused: nothing of it was sent.
    pub(super) async fn submit_line(&mut self, line: &[u8]) -> Result<()> {
        let Some(seat) = self.seats.get_mut(self.active) else {
            return Ok(());
        };
        let Err(refusal) = seat.session.submit(Input::Line(line)) else {
            return Ok(());
        };
        if refusal == Refusal::ClearCredential && self.consent_to_clear().await? {
            let Some(seat) = self.seats.get_mut(self.active) else {
                return Ok(());
            };
            return seat
                .session
                .submit(Input::Line(line))
                .map(|_| ())
                .map_err(|r| not_sent(&r));
        }
        if let Some(seat) = self.seats.get_mut(self.active)
            && refusal == Refusal::ClearCredential
        {
            seat.feed.reply(&answers_unsent(line));
        }
        Err(not_sent(&refusal))
    }

    /// Asks once per session whether credentials may travel in the clear.
    ///
    /// # Errors
    /// `Local` when the terminal is gone.
    pub async fn consent_to_clear(&mut self) -> Result<bool> {
        let Some(seat) = self.seats.get(self.active) else {
            return Ok(false);
        };
        let host = seat.opening.target.host();
        let engine = seat.session.engine();
        // RFC 9051 6.2.3: LOGIN will be refused, and has been read by then.
        let in_vain = match engine.is_some_and(|e| e.offers().has("LOGINDISABLED")) {
            true => "the server announced LOGINDISABLED: it takes no LOGIN here; and ",
            false => "",
        };
        let text = format!(
            "{in_vain}without TLS, everybody on the way to {host} can read this credential (STARTTLS, or :starttls, protects it)"
        );
        if !self.confirm(&text).await? {
            return Ok(false);
        }
        let Some(seat) = self.seats.get_mut(self.active) else {
            return Ok(false);
        };
        if let Some(engine) = seat.session.engine_mut() {
            engine.set(crate::proto::engine::Setting::ClearCredentials(true));
        }
        Ok(true)
    }

    /// A line of content: a body, a literal, an answer, DONE.
    fn content(&mut self, line: &[u8]) -> Result<()> {
        let console = self.front.can_ask();
        let Some(seat) = self.seats.get_mut(self.active) else {
            return Ok(());
        };
        if console && seat.mode() == Mode::Body && meta::is_command(line) {
            let text = "this is a line of the body; Ctrl-C opens a line for the console";
            self.say(Mark::Info, text)?;
        }
        let Some(seat) = self.seats.get_mut(self.active) else {
            return Ok(());
        };
        seat.session
            .submit(Input::Line(line))
            .map(|_| ())
            .map_err(|refusal| not_sent(&refusal))
    }

    /// `{@file}`: the octets of a file as a literal, each count right by construction.
    async fn send_file_literal(&mut self, before: &[u8], path: &str, after: &[u8]) -> Result<bool> {
        let upload = Upload::open(Path::new(path))?.exactly();
        let size = upload.size();
        let mut head = before.to_vec();
        head.extend_from_slice(format!("{{{size}}}").as_bytes());
        self.submit_line(&head).await?;
        let waited = self.settle().await?;
        let Some(seat) = self.seats.get_mut(self.active) else {
            return Ok(false);
        };
        if !waited || !matches!(seat.mode(), Mode::Literal { .. }) {
            seat.feed.not_in_lines();
            return Ok(waited);
        }
        if size > 0 {
            self.upload(upload);
            if !self.settle().await? {
                return Ok(false);
            }
        }
        // What stands behind the literal may hold another one.
        if let Some((before, path, rest)) = file_literal(after) {
            return Box::pin(self.send_file_literal(&before, &path, &rest)).await;
        }
        self.submit_line(after).await?;
        self.settle().await
    }

    fn note_lost_word(&mut self, line: &[u8]) -> Result<()> {
        let word = String::from_utf8_lossy(line).trim().to_ascii_lowercase();
        if !LOST_WORDS.contains(&word.as_str()) || !self.front.can_ask() {
            return Ok(());
        }
        let known = self.seats.get(self.active).is_some_and(|seat| {
            seat.session
                .engine()
                .is_some_and(|e| e.verb_of(line).is_some())
        });
        if known {
            return Ok(());
        }
        self.say(Mark::Meaning, ":quit leaves, :help helps")
    }
}

static EMPTY: crate::proto::spec::Spec = crate::proto::spec::Spec { verbs: &[] };

/// What a refused input is to a person.
pub fn not_sent(refusal: &Refusal) -> Error {
    let kind = match refusal {
        Refusal::Closed => Kind::Lost,
        Refusal::ClearCredential | Refusal::Sasl(_) => Kind::Auth,
        _ => Kind::Usage,
    };
    let error = Error::new(kind, format!("not sent: {refusal}"));
    match refusal {
        Refusal::ClearCredential => error
            .hint("safer", "--starttls or --tls")
            .hint("or", "--allow-cleartext-auth"),
        Refusal::StartTlsNow(_) => {
            error.hint("anyway", ":raw \"STARTTLS\\r\\n\" sends it as it is")
        }
        _ => error,
    }
}

/// A login line that was held back: its answers must not go out as commands.
fn answers_unsent(line: &[u8]) -> Reply {
    let text = String::from_utf8_lossy(line);
    let mut words = text
        .split_ascii_whitespace()
        .skip_while(|w| !w.eq_ignore_ascii_case("AUTH") && !w.eq_ignore_ascii_case("AUTHENTICATE"));
    let to = words.next().unwrap_or_default().to_ascii_uppercase();
    let unsent = words
        .next()
        .filter(|_| words.next().is_none())
        .map(|mechanism| Content::Answers {
            mechanism: mechanism.to_owned(),
            sent: 0,
        });
    Reply {
        to,
        code: "not sent".to_owned(),
        verdict: Verdict::Refused,
        unsent,
        ..Reply::default()
    }
}

/// Splits `… {@path} …` at its first file.
fn file_literal(line: &[u8]) -> Option<(Vec<u8>, String, Vec<u8>)> {
    let text = std::str::from_utf8(line).ok()?;
    let open = text.find("{@")?;
    let close = open + text[open..].find('}')?;
    let path = text[open + 2..close].trim();
    if path.is_empty() {
        return None;
    }
    Some((
        line[..open].to_vec(),
        path.to_owned(),
        line[close + 1..].to_vec(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_in_braces() {
        let (before, path, after) = file_literal(b"append inbox {@a b.eml} x").unwrap();
        assert_eq!(
            (before.as_slice(), path.as_str(), after.as_slice()),
            (b"append inbox ".as_slice(), "a b.eml", b" x".as_slice())
        );
        assert!(file_literal(b"append inbox {12}").is_none());
    }
}
