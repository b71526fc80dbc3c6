//! Formats Unix seconds in the notations of the remote.

/// Returns (year, month, day, hour, minute, second, day of week with 0 = Thursday) in UTC.
fn civil(seconds: i64) -> (i64, i64, i64, i64, i64, i64, usize) {
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let weekday = usize::try_from(days.rem_euclid(7)).unwrap_or(0);
    (
        year,
        month,
        day,
        rest / 3_600,
        rest / 60 % 60,
        rest % 60,
        weekday,
    )
}

/// Returns for example `2025-11-12T18:13:20Z`, the notation in signed URLs.
pub(super) fn iso(seconds: i64) -> String {
    let (year, month, day, hour, minute, second, _) = civil(seconds);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Returns for example `2025-11-12 10:13:20`, Los Angeles winter time, the notation in the envelope.
pub(super) fn local(seconds: i64) -> String {
    let (year, month, day, hour, minute, second, _) = civil(seconds - 8 * 3_600);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

/// Returns for example `Wed, 12 Nov 2025 18:13:20 GMT`, the notation in HTTP headers.
pub(super) fn http(seconds: i64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let (year, month, day, hour, minute, second, weekday) = civil(seconds);
    let month = MONTHS[usize::try_from(month - 1).unwrap_or(0)];
    format!(
        "{}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT",
        DAYS[weekday]
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn known_times_have_their_expected_notations() {
        assert_eq!(super::iso(1_760_343_131), "2025-10-13T08:12:11Z");
        assert_eq!(super::iso(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(super::http(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(super::local(1_762_971_200), "2025-11-12 10:13:20");
    }
}
