//! Points in time as z4j stores and signs them: UTC, whole microseconds.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

const MICROS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// A point in time, in microseconds since 1970-01-01T00:00:00Z.
///
/// The canonical form, which is signed, is Python's `datetime.isoformat()` with six digits and an explicit
/// zone: `2026-03-01T12:00:00.000001+00:00`. SQLite holds `2026-03-01 12:00:00.000001` without a zone,
/// always UTC; server defaults leave the fraction out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Length of the canonical form in bytes (years 0001 to 9999).
    pub const CANONICAL_LEN: usize = 32;
    /// 0001-01-01T00:00:00Z, the earliest time that Python can hold.
    pub const MIN: Self = Self(-62_135_596_800 * MICROS_PER_SECOND);
    /// 9999-12-31T23:59:59.999999Z, the latest one.
    pub const MAX: Self = Self(253_402_300_799 * MICROS_PER_SECOND + 999_999);

    /// From microseconds since the Unix epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From whole seconds since the Unix epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(MICROS_PER_SECOND))
    }

    /// Microseconds since the Unix epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// This time moved by a number of seconds, saturating.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(MICROS_PER_SECOND)))
    }

    /// The next representable time.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// Reads every form that occurs in a z4j database or on a command line: `YYYY-MM-DD` followed
    /// optionally by `T` or a space and `HH:MM[:SS[.f{1,6}]]` and by `Z`, `+HH`, `+HHMM` or `+HH:MM`.
    /// Without a zone the time is UTC.
    pub fn parse(text: &str) -> Option<Self> {
        Self::parse_bytes(text.as_bytes())
    }

    /// [`Timestamp::parse`] for bytes.
    pub fn parse_bytes(text: &[u8]) -> Option<Self> {
        let (year, month, day) = match text {
            [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1, ..] => {
                (i64::from(digits(&[*y0, *y1, *y2, *y3])?), digits(&[*m0, *m1])?, digits(&[*d0, *d1])?)
            }
            _ => return None,
        };
        if year < 1 || !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
            return None;
        }
        let mut seconds = days_from_civil(year, month, day) * SECONDS_PER_DAY;
        let mut micros = 0;
        let mut rest = &text[10..];
        if !rest.is_empty() {
            let [b'T' | b't' | b' ', h0, h1, b':', m0, m1, after @ ..] = rest else { return None };
            let (hour, minute) = (digits(&[*h0, *h1])?, digits(&[*m0, *m1])?);
            if hour > 23 || minute > 59 {
                return None;
            }
            seconds += i64::from(hour) * 3600 + i64::from(minute) * 60;
            rest = after;
            if let [b':', s0, s1, after @ ..] = rest {
                let second = digits(&[*s0, *s1])?;
                if second > 59 {
                    return None;
                }
                seconds += i64::from(second);
                rest = after;
                if let [b'.', after @ ..] = rest {
                    let length = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
                    if length == 0 || length > 6 {
                        return None;
                    }
                    micros =
                        i64::from(digits(&after[..length])?) * 10_i64.pow(6 - u32::try_from(length).ok()?);
                    rest = &after[length..];
                }
            }
            seconds -= zone_offset(rest)?;
        }
        let time = Self(seconds * MICROS_PER_SECOND + micros);
        (Self::MIN..=Self::MAX).contains(&time).then_some(time)
    }

    /// Appends the canonical form.
    pub fn write_canonical(self, out: &mut Vec<u8>) {
        self.write(out, b'T', b"+00:00");
    }

    /// The canonical form: `2026-03-01T12:00:00.000001+00:00`.
    pub fn canonical(self) -> String {
        self.text(b'T', b"+00:00")
    }

    /// The form of z4j's known-head envelope: `2026-03-01T12:00:00.000001Z`.
    pub fn zulu(self) -> String {
        self.text(b'T', b"Z")
    }

    /// The form that SQLite stores: `2026-03-01 12:00:00.000001`.
    pub fn sqlite(self) -> String {
        self.text(b' ', b"")
    }

    fn text(self, separator: u8, zone: &[u8]) -> String {
        let mut out = Vec::with_capacity(Self::CANONICAL_LEN);
        self.write(&mut out, separator, zone);
        String::from_utf8_lossy(&out).into_owned()
    }

    fn write(self, out: &mut Vec<u8>, separator: u8, zone: &[u8]) {
        // Sums and differences of times can lie outside.
        let micros = self.0.clamp(Self::MIN.0, Self::MAX.0);
        let seconds = micros.div_euclid(MICROS_PER_SECOND);
        let (year, month, day) = civil_from_days(seconds.div_euclid(SECONDS_PER_DAY));
        let of_day = seconds.rem_euclid(SECONDS_PER_DAY);
        let mut text = *b"0000-00-00 00:00:00.000000";
        put(&mut text[..4], year);
        put(&mut text[5..7], month);
        put(&mut text[8..10], day);
        text[10] = separator;
        put(&mut text[11..13], of_day / 3600);
        put(&mut text[14..16], of_day / 60 % 60);
        put(&mut text[17..19], of_day % 60);
        put(&mut text[20..], micros.rem_euclid(MICROS_PER_SECOND));
        out.extend_from_slice(&text);
        out.extend_from_slice(zone);
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.canonical())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a time"))
    }
}

