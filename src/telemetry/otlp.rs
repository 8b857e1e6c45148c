//! Spans for a collector of OpenTelemetry: OTLP over HTTP, with the HTTP client of the SDK.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tokio::runtime::Handle;

use crate::telemetry::OtlpEndpoint;

/// For one batch of spans.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The name of the service, unless `OTEL_SERVICE_NAME` says another.
const SERVICE: &str = "palisade";

/// What makes spans and sends them. Sending is done on `runtime`, never by whoever makes a span.
pub(super) fn provider(
    endpoint: &OtlpEndpoint,
    runtime: Handle,
) -> Result<SdkTracerProvider, ExporterBuildError> {
    let client = Client { connector: Arc::new(connector(endpoint)), runtime };
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(client)
        .with_endpoint(endpoint.traces())
        .with_timeout(TIMEOUT)
        .build()?;
    let mut resource = Resource::builder();
    if std::env::var_os("OTEL_SERVICE_NAME").is_none() {
        resource = resource.with_service_name(SERVICE);
    }
    Ok(SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(resource.build())
        .build())
}

/// Makes the spans of palisade.
pub(super) fn tracer(provider: &SdkTracerProvider) -> SdkTracer {
    provider.tracer(SERVICE)
}

fn connector(endpoint: &OtlpEndpoint) -> Connector {
    // What goes in clear text goes to a collector nearby.
    let proxies =
        if endpoint.is_plain() { ProxyConfig::disabled() } else { ProxyConfig::from_env() };
    let builder = Connector::builder().proxy_config(proxies);
    builder.tls_provider(Provider::rustls(CryptoMode::Ring)).build()
}

/// The exporter works on a thread of its own, without a runtime: it waits there for what is sent here.
#[derive(Debug)]
struct Client {
    connector: Arc<Connector>,
    runtime: Handle,
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (parts, body) = request.into_parts();
        let request = Request::from_parts(parts, SdkBody::from(body.to_vec()));
        let request = HttpRequest::try_from(request)?;
        let connector = Arc::clone(&self.connector);
        // All of it: whoever waits here has no timers either.
        let sent = self.runtime.spawn(async move {
            tokio::time::timeout(TIMEOUT, exchange(&connector, request)).await?
        });
        sent.await?
    }
}

async fn exchange(
    connector: &Connector,
    request: HttpRequest,
) -> Result<Response<Bytes>, HttpError> {
    let answer = connector.call(request).await?;
    let status = answer.status().as_u16();
    let body = ByteStream::new(answer.into_body()).collect().await?.into_bytes();
    Ok(Response::builder().status(status).body(body)?)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::mpsc::{Receiver, channel};

    use tracing_subscriber::layer::SubscriberExt;

    use super::{provider, tracer};

    /// A collector that takes one batch; gives the request back.
    fn collector() -> (String, Receiver<Vec<u8>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (sender, requests) = channel();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            let mut buffer = [0; 4096];
            // The whole batch is smaller than one packet of this machine.
            while !contains(&request, "service.name") {
                let read = stream.read(&mut buffer).unwrap();
                request.extend_from_slice(&buffer[..read]);
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
            sender.send(request).unwrap();
        });
        (url, requests)
    }

    fn contains(bytes: &[u8], text: &str) -> bool {
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn otel_spans_reach_the_collector_with_what_they_hold() {
        let (url, requests) = collector();
        let runtime = tokio::runtime::Handle::current();
        let provider = provider(&url.parse().unwrap(), runtime).unwrap();
        let layer = tracing_opentelemetry::layer().with_tracer(tracer(&provider));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            let pass = tracing::info_span!("pass", wake = "timer");
            let _pass = pass.enter();
            tracing::info_span!("action", document = "ServiceControlPolicy/regions")
                .in_scope(|| tracing::warn!(outcome = "refused", "action did not succeed"));
        });
        tokio::task::spawn_blocking(move || provider.shutdown()).await.unwrap().unwrap();
        let request = requests.recv().unwrap();
        for part in [
            "POST /v1/traces HTTP/1.1",
            "application/x-protobuf",
            "palisade",
            "pass",
            "timer",
            "action",
            "ServiceControlPolicy/regions",
            "action did not succeed",
        ] {
            assert!(contains(&request, part), "{part}: {}", String::from_utf8_lossy(&request));
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn otel_without_a_collector_only_spans_are_lost() {
        let runtime = tokio::runtime::Handle::current();
        let provider = provider(&"http://127.0.0.1:1".parse().unwrap(), runtime).unwrap();
        let layer = tracing_opentelemetry::layer().with_tracer(tracer(&provider));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            tracing::info_span!("pass").in_scope(|| ());
        });
        let ended = tokio::task::spawn_blocking(move || provider.shutdown()).await.unwrap();
        assert!(ended.is_ok(), "{ended:?}");
    }
}
