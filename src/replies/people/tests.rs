use std::collections::HashSet;

use serde_json::{Value, json};

mod words;

use super::{People, Terms};
use crate::model::{EraseKey, Erased};

fn key() -> EraseKey {
    EraseKey::new(&[7; 32])
}

/// The same people: as they are known while they are erased, and by hashes afterwards.
fn both() -> [People; 2] {
    let set = |values: &[&str]| {
        values
            .iter()
            .map(|it| (*it).to_owned())
            .collect::<HashSet<_>>()
    };
    let terms = Terms {
        users: set(&["user-AbC1"]),
        names: set(&["mira.k", "bob"]),
        items: set(&["0a0b"]),
    };
    let hashes = [
        (Erased::User, "user-AbC1"),
        (Erased::Name, "mira.k"),
        (Erased::Name, "bob"),
        (Erased::Item, "0a0b"),
    ];
    let hashes = hashes.map(|(what, value)| key().hash(what, value));
    [
        People::named(key(), terms).unwrap(),
        People::hashed(key(), hashes.into()),
    ]
}

#[test]
fn a_text_loses_what_names_somebody_and_nothing_else() {
    for people in both() {
        for (text, expected) in [
            ("hello @Mira.K!", "hello [erased]!"),
            ("hi @bob. And @BOB-", "hi [erased]. And [erased]-"),
            ("bob the builder, bobby", "bob the builder, bobby"),
            ("mira.k said", "[erased] said"),
            ("mira.k7 and xmira.k", "mira.k7 and xmira.k"),
            ("<@user-AbC1> ok", "[erased] ok"),
            ("<@user-AbC2> ok", "<@user-AbC2> ok"),
            ("by user-AbC1.", "by [erased]."),
            ("see https://x.example/bob/pic now", "see [erased] now"),
            ("see https://x.example/u?n=mira%2Ek", "see [erased]"),
            ("see https://x.example/bobby", "see https://x.example/bobby"),
            // printf '{"user_id":"user-AbC1"}' | base64
            ("id=eyJ1c2VyX2lkIjoidXNlci1BYkMxIn0=", "[erased]"),
            ("mail bob@x.example", "mail bob@x.example"),
            ("x@mira.k", "x@[erased]"),
            ("", ""),
        ] {
            let taken = people.taken_out_of(text);
            assert_eq!(taken.as_deref().unwrap_or(text), expected, "{text}");
            assert_eq!(taken.is_some(), text != expected, "{text}");
            assert_eq!(people.are_in(text), text != expected, "{text}");
        }
    }
}

#[test]
fn subjects_and_cursors_that_name_somebody_are_replaced_once() {
    for people in both() {
        for subject in ["user-AbC1", "bob", "Mira.K", r#"{"user_id":"user-AbC1"}"#] {
            let replaced = people.subject(subject).unwrap();
            assert!(replaced.starts_with("erased:") && people.subject(&replaced).is_none());
        }
        for other in ["user-AbC2", "s_0a0b", "bobby", ""] {
            assert_eq!(people.subject(other), None, "{other}");
        }
        let cursor = "eyJ1c2VyX2lkIjoidXNlci1BYkMxIn0=";
        let sealed = people.cursor(cursor).unwrap();
        assert_eq!(people.cursor(&sealed), None);
        assert_eq!(people.opened(sealed), cursor);
        assert_eq!(people.opened("c1".to_owned()), "c1");
    }
}

/// Returns a reply without the people; the same if nobody of them is in it.
fn taken(people: &People, subject: &str, body: &Value) -> Value {
    let taken = people.taken_out_of_reply(subject, body.to_string().as_bytes());
    taken.map_or_else(
        || body.clone(),
        |taken| serde_json::from_slice(&taken.body).unwrap(),
    )
}

#[test]
fn profiles_go_and_what_others_wrote_stays() {
    let other = json!({"user_id": "user-Z", "username": "zoe", "follower_count": 3});
    let theirs = json!({"user_id": "user-AbC1", "username": "mira.k", "owner_profile": other});
    for people in both() {
        for (before, after) in [
            (
                json!({"items": [theirs, other]}),
                json!({"items": [{"erased": true, "owner_profile": other}, other]}),
            ),
            (
                json!({"items": [{"profile": theirs}]}),
                json!({"items": [{"profile": {"erased": true, "owner_profile": other}}]}),
            ),
            (
                json!({"id": "s_1", "shared_by": "user-Z", "text": "hi @bob", "kind": "bob", "repost_of_user_id": "user-AbC1"}),
                json!({"id": "s_1", "shared_by": "user-Z", "text": "hi [erased]", "kind": "bob", "repost_of_user_id": null}),
            ),
            (
                json!({"post": {"id": "s_1", "shared_by": "user-Z", "text_facets": [{"type": "mention", "profile": theirs}]}}),
                json!({"post": {"id": "s_1", "shared_by": "user-Z", "text_facets":
                    [{"type": "mention", "profile": {"erased": true, "owner_profile": other}}]}}),
            ),
            (
                json!({"map": {"@user-AbC1": 1, "<@user-AbC1>": 2, "@user-Z": 3}}),
                json!({"map": {"@user-Z": 3}}),
            ),
            (
                json!({"map": {"user-AbC1": 1, "x": 2}}),
                json!({"map": {"x": 2}}),
            ),
            (
                json!({"url": "https://x.example/mira.k"}),
                json!({"url": null}),
            ),
            (
                json!({"items": [other], "cursor": "c1"}),
                json!({"items": [other], "cursor": "c1"}),
            ),
        ] {
            assert_eq!(taken(&people, "s_9", &before), after);
        }
    }
}

