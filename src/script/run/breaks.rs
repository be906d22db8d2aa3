//! Directives that break the rules on purpose. Each says in the record what it did.

use super::values::note;
use super::{Done, Player};
use crate::error::Kind;
use crate::proto::engine::Mode;
use crate::script::ast::{Break, Step};
use crate::script::template::Template;

impl Player<'_> {
    pub(super) async fn break_rule(&mut self, step: &Step, rule: &Break) -> Done {
        match rule {
            Break::BareLf(text) => {
                let words = "the next line ends in a bare LF";
                self.ended(step, text, b"\n", words).await
            }
            Break::BareCr(text) => {
                let words = "the next line ends in a bare CR";
                self.ended(step, text, b"\r", words).await
            }
            Break::NoDotStuffing(text) => {
                if self.link(step.span)?.mode() != Mode::Body {
                    let what = "dots are doubled in a message body only, and none is under way";
                    return Err(self.fail(Kind::Usage, step.span, what));
                }
                let words = "the dot of the next line is not doubled";
                self.ended(step, text, b"\r\n", words).await
            }
            Break::LongLine { octets, text } => {
                let mut line = self.fill(text)?;
                let octets = usize::try_from(*octets).unwrap_or(usize::MAX);
                line.resize(octets.max(line.len()), b'x');
                let link = self.link(step.span)?;
                note(link, &format!("a line of {} octets follows", line.len()));
                self.submit_line(step, &line)?;
                self.after_break(step).await
            }
            Break::Drip { every, text } => {
                let line = self.fill(text)?;
                let words = format!("an octet every {} ms", every.as_millis());
                note(self.link(step.span)?, &words);
                self.submit_line(step, &line)?;
                self.link(step.span)?.session.drip(*every).await;
                self.after_break(step).await
            }
            Break::StartTlsWith(octets) => self.starttls_with(step, octets).await,
            Break::CutAfter { octets, text } => self.cut_after(step, *octets, text).await,
            Break::AbandonLiteral => {
                let Mode::Literal { octets_left } = self.link(step.span)?.mode() else {
                    let what = "no literal was announced that could be abandoned";
                    return Err(self.fail(Kind::Usage, step.span, what));
                };
                let words =
                    format!("{octets_left} octets of a literal never come, connection dropped");
                self.drop_link(step, &words).await
            }
            Break::HalfClose => self.half_close(step).await,
            Break::WrongLiteralSize => {
                self.loose_next = true;
                let words = "the next literal's count need not fit what follows";
                note(self.link(step.span)?, words);
                self.collect();
                Ok(())
            }
        }
    }

    /// A line with an end of the talk's own choice, as it is.
    async fn ended(&mut self, step: &Step, text: &Template, end: &[u8], words: &str) -> Done {
        let line = self.fill(text)?;
        self.raw(step, &[&line, end].concat(), Some(words)).await
    }

    async fn starttls_with(&mut self, step: &Step, octets: &Template) -> Done {
        let behind = self.fill(octets)?;
        let link = self.link(step.span)?;
        let starttls = link.session.protocol().map_or("STARTTLS", |p| p.starttls);
        let words = format!(
            "{starttls} and {} octets behind it in one write",
            behind.len()
        );
        note(link, &words);
        self.submit_line(step, starttls.as_bytes())?;
        self.link(step.span)?.session.queue_behind(&behind);
        let turn = self.settle(step).await?;
        self.judge_last(step, &turn)
    }

    async fn cut_after(&mut self, step: &Step, octets: u32, text: &Template) -> Done {
        let line = self.fill(text)?;
        self.submit_line(step, &line)?;
        let link = self.link(step.span)?;
        let mut queued = link.session.take_queued();
        let all = queued.len();
        queued.truncate(usize::try_from(octets).unwrap_or(usize::MAX));
        link.session.queue_behind(&queued);
        link.session.flush().await;
        let words = format!(
            "cut after {} of {all} octets, connection dropped",
            queued.len()
        );
        self.drop_link(step, &words).await
    }

    async fn half_close(&mut self, step: &Step) -> Done {
        let link = self.link(step.span)?;
        note(link, "our side is closed, reading goes on");
        if let Err(e) = link.session.half_close().await {
            let what = format!("the connection cannot be closed halfway: {e}");
            return Err(self.fail(Kind::Lost, step.span, what));
        }
        self.collect();
        self.wait_for(step).await
    }

    async fn after_break(&mut self, step: &Step) -> Done {
        let link = self.link(step.span)?;
        link.backlog.clear();
        if !link.waits() {
            link.settle(None).await;
            self.collect();
            return self.wait_for(step).await;
        }
        let turn = self.settle(step).await?;
        let at = self.talk.steps.iter().position(|s| std::ptr::eq(s, step));
        let next = at.and_then(|at| self.talk.steps.get(at + 1));
        let closing = step.groups.is_empty()
            && next.is_some_and(|s| matches!(s.action, crate::script::ast::Action::ExpectClose));
        self.judge(step, &turn, closing)
    }

    /// Takes down what was said, and drops the connection.
    async fn drop_link(&mut self, step: &Step, words: &str) -> Done {
        let link = self.link(step.span)?;
        link.session.drop_connection();
        while link.session.has_news() {
            let timed = link.session.next().await;
            link.take(timed, None);
        }
        note(link, words);
        self.collect();
        self.links.close();
        Ok(())
    }
}
