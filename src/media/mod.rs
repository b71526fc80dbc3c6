//! Files of videos and images: fetched whole, stored once, and checked against their rows.

mod address;
mod answer;
mod bandwidth;
mod check;
mod counters;
mod download;
mod failure;
mod fetch;
mod finish;
mod folder;
mod hosts;
mod key;
mod kind;
mod remote;
mod remove;
mod resign;
mod resolve;
mod sizes;
mod space;
mod unsynced;
mod want;
mod way;

pub use check::{Checked, check};
pub use counters::Counters;
pub use failure::Failure;
pub use fetch::{Fetcher, Pass, Settings, usable};
pub use folder::{Folder, Turn};
pub use hosts::{Hosts, Refused};
pub use remote::RemoteSettings;
pub use remove::{remove_marked, remove_unknown_parts, unknown_parts};
pub use resign::{Ask, Page, Purchase, Shown, plan};
pub use resolve::{Lookup, System};
pub use sizes::stated_sizes;
pub use want::want;
