//! What a StackSet is asked, and when it refuses (each operation's "Errors", API reference).

use std::collections::BTreeMap;

use crate::cloud::Reply;
use crate::cloud::simulated::refusal::{Code, Refusal};
use crate::cloud::simulated::stacks::{SERVICE, Tolerance, Work};
use crate::cloud::simulated::world::World;
use crate::org::{
    AccountId, AutoDeployment, Deployed, ObjectKey, ObjectState, Piece, Region, Rollout, Settings,
    StackSetPermissions, StackSetState, StackSetStep,
};

/// Bytes of a template (`TemplateBody`).
const TEMPLATE_BYTES_MAX: usize = 51_200;

/// Carries out a step.
pub(in crate::cloud::simulated) fn write(
    world: &mut World,
    key: &ObjectKey,
    step: &StackSetStep,
) -> Result<Reply, Refusal> {
    match step {
        StackSetStep::ActivateAccess => {
            world.trusted.insert(SERVICE.to_owned());
        }
        StackSetStep::Create { settings } => create(world, key, settings)?,
        StackSetStep::Update { settings, rollout, regions: _, operation } => {
            update(world, key, settings, *rollout, operation)?;
        }
        StackSetStep::CreateInstances(piece) => {
            begin(world, key, &piece.operation)?;
            let accounts = accounts(world, piece)?;
            if let Some(deployed) = world.stack_set(key).and_then(|set| set.deployed.as_mut()) {
                deployed.units.extend(piece.units.clone());
            }
            let tolerance = Tolerance(piece.rollout.failure_tolerance);
            world.enqueue(key, &piece.operation, Work::Create(accounts, tolerance));
        }
        StackSetStep::UpdateInstances(piece) => {
            begin(world, key, &piece.operation)?;
            let mut accounts = accounts(world, piece)?;
            let set = require(world, key)?;
            let deployed = set.deployed.get_or_insert_default();
            if let Some(missing) = accounts.keys().find(|it| !deployed.instances.contains_key(*it))
            {
                let message = format!("StackInstance for account {missing} is not found");
                return Err(Code::StackInstanceNotFoundException.because(message));
            }
            accounts.retain(|account, _| deployed.instances.contains_key(account));
            let tolerance = Tolerance(piece.rollout.failure_tolerance);
            world.enqueue(key, &piece.operation, Work::Update(accounts, tolerance));
        }
        StackSetStep::ForgetInstances(piece) => forget(world, key, piece)?,
        StackSetStep::DetectDrift { operation } => {
            begin(world, key, operation)?;
            world.enqueue(key, operation, Work::DetectDrift);
        }
        StackSetStep::Delete => delete(world, key)?,
    }
    Ok(Reply::Done)
}

fn create(world: &mut World, key: &ObjectKey, settings: &Settings) -> Result<(), Refusal> {
    if !world.trusted.contains(SERVICE) {
        let message = "You must enable organizations access to operate a service managed stack set";
        return Err(Code::ValidationError.because(message));
    }
    check(settings)?;
    if world.objects.contains_key(key) {
        let message = format!("StackSet {} already exists", key.name);
        return Err(Code::NameAlreadyExistsException.because(message));
    }
    let mut set = StackSetState {
        description: String::new(),
        template: String::new(),
        parameters: BTreeMap::new(),
        capabilities: [].into(),
        tags: BTreeMap::new(),
        permissions: StackSetPermissions::ServiceManaged,
        auto_deployment: AutoDeployment::Off,
        managed_execution: false,
        reach: None,
        deployed: Some(Box::new(Deployed::default())),
    };
    write_settings(&mut set, settings);
    world.objects.insert(key.clone(), ObjectState::StackSet(set));
    Ok(())
}

