//! How accounts are entered: the caller's own with its own credentials, every other one with a role of it.
//!
//! The SDK's provider would do the same, but its failures reach the caller of another operation as missing
//! credentials. Here a refusal stays what it is: `AssumeRole` was denied.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock, PoisonError};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use tokio::sync::{Mutex, OnceCell};
use tokio::time::Instant;

use crate::cloud::aws::connect::LeaveThrottlesToTheBudget;
use crate::cloud::aws::failure::{failure, unreadable};
use crate::cloud::{CloudError, CloudErrorKind, Operation};
use crate::org::{AccountId, Caller, Region};

/// What `CloudTrail` calls a session of palisade in another account.
const SESSION_NAME: &str = "palisade";

/// A session is given up this long after it began. AWS gives an hour, the most a chained role can have
/// ("Methods to assume a role"); the rest is for requests that are under way.
const SESSION_AGE_MAX: Duration = Duration::from_mins(50);

/// Every account that has been entered.
#[derive(Debug)]
pub(super) struct Members {
    config: SdkConfig,
    sts: aws_sdk_sts::Client,
    /// The role of other accounts, with its path if it has one.
    role: String,
    home: OnceCell<Home>,
    entered: Mutex<BTreeMap<AccountId, Arc<Mutex<Option<Entered>>>>>,
}

/// Where the caller itself is.
#[derive(Debug)]
struct Home {
    account: AccountId,
    /// Such as `aws`, from the caller's ARN.
    partition: String,
    session: Arc<Session>,
}

#[derive(Debug, Clone)]
struct Entered {
    session: Arc<Session>,
    at: Instant,
}

/// Credentials of one account, and the clients that use them, each made when it is first needed.
#[derive(Debug)]
pub(super) struct Session {
    config: SdkConfig,
    iam: OnceLock<Clients<aws_sdk_iam::Client>>,
    cloudformation: Regional<aws_sdk_cloudformation::Client>,
    cloudtrail: Regional<aws_sdk_cloudtrail::Client>,
    events: Regional<aws_sdk_eventbridge::Client>,
    account: OnceLock<Clients<aws_sdk_account::Client>>,
    s3: Regional<aws_sdk_s3::Client>,
    kms: Regional<aws_sdk_kms::Client>,
}

/// A session, and where it was begun.
pub(super) struct Reached {
    pub(super) session: Arc<Session>,
    /// The partition of everything that is reached.
    pub(super) partition: String,
    /// The caller's own account.
    pub(super) home: AccountId,
}

/// Clients of a service, one pair for each Region that is asked for.
type Regional<C> = std::sync::Mutex<BTreeMap<Option<Region>, Arc<Clients<C>>>>;

/// Reads and changes have a client each, because they differ in what may be retried.
#[derive(Debug)]
pub(super) struct Clients<C> {
    pub(super) reads: C,
    pub(super) writes: C,
}

impl Members {
    pub(super) fn new(config: &SdkConfig, sts: aws_sdk_sts::Client, role: &str) -> Self {
        Self {
            config: config.clone(),
            sts,
            role: role.to_owned(),
            home: OnceCell::new(),
            entered: Mutex::default(),
        }
    }

    /// The role of other accounts.
    pub(super) fn role(&self) -> &str {
        &self.role
    }

    async fn session(&self, home: &Home, account: &AccountId) -> Result<Arc<Session>, CloudError> {
        if home.account == *account {
            return Ok(Arc::clone(&home.session));
        }
        let door = Arc::clone(self.entered.lock().await.entry(account.clone()).or_default());
        // Whoever comes second waits for the first one's session instead of asking for another.
        let mut entered = door.lock().await;
        if let Some(Entered { session, at }) = entered.as_ref()
            && at.elapsed() < SESSION_AGE_MAX
        {
            return Ok(Arc::clone(session));
        }
        let at = Instant::now();
        let session = Arc::new(self.assume(account, &home.partition).await?);
        *entered = Some(Entered { session: Arc::clone(&session), at });
        Ok(session)
    }

    /// A session in `account`, or where the caller is. `caller` asks who is calling, which is done once.
    pub(super) async fn reach(
        &self,
        account: Option<&AccountId>,
        caller: impl Future<Output = Result<Caller, CloudError>>,
    ) -> Result<Reached, CloudError> {
        let home = self.home.get_or_try_init(|| async { self.home(&caller.await?) }).await?;
        let session = match account {
            Some(account) => self.session(home, account).await?,
            None => Arc::clone(&home.session),
        };
        Ok(Reached { session, partition: home.partition.clone(), home: home.account.clone() })
    }

    /// The session in `account` is not used again: its credentials have ended before their time, because
    /// the machine slept or somebody revoked them.
    pub(super) async fn leave(&self, account: &AccountId) {
        let door = self.entered.lock().await.get(account).cloned();
        if let Some(door) = door {
            *door.lock().await = None;
        }
    }

    fn home(&self, caller: &Caller) -> Result<Home, CloudError> {
        let partition = caller.arn.split(':').nth(1).ok_or_else(|| {
            unreadable(Operation::GetCallerIdentity, "the caller's ARN names no partition")
        })?;
        Ok(Home {
            account: caller.account.clone(),
            partition: partition.to_owned(),
            session: Arc::new(Session::new(self.config.clone())),
        })
    }

