//! The folder of an export: all of it appears at once, or nothing does.

use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::Error;
use super::output::{Output, Sum};
use super::staging::Staging;

/// What is added to the name of a folder while it is being filled.
const LEFT: &str = ".partial";

/// A folder that is being filled, beside its final place. It is removed if it is dropped unfinished.
pub(super) struct Folder {
    place: PathBuf,
    /// Nothing can take the place of the folder, because something is mounted there.
    is_mount: bool,
    /// The folder in it that has the files; empty if they are in `place` itself.
    inner: &'static str,
    staging: Staging,
}

impl Folder {
    /// Begins to fill a folder that must not exist or be empty, or a folder in it.
    pub(super) fn begin(place: &Path, inner: &'static str) -> Result<Self, Error> {
        let refused = |why: String| Error::Folder {
            path: place.to_owned(),
            why,
        };
        // A link stands for its folder.
        let place = &fs::canonicalize(place).unwrap_or(place.to_owned());
        let is_mount = match fs::read_dir(place) {
            Ok(mut entries) => {
                let is_left = |it: fs::DirEntry| it.file_name() == LEFT;
                if entries.any(|it| !it.is_ok_and(is_left)) {
                    let why = "the folder is not empty. Name a new one, or empty it";
                    return Err(refused(why.to_owned()));
                }
                is_mount(place)
            }
            Err(error) if error.kind() == ErrorKind::NotFound && !place.is_symlink() => false,
            Err(error) => return Err(refused(error.to_string())),
        };
        let mut name = place
            .file_name()
            .ok_or_else(|| refused("this is no name of a folder".to_owned()))?
            .to_owned();
        name.push(LEFT);
        let staging = match is_mount {
            true => place.join(LEFT),
            false => place.with_file_name(name),
        };
        let staging = Staging::begin(staging).map_err(refused)?;
        if !inner.is_empty() {
            let made = fs::DirBuilder::new()
                .mode(0o700)
                .create(staging.path().join(inner));
            made.map_err(|error| refused(error.to_string()))?;
        }
        Ok(Self {
            place: place.to_owned(),
            is_mount,
            inner,
            staging,
        })
    }

    /// Where nobody looks yet.
    pub(super) fn staging(&self) -> &Path {
        self.staging.path()
    }

    /// Creates a file that only its owner can read.
    pub(super) fn file(&self, name: &str) -> Result<Output, Error> {
        self.create(&Path::new(self.inner).join(name))
    }

    fn create(&self, path: &Path) -> Result<Output, Error> {
        let seen_as = self.place.join(path).display().to_string();
        Output::create(&self.staging.path().join(path), seen_as)
    }

    /// Writes a whole file among the others.
    pub(super) fn text(&self, name: &str, text: &str) -> Result<Sum, Error> {
        write(self.file(name)?, text)
    }

    /// Writes a whole file in the folder itself.
    pub(super) fn text_above(&self, name: &str, text: &str) -> Result<Sum, Error> {
        write(self.create(Path::new(name))?, text)
    }

    /// Moves the folder to its place.
    pub(super) fn finish(self) -> Result<(), Error> {
        let path = self.place.display().to_string();
        let moved = match self.is_mount {
            true => self.staging.move_into(&self.place),
            false => self.staging.move_to(&self.place),
        };
        moved.map_err(|error| Error::File { path, error })
    }
}

/// Returns whether a folder is on another file system than the one above it.
fn is_mount(place: &Path) -> bool {
    let device = |path: &Path| fs::metadata(path).ok().map(|it| it.dev());
    place
        .parent()
        .is_some_and(|above| device(above) != device(place))
}

fn write(mut file: Output, text: &str) -> Result<Sum, Error> {
    file.write_all(text.as_bytes())
        .map_err(|error| file.failed(error))?;
    file.finish()
}
