//! Checks the services for a long crawl: the unit for systemd, the container that Docker restarts, and the release.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};

use clap::Parser;
use soracrawl::cli::Cli;
use soracrawl::config::Config;

use crate::{between, file, root, yaml};

const UNIT: &str = "contrib/systemd/soracrawl.service";
const HOLD: &str = "contrib/docker/soracrawl-hold";

/// The most exposure that `systemd-analyze security` may report, in tenths: 0 is none, 100 is the most.
const MAX_EXPOSURE: &str = "15";

/// After the grace time the writer finishes its queue.
const FLUSH_SECONDS: f64 = 2.0;

/// Directives of systemd.unit(5), systemd.service(5), systemd.exec(5), systemd.kill(5) and systemd.resource-control(5).
const DIRECTIVES: &str = "After AmbientCapabilities CapabilityBoundingSet ConfigurationDirectory Description DevicePolicy \
    Environment ExecReload ExecStart Group KeyringMode KillMode LimitCORE LoadCredential LockPersonality MemoryDenyWriteExecute \
    NoNewPrivileges NotifyAccess PrivateDevices PrivateIPC PrivateMounts PrivateTmp PrivateUsers ProcSubset ProtectClock \
    ProtectControlGroups ProtectHome ProtectHostname ProtectKernelLogs ProtectKernelModules ProtectKernelTunables \
    ProtectProc ProtectSystem RemoveIPC Restart RestartPreventExitStatus RestartSec RestrictAddressFamilies \
    RestrictNamespaces RestrictRealtime RestrictSUIDSGID StandardError StandardOutput StartLimitBurst \
    StartLimitIntervalSec StateDirectory StateDirectoryMode SyslogIdentifier SystemCallArchitectures \
    SystemCallErrorNumber SystemCallFilter TimeoutStartSec TimeoutStopSec Type UMask User WantedBy Wants WatchdogSec \
    WorkingDirectory";

#[test]
fn releases_and_images_know_their_commit() {
    for (path, line) in [
        ("contrib/release.sh", "\nexport SORACRAWL_COMMIT\n"),
        ("Dockerfile", "\nENV SORACRAWL_COMMIT=$REVISION\n"),
    ] {
        let text = file(path);
        let at = text.find(line).unwrap_or_else(|| panic!("{path}"));
        let build = text.rfind("cargo build --release").expect("a build");
        assert!(at < build, "{path}: the build does not see it");
    }
}

/// Returns the directives of the unit in their order.
fn unit() -> Vec<(String, String)> {
    let text = file(UNIT);
    let lines = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with(['#', '[']));
    let pairs = lines.map(|line| line.split_once('=').expect("a directive"));
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Returns the value of a directive that the unit has once.
fn directive(name: &str) -> String {
    let unit = unit();
    yaml::one(&unit, name).to_owned()
}

/// Returns the exit codes after which the supervisors' table does not advise a restart. 6 is not an end of a run.
fn codes_for_a_person() -> BTreeSet<u8> {
    let operations = file("docs/operations.md");
    let rows = between(&operations, "supervisors").lines().skip(2);
    let cells = rows.map(|row| row.trim_matches('|').split_once('|').expect("two cells"));
    let codes = cells.filter(|(_, act)| !act.trim().starts_with("Restart"));
    let codes: BTreeSet<u8> = codes
        .map(|(code, _)| code.trim().parse().expect("a code"))
        .collect();
    assert!(codes.contains(&6));
    codes.into_iter().filter(|code| *code != 6).collect()
}

/// Returns the default of a key in the example file.
fn grace_seconds() -> f64 {
    let example: toml::Table = file("crawler.toml.example").parse().expect("an example");
    let value = &example["limits"]["grace_seconds"];
    value.as_integer().expect("whole seconds") as f64
}

#[test]
fn services_stop_later_than_the_grace_time() {
    let least = grace_seconds() + FLUSH_SECONDS;
    let of_unit: f64 = directive("TimeoutStopSec").parse().expect("seconds");
    assert!(of_unit > least, "{of_unit}");
    let compose = yaml::facts(&file("compose.yaml"));
    let period = yaml::one(&compose, "services.soracrawl.stop_grace_period");
    let of_compose: f64 = period
        .strip_suffix('s')
        .and_then(|text| text.parse().ok())
        .expect("seconds");
    assert!(of_compose > least, "{of_compose}");
}

#[test]
fn the_unit_restarts_only_what_a_restart_can_change() {
    let prevented: BTreeSet<u8> = directive("RestartPreventExitStatus")
        .split(' ')
        .map(|code| code.parse().expect("a code"))
        .collect();
    let mut failures = codes_for_a_person();
    assert!(failures.remove(&0), "on-failure does not restart after 0");
    assert_eq!(directive("Restart"), "on-failure");
    assert_eq!(prevented, failures);
    let seconds: f64 = directive("RestartSec").parse().expect("seconds");
    let burst: f64 = directive("StartLimitBurst").parse().expect("a number");
    assert_eq!(directive("StartLimitIntervalSec"), "1h");
    assert!(seconds * burst < 3600.0, "the limit would never be reached");
}

#[test]
fn the_unit_runs_a_command_of_the_program_with_a_valid_environment() {
    let command = directive("ExecStart");
    let words: Vec<&str> = command.split(' ').collect();
    assert_eq!(words[0], "/usr/local/bin/soracrawl");
    Cli::try_parse_from(&words).expect("a command");
    let unit = unit();
    let set = yaml::at(&unit, "Environment");
    let set: Vec<(String, String)> = set
        .iter()
        .map(|pair| pair.split_once('=').expect("a variable"))
        .map(|(name, value)| (name.to_owned(), value.replace("%d", "/credentials")))
        .collect();
    assert!(!set.is_empty());
    let config = Config::parse(UNIT, "", set.into_iter()).expect("a valid environment");
    let key_file = config.api.key_file.expect("a key file");
    let credential = directive("LoadCredential");
    let (name, _) = credential.split_once(':').expect("a name and a path");
    assert_eq!(key_file, std::path::Path::new("/credentials").join(name));
    let user = directive("User");
    assert!(file("contrib/systemd/soracrawl.sysusers").contains(&format!("\nu {user} - ")));
}

