//! Why a file was not fetched, and what that means for it.

use super::hosts::Refused;

/// Why an attempt failed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Failure {
    #[error("{0}")]
    Refused(#[from] Refused),
    #[error("the remote redirects more than {0} times")]
    Redirects(usize),
    #[error("its URL expired")]
    Expired,
    #[error("the remote answered {0}: it does not exist")]
    Gone(u16),
    #[error("the remote refused its URL with {0}")]
    Denied(u16),
    #[error("the remote answered {status}")]
    Status {
        status: u16,
        retry_after_seconds: Option<f64>,
    },
    #[error("no whole answer: {0}")]
    Transfer(String),
    #[error("the answer ended after {got} of {total} bytes")]
    Short { got: u64, total: u64 },
    #[error("it has {bytes} bytes, and a reply states {stated}")]
    Smaller { bytes: u64, stated: u64 },
    #[error("the remote does not state its size")]
    NoSize,
    #[error("it has {bytes} bytes, more than media.max_file_bytes ({max})")]
    TooLarge { bytes: u64, max: u64 },
    #[error("it is no video or image, but {0}")]
    WrongType(String),
    #[error("the answer does not continue the file: {0}")]
    NotTheRest(String),
    /// Nothing more can be stored.
    #[error("less than media.min_free_bytes would be free on the disk")]
    DiskFull,
    #[error("it cannot be written: {0}")]
    Unwritable(String),
    /// The run stops.
    #[error("the run stopped")]
    Stopped,
}

/// What a failure means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Meaning {
    /// Another attempt may help, after at least so many seconds.
    Retry(f64),
    /// It needs a new URL.
    NeedsUrl,
    /// No further attempt in this run.
    GiveUp,
    /// The remote says that there is no such file.
    Gone,
    /// No file can be fetched any more.
    StopAll,
}

impl Failure {
    /// Returns what the failure means.
    #[must_use]
    pub fn meaning(&self) -> Meaning {
        match self {
            Self::Expired | Self::Denied(_) => Meaning::NeedsUrl,
            Self::Gone(_) => Meaning::Gone,
            Self::Status {
                retry_after_seconds,
                ..
            } => Meaning::Retry(retry_after_seconds.unwrap_or(0.0)),
            Self::Transfer(_)
            | Self::Short { .. }
            | Self::Smaller { .. }
            | Self::WrongType(_)
            | Self::NotTheRest(_) => Meaning::Retry(0.0),
            Self::Refused(_) | Self::Redirects(_) | Self::NoSize | Self::TooLarge { .. } => {
                Meaning::GiveUp
            }
            Self::DiskFull | Self::Unwritable(_) | Self::Stopped => Meaning::StopAll,
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(why: std::io::Error) -> Self {
        match why.kind() {
            std::io::ErrorKind::StorageFull => Self::DiskFull,
            _ => Self::Unwritable(why.to_string()),
        }
    }
}
