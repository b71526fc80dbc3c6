//! The cost of a first full crawl, compared with the fewest pages that show every row of the followed lists.

use std::collections::{BTreeMap, HashSet};

use anyhow::{Result, ensure};
use soracrawl::sim::{Options, Shape, Sim, World};

use crate::process::Site;
use crate::support::{Bench, Limit, float, note, say};

const PAGE_USD: f64 = 0.05;
const KEYS: &str = "limits.requests_per_second = 5000\nlimits.max_in_flight = 16\n\
    seeds.feed = true\nseeds.leaderboard = true";

pub fn run(bench: &Bench) -> Result<()> {
    for (shape, name) in [(Shape::Wrapped, "wrapped"), (Shape::Flat, "flat")] {
        let options = Options {
            shape,
            users: 80,
            audience: 400,
            characters: 10,
            posts: 12,
            remixes: 30,
            followers: 60,
            comments: 8,
            replies: 3,
            appearances: 10,
            ..Options::default()
        };
        let sim = bench.wait(Sim::start(options))?;
        let address = sim.base_url().replace("http://", "");
        let site = Site::new(&address, KEYS)?;
        site.crawl(&sim.world().seed_users())?;
        let (micro_usd, users, posts): (i64, i64, i64) = bench.ask_one(
            &site.archive(),
            "select (select sum(cost_micro_usd) from calls), (select count(*) from users_now), (select count(*) from posts_now)",
        )?;
        let usd = float(micro_usd) / 1e6;
        let oracle = oracle(sim.world(), sim.options());
        let fewest = i64::try_from(oracle.values().sum::<usize>())?;
        let oracle_usd = float(fewest) * PAGE_USD;
        let truth = sim.truth();
        let count = |kind: &str| {
            let of_kind = truth.iter().find(|truth| truth.kind == kind);
            of_kind.map_or(0, |truth| truth.rows.len())
        };
        ensure!(
            usize::try_from(posts)? == count("posts") && usize::try_from(users)? >= count("users"),
            "the archive is incomplete: {users} users, {posts} posts"
        );
        say(
            "economy",
            &format!("cost relative to the oracle, {name}"),
            usd / oracle_usd,
            "x",
            Limit::AtMost(1.02),
        );
        note(
            "economy",
            &format!("{name}: cost ${usd:.2}, oracle ${oracle_usd:.2}"),
        );
        for (endpoint, bought, empty) in bench.ask::<(String, i64, i64)>(
            &site.archive(),
            "select endpoint, count(*), coalesce(sum(items = 0), 0) from calls where cost_micro_usd > 0 group by endpoint",
        )? {
            let needed = oracle.get(endpoint.as_str()).copied().unwrap_or(0);
            note(
                "economy",
                &format!("{name}: {endpoint}: pages: {bought}, empty: {empty}, oracle: {needed}"),
            );
        }
        let asked = oracle.get("empty").copied().unwrap_or(0);
        note(
            "economy",
            &format!("{name}: oracle pages that only reveal empty lists: {asked}"),
        );
        bench.wait(sim.stop());
    }
    Ok(())
}

/// Computes the fewest pages by endpoint.
///
/// Each followed list requires the pages that its items fill, minus the items nested in a page that is bought anyway.
/// An empty list is free if such a page shows that it is empty. Otherwise it costs one page, counted under `empty`.
fn oracle(world: &World, options: &Options) -> BTreeMap<&'static str, usize> {
    let is_wrapped = options.shape == Shape::Wrapped;
    let nested = if is_wrapped { options.nested_items } else { 0 };
    let mut count: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut list = |endpoint, items: usize, size: usize| {
        *count.entry(endpoint).or_default() += items.div_ceil(size);
    };
    list("get_feed", world.feed.len(), options.page_size_feed);
    list(
        "get_cameo_leaderboard",
        world.leaderboard.len(),
        options.page_size_leaderboard,
    );
    let seeds = world.seed_users().len();
    for (number, person) in world.people[..seeds].iter().enumerate() {
        let follows = options.page_size_follows;
        list(
            "get_user_posts",
            person.posts.len(),
            options.page_size_posts,
        );
        list("get_user_followers", person.followers.len(), follows);
        list("get_user_following", person.following.len(), follows);
        let appearances = person.appearances.len();
        list(
            "get_user_cameo_appearances",
            appearances,
            options.page_size_appearances,
        );
        list("empty", unknown(world, number, is_wrapped), 1);
    }
    // In the flat shape only a remix list contains the remix counts of its items.
    let counted: HashSet<usize> = world
        .posts
        .iter()
        .flat_map(|post| post.remixes.iter().copied())
        .collect();
    for (number, post) in world.posts.iter().enumerate() {
        let rest = post.remixes.len().saturating_sub(nested);
        list(
            "get_post_comments",
            post.comments.len(),
            options.page_size_comments,
        );
        list("get_post_remix_list", rest, options.page_size_remixes);
        let is_known = is_wrapped || !post.remixes.is_empty() || counted.contains(&number);
        list("empty", usize::from(!is_known), 1);
    }
    // The flat shape has no replies to replies.
    for comment in world
        .comments
        .iter()
        .filter(|it| is_wrapped || it.depth == 0)
    {
        let rest = comment.replies.len().saturating_sub(nested);
        list("get_comment_replies", rest, options.page_size_comments);
    }
    count
}

/// Returns the number of pages required to learn that lists of a user are empty, if no other list shows it.
///
/// One profile covers several lists.
fn unknown(world: &World, number: usize, is_wrapped: bool) -> usize {
    let person = &world.people[number];
    let is_listed = !person.followers.is_empty() || !person.following.is_empty();
    let is_author = !person.posts.is_empty() || person.comments_made > 0;
    if is_wrapped {
        // Every profile is complete, and appears in the lists of the people whom the user follows or who follow them.
        let is_shown = is_listed || is_author || !person.appearances.is_empty();
        return usize::from(!is_shown);
    }
    // A listed user has both follow counts, an author next to a post only the follower count. Only the profile contains
    // the post count, and only the leaderboard the number of appearances.
    let knows_following = !person.following.is_empty() || is_in_list_of_seed(world, number);
    let of_profile = [
        person.posts.is_empty(),
        person.followers.is_empty() && person.posts.is_empty(),
        person.following.is_empty() && !knows_following,
    ];
    let is_leader = world.leaderboard.contains(&number);
    usize::from(of_profile.contains(&true))
        + usize::from(person.appearances.is_empty() && !is_leader)
}

/// Returns whether a bought list of followers or followed users contains the user.
fn is_in_list_of_seed(world: &World, number: usize) -> bool {
    let seeds = world.seed_users().len();
    let person = &world.people[number];
    let lists = person.followers.iter().chain(&person.following);
    lists.into_iter().any(|other| *other < seeds)
}
