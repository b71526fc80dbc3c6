//! The `[media]` section: which files of videos are fetched, from where, and how fast.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::alerts::SecretUrl;
use super::usd;
use crate::model::MicroUsd;

/// Files of videos and images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Media {
    /// `None` means the folder `media` beside the archive.
    pub folder: Option<PathBuf>,
    /// Names of [`crate::model::RENDITIONS`].
    pub renditions: Vec<String>,
    /// Names and addresses, each perhaps with a port.
    pub hosts: Vec<String>,
    pub proxy: Option<SecretUrl>,
    pub per_host: u32,
    /// `None` means no limit.
    pub bytes_per_second: Option<u64>,
    pub min_free_bytes: u64,
    pub max_file_bytes: u64,
    /// For each fetch. `None` means that nothing is bought.
    #[serde(default, with = "usd::optional")]
    pub resign_usd: Option<MicroUsd>,
}
