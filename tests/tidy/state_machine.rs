//! Compares docs/state-machine.md with the schema and with the functions that move jobs.

use std::collections::BTreeSet;

use sqlx::Row;

use crate::lexer;
use crate::{body, empty_archive, fenced, file, is_test_file, rust_files};

const DOCUMENT: &str = "docs/state-machine.md";

/// Returns the words that a named check constraint of the jobs table allows.
fn allowed(sql: &str, constraint: &str) -> Vec<String> {
    let (_, rest) = sql
        .split_once(&format!("constraint {constraint}"))
        .expect("the constraint");
    let (_, words) = rest.split_once(" in").expect("a list");
    let words = words.trim_start().trim_start_matches('(');
    let words = words.split(')').next().expect("the end of the list");
    let words = words.split(',');
    words
        .map(|word| word.trim().trim_matches('\'').to_owned())
        .collect()
}

#[tokio::test]
async fn the_document_describes_every_state_and_stop_reason_of_the_schema() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = empty_archive(&folder).await;
    let sql: String = sqlx::query("select sql from sqlite_master where name = 'jobs'")
        .fetch_one(store.readers())
        .await
        .expect("a schema")
        .get(0);
    let states = allowed(&sql, "job_state");
    let reasons = allowed(&sql, "job_stop_reason");
    assert!(
        states.len() >= 6 && reasons.len() >= 7,
        "{states:?} {reasons:?}"
    );
    let document = file(DOCUMENT);
    for state in &states {
        assert!(
            document.contains(&format!("\n| `{state}` |")),
            "no row of {state}"
        );
    }
    for reason in &reasons {
        assert!(
            document.contains(&format!(" | `{reason}` |")),
            "no row of {reason}"
        );
    }
}

/// Returns the transitions of one row or line: every state on the left to every state on the right.
fn transitions(left: &str, right: &str, found: &mut BTreeSet<(String, String)>) {
    for from in left.split(", ") {
        for to in right.split(", ") {
            let from = if from == "[*]" { "new" } else { from };
            found.insert((from.to_owned(), to.to_owned()));
        }
    }
}

#[test]
fn the_picture_and_the_table_show_the_same_transitions() {
    let document = file(DOCUMENT);
    let (mut drawn, mut listed) = (BTreeSet::new(), BTreeSet::new());
    for line in fenced(&document, "mermaid")[0].lines() {
        if let Some((from, rest)) = line.trim().split_once(" --> ") {
            let (to, _) = rest.split_once(" : ").expect("a reason");
            transitions(from, to, &mut drawn);
        }
    }
    for line in document.lines() {
        let cell = line
            .strip_prefix("| ")
            .and_then(|row| row.split(" |").next());
        if let Some((from, to)) = cell.and_then(|cell| cell.split_once(" → ")) {
            transitions(from, to, &mut listed);
        }
    }
    assert_eq!(drawn, listed);
    assert!(drawn.len() > 15, "only {drawn:?}");
}

#[test]
fn every_function_that_the_document_names_is_in_the_file_that_it_names() {
    let document = file(DOCUMENT);
    let mut count = 0;
    for quoted in document.split('`').skip(1).step_by(2) {
        let Some((path, function)) = quoted.split_once(".rs:") else {
            continue;
        };
        let path = format!("{path}.rs");
        let is_defined = ["(", "<"]
            .iter()
            .any(|end| file(&path).contains(&format!("fn {function}{end}")));
        assert!(is_defined, "{path} has no function {function}");
        count += 1;
    }
    assert!(count > 15, "only {count} functions are named");
}

#[test]
fn every_file_that_writes_the_state_of_a_job_is_named_in_the_document() {
    let document = file(DOCUMENT);
    let mut count = 0;
    for (name, text) in rust_files("src") {
        if is_test_file(&name) {
            continue;
        }
        let texts = lexer::read(body(&text)).texts;
        let writes = texts.iter().any(|text| {
            text.starts_with("update jobs set state") || text.starts_with("insert into jobs")
        });
        if writes {
            assert!(
                document.contains(&format!("`{name}:")),
                "{name} is not named"
            );
            count += 1;
        }
    }
    assert!(count >= 5, "only {count} files were found");
}