/// Writes the last decimal digits of a value, as many as there is room for.
fn put(room: &mut [u8], value: i64) {
    let mut rest = value.unsigned_abs();
    for digit in room.iter_mut().rev() {
        *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
}

fn digits(text: &[u8]) -> Option<u32> {
    text.iter().try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u32::from(byte - b'0')))
}

/// Seconds east of UTC of a zone suffix; none means UTC.
fn zone_offset(text: &[u8]) -> Option<i64> {
    let (sign, rest) = match text {
        [] | [b'Z' | b'z'] => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = match rest {
        [h0, h1] => (digits(&[*h0, *h1])?, 0),
        [h0, h1, b':', m0, m1] | [h0, h1, m0, m1] => (digits(&[*h0, *h1])?, digits(&[*m0, *m1])?),
        _ => return None,
    };
    (hours < 24 && minutes < 60).then(|| sign * (i64::from(hours) * 3600 + i64::from(minutes) * 60))
}

fn days_in_month(year: i64, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a date in the proleptic Gregorian calendar. Howard Hinnant, "chrono-Compatible
/// Low-Level Date Algorithms".
fn days_from_civil(year: i64, month: u32, day: u32) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((i64::from(month) + 9) % 12) + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Year, month and day of a day number; the inverse of [`days_from_civil`].
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted_month + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_all_stored_forms() {
        let noon = Timestamp::from_seconds(1_772_366_400);
        for text in [
            "2026-03-01 12:00:00.000000",
            "2026-03-01 12:00:00",
            "2026-03-01T12:00:00Z",
            "2026-03-01T14:00:00.0+02:00",
            "2026-03-01 12:00:00+00",
            "2026-03-01T06:30-0530",
        ] {
            assert_eq!(Timestamp::parse(text), Some(noon), "{text}");
        }
        assert_eq!(noon.canonical(), "2026-03-01T12:00:00.000000+00:00");
    }

    #[test]
    fn refuses_what_is_no_time() {
        for text in [
            "",
            "2026",
            "2026-02-29",
            "2026-13-01",
            "2026-03-01 24:00:00",
            "2026-03-01 12:60:00",
            "2026-03-01 12:00:00.",
            "2026-03-01 12:00:00.1234567",
            "2026-03-01 12:00:00 ",
            "x026-03-01",
            "2026-03-01T12:00:00+25:00",
            "0000-01-01",
            "2026-03-01\u{a0}12:00:00",
            "0001-01-01T00:00:00+01:00",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_form_reads_back(micros in Timestamp::MIN.micros()..=Timestamp::MAX.micros()) {
            let time = Timestamp::from_micros(micros);
            for text in [time.canonical(), time.zulu(), time.sqlite()] {
                prop_assert_eq!(Timestamp::parse(&text), Some(time));
            }
            prop_assert_eq!(time.canonical().len(), Timestamp::CANONICAL_LEN);
        }

        #[test]
        fn arbitrary_text_never_panics(text in ".{0,40}") {
            let _ = Timestamp::parse(&text);
        }
    }
}
