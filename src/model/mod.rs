//! Plain data: rows, harvests, jobs and money. No I/O, no clock.

mod harvest;
mod hash;
mod job;
mod money;
mod rows;
pub mod seed;

pub use harvest::{Harvest, Nested, Odd};
pub use hash::{hash, item_hashes};
pub use job::{Lease, LeaseToken, NewJob, StopReason};
pub use money::MicroUsd;
pub use rows::{
    Appearance, Attachment, Comment, Follow, ListEntry, Post, PostCounts, Remix, SearchEntry, User,
    UserCounts,
};
pub use seed::{Seed, SeedKind};
