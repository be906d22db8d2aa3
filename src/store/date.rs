//! Times as mail writes them: a moment and the zone it was written in. Pure arithmetic, no clock.

use std::fmt;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];

/// A day of the calendar, for comparing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day {
    /// The year.
    pub year: i32,
    /// The month, from 1.
    pub month: u8,
    /// The day, from 1.
    pub day: u8,
}

impl Day {
    /// A day, if the calendar has it.
    pub fn new(year: i32, month: u8, day: u8) -> Option<Self> {
        let legal = (1..=12).contains(&month) && day >= 1 && day <= days_in(year, month);
        legal.then_some(Self { year, month, day })
    }

    /// From the name of a month, in any case: ("1", "feb", "1994").
    pub fn named(day: &str, month: &str, year: &str) -> Option<Self> {
        let month = MONTHS
            .iter()
            .position(|m| m.eq_ignore_ascii_case(month))
            .and_then(|at| u8::try_from(at + 1).ok())?;
        Self::new(year.parse().ok()?, month, day.parse().ok()?)
    }

    /// Days since 1970-01-01.
    pub fn number(self) -> i64 {
        let year = i64::from(self.year) - i64::from(self.month <= 2);
        let era = year.div_euclid(400);
        let of_era = year.rem_euclid(400);
        let month = (i64::from(self.month) + 9) % 12;
        let of_year = (153 * month + 2) / 5 + i64::from(self.day) - 1;
        let day = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
        era * 146_097 + day - 719_468
    }

    fn from_number(number: i64) -> Self {
        let shifted = number + 719_468;
        let era = shifted.div_euclid(146_097);
        let day = shifted.rem_euclid(146_097);
        let of_era = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let of_year = day - (365 * of_era + of_era / 4 - of_era / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = of_era + era * 400 + i64::from(month <= 2);
        Self {
            year: i32::try_from(year).unwrap_or(i32::MAX),
            month: u8::try_from(month).unwrap_or(1),
            day: u8::try_from(day).unwrap_or(1),
        }
    }
}

fn days_in(year: i32, month: u8) -> u8 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 31,
    }
}

/// A moment, and the zone in which it is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Seconds since 1970-01-01 00:00 UTC.
    pub unix: i64,
    /// Minutes east of UTC.
    pub zone: i16,
}

impl Stamp {
    /// A moment in UTC. Beyond the years 1 to 9999 it is cut off there.
    pub fn utc(unix: i64) -> Self {
        Self {
            unix: unix.clamp(-62_135_596_800, 253_402_300_799),
            zone: 0,
        }
    }

    /// A day, a time and a zone (`+0130` is 90).
    pub fn new(day: Day, (hour, minute, second): (u8, u8, u8), zone: i16) -> Option<Self> {
        // A leap second is legal in a date-time and has no number of its own: it counts as the one
        // before it, so that it stays on its day.
        if hour > 23 || minute > 59 || second > 60 || zone.abs() > 24 * 60 {
            return None;
        }
        let of_day = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second.min(59));
        Some(Self {
            unix: day.number() * 86_400 + of_day - i64::from(zone) * 60,
            zone,
        })
    }

    /// The day as written in its own zone.
    pub fn day(self) -> Day {
        Day::from_number(self.local().div_euclid(86_400))
    }

    fn local(self) -> i64 {
        self.unix + i64::from(self.zone) * 60
    }

    fn time(self) -> (i64, i64, i64) {
        let of_day = self.local().rem_euclid(86_400);
        (of_day / 3600, of_day / 60 % 60, of_day % 60)
    }

    /// As IMAP writes it (RFC 9051 date-time, without the quotes): `17-Jul-1996 02:44:25 -0700`,
    /// the day padded with a blank.
    pub fn imap(self) -> impl fmt::Display {
        Imap(self)
    }

    /// As messages write it (RFC 5322 3.3): `Wed, 17 Jul 1996 02:44:25 -0700`.
    pub fn rfc5322(self) -> impl fmt::Display {
        Rfc5322(self)
    }

    fn zone_digits(self) -> (char, i16) {
        let sign = if self.zone < 0 { '-' } else { '+' };
        let minutes = self.zone.abs();
        (sign, minutes / 60 * 100 + minutes % 60)
    }
}

fn month_name(day: Day) -> &'static str {
    MONTHS
        .get(usize::from(day.month).wrapping_sub(1))
        .unwrap_or(&"Jan")
}

struct Imap(Stamp);

impl fmt::Display for Imap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = self.0.day();
        let month = month_name(day);
        let (hour, minute, second) = self.0.time();
        let (sign, zone) = self.0.zone_digits();
        let (date, year) = (day.day, day.year);
        write!(
            f,
            "{date:2}-{month}-{year:04} {hour:02}:{minute:02}:{second:02} {sign}{zone:04}"
        )
    }
}

struct Rfc5322(Stamp);

impl fmt::Display for Rfc5322 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = self.0.day();
        let month = month_name(day);
        let of_week = usize::try_from(day.number().rem_euclid(7)).unwrap_or(0);
        let weekday = WEEKDAYS.get(of_week).unwrap_or(&"Thu");
        let (hour, minute, second) = self.0.time();
        let (sign, zone) = self.0.zone_digits();
        let (date, year) = (day.day, day.year);
        write!(
            f,
            "{weekday}, {date} {month} {year:04} {hour:02}:{minute:02}:{second:02} {sign}{zone:04}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_there_and_back() {
        for (day, number) in [
            ((1970, 1, 1), 0),
            ((2000, 2, 29), 11_016),
            ((1969, 12, 31), -1),
            ((2026, 11, 21), 20_778),
        ] {
            let day = Day::new(day.0, day.1, day.2).unwrap();
            assert_eq!(day.number(), number);
            assert_eq!(Day::from_number(number), day);
        }
        for number in (-800_000..3_000_000).step_by(97) {
            assert_eq!(Day::from_number(number).number(), number);
        }
        assert_eq!(Day::new(2023, 2, 29), None);
        assert_eq!(Day::named("1", "feB", "1994"), Day::new(1994, 2, 1));
    }

    #[test]
    fn written_as_the_rfcs_do() {
        let day = Day::new(1996, 7, 7).unwrap();
        let stamp = Stamp::new(day, (2, 44, 25), -7 * 60).unwrap();
        assert_eq!(stamp.imap().to_string(), " 7-Jul-1996 02:44:25 -0700");
        assert_eq!(
            stamp.rfc5322().to_string(),
            "Sun, 7 Jul 1996 02:44:25 -0700"
        );
        assert_eq!(stamp.unix, 836_732_665);
        assert_eq!(stamp.day(), day);
        let leap = Day::new(2016, 12, 31).unwrap();
        let stamp = Stamp::new(leap, (23, 59, 60), 0).unwrap();
        assert_eq!(
            (stamp.day(), stamp.imap().to_string().as_str()),
            (leap, "31-Dec-2016 23:59:59 +0000")
        );
        assert_eq!(Stamp::new(leap, (23, 59, 61), 0), None);
        assert_eq!(
            Stamp::utc(i64::MAX).imap().to_string(),
            "31-Dec-9999 23:59:59 +0000"
        );
    }
}
