//! A lease in an S3 object, replaced by conditional writes: `If-None-Match: *` for the first, `If-Match` with
//! the `ETag` for every other ("Conditional writes", Amazon S3 User Guide).
//!
//! S3 and not `DynamoDB`: there is no table to make, an organization with a log archive has buckets already,
//! and one small object written every few seconds is all it takes.

use async_trait::async_trait;
use aws_config::{Region, SdkConfig};
use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_types::retry::RetryConfig;

use crate::cloud::aws::connect::{load, load_from};
use crate::cloud::aws::failure::chain;
use crate::cloud::aws::{AwsSettings, Endpoint};
use crate::cloud::{LeaseError, LeaseRecord, LeaseStore, LeaseVersion};

/// A record is a few hundred bytes. What is larger is somebody's file.
const RECORD_BYTES_MAX: i64 = 4096;

/// An object in a bucket that says who acts.
#[derive(Debug)]
pub struct S3Lease {
    client: Client,
    bucket: String,
    key: String,
}

impl S3Lease {
    /// The object `key` of `bucket`, in `region` or the Region of the environment.
    pub async fn connect(
        settings: &AwsSettings,
        bucket: &str,
        key: &str,
        region: Option<&str>,
    ) -> Self {
        Self::assemble(&load(settings).await, bucket, key, region)
    }

    /// The object `key` of `bucket` at `endpoint`.
    pub async fn connect_to(
        endpoint: &Endpoint,
        settings: &AwsSettings,
        bucket: &str,
        key: &str,
    ) -> Self {
        Self::assemble(&load_from(endpoint, settings).await, bucket, key, None)
    }

    fn assemble(config: &SdkConfig, bucket: &str, key: &str, region: Option<&str>) -> Self {
        let mut builder = aws_sdk_s3::config::Builder::from(config)
            // The election tries again by itself, and a late write is worse than none.
            .retry_config(RetryConfig::disabled())
            // Emulators and private endpoints have no name for every bucket.
            .force_path_style(config.endpoint_url().is_some());
        if let Some(region) = region {
            builder = builder.region(Region::new(region.to_owned()));
        }
        Self {
            client: Client::from_conf(builder.build()),
            bucket: bucket.to_owned(),
            key: key.to_owned(),
        }
    }

    fn foreign(&self) -> LeaseError {
        LeaseError::Refused(format!(
            "`s3://{}/{}` is no lease of palisade: name another key, or delete the object",
            self.bucket, self.key
        ))
    }
}

#[async_trait]
impl LeaseStore for S3Lease {
    async fn read(&self) -> Result<Option<(LeaseRecord, LeaseVersion)>, LeaseError> {
        let request = self.client.get_object().bucket(&self.bucket).key(&self.key);
        let object = match request.send().await {
            Ok(object) => object,
            Err(error) if error.code() == Some("NoSuchKey") => return Ok(None),
            Err(error) => return Err(failure(&error)),
        };
        if object.content_length().is_some_and(|bytes| bytes > RECORD_BYTES_MAX) {
            return Err(self.foreign());
        }
        let version = object.e_tag().map(|tag| LeaseVersion(tag.to_owned()));
        let body = object.body.collect().await;
        let body = body.map_err(|error| LeaseError::Unavailable(chain(&error)))?.into_bytes();
        match (serde_json::from_slice(&body), version) {
            (Ok(record), Some(version)) => Ok(Some((record, version))),
            (Ok(_) | Err(_), _) => Err(self.foreign()),
        }
    }

    async fn write(
        &self,
        record: &LeaseRecord,
        replacing: Option<&LeaseVersion>,
    ) -> Result<LeaseVersion, LeaseError> {
        let body = serde_json::to_vec(record).map_err(|error| {
            LeaseError::Refused(format!("the record cannot be written: {error}"))
        })?;
        let request = self.client.put_object().bucket(&self.bucket).key(&self.key);
        let request = match replacing {
            Some(LeaseVersion(tag)) => request.if_match(tag),
            None => request.if_none_match("*"),
        };
        let request = request.content_type("application/json").body(ByteStream::from(body));
        let written = request.send().await.map_err(|error| failure(&error))?;
        let tag = written.e_tag().map(str::to_owned);
        tag.map(LeaseVersion).ok_or_else(|| LeaseError::Unavailable("no `ETag` came".to_owned()))
    }
}

/// Conflicts and what time may cure are told apart from what a person has to mend.
fn failure<E: ProvideErrorMetadata + std::error::Error + 'static>(
    error: &SdkError<E>,
) -> LeaseError {
    let code = error.code().unwrap_or_default();
    match code {
        // Two conditional writes at once end as `ConditionalRequestConflict`, and a deleted object as
        // `NoSuchKey`.
        "PreconditionFailed" | "ConditionalRequestConflict" | "NoSuchKey" => LeaseError::Conflict,
        "AccessDenied"
        | "NoSuchBucket"
        | "InvalidBucketName"
        | "PermanentRedirect"
        | "AuthorizationHeaderMalformed" => LeaseError::Refused(format!(
            "{code}: {}: check the bucket, its Region (`?region=…`) and the permissions `s3:GetObject` and `s3:PutObject`",
            error.message().unwrap_or("S3 gave no reason")
        )),
        _ => LeaseError::Unavailable(chain(error)),
    }
}
