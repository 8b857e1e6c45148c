//! Read-only HTTP: metrics, health, status, plan, and a page for people. Nothing can be changed here.

mod host;
mod page;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use crate::metrics::{CONTENT_TYPE as METRICS_TYPE, Metrics};
use crate::org::hex;
use crate::status::{Published, Report};

/// Connections at one time. More wait in the system's queue: each costs a file descriptor, and without one the
/// daemon could not reach AWS.
const CONNECTIONS_MAX: usize = 128;

/// How long a connection may live, whatever its peer does or leaves undone. It carries one request: the page asks
/// every few seconds, Prometheus every half minute, and neither notices what another connection costs.
const CONNECTION_TIME_MAX: Duration = Duration::from_secs(20);

/// How long the question may take. Probes fit into one packet, and whoever asks half a question shall not keep a
/// probe waiting.
const QUESTION_TIME_MAX: Duration = Duration::from_secs(3);

/// After a connection that could not be taken, for want of file descriptors for example.
const ACCEPT_RETRY: Duration = Duration::from_secs(1);

/// What the endpoints show.
#[derive(Debug, Clone)]
pub struct Endpoints {
    /// What the daemon says.
    pub published: watch::Receiver<Published>,
    /// What it measures.
    pub metrics: Arc<Metrics>,
    /// How long a loop that is alive may be silent.
    pub silence_max: Duration,
    /// Host names to answer to, besides those that nobody can register.
    pub allowed_hosts: Vec<String>,
}

/// Nothing is loaded from anywhere else, nothing runs but the page's own script, nothing frames the page.
const SECURITY: [(HeaderName, HeaderValue); 4] = [
    (
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
    ),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// Serves `endpoints` until it is dropped.
pub async fn serve(listener: TcpListener, endpoints: Endpoints) {
    let service = TowerToHyperService::new(router(endpoints));
    let mut http = auto::Builder::new(TokioExecutor::new()).http1_only();
    http.http1().keep_alive(false).timer(TokioTimer::new()).header_read_timeout(QUESTION_TIME_MAX);
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    // The semaphore is never closed.
    while let Ok(place) = Arc::clone(&room).acquire_owned().await {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection to the HTTP endpoints was not taken");
                tokio::time::sleep(ACCEPT_RETRY).await;
                continue;
            }
        };
        let (http, service) = (http.clone(), service.clone());
        tokio::spawn(async move {
            let _place = place;
            let connection = http.serve_connection(TokioIo::new(stream), service);
            // Whoever goes away or takes too long has seen it.
            let _ended = tokio::time::timeout(CONNECTION_TIME_MAX, connection).await;
        });
    }
}

/// The routes. `GET` and `HEAD` only; axum answers every other method with 405. Health is told to
/// whoever asks: probes send any name, and it gives nothing away.
fn router(endpoints: Endpoints) -> Router {
    let allowed: Arc<[String]> = endpoints.allowed_hosts.clone().into();
    Router::new()
        .route("/", get(home))
        .route("/style.css", get(style))
        .route("/page.js", get(script))
        .route("/metrics", get(metrics))
        .route("/status", get(status))
        .route("/plan", get(plan))
        .layer(from_fn_with_state(allowed, host::check))
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .layer(map_response(secured))
        .with_state(endpoints)
}

async fn secured(mut response: Response) -> Response {
    response.headers_mut().extend(SECURITY);
    response
}

/// The page, unless the browser has the same already. Between two passes it does.
async fn home(State(endpoints): State<Endpoints>, headers: HeaderMap) -> Response {
    let page = page::render(report(&endpoints).as_deref());
    let tag = tag(&page);
    let is_known =
        headers.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        typed("text/html; charset=utf-8", page)
    };
    // Hexadecimal digits in quotes are a value of a header.
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

fn tag(page: &str) -> String {
    format!("\"{}\"", hex(&Sha256::digest(page)[..16]))
}

async fn script() -> Response {
    typed("text/javascript; charset=utf-8", page::SCRIPT)
}

async fn style() -> Response {
    typed("text/css; charset=utf-8", page::STYLE)
}

async fn metrics(State(endpoints): State<Endpoints>) -> Response {
    match endpoints.metrics.render() {
        Ok(text) => typed(METRICS_TYPE, text),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// Does the loop move? A restart would help if not.
async fn livez(State(endpoints): State<Endpoints>) -> Response {
    let silent = endpoints.published.borrow().moved.elapsed();
    if silent <= endpoints.silence_max {
        (StatusCode::OK, "the loop moves\n").into_response()
    } else {
        let text = format!("the loop has not moved for {} s\n", silent.as_secs());
        (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
    }
}

/// Can what is shown be relied upon?
async fn readyz(State(endpoints): State<Endpoints>) -> Response {
    let published = endpoints.published.borrow().clone();
    let is_valid = published.report.is_some_and(|report| report.desired_state.valid);
    let not_yet = |why: &'static str| (StatusCode::SERVICE_UNAVAILABLE, why).into_response();
    match (published.observed, is_valid) {
        (_, false) => not_yet("the desired state is not valid, or has not been read yet\n"),
        (false, true) => not_yet("the organization has not been observed completely yet\n"),
        (true, true) => (StatusCode::OK, "ready\n").into_response(),
    }
}

async fn status(State(endpoints): State<Endpoints>) -> Response {
    match report(&endpoints) {
        Some(report) => Json(report.as_ref()).into_response(),
        None => nothing_yet(),
    }
}

async fn plan(State(endpoints): State<Endpoints>) -> Response {
    let plan = endpoints.published.borrow().plan.clone();
    match plan {
        Some(plan) => Json(plan.as_ref()).into_response(),
        None => nothing_yet(),
    }
}

fn report(endpoints: &Endpoints) -> Option<Arc<Report>> {
    endpoints.published.borrow().report.clone()
}

fn nothing_yet() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, "no pass has ended yet\n").into_response()
}

fn typed(content_type: &'static str, body: impl Into<Body>) -> Response {
    ([(CONTENT_TYPE, content_type)], body.into()).into_response()
}
