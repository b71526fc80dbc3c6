//! Any page can be written, and writing it again changes nothing. A page that cannot be written is lost money.

use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::empty::{run, store};
use super::write_page;
use crate::clock::Moment;
use crate::config::Config;
use crate::crawl::Plan;
use crate::crawl::admit::Place;
use crate::model::{
    Appearance, Attachment, Budget, Comment, Counts, Follow, Harvest, ListEntry, ListKind,
    MicroUsd, Nested, Post, Remix, SearchEntry, Seed, SeedKind, StopReason, User, item_hashes,
};
use crate::store::queue;
use crate::store::read::canonical::canonical_lines;
use crate::store::write::page::{BatchContext, commit_pages};
use crate::store::{
    LeaseRequest, Next, OpenCall, Outcome, PageCommit, RunKind, Settlement, Store, ledger,
};

/// A small set of ids, so that rows of every kind share ids with each other.
static IDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut ids: Vec<String> = [
        "user-1",
        "s_1",
        "c_1",
        "",
        "'; drop table users; --",
        "\"quoted\" ` [id]",
        "a\0b",
        "\0",
        "? ?1 :a @b $c %s {} \\",
        "\u{1b}[2J\r\n\u{7f}",
        "𝕊\u{202e}ß\u{fffd}",
    ]
    .map(str::to_owned)
    .to_vec();
    ids.push("x".repeat(10_000));
    ids
});

fn id() -> impl Strategy<Value = String> {
    select(&IDS[..])
}

fn text() -> impl Strategy<Value = Option<String>> {
    of(prop_oneof![id(), any::<String>()])
}

fn time() -> impl Strategy<Value = Option<f64>> {
    of(any::<f64>())
}

fn count() -> impl Strategy<Value = Option<i64>> {
    of(prop_oneof![any::<i64>(), 0..3i64])
}

prop_compose! {
    fn user()(user_id in id(), owner_user_id in of(id()), username in text(), description in text(),
        banned_at in time(), created_at in time(), verified in of(any::<bool>()),
        follower_count in count(), post_count in count(), character_count in count()) -> User {
        User {
            user_id, owner_user_id, username, description, banned_at, created_at, verified,
            counts: Counts::of([("follower_count", follower_count), ("post_count", post_count),
                ("character_count", character_count)]),
            ..User::default()
        }
    }
}

prop_compose! {
    fn counts()(like_count in count(), reply_count in count(), remix_count in count(), view_count in count()) -> Counts {
        Counts::of([("like_count", like_count), ("reply_count", reply_count), ("remix_count", remix_count),
            ("view_count", view_count)])
    }
}

prop_compose! {
    fn post()(post_id in id(), author_user_id in of(id()), parent_post_id in of(id()), root_post_id in of(id()),
        repost_of_post_id in of(id()), text in text(), posted_at in time(), counts in counts()) -> Post {
        Post {
            post_id, author_user_id, parent_post_id, root_post_id, repost_of_post_id, text, posted_at, counts,
            ..Post::default()
        }
    }
}

prop_compose! {
    fn comment()(comment_id in id(), post_id in of(id()), parent_comment_id in of(id()), author_user_id in of(id()),
        text in text(), posted_at in time(), counts in counts()) -> Comment {
        Comment {
            comment_id, post_id, parent_comment_id, author_user_id, text, posted_at, counts,
            ..Comment::default()
        }
    }
}

prop_compose! {
    /// An attachment of a post or of a comment, never of both, as `Attachment` requires.
    fn attachment()(attachment_id in id(), owner in id(), of_post in any::<bool>(), url in text(), width in count(),
        duration_s in time(), expires_at in time()) -> Attachment {
        Attachment {
            attachment_id,
            post_id: of_post.then(|| owner.clone()),
            comment_id: (!of_post).then_some(owner),
            url, width, duration_s, expires_at,
            ..Attachment::default()
        }
    }
}

