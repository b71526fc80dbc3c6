//! `soracrawl check-config`: checks the configuration and prints the effective values.

use super::out::{errln, outln};
use super::table::counted;
use super::{Cli, Exit};

pub(super) fn run(cli: &Cli) -> Exit {
    let config = match cli.source.load() {
        Ok(config) => config,
        Err(problems) => {
            for problem in &problems {
                errln!("error: {problem}");
            }
            errln!("{}", counted(problems.len(), "problem"));
            return Exit::Usage;
        }
    };
    let key = config.key(super::source::environment());
    outln!("{}", config.effective_toml(key.as_ref().ok()).trim_end());
    match &key {
        Ok(key) => {
            if let Some(warning) = &key.warning {
                errln!("warning: {warning}");
            }
        }
        // A configuration may be checked on a machine without the key.
        Err(problem) => errln!("warning: {problem}"),
    }
    let unreachable = config.alerts.unreachable();
    for why in &unreachable {
        errln!("error: {why}");
    }
    match unreachable.is_empty() {
        true => Exit::Done,
        false => Exit::Usage,
    }
}
