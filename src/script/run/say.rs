//! `C:` lines, alone and together: commands, bodies, literals.

use std::path::Path;
use std::time::Duration;

use super::values::note;
use super::{Done, Player, Stop, failed};
use crate::error::Kind;
use crate::proto::engine::{Input, Mode, PART_MAX, Refusal};
use crate::proto::event::{Content, Event};
use crate::script::ast::{Action, Part, Retry, Step};
use crate::script::template::{Piece, Template};
use crate::ui::diag::Span;

impl<'t> Player<'t> {
    /// A `C:` line, with its tries.
    pub(super) async fn say(&mut self, index: usize, step: &'t Step, text: &Template) -> Done {
        if self.link(step.span)?.mode() == Mode::Command {
            self.loose_literal = std::mem::take(&mut self.loose_next);
        }
        let Some(Retry { times, every }) = step.retry else {
            return self.say_once(index, step, text).await;
        };
        let before = self.values.clone();
        let mut left = times;
        loop {
            left = left.saturating_sub(1);
            let outcome = self.say_once(index, step, text).await;
            let again = left > 0
                && matches!(
                    &outcome,
                    Err(Stop::Failed {
                        kind: Kind::Refused | Kind::TryLater,
                        ..
                    })
                );
            if !again {
                return outcome.map_err(|stop| tried(stop, times));
            }
            self.values.clone_from(&before);
            self.pause(every).await?;
        }
    }

    async fn say_once(&mut self, index: usize, step: &'t Step, text: &Template) -> Done {
        if let Some(Piece::File { path, span }) = text.pieces.last()
            && self.link(step.span)?.is_imap()
        {
            return self.say_with_file(step, text, path, *span).await;
        }
        let fixed = text.fixed();
        let filled;
        let line = match fixed {
            Some(line) => line,
            None => {
                filled = self.fill(text)?;
                &filled
            }
        };
        self.refuse_stray_content(step, line)?;
        self.check_count(index, step, line)?;
        self.submit_line(step, line)?;
        self.after_line(index, step).await
    }

    /// Waits for what is due after a line, and judges it.
    async fn after_line(&mut self, index: usize, step: &Step) -> Done {
        let link = self.link(step.span)?;
        if !link.waits() {
            // A line of a body or literal: only what was sent is taken note of.
            let turn = link.settle(None).await;
            drop(turn);
            self.collect();
            return self.wait_for(step).await;
        }
        link.backlog.clear();
        let turn = self.settle(step).await?;
        let link = self.link(step.span)?;
        if link.mode() == Mode::Idle && !step.groups.is_empty() {
            link.back(turn);
            return self.wait_for(step).await;
        }
        let closing = self.closes_next(index, step);
        self.judge(step, &turn, closing)?;
        let unsent = turn.replies.last().and_then(|h| h.reply.unsent.clone());
        let link = self.link(step.span)?;
        link.unsent = unsent;
        Ok(())
    }

    /// True when the talk expects the server to close instead of answering.
    fn closes_next(&self, index: usize, step: &Step) -> bool {
        let next = self.talk.steps.get(index + 1).map(|step| &step.action);
        step.groups.is_empty() && matches!(next, Some(Action::ExpectClose))
    }

    /// Hands a line to the engine.
    pub(super) fn submit_line(&mut self, step: &Step, line: &[u8]) -> Done {
        let loose = self.loose_literal;
        let link = self.link(step.span)?;
        let outcome = match link.session.submit(Input::Line(line)) {
            // A count that was meant to be wrong is the server's to complain about.
            Err(Refusal::NotNow(_)) if loose && matches!(link.mode(), Mode::Literal { .. }) => {
                let raw = [line, b"\r\n"].concat();
                link.session.submit(Input::Raw(&raw))
            }
            outcome => outcome,
        };
        match outcome {
            Ok(_) => Ok(()),
            Err(refusal) => Err(self.not_sent(step.span, &refusal)),
        }
    }

