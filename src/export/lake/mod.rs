//! A lake: Parquet in partitions of Hive, which a later export updates (cwiki.apache.org, "Hive/LanguageManual DDL").
//!
//! A table with a time has a folder for each month of its records. Within it, the rows that the same range of calls
//! stated first are together in a file, so new pages change only the last files. A file is rewritten only if its bytes
//! change. Rows that are gone take their files with them.

mod layout;
mod list;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use futures_util::TryStreamExt;
use serde_json::{Value, json};

use layout::{path_of, split};
use list::{LIST, check};

use super::encode::{Format, Notes};
use super::output::{Output, sum_of};
use super::papers::Paper;
use super::staging::{Staging, sync_above};
use super::tables::{self, File, Job, Rows, cells};
use super::{Error, Written, WrittenFile};
use crate::store::read::{ExportTable, LakePlace};

/// Rows between two looks at the archive's log.
const REPORT: u64 = 1_000;

/// Columns that a lake does not have: every page that names a row again changes them, and with them the row's file.
const LAST: [&str; 2] = ["last_call_id", "last_seen_at"];

/// A lake that is being written or updated.
pub(super) struct Lake {
    root: PathBuf,
    staging: Staging,
    /// What the lake was and will be made with.
    options: Value,
    /// Files of the lake before the export.
    was: Vec<String>,
    /// Files of the lake after the export.
    files: BTreeMap<String, WrittenFile>,
    /// Those that differ from the lake's, with their place in `staging`.
    changed: BTreeMap<String, PathBuf>,
    /// Whether the folder was there before.
    is_new: bool,
}

impl Lake {
    /// Begins to write a lake to a folder that does not exist, is empty, or is a lake with the same options.
    pub(super) fn begin(root: &Path, options: Value) -> Result<Self, Error> {
        let refused = |why: String| Error::Folder {
            path: root.to_owned(),
            why,
        };
        let mut was = Vec::new();
        let is_new = match fs::read_dir(root) {
            Ok(mut entries) => {
                let is_used = entries.any(|it| {
                    it.is_ok_and(|it| !it.file_name().to_string_lossy().starts_with(".staging"))
                });
                if is_used {
                    was = check(root, &options).map_err(refused)?;
                }
                false
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                fs::DirBuilder::new()
                    .mode(0o700)
                    .create(root)
                    .map_err(|error| refused(error.to_string()))?;
                true
            }
            Err(error) => return Err(refused(error.to_string())),
        };
        let staging = Staging::begin(root.join(".staging")).map_err(|why| {
            if is_new {
                // Only an empty folder is removed.
                let _ = fs::remove_dir(root);
            }
            refused(why)
        })?;
        Ok(Self {
            staging,
            root: root.to_owned(),
            options,
            was,
            files: BTreeMap::new(),
            changed: BTreeMap::new(),
            is_new,
        })
    }

    /// Where nobody looks yet.
    pub(super) fn staging(&self) -> &Path {
        self.staging.path()
    }

    /// Writes the files of a table to the staging folder, and keeps those that differ.
    pub(super) async fn write(
        &mut self,
        job: &mut Job<'_>,
        which: &Rows,
        table: &ExportTable,
        last_call: u64,
    ) -> Result<Written, Error> {
        let mut columns = job.columns(table).await?;
        columns.retain(|column| !LAST.contains(&column.name.as_str()));
        let split = split(job.begin_progress(which, table).await?, last_call);
        let mut rows = job
            .snapshot
            .export_rows(table, &columns, &which.which, Some(split));
        let mut open: Option<(LakePlace, File)> = None;
        let (mut paths, mut seen) = (Vec::new(), 0_u64);
        while let Some(row) = rows.try_next().await? {
            let place = row.place()?;
            if open.as_ref().is_none_or(|(at, _)| *at != place) {
                if let Some((at, file)) = open.take() {
                    paths.push(self.take(table, &at, file)?);
                }
                let file = File::begin(Format::Parquet, &columns, &job.origin, self.staged()?)?;
                open = Some((place, file));
            }
            if let Some((_, file)) = &mut open {
                file.row(&cells(&row, table, &columns, &mut job.pseudonyms)?)?;
            }
            job.progress.rows(1);
            seen += 1;
            if seen % REPORT == 0 {
                job.log.watch(job.progress);
            }
        }
        drop(rows);
        let (at, file) = match open {
            Some(last) => last,
            // A reader needs the columns of a table that has no rows.
            None => (
                LakePlace {
                    month: None,
                    part: 0,
                },
                File::begin(Format::Parquet, &columns, &job.origin, self.staged()?)?,
            ),
        };
        paths.push(self.take(table, &at, file)?);
        let files = paths.iter().map(|path| self.files[path].clone()).collect();
        Ok(tables::written(table, columns, files, Notes::default()))
    }

    fn staged(&self) -> Result<Output, Error> {
        let path = self.staging.path().join("next.parquet");
        Output::create(&path, path.display().to_string())
    }

