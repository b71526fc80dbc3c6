//! soracrawl: a bulk crawler and archiver that buys every page once.
//!
//! The way of one page through `crawl::worker`:
//!
//! 1. `store::queue` leases the best ready job. The lease carries a fence.
//! 2. `api::limiter` grants a permit for the call.
//! 3. `store::ledger` records the call and reserves its price, or refuses it.
//! 4. `api::client` sends the call. `api::error` classifies the answer.
//! 5. `api::harvest` turns the reply into rows, follow-ups and a next cursor.
//! 6. `crawl::plan` selects the follow-ups to fetch.
//! 7. `store::write` keeps the rows, the follow-ups, the cursor and the settled call with its raw reply, in one
//!    transaction.
//!
//! Rooms: `model` (plain data), `api` (the remote), `store` (the archive, the only SQL that writes), `replies` (raw
//! replies: compression and reading), `crawl` (the engine), `verify` (checks an archive against its raw replies),
//! `erase` (people removed from an archive), `replay` (an archive served as the API), `media` (files of videos), `report` (status
//! and estimates), `daemon` (wiring), `config`, `cli`, `clock`, `connections`, and `sim` (a simulated remote that
//! shares nothing with the other rooms).

pub mod api;
pub mod cli;
pub mod clock;
pub mod config;
mod connections;
pub mod crawl;
pub mod daemon;
pub mod erase;
pub mod export;
pub mod guard;
pub mod key_file;
pub mod media;
pub mod model;
pub mod replay;
pub mod replies;
pub mod report;
pub mod sim;
pub mod store;
pub mod verify;
pub mod web;
