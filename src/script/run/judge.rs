//! Replies against what was expected of them, and the diagnostic when they differ.

use std::time::{Duration, Instant};

use super::link::{Heeded, Link, Turn};
use super::{Done, Player, Stop, failed};
use crate::error::Kind;
use crate::knowledge;
use crate::proto::event::{Reply, Verdict};
use crate::script::ast::{Action, Expect, ExpectKind, Group, Step};
use crate::script::expect::{Mismatch, Why, compare, fits_alone, in_time};
use crate::script::heard::{Heard, Response, ResponseKind};
use crate::script::pattern::Values;
use crate::ui::diag::Diag;
use crate::ui::{html, units};

/// How long an `S:` waits for a line that nobody asked for.
const LISTEN: Duration = Duration::from_secs(10);

/// Lines of a reply shown with a diagnostic.
const SHOWN: usize = 4;

static NOTHING: Group = Group::new();

/// The time after which no line of the step's replies is of use any more.
pub(super) fn latest(step: &Step) -> Option<Duration> {
    let mut musts = step
        .groups
        .iter()
        .flatten()
        .filter(|e| e.kind == ExpectKind::Must)
        .peekable();
    musts.peek()?;
    musts.try_fold(Duration::ZERO, |most, e| Some(most.max(e.within?)))
}

