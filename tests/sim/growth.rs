//! A world that grows: its state follows from the seed and the time, and its pages show that state.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use soracrawl::sim::{Change, Endpoint, Options, Shape, Sim};

use crate::client::{call, cursor, get, ids, send, start, walk};
use crate::crawl::shows_the_truth;

pub const DAY: u64 = 86_400;

/// Starts a simulator of a growing world whose clock moves only when it is moved.
pub async fn growing(options: Options) -> Sim {
    let growth = if options.growth > 0.0 {
        options.growth
    } else {
        2.0
    };
    let sim = Sim::start(Options { growth, ..options })
        .await
        .expect("a simulator");
    sim.steer("hold").expect("a command");
    sim
}

pub fn advance(sim: &Sim, days: f64) {
    sim.steer(&format!("advance {}", days * DAY as f64))
        .expect("a command");
}

#[tokio::test]
async fn the_pages_of_a_grown_world_show_exactly_the_truth_in_both_shapes() {
    for shape in [Shape::Flat, Shape::Wrapped] {
        let sim = growing(Options {
            shape,
            users: 30,
            audience: 60,
            ..Options::default()
        })
        .await;
        shows_the_truth(&sim, &format!("{shape:?} at the start")).await;
        let posts = |sim: &Sim| sim.truth()[1].rows.len();
        let before = posts(&sim);
        advance(&sim, 4.0);
        assert!(posts(&sim) > before + 40, "{before} and {}", posts(&sim));
        for kind in [
            "delete",
            "tombstone",
            "leave",
            "private",
            "rename",
            "unfollow",
        ] {
            assert!(sim.events().iter().any(|it| it.kind == kind), "no {kind}");
        }
        shows_the_truth(&sim, &format!("{shape:?} after 4 days")).await;
    }
}

#[tokio::test]
async fn equal_seeds_and_times_give_equal_pages_whatever_happened_between() {
    let (one, same) = (
        growing(Options::default()).await,
        growing(Options::default()).await,
    );
    let other = growing(Options {
        seed: 2,
        ..Options::default()
    })
    .await;
    for _ in 0..30 {
        advance(&one, 0.1);
        call(&one, Endpoint::Feed, "", "").await;
    }
    advance(&same, 3.0);
    advance(&other, 3.0);
    let feed = call(&one, Endpoint::Feed, "", "").await.body;
    assert_eq!(feed, call(&same, Endpoint::Feed, "", "").await.body);
    assert_eq!(one.truth(), same.truth());
    assert_eq!(one.events(), same.events());
    assert_ne!(one.events(), other.events());
    advance(&one, 2.0);
    assert_ne!(feed, call(&one, Endpoint::Feed, "", "").await.body);
    let past = Duration::from_secs(3 * DAY);
    assert_eq!(one.truth_at(past), same.truth());
    let asked = get(&one, &format!("/sim/truth?at={}", 3 * DAY)).await;
    let asked = asked.expect("an answer").json();
    assert_eq!(asked, serde_json::to_value(same.truth()).expect("JSON"));
    let events = get(&one, "/sim/truth/events").await.expect("an answer");
    assert_eq!(
        events.json().as_array().map(Vec::len),
        Some(one.events().len())
    );
    let wrong = get(&one, "/sim/truth?at=yesterday").await;
    assert_eq!(wrong.expect("an answer").status, 422);
}

#[tokio::test]
async fn a_world_that_does_not_grow_stays_as_it_is() {
    let (still, grows) = (
        start(Shape::Wrapped).await,
        growing(Options::default()).await,
    );
    assert_eq!(still.truth(), grows.truth());
    let feed = async |sim: &Sim| call(sim, Endpoint::Feed, "", "").await.body;
    let before = feed(&still).await;
    assert_eq!(before, feed(&grows).await);
    let year = format!("advance {}", 365 * DAY);
    let moved = send(&still, "POST", "/sim/clock", "", "", year.as_bytes()).await;
    assert_eq!(moved.expect("an answer").status, 200);
    assert_eq!(before, feed(&still).await);
    assert_eq!(still.truth(), grows.truth());
    assert!(still.events().is_empty());
}