#[test]
fn the_unit_has_known_directives_and_reports_when_it_is_ready() {
    let known: BTreeSet<&str> = DIRECTIVES.split_whitespace().collect();
    for (name, _) in unit() {
        assert!(known.contains(name.as_str()), "{name}");
    }
    assert_eq!(directive("Type"), "notify");
    assert_eq!(directive("TimeoutStartSec"), "infinity");
    assert_eq!(directive("UMask"), "0077");
    assert_eq!(directive("LimitCORE"), "0");
}

/// Runs `systemd-analyze` on the unit with the program of this build. Returns `None` where there is none of version 250.
fn analyze(arguments: &[&str]) -> Option<Output> {
    let version = Command::new("systemd-analyze")
        .arg("--version")
        .output()
        .ok()?;
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    let number: u32 = version.split(' ').nth(1)?.parse().ok()?;
    if number < 250 {
        return None;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("soracrawl.service");
    let text = file(UNIT).replace("/usr/local/bin/soracrawl", env!("CARGO_BIN_EXE_soracrawl"));
    std::fs::write(&path, text).expect("a unit");
    let output = Command::new("systemd-analyze")
        .args(arguments)
        .arg(path)
        .output();
    Some(output.expect("systemd-analyze runs"))
}

#[test]
fn systemd_accepts_the_unit_and_finds_it_hardened() {
    if let Some(output) = analyze(&["verify", "--man=no"]) {
        // An unknown directive is only a warning.
        assert!(
            output.status.success() && output.stderr.is_empty(),
            "{output:?}"
        );
    }
    let threshold = format!("--threshold={MAX_EXPOSURE}");
    if let Some(output) = analyze(&["security", "--offline=true", "--no-pager", &threshold]) {
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stdout)
        );
    }
}

/// Starts the entry point of the container with a program that does what `script` says.
fn hold(folder: &tempfile::TempDir, script: &str) -> std::process::Child {
    use std::os::unix::fs::PermissionsExt;
    let program = folder.path().join("soracrawl");
    std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).expect("a program");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("a mode");
    let path = std::env::var("PATH").expect("a path");
    Command::new("sh")
        .arg(root().join(HOLD))
        .env("PATH", format!("{}:{path}", folder.path().display()))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a shell")
}

fn terminate(child: &std::process::Child) {
    let kill = format!("kill -s TERM {}", child.id());
    let status = Command::new("sh").args(["-c", &kill]).status();
    assert!(status.expect("a shell").success());
}

/// Reads the first line of an entry point's log: empty if it ended without one.
fn first_line(child: &mut std::process::Child) -> String {
    let mut line = String::new();
    let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
    stderr.read_line(&mut line).expect("text");
    line
}

#[test]
fn a_container_stays_after_an_end_that_needs_a_person() {
    let folder = tempfile::tempdir().expect("a folder");
    for code in codes_for_a_person() {
        let mut child = hold(&folder, &format!("exit {code}"));
        let line = first_line(&mut child);
        let line: serde_json::Value = serde_json::from_str(&line).expect("a JSON line");
        assert_eq!(line["exit_code"], code);
        assert_eq!(line["level"], "ERROR");
        assert_eq!(child.try_wait().expect("a state"), None, "it stays");
        terminate(&child);
        let status = child.wait().expect("an end");
        assert_eq!(status.code(), Some(i32::from(code)));
    }
}

#[test]
fn a_container_ends_after_every_other_end() {
    let folder = tempfile::tempdir().expect("a folder");
    for (script, code) in [("exit 5", 5), ("exit 130", 130), ("kill -9 $$", 137)] {
        let mut child = hold(&folder, script);
        let line = first_line(&mut child);
        // A shell may report the kill. Only an entry point that stays writes JSON.
        let stays = line.starts_with('{');
        if stays {
            terminate(&child);
        }
        let status = child.wait().expect("an end");
        assert!(!stays, "{script}: {line}");
        assert_eq!(status.code(), Some(code), "{script}");
    }
}

#[test]
fn a_container_that_is_stopped_ends_with_the_code_of_the_program() {
    let folder = tempfile::tempdir().expect("a folder");
    // The code is one that would keep the container if nobody had stopped it.
    let script = "trap 'kill $!; exit 4' TERM; sleep 600 & echo started; wait";
    let mut child = hold(&folder, script);
    let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    stdout.read_line(&mut line).expect("a line");
    terminate(&child);
    let line = first_line(&mut child);
    if !line.is_empty() {
        terminate(&child);
    }
    assert_eq!(child.wait().expect("an end").code(), Some(4));
    assert_eq!(line, "");
}

#[test]
fn the_release_is_built_as_the_contributors_read_it() {
    let script = "contrib/release.sh";
    let status = Command::new("bash")
        .arg("-n")
        .arg(root().join(script))
        .status();
    assert!(status.expect("bash").success());
    let text = file(script);
    let (_, pinned) = text.split_once("\ncyclonedx=").expect("a version");
    let pinned = pinned.lines().next().expect("a line");
    let install = format!("cargo install --locked cargo-cyclonedx --version {pinned}");
    assert!(text.contains(&format!("#   {install}\n")));
    assert!(file("CONTRIBUTING.md").contains(&install), "{install}");
    assert!(text.contains("cargo build --release --locked "));
}
