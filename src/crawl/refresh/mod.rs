//! Refresh under a budget: which calls to buy again, and why. Pure: no clock, no I/O, no randomness.
//!
//! What can be bought is a call, with its price and everything that it renews: a page of posts shows new posts and the counters
//! of old ones. A `candidate` is such a call. Its value is what it is expected to renew, in item-hours, and `plan` buys the calls
//! with the greatest value per dollar. `deadline` makes calls due before they would stay unseen for too long.
//! `look` and `rate` learn how fast a list grows, `curve` and `counter` how fast a counter does. `staleness` says what the
//! archive lacks now, and `words` turns a planned call into a sentence. docs/refresh.md explains the policy.
//!
//! For the order of new items D(τ) = λτ the value is the area A(τ) = λτ² ÷ 2. So the time between two looks at a list is
//! proportional to √(price ÷ λ): popular lists are seen more often, and no list is given up.

pub mod candidate;
pub mod counter;
pub mod curve;
mod deadline;
pub mod look;
pub mod plan;
pub mod rate;
pub mod staleness;
mod words;
