//! The events queue in SQS: long polling, and deleting in batches.

use async_trait::async_trait;
use aws_config::{Region, SdkConfig};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::DeleteMessageBatchRequestEntry;
use aws_smithy_types::retry::RetryConfig;

use crate::cloud::aws::connect::{load, load_from};
use crate::cloud::aws::failure::chain;
use crate::cloud::aws::{AwsSettings, Endpoint};
use crate::cloud::{EventQueue, QueueError, QueuedMessage};

/// How long SQS holds a request until there is a message. It allows 20 seconds, which is when waiting for the
/// beginning of an answer is given up.
const WAIT_SECONDS: i32 = 15;

/// Messages of one answer, and of one deletion, at most (`ReceiveMessage`, `DeleteMessageBatch`, API
/// reference).
const BATCH_MAX: usize = 10;

/// A queue by its URL.
#[derive(Debug)]
pub struct SqsQueue {
    client: Client,
    url: String,
}

impl SqsQueue {
    /// The queue at `url`, with the standard credential chain. The Region is the one in the URL.
    pub async fn connect(settings: &AwsSettings, url: &str) -> Self {
        Self::assemble(&load(settings).await, url)
    }

    /// The queue at `url` of `endpoint`.
    pub async fn connect_to(endpoint: &Endpoint, settings: &AwsSettings, url: &str) -> Self {
        Self::assemble(&load_from(endpoint, settings).await, url)
    }

    fn assemble(config: &SdkConfig, url: &str) -> Self {
        // Whoever listens tries again by itself, later each time.
        let mut builder =
            aws_sdk_sqs::config::Builder::from(config).retry_config(RetryConfig::disabled());
        if let Some(region) = region(url) {
            builder = builder.region(Region::new(region.to_owned()));
        }
        Self { client: Client::from_conf(builder.build()), url: url.to_owned() }
    }
}

/// The Region that a queue's URL names: `https://sqs.eu-west-1.amazonaws.com/111111111111/events`.
fn region(url: &str) -> Option<&str> {
    let host = url.split_once("://")?.1.split('/').next()?;
    let region = host.strip_prefix("sqs.")?.split_once(".amazonaws.com")?.0;
    (!region.is_empty() && !region.contains('.')).then_some(region)
}

#[async_trait]
impl EventQueue for SqsQueue {
    async fn receive(&self) -> Result<Vec<QueuedMessage>, QueueError> {
        let request = self.client.receive_message().queue_url(&self.url);
        let request = request.max_number_of_messages(10).wait_time_seconds(WAIT_SECONDS);
        let answer = request.send().await.map_err(|error| failure(&error))?;
        let messages =
            answer.messages.unwrap_or_default().into_iter().map(|message| QueuedMessage {
                id: message.message_id.unwrap_or_default(),
                receipt: message.receipt_handle.unwrap_or_default(),
                body: message.body.unwrap_or_default(),
            });
        Ok(messages.collect())
    }

    async fn delete(&self, receipts: &[String]) -> Result<(), QueueError> {
        for batch in receipts.chunks(BATCH_MAX) {
            let entry = |(index, receipt): (usize, &String)| {
                let entry = DeleteMessageBatchRequestEntry::builder();
                entry.id(index.to_string()).receipt_handle(receipt).build()
            };
            let entries: Result<Vec<_>, BuildError> = batch.iter().enumerate().map(entry).collect();
            let entries = entries.map_err(|error| QueueError::Unavailable(chain(&error)))?;
            let request = self.client.delete_message_batch().queue_url(&self.url);
            request.set_entries(Some(entries)).send().await.map_err(|error| failure(&error))?;
        }
        Ok(())
    }
}

/// What time may cure is told apart from what a person has to mend.
fn failure<E: ProvideErrorMetadata + std::error::Error + 'static>(
    error: &SdkError<E>,
) -> QueueError {
    let code = error.code().unwrap_or_default();
    let is_refusal = code.contains("AccessDenied")
        || code.contains("NonExistentQueue")
        || matches!(
            code,
            "QueueDoesNotExist"
                | "InvalidAddress"
                | "InvalidClientTokenId"
                | "UnrecognizedClientException"
                | "InvalidSecurity"
                | "SignatureDoesNotMatch"
        );
    if is_refusal {
        let said = error.message().unwrap_or("SQS gave no reason");
        return QueueError::Refused(format!(
            "{code}: {said}: check the URL, the account, and the permissions `sqs:ReceiveMessage` and \
             `sqs:DeleteMessage` (and `kms:Decrypt` on the key of an encrypted queue)"
        ));
    }
    QueueError::Unavailable(chain(error))
}

#[cfg(test)]
mod tests {
    use super::region;

    #[test]
    fn the_region_of_a_queue_is_the_one_in_its_url() {
        for (url, expected) in [
            ("https://sqs.eu-west-1.amazonaws.com/111111111111/events", Some("eu-west-1")),
            ("https://sqs.cn-north-1.amazonaws.com.cn/111111111111/events", Some("cn-north-1")),
            ("http://127.0.0.1:5000/111111111111/events", None),
            ("https://vpce-1.sqs.us-east-1.vpce.amazonaws.com/1/e", None),
            ("sqs", None),
        ] {
            assert_eq!(region(url), expected, "{url}");
        }
    }
}
