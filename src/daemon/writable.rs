//! What the daemon still has to write when the archive cannot be written just now.

use std::time::Duration;

use super::Signals;
use crate::store::{Error, Result};

/// How long it waits before it tries again.
const PAUSE: Duration = Duration::from_millis(500);

/// Writes, and waits as long as the archive cannot be written. Only a signal ends the waiting; one who `shutting_down` to
/// end already tries once. Whatever is not written then, the next run puts right when it begins.
///
/// # Errors
/// What the write came to; `Unwritable` where the waiting was ended.
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
                    tracing::error!(%why, "the archive cannot be written; the end of the run waits for it");
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

    /// What a write comes to that fails so often first, and how often it was tried.
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
    async fn what_cannot_be_written_just_now_is_written_later() {
        assert_eq!(tried(2, false).await, (true, 3));
    }

    #[tokio::test]
    async fn one_who_is_told_to_end_tries_once() {
        assert_eq!(tried(1, true).await, (false, 1));
        assert_eq!(tried(0, true).await, (true, 1));
    }
}
