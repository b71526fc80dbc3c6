//! Retries of writes while the archive cannot be written.

use std::time::Duration;

use super::Signals;
use crate::store::{Error, Result};

/// Delay before a retry.
const PAUSE: Duration = Duration::from_millis(500);

/// Retries a write until the archive is writable or a signal arrives. Tries only once if the process is already
/// `shutting_down`. The next run repairs what was not written.
///
/// # Errors
/// Returns the error of the write, or `Unwritable` if a signal ended the wait.
pub async fn retry_until_writable<T>(
    signals: &mut Signals,
    shutting_down: bool,
    write: impl AsyncFn() -> Result<T>,
) -> Result<T> {
    let mut has_said = false;
    loop {
        match write().await {
            Err(Error::Unwritable(why)) if !shutting_down => {
                if !std::mem::replace(&mut has_said, true) {
                    tracing::error!(%why, "the archive cannot be written; retrying");
                }
                tokio::select! {
                    () = tokio::time::sleep(PAUSE) => {}
                    _ = signals.next() => return Err(Error::Unwritable(why)),
                }
            }
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::retry_until_writable;
    use crate::daemon::Signals;
    use crate::store::Error;

    /// Returns whether a write with this number of failures succeeds, and the number of attempts.
    async fn tried(failures: u32, shutting_down: bool) -> (bool, u32) {
        let tries = Cell::new(0);
        let mut signals = Signals::listen().unwrap();
        let written = retry_until_writable(&mut signals, shutting_down, async || {
            tries.set(tries.get() + 1);
            if tries.get() > failures {
                Ok(())
            } else {
                Err(Error::Unwritable("locked".to_owned()))
            }
        });
        (written.await.is_ok(), tries.get())
    }

    #[tokio::test]
    async fn a_failed_write_is_retried_until_it_succeeds() {
        assert_eq!(tried(2, false).await, (true, 3));
    }

    #[tokio::test]
    async fn a_write_during_shutdown_is_tried_once() {
        assert_eq!(tried(1, true).await, (false, 1));
        assert_eq!(tried(0, true).await, (true, 1));
    }
}
