//! Names and what stands for them; secrets, and how they stay out of sight.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::{Done, Player, Stop, failed};
use crate::error::Kind;
use crate::script::ast::{Action, Break};
use crate::script::exchange::unset;
use crate::script::template::Template;
use crate::transcript::Row;
use crate::ui::diag::Diag;
use crate::ui::meant;
use crate::wire::secret::{Secret, cover};

/// Settings of `set`; every other name is a value.
const SETTINGS: &[&str] = &["tags", "lint", "timeout"];

/// The most that values may add to a line.
const FILLED: usize = 16 * 1024 * 1024;
/// The most that the values of one talk hold.
const HELD: usize = 16 * 1024 * 1024;

impl Player<'_> {
    /// A template with its names filled in.
    pub(super) fn fill(&self, template: &Template) -> Done<Vec<u8>> {
        if let Some(fixed) = template.fixed() {
            return Ok(fixed.to_vec());
        }
        let value = |name: &str| {
            let secret = self.secrets.get(name).map(Secret::expose);
            secret.or_else(|| self.values.get(name).map(Vec::as_slice))
        };
        let size = |(name, _)| value(name).map_or(0, <[u8]>::len);
        if template.names().map(size).sum::<usize>() > FILLED {
            let what = "with its values filled in, this is longer than 16 MiB";
            return Err(self.fail(Kind::Usage, template.span, what));
        }
        template.fill(value).map_err(|(name, span)| Stop::Failed {
            kind: Kind::Usage,
            diag: unset(self.talk, &name, span),
        })
    }

    pub(super) fn fill_text(&self, template: &Template) -> Done<String> {
        let bytes = self.fill(template)?;
        String::from_utf8(bytes)
            .map_err(|_| self.fail(Kind::Usage, template.span, "the value is not UTF-8"))
    }

    /// `set NAME VALUE`.
    pub(super) fn set(&mut self, name: &str, value: &Template) -> Done {
        use crate::proto::engine::Setting;

        let text = self.fill(value)?;
        if !SETTINGS.contains(&name) {
            if !crate::script::pattern::is_name(name) {
                let near = meant::nearest(name, SETTINGS.iter().copied());
                let mut diag = self.diag(value.span, "this is no setting and no name of a value");
                diag = match near {
                    Some(near) => diag.note(format!("did you mean {near}?")),
                    None => diag.note("values are named [a-z_][a-z0-9_]*"),
                };
                return Err(failed(Kind::Usage, diag));
            }
            let before = self.values.get(name).map_or(0, Vec::len);
            self.held = self.held.saturating_sub(before) + text.len();
            if self.held > HELD {
                let what = "the values of this talk are longer than 16 MiB";
                return Err(self.fail(Kind::Usage, value.span, what));
            }
            self.values.insert(name.to_owned(), text);
            return Ok(());
        }
        if name == "timeout" {
            let seconds = std::str::from_utf8(&text).ok().and_then(|t| t.parse().ok());
            let limit = seconds
                .and_then(|s| std::time::Duration::try_from_secs_f64(s).ok())
                .filter(|t| !t.is_zero());
            let Some(limit) = limit else {
                return Err(self.fail(Kind::Usage, value.span, "a number of seconds belongs here"));
            };
            self.timeout = Some(limit);
            return Ok(());
        }
        let on = match text.as_slice() {
            b"on" => true,
            b"off" => false,
            _ => return Err(self.fail(Kind::Usage, value.span, "on or off belongs here")),
        };
        let setting = match name {
            "tags" => Setting::Tags(on),
            _ => Setting::Lint(on),
        };
        let link = self.link(value.span)?;
        if let Some(engine) = link.session.engine_mut() {
            engine.set(setting);
        }
        Ok(())
    }

    /// A diagnostic without secrets.
    pub(super) fn masked(&self, mut diag: Diag) -> Diag {
        for line in &mut diag.got {
            mask(&self.secrets, line);
        }
        for note in diag.notes.iter_mut().chain([&mut diag.what]) {
            let mut bytes = std::mem::take(note).into_bytes();
            mask(&self.secrets, &mut bytes);
            *note = String::from_utf8_lossy(&bytes).into_owned();
        }
        diag
    }
}

/// Every name that is sent must have a value by then: told before anything is opened.
pub(super) fn check_names(player: &Player<'_>) -> Done {
    let mut known: BTreeSet<Cow<'_, str>> = player.values.keys().map(Cow::from).collect();
    known.extend(player.secrets.keys().map(Cow::from));
    for step in &player.talk.steps {
        for template in templates(&step.action) {
            for (name, span) in template.names() {
                if known.contains(name) {
                    continue;
                }
                let mut diag = unset(player.talk, name, span);
                if let Some(near) = meant::nearest(name, known.iter().map(|n| &**n)) {
                    diag.notes.insert(0, format!("did you mean {{{near}}}?"));
                }
                return Err(Stop::Failed {
                    kind: Kind::Usage,
                    diag,
                });
            }
        }
        if let Action::Set { name, .. } = &step.action {
            known.insert(Cow::from(name));
        }
        for expect in step.groups.iter().flatten() {
            known.extend(expect.shape.names().into_iter().map(Cow::from));
        }
    }
    Ok(())
}

fn templates(action: &Action) -> Vec<&Template> {
    match action {
        Action::Say(text) | Action::Data(text) | Action::Raw(text) => vec![text],
        Action::Set { value, .. } => vec![value],
        Action::Bdat { file, .. } => vec![file],
        Action::Auth { user, .. } => user.iter().collect(),
        Action::Open { target, early } => target.iter().chain(early).collect(),
        Action::Together { lines, .. } => lines.iter().map(|part| &part.text).collect(),
        Action::Break(rule) => match rule {
            Break::BareLf(text)
            | Break::BareCr(text)
            | Break::NoDotStuffing(text)
            | Break::StartTlsWith(text)
            | Break::LongLine { text, .. }
            | Break::Drip { text, .. }
            | Break::CutAfter { text, .. } => vec![text],
            Break::WrongLiteralSize | Break::AbandonLiteral | Break::HalfClose => Vec::new(),
        },
        Action::OnPractice { .. }
        | Action::Requires { .. }
        | Action::Fault { .. }
        | Action::Session { .. }
        | Action::StartTls
        | Action::Wait(_)
        | Action::ExpectClose => Vec::new(),
    }
}

/// Puts the mask in the place of every secret: also of one that another is a part of.
pub(super) fn mask(secrets: &BTreeMap<String, Secret>, text: &mut Vec<u8>) {
    let mut spans = Vec::new();
    for secret in secrets.values().map(Secret::expose) {
        if !secret.is_empty() {
            let found = memchr::memmem::find_iter(text, secret);
            spans.extend(found.map(|at| (at, at + secret.len())));
        }
    }
    if !spans.is_empty() {
        *text = cover(text, spans);
    }
}

/// For rows that are made outside a session.
pub(super) fn note(link: &mut super::Link, words: &str) {
    let row = Row::note(
        super::link::now(),
        link.rows.session(),
        link.session.is_secured(),
        crate::transcript::RowKind::Remark,
        words,
    );
    link.rows.flush(&mut link.rows_made);
    link.rows_made.push(row);
}
