//! When the next pass is due, if nothing else asks for one earlier.

use std::time::Duration;

use crate::status::{DifferenceState, PassResult, Report, WakeReason};

/// The first wait after a pass that did not succeed: most throttles and busy answers are over by then.
const RETRY_MIN: Duration = Duration::from_millis(750);

/// The longest: an outage that lasts should cost a dozen calls an hour, not more, and its end be
/// noticed before people start to ask.
const RETRY_MAX: Duration = Duration::from_mins(5);

/// Doublings after which the longest wait is reached: 750 ms × 2⁹ is more than 5 minutes.
const DOUBLINGS_MAX: u32 = 9;

/// How long after a pass that changed something it is checked. AWS shows its own writes within a
/// second or so; looking earlier would often find the old state and write again.
const FOLLOW_UP: Duration = Duration::from_secs(1);

/// Follow-ups in a row, after which something undoes what is done as fast as it is done, and there is
/// no hurry any more. An organization set up from nothing takes three or four.
const FOLLOW_UPS_MAX: u32 = 10;

/// The first wait for what AWS is at work on; operations on a few accounts take a minute or two. It doubles ...
const WATCH_MIN: Duration = Duration::from_secs(5);

/// ... up to this: what takes hours is looked at sixty times in one, and what ends is seen within a minute.
const WATCH_MAX: Duration = Duration::from_mins(1);

/// Share of the interval by which the timer varies in either direction, so that daemons that were
/// started together do not ask AWS together for ever. With 5 % of 5 minutes, 30 seconds apart after a
/// few passes.
const JITTER: f64 = 0.05;

/// Counts passes without success. One organization, one key.
#[derive(Debug)]
pub(in crate::controller) struct Backoff {
    interval: Duration,
    failures: u32,
    follow_ups: u32,
    watches: u32,
}

/// When a pass is due and what it will be said to be caused by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::controller) struct Due {
    pub(in crate::controller) after: Duration,
    pub(in crate::controller) because: WakeReason,
}

impl Due {
    /// The same, or a second look within `after`.
    pub(in crate::controller) fn at_latest(self, after: Duration) -> Self {
        if self.after <= after { self } else { Self { after, because: WakeReason::FollowUp } }
    }
}

/// What the end of a pass asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    /// To be confirmed soon.
    FollowUp,
    /// AWS is at work, and will have finished before long.
    Watch,
    /// To be tried again, later each time.
    Retry,
    /// Nothing: time, git or a person will bring the next change.
    Interval,
}

impl Backoff {
    pub(in crate::controller) fn new(interval: Duration) -> Self {
        Self { interval, failures: 0, follow_ups: 0, watches: 0 }
    }

    /// When the pass after the one with this report is due.
    pub(in crate::controller) fn next(&mut self, report: &Report, progress: Progress) -> Due {
        let differences = report.documents.iter().flat_map(|document| &document.differences);
        let states = differences.map(|difference| difference.state);
        self.due(need(report.last_pass.result, states, progress))
    }

    fn due(&mut self, need: Need) -> Due {
        match need {
            Need::FollowUp if self.follow_ups < FOLLOW_UPS_MAX => {
                self.follow_ups += 1;
                Due { after: FOLLOW_UP, because: WakeReason::FollowUp }
            }
            Need::Watch => Due { after: self.watch(), because: WakeReason::FollowUp },
            Need::FollowUp | Need::Retry => Due { after: self.retry(), because: WakeReason::Retry },
            Need::Interval => {
                (self.failures, self.follow_ups, self.watches) = (0, 0, 0);
                let factor = 1.0 - JITTER + 2.0 * JITTER * fastrand::f64();
                Due { after: self.interval.mul_f64(factor), because: WakeReason::Timer }
            }
        }
    }

    /// Never later than the timer.
    fn watch(&mut self) -> Duration {
        let doubled = WATCH_MIN * 2_u32.pow(self.watches.min(DOUBLINGS_MAX));
        self.watches = self.watches.saturating_add(1);
        doubled.min(WATCH_MAX).min(self.interval)
    }

    /// Half of the wait is certain, half is chance.
    fn retry(&mut self) -> Duration {
        let doubled = RETRY_MIN * 2_u32.pow(self.failures.min(DOUBLINGS_MAX));
        self.failures = self.failures.saturating_add(1);
        doubled.min(RETRY_MAX).mul_f64(0.5 + 0.5 * fastrand::f64())
    }
}

/// Has a pass brought anything? Doing the same again and again is no progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::controller) enum Progress {
    /// Its plan was another than the one before.
    Moved,
    /// Its plan was the one before.
    Stuck,
}

