//! What the desk says of its own: remarks, tables, help cards, text to copy.
//!
//! Rule: on a screen it is marked text; with `--json` every piece is one object, which names the
//! console command that it answers (docs/json.md).

use crate::error::Result;
use crate::transcript::{Row, RowKind, Stamp, answer_to_json};
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
        if self.settings.quiet {
            return Ok(());
        }
        if self.settings.json {
            return match self.answering {
                Some(_) => self.answer_in_json(text.to_owned(), &[]),
                None => Ok(()),
            };
        }
        let mut out = Vec::new();
        let style = self.style();
        match self.seats.get_mut(self.active) {
            Some(seat) => seat.renderer.note(mark, text, &mut out),
            None => Renderer::new(style).note(mark, text, &mut out),
        }
        self.screen.write(&out)
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

    fn answer_in_json(&mut self, text: String, fields: &[(&str, String)]) -> Result<()> {
        let since = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        let seat = self.seats.get(self.active);
        let session = seat.map_or_else(|| "".into(), |seat| seat.rows.session().clone());
        let secured = seat.is_some_and(|seat| seat.session.is_secured());
        let row = Row::note(
            Stamp::new(since),
            &session,
            secured,
            RowKind::Console,
            &text,
        );
        let command = self.answering.map(|name| format!(":{name}"));
        let json = answer_to_json(&row, &command.unwrap_or_default(), fields);
        self.screen.write(&(json + "\n"))
    }
}