impl Player<'_> {
    /// The replies of a turn against the step's groups. Their captures are kept.
    pub(super) fn judge(&mut self, step: &Step, turn: &Turn, closing: bool) -> Done {
        self.alive(step, turn, closing)?;
        let groups = groups_for(step, turn.replies.len());
        for (index, heeded) in turn.replies.iter().enumerate() {
            let group = groups.get(index).copied().unwrap_or(&NOTHING);
            let Err(stop) = self.judge_one(step, group, heeded) else {
                continue;
            };
            let fits = pooled(&turn.replies, index);
            if fits.is_none_or(|heeded| self.judge_one(step, group, &heeded).is_err()) {
                return Err(stop);
            }
        }
        if let Some(extra) = groups.get(turn.replies.len()..)
            && let Some(expect) = extra
                .iter()
                .find_map(|group| group.iter().find(|e| e.kind == ExpectKind::Must))
            && !turn.replies.is_empty()
        {
            let what = match turn.replies.len() {
                1 => "there was one reply and no more".to_owned(),
                n => format!("there were {n} replies and no more"),
            };
            let diag = self.diag(expect.span, what).label("expected of one more");
            return Err(failed(Kind::Refused, diag));
        }
        let finals = turn
            .replies
            .iter()
            .filter(|h| !h.reply.intermediate)
            .count();
        self.passed(finals);
        Ok(())
    }

    /// Only the last reply counts: `auth`, `data`, `starttls`.
    pub(super) fn judge_last(&mut self, step: &Step, turn: &Turn) -> Done {
        self.alive(step, turn, false)?;
        let group = step.groups.first().unwrap_or(&NOTHING);
        if let Some(last) = turn.replies.last() {
            self.judge_one(step, group, last)?;
        }
        self.passed(1);
        Ok(())
    }

    fn judge_one(&mut self, step: &Step, group: &[Expect], heeded: &Heeded) -> Done {
        let imap = self.link(step.span)?.is_imap();
        match compare(group, &heeded.heard, imap, &self.values) {
            Ok(mut new) => {
                let says = group.iter().any(|e| e.kind == ExpectKind::Must);
                if !says && refuses(&heeded.reply) {
                    return Err(self.refused(step, heeded));
                }
                self.values.append(&mut new);
                Ok(())
            }
            Err(mismatch) => Err(self.mismatch(step, group, heeded, &mismatch)),
        }
    }

    /// The connection still stands, or ended where nothing was due any more.
    fn alive(&mut self, step: &Step, turn: &Turn, closing: bool) -> Done {
        if turn.timed_out {
            let first = step.groups.iter().flatten();
            let expect = first
                .filter(|e| e.kind == ExpectKind::Must)
                .max_by_key(|e| e.within);
            let (span, within) = expect.map_or((step.span, Duration::ZERO), |e| {
                (e.span, e.within.unwrap_or_default())
            });
            let what = format!("no reply came within {}", seconds(within));
            let mut diag = self.diag(span, what).label("expected by then");
            if let Some(heard) = turn.unfinished() {
                diag = with_got(diag, heard);
            }
            return Err(failed(Kind::Refused, diag));
        }
        let protocol = self.link(step.span)?.session.protocol().map(|p| p.name);
        let link = self.link(step.span)?;
        let Some(ended) = &link.ended else {
            return Ok(());
        };
        if let Some(words) = link.untrusted.clone() {
            let what = "the server's certificate is not trusted";
            let diag = self
                .diag(step.span, what)
                .note(words)
                .note("--ca-file FILE trusts its issuer, --insecure goes on without trust");
            return Err(failed(Kind::Tls, diag));
        }
        let error = ended.clone();
        let lost = error.as_ref().is_some_and(|e| e.kind == Kind::Lost);
        if !turn.replies.is_empty() && (error.is_none() || lost)
            || closing && (lost || error.is_none())
        {
            return Ok(());
        }
        let (kind, what) = match &error {
            Some(error) if !error.what.is_empty() => (error.kind, error.what.clone()),
            _ => (Kind::Lost, "the connection is closed".to_owned()),
        };
        let mut diag = self.diag(step.span, what);
        if let Some(heard) = turn.unfinished() {
            diag = with_got(diag, heard);
        }
        for (label, hint) in error.iter().flat_map(|e| &e.hints) {
            diag = diag.note(format!("{label} {hint}"));
        }
        if protocol.is_none() {
            diag = diag.note("the server has not said what it speaks: open smtp://…, imap://…");
        }
        Err(failed(kind, diag))
    }

    fn mismatch(
        &mut self,
        step: &Step,
        group: &[Expect],
        heeded: &Heeded,
        mismatch: &Mismatch,
    ) -> Stop {
        let expect = &group[mismatch.index];
        let (what, label) = match &mismatch.why {
            Why::Missing => ("the reply is not the one expected".to_owned(), "expected"),
            Why::Forbidden(_) => (
                "the reply holds a line that must not be there".to_owned(),
                "must not be there",
            ),
            Why::Late(at) => (
                format!(
                    "the line came after {}, later than {}",
                    seconds(*at),
                    seconds(expect.within.unwrap_or_default())
                ),
                "expected earlier",
            ),
            Why::Early(at) => (
                format!(
                    "the line came after {}, earlier than {}",
                    seconds(*at),
                    seconds(expect.after.unwrap_or_default())
                ),
                "expected later",
            ),
        };
        let mut diag = self.diag(expect.span, what).label(label);
        if step.span.line < expect.span.line {
            diag = diag.with_line(&self.talk.source, step.span.line);
        }
        diag = match &mismatch.why {
            Why::Forbidden(line) => diag.got(line.clone()),
            _ => with_got(diag, &heeded.heard),
        };
        if mismatch.why == Why::Missing && differs_in_case(expect, &heeded.heard) {
            diag = diag.note("case counts in S: lines");
        }
        if let Some(meaning) = self.meaning(&heeded.reply) {
            diag = diag.note(meaning);
        }
        failed(self.kind_of(step, &heeded.reply), diag)
    }

    fn refused(&mut self, step: &Step, heeded: &Heeded) -> Stop {
        let diag = self
            .diag(step.span, "the server refuses this")
            .label("an S: line would expect a refusal");
        let mut diag = with_got(diag, &heeded.heard);
        if let Some(meaning) = self.meaning(&heeded.reply) {
            diag = diag.note(meaning);
        }
        failed(self.kind_of(step, &heeded.reply), diag)
    }

    fn kind_of(&self, step: &Step, reply: &Reply) -> Kind {
        let login = matches!(step.action, Action::Auth { .. }) || reply.is_to_login();
        match reply.verdict {
            Verdict::TryLater => Kind::TryLater,
            Verdict::Refused if login => Kind::Auth,
            _ => Kind::Refused,
        }
    }

    /// What a reply means after its command, in one line.
    fn meaning(&mut self, reply: &Reply) -> Option<String> {
        let link = self.links.current()?;
        let protocol = link.session.protocol()?.name;
        let enhanced = reply.enhanced.as_deref();
        let moment = knowledge::moment(protocol, &reply.code, enhanced, &reply.to)?;
        let code = match enhanced {
            Some(enhanced) => format!("{} {enhanced}", reply.code),
            None => reply.code.clone(),
        };
        let to = match reply.to.as_str() {
            "." => "the message",
            to => to,
        };
        Some(format!(
            "{code} after {to}: {}",
            html::plain(moment.meaning)
        ))
    }

    /// Each `S` line waits for the next line that fits, as in IDLE.
    pub(super) async fn wait_for(&mut self, step: &Step) -> Done {
        for expect in step.groups.iter().flatten() {
            self.wait_for_line(step, expect).await?;
        }
        if !step.groups.is_empty() {
            self.passed(1);
        }
        Ok(())
    }

    async fn wait_for_line(&mut self, step: &Step, expect: &Expect) -> Done {
        let began = Instant::now();
        let limit = match expect.kind {
            ExpectKind::Must => expect.within.unwrap_or(LISTEN),
            // What may or must not come is looked for among what has come.
            ExpectKind::May | ExpectKind::Never => expect.within.unwrap_or_default(),
        };
        let deadline = tokio::time::Instant::now() + limit;
        let known = std::mem::take(&mut self.values);
        let link = match self.link(step.span) {
            Ok(link) => link,
            Err(stop) => {
                self.values = known;
                return Err(stop);
            }
        };
        let mut passed_by: Vec<Vec<u8>> = Vec::new();
        let outcome = await_line(link, expect, &known, deadline, &mut passed_by).await;
        let over = link.ended.is_some();
        self.values = known;
        self.collect();
        match (outcome, expect.kind) {
            (Some(mut new), ExpectKind::Must | ExpectKind::May) => {
                self.values.append(&mut new);
                in_time(expect, began.elapsed()).map_err(|why| {
                    let why = match why {
                        Why::Late(at) => format!("the line came after {}, too late", seconds(at)),
                        Why::Early(at) => format!("the line came after {}, too early", seconds(at)),
                        _ => String::new(),
                    };
                    self.fail(Kind::Refused, expect.span, why)
                })
            }
            (Some(_), ExpectKind::Never) => {
                let what = "a line came that must not be there";
                Err(self.fail(Kind::Refused, expect.span, what))
            }
            (None, ExpectKind::Must) => {
                let what = if over {
                    "the connection ended before such a line came".to_owned()
                } else {
                    format!("no such line came within {}", seconds(limit))
                };
                let mut diag = self.diag(expect.span, what).label("expected");
                let from = passed_by.len().saturating_sub(SHOWN);
                for line in passed_by.drain(from..) {
                    diag = diag.got(line);
                }
                let kind = if over { Kind::Lost } else { Kind::Refused };
                Err(failed(kind, diag))
            }
            (None, _) => Ok(()),
        }
    }
}

