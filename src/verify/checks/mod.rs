//! Checks that use only SQL, one file for each kind.

pub(super) mod absences;
pub(super) mod chain;
mod fts;
pub(super) mod jobs;
pub(super) mod money;
pub(super) mod parents;
mod rules;
mod schema;
