//! Checks that the image is built from files that exist, and runs commands that exist.

use clap::Parser;
use soracrawl::cli::Cli;
use soracrawl::config::Config;

use crate::documents::words;
use crate::{fenced, file, root};

/// Returns the instructions of the Dockerfile: name and the rest, with continued lines joined.
fn instructions() -> Vec<(String, String)> {
    file("Dockerfile")
        .replace("\\\n", " ")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let (name, rest) = line.split_once(' ').expect("an instruction");
            (
                name.to_owned(),
                rest.split_whitespace().collect::<Vec<_>>().join(" "),
            )
        })
        .collect()
}

/// Returns the last instruction of this name.
fn last(name: &str) -> String {
    let found = instructions()
        .into_iter()
        .rev()
        .find(|(other, _)| other == name);
    found.unwrap_or_else(|| panic!("no {name}")).1
}

fn list(json: &str) -> Vec<String> {
    serde_json::from_str(json).expect("the exec form")
}

#[test]
fn the_image_copies_files_that_exist_and_are_sent_to_the_builder() {
    let sent = file(".dockerignore");
    let mut count = 0;
    for (_, rest) in instructions().iter().filter(|(name, _)| name == "COPY") {
        if let Some(rest) = rest.strip_prefix("--from=build ") {
            let (from, _) = rest.split_once(' ').expect("from and to");
            assert_eq!(from, "/build/target/release/soracrawl");
            continue;
        }
        let (sources, _) = rest.rsplit_once(' ').expect("from and to");
        for source in sources.split(' ') {
            assert!(root().join(source).exists(), "{source}");
            assert!(
                sent.lines().any(|line| line == format!("!{source}")),
                "{source} is not sent"
            );
            count += 1;
        }
    }
    assert_eq!(count, 6);
}

/// Returns what is in the image when cargo first reads the manifest: what was copied before, and the empty files.
fn there_at_first() -> Vec<String> {
    let mut there = Vec::new();
    for (name, rest) in instructions() {
        match name.as_str() {
            "COPY" => there.extend(rest.split(' ').map(str::to_owned)),
            "RUN" => {
                let (before, is_build) = match rest.split_once(" cargo build") {
                    Some((before, _)) => (before, true),
                    None => (rest.as_str(), false),
                };
                for command in before.split(" && ") {
                    let written = command.split_once(" > ").map(|(_, path)| path);
                    let touched = command.strip_prefix("touch ");
                    let paths = written.or(touched).unwrap_or("").split_whitespace();
                    there.extend(paths.map(str::to_owned));
                }
                if is_build {
                    return there;
                }
            }
            _ => {}
        }
    }
    panic!("nothing is built")
}

#[test]
fn what_the_manifest_names_is_copied_into_the_image() {
    let manifest: toml::Table = file("Cargo.toml").parse().expect("a manifest");
    let there = there_at_first();
    let mut targets: Vec<&toml::Value> = manifest.get("lib").into_iter().collect();
    for kind in ["bench", "test", "example", "bin"] {
        let of_kind = manifest.get(kind).and_then(toml::Value::as_array);
        targets.extend(of_kind.into_iter().flatten());
    }
    assert!(targets.len() >= 3, "the library, the program, the figures");
    for target in targets {
        let path = target.get("path").and_then(toml::Value::as_str);
        // Without a path cargo looks in the default folder of the kind of target; only the library's is `src`.
        let path = match (path, target.get("name")) {
            (Some(path), _) => path,
            (None, None) => "src/lib.rs",
            (None, Some(name)) => panic!("{name} has no path"),
        };
        let (folder, _) = path.split_once('/').expect("a folder");
        assert!(
            there.iter().any(|found| found == folder || found == path),
            "cargo looks for {path} in the image too"
        );
        assert!(root().join(path).exists(), "{path}");
    }
    assert!(!root().join("build.rs").exists());
}

