//! Which `Host` a request may name. A page from anywhere can make a browser ask a name of its own that
//! suddenly resolves to this machine (DNS rebinding), and read what is answered. The browser then sends
//! that name, and nobody but its owner gave it out: so only names are answered that nobody can register.
//!
//! - IP addresses: what Prometheus in Kubernetes, kubelets and load balancers ask.
//! - Names without a dot, `localhost` among them, and below `.localhost`: this machine, a neighbour in
//!   Docker Compose, a Kubernetes Service in the same namespace.
//! - Names below `.svc`, `.svc.cluster.local` and `.internal`: Services, and the private names of EC2.
//! - What `--allow-host` adds.
//!
//! A request without a name is no browser's.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::HOST;
use axum::http::uri::Authority;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Endings that public DNS does not hand out.
const PRIVATE: [&str; 4] = [".localhost", ".svc", ".svc.cluster.local", ".internal"];

const REFUSAL: &str = "palisade does not answer to this host name, so that no web site can read it \
    through a browser: ask by IP address or as `localhost`, or start palisade with \
    `--allow-host <name>`\n";

/// Passes on what asks for a name that palisade answers to.
pub(super) async fn check(
    State(allowed): State<Arc<[String]>>,
    request: Request,
    next: Next,
) -> Response {
    let mut named = request.headers().get_all(HOST).iter();
    let target = request.uri().authority().map(Authority::as_str);
    let is_answered = named.all(|host| is_header_answered(host, &allowed))
        && target.is_none_or(|target| is_answered(target, &allowed));
    if is_answered {
        next.run(request).await
    } else {
        (StatusCode::MISDIRECTED_REQUEST, REFUSAL).into_response()
    }
}

fn is_header_answered(host: &HeaderValue, allowed: &[String]) -> bool {
    host.to_str().is_ok_and(|host| is_answered(host, allowed))
}

/// Is `host`, with or without a port, a name that palisade answers to?
fn is_answered(host: &str, allowed: &[String]) -> bool {
    let name = without_port(host).to_ascii_lowercase();
    let name = name.strip_suffix('.').unwrap_or(&name);
    let bracketed = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    bracketed.is_some_and(|address| address.parse::<Ipv6Addr>().is_ok())
        || name.parse::<Ipv4Addr>().is_ok()
        || !name.contains(['.', '[', ']', ':'])
        || PRIVATE.iter().any(|ending| name.ends_with(ending))
        || allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(name))
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        Some(_) | None => host,
    }
}

#[cfg(test)]
mod tests {
    use super::is_answered;

    #[test]
    fn only_names_that_nobody_can_register_are_answered() {
        let allowed = ["palisade.example.com".to_owned()];
        for host in [
            "127.0.0.1:9464",
            "10.1.2.3",
            "[::1]:9464",
            "[fe80::1]",
            "localhost",
            "LOCALHOST:9464",
            "localhost.",
            "palisade.localhost:9464",
            "palisade:9464",
            "palisade.palisade.svc:9464",
            "palisade.palisade.svc.cluster.local",
            "ip-10-0-0-5.eu-west-1.compute.internal:9464",
            "palisade.example.com",
            "Palisade.Example.com:443",
            "",
        ] {
            assert!(is_answered(host, &allowed), "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:9464",
            "127.0.0.1.evil.example",
            "127.0.0.1.nip.io:9464",
            "localhost.evil.example",
            "a.palisade.example.com",
            "palisade.example.com.evil.example",
            "[::1].evil.example",
            "svc.evil.example",
            "evil.example:80:9464",
            "::1",
        ] {
            assert!(!is_answered(host, &allowed), "{host}");
        }
    }
}
