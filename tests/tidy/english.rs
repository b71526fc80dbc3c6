//! Reports words that this project's English avoids, because a modern technical word exists for each.

use std::path::Path;

use crate::{files, root};

/// Words and phrases that no text of the project contains, in lower case.
const BANNED: [&str; 20] = [
    "all the same",
    "anew",
    "by and by",
    "dear",
    "dearer",
    "dearest",
    "dearly",
    "in vain",
    "lest",
    "mend",
    "mended",
    "mending",
    "mends",
    "merciful",
    "mercies",
    "mercy",
    "needless",
    "thrice",
    "to be had",
    "whoever",
];

/// Proper names of others: a banned word directly after one of these is part of the name.
const PROPER_NAMES: [&str; 1] = ["clippy::"];

/// The file that lists the words.
const THIS_FILE: &str = "tests/tidy/english.rs";

const FOLDERS: [&str; 7] = [
    "src",
    "tests",
    "benches",
    "migrations",
    "docs",
    "fuzz",
    "contrib",
];

const FILES: [&str; 12] = [
    ".ci/run",
    "CHANGELOG.md",
    "CITATION.cff",
    "CONTRIBUTING.md",
    "Cargo.toml",
    "Dockerfile",
    "README.md",
    "SECURITY.md",
    "clippy.toml",
    "compose.yaml",
    "crawler.toml.example",
    "deny.toml",
];

/// A word of a text, in lower case, with its place.
struct Word {
    text: String,
    start: usize,
    end: usize,
}

/// Returns the words of a text. Underscores, and capitals after small letters, separate the words of an identifier.
fn words(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut before: Option<char> = None;
    for (at, letter) in text.char_indices() {
        if letter.is_alphanumeric() {
            let is_same_word = before.is_some_and(|before| {
                before.is_alphanumeric() && !(before.is_lowercase() && letter.is_uppercase())
            });
            let end = at + letter.len_utf8();
            let small: String = letter.to_lowercase().collect();
            match words.last_mut() {
                Some(word) if is_same_word => {
                    word.text.push_str(&small);
                    word.end = end;
                }
                _ => words.push(Word {
                    text: small,
                    start: at,
                    end,
                }),
            }
        }
        before = Some(letter);
    }
    words
}

/// Returns true where two words belong to one phrase: no punctuation is between them, but for the marks of a comment,
/// a quotation, or a continued line.
fn is_inside_a_phrase(gap: &str) -> bool {
    gap.chars()
        .all(|letter| letter.is_whitespace() || "/!*#>_-\\".contains(letter))
}

/// Returns the line and the phrase of each banned phrase in a text.
fn hits(text: &str) -> Vec<(usize, &'static str)> {
    let words = words(text);
    let mut hits = Vec::new();
    for (at, first) in words.iter().enumerate() {
        for banned in BANNED {
            let phrase: Vec<&str> = banned.split(' ').collect();
            let Some(found) = words.get(at..at + phrase.len()) else {
                continue;
            };
            let is_found = found
                .iter()
                .zip(&phrase)
                .all(|(word, part)| word.text == *part);
            let is_joined = found
                .windows(2)
                .all(|pair| is_inside_a_phrase(&text[pair[0].end..pair[1].start]));
            let is_name = PROPER_NAMES
                .iter()
                .any(|name| text[..first.start].ends_with(name));
            if is_found && is_joined && !is_name {
                hits.push((text[..first.start].matches('\n').count() + 1, banned));
            }
        }
    }
    hits
}

/// Returns the names of the files whose English is checked.
fn checked() -> Vec<String> {
    let mut names: Vec<String> = FOLDERS
        .iter()
        .filter(|folder| root().join(folder).exists())
        .flat_map(|folder| files(folder))
        .collect();
    names.extend(FILES.iter().map(|name| (*name).to_owned()));
    // Crates name themselves; what the fuzzer builds and finds is not kept in the repository.
    let is_ours = |name: &str| {
        let generated = ["fuzz/target/", "fuzz/artifacts/", "fuzz/coverage/"];
        !name.ends_with("Cargo.lock") && !generated.iter().any(|folder| name.starts_with(folder))
    };
    names.retain(|name| name != THIS_FILE && is_ours(name));
    names
}

#[test]
fn no_text_contains_a_banned_word() {
    let mut found = Vec::new();
    for name in checked() {
        let bytes = std::fs::read(root().join(&name)).unwrap_or_else(|why| panic!("{name}: {why}"));
        let text = String::from_utf8_lossy(&bytes);
        found.extend(
            hits(&name)
                .iter()
                .map(|(_, word)| format!("{name}: {word}")),
        );
        found.extend(
            hits(&text)
                .iter()
                .map(|(line, word)| format!("{name}:{line}: {word}")),
        );
    }
    assert!(
        found.is_empty(),
        "{} banned words:\n{}",
        found.len(),
        found.join("\n")
    );
}

#[test]
fn a_banned_word_is_found_in_every_form_of_text() {
    let samples = [
        ("// Lest it fails", vec![(1, "lest")]),
        ("let a = 1;\nfn mend_it() {}", vec![(2, "mend")]),
        ("struct NeedlessJob;", vec![(1, "needless")]),
        ("const NEEDLESS: u8 = 1;", vec![(1, "needless")]),
        ("\"tried in vain\"", vec![(1, "in vain")]),
        ("/// tried in\n    /// vain", vec![(1, "in vain")]),
        ("# not to\n# be had", vec![(1, "to be had")]),
        (
            "<!-- Whoever, by and by -->",
            vec![(1, "whoever"), (1, "by and by")],
        ),
        (
            "| all the same | dear |",
            vec![(1, "all the same"), (1, "dear")],
        ),
        ("a_job_that_is_tried_thrice", vec![(1, "thrice")]),
    ];
    for (text, expected) in samples {
        assert_eq!(hits(text), expected, "{text}");
    }
}

#[test]
fn a_word_that_only_contains_a_banned_word_is_not_found() {
    for text in [
        "celestial, modest, amendment, recommended, endearing",
        "let (needlessly, deadline) = (1, 2);",
        "in. Vain words",
        "#[expect(clippy::needless_pass_by_value)]",
        "by the way, and by chance",
    ] {
        assert_eq!(hits(text), [], "{text}");
    }
}

#[test]
fn the_checked_files_include_code_documents_and_schema() {
    let names = checked();
    for name in [
        "src/lib.rs",
        "tests/tidy/main.rs",
        "docs/archive.md",
        "README.md",
        "crawler.toml.example",
    ] {
        assert!(names.iter().any(|other| other == name), "{name}");
    }
    assert!(!names.iter().any(|name| name == THIS_FILE));
    let schema = names
        .iter()
        .filter(|name| Path::new(name).starts_with("migrations"));
    assert!(schema.count() >= 4);
}
