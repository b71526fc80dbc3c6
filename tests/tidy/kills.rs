//! Checks the scoreboard of kills that the documents show.

use crate::{between, file};

#[test]
fn the_scoreboard_of_kills_is_the_same_wherever_it_is_shown() {
    let (readme, manifesto) = (file("README.md"), file("docs/manifesto.md"));
    let scores = between(&readme, "kills");
    assert_eq!(scores, between(&manifesto, "kills"));
    let all = scores.lines().find(|line| line.contains(" both "));
    let numbers: Vec<u64> = all
        .expect("a line of all sites")
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    let [
        sites,
        kills,
        billed,
        pages,
        repeats,
        in_flight,
        by_kills,
        unknown,
        _,
        lost,
        equal,
    ] = numbers[..]
    else {
        panic!("other columns: {numbers:?}");
    };
    assert!(kills >= 1_000 && by_kills <= in_flight);
    assert!(by_kills <= unknown && billed == pages + repeats);
    assert_eq!((lost, equal), (0, sites));
}
