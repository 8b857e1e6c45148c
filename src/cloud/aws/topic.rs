//! A topic of SNS, to which messages are published.

use async_trait::async_trait;
use aws_config::{Region, SdkConfig};
use aws_sdk_sns::Client;
use aws_sdk_sns::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_types::retry::RetryConfig;

use crate::cloud::aws::connect::{load, load_from};
use crate::cloud::aws::failure::chain;
use crate::cloud::aws::{AwsSettings, Endpoint};
use crate::cloud::{Message, Messenger, SendError};

/// Longest subject (`Publish`, API reference: fewer than 100 characters).
const SUBJECT_CHARACTERS_MAX: usize = 99;

/// A topic by its ARN.
#[derive(Debug)]
pub struct SnsTopic {
    client: Client,
    arn: String,
}

impl SnsTopic {
    /// The topic `arn`, with the standard credential chain. The Region is the one in the ARN.
    pub async fn connect(settings: &AwsSettings, arn: &str) -> Self {
        Self::assemble(&load(settings).await, arn)
    }

    /// The topic `arn` of `endpoint`.
    pub async fn connect_to(endpoint: &Endpoint, settings: &AwsSettings, arn: &str) -> Self {
        Self::assemble(&load_from(endpoint, settings).await, arn)
    }

    fn assemble(config: &SdkConfig, arn: &str) -> Self {
        // Whoever tells tries again by itself, later each time.
        let mut builder =
            aws_sdk_sns::config::Builder::from(config).retry_config(RetryConfig::disabled());
        if let Some(region) = arn.split(':').nth(3).filter(|region| !region.is_empty()) {
            builder = builder.region(Region::new(region.to_owned()));
        }
        Self { client: Client::from_conf(builder.build()), arn: arn.to_owned() }
    }
}

#[async_trait]
impl Messenger for SnsTopic {
    async fn send(&self, message: &Message) -> Result<(), SendError> {
        let subject: String = message.subject.chars().take(SUBJECT_CHARACTERS_MAX).collect();
        let request = self.client.publish().topic_arn(&self.arn).subject(subject);
        let sent = request.message(&message.body).send().await;
        sent.map(drop).map_err(|error| failure(&error))
    }
}

/// Only what is wrong with the message itself is refused for good: a topic or a permission that is missing is
/// put right by somebody, and the message is still worth telling.
fn failure<E: ProvideErrorMetadata + std::error::Error + 'static>(
    error: &SdkError<E>,
) -> SendError {
    match error.code() {
        Some(code @ ("InvalidParameter" | "InvalidParameterValue" | "ParameterValueInvalid")) => {
            SendError::Refused(format!("{code}: {}", error.message().unwrap_or_default()))
        }
        Some(code) => SendError::Unavailable(format!(
            "{code}: {}: check the ARN and the permission `sns:Publish`",
            error.message().unwrap_or_default()
        )),
        None => SendError::Unavailable(chain(error)),
    }
}
