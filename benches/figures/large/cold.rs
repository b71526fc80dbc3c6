//! A crawl whose archive is larger than the memory that it gets.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::fs::{Advice, fadvise};

use crate::process::{Site, Usage};

/// The archive is so many times as large as the memory for the process and its part of the system's cache.
const TIMES: u64 = 8;
/// The least memory: the process itself needs a part of it.
const LEAST_BYTES: u64 = 256 << 20;
/// Where no memory can be limited: how often the archive is taken out of the cache. A group of pages takes some milliseconds.
const PAUSE: Duration = Duration::from_millis(5);

/// Crawls with little memory. Returns how it was limited, too.
pub fn crawl(site: &Site, users: &[String]) -> Result<(Usage, String)> {
    let bytes = fs::metadata(site.archive())?.len();
    let limit = (bytes / TIMES).max(LEAST_BYTES);
    evict(site.archive());
    if let Some(group) = Limited::enter(limit) {
        let usage = site.crawl(users);
        group.leave()?;
        let how = format!("{} MB of memory and cache", limit >> 20);
        return Ok((usage?, how));
    }
    let is_over = AtomicBool::new(false);
    let usage = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                evict(site.archive());
                std::thread::sleep(PAUSE);
            }
        });
        let usage = site.crawl(users);
        is_over.store(true, Ordering::Relaxed);
        usage
    })?;
    Ok((usage, "taken out of the cache every 5 ms".to_owned()))
}

/// Takes what is on the disk out of the cache.
fn evict(path: PathBuf) {
    if let Ok(file) = File::open(path) {
        let _ = file.sync_all();
        let _ = fadvise(&file, 0, None, Advice::DontNeed);
    }
}

/// A control group with limited memory that this process is in, and so its children are.
struct Limited {
    group: PathBuf,
    /// Where the process was before.
    before: PathBuf,
}

impl Limited {
    /// Enters a group of its own, of either version of control groups. `None` without the right to.
    fn enter(bytes: u64) -> Option<Self> {
        let all = [
            ("/sys/fs/cgroup/memory", ":memory:", "memory.limit_in_bytes"),
            ("/sys/fs/cgroup", "0::", "memory.max"),
        ];
        let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
        all.into_iter().find_map(|(root, name, limit)| {
            let root = Path::new(root);
            let (_, own) = groups.lines().find_map(|line| line.split_once(name))?;
            let limited = Self {
                group: root.join(format!("soracrawl-bench-{}", std::process::id())),
                before: root.join(own.trim_start_matches('/')),
            };
            fs::create_dir(&limited.group).ok()?;
            let is_limited = fs::write(limited.group.join(limit), bytes.to_string())
                .and_then(|()| enter(&limited.group));
            if is_limited.is_err() {
                let _ = fs::remove_dir(&limited.group);
            }
            is_limited.ok().map(|()| limited)
        })
    }

    fn leave(self) -> Result<()> {
        enter(&self.before).context("cannot leave the control group")?;
        fs::remove_dir(&self.group).context("cannot remove the control group")
    }
}

fn enter(group: &Path) -> std::io::Result<()> {
    fs::write(group.join("cgroup.procs"), std::process::id().to_string())
}
