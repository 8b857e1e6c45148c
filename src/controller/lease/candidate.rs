//! One replica's part in the election: when it takes the lease, keeps it, loses it, gives it back.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::cloud::{LeaseError, LeaseRecord, LeaseStore, LeaseVersion};
use crate::controller::lease::{Claim, LOOKS_PER_DURATION, LOOKS_RELIED_ON};

/// What the candidate does, and with which record.
pub(in crate::controller::lease) struct Candidate {
    store: Arc<dyn LeaseStore>,
    identity: String,
    duration: Duration,
    claim: watch::Sender<Claim>,
    until: watch::Sender<Option<Instant>>,
    role: Role,
    /// What was said of trouble last, so that it is said once.
    trouble: Option<LeaseError>,
}

enum Role {
    /// Waits for a record that does not move: the version last seen, and since when it has been the same.
    Follower { seen: Option<(LeaseVersion, Instant)> },
    /// Renews this record.
    Leader { record: LeaseRecord, version: LeaseVersion, renewed: Instant },
}

impl Candidate {
    pub(in crate::controller::lease) fn new(
        store: Arc<dyn LeaseStore>,
        identity: String,
        duration: Duration,
        claim: watch::Sender<Claim>,
        until: watch::Sender<Option<Instant>>,
    ) -> Self {
        let role = Role::Follower { seen: None };
        Self { store, identity, duration, claim, until, role, trouble: None }
    }

    /// Takes part until told to stop, then gives the lease back.
    pub(in crate::controller::lease) async fn run(mut self, mut stopped: oneshot::Receiver<()>) {
        loop {
            let next = Instant::now() + self.duration / LOOKS_PER_DURATION;
            tokio::select! {
                biased;
                _ = &mut stopped => return self.give_back().await,
                () = self.step() => {}
            }
            tokio::select! {
                biased;
                _ = &mut stopped => return self.give_back().await,
                () = sleep_until(next) => {}
            }
        }
    }

    async fn step(&mut self) {
        let started = Instant::now();
        let result = match &self.role {
            Role::Follower { .. } => self.follow(started).await,
            Role::Leader { .. } => self.lead(started).await,
        };
        let trouble = result.err();
        if trouble != self.trouble {
            if let Some(error) = &trouble {
                tracing::warn!(%error, "trouble with the lease");
            } else {
                tracing::info!("the lease can be used again");
            }
            self.trouble = trouble;
        }
    }

    /// Looks at the record, and takes it if nobody holds it any more.
    async fn follow(&mut self, started: Instant) -> Result<(), LeaseError> {
        let patience = started + self.duration;
        let found = in_time(patience, self.store.read()).await?;
        let Role::Follower { seen } = &mut self.role else { return Ok(()) };
        let (transitions, replacing) = match found {
            None => (0, None),
            Some((record, version)) => {
                let since = match seen {
                    Some((known, since)) if *known == version => *since,
                    Some(_) | None => {
                        // From after the answer: the record was alive until then.
                        let now = Instant::now();
                        *seen = Some((version.clone(), now));
                        now
                    }
                };
                let ends = since + Duration::from_secs(record.duration_seconds);
                if record.holder.is_some() && Instant::now() < ends {
                    return Ok(());
                }
                (record.transitions.saturating_add(1), Some(version))
            }
        };
        let record = LeaseRecord {
            holder: Some(self.identity.clone()),
            duration_seconds: self.duration.as_secs(),
            transitions,
            renewals: 0,
        };
        let renewed = Instant::now();
        let patience = self.ends(renewed);
        let written = in_time(patience, self.store.write(&record, replacing.as_ref())).await;
        // Another replica was faster: that is how an election ends.
        if written == Err(LeaseError::Conflict) {
            return Ok(());
        }
        self.become_leader(record, written?, renewed);
        Ok(())
    }

    /// Renews the record, and gives up acting in time if that does not work.
    async fn lead(&mut self, started: Instant) -> Result<(), LeaseError> {
        let Role::Leader { record, version, renewed } = &self.role else { return Ok(()) };
        let ends = self.ends(*renewed);
        match in_time(ends, self.renew(record, version)).await {
            Ok((record, version)) => {
                self.become_leader(record, version, started);
                Ok(())
            }
            Err(LeaseError::Conflict) => {
                self.become_follower("another replica has taken the lease");
                Ok(())
            }
            Err(error) => {
                // The next attempt would come too late.
                if Instant::now() + self.duration / LOOKS_PER_DURATION > ends {
                    self.become_follower("the lease could not be renewed in time");
                }
                Err(error)
            }
        }
    }

    async fn renew(
        &self,
        record: &LeaseRecord,
        version: &LeaseVersion,
    ) -> Result<(LeaseRecord, LeaseVersion), LeaseError> {
        let next = next_after(record);
        match self.store.write(&next, Some(version)).await {
            Ok(version) => Ok((next, version)),
            // The answer to an earlier renewal may have been lost: then the record there is our own.
            Err(LeaseError::Conflict) => match self.store.read().await? {
                Some((found, version)) if found.holder == next.holder => {
                    let next = next_after(&found);
                    let version = self.store.write(&next, Some(&version)).await?;
                    Ok((next, version))
                }
                Some(_) | None => Err(LeaseError::Conflict),
            },
            Err(error) => Err(error),
        }
    }

    /// When this replica stops acting after a renewal that was sent at `renewed`: well before any other
    /// replica may start.
    fn ends(&self, renewed: Instant) -> Instant {
        renewed + self.duration * LOOKS_RELIED_ON / LOOKS_PER_DURATION
    }

    fn become_leader(&mut self, record: LeaseRecord, version: LeaseVersion, renewed: Instant) {
        self.until.send_replace(Some(self.ends(renewed)));
        self.role = Role::Leader { record, version, renewed };
        if self
            .claim
            .send_if_modified(|claim| std::mem::replace(claim, Claim::Leader) != Claim::Leader)
        {
            tracing::info!(identity = self.identity, "this replica acts now");
        }
    }

    fn become_follower(&mut self, why: &str) {
        self.claim.send_replace(Claim::Follower);
        self.until.send_replace(None);
        self.role = Role::Follower { seen: None };
        tracing::warn!(identity = self.identity, why, "this replica does not act any more");
    }

    async fn give_back(self) {
        self.claim.send_replace(Claim::Follower);
        let Role::Leader { record, version, renewed } = &self.role else { return };
        let free = LeaseRecord { holder: None, ..next_after(record) };
        if let Err(error) =
            in_time(self.ends(*renewed), self.store.write(&free, Some(version))).await
        {
            tracing::warn!(%error, "the lease could not be given back; it runs out by itself");
        }
    }
}

fn next_after(record: &LeaseRecord) -> LeaseRecord {
    LeaseRecord { renewals: record.renewals.saturating_add(1), ..record.clone() }
}

async fn in_time<T>(
    at: Instant,
    request: impl Future<Output = Result<T, LeaseError>>,
) -> Result<T, LeaseError> {
    let late = || LeaseError::Unavailable("no answer in time".to_owned());
    timeout_at(at, request).await.unwrap_or_else(|_elapsed| Err(late()))
}