#[tokio::test]
async fn the_top_tenth_of_users_makes_more_than_half_of_new_posts() {
    for seed in [1, 2, 3] {
        let sim = growing(Options {
            seed,
            users: 200,
            posts: 1,
            ..Options::default()
        })
        .await;
        advance(&sim, 20.0);
        let world = sim.world_at(Duration::from_secs(20 * DAY));
        let new = world.posts.len() - sim.world().posts.len();
        let mut made: BTreeMap<usize, usize> = BTreeMap::new();
        for post in &world.posts[world.posts.len() - new..] {
            *made.entry(post.author).or_default() += 1;
        }
        let mut made: Vec<usize> = made.into_values().collect();
        made.sort_unstable_by(|a, b| b.cmp(a));
        let top: usize = made.iter().take(20).sum();
        assert!(top * 2 > new, "{top} of {new} posts of seed {seed}");
        // The rate is the rate that was asked for: 2 posts a day for each user, less those of users who left.
        assert!((5_000..8_500).contains(&new), "{new} posts");
        assert!(made.len() > 60, "{} users posted", made.len());
    }
}

#[tokio::test]
async fn counts_grow_and_their_growth_decays() {
    let sim = growing(Options {
        growth_kinds: vec![Change::Posts],
        ..Options::default()
    })
    .await;
    let views = |day: u64| -> BTreeMap<String, u64> {
        let world = sim.world_at(Duration::from_secs(day * DAY));
        let row = |it: &soracrawl::sim::Post| (it.id.clone(), it.view_count);
        world.posts.iter().map(row).collect()
    };
    let (first, second, ninth, tenth) = (views(1), views(2), views(9), views(10));
    let gain = |from: &BTreeMap<String, u64>, to: &BTreeMap<String, u64>| {
        let pairs = first.keys().map(|it| (from[it], to[it]));
        pairs
            .map(|(from, to)| to.checked_sub(from).expect("counts never fall"))
            .sum::<u64>()
    };
    let (early, late) = (gain(&first, &second), gain(&ninth, &tenth));
    assert!(late > 0 && early > 3 * late, "{early} then {late}");
    let grown = second
        .iter()
        .filter(|(id, it)| first.get(*id).is_some_and(|old| old < it));
    assert!(grown.count() * 2 > first.len());
}

#[tokio::test]
async fn new_posts_at_the_head_shift_no_later_page() {
    let sim = growing(Options {
        growth: 20.0,
        page_size_posts: 5,
        growth_kinds: vec![Change::Posts],
        ..Options::default()
    })
    .await;
    let user = sim.world().seed_users()[3].clone();
    let undisturbed: Vec<String> = walk(&sim, Endpoint::UserPosts, &user)
        .await
        .iter()
        .flat_map(ids)
        .collect();
    assert_eq!(undisturbed.len(), 15);
    let (mut seen, mut at, mut grew) = (Vec::new(), String::new(), 0);
    loop {
        let page = call(&sim, Endpoint::UserPosts, &user, &at).await.data();
        seen.extend(ids(&page));
        at = cursor(&page);
        if at.is_empty() {
            break;
        }
        advance(&sim, 3.0);
        grew += 1;
    }
    assert_eq!(seen, undisturbed);
    let now = walk(&sim, Endpoint::UserPosts, &user).await;
    let now: Vec<String> = now.iter().flat_map(ids).collect();
    assert!(grew == 2 && now.ends_with(&seen[4..]), "{grew} steps");
    let new: BTreeSet<_> = now.iter().filter(|it| !seen.contains(it)).collect();
    assert!(!new.is_empty(), "the user has posted nothing");
}
