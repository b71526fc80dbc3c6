//! All files of a simulated world, with faults, deaths and expired URLs.

use std::collections::{BTreeMap, BTreeSet};

use soracrawl::sim::{File, Options, Requests, Shape};

use crate::media::files;
use crate::support::{Site, small};

/// Every rendition that the simulator shows.
const RENDITIONS: &str = "[\"video\", \"source\", \"source_wm\", \"downloadable\", \"watermark\", \"thumbnail\", \"unfurl\", \"md\", \"ld\", \"gif\"]";

/// Returns a crawled world of so many posts of each of five users.
async fn crawled(posts: usize) -> Site {
    let options = Options {
        posts,
        exact: true,
        remixes: 0,
        media: true,
        media_bytes: Some(4_000),
        page_size_posts: 30,
        ..small(Shape::Flat)
    };
    let mut site = Site::new(options).await;
    let users = format!("{:?}", site.sim.world().seed_users());
    let host = format!("[{:?}]", site.sim.base_url().trim_start_matches("http://"));
    site.only(&["posts"])
        .set("seeds.users", &users)
        .set("media.hosts", &host)
        .set("media.renditions", RENDITIONS)
        .set("media.per_host", "8");
    site.crawl().await.with(0);
    site
}

/// Returns the files that the archive knows, of those that the simulator has, by path.
async fn known(site: &Site) -> BTreeMap<String, File> {
    let host = site.sim.base_url().trim_start_matches("http://").to_owned();
    let paths = site.texts("select url_path from media").await;
    let paths: BTreeSet<String> = paths.iter().map(|it| it.replace(&host, "")).collect();
    let all = site.sim.files().into_iter();
    all.filter(|file| paths.contains(&file.path))
        .map(|file| (file.path.clone(), file))
        .collect()
}

/// Asserts that the folder has exactly the contents of these files.
fn assert_stored<'f>(site: &Site, due: impl Iterator<Item = &'f File>) {
    let found = files(site.file("media"));
    let found: BTreeSet<String> = found
        .iter()
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    let due: BTreeSet<String> = due.map(|file| file.sha256.clone()).collect();
    assert_eq!(found.len(), due.len());
    assert_eq!(found, due);
}

fn requests(site: &Site) -> BTreeMap<String, Requests> {
    let all = site.sim.file_requests().into_iter();
    all.map(|it| (it.path.clone(), it)).collect()
}

/// Returns whether a reply or the head of the file states its size.
fn is_sized(path: &str) -> bool {
    path.starts_with("/az/files/") && !path.contains("gif")
}

