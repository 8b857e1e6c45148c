//! The adapter against a socket that answers badly, or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::failure::{MEANINGS, Meaning, meaning_of_code, without_addresses};
use super::{AwsCloud, AwsSettings, AwsTimeouts, Endpoint};
use crate::cloud::{Call, Cloud, CloudError, CloudErrorKind};
use crate::org::AccountState;

/// What the socket does with every request.
#[derive(Debug, Clone, Copy)]
enum Answer {
    /// Answers with a status line, header lines and a body.
    Http(&'static str, &'static str, &'static str),
    /// Reads the request and never answers.
    Silence,
    /// Reads the request and closes the connection.
    HangUp,
}

/// A socket, and how many requests it read.
struct Mock {
    url: String,
    answer: Answer,
    requests: Arc<AtomicUsize>,
}

impl Mock {
    async fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, answer, Arc::clone(&counter)));
            }
        });
        Self { url, answer, requests }
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    async fn failure(&self, call: Call) -> CloudError {
        let patience = match self.answer {
            Answer::Silence => Duration::from_millis(150),
            Answer::Http(..) | Answer::HangUp => PATIENCE,
        };
        let cloud = cloud_at(&self.url, patience).await;
        cloud.call(call).await.expect_err("the socket never answers well")
    }
}

async fn serve(mut stream: TcpStream, answer: Answer, requests: Arc<AtomicUsize>) {
    read_request(&mut stream).await;
    requests.fetch_add(1, Ordering::SeqCst);
    match answer {
        Answer::Http(status, headers, body) => {
            let length = body.len();
            let text = format!(
                "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
            );
            stream.write_all(text.as_bytes()).await.unwrap();
        }
        Answer::Silence => std::future::pending::<()>().await,
        Answer::HangUp => {}
    }
}

/// A whole request, as text.
pub(super) async fn read_request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    let mut expected = usize::MAX;
    while request.len() < expected {
        if stream.read_buf(&mut request).await.unwrap() == 0 {
            break;
        }
        let text = String::from_utf8_lossy(&request).to_lowercase();
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length = length.map_or(0, |length| length.parse().unwrap());
            expected = head.len() + "\r\n\r\n".len() + length;
        }
    }
    String::from_utf8_lossy(&request).into_owned()
}

/// How long an answer that comes may take on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

pub(super) async fn cloud_at(url: &str, patience: Duration) -> AwsCloud {
    let endpoint = Endpoint {
        url: url.to_owned(),
        access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
        secret_access_key: "secret".to_owned(),
    };
    let timeouts =
        AwsTimeouts { connect: patience, read: patience, attempt: patience, operation: PATIENCE };
    let settings = AwsSettings {
        app_name: "test".to_owned(),
        timeouts,
        member_role: "OrganizationAccountAccessRole".to_owned(),
    };
    AwsCloud::connect_to(&endpoint, &settings).await
}

fn read() -> Call {
    Call::ListAccounts { page: None }
}

fn change() -> Call {
    Call::AttachPolicy {
        policy: "p-examplepolicyid111".parse().unwrap(),
        target: "ou-ab12-11111111".parse().unwrap(),
    }
}

fn modelled(code: &str, more: &str) -> Answer {
    let body = format!(r#"{{"__type":"{code}","Message":"from AWS"{more}}}"#);
    Answer::Http("400 Bad Request", "x-amzn-requestid: 11-22\r\n", body.leak())
}

#[tokio::test]
async fn a_change_without_an_answer_is_unclear_and_sent_once() {
    for answer in [Answer::Silence, Answer::HangUp] {
        let mock = Mock::start(answer).await;
        let error = mock.failure(change()).await;
        assert_eq!(error.kind, CloudErrorKind::Unclear, "{answer:?}: {error}");
        assert_eq!(mock.requests(), 1, "{answer:?}");
    }
}

#[tokio::test]
async fn a_read_without_an_answer_is_unavailable() {
    for answer in [Answer::Silence, Answer::HangUp] {
        let error = Mock::start(answer).await.failure(read()).await;
        assert_eq!(error.kind, CloudErrorKind::Unavailable, "{answer:?}: {error}");
    }
}

#[tokio::test]
async fn a_request_that_never_left_changed_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    for call in [read(), change(), Call::GetCallerIdentity] {
        let error =
            cloud_at(&format!("http://{address}"), PATIENCE).await.call(call).await.unwrap_err();
        assert_eq!(error.kind, CloudErrorKind::Unavailable, "{error}");
        assert_eq!(error.code, "ConnectionFailed", "{error}");
    }
}

