//! Files of people who are erased, files that are too old, and files under readable names.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::media::{files, place};
use crate::media_host::{Act, Host};
use crate::media_parts::{half_fetched, hanging};
use crate::support::{Ended, Place};

/// Makes `user-a` the author of the first posts, and `user-b` that of the others.
pub async fn with_authors(place: &Place, of_a: usize) {
    place
        .execute(
            "insert into users (user_id, username, first_call_id, last_call_id)
             values ('user-a', 'ann', 1, 1), ('user-b', '../b', 1, 1)",
        )
        .await;
    let text = format!(
        "update posts set author_id = (select id from users where user_id =
             iif(cast(substr(post_id, 3) as integer) < {of_a}, 'user-a', 'user-b')), posted_at = 1767225600"
    );
    place.execute(&text).await;
}

fn names(folder: PathBuf) -> BTreeSet<String> {
    files(folder)
        .iter()
        .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
        .collect()
}

/// Erases the first author.
async fn erase(place: &Place) -> Ended {
    let people = place.file("people.txt");
    std::fs::write(&people, "user-a\n").expect("written");
    let users = people.to_str().expect("a name");
    place.run(&["erase", "--users", users, "--yes"]).await
}

#[tokio::test]
async fn the_files_of_an_erased_person_go_and_a_shared_file_stays() {
    let host = Host::start("", |_, _| Act::Serve).await;
    let place = place(&host, 4).await;
    with_authors(&place, 3).await;
    // Another person's video has the file of the first one.
    place
        .execute("update attachments set source_url = (select source_url from attachments where id = 1) where id = 4")
        .await;
    place.run(&["media", "fetch"]).await.with(0);
    assert_eq!(files(place.file("media")).len(), 3);
    let people = place.file("people.txt");
    std::fs::write(&people, "user-a\n").expect("written");
    let users = people.to_str().expect("a name");
    let planned = place
        .run(&["erase", "--users", users, "--dry-run"])
        .await
        .with(0);
    assert!(planned.out.contains("media"), "{}", planned.out);
    place
        .run(&["erase", "--users", users, "--yes"])
        .await
        .with(0);
    let kept = place
        .texts("select sha256 || '.' || extension from media")
        .await;
    assert_eq!(names(place.file("media")), kept.iter().cloned().collect());
    assert_eq!(kept.len(), 1);
    assert_eq!(
        place.number("select count(*) from attachment_media").await,
        1
    );
    place.run(&["media", "verify"]).await.with(0);
    let asked = host.asked().len();
    place.run(&["media", "fetch"]).await.with(0);
    assert_eq!(
        host.asked().len(),
        asked,
        "what was erased is fetched again"
    );
}

#[tokio::test]
async fn an_address_that_changed_leaves_nothing_behind() {
    // A fetch finds the new address, or an erasure comes before it, also after a fetch that died in between.
    for then in ["fetch", "erase", "die and erase"] {
        let mut host = hanging().await;
        let place = place(&host, 1).await;
        with_authors(&place, 1).await;
        half_fetched(&mut host, &place).await;
        assert_eq!(files(place.file("media/part")).len(), 1);
        let moved = format!(
            "update attachments set source_url = 'http://127.0.0.1:{}/elsewhere/0'",
            host.port
        );
        place.execute(&moved).await;
        // A part of an archive that was replaced by an older copy.
        std::fs::write(place.file("media/part/77-0123456789abcdef"), "x").expect("a part");
        if then == "die and erase" {
            place
                .execute(
                    "insert into media (url_path) values ('127.0.0.1/elsewhere/0');
                     update attachment_media set media_id = 2",
                )
                .await;
        }
        if then == "fetch" {
            place.run(&["media", "fetch"]).await.with(0);
            assert_eq!(place.number("select count(*) from media").await, 1);
            assert_eq!(files(place.file("media")).len(), 1);
            assert_eq!(files(place.file("media/part")), Vec::<PathBuf>::new());
        }
        erase(&place).await.with(0);
        assert_eq!(files(place.file("media")), Vec::<PathBuf>::new(), "{then}");
        assert_eq!(place.number("select count(*) from media").await, 0);
    }
}

