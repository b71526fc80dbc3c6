//! Kills a reparse at every step that it reports. The archive is the old one or the new one, and the next start leaves no file.

use std::path::Path;

use soracrawl::sim::Shape;

use crate::support::{Place, Site, small, soon};

/// Returns the names of the files beside an archive that it does not need.
fn left_behind(place: &Place) -> Vec<String> {
    let archive = place.archive();
    let files = std::fs::read_dir(archive.parent().expect("a folder")).expect("a folder");
    let names = files.map(|file| {
        file.expect("a file")
            .file_name()
            .to_string_lossy()
            .into_owned()
    });
    names.filter(|name| name.contains("partial")).collect()
}

async fn contents(place: &Place) -> String {
    let verified = place.run(&["verify"]).await;
    let line = verified
        .out
        .lines()
        .find(|line| line.starts_with("contents "));
    line.unwrap_or_else(|| panic!("{}{}", verified.out, verified.err))
        .to_owned()
}

fn copy(from: &Path, to: &Place) {
    std::fs::copy(from, to.archive()).expect("a copy");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reparse_killed_at_any_step_leaves_the_old_archive_or_the_new_one() {
    let mut site = Site::whole(small(Shape::Wrapped)).await;
    site.set("log.level", "\"warn\"");
    site.crawl().await.with(0);
    let new = contents(&site).await;
    site.execute("update posts set text = null").await;
    let old = contents(&site).await;
    assert_ne!(old, new);
    std::fs::copy(site.archive(), site.file("before.db")).expect("a copy");
    let ended = site.run(&["reparse"]).await.with(0);
    let steps: Vec<String> = ended.err.lines().map(str::to_owned).collect();
    for name in ["copy", "replies ", "rows", "check", "replace"] {
        assert!(steps.iter().any(|step| step.starts_with(name)), "{steps:?}");
    }
    let (mut olds, mut news) = (0, 0);
    for step in &steps {
        let place = Place::new(&site.sim.base_url());
        copy(&site.file("before.db"), &place);
        let mut reparsing = place.start(&["reparse"]);
        soon(step, reparsing.until_logged(step)).await;
        reparsing.kill();
        // Any command that opens the archive for writing removes the rest.
        place.run(&["seed", "feed"]).await.with(0);
        assert_eq!(left_behind(&place), [""; 0], "{step}");
        match contents(&place).await {
            found if found == old => olds += 1,
            found if found == new => news += 1,
            found => panic!("{step}: {found}"),
        }
        place.run(&["reparse"]).await.with(0);
        assert_eq!(contents(&place).await, new, "{step}");
        place.run(&["verify"]).await.with(0);
    }
    assert!(olds > 2, "{olds} old archives, {news} new ones");
}
