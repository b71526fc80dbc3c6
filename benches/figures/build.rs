//! The size of the binary. Build times are measured by hand; docs/performance.md lists them.

use anyhow::Result;

use crate::process::PROGRAM;
use crate::support::{Bench, Limit, say};

pub fn run(_: &Bench) -> Result<()> {
    let bytes = u32::try_from(std::fs::metadata(PROGRAM)?.len())?;
    let megabytes = f64::from(bytes) / 1e6;
    say("build", "binary", megabytes, "MB", Limit::AtMost(25.0));
    Ok(())
}
