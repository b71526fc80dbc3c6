//! The engine: leases a job, calls the remote, harvests the reply, commits the page, and repeats.
//!
//! `worker` contains that loop. `acquire`, `read`, `next`, `commit`, `fail` and `settle` are its steps, and `walk` is the state
//! between them. The decisions are pure: `decide` (after a page), `judge` (after a failure), `plan`
//! and `admit` (which follow-ups to fetch), and `refresh` (what to buy again).
//! `upkeep` releases due jobs and expired leases, and detects the end of the run. `train` creates the dictionaries that
//! compress raw replies. `watch` probes a remote that does not answer and logs what keeps calls back.

mod absent;
mod account;
mod acquire;
pub mod admit;
mod budget;
mod commit;
pub mod decide;
mod disk;
mod durations;
mod engine;
pub mod evidence;
mod fail;
mod imported;
pub mod judge;
mod live;
mod next;
mod offline;
mod optimize;
pub mod plan;
mod read;
pub mod refresh;
mod refresher;
mod replan;
mod resolve;
pub mod seen;
mod settings;
mod settle;
mod shapes;
pub mod standing;
mod steer;
mod stop;
mod stored;
mod train;
mod upkeep;
mod walk;
mod watch;
mod worker;

pub use account::ask_since;
pub use disk::{guard_disk, look_at_disk};
pub use durations::CallDurations;
pub use engine::{Counters, Engine, Parts};
pub use imported::look_for_imported;
pub use live::LiveConfig;
pub use offline::without_remote;
pub use optimize::optimize;
pub use plan::Plan;
pub use read::without_erased;
pub use refresher::{Begun, Known, begin_for_today, money, renew, spent};
pub use settings::Settings;
pub use settle::{settlement, unpaid};
pub use shapes::{look_at_shapes, watch_shapes};
pub use steer::Hold;
pub use stop::{Retired, StopCause};
pub use train::train;
pub use upkeep::tend;
pub use watch::watch;
pub use worker::work;

#[cfg(test)]
mod tests;
