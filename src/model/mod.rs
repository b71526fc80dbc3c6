//! Plain data: rows, harvests, jobs and money. No I/O, no clock.

mod harvest;
mod job;
mod money;
mod rows;

pub use harvest::{Harvest, Nested, Odd};
pub use job::{Lease, NewJob, StopReason};
pub use money::MicroUsd;
pub use rows::{
    Appearance, Attachment, Comment, Follow, ListEntry, Post, PostCounts, Remix, SearchEntry, User,
    UserCounts,
};
