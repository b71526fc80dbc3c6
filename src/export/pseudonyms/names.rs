//! Finds the names of users in texts, whatever their case.

use std::cmp::Reverse;

use aho_corasick::AhoCorasick;

/// Names with fewer letters are words of their own, or parts of other words.
const LONG: usize = 5;

/// Names of users, and whom each means.
#[derive(Debug)]
pub(super) struct Names {
    search: AhoCorasick,
    /// Whom a name means, in the order of the patterns. `None`: several users.
    whom: Vec<(Option<String>, Within)>,
}

/// Where a name counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    /// Everywhere, also in the middle of a word.
    Anything,
    /// Only as a whole word.
    Word,
}

/// A name in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found<'n> {
    /// The bytes of the text.
    pub(super) start: usize,
    pub(super) end: usize,
    /// None if several users have the name.
    pub(super) whom: Option<&'n str>,
}

impl Names {
    /// Takes pairs of a name and the pseudonym of its user.
    pub(super) fn new(mut all: Vec<(String, String)>) -> Result<Self, String> {
        for (name, _) in &mut all {
            *name = folded(name.trim()).0;
        }
        all.retain(|(name, _)| !name.is_empty());
        all.sort();
        all.dedup();
        let mut names: Vec<(String, Option<String>)> = Vec::new();
        for (name, whom) in all {
            match names.last_mut() {
                Some((last, of)) if *last == name => *of = None,
                _ => names.push((name, Some(whom))),
            }
        }
        let search = AhoCorasick::new(names.iter().map(|(name, _)| name))
            .map_err(|error| format!("the names of all users cannot be searched for: {error}"))?;
        let whom = names.into_iter().map(|(name, whom)| (whom, within(&name)));
        Ok(Self {
            search,
            whom: whom.collect(),
        })
    }

    /// Returns the names in a text, from left to right. They do not overlap; of several at a place the longest counts.
    pub(super) fn find(&self, text: &str) -> Vec<Found<'_>> {
        let (folded, places) = folded(text);
        let all = self.search.find_overlapping_iter(&folded);
        let counts = all.filter(|at| match self.whom[at.pattern().as_usize()].1 {
            Within::Anything => true,
            Within::Word => is_word(&folded, at.start(), at.end()),
        });
        let mut counts: Vec<_> = counts.collect();
        counts.sort_by_key(|at| (at.start(), Reverse(at.end())));
        let (mut found, mut from) = (Vec::new(), 0);
        for at in counts {
            if at.start() >= from {
                let (whom, _) = &self.whom[at.pattern().as_usize()];
                found.push(Found {
                    start: places[at.start()],
                    end: places[at.end()],
                    whom: whom.as_deref(),
                });
                from = at.end();
            }
        }
        found
    }
}

fn within(name: &str) -> Within {
    let no_spaces = |it: char| matches!(it, '\u{0e00}'..='\u{0e7f}' | '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}');
    let letters = name.chars().count();
    match letters >= LONG || (letters >= 2 && name.chars().any(no_spaces)) {
        true => Within::Anything,
        false => Within::Word,
    }
}

fn is_word(text: &str, start: usize, end: usize) -> bool {
    let before = text[..start].chars().next_back();
    let after = text[end..].chars().next();
    ![before, after]
        .into_iter()
        .flatten()
        .any(char::is_alphanumeric)
}

/// Returns a text in lower case, and for each of its bytes, and its end, the byte of the text that it comes from.
fn folded(text: &str) -> (String, Vec<usize>) {
    let (mut lower, mut places) = (String::with_capacity(text.len()), Vec::new());
    for (at, letter) in text.char_indices() {
        let before = lower.len();
        // The last letter of a Greek word has a form of its own.
        let letter_of = |it| if it == 'ς' { 'σ' } else { it };
        lower.extend(letter.to_lowercase().map(letter_of));
        // A match never begins inside a letter, but it may end there if the letter has become several.
        places.resize(before + 1, at);
        places.resize(lower.len(), at + letter.len_utf8());
    }
    places.push(text.len());
    (lower, places)
}

#[cfg(test)]
mod tests {
    use super::Names;

    fn shown(names: &[(&str, &str)], text: &str) -> String {
        let names = names
            .iter()
            .map(|(name, whom)| ((*name).to_owned(), (*whom).to_owned()));
        let names = Names::new(names.collect()).unwrap();
        let (mut shown, mut from) = (String::new(), 0);
        for found in names.find(text) {
            shown += &text[from..found.start];
            shown += found.whom.unwrap_or("?");
            from = found.end;
        }
        shown + &text[from..]
    }

    #[test]
    fn names_are_found_in_any_case_longest_first() {
        let names = [
            ("alice", "A"),
            ("alice smith", "S"),
            ("bo", "B"),
            ("İstanbul", "I"),
            ("小明", "M"),
            ("jo", "J"),
            ("jo m", "K"),
            ("ΟΔΥΣΣΕΥΣ", "O"),
            ("twins", "1"),
            ("Twins", "2"),
        ];
        for (text, expected) in [
            ("Alice met ALICE SMITH", "A met S"),
            ("malice and aliceblue", "mA and Ablue"),
            ("bo, Bo_x and bob", "B, B_x and bob"),
            ("xbo bo", "xbo B"),
            ("in İstanbul now", "in I now"),
            ("我爱小明吗", "我爱M吗"),
            ("the twins", "the ?"),
            ("Jo Meyer, Jo M", "J Meyer, K"),
            ("οδυσσευς", "O"),
            ("ẞ alice ẞ", "ẞ A ẞ"),
            ("", ""),
        ] {
            assert_eq!(shown(&names, text), expected);
        }
    }
}
