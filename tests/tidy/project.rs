//! Checks the files around the code: the checks before a merge, the lints, the metadata, and what no file may mention.

use crate::{fenced, file, files, root};

#[test]
fn what_must_pass_includes_the_test_command_of_the_readme() {
    let readme = file("README.md");
    let building = readme
        .split_once("## Building and testing")
        .expect("a section")
        .1;
    let command = fenced(building, "sh")[0]
        .lines()
        .find(|line| line.starts_with("cargo test"))
        .expect("a test command");
    let checks = file(".ci/run");
    for step in [
        command,
        "cargo fmt --check",
        "cargo clippy --all-targets --locked -- -D warnings",
        "RUSTDOCFLAGS=\"-D warnings\" cargo doc --no-deps --locked",
    ] {
        assert!(checks.contains(step), "{step}");
    }
}

#[test]
fn lints_deny_what_the_style_forbids() {
    let manifest: toml::Table = file("Cargo.toml").parse().expect("a manifest");
    let level = |tool: &str, lint: &str| manifest["lints"][tool][lint].as_str().map(str::to_owned);
    assert_eq!(level("rust", "unsafe_code").as_deref(), Some("forbid"));
    for lint in [
        "allow_attributes",
        "dbg_macro",
        "todo",
        "unimplemented",
        "unwrap_used",
    ] {
        assert_eq!(level("clippy", lint).as_deref(), Some("deny"), "{lint}");
    }
}

#[test]
fn an_exception_to_the_advisories_is_of_a_crate_that_is_used() {
    let rules: toml::Table = file("deny.toml").parse().expect("rules");
    let lock = file("Cargo.lock");
    let ignored = rules["advisories"]["ignore"].as_array().expect("a list");
    for exception in ignored {
        let reason = exception["reason"]
            .as_str()
            .expect("every exception has a reason");
        let name = reason
            .split(' ')
            .next()
            .expect("the reason begins with the crate");
        assert!(
            lock.contains(&format!("name = \"{name}\"\n")),
            "{name} is not used any more: remove the exception"
        );
    }
    assert_eq!(ignored.len(), 2);
}

#[test]
fn nothing_names_the_machine_it_was_written_on() {
    // In pieces, so that this file does not name them either.
    let marks = [
        concat!("/wo", "rk/"),
        concat!("/tm", "p/"),
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
    ];
    let mut names = [
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "SECURITY.md",
        "CITATION.cff",
        "Cargo.toml",
        "Dockerfile",
        "compose.yaml",
        "deny.toml",
        ".ci/run",
        "crawler.toml.example",
    ]
    .map(str::to_owned)
    .to_vec();
    for folder in ["src", "tests", "docs", "migrations", "benches", "contrib"] {
        if root().join(folder).exists() {
            names.extend(files(folder));
        }
    }
    let mut found = Vec::new();
    for name in names {
        let bytes = std::fs::read(root().join(&name)).expect("a file");
        let text = String::from_utf8_lossy(&bytes);
        found.extend(
            marks
                .iter()
                .filter(|mark| text.contains(**mark))
                .map(|mark| format!("{name}: {mark}")),
        );
    }
    assert_eq!(found, [""; 0]);
}

#[test]
fn the_citation_and_the_changelog_are_of_this_version_and_licence() {
    let manifest: toml::Table = file("Cargo.toml").parse().expect("a manifest");
    let of_package = |key: &str| manifest["package"][key].as_str().expect("text").to_owned();
    let citation = file("CITATION.cff");
    for line in [
        "cff-version: 1.2.0".to_owned(),
        format!("title: {}", of_package("name")),
        format!("version: {}", of_package("version")),
        format!("license: {}", of_package("license")),
    ] {
        assert!(citation.lines().any(|other| other == line), "{line}");
    }
    let changelog = file("CHANGELOG.md");
    let headings: Vec<&str> = changelog
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .collect();
    assert_eq!(headings.first(), Some(&"[Unreleased]"));
    let version = of_package("version");
    let is_released = headings.iter().any(|heading| heading.contains(&version));
    assert!(is_released || headings.len() == 1, "{headings:?}");
}

#[test]
fn every_test_that_the_manifesto_names_exists_where_it_says() {
    let manifesto = file("docs/manifesto.md");
    let mut place = None;
    let mut count = 0;
    for quoted in manifesto.split('`').skip(1).step_by(2) {
        if quoted.ends_with(".rs") {
            place = Some((quoted, file(quoted)));
        } else if let Some((name, text)) = &place
            && quoted.matches('_').count() > 1
        {
            assert!(
                text.contains(&format!("fn {quoted}(")),
                "{name}: no test {quoted}"
            );
            count += 1;
        }
    }
    assert!(count > 20, "only {count} tests are named");
    for promise in 1..=12 {
        assert!(manifesto.contains(&format!("| P{promise} |")), "P{promise}");
    }
}
