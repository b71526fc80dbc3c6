//! Compares the tables of commands, exit codes, endpoints and faults in the documents with the program.
//!
//! `cargo test --test tidy -- --ignored write_the_tables` writes them after a change of the program.

use std::collections::BTreeSet;

use clap::CommandFactory;
use serde_json::Value;
use soracrawl::cli::{Cli, Exit};
use soracrawl::sim::{Fault, MediaFault};

use crate::{between, file, output, write_between};

const USAGE: &str = "docs/usage.md";
const OPERATIONS: &str = "docs/operations.md";
const SIMULATOR: &str = "docs/simulator.md";

fn rows_of_commands(command: &clap::Command, path: &str, rows: &mut Vec<String>) {
    let inner = command.get_subcommands();
    for inner in inner.filter(|inner| inner.get_name() != "help") {
        let path = format!("{path} {}", inner.get_name());
        let about = inner.get_about().expect("every command has a description");
        let about = about.to_string().replace('|', "\\|");
        rows.push(format!("| `{path}` | {about} |"));
        rows_of_commands(inner, &path, rows);
    }
}

/// Returns the table of commands, as the command line describes them.
fn commands() -> String {
    let mut rows = vec![
        "| command | what it does |".to_owned(),
        "|---|---|".to_owned(),
    ];
    rows_of_commands(&Cli::command(), "soracrawl", &mut rows);
    rows.join("\n")
}

/// Returns each exit code with its meaning, as the help lists them.
fn codes() -> Vec<(String, String)> {
    let help = Cli::command()
        .get_after_help()
        .expect("exit codes in the help")
        .to_string();
    let codes = help.strip_prefix("Exit codes: ").expect("only exit codes");
    let codes = codes.split("; ").map(|code| {
        let (number, meaning) = code.split_once(' ').expect("a number and its meaning");
        (number.to_owned(), meaning.to_owned())
    });
    codes.collect()
}

fn exit_codes() -> String {
    let mut rows = vec!["| code | meaning |".to_owned(), "|---|---|".to_owned()];
    let codes = codes().into_iter();
    rows.extend(codes.map(|(number, meaning)| format!("| {number} | {meaning} |")));
    rows.join("\n")
}

