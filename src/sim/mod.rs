//! The simulated remote: serves a seeded world over HTTP like the vendor's API, and bills every call.
//!
//! It shares no code with the client, so that the same mistake on both sides cannot hide a bug.
//!
//! `routes` handles a request in these steps:
//! 1. `account` records the call.
//! 2. `faults::schedule` decides whether a fault hits the call; `refuse` and `spoil` apply it, and `lasting` keeps lasting ones.
//! 3. `page` and `shape` render the page, and `reply` adds the envelope.
//! 4. `account` settles the call.
//! 5. The server sends the answer, or `faults::wire` sends something else instead.
//!
//! [`World::truth`] returns the rows that a complete crawl must archive.
//!
//! The simulator has routes of its own below `/sim/`, which require no key: `GET account`, `log`, `truth`, `truth/events`, `truth/media`,
//! `media`, `clock`; `POST heal`, `script` (one rule per line), `balance` (dollars), `clock`. With [`Options::media`], all paths outside
//! `/api/` are files (`storage`).

mod account;
mod base64;
mod clock;
mod control;
mod creation;
mod cursor;
mod dates;
mod endpoint;
mod faults;
mod gzip;
mod hash;
mod limit;
mod links;
mod media;
mod options;
mod orders;
mod page;
mod reply;
mod routes;
mod serve;
mod shape;
mod state;
mod storage;
mod timeline;
mod truth;
mod world;

pub use account::{Account, Entry, Sums};
pub use endpoint::Endpoint;
pub use faults::{Counts, Fault, Faults, MediaFault, MediaRule, Ratio, Rule};
pub use options::{DEFAULT_KEY, Options, Shape};
pub use serve::Sim;
pub use storage::{File, Requests};
pub use truth::Truth;
pub use world::{Change, Event, Items, Person, Post, Thing, World, counted};
