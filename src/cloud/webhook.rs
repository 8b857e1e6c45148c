//! A webhook: one POST a message, with the HTTP client of the SDK, which brings TLS, the system's certificates
//! and the environment's proxies.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;

use crate::cloud::{Message, Messenger, SendError};

/// For all of it: connection, TLS, answer. Slack answers within a second.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The URL of a webhook. Whoever knows it can write to its channel, so that it is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretUrl(String);

/// A URL that no message is sent to. Does not quote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the URL of the webhook must begin with `https://`, or with `http://` and the name of this machine (`localhost`, `127.0.0.1`, `[::1]`)"
)]
pub struct InvalidUrl;

/// A webhook.
#[derive(Debug)]
pub struct Webhook {
    connector: Connector,
    url: SecretUrl,
}

impl SecretUrl {
    /// Checks a URL. What it carries shall not go over a network in clear text.
    pub fn new(text: &str) -> Result<Self, InvalidUrl> {
        let text = text.trim();
        let host = |rest: &str| {
            let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let end = if authority.starts_with('[') {
                authority.find(']').map(|at| at + 1)
            } else {
                authority.find(':')
            };
            authority[..end.unwrap_or(authority.len())].to_ascii_lowercase()
        };
        let is_printable = text.bytes().all(|byte| byte.is_ascii_graphic());
        let is_allowed = match text.split_once("://") {
            Some(("https", rest)) => !host(rest).is_empty(),
            Some(("http", rest)) => {
                ["localhost", "127.0.0.1", "[::1]"].contains(&host(rest).as_str())
            }
            Some(_) | None => false,
        };
        if is_printable && is_allowed && !text.contains('@') {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidUrl)
        }
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretUrl")
    }
}

impl Webhook {
    /// The webhook at `url`. Sends nothing yet.
    pub fn new(url: SecretUrl) -> Self {
        // What stays on this machine goes through no proxy.
        let is_near = url.0.starts_with("http://");
        let proxies = if is_near { ProxyConfig::disabled() } else { ProxyConfig::from_env() };
        let builder = Connector::builder().proxy_config(proxies);
        let connector = builder.tls_provider(Provider::rustls(CryptoMode::Ring)).build();
        Self { connector, url }
    }

    fn request(&self, body: &str) -> Option<HttpRequest> {
        let mut request = HttpRequest::new(SdkBody::from(body));
        request.set_method("POST").ok()?;
        request.set_uri(self.url.0.as_str()).ok()?;
        let headers = request.headers_mut();
        headers.insert("content-type", "application/json");
        headers.insert("content-length", body.len().to_string());
        headers.insert("user-agent", concat!("palisade/", env!("CARGO_PKG_VERSION")));
        Some(request)
    }
}

#[async_trait]
impl Messenger for Webhook {
    async fn send(&self, message: &Message) -> Result<(), SendError> {
        let unusable = || SendError::Refused("no request can be made of its URL".to_owned());
        let request = self.request(&message.body).ok_or_else(unusable)?;
        // What the client says of a failure names the host, which is part of the secret.
        let answer = match tokio::time::timeout(TIMEOUT, self.connector.call(request)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => return Err(SendError::Unavailable("no connection".to_owned())),
            Err(_) => return Err(SendError::Unavailable("no answer in time".to_owned())),
        };
        match answer.status().as_u16() {
            200..=299 => Ok(()),
            status @ (408 | 425 | 429 | 500..=599) => {
                Err(SendError::Unavailable(format!("HTTP status {status}")))
            }
            // A redirect too: the address is what was given, and a secret is not carried elsewhere.
            status => Err(SendError::Refused(format!("HTTP status {status}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::{SecretUrl, Webhook};
    use crate::cloud::{Message, Messenger, SendError};

    /// Answers one request with `answer`, or never; gives the request back.
    fn server(answer: Option<&'static str>) -> (String, std::sync::mpsc::Receiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/secret", listener.local_addr().unwrap());
        let (sender, requests) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            let mut buffer = [0; 1024];
            while !request.ends_with(b"}") {
                let read = stream.read(&mut buffer).unwrap();
                request.extend_from_slice(&buffer[..read]);
            }
            sender.send(String::from_utf8(request).unwrap()).unwrap();
            match answer {
                Some(answer) => stream.write_all(answer.as_bytes()).unwrap(),
                // Until the test ends.
                None => drop(stream.read(&mut buffer)),
            }
        });
        (url, requests)
    }

    async fn sent(url: &str) -> Result<(), SendError> {
        let message = Message { subject: "s".into(), body: r#"{"a":1}"#.into() };
        Webhook::new(SecretUrl::new(url).unwrap()).send(&message).await
    }

    #[tokio::test]
    async fn an_answer_says_if_it_was_taken_or_should_be_tried_again() {
        for (answer, expected) in [
            ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", Ok(())),
            ("HTTP/1.1 204 No Content\r\n\r\n", Ok(())),
            ("HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n", {
                Err(SendError::Unavailable("HTTP status 500".into()))
            }),
            ("HTTP/1.1 429 Slow\r\ncontent-length: 0\r\n\r\n", {
                Err(SendError::Unavailable("HTTP status 429".into()))
            }),
            ("HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n", {
                Err(SendError::Refused("HTTP status 404".into()))
            }),
            ("HTTP/1.1 302 There\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n", {
                Err(SendError::Refused("HTTP status 302".into()))
            }),
            ("nonsense\r\n\r\n", Err(SendError::Unavailable("no connection".into()))),
        ] {
            let (url, requests) = server(Some(answer));
            assert_eq!(sent(&url).await, expected, "{answer}");
            let request = requests.recv().unwrap();
            assert!(request.starts_with("POST /secret HTTP/1.1\r\n"), "{request}");
            assert!(request.ends_with(r#"{"a":1}"#), "{request}");
        }
    }

    #[tokio::test]
    async fn nobody_there_is_no_reason_to_show_the_secret() {
        let error = sent("http://127.0.0.1:1/secret").await.unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_hangs_is_left() {
        let (url, _requests) = server(None);
        let expected = Err(SendError::Unavailable("no answer in time".into()));
        assert_eq!(sent(&url).await, expected);
    }

    #[test]
    fn a_secret_goes_over_tls_or_stays_on_this_machine_and_is_never_shown() {
        for good in [
            "https://hooks.slack.com/services/T0/B0/secret",
            "http://127.0.0.1:8080/hook",
            "http://localhost/hook",
            "http://[::1]:9/",
        ] {
            let url = SecretUrl::new(good).unwrap();
            assert_eq!(format!("{url:?}"), "SecretUrl");
        }
        for bad in [
            "",
            "hooks.slack.com/services/secret",
            "http://hooks.slack.com/services/secret",
            "http://127.0.0.1.example.com/secret",
            "http://localhost@example.com/secret",
            "ftp://example.com/secret",
            "https:///secret",
            "https://example.com/se cret",
            "https://example.com/secret\r\nx: y",
        ] {
            let error = SecretUrl::new(bad).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