/// Returns one word for each kind of subject that the endpoints are about; other endpoints keep their names.
fn leads_to(names: &str) -> String {
    let mut kinds = Vec::new();
    for name in names.split(", ") {
        let kind = match name {
            "get_comment_replies" => "comments",
            _ if name.starts_with("get_user_") => "users",
            _ if name.starts_with("get_post_") || name == "get_video_download_info" => "posts",
            _ => name,
        };
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    kinds.join(", ")
}

fn endpoints() -> String {
    let table = output(&["endpoints"]);
    let (table, _) = table.split_once("\n\n").expect("a table and its legend");
    let mut rows = Vec::new();
    for line in table.lines() {
        let cells: Vec<&str> = line
            .split("  ")
            .map(str::trim)
            .filter(|cell| !cell.is_empty())
            .collect();
        let [
            name,
            method,
            path,
            parameters,
            page,
            price,
            yields,
            leads,
            deprecated,
        ] = cells[..]
        else {
            panic!("other columns: {line}");
        };
        if name != "name" {
            let name = name.trim_end_matches('+');
            assert_eq!(path, format!("/api/v1/sora2/{name}"));
        }
        let leads = leads_to(leads);
        let parameters = parameters.replace('|', "/");
        rows.push(format!(
            "| {name} | {method} | {parameters} | {page} | {price} | {yields} | {leads} | {deprecated} |"
        ));
    }
    rows.insert(1, "|---|---|---|--:|--:|---|---|---|".to_owned());
    rows.join("\n")
}

/// Returns the table of faults: the names of the simulator with the comments of its list.
fn faults() -> String {
    let mut rows = vec![
        "| fault | in `--faults` | what happens |".to_owned(),
        "|---|---|---|".to_owned(),
    ];
    for (name, about) in listed("src/sim/faults/kinds.rs") {
        let fault: Fault = name.parse().expect("a fault");
        let recoverable = if Fault::RECOVERABLE.contains(&fault) {
            "yes"
        } else {
            "no"
        };
        rows.push(format!("| `{name}` | {recoverable} | {about} |"));
    }
    assert_eq!(rows.len(), 2 + Fault::ALL.len());
    rows.join("\n")
}

/// Returns the table of the faults of files.
fn media_faults() -> String {
    let mut rows = vec![
        "| fault | what happens |".to_owned(),
        "|---|---|".to_owned(),
    ];
    let faults = listed("src/sim/faults/media.rs");
    rows.extend(
        faults
            .iter()
            .map(|(name, about)| format!("| `{name}` | {about} |")),
    );
    assert_eq!(rows.len(), 2 + MediaFault::ALL.len());
    rows.join("\n")
}

/// Returns the faults of a list, each with its comment.
fn listed(path: &str) -> Vec<(String, String)> {
    let list = file(path);
    let (_, list) = list.split_once("\nfaults! {\n").expect("the list");
    let (list, _) = list.split_once("\n}\n").expect("its end");
    let (mut all, mut about) = (Vec::new(), Vec::new());
    for line in list.lines().map(str::trim) {
        if let Some(comment) = line.strip_prefix("/// ") {
            about.push(comment);
            continue;
        }
        let name = line.split('"').nth(1).expect("a name");
        let about: String = std::mem::take(&mut about).join(" ");
        all.push((name.to_owned(), about));
    }
    all
}

/// The document of each table, its name there, and what it must be.
fn tables() -> [(&'static str, &'static str, String); 5] {
    [
        (USAGE, "commands", commands()),
        (USAGE, "exit codes", exit_codes()),
        (USAGE, "endpoints", endpoints()),
        (SIMULATOR, "faults", faults()),
        (SIMULATOR, "media faults", media_faults()),
    ]
}

fn assert_is_in_the_document(wanted: &str) {
    let all = tables();
    let (document, name, table) = all
        .iter()
        .find(|(_, name, _)| *name == wanted)
        .expect("a table");
    assert_eq!(
        between(&file(document), name).trim_end(),
        table,
        "{document}: run `cargo test --test tidy -- --ignored write_the_tables`"
    );
}

#[test]
fn the_table_of_commands_is_that_of_the_command_line() {
    assert_is_in_the_document("commands");
}

#[test]
fn the_table_of_exit_codes_is_that_of_the_program() {
    assert_is_in_the_document("exit codes");
    let codes = codes();
    for exit in [
        Exit::Done,
        Exit::Failed,
        Exit::Usage,
        Exit::GaveUp,
        Exit::Stopped,
        Exit::Away,
        Exit::Unchecked,
        Exit::Abandoned,
    ] {
        // This match does not compile without a new variant, so that a new code must be documented.
        let number = match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::GaveUp => 3,
            Exit::Stopped => 4,
            Exit::Away => 5,
            Exit::Unchecked => 6,
            Exit::Abandoned => 130,
        };
        assert_eq!(exit as u8, number);
        assert!(codes.iter().any(|(code, _)| *code == number.to_string()));
    }
    assert_eq!(codes.len(), 8);
}

#[test]
fn the_table_for_supervisors_has_every_exit_code_once() {
    let table = file(OPERATIONS);
    let rows = between(&table, "supervisors").lines().skip(2);
    let advised: Vec<String> = rows
        .map(|row| row.split('|').nth(1).expect("a cell").trim().to_owned())
        .collect();
    let codes: Vec<String> = codes().into_iter().map(|(code, _)| code).collect();
    assert_eq!(advised, codes);
}

#[test]
fn the_table_of_endpoints_is_what_the_program_prints() {
    assert_is_in_the_document("endpoints");
    assert_eq!(endpoints().lines().count(), 2 + 17);
}

#[test]
fn the_table_of_faults_is_that_of_the_simulator() {
    assert_is_in_the_document("faults");
    assert_is_in_the_document("media faults");
    let names: BTreeSet<&str> = Fault::ALL.iter().map(|fault| fault.name()).collect();
    assert_eq!(names.len(), Fault::ALL.len());
}

#[test]
fn endpoints_as_json_are_the_same_seventeen() {
    let all: Vec<Value> = serde_json::from_str(&output(&["endpoints", "--json"])).expect("JSON");
    let names: Vec<&str> = all
        .iter()
        .filter_map(|entry| entry["name"].as_str())
        .collect();
    let table = soracrawl::api::endpoints::ALL
        .iter()
        .map(|entry| entry.name)
        .collect::<Vec<_>>();
    assert_eq!(names, table);
    assert_eq!(names.len(), 17);
}

#[test]
#[ignore = "it writes docs/usage.md and docs/simulator.md: cargo test --test tidy -- --ignored write_the_tables"]
fn write_the_tables_of_the_documents() {
    for (document, name, table) in tables() {
        write_between(document, name, &table);
    }
}
