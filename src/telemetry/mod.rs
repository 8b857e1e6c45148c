//! Logs: constant lower-case messages with fields, on standard error, as text or as JSON. With the feature
//! `otel` also spans, one a pass and one a change, for a collector of OpenTelemetry.

#[cfg(feature = "otel")]
mod otlp;

use std::io::IsTerminal;
use std::str::FromStr;

use tokio::runtime::Handle;
use tracing::Subscriber;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

/// How a log line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one object a line.
    Json,
}

/// Logs cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter is not one.
    #[error("`{filter}` is no log filter: write a level such as `info`, or `palisade=debug,warn`")]
    Filter {
        /// What was given.
        filter: String,
        /// What is wrong with it.
        #[source]
        source: tracing_subscriber::filter::ParseError,
    },
    /// Spans cannot be exported.
    #[error("can't export spans: {0}")]
    Exporter(String),
    /// Somebody has set logs up already.
    #[error("can't start logging")]
    Taken(#[source] tracing_subscriber::util::TryInitError),
}

/// Where a collector of OpenTelemetry takes OTLP over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtlpEndpoint(String);

/// No URL of a collector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write the collector's base URL, such as `http://localhost:4318`, without `/v1/traces`")]
pub struct InvalidEndpoint;

impl FromStr for OtlpEndpoint {
    type Err = InvalidEndpoint;

    fn from_str(text: &str) -> Result<Self, InvalidEndpoint> {
        let base = text.trim_end_matches('/');
        let rest = base.strip_prefix("http://").or_else(|| base.strip_prefix("https://"));
        let is_host = rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'));
        let is_odd = base.contains(['@', '?', '#']) || base.ends_with("/v1/traces");
        if !is_host || is_odd || !base.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidEndpoint);
        }
        Ok(Self(base.to_owned()))
    }
}

#[cfg(feature = "otel")]
impl OtlpEndpoint {
    /// Where spans go ("OTLP/HTTP Request", OpenTelemetry Protocol Specification).
    fn traces(&self) -> String {
        format!("{}/v1/traces", self.0)
    }

    fn is_plain(&self) -> bool {
        self.0.starts_with("http://")
    }
}

/// What is to be done with spans when the process ends.
#[derive(Debug, Default)]
#[must_use = "spans that are not sent yet are lost"]
pub struct Telemetry {
    #[cfg(feature = "otel")]
    spans: Option<opentelemetry_sdk::trace::SdkTracerProvider>,
}

impl Telemetry {
    /// Sends what is left. Waits for the collector, but not long; while the runtime is still there.
    pub fn finish(self) {
        #[cfg(feature = "otel")]
        if let Some(Err(error)) = self.spans.map(|spans| spans.shutdown()) {
            tracing::warn!(%error, "spans were not sent");
        }
    }
}

/// Starts logging to standard error. `filter` is a level, or directives as `tracing` knows them; `collector`
/// gets what passes it as spans, sent on `runtime`.
pub fn start(
    format: LogFormat,
    filter: &str,
    collector: Option<&OtlpEndpoint>,
    runtime: &Handle,
) -> Result<Telemetry, TelemetryError> {
    let directives = EnvFilter::try_new(filter)
        .map_err(|source| TelemetryError::Filter { filter: filter.to_owned(), source })?;
    let (telemetry, spans) = spans(collector, runtime)?;
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines = match format {
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry()
        .with(spans)
        .with(lines)
        .with(directives)
        .try_init()
        .map_err(TelemetryError::Taken)?;
    Ok(telemetry)
}

type Spans<S> = Option<Box<dyn Layer<S> + Send + Sync>>;

#[cfg(feature = "otel")]
fn spans<S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync>(
    collector: Option<&OtlpEndpoint>,
    runtime: &Handle,
) -> Result<(Telemetry, Spans<S>), TelemetryError> {
    let Some(endpoint) = collector else { return Ok((Telemetry::default(), None)) };
    let provider = otlp::provider(endpoint, runtime.clone())
        .map_err(|error| TelemetryError::Exporter(error.to_string()))?;
    let layer = tracing_opentelemetry::layer().with_tracer(otlp::tracer(&provider)).boxed();
    Ok((Telemetry { spans: Some(provider) }, Some(layer)))
}

#[cfg(not(feature = "otel"))]
fn spans<S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync>(
    collector: Option<&OtlpEndpoint>,
    _: &Handle,
) -> Result<(Telemetry, Spans<S>), TelemetryError> {
    match collector {
        None => Ok((Telemetry::default(), None)),
        Some(_) => Err(TelemetryError::Exporter(
            "this build knows no OpenTelemetry: build it with `--features otel`".to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::{InvalidEndpoint, OtlpEndpoint};

    #[test]
    fn a_collector_is_named_by_the_url_that_its_paths_are_below() {
        for good in ["http://localhost:4318", "https://otel.example.com/", "http://[::1]:4318/base"]
        {
            assert!(good.parse::<OtlpEndpoint>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "localhost:4318",
            "grpc://localhost:4317",
            "http://",
            "http:///v1",
            "http://localhost:4318/v1/traces",
            "http://user:secret@localhost:4318",
            "http://localhost:4318/\r\nx: y",
        ] {
            assert_eq!(bad.parse::<OtlpEndpoint>(), Err(InvalidEndpoint), "{bad}");
        }
    }
}