async fn await_line(
    link: &mut Link,
    expect: &Expect,
    known: &Values,
    deadline: tokio::time::Instant,
    passed_by: &mut Vec<Vec<u8>>,
) -> Option<Values> {
    let optional = expect.kind != ExpectKind::Must;
    loop {
        // What may be missing leaves the other lines to those who come after.
        for at in 0..link.backlog.len() {
            let mut new = Values::new();
            if fits_alone(expect, &link.backlog[at].text, known, &mut new) {
                link.backlog.drain(..=at);
                return Some(new);
            }
        }
        if !optional {
            let lines = link.backlog.drain(..).map(|line| line.text);
            passed_by.extend(lines);
            passed_by.drain(..passed_by.len().saturating_sub(SHOWN));
        }
        if !link.listen(deadline).await {
            return None;
        }
    }
}

/// A reply with the untagged data of all replies of its turn: between pipelined IMAP commands nobody
/// can tell whose it is (RFC 9051 5.5).
fn pooled(replies: &[Heeded], index: usize) -> Option<Heeded> {
    let untagged = |response: &&Response| response.kind == ResponseKind::Untagged;
    let all = replies.iter().flat_map(|r| &r.heard.responses);
    let mut responses: Vec<Response> = all.filter(untagged).cloned().collect();
    let own = replies.get(index)?;
    if replies.len() < 2 || responses.is_empty() {
        return None;
    }
    let rest = own.heard.responses.iter().filter(|r| !untagged(r));
    responses.extend(rest.cloned());
    Some(Heeded {
        reply: own.reply.clone(),
        heard: own.heard.with(responses),
    })
}

/// The groups for so many replies: those that `--` parts; LMTP's also part themselves.
fn groups_for(step: &Step, replies: usize) -> Vec<&[Expect]> {
    if replies < 2 || step.groups.len() != 1 {
        return step.groups.iter().map(Vec::as_slice).collect();
    }
    let group = &step.groups[0];
    let mut parts = Vec::new();
    let mut from = 0;
    for (at, expect) in group.iter().enumerate() {
        let text = expect.shape.literal_start();
        let goes_on = text.len() > 3 && text[3] == b'-' && text[..3].iter().all(u8::is_ascii_digit);
        if !goes_on && expect.kind == ExpectKind::Must {
            parts.push(&group[from..=at]);
            from = at + 1;
        }
    }
    if from < group.len() {
        parts.push(&group[from..]);
    }
    parts
}

fn refuses(reply: &Reply) -> bool {
    matches!(reply.verdict, Verdict::Refused | Verdict::TryLater)
}

/// Shows the end of a reply: the status is there.
fn with_got(mut diag: Diag, heard: &Heard) -> Diag {
    let lines: Vec<&[u8]> = heard.lines().map(|l| l.text.as_slice()).collect();
    let from = lines.len().saturating_sub(SHOWN);
    if from > 0 {
        let plural = if from == 1 { "" } else { "s" };
        diag = diag.got(format!("… {from} line{plural} before"));
    }
    for line in &lines[from..] {
        diag = diag.got(*line);
    }
    if heard.not_kept > 0 {
        diag = diag.note(format!(
            "{} octets of the reply were too much to be compared",
            heard.not_kept
        ));
    }
    diag
}

fn differs_in_case(expect: &Expect, heard: &Heard) -> bool {
    let text = expect.shape.literal_start();
    !text.is_empty()
        && heard.lines().any(|line| {
            line.text.len() >= text.len()
                && line.text[..text.len()].eq_ignore_ascii_case(text)
                && &line.text[..text.len()] != text
        })
}

fn seconds(time: Duration) -> String {
    units::millis(time.as_secs_f64() * 1000.0)
}
