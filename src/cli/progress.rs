//! One line on a terminal while AWS is read: how many requests, and for how long. What is not a terminal
//! gets nothing.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior};

use crate::cli::console::Console;

/// Work that takes no longer needs no words.
const PATIENCE: Duration = Duration::from_secs(1);

/// Often enough to be seen to move.
const REDRAWN_EVERY: Duration = Duration::from_millis(200);

/// Back to the start of the line, and nothing left on it (ECMA-48, `CR` and `EL`).
const CLEAR: &str = "\r\u{1b}[2K";

/// Tells how far the reading is.
#[derive(Debug, Clone)]
pub(crate) struct Progress {
    console: Console,
    requests: Arc<AtomicU64>,
}

impl Progress {
    /// Tells on `console` how high `requests` has come.
    pub(crate) fn new(console: Console, requests: Arc<AtomicU64>) -> Self {
        Self { console, requests }
    }

    /// Waits for `work`, and tells of it if that takes a while. Nothing else may be said meanwhile.
    pub(crate) async fn during<F: Future>(&self, work: F) -> F::Output {
        if !self.console.is_watched() {
            return work.await;
        }
        let mut work = pin!(work);
        let start = Instant::now();
        let mut redraw = tokio::time::interval_at(start + PATIENCE, REDRAWN_EVERY);
        redraw.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                biased;
                done = &mut work => {
                    if start.elapsed() >= PATIENCE {
                        self.console.ask(CLEAR);
                    }
                    return done;
                }
                _ = redraw.tick() => {
                    let line = line(self.requests.load(Ordering::Relaxed), start.elapsed());
                    self.console.ask(&format!("{CLEAR}{line}"));
                }
            }
        }
    }
}

fn line(requests: u64, elapsed: Duration) -> String {
    format!("reading the organization: {requests} requests to AWS, {} s", elapsed.as_secs())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::{Progress, line};
    use crate::cli::console::Console;

    #[test]
    fn progress_tells_requests_and_seconds() {
        let line = line(57, Duration::from_millis(12_900));
        assert_eq!(line, "reading the organization: 57 requests to AWS, 12 s");
    }

    #[tokio::test]
    async fn what_is_waited_for_comes_back_where_nobody_watches() {
        let progress = Progress::new(Console::muted(), Arc::default());
        assert_eq!(progress.during(async { 7 }).await, 7);
    }
}
