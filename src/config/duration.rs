//! Lengths of time as operators write them.

use std::time::Duration;

use crate::error::{Error, Result};

/// Reads a length of time: a whole number with `ms`, `s`, `m` or `h`; without a unit it is seconds.
/// Zero is allowed and means no limit wherever a limit is asked for.
///
/// `name` is the flag or variable, for the error.
pub fn parse_duration(name: &str, text: &str) -> Result<Duration> {
    let text = text.trim();
    let digits = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let milliseconds = match unit.trim_start() {
        "ms" => 1,
        "" | "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        _ => 0,
    };
    number
        .parse::<u64>()
        .ok()
        .filter(|_| milliseconds > 0)
        .and_then(|number| number.checked_mul(milliseconds))
        .map(Duration::from_millis)
        .ok_or_else(|| {
            Error::usage("settings.duration", format!("{name} is not a length of time")).hint(
                "write a whole number of seconds, or one with a unit: 500ms, 30s, 5m, 1h; 0 is no limit",
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read_and_nonsense_is_refused() {
        for (text, milliseconds) in
            [("0", 0), ("10", 10_000), ("500ms", 500), ("2 m", 120_000), (" 1h ", 3_600_000)]
        {
            assert_eq!(parse_duration("x", text).unwrap(), Duration::from_millis(milliseconds), "{text}");
        }
        for text in ["", "s", "-1", "1.5", "1d", "99999999999999999999", "18446744073709551615h"] {
            assert!(parse_duration("x", text).is_err(), "{text}");
        }
    }
}
