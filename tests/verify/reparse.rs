//! `soracrawl reparse`: all rows made again from the kept replies, in a new file.

use std::os::unix::fs::FileExt;
use std::path::Path;

use soracrawl::replies::{People, Purpose, Reader, Reparsed, reparse};
use soracrawl::store::read::free_bytes;
use soracrawl::store::{Error, Result, Store};

use crate::migrated::{FIRST, fixture, newest};
use crate::site::{copy, damage, examine, number, report_text, text};

pub async fn reparsed(path: &Path, purpose: Purpose) -> Result<Reparsed> {
    let means = (Reader::default(), People::default());
    reparse(path, means, purpose, |_| {}).await
}

pub async fn replaced(path: &Path) -> Reparsed {
    reparsed(path, Purpose::Replace).await.expect("a new file")
}

async fn assert_sound(path: &Path, contents: &str) {
    let report = examine(path).await;
    assert!(report.is_sound(), "{}", report_text(&report));
    assert_eq!(report.contents.as_deref(), Some(contents));
}

/// What the other tables have, which no reply makes.
const OTHERS: &str = "select json_array(
    (select json_group_array(json_array(id, state, fence, cursor, note)) from jobs),
    (select json_group_array(json_array(id, subject)) from seeds),
    (select json_group_array(json_array(id, outcome, kept_group, cost_micro_usd, items, row_count, odd_items, hex(item_hashes),
        hex(body))) from calls),
    (select json_group_array(json_array(scope, name, micro_usd)) from spend),
    (select json_group_array(json_array(day, endpoint, items, row_count, odd_items)) from call_totals),
    (select json_group_array(json_array(call_id, position, at, why)) from odd_items),
    (select json_group_array(json_array(id, hex(dictionary))) from dictionaries),
    (select json_group_array(json_array(id, job_id, state)) from spans),
    (select json_group_array(json_array(name, value)) from settings))";

#[tokio::test]
async fn rows_and_columns_that_were_emptied_by_hand_are_there_again() {
    let (_folder, path) = copy().await;
    let before = examine(&path).await;
    let (contents, others) = (before.contents.expect("a hash"), text(&path, OTHERS).await);
    damage(
        &path,
        "update users set description = null, follower_count = null, username = 'x' where id % 2;
         update posts set text = null, author_id = null, first_call_id = last_call_id;
         delete from user_stats; delete from post_stats where post_id % 3 = 0;
         delete from comment_entities; delete from feed_entries;
         delete from attachments where id % 2; delete from comments where id % 5 = 1;
         delete from user_names",
    )
    .await;
    assert!(!examine(&path).await.is_sound());
    let done = replaced(&path).await;
    assert_sound(&path, &contents).await;
    assert_eq!(text(&path, OTHERS).await, others);
    assert_eq!(done.after, contents);
    assert_ne!(done.before, contents);
    assert_eq!((done.copied, done.removed, done.unreadable), (0, 0, 0));
    let change = |table: &str| {
        let found = done.tables.iter().find(|it| it.table == table);
        found.expect("a table").clone()
    };
    assert_eq!(change("user_stats").new, change("user_stats").rows);
    assert!(change("posts").changed > 0 && change("posts").new == 0);
    assert!(change("comments").new > 0 && change("comments").gone == 0);
    let again = replaced(&path).await;
    assert!(!again.is_changed(), "{again:?}");
    assert_sound(&path, &contents).await;
}

#[tokio::test]
async fn rows_that_no_reply_shows_are_gone_and_numbers_of_the_ledger_follow_the_readers() {
    let (_folder, path) = copy().await;
    let (contents, others) = (
        examine(&path).await.contents.expect("a hash"),
        text(&path, OTHERS).await,
    );
    damage(
        &path,
        "insert into users (user_id, first_call_id, last_call_id) select 'made-up', min(id), max(id) from calls where kept;
         update call_totals set row_count = row_count + 7 where (day, endpoint) =
             (select day, endpoint from calls where kept and row_count > 0 order by id limit 1);
         update calls set row_count = row_count + 7 where id = (select min(id) from calls where kept and row_count > 0);
         update call_totals set odd_items = odd_items - (select odd_items from calls where odd_items > 0 order by id limit 1)
             where (day, endpoint) = (select day, endpoint from calls where odd_items > 0 order by id limit 1);
         update calls set item_hashes = x'0102030405060708' where id = (select max(id) from calls where kept and items > 1);
         delete from odd_items where call_id = (select min(id) from calls where odd_items > 0);
         update calls set odd_items = 0 where id = (select min(id) from calls where odd_items > 0)",
    )
    .await;
    let done = replaced(&path).await;
    assert_eq!(done.corrected, 3);
    let users = &done.tables[0];
    assert_eq!(
        (users.gone, &users.examples[..]),
        (1, &["gone: made-up".to_owned()][..])
    );
    assert_eq!(text(&path, OTHERS).await, others);
    assert_sound(&path, &contents).await;
}

