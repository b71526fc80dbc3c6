//! An archive without rows. Migrating one for each case would take longer than the cases.

use std::sync::LazyLock;

use crate::store::Store;

static EMPTY: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("empty.db");
    // On its own thread, because a runtime cannot start inside another runtime.
    std::thread::scope(|scope| {
        let migrated = scope.spawn(|| {
            run(async { Store::open(&path).await.unwrap().close().await.unwrap() });
        });
        migrated.join().unwrap();
    });
    std::fs::read(path).unwrap()
});

pub(super) fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

pub(super) async fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    std::fs::write(&path, &*EMPTY).unwrap();
    let store = Store::open(&path).await.unwrap();
    (folder, store)
}
