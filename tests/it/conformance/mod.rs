//! What AWS Organizations does, as stories that every [`Cloud`] is told: the simulated one always, an
//! emulator where there is one.
//!
//! A story states what AWS documents. Where a cloud is known to differ, a table says so, with the page that
//! settles it; a difference that is not in the table fails, and so does a line of the table that is no
//! longer true.

mod accounts;
mod policies;
mod services;
mod stage;
mod twins;
mod types;

use futures::future::LocalBoxFuture;
use palisade::cloud::Cloud;
use palisade::cloud::simulated::{SimulatedCloud, SimulationBuilder, SimulationOptions};

use crate::conformance::stage::Stage;
pub(crate) use crate::conformance::stage::{Difference, Divergence};
use crate::support::emulator::EmulatedOrganization;

/// A story: told to a stage, and left early when there is nothing left to build on.
type Story = for<'a> fn(&'a mut Stage<'_>) -> LocalBoxFuture<'a, Option<()>>;

/// Every story by name, in the order in which they are told to one organization.
const STORIES: &[(&str, Story)] = &[
    ("identity", |stage| Box::pin(accounts::identity(stage))),
    ("policies", |stage| Box::pin(policies::life(stage))),
    ("policies refused", |stage| Box::pin(policies::refused(stage))),
    ("policies of AWS", |stage| Box::pin(policies::of_aws(stage))),
    ("attachments", |stage| Box::pin(policies::attachments(stage))),
    ("attachments at the limits", |stage| Box::pin(policies::limits(stage))),
    ("OUs", |stage| Box::pin(accounts::units(stage))),
    ("accounts", |stage| Box::pin(accounts::moves(stage))),
    ("policy types", |stage| Box::pin(types::switches(stage))),
    ("SCPs off and on", |stage| Box::pin(types::scps_off_and_on(stage))),
    ("RCPs", |stage| Box::pin(types::rcps(stage))),
    ("tags", |stage| Box::pin(services::tags(stage))),
    ("trusted access", |stage| Box::pin(services::trusted_access(stage))),
    ("delegated administrators", |stage| Box::pin(services::administrators(stage))),
    ("pages", |stage| Box::pin(accounts::pages(stage))),
    ("unknown ids", |stage| Box::pin(accounts::unknown_ids(stage))),
];

/// Where the emulator, moto with AWS's rules patched in, still differs: nowhere that a story goes.
const EMULATOR_DIFFERS: &[Divergence] = &[];

/// Tells every story to a cloud and checks that it differs from AWS in `known` and in nothing else.
///
/// The cloud must hold a fresh organization, called by its management account: all features, 22 member
/// accounts or more directly in the root, no OUs, no policies but AWS's own, no trusted access, and either
/// no policy type enabled or SCPs only.
pub(crate) async fn suite(cloud: &dyn Cloud, known: &[Divergence]) {
    let differences = differences(cloud).await;
    let unknown = differences.iter();
    let unknown: Vec<String> = unknown
        .filter(|difference| !known.iter().any(|known| difference.is(known)))
        .map(Difference::to_string)
        .collect();
    let outdated: Vec<&Divergence> = known
        .iter()
        .filter(|known| !differences.iter().any(|difference| difference.is(known)))
        .collect();
    assert!(unknown.is_empty(), "differs from AWS:\n{}", unknown.join("\n"));
    assert!(outdated.is_empty(), "no longer differs from AWS: {outdated:#?}");
}

async fn differences(cloud: &dyn Cloud) -> Vec<Difference> {
    let mut stage = Stage::set(cloud).await;
    for (name, story) in STORIES {
        stage.story = name;
        let told = story(&mut stage).await;
        stage.end(told);
    }
    stage.differences
}

/// A fresh simulated organization of 24 accounts.
fn fresh() -> SimulationBuilder {
    (2..=24).fold(SimulatedCloud::builder(11), |builder, number| {
        builder.account(&format!("member-{number}"), &format!("{number:012}"), "/")
    })
}

#[tokio::test]
async fn the_simulated_cloud_does_what_aws_documents() {
    suite(&fresh().build().unwrap(), &[]).await;
}

#[tokio::test]
async fn short_and_empty_pages_change_nothing() {
    let options = SimulationOptions { short_page_chance: 0.5, ..SimulationOptions::quiet() };
    suite(&fresh().options(options).build().unwrap(), &[]).await;
}

#[tokio::test]
async fn a_cloud_that_differs_is_noticed() {
    let cloud = fresh().enable("TAG_POLICY").build().unwrap();
    assert_eq!(
        differences(&cloud).await.iter().map(Difference::to_string).collect::<Vec<_>>(),
        [
            "attachments: attach while the type is off: \
             expected `NotFound PolicyTypeNotEnabledException`, found `OK`",
            "attachments: delete while the type is off: \
             expected `Done`, found `Limit PolicyInUseException`",
            "policy types: disable what is off: \
             expected `NotFound PolicyTypeNotEnabledException`, found `OK`",
        ]
    );
}

#[tokio::test]
async fn the_emulator_does_what_aws_documents() {
    let organization = EmulatedOrganization::with(&[("/", 24)]);
    suite(&organization.cloud().await, EMULATOR_DIFFERS).await;
}
