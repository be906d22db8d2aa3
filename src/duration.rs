//! Times as people write them: `2s`, `500ms`, `1.5s`, `2m`.

use std::time::Duration;

/// The longest that can be written.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// A number with `ms`, `s` or `m`, a day at most; `None` for anything else.
pub fn read(text: &str) -> Option<Duration> {
    let unit = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(unit);
    let scale = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        _ => return None,
    };
    let seconds = number.parse::<f64>().ok()? * scale;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|time| *time <= LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        assert_eq!(read("2s"), Some(Duration::from_secs(2)));
        assert_eq!(read("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(read("1.5m"), Some(Duration::from_secs(90)));
        for bad in [
            "2", "s", "2h", "-1s", "9999999m", "1..2s", "", "2ss", "1e3s",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