fn update(
    world: &mut World,
    key: &ObjectKey,
    settings: &Settings,
    rollout: Rollout,
    operation: &str,
) -> Result<(), Refusal> {
    check(settings)?;
    begin(world, key, operation)?;
    let is_at_work = world.stacks.queues.contains_key(key);
    let set = require(world, key)?;
    if is_at_work && set.managed_execution != settings.managed_execution {
        let message = "The execution configuration cannot be modified while operations run";
        return Err(Code::InvalidOperationException.because(message));
    }
    write_settings(set, settings);
    let instances = set.deployed.get_or_insert_default().instances.clone();
    let all = instances.into_iter().map(|(id, regions)| (id, regions.into_keys().collect()));
    let work = Work::Update(all.collect(), Tolerance(rollout.failure_tolerance));
    world.enqueue(key, operation, work);
    Ok(())
}

fn write_settings(set: &mut StackSetState, settings: &Settings) {
    let Settings {
        description,
        template,
        parameters,
        capabilities,
        tags,
        auto_deployment,
        managed_execution,
    } = settings.clone();
    (set.description, set.template, set.parameters) = (description, template, parameters);
    (set.capabilities, set.tags) = (capabilities, tags);
    (set.auto_deployment, set.managed_execution) = (auto_deployment, managed_execution);
}

fn check(settings: &Settings) -> Result<(), Refusal> {
    if settings.template.len() > TEMPLATE_BYTES_MAX || settings.template.is_empty() {
        let message = "Member must have length less than or equal to 51200";
        return Err(Code::ValidationError.because(message));
    }
    if !settings.template.contains("Resources") {
        let message = "Template format error: At least one Resources member must be defined.";
        return Err(Code::ValidationError.because(message));
    }
    Ok(())
}

/// An id is taken once, and without a queue there is one operation at a time.
fn begin(world: &mut World, key: &ObjectKey, operation: &str) -> Result<(), Refusal> {
    let is_used = world.stacks.used.get(key).is_some_and(|used| used.contains(operation));
    let is_at_work = world.stacks.queues.contains_key(key);
    let set = require(world, key)?;
    if is_used {
        let message = format!("An operation with id {operation} already exists");
        return Err(Code::OperationIdAlreadyExistsException.because(message));
    }
    if is_at_work && !set.managed_execution {
        let message = format!("Another Operation on StackSet {} is in progress", key.name);
        return Err(Code::OperationInProgressException.because(message));
    }
    Ok(())
}

fn require<'a>(world: &'a mut World, key: &ObjectKey) -> Result<&'a mut StackSetState, Refusal> {
    let message = format!("StackSet {} not found", key.name);
    world.stack_set(key).ok_or_else(|| Code::StackSetNotFoundException.because(message))
}

/// The accounts that a piece is about: never the management account.
fn accounts(world: &World, piece: &Piece) -> Result<BTreeMap<AccountId, Vec<Region>>, Refusal> {
    if piece.units.is_empty() {
        return Err(Code::ValidationError.because("OrganizationalUnitIds are required"));
    }
    if piece.regions.is_empty() {
        return Err(Code::ValidationError.because("Regions are required"));
    }
    let under = world.accounts_in_units(&piece.units);
    let chosen =
        under.into_iter().filter(|id| piece.accounts.is_empty() || piece.accounts.contains(id));
    Ok(chosen.map(|id| (id, piece.regions.clone())).collect())
}

fn forget(world: &mut World, key: &ObjectKey, piece: &Piece) -> Result<(), Refusal> {
    begin(world, key, &piece.operation)?;
    let accounts = accounts(world, piece)?;
    if piece.accounts.is_empty()
        && let Some(deployed) = world.stack_set(key).and_then(|set| set.deployed.as_mut())
    {
        deployed.units.retain(|unit| !piece.units.contains(unit));
    }
    world.enqueue(key, &piece.operation, Work::Forget(accounts));
    Ok(())
}

fn delete(world: &mut World, key: &ObjectKey) -> Result<(), Refusal> {
    let is_at_work = world.stacks.queues.contains_key(key);
    let set = require(world, key)?;
    if is_at_work {
        let message = format!("Another Operation on StackSet {} is in progress", key.name);
        return Err(Code::OperationInProgressException.because(message));
    }
    if !set.deployed.get_or_insert_default().instances.is_empty() {
        return Err(Code::StackSetNotEmptyException.because("StackSet is not empty"));
    }
    world.objects.remove(key);
    world.stacks.used.remove(key);
    Ok(())
}
