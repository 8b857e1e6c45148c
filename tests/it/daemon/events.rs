//! The daemon and its events queue: it wakes, heals, says who did it, and believes no message.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use palisade::cloud::{Call, EventQueue, QueueError, QueuedMessage};
use palisade::controller::{Claim, Leadership};
use palisade::org::{PolicyId, TargetId};
use palisade::status::{Report, WakeReason};
use serde_json::{Value, json};
use tokio::sync::{Notify, watch};

use super::stage::{Stage, Staging, desired, organization};

/// How long a queue holds a request.
const WAIT: Duration = Duration::from_secs(15);

/// A queue in memory.
#[derive(Debug, Default)]
struct Queue {
    messages: Mutex<VecDeque<QueuedMessage>>,
    deleted: Mutex<Vec<String>>,
    refusal: Mutex<Option<QueueError>>,
    filled: Notify,
}

impl Queue {
    fn put(&self, id: &str, body: &str) {
        let (id, receipt, body) = (id.to_owned(), format!("receipt of {id}"), body.to_owned());
        self.messages.lock().unwrap().push_back(QueuedMessage { id, receipt, body });
        self.filled.notify_one();
    }

    fn deleted(&self) -> usize {
        self.deleted.lock().unwrap().len()
    }
}

#[async_trait]
impl EventQueue for Queue {
    async fn receive(&self) -> Result<Vec<QueuedMessage>, QueueError> {
        if let Some(refusal) = self.refusal.lock().unwrap().clone() {
            return Err(refusal);
        }
        let empty = self.messages.lock().unwrap().is_empty();
        if empty {
            let _late = tokio::time::timeout(WAIT, self.filled.notified()).await;
        }
        let mut messages = self.messages.lock().unwrap();
        let batch = messages.len().min(10);
        Ok(messages.drain(..batch).collect())
    }

    async fn delete(&self, receipts: &[String]) -> Result<(), QueueError> {
        self.deleted.lock().unwrap().extend_from_slice(receipts);
        Ok(())
    }
}

/// A daemon in sync, and its queue.
async fn listening() -> (Stage, Arc<Queue>) {
    let queue = Arc::new(Queue::default());
    let mut staging = Staging::new(organization(), &desired(&["deny-leave"]));
    staging.queue = Some(Arc::clone(&queue) as Arc<dyn EventQueue>);
    let mut stage = staging.start().await;
    stage.until_in_sync().await;
    (stage, queue)
}

/// Somebody takes the guardrail off, and CloudTrail's record of it.
fn detach(stage: &Stage, event: &str) -> Value {
    let (policy, targets) = stage.scp("deny-leave").unwrap();
    let detach = Call::DetachPolicy { policy: policy.clone(), target: targets[0].clone() };
    stage.cloud.meddle(|world| world.change(&detach).map(drop)).unwrap();
    record(event, &policy, &targets[0])
}

fn record(event: &str, policy: &PolicyId, target: &TargetId) -> Value {
    json!({
        "detail-type": "AWS API Call via CloudTrail",
        "account": "111111111111",
        "detail": {
            "userIdentity": {
                "type": "AssumedRole",
                "arn": "arn:aws:sts::111111111111:assumed-role/Admin/jo.doe@example.com",
            },
            "eventTime": "2026-11-22T12:00:01Z",
            "eventSource": "organizations.amazonaws.com",
            "eventName": "DetachPolicy",
            "sourceIPAddress": "203.0.113.7",
            "requestParameters": {
                "policyId": policy.as_str(),
                "targetId": String::from(target.clone()),
            },
            "requestID": "somebody-elses",
            "eventID": event,
            "recipientAccountId": "111111111111",
        },
    })
}

