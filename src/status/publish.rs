//! Hands what was computed to whoever shows it. The one effect of this module.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::status::Report;

/// What there is to show.
#[derive(Debug, Clone)]
pub struct Published {
    /// The report on the last pass; nothing before the first.
    pub report: Option<Arc<Report>>,
    /// The plan of the last pass, fit to be shown.
    pub plan: Option<Arc<Value>>,
    /// Has a pass observed everything there is to observe, at any time since the start?
    pub observed: bool,
    /// When the loop last moved.
    pub moved: Instant,
}

/// The sending end.
#[derive(Debug)]
pub struct Publisher(watch::Sender<Published>);

impl Publisher {
    /// Both ends; nothing is published yet.
    pub fn new() -> (Self, watch::Receiver<Published>) {
        let nothing =
            Published { report: None, plan: None, observed: false, moved: Instant::now() };
        let (sender, receiver) = watch::channel(nothing);
        (Self(sender), receiver)
    }

    /// The loop is alive.
    pub fn move_on(&self) {
        self.0.send_modify(|published| published.moved = Instant::now());
    }

    /// A pass is over. A plan that is not given stays the one before.
    pub fn publish(&self, report: Arc<Report>, plan: Option<Arc<Value>>) {
        self.0.send_modify(|published| {
            published.observed |= report.last_pass.result.is_observed();
            published.report = Some(report);
            published.plan = plan.or_else(|| published.plan.take());
            published.moved = Instant::now();
        });
    }
}
