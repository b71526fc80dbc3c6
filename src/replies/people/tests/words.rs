//! Words that name several people.

use serde_json::json;

use super::{key, taken};
use crate::model::Erased;
use crate::replies::{People, Terms};

/// Two people with ids as those of the remote, a character, and a name that is no ordinary word.
const TWO: [&str; 3] = [
    "user-xiCyLclE6KJcdTXyvVq3Ontc",
    "user-b7QwErTyUiOpAsDfGhJkLzXc",
    "ch_6955e4af0b5c81919019718b9c157e83",
];
const THEIR_NAME: &str = "mira.k";

fn two() -> [People; 2] {
    let terms = Terms {
        users: TWO.map(str::to_owned).into(),
        names: [THEIR_NAME.to_owned()].into(),
        ..Terms::default()
    };
    let hashes = TWO.map(|id| key().hash(Erased::User, id)).into_iter();
    let name = key().hash(Erased::Name, THEIR_NAME);
    [
        People::named(key(), terms).unwrap(),
        People::hashed(key(), hashes.chain([name]).collect()),
    ]
}

/// Each two of them, also the same one twice.
fn pairs() -> Vec<(&'static str, &'static str)> {
    let all = TWO.into_iter().chain([THEIR_NAME]);
    let with = |one| {
        TWO.into_iter()
            .map(move |other| [(one, other), (other, one)])
    };
    all.flat_map(with).flatten().collect()
}

#[test]
fn all_people_in_one_word_are_taken_out_of_it() {
    for people in two() {
        for (one, other) in pairs() {
            for between in ["_", ".", "-", "_x_", "-x.", "...", "_7", "/", "@"] {
                // Nothing but the id after it says that a name ends there.
                if [one, other].contains(&THEIR_NAME) && between.contains(['x', '7', '@']) {
                    continue;
                }
                for (before, after) in [("see ", "!"), ("<@", ">"), ("(", "/2 and"), ("", ".")] {
                    let text = format!("{before}{one}{between}{other}{after}");
                    let clean = people.taken_out_of(&text).unwrap_or_default();
                    let left = clean.replace("[erased]", "");
                    // A sign before a name goes with it.
                    let expected = format!("{before}{between}{after}").replace('@', "");
                    assert_eq!(left.replace('@', ""), expected, "{text}");
                    assert_eq!(people.taken_out_of(&clean), None, "{text}");
                }
            }
        }
        let [one, other, third] = TWO;
        for (text, expected) in [
            (
                format!("{one}_{third}.{other}-{one}, {one}"),
                "[erased]_[erased].[erased]-[erased], [erased]",
            ),
            (format!("{one}{other}{third}"), "[erased][erased][erased]"),
            (
                format!("a{third}_user-1_{one}_b"),
                "a[erased]_user-1_[erased]_b",
            ),
            (
                format!("@{THEIR_NAME}_{one}.{THEIR_NAME}"),
                "[erased]_[erased].[erased]",
            ),
            (
                format!("<@{one}><@{other}>_<@{third}>"),
                "[erased][erased]_[erased]",
            ),
            (
                format!("{one}_{other}0.{third}"),
                &*format!("[erased]_{other}0.[erased]"),
            ),
        ] {
            assert_eq!(people.taken_out_of(&text).as_deref(), Some(expected));
        }
    }
}

#[test]
fn two_people_in_one_word_are_found_wherever_it_is() {
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    for people in two() {
        for (one, other) in pairs() {
            let word = format!("{one}_{other}");
            let encoded = |text: &str| {
                let text = text.replace('-', "%2D").replace('.', "%2E");
                text.replace('_', "%5F")
            };
            let coded = encoded(&word);
            for text in [
                coded.clone(),
                format!("{one}_{}", encoded(other)),
                format!("{}_{other}", encoded(one)),
                STANDARD.encode(&word),
                format!("{}.{}", URL_SAFE_NO_PAD.encode(one), STANDARD.encode(other)),
                format!("https://x.example/{word}"),
                format!("{one}=https://x.example/{other}"),
            ] {
                let clean = people.taken_out_of(&text).unwrap_or_default();
                let left = clean.replace("[erased]", "");
                assert!(left.is_empty() || left == "=", "{text}: {left}");
                assert!(people.cursor(&text).is_some() && people.subject(&text).is_some());
            }
            let path = format!("/x/of_{word}.har");
            let clean = people.taken_out_of_path(&path);
            assert_eq!(clean.as_deref(), Some("/x/of_[erased]_[erased].har"));
            let path = format!("/{one}.{other}/{coded}");
            let clean = people.taken_out_of_path(&path).unwrap_or_default();
            assert_eq!(clean, "/[erased].[erased]/[erased]");
        }
        let [one, other, _] = TWO;
        for key in [
            format!("{one}_{other}"),
            format!("avatar_{other}"),
            format!("<@{one}>.<@{other}>"),
        ] {
            let body = json!({"map": {&key: 1, "mira.k": 2, "user-Z": {&key: key}}});
            let after = json!({"map": {"mira.k": 2, "user-Z": {}}});
            assert_eq!(taken(&people, "", &body), after, "{key}");
        }
    }
}

#[test]
fn a_word_may_have_very_many_people() {
    const MANY: usize = 300;
    for people in two() {
        for between in ["_", ".", "_x.y-"] {
            let word = TWO.join(between) + between;
            let clean = people.taken_out_of(&word.repeat(MANY)).unwrap();
            assert_eq!(clean, format!("[erased]{between}").repeat(3 * MANY));
        }
    }
}
