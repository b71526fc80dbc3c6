//! The signals that end a run.

use futures_util::FutureExt;

/// Makes the system return an error when a file reaches its largest size (`ulimit -f`). Otherwise SIGXFSZ ends the process without
/// a word.
///
/// # Errors
/// Returns an error if the system refuses a signal handler.
pub fn outlive_full_files() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        // The handler stays when nobody listens.
        drop(signal(SignalKind::from_raw(
            rustix::process::Signal::XFSZ.as_raw(),
        ))?);
    }
    Ok(())
}

/// SIGINT, SIGTERM, SIGHUP and SIGQUIT. After `listen` they no longer end the process by themselves. SIGHUP stays ignored
/// if it was ignored at the start, as `nohup` does.
pub struct Signals {
    #[cfg(unix)]
    listeners: Vec<(&'static str, tokio::signal::unix::Signal)>,
}

impl Signals {
    /// Starts to listen for the signals.
    ///
    /// # Errors
    /// Returns an error if the system refuses a signal handler.
    #[cfg(unix)]
    pub fn listen() -> anyhow::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut listeners = vec![
            ("SIGINT", signal(SignalKind::interrupt())?),
            ("SIGTERM", signal(SignalKind::terminate())?),
            ("SIGQUIT", signal(SignalKind::quit())?),
        ];
        if !is_hangup_ignored() {
            listeners.push(("SIGHUP", signal(SignalKind::hangup())?));
        }
        Ok(Self { listeners })
    }

    /// Waits for the next signal and returns its name.
    #[cfg(unix)]
    pub async fn next(&mut self) -> &'static str {
        std::future::poll_fn(|context| {
            for (name, listener) in &mut self.listeners {
                if listener.poll_recv(context).is_ready() {
                    return std::task::Poll::Ready(*name);
                }
            }
            std::task::Poll::Pending
        })
        .await
    }

    /// Returns whether a signal has come since the last look.
    pub fn has_come(&mut self) -> bool {
        self.next().now_or_never().is_some()
    }

    #[cfg(not(unix))]
    pub fn listen() -> anyhow::Result<Self> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    pub async fn next(&mut self) -> &'static str {
        let _ = tokio::signal::ctrl_c().await;
        "Ctrl-C"
    }
}

/// Returns whether the process ignores SIGHUP. The kernel tells it without a system call of its own.
#[cfg(unix)]
fn is_hangup_ignored() -> bool {
    std::fs::read_to_string("/proc/self/status").is_ok_and(|status| ignores_hangup(&status))
}

/// Returns whether SIGHUP, signal 1, is in the mask `SigIgn` of a process status.
#[cfg(unix)]
fn ignores_hangup(status: &str) -> bool {
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 != 0)
}

#[cfg(all(test, unix))]
mod tests {
    use super::ignores_hangup;

    #[test]
    fn the_first_bit_of_the_mask_is_sighup() {
        assert!(ignores_hangup("Name:\tx\nSigIgn:\t0000000000001001\n"));
        assert!(!ignores_hangup("Name:\tx\nSigIgn:\t0000000000001000\n"));
        assert!(!ignores_hangup("Name:\tx\n"));
    }
}
