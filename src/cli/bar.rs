//! One progress bar on a terminal, for a command that knows how much it has to read.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::logging;
use super::table::counted;

const REFRESH: Duration = Duration::from_millis(200);

/// A bar, or nothing if nobody looks at it.
pub(super) struct Bar {
    bars: Option<MultiProgress>,
    task: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

impl Bar {
    /// Starts to draw. `look` returns the position, the length and the number of replies.
    pub(super) fn start(
        what: &'static str,
        look: impl Fn() -> (u64, u64, u64) + Send + 'static,
    ) -> Self {
        if !std::io::stderr().is_terminal() || logging::is_dumb() {
            return Self {
                bars: None,
                task: None,
            };
        }
        let bars = MultiProgress::new();
        let bar = bars.add(ProgressBar::new(0));
        let style = ProgressStyle::with_template(
            "{prefix} {wide_bar} {bytes}/{total_bytes} {msg}, {eta} to go",
        );
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_prefix(what);
        let (end, mut ended) = oneshot::channel();
        let task = tokio::spawn(async move {
            loop {
                let (position, length, replies) = look();
                bar.set_length(length);
                bar.set_position(position);
                bar.set_message(counted(replies, "reply").replace("replys", "replies"));
                tokio::select! {
                    () = tokio::time::sleep(REFRESH) => {}
                    _ = &mut ended => break,
                }
            }
            bar.finish_and_clear();
        });
        Self {
            bars: Some(bars),
            task: Some((end, task)),
        }
    }

    /// Returns what log lines must be written through.
    pub(super) fn bars(&self) -> Option<&MultiProgress> {
        self.bars.as_ref()
    }

    /// Removes the bar.
    pub(super) async fn end(self) {
        if let Some((end, task)) = self.task {
            let _ = end.send(());
            let _ = task.await;
        }
    }
}
