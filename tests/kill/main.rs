//! Tests that kill the real program at many moments: no page that was paid for is lost.
//!
//! `cargo test --test kill` kills a few dozen times. The thousand kills of the README are
//! `cargo test --test kill -- --ignored --nocapture`.

#[expect(dead_code, reason = "the tests of the daemon use the rest")]
#[path = "../daemon/archive.rs"]
mod archive;
mod books;
mod campaign;
mod disk;
mod erase;
#[path = "../daemon/erased.rs"]
mod erased;
mod every_step;
#[path = "../daemon/program.rs"]
mod program;
mod reparse;
mod scoreboard;
mod seeded;
mod start;
#[expect(dead_code, reason = "the tests of the daemon use the rest")]
#[path = "../daemon/support.rs"]
mod support;
mod verdict;
