//! The remote, simulated: a seeded world, shown over HTTP as the vendor's API shows the real one, with a bill.
//!
//! It shares no code with the client, so that a mistake cannot hide by being made on both sides.
//!
//! A request goes through `routes`: it is written into the book (`account`); a fault may meet it (`faults`:
//! `schedule` says whether, `refuse` and `spoil` do it, `lasting` keeps what lasts); its page is rendered (`page`, `shape`) and
//! put into the envelope (`reply`); the book is settled; the answer goes out, or what `faults::wire` sends in its place.
//! [`World::truth`] says what a complete crawl must hold in the end.
//!
//! Under `/sim/` the simulator itself answers, without a key: `GET account`, `log`, `truth`; `POST heal`, `script`
//! (a rule a line), `balance` (dollars).

mod account;
mod base64;
mod control;
mod creation;
mod cursor;
mod dates;
mod endpoint;
mod faults;
mod gzip;
mod hash;
mod limit;
mod media;
mod options;
mod orders;
mod page;
mod reply;
mod routes;
mod serve;
mod shape;
mod state;
mod truth;
mod world;

pub use account::{Account, Entry, Sums};
pub use endpoint::Endpoint;
pub use faults::{Counts, Fault, Faults, Ratio, Rule};
pub use options::{DEFAULT_KEY, Options, Shape};
pub use serve::Sim;
pub use truth::Truth;
pub use world::{Items, Thing, World};
