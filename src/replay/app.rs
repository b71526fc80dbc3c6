//! What all requests of a replay share.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use sqlx::SqlitePool;

use crate::clock::minute;
use crate::model::MicroUsd;
use crate::replies::Packer;
use crate::store::Result;
use crate::store::read::{self, Snapshot};

/// The credit of the account at the start, in micro-dollars.
const CREDIT: i64 = 1_000_000_000_000;

/// How an archive is served.
#[derive(Debug, Clone)]
pub struct Options {
    pub listen: SocketAddr,
    /// Names of this server in a Host header, besides those of this machine.
    pub hosts: Vec<String>,
    /// The key that requests must have; `None`: any, or none.
    pub key: Option<String>,
    /// Only what was known at this time, in Unix seconds.
    pub at: Option<f64>,
    /// Answers reduce the balance of the account by their listed price.
    pub bills: bool,
}

/// What all requests share.
pub struct App {
    /// The file, for the dictionaries that it gets later.
    archive: PathBuf,
    pub(super) readers: SqlitePool,
    packer: Packer,
    pub(super) options: Options,
    billed: AtomicI64,
    /// There is something to serve. It does not go away.
    has_any: AtomicBool,
}

impl App {
    /// Opens an archive of this version read-only. Also returns a description of each damaged dictionary.
    ///
    /// # Errors
    /// Returns an error if the file does not exist, is not an archive, or was written by another version.
    pub async fn open(archive: &Path, options: Options) -> Result<(Self, Vec<String>)> {
        let mut snapshot = Snapshot::open_current(archive).await?;
        let (packer, wrong) = Packer::new(&snapshot.dictionaries().await?);
        snapshot.close().await;
        let app = Self {
            archive: archive.to_owned(),
            readers: read::current_readers(archive).await?,
            packer,
            options,
            billed: AtomicI64::new(0),
            has_any: AtomicBool::new(false),
        };
        Ok((app, wrong))
    }

    /// Returns why there is nothing to serve; `None` if there is something. A daemon or an import may add it later.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn nothing(&self) -> Result<Option<String>> {
        let (readers, at) = (&self.readers, self.options.at);
        if self.has_any.load(Ordering::Relaxed) || read::replay_has_any(readers, at).await? {
            self.has_any.store(true, Ordering::Relaxed);
            return Ok(None);
        }
        Ok(Some(match (at, read::replay_first_at(readers).await?) {
            (Some(at), Some(first)) => format!(
                "nothing was known at --at ({}): the first reply of this archive is of {}",
                minute(at),
                minute(first)
            ),
            _ => "this archive has no stored reply".to_owned(),
        }))
    }

    /// Returns the bytes of a stored reply.
    ///
    /// # Errors
    /// Returns an error if the frame is damaged, or if its dictionary is missing.
    pub(super) async fn unpack(&self, body: &[u8]) -> std::io::Result<Vec<u8>> {
        if let Ok(reply) = self.packer.unpack(body) {
            return Ok(reply);
        }
        // A daemon may have trained or replaced a dictionary since the start.
        if let Ok(mut snapshot) = Snapshot::open(&self.archive).await {
            for dictionary in snapshot.dictionaries().await.unwrap_or_default() {
                // A damaged one is told by the frame that needs it.
                let _ = self.packer.add(&dictionary);
            }
            snapshot.close().await;
        }
        self.packer.unpack(body)
    }

    pub(super) fn bill(&self, price: MicroUsd) {
        if self.options.bills {
            self.billed.fetch_add(price.0, Ordering::Relaxed);
        }
    }

    /// Returns the sum of the prices of what was answered, in micro-dollars.
    pub(super) fn billed(&self) -> i64 {
        self.billed.load(Ordering::Relaxed)
    }

    /// Returns the balance of the account, in micro-dollars.
    pub(super) fn balance(&self) -> i64 {
        CREDIT - self.billed()
    }
}