#[test]
fn the_image_is_built_with_the_toolchain_that_the_manifest_asks_for() {
    let manifest: toml::Table = file("Cargo.toml").parse().expect("a manifest");
    let version = manifest["package"]["rust-version"]
        .as_str()
        .expect("a version")
        .to_owned();
    let all = instructions();
    assert_eq!(all[0].1, format!("rust:{version}-slim-bookworm AS build"));
    assert!(file("README.md").contains(&format!("Rust {version} and a C compiler")));
}

#[test]
fn the_container_runs_commands_that_exist() {
    let entry = list(&last("ENTRYPOINT"));
    assert_eq!(entry, ["soracrawl"]);
    let run = [entry, list(&last("CMD"))].concat();
    Cli::try_parse_from(&run).expect("the command of the container");
    let health = last("HEALTHCHECK");
    let (_, command) = health.split_once("CMD ").expect("a command");
    assert_eq!(list(command), ["soracrawl", "status", "--check"]);
    Cli::try_parse_from(list(command)).expect("the health check");
}

#[test]
fn the_container_is_stopped_gently_and_has_no_rights() {
    assert_eq!(last("STOPSIGNAL"), "SIGTERM");
    assert_eq!(last("VOLUME"), "/data");
    assert_eq!(last("WORKDIR"), "/data");
}

#[test]
fn the_user_of_the_container_is_a_number_and_owns_an_empty_data_folder() {
    let user = last("USER");
    let (uid, gid) = user.split_once(':').expect("a user and a group");
    assert!(uid.parse::<u32>().is_ok_and(|uid| uid >= 1000), "{user}");
    assert_eq!(uid, gid);
    let all = instructions();
    let made = all.iter().find(|(_, rest)| rest.contains("useradd "));
    let made = &made.expect("a user").1;
    for part in [
        format!("groupadd --gid {gid} "),
        format!("useradd --uid {uid} --gid {gid} --no-create-home --home-dir /data "),
        format!("install --directory --owner={uid} --group={gid} --mode=0700 /data"),
    ] {
        assert!(made.contains(&part), "{part}");
    }
    let operations = file("docs/operations.md");
    assert!(operations.contains(&format!("user and group {uid}")));
    assert!(operations.contains(&format!("install -d -o {uid} -g {gid} -m 0700 ")));
}

#[test]
fn the_labels_of_the_image_are_those_of_the_manifest() {
    let manifest: toml::Table = file("Cargo.toml").parse().expect("a manifest");
    let labels = last("LABEL");
    for (label, key) in [
        ("title", "name"),
        ("description", "description"),
        ("licenses", "license"),
    ] {
        let value = manifest["package"][key].as_str().expect("text");
        let label = format!("org.opencontainers.image.{label}=\"{value}\"");
        assert!(labels.contains(&label), "{label}");
    }
    let all = instructions();
    for name in ["VERSION", "REVISION", "SOURCE"] {
        let label = format!(".{}=\"${name}\"", name.to_lowercase());
        assert!(labels.contains(&label), "{label}");
        let argument = ("ARG".to_owned(), format!("{name}=\"\""));
        assert!(all.contains(&argument), "{name}");
    }
}

#[test]
fn the_line_that_runs_the_container_gives_it_time_and_a_valid_command() {
    let operations = file("docs/operations.md");
    let docker = operations.split_once("## Docker").expect("a section").1;
    let script = fenced(docker, "sh")[0].replace("\\\n", " ");
    let line = script
        .lines()
        .find(|line| line.starts_with("docker run"))
        .expect("a line");
    let words = words(line);
    let after = |word: &str| {
        words
            .iter()
            .skip_while(|other| *other != word)
            .nth(1)
            .expect("a value")
            .clone()
    };
    let stop_seconds: f64 = after("--stop-timeout").parse().expect("seconds");
    assert!(stop_seconds > Config::default().limits.grace_seconds);
    assert!(words.contains(&"SORACRAWL_ARCHIVE__PATH=/data/sora.db".to_owned()));
    assert!(words.contains(&Config::default().api.key_env));
    assert!(
        words
            .iter()
            .any(|word| word.ends_with(":/data/crawler.toml:ro"))
    );
    let image = words
        .iter()
        .position(|word| word == "soracrawl")
        .expect("the image");
    Cli::try_parse_from(&words[image..]).expect("the command of the container");
}