#[tokio::test]
async fn an_error_page_is_not_an_answer_of_the_service() {
    let page = "<html><body><h1>502</h1> ask alice@example.com</body></html>";
    for (status, code) in [
        ("500 Internal Server Error", "Http500"),
        ("502 Bad Gateway", "Http502"),
        ("404 Not Found", "Http404"),
    ] {
        let answer = Answer::Http(status, "content-type: text/html\r\n", page);
        let mock = Mock::start(answer).await;
        let error = mock.failure(change()).await;
        assert_eq!((error.kind, error.code.as_str()), (CloudErrorKind::Unclear, code), "{error}");
        assert_eq!(mock.requests(), 1, "{status}");
        let error = Mock::start(answer).await.failure(read()).await;
        assert_eq!(
            (error.kind, error.code.as_str()),
            (CloudErrorKind::Unavailable, code),
            "{error}"
        );
        let error = Mock::start(answer).await.failure(Call::GetCallerIdentity).await;
        assert_eq!(error.kind, CloudErrorKind::Unavailable, "{error}");
    }
}

#[tokio::test]
async fn a_read_is_tried_again_when_the_service_is_broken_and_not_when_it_throttles() {
    let broken = Mock::start(Answer::Http("503 Service Unavailable", "", "{}")).await;
    broken.failure(read()).await;
    assert!(broken.requests() > 1);

    let busy = Mock::start(modelled("TooManyRequestsException", "")).await;
    let error = busy.failure(read()).await;
    assert_eq!(error.kind, CloudErrorKind::Throttled { after: None });
    assert_eq!(busy.requests(), 1);

    let busy = Mock::start(Answer::Http("429 Too Many Requests", "retry-after: 7\r\n", "")).await;
    let error = busy.failure(read()).await;
    assert_eq!(error.kind, CloudErrorKind::Throttled { after: Some(Duration::from_secs(7)) });
    assert_eq!(busy.requests(), 1);
}

#[tokio::test]
async fn what_aws_says_is_kept() {
    let reason = r#","Reason":"MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED""#;
    let error = Mock::start(modelled("ConstraintViolationException", reason)).await;
    let error = error.failure(change()).await;
    assert_eq!(error.kind, CloudErrorKind::Limit);
    assert_eq!(error.code, "ConstraintViolationException");
    assert_eq!(
        error.to_string(),
        "AttachPolicy: ConstraintViolationException: MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED: from AWS (request 11-22)"
    );
}

#[tokio::test]
async fn credentials_that_do_not_work_say_what_to_do() {
    let expired = Mock::start(modelled("ExpiredTokenException", "")).await;
    let error = expired.failure(read()).await;
    assert_eq!(error.kind, CloudErrorKind::Denied);
    assert!(error.message.contains("aws sso login"), "{error}");
}

#[tokio::test]
async fn an_account_is_read_with_its_place_and_without_its_address() {
    let body = r#"{"Accounts":[{"Id":"123456789012","Name":"shop","Email":"shop@example.com","State":"ACTIVE",
        "Paths":["o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/123456789012/"]}],"NextToken":"more"}"#;
    let mock = Mock::start(Answer::Http("200 OK", "", body)).await;
    let cloud = cloud_at(&mock.url, PATIENCE).await;
    let page = (&cloud as &dyn Cloud).accounts(None).await.unwrap();
    assert_eq!(page.next.as_deref(), Some("more"));
    let account = &page.items[0];
    assert_eq!((account.name.as_str(), account.state), ("shop", AccountState::Active));
    assert_eq!(account.parent, Some("ou-ab12-11111111".parse().unwrap()));
    assert!(!format!("{page:?}").contains("example.com"));
}

