//! Raw replies are packed with a dictionary of their endpoint, which is trained once and stored before its first use.

use std::collections::{BTreeMap, BTreeSet};

use soracrawl::replies::Packer;
use soracrawl::sim::{Options, Shape};
use soracrawl::store::{Dictionary, Store};
use sqlx::Row;
use zstd::zstd_safe::get_dict_id_from_frame;

use crate::support::{Place, Site, soon};

/// Number of kept replies of an endpoint that training requires.
const ENOUGH: i64 = 64;
const COMMENTS: &str = "get_post_comments";

/// Returns a world with more posts than training requires, each with pages of comments.
fn talkative() -> Options {
    Options {
        shape: Shape::Wrapped,
        exact: true,
        users: 8,
        audience: 12,
        characters: 2,
        posts: 9,
        followers: 6,
        comments: 8,
        replies: 6,
        nested_items: 1,
        ..Options::default()
    }
}

impl Place {
    pub async fn dictionaries(&self) -> Vec<Dictionary> {
        let store = Store::open(&self.archive()).await.expect("the archive");
        let dictionaries = store.dictionaries().await.expect("dictionaries");
        store.close().await.expect("a clean close");
        dictionaries
    }

    /// Returns the endpoint, unpacked size and frame of each reply after this call.
    async fn frames(&self, after: i64) -> Vec<(String, usize, Vec<u8>)> {
        let sql = format!(
            "select endpoint, body_bytes, body from calls where id > {after} and body is not null"
        );
        let rows = self.rows(&sql).await;
        rows.iter()
            .map(|row| {
                let size = usize::try_from(row.get::<i64, _>(1)).expect("a size");
                (row.get(0), size, row.get(2))
            })
            .collect()
    }

    async fn last_call(&self) -> i64 {
        self.number("select max(id) from calls").await
    }

    /// Fails unless zstd reads every frame with its endpoint's dictionary, as `zstd -D` does, even if it names none.
    async fn assert_zstd_reads_frames(&self) {
        let made = self.dictionaries().await;
        for (endpoint, _, frame) in self.frames(0).await {
            let dictionary = made.iter().find(|one| one.endpoint == endpoint);
            let dictionary = dictionary.map_or(&[][..], |one| &one.bytes);
            let mut zstd = zstd::bulk::Decompressor::with_dictionary(dictionary).expect("zstd");
            let reply = zstd.decompress(&frame, 1 << 24).expect("a valid frame");
            serde_json::from_slice::<serde_json::Value>(&reply).expect("JSON");
        }
    }

    async fn assert_sound(&self) {
        self.run(&["verify"]).await.with(0);
    }
}

fn named(frame: &[u8]) -> Option<i64> {
    get_dict_id_from_frame(frame).map(|id| id.get().into())
}

#[tokio::test]
async fn replies_after_training_are_packed_with_the_dictionary_and_take_far_less_space() {
    let mut site = Site::whole(talkative()).await;
    site.set("log.level", "\"debug\"");
    site.crawl().await.with(0);
    let made = site.dictionaries().await;
    let trained: BTreeMap<String, i64> = made
        .iter()
        .map(|dictionary| (dictionary.endpoint.clone(), dictionary.id))
        .collect();
    let enough = format!(
        "select endpoint from calls where kept = 1 group by endpoint having count(*) >= {ENOUGH}"
    );
    let enough: BTreeSet<String> = site.texts(&enough).await.into_iter().collect();
    assert_eq!(trained.keys().cloned().collect::<BTreeSet<_>>(), enough);
    assert!(trained.contains_key(COMMENTS), "{trained:?}");

    let before = site.last_call().await;
    site.run(&["jobs", "requeue", "--state", "done"])
        .await
        .with(0);
    let second = site.crawl().await.with(0);
    site.assert_whole().await;
    let again = site.dictionaries().await;
    for dictionary in &made {
        assert!(again.contains(dictionary), "no dictionary is trained twice");
        let tried = second
            .err
            .lines()
            .find(|line| line.contains("dictionary") && line.contains(&dictionary.endpoint));
        assert_eq!(tried, None, "no second training starts");
    }

    let (packer, plain) = (Packer::new(&again).0, Packer::default());
    let (mut came, mut takes, mut would_take) = (0, 0, 0);
    for (endpoint, size, frame) in site.frames(before).await {
        let Some(id) = trained.get(&endpoint) else {
            continue;
        };
        assert_eq!(named(&frame), Some(*id), "{endpoint}");
        let reply = packer.unpack(&frame).expect("a valid frame");
        came += size;
        takes += frame.len();
        would_take += plain.pack(&endpoint, &reply).expect("a packed frame").len();
    }
    assert!(came >= 8 * takes, "{came} bytes are packed to {takes}");
    assert!(
        would_take * 10 >= 18 * takes,
        "{would_take} bytes without and {takes} with a dictionary"
    );
    site.assert_sound().await;
}

