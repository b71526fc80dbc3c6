//! `soracrawl check-config`: is it right, and what is in force.

use super::out::outln;
use super::{Cli, Exit};

pub(super) fn run(cli: &Cli) -> Exit {
    let config = match cli.load() {
        Ok(config) => config,
        Err(problems) => {
            for problem in &problems {
                eprintln!("error: {problem}");
            }
            eprintln!("{} problems", problems.len());
            return Exit::Usage;
        }
    };
    let key = config.key(super::environment());
    outln!("{}", config.effective_toml(key.as_ref().ok()).trim_end());
    match &key {
        Ok(key) => {
            if let Some(warning) = &key.warning {
                eprintln!("warning: {warning}");
            }
        }
        // A configuration may be checked where the key is not at hand.
        Err(problem) => eprintln!("warning: {problem}"),
    }
    Exit::Done
}
