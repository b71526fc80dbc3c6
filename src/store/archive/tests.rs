//! Every column gets its value from a page, and keeps it if a later page has none.

mod absences;
mod any;
mod empty;
mod imported;
mod tangled;

use sqlx::{Column, Row, TypeInfo, ValueRef};

use super::{Kind, Known, write};
use crate::model::{Attachment, Budget, Comment, Counts, Harvest, Post, User};
use crate::store::archive::merge::PageRows;
use crate::store::{OpenCall, RunKind, Store};
use empty::store;

/// Opens a call and writes a harvest as its page. Returns the call's id.
async fn write_page(store: &Store, harvest: &Harvest, now: f64) -> i64 {
    let run = store.start_run(RunKind::Call, 1, now).await.unwrap();
    let call = OpenCall {
        run_id: run.id,
        lease: None,
        seed_id: None,
        endpoint: "get_feed",
        subject: String::new(),
        cursor: None,
        price: crate::model::MicroUsd(1),
        budget: Budget::default(),
        day: "2026-01-01".to_owned(),
        now,
        imported_from: None,
    };
    let call_id = store.open_call(&call).await.unwrap();
    let page = PageRows {
        is_imported: false,
        call_id,
        now,
        subject: "",
        items_before: 0,
        harvest,
    };
    let mut transaction = store.begin().await.unwrap();
    let known = Known {
        has_orphans: true,
        has_absences: true,
        newest_at: None,
    };
    write(&mut transaction, &[page], known).await.unwrap();
    transaction.commit().await.unwrap();
    call_id
}

/// Returns a row as (column, text) pairs.
async fn row(store: &Store, table: &'static str, key: &'static str) -> Vec<(String, String)> {
    let text = format!("select * from {table} where {key} limit 1");
    let row = sqlx::query(sqlx::AssertSqlSafe(text))
        .fetch_one(store.readers())
        .await
        .unwrap();
    (0..row.columns().len())
        .map(|at| {
            let raw = row.try_get_raw(at).unwrap();
            let value = match (raw.is_null(), raw.type_info().name()) {
                (true, _) => "null".to_owned(),
                (false, "TEXT") => row.get::<String, _>(at),
                (false, "REAL") => row.get::<f64, _>(at).to_string(),
                _ => row.get::<i64, _>(at).to_string(),
            };
            (row.columns()[at].name().to_owned(), value)
        })
        .collect()
}

fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

fn post_counts() -> Counts {
    Counts::of([
        ("like_count", Some(101)),
        ("dislike_count", Some(102)),
        ("view_count", Some(103)),
        ("unique_view_count", Some(104)),
        ("remix_count", Some(105)),
        ("reply_count", Some(106)),
        ("recursive_reply_count", Some(107)),
        ("share_count", Some(108)),
        ("repost_count", Some(109)),
    ])
}

