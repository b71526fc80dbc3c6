//! What `reload` changes while a run goes on, and what it refuses.

use crate::support::{Site, soon, walk};

#[tokio::test]
async fn a_reload_does_not_wait_for_the_old_limit() {
    let mut site = Site::whole(walk()).await;
    site.set("limits.requests_per_second", "0.01");
    let daemon = site.start(&["run", "--until-idle"]);
    soon("the first call", site.sim.answered(2)).await;
    site.set("limits.requests_per_second", "1000");
    let reloaded = soon("the reload", site.run(&["reload"])).await.with(0);
    assert_eq!(reloaded.out.trim(), "configuration read again");
    soon("the end", daemon.end()).await.with(0);
    assert_eq!(site.sim.account().total.repeats, 0);
}

#[tokio::test]
async fn a_reload_never_leaves_the_seed_folder_without_a_budget() {
    let mut site = Site::whole(walk()).await;
    std::fs::create_dir(site.file("seeds")).expect("a folder");
    site.set("seeds.folder", "\"seeds\"")
        .set("budget.total_usd", "5");
    let mut daemon = site.start(&["run", "--yes"]);
    daemon.until_logged("crawl started").await;
    site.until("select count(*) > 0 from runs where heartbeat_at is not null")
        .await;
    site.unset("seeds.folder").unset("budget.total_usd");
    let refused = site.run(&["reload"]).await.with(1);
    assert!(
        refused.err.contains("nothing changed: seeds.folder"),
        "{}",
        refused.err
    );
    // A signal asks for the same.
    daemon.signal("SIGUSR2");
    site.until("select count(*) = 1 from controls where asked_by = 'signal' and succeeded = 0")
        .await;
    site.set("budget.total_usd", "6");
    let reloaded = site.run(&["reload"]).await.with(0);
    assert!(
        reloaded.out.contains("[seeds] need a restart"),
        "{}",
        reloaded.out
    );
    // What needs a restart is named again as long as it does.
    site.set("log.format", "\"json\"");
    for _ in 0..2 {
        let reloaded = site.run(&["reload"]).await.with(0);
        assert!(reloaded.out.contains("[log.format]"), "{}", reloaded.out);
    }
    daemon.signal("SIGTERM");
    daemon.end().await.with(0);
}
