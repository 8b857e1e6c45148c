//! `--notify-webhook` and `--notify-sns`: who is told what happens, where there is no Alertmanager.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use clap::{Args, ValueEnum};

use crate::cli::args::AwsArgs;
use crate::cli::aws::settings;
use crate::cloud::aws::SnsTopic;
use crate::cloud::{SecretUrl, Webhook};
use crate::controller::{Channel, Form};

#[derive(Debug, Args)]
#[expect(clippy::struct_field_names, reason = "the fields are the flags")]
pub(crate) struct NotifyArgs {
    /// Tell this webhook of drift, healing, held and blocked changes, and use of emergency access. The URL
    /// is a secret: give it in the environment or in a file, since other users see arguments
    #[arg(long, env = "PALISADE_NOTIFY_WEBHOOK", value_name = "URL", hide_env_values = true)]
    notify_webhook: Option<Hidden>,
    /// Read the URL of the webhook from this file
    #[arg(
        long,
        env = "PALISADE_NOTIFY_WEBHOOK_FILE",
        value_name = "FILE",
        conflicts_with = "notify_webhook"
    )]
    notify_webhook_file: Option<PathBuf>,
    /// How the webhook wants to be told
    #[arg(long, env = "PALISADE_NOTIFY_FORMAT", value_name = "FORMAT", default_value = "json")]
    notify_format: NotifyFormat,
    /// Publish the same to this SNS topic, as JSON
    #[arg(long, env = "PALISADE_NOTIFY_SNS", value_name = "ARN", value_parser = topic)]
    notify_sns: Option<String>,
}

/// Text that is never shown. Any text is one, so that no message about arguments quotes it.
#[derive(Clone)]
struct Hidden(String);

/// How a webhook is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum NotifyFormat {
    /// One object a notification
    Json,
    /// As Slack's incoming webhooks take it
    Slack,
}

impl std::str::FromStr for Hidden {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Hidden")
    }
}

/// The channels that `args` name.
pub(crate) async fn channels(args: &NotifyArgs, aws: &AwsArgs) -> anyhow::Result<Vec<Channel>> {
    let mut channels = Vec::new();
    if let Some(url) = webhook(args)? {
        let form = match args.notify_format {
            NotifyFormat::Json => Form::Json,
            NotifyFormat::Slack => Form::Slack,
        };
        channels.push(Channel { name: "webhook", form, messenger: Arc::new(Webhook::new(url)) });
    }
    if let Some(arn) = &args.notify_sns {
        let topic = SnsTopic::connect(&settings(aws), arn).await;
        channels.push(Channel { name: "sns", form: Form::Json, messenger: Arc::new(topic) });
    }
    Ok(channels)
}

fn webhook(args: &NotifyArgs) -> anyhow::Result<Option<SecretUrl>> {
    if let Some(Hidden(url)) = &args.notify_webhook {
        return Ok(Some(SecretUrl::new(url)?));
    }
    let Some(file) = &args.notify_webhook_file else { return Ok(None) };
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("cannot read `--notify-webhook-file {}`", file.display()))?;
    let url = SecretUrl::new(&text).with_context(|| format!("`{}`", file.display()))?;
    Ok(Some(url))
}

/// The ARN of a topic.
fn topic(text: &str) -> Result<String, String> {
    let parts: Vec<&str> = text.split(':').collect();
    let is_word = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    };
    match parts.as_slice() {
        ["arn", partition, "sns", region, account, name]
            if [*partition, *region, *account, *name].into_iter().all(is_word) =>
        {
            Ok(text.to_owned())
        }
        _ => Err("write the ARN of a standard topic, such as `arn:aws:sns:eu-west-1:111111111111:palisade`".to_owned()),
    }
}