fn entries() -> impl Strategy<Value = Vec<ListEntry>> {
    vec(
        (0..20u32, id()).prop_map(|(position, id)| ListEntry { position, id }),
        0..4,
    )
}

fn nested() -> impl Strategy<Value = Nested> {
    let list = select(
        &[
            ListKind::REPLIES_OF_COMMENT,
            ListKind::COMMENTS_OF_POST,
            ListKind::REMIXES_OF_POST,
        ][..],
    );
    (list, id(), 0..3u32, of(id())).prop_map(|(list, subject, items, cursor)| Nested {
        list,
        subject,
        items,
        cursor,
    })
}

prop_compose! {
    fn entities()(users in vec(user(), 0..5), posts in vec(post(), 0..5), comments in vec(comment(), 0..6),
        attachments in vec(attachment(), 0..4)) -> Harvest {
        Harvest { users, posts, comments, attachments, ..Harvest::default() }
    }
}

prop_compose! {
    fn harvest()(entities in entities(), feed in entries(), leaderboard in entries(), nested in vec(nested(), 0..3),
        follows in vec((id(), id()), 0..5), appearances in vec((id(), id()), 0..3), remixes in vec((id(), id()), 0..3),
        search in vec((0..20u32, id(), text()), 0..3), items in vec(id(), 0..5), cursor in of(id())) -> Harvest {
        Harvest {
            follows: follows.into_iter().map(|(follower, followed)| Follow { follower, followed }).collect(),
            appearances: appearances.into_iter().map(|(user_id, post_id)| Appearance { user_id, post_id }).collect(),
            remixes: remixes.into_iter().map(|(post_id, parent_post_id)| Remix { post_id, parent_post_id }).collect(),
            search: search.into_iter().map(|(position, user_id, token)| SearchEntry { position, user_id, token }).collect(),
            feed, leaderboard, nested, items, cursor,
            ..entities
        }
    }
}

async fn lines(store: &Store) -> Vec<String> {
    canonical_lines(store.readers()).await.unwrap()
}

async fn assert_sound(store: &Store) {
    let broken = sqlx::query("pragma foreign_key_check")
        .fetch_all(store.readers())
        .await
        .unwrap();
    assert!(broken.is_empty(), "{} rows without a parent", broken.len());
}

