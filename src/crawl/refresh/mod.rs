//! Refresh under a budget: which calls to buy again, and why. Pure: no clock, no I/O, no randomness.
//!
//! What can be bought is a call, with its price and everything that it renews: a page of posts shows new posts and the counters
//! of old ones. A `candidate` is such a call. Its value is what it is expected to renew, in item-hours, and `plan` buys the calls
//! with the greatest value per dollar. `deadline` makes calls due before they would stay unseen for too long.
//! `look` and `rate` learn how fast a list grows, `curve` and `counter` how fast a counter does. `staleness` says what the
//! archive lacks now, and `words` turns a planned call into a sentence. docs/refresh.md explains the policy.
//!
//! With λ new items an hour, the items of a list that was last seen τ hours ago have waited A(τ) = λτ² ÷ 2 hours together. So
//! the time between two looks is proportional to √(price ÷ λ): busy lists are seen more often, and no list is given up.

pub mod candidate;
pub mod counter;
pub mod curve;
mod deadline;
pub mod known;
pub mod look;
pub mod plan;
pub mod rate;
pub mod staleness;
mod words;