    /// What an engine's refusal is in a talk.
    pub(super) fn not_sent(&mut self, span: Span, refusal: &Refusal) -> Stop {
        let kind = match refusal {
            Refusal::Closed => Kind::Lost,
            Refusal::ClearCredential | Refusal::Sasl(_) => Kind::Auth,
            _ => Kind::Usage,
        };
        let ended = self
            .links
            .current()
            .and_then(|link| link.ended.clone().flatten());
        let what = match (refusal, ended) {
            (Refusal::Closed, Some(error)) if !error.what.is_empty() => error.what,
            (refusal, _) => refusal.to_string(),
        };
        let mut diag = self.diag(span, what).label("not sent");
        diag = match refusal {
            Refusal::ClearCredential => {
                diag.note("starttls comes first, or --allow-cleartext-auth permits it")
            }
            Refusal::LineBreakInside => diag.note("a value in it holds CR, LF or NUL"),
            Refusal::StartTlsNow(_) => diag.note("raw \"STARTTLS\\r\\n\" sends it as it is"),
            _ => diag,
        };
        failed(kind, diag)
    }

    /// Content never becomes commands: what was to follow a refused go-ahead is not sent.
    fn refuse_stray_content(&mut self, step: &Step, line: &[u8]) -> Done {
        let talk = self.talk;
        let link = self.link(step.span)?;
        let Some(unsent) = link.unsent.take() else {
            return Ok(());
        };
        let verb = link
            .session
            .engine()
            .and_then(|engine| engine.verb_of(line))
            .is_some();
        let stray = match unsent {
            // Lines up to a lone dot were written as a body.
            Content::Body => talk
                .steps
                .iter()
                .skip_while(|s| !std::ptr::eq(*s, step))
                .take_while(|s| matches!(s.action, Action::Say(_)))
                .find(|s| !s.groups.is_empty() || is_dot(s))
                .is_some_and(is_dot),
            Content::Literal { .. } => false,
            Content::Answers { .. } => !verb,
        };
        if !stray {
            return Ok(());
        }
        let what = match unsent {
            Content::Body => "this is a body line, and there was no go-ahead for the body",
            _ => "this is an answer, and there was no challenge",
        };
        let diag = self
            .diag(step.span, what)
            .label("not sent: content never becomes commands");
        Err(failed(Kind::Refused, diag))
    }

    /// A literal's count against the lines that follow, now that the octets are known.
    fn check_count(&mut self, index: usize, step: &Step, line: &[u8]) -> Done {
        let loose = self.loose_literal;
        let link = self.link(step.span)?;
        if !link.is_imap() || loose && !matches!(link.mode(), Mode::Command) {
            return Ok(());
        }
        let Mode::Literal { octets_left } = link.mode() else {
            return Ok(());
        };
        let length = line.len() as u64;
        if length >= octets_left {
            return Ok(());
        }
        let next = self.talk.steps.get(index + 1).map(|s| &s.action);
        let goes_on = matches!(
            next,
            Some(Action::Say(_) | Action::Break(_) | Action::Raw(_) | Action::Session { .. })
        );
        if goes_on && length + 1 != octets_left {
            return Ok(());
        }
        let what = format!("the literal has {octets_left} octets left, and this line {length}");
        Err(self.fail(Kind::Usage, step.span, what))
    }

    /// `C: … {@file}`: the file as a literal, its count right by construction.
    async fn say_with_file(
        &mut self,
        step: &Step,
        text: &Template,
        path: &str,
        span: Span,
    ) -> Done {
        let path = self.path(path, span)?;
        let size = self.size_of(&path, span)?;
        let mut head = text.clone();
        head.pieces.pop();
        let mut line = self.fill(&head)?;
        line.extend_from_slice(format!("{{{size}}}").as_bytes());
        self.submit_line(step, &line)?;
        let turn = self.settle(step).await?;
        let link = self.link(step.span)?;
        if !matches!(link.mode(), Mode::Literal { .. }) {
            // The literal got no go-ahead: the reply is what there is to judge.
            return self.judge(step, &turn, false);
        }
        self.upload(step, &path, span, size, false).await?;
        self.submit_line(step, b"")?;
        let turn = self.settle(step).await?;
        self.judge_last(step, &turn)
    }

