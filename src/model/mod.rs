//! Plain data: rows, harvests, jobs and money. No I/O, no clock.

mod absence;
mod counts;
mod doubt;
mod erased;
mod harvest;
mod hash;
pub mod hex;
mod job;
mod money;
mod path_mark;
mod rendition;
mod request;
mod rows;
pub mod seed;
mod stale;
mod subject;
mod unseen;

pub use absence::{Listed, NotFound, Pass, UNSEEN_AFTER_SECONDS};
pub use counts::Counts;
pub use doubt::Doubt;
pub use erased::{EraseKey, Erased, KEY_BYTES, is_erased};
pub use harvest::{Harvest, Nested, Odd};
pub use hash::{ItemHash, MEETING_ITEMS, hash, item_hashes, stored_hashes};
pub use job::{Lease, LeaseToken, NewJob, RefusalReason, Refusals, StopReason};
pub use money::{Budget, MicroUsd};
pub use path_mark::PathMark;
pub use rendition::{RENDITIONS, Rendition};
pub use request::{OpenJobs, PauseScope, Request};
pub use rows::{
    Appearance, Attachment, Comment, Entity, EntityKind, Follow, ListEntry, Post, Remix, Repost,
    RepostRole, SearchEntry, User,
};
pub use seed::{Seed, SeedKind};
pub use stale::Stale;
pub use subject::{Items, Left, LeftOf, ListKind, SubjectKind};
pub use unseen::{is_control, is_unseen};
