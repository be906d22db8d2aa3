//! Rows as JSON, one object a line (docs/json.md). The form is an interface: fields are added, never
//! renamed.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::row::{Direction, ReplyRow, Row, RowKind, Stamp};
use crate::proto::event::Verdict;
use crate::wire::b64;
use crate::wire::show::json_safe;

/// Why a line is no row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow(pub String);

impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadRow {}

/// A row in the order in which its fields are written.
#[derive(Serialize, Deserialize)]
struct Form {
    time: String,
    session: String,
    direction: Direction,
    tls: bool,
    kind: RowKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exchange: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    b64: Option<String>,
    #[serde(default, skip_serializing_if = "is_zero")]
    octets: u64,
    #[serde(default, skip_serializing_if = "is_false")]
    added: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    verdict: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reply: Option<Box<ReplyRow>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ms: Option<f64>,
    /// What was asked of the console. Written alone: a row has no place for it.
    #[serde(default, skip_deserializing, skip_serializing_if = "Option::is_none")]
    command: Option<String>,
    /// The answer by its labels.
    #[serde(default, skip_deserializing, skip_serializing_if = "Option::is_none")]
    fields: Option<serde_json::Map<String, serde_json::Value>>,
}

// serde hands these functions a reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

// serde hands these functions a reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_false(b: &bool) -> bool {
    !*b
}

const VERDICTS: [(Verdict, &str); 5] = [
    (Verdict::Good, "good"),
    (Verdict::More, "more"),
    (Verdict::TryLater, "try-later"),
    (Verdict::Refused, "refused"),
    (Verdict::Note, "note"),
];

/// The row as one line of JSON, without the line end.
pub fn to_json(row: &Row) -> String {
    // A form of strings, numbers and booleans always has its JSON.
    json_safe(serde_json::to_string(&form(row)).unwrap_or_default())
}

/// What a console command answered, as one line of JSON: a row's form, with the command's name and,
/// where the answer is a table of labels and values, the table.
pub fn answer_to_json(row: &Row, command: &str, fields: &[(&str, String)]) -> String {
    let table = fields
        .iter()
        .map(|(label, value)| ((*label).to_owned(), value.as_str().into()));
    let form = Form {
        command: (!command.is_empty()).then(|| command.to_owned()),
        fields: (!fields.is_empty()).then(|| table.collect()),
        ..form(row)
    };
    json_safe(serde_json::to_string(&form).unwrap_or_default())
}

fn form(row: &Row) -> Form {
    let (text, b64) = match std::str::from_utf8(&row.text) {
        Ok(text) => (Some(text.to_owned()), None),
        Err(_) => (None, Some(b64::encode(&row.text))),
    };
    let received = row.direction == Direction::Received;
    let verdict = VERDICTS.iter().find(|(v, _)| *v == row.verdict && received);
    Form {
        time: row.time.to_string(),
        session: row.session.to_string(),
        direction: row.direction,
        tls: row.tls,
        kind: row.kind,
        exchange: row.exchange,
        text,
        b64,
        octets: row.octets,
        added: row.added,
        verdict: verdict.map(|(_, name)| (*name).to_owned()),
        reply: row.reply.clone(),
        ms: row.ms.map(|ms| (ms * 1000.0).round() / 1000.0),
        command: None,
        fields: None,
    }
}

/// Reads a line of JSON. Fields that are not known are passed over.
///
/// # Errors
/// What is wrong with it, in words.
pub fn from_json(line: &str) -> Result<Row, BadRow> {
    let form: Form = serde_json::from_str(line).map_err(|e| BadRow(e.to_string()))?;
    let time = Stamp::parse(&form.time)
        .ok_or_else(|| BadRow("\"time\" is no moment such as 2026-11-21T02:05:05.999Z".into()))?;
    let text = match (form.text, form.b64) {
        (Some(text), _) => text.into_bytes(),
        (None, Some(blob)) => b64::decode(blob.as_bytes())
            .map_err(|_| BadRow("\"b64\" is not base64".into()))?
            .to_vec(),
        (None, None) => Vec::new(),
    };
    let verdict = form
        .verdict
        .and_then(|name| VERDICTS.iter().find(|(_, n)| *n == name))
        .map_or(Verdict::Note, |(verdict, _)| *verdict);
    Ok(Row {
        time,
        session: Arc::from(form.session),
        direction: form.direction,
        tls: form.tls,
        kind: form.kind,
        exchange: form.exchange,
        text,
        octets: form.octets,
        added: form.added,
        verdict,
        reply: form.reply,
        ms: form.ms,
        place: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(text: &[u8]) -> Row {
        Row {
            direction: Direction::Received,
            kind: RowKind::Status,
            exchange: Some(3),
            text: text.to_vec(),
            octets: 8,
            verdict: Verdict::Refused,
            reply: Some(Box::new(ReplyRow {
                to: "RCPT".into(),
                code: "550".into(),
                enhanced: Some("5.1.1".into()),
                lines: 1,
                ..ReplyRow::default()
            })),
            ms: Some(1.25),
            ..Row::note(
                Stamp(1_795_226_705_999),
                &Arc::from("main"),
                true,
                RowKind::Status,
                "",
            )
        }
    }

    #[test]
    fn a_row_is_one_line_and_comes_back() {
        let one = row(b"550 5.1.1 no\n\x1b[2J");
        let json = to_json(&one);
        assert!(!json.contains('\n') && !json.contains('\x1b'));
        assert_eq!(
            json,
            "{\"time\":\"2026-11-21T02:05:05.999Z\",\"session\":\"main\",\"direction\":\"received\",\
             \"tls\":true,\"kind\":\"status\",\"exchange\":3,\"text\":\"550 5.1.1 no\\n\\u001b[2J\",\
             \"octets\":8,\"verdict\":\"refused\",\"reply\":{\"to\":\"RCPT\",\"code\":\"550\",\
             \"enhanced\":\"5.1.1\",\"lines\":1,\"content\":0,\"intermediate\":false},\"ms\":1.25}"
        );
        assert_eq!(from_json(&json), Ok(one));
    }

    #[test]
    fn octets_that_are_no_text_are_base64() {
        let one = row(b"\xff\xfe");
        let json = to_json(&one);
        assert!(json.contains("\"b64\":\"//4=\"") && !json.contains("\"text\""));
        assert_eq!(from_json(&json), Ok(one));
    }

    #[test]
    fn what_is_no_row_says_why() {
        for bad in ["", "{}", "[1]", "{\"time\":1}"] {
            assert!(from_json(bad).is_err());
        }
        let json = to_json(&row(b"x")).replace("2026-11-21T", "");
        assert!(from_json(&json).is_err_and(|e| e.0.contains("time")));
    }
}