    /// Sends a file as content, a part at a time, each when the one before is written.
    pub(super) async fn upload(
        &mut self,
        step: &Step,
        path: &Path,
        span: Span,
        octets: u64,
        end: bool,
    ) -> Done {
        use std::io::Read as _;

        let broken = |player: &Self, e: &std::io::Error| {
            player.fail(Kind::Local, span, format!("{}: {e}", path.display()))
        };
        let mut file = std::fs::File::open(path).map_err(|e| broken(self, &e))?;
        let mut left = octets;
        let mut part = Vec::new();
        loop {
            let wanted = usize::try_from(left).unwrap_or(PART_MAX).min(PART_MAX);
            part.resize(wanted, 0);
            file.read_exact(&mut part).map_err(|e| broken(self, &e))?;
            left -= wanted as u64;
            let last = left == 0;
            if !last || end || wanted > 0 {
                self.submit_content(step, &part, last).await?;
            }
            if last {
                return Ok(());
            }
        }
    }

    async fn submit_content(&mut self, step: &Step, bytes: &[u8], last: bool) -> Done {
        let link = self.link(step.span)?;
        link.drained = false;
        if let Err(refusal) = link.session.submit(Input::Content { bytes, last }) {
            return Err(self.not_sent(step.span, &refusal));
        }
        let mut turn = super::Turn::default();
        while !link.drained && link.session.queued() > 0 && link.ended.is_none() {
            let timed = link.session.next().await;
            link.take(timed, Some(&mut turn));
        }
        self.collect();
        Ok(())
    }

    /// `together` and `no-wait`.
    pub(super) async fn together(&mut self, step: &Step, lines: &[Part], one_write: bool) -> Done {
        let mut commands = 0;
        for part in lines {
            let bytes = self.fill(&part.text)?;
            let link = self.link(step.span)?;
            let input = if part.raw {
                Input::Raw(&bytes)
            } else {
                Input::Line(&bytes)
            };
            commands += usize::from(!part.raw);
            if let Err(refusal) = link.session.submit(input) {
                return Err(self.not_sent(part.span, &refusal));
            }
            if !one_write {
                link.session.flush().await;
            }
        }
        let words = if one_write {
            format!("{} lines in one write", lines.len())
        } else {
            format!("{} lines without waiting for replies", lines.len())
        };
        let link = self.link(step.span)?;
        link.backlog.clear();
        note(link, &words);
        if !link.waits() || commands == 0 {
            link.settle(None).await;
            self.collect();
            return self.wait_for(step).await;
        }
        let mut turn = self.settle(step).await?;
        // Go-aheads and completions in the order of the commands.
        turn.replies.sort_by_key(|heeded| heeded.reply.exchange);
        self.judge(step, &turn, false)
    }

    /// Sends raw octets; `S:` lines then wait for lines. `words` says what was done.
    pub(super) async fn raw(&mut self, step: &Step, bytes: &[u8], words: Option<&str>) -> Done {
        let link = self.link(step.span)?;
        if let Some(words) = words {
            note(link, words);
        }
        link.backlog.clear();
        if let Err(refusal) = link.session.submit(Input::Raw(bytes)) {
            return Err(self.not_sent(step.span, &refusal));
        }
        link.session.flush().await;
        // What was sent is told first; nothing is due for it.
        while link.session.has_news() {
            let timed = link.session.next().await;
            let sent = matches!(timed.event(), Some(Event::Sent(_)));
            link.take(timed, None);
            if sent {
                break;
            }
        }
        self.collect();
        self.wait_for(step).await
    }

    /// Does nothing for a while, but hears what the server says.
    pub(super) async fn pause(&mut self, time: Duration) -> Done {
        let deadline = tokio::time::Instant::now() + time;
        if let Some(link) = self.links.current_mut() {
            while link.listen(deadline).await {}
        }
        tokio::time::sleep_until(deadline).await;
        self.collect();
        Ok(())
    }
}

fn is_dot(step: &Step) -> bool {
    matches!(&step.action, Action::Say(text) if text.fixed() == Some(b"."))
}

/// Says how often it was tried.
fn tried(stop: Stop, times: u32) -> Stop {
    match stop {
        Stop::Failed { kind, mut diag } => {
            diag.notes.push(format!("tried {times} times"));
            Stop::Failed { kind, diag }
        }
        other => other,
    }
}
