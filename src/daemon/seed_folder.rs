//! Adds the seeds of files that appear in a folder, for people and programs that cannot run a command beside the daemon.
//!
//! A file is read when it has not changed for two seconds, and then renamed: `.done` if all of its seeds were added,
//! `.failed` if none was, with the reasons in a file beside it.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use super::current::Current;
use super::prepare::plant;
use super::seed_file;
use crate::crawl::Engine;
use crate::model::Seed;
use crate::model::seed::Kind;

/// How often the folder is read.
const TICK: Duration = Duration::from_secs(2);
/// Larger files are refused.
const MOST_BYTES: u64 = 64 << 20;
/// So many reasons are written.
const MOST_REASONS: usize = 1_000;

/// Size of a file, and the time of its latest change. A file that has the same as before is complete.
type Look = (u64, Option<Duration>);

/// Watches the folder until the run stops.
pub(super) async fn seed_folder(engine: Arc<Engine>, current: Current) {
    let mut looks = HashMap::new();
    // Files that cannot be renamed are taken once.
    let mut taken: HashMap<PathBuf, Look> = HashMap::new();
    let mut said = None;
    while !engine.is_stopping() {
        if let Some(folder) = current.get().seeds.folder.clone() {
            match quiet_files(&folder, &mut looks) {
                Ok(files) => {
                    said = None;
                    for file in files {
                        let look = looks.get(&file).copied();
                        if look.is_some() && taken.get(&file).copied() == look {
                            continue;
                        }
                        if let (false, Some(look)) = (take(&engine, &file).await, look) {
                            taken.insert(file, look);
                        }
                    }
                }
                Err(why) if said.as_ref() != Some(&why) => {
                    tracing::warn!(folder = %folder.display(), why, "no seeds are read from the folder");
                    said = Some(why);
                }
                Err(_) => {}
            }
        }
        tokio::select! {
            () = tokio::time::sleep(TICK) => {}
            () = engine.until_stopped() => {}
        }
    }
}

/// Returns the seed files that have not changed since the look before.
fn quiet_files(folder: &Path, looks: &mut HashMap<PathBuf, Look>) -> Result<Vec<PathBuf>, String> {
    let unread = |why: std::io::Error| why.to_string();
    let about = fs::symlink_metadata(folder).map_err(unread)?;
    if !about.is_dir() {
        return Err("it is no folder, or a link".to_owned());
    }
    if is_open_to_all(&about) {
        return Err("every user can write to it: run `chmod o-w` on it".to_owned());
    }
    let mut found = HashMap::new();
    for entry in fs::read_dir(folder).map_err(unread)? {
        let path = entry.map_err(unread)?.path();
        let is_seeds = path
            .extension()
            .is_some_and(|end| end == "txt" || end == "csv");
        // A link would let others name a file that only the daemon can read.
        if let Ok(about) = fs::symlink_metadata(&path)
            && is_seeds
            && about.is_file()
        {
            let changed = about.modified().ok();
            let changed = changed.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
            found.insert(path, (about.len(), changed));
        }
    }
    let mut quiet: Vec<PathBuf> = found
        .iter()
        .filter(|(path, look)| looks.get(*path) == Some(look))
        .map(|(path, _)| path.clone())
        .collect();
    quiet.sort();
    *looks = found;
    Ok(quiet)
}

#[cfg(unix)]
fn is_open_to_all(about: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    about.permissions().mode() & 0o002 != 0
}

#[cfg(not(unix))]
fn is_open_to_all(_about: &Metadata) -> bool {
    false
}

/// Adds the seeds of a file, and renames it. Returns whether the file is gone or is to be read again.
async fn take(engine: &Engine, file: &Path) -> bool {
    let read = {
        let file = file.to_owned();
        tokio::task::spawn_blocking(move || read_file(&file)).await
    };
    let added = match read {
        Err(_) => return true,
        Ok(Err(reasons)) => Err(reasons),
        Ok(Ok(seeds)) => {
            let plan = &engine.config().plan;
            match plant(&engine.parts.store, plan, &seeds, engine.now(), |_| {}).await {
                Ok(seeded) => Ok(seeded),
                Err(error) => {
                    // The next look tries again.
                    tracing::warn!(%error, "the seeds of a file cannot be added now");
                    return true;
                }
            }
        }
    };
    let shown = file.display().to_string();
    let renamed = match &added {
        Ok(seeded) => {
            tracing::info!(
                file = shown,
                new_seeds = seeded.new_seeds,
                known_seeds = seeded.known_seeds,
                new_jobs = seeded.new_jobs,
                "seeds of a file added"
            );
            engine.wake(64);
            fs::rename(file, free_name(file, "done"))
        }
        Err(reasons) => {
            tracing::warn!(
                file = shown,
                reasons = reasons.len(),
                first = reasons.first(),
                "no seed of the file is added"
            );
            let failed = free_name(file, "failed");
            write_new(&reasons_of(&failed), &(reasons.join("\n") + "\n"))
                .and_then(|()| fs::rename(file, failed))
        }
    };
    if let Err(why) = &renamed {
        tracing::warn!(file = shown, %why, "the file cannot be renamed; it is not read again unless it changes");
    }
    renamed.is_ok()
}

/// Writes a file that does not exist yet. It follows no link, so nobody can make the daemon write to another file.
fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = File::options().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())
}

