//! How stale an archive is, in words.

use super::words::{span, thousands};
use crate::model::{MicroUsd, Stale};

/// Returns a sentence such as `oldest look 12 d 3 h ago; 340 items expected to be unseen; $1.20 would halve them`.
#[must_use]
pub fn in_words(stale: &Stale) -> String {
    let oldest = span(stale.oldest_hours * 3_600.0);
    #[expect(clippy::cast_possible_truncation, reason = "a number for people")]
    let items = thousands(stale.unseen_items.round() as i64);
    let noun = if items == "1" { "item" } else { "items" };
    let halving = MicroUsd(stale.halving_micro_usd);
    let mut text = format!(
        "oldest look {oldest} ago; {items} {noun} expected to be unseen; {halving} would halve them"
    );
    if stale.overdue > 0 {
        let needed = MicroUsd(stale.needed_micro_usd_per_day);
        let overdue = i64::try_from(stale.overdue).unwrap_or(i64::MAX);
        text.push_str(&format!(
            "; {} overdue, and {needed} a day would suffice",
            thousands(overdue)
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Stale, in_words};

    #[test]
    fn staleness_is_one_sentence_and_names_what_is_overdue() {
        let stale = Stale {
            oldest_hours: 291.0,
            unseen_items: 340.4,
            halving_micro_usd: 1_200_000,
            ..Stale::default()
        };
        assert_eq!(
            in_words(&stale),
            "oldest look 12 d 3 h ago; 340 items expected to be unseen; $1.20 would halve them"
        );
        let overdue = Stale {
            overdue: 2,
            needed_micro_usd_per_day: 50_000,
            ..stale
        };
        assert!(in_words(&overdue).ends_with("; 2 overdue, and $0.05 a day would suffice"));
    }
}
