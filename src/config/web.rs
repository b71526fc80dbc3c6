//! The web server of the daemon.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Pages, metrics and control over HTTP.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Web {
    /// `None` means that there is no server.
    pub listen: Option<SocketAddr>,
    /// Names in the Host header that are accepted besides this machine's own.
    pub hosts: Vec<String>,
    /// Whether the pages may steer the daemon.
    pub control: bool,
    /// `None` means a file beside the archive.
    pub token_file: Option<PathBuf>,
}
