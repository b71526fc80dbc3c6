//! "Did you mean …?": finds the known name that is closest to a mistyped name.

/// Returns the name closest to `given`, if it is close enough to be a suggestion.
///
/// A correct last part in a wrong section counts as one edit.
pub(super) fn nearest<'a>(given: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let last = |path: &str| path.rsplit('.').next().unwrap_or(path).len();
    let given_last = &given[given.len() - last(given)..];
    names
        .map(|name| {
            let name_last = &name[name.len() - last(name)..];
            let moved = 1 + distance(given_last, name_last);
            (distance(given, name).min(moved), name)
        })
        .min()
        .filter(|(steps, _)| *steps <= 1 + given_last.chars().count() / 4)
        .map(|(_, name)| name)
}

/// Returns the Levenshtein distance: the number of letters to insert, delete or replace.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, wanted) in other.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *wanted);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest};

    #[test]
    fn a_mistyped_name_gets_a_suggestion_and_an_unrelated_name_gets_none() {
        let names = ["limits.max_in_flight", "limits.max_attempts", "crawl.posts"];
        for (given, meant) in [
            ("limits.max_in_fligth", Some("limits.max_in_flight")),
            ("max_attempts", Some("limits.max_attempts")),
            ("crawl.post", Some("crawl.posts")),
            ("limit.posts", Some("crawl.posts")),
            ("limits.colour", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(given, names.into_iter()), meant, "{given}");
        }
        assert_eq!((distance("kitten", "sitting"), distance("", "abc")), (3, 3));
    }
}
