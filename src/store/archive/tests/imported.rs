//! Imported pages come in any order, and leave the same rows as if each had come at its own time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::collection::vec;
use proptest::prelude::*;
use sqlx::Row;

use super::store;
use crate::model::{Counts, Harvest, Post, User};
use crate::store::{ImportedReply, Importing, Outcome, RunKind, Settlement, Store};

/// What one page says: when, the name of the user, and the likes of their post.
#[derive(Debug, Clone)]
struct Said {
    at: f64,
    name: &'static str,
    likes: i64,
}

fn reply(said: &Said) -> ImportedReply {
    let user = User {
        user_id: "user-1".to_owned(),
        display_name: Some(said.name.to_owned()),
        ..User::default()
    };
    let post = Post {
        post_id: "s_1".to_owned(),
        author_user_id: Some("user-1".to_owned()),
        counts: Counts::of([("like_count", Some(said.likes))]),
        ..Post::default()
    };
    ImportedReply {
        endpoint: "get_post_detail",
        subject: "s_1".to_owned(),
        cursor: None,
        at: said.at,
        settlement: Settlement {
            outcome: Outcome::Imported,
            charge: crate::model::MicroUsd(0),
            http_status: Some(200),
            error: None,
            request_id: None,
            body_bytes: Some(1),
            body: Some(vec![1]),
        },
        harvest: Harvest {
            users: vec![user],
            posts: vec![post],
            ..Harvest::default()
        },
        item_hashes: Vec::new(),
        is_ranked: false,
        entry: String::new(),
        sha256: said.at.to_be_bytes().to_vec(),
    }
}

async fn keep(store: &Store, all: &[Said], at_once: usize) {
    let run = store.start_run(RunKind::Import, 1, 1000.0).await.unwrap();
    let source = store.note_source("/a", "jsonl", 1000.0).await.unwrap();
    let mut importing = Importing::default();
    for some in all.chunks(at_once) {
        let replies: Vec<ImportedReply> = some.iter().map(reply).collect();
        let kept = store
            .keep_imported(run.id, source, &replies, &mut importing, 1000.0)
            .await;
        kept.unwrap();
    }
}

/// The name, the likes with their time, and the times of the first and the last call.
async fn state(store: &Store) -> (String, i64, f64, f64, f64) {
    let row = sqlx::query(
        "select u.display_name, p.like_count, p.counted_at, f.settled_at, l.settled_at
         from users u, posts p join calls f on f.id = p.first_call_id join calls l on l.id = p.last_call_id",
    );
    let row = row.fetch_one(store.readers()).await.unwrap();
    (row.get(0), row.get(1), row.get(2), row.get(3), row.get(4))
}

/// The likes over time, with the times at which they were first observed.
async fn history(store: &Store) -> Vec<(f64, i64)> {
    let likes =
        sqlx::query_as("select observed_at, like_count from post_stats order by observed_at");
    likes.fetch_all(store.readers()).await.unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_order_of_imports_does_not_matter(
        said in vec((prop::sample::select(vec!["a", "b"]), 0..3i64), 1..7),
        order in Just((0..7usize).collect::<Vec<_>>()).prop_shuffle(),
        at_once in 1..4usize,
    ) {
        let said: Vec<Said> = said
            .iter()
            .enumerate()
            .map(|(at, (name, likes))| Said { at: 10.0 * (at + 1) as f64, name, likes: *likes })
            .collect();
        let shuffled: Vec<Said> = order.iter().filter_map(|at| said.get(*at).cloned()).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (_folder, store) = store().await;
            keep(&store, &shuffled, at_once).await;
            let last = said.last().unwrap();
            let expected = (last.name.to_owned(), last.likes, last.at, said[0].at, last.at);
            assert_eq!(state(&store).await, expected, "{shuffled:?}");
            let mut likes: Vec<(f64, i64)> = said.iter().map(|said| (said.at, said.likes)).collect();
            let history = history(&store).await;
            // An entry does not know of the observations within it. So a change that comes later may hide one of them.
            assert!(history.iter().all(|entry| likes.contains(entry)), "{history:?} {shuffled:?}");
            assert_eq!(history.last().map(|entry| entry.1), Some(last.likes), "{shuffled:?}");
            if shuffled.is_sorted_by(|one, other| one.at < other.at) {
                likes.dedup_by_key(|entry| entry.1);
                assert_eq!(history, likes, "{shuffled:?}");
            }
            store.close().await.unwrap();
        });
    }
}

#[tokio::test]
async fn an_older_value_fills_a_column_that_has_none() {
    let (_folder, store) = store().await;
    let without = |mut reply: ImportedReply| {
        reply.harvest.users[0].display_name = None;
        reply.harvest.posts[0].counts = Counts::default();
        reply
    };
    let [new, old] = [20.0, 10.0].map(|at| {
        reply(&Said {
            at,
            name: "a",
            likes: 5,
        })
    });
    let run = store.start_run(RunKind::Import, 1, 1000.0).await.unwrap();
    let source = store.note_source("/a", "jsonl", 1000.0).await.unwrap();
    let mut importing = Importing::default();
    for reply in [without(new), old] {
        let kept = store
            .keep_imported(run.id, source, &[reply], &mut importing, 1000.0)
            .await;
        kept.unwrap();
    }
    assert_eq!(state(&store).await, ("a".to_owned(), 5, 10.0, 10.0, 20.0));
}

