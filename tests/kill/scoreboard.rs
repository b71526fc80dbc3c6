//! The result of a campaign, as a table.

use crate::campaign::Score;

const HEAD: &str = "seed     remote   sites  kills  billed  pages  repeats  in flight  by the kills  unknown   rows  lost  equal";

impl std::fmt::Display for Score {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&line(&format!("{}", self.case.seed), kind(self), &[self]))
    }
}

fn kind(score: &Score) -> &'static str {
    if score.case.faults > 0.0 {
        "8 % bad"
    } else {
        "well"
    }
}

fn line(name: &str, remote: &str, scores: &[&Score]) -> String {
    let sum = |of: fn(&Score) -> u64| scores.iter().map(|score| of(score)).sum::<u64>();
    format!(
        "{name:<7}  {remote:<7}  {:>5}  {:>5}  {:>6}  {:>5}  {:>7}  {:>9}  {:>12}  {:>7}  {:>5}  {:>4}  {:>5}",
        scores.len(),
        sum(|score| score.kills),
        sum(|score| score.sums.billed),
        sum(|score| score.sums.distinct),
        sum(|score| score.sums.repeats),
        sum(|score| score.kills * score.case.in_flight),
        sum(|score| score.sums.by_kills),
        sum(|score| score.sums.unknown),
        sum(|score| score.sums.rows),
        sum(|score| score.sums.lost),
        sum(|score| u64::from(score.sums.is_equal)),
    )
}

/// Returns a table of the scores: those of a correct remote, those of a faulty remote, and all.
pub fn scoreboard(scores: &[Score]) -> String {
    let mut lines = vec![HEAD.to_owned()];
    let seeds = scores.iter().map(|score| score.case.seed);
    let (first, last) = (seeds.clone().min(), seeds.max());
    let seeds = format!("{}-{}", first.unwrap_or(0), last.unwrap_or(0));
    for remote in ["well", "8 % bad"] {
        let scores: Vec<&Score> = scores
            .iter()
            .filter(|score| kind(score) == remote)
            .collect();
        lines.push(line(&seeds, remote, &scores));
    }
    lines.push(line(&seeds, "both", &scores.iter().collect::<Vec<_>>()));
    lines.join("\n")
}