    /// Compares a finished file with the lake's. Returns its path in the lake.
    fn take(&mut self, table: &ExportTable, at: &LakePlace, file: File) -> Result<String, Error> {
        let path = path_of(table, at, file.rows());
        let (written, _) = file.finish(path.clone())?;
        let next = self.staging.path().join("next.parquet");
        let is_same = sum_of(&self.root.join(&path)).is_ok_and(|sum| sum == written.sum);
        if is_same {
            fs::remove_file(&next).map_err(|error| at_path(&next, error))?;
        } else {
            let kept = self.staging.path().join(self.changed.len().to_string());
            fs::rename(&next, &kept).map_err(|error| at_path(&next, error))?;
            self.changed.insert(path.clone(), kept);
        }
        self.files.insert(path.clone(), written);
        Ok(path)
    }

    /// Moves the changed files to their places and removes those that are gone. Returns what changed.
    ///
    /// Until the renames begin, nothing in the lake has changed. If they are interrupted, the first list names every file
    /// that may be there, so that the next export can go on.
    pub(super) fn finish(self, papers: &[Paper]) -> Result<Changed, Error> {
        let gone: Vec<String> = self
            .was
            .iter()
            .filter(|it| !self.files.contains_key(*it))
            .cloned()
            .collect();
        let first = self.list(&gone);
        let mut texts = vec![(LIST, first)];
        texts.extend(papers.iter().cloned());
        texts.push((LIST, self.list(&[])));
        let mut staged = Vec::new();
        for (at, (name, text)) in texts.iter().enumerate() {
            let path = self.staging.path().join(format!("{at}-{name}"));
            let mut file = Output::create(&path, self.root.join(name).display().to_string())?;
            file.write_all(text.as_bytes())
                .map_err(|error| file.failed(error))?;
            file.finish()?;
            staged.push((path, self.root.join(name)));
        }
        let mut folders = BTreeSet::from([self.root.clone()]);
        for path in self.changed.keys() {
            if let Some(folder) = self.root.join(path).parent() {
                let made = fs::DirBuilder::new()
                    .mode(0o700)
                    .recursive(true)
                    .create(folder);
                made.map_err(|error| at_path(folder, error))?;
                folders.insert(folder.to_owned());
            }
        }
        let mut staged = staged.into_iter();
        if let Some((from, to)) = staged.next() {
            fs::rename(&from, &to).map_err(|error| at_path(&to, error))?;
        }
        let mut changed = Changed::default();
        for (path, from) in &self.changed {
            let to = self.root.join(path);
            fs::rename(from, &to).map_err(|error| at_path(&to, error))?;
            changed.files += 1;
            changed.bytes += self.files[path].sum.bytes;
        }
        for path in &gone {
            changed.removed += u64::from(self.remove(path));
        }
        for folder in folders {
            sync_above(&folder.join("x")).map_err(|error| at_path(&folder, error))?;
        }
        for (from, to) in staged {
            fs::rename(&from, &to).map_err(|error| at_path(&to, error))?;
        }
        sync_above(&self.root.join(LIST)).map_err(|error| at_path(&self.root, error))?;
        Ok(changed)
    }

    /// The list of the lake's files, and of some more that may be there.
    fn list(&self, more: &[String]) -> String {
        let files = self.files.iter().map(|(path, file)| {
            let about =
                json!({"sha256": file.sum.sha256, "bytes": file.sum.bytes, "rows": file.rows});
            (path.clone(), about)
        });
        let more = more.iter().map(|path| (path.clone(), Value::Null));
        let files = Value::Object(files.chain(more).collect());
        let list = json!({"soracrawl_lake": 1, "options": self.options, "files": files});
        format!("{list:#}\n")
    }

    /// Removes a file that the lake had, and its folders if they are empty then. Returns whether it was there. A link is
    /// not followed: what is behind it is not the lake's.
    fn remove(&self, path: &str) -> bool {
        let file = self.root.join(path);
        let mut folders = file.ancestors().skip(1).take_while(|it| *it != self.root);
        if path.contains("..") || folders.clone().any(Path::is_symlink) {
            return false;
        }
        let is_removed = fs::remove_file(&file).is_ok();
        // A folder that still has files stays.
        folders.all(|folder| fs::remove_dir(folder).is_ok());
        is_removed
    }
}

impl Drop for Lake {
    fn drop(&mut self) {
        if self.is_new && !self.root.join(LIST).exists() {
            let _ = fs::remove_dir_all(self.staging.path());
            // Only an empty folder is removed.
            let _ = fs::remove_dir(&self.root);
        }
    }
}

/// What an export changed in a lake.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Changed {
    pub files: u64,
    pub bytes: u64,
    /// Files of rows that are gone.
    pub removed: u64,
}

fn at_path(path: &Path, error: std::io::Error) -> Error {
    Error::File {
        path: path.display().to_string(),
        error,
    }
}
