//! The transcript of the demo in the README is what the demo prints.

use crate::{fenced, file};

/// A line whose numbers differ from run to run: port, name of the file, and how often faults met retries.
fn is_of_the_moment(line: &str) -> bool {
    line.starts_with("calls ") && !line.starts_with("calls repeated")
        || line.contains("127.0.0.1")
        || line.contains("soracrawl-demo-")
}

fn without_the_moment(text: &str) -> Vec<String> {
    let is_number = |letter: char| letter.is_ascii_digit() || ",.-".contains(letter);
    let line = |line: &str| {
        if is_of_the_moment(line) {
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
fn the_demo_archives_its_world_and_prints_what_the_readme_shows() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_soracrawl"))
        .arg("demo")
        .current_dir(folder.path())
        .output()
        .expect("the program runs");
    let printed = String::from_utf8(output.stdout).expect("text");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}{errors}");
    let readme = file("README.md");
    let (_, transcript) = readme.split_once("<!-- demo -->").expect("a transcript");
    assert_eq!(
        without_the_moment(&printed),
        without_the_moment(fenced(transcript, "text")[0])
    );
    assert_eq!(errors, "", "the demo complains of nothing");
}
