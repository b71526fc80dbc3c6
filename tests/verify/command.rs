//! The command itself: its exit code, its table and its JSON.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use soracrawl::sim::DEFAULT_KEY;

use crate::site::{Site, copy, damage, world};

pub fn soracrawl(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_soracrawl"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("TIKHUB_API_KEY", DEFAULT_KEY)
        .output()
        .expect("the program runs")
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test]
async fn verify_exits_with_0_for_a_sound_archive_and_with_6_for_a_missing_one() {
    let (folder, path) = copy().await;
    let before = std::fs::read(&path).expect("the archive");
    let ended = soracrawl(folder.path(), &["verify", "--archive", "a.db"]);
    assert_eq!(ended.status.code(), Some(0), "{}", text(&ended.stdout));
    assert!(text(&ended.stdout).contains("the archive is sound"));
    assert!(
        std::fs::read(&path).expect("the archive") == before,
        "nothing was written"
    );

    let ended = soracrawl(folder.path(), &["verify", "--archive", "a.db", "--json"]);
    let json: Value = serde_json::from_slice(&ended.stdout).expect("JSON");
    assert_eq!(json["sound"], true);
    assert!(
        json["findings"]
            .as_array()
            .is_some_and(|all| all.len() > 25)
    );
    assert!(
        json["contents"]
            .as_str()
            .is_some_and(|hash| hash.len() == 32)
    );

    let ended = soracrawl(folder.path(), &["verify", "--archive", "b.db"]);
    assert_eq!(ended.status.code(), Some(6), "the file does not exist");
    assert_eq!(text(&ended.stdout), "");
    assert!(text(&ended.stderr).starts_with("error: the archive b.db does not exist"));
    assert!(
        !folder.path().join("b.db").exists(),
        "verify creates no file"
    );
}

#[tokio::test]
async fn a_breach_is_shown_in_the_table_and_in_json() {
    let (folder, path) = copy().await;
    damage(
        &path,
        "update spend set micro_usd = micro_usd + 1 where scope = 'total'",
    )
    .await;
    let ended = soracrawl(folder.path(), &["verify", "--archive", "a.db"]);
    assert_eq!(ended.status.code(), Some(1));
    let shown = text(&ended.stdout);
    assert!(
        shown.contains("1 BROKEN") && shown.contains("the archive is NOT sound"),
        "{shown}"
    );
    let ended = soracrawl(folder.path(), &["verify", "--archive", "a.db", "--json"]);
    assert_eq!(ended.status.code(), Some(1));
    let json: Value = serde_json::from_slice(&ended.stdout).expect("JSON");
    let all = json["findings"].as_array().expect("findings");
    let broken: Vec<&Value> = all
        .iter()
        .filter(|finding| finding["breaches"] != 0)
        .collect();
    assert_eq!(broken.len(), 1, "{broken:?}");
    assert_eq!(
        (&broken[0]["check"], &broken[0]["promise"]),
        (&"spend".into(), &"P4".into())
    );
    assert!(
        broken[0]["examples"][0]
            .as_str()
            .is_some_and(|example| example.contains("total"))
    );
}

/// Runs the program as a user who may not write anywhere. It needs util-linux.
fn as_nobody(folder: &Path, arguments: &[&str]) -> Output {
    let program = folder.join("soracrawl");
    if !program.exists() {
        std::fs::copy(env!("CARGO_BIN_EXE_soracrawl"), &program).expect("a copy of the program");
    }
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    let mut command = match is_root {
        true => {
            let mut command = Command::new("setpriv");
            command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
            command.arg(&program);
            command
        }
        false => Command::new(&program),
    };
    command
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var("PATH").unwrap_or_default())
        .output()
        .expect("the program runs")
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).expect("a mode");
}

#[tokio::test]
async fn an_archive_in_a_folder_that_cannot_be_written_is_read_and_verified() {
    let (folder, path) = copy().await;
    for beside in ["a.db-wal", "a.db-shm"] {
        let _ = std::fs::remove_file(folder.path().join(beside));
    }
    set_mode(&path, 0o444);
    as_nobody(folder.path(), &["--version"]);
    set_mode(folder.path(), 0o555);
    for command in [&["status"][..], &["jobs"], &["estimate"], &["verify"]] {
        let ended = as_nobody(folder.path(), &[command, &["--archive", "a.db"]].concat());
        let said = text(&ended.stdout) + &text(&ended.stderr);
        assert_eq!(ended.status.code(), Some(0), "{command:?}: {said}");
    }
    // A file that may not be read is not called damaged.
    set_mode(&path, 0o000);
    let ended = as_nobody(folder.path(), &["verify", "--archive", "a.db"]);
    let said = text(&ended.stdout) + &text(&ended.stderr);
    assert_eq!(ended.status.code(), Some(6), "{said}");
    assert!(!said.contains("NOT sound"), "{said}");
    set_mode(folder.path(), 0o755);
}

#[tokio::test(flavor = "multi_thread")]
async fn replies_of_calls_by_hand_are_verified_too() {
    let site = Site::new(world(4, 0.0)).await;
    let folder = site.path("");
    let config = format!(
        "[archive]\npath = \"a.db\"\n[api]\nbase_url = \"{}\"\n",
        site.sim.base_url()
    );
    std::fs::write(folder.join("crawler.toml"), config).expect("a configuration");
    let user = format!("user_id={}", site.sim.world().seed_users()[0]);
    for call in [
        &["call", "get_user_posts", &user][..],
        &["call", "get_feed"],
        &["call", "search_users", "username=a"],
    ] {
        let ended = soracrawl(&folder, call);
        assert_eq!(ended.status.code(), Some(0), "{}", text(&ended.stderr));
    }
    let ended = soracrawl(&folder, &["verify", "--json"]);
    assert_eq!(ended.status.code(), Some(0), "{}", text(&ended.stdout));
    let json: Value = serde_json::from_slice(&ended.stdout).expect("JSON");
    assert_eq!(json["replies"], 3);
    assert!(json["rows"].as_u64().is_some_and(|rows| rows > 10));
}
