//! A lease in the cluster's own `Lease` objects (`coordination.k8s.io/v1`), replaced by resource version.

use std::collections::BTreeMap;

use async_trait::async_trait;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::{Api, ObjectMeta, PostParams};
use kube::{Client, Config};

use crate::clock::Clock;
use crate::cloud::{LeaseError, LeaseRecord, LeaseStore, LeaseVersion};

/// Where the number of renewals is kept; the other fields are the standard ones.
const RENEWALS: &str = "palisade/renewals";

/// A `Lease` that says who acts.
pub struct KubernetesLease {
    leases: Api<Lease>,
    name: String,
    clock: Clock,
}

impl KubernetesLease {
    /// The lease `name` in `namespace` of the cluster that the pod or the kubeconfig names.
    pub async fn connect(namespace: &str, name: &str, clock: Clock) -> kube::Result<Self> {
        let config = Config::infer().await.map_err(kube::Error::InferConfig)?;
        Ok(Self::of(Client::try_from(config)?, namespace, name, clock))
    }

    /// The same, with a client that is there already.
    pub fn of(client: Client, namespace: &str, name: &str, clock: Clock) -> Self {
        Self { leases: Api::namespaced(client, namespace), name: name.to_owned(), clock }
    }

    fn object(&self, record: &LeaseRecord, replacing: Option<&LeaseVersion>) -> Lease {
        let renewals = (RENEWALS.to_owned(), record.renewals.to_string());
        Lease {
            metadata: ObjectMeta {
                name: Some(self.name.clone()),
                resource_version: replacing.map(|LeaseVersion(version)| version.clone()),
                annotations: Some(BTreeMap::from([renewals])),
                ..ObjectMeta::default()
            },
            spec: Some(LeaseSpec {
                holder_identity: record.holder.clone(),
                lease_duration_seconds: i32::try_from(record.duration_seconds).ok(),
                lease_transitions: i32::try_from(record.transitions).ok(),
                // For people who look with kubectl; nobody decides by it.
                renew_time: Some(MicroTime(self.clock.now())),
                ..LeaseSpec::default()
            }),
        }
    }
}

#[async_trait]
impl LeaseStore for KubernetesLease {
    async fn read(&self) -> Result<Option<(LeaseRecord, LeaseVersion)>, LeaseError> {
        let lease = self.leases.get_opt(&self.name).await.map_err(failure)?;
        Ok(lease.map(|lease| {
            let version = LeaseVersion(lease.metadata.resource_version.clone().unwrap_or_default());
            (record(&lease), version)
        }))
    }

    async fn write(
        &self,
        record: &LeaseRecord,
        replacing: Option<&LeaseVersion>,
    ) -> Result<LeaseVersion, LeaseError> {
        let (object, parameters) = (self.object(record, replacing), PostParams::default());
        let written = match replacing {
            Some(_) => self.leases.replace(&self.name, &parameters, &object).await,
            None => self.leases.create(&parameters, &object).await,
        };
        let version = written.map_err(failure)?.metadata.resource_version;
        version
            .map(LeaseVersion)
            .ok_or_else(|| LeaseError::Unavailable("no resource version came".to_owned()))
    }
}

/// What a lease says, whoever wrote it. A missing number counts as zero: then it is free at once.
fn record(lease: &Lease) -> LeaseRecord {
    let spec = lease.spec.clone().unwrap_or_default();
    let annotations = lease.metadata.annotations.as_ref();
    let renewals = annotations.and_then(|annotations| annotations.get(RENEWALS)?.parse().ok());
    let number = |value: Option<i32>| u64::try_from(value.unwrap_or_default()).unwrap_or_default();
    LeaseRecord {
        holder: spec.holder_identity.filter(|holder| !holder.is_empty()),
        duration_seconds: number(spec.lease_duration_seconds),
        transitions: number(spec.lease_transitions),
        renewals: renewals.unwrap_or_default(),
    }
}

fn failure(error: kube::Error) -> LeaseError {
    let kube::Error::Api(status) = error else {
        return LeaseError::Unavailable(error.to_string());
    };
    match status.code {
        409 => LeaseError::Conflict,
        401 | 403 | 404 | 422 => LeaseError::Refused(format!(
            "{}: the pod's role needs `get`, `create` and `update` of `leases` in `coordination.k8s.io`",
            status.message
        )),
        _ => LeaseError::Unavailable(status.message),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use axum::Router;
    use axum::extract::State;
    use axum::http::StatusCode;
    use axum::response::{IntoResponse, Json, Response};
    use axum::routing::{get, post};
    use serde_json::{Value, json};

    use super::KubernetesLease;
    use crate::clock::Clock;
    use crate::cloud::{LeaseError, LeaseRecord, LeaseStore};

    type Stored = Arc<Mutex<Option<Value>>>;

    const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/security/leases";

    /// As much of an API server as a lease needs.
    async fn api_server() -> KubernetesLease {
        let routes = Router::new()
            .route(LEASES, post(create))
            .route(&format!("{LEASES}/palisade"), get(read).put(replace))
            .with_state(Stored::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let config = kube::Config::new(url.parse().unwrap());
        let client = kube::Client::try_from(config).unwrap();
        KubernetesLease::of(client, "security", "palisade", Clock::System)
    }

    async fn read(State(stored): State<Stored>) -> Response {
        match stored.lock().unwrap().clone() {
            Some(lease) => Json(lease).into_response(),
            None => status(StatusCode::NOT_FOUND, "NotFound"),
        }
    }

    async fn create(State(stored): State<Stored>, Json(lease): Json<Value>) -> Response {
        let mut stored = stored.lock().unwrap();
        if stored.is_some() {
            return status(StatusCode::CONFLICT, "AlreadyExists");
        }
        store(&mut stored, lease, 1)
    }

    async fn replace(State(stored): State<Stored>, Json(lease): Json<Value>) -> Response {
        let mut stored = stored.lock().unwrap();
        let Some(there) = stored.clone() else { return status(StatusCode::NOT_FOUND, "NotFound") };
        let version = &there["metadata"]["resourceVersion"];
        if lease["metadata"]["resourceVersion"] != *version {
            return status(StatusCode::CONFLICT, "Conflict");
        }
        let version: u64 = version.as_str().unwrap().parse().unwrap();
        store(&mut stored, lease, version + 1)
    }

    fn store(stored: &mut Option<Value>, mut lease: Value, version: u64) -> Response {
        lease["metadata"]["resourceVersion"] = json!(version.to_string());
        *stored = Some(lease.clone());
        Json(lease).into_response()
    }

    fn status(code: StatusCode, reason: &str) -> Response {
        let body = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": reason, "reason": reason, "code": code.as_u16(),
        });
        (code, Json(body)).into_response()
    }

    #[tokio::test]
    async fn a_lease_is_made_read_and_replaced_by_version() {
        let lease = api_server().await;
        assert_eq!(lease.read().await, Ok(None));
        let mine = LeaseRecord {
            holder: Some("one".to_owned()),
            duration_seconds: 30,
            transitions: 0,
            renewals: 7,
        };
        let first = lease.write(&mine, None).await.unwrap();
        assert_eq!(lease.read().await, Ok(Some((mine.clone(), first.clone()))));
        assert_eq!(lease.write(&mine, None).await, Err(LeaseError::Conflict));
        let free = LeaseRecord { holder: None, renewals: 8, ..mine };
        let second = lease.write(&free, Some(&first)).await.unwrap();
        assert_eq!(lease.write(&free, Some(&first)).await, Err(LeaseError::Conflict));
        assert_eq!(lease.read().await, Ok(Some((free, second))));
    }
}
