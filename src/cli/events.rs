//! `--events-queue`: where AWS tells of changes.

use std::sync::Arc;

use clap::Args;

use crate::cli::args::AwsArgs;
use crate::cli::aws::settings;
use crate::cloud::EventQueue;
use crate::cloud::aws::SqsQueue;

#[derive(Debug, Args)]
pub(crate) struct EventsArgs {
    /// Look at AWS as soon as EventBridge tells of a change through this SQS queue, and say who made it
    #[arg(long, env = "PALISADE_EVENTS_QUEUE", value_name = "URL", value_parser = queue_url)]
    pub(crate) events_queue: Option<String>,
}

/// The queue, if there is to be one.
pub(crate) async fn queue(args: &EventsArgs, aws: &AwsArgs) -> Option<Arc<dyn EventQueue>> {
    let url = args.events_queue.as_ref()?;
    Some(Arc::new(SqsQueue::connect(&settings(aws), url).await))
}

/// The URL of a queue: scheme, host, account, name.
fn queue_url(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let parts: Vec<&str> = rest.unwrap_or_default().split('/').collect();
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    match parts.as_slice() {
        [_, account, name]
            if parts.iter().all(|part| !part.is_empty() && part.bytes().all(is_word))
                && account.bytes().all(|byte| byte.is_ascii_digit())
                && !name.contains(".fifo") =>
        {
            Ok(text.to_owned())
        }
        _ => Err("write the URL of a standard queue, such as \
                  `https://sqs.eu-west-1.amazonaws.com/111111111111/palisade-events`"
            .to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::queue_url;

    #[test]
    fn the_url_of_a_queue_is_taken_or_explained() {
        for good in [
            "https://sqs.eu-west-1.amazonaws.com/111111111111/palisade-events",
            "http://127.0.0.1:5000/111111111111/events",
        ] {
            assert_eq!(queue_url(good).as_deref(), Ok(good));
        }
        for bad in [
            "",
            "events",
            "arn:aws:sqs:eu-west-1:111111111111:events",
            "https://sqs.eu-west-1.amazonaws.com/events",
            "https://sqs.eu-west-1.amazonaws.com/111111111111/",
            "https://sqs.eu-west-1.amazonaws.com/111111111111/events.fifo",
            "https://user:secret@host/111111111111/events",
        ] {
            assert!(queue_url(bad).unwrap_err().contains("https://sqs."), "{bad}");
        }
    }
}