/// Commits pages of the feed in the transaction that workers use, with the follow-ups of a plan that admits everything.
async fn commit(store: &Store, pages: &[Harvest]) {
    let mut crawl = Config::default().crawl;
    (crawl.max_depth, crawl.replies, crawl.download_info) = (9, true, true);
    (crawl.details, crawl.profiles, crawl.followers) = (true, true, true);
    let plan = Plan::new(crawl);
    let seed = Seed {
        kind: SeedKind::Feed,
        subject: String::new(),
    };
    let jobs = plan.seed_jobs(&seed);
    store.plant(&[(seed, jobs)], 1.0).await.unwrap();
    let run = store.start_run(RunKind::Run, 1, 1.0).await.unwrap();
    for (n, harvest) in pages.iter().enumerate() {
        let now = 10.0 + f64::from(u32::try_from(n).unwrap());
        let mut transaction = store.begin().await.unwrap();
        let request = LeaseRequest {
            endpoints: vec!["get_feed"],
            sampled: Vec::new(),
            may_be_unneeded: Vec::new(),
            max_depth: 0,
            paused_seeds: Vec::new(),
            imported_only: false,
            lease_seconds: 60.0,
            call_of: None,
        };
        let (mut leases, _) = queue::lease(&mut transaction, &request, 1, now)
            .await
            .unwrap();
        let lease = leases.pop().expect("a lease of the walk");
        let call = OpenCall {
            run_id: run.id,
            lease: Some(lease.token),
            seed_id: Some(lease.seed_id),
            endpoint: "get_feed",
            subject: String::new(),
            cursor: lease.cursor.clone(),
            price: MicroUsd(1),
            budget: Budget::default(),
            day: "2026-01-01".to_owned(),
            now,
            imported_from: None,
        };
        let mut opened = ledger::open_calls(&mut transaction, &[&call])
            .await
            .unwrap();
        let call_id = opened.pop().unwrap().unwrap();
        let place = Place {
            endpoint: "get_feed",
            subject: "",
            depth: 0,
            resolves_name: false,
            led_to: lease.led_to,
        };
        let admitted = plan.admit(&place, harvest);
        let next = match harvest.cursor.clone().filter(|_| n + 1 == pages.len()) {
            Some(cursor) => Next::End {
                reason: StopReason::Capped,
                note: cursor.clone(),
                cursor: Some(cursor),
            },
            None => Next::Page {
                cursor: "next".to_owned(),
                stale_pages: 0,
                repeated_pages: 0,
            },
        };
        let page = PageCommit {
            own_time: None,
            span_change: None,
            passes: Vec::new(),
            call_id,
            settlement: Settlement {
                outcome: Outcome::Answered,
                charge: MicroUsd(1),
                http_status: Some(200),
                error: None,
                request_id: harvest.cursor.clone(),
                body_bytes: Some(1),
                body: None,
            },
            item_hashes: item_hashes(&harvest.items),
            row_count: harvest.row_count(),
            harvest: harvest.clone(),
            next,
            follow_ups: admitted.jobs,
            refused: admitted.refused,
            nested: admitted.nested,
            led_to: admitted.led_to,
            lease_seconds: 60.0,
            lease,
        };
        let before = sqlx::query(BatchContext::QUESTION)
            .fetch_one(&mut *transaction)
            .await
            .unwrap();
        let before = BatchContext::read(&before, now).unwrap();
        let answers = commit_pages(
            &mut transaction,
            &[&page],
            before,
            Moment {
                wall: now,
                steady: now,
            },
        )
        .await
        .unwrap();
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
        sqlx::query("update jobs set state = 'ready', lease_until = null where state = 'leased'")
            .execute(&mut *transaction)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_pages_can_be_written_and_writing_them_again_changes_nothing(pages in vec(harvest(), 1..4)) {
        run(async {
            let (_folder, store) = store().await;
            for (n, page) in (1..).zip(&pages) {
                write_page(&store, page, 100.0 * f64::from(n)).await;
            }
            let once = lines(&store).await;
            if let Some(last) = pages.last() {
                write_page(&store, last, 1000.0).await;
            }
            let twice = lines(&store).await;
            assert_sound(&store).await;
            let changed: Vec<_> = twice.iter().filter(|line| !once.contains(line)).collect();
            assert_eq!(changed, [""; 0]);
            assert_eq!(once.len(), twice.len());
        });
    }

    #[test]
    fn any_page_can_be_committed_with_its_follow_ups(pages in vec(harvest(), 1..3)) {
        run(async {
            let (_folder, store) = store().await;
            commit(&store, &pages).await;
            assert_sound(&store).await;
        });
    }
}

#[test]
fn a_thread_of_thousands_of_replies_gets_its_post_from_a_later_page() {
    run(async {
        let (_folder, store) = store().await;
        let reply = |n: u32, parent: Option<u32>, post: Option<&str>| Comment {
            comment_id: format!("c{n}"),
            parent_comment_id: parent.map(|parent| format!("c{parent}")),
            post_id: post.map(str::to_owned),
            ..Comment::default()
        };
        let page = |comments| Harvest {
            comments,
            ..Harvest::default()
        };
        let thread = (1..3000).map(|n| reply(n, Some(n - 1), None)).collect();
        write_page(&store, &page(thread), 1.0).await;
        write_page(&store, &page(vec![reply(0, None, Some("s_1"))]), 2.0).await;
        let without_post: i64 =
            sqlx::query_scalar("select count(*) from comments where post_id is null")
                .fetch_one(store.readers())
                .await
                .unwrap();
        assert_eq!(without_post, 0);
    });
}
