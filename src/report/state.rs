//! What a daemon does now, in one word.

/// What a daemon does now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// No daemon has run yet.
    #[default]
    New,
    /// A daemon prepares the archive, or waits for an answer at its prompt.
    Starting,
    Working,
    /// Nothing is to be done.
    Idle,
    /// A cooldown, a retry or a budget of the day.
    Waiting,
    /// An operator has paused it.
    Paused,
    /// Jobs are ready, and nothing was kept for a long time.
    Stalled,
    /// It gives no sign of life, although its process exists.
    Stuck,
    /// It ended.
    Stopped,
    /// Its process is gone without an end.
    Died,
}

impl State {
    pub const ALL: [Self; 10] = [
        Self::New,
        Self::Starting,
        Self::Working,
        Self::Idle,
        Self::Waiting,
        Self::Paused,
        Self::Stalled,
        Self::Stuck,
        Self::Stopped,
        Self::Died,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Starting => "starting",
            Self::Working => "working",
            Self::Idle => "idle",
            Self::Waiting => "waiting",
            Self::Paused => "paused",
            Self::Stalled => "stalled",
            Self::Stuck => "stuck",
            Self::Stopped => "stopped",
            Self::Died => "died",
        }
    }

    /// Returns whether a daemon is there and gives signs of life.
    #[must_use]
    pub fn is_alive(self) -> bool {
        matches!(
            self,
            Self::Working | Self::Idle | Self::Waiting | Self::Paused | Self::Stalled
        )
    }
}
