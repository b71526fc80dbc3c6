//! Compares the transcript of the demo, and its picture, with what the demo prints.
//!
//! `cargo test --test tidy -- --ignored write_the_transcript` writes both after a change of the program.

use std::path::{Path, PathBuf};

use crate::{between, fenced, file, root, terminal, write_between};

/// The document that shows the transcript.
pub(crate) const DOCUMENT: &str = "docs/simulator.md";

const PICTURE: &str = "docs/demo.svg";

/// A finished run of the demo.
pub(crate) struct Demo {
    pub(crate) printed: String,
    errors: String,
    pub(crate) archive: PathBuf,
}

/// Runs the demo in a folder.
pub(crate) fn demo(folder: &Path) -> Demo {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_soracrawl"))
        .arg("demo")
        .current_dir(folder)
        .output()
        .expect("the program runs");
    let printed = String::from_utf8(output.stdout).expect("text");
    let errors = String::from_utf8(output.stderr).expect("text");
    assert!(output.status.success(), "{printed}{errors}");
    let archive = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .find(|path| path.extension().is_some_and(|ending| ending == "db"))
        .expect("an archive");
    Demo {
        printed,
        errors,
        archive,
    }
}

/// Returns the transcript that the documents show.
pub(crate) fn transcript() -> String {
    let document = file(DOCUMENT);
    fenced(between(&document, "demo"), "text")[0].to_owned()
}

/// Returns true for a line whose numbers differ from run to run: the port, the name of the file, and the calls, whose
/// number depends on how faults and retries meet.
fn differs_between_runs(line: &str) -> bool {
    line.starts_with("calls ") && !line.starts_with("calls repeated")
        || line.contains("127.0.0.1")
        || line.contains("soracrawl-demo-")
}

/// Returns the lines, without the numbers that differ from run to run.
fn comparable(text: &str) -> Vec<String> {
    let is_number = |letter: char| letter.is_ascii_digit() || ",.-".contains(letter);
    let line = |line: &str| {
        if differs_between_runs(line) {
            line.split(is_number)
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join("#")
        } else {
            line.to_owned()
        }
    };
    text.trim_end().lines().map(line).collect()
}

#[test]
fn the_demo_archives_its_world_and_prints_what_the_documents_show() {
    let folder = tempfile::tempdir().expect("a folder");
    let demo = demo(folder.path());
    assert_eq!(
        comparable(&demo.printed),
        comparable(&transcript()),
        "run `cargo test --test tidy -- --ignored write_the_transcript`"
    );
    assert_eq!(demo.errors, "", "the demo reports no problem");
}

#[test]
fn the_picture_of_the_demo_is_drawn_from_the_transcript() {
    assert!(
        file(PICTURE) == terminal::draw(&transcript()),
        "{PICTURE}: run `cargo test --test tidy -- --ignored write_the_transcript`"
    );
}

#[test]
#[ignore = "it writes docs/simulator.md and docs/demo.svg: cargo test --test tidy -- --ignored write_the_transcript"]
fn write_the_transcript_and_its_picture() {
    let folder = tempfile::tempdir().expect("a folder");
    let printed = demo(folder.path()).printed;
    let block = format!("```text\n{}\n```", printed.trim_end());
    write_between(DOCUMENT, "demo", &block);
    let picture = terminal::draw(&transcript());
    std::fs::write(root().join(PICTURE), picture).expect("a writable picture");
}
