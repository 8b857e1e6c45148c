//! The series of the events queue.

use prometheus::IntCounterVec;

use crate::metrics::Metrics;
use crate::metrics::family::{Building, Family};

#[derive(Debug)]
pub(in crate::metrics) struct EventFamilies {
    messages: IntCounterVec,
    reachable: Family,
    break_glass_used: IntCounterVec,
}

impl EventFamilies {
    pub(in crate::metrics) fn new(new: &Building<'_>) -> prometheus::Result<Self> {
        Ok(Self {
            messages: new.counters(
                "event_messages_total",
                "Messages of the events queue, by what became of them.",
                &["result"],
            )?,
            reachable: new.family(
                "event_queue_reachable",
                "1 while the events queue answers, 0 while it cannot be used. None without a queue.",
                &[],
            )?,
            break_glass_used: new.counters(
                "break_glass_used_total",
                "Uses of emergency access that events told of.",
                &["name"],
            )?,
        })
    }

    pub(in crate::metrics) fn start_at_zero(&self, results: &[&'static str]) {
        for result in results {
            self.messages.with_label_values(&[result]).reset();
        }
    }
}

impl Metrics {
    /// A message of the events queue came to this end.
    pub fn count_event_message(&self, result: &str) {
        self.events.messages.with_label_values(&[result]).inc();
    }

    /// How many events queues answer: 1 or 0.
    pub fn record_event_queue(&self, reachable: u8) {
        self.events.reachable.replace([(Vec::new(), f64::from(reachable))]);
    }

    /// Emergency access of the document `name` was used.
    pub fn count_break_glass_use(&self, name: &str) {
        self.events.break_glass_used.with_label_values(&[name]).inc();
    }

    /// The documents that declare emergency access: each has a series, from 0 on.
    pub fn record_break_glass<'a>(&self, names: impl IntoIterator<Item = &'a str>) {
        for name in names {
            let _exists = self.events.break_glass_used.with_label_values(&[name]);
        }
    }
}
