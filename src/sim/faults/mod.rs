//! What goes wrong with the simulated remote: which faults there are, when they come, and what they do to an answer.

mod alteration;
mod kinds;
mod lasting;
mod media;
mod refuse;
mod schedule;
mod spoil;
mod wire;

pub use alteration::Alteration;
pub use kinds::Fault;
pub(in crate::sim) use lasting::Trouble;
pub use media::{MediaFault, MediaRule};
pub(in crate::sim) use refuse::{Outcome, invalid_cursor, refuse};
pub use schedule::{Counts, Faults, Ratio, Rule};
pub(in crate::sim) use spoil::spoil;
pub(in crate::sim) use wire::{Hold, Listener, Wire};
