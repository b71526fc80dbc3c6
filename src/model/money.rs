//! Money as integer micro-dollars, so that sums are exact.

use std::fmt;

/// An amount in millionths of a US dollar. The price of a page is 50,000.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MicroUsd(pub i64);

impl MicroUsd {
    /// Parses a decimal amount of dollars, such as `12`, `0.05` or `1.234567`, without using a float.
    ///
    /// # Errors
    /// Returns a message if the text is not a non-negative decimal with at most six places, or is too large.
    pub fn parse_usd(text: &str) -> Result<Self, String> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) {
            return Err(format!(
                "`{text}` is not an amount of dollars such as 12.50"
            ));
        }
        if fraction.len() > 6 {
            return Err(format!("`{text}` has more than six decimal places"));
        }
        format!("{whole}{fraction:0<6}")
            .parse()
            .map(Self)
            .map_err(|_| format!("`{text}` is too large for an amount of dollars"))
    }
}

impl fmt::Display for MicroUsd {
    /// Writes dollars with two to six decimal places, as many as the amount needs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, micros) = (
            self.0.unsigned_abs() / 1_000_000,
            self.0.unsigned_abs() % 1_000_000,
        );
        let mut fraction = format!("{micros:06}");
        while fraction.len() > 2 && fraction.ends_with('0') {
            fraction.pop();
        }
        write!(f, "{sign}${whole}.{fraction}")
    }
}

impl std::ops::Mul<i64> for MicroUsd {
    type Output = Self;

    fn mul(self, calls: i64) -> Self {
        Self(self.0.saturating_mul(calls))
    }
}

/// The limits that a call must fit into. `None`: no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Budget {
    pub run: Option<MicroUsd>,
    pub day: Option<MicroUsd>,
    pub total: Option<MicroUsd>,
    pub seed: Option<MicroUsd>,
    /// Of the refreshes of a day. Other calls have no such limit.
    pub refresh: Option<MicroUsd>,
}

#[cfg(test)]
mod tests {
    use super::MicroUsd;

    #[test]
    fn dollar_amounts_parse_and_print_exactly() {
        for (text, micros, shown) in [
            ("0.05", 50_000, "$0.05"),
            ("12", 12_000_000, "$12.00"),
            ("1.234567", 1_234_567, "$1.234567"),
            ("0.001", 1_000, "$0.001"),
        ] {
            let amount = MicroUsd::parse_usd(text).expect(text);
            assert_eq!((amount.0, amount.to_string().as_str()), (micros, shown));
        }
        for bad in [
            "",
            ".",
            "-1",
            "1,5",
            "1.2345678",
            "1e3",
            "99999999999999999999",
        ] {
            assert!(
                MicroUsd::parse_usd(bad).is_err(),
                "`{bad}` was accepted as an amount"
            );
        }
    }
}
