//! The world of `job`, crawled by this program and by a small Python script, in turn.
//!
//! The script keeps less: no raw replies, ledger, budget, history or attachments. Seconds mean little on a shared machine, so
//! each figure is a ratio of two runs that follow each other, and the median of some pairs.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use soracrawl::sim::DEFAULT_KEY;

use crate::job::floor_seconds;
use crate::process::{Usage, measure};
use crate::support::{Bench, Limit, float, median, note, say};
use crate::world::{self, PAGES};

/// Pairs of runs.
const PAIRS: usize = 3;
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/figures/peers");
/// The virtual environment with the packages of the script.
const ENVIRONMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/peers");

pub fn run(bench: &Bench) -> Result<()> {
    let python = python()?;
    let at_20_ms = pairs(bench, &python, 20)?;
    let ratio = |value: &dyn Fn(&Pair) -> f64, of: &[Pair]| median(of.iter().map(value).collect());
    let floor = floor_seconds();
    say(
        "peers",
        "job: wall time, by the waiting time",
        ratio(&|pair| pair.ours.wall_seconds / floor, &at_20_ms),
        "x",
        Limit::AtMost(1.25),
    );
    say(
        "peers",
        "job: CPU, by that of the script",
        ratio(
            &|pair| pair.ours.cpu_seconds / pair.script.cpu_seconds,
            &at_20_ms,
        ),
        "x",
        Limit::AtMost(0.5),
    );
    tell(&at_20_ms);
    let burst = pairs(bench, &python, 0)?;
    say(
        "peers",
        "burst: pages/s, by those of the script",
        ratio(
            &|pair| pair.script.wall_seconds / pair.ours.wall_seconds,
            &burst,
        ),
        "x",
        Limit::AtLeast(4.0),
    );
    tell(&burst);
    Ok(())
}

/// Two runs, one after the other.
struct Pair {
    ours: Usage,
    script: Usage,
}

fn pairs(bench: &Bench, python: &Path, latency_ms: u32) -> Result<Vec<Pair>> {
    let pair = |_| {
        let ours = world::crawl(bench, latency_ms)?.usage;
        let script = script(python, latency_ms)?;
        Ok(Pair { ours, script })
    };
    (0..PAIRS).map(pair).collect()
}

fn tell(pairs: &[Pair]) {
    for Pair { ours, script } in pairs {
        let words = |usage: &Usage| {
            format!(
                "{:.2} s, CPU {:.2} s, {:.0} MB",
                usage.wall_seconds, usage.cpu_seconds, usage.peak_megabytes
            )
        };
        note(
            "peers",
            &format!("soracrawl {}; script {}", words(ours), words(script)),
        );
    }
}

/// Runs the script in the world of `job`, and checks that it got each page once.
fn script(python: &Path, latency_ms: u32) -> Result<Usage> {
    let remote = world::remote(latency_ms)?;
    let folder = tempfile::tempdir()?;
    let users = folder.path().join("users");
    std::fs::write(&users, world::authors(&remote)?.join("\n"))?;
    let mut command = Command::new(python);
    command
        .arg(Path::new(FOLDER).join("script.py"))
        .arg(format!("http://{}", remote.address()))
        .arg(DEFAULT_KEY)
        .arg(&users)
        .arg(folder.path().join("script.db"));
    let usage = measure(command, &folder.path().join("said"))?;
    let total = &remote.ask("/sim/account")?["total"];
    let count = |name: &str| total[name].as_i64().context("a bill");
    ensure!(
        (count("billed")?, count("distinct")?) == (PAGES, PAGES),
        "the script bought {} pages, {} of them distinct, of {:.0}",
        count("billed")?,
        count("distinct")?,
        float(PAGES)
    );
    Ok(usage)
}

/// Returns the interpreter, after it has what the script needs.
fn python() -> Result<PathBuf> {
    let wanted = Path::new(FOLDER).join("requirements.txt");
    let environment = Path::new(ENVIRONMENT);
    let installed = environment.join("requirements.txt");
    let python = environment.join("bin/python");
    if std::fs::read(&installed).ok() != Some(std::fs::read(&wanted)?) {
        note(
            "peers",
            "installs the packages of the script in target/peers",
        );
        let run = |program: &Path, arguments: &[&str]| -> Result<()> {
            let status = Command::new(program)
                .args(arguments)
                .status()
                .with_context(|| program.display().to_string())?;
            ensure!(
                status.success(),
                "{} {arguments:?}: {status}",
                program.display()
            );
            Ok(())
        };
        run(
            Path::new("python3"),
            &["-m", "venv", "--clear", ENVIRONMENT],
        )?;
        let path = wanted.to_string_lossy();
        run(
            &python,
            &[
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--requirement",
                &path,
            ],
        )?;
        std::fs::copy(&wanted, &installed)?;
    }
    Ok(python)
}
