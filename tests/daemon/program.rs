//! The real program as a process: started, told to end or killed, and what it said.

use std::io::{Read, Write};
use std::process::{Child, Command};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

/// No process of these tests works for as long: something hangs.
const LONGEST: Duration = Duration::from_secs(120);

/// Waits for an event that must come, and names it if it does not.
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match timeout(LONGEST, future).await {
        Ok(value) => value,
        Err(_) => panic!("nothing came: {what}"),
    }
}

/// How a process ended, and what it said.
#[derive(Debug)]
pub struct Ended {
    /// -1 where a signal ended it.
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

/// A program that is running; ended with the test that started it.
pub struct Daemon {
    child: Child,
    out: watch::Receiver<String>,
    err: watch::Receiver<String>,
}

impl Daemon {
    pub fn of(mut command: Command) -> Self {
        let mut child = command.spawn().expect("the program starts");
        let out = said(child.stdout.take().expect("a standard output"));
        let err = said(child.stderr.take().expect("a standard error"));
        Self { child, out, err }
    }

    /// Waits until it has said this on standard error.
    pub async fn until_said(&mut self, text: &str) {
        let said = self.err.wait_for(|said| said.contains(text));
        assert!(
            soon(text, said).await.is_ok(),
            "it ended and never said: {text}"
        );
    }

    /// Sends it a signal by name.
    pub fn signal(&self, name: &str) {
        let text = format!(
            "kill -{} {}",
            name.trim_start_matches("SIG"),
            self.child.id()
        );
        let sent = Command::new("/bin/sh").args(["-c", &text]).status();
        assert!(sent.expect("a shell").success(), "the signal was not sent");
    }

    /// Ends it at once, as a power cut would, and says whether it was still running.
    pub fn kill(&mut self) -> bool {
        let was_running = !self.is_over();
        self.child.kill().expect("it dies");
        self.child.wait().expect("a status");
        was_running
    }

    /// Gives it something on standard input, and no more after that.
    pub fn hears(&mut self, input: &str) {
        if let Some(mut stdin) = self.child.stdin.take() {
            // A program that reads nothing closes it, which is no error here.
            let _ = stdin.write_all(input.as_bytes());
        }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn is_over(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Returns when it has ended, with what it said last.
    pub async fn until_ended(&mut self) -> String {
        while self.err.changed().await.is_ok() {}
        self.err.borrow().clone()
    }

    /// Waits for its end.
    pub async fn end(mut self) -> Ended {
        // The senders are dropped when all has been read, which is when the process is gone.
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

/// Reads what a program says, so that it never waits for a reader.
fn said(mut from: impl Read + Send + 'static) -> watch::Receiver<String> {
    let (say, said) = watch::channel(String::new());
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            let text = String::from_utf8_lossy(&buffer[..count]).into_owned();
            say.send_modify(|said| said.push_str(&text));
        }
    });
    said
}