/// Returns the name with this ending that no file has.
fn free_name(file: &Path, ending: &str) -> PathBuf {
    (1..)
        .map(|number| {
            let mut name = OsString::from(file);
            name.push(match number {
                1 => format!(".{ending}"),
                number => format!(".{ending}-{number}"),
            });
            PathBuf::from(name)
        })
        .find(|path| {
            let is_free = |path: &Path| fs::symlink_metadata(path).is_err();
            is_free(path) && is_free(&reasons_of(path))
        })
        .unwrap_or_default()
}

/// Returns the name of the file with the reasons why a file was refused.
fn reasons_of(file: &Path) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(".reasons");
    name.into()
}

/// Returns the users and posts in a file, or why none is taken.
fn read_file(file: &Path) -> Result<Vec<Seed>, Vec<String>> {
    let unread = |why: std::io::Error| vec![format!("cannot read the file: {why}")];
    let before = fs::symlink_metadata(file).map_err(unread)?;
    let opened = File::open(file).map_err(unread)?;
    // A link that took the file's place since would lead to a file that only the daemon can read.
    if !before.is_file() || !is_same(&before, &opened.metadata().map_err(unread)?) {
        return Err(vec!["the file was replaced".to_owned()]);
    }
    if before.len() > MOST_BYTES {
        return Err(vec![format!("the file has more than {MOST_BYTES} bytes")]);
    }
    let mut bytes = Vec::new();
    opened
        .take(MOST_BYTES)
        .read_to_end(&mut bytes)
        .map_err(unread)?;
    read_seeds(&bytes)
}

#[cfg(unix)]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    one.len() == other.len()
}

/// Returns the users and posts in a text. Each line is one or the other.
fn read_seeds(bytes: &[u8]) -> Result<Vec<Seed>, Vec<String>> {
    let users = seed_file::read(Kind::Users, bytes);
    let posts = seed_file::read(Kind::Posts, bytes);
    let (seeds, reasons) = match (users, posts) {
        (Ok((mut seeds, bad)), Ok((posts, no_posts))) => {
            seeds.extend(posts);
            let bad = bad
                .iter()
                .filter(|bad| no_posts.iter().any(|other| other.line == bad.line));
            (seeds, bad.map(ToString::to_string).collect())
        }
        (Ok((seeds, bad)), Err(_)) | (Err(_), Ok((seeds, bad))) => {
            (seeds, bad.iter().map(ToString::to_string).collect())
        }
        (Err(why), Err(_)) => (Vec::new(), vec![why]),
    };
    match (seeds.is_empty(), reasons.is_empty()) {
        (false, true) => Ok(seeds),
        (true, true) => Err(vec!["the file contains no seed".to_owned()]),
        _ => Err(reasons.into_iter().take(MOST_REASONS).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::{HashMap, free_name, quiet_files, read_file, read_seeds, write_new};

    #[test]
    fn a_file_is_taken_when_it_has_not_changed_and_links_never_are() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.txt");
        std::fs::write(&file, "@one\n").unwrap();
        std::fs::write(folder.path().join("b.json"), "{}").unwrap();
        std::os::unix::fs::symlink(&file, folder.path().join("c.txt")).unwrap();
        let mut looks = HashMap::new();
        let mut look = || quiet_files(folder.path(), &mut looks);
        assert_eq!(look(), Ok(vec![]));
        std::fs::write(&file, "@one\n@two\n").unwrap();
        assert_eq!(look(), Ok(vec![]), "it is still being written");
        assert_eq!(look(), Ok(vec![file.clone()]));
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o777);
        std::fs::set_permissions(folder.path(), mode).unwrap();
        assert!(look().unwrap_err().contains("chmod o-w"));
        std::fs::write(folder.path().join("a.txt.done"), "").unwrap();
        assert!(free_name(&file, "done").ends_with("a.txt.done-2"));
    }

    #[test]
    fn reasons_are_never_written_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (file, victim) = (folder.path().join("a.txt"), folder.path().join("victim"));
        std::fs::write(&victim, "precious").unwrap();
        for link in ["a.txt.failed.reasons", "a.txt.failed-2"] {
            std::os::unix::fs::symlink(folder.path().join("nowhere"), folder.path().join(link))
                .unwrap();
        }
        assert!(free_name(&file, "failed").ends_with("a.txt.failed-3"));
        let beside = folder.path().join("b.reasons");
        std::os::unix::fs::symlink(&victim, &beside).unwrap();
        assert!(write_new(&beside, "reasons").is_err());
        assert_eq!(std::fs::read_to_string(&victim).unwrap(), "precious");
        std::fs::remove_file(&file).ok();
        std::os::unix::fs::symlink(&victim, &file).unwrap();
        assert_eq!(read_file(&file).unwrap_err(), ["the file was replaced"]);
    }

    #[test]
    fn a_file_with_a_bad_line_adds_nothing_and_says_which() {
        let seeds = read_seeds(b"@someone\ns_0123456789abcdef0123456789abcdef\n").unwrap();
        assert_eq!(seeds.len(), 2);
        let reasons = read_seeds(b"@someone\nnot a seed!\n").unwrap_err();
        assert_eq!(reasons.len(), 1);
        assert!(reasons[0].starts_with("line 2: "), "{reasons:?}");
        assert_eq!(
            read_seeds(b"# nothing\n").unwrap_err(),
            ["the file contains no seed"]
        );
    }
}
