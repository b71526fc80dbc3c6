//! Each part of each check finds its own damage: a check that joins several questions must ask all of them.

use soracrawl::model::{Budget, MicroUsd};

use crate::site::{copy, damage, examine, examine_within, number, report_text};

/// A call whose page is kept, of a walk.
const KEPT: &str = "(select max(id) from calls where kept = 1 and job_id is not null)";

/// Damages a copy for each line, and asserts that the check finds it with this sentence.
async fn all_found(lines: &[(&str, &str, &str)]) {
    let mut wrong = Vec::new();
    for (check, sql, sentence) in lines {
        let (_folder, path) = copy().await;
        damage(&path, &sql.replace("KEPT", KEPT)).await;
        let report = examine(&path).await;
        let finding = report.findings.iter().find(|it| it.check.check == *check);
        let said = finding.is_some_and(|it| it.examples.iter().any(|it| it.contains(sentence)));
        if !said {
            wrong.push(format!(
                "{check}: {sql}: no {sentence:?} in\n{}",
                report_text(&report)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn every_sum_of_money_is_compared() {
    all_found(&[
        ("spend", "update spend set micro_usd = micro_usd + 1 where scope = 'total'", "total: "),
        ("spend", "update spend set micro_usd = micro_usd + 1 where scope = 'day'", "day 2"),
        ("spend", "update spend set micro_usd = micro_usd + 1 where scope = 'run'", "run 1: "),
        ("spend", "update spend set micro_usd = micro_usd + 1 where scope = 'seed' and name <> '0'", "seed "),
        ("spend", "delete from spend where scope = 'total'", "total: 0 micro-dollars"),
        ("spend", "delete from spend where scope = 'run'", "run 1: 0 micro-dollars"),
        ("spend", "delete from spend where scope = 'seed'", "seed "),
        ("spend", "insert into spend values ('day', '1999-01-01', 5)", "day 1999-01-01: 5 micro-dollars charged, but its calls sum to 0"),
        ("call totals", "update call_totals set day = '1999-01-01' where endpoint = 'get_feed'", "the calls sum to nothing"),
        ("call totals", "update call_totals set day = '1999-01-01' where endpoint = 'get_feed'", "total nothing"),
        ("cost", "update calls set cost_micro_usd = 50000 where endpoint = 'get_user_info'", "(get_user_info"),
        ("cost", "update calls set cost_micro_usd = 0 where outcome = 'unknown'", "unknown) is charged 0"),
        ("cost", "update calls set cost_micro_usd = 0 where id = KEPT", "answered 200) is charged 0"),
        ("cost", "update calls set http_status = 500 where id = KEPT", "answered 500) is charged 50000"),
        ("cost", "update calls set outcome = 'open', settled_at = null, cost_micro_usd = 0 where id = KEPT", "open 200) is charged 0"),
    ])
    .await;
    let totals = [
        "answered",
        "kept",
        "unknown",
        "never_sent",
        "throttled",
        "cost_micro_usd",
        "items",
        "row_count",
        "odd_items",
        "body_bytes",
    ];
    let lines: Vec<String> = totals
        .iter()
        .map(|total| {
            format!("update call_totals set {total} = {total} + 1 where endpoint = 'get_feed'")
        })
        .collect();
    let lines: Vec<_> = lines
        .iter()
        .map(|sql| ("call totals", sql.as_str(), "get_feed on "))
        .collect();
    all_found(&lines).await;
}

#[tokio::test]
async fn every_budget_has_its_own_limit() {
    let (_folder, path) = copy().await;
    for scope in ["total", "day", "run", "seed"] {
        let most =
            format!("select max(micro_usd) from spend where scope = '{scope}' and name <> '0'");
        let most = number(&path, &most).await;
        assert!(most > 0, "{scope}");
        for (limit, is_sound) in [(most, true), (most - 1, false)] {
            let (mut budget, limit) = (Budget::default(), Some(MicroUsd(limit)));
            match scope {
                "total" => budget.total = limit,
                "day" => budget.day = limit,
                "run" => budget.run = limit,
                _ => budget.seed = limit,
            }
            let report = examine_within(&path, &budget).await;
            assert_eq!(
                report.is_sound(),
                is_sound,
                "{scope}: {}",
                report_text(&report)
            );
        }
    }
}

#[tokio::test]
async fn every_end_of_a_job_needs_its_proof() {
    let other = "update jobs set note = null, stop_reason = 'REASON', state = 'stopped' where id = (select max(id) from jobs where stop_reason = 'complete')";
    let ends: Vec<String> = [
        "stalled",
        "truncated",
        "capped",
        "cancelled",
        "budget",
        "failed",
    ]
    .iter()
    .map(|reason| other.replace("REASON", reason))
    .collect();
    let mut lines: Vec<_> = ends
        .iter()
        .map(|sql| ("stated ends", sql.as_str(), "but it has no note"))
        .collect();
    lines.extend([
        ("stated ends", "update jobs set pages = 0, note = null where id = (select max(id) from jobs where stop_reason = 'complete')",
            "neither a page nor a note"),
        ("stated ends", "update jobs set stop_reason = 'gone', note = 'x', last_call_id = null where id = (select max(id) from jobs where stop_reason = 'complete')",
            "ended as gone, but no answer reports it"),
        ("stated ends", "update jobs set stop_reason = 'denied', note = 'x' where id = (select max(id) from jobs where stop_reason = 'complete')",
            "ended as denied, but no answer reports it"),
        ("stated ends", "update calls set http_status = 403 where id = KEPT; update jobs set stop_reason = 'denied', note = null, last_call_id = KEPT where id = (select job_id from calls where id = KEPT)",
            "ended as denied"),
        ("waits", "update jobs set state = 'ready', stop_reason = null, ended_at = null where id = (select job_id from calls where id = KEPT);
             update jobs set state = 'waiting', stop_reason = null, ended_at = null, after_job_id = (select job_id from calls where id = KEPT)
             where id = (select min(id) from jobs where stop_reason = 'complete')",
            "has its first page"),
        ("waits", "update jobs set pages = 0 where id = (select job_id from calls where id = KEPT);
             update jobs set state = 'waiting', stop_reason = null, ended_at = null, after_job_id = (select job_id from calls where id = KEPT)
             where id = (select min(id) from jobs where stop_reason = 'complete')",
            "has ended: complete"),
        ("job counts", "delete from job_counts", "0 counted"),
        ("job counts", "insert into job_counts values ('get_feed', 'failed', 'failed', 3)", "3 counted, 0 found"),
        ("seeds", "insert into seeds (kind, subject, added_at) values ('name', 'nobody', 1)", "(name nobody) has no job"),
        ("seeds", "update jobs set depth = 1 where depth = 0", "has no job"),
        ("leases", "update jobs set state = 'leased', lease_until = 1, stop_reason = null, ended_at = null where id = 1", "no run is unfinished"),
        ("open calls", "update calls set outcome = 'open', settled_at = null where id = KEPT", "is open, but run 1 has ended"),
    ]);
    all_found(&lines).await;
    // A name that was found has its jobs under the user's id.
    let (_folder, path) = copy().await;
    damage(&path, "insert into seeds (kind, subject, added_at)
         select 'name', upper(u.username), 1 from users u join jobs j on j.subject = u.user_id and j.depth = 0 limit 1").await;
    let report = examine(&path).await;
    assert!(report.is_sound(), "{}", report_text(&report));
}

#[tokio::test]
async fn every_part_of_a_kept_call_is_needed() {
    let incomplete = "is committed, but its reply is incomplete: ";
    let sql = |what: &str| format!("update calls set {what} where id = KEPT");
    let parts = [
        ("outcome = 'unknown'", "unknown"),
        ("http_status = null", "no status"),
        ("http_status = 199", "status 199"),
        ("http_status = 300", "status 300"),
        ("error = 'x'", "x"),
        ("body = null", "no raw reply"),
        ("items = null", "no counts"),
        ("row_count = null", "no counts"),
        ("odd_items = null", "no counts"),
    ];
    let lines: Vec<(String, String)> = parts
        .iter()
        .map(|(what, said)| (sql(what), format!("{incomplete}{said}")))
        .collect();
    let mut lines: Vec<_> = lines
        .iter()
        .map(|(sql, said)| ("kept calls", sql.as_str(), said.as_str()))
        .collect();
    lines.extend([
        ("fork", "update jobs set pass_call_id = 0; update calls set cursor = null where kept = 1 and job_id =
             (select job_id from calls where kept = 1 and job_id is not null group by job_id having count(*) > 1 limit 1)",
            "are the first page of the same pass"),
        ("fork", "update calls set cursor = 'x' where kept = 1 and cursor is not null and job_id =
             (select job_id from calls where kept = 1 and cursor is not null and job_id is not null
              group by job_id having count(*) > 1 limit 1)",
            "are the same page"),
        ("cursor", "update jobs set pages = 0, pass_call_id = KEPT, cursor = 'x' where id = (select job_id from calls where id = KEPT)",
            "restarts at its head but has a cursor"),
        ("pages", "update jobs set items = items + 1 where id = (select job_id from calls where id = KEPT)", "in its committed calls"),
        ("pages", "update jobs set pages = 9 where pages = 0", "in its committed calls: pages 0"),
        ("secrets", "update jobs set note = 'Bearer abcdefghijklmnopqrstuvwx' where id = 1", "job 1: note or last error contains a secret"),
        ("secrets", "update jobs set last_error = 'Bearer abcdefghijklmnopqrstuvwx' where id = 1", "job 1: note or last error contains a secret"),
        ("secrets", "update calls set request_id = 'Bearer abcdefghijklmnopqrstuvwx' where id = 1", "call 1: error or request id contains a secret"),
        ("secrets", "update calls set error = 'Bearer abcdefghijklmnopqrstuvwx' where id = 1", "call 1: error or request id contains a secret"),
    ]);
    all_found(&lines).await;
}

/// Tables of children, what `verify` calls them, and their parents: the column, the table, and the kind.
const CHILDREN: [(&str, &str, &str, &str, &str); 16] = [
    ("follows", "a follow", "follower_id", "users", "user"),
    ("follows", "a follow", "followed_id", "users", "user"),
    ("appearances", "an appearance", "user_id", "users", "user"),
    ("appearances", "an appearance", "post_id", "posts", "post"),
    ("remixes", "a remix", "post_id", "posts", "post"),
    ("remixes", "a remix", "parent_post_id", "posts", "post"),
    ("post_entities", "an entity", "post_id", "posts", "post"),
    ("post_entities", "an entity", "user_id", "users", "user"),
    (
        "comment_entities",
        "an entity",
        "comment_id",
        "comments",
        "comment",
    ),
    ("comment_entities", "an entity", "user_id", "users", "user"),
    ("reposts", "a repost", "post_id", "posts", "post"),
    ("reposts", "a repost", "user_id", "users", "user"),
    ("attachments", "an attachment", "post_id", "posts", "post"),
    ("feed_entries", "a feed entry", "post_id", "posts", "post"),
    (
        "leaderboard_entries",
        "a leaderboard entry",
        "user_id",
        "users",
        "user",
    ),
    (
        "search_results",
        "a search result",
        "user_id",
        "users",
        "user",
    ),
];

#[tokio::test]
async fn every_kind_of_child_is_compared_with_every_parent() {
    let mut wrong = Vec::new();
    for (table, what, column, parents, kind) in CHILDREN {
        let (_folder, path) = copy().await;
        // Only this table and this parent are left to complain about.
        let others = CHILDREN.iter().filter(|(other, ..)| *other != table);
        let mut sql: String = others
            .map(|(other, ..)| format!("delete from {other}; "))
            .collect();
        if table == "reposts" {
            sql += "insert or ignore into reposts select id, 'reposter', author_id, last_call_id from posts where author_id is not null limit 1; ";
        }
        let one = format!("(select {column} from {table} where {column} is not null limit 1)");
        sql += &format!(
            "update {parents} set first_call_id = (select max(id) from calls), last_call_id = (select max(id) from calls) where id = {one}"
        );
        damage(&path, &sql).await;
        let report = examine(&path).await;
        let finding = report
            .findings
            .iter()
            .find(|it| it.check.check == "parents");
        let examples = finding.map(|it| it.examples.join("\n")).unwrap_or_default();
        let said = format!("{what} of call");
        let found = examples
            .lines()
            .any(|line| line.starts_with(&said) && line.contains(&format!("belongs to {kind} ")));
        if !found {
            wrong.push(format!("{table}.{column}: {examples}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
