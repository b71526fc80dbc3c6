//! Checks what a reader of the README sees first.

use soracrawl::cli::DEMO_QUERIES;

use crate::file;

/// The most lines that the README may have.
const MAX_LINES: usize = 170;

/// The lines that a reader sees before scrolling twice.
const FIRST_LINES: usize = 60;

#[test]
fn the_readme_has_at_most_170_lines() {
    let lines = file("README.md").lines().count();
    assert!(lines <= MAX_LINES, "README.md has {lines} lines");
}

#[test]
fn the_readme_begins_with_the_status_the_picture_and_the_two_commands() {
    let readme = file("README.md");
    let first: Vec<&str> = readme.lines().take(FIRST_LINES).collect();
    let first = first.join("\n");
    let query = format!("sqlite3 soracrawl-demo-*.db \"{}\"", DEMO_QUERIES[0]);
    for part in [
        "Sora2",
        "TikHub",
        "researchers",
        "## Status",
        "(docs/demo.svg)",
        "cargo run --release -- demo",
        &query,
        "docs/archive.md",
    ] {
        assert!(first.contains(part), "{part}");
    }
}

#[test]
fn the_readme_compares_five_facts_of_six_tools() {
    let readme = file("README.md");
    let (_, comparison) = readme.split_once("## Comparison").expect("a section");
    let rows: Vec<&str> = comparison
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .collect();
    assert_eq!(rows.len(), 2 + 5);
    for tool in [
        "soracrawl",
        "Scrapy",
        "Crawlee",
        "dlt",
        "twarc",
        "gallery-dl",
    ] {
        assert!(rows[0].contains(tool), "{tool}");
    }
    for row in rows {
        assert_eq!(row.matches('|').count(), 8, "{row}");
    }
}
