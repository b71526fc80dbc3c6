//! Checks that docs/performance.md claims what `cargo bench` measures.

use std::collections::BTreeSet;

use crate::{between, file, root};

/// Returns the names of the figures that the benches list.
fn measured() -> BTreeSet<String> {
    let list = file("benches/figures/main.rs");
    let (_, list) = list.split_once("const FIGURES").expect("a list");
    list.split("figure(\"")
        .skip(1)
        .map(|rest| rest.split('"').next().expect("a name").to_owned())
        .collect()
}

/// Returns the rows of the table of figures: name, goal, measured, command.
fn claimed() -> Vec<[String; 4]> {
    between(&file("docs/performance.md"), "figures")
        .lines()
        .skip(2)
        .map(|line| {
            let cells = line.trim_matches('|').split('|');
            let cells: Vec<String> = cells.map(|cell| cell.trim().to_owned()).collect();
            cells.try_into().expect("four cells")
        })
        .collect()
}

#[test]
fn every_figure_that_is_claimed_is_measured_and_the_other_way_round() {
    let rows = claimed();
    let claimed: BTreeSet<String> = rows
        .iter()
        .map(|[name, ..]| name.split('`').nth(1).expect("a name").to_owned())
        .collect();
    assert_eq!(claimed, measured());
}

#[test]
fn every_figure_has_a_goal_a_measurement_and_the_command_that_gives_it() {
    for [name, goal, measured, command] in claimed() {
        let name = name.split('`').nth(1).expect("a name");
        assert!(!goal.is_empty(), "{name} has no goal");
        assert!(
            measured.contains(|letter: char| letter.is_ascii_digit()),
            "{name} was not measured"
        );
        assert_eq!(command, format!("`cargo bench -- {name}`"));
    }
}

#[test]
fn every_figure_has_a_file_of_its_own() {
    for name in measured() {
        let places = [format!("{name}.rs"), format!("{name}/mod.rs")];
        let found = places
            .iter()
            .any(|place| root().join("benches/figures").join(place).exists());
        assert!(found, "{name}");
    }
}

#[test]
fn the_figures_are_no_part_of_the_tests_which_assert_nothing_about_time() {
    let manifest: toml::Table = file("Cargo.toml").parse().expect("a manifest");
    let bench = &manifest["bench"].as_array().expect("benches")[0];
    assert_eq!(bench["harness"].as_bool(), Some(false));
    let is_test = bench.get("test").and_then(toml::Value::as_bool);
    assert_ne!(is_test, Some(true));
}
