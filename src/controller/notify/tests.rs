//! Channels that fail, hang and refuse, in virtual time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tempfile::TempDir;
use tokio::time::Instant;

use super::{Channel, Delivering, Form, Notifier, RETRY_MAX, WAITING_MAX, deliver, message};
use crate::clock::Clock;
use crate::cloud::{Message, Messenger, SendError};
use crate::controller::metrics;
use crate::metrics::Metrics;
use crate::status::{Attribution, Notice};

/// A channel that first answers as it is told, and then takes everything.
#[derive(Default)]
struct Fake {
    answers: Mutex<Vec<SendError>>,
    hangs: bool,
    taken: Mutex<Vec<String>>,
}

#[async_trait]
impl Messenger for Fake {
    async fn send(&self, message: &Message) -> Result<(), SendError> {
        if self.hangs {
            std::future::pending::<()>().await;
        }
        if let Some(error) = self.answers.lock().unwrap().pop() {
            return Err(error);
        }
        self.taken.lock().unwrap().push(message.body.clone());
        Ok(())
    }
}

fn notice(document: &str) -> Notice {
    let by = Attribution {
        principal: "arn:aws:sts::111111111111:assumed-role/<e-mail> & co".into(),
        call: "sts:AssumeRole".into(),
        at: jiff::Timestamp::UNIX_EPOCH,
        from: None,
        event: "e-1".into(),
    };
    Notice::break_glass(document, &"555555555555".parse().unwrap(), by)
}

/// A daemon's part that tells, and the channel that it tells.
struct Telling {
    notifier: Notifier,
    _delivering: Delivering,
    fake: Arc<Fake>,
    metrics: Arc<Metrics>,
}

fn telling_from(home: &TempDir, fake: Fake) -> Telling {
    let (fake, metrics) = (Arc::new(fake), metrics().unwrap());
    let messenger = Arc::clone(&fake) as Arc<dyn Messenger>;
    let channel = Channel { name: "webhook", form: Form::Json, messenger };
    let clock = Clock::starting_at(jiff::Timestamp::UNIX_EPOCH);
    let (notifier, delivering) = deliver(vec![channel], &metrics, home.path(), clock);
    Telling { notifier, _delivering: delivering, fake, metrics }
}

fn telling(fake: Fake) -> (TempDir, Telling) {
    let home = tempfile::tempdir().unwrap();
    let telling = telling_from(&home, fake);
    (home, telling)
}

#[track_caller]
fn counted(metrics: &Metrics, result: &str, count: usize) {
    let text = String::from_utf8(metrics.render().unwrap()).unwrap();
    let line =
        format!(r#"palisade_notifications_total{{channel="webhook",result="{result}"}} {count}"#);
    assert!(text.lines().any(|each| each == line), "no `{line}` in\n{text}");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_taken_is_told_again_until_it_is() {
    let away = SendError::Unavailable("HTTP status 500".to_owned());
    let (_home, Telling { notifier, _delivering, fake, metrics }) =
        telling(Fake { answers: Mutex::new(vec![away; 20]), ..Fake::default() });
    let start = Instant::now();
    notifier.tell(&notice("one"));
    notifier.tell(&notice("two"));
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert!(notifier.troubles()[0].message.contains("HTTP status 500"));
    while fake.taken.lock().unwrap().len() < 2 {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert!(start.elapsed() > RETRY_MAX, "it is asked less and less often");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(notifier.troubles(), []);
    counted(&metrics, "delivered", 2);
    counted(&metrics, "retried", 20);
    counted(&metrics, "failed", 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_is_given_up_and_keeps_nothing_else() {
    let no = SendError::Refused("HTTP status 404".to_owned());
    let (_home, Telling { notifier, _delivering, fake, metrics }) =
        telling(Fake { answers: Mutex::new(vec![no]), ..Fake::default() });
    notifier.tell(&notice("one"));
    notifier.tell(&notice("two"));
    notifier.flush().await;
    let taken = fake.taken.lock().unwrap().clone();
    assert!(taken.len() == 1 && taken[0].contains("two"), "{taken:?}");
    counted(&metrics, "failed", 1);
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_hangs_keeps_nobody_waiting_and_no_more_than_so_much() {
    let (_home, Telling { notifier, _delivering, fake: _, metrics }) =
        telling(Fake { hangs: true, ..Fake::default() });
    let start = Instant::now();
    for _ in 0..WAITING_MAX + 10 {
        notifier.tell(&notice("one"));
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
    counted(&metrics, "dropped", 10);
    notifier.flush().await;
    assert!(start.elapsed() < Duration::from_secs(10), "nor the end of the daemon");
}

#[tokio::test(start_paused = true)]
async fn what_one_process_could_not_tell_the_next_one_tells() {
    let (home, before) = telling(Fake { hangs: true, ..Fake::default() });
    before.notifier.tell(&notice("one"));
    before.notifier.tell(&notice("two"));
    before.notifier.flush().await;
    assert_eq!(before.notifier.troubles(), []);
    drop(before);
    let after = telling_from(&home, Fake::default());
    after.notifier.flush().await;
    let taken = after.fake.taken.lock().unwrap().clone();
    assert!(taken.len() == 2 && taken[0].contains("one"), "{taken:?}");
    drop(after);
    let last = telling_from(&home, Fake::default());
    last.notifier.flush().await;
    assert!(last.fake.taken.lock().unwrap().is_empty(), "told twice");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_written_down_is_told_all_the_same_and_shown() {
    let (home, telling) = telling(Fake { hangs: true, ..Fake::default() });
    std::fs::remove_dir_all(home.path()).unwrap();
    telling.notifier.tell(&notice("one"));
    telling.notifier.flush().await;
    let troubles = telling.notifier.troubles();
    assert!(troubles[0].message.contains("a restart would lose what waits"), "{troubles:?}");
    std::fs::create_dir(home.path()).unwrap();
    std::fs::write(home.path().join("notifications-webhook.json"), "[{").unwrap();
    let after = telling_from(&home, Fake::default());
    after.notifier.tell(&notice("two"));
    after.notifier.flush().await;
    assert_eq!(after.fake.taken.lock().unwrap().len(), 1);
}

#[test]
fn a_message_is_json_or_what_slack_takes() {
    let json: serde_json::Value =
        serde_json::from_str(&message(&notice("one"), Form::Json).body).unwrap();
    assert_eq!(json["schema"], "palisade.notification/v1");
    assert_eq!(json["kind"], "breakGlass");
    assert_eq!(json["document"]["name"], "one");
    let slack = message(&notice("one"), Form::Slack);
    assert_eq!(slack.subject, "palisade: breakGlass: BreakGlassRole/one");
    let text = serde_json::from_str::<serde_json::Value>(&slack.body).unwrap();
    let text = text["text"].as_str().unwrap();
    assert!(text.starts_with("*palisade: breakGlass* Emergency access `one` was used"), "{text}");
    assert!(text.contains("assumed-role/&lt;e-mail&gt; &amp; co"), "{text}");
}
