//! `soracrawl import`: what other tools stored becomes part of the archive, and is not bought.

use soracrawl::sim::{Options, Shape};

use crate::support::{Ended, Place, Site, small};

const NO_REMOTE: &str = "http://127.0.0.1:1";

/// Returns what `verify` prints as the contents of a sound archive.
async fn contents(place: &Place, archive: &str) -> String {
    let ended = place.run(&["verify", "--archive", archive]).await.with(0);
    let line = ended.out.lines().find_map(|line| line.strip_prefix("contents "));
    line.unwrap_or_else(|| panic!("no contents: {}", ended.out)).to_owned()
}

async fn import(place: &Place, archive: &str, more: &[&str]) -> Ended {
    place.run(&[&["import", "--archive", archive], more].concat()).await
}

#[tokio::test]
async fn an_archive_imports_into_another_one_once() {
    let site = Site::whole(small(Shape::Wrapped)).await;
    for seed in ["feed", "leaderboard"] {
        site.run(&["seed", seed]).await.with(0);
    }
    site.crawl().await.with(0);
    let mut other = Place::new(NO_REMOTE);
    other.unset("api.key");
    let source = site.archive();
    let source = source.to_str().expect("a path");
    import(&other, "b.db", &[source]).await.with(0);
    assert_eq!(contents(&other, "b.db").await, contents(&site, source).await);
    let again = import(&other, "b.db", &[source]).await.with(0);
    assert!(again.out.contains(": 0 replies imported"), "{}", again.out);
    assert_eq!(contents(&other, "b.db").await, contents(&site, source).await);
    let own = import(&site, source, &[source]).await.with(0);
    assert!(own.out.contains(": 0 replies imported"), "{}", own.out);
}

#[tokio::test]
async fn a_crawl_takes_imported_pages_instead_of_buying_them() {
    let options = || Options {
        ..small(Shape::Wrapped)
    };
    let whole = Site::whole(options()).await;
    whole.crawl().await.with(0);
    let bill = whole.bill();
    let site = Site::whole(options()).await;
    site.run(&["run", "--until-idle", "--yes"]).await;
    let _ = bill;
}