#[tokio::test]
async fn no_frame_needs_a_dictionary_that_was_not_written_and_the_next_run_trains_it() {
    let mut site = Site::whole(talkative()).await;
    site.set("log.level", "\"debug\"");
    site.run(&["seed", "feed"]).await.with(0);
    site.execute(
        "create trigger no_room before insert on dictionaries begin select raise(abort, 'no room'); end",
    )
    .await;
    let first = site.crawl().await.with(0);
    assert!(
        first.err.contains("no room"),
        "the training was attempted: {}",
        first.err
    );
    assert_eq!(site.dictionaries().await, []);
    let frames = site.frames(0).await;
    assert!(frames.iter().all(|(_, _, frame)| named(frame).is_none()));
    site.assert_sound().await;

    site.execute("drop trigger no_room").await;
    let calls = site.sim.log().len();
    site.crawl().await.with(0);
    assert!(!site.dictionaries().await.is_empty());
    assert!(
        site.sim.log().len() <= calls + 1,
        "only the account call is made"
    );
    site.assert_sound().await;
}

#[tokio::test]
async fn replies_from_before_and_after_training_are_replanned_alike() {
    let mut site = Site::whole(talkative()).await;
    site.set("crawl.replies", "false");
    site.crawl().await.with(0);
    let subject =
        "select min(subject) from jobs where endpoint = 'get_post_comments' and pages > 0";
    let subject = &site.texts(subject).await[0];
    for arguments in [
        &[
            "jobs",
            "requeue",
            "--state",
            "done",
            "--endpoint",
            COMMENTS,
            "--subject",
            subject,
        ][..],
        &["run", "--until-idle"],
    ] {
        site.run(arguments).await.with(0);
    }
    let frames = site.frames(0).await;
    let kinds: BTreeSet<bool> = frames
        .iter()
        .filter(|(endpoint, ..)| endpoint == COMMENTS)
        .map(|(_, _, frame)| named(frame).is_some())
        .collect();
    assert_eq!(kinds, [false, true].into());
    site.assert_zstd_reads_frames().await;
    assert_eq!(site.calls_of("get_comment_replies"), 0);
    site.set("crawl.replies", "true");
    let ended = site.crawl().await.with(0);
    assert!(!ended.err.contains("raw reply unreadable"), "{}", ended.err);
    assert!(site.calls_of("get_comment_replies") > 20);
    site.assert_whole().await;
    site.assert_sound().await;
}

#[tokio::test]
async fn a_crawl_killed_after_training_leaves_a_sound_archive_and_continues() {
    let site = Site::whole(talkative()).await;
    let mut daemon = site.start(&["run", "--until-idle"]);
    soon(
        "a dictionary",
        daemon.until_logged("dictionary trained; new replies"),
    )
    .await;
    daemon.kill();
    site.assert_sound().await;
    let made = site.dictionaries().await;
    site.crawl().await.with(0);
    let again = site.dictionaries().await;
    assert!(!made.is_empty() && made.iter().all(|dictionary| again.contains(dictionary)));
    site.assert_whole().await;
    site.assert_sound().await;
}
