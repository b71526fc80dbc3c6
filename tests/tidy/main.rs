//! Checks the rules of the code, and compares the documents with the program.

mod analysis;
mod circles;
mod compose;
mod container;
mod dictionary;
mod directions;
mod documents;
mod english;
mod kills;
mod lexer;
mod metrics;
mod performance;
mod project;
mod queries;
mod readme;
mod recipes;
mod rooms;
mod services;
mod state_machine;
mod style;
mod tables;
mod terminal;
mod transcript;
mod yaml;

use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the text of a file of the project.
fn file(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Returns every Rust file below a folder of the project, with its path from the root, sorted.
fn rust_files(folder: &str) -> Vec<(String, String)> {
    files(folder)
        .into_iter()
        .filter(|name| name.ends_with(".rs"))
        .map(|name| (name.clone(), file(&name)))
        .collect()
}

/// Returns the paths of all files below a folder, from the root of the project, sorted.
fn files(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path
                .strip_prefix(root())
                .expect("below the root")
                .to_str()
                .expect("text")
                .to_owned();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(name);
            }
        }
    }
    found.sort();
    found
}

/// Returns the file without the unit tests at its end.
fn body(text: &str) -> &str {
    text.split_once("\n#[cfg(test)]\nmod tests")
        .map_or(text, |(body, _)| body)
}

/// Returns true for files that contain only unit tests.
fn is_test_file(name: &str) -> bool {
    name.ends_with("/tests.rs") || name.contains("/tests/")
}

/// The marks around a block of a document that a test holds to the program.
fn marks(name: &str) -> (String, String) {
    (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"))
}

/// Returns the text between two marks of a document.
fn between<'a>(text: &'a str, name: &str) -> &'a str {
    let (begin, end) = marks(name);
    text.split_once(&begin)
        .and_then(|(_, rest)| rest.split_once(&end))
        .unwrap_or_else(|| panic!("no block `{name}`"))
        .0
}

/// Writes other text between two marks of a document.
fn write_between(document: &str, name: &str, block: &str) {
    let (begin, end) = marks(name);
    let text = file(document);
    let old = format!("{begin}{}{end}", between(&text, name));
    let text = text.replace(&old, &format!("{begin}{}\n{end}", block.trim_end()));
    std::fs::write(root().join(document), text).expect("a writable document");
}

/// Returns the fenced blocks of a language.
fn fenced<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    text.split(&fence)
        .skip(1)
        .map(|rest| rest.split("```").next().expect("a part"))
        .collect()
}

/// Returns an archive with the schema and no rows.
async fn empty_archive(folder: &tempfile::TempDir) -> soracrawl::store::Store {
    soracrawl::store::Store::open(&folder.path().join("empty.db"))
        .await
        .expect("an archive")
}

/// Returns all documents for people, with their names.
fn documents() -> Vec<(String, String)> {
    let top = [
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "SECURITY.md",
    ];
    let mut names = top.map(str::to_owned).to_vec();
    names.extend(
        files("docs")
            .into_iter()
            .filter(|name| name.ends_with(".md")),
    );
    names
        .into_iter()
        .map(|name| (name.clone(), file(&name)))
        .collect()
}

/// Runs the program from the root of the project and returns what it prints.
fn output(arguments: &[&str]) -> String {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_soracrawl"))
        .args(arguments)
        .current_dir(root())
        .output()
        .expect("the program runs");
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).expect("text")
}
