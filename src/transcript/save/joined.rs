//! Octets without a line end, and what was sent behind them, made the one line that they are on the
//! wire: the server answers lines.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::transcript::row::{Direction, Row, RowKind};

/// The rows with each open line joined to what closed it, where nothing came in between.
pub(super) fn joined<'r>(rows: &[&'r Row]) -> Vec<Cow<'r, Row>> {
    let mut out: Vec<Cow<'r, Row>> = Vec::with_capacity(rows.len());
    // By session: where its open line stands in `out`.
    let mut open: HashMap<&str, usize> = HashMap::new();
    for &row in rows {
        let session = &*row.session;
        match (open.remove(session), row.direction) {
            (Some(at), Direction::Sent) => {
                let begun = out[at].to_mut();
                begun.text.extend_from_slice(&row.text);
                begun.octets += row.octets;
                begun.exchange = row.exchange;
                begun.place = row.place;
                if is_open(begun) {
                    open.insert(session, at);
                }
                continue;
            }
            (Some(at), Direction::Note) => {
                open.insert(session, at);
            }
            (Some(_), Direction::Received) | (None, _) => {}
        }
        out.push(Cow::Borrowed(row));
        if is_open(row) {
            open.insert(session, out.len() - 1);
        }
    }
    out
}

fn is_open(row: &Row) -> bool {
    row.direction == Direction::Sent
        && row.kind == RowKind::Raw
        && row.octets == row.text.len() as u64
        && !row.text.ends_with(b"\n")
}
