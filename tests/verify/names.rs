//! A user is their id: a new name is the same person, and an old name can be another one.

use std::collections::BTreeMap;

use soracrawl::sim::{Change, Options};

use crate::absent::{Growing, rows};
use crate::site::{broken, damage, examine, report_text, world};

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_user_keeps_one_row_and_their_names_and_a_reused_name_is_another_person() {
    let growing = Growing::new(Options {
        growth: 40.0,
        growth_kinds: vec![Change::Renames],
        ..world(4, 0.0)
    })
    .await;
    growing.pass().await;
    let first = rows(&growing.path, "select user_id, username from users_now").await;
    growing.advance(3 * 86_400);
    growing.pass().await;
    let count = "select cast(count(*) as text), cast(count(distinct user_id) as text) from users";
    let count = &rows(&growing.path, count).await[0];
    assert_eq!(count[0], count[1]);
    let now: BTreeMap<String, String> =
        rows(&growing.path, "select user_id, username from users_now")
            .await
            .into_iter()
            .map(|row| (row[0].clone(), row[1].clone()))
            .collect();
    assert_eq!(now.len(), first.len(), "a rename adds no user");
    let shown = growing.world();
    let mut renamed = 0;
    for row in &first {
        let (id, before) = (&row[0], &row[1]);
        let person = shown.people.iter().find(|it| it.id == *id);
        let name = &person.expect("a user of the world").username;
        assert_eq!(&now[id], name);
        let sql = format!(
            "select username from names_of_users where user_id = '{id}' order by until_at is null, until_at"
        );
        let names: Vec<String> = rows(&growing.path, &sql).await.concat();
        let expected = if before == name {
            vec![name.clone()]
        } else {
            renamed += 1;
            vec![before.clone(), name.clone()]
        };
        assert_eq!(names, expected, "{id}");
    }
    assert!(renamed > 5, "{renamed} users were renamed");
    // One name, two people: one had it before, the other has it now.
    let shared = "select former.user_id, present.user_id from names_of_users former
        join names_of_users present on present.username = former.username and present.until_at is null
        where former.until_at is not null";
    let shared = rows(&growing.path, shared).await;
    assert!(!shared.is_empty(), "no name was reused");
    assert!(shared.iter().all(|row| row[0] != row[1]));
    let report = examine(&growing.path).await;
    assert!(report.is_sound(), "{}", report_text(&report));
    // The names come from the replies: a forged or lost one is found.
    for forgery in [
        "update user_names set username = 'FORGED'",
        "delete from user_names",
        "update user_names set until_call_id = until_call_id + 1",
    ] {
        damage(
            &growing.path,
            &format!("create table kept as select * from user_names; {forgery}"),
        )
        .await;
        assert!(
            broken(&examine(&growing.path).await).contains("rows"),
            "{forgery}"
        );
        damage(
            &growing.path,
            "delete from user_names; insert into user_names select * from kept; drop table kept",
        )
        .await;
    }
}
