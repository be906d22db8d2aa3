//! What the desk says of its own: remarks, tables, help cards, text to copy.
//!
//! Rule: on a screen it is marked text; with `--json` every piece is one object, which names the
//! console command that it answers (docs/json.md).

use crate::error::Result;
use crate::transcript::{Row, RowKind, Stamp, answer_to_json, to_json};
use crate::ui::marks::{Fold, fold};
use crate::ui::render::{Mark, Renderer};
use crate::ui::style::{Role, Styled};
use crate::wire::show::show as show_safe;

use super::desk::Desk;

impl Desk {
    /// A line of our own on the screen.
    ///
    /// # Errors
    /// `Local` when the screen cannot be written.
    pub fn say(&mut self, mark: Mark, text: &str) -> Result<()> {
        let remark = mark == Mark::Remark;
        if remark {
            self.log_remark(text)?;
        }
        if self.settings.json {
            return match self.answering {
                Some(_) if self.settings.quiet => Ok(()),
                Some(_) => self.answer_in_json(text.to_owned(), &[]),
                None if remark => {
                    let json = to_json(&self.note(RowKind::Remark, text)) + "\n";
                    self.screen.write(&json)
                }
                None => Ok(()),
            };
        }
        if self.settings.quiet {
            return Ok(());
        }
        let mut out = Vec::new();
        let style = self.style();
        match self.seats.get_mut(self.active) {
            Some(seat) => seat.renderer.note(mark, text, &mut out),
            None => Renderer::new(style).note(mark, text, &mut out),
        }
        self.screen.write(&out)
    }

    /// A log holds what was not sent, and why, as it holds what was.
    fn log_remark(&mut self, text: &str) -> Result<()> {
        let Some(json) = self.log.as_ref().map(|log| log.json) else {
            return Ok(());
        };
        let mut out = Vec::new();
        if json {
            out = (to_json(&self.note(RowKind::Remark, text)) + "\n").into_bytes();
        } else if let Some(seat) = self.seats.get_mut(self.active) {
            seat.log.note(Mark::Remark, text, &mut out);
        }
        let logged = self.log.as_mut().map_or(Ok(()), |log| log.write(&out));
        logged.or_else(|error| self.end_log(error))
    }

    /// Lines of ours that have no mark: a help card, a table.
    ///
    /// # Errors
    /// As `say`.
    pub fn print(&mut self, lines: &[Styled]) -> Result<()> {
        if self.settings.json {
            let text: Vec<_> = lines.iter().map(Styled::text).collect();
            return self.answer_in_json(text.join("\n"), &[]);
        }
        let look = self.settings.look;
        let text: String = lines
            .iter()
            .flat_map(|line| fold(line.clone(), look.width, Fold::Words))
            .map(|line| line.render(&look) + "\n")
            .collect();
        self.screen.write(&text)
    }

    /// Labels and their values, one a line; `width` is the column of the values.
    ///
    /// # Errors
    /// As `say`.
    pub fn table(&mut self, rows: &[(&str, String)], width: usize) -> Result<()> {
        let charset = self.settings.look.charset;
        let lines: Vec<Styled> = rows
            .iter()
            .map(|(label, text)| {
                Styled::new(Role::Dim, format!("{label:<width$}"))
                    .with(Role::Plain, show_safe(text.as_bytes(), charset))
            })
            .collect();
        if !self.settings.json {
            return self.print(&lines);
        }
        let text: Vec<_> = lines.iter().map(Styled::text).collect();
        self.answer_in_json(text.join("\n"), rows)
    }

    /// Text of ours that somebody may copy: never folded, never coloured.
    ///
    /// # Errors
    /// As `say`.
    pub fn verbatim(&mut self, text: &str) -> Result<()> {
        if self.settings.json {
            return self.answer_in_json(text.trim_end_matches('\n').to_owned(), &[]);
        }
        self.screen.write(text)
    }

    /// A note about the session in use, now.
    fn note(&self, kind: RowKind, text: &str) -> Row {
        let since = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        let seat = self.seats.get(self.active);
        let session = seat.map_or_else(|| "".into(), |seat| seat.rows.session().clone());
        let secured = seat.is_some_and(|seat| seat.session.is_secured());
        Row::note(Stamp::new(since), &session, secured, kind, text)
    }

    fn answer_in_json(&mut self, text: String, fields: &[(&str, String)]) -> Result<()> {
        let row = self.note(RowKind::Console, &text);
        let command = self.answering.map(|name| format!(":{name}"));
        let json = answer_to_json(&row, &command.unwrap_or_default(), fields);
        self.screen.write(&(json + "\n"))
    }
}
