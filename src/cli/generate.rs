//! Completions and manual pages, made from the commands themselves.

use std::path::Path;

use anyhow::Context;
use clap::CommandFactory;
use clap_complete::Shell;

use super::out::outln;
use super::{Cli, Exit};

/// Prints the completions of a shell.
pub(super) fn completions(shell: Shell) -> Exit {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "soracrawl", &mut text);
    outln!("{}", String::from_utf8_lossy(&text).trim_end());
    Exit::Done
}

/// Writes a manual page for the program and for each command into a folder.
pub(super) fn manual(folder: &Path) -> anyhow::Result<Exit> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let command = Cli::command().disable_help_subcommand(true);
    clap_mangen::generate_to(command, folder)
        .with_context(|| format!("cannot write manual pages into {}", folder.display()))?;
    outln!("manual pages in {}", folder.display());
    Ok(Exit::Done)
}
