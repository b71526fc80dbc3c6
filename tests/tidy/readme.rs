//! What the documents say of commands, exit codes, keys, endpoints and queries is what the program does.

use std::collections::BTreeSet;

use clap::{CommandFactory, Parser};
use serde_json::Value;
use soracrawl::cli::{Cli, Exit};
use soracrawl::config::{Config, KEYS, variable};

use crate::{between, documents, fenced, file, root, rust_files};

fn readme() -> String {
    file("README.md")
}

/// The commands with what each does, as the command line tells it.
fn commands(command: &clap::Command, path: &str, found: &mut Vec<String>) {
    for inner in command
        .get_subcommands()
        .filter(|inner| inner.get_name() != "help")
    {
        let path = format!("{path} {}", inner.get_name());
        let about = inner.get_about().expect("every command says what it does");
        // A command that only gathers others is named with them.
        found.push(format!("| `{path}` | {about} |"));
        commands(inner, &path, found);
    }
}

#[test]
fn the_table_of_commands_is_that_of_the_command_line() {
    let mut expected = vec![
        "| command | what it does |".to_owned(),
        "|---|---|".to_owned(),
    ];
    commands(&Cli::command(), "soracrawl", &mut expected);
    assert_eq!(
        between(&readme(), "commands").lines().collect::<Vec<_>>(),
        expected
    );
}

#[test]
fn the_table_of_exit_codes_is_that_of_the_program() {
    let help = Cli::command()
        .get_after_help()
        .expect("exit codes in the help")
        .to_string();
    let codes = help.strip_prefix("Exit codes: ").expect("only exit codes");
    let mut expected = vec!["| code | meaning |".to_owned(), "|---|---|".to_owned()];
    for code in codes.split("; ") {
        let (number, meaning) = code.split_once(' ').expect("a number and its meaning");
        expected.push(format!("| {number} | {meaning} |"));
    }
    assert_eq!(
        between(&readme(), "exit codes").lines().collect::<Vec<_>>(),
        expected
    );
    for exit in [
        Exit::Done,
        Exit::Failed,
        Exit::Usage,
        Exit::GaveUp,
        Exit::Stopped,
    ] {
        // A variant that is added must be documented: this match does not compile without it.
        let number = match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::GaveUp => 3,
            Exit::Stopped => 4,
        };
        assert_eq!(exit as u8, number);
        assert!(
            expected
                .iter()
                .any(|row| row.starts_with(&format!("| {number} |")))
        );
    }
    assert_eq!(expected.len(), 2 + 5);
}

/// What `soracrawl` prints.
fn output(arguments: &[&str]) -> String {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_soracrawl"))
        .args(arguments)
        .current_dir(root())
        .output()
        .expect("the program runs");
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// Follow-ups in a word for each kind of subject; those about nothing of these by name.
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

#[test]
fn the_table_of_endpoints_is_what_the_program_prints() {
    let table = output(&["endpoints"]);
    let (table, _) = table.split_once("\n\n").expect("a table and its legend");
    let mut expected = Vec::new();
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
            assert_eq!(
                path,
                format!("/api/v1/sora2/{}", name.trim_end_matches('+'))
            );
        }
        let leads = leads_to(leads);
        let parameters = parameters.replace('|', "/");
        expected.push(format!("| {name} | {method} | {parameters} | {page} | {price} | {yields} | {leads} | {deprecated} |"));
    }
    expected.insert(1, "|---|---|---|--:|--:|---|---|---|".to_owned());
    assert_eq!(
        between(&readme(), "endpoints")
            .lines()
            .collect::<Vec<_>>()
            .join("\n"),
        expected.join("\n")
    );
    assert_eq!(expected.len(), 2 + 17);
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

/// Words of a command line; quotes hold one together.
pub(crate) fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for letter in line.chars() {
        match letter {
            '"' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            '#' if !is_quoted && words.last().is_some_and(String::is_empty) => break,
            letter => words.last_mut().expect("a word").push(letter),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn every_command_line_of_the_documents_parses() {
    let mut count = 0;
    for (name, text) in documents() {
        let fences = fenced(&text, "sh");
        let shell = fences.iter().flat_map(|block| block.lines());
        let shown = text.lines().filter_map(|line| line.strip_prefix("$ "));
        let spoken = text
            .split('`')
            .filter(|part| part.starts_with("soracrawl ") && !part.contains('\n'));
        for line in shell.chain(shown).chain(spoken) {
            let words = words(line);
            let Some(at) = words.iter().position(|word| word == "soracrawl") else {
                continue;
            };
            let is_ours = at == 0 || words[..at] == ["docker", "exec", "sora"];
            if is_ours && !words.contains(&"…".to_owned()) {
                count += 1;
                // A command that gathers others asks for one of them, and is mentioned by itself all the same.
                if let Err(error) = Cli::try_parse_from(&words[at..])
                    && error.kind()
                        != clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
                    && error.kind() != clap::error::ErrorKind::MissingRequiredArgument
                {
                    panic!("{name}: {line}: {error}");
                }
            }
        }
    }
    assert!(count > 20, "only {count} command lines were seen");
}

#[test]
fn every_key_and_variable_of_the_documents_exists() {
    let keys: BTreeSet<&str> = KEYS.iter().map(|key| key.path).collect();
    let variables: BTreeSet<String> = keys.iter().map(|key| variable(key)).collect();
    let sections = [
        "archive.", "api.", "limits.", "budget.", "seeds.", "crawl.", "log.",
    ];
    let benches: String = rust_files("benches")
        .into_iter()
        .map(|(_, text)| text)
        .collect();
    for (name, text) in documents() {
        for quoted in text.split('`').skip(1).step_by(2) {
            let is_key = sections.iter().any(|section| quoted.starts_with(section));
            let is_word = quoted
                .chars()
                .all(|letter| letter.is_ascii_lowercase() || "._".contains(letter));
            if is_key && is_word && !quoted.ends_with(".db") && !quoted.ends_with(".rs") {
                assert!(keys.contains(quoted), "{name}: there is no key {quoted}");
            }
        }
        for (at, _) in text.match_indices("SORACRAWL_") {
            let is_part = |letter: &char| letter.is_ascii_uppercase() || *letter == '_';
            let variable: String = text[at..].chars().take_while(is_part).collect();
            // These belong to the tests and the benches.
            let is_read =
                variable == "SORACRAWL_SEED" || benches.contains(&format!("\"{variable}\""));
            assert!(
                variables.contains(&variable) || is_read,
                "{name}: there is no variable {variable}"
            );
        }
    }
}

#[test]
fn the_configuration_shown_is_valid() {
    let readme = readme();
    let blocks = fenced(&readme, "toml");
    assert!(!blocks.is_empty());
    for block in blocks {
        Config::parse("README.md", block, std::iter::empty()).expect("a valid configuration");
    }
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    for (name, text) in documents() {
        let folder = root().join(&name);
        let folder = folder.parent().expect("a folder");
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split_once(')'))
        {
            let target = link.0.split('#').next().expect("a part");
            if !target.is_empty() && !target.contains("://") {
                assert!(
                    folder.join(target).exists(),
                    "{name}: {target} is not there"
                );
            }
        }
    }
}
