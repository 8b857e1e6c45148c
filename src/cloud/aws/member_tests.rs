//! Entering accounts, against a socket that answers as it is told.

use std::sync::{Arc, Mutex};

use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use super::AwsCloud;
use super::tests::{PATIENCE, cloud_at, read_request};
use crate::cloud::{Cloud, CloudErrorKind, Operation};
use crate::org::{ObjectKey, ObjectKind};

const IDENTITY: &str = "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws-us-gov:iam::111111111111:user/a</Arn><Account>111111111111</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";
const SESSION: &str = "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>token</SessionToken><Expiration>2030-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";

/// What the socket does with the next request whose body begins with this action.
type Line = (&'static str, u16, String);

/// A cloud at a socket that answers these lines, in order, and what it was asked.
async fn cloud(script: Vec<Line>) -> (AwsCloud, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&asked);
    tokio::spawn(async move {
        for (action, status, body) in script {
            let (mut stream, _) = listener.accept().await.unwrap();
            let request = read_request(&mut stream).await;
            assert!(request.contains(&format!("Action={action}&")), "{action}: {request}");
            heard.lock().unwrap().push(request);
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (cloud_at(&url, PATIENCE).await, asked)
}

fn refusal(code: &str) -> String {
    format!(
        "<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"
    )
}

fn key(account: &str) -> ObjectKey {
    ObjectKey::global(ObjectKind::Role, account.parse().unwrap(), "admin")
}

#[tokio::test]
async fn the_own_account_needs_no_role_and_another_one_is_entered_once() {
    let missing = || ("GetRole", 404, refusal("NoSuchEntity"));
    let (cloud, asked) = cloud(vec![
        ("GetCallerIdentity", 200, IDENTITY.to_owned()),
        missing(),
        ("AssumeRole", 200, SESSION.to_owned()),
        missing(),
        missing(),
    ])
    .await;
    let cloud: &dyn Cloud = &cloud;
    for account in ["111111111111", "555555555555", "555555555555"] {
        assert_eq!(cloud.object(&key(account)).await, Ok(None), "{account}");
    }
    let asked = asked.lock().unwrap();
    assert!(
        asked[2].contains("role%2FOrganizationAccountAccessRole"),
        "the role is named: {}",
        asked[2]
    );
    assert!(asked[2].contains("arn%3Aaws-us-gov%3Aiam%3A%3A555555555555"), "in its partition");
    assert!(asked[3].contains("token"), "the session's token signs: {}", asked[3]);
}

#[tokio::test]
async fn an_account_that_does_not_let_palisade_in_is_denied_with_the_next_step() {
    let (cloud, _) = cloud(vec![
        ("GetCallerIdentity", 200, IDENTITY.to_owned()),
        ("AssumeRole", 403, refusal("AccessDenied")),
    ])
    .await;
    let cloud: &dyn Cloud = &cloud;
    let error = cloud.object(&key("555555555555")).await.unwrap_err();
    assert_eq!((error.kind, error.operation), (CloudErrorKind::Denied, Operation::AssumeRole));
    assert!(error.message.contains("--member-role"), "{error}");
}

#[tokio::test]
async fn a_session_that_ends_early_is_begun_anew() {
    let (cloud, _) = cloud(vec![
        ("GetCallerIdentity", 200, IDENTITY.to_owned()),
        ("AssumeRole", 200, SESSION.to_owned()),
        ("GetRole", 403, refusal("ExpiredToken")),
        ("AssumeRole", 200, SESSION.to_owned()),
        ("GetRole", 404, refusal("NoSuchEntity")),
    ])
    .await;
    let cloud: &dyn Cloud = &cloud;
    let error = cloud.object(&key("555555555555")).await.unwrap_err();
    assert_eq!(error.kind, CloudErrorKind::Denied);
    assert_eq!(cloud.object(&key("555555555555")).await, Ok(None));
}
