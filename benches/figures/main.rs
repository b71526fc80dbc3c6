//! Measures the figures on speed and cost: `cargo bench`, or `cargo bench -- job` for one figure.
//!
//! A missed limit is printed and is not a failure, because machines are noisy. A wrong result is a failure.
//! docs/performance.md describes each figure.

mod build;
mod burst;
mod compression;
mod economy;
mod http;
mod import;
mod job;
mod large;
mod limit;
mod peers;
mod process;
mod refresh;
mod reparse;
mod soak;
mod support;
mod verify;
mod world;
mod writer;

use std::process::ExitCode;

use support::{Bench, line};

struct Figure {
    name: &'static str,
    run: fn(&Bench) -> anyhow::Result<()>,
    /// Whether the figure runs only if it is named, because it takes minutes, much disk, or packages of Python.
    only_by_name: bool,
}

const fn figure(name: &'static str, run: fn(&Bench) -> anyhow::Result<()>) -> Figure {
    Figure {
        name,
        run,
        only_by_name: false,
    }
}

const FIGURES: [Figure; 14] = [
    figure("job", job::run),
    figure("burst", burst::run),
    figure("reparse", reparse::run),
    figure("import", import::run),
    figure("compression", compression::run),
    figure("writer", writer::run),
    figure("limit", limit::run),
    figure("economy", economy::run),
    figure("refresh", refresh::run),
    figure("build", build::run),
    Figure {
        only_by_name: true,
        ..figure("peers", peers::run)
    },
    Figure {
        only_by_name: true,
        ..figure("verify", verify::run)
    },
    Figure {
        only_by_name: true,
        ..figure("soak", soak::run)
    },
    Figure {
        only_by_name: true,
        ..figure("large", large::run)
    },
];

fn main() -> ExitCode {
    // Cargo passes `--bench` to every benchmark.
    let named: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with("--"))
        .collect();
    if let Some(unknown) = named
        .iter()
        .find(|name| FIGURES.iter().all(|figure| figure.name != **name))
    {
        let names: Vec<&str> = FIGURES.iter().map(|figure| figure.name).collect();
        eprintln!(
            "unknown figure `{unknown}`; known figures: {}",
            names.join(", ")
        );
        return ExitCode::FAILURE;
    }
    let is_wanted = |figure: &&Figure| match named.is_empty() {
        true => !figure.only_by_name,
        false => named.iter().any(|name| name == figure.name),
    };
    let mut exit = ExitCode::SUCCESS;
    let bench = match Bench::new() {
        Ok(bench) => bench,
        Err(error) => {
            eprintln!("error: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    for figure in FIGURES.iter().filter(is_wanted) {
        if let Err(error) = (figure.run)(&bench) {
            line(&format!("{:<12} WRONG: {error:#}", figure.name));
            exit = ExitCode::FAILURE;
        }
    }
    exit
}
