//! Streams of every shape and damage, and what events say of calls.

use crate::effective::Effective;
use crate::org::OrgSnapshot;
use crate::policy::Request;
use crate::replay::call::{Call, Reading, calls_in, read};
use crate::replay::event::Event;
use crate::replay::records::{Counts, Records};

/// A stream that gives a few bytes at a time, as the network does.
struct Trickle<'a>(&'a [u8]);

impl std::io::Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let size = self.0.len().min(buffer.len()).min(7);
        buffer[..size].copy_from_slice(&self.0[..size]);
        self.0 = &self.0[size..];
        Ok(size)
    }
}

fn counts(text: &[u8]) -> (Counts, Vec<String>) {
    let mut names = Vec::new();
    let mut take = |event: &Event<'_>| {
        names.extend(event.event_name.as_ref().map(|name| name.0.to_string()));
    };
    (Records::new(Trickle(text)).read(&mut take).unwrap(), names)
}

fn event(name: &str) -> String {
    format!(
        r#"{{"eventSource":"ec2.amazonaws.com","eventName":"{name}","requestParameters":{{"a":["}}]\"",{{}}]}}}}"#
    )
}

#[test]
fn events_are_found_in_every_packing() {
    let (one, two) = (event("One"), event("Two"));
    let as_text = serde_json::to_string(&one).unwrap();
    for packed in [
        format!(r#"{{"Records":[{one},{two}]}}"#),
        format!("{{ \"Records\" :\n[ {one}\n, {two} ] ,\"more\":[1,{{}}]}}\n"),
        format!("{one}\n{two}\n"),
        format!("\u{feff}{one}{two}"),
        format!("[{one},{two}]"),
        format!(r#"{{"Records":[{one}]}}{{"Records":[{two}]}}"#),
        format!(
            r#"{{"Events":[{{"EventId":"1","CloudTrailEvent":{as_text}}}],"NextToken":"x"}} {two}"#
        ),
        format!(
            r#"{{"version":"0","detail-type":"AWS API Call via CloudTrail","detail":{one}}} {two}"#
        ),
    ] {
        let (counts, names) = counts(packed.as_bytes());
        assert_eq!(names, ["One", "Two"], "{packed}");
        assert_eq!((counts.events, counts.malformed), (2, 0), "{packed}");
        assert_eq!(counts.bytes, packed.len() as u64);
    }
}

#[test]
fn what_is_broken_is_counted_and_the_rest_is_read() {
    let (one, two) = (event("One"), event("Two"));
    for (packed, malformed, found) in [
        (format!(r#"{{"Records":[{one},{{"eventName":1}},{two}]}}"#), 1, 2),
        (format!(r#"{{"Records":[{one},{{"eventName":"a" "b"}},{two}]}}"#), 1, 2),
        (format!("{one}\n{{\"eventName\":\"cut\n{two}\n"), 1, 2),
        (format!("{one}\nnot an event\n{two}\n"), 1, 2),
        (format!("{one}\n{{\"a\":1}}\n{two}\n"), 1, 2),
        (format!("{one}\n{{\"eventName\":\"twice\",\"eventName\":\"twice\"}}\n{two}"), 1, 2),
        (format!(r#"{{"Records":[{one},{{"eventName":"cut"#), 2, 1),
        (format!(r#"{{"Records":[{one}"#), 1, 1),
        (String::new(), 0, 0),
        ("[".repeat(100_000), 100_000, 0),
    ] {
        let (counts, names) = counts(packed.as_bytes());
        assert_eq!(names.len(), found, "{}", &packed[..packed.len().min(300)]);
        assert!(
            counts.malformed >= 1 && counts.malformed <= malformed || malformed == 0,
            "{counts:?} {}",
            &packed[..packed.len().min(300)]
        );
    }
    let (counts, names) =
        counts(b"{\"eventName\":\"\xff\"}\n{\"eventSource\":\"s\",\"eventName\":\"n\"}");
    assert_eq!((names.len(), counts.malformed), (1, 1));
}

#[test]
fn one_huge_event_is_skipped_in_bounded_memory() {
    let huge = format!(r#"{{"eventName":"{}"}}"#, "x".repeat(5 * 1024 * 1024));
    let text = format!("{huge}\n{}", event("Two"));
    let mut names = Vec::new();
    let mut take =
        |event: &Event<'_>| names.extend(event.event_name.as_ref().map(|name| name.0.to_string()));
    let counts = Records::new(text.as_bytes()).read(&mut take).unwrap();
    assert_eq!((names, counts.malformed), (vec!["Two".to_owned()], 1));
}

fn nobody() -> Effective {
    Effective::observed(&OrgSnapshot::unread(), None)
}

fn call(identity: &str, more: &str) -> Call {
    let text = format!(
        r#"{{"eventSource":"s3.amazonaws.com","eventName":"ListObjectsV2","recipientAccountId":"555555555555","userIdentity":{identity}{more}}}"#
    );
    calls_in(&text, &nobody()).pop().unwrap()
}

const ROLE: &str = r#"{"type":"AssumedRole","principalId":"AROA1:jo@example.com","arn":"arn:aws:sts::555555555555:assumed-role/dev/jo@example.com","accountId":"555555555555","sessionContext":{"sessionIssuer":{"type":"Role","arn":"arn:aws:iam::555555555555:role/team/dev"},"attributes":{"creationDate":"2026-11-20T08:00:00Z","mfaAuthenticated":"true"}}}"#;

fn keys(request: &Request, keys: &[&str]) -> Vec<String> {
    let tell = |key: &&str| match (request.tells(key), request.values(key).as_slice()) {
        (false, _) => "unknown".to_owned(),
        (true, []) => "absent".to_owned(),
        (true, values) => values.join(","),
    };
    keys.iter().map(tell).collect()
}

#[test]
fn a_session_is_its_role_and_nobody_else() {
    let call = call(
        ROLE,
        r#","eventTime":"2026-11-20T08:10:00Z","awsRegion":"eu-west-1","sourceIPAddress":"203.0.113.7","tlsDetails":{"tlsVersion":"TLSv1.3"}"#,
    );
    assert_eq!(call.principal, "arn:aws:iam::555555555555:role/team/dev");
    assert_eq!((call.account.as_str(), call.action.as_str()), ("555555555555", "s3:ListBucket"));
    let [request] = call.requests.as_slice() else { unreachable!("there is one") };
    let told = keys(
        request,
        &[
            "aws:PrincipalArn",
            "aws:RequestedRegion",
            "aws:SourceIp",
            "aws:SourceVpce",
            "aws:MultiFactorAuthPresent",
            "aws:MultiFactorAuthAge",
            "aws:SecureTransport",
            "aws:ViaAWSService",
            "aws:PrincipalTag/team",
            "aws:username",
            "aws:ResourceAccount",
        ],
    );
    let expected = [
        "arn:aws:iam::555555555555:role/team/dev",
        "eu-west-1",
        "203.0.113.7",
        "absent",
        "true",
        "600",
        "true",
        "false",
        "unknown",
        "absent",
        "555555555555",
    ];
    assert_eq!(told, expected);
    assert!(!format!("{} {}", call.principal, call.account).contains('@'));
}

#[test]
fn long_term_keys_have_no_mfa_and_endpoints_hide_addresses() {
    let user = r#"{"type":"IAMUser","arn":"arn:aws:iam::555555555555:user/jo","accountId":"555555555555","userName":"jo"}"#;
    let call = call(user, r#","sourceIPAddress":"10.0.0.7","vpcEndpointId":"vpce-1""#);
    let told = keys(
        &call.requests[0],
        &[
            "aws:MultiFactorAuthPresent",
            "aws:SourceIp",
            "aws:SourceVpce",
            "aws:VpcSourceIp",
            "aws:username",
        ],
    );
    assert_eq!(told, ["absent", "absent", "vpce-1", "10.0.0.7", "jo"]);
}

#[test]
fn services_and_strangers_are_told_apart() {
    let service = call(r#"{"type":"AWSService","invokedBy":"ec2.amazonaws.com"}"#, "");
    assert_eq!(
        (service.principal.as_str(), service.account.as_str()),
        ("ec2.amazonaws.com", "555555555555")
    );
    assert_eq!(keys(&service.requests[0], &["aws:PrincipalIsAWSService"]), ["true"]);
    let stranger =
        call(r#"{"type":"AWSAccount","accountId":"999999999999","principalId":"X"}"#, "");
    assert_eq!(stranger.account, "999999999999");
    assert_eq!(
        keys(&stranger.requests[0], &["aws:PrincipalArn", "aws:PrincipalAccount"]),
        ["unknown", "999999999999"]
    );
    let via = ROLE.replacen('{', r#"{"invokedBy":"athena.amazonaws.com","#, 1);
    let via = call(&via, r#","sourceIPAddress":"athena.amazonaws.com""#);
    assert_eq!(
        keys(&via.requests[0], &["aws:ViaAWSService", "aws:SourceIp"]),
        ["unknown", "unknown"]
    );
}

#[test]
fn every_resource_of_a_call_is_asked_about() {
    let call = call(
        ROLE,
        r#","errorCode":"AccessDenied","resources":[{"ARN":"arn:aws:s3:::a","accountId":"777777777777"},{"ARN":"arn:aws:s3:::b"},{"type":"AWS::S3::Object"}]"#,
    );
    assert_eq!(call.resource.as_deref(), Some("arn:aws:s3:::a"));
    let accounts: Vec<_> = call.requests.iter().map(Request::resource_account).collect();
    assert_eq!(accounts, [Some("777777777777"), Some("555555555555")]);
    assert!(call.refused);
}

#[test]
fn what_is_no_call_is_skipped_and_what_lacks_everything_is_malformed() {
    let of = |text: &str| match read(&serde_json::from_str(text).unwrap(), &nobody()) {
        Reading::Call(_) => "call".to_owned(),
        Reading::Skipped(why) => format!("{why:?}"),
        Reading::Malformed => "malformed".to_owned(),
    };
    let base = r#""eventSource":"signin.amazonaws.com","eventName":"ConsoleLogin""#;
    assert_eq!(of(&format!(r#"{{{base},"eventType":"AwsConsoleSignIn"}}"#)), "NoCall");
    assert_eq!(
        of(&format!(r#"{{{base},"userIdentity":{{"type":"IdentityCenterUser"}}}}"#)),
        "NoPrincipal"
    );
    assert_eq!(
        of(&format!(
            r#"{{{base},"userIdentity":{{"type":"AWSService","invokedBy":"AWS Internal"}}}}"#
        )),
        "NoPrincipal"
    );
    assert_eq!(of(&format!("{{{base}}}")), "malformed");
    assert_eq!(of(&format!(r#"{{{base},"userIdentity":{{"type":"IAMUser"}}}}"#)), "malformed");
}

#[test]
fn the_example_of_a_group_holds_no_address() {
    let call = call(ROLE, r#","resources":[{"ARN":"arn:aws:s3:::mail/in/jo@example.com/1.eml"}]"#);
    assert_eq!(call.resource.as_deref(), Some("arn:aws:s3:::mail/in/…"));
    assert_eq!(call.requests.len(), 1, "what is asked is the whole");
}
