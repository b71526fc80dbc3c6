//! `soracrawl reparse` of an archive to which people added tables, columns, indexes, triggers and views of their own.

use std::path::Path;

use soracrawl::replies::Purpose;
use soracrawl::store::Error;

use crate::absent::rows;
use crate::reparse::{reparsed, replaced};
use crate::site::{copy, damage, examine, number, text};

/// What people add to an archive.
const ADDED: &str = r#"
    create table notes (word text, post_id text references posts (post_id), size integer as (length(word)) stored);
    insert into notes (rowid, word, post_id) select id * 10, 'note ' || id, post_id from posts where id % 2;
    delete from notes where rowid % 30 = 0;
    create table "we""ird [name]" ("a ""b" text primary key, "select" blob) without rowid;
    insert into "we""ird [name]" select post_id, randomblob(9) from posts;
    create table counted (id integer primary key autoincrement, x);
    insert into counted values (500, 'last'); delete from counted; insert into counted (x) values ('next');
    create table rowids (rowid text, oid integer, x); insert into rowids (_rowid_, rowid, oid, x) values (77, 'r', 5, 'x');
    create table codes (post_id integer primary key references posts (id), code text unique);
    insert into codes select id, 'code of ' || post_id from posts;
    create table pairs (user_id integer references users, post_id integer references posts (id), why text,
        unique (user_id, post_id));
    insert into pairs select author_id, id, post_id from posts;
    insert into pairs values (null, null, 'nobody');
    create virtual table own_fts using fts5 (body);
    insert into own_fts (rowid, body) select id * 3, 'words of ' || post_id from posts;
    create virtual table of_posts using fts5 (text, content = 'posts', content_rowid = 'id');
    insert into of_posts (of_posts) values ('rebuild');
    create virtual table boxes using rtree (id, x0, x1);
    insert into boxes select id, id, id + 1 from posts;
    alter table posts add column label text;
    alter table posts add column long integer as (length(text) > 20);
    alter table users add column "my ""team" text;
    alter table calls add column remark text default 'none';
    update posts set label = 'label of ' || post_id where id % 3;
    update users set "my ""team" = user_id;
    create unique index own_unique on posts (label, post_id);
    create index own_index on notes (word collate nocase) where post_id is not null;
    create view own_view as select n.word, p.label from notes n join posts p using (post_id);
    create table log (what text);
    create trigger own_log after insert on posts begin insert into log values (new.post_id); end;
    create trigger own_refusal before update on users begin select raise(abort, 'no changes'); end;
    create trigger posts_fts_of_mine after delete on posts begin insert into log values (old.post_id); end;
    pragma writable_schema = on;
    insert into sqlite_schema values ('table', 'elsewhere', 'elsewhere', 0, 'CREATE VIRTUAL TABLE elsewhere USING no_module (x)');
    pragma writable_schema = off;"#;

/// What they can read of it, a text for each row.
const READ: [&str; 14] = [
    "select json_array(rowid, word, post_id, size) from notes order by rowid",
    r#"select "a ""b" || hex("select") from "we""ird [name]" order by 1"#,
    "select json_array(id, x) from counted union all select json_array(name, seq) from sqlite_sequence",
    "select json_array(_rowid_, rowid, oid, x) from rowids",
    "select c.code || p.post_id from codes c join posts p on p.id = c.post_id order by 1",
    "select json_array(u.user_id, p.post_id, why) from pairs left join users u on u.id = pairs.user_id
         left join posts p on p.id = pairs.post_id order by 1",
    "select json_array(rowid, body) from own_fts where own_fts match 'words' order by 1",
    "select p.post_id from of_posts f join posts p on p.id = f.rowid where of_posts match 'a OR the OR json' order by 1",
    "select json_array(id, x0, x1) from boxes where x0 > 2 order by 1",
    "select json_array(post_id, label, long) from posts order by 1",
    r#"select json_array(user_id, "my ""team") from users order by 1"#,
    "select json_array(word, label) from own_view order by 1",
    "select json_array(count(*), count(remark)) from calls",
    "select json_array(type, name, tbl_name, sql) from sqlite_schema where name like 'own%' or name like 'we%'
         or name in ('elsewhere', 'posts_fts_of_mine', 'notes') order by 1",
];

/// The rows of each query.
async fn read(path: &Path) -> Vec<Vec<Vec<String>>> {
    let mut all = Vec::new();
    for sql in READ {
        all.push(rows(path, sql).await);
    }
    all
}

#[tokio::test]
async fn what_people_added_is_as_it_was() {
    let (_folder, path) = copy().await;
    damage(&path, ADDED).await;
    let before = read(&path).await;
    let contents = examine(&path).await.contents;
    damage(&path, "delete from user_stats").await;
    let done = replaced(&path).await;
    assert!(done.is_changed());
    for (sql, (before, after)) in READ.iter().zip(before.iter().zip(&read(&path).await)) {
        assert!(!before.is_empty(), "{sql}");
        assert_eq!(before, after, "{sql}");
    }
    assert_eq!(number(&path, "select count(*) from log").await, 0);
    assert_eq!(text(&path, "pragma integrity_check").await, "ok");
    assert_eq!(examine(&path).await.contents, contents);
    assert!(
        !reparsed(&path, Purpose::Check)
            .await
            .expect("a check")
            .is_changed()
    );
}

#[tokio::test]
async fn what_cannot_be_made_again_is_named_and_nothing_changes() {
    let cases = [
        (
            "create table codes (post integer references posts (id)); insert into posts (id, post_id, first_call_id, last_call_id)
                 values (999999, 's_made_up', 1, 1); insert into codes values (999999)",
            "1 rows of your table `codes` refer with `post` to rows of posts that no kept reply shows any more (s_made_up)",
        ),
        (
            "alter table jobs add column post integer references posts (id)",
            "your column `post` of `jobs` refers to rows by numbers",
        ),
        (
            "update comments set text = comment_id; create unique index mine on comments (text)",
            "your index `mine` cannot be made again",
        ),
    ];
    for (sql, said) in cases {
        let (folder, path) = copy().await;
        damage(&path, sql).await;
        let bytes = std::fs::read(&path).expect("the archive");
        let error = reparsed(&path, Purpose::Replace).await.expect_err(said);
        assert!(matches!(error, Error::NotRebuilt { .. }), "{error}");
        assert!(error.to_string().contains(said), "{error}");
        assert!(
            std::fs::read(&path).expect("the archive") == bytes,
            "{said}"
        );
        let left = std::fs::read_dir(folder.path()).expect("a folder");
        assert_eq!(left.count(), 1, "{said}");
    }
}
