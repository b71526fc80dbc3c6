//! Files of seeds that a running daemon takes from a folder.

use soracrawl::sim::Shape;

use crate::support::{Site, small};

#[tokio::test]
async fn a_file_in_the_folder_is_added_once_and_renamed_and_a_bad_one_says_why() {
    let mut site = Site::new(small(Shape::Flat)).await;
    std::fs::create_dir(site.file("inbox")).expect("a folder");
    site.only(&["posts"]).set("seeds.folder", "\"inbox\"");
    let refused = site.run(&["check-config"]).await.with(2);
    assert!(refused.err.contains("budget.total_usd"), "{}", refused.err);
    site.set("budget.total_usd", "50");
    std::fs::write(
        site.file("inbox/users.txt"),
        format!("{}\n{}\n", site.user(0), site.user(1)),
    )
    .expect("a file");
    std::fs::write(site.file("inbox/wrong.csv"), "no,such\ncolumn,here\n").expect("a file");
    let mut daemon = site.start(&["run", "--yes", "--log", "text"]);
    daemon.until_logged("seeds of a file added").await;
    daemon.until_logged("no seed of the file is added").await;
    daemon.signal("SIGTERM");
    daemon.end().await.with(0);
    assert_eq!(site.number("select count(*) from seeds").await, 2);
    let mut names: Vec<String> = std::fs::read_dir(site.file("inbox"))
        .expect("the folder")
        .map(|entry| {
            entry
                .expect("a file")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "users.txt.done",
            "wrong.csv.failed",
            "wrong.csv.failed.reasons"
        ]
    );
}