#[tokio::test]
async fn rows_whose_replies_were_removed_stay_and_what_refers_to_them_still_does() {
    let (_folder, path) = copy().await;
    let contents = examine(&path).await.contents.expect("a hash");
    let kept = number(&path, "select count(*) from calls where kept").await;
    damage(
        &path,
        "update calls set body = null, redacted_at = settled_at where kept
             and id <= (select id from calls where kept order by id limit 1 offset (select count(*) / 2 from calls where kept));
         insert into absences (kind, item_id, of_id, first_missed_call_id, last_missed_call_id, times, verdict, reason)
             select kind, item, of, (select max(id) from calls), (select max(id) from calls), 1, 'missed', 'not_listed' from (
                 select 'user' as kind, id as item, 0 as of from users
                 union all select 'post', id, 0 from posts union all select 'comment', id, 0 from comments
                 union all select 'follow', follower_id, followed_id from follows
                 union all select 'appearance', user_id, post_id from appearances
                 union all select 'remix', post_id, parent_post_id from remixes)",
    )
    .await;
    const ABSENT: &str = "select group_concat(line, ' ') from (select kind || id || coalesce(of_id, '') as line from absence_history order by 1)";
    const NUMBERS: &str = "select group_concat(id || ' ' || user_id) from users";
    let (absent, numbers) = (text(&path, ABSENT).await, text(&path, NUMBERS).await);
    let report = examine(&path).await;
    assert!(report.is_sound(), "{}", report_text(&report));
    let done = replaced(&path).await;
    assert_eq!(i64::try_from(done.replies + done.removed), Ok(kept));
    assert!(done.removed > 10 && done.copied > 10, "{done:?}");
    assert_sound(&path, &contents).await;
    assert_eq!(text(&path, ABSENT).await, absent);
    assert_ne!(
        text(&path, NUMBERS).await,
        numbers,
        "the numbers of rows are new"
    );
    let again = replaced(&path).await;
    assert_eq!(
        (again.copied, again.is_changed()),
        (done.copied, false),
        "{again:?}"
    );
}

#[tokio::test]
async fn rows_of_a_reply_that_cannot_be_read_are_copied_and_counted() {
    let (_folder, path) = copy().await;
    let contents = examine(&path).await.contents.expect("a hash");
    damage(
        &path,
        "update calls set body = x'00' where id in (select id from calls where kept and row_count > 5 order by id desc limit 3)",
    )
    .await;
    let done = replaced(&path).await;
    assert_eq!((done.unreadable, done.removed), (3, 0));
    assert!(
        done.example
            .is_some_and(|why| why.contains("cannot be decompressed"))
    );
    assert_eq!(done.after, contents);
}

#[tokio::test]
async fn a_check_changes_no_byte_and_leaves_nothing() {
    let (folder, path) = copy().await;
    damage(&path, "update posts set text = null").await;
    let bytes = std::fs::read(&path).expect("the file");
    let done = reparsed(&path, Purpose::Check).await.expect("a report");
    assert!(done.is_changed());
    assert_eq!(std::fs::read(&path).expect("the file"), bytes);
    assert_eq!(
        std::fs::read_dir(folder.path()).expect("a folder").count(),
        1
    );
}

#[tokio::test]
async fn an_archive_of_every_schema_gets_the_rows_of_this_version() {
    let folder = tempfile::tempdir().expect("a folder");
    let newest = newest(folder.path()).await;
    for schema in FIRST..=newest {
        let path = folder.path().join(format!("{schema}.db"));
        std::fs::copy(fixture(schema), &path).expect("a copy");
        if schema < newest {
            let refused = reparsed(&path, Purpose::Check).await;
            assert!(matches!(refused, Err(Error::Older { .. })), "{refused:?}");
        }
        Store::open(&path)
            .await
            .expect("an archive")
            .close()
            .await
            .expect("a close");
        let done = replaced(&path).await;
        assert_eq!((done.copied, done.unreadable), (0, 0), "schema {schema}");
        assert_sound(&path, &done.after).await;
        let unread = "select count(*) from settings where name in ('entities_after_group', 'names_since_call')";
        assert_eq!(number(&path, unread).await, 0);
    }
}

#[tokio::test]
async fn a_full_text_index_has_the_new_rows() {
    let (_folder, path) = copy().await;
    let store = Store::open(&path).await.expect("an archive");
    store.index_texts(|_| {}).await.expect("an index");
    store.close().await.expect("a clean close");
    damage(
        &path,
        "update calls set body = null, redacted_at = settled_at where kept and id < 20",
    )
    .await;
    let contents = examine(&path).await.contents.expect("a hash");
    replaced(&path).await;
    assert_sound(&path, &contents).await;
}

#[tokio::test]
async fn a_disk_with_too_little_space_is_refused_before_anything_is_written() {
    let (folder, path) = copy().await;
    // A file with holes has the size, and takes no space.
    let file = std::fs::OpenOptions::new()
        .write(true)
        .open(&path)
        .expect("the file");
    let size = (free_bytes(&path).expect("a disk") + (8 << 30)) / 4096 * 4096;
    file.set_len(size).expect("a hole");
    let pages = u32::try_from(size / 4096).expect("less than 16 TB");
    file.write_all_at(&pages.to_be_bytes(), 28)
        .expect("a header");
    drop(file);
    let refused = reparsed(&path, Purpose::Replace).await;
    let Err(Error::NotRebuilt { why, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert!(
        why.starts_with("it needs ") && why.contains(" MB are free"),
        "{why}"
    );
    assert_eq!(
        std::fs::read_dir(folder.path()).expect("a folder").count(),
        1
    );
}

#[tokio::test]
async fn a_damaged_dictionary_is_refused() {
    let (folder, path) = copy().await;
    damage(
        &path,
        "insert into dictionaries (id, endpoint, made_at, replies, checksum, dictionary) values (7, 'x', 1, 1, 1, x'00')",
    )
    .await;
    let refused = reparsed(&path, Purpose::Replace).await;
    let Err(Error::NotRebuilt { why, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert!(why.contains("dictionary 7"), "{why}");
    assert_eq!(
        std::fs::read_dir(folder.path()).expect("a folder").count(),
        1
    );
}
