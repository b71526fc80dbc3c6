//! What a campaign came to, as a table.

use crate::campaign::Score;

/// A table of the scores: those of a remote that answers well, those of one that does not, and all.
pub fn scoreboard(scores: &[Score]) -> String {
    let mut lines = vec![
        "remote             sites  kills  calls billed  pages  repeats  by kills  in flight  named unknown  rows lost  archives equal"
            .to_owned(),
    ];
    type Wanted = fn(&Score) -> bool;
    let kinds: [(&str, Wanted); 3] = [
        ("answers well", |score| score.case.faults == 0.0),
        ("8 % go wrong", |score| score.case.faults > 0.0),
        ("both", |_| true),
    ];
    for (name, is_wanted) in kinds {
        let scores: Vec<&Score> = scores.iter().filter(|score| is_wanted(score)).collect();
        let sum = |of: fn(&Score) -> u64| scores.iter().map(|score| of(score)).sum::<u64>();
        // A site that lost a row or has another archive has failed the test and is not here.
        lines.push(format!(
            "{name:<17}  {:>5}  {:>5}  {:>12}  {:>5}  {:>7}  {:>8}  {:>9}  {:>13}  {:>9}  {:>14}",
            scores.len(),
            sum(|score| score.kills),
            sum(|score| score.sums.billed),
            sum(|score| score.sums.distinct),
            sum(|score| score.sums.repeats),
            sum(|score| score.sums.by_kills),
            sum(|score| score.kills * score.case.in_flight),
            sum(|score| score.sums.unknown),
            0,
            format!("{0} of {0}", scores.len()),
        ));
    }
    let seeds = scores.iter().map(|score| score.case.seed);
    let (first, last) = (seeds.clone().min(), seeds.max());
    lines.push(format!(
        "seeds {} to {}; in flight: at most so many when all the kills came",
        first.unwrap_or(0),
        last.unwrap_or(0)
    ));
    lines.join("\n")
}