fn full() -> Harvest {
    let user = User {
        user_id: "user-1".into(),
        username: text("username"),
        display_name: text("display_name"),
        description: text("description"),
        profile_picture_url: text("profile_picture_url"),
        cover_photo_url: text("cover_photo_url"),
        permalink: text("permalink"),
        location: text("location"),
        website: text("website"),
        plan_type: text("plan_type"),
        verified: Some(true),
        can_cameo: Some(false),
        is_public_figure: Some(true),
        owner_user_id: text("user-2"),
        created_at: Some(1.5),
        updated_at: Some(2.5),
        banned_at: Some(3.5),
        counts: Counts::of([
            ("follower_count", Some(201)),
            ("following_count", Some(202)),
            ("post_count", Some(203)),
            ("cameo_count", Some(204)),
            ("likes_received_count", Some(205)),
            ("view_count", Some(206)),
            ("reply_count", Some(207)),
            ("remix_count", Some(208)),
            ("character_count", Some(209)),
        ]),
    };
    let post = Post {
        post_id: "s_1".into(),
        author_user_id: text("user-1"),
        text: text("text"),
        title: text("title"),
        caption: text("caption"),
        emoji: text("emoji"),
        source: text("source"),
        posted_at: Some(4.5),
        updated_at: Some(5.5),
        tombstoned_at: Some(6.5),
        permalink: text("permalink"),
        preview_image_url: text("preview_image_url"),
        cover_photo_url: text("cover_photo_url"),
        srt_url: text("srt_url"),
        vtt_url: text("vtt_url"),
        posted_to_public: Some(true),
        share_setting: text("share_setting"),
        is_featured: Some(false),
        parent_post_id: text("s_2"),
        root_post_id: text("s_3"),
        repost_of_post_id: text("s_4"),
        discovery_phrase: text("discovery_phrase"),
        counts: post_counts(),
    };
    let comment = Comment {
        comment_id: "c1".into(),
        post_id: text("s_1"),
        parent_comment_id: text("c2"),
        author_user_id: text("user-1"),
        text: text("text"),
        posted_at: Some(7.5),
        updated_at: Some(8.5),
        tombstoned_at: Some(9.5),
        permalink: text("permalink"),
        counts: post_counts(),
    };
    let attachment = Attachment {
        attachment_id: "a1".into(),
        post_id: text("s_1"),
        comment_id: None,
        kind: text("kind"),
        generation_id: text("generation_id"),
        generation_type: text("generation_type"),
        task_id: text("task_id"),
        width: Some(301),
        height: Some(302),
        duration_s: Some(10.5),
        n_frames: Some(303),
        output_blocked: Some(false),
        has_captions: Some(true),
        url: text("url"),
        downloadable_url: text("downloadable_url"),
        watermark_url: text("watermark_url"),
        no_watermark_url: text("no_watermark_url"),
        endcard_watermark_url: text("endcard_watermark_url"),
        source_url: text("source_url"),
        source_wm_url: text("source_wm_url"),
        endcard_wm_url: text("endcard_wm_url"),
        thumbnail_url: text("thumbnail_url"),
        unfurl_url: text("unfurl_url"),
        md_url: text("md_url"),
        ld_url: text("ld_url"),
        gif_url: text("gif_url"),
        expires_at: Some(11.5),
    };
    Harvest {
        users: vec![user],
        posts: vec![post],
        comments: vec![comment],
        attachments: vec![attachment],
        ..Harvest::default()
    }
}

/// Returns the same entities with nothing but their ids.
fn stub() -> Harvest {
    Harvest {
        users: vec![User {
            user_id: "user-1".into(),
            ..User::default()
        }],
        posts: vec![Post {
            post_id: "s_1".into(),
            ..Post::default()
        }],
        comments: vec![Comment {
            comment_id: "c1".into(),
            ..Comment::default()
        }],
        attachments: vec![Attachment {
            attachment_id: "a1".into(),
            post_id: text("s_1"),
            ..Attachment::default()
        }],
        ..Harvest::default()
    }
}

const ROWS: [(&str, &str); 4] = [
    ("users", "user_id = 'user-1'"),
    ("posts", "post_id = 's_1'"),
    ("comments", "comment_id = 'c1'"),
    ("attachments", "attachment_id = 'a1'"),
];

#[tokio::test]
async fn every_column_contains_the_value_of_the_page() {
    let (_folder, store) = store().await;
    let call_id = write_page(&store, &full(), 50.25).await;
    for (table, key) in ROWS {
        for (column, value) in row(&store, table, key).await {
            if table == "attachments" && column == "comment_id" {
                assert_eq!(value, "null");
                continue;
            }
            assert_ne!(value, "null", "{table}.{column}");
            // The strings equal their column names. The ids of calls and our own times are known.
            if value
                .chars()
                .all(|letter| letter.is_ascii_lowercase() || letter == '_')
            {
                assert_eq!(value, column, "{table}");
            }
            match column.as_str() {
                "first_call_id" | "last_call_id" | "counted_call_id" => {
                    assert_eq!(value, call_id.to_string(), "{table}.{column}");
                }
                "counted_at" => assert_eq!(value, "50.25", "{table}"),
                "like_count" => assert_eq!(value, "101", "{table}"),
                "repost_count" => assert_eq!(value, "109", "{table}"),
                "follower_count" => assert_eq!(value, "201"),
                "character_count" => assert_eq!(value, "209"),
                "width" => assert_eq!(value, "301"),
                "expires_at" => assert_eq!(value, "11.5"),
                _ => {}
            }
        }
    }
}

