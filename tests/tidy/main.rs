//! What is decided about the code, and what the documents say of it, held against both.

mod container;
mod dictionary;
mod kills;
mod lexer;
mod performance;
mod project;
mod queries;
mod readme;
mod rooms;
mod style;
mod transcript;

use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file of the project.
fn file(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Every Rust file below a folder of the project, with its path from the root, sorted.
fn rust_files(folder: &str) -> Vec<(String, String)> {
    files(folder)
        .into_iter()
        .filter(|name| name.ends_with(".rs"))
        .map(|name| (name.clone(), file(&name)))
        .collect()
}

/// The paths of all files below a folder, from the root of the project, sorted.
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

/// The file without the unit tests at its end.
fn body(text: &str) -> &str {
    text.split_once("\n#[cfg(test)]\nmod tests")
        .map_or(text, |(body, _)| body)
}

/// True for files that hold unit tests only.
fn is_test_file(name: &str) -> bool {
    name.ends_with("/tests.rs") || name.contains("/tests/")
}

/// What stands between two marks of a document.
fn between<'a>(text: &'a str, name: &str) -> &'a str {
    let begin = format!("<!-- {name} -->\n");
    let end = format!("<!-- /{name} -->");
    text.split_once(&begin)
        .and_then(|(_, rest)| rest.split_once(&end))
        .unwrap_or_else(|| panic!("no block `{name}`"))
        .0
}

/// The fenced blocks of a language.
fn fenced<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    text.split(&fence)
        .skip(1)
        .map(|rest| rest.split("```").next().expect("a part"))
        .collect()
}

/// An archive with the schema and no rows.
async fn empty_archive(folder: &tempfile::TempDir) -> soracrawl::store::Store {
    soracrawl::store::Store::open(&folder.path().join("empty.db"))
        .await
        .expect("an archive")
}

/// All documents for people.
fn documents() -> Vec<(String, String)> {
    let mut names = vec!["README.md".to_owned()];
    names.extend(files("docs"));
    names
        .into_iter()
        .map(|name| (name.clone(), file(&name)))
        .collect()
}