fn counted(stage: &Stage, result: &str, count: u64) {
    stage.measures(&format!(r#"palisade_event_messages_total{{result="{result}"}} {count}"#));
}

fn is_found(report: &Report) -> bool {
    !report.last_pass.detected.is_empty()
}

#[tokio::test(start_paused = true)]
async fn an_event_wakes_a_pass_that_heals_and_says_who_did_it() {
    let (mut stage, queue) = listening().await;
    let message = detach(&stage, "e-1");
    queue.put("m-1", &message.to_string());
    let found = stage.until(is_found).await;
    assert_eq!(found.last_pass.wake, WakeReason::Event);
    let by = found.last_pass.detected[0].by.clone().unwrap();
    assert_eq!(by.principal, "arn:aws:sts::111111111111:assumed-role/Admin/<e-mail>");
    assert_eq!(by.call, "organizations:DetachPolicy");
    assert_eq!((by.from.as_deref(), by.event.as_str()), (Some("203.0.113.7"), "e-1"));
    let difference =
        found.documents.iter().flat_map(|document| &document.differences).next().unwrap();
    assert_eq!(difference.by.as_ref(), Some(&by));
    stage.until_in_sync().await;
    let healed = stage.journal().pop().unwrap();
    assert_eq!(
        (&healed["action"], &healed["by"]["event"]),
        (&json!("AttachPolicy"), &json!("e-1"))
    );
    assert!(
        !std::fs::read_to_string(stage.home.path().join("journal")).unwrap().contains("jo.doe")
    );
    stage.measures(r#"palisade_drift_events_total{source="event"} 1"#);
    stage.measures(r#"palisade_drift_events_total{source="sweep"} 0"#);
    stage.measures("palisade_event_queue_reachable 1");
    counted(&stage, "woke", 1);
    assert_eq!(queue.deleted(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_comes_twice_wakes_once_and_is_deleted_twice() {
    let (mut stage, queue) = listening().await;
    let message = detach(&stage, "e-1").to_string();
    queue.put("m-1", &message);
    queue.put("m-1", &message);
    queue.put("m-2", &message);
    stage.until(is_found).await;
    stage.until_in_sync().await;
    counted(&stage, "woke", 1);
    counted(&stage, "duplicate", 2);
    assert_eq!(queue.deleted(), 3);
}

#[tokio::test(start_paused = true)]
async fn hostile_messages_wake_nobody() {
    let (mut stage, queue) = listening().await;
    let (policy, targets) = stage.scp("deny-leave").unwrap();
    let good = record("e-1", &policy, &targets[0]);
    let foreign = good.to_string().replace("111111111111", "999999999999");
    let mut forged = good.clone();
    forged["account"] = json!("555555555555");
    for (number, body) in [
        String::new(),
        "\u{fffd}\u{0}".to_owned(),
        "{".repeat(100_000),
        format!("{{\"detail-type\":\"{}\"}}", "x".repeat(2_000_000)),
        forged.to_string(),
    ]
    .iter()
    .enumerate()
    {
        queue.put(&format!("malformed {number}"), body);
    }
    queue.put("foreign", &foreign);
    let changes = stage.cloud.counts().mutating();
    let report = stage.next().await;
    assert_eq!(report.last_pass.wake, WakeReason::Timer, "the sweep goes on as ever");
    assert!(report.in_sync);
    counted(&stage, "malformed", 5);
    counted(&stage, "foreign", 1);
    counted(&stage, "woke", 0);
    assert_eq!(queue.deleted(), 6);
    assert_eq!(stage.cloud.counts().mutating(), changes);
}

#[tokio::test(start_paused = true)]
async fn whoever_floods_the_queue_with_lies_does_not_keep_the_daemon_busy() {
    let (mut stage, queue) = listening().await;
    let (policy, targets) = stage.scp("deny-leave").unwrap();
    let start = tokio::time::Instant::now();
    let liar = {
        let queue = Arc::clone(&queue);
        tokio::spawn(async move {
            for number in 0..3000 {
                let lie = record(&format!("e-{number}"), &policy, &targets[0]);
                queue.put(&format!("m-{number}"), &lie.to_string());
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        })
    };
    let mut passes = 0;
    while start.elapsed() < Duration::from_mins(5) {
        stage.next().await;
        passes += 1;
    }
    liar.abort();
    assert!(passes < 40, "{passes} passes in five minutes");
    let calls = stage.cloud.counts().mutating();
    assert_eq!(calls, 2, "the two that made the guardrail");
}

#[tokio::test(start_paused = true)]
async fn what_palisade_does_itself_wakes_nobody() {
    let (mut stage, queue) = listening().await;
    let (policy, targets) = stage.scp("deny-leave").unwrap();
    let mine = stage.journal().pop().unwrap()["requestId"].clone();
    assert!(mine.is_string());
    let mut by_request = record("e-1", &policy, &targets[0]);
    by_request["detail"]["eventName"] = json!("AttachPolicy");
    by_request["detail"]["requestID"] = mine;
    queue.put("m-1", &by_request.to_string());
    let report = stage.next().await;
    assert_eq!(report.last_pass.wake, WakeReason::Timer);
    counted(&stage, "own", 1);
    assert_eq!(queue.deleted(), 1);
}

#[tokio::test(start_paused = true)]
async fn whoever_uses_the_role_of_palisade_is_noticed_at_once() {
    let (mut stage, queue) = listening().await;
    let mut message = detach(&stage, "e-1");
    let caller = stage.cloud.truth().caller.known().unwrap().arn.clone();
    message["detail"]["userIdentity"]["arn"] = json!(caller);
    queue.put("m-1", &message.to_string());
    let found = stage.until(is_found).await;
    assert_eq!(found.last_pass.wake, WakeReason::Event);
    assert_eq!(found.last_pass.detected[0].by.as_ref().unwrap().principal, caller);
    stage.until_in_sync().await;
    // What the process before this one did comes late, and is known by its date.
    message["detail"]["eventTime"] = json!("2026-11-22T11:59:59Z");
    message["detail"]["eventID"] = json!("e-0");
    queue.put("m-2", &message.to_string());
    assert_eq!(stage.next().await.last_pass.wake, WakeReason::Timer);
    counted(&stage, "own", 1);
}

#[tokio::test(start_paused = true)]
async fn an_event_whose_drift_was_healed_is_not_blamed_for_the_next() {
    let (mut stage, queue) = listening().await;
    let message = detach(&stage, "e-1");
    queue.put("m-1", &message.to_string());
    let found = stage.until(is_found).await;
    assert!(found.last_pass.detected[0].by.is_some());
    stage.until_in_sync().await;
    let _lost = detach(&stage, "e-2");
    let found = stage.until(is_found).await;
    assert_eq!((found.last_pass.wake, &found.last_pass.detected[0].by), (WakeReason::Timer, &None));
}

#[tokio::test(start_paused = true)]
async fn an_event_that_comes_late_says_afterwards_who_it_was() {
    let (mut stage, queue) = listening().await;
    let message = detach(&stage, "e-1");
    let found = stage.until(is_found).await;
    assert_eq!((found.last_pass.wake, &found.last_pass.detected[0].by), (WakeReason::Timer, &None));
    stage.until_in_sync().await;
    queue.put("m-1", &message.to_string());
    let report = stage.next().await;
    assert_eq!(report.last_pass.wake, WakeReason::Event);
    let line = stage.journal().pop().unwrap();
    assert_eq!((&line["outcome"], &line["by"]["event"]), (&json!("attributed"), &json!("e-1")));
    assert_eq!(line["document"]["name"], "deny-leave");
    assert_eq!(report.happenings[0].by.as_ref().map(|by| by.event.as_str()), Some("e-1"));
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_may_not_be_used_is_told_of_and_passes_go_on() {
    let queue = Arc::new(Queue::default());
    let refusal = QueueError::Refused("AccessDenied: no".to_owned());
    *queue.refusal.lock().unwrap() = Some(refusal);
    let mut staging = Staging::new(organization(), &desired(&["deny-leave"]));
    staging.queue = Some(Arc::clone(&queue) as Arc<dyn EventQueue>);
    let mut stage = staging.start().await;
    stage.until_in_sync().await;
    let report = stage.next().await;
    assert_eq!(report.last_pass.wake, WakeReason::Timer);
    let trouble = report.troubles.iter().find(|it| it.component == "events queue").unwrap();
    assert!(trouble.message.contains("AccessDenied: no"), "{trouble:?}");
    stage.measures("palisade_event_queue_reachable 0");
    *queue.refusal.lock().unwrap() = None;
    stage.until(|report| report.troubles.is_empty()).await;
    stage.measures("palisade_event_queue_reachable 1");
}

#[tokio::test(start_paused = true)]
async fn a_follower_leaves_messages_to_the_one_that_acts() {
    let queue = Arc::new(Queue::default());
    let (lease, claim) = watch::channel(Claim::Follower);
    let mut staging = Staging::new(organization(), &desired(&["deny-leave"]));
    staging.leadership = Leadership::given(claim);
    staging.queue = Some(Arc::clone(&queue) as Arc<dyn EventQueue>);
    queue.put("m-1", "nonsense");
    let mut stage = staging.start().await;
    for _ in 0..3 {
        stage.next().await;
    }
    assert_eq!(queue.deleted(), 0);
    lease.send(Claim::Leader).unwrap();
    stage.until_in_sync().await;
    stage.next().await;
    assert_eq!(queue.deleted(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_somebody_does_to_a_new_object_is_not_why_it_was_made() {
    let (mut stage, queue) = listening().await;
    let (policy, targets) = stage.scp("deny-leave").unwrap();
    let mut later = record("e-1", &policy, &targets[0]);
    later["detail"]["eventName"] = json!("UpdatePolicy");
    later["detail"]["eventTime"] = json!("2026-11-22T12:01:00Z");
    queue.put("m-1", &later.to_string());
    stage.next().await;
    assert!(stage.journal().iter().all(|line| line["outcome"] != "attributed"));
}
