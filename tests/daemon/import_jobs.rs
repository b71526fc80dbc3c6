//! What an import does to jobs, without the remote.

use soracrawl::sim::Shape;

use crate::import::{NO_REMOTE, contents, exported, import};
use crate::support::{Site, small};

#[tokio::test]
async fn an_import_of_all_replies_ends_all_jobs() {
    for shape in [Shape::Wrapped, Shape::Flat] {
        let mut site = Site::whole(small(shape)).await;
        let user = site.user(0);
        site.set("seeds.users", &format!("[{user:?}]"));
        site.crawl().await.with(0);
        let expected = contents(&site, "a.db").await;
        let folder = exported(&site, "replies").await;
        let open = "select endpoint || ' ' || subject || ' ' || state from jobs where state <> 'done' order by 1";
        assert_eq!(site.texts(open).await, Vec::<String>::new());
        site.set("api.base_url", &format!("\"{NO_REMOTE}\""));
        std::fs::rename(site.archive(), site.file("old.db")).expect("another name");
        import(&site, "a.db", &[&folder]).await.with(0);
        assert_eq!(site.texts(open).await, Vec::<String>::new());
        assert_eq!(contents(&site, "a.db").await, expected);
    }
}
