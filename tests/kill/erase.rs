//! Kills an erasure at every step that it reports. The next one ends with the same archive.

use std::path::Path;

use soracrawl::sim::{Options, Shape};

use crate::erased::Person;
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

/// An erasure that nothing disturbed.
struct Undisturbed {
    site: Site,
    person: Person,
    contents: String,
    /// What it reported, in order.
    steps: Vec<String>,
}

impl Undisturbed {
    async fn new() -> Self {
        let site = Site::whole(talkative()).await;
        site.crawl().await.with(0);
        let person = site.person(&site.user(1)).await;
        std::fs::copy(site.archive(), site.file("before.db")).expect("a copy");
        std::fs::write(site.file("people"), format!("{}\n", person.id)).expect("a file");
        let ended = site.run(&ERASE).await.with(0);
        assert!(!ended.out.contains("dictionaries 0"), "{}", ended.out);
        let contents = site.assert_erased(&person).await;
        let steps = ended.err.lines().filter(|line| line.contains(" of "));
        let steps: Vec<String> = steps.map(str::to_owned).collect();
        assert!(steps.len() > 25, "{steps:?}");
        Self {
            site,
            person,
            contents,
            steps,
        }
    }

    /// Kills an erasure of the same archive when it reports a step. The same command completes it.
    async fn survives(&self, step: &str) {
        let place = Place::new(&self.site.sim.base_url());
        copy(&self.site.file("before.db"), &place);
        std::fs::copy(self.site.file("people"), place.file("people")).expect("a copy");
        let mut erasing = place.start(&ERASE);
        soon(step, erasing.until_logged(step)).await;
        erasing.kill();
        place.run(&ERASE).await.with(0);
        assert_eq!(
            place.assert_erased(&self.person).await,
            self.contents,
            "killed at {step}"
        );
    }
}

fn name(step: &str) -> &str {
    step.trim_end_matches(|it: char| !it.is_alphabetic() || "of ".contains(it))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erasure_killed_at_the_first_and_last_report_of_a_step_is_completed_by_the_next_one() {
    let undisturbed = Undisturbed::new().await;
    let steps = &undisturbed.steps;
    let mut all = 0;
    for (at, step) in steps.iter().enumerate() {
        let is_like = |other: Option<&String>| other.is_some_and(|other| name(other) == name(step));
        if !is_like(at.checked_sub(1).and_then(|at| steps.get(at))) || !is_like(steps.get(at + 1)) {
            undisturbed.survives(step).await;
            all += 1;
        }
    }
    assert!(all >= 12, "{steps:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes about four minutes: cargo test --test kill -- --ignored killed_at_any_report"]
async fn an_erasure_killed_at_any_report_is_completed_by_the_next_one() {
    let undisturbed = Undisturbed::new().await;
    for step in &undisturbed.steps {
        undisturbed.survives(step).await;
    }
}
