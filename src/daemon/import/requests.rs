//! What operators ask while an import runs.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::config::Config;
use crate::crawl::{Engine, StopCause};
use crate::daemon::Signals;
use crate::daemon::control::Control;
use crate::daemon::current::Current;
use crate::daemon::reload::Reload;

/// How often requests are looked for while a file has nothing to say.
const LOOK: Duration = Duration::from_secs(1);

/// The requests to an import. It carries them out between two groups of replies, and while jobs take their pages.
pub(super) struct Requests {
    control: Control,
    looks: Interval,
}

impl Requests {
    pub(super) fn new(engine: &Arc<Engine>, config: &Config) -> Self {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let refused = "an import runs, and ends with the configuration that it began with";
        Self {
            control: Control {
                engine: engine.clone(),
                current: Current::new(config.clone()),
                reload: Some(Reload {
                    load: Box::new(move || Err(refused.to_owned())),
                    set_log: Box::new(|_| Ok(())),
                }),
            },
            looks,
        }
    }

    /// Returns whether requests wait.
    pub(super) async fn are_waiting(&self) -> bool {
        match self.control.engine.parts.store.asked().await {
            Ok(asked) => !asked.is_empty(),
            Err(error) => {
                tracing::warn!(%error, "the requests of the operator cannot be read");
                false
            }
        }
    }

    /// Waits until it is time to look for requests again.
    pub(super) async fn until_next_look(&mut self) {
        self.looks.tick().await;
    }

    /// Carries out the requests that wait. No reply may wait to be kept: an answer says that each further one is kept without
    /// the people who were erased.
    pub(super) async fn carry_out(&self) {
        self.control.carry_out_waiting().await;
    }

    /// Carries out requests during some work. A signal stops the engine. Returns what came of the work, and whether there was
    /// a signal.
    pub(super) async fn carry_out_during<T>(
        self,
        work: impl Future<Output = T>,
        signals: &mut Signals,
    ) -> (T, bool) {
        let engine = self.control.engine.clone();
        let work = async {
            tokio::pin!(work);
            let done = tokio::select! {
                done = &mut work => (done, false),
                _ = signals.next() => {
                    engine.stop(StopCause::Signal);
                    (work.await, true)
                }
            };
            // Ends the other part, after the request that it carries out.
            engine.stop(StopCause::Idle);
            done
        };
        tokio::join!(work, self.control.listen()).0
    }
}
