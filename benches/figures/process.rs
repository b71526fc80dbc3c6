//! Runs the program and the simulator as separate processes, so that the CPU time of each is measured separately.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use soracrawl::clock::Clock;
use soracrawl::sim::DEFAULT_KEY;
use tempfile::TempDir;

use crate::http::Connection;

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_soracrawl");
/// Linux reports CPU times of processes in hundredths of a second.
const TICKS_PER_SECOND: f64 = 100.0;
/// Interval at which a process is sampled; the last sample contains its peak memory.
const LOOK: Duration = Duration::from_millis(5);

/// Resource usage of a process from its start to its end.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    /// Unix seconds.
    pub started_at: f64,
    pub wall_seconds: f64,
    pub cpu_seconds: f64,
    pub peak_megabytes: f64,
}

/// A child process that is killed when this value is dropped.
struct Guarded(Child);

impl Drop for Guarded {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs a command to its end and measures it. Writes its standard error to `said`; a failed command is an error.
pub fn measure(mut command: Command, said: &Path) -> Result<Usage> {
    let (started_at, started) = (Clock::real().now(), Instant::now());
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(said)?)
        .spawn()?;
    let mut child = Guarded(child);
    let id = child.0.id();
    let mut peak_megabytes = 0.0;
    // A zombie process keeps its CPU times but not its memory, so sample the memory until the process ends.
    let cpu_seconds = loop {
        if let Some(megabytes) = peak_of(id)? {
            peak_megabytes = megabytes;
        }
        let (state, cpu_seconds) = state_of(id)?;
        if state == "Z" {
            break cpu_seconds;
        }
        std::thread::sleep(LOOK);
    };
    let wall_seconds = started.elapsed().as_secs_f64();
    let status = child.0.wait()?;
    if !status.success() {
        bail!("{status}: {}", std::fs::read_to_string(said)?);
    }
    Ok(Usage {
        started_at,
        wall_seconds,
        cpu_seconds,
        peak_megabytes,
    })
}

/// Returns the peak memory of a process in megabytes; `None` if the process has ended.
fn peak_of(id: u32) -> Result<Option<f64>> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let Some(kilobytes) = line.and_then(|line| line.trim().strip_suffix(" kB")) else {
        return Ok(None);
    };
    Ok(Some(kilobytes.parse::<f64>()? * 1024.0 / 1e6))
}

/// Returns the state of a process and its CPU time in seconds.
fn state_of(id: u32) -> Result<(String, f64)> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
    // The process name may contain any character; it ends at the last parenthesis.
    let (_, rest) = stat.rsplit_once(") ").context("a name")?;
    let words: Vec<&str> = rest.split(' ').collect();
    let [state, .., user, system] = words.get(..13).context("times")? else {
        bail!("too few fields in /proc stat: {stat}");
    };
    let ticks = user.parse::<f64>()? + system.parse::<f64>()?;
    Ok(((*state).to_owned(), ticks / TICKS_PER_SECOND))
}

/// A simulator in a separate process.
pub struct Remote {
    child: Guarded,
    address: String,
    /// Kept open, so that the simulator can write further output.
    _out: BufReader<ChildStdout>,
}

impl Remote {
    /// Starts a simulator, and waits until it has rendered its pages and accepts calls.
    pub fn start(options: &[&str]) -> Result<Self> {
        let child = Command::new(PROGRAM)
            .args(["sim", "--port", "0"])
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut child = Guarded(child);
        let mut out = BufReader::new(child.0.stdout.take().context("a standard output")?);
        let mut said = String::new();
        while !said.contains("the bill: ") {
            ensure!(out.read_line(&mut said)? > 0, "the simulator ended: {said}");
        }
        let (_, rest) = said.split_once("http://").context("an address")?;
        let address = rest.lines().next().context("an address")?.to_owned();
        Ok(Self {
            child,
            address,
            _out: out,
        })
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    pub fn cpu_seconds(&self) -> Result<f64> {
        Ok(state_of(self.child.0.id())?.1)
    }

    /// Requests one of the simulator's own routes, for example `/sim/log`.
    pub fn ask(&self, path: &str) -> Result<serde_json::Value> {
        let (status, body) = Connection::open(&self.address)?.get(path)?;
        ensure!(status == 200, "{path}: {status}");
        Ok(serde_json::from_slice(&body)?)
    }
}

/// A folder with a configuration in which the program runs.
pub struct Site {
    folder: TempDir,
}

impl Site {
    /// Writes the configuration: the lines common to all figures, then `keys`.
    pub fn new(address: &str, keys: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let archive = folder.path().join("a.db");
        let text = format!(
            "archive.path = {archive:?}\napi.base_url = \"http://{address}\"\nlog.level = \"warn\"\n{keys}\n"
        );
        std::fs::write(folder.path().join("crawler.toml"), text)?;
        Ok(Self { folder })
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn archive(&self) -> PathBuf {
        self.file("a.db")
    }

    /// Runs a command of the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Result<Usage> {
        let mut command = Command::new(PROGRAM);
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("TIKHUB_API_KEY", DEFAULT_KEY);
        measure(command, &self.file("said")).with_context(|| arguments.join(" "))
    }

    /// Seeds users, crawls until the queue is empty, and returns the usage of the crawl.
    pub fn crawl(&self, users: &[String]) -> Result<Usage> {
        std::fs::write(self.file("users"), users.join("\n"))?;
        self.run(&["seed", "users", "--file", "users"])?;
        self.run(&["run", "--until-idle", "--yes"])
    }
}

/// A crawl, with its measurements.
pub struct Crawled {
    pub site: Site,
    pub usage: Usage,
    pub remote: Remote,
    /// CPU time of the simulator during the crawl.
    pub remote_cpu_seconds: f64,
    pub rows: i64,
}
