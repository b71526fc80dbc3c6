//! Archives that were damaged on purpose: the right checks report each damage.

use std::collections::BTreeSet;

use crate::site::{broken, copy, damage, examine, number, report_text};

/// A call in the middle of a walk.
const MIDDLE: &str = "(select c.id from calls c where c.kept = 1 and c.cursor is not null
    and exists (select 1 from calls b where b.job_id = c.job_id and b.kept = 1 and b.id < c.id)
    and exists (select 1 from calls b where b.job_id = c.job_id and b.kept = 1 and b.id > c.id)
    and c.job_id in (select id from jobs where stop_reason = 'complete' and c.id > pass_call_id) order by c.id limit 1)";
/// The first call of a walk whose first page was nested in another reply.
const NESTED: &str =
    "(select min(c.id) from calls c where c.kept = 1 and c.cursor is not null and not exists
    (select 1 from calls b where b.job_id = c.job_id and b.kept = 1 and b.id < c.id))";
/// A complete walk of several pages.
const COMPLETE: &str =
    "(select id from jobs where stop_reason = 'complete' and pages > 2 order by id limit 1)";

/// Returns the damages: a name, the SQL, and the checks that must report it, with no others.
fn damages() -> Vec<(&'static str, String, Vec<&'static str>)> {
    let text = |sql: &str| {
        sql.replace("MIDDLE", MIDDLE)
            .replace("NESTED", NESTED)
            .replace("COMPLETE", COMPLETE)
    };
    [
        ("a follow is deleted",
            "delete from follows where (followed_id, follower_id) = (select followed_id, follower_id from follows limit 1)",
            &["rows"][..]),
        ("a username is changed", "update users set username = 'x' where id = (select min(id) from users)", &["rows"]),
        ("a post with comments is deleted",
            "delete from posts where id = (select post_id from comments where post_id is not null limit 1)",
            &["foreign keys", "rows"]),
        ("a count is changed", "update posts set like_count = like_count + 1 where id = 1", &["histories", "rows"]),
        ("the newest entry of a history is deleted",
            "delete from post_stats where (post_id, observed_at) = (select post_id, max(observed_at) from post_stats group by post_id limit 1)",
            &["histories", "rows"]),
        ("a reply to a comment has no post", "update comments set post_id = null where id = (select max(id) from comments where parent_comment_id is not null)",
            &["threads", "rows"]),
        ("the first call of a row is after its last", "update follows set first_call_id = last_call_id + 1", &["calls of rows", "rows"]),
        ("a user was shown after their followers", "update users set first_call_id = last_call_id where id in (select followed_id from follows where first_call_id < (select last_call_id from users where id = followed_id))",
            &["parents", "rows"]),
        ("a post is called gone without a 404",
            "insert into absences (kind, item_id, first_missed_call_id, last_missed_call_id, times, verdict, reason, confirmed_call_id)
             select 'post', max(id), (select max(id) from calls), (select max(id) from calls), 1, 'gone', 'not_found', MIDDLE from posts",
            &["absences"]),
        ("a user who was shown since is called missed",
            "insert into absences (kind, item_id, first_missed_call_id, last_missed_call_id, times, verdict, reason)
             select 'user', id, 1, 1, 1, 'missed', 'not_listed' from users where counted_call_id > 1 limit 1",
            &["absences"]),
        ("a follow is called unseen after one look",
            "insert into absences (kind, item_id, of_id, first_missed_call_id, last_missed_call_id, times, verdict, reason)
             select 'follow', follower_id, followed_id, (select max(id) from calls), (select max(id) from calls), 1, 'unseen', 'not_listed'
             from follows limit 1",
            &["absences"]),
        ("an absence is of nothing",
            "insert into absences (kind, item_id, first_missed_call_id, last_missed_call_id, times, verdict, reason)
             select 'comment', 1000000, max(id), max(id), 1, 'missed', 'not_listed' from calls",
            &["absences"]),
        ("a rank of the feed is changed", "update feed_entries set rank = rank + 1", &["rows"]),
        ("a cursor is changed", "update calls set cursor = 'x' where id = MIDDLE", &["chain"]),
        ("a returned cursor is changed", "update calls set next_cursor = 'x' where id = MIDDLE", &["chain", "replies"]),
        ("the cursor of a walk is changed", "update jobs set cursor = 'x' where stop_reason = 'capped'", &["cursor"]),
        ("a page is committed twice",
            "create temp table again as select * from calls where id = MIDDLE;
             update again set id = (select max(id) + 1 from calls), kept_group = (select max(kept_group) + 1 from calls);
             insert into calls select * from again",
            &["call totals", "call hours", "chain", "fork", "pages", "rows"]),
        ("a kept call is lost", "delete from calls where id = MIDDLE",
            &["call totals", "call hours", "calls of rows", "chain", "foreign keys", "pages", "rows", "spend"]),
        ("a kept call is marked as not kept", "update calls set kept = 0, kept_group = null where id = MIDDLE",
            &["call totals", "call hours", "calls of rows", "chain", "pages", "rows"]),
        ("a walk begins with an unknown cursor", "update calls set cursor = 'x' where id = NESTED", &["nested starts"]),
        ("a raw reply is lost", "update calls set body = null where id = MIDDLE", &["kept calls", "replies", "rows"]),
        ("a raw reply belongs to another call", "update calls set body = (select body from calls where endpoint = 'get_feed' and kept = 1 limit 1) where id = MIDDLE",
            &["replies", "rows"]),
        ("a mention in a post is lost", "delete from post_entities where kind = 'token'", &["rows"]),
        ("a hashtag in a comment is changed", "update comment_entities set value = value || 'x' where kind = 'hashtag'",
            &["rows"]),
        ("a mention is of somebody else",
            "update comment_entities set user_id = (select max(id) from users where id <> comment_entities.user_id)
             where kind = 'token'", &["parents", "rows"]),
        ("a reposter is invented", "insert into reposts select id, 'reposter', author_id, last_call_id from posts
             where author_id is not null limit 1", &["rows"]),
        ("a URL was seen before its post", "update post_entities set first_call_id = (select min(id) from calls where kept)
             where kind = 'url'", &["parents", "rows"]),
        ("a reposter was seen before the post", "insert into reposts select id, 'reposter', author_id,
             (select min(id) from calls where kept) from posts where author_id is not null order by id desc limit 1",
            &["parents", "rows"]),
        ("the reason of an odd item is changed", "update odd_items set why = 'x'", &["replies"]),
        ("an odd item is moved", "update odd_items set at = at || 'x'", &["replies"]),
        ("an odd item is lost", "delete from odd_items where position = 0", &["replies"]),
        ("an odd item is invented", "insert into odd_items values (MIDDLE, 0, 'data', 'x')", &["replies"]),
        ("a call that is not kept has an odd item",
            "insert into odd_items select id, 0, 'data', 'x' from calls where kept = 0 limit 1", &["kept calls"]),
        ("a kept reply has status 500", "update calls set http_status = 500 where id = MIDDLE", &["cost", "kept calls"]),
        ("counts of a page are changed", "update calls set items = items + 1 where id = MIDDLE",
            &["call totals", "pages", "replies"]),
        ("hashes of a page are changed", "update calls set item_hashes = zeroblob(length(item_hashes)) where id = MIDDLE",
            &["replies"]),
        ("a job's pages are changed", "update jobs set pages = pages + 1 where id = COMPLETE", &["pages"]),
        ("a call is left open", "update calls set outcome = 'open', settled_at = null where outcome = 'unknown'",
            &["call totals", "call hours", "open calls"]),
        ("a job is left leased", "update jobs set state = 'leased', lease_until = 1, stop_reason = null, ended_at = null where id = COMPLETE",
            &["leases"]),
        ("a capped walk is marked as complete", "update jobs set state = 'done', stop_reason = 'complete', cursor = null where stop_reason = 'capped'",
            &["ends"]),
        ("a truncated walk is marked as complete", "update jobs set state = 'done', stop_reason = 'complete' where stop_reason = 'truncated'",
            &["ends"]),
        ("a complete walk is marked as stalled", "update jobs set state = 'stopped', stop_reason = 'stalled', note = 'x' where id = COMPLETE",
            &["ends"]),
        ("a complete walk is marked as gone", "update jobs set stop_reason = 'gone', note = 'x' where id = COMPLETE",
            &["stated ends"]),
        ("an end has no note", "update jobs set note = null where stop_reason = 'failed'", &["stated ends"]),
        ("a finished job has no stop reason", "update jobs set stop_reason = null where id = COMPLETE", &["rules"]),
        ("a job waits for a finished job", "update jobs set state = 'waiting', stop_reason = null, ended_at = null, after_job_id = (select max(id) from jobs where stop_reason = 'gone') where id = COMPLETE",
            &["waits"]),
        ("a seed has no job", "insert into seeds (kind, subject, added_at) values ('user', 'user-nobody', 1)", &["seeds"]),
        ("a counter is wrong", "update job_counts set jobs = jobs + 1 where state = 'done'", &["job counts"]),
        ("a sum of the ledger is raised", "update spend set micro_usd = micro_usd + 1 where scope = 'run'", &["spend"]),
        ("a sum of the ledger is lost", "delete from spend where scope = 'day'", &["spend"]),
        ("a call total is lost", "delete from call_totals where endpoint = 'get_feed'", &["call totals"]),
        ("a total of an hour is lost", "delete from call_hours where endpoint = 'get_feed'", &["call hours"]),
        ("a total of an hour is raised", "update call_hours set kept = kept + 1 where endpoint = 'get_feed'", &["call hours"]),
        ("a billed page is marked as free", "update calls set cost_micro_usd = 0 where id = MIDDLE", &["call totals", "call hours", "cost"]),
        ("a refused call is marked as billed", "update calls set cost_micro_usd = 50000 where http_status = 404",
            &["call totals", "call hours", "cost"]),
        ("a trigger is missing", "drop trigger spend_settle", &["schema"]),
        ("a view is redefined", "drop view users_now; create view users_now as select * from users", &["schema"]),
        ("an error contains a key", "update calls set error = 'sent: Authorization: Bearer abcdefghijklmnopqrstuvwx' where http_status = 404",
            &["secrets"]),
    ]
    .into_iter()
    .map(|(what, sql, checks)| (what, text(sql), checks.to_vec()))
    .collect()
}

#[tokio::test]
async fn every_damage_is_reported_by_its_checks_and_by_no_other() {
    let mut wrong = Vec::new();
    for (what, sql, checks) in damages() {
        let (_folder, path) = copy().await;
        damage(&path, &sql).await;
        let report = examine(&path).await;
        let due: BTreeSet<&str> = checks.into_iter().collect();
        if broken(&report) != due {
            wrong.push(format!(
                "{what}: expected {due:?}, found\n{}",
                report_text(&report)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_damage_is_reported_with_its_location() {
    let (_folder, path) = copy().await;
    let call = number(&path, &format!("select {MIDDLE}")).await;
    damage(
        &path,
        &format!("update calls set cursor = 'x' where id = {call}"),
    )
    .await;
    let report = examine(&path).await;
    assert!(
        report_text(&report).contains(&format!("call {call} sent a cursor")),
        "{}",
        report_text(&report)
    );
    assert!(!report.is_sound());
}
