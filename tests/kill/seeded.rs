//! Kills at random moments of given seeds: a few dozen in each test run, a thousand for the scoreboard.

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use tokio::task::JoinSet;

use crate::campaign::{Case, Score, undisturbed};
use crate::scoreboard::scoreboard;

/// Number of sites that are crawled at the same time.
const SIDE_BY_SIDE: usize = 4;

#[expect(
    clippy::print_stdout,
    reason = "the scoreboard is the result of the thousand kills"
)]
fn print(what: &dyn Display) {
    println!("{what}");
}

/// Runs cases from the seed `first` on until `kills` kills are done.
async fn kill(first: u64, kills: u64) -> Vec<Score> {
    let wholes = Arc::new(undisturbed().await);
    let (next, done) = (Arc::new(AtomicU64::new(first)), Arc::new(AtomicU64::new(0)));
    let mut tasks = JoinSet::new();
    for _ in 0..SIDE_BY_SIDE {
        let (wholes, next, done) = (wholes.clone(), next.clone(), done.clone());
        tasks.spawn(async move {
            let mut scores = Vec::new();
            while done.load(Ordering::Relaxed) < kills {
                let case = Case::of(next.fetch_add(1, Ordering::Relaxed));
                let score = case.survives(&wholes[case.world()]).await;
                done.fetch_add(score.kills, Ordering::Relaxed);
                print(&score);
                scores.push(score);
            }
            scores
        });
    }
    let mut scores = Vec::new();
    while let Some(ended) = tasks.join_next().await {
        scores.extend(ended.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic())));
    }
    scores.sort_by_key(|score: &Score| score.case.seed);
    scores
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_few_dozen_kills_lose_nothing_and_repeat_no_more_than_was_in_flight() {
    let scores = kill(1, 36).await;
    print(&scoreboard(&scores));
    let kills: u64 = scores.iter().map(|score| score.kills).sum();
    assert!(kills >= 36, "{kills}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes some minutes and prints the scoreboard of the README: cargo test --test kill -- --ignored --nocapture"]
async fn a_thousand_kills_lose_nothing_and_repeat_no_more_than_was_in_flight() {
    let begun = Instant::now();
    let scores = kill(0, 1_000).await;
    print(&scoreboard(&scores));
    print(&format!("{} s", begun.elapsed().as_secs()));
}
