//! The world of `job` and `burst`, and a crawl of it: 20 users with 200 posts of 20 comments each, and 250 followers.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::process::{Crawled, Remote, Site};
use crate::support::Bench;

pub const USERS: i64 = 20;
/// 10 pages of posts, 5 of followers, and 2 pages of comments of each of 200 posts.
pub const PAGES_OF_USER: i64 = 415;
pub const PAGES: i64 = USERS * PAGES_OF_USER;
pub const IN_FLIGHT: i64 = 32;

/// The world, without the comments of a post.
pub const OPTIONS: &str = "--exact --audience 250 --characters 0 --posts 200 --page-size-posts 20 \
    --replies 0 --followers 250 --appearances 0 --remixes 0 --feed 0";
pub const KEYS: &str = "limits.requests_per_second = 100000\nlimits.max_in_flight = 32";

/// Starts a simulator of that world with the given latency.
pub fn remote(latency_ms: u32) -> Result<Remote> {
    remote_of(USERS, latency_ms)
}

/// Starts a simulator of a world of so many users. It renders its pages before.
fn remote_of(users: i64, latency_ms: u32) -> Result<Remote> {
    let (users, latency_ms) = (users.to_string(), latency_ms.to_string());
    let mut options = vec!["--warm", "--users", &users, "--latency-ms", &latency_ms];
    options.extend(["--comments", "20"]);
    options.extend(OPTIONS.split_whitespace());
    Remote::start(&options)
}

/// Crawls the world, and checks that each page was bought exactly once.
pub fn crawl(bench: &Bench, latency_ms: u32) -> Result<Crawled> {
    crawl_of(bench, USERS, latency_ms)
}

/// Crawls a world of so many users, and checks that each page was bought exactly once.
pub fn crawl_of(bench: &Bench, users: i64, latency_ms: u32) -> Result<Crawled> {
    let remote = remote_of(users, latency_ms)?;
    let site = Site::new(remote.address(), KEYS)?;
    let seeds = authors(&remote)?;
    let before = remote.cpu_seconds()?;
    let usage = site.crawl(&seeds)?;
    let remote_cpu_seconds = remote.cpu_seconds()? - before;
    let rows = check(bench, &site, &remote, users * PAGES_OF_USER)?;
    Ok(Crawled {
        site,
        usage,
        remote,
        remote_cpu_seconds,
        rows,
    })
}

/// Runs the crawl that `job` measures, once per process.
pub fn job(bench: &Bench) -> Result<&Crawled> {
    if let Some(crawled) = bench.job.get() {
        return Ok(crawled);
    }
    let crawled = crawl(bench, 20)?;
    Ok(bench.job.get_or_init(|| crawled))
}

/// Checks that each page was kept and billed exactly once. Returns the number of rows in the replies.
pub fn check(bench: &Bench, site: &Site, remote: &Remote, pages: i64) -> Result<i64> {
    let (kept, distinct, rows): (i64, i64, i64) = bench.ask_one(
        &site.archive(),
        "select count(*), count(distinct job_id || ' ' || coalesce(cursor, '')), sum(row_count) from calls where kept = 1",
    )?;
    let total = &remote.ask("/sim/account")?["total"];
    let billed = total["billed"].as_i64().context("a bill")?;
    ensure!(
        (kept, distinct, billed) == (pages, pages, pages),
        "expected {pages} pages; kept: {kept}, distinct: {distinct}, billed: {billed}"
    );
    Ok(rows)
}

/// Returns the ids of all users with posts, sorted.
pub fn authors(remote: &Remote) -> Result<Vec<String>> {
    let truth = remote.ask("/sim/truth")?;
    let posts = truth
        .as_array()
        .and_then(|kinds| kinds.iter().find(|kind| kind["kind"] == "posts"))
        .context("posts")?;
    let texts = |value: &Value| -> Vec<String> {
        let values = value.as_array().into_iter().flatten();
        values
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    };
    let at = texts(&posts["columns"])
        .iter()
        .position(|column| column == "author_user_id")
        .context("authors")?;
    let rows = posts["rows"].as_array().context("rows")?;
    let mut users: Vec<String> = rows
        .iter()
        .filter_map(|row| row[at].as_str().map(str::to_owned))
        .collect();
    users.sort();
    users.dedup();
    Ok(users)
}
