//! A crawl whose archive is never in the system's cache, as on a machine with much less memory than the file.

use std::fs::File;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Result;
use rustix::fs::{Advice, fadvise};

use crate::process::{Site, Usage};

/// A group of pages takes some milliseconds.
const PAUSE: Duration = Duration::from_millis(5);

/// Crawls, and meanwhile takes the archive out of the cache again and again.
pub fn crawl(site: &Site, users: &[String]) -> Result<Usage> {
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                evict(site.archive());
                std::thread::sleep(PAUSE);
            }
        });
        let usage = site.crawl(users);
        is_over.store(true, Ordering::Relaxed);
        usage
    })
}

/// Takes what is on the disk out of the cache.
fn evict(path: PathBuf) {
    if let Ok(file) = File::open(path) {
        let _ = fadvise(&file, 0, None, Advice::DontNeed);
    }
}
