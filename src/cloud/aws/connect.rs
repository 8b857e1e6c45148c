//! How the adapter reaches AWS: credentials, Region, HTTP client, time-outs and retries.

use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::imds;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{
    ClassifyRetry, RetryAction, RetryClassifierPriority, RetryReason,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::retry::ErrorKind;

use crate::cloud::aws::AwsCloud;
use crate::cloud::aws::failure::chain;
use crate::cloud::aws::member::Members;

/// The Region that stands for the `aws` partition. Organizations is one service a partition: from any
/// Region the SDK's endpoint rules find the partition's own endpoint and signing Region
/// (`us-gov-west-1`, `cn-northwest-1`, …), so that a Region is only needed to name the partition.
const REGION_WHEN_NONE_IS_GIVEN: &str = "us-east-1";

/// A read is tried this often. More would hide an outage behind a pass that never ends.
const READ_ATTEMPTS_MAX: u32 = 3;

/// The first wait between attempts, doubled and jittered by the SDK. Its own second is meant for throttles,
/// which are not retried here; a dropped connection is worth trying sooner.
const READ_BACKOFF_FIRST: Duration = Duration::from_millis(200);

/// Prefix of the ids of access keys that do not expire (IAM User Guide, "Understanding unique ID prefixes").
const LONG_TERM_KEY_PREFIX: &str = "AKIA";

/// How to call AWS.
#[derive(Debug, Clone)]
pub struct AwsSettings {
    /// What the user agent, and so `CloudTrail`, calls this program. Characters that a user agent cannot
    /// hold become `-`.
    pub app_name: String,
    /// When to give up waiting.
    pub timeouts: AwsTimeouts,
    /// The role by which other accounts are entered, with its path if it has one.
    pub member_role: String,
}

/// When to give up waiting for AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AwsTimeouts {
    /// For the connection, TLS included.
    pub connect: Duration,
    /// For the answer to begin, once the request is sent.
    pub read: Duration,
    /// For one attempt, whatever it waits for.
    pub attempt: Duration,
    /// For all attempts together.
    pub operation: Duration,
}

/// An endpoint with keys of its own, for emulators; nothing is read from the environment.
#[derive(Clone)]
pub struct Endpoint {
    /// Where it listens, such as `http://127.0.0.1:5000`.
    pub url: String,
    /// The access key's id.
    pub access_key_id: String,
    /// The access key's secret.
    pub secret_access_key: String,
}

impl AwsTimeouts {
    /// Organizations answers in well under a second; a minute without an answer means there is none.
    /// The read time-out leaves room for the slowest listings seen, and three attempts fit.
    pub const STANDARD: Self = Self {
        connect: Duration::from_secs(5),
        read: Duration::from_secs(20),
        attempt: Duration::from_secs(25),
        operation: Duration::from_mins(1),
    };
}

impl AwsCloud {
    /// Connects the way every AWS tool does: environment, profiles, SSO, web identity, credential
    /// processes, containers, instances.
    ///
    /// Sends nothing to Organizations and cannot fail; the first call says whether there are credentials.
    pub async fn connect(settings: &AwsSettings) -> Self {
        Self::assemble(&load(settings).await, settings)
    }

    /// Connects to `endpoint` with the keys it names.
    pub async fn connect_to(endpoint: &Endpoint, settings: &AwsSettings) -> Self {
        Self::assemble(&load_from(endpoint, settings).await, settings)
    }

    fn assemble(config: &SdkConfig, settings: &AwsSettings) -> Self {
        let organizations = aws_sdk_organizations::config::Builder::from(config);
        let reads = organizations.clone().retry_classifier(LeaveThrottlesToTheBudget).build();
        let writes = organizations.retry_config(RetryConfig::disabled()).build();
        let identity = aws_sdk_sts::config::Builder::from(config)
            .retry_classifier(LeaveThrottlesToTheBudget)
            .build();
        let identity = aws_sdk_sts::Client::from_conf(identity);
        Self {
            members: Arc::new(Members::new(config, identity.clone(), &settings.member_role)),
            identity,
            reads: aws_sdk_organizations::Client::from_conf(reads),
            writes: aws_sdk_organizations::Client::from_conf(writes),
        }
    }
}

/// What the standard chain finds: credentials, Region, endpoint.
pub(in crate::cloud::aws) async fn load(settings: &AwsSettings) -> SdkConfig {
    let client = http_client(ProxyConfig::from_env());
    let loader = loader(settings, client.clone()).region(region(client, settings.timeouts));
    let config = loader.load().await;
    let Some(credentials) = config.credentials_provider() else {
        return config;
    };
    let watched = SharedCredentialsProvider::new(WatchedCredentials {
        inner: credentials,
        warned: AtomicBool::new(false),
        first_failure: OnceLock::new(),
    });
    config.into_builder().credentials_provider(watched).build()
}

/// `endpoint` and the keys it names.
pub(in crate::cloud::aws) async fn load_from(
    endpoint: &Endpoint,
    settings: &AwsSettings,
) -> SdkConfig {
    let credentials = Credentials::new(
        &endpoint.access_key_id,
        &endpoint.secret_access_key,
        None,
        None,
        "palisade endpoint",
    );
    let loader = loader(settings, http_client(ProxyConfig::disabled()))
        .region(Region::new(REGION_WHEN_NONE_IS_GIVEN))
        .endpoint_url(&endpoint.url)
        .credentials_provider(credentials);
    loader.load().await
}

