//! `--lease`: where the replicas of a daemon agree on who acts.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use jiff::SignedDuration;

use crate::cli::args::{AwsArgs, Mode};
use crate::cli::aws::settings;
use crate::cloud::LeaseStore;
use crate::cloud::aws::S3Lease;
use crate::controller;
use crate::controller::Election;

/// Less is too little for three attempts to renew over a slow network.
const DURATION_MIN: Duration = Duration::from_secs(10);

/// More keeps an organization without a daemon for longer than anybody would notice.
const DURATION_MAX: Duration = Duration::from_mins(10);

#[derive(Debug, Args)]
pub(crate) struct LeaseArgs {
    /// Where several replicas agree on who acts: `s3://BUCKET/KEY`, with `?region=REGION` for a bucket of
    /// another Region, or `kubernetes://NAMESPACE/NAME`. Without it this daemon is the only one
    #[arg(long, env = "PALISADE_LEASE", value_name = "URL")]
    pub(crate) lease: Option<Location>,
    /// How long the others wait before they take over from a replica that has died
    #[arg(long, env = "PALISADE_LEASE_DURATION", value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub(crate) lease_duration: Duration,
}

/// A place for a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Location {
    /// An object in a bucket.
    S3 {
        /// The bucket.
        bucket: String,
        /// The object.
        key: String,
        /// The bucket's Region, if it is not the environment's.
        region: Option<String>,
    },
    /// A `Lease` of the cluster.
    Kubernetes {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
}

impl FromStr for Location {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || {
            "write `s3://BUCKET/KEY`, `s3://BUCKET/KEY?region=REGION` or `kubernetes://NAMESPACE/NAME`"
                .to_owned()
        };
        let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
        let (place, name) = rest.split_once('/').ok_or_else(wrong)?;
        if place.is_empty() || name.is_empty() {
            return Err(wrong());
        }
        match scheme {
            "s3" => {
                let (key, query) = name.split_once('?').map_or((name, None), |(k, q)| (k, Some(q)));
                let region = match query.map(|query| query.split_once('=')) {
                    None => None,
                    Some(Some(("region", region))) if !region.is_empty() => Some(region.to_owned()),
                    Some(_) => return Err(wrong()),
                };
                if key.is_empty() {
                    return Err(wrong());
                }
                Ok(Self::S3 { bucket: place.to_owned(), key: key.to_owned(), region })
            }
            "kubernetes" if !name.contains('/') => {
                Ok(Self::Kubernetes { namespace: place.to_owned(), name: name.to_owned() })
            }
            _ => Err(wrong()),
        }
    }
}

/// A time that leaves room for renewals.
fn duration(text: &str) -> Result<Duration, String> {
    let hint = "write a time such as `30s`, of 10 seconds to 10 minutes";
    let parsed: SignedDuration = text.parse().map_err(|error| format!("{error}: {hint}"))?;
    let duration = Duration::try_from(parsed).map_err(|_| hint.to_owned())?;
    if (DURATION_MIN..=DURATION_MAX).contains(&duration) {
        Ok(duration)
    } else {
        Err(hint.to_owned())
    }
}

/// A daemon's part in deciding who acts.
pub(crate) enum Standing {
    /// There is no other.
    Alone,
    /// It only observes, and leaves the lease to others.
    Aside,
    /// It takes part.
    Elected(Election),
}

impl Standing {
    /// Returns when the election has broken down.
    pub(crate) async fn broken(&mut self) {
        match self {
            Self::Alone | Self::Aside => std::future::pending().await,
            Self::Elected(election) => election.broken().await,
        }
    }
}

/// Stands for election where `args` say so.
pub(crate) async fn stand(args: &LeaseArgs, mode: Mode, aws: &AwsArgs) -> anyhow::Result<Standing> {
    let store: Arc<dyn LeaseStore> = match &args.lease {
        None => return Ok(Standing::Alone),
        Some(_) if mode == Mode::Observe => return Ok(Standing::Aside),
        Some(Location::S3 { bucket, key, region }) => {
            Arc::new(S3Lease::connect(&settings(aws), bucket, key, region.as_deref()).await)
        }
        Some(Location::Kubernetes { namespace, name }) => cluster(namespace, name).await?,
    };
    Ok(Standing::Elected(controller::stand(store, identity(), args.lease_duration)))
}

#[cfg(feature = "kubernetes")]
async fn cluster(namespace: &str, name: &str) -> anyhow::Result<Arc<dyn LeaseStore>> {
    use crate::clock::Clock;
    use crate::cloud::kubernetes::KubernetesLease;
    use anyhow::Context;

    let lease = KubernetesLease::connect(namespace, name, Clock::System).await;
    Ok(Arc::new(lease.context("no Kubernetes API server can be found for the lease")?))
}

#[cfg(not(feature = "kubernetes"))]
#[expect(clippy::unused_async, reason = "the other build waits here")]
async fn cluster(_: &str, _: &str) -> anyhow::Result<Arc<dyn LeaseStore>> {
    anyhow::bail!(
        "this build knows no Kubernetes leases: build it with `--features kubernetes`, or use `s3://BUCKET/KEY`"
    )
}

/// A name that no other process has had: a replica that restarts is another one.
fn identity() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = if host.trim().is_empty() { "palisade" } else { host.trim() };
    format!("{host}-{}-{:08x}", std::process::id(), fastrand::u32(..))
}

#[cfg(test)]
mod tests {
    use super::Location;

    #[test]
    fn a_place_for_a_lease_is_read_or_explained() {
        let s3 = |region: Option<&str>| Location::S3 {
            bucket: "acme-palisade".to_owned(),
            key: "prod/lease.json".to_owned(),
            region: region.map(str::to_owned),
        };
        assert_eq!("s3://acme-palisade/prod/lease.json".parse(), Ok(s3(None)));
        let elsewhere = "s3://acme-palisade/prod/lease.json?region=eu-west-1".parse();
        assert_eq!(elsewhere, Ok(s3(Some("eu-west-1"))));
        let (namespace, name) = ("security".to_owned(), "palisade".to_owned());
        let lease = "kubernetes://security/palisade".parse();
        assert_eq!(lease, Ok(Location::Kubernetes { namespace, name }));
        for wrong in [
            "",
            "s3://",
            "s3://bucket",
            "s3://bucket/",
            "s3:///key",
            "s3://b/?region=x",
            "s3://b/k?region=",
            "s3://b/k?zone=1",
            "file:///tmp/lease",
            "kubernetes://a/b/c",
        ] {
            let problem = wrong.parse::<Location>().unwrap_err();
            assert!(problem.contains("s3://BUCKET/KEY"), "{wrong}");
        }
    }
}
