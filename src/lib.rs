//! soracrawl: a bulk crawler and archiver that buys every page once.
//!
//! The story of one page, as `crawl::work` lives it:
//!
//! 1. `store` leases the best ready job; the lease carries a fence.
//! 2. `api::limiter` waits for the call's turn.
//! 3. `store` writes the call into the ledger and reserves its price, or refuses.
//! 4. `api::client` sends it; `api::error` says what the answer means.
//! 5. `api::harvest` turns the reply into rows, follow-ups and a next cursor.
//! 6. `crawl::plan` keeps the follow-ups that are wanted.
//! 7. `store` keeps everything in one transaction: rows, follow-ups, cursor, and the call with its raw reply.
//!
//! Rooms: `model` (plain data), `api` (the remote), `store` (the only SQL), `crawl` (the engine), `verify` (an archive
//! held against its own replies), `daemon` (wiring), `config`, `cli`, and `sim` (the remote, simulated; it shares nothing with the rest).

pub mod api;
pub mod cli;
pub mod clock;
pub mod config;
pub mod crawl;
pub mod daemon;
pub mod model;
pub mod replies;
pub mod report;
pub mod sim;
pub mod store;
pub mod verify;