#[tokio::test]
async fn what_a_crash_leaves_of_an_erased_person_is_erased() {
    let host = Host::start("", |_, _| Act::Serve).await;
    let place = place(&host, 1).await;
    with_authors(&place, 1).await;
    // The file comes to its place, and its row does not say so.
    place
        .execute(
            "create trigger death before update of state on media when new.state = 'stored'
             begin select raise(abort, 'death'); end",
        )
        .await;
    let ended = place.run(&["media", "fetch"]).await.with(1);
    assert!(ended.err.contains("death"), "{}", ended.err);
    assert_eq!(files(place.file("media")).len(), 1);
    place.execute("drop trigger death").await;
    erase(&place).await.with(0);
    assert_eq!(files(place.file("media")), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn an_erasure_beside_a_fetch_is_completed_afterwards() {
    let mut host = Host::start("", |file, request| match (file, request) {
        (1, 0) => Act::Hang,
        _ => Act::Serve,
    })
    .await;
    let place = place(&host, 2).await;
    with_authors(&place, 2).await;
    let fetch = place.start(&["media", "fetch"]);
    host.until_asked(2).await;
    place
        .until("select count(*) from media where state = 'stored'")
        .await;
    erase(&place).await.with(3);
    fetch.signal("SIGINT");
    fetch.end().await.with(0);
    place.run(&["erase", "--finish"]).await.with(0);
    assert_eq!(names(place.file("media")), BTreeSet::new());
    assert_eq!(place.number("select count(*) from media").await, 0);
}

#[tokio::test]
async fn old_files_are_removed_and_not_fetched_again() {
    let host = Host::start("", |_, _| Act::Serve).await;
    let mut place = place(&host, 2).await;
    place.run(&["media", "fetch"]).await.with(0);
    place
        .execute("update media set stored_at = stored_at - 86401 where id = 1")
        .await;
    place.set("retention.media_days", "1");
    place.run(&["media", "fetch"]).await.with(0);
    assert_eq!(files(place.file("media")).len(), 1);
    assert_eq!(host.asked().len(), 2);
    let states = place.texts("select state from media order by id").await;
    assert_eq!(states, ["removed", "stored"]);
    place.run(&["media", "verify"]).await.with(0);
}

#[tokio::test]
async fn files_are_exported_under_readable_names() {
    let host = Host::start("", |_, _| Act::Serve).await;
    let place = place(&host, 3).await;
    with_authors(&place, 2).await;
    place.run(&["media", "fetch"]).await.with(0);
    let export = |more: &'static [&'static str]| {
        let all = ["export", "media", "--into"]
            .into_iter()
            .chain(more.iter().copied());
        all.collect::<Vec<_>>()
    };
    let ended = place
        .run(&export(&["out", "--name", "{date} {username}"]))
        .await
        .with(0);
    assert!(ended.out.contains("3 files linked"), "{}", ended.out);
    let expected = ["2026-01-01 ann", "2026-01-01 ann-2", "2026-01-01 .._b"];
    let expected = expected.map(|name| [format!("{name}.mp4"), format!("{name}.mp4.json")]);
    assert_eq!(
        names(place.file("out")),
        expected.into_iter().flatten().collect()
    );
    let sidecar =
        std::fs::read_to_string(place.file("out/2026-01-01 ann.mp4.json")).expect("a file");
    let sidecar: serde_json::Value = serde_json::from_str(&sidecar).expect("JSON");
    assert_eq!(sidecar["post_id"], "s_0");
    assert!(!sidecar.to_string().contains("secret"), "{sidecar}");
    let bytes = std::fs::read(place.file("out/2026-01-01 ann.mp4")).expect("a file");
    assert_eq!(bytes, crate::media_host::contents(0));

    place.run(&export(&["out"])).await.with(2);
    place
        .run(&export(&["more", "--name", "{nothing}"]))
        .await
        .with(2);
    place.run(&["new-key", "k"]).await.with(0);
    place
        .run(&export(&["hidden", "--pseudonyms", "k"]))
        .await
        .with(0);
    let hidden = files(place.file("hidden"));
    assert_eq!(hidden.len(), 6);
    for path in hidden
        .iter()
        .filter(|path| path.extension().is_some_and(|it| it == "json"))
    {
        let text = path.display().to_string() + &std::fs::read_to_string(path).expect("a file");
        for named in [
            "ann",
            "user-a",
            "user-b",
            "s_0",
            "sha256\": \"",
            "127.0.0.1",
        ] {
            assert!(!text.contains(named), "{named}: {text}");
        }
    }
}
