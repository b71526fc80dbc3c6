//! Misses, days between them, words of the vendor, and things that are seen again.

use super::{store, write_page};
use crate::model::{Counts, Follow, Harvest, Listed, NotFound, Pass, Post, SubjectKind, User};
use crate::store::Store;
use crate::store::archive::absences::{MissedBy, miss, not_found};

const DAY: f64 = 86_400.0;

fn follow() -> Harvest {
    let user = |id: &str| User {
        user_id: id.to_owned(),
        counts: Counts::of([("follower_count", Some(1))]),
        ..User::default()
    };
    Harvest {
        users: vec![user("user-a"), user("user-b")],
        follows: vec![Follow {
            follower: "user-a".to_owned(),
            followed: "user-b".to_owned(),
        }],
        ..Harvest::default()
    }
}

/// Keeps a page at a time. Its call is settled.
async fn keep(store: &Store, harvest: &Harvest, now: f64) -> i64 {
    let call_id = write_page(store, harvest, now).await;
    settle(store, call_id, now).await;
    call_id
}

async fn settle(store: &Store, call_id: i64, now: f64) {
    let mut transaction = store.begin().await.unwrap();
    sqlx::query("update calls set outcome = 'answered', settled_at = ? where id = ?")
        .bind(now)
        .bind(call_id)
        .execute(&mut *transaction)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
}

/// Ends a pass over the followers of user-b at a time. It shows nobody.
async fn pass(store: &Store, since_call: i64, now: f64) {
    let call_id = keep(store, &Harvest::default(), now).await;
    let pass = Pass {
        list: Listed::FollowersOfUser,
        subject: "user-b".to_owned(),
        since_call,
        newer_than: None,
    };
    let by = MissedBy { call_id, at: now };
    let mut transaction = store.begin().await.unwrap();
    miss(&mut transaction, &pass, "not_listed", by)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
}

async fn text(store: &Store, sql: &'static str) -> Vec<String> {
    sqlx::query_scalar(sql)
        .fetch_all(store.readers())
        .await
        .unwrap()
}

const VERDICTS: &str =
    "select format('%s %d %s', verdict, times, iif(seen_again_at is null, 'absent', 'back'))
    from absence_history order by first_missed_at";
const INTERVALS: &str = "select format('%g to %g, ended by %s', first_seen_at, last_seen_at,
    iif(ended_before_at is null, '-', format('%g', ended_before_at))) from follow_intervals order by first_seen_at";

#[tokio::test]
async fn a_follow_that_two_passes_a_day_apart_miss_has_ended_until_it_is_seen_again() {
    let (_folder, store) = store().await;
    let seen = keep(&store, &follow(), 1.0).await;
    assert_eq!(text(&store, INTERVALS).await, ["1 to 1, ended by -"]);
    // A pass whose begin was before the last sight misses nothing.
    pass(&store, seen - 1, 2.0).await;
    assert!(text(&store, VERDICTS).await.is_empty());
    pass(&store, seen, 10.0).await;
    pass(&store, seen, 10.0 + DAY - 1.0).await;
    assert_eq!(text(&store, VERDICTS).await, ["missed 2 absent"]);
    assert_eq!(text(&store, INTERVALS).await, ["1 to 1, ended by -"]);
    pass(&store, seen, 10.0 + DAY).await;
    assert_eq!(text(&store, VERDICTS).await, ["unseen 3 absent"]);
    assert_eq!(text(&store, INTERVALS).await, ["1 to 1, ended by 10"]);
    let edge = "select format('%g %g', ended_after_at, ended_before_at) from follow_edges";
    assert_eq!(text(&store, edge).await, ["1 10"]);
    let again = keep(&store, &follow(), 200_000.0).await;
    assert_eq!(text(&store, VERDICTS).await, ["unseen 3 back"]);
    let open = ["1 to 1, ended by 10", "200000 to 200000, ended by -"];
    assert_eq!(text(&store, INTERVALS).await, open);
    // The next miss is a first one.
    pass(&store, again, 300_000.0).await;
    assert_eq!(
        text(&store, VERDICTS).await,
        ["unseen 3 back", "missed 1 absent"]
    );
    assert_eq!(text(&store, INTERVALS).await, open);
}

#[tokio::test]
async fn the_vendors_word_makes_gone_and_only_a_description_takes_it_back() {
    let (_folder, store) = store().await;
    let described = |likes| Harvest {
        posts: vec![Post {
            post_id: "s_1".to_owned(),
            counts: Counts::of([("like_count", Some(likes))]),
            ..Post::default()
        }],
        ..Harvest::default()
    };
    keep(&store, &described(1), 1.0).await;
    let call_id = keep(&store, &Harvest::default(), 5.0).await;
    let gone = NotFound {
        kind: SubjectKind::Post,
        subject: "s_1".to_owned(),
        list: None,
    };
    let by = MissedBy { call_id, at: 5.0 };
    let mut transaction = store.begin().await.unwrap();
    not_found(&mut transaction, &gone, by).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(text(&store, VERDICTS).await, ["gone 1 absent"]);
    // A remix of it still names it.
    let remix = Harvest {
        posts: vec![Post {
            post_id: "s_2".to_owned(),
            parent_post_id: Some("s_1".to_owned()),
            ..Post::default()
        }],
        ..Harvest::default()
    };
    keep(&store, &remix, 6.0).await;
    assert_eq!(text(&store, VERDICTS).await, ["gone 1 absent"]);
    let at = "select format('%g', gone_at) from posts_now where post_id = 's_1'";
    assert_eq!(text(&store, at).await, ["5"]);
    keep(&store, &described(2), 7.0).await;
    assert_eq!(text(&store, VERDICTS).await, ["gone 1 back"]);
    let none = "select 'x' from posts_now where gone_at is not null";
    assert!(text(&store, none).await.is_empty());
}
