//! The real program as a process: start, signals, kill, and output.

use std::io::{Read, Write};
use std::process::{Child, Command};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

/// Timeout of every wait. No process of these tests runs that long unless it hangs.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Waits for a future. Panics with `what` after the timeout.
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match timeout(TIMEOUT, future).await {
        Ok(value) => value,
        Err(_) => panic!("timeout while waiting for: {what}"),
    }
}

/// The exit code and the output of a process.
#[derive(Debug)]
pub struct Ended {
    /// -1 if a signal ended the process.
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ended {
    #[track_caller]
    pub fn with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "out: {}\nerr: {}", self.out, self.err);
        self
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).expect("JSON on standard output")
    }
}

/// A running program, killed when dropped.
pub struct Daemon {
    child: Child,
    out: watch::Receiver<String>,
    err: watch::Receiver<String>,
}

impl Daemon {
    pub fn of(mut command: Command) -> Self {
        let mut child = command.spawn().expect("the program starts");
        let out = collect(child.stdout.take().expect("a pipe of standard output"));
        let err = collect(child.stderr.take().expect("a pipe of standard error"));
        Self { child, out, err }
    }

    /// Waits until standard error contains the text.
    pub async fn until_logged(&mut self, text: &str) {
        let found = self.err.wait_for(|output| output.contains(text));
        assert!(
            soon(text, found).await.is_ok(),
            "the process ended without the text: {text}"
        );
    }

    /// Sends a signal by name.
    pub fn signal(&self, name: &str) {
        let text = format!(
            "kill -{} {}",
            name.trim_start_matches("SIG"),
            self.child.id()
        );
        let sent = Command::new("/bin/sh").args(["-c", &text]).status();
        assert!(sent.expect("a shell").success(), "the signal was not sent");
    }

    /// Kills the process with SIGKILL. Returns whether it was still running.
    pub fn kill(&mut self) -> bool {
        let was_running = !self.has_exited();
        self.child.kill().expect("the process is killed");
        self.child.wait().expect("a status");
        was_running
    }

    /// Writes to standard input and closes it.
    pub fn write_stdin(&mut self, input: &str) {
        if let Some(mut stdin) = self.child.stdin.take() {
            // A program that does not read standard input may close it; this is not an error.
            let _ = stdin.write_all(input.as_bytes());
        }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn has_exited(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits until the process ends. Returns its standard error.
    pub async fn until_exit(&mut self) -> String {
        while self.err.changed().await.is_ok() {}
        self.err.borrow().clone()
    }

    /// Waits until the process ends. Returns its exit code and output.
    pub async fn end(mut self) -> Ended {
        // The senders are dropped when all output is read, which is after the process has ended.
        while soon("the end of a program", self.out.changed())
            .await
            .is_ok()
        {}
        while soon("the end of a program", self.err.changed())
            .await
            .is_ok()
        {}
        let status = self.child.wait().expect("a status");
        Ended {
            code: status.code().unwrap_or(-1),
            out: self.out.borrow().clone(),
            err: self.err.borrow().clone(),
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Collects output on a thread, so that the program never blocks on a full pipe.
fn collect(mut from: impl Read + Send + 'static) -> watch::Receiver<String> {
    let (sender, output) = watch::channel(String::new());
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            let text = String::from_utf8_lossy(&buffer[..count]).into_owned();
            sender.send_modify(|output| output.push_str(&text));
        }
    });
    output
}
