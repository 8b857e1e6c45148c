//! Time: the only place that reads the wall clock.
//!
//! Durations and timers use tokio's clock, which tests pause and advance and which no jump of the
//! system clock reaches. The wall clock only dates things and ends suspensions.

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// A source of wall-clock time.
#[derive(Debug, Clone, Copy)]
pub enum Clock {
    /// The system's.
    System,
    /// Starts at a fixed time and follows tokio's clock, so that paused time can be advanced.
    Virtual {
        /// The time it showed at `since`.
        start: Timestamp,
        /// When it was started.
        since: Instant,
    },
}

impl Clock {
    /// A clock that shows `start` now.
    pub fn starting_at(start: Timestamp) -> Self {
        Self::Virtual { start, since: Instant::now() }
    }

    /// Now, as people tell time.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the wall clock"
    )]
    pub fn now(self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            Self::Virtual { start, since } => {
                let passed =
                    SignedDuration::try_from(since.elapsed()).unwrap_or(SignedDuration::ZERO);
                start.checked_add(passed).unwrap_or(start)
            }
        }
    }
}
