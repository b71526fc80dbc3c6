//! Durations, times and errors in words, for people.

use crate::clock::{day, minute, time_of_day};
use crate::model::is_control;

/// Formats a duration in its two largest units.
#[must_use]
pub fn span(seconds: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a duration for people"
    )]
    let seconds = seconds.max(0.0).round() as u64;
    let (large, unit, small, part) = match seconds {
        0..60 => return format!("{seconds} s"),
        60..3600 => (seconds / 60, "min", seconds % 60, "s"),
        3600..86_400 => (seconds / 3600, "h", seconds % 3600 / 60, "min"),
        _ => (seconds / 86_400, "d", seconds % 86_400 / 3600, "h"),
    };
    match small {
        0 => format!("{large} {unit}"),
        small => format!("{large} {unit} {small} {part}"),
    }
}

/// Formats a time in Unix seconds: without the date if it is today.
#[must_use]
pub fn moment(time: f64, now: f64) -> String {
    match day(time) == day(now) {
        true => time_of_day(time),
        false => minute(time),
    }
}

/// Formats a duration roughly, in its largest unit.
#[must_use]
pub fn about(seconds: f64) -> String {
    let (size, unit) = match seconds {
        _ if seconds < 90.0 => (1.0, "s"),
        _ if seconds < 5_400.0 => (60.0, "min"),
        _ if seconds < 129_600.0 => (3_600.0, "h"),
        _ => (86_400.0, "d"),
    };
    format!("{:.0} {unit}", (seconds / size).max(1.0))
}

/// Returns a text of the remote or of the system in one line of at most 200 characters, without control characters.
#[must_use]
pub fn line(text: &str) -> String {
    let clean: String = text
        .chars()
        .map(|char| if is_control(char) { ' ' } else { char })
        .collect();
    match clean.char_indices().nth(200) {
        Some((at, _)) => format!("{}…", &clean[..at]),
        None => clean,
    }
}

/// Formats a number with thousands separators.
#[must_use]
pub fn thousands(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if number < 0 { format!("-{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::{about, line, moment, span, thousands};

    #[test]
    fn durations_are_shown_in_units_that_fit() {
        let shown = [0.4, 59.0, 61.0, 720.0, 3_700.0, 7_200.0, 90_000.0].map(span);
        let words = [
            "0 s",
            "59 s",
            "1 min 1 s",
            "12 min",
            "1 h 1 min",
            "2 h",
            "1 d 1 h",
        ];
        assert_eq!(shown, words);
        let shown = [0.2, 89.0, 90.0, 5_399.0, 7_200.0, 400_000.0].map(about);
        assert_eq!(shown, ["1 s", "89 s", "2 min", "90 min", "2 h", "5 d"]);
    }

    #[test]
    fn a_moment_of_another_day_has_its_date() {
        let now = 1_764_165_720.0;
        assert_eq!(moment(now - 60.0, now), "14:01 UTC");
        assert_eq!(moment(now - 86_400.0, now), "2025-11-25 14:02 UTC");
    }

    #[test]
    fn a_text_becomes_one_short_line() {
        assert_eq!(line("a\nb\u{1b}[2J"), "a b [2J");
        assert_eq!(line(&"é".repeat(300)).chars().count(), 201);
    }

    #[test]
    fn thousands_are_separated_by_commas() {
        assert_eq!(
            [0, 999, 1000, -1_234_567].map(thousands),
            ["0", "999", "1,000", "-1,234,567"]
        );
    }
}
