//! Changes of a StackSet. Whatever takes time only begins here.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::operation::RequestId;
use aws_sdk_cloudformation::types::{
    AccountFilterType, AutoDeployment as SdkAutoDeployment, Capability, DeploymentTargets,
    ManagedExecution, Parameter, PermissionModels, RegionConcurrencyType,
    StackSetOperationPreferences, Tag,
};

use crate::cloud::aws::failure::failure;
use crate::cloud::{CloudError, Operation};
use crate::org::{
    AutoDeployment, Piece, Region, RegionConcurrency, Rollout, Settings, Share, StackSetStep,
};

/// Makes one change of the StackSet called `name`.
pub(in crate::cloud::aws::object) async fn write(
    client: &Client,
    name: &str,
    step: StackSetStep,
) -> Result<Option<String>, CloudError> {
    macro_rules! sent {
        ($operation:ident, $request:expr) => {{
            let sent = $request.send().await;
            let answer = sent.map_err(|error| failure(Operation::$operation, &error))?;
            Ok(answer.request_id().map(str::to_owned))
        }};
    }
    macro_rules! piece {
        ($operation:ident, $request:expr, $piece:expr) => {{
            let piece = *$piece;
            let request = $request.stack_set_name(name).operation_id(piece.operation.clone());
            let request = request.deployment_targets(targets(&piece));
            let request = request.operation_preferences(preferences(piece.rollout, &piece.regions));
            sent!($operation, request.set_regions(Some(codes(&piece.regions))))
        }};
    }
    macro_rules! settings {
        ($request:expr, $settings:expr) => {{
            let settings = *$settings;
            let request = $request.stack_set_name(name).description(settings.description.clone());
            let request = request.template_body(settings.template.clone());
            let request = request.set_parameters(some(parameters(settings.parameters.clone())));
            let request = request.set_capabilities(some(capabilities(&settings.capabilities)));
            let request = request.set_tags(some(tags(settings.tags.clone())));
            let request = request.permission_model(PermissionModels::ServiceManaged);
            let active = ManagedExecution::builder().active(settings.managed_execution).build();
            request.auto_deployment(auto_deployment(&settings)).managed_execution(active)
        }};
    }
    match step {
        StackSetStep::ActivateAccess => {
            sent!(ActivateOrganizationsAccess, client.activate_organizations_access())
        }
        StackSetStep::Create { settings } => {
            sent!(CreateStackSet, settings!(client.create_stack_set(), settings))
        }
        StackSetStep::Update { settings, rollout, regions, operation } => {
            let request = settings!(client.update_stack_set(), settings);
            let request = request.operation_id(operation);
            sent!(UpdateStackSet, request.operation_preferences(preferences(rollout, &regions)))
        }
        StackSetStep::CreateInstances(piece) => {
            piece!(CreateStackInstances, client.create_stack_instances(), piece)
        }
        StackSetStep::UpdateInstances(piece) => {
            piece!(UpdateStackInstances, client.update_stack_instances(), piece)
        }
        StackSetStep::ForgetInstances(piece) => {
            let request = client.delete_stack_instances().retain_stacks(true);
            piece!(DeleteStackInstances, request, piece)
        }
        StackSetStep::DetectDrift { operation } => {
            let request = client.detect_stack_set_drift().stack_set_name(name);
            sent!(DetectStackSetDrift, request.operation_id(operation))
        }
        StackSetStep::Delete => {
            sent!(DeleteStackSet, client.delete_stack_set().stack_set_name(name))
        }
    }
}

/// All accounts of the OUs, or some of them (CloudFormation User Guide, "Account-level targets").
fn targets(piece: &Piece) -> DeploymentTargets {
    let targets = DeploymentTargets::builder()
        .set_organizational_unit_ids(Some(piece.units.iter().cloned().collect()));
    if piece.accounts.is_empty() {
        return targets.build();
    }
    let accounts = piece.accounts.iter().map(ToString::to_string).collect();
    targets
        .set_accounts(Some(accounts))
        .account_filter_type(AccountFilterType::Intersection)
        .build()
}

fn preferences(rollout: Rollout, regions: &[Region]) -> StackSetOperationPreferences {
    let preferences = StackSetOperationPreferences::builder()
        .region_concurrency_type(match rollout.region_concurrency {
            RegionConcurrency::Sequential => RegionConcurrencyType::Sequential,
            RegionConcurrency::Parallel => RegionConcurrencyType::Parallel,
        })
        .set_region_order(Some(codes(regions)).filter(|regions| {
            rollout.region_concurrency == RegionConcurrency::Sequential && !regions.is_empty()
        }));
    let preferences = match rollout.failure_tolerance {
        Share::Count(count) => preferences.failure_tolerance_count(number(count)),
        Share::Percent(percent) => preferences.failure_tolerance_percentage(number(percent)),
    };
    match rollout.max_concurrent {
        Share::Count(count) => preferences.max_concurrent_count(number(count)),
        Share::Percent(percent) => preferences.max_concurrent_percentage(number(percent)),
    }
    .build()
}

/// An empty list is left out: sent, it would be a list of one empty text.
fn some<T>(items: Vec<T>) -> Option<Vec<T>> {
    Some(items).filter(|items| !items.is_empty())
}

fn number(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn codes(regions: &[Region]) -> Vec<String> {
    regions.iter().map(ToString::to_string).collect()
}

fn auto_deployment(settings: &Settings) -> SdkAutoDeployment {
    let auto = SdkAutoDeployment::builder();
    match settings.auto_deployment {
        // AWS takes no word on what is retained where nothing is deployed by itself.
        AutoDeployment::Off => auto.enabled(false),
        AutoDeployment::OnRetaining => auto.enabled(true).retain_stacks_on_account_removal(true),
        AutoDeployment::OnDeleting => auto.enabled(true).retain_stacks_on_account_removal(false),
    }
    .build()
}

fn parameters(parameters: BTreeMap<String, String>) -> Vec<Parameter> {
    parameters
        .into_iter()
        .map(|(key, value)| Parameter::builder().parameter_key(key).parameter_value(value).build())
        .collect()
}

fn capabilities(capabilities: &BTreeSet<String>) -> Vec<Capability> {
    capabilities.iter().map(|capability| Capability::from(capability.as_str())).collect()
}

fn tags(tags: BTreeMap<String, String>) -> Vec<Tag> {
    tags.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}