fn loader(settings: &AwsSettings, client: SharedHttpClient) -> ConfigLoader {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(settings.timeouts.connect)
        .read_timeout(settings.timeouts.read)
        .operation_attempt_timeout(settings.timeouts.attempt)
        .operation_timeout(settings.timeouts.operation)
        .build();
    let loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(client)
        .timeout_config(timeouts)
        .retry_config(
            RetryConfig::standard()
                .with_max_attempts(READ_ATTEMPTS_MAX)
                .with_initial_backoff(READ_BACKOFF_FIRST),
        );
    match app_name(&settings.app_name) {
        Some(name) => loader.app_name(name),
        None => loader,
    }
}

fn app_name(text: &str) -> Option<AppName> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let text: String = text.chars().map(|c| if allowed(c) { c } else { '-' }).collect();
    AppName::new(text).ok()
}

/// HTTPS with `ring` and the system's certificates.
///
/// The SDK's own builder takes no proxy configuration, hence the connector function.
fn http_client(proxies: ProxyConfig) -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().build_with_connector_fn(move |settings, components| {
        let mut builder = Connector::builder().proxy_config(proxies.clone());
        builder.set_connector_settings(settings.cloned());
        builder.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        builder.tls_provider(Provider::rustls(CryptoMode::Ring)).build()
    })
}

/// Environment, profile, instance, and then the `aws` partition.
///
/// The SDK's own chain asks the instance metadata four times, which costs seconds on every machine that
/// is no instance; once is enough for one that is.
fn region(client: SharedHttpClient, timeouts: AwsTimeouts) -> RegionProviderChain {
    let provider = ProviderConfig::without_region().with_http_client(client);
    let instance = imds::Client::builder()
        .configure(&provider)
        .max_attempts(1)
        .connect_timeout(timeouts.connect.min(Duration::from_secs(1)))
        .build();
    RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
        .or_else(ProfileFileRegionProvider::new())
        .or_else(imds::region::ImdsRegionProvider::builder().imds_client(instance).build())
        .or_else(Region::new(REGION_WHEN_NONE_IS_GIVEN))
}

/// Forbids the SDK to retry what AWS throttled.
#[derive(Debug)]
pub(super) struct LeaveThrottlesToTheBudget;

impl ClassifyRetry for LeaveThrottlesToTheBudget {
    fn classify_retry(&self, _: &InterceptorContext) -> RetryAction {
        RetryAction::NoActionIndicated
    }

    fn classify_retry_v2(&self, ctx: &InterceptorContext, previous: &RetryAction) -> RetryAction {
        let throttled_by_status =
            ctx.response().is_some_and(|response| response.status().as_u16() == 429);
        let throttled_by_code = matches!(
            previous,
            RetryAction::RetryIndicated(RetryReason::RetryableError {
                kind: ErrorKind::ThrottlingError,
                ..
            })
        );
        if throttled_by_status || throttled_by_code {
            RetryAction::RetryForbidden
        } else {
            RetryAction::NoActionIndicated
        }
    }

    fn name(&self) -> &'static str {
        "leave throttles to the budget"
    }

    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(RetryClassifierPriority::transient_error_classifier())
    }
}

/// The credentials of the standard chain, and what is to be said about them.
///
/// Wraps the provider instead of asking it beforehand: a credential process may ask for an MFA code, and
/// once is enough.
#[derive(Debug)]
struct WatchedCredentials {
    inner: SharedCredentialsProvider,
    /// Keys without an end are what leaks, and a role would do: said once.
    warned: AtomicBool,
    /// A profile that is wrong is explained by the SDK the first time only, and a daemon asks for ever.
    first_failure: OnceLock<String>,
}

/// What the SDK says of a wrong profile from the second time on.
const EXPLAINED_BEFORE: &str = "already taken";

impl WatchedCredentials {
    async fn provide(&self) -> Result<Credentials, CredentialsError> {
        let credentials = self.inner.provide_credentials().await.map_err(|error| {
            let said = error.source().map(chain).unwrap_or_default();
            match self.first_failure.get() {
                Some(first) if said.contains(EXPLAINED_BEFORE) => {
                    CredentialsError::invalid_configuration(first.clone())
                }
                Some(_) => error,
                None => {
                    self.first_failure.get_or_init(|| said);
                    error
                }
            }
        })?;
        let is_long_term = credentials.access_key_id().starts_with(LONG_TERM_KEY_PREFIX);
        if is_long_term && !self.warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "long-term access keys are in use; a role gives keys that expire, see `Security best practices in IAM` in the IAM User Guide"
            );
        }
        Ok(credentials)
    }
}

impl ProvideCredentials for WatchedCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.provide())
    }

    fn fallback_on_interrupt(&self) -> Option<Credentials> {
        self.inner.fallback_on_interrupt()
    }
}

#[cfg(test)]
mod tests {
    use super::app_name;

    #[test]
    fn a_user_agent_takes_any_name_of_ours() {
        let name = app_name("palisade/0.1.0 (acme)").map(|name| name.to_string());
        assert_eq!(name.as_deref(), Some("palisade-0.1.0--acme-"));
    }
}
