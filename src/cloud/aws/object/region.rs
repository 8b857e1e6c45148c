//! Regions as accounts have them: the Account API, asked from the management account.

use aws_sdk_account::operation::RequestId;
use aws_sdk_account::types::RegionOptStatus;

use crate::cloud::aws::failure::{failure, unreadable};
use crate::cloud::aws::member::Clients;
use crate::cloud::aws::object::Answered;
use crate::cloud::{CloudError, Operation, Page, PageToken, Reading};
use crate::org::{
    ListedObject, ObjectKey, ObjectKind, ObjectQuery, ObjectState, RegionState, RegionStatus,
    RegionStep,
};

type Client = Clients<aws_sdk_account::Client>;

/// Those that are not enabled by default: nobody can change the others (`ListRegions`, API reference).
const CHANGEABLE: [RegionOptStatus; 4] = [
    RegionOptStatus::Enabled,
    RegionOptStatus::Enabling,
    RegionOptStatus::Disabled,
    RegionOptStatus::Disabling,
];

/// The opt-in state of the Region called `name`. `account` is nothing for the caller's own.
pub(super) async fn read(
    client: &Client,
    account: Option<String>,
    name: &str,
) -> Answered<Reading> {
    const OPERATION: Operation = Operation::GetRegionOptStatus;
    let request = client.reads.get_region_opt_status().region_name(name);
    let sent = request.set_account_id(account).send().await;
    let answer = sent.map_err(|error| failure(OPERATION, &error))?;
    let status = status(OPERATION, answer.region_opt_status())?;
    let request_id = answer.request_id().map(str::to_owned);
    Ok((Reading::whole(ObjectState::Region(RegionState::of(status))), request_id))
}

/// A page of the Regions that can be enabled and disabled.
pub(super) async fn list(
    client: &Client,
    account: Option<String>,
    query: &ObjectQuery,
    page: PageToken,
) -> Answered<Page<ListedObject>> {
    const OPERATION: Operation = Operation::ListRegions;
    let request = client.reads.list_regions().set_account_id(account).set_next_token(page);
    let request = request.set_region_opt_status_contains(Some(CHANGEABLE.to_vec()));
    let answer = request.send().await.map_err(|error| failure(OPERATION, &error))?;
    let mut items = Vec::new();
    for region in answer.regions() {
        let name = region
            .region_name()
            .ok_or_else(|| unreadable(OPERATION, "a Region without its `RegionName`"))?;
        let status = status(OPERATION, region.region_opt_status())?;
        items.push(ListedObject {
            key: ObjectKey::global(ObjectKind::Region, query.account.clone(), name),
            description: status.to_string(),
        });
    }
    let request_id = answer.request_id().map(str::to_owned);
    Ok((Page { items, next: answer.next_token.filter(|token| !token.is_empty()) }, request_id))
}

fn status(
    operation: Operation,
    status: Option<&RegionOptStatus>,
) -> Result<RegionStatus, CloudError> {
    let known = status.and_then(|status| status.as_str().parse().ok());
    known.ok_or_else(|| unreadable(operation, "a Region without a `RegionOptStatus` that is known"))
}

/// Enables or disables the Region called `name`.
pub(super) async fn write(
    client: &Client,
    account: Option<String>,
    name: &str,
    step: &RegionStep,
) -> Result<Option<String>, CloudError> {
    match step {
        RegionStep::Enable => {
            let request = client.writes.enable_region().region_name(name);
            let sent = request.set_account_id(account).send().await;
            let answer = sent.map_err(|error| failure(Operation::EnableRegion, &error))?;
            Ok(answer.request_id().map(str::to_owned))
        }
        RegionStep::Disable => {
            let request = client.writes.disable_region().region_name(name);
            let sent = request.set_account_id(account).send().await;
            let answer = sent.map_err(|error| failure(Operation::DisableRegion, &error))?;
            Ok(answer.request_id().map(str::to_owned))
        }
    }
}
