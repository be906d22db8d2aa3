//! Numbers with their units, and how wide text is.

use std::time::Duration;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A time as people read it: "0.4 ms", "12 ms", "1.24 s", "2 min 5 s".
pub fn time(took: Duration) -> String {
    millis(took.as_secs_f64() * 1000.0)
}

/// As `time`, of milliseconds.
pub fn millis(ms: f64) -> String {
    match ms {
        _ if ms < 10.0 => format!("{ms:.1} ms"),
        _ if ms < 1000.0 => format!("{ms:.0} ms"),
        _ if ms < 60_000.0 => format!("{:.2} s", ms / 1000.0),
        _ => match ((ms / 60_000.0).floor(), (ms % 60_000.0 / 1000.0).floor()) {
            (minutes, 0.0) => format!("{minutes} min"),
            (minutes, secs) => format!("{minutes} min {secs} s"),
        },
    }
}

/// A number in groups of three: 12,480.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// So many of something: "1 message", "12 messages".
pub fn counted(number: u64, what: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{} {what}{s}", grouped(number))
}

/// Columns on a terminal.
pub fn columns(text: &str) -> usize {
    text.width()
}

/// Columns of one character.
pub fn char_columns(c: char) -> usize {
    c.width().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_numbers() {
        assert_eq!(time(Duration::from_micros(420)), "0.4 ms");
        assert_eq!(time(Duration::from_millis(123)), "123 ms");
        assert_eq!(time(Duration::from_millis(1240)), "1.24 s");
        assert_eq!(time(Duration::from_secs(125)), "2 min 5 s");
        assert_eq!(time(Duration::from_secs(60)), "1 min");
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(columns("日本"), 4);
    }
}