    async fn assume(&self, account: &AccountId, partition: &str) -> Result<Session, CloudError> {
        const OPERATION: Operation = Operation::AssumeRole;
        let arn = format!("arn:{partition}:iam::{account}:role/{}", self.role);
        let request = self.sts.assume_role().role_arn(&arn).role_session_name(SESSION_NAME);
        let answer = request.send().await.map_err(|error| {
            let error = failure(OPERATION, &error);
            let message = match error.kind {
                CloudErrorKind::Denied => format!(
                    "`{arn}` cannot be assumed: let it trust this caller, or name another role with `--member-role`: {}",
                    error.message
                ),
                CloudErrorKind::Throttled { .. }
                | CloudErrorKind::Busy
                | CloudErrorKind::NotFound
                | CloudErrorKind::Exists
                | CloudErrorKind::Invalid
                | CloudErrorKind::Limit
                | CloudErrorKind::Unavailable
                | CloudErrorKind::Unclear => error.message.clone(),
            };
            CloudError { message, ..error }
        })?;
        let given = answer
            .credentials
            .ok_or_else(|| unreadable(OPERATION, "no `Credentials` in the answer"))?;
        let credentials = Credentials::new(
            given.access_key_id,
            given.secret_access_key,
            Some(given.session_token),
            None,
            "palisade member role",
        );
        let provider = SharedCredentialsProvider::new(credentials);
        let config = self.config.clone().into_builder().credentials_provider(provider).build();
        Ok(Session::new(config))
    }
}

/// The clients of a service with `$config` and further settings.
macro_rules! clients {
    ($sdk:ident, $config:expr $(, $setting:ident($value:expr))*) => {{
        let builder = $sdk::config::Builder::from($config)$(.$setting($value))*;
        let reads = builder.clone().retry_classifier(LeaveThrottlesToTheBudget).build();
        let writes = builder.retry_config(RetryConfig::disabled()).build();
        Clients {
            reads: $sdk::Client::from_conf(reads),
            writes: $sdk::Client::from_conf(writes),
        }
    }};
}

impl Session {
    fn new(config: SdkConfig) -> Self {
        Self {
            config,
            iam: OnceLock::new(),
            account: OnceLock::new(),
            cloudformation: Regional::default(),
            cloudtrail: Regional::default(),
            events: Regional::default(),
            s3: Regional::default(),
            kms: Regional::default(),
        }
    }

    /// `CloudFormation` in a Region.
    pub(super) fn cloudformation(
        &self,
        region: Option<&Region>,
    ) -> Arc<Clients<aws_sdk_cloudformation::Client>> {
        regional(&self.cloudformation, region, || {
            clients!(aws_sdk_cloudformation, &self.config_in(region))
        })
    }

    /// `EventBridge` in a Region.
    pub(super) fn events(
        &self,
        region: Option<&Region>,
    ) -> Arc<Clients<aws_sdk_eventbridge::Client>> {
        regional(&self.events, region, || clients!(aws_sdk_eventbridge, &self.config_in(region)))
    }

    /// `CloudTrail` in a Region.
    pub(super) fn cloudtrail(
        &self,
        region: Option<&Region>,
    ) -> Arc<Clients<aws_sdk_cloudtrail::Client>> {
        regional(&self.cloudtrail, region, || clients!(aws_sdk_cloudtrail, &self.config_in(region)))
    }

    /// S3 in a Region.
    pub(super) fn s3(&self, region: Option<&Region>) -> Arc<Clients<aws_sdk_s3::Client>> {
        regional(&self.s3, region, || {
            let config = self.config_in(region);
            // Emulators and private endpoints have no name for every bucket.
            let has_own_endpoint = config.endpoint_url().is_some();
            clients!(aws_sdk_s3, &config, force_path_style(has_own_endpoint))
        })
    }

    /// KMS in a Region.
    pub(super) fn kms(&self, region: Option<&Region>) -> Arc<Clients<aws_sdk_kms::Client>> {
        regional(&self.kms, region, || clients!(aws_sdk_kms, &self.config_in(region)))
    }

    fn config_in(&self, region: Option<&Region>) -> SdkConfig {
        let region = region.map(|region| aws_config::Region::new(region.as_str().to_owned()));
        match region {
            Some(region) => self.config.clone().into_builder().region(region).build(),
            None => self.config.clone(),
        }
    }

    /// Account Management, which is global.
    pub(super) fn account(&self) -> &Clients<aws_sdk_account::Client> {
        self.account.get_or_init(|| clients!(aws_sdk_account, &self.config))
    }

    /// IAM, which is global.
    pub(super) fn iam(&self) -> &Clients<aws_sdk_iam::Client> {
        self.iam.get_or_init(|| clients!(aws_sdk_iam, &self.config))
    }
}

fn regional<C>(
    clients: &Regional<C>,
    region: Option<&Region>,
    make: impl FnOnce() -> Clients<C>,
) -> Arc<Clients<C>> {
    let mut clients = clients.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(clients.entry(region.cloned()).or_insert_with(|| Arc::new(make())))
}
