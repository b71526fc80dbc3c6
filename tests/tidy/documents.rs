//! Checks that commands, keys, variables, links and paths in the documents exist.

use std::collections::BTreeSet;

use clap::{CommandFactory, Parser};
use soracrawl::cli::Cli;
use soracrawl::config::{Config, KEYS, variable};

use crate::{documents, fenced, file, root, rust_files};

/// Returns the words of a command line; quotes hold one together.
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
                // A command that only groups others may be mentioned without one of them.
                if let Err(error) = Cli::try_parse_from(&words[at..])
                    && error.kind()
                        != clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
                    && error.kind() != clap::error::ErrorKind::MissingRequiredArgument
                    && error.kind() != clap::error::ErrorKind::DisplayHelp
                {
                    panic!("{name}: {line}: {error}");
                }
            }
        }
    }
    assert!(count > 20, "only {count} command lines were found");
}

/// Collects the long options of a command and of those below it.
fn options(command: &clap::Command, found: &mut BTreeSet<String>) {
    let names = command.get_arguments().filter_map(clap::Arg::get_long);
    found.extend(names.map(|name| format!("--{name}")));
    for inner in command.get_subcommands() {
        options(inner, found);
    }
}

#[test]
fn every_option_of_the_documents_exists() {
    let mut ours = BTreeSet::from(["--help".to_owned()]);
    options(&Cli::command(), &mut ours);
    let of_docker = ["--entrypoint", "--restart", "--stop-timeout"];
    let mut count = 0;
    for (name, text) in documents() {
        for quoted in text.split('`').skip(1).step_by(2) {
            let option = quoted.split([' ', '=']).next().expect("a part");
            if option.starts_with("--") && !of_docker.contains(&option) {
                assert!(ours.contains(option), "{name}: there is no option {option}");
                count += 1;
            }
        }
    }
    assert!(count > 10, "only {count} options were found");
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
            // The tests and the benches read a few more.
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
fn every_configuration_of_the_documents_is_valid() {
    let mut count = 0;
    for (name, text) in documents() {
        for block in fenced(&text, "toml") {
            Config::parse(&name, block, std::iter::empty()).expect("a valid configuration");
            count += 1;
        }
    }
    assert!(count >= 1, "no configuration was found");
}

/// Returns the names by which the headings of a document are linked to.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut is_code = false;
    let mut anchors = BTreeSet::new();
    for line in text.lines() {
        is_code ^= line.starts_with("```");
        if let Some(title) = line.strip_prefix('#').filter(|_| !is_code) {
            let title = title.trim_start_matches('#').trim().to_lowercase();
            let name = title.chars().filter_map(|letter| match letter {
                ' ' => Some('-'),
                '-' | '_' => Some(letter),
                letter => letter.is_alphanumeric().then_some(letter),
            });
            anchors.insert(name.collect());
        }
    }
    anchors
}

/// Returns the targets of all links and pictures of a document.
fn links(text: &str) -> Vec<&str> {
    let parts = |begin: &'static str, end: char| {
        let parts = text.split(begin).skip(1);
        parts.filter_map(move |rest| Some(rest.split_once(end)?.0))
    };
    parts("](", ')').chain(parts("src=\"", '"')).collect()
}

#[test]
fn every_link_between_documents_leads_to_a_file_and_a_heading() {
    let mut count = 0;
    for (name, text) in documents() {
        let folder = root().join(&name);
        let folder = folder.parent().expect("a folder");
        for link in links(&text) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            count += 1;
            let (target, heading) = link.split_once('#').unwrap_or((link, ""));
            let path = folder.join(target);
            assert!(path.exists(), "{name}: there is no {target}");
            if !heading.is_empty() {
                let linked = match target {
                    "" => text.clone(),
                    _ => std::fs::read_to_string(path).expect("a document"),
                };
                assert!(
                    anchors(&linked).contains(heading),
                    "{name}: no heading {link}"
                );
            }
        }
    }
    assert!(count > 20, "only {count} links were found");
}

#[test]
fn every_path_of_the_documents_exists() {
    let folders = [
        "src/",
        "tests/",
        "benches/",
        "migrations/",
        "docs/",
        "fuzz/",
        "contrib/",
        "grafana/",
        ".ci/",
    ];
    let mut missing = Vec::new();
    let mut count = 0;
    for (name, text) in documents() {
        for quoted in text.split('`').skip(1).step_by(2) {
            let path = quoted.split(':').next().expect("a part");
            let is_path = folders.iter().any(|folder| path.starts_with(folder))
                && !path.contains(['<', '…', '*', ' ', '\n']);
            if is_path {
                count += 1;
                if !root().join(path).exists() {
                    missing.push(format!("{name}: {path}"));
                }
            }
        }
    }
    assert_eq!(missing, [""; 0]);
    assert!(count > 40, "only {count} paths were found");
}

#[test]
fn every_document_is_linked_from_the_readme() {
    let readme = file("README.md");
    let linked: BTreeSet<&str> = links(&readme).into_iter().collect();
    for (name, _) in documents() {
        assert!(
            name == "README.md" || linked.contains(name.as_str()),
            "README.md does not link to {name}"
        );
    }
}
