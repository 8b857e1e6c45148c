//! `Baseline` documents that have been read and checked.

use std::collections::{BTreeMap, BTreeSet};

use crate::desired::model::{DesiredTarget, DocumentHeader};
use crate::org::{Region, Rollout};

/// The service principal of StackSets that AWS Organizations gives permissions to.
pub const STACK_SETS_SERVICE: &str = "member.org.stacksets.cloudformation.amazonaws.com";

/// Where StackSets are kept when nobody says it: the Region in which Organizations itself is.
pub const STACK_SETS_HOME: &str = "us-east-1";

/// A CloudFormation template in many accounts and Regions.
#[derive(Debug, Clone, PartialEq)]
pub struct DesiredBaseline {
    /// Kind, name, mode and so on.
    pub header: DocumentHeader,
    /// The name of its StackSet in AWS.
    pub stack_set: String,
    /// Does the document name a StackSet that may be somebody else's, and take it over?
    pub adopts: bool,
    /// What it is for.
    pub description: String,
    /// The template, as it is written.
    pub template: String,
    /// Every parameter of the template whose value is known: the ones given, and defaults.
    pub parameters: BTreeMap<String, String>,
    /// What was acknowledged, such as `CAPABILITY_NAMED_IAM`.
    pub capabilities: BTreeSet<String>,
    /// OUs, or accounts; never both.
    pub targets: BTreeSet<DesiredTarget>,
    /// Where in the accounts, in the order of deployment.
    pub regions: Vec<Region>,
    /// The Region of the management account in which the StackSet is kept.
    pub home_region: Region,
    /// How operations proceed.
    pub rollout: Rollout,
    /// Days between two comparisons with what is in the accounts; nothing for never.
    pub drift_check_days: Option<u32>,
}
