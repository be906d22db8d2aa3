//! What the sessions of a desk said, as a talk.

use super::desk::Desk;
use super::seat::Seat;
use crate::error::{Error, Result};
use crate::transcript::{Row, RowKind};

impl Desk {
    /// Writes what all sessions said as a talk.
    ///
    /// # Errors
    /// `Local` when the file exists or cannot be written.
    pub fn save_talk(&mut self, path: &std::path::Path) -> Result<()> {
        let text = self.talk(None)?;
        super::private_file(&path.display().to_string(), &text)
    }

    /// What all sessions said, in its order, or a range of the active one's exchanges, as a talk.
    ///
    /// # Errors
    /// `Usage` when there is none.
    pub fn talk(&self, range: Option<(u64, u64)>) -> Result<String> {
        let seat = self
            .seats
            .get(self.active)
            .ok_or_else(|| Error::usage("no session is open"))?;
        let (from, to) = range.unwrap_or((0, u64::MAX));
        let wanted: Vec<&Seat> = match range {
            Some(_) => vec![seat],
            None => self.seats.iter().collect(),
        };
        let mut rows: Vec<Row> = Vec::new();
        for seat in wanted {
            let kept = seat.record.iter();
            let kept = kept.filter(|kept| (from..=to).contains(&kept.number));
            let first = rows.len();
            rows.extend(kept.flat_map(|kept| &kept.rows).cloned());
            // What is spoken there was not always known when it was opened.
            let opened = rows[first..].iter_mut();
            for row in opened.filter(|row| row.kind == RowKind::Connected) {
                row.text = seat.connected_row().text;
            }
            // A range begins behind the connection: the talk opens it all the same.
            let behind = rows.get(first).filter(|r| r.kind != RowKind::Connected);
            if let Some(row) = behind {
                let opens = Row {
                    place: row.place,
                    session: row.session.clone(),
                    ..seat.connected_row()
                };
                rows.insert(first, opens);
            }
        }
        if rows.is_empty() {
            return Err(Error::usage("nothing of that is kept").hint(
                "kept",
                "the last 1,000 exchanges, 64 KiB of each, 16 MiB in all",
            ));
        }
        Ok(crate::transcript::save::talk(&rows))
    }

    /// A session begins with the row that says where it leads.
    pub fn record_opening(&mut self, seat: &mut Seat) {
        self.rows += 1;
        seat.record.add(Row {
            place: self.rows,
            ..seat.connected_row()
        });
    }
}
