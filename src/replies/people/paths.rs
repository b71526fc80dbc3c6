//! Paths of files without people. Nothing marks a name there, and it may be a part of a word: `alice2026_posts.har`.

use std::ops::Range;

use super::known::People;
use super::spans::Within;
use super::texts::TAKEN_OUT;

/// The longest part that is looked up, in bytes.
const LONGEST: usize = 64;

impl People {
    /// Returns a path without them; `None` if it does not name them.
    #[must_use]
    pub fn taken_out_of_path(&self, path: &str) -> Option<String> {
        self.key()?;
        let parts: Vec<String> = path.split('/').map(|part| self.without(part)).collect();
        Some(parts.join("/")).filter(|clean| clean != path)
    }

    fn without(&self, part: &str) -> String {
        let decoded = percent_encoding::percent_decode_str(part).decode_utf8_lossy();
        if decoded != part && !self.named_in(&decoded).is_empty() {
            return TAKEN_OUT.to_owned();
        }
        let (mut out, mut from) = (String::with_capacity(part.len()), 0);
        for span in self.named_in(part) {
            out += &part[from..span.start];
            out += TAKEN_OUT;
            from = span.end;
        }
        out + &part[from..]
    }

    /// Returns the parts of a file's name that name somebody, in order.
    fn named_in(&self, name: &str) -> Vec<Range<usize>> {
        let ends = ends_of_words(name);
        let is_theirs = |text: &str| self.is_name(text) || self.is_user(text) || self.is_item(text);
        let mut all = Within(self).find(name);
        for (at, start) in ends.iter().enumerate() {
            let longest_first = ends[at + 1..].iter().rev();
            let mut words = longest_first
                .map(|end| *start..*end)
                .filter(|word| word.len() <= LONGEST);
            all.extend(words.find(|word| is_theirs(&name[word.clone()])));
        }
        all.sort_by_key(|span| (span.start, usize::MAX - span.end));
        let mut end = 0;
        all.retain(|span| {
            let is_next = span.start >= end;
            end = end.max(span.end);
            is_next
        });
        all
    }
}

/// Returns where words may begin and end: at signs, between letters and digits, and before a capital letter.
fn ends_of_words(name: &str) -> Vec<usize> {
    let kind = |letter: char| match letter {
        _ if letter.is_numeric() => 1,
        _ if letter.is_uppercase() => 2,
        _ if letter.is_alphabetic() => 3,
        _ => 0,
    };
    let mut ends = vec![0];
    let mut before = None;
    for (at, letter) in name.char_indices() {
        let now = kind(letter);
        let is_inside =
            before.is_some_and(|before| before == now && now != 0 || (before, now) == (2, 3));
        if at > 0 && !is_inside {
            ends.push(at);
        }
        before = Some(now);
    }
    ends.push(name.len());
    ends
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use crate::model::{EraseKey, Erased};
    use crate::replies::{People, Terms};

    #[test]
    fn a_name_is_found_wherever_it_is_in_a_path() {
        let terms = Terms {
            users: ["user-1a".to_owned()].into(),
            names: ["alice".to_owned(), "bob.b_1".to_owned()].into(),
            items: ["69a".to_owned()].into(),
        };
        let key = EraseKey::new(&[7; 32]);
        let hashes: HashSet<[u8; 32]> = [
            (Erased::User, "user-1a"),
            (Erased::Name, "alice"),
            (Erased::Name, "bob.b_1"),
            (Erased::Item, "69a"),
        ]
        .map(|(what, value)| key.hash(what, value))
        .into();
        let named = People::named(key.clone(), terms).unwrap();
        for people in [named, People::hashed(key, hashes)] {
            for (path, expected) in [
                ("/x/alice.har", Some("/x/[erased].har")),
                ("/x/Alice/y.har", Some("/x/[erased]/y.har")),
                (
                    "/x/sora_ALICE-2026.har.gz",
                    Some("/x/sora_[erased]-2026.har.gz"),
                ),
                ("alice2026Posts.jsonl", Some("[erased]2026Posts.jsonl")),
                ("@alice", Some("[erased]")),
                ("/x/bob.b_1.json", Some("/x/[erased].json")),
                (
                    "/x/get_user_user-1a_2.json",
                    Some("/x/get_user_[erased]_2.json"),
                ),
                ("/x/s_69a.json", Some("/x/[erased].json")),
                ("/x/profile%2Falice%3Fx.json", Some("/x/[erased]")),
                ("/x/alice/alice.har", Some("/x/[erased]/[erased].har")),
                ("/x/alices.har", None),
                ("/x/malice/é.har", None),
                ("", None),
            ] {
                assert_eq!(
                    people.taken_out_of_path(path).as_deref(),
                    expected,
                    "{path}"
                );
            }
        }
        assert_eq!(People::default().taken_out_of_path("/x/alice.har"), None);
    }
}