#[test]
fn a_post_of_theirs_keeps_its_place_and_what_others_add_to_it() {
    let comment = json!({"post": {"id": "c2", "posted_by": "user-Z", "text": "no, @bob", "parent_post_id": "c1"}});
    let before = json!({
        "post": {"id": "s_1", "shared_by": "user-AbC1", "text": "my words", "like_count": 3, "parent_post_id": "s_0",
            "attachments": [{"id": "a", "url": "https://x.example/v"}], "cameo_profiles": [{"user_id": "user-Z"}]},
        "profile": {"username": "mira.k"}, "children": {"items": [comment], "cursor": "c1"}, "seen": 1,
    });
    let after = json!({
        "post": {"erased": true, "id": "s_1", "parent_post_id": "s_0", "cameo_profiles": [{"user_id": "user-Z"}]},
        "profile": {"erased": true},
        "children": {"items": [{"post": {"id": "c2", "posted_by": "user-Z", "text": "no, [erased]", "parent_post_id": "c1"}}],
            "cursor": "c1"},
    });
    for people in both() {
        assert_eq!(taken(&people, "s_1", &before), after);
        let texts = people
            .taken_out_of_reply("s_1", before.to_string().as_bytes())
            .unwrap()
            .texts;
        assert!(texts.contains(&"my words".to_owned()), "{texts:?}");
    }
}

#[test]
fn an_item_without_an_author_is_theirs_by_its_id_or_in_their_own_list() {
    let item = |id: &str| json!({"id": id, "text": "words", "attachments": [{"id": "a", "kind": "video"}]});
    let shared =
        json!({"id": "s_2", "shared_by": "user-Z", "attachments": [{"id": "a", "kind": "video"}]});
    let left = |id: &str| json!({"erased": true, "id": id});
    for people in both() {
        let body = json!({"items": [item("s_0a0b"), item("s_1"), shared]});
        assert_eq!(
            taken(&people, "user-Z", &body),
            json!({"items": [left("s_0a0b"), item("s_1"), shared]})
        );
        let all = json!({"items": [left("s_0a0b"), left("s_1"), shared]});
        assert_eq!(taken(&people, "user-AbC1", &body), all);
        assert_eq!(taken(&people, "erased:00", &body), all);
        let once = taken(&people, "user-AbC1", &body);
        assert_eq!(taken(&people, "user-AbC1", &once), once);
    }
}

#[test]
fn a_body_that_is_no_json_loses_names_too() {
    for people in both() {
        let taken = people
            .taken_out_of_reply("", b"<p>no user user-AbC1 here")
            .unwrap();
        assert_eq!(taken.body, b"<p>no user [erased] here");
        assert_eq!(people.taken_out_of_reply("", b"<p>nothing"), None);
    }
    assert_eq!(
        People::default().taken_out_of_reply("user-AbC1", b"{}"),
        None
    );
}

#[test]
fn an_id_that_letters_touch_is_theirs_and_a_longer_id_is_not() {
    let id = "user-xiCyLclE6KJcdTXyvVq3Ontc";
    let character = "ch_6955e4af0b5c81919019718b9c157e83";
    let terms = Terms {
        users: [id, character].map(str::to_owned).into(),
        ..Terms::default()
    };
    let hashes = [id, character].map(|id| key().hash(Erased::User, id));
    for people in [
        People::named(key(), terms).unwrap(),
        People::hashed(key(), hashes.into()),
    ] {
        for id in [id, character] {
            for (before, after) in [
                ("avatar_", ""),
                ("x", ""),
                ("9", "_large"),
                ("a.", "_1.png and more"),
                ("_", "_"),
                ("", "_2"),
            ] {
                let text = format!("see {before}{id}{after}!");
                let clean = people.taken_out_of(&text);
                let clean = clean.as_deref().unwrap_or(&text);
                assert_eq!(clean, format!("see {before}[erased]{after}!"));
                assert!(people.are_in(&text), "{text}");
                let url = format!("https://x.example/p/{before}{id}{after}");
                assert!(people.are_in(&url), "{url}");
                let coded = url.replace('/', "%2F");
                assert!(
                    people.are_in(&format!("https://y.example/?u={coded}")),
                    "{coded}"
                );
            }
            // Others who have the same letters.
            for other in [
                format!("see {id}x"),
                format!("see avatar_{id}0_large"),
                format!("https://x.example/{}_1", &id[..id.len() - 1]),
                format!("see {}", id.replacen('6', "7", 1)),
                format!("see avatar_{}", id.to_uppercase()),
            ] {
                assert_eq!(people.taken_out_of(&other), None, "{other}");
            }
        }
    }
}
