//! What all requests of a replay share.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};

use sqlx::SqlitePool;
use tokio::sync::Mutex;

use super::by_hand::ByHand;
use crate::model::MicroUsd;
use crate::replies::Packer;

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
    pub(super) readers: SqlitePool,
    pub(super) packer: Packer,
    pub(super) options: Options,
    pub(super) by_hand: Mutex<ByHand>,
    billed: AtomicI64,
}

impl App {
    #[must_use]
    pub fn new(readers: SqlitePool, packer: Packer, options: Options) -> Self {
        Self {
            readers,
            packer,
            options,
            by_hand: Mutex::default(),
            billed: AtomicI64::new(0),
        }
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
