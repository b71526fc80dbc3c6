//! Kills an erasure at every step that it reports. The next one ends with the same archive.

use std::path::Path;

use soracrawl::sim::{Options, Shape};

use crate::support::{Place, Site, soon};

const ERASE: [&str; 4] = ["erase", "--users", "people", "--yes"];

/// A world with enough replies for a dictionary.
fn talkative() -> Options {
    Options {
        shape: Shape::Wrapped,
        exact: true,
        users: 6,
        audience: 9,
        characters: 2,
        posts: 8,
        followers: 5,
        comments: 6,
        replies: 4,
        page_size_comments: 2,
        nested_items: 1,
        ..Options::default()
    }
}

fn copy(from: &Path, to: &Place) {
    std::fs::copy(from, to.archive()).expect("a copy");
}

/// Returns the hash of the contents that `verify` prints.
async fn contents(place: &Place) -> String {
    let verified = place.run(&["verify"]).await.with(0);
    let line = verified.out.lines().find(|line| line.starts_with("contents"));
    line.expect("a hash").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erasure_killed_at_any_step_is_completed_by_the_next_one() {
    let site = Site::whole(talkative()).await;
    site.crawl().await.with(0);
    let person = site.person(&site.user(1)).await;
    let (before, people) = (site.file("before.db"), format!("{}\n", person.id));
    std::fs::copy(site.archive(), &before).expect("a copy");
    std::fs::write(site.file("people"), &people).expect("a file");
    let undisturbed = site.run(&ERASE).await.with(0);
    site.assert_erased(&person).await;
    let whole = contents(&site).await;
    let steps: Vec<&str> = undisturbed.err.lines().filter(|line| line.contains(" of ")).collect();
    assert!(steps.len() > 25, "{steps:?}");
    assert!(undisturbed.out.contains("dictionaries 1") || undisturbed.out.contains("dictionaries 2"), "{}", undisturbed.out);
    for (at, step) in steps.iter().enumerate() {
        let place = Place::new(&site.sim.base_url());
        copy(&before, &place);
        std::fs::write(place.file("people"), &people).expect("a file");
        let mut erasing = place.start(&ERASE);
        soon(step, erasing.until_logged(step)).await;
        erasing.kill();
        let again = place.run(&ERASE).await;
        let ended = place.run(&["erase", "--finish"]).await;
        assert_eq!((again.code, ended.code), (0, 0), "{at} {step}: {}{}", again.err, ended.err);
        place.assert_erased(&person).await;
        assert_eq!(contents(&place).await, whole, "killed at {step}");
    }
}
