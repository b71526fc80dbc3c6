//! Items and fields that are not what the schema promises: each costs only itself.

use crate::hostile::read;

#[test]
fn an_odd_item_loses_only_itself_and_an_odd_field_only_itself() {
    let page = read(
        "get_feed",
        r#"{"items":[null,"x",[],{},{"post":3,"profile":{"user_id":"user-7"}},
        {"post":{"id":"s_1","like_count":{},"view_count":5,"attachments":"none","permissions":4,
        "cameo_profiles":[null,{"user_id":"user-2"}]}}]}"#,
    )
    .unwrap();
    assert_eq!(page.items, ["s_1"]);
    assert_eq!(page.posts[0].counts.get("view_count"), Some(5));
    assert!(
        page.users.iter().any(|user| user.user_id == "user-7"),
        "a profile next to an odd post is kept"
    );
    assert_eq!(page.appearances.len(), 1);
    let places: Vec<_> = page.odd.iter().map(|odd| odd.at.as_str()).collect();
    let post = |field: &str| format!("data.items[5].post.{field}");
    for at in [
        "data.items[0]",
        "data.items[1]",
        "data.items[2]",
        "data.items[3].id",
        "data.items[4].post",
        &post("like_count"),
        &post("attachments"),
        &post("permissions"),
        &post("cameo_profiles[0]"),
    ] {
        assert!(places.contains(&at), "{at} is not among {places:?}");
    }
    assert_eq!(places.len(), 9);
}

#[test]
fn a_nul_in_a_string_is_replaced_and_ids_with_control_characters_are_rejected() {
    let page = read(
        "get_feed",
        r#"{"items":[{"id":"s_1","text":"a\u0000b'; drop--"},{"id":"s\u00002"}]}"#,
    )
    .unwrap();
    assert_eq!(page.posts[0].text.as_deref(), Some("a\u{fffd}b'; drop--"));
    assert_eq!((page.posts.len(), page.odd.len()), (1, 2));
}

#[test]
fn an_item_that_is_nested_too_deep_costs_only_itself() {
    let nested = |levels: usize| {
        let inner =
            r#"{"user_id":"user-0","owner_profile":"#.repeat(levels) + "null" + &"}".repeat(levels);
        format!(r#"{{"items":[{inner}]}}"#)
    };
    let page = read("get_user_followers", &nested(60)).unwrap();
    assert!(
        page.users.len() < 60 && page.odd[0].why == "nested too deep",
        "{:?}",
        page.odd
    );
    assert_eq!(page.items.len(), 1);
    for levels in [200, 100_000] {
        let page = read("get_user_followers", &nested(levels)).unwrap();
        assert_eq!((page.items.len(), page.odd.len()), (1, 1), "{levels}");
        assert_eq!(page.odd[0].why, "nested too deep");
    }
    let deep = "[".repeat(300) + &"]".repeat(300);
    let body = format!(
        r#"{{"items":[{{"user_id":"user-1"}},{{"user_id":"user-2","description":{deep}}}]}}"#
    );
    let page = read("get_user_followers", &body).unwrap();
    assert_eq!((page.items.len(), page.odd.len()), (2, 1));
}

#[test]
fn the_number_of_odd_items_of_a_page_is_capped() {
    let body = format!(
        "{{\"items\":[{}{{\"id\":\"s_1\"}}],\"cursor\":\"n\"}}",
        "{\"id\":[]},".repeat(5000)
    );
    let page = read("get_feed", &body).unwrap();
    assert_eq!((page.odd.len(), page.cursor.as_deref()), (101, Some("n")));
    assert_eq!(page.odd[100].why, "and 4900 more");
}

#[test]
fn a_page_without_a_usable_item_is_a_failure() {
    for body in [
        r#"{"items":[{"name":"a"},{"name":"b"}],"cursor":"n"}"#,
        r#"{"items":[null]}"#,
        r#"{"items":{"items":[17]}}"#,
    ] {
        let why = read("get_user_followers", body).unwrap_err();
        assert!(why.why.starts_with("none of "), "{body}: {why}");
    }
    assert!(read("get_user_followers", r#"{"items":[]}"#).is_ok());
}

#[test]
fn an_id_that_is_an_integer_is_read_to_the_last_digit() {
    let body = r#"{"items":[{"user_id":9007199254740993},{"user_id":18446744073709551615},{"user_id":1.5}]}"#;
    let page = read("get_user_followers", body).unwrap();
    assert_eq!(page.items, ["9007199254740993", "18446744073709551615"]);
    assert_eq!(page.odd.len(), 1);
}