#[tokio::test]
async fn a_missing_value_overwrites_nothing() {
    let (_folder, store) = store().await;
    write_page(&store, &full(), 50.0).await;
    let mut before = Vec::new();
    for (table, key) in ROWS {
        before.push(row(&store, table, key).await);
    }
    let second = write_page(&store, &stub(), 60.0).await;
    for ((table, key), before) in ROWS.into_iter().zip(before) {
        for ((column, value), (_, old)) in row(&store, table, key).await.into_iter().zip(before) {
            if column == "last_call_id" {
                assert_eq!(value, second.to_string(), "{table}");
            } else {
                assert_eq!(value, old, "{table}.{column}");
            }
        }
    }
}

#[tokio::test]
async fn a_count_gets_a_new_history_row_only_if_it_changed() {
    let (_folder, store) = store().await;
    let first = write_page(&store, &full(), 50.0).await;
    write_page(&store, &full(), 60.0).await;
    write_page(&store, &stub(), 65.0).await;
    let mut changed = full();
    changed.users[0].counts = Counts::of([("follower_count", Some(999))]);
    let last = write_page(&store, &changed, 70.0).await;
    let history: Vec<(i64, f64, f64, i64)> = sqlx::query_as(
        "select call_id, observed_at, last_observed_at, follower_count from user_growth order by observed_at",
    )
    .fetch_all(store.readers())
    .await
    .unwrap();
    assert_eq!(history, [(first, 50.0, 60.0, 201), (last, 70.0, 70.0, 999)]);
    let posts: Vec<(f64, f64)> =
        sqlx::query_as("select observed_at, last_observed_at from post_growth")
            .fetch_all(store.readers())
            .await
            .unwrap();
    assert_eq!(posts, [(50.0, 70.0)]);
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_the_archive_and_its_log() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("a.db")).await.unwrap();
    write_page(&store, &full(), 50.0).await;
    for name in ["a.db", "a.db-wal", "a.db-shm"] {
        let file = std::fs::metadata(folder.path().join(name)).unwrap();
        assert_eq!(file.permissions().mode() & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn the_schema_lists_every_column_of_the_file_with_its_kind_and_key() {
    let (_folder, store) = store().await;
    for table in super::schema::tables() {
        let found: Vec<(String, String, bool)> = sqlx::query_as(
            "select name, type, pk > 0 or exists (
                 select 1 from pragma_index_list(?1) i, pragma_index_info(i.name) o
                 where i.\"unique\" and o.name = c.name)
             from pragma_table_info(?1) c where name <> 'id' order by name",
        )
        .bind(table.name)
        .fetch_all(store.readers())
        .await
        .unwrap();
        let kind = |kind| match kind {
            Kind::Text => "TEXT",
            Kind::Real | Kind::Time => "REAL",
            Kind::Integer | Kind::Flag | Kind::Count | Kind::Reference(_) | Kind::Call => "INTEGER",
        };
        let columns = table.columns.iter();
        let columns =
            columns.map(|one| (one.name.to_owned(), kind(one.kind).to_owned(), one.is_key));
        let mut named: Vec<(String, String, bool)> = columns.collect();
        named.sort();
        assert_eq!(named, found, "{}", table.name);
    }
}

#[tokio::test]
async fn every_table_of_rows_is_in_the_schema() {
    let (_folder, store) = store().await;
    let found: Vec<String> = sqlx::query_scalar(
        "select distinct m.name from sqlite_master m, pragma_foreign_key_list(m.name) f
         where m.type = 'table' and f.\"table\" in ('users', 'posts', 'comments')
         union select 'users' union select 'posts' union select 'comments' order by 1",
    )
    .fetch_all(store.readers())
    .await
    .unwrap();
    let mut named: Vec<&str> = super::schema::tables()
        .iter()
        .map(|table| table.name)
        .collect();
    named.sort_unstable();
    assert_eq!(named, found);
}
