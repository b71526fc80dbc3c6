//! Refresh under a budget: how long new items wait, and how wrong counters become, by policy.
//!
//! The policy functions of `crawl::refresh` run on a virtual clock in seeded worlds. There is no HTTP and no archive.

mod counters;
mod lists;
mod order;
mod world;

use anyhow::{Result, ensure};

use self::lists::MAX_DAYS;
use crate::support::{Bench, Limit, median, note, say};

/// Seeds of the worlds.
const WORLDS: std::ops::Range<u64> = 1..6;
const PAGES_PER_DAY: i64 = 200;
/// A budget that suffices for all deadlines with little to spare, and one that does not.
const TIGHT_PAGES_PER_DAY: i64 = 80;
const SCARCE_PAGES_PER_DAY: i64 = 40;

pub fn run(_: &Bench) -> Result<()> {
    lists_by_policy()?;
    counters_by_policy();
    Ok(())
}

fn lists_by_policy() -> Result<()> {
    use lists::{Outcome, Policy, Run};
    let worlds: Vec<Vec<world::List>> = WORLDS.map(world::lists).collect();
    let outcomes = |policy, pages| -> Vec<Outcome> {
        let run = |world: &Vec<world::List>| Run::new(world, policy, pages).outcome();
        worlds.iter().map(run).collect()
    };
    let bounds: Vec<f64> = worlds
        .iter()
        .map(|world| lists::bound(world, PAGES_PER_DAY))
        .collect();
    row(
        "1,000 lists, 200 pages a day",
        ["delay ÷ bound (range)", "mean delay", "unseen > 21 days"],
    );
    let mean = median(bounds.clone());
    row("closed-form bound", ["1.00", &format!("{mean:.1} h"), ""]);
    let ratios_of = |policy, name: &str| -> Result<(Vec<f64>, usize)> {
        let outcomes = outcomes(policy, PAGES_PER_DAY);
        let by_bound = outcomes.iter().zip(&bounds);
        let ratios: Vec<f64> = by_bound.map(|(of, bound)| of.delay_hours / bound).collect();
        let overdue: Vec<usize> = outcomes.iter().map(|of| of.overdue).collect();
        let mean = median(outcomes.iter().map(|of| of.delay_hours).collect());
        let mean = format!("{mean:.1} h");
        row(name, [&spread(&ratios), &mean, &range(&overdue)]);
        for of in &outcomes {
            let budget = 120 * PAGES_PER_DAY * 50_000;
            let is_spent = (budget * 99 / 100..=budget * 1_001 / 1_000).contains(&of.spent.0);
            ensure!(is_spent, "{name} spent {}", of.spent);
        }
        Ok((ratios, overdue.into_iter().max().unwrap_or(0)))
    };
    let (ours, overdue) = ratios_of(Policy::ItemHours, "item-hours per dollar, learned")?;
    ratios_of(Policy::TrueRates, "the same, with the true rates")?;
    let (robin, _) = ratios_of(Policy::RoundRobin, "round robin")?;
    ratios_of(Policy::OneByRate, "interval 1 ÷ rate")?;
    ratios_of(Policy::NewestFirst, "newest first, each day")?;
    let gain = robin.iter().zip(&ours).map(|(robin, ours)| robin / ours);
    let (gain, ours) = (median(gain.collect()), median(ours));
    say(
        "refresh",
        "delay, by the bound",
        ours,
        "x",
        Limit::AtMost(1.15),
    );
    say(
        "refresh",
        "delay of round robin, by ours",
        gain,
        "x",
        Limit::AtLeast(1.7),
    );
    let days = MAX_DAYS;
    let what = format!("lists ever unseen > {days} days");
    say("refresh", &what, overdue as f64, "", Limit::AtMost(0.0));
    for pages in [TIGHT_PAGES_PER_DAY, SCARCE_PAGES_PER_DAY] {
        let outcomes = outcomes(Policy::ItemHours, pages);
        let overdue: Vec<usize> = outcomes.iter().map(|of| of.overdue).collect();
        let needed: Vec<usize> = outcomes
            .iter()
            .map(|of| usize::try_from(of.pages_needed))
            .collect::<Result<_, _>>()?;
        note(
            "refresh",
            &format!(
                "{pages} pages a day: lists ever unseen > {days} days: {}; most that a plan needed for its deadlines: {} pages a day",
                range(&overdue),
                range(&needed)
            ),
        );
    }
    Ok(())
}

fn counters_by_policy() {
    use counters::{Policy, Run};
    let worlds: Vec<Vec<world::Post>> = WORLDS.map(world::posts).collect();
    let errors = |policy| -> Vec<f64> {
        let run = |world: &Vec<world::Post>| Run::new(world, policy).mean_error();
        worlds.iter().map(run).collect()
    };
    let (greedy, by_time) = (errors(Policy::Greedy), errors(Policy::GreedyByTime));
    row(
        "2,400 posts, 60 calls a day",
        ["error ÷ best (range)", "log error", ""],
    );
    let ratios_of = |errors: &[f64], name: &str| {
        // The better one of the two that know all counts.
        let best = greedy.iter().zip(&by_time).map(|(a, b)| a.min(*b));
        let ratios: Vec<f64> = errors.iter().zip(best).map(|(a, b)| a / b).collect();
        let mean = median(errors.to_vec());
        row(name, [&spread(&ratios), &format!("{mean:.3}"), ""]);
        median(ratios)
    };
    let fitted = errors(Policy::Fitted);
    ratios_of(&by_time, "clairvoyant: error × time");
    ratios_of(&greedy, "clairvoyant: greatest error");
    let by_best = ratios_of(&fitted, "fitted curve");
    ratios_of(&errors(Policy::Doubling), "ages doubling");
    ratios_of(&errors(Policy::RoundRobin), "round robin");
    ratios_of(&errors(Policy::NewestFirst), "newest first, each day");
    let by_greedy = fitted
        .iter()
        .zip(&greedy)
        .map(|(ours, greedy)| ours / greedy);
    let by_greedy = median(by_greedy.collect());
    say(
        "refresh",
        "log error, by the clairvoyant greedy",
        by_greedy,
        "x",
        Limit::AtMost(1.2),
    );
    say(
        "refresh",
        "log error, by the best clairvoyant",
        by_best,
        "x",
        Limit::AtMost(1.2),
    );
}

/// Prints a row of a table.
fn row(name: &str, [ratio, value, lists]: [&str; 3]) {
    note(
        "refresh",
        format!("{name:<34} {ratio:<24} {value:>10}   {lists}").trim_end(),
    );
}

/// Returns the median of ratios, and their range.
fn spread(ratios: &[f64]) -> String {
    let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let most = ratios.iter().copied().fold(0.0, f64::max);
    format!("{:.2} ({least:.2} to {most:.2})", median(ratios.to_vec()))
}

fn range(counts: &[usize]) -> String {
    match (counts.iter().min(), counts.iter().max()) {
        (Some(least), Some(most)) if least < most => format!("{least} to {most}"),
        (Some(least), _) => least.to_string(),
        _ => "none".to_owned(),
    }
}