/// The number of a user, their name, and how many follow them and they follow.
type MixedUser = (u8, Option<&'static str>, [Option<i64>; 2]);

/// What a page says of some users and posts; a user without anything is only mentioned.
#[derive(Debug, Clone)]
struct Mixed {
    at: u8,
    users: Vec<MixedUser>,
    posts: Vec<(u8, u8, Option<i64>)>,
}

fn mixed() -> impl Strategy<Value = Mixed> {
    let name = prop::option::of(prop::sample::select(vec!["a", "a", "a", "b"]));
    let count = || prop::option::of(prop::sample::select(vec![1, 1, 1, 2]));
    let users = vec((0..3u8, name, [count(), count()]), 0..3);
    let posts = vec((0..3u8, 0..4u8, count()), 0..3);
    (1..9u8, users, posts).prop_map(|(at, users, posts)| Mixed { at, users, posts })
}

fn mixed_reply(said: &Mixed) -> ImportedReply {
    let user = |(id, name, [followers, following]): &MixedUser| User {
        user_id: format!("user-{id}"),
        username: name.map(str::to_owned),
        counts: Counts::of([
            ("follower_count", *followers),
            ("following_count", *following),
        ]),
        ..User::default()
    };
    let post = |(id, author, likes): &(u8, u8, Option<i64>)| Post {
        post_id: format!("s_{id}"),
        author_user_id: Some(format!("user-{author}")),
        counts: Counts::of([("like_count", *likes)]),
        ..Post::default()
    };
    let mut reply = reply(&Said {
        at: f64::from(said.at),
        name: "",
        likes: 0,
    });
    reply.harvest = Harvest {
        users: said.users.iter().map(user).collect(),
        posts: said.posts.iter().map(post).collect(),
        ..Harvest::default()
    };
    reply
}

/// All that these pages leave, by the ids of the remote.
async fn rows_of(all: &[Mixed], at_once: usize) -> Vec<String> {
    let (_folder, store) = store().await;
    let run = store.start_run(RunKind::Import, 1, 1000.0).await.unwrap();
    let source = store.note_source("/a", "jsonl", 1000.0).await.unwrap();
    let mut importing = Importing::default();
    for some in all.chunks(at_once) {
        let replies: Vec<ImportedReply> = some.iter().map(mixed_reply).collect();
        let kept = store.keep_imported(run.id, source, &replies, &mut importing, 1000.0);
        kept.await.unwrap();
    }
    // The newest entry of a history is what the row says, and goes on.
    let (entries,): (i64,) = sqlx::query_as(
        "select count(*) from users u left join user_stats s on s.user_id = u.id and s.last_observed_at is null
            and (s.follower_count, s.following_count) is (u.follower_count, u.following_count)
            and s.observed_at = (select max(observed_at) from user_stats where user_id = u.id)
         where u.counted_at is not null and s.user_id is null",
    )
    .fetch_one(store.readers())
    .await
    .unwrap();
    assert_eq!(entries, 0, "{all:?}");
    let mut rows = Vec::new();
    for sql in [
        "select json_array(user_id, username, follower_count, following_count, counted_at, counted_call_id, first_call_id, last_call_id) from users",
        "select json_array(post_id, user_id, like_count, p.counted_at, p.counted_call_id, p.first_call_id, p.last_call_id)
         from posts p join users u on u.id = p.author_id",
        "select json_array(u.user_id, call_id, observed_at, last_observed_at, s.follower_count, s.following_count)
         from user_stats s join users u on u.id = s.user_id",
        "select json_array(p.post_id, call_id, observed_at, last_observed_at, s.like_count)
         from post_stats s join posts p on p.id = s.post_id",
        "select json_array(u.user_id, n.username, until_call_id) from user_names n join users u on u.id = n.user_id",
    ] {
        let sql = format!("{sql} order by 1");
        let found: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .fetch_all(store.readers())
            .await
            .unwrap();
        rows.extend(found);
    }
    store.close().await.unwrap();
    rows
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn pages_written_as_one_leave_what_they_leave_one_by_one(
        mut all in vec(mixed(), 2..9),
        is_sorted in prop::bool::weighted(0.6),
        at_once in 2..9usize,
    ) {
        if is_sorted {
            all.sort_by_key(|said| said.at);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (one_by_one, together) = runtime.block_on(async {
            (rows_of(&all, 1).await, rows_of(&all, at_once).await)
        });
        prop_assert_eq!(together, one_by_one);
    }
}

/// Steps of SQLite for the import of ten pages into an archive that has imported so many.
async fn steps_after(pages: usize) -> u64 {
    let (_folder, store) = store().await;
    let run = store.start_run(RunKind::Import, 1, 1000.0).await.unwrap();
    let source = store.note_source("/a", "jsonl", 1000.0).await.unwrap();
    let replies = (0..pages + 10).map(|at| {
        let mut reply = reply(&Said {
            at: at as f64,
            name: "a",
            likes: 5,
        });
        reply.subject = format!("s_{at}");
        reply.harvest.posts[0].post_id = format!("s_{at}");
        reply
    });
    let replies: Vec<ImportedReply> = replies.collect();
    let mut importing = Importing::default();
    let kept = store.keep_imported(run.id, source, &replies[..pages], &mut importing, 1000.0);
    kept.await.unwrap();
    let steps = Arc::new(AtomicU64::new(0));
    let counted = steps.clone();
    let mut writing = store.writing().await;
    let mut handle = writing.lock_handle().await.unwrap();
    handle.set_progress_handler(10, move || {
        counted.fetch_add(10, Ordering::Relaxed);
        true
    });
    drop(handle);
    drop(writing);
    let kept = store.keep_imported(run.id, source, &replies[pages..], &mut importing, 1000.0);
    kept.await.unwrap();
    store.close().await.unwrap();
    steps.load(Ordering::Relaxed)
}

#[tokio::test]
async fn an_import_costs_the_same_whatever_was_imported_before() {
    let (few, many) = (steps_after(20).await, steps_after(2000).await);
    assert!(few > 1000 && many < few + few / 4, "{few} {many}");
}
