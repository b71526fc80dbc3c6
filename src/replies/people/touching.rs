//! Ids of people inside of longer words, as in `avatar_user-…` and `user-…_2`.

use std::ops::Range;

use crate::model::seed::USER_IDS;

/// Shortest id that is looked for there. Those of the remote have 29 letters or more; a short one may be in the name of somebody
/// else by accident.
const LEAST: usize = 12;

/// Returns what may be ids in a word that is none as a whole. Such an id ends where its letters and digits do, or where another
/// one begins.
pub(super) fn ids_inside(word: &str) -> impl Iterator<Item = Range<usize>> {
    let begins = USER_IDS.iter().flat_map(move |begin| {
        word.match_indices(begin)
            .map(|(at, _)| (at, at + begin.len()))
    });
    let ids = begins.flat_map(move |(start, from)| {
        let rest = word[from..].bytes();
        let end = from + rest.take_while(u8::is_ascii_alphanumeric).count();
        let next = word.get(from..=end).unwrap_or_default();
        let next = USER_IDS.iter().find(|begin| next.ends_with(**begin));
        let before_next = next.map(|begin| start..end + 1 - begin.len());
        std::iter::once(start..end).chain(before_next)
    });
    ids.filter(move |id| id.len() >= LEAST && id.len() < word.len())
}

#[cfg(test)]
mod tests {
    use super::ids_inside;

    #[test]
    fn an_id_begins_with_its_prefix_and_ends_at_a_sign() {
        for (word, ids) in [
            ("avatar_user-AbC1dEf2", &["user-AbC1dEf2"][..]),
            ("xuser-AbC1dEf2", &["user-AbC1dEf2"]),
            ("user-AbC1dEf2_large", &["user-AbC1dEf2"]),
            (
                "user-AbC1dEf2.user-AbC1dEf3",
                &["user-AbC1dEf2", "user-AbC1dEf3"],
            ),
            (
                "user-AbC1dEf2user-AbC1dEf3ch_6955e4af0b",
                &[
                    "user-AbC1dEf2user",
                    "user-AbC1dEf2",
                    "user-AbC1dEf3ch",
                    "user-AbC1dEf3",
                    "ch_6955e4af0b",
                ],
            ),
            ("of_ch_6955e4af0b_2", &["ch_6955e4af0b"]),
            // The whole word is looked at before, and short ids are in names.
            ("user-AbC1dEf2", &[]),
            ("superuser-1", &[]),
            ("sketch_1", &[]),
            ("", &[]),
        ] {
            let found: Vec<&str> = ids_inside(word).map(|id| &word[id]).collect();
            assert_eq!(found, ids, "{word}");
        }
    }
}
