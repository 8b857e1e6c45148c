//! The simulated organization of the demo.

use crate::clock::Clock;
use crate::cloud::simulated::{BuildError, SimulatedCloud, SimulationOptions};
use crate::compile::Resources;

/// The root of the demo's organization.
const ROOT: &str = "r-demo";

/// A Region that AWS has opened and that is disabled until an account enables it.
const REGION: &str = "eu-central-2";

/// The accounts that `resources` knows, all of them in the root: nothing else is there yet.
pub(super) fn organization(
    resources: &Resources,
    seed: u64,
    options: SimulationOptions,
) -> Result<SimulatedCloud, BuildError> {
    let management = &resources.management_account;
    let builder = SimulatedCloud::builder(seed).options(options).organization(
        resources.organization_id.as_str(),
        management.as_str(),
        ROOT,
    );
    let members = resources.account_names.iter().filter(|(id, _)| *id != management);
    let builder =
        members.fold(builder, |builder, (id, name)| builder.account(name, id.as_str(), "/"));
    let cloud = builder.build()?;
    cloud.meddle(|world| {
        world.open_region(REGION);
        world.set_calendar(Clock::System.now());
    });
    Ok(cloud)
}
