//! The command itself: its exit code, its table and its JSON.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use soracrawl::sim::DEFAULT_KEY;

use crate::site::{Site, copy, damage, world};

fn soracrawl(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_soracrawl"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("TIKHUB_API_KEY", DEFAULT_KEY)
        .output()
        .expect("the program runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test]
async fn verify_exits_with_0_for_a_sound_archive_and_with_1_for_a_missing_one() {
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
    assert_eq!(ended.status.code(), Some(1), "the file does not exist");
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
