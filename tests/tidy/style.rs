//! Size and manners of the files.

use crate::lexer;
use crate::{body, is_test_file, rust_files};

/// Lines of a file without its unit tests.
const MAX_LINES: usize = 300;

/// Every Rust file of the project.
fn all_rust_files() -> Vec<(String, String)> {
    ["src", "tests", "benches"].map(rust_files).concat()
}

#[test]
fn a_file_has_at_most_300_lines_without_its_tests() {
    let mut long = Vec::new();
    for (name, text) in all_rust_files() {
        let lines = if is_test_file(&name) {
            0
        } else {
            body(&text).lines().count()
        };
        if lines > MAX_LINES {
            long.push(format!("{name}: {lines}"));
        }
    }
    assert_eq!(long, [""; 0]);
}

#[test]
fn main_has_at_most_30_lines() {
    assert!(crate::file("src/main.rs").lines().count() <= 30);
}

#[test]
fn production_code_has_no_unwrap_and_nothing_left_to_do() {
    let mut found = Vec::new();
    for (name, text) in rust_files("src") {
        if is_test_file(&name) {
            continue;
        }
        let code = lexer::read(body(&text)).code;
        for word in [
            ".unwrap()",
            "todo!",
            "unimplemented!",
            "dbg!",
            "#[allow(",
            "unsafe ",
        ] {
            if code.contains(word) {
                found.push(format!("{name}: {word}"));
            }
        }
    }
    assert_eq!(found, [""; 0]);
}

#[test]
fn production_code_does_not_know_that_it_is_tested() {
    let mut found = Vec::new();
    for (name, text) in rust_files("src") {
        let code = lexer::read(&text).code;
        let switches = code.matches("cfg(test)").count() + code.matches("cfg!(test)").count();
        let modules = code.matches("#[cfg(test)]\nmod tests").count();
        if switches != modules {
            found.push(name);
        }
    }
    assert_eq!(found, [""; 0]);
}

#[test]
fn a_file_says_first_what_it_is_for() {
    let mut silent = Vec::new();
    for (name, text) in all_rust_files() {
        let is_module_of_tests = name.ends_with("/tests.rs");
        if !text.starts_with("//! ") && !is_module_of_tests {
            silent.push(name);
        }
    }
    assert_eq!(silent, [""; 0]);
}

#[test]
fn the_name_of_a_test_is_a_fact() {
    let mut short = Vec::new();
    for (name, text) in all_rust_files() {
        let code = lexer::read(&text).code;
        for test in code.split("test]\n").skip(1) {
            let Some((_, rest)) = test.split_once("fn ") else {
                continue;
            };
            let fact = rest.split(['(', '<']).next().unwrap_or("");
            if fact.split('_').count() < 3 {
                short.push(format!("{name}: {fact}"));
            }
        }
    }
    assert_eq!(short, [""; 0]);
}
