//! How series are made, and how those go that nothing speaks of any more.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use prometheus::core::Collector;
use prometheus::{Gauge, GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry};

/// Gauges of which only the label sets of the last update exist.
#[derive(Debug)]
pub(in crate::metrics) struct Family {
    gauges: GaugeVec,
    present: Mutex<BTreeSet<Vec<String>>>,
}

// === impl Family ===

impl Family {
    /// The label sets that exist.
    pub(in crate::metrics) fn present(&self) -> BTreeSet<Vec<String>> {
        lock(&self.present).clone()
    }

    /// Sets these, removes all others.
    pub(in crate::metrics) fn replace<'a>(
        &self,
        values: impl IntoIterator<Item = (Vec<&'a str>, f64)>,
    ) {
        let mut present = BTreeSet::new();
        for (labels, value) in values {
            self.gauges.with_label_values(&labels).set(value);
            present.insert(labels.into_iter().map(str::to_owned).collect());
        }
        let mut before = lock(&self.present);
        for gone in before.difference(&present) {
            let _absent = self.gauges.remove_label_values(gone);
        }
        *before = present;
    }
}

/// Makes series and puts them into a registry, with the common prefix.
pub(in crate::metrics) struct Building<'a> {
    registry: &'a Registry,
    /// Counters by name: two parts of the program may count the same.
    counters: RefCell<BTreeMap<String, IntCounterVec>>,
}

impl<'a> Building<'a> {
    pub(in crate::metrics) fn new(registry: &'a Registry) -> Self {
        Self { registry, counters: RefCell::default() }
    }

    pub(in crate::metrics) fn gauge(&self, name: &str, help: &str) -> prometheus::Result<Gauge> {
        self.registered(Gauge::with_opts(options(name, help))?)
    }

    pub(in crate::metrics) fn gauges(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> prometheus::Result<GaugeVec> {
        self.registered(GaugeVec::new(options(name, help), labels)?)
    }

    pub(in crate::metrics) fn family(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> prometheus::Result<Family> {
        Ok(Family { gauges: self.gauges(name, help, labels)?, present: Mutex::default() })
    }

    pub(in crate::metrics) fn counters(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> prometheus::Result<IntCounterVec> {
        if let Some(counters) = self.counters.borrow().get(name) {
            return Ok(counters.clone());
        }
        let counters = self.registered(IntCounterVec::new(options(name, help), labels)?)?;
        self.counters.borrow_mut().insert(name.to_owned(), counters.clone());
        Ok(counters)
    }

    pub(in crate::metrics) fn histograms(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
        buckets: &[f64],
    ) -> prometheus::Result<HistogramVec> {
        let options = HistogramOpts::from(options(name, help)).buckets(buckets.to_vec());
        self.registered(HistogramVec::new(options, labels)?)
    }

    fn registered<C: Collector + Clone + 'static>(&self, collector: C) -> prometheus::Result<C> {
        self.registry.register(Box::new(collector.clone()))?;
        Ok(collector)
    }
}

fn options(name: &str, help: &str) -> Opts {
    Opts::new(format!("palisade_{name}"), help)
}

pub(in crate::metrics) fn amount(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// A time, as Prometheus writes times.
pub(in crate::metrics) fn seconds(unix_seconds: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a second is exact for 280 million years")]
    let seconds = unix_seconds as f64;
    seconds
}

/// A panic elsewhere must not take the metrics with it.
pub(in crate::metrics) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
