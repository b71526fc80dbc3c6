//! Links in the folder of the files: nothing outside it is read or written through one.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use crate::media::{assert_whole, files, place};
use crate::media_host::{Act, Host, contents};
use crate::media_parts::{half_fetched, hanging};

#[tokio::test]
async fn a_part_that_is_a_link_or_has_a_second_name_starts_over() {
    for kind in ["symbolic", "hard", "dangling"] {
        let mut host = hanging().await;
        let place = place(&host, 1).await;
        half_fetched(&mut host, &place).await;
        let part = files(place.file("media/part")).remove(0);
        let outside = place.file("outside");
        fs::rename(&part, &outside).expect("moved");
        let linked = match kind {
            "symbolic" => symlink(&outside, &part),
            "dangling" => symlink(place.file("nothing"), &part),
            _ => fs::hard_link(&outside, &part),
        };
        linked.expect("a link");
        let before = fs::read(&outside).expect("a file");
        place.run(&["media", "fetch"]).await.with(0);
        assert_eq!(host.asked(), [(0, None), (0, None)], "{kind}");
        assert_whole(&place, 0..1);
        assert_eq!(fs::read(&outside).expect("a file"), before, "{kind}");
        assert!(!place.file("nothing").exists());
    }
}

#[tokio::test]
async fn a_folder_or_a_lock_that_is_a_link_is_refused() {
    let hash = format!("{:x}", Sha256::digest(contents(0)));
    let (one, two) = (
        hash[..2].to_owned(),
        format!("{}/{}", &hash[..2], &hash[2..4]),
    );
    for linked in ["part", "lock", &one, &two] {
        let host = Host::start("", |_, _| Act::Serve).await;
        let place = place(&host, 1).await;
        let outside = place.file("outside");
        fs::create_dir(&outside).expect("a folder");
        let link = place.file("media").join(linked);
        fs::create_dir_all(link.parent().expect("a folder")).expect("folders");
        let target = match linked {
            "lock" => outside.join("file"),
            _ => outside.clone(),
        };
        symlink(target, &link).expect("a link");
        let ended = place.run(&["media", "fetch"]).await.with(1);
        assert!(
            ended.err.contains("symbolic link"),
            "{linked}: {}",
            ended.err
        );
        assert_eq!(files(outside), Vec::<PathBuf>::new(), "{linked}");
        // The folder itself may be a link.
        fs::remove_file(&link).expect("removed");
        fs::rename(place.file("media"), place.file("real")).expect("moved");
        symlink(place.file("real"), place.file("media")).expect("a link");
        place.run(&["media", "fetch"]).await.with(0);
        assert_whole(&place, 0..1);
    }
}

#[tokio::test]
async fn a_stored_file_behind_a_link_is_damaged_and_is_neither_exported_nor_deleted() {
    for depth in 0..3 {
        let host = Host::start("", |_, _| Act::Serve).await;
        let place = place(&host, 1).await;
        place.run(&["media", "fetch"]).await.with(0);
        let file = files(place.file("media")).remove(0);
        let link = file.ancestors().nth(depth).expect("a folder").to_owned();
        let outside = place.file("outside");
        fs::rename(&link, &outside).expect("moved");
        symlink(&outside, &link).expect("a link");
        let report = place
            .run(&["media", "verify", "--json"])
            .await
            .with(1)
            .json();
        let changed = report["changed"][0].as_str().expect("a file");
        assert!(changed.contains("symbolic link"), "{changed}");
        let ended = place
            .run(&["export", "media", "--into", "out"])
            .await
            .with(3);
        assert!(ended.err.contains("1 stored file missing"), "{}", ended.err);
        assert_eq!(files(place.file("out")), Vec::<PathBuf>::new());
        // A removal by age deletes nothing behind a link.
        let outside_file = match depth {
            0 => outside.clone(),
            _ => files(outside.clone()).remove(0),
        };
        place.run(&["media", "verify", "--requeue"]).await.with(1);
        let code = i32::from(depth > 0);
        let ended = place.run(&["media", "fetch"]).await.with(code);
        assert_eq!(fs::read(&outside_file).expect("a file"), contents(0));
        if depth == 0 {
            assert!(!link.is_symlink());
            assert_whole(&place, 0..1);
        } else {
            assert!(ended.err.contains("symbolic link"), "{}", ended.err);
            fs::remove_file(&link).expect("removed");
            place.run(&["media", "fetch"]).await.with(0);
            assert_whole(&place, 0..1);
        }
    }
}

#[tokio::test]
async fn nothing_is_exported_into_the_folder_of_the_files() {
    let host = Host::start("", |_, _| Act::Serve).await;
    let place = place(&host, 1).await;
    place.run(&["media", "fetch"]).await.with(0);
    symlink(place.file("media"), place.file("link")).expect("a link");
    symlink("media/part", place.file("parts")).expect("a link");
    let inside = [
        "media/sub",
        "media",
        "./media/part",
        "media/part/../new",
        "link/sub",
        "parts",
        "parts/a",
    ];
    for into in inside {
        let media = ["export", "media", "--into", into];
        let rows = ["export", "csv", "--licence", "none", "--into", into];
        for arguments in [&media[..], &rows] {
            let ended = place.run(arguments).await.with(2);
            assert!(
                ended.err.contains("stored files of videos"),
                "{}",
                ended.err
            );
        }
    }
    assert_whole(&place, 0..1);
    place
        .run(&["export", "media", "--into", "media/../out"])
        .await
        .with(0);
    assert_eq!(files(place.file("out")).len(), 2);
}