/// The one place that decides whether trying again soon makes sense.
fn need(
    result: PassResult,
    states: impl Iterator<Item = DifferenceState>,
    progress: Progress,
) -> Need {
    match result {
        PassResult::Incomplete | PassResult::Unobserved => return Need::Retry,
        PassResult::InSync | PassResult::NoDesiredState => return Need::Interval,
        PassResult::Changed | PassResult::Drifted | PassResult::Failed => {}
    }
    let needs = states.map(|state| match state {
        DifferenceState::Changed | DifferenceState::Confirming => match progress {
            Progress::Moved => Need::FollowUp,
            Progress::Stuck => Need::Retry,
        },
        DifferenceState::InProgress => Need::Watch,
        DifferenceState::Retrying => Need::Retry,
        // AWS would refuse again, and who reads the status can change that.
        DifferenceState::Refused
        | DifferenceState::Blocked
        | DifferenceState::AwaitingApproval
        | DifferenceState::Reported
        | DifferenceState::Pending => Need::Interval,
    });
    // What failed waits for its turn even if something else succeeded: there is no retry storm.
    needs
        .reduce(|one, other| match (one, other) {
            (Need::Retry, _) | (_, Need::Retry) => Need::Retry,
            (Need::FollowUp, _) | (_, Need::FollowUp) => Need::FollowUp,
            (Need::Watch, _) | (_, Need::Watch) => Need::Watch,
            (Need::Interval, Need::Interval) => Need::Interval,
        })
        .unwrap_or(Need::Interval)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Backoff, FOLLOW_UP, Need, Progress, RETRY_MAX, RETRY_MIN, WATCH_MIN, need};
    use crate::status::{DifferenceState, PassResult};

    #[test]
    fn what_a_pass_left_decides_when_to_look_again() {
        use DifferenceState::{
            AwaitingApproval, Blocked, Changed, Confirming, InProgress, Pending, Refused, Reported,
            Retrying,
        };
        let moved = Progress::Moved;
        for (result, states, progress, expected) in [
            (PassResult::InSync, vec![], moved, Need::Interval),
            (PassResult::NoDesiredState, vec![], moved, Need::Interval),
            (PassResult::Incomplete, vec![], moved, Need::Retry),
            (PassResult::Unobserved, vec![Changed], moved, Need::Retry),
            (PassResult::Changed, vec![Changed], moved, Need::FollowUp),
            (PassResult::Changed, vec![Confirming], moved, Need::FollowUp),
            // The same changes a second time: AWS does not keep them, or somebody undoes them.
            (PassResult::Changed, vec![Changed], Progress::Stuck, Need::Retry),
            (PassResult::Failed, vec![Changed, Retrying], moved, Need::Retry),
            (PassResult::Failed, vec![Refused], moved, Need::Interval),
            (PassResult::Failed, vec![Refused, Changed], moved, Need::FollowUp),
            (PassResult::Drifted, vec![Blocked, AwaitingApproval], moved, Need::Interval),
            (PassResult::Drifted, vec![Reported, Pending], moved, Need::Interval),
            (PassResult::Changed, vec![InProgress], moved, Need::Watch),
            (PassResult::Changed, vec![InProgress], Progress::Stuck, Need::Watch),
            (PassResult::Drifted, vec![InProgress, Blocked], Progress::Stuck, Need::Watch),
            (PassResult::Failed, vec![InProgress, Retrying], moved, Need::Retry),
        ] {
            let found = need(result, states.clone().into_iter(), progress);
            assert_eq!(found, expected, "{result} {states:?} {progress:?}");
        }
    }

    #[test]
    fn a_fight_over_an_object_is_not_fought_every_second() {
        let mut backoff = Backoff::new(Duration::from_mins(5));
        let hour = Duration::from_hours(1);
        let (mut elapsed, mut passes) = (Duration::ZERO, 0);
        while elapsed < hour {
            elapsed += backoff.due(Need::FollowUp).after;
            passes += 1;
        }
        assert!((20..60).contains(&passes), "{passes} passes in an hour");
        backoff.due(Need::Interval);
        assert_eq!(backoff.due(Need::FollowUp).after, FOLLOW_UP);
    }

    #[test]
    fn what_aws_is_at_work_on_is_looked_at_soon_and_not_all_the_time() {
        let mut backoff = Backoff::new(Duration::from_mins(5));
        let waits: Vec<u64> = (0..6).map(|_| backoff.due(Need::Watch).after.as_secs()).collect();
        assert_eq!(waits, [5, 10, 20, 40, 60, 60]);
        backoff.due(Need::Interval);
        assert_eq!(backoff.due(Need::Watch).after, WATCH_MIN);
        let mut hasty = Backoff::new(Duration::from_secs(2));
        assert_eq!(hasty.due(Need::Watch).after, Duration::from_secs(2));
    }

    #[test]
    fn the_timer_varies_around_the_interval() {
        let interval = Duration::from_mins(5);
        let mut backoff = Backoff::new(interval);
        let waits: Vec<Duration> = (0..100).map(|_| backoff.due(Need::Interval).after).collect();
        assert!(waits.iter().all(|wait| (285..=315).contains(&wait.as_secs())), "{waits:?}");
        assert!(waits.iter().any(|wait| *wait < interval));
        assert!(waits.iter().any(|wait| *wait > interval));
    }

    #[test]
    fn retries_come_later_each_time_and_never_later_than_the_cap() {
        let mut backoff = Backoff::new(Duration::from_mins(5));
        let mut longest = RETRY_MIN;
        for _ in 0..40 {
            let wait = backoff.retry();
            assert!(wait >= longest / 2 && wait <= longest, "{wait:?} of {longest:?}");
            longest = (longest * 2).min(RETRY_MAX);
        }
        assert_eq!(longest, RETRY_MAX);
    }
}