#[tokio::test]
async fn a_thousand_files_with_faults_and_ten_deaths_are_whole_or_named() {
    let mut site = crawled(30).await;
    // What the second and later requests of a file get. The first is cut, where the fault needs something to continue.
    let faults = [
        "cut-body",
        "range-ignored",
        "wrong-start",
        "range-refused",
        "new-version",
        "lying-length",
        "html-200",
        "unavailable",
        "redirect-allowed",
        "redirect-private",
        "redirect-metadata",
    ];
    let wasteful = [
        "range-ignored",
        "wrong-start",
        "range-refused",
        "new-version",
        "lying-length",
    ];
    // Without a file of that size the disk counts as full, so this only notes what is wanted.
    site.set("media.min_free_bytes", "9000000000000000000");
    site.run(&["media", "fetch"]).await.with(3);
    site.unset("media.min_free_bytes");
    let known = known(&site).await;
    assert!(known.len() >= 1_000, "only {} files", known.len());
    site.sim.heal();
    let faulty: BTreeMap<&str, &str> = known
        .keys()
        .enumerate()
        .filter(|(at, _)| at % 10 == 0)
        .map(|(at, path)| match faults[at / 10 % faults.len()] {
            // Only a size that a reply states, or the head of the file, tells it.
            "lying-length" if !is_sized(path) => (path.as_str(), "unavailable"),
            fault => (path.as_str(), fault),
        })
        .collect();
    let mut rules = String::new();
    for (path, fault) in &faulty {
        let rest = match *fault {
            "cut-body" | "range-ignored" | "wrong-start" | "range-refused" | "new-version" => {
                rules.push_str(&format!("media@{path}:1=cut-body\n"));
                if *fault == "new-version" { "2" } else { "1" }
            }
            // For ever: these files cannot be had.
            "redirect-private" | "redirect-metadata" => "1+",
            _ => "1",
        };
        if *fault != "cut-body" {
            rules.push_str(&format!("media@{path}:{rest}={fault}\n"));
        }
    }
    site.sim.script(&rules).expect("rules");
    for death in 1..=10 {
        let mut fetch = site.start(&["media", "fetch"]);
        let stored = death * known.len() / 12;
        let sql = format!("select count(*) >= {stored} from media where state = 'stored'");
        site.until(&sql).await;
        assert!(fetch.kill(), "the fetch had ended before death {death}");
    }
    let ended = site.run(&["media", "fetch"]).await.with(3);
    let lost = |path: &str| {
        faulty
            .get(path)
            .is_some_and(|it| it.starts_with("redirect-p") || it.starts_with("redirect-m"))
    };
    let named: BTreeSet<&str> = ended
        .err
        .lines()
        .filter_map(|line| line.strip_prefix("missing  "))
        .filter(|line| line.contains("is not in media.hosts"))
        .filter_map(|line| Some(&line[line.find('/')?..line.rfind(": ")?]))
        .collect();
    let due: BTreeSet<&str> = known
        .keys()
        .map(String::as_str)
        .filter(|path| lost(path))
        .collect();
    assert!(due.len() >= 15, "{due:?}");
    assert_eq!(named, due, "{}", ended.err);
    // A new version is seen once and its bytes are those of no file of the truth.
    let changed = |path: &str| faulty.get(path) == Some(&"new-version");
    let whole = known
        .values()
        .filter(|file| !lost(&file.path) && !changed(&file.path));
    let stored: BTreeSet<String> = site
        .texts("select url_path || ' ' || sha256 from media where state = 'stored'")
        .await
        .into_iter()
        .collect();
    let host = site.sim.base_url().trim_start_matches("http://").to_owned();
    for file in whole {
        let line = format!("{host}{} {}", file.path, file.sha256);
        assert!(stored.contains(&line), "{line}");
    }
    site.run(&["verify", "--media"]).await.with(0);
    let (mut sent, mut world, mut useless) = (0, 0, 0);
    for (path, it) in requests(&site) {
        let Some(file) = known.get(&path) else {
            continue;
        };
        sent += it.bytes;
        world += file.bytes;
        if faulty
            .get(path.as_str())
            .is_some_and(|fault| wasteful.contains(fault))
        {
            useless += it.bytes.saturating_sub(file.bytes);
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let part = sent as f64 / (world + useless) as f64;
    assert!(
        part <= 1.05,
        "{sent} bytes for {world} and {useless} useless ones: {part:.3}"
    );
    // Nothing else was written.
    let mut others: Vec<String> = std::fs::read_dir(site.file(""))
        .expect("a folder")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .filter(|name| !name.starts_with("a.db"))
        .collect();
    others.sort();
    assert_eq!(others, ["crawler.toml", "media"]);
}

#[tokio::test]
async fn expired_urls_are_renewed_by_the_fewest_calls() {
    let mut site = crawled(4).await;
    let bill = site.bill();
    site.sim.steer("hold").expect("held");
    site.sim.steer("advance 864000").expect("ten days later");
    // Nothing is bought unless it is allowed.
    let ended = site.run(&["media", "fetch"]).await.with(3);
    assert!(ended.err.contains("without a valid URL"), "{}", ended.err);
    assert_eq!(site.bill(), bill);
    // Nor without a key, or while a daemon has the archive.
    site.set("media.resign_usd", "1.00")
        .set("api.key_env", "\"NO_KEY\"");
    let ended = site.run(&["media", "fetch"]).await.with(3);
    assert!(ended.err.contains("no URLs are bought"), "{}", ended.err);
    site.unset("api.key_env");
    let mut daemon = site.start(&["run"]);
    daemon.until_logged("crawl started").await;
    let ended = site.run(&["media", "fetch"]).await.with(3);
    assert!(ended.err.contains("is in use by"), "{}", ended.err);
    daemon.signal("SIGTERM");
    daemon.end().await.with(0);
    assert_eq!(site.bill(), bill);
    // A budget for two calls.
    site.set("media.resign_usd", "0.10");
    let ended = site.run(&["media", "fetch"]).await.with(4);
    assert!(
        ended.err.contains("the run budget is spent"),
        "{}",
        ended.err
    );
    assert_eq!(site.bill() - bill, 2 * crate::support::PAGE);
    // Five users have one page each.
    site.set("media.resign_usd", "1.00");
    site.run(&["media", "fetch"]).await.with(0);
    assert_eq!(site.bill() - bill, 5 * crate::support::PAGE);
    assert_stored(&site, known(&site).await.values());
    site.run(&["verify", "--media"]).await.with(0);
    // A damaged file is wanted again when its URL has expired once more.
    std::fs::write(&files(site.file("media"))[0], "damaged").expect("written");
    site.run(&["verify", "--media"]).await.with(1);
    site.run(&["media", "verify", "--requeue"]).await.with(1);
    site.sim.steer("advance 864000").expect("ten days later");
    let bill = site.bill();
    site.run(&["media", "fetch"]).await.with(0);
    assert!(site.bill() > bill, "no new URL was bought");
    assert_stored(&site, known(&site).await.values());
    site.run(&["verify", "--media"]).await.with(0);
    assert_eq!(site.charged().await, site.bill());
}

#[tokio::test]
async fn files_stay_with_their_videos_when_all_rows_are_made_again() {
    let site = crawled(4).await;
    site.run(&["media", "fetch"]).await.with(0);
    let shown = "select a.attachment_id || ' ' || am.rendition || ' ' || m.url_path || ' ' || m.sha256
        from attachment_media am join attachments a on a.id = am.attachment_id join media m on m.id = am.media_id
        order by 1";
    let before = site.texts(shown).await;
    assert!(before.len() >= 100, "{}", before.len());
    // Numbers in the other direction, so that those of the new rows are in the way of each other.
    site.execute(
        "pragma foreign_keys = off;
         update attachments set id = -id;
         update attachment_media set attachment_id = -attachment_id;
         update attachments set id = id + 1 + (select count(*) from attachments);
         update attachment_media set attachment_id = attachment_id + 1 + (select count(*) from attachments)",
    )
    .await;
    assert_eq!(site.texts(shown).await, before);
    site.run(&["reparse"]).await.with(0);
    assert_eq!(site.texts(shown).await, before);
    site.run(&["verify", "--media"]).await.with(0);
}