#[tokio::test]
async fn an_answer_carries_its_request_id() {
    let mock = Mock::start(Answer::Http("200 OK", "x-amzn-requestid: 33-44\r\n", "{}")).await;
    let cloud = cloud_at(&mock.url, PATIENCE).await;
    for call in [read(), change()] {
        assert_eq!(cloud.call(call).await.unwrap().request_id.as_deref(), Some("33-44"));
    }
}

#[tokio::test]
async fn a_created_policy_whose_id_cannot_be_read_is_unclear() {
    let mock = Mock::start(Answer::Http("200 OK", "", r#"{"Policy":{}}"#)).await;
    let call = Call::CreatePolicy {
        policy_type: crate::org::PolicyType::named("TOMORROWS_POLICY"),
        name: "n".to_owned(),
        description: "d".to_owned(),
        content: "{}".to_owned(),
        tags: BTreeMap::from([("palisade:owner".to_owned(), "acme".to_owned())]),
    };
    assert_eq!(mock.failure(call).await.kind, CloudErrorKind::Unclear);
}

#[test]
fn every_code_has_one_meaning() {
    let codes: BTreeSet<&str> = MEANINGS.iter().map(|(code, _)| *code).collect();
    assert_eq!(codes.len(), MEANINGS.len());
}

#[test]
fn codes_mean_what_their_callers_build_on() {
    for (code, meaning) in [
        ("TooManyRequestsException", Meaning::Throttled),
        ("ConcurrentModificationException", Meaning::Busy),
        ("PolicyChangesInProgressException", Meaning::Busy),
        ("FinalizingOrganizationException", Meaning::Busy),
        ("PolicyNotAttachedException", Meaning::NotFound),
        ("SourceParentNotFoundException", Meaning::NotFound),
        ("DuplicatePolicyAttachmentException", Meaning::Exists),
        ("DuplicateAccountException", Meaning::Exists),
        ("AWSOrganizationsNotInUseException", Meaning::Denied),
        ("PolicyInUseException", Meaning::Limit),
        ("MalformedPolicyDocumentException", Meaning::Invalid),
        ("ServiceException", Meaning::Broken),
    ] {
        assert_eq!(meaning_of_code(code), Some(meaning), "{code}");
    }
}

#[test]
fn a_code_newer_than_the_table_is_read_by_its_name() {
    for (code, meaning) in [
        ("GuardrailNotFoundException", Some(Meaning::NotFound)),
        ("DuplicateGuardrailException", Some(Meaning::Exists)),
        ("GuardrailAlreadyThereException", Some(Meaning::Exists)),
        ("AccessDeniedByGuardrailException", Some(Meaning::Denied)),
        ("GuardrailQuotaExceededException", Some(Meaning::Limit)),
        ("SurprisingException", None),
    ] {
        assert_eq!(meaning_of_code(code), meaning, "{code}");
    }
}

#[test]
fn no_address_survives() {
    for (text, clean) in [
        ("user alice@example.com is not", "user <e-mail> is not"),
        (
            "arn:aws:sts::111111111111:assumed-role/ops/bob.b+x@mail.example.org",
            "arn:aws:sts::111111111111:assumed-role/ops/<e-mail>",
        ),
        ("(a@b.c),d@e", "(<e-mail>),<e-mail>"),
        ("at 5 @ night, a@ and @b stay", "at 5 @ night, a@ and @b stay"),
        ("", ""),
    ] {
        assert_eq!(without_addresses(text), clean);
    }
}
